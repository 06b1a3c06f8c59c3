#!/usr/bin/env bash
# Checks the running example from outside: 200 with a token, 401 without, and every way in between.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/lib.sh
source "$shared/lib.sh"
# shellcheck source=../../../../_shared/verify-lib.sh
source "$shared/verify-lib.sh"
resolve_env
print_env ISSUER_URL ADMIN_URL MCP_URL RESOURCE_URI AUTHPLANE_ISSUER AUTHPLANE_ADMIN_API_KEY
SESSION=''
origin=${RESOURCE_URI%%/mcp*}
prm_url=$origin/.well-known/oauth-protected-resource/mcp

# 1 the authorization server
wait_http "$ISSUER_URL/.well-known/oauth-authorization-server" 200 60 "the authorization server" "$RUN_DIR"/authserver.log || exit 1
request GET "$ISSUER_URL/.well-known/oauth-authorization-server"
status 1 "authorization server metadata is served" 200
is 1 "announced issuer is the configured one" "$(json .issuer)" "$AUTHPLANE_ISSUER"
has 1 "client_credentials is switched on" "$(json '.grant_types_supported | join(" ")')" client_credentials

# 2, 3 what an operator registers
register_resource 2 "$(jq -cn --arg uri "$RESOURCE_URI" '{slug:"demo-mcp", uri:$uri, backend_kind:"mint", display_name:"Demo MCP",
  scopes:[{name:"mcp:echo", description:"echo tool"}]}')"
register_client 3 '{"client_name":"demo-mcp-client","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"mcp:echo"}'

# 4 without a token
wait_http "$MCP_URL" "401 405" 90 "the MCP server" "$RUN_DIR"/mcp-server.log || exit 1
mcp '' "$INITIALIZE"
status 4 "initialize without a token is refused" 401
has 4 "the challenge is Bearer" "$(header www-authenticate)" "Bearer "
has 4 "and points to the resource metadata" "$(header www-authenticate)" "resource_metadata=\"$prm_url\""
hasnt 4 "without an error: no token was sent" "$(header www-authenticate)" "error="

# 5 protected resource metadata
request GET "${MCP_URL%/mcp}/.well-known/oauth-protected-resource/mcp"
status 5 "resource metadata is served" 200
is 5 "its resource is ours" "$(json .resource)" "$RESOURCE_URI"
is 5 "it names the authorization server" "$(json '.authorization_servers[0]')" "$AUTHPLANE_ISSUER"
has 5 "it lists the scope" "$(json '.scopes_supported | join(" ")')" mcp:echo

# 6 a token
token_request mcp:echo "$RESOURCE_URI"
token=$(json .access_token)
needed 6 "client_credentials gives a token" "$token"
is 6 "it is a Bearer token" "$(json .token_type)" Bearer
is 6 "no refresh token comes with it" "$(json .refresh_token)" ''
is 6 "its audience is the resource" "$(claim "$token" '.aud | if type == "array" then join(" ") else . end')" "$RESOURCE_URI"
is 6 "its issuer is ours" "$(claim "$token" .iss)" "$AUTHPLANE_ISSUER"
is 6 "it expires in the future" "$(claim "$token" '.exp > now')" true
is 6 "its scope is the one asked for" "$(claim "$token" .scope)" mcp:echo

# 7, 8, 9 the MCP handshake with it
mcp "$token" "$INITIALIZE"
status 7 "initialize with the token works" 200
is 7 "the server is demo-server" "$(json .result.serverInfo.name)" demo-server
has 7 "content type is JSON or an event stream" "application/json text/event-stream" "$(header content-type | cut -d';' -f1)"
SESSION=$(header mcp-session-id)
needed 7 "a session was opened" "$SESSION"
mcp "$token" '{"jsonrpc":"2.0","method":"notifications/initialized"}'
status 8 "initialized is taken" 202
mcp "$token" "$(tool_call echo '{"text":"round-trip"}')"
status 9 "tools/call echo works" 200
is 9 "it echoes the text" "$(json '.result.content[0].text')" round-trip
is 9 "it is no tool error" "$(json .result.isError)" ''

# N1-N3 tokens that must not work
mcp garbage "$(tool_call echo '{"text":"x"}')"
status N1 "a garbage token is refused" 401
has N1 "as invalid_token" "$(header www-authenticate)" 'error="invalid_token"'
other=${RESOURCE_URI%/mcp}/other
register_resource N2 "$(jq -cn --arg uri "$other" '{slug:"demo-mcp-other", uri:$uri, backend_kind:"mint", display_name:"Other", scopes:[{name:"mcp:echo"}]}')"
token_request mcp:echo "$other"
foreign=$(json .access_token)
needed N2 "a token for another resource is issued" "$foreign"
mcp "$foreign" "$(tool_call echo '{"text":"x"}')"
status N2 "and refused here" 401
IFS=. read -r head payload signature <<<"$token"
[[ $signature == A* ]] && flipped=B${signature:1} || flipped=A${signature:1}
mcp "$head.$payload.$flipped" "$(tool_call echo '{"text":"x"}')"
status N3 "a flipped signature is refused" 401
mcp "$(printf '{"alg":"none","typ":"at+jwt"}' | b64url).$payload." "$(tool_call echo '{"text":"x"}')"
status N3 "alg none is refused" 401
retyped=$(b64url_decode <<<"$head" | jq -c '.typ = "JWT"' | tr -d '\n' | b64url)
mcp "$retyped.$payload.$signature" "$(tool_call echo '{"text":"x"}')"
status N3 "a wrong typ is refused" 401

# N4, N5 the token endpoint
token_request mcp:unknown "$RESOURCE_URI"
status N4 "a scope outside the catalogue is refused" 400
is N4 "as invalid_scope" "$(json .error)" invalid_scope
token_request mcp:echo "$RESOURCE_URI" "$CLIENT_ID" wrong-secret
status N5 "a wrong client secret is refused" 401
is N5 "as invalid_client" "$(json .error)" invalid_client
token_request mcp:echo "$RESOURCE_URI/unregistered"
status N5 "an unregistered resource is refused" 400
is N5 "as invalid_target" "$(json .error)" invalid_target

# N6 the transport's own rules
SESSION='' mcp "$token" "$(tool_call echo '{"text":"x"}')"
status N6 "a call without a session is refused" 400
MCP_ACCEPT=text/html mcp "$token" "$(tool_call echo '{"text":"x"}')"
status N6 "a client that takes neither JSON nor SSE is refused" 406
mcp "$token" "$(tool_call echo '{"text":"x"}')" -H 'Content-Type: text/plain'
status N6 "another content type is refused" 415

verdict
