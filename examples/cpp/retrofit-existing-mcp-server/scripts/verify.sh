#!/usr/bin/env bash
# The same calls to both servers: the one before answers everybody, the one after only who has a token.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/lib.sh
source "$shared/lib.sh"
# shellcheck source=../../../../_shared/verify-lib.sh
source "$shared/verify-lib.sh"
resolve_env
print_env ISSUER_URL ADMIN_URL BEFORE_URL MCP_URL RESOURCE_URI AUTHPLANE_ISSUER AUTHPLANE_ADMIN_API_KEY
prm_url=${RESOURCE_URI%%/mcp*}/.well-known/oauth-protected-resource/mcp

# handshake ID TOKEN SENT: initialize, initialized, tools/list, add(17,25) at MCP_URL. Sets TOOLS; the heads that were
# sent go to the file SENT, without what names the server, the session or the caller.
handshake() {
  local id=$1 token=$2 sent=$3 what
  SESSION=''
  : >"$sent"
  step() {
    mcp "$token" "$1" -v --stderr "$_tmp/trace"
    grep '^> ' "$_tmp/trace" | grep -viE '^> (host|authorization|mcp-session-id):' >>"$sent"
    printf '%s\n' "$1" >>"$sent"
  }
  step "$INITIALIZE"
  status "$id" "initialize is answered" 200
  is "$id" "by retrofit-demo" "$(json .result.serverInfo.name)" retrofit-demo
  SESSION=$(header mcp-session-id)
  needed "$id" "a session was opened" "$SESSION"
  step '{"jsonrpc":"2.0","method":"notifications/initialized"}'
  status "$id" "initialized is taken" 202
  step '{"jsonrpc":"2.0","id":3,"method":"tools/list"}'
  TOOLS=$(json '.result.tools | tojson')
  what=$(json '[.result.tools[].name] | join(" ")')
  is "$id" "the tools are echo, add and now" "$what" "echo add now"
  step "$(tool_call add '{"a":17,"b":25}')"
  status "$id" "add is answered" 200
  is "$id" "17 and 25 make 42" "$(json '.result.content[0].text')" 42
  unset -f step
}

# ready
wait_http "$ISSUER_URL/.well-known/oauth-authorization-server" 200 60 "the authorization server" "$RUN_DIR"/authserver.log || exit 1
wait_http "$BEFORE_URL" "$MCP_ALIVE" 90 "the server before" "$RUN_DIR"/before.log || exit 1
wait_http "$MCP_URL" "$MCP_ALIVE" 90 "the server after" "$RUN_DIR"/after.log || exit 1
_ok R "authorization server and both servers answer"

# identity: the process behind the port is this run's
request GET "${MCP_URL%/mcp}/.well-known/oauth-protected-resource/mcp"
status I "resource metadata of the server after is served" 200
is I "its resource is ours; if not, an older process holds the port: make clean && make run" "$(json .resource)" "$RESOURCE_URI"
is I "it names the authorization server" "$(json '.authorization_servers[0]')" "$AUTHPLANE_ISSUER"

# A before, without a token
MCP_URL=$BEFORE_URL handshake A '' "$_tmp/sent-before"
tools_before=$TOOLS
SESSION='' MCP_URL=$BEFORE_URL mcp '' "$INITIALIZE" -H 'Authorization: Bearer junk'
status A "a junk token changes nothing: nobody looks at it" 200

# B.1 after, without a token
SESSION='' mcp '' "$INITIALIZE"
status B.1 "initialize without a token is refused" 401
has B.1 "the challenge is Bearer" "$(header www-authenticate)" "Bearer "
has B.1 "and points to the resource metadata" "$(header www-authenticate)" "resource_metadata=\"$prm_url\""
is B.1 "no session was opened" "$(header mcp-session-id)" ''
SESSION='' mcp junk "$INITIALIZE"
status B.1 "a junk token is refused" 401

# B.2 what an operator registers
register_resource B.2 "$(jq -cn --arg uri "$RESOURCE_URI" '{slug:"retrofit-after", uri:$uri, backend_kind:"mint",
  display_name:"Retrofit demo (after)", scopes:[{name:"mcp:tools", description:"demo tools"}]}')"
register_client B.2 '{"client_name":"retrofit-demo-client","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"mcp:tools"}'

# B.3 a token
token_request mcp:tools "$RESOURCE_URI"
token=$(json .access_token)
needed B.3 "client_credentials gives a token" "$token"

# B.4 after, with it
handshake B.4 "$token" "$_tmp/sent-after"
is B.4 "the tools are the same as before" "$TOOLS" "$tools_before"
is B.4 "the requests were the same but for the token" "$(cat "$_tmp/sent-after")" "$(cat "$_tmp/sent-before")"

# D the diff of the two sources: what is new is the marked block and its include, what is gone is the mount it replaces
changed=$(diff before/main.cpp after/main.cpp | grep -c '^[<>]')
is D "the sources differ in at most 10 lines ($changed)" "$((changed <= 10))" 1
is D "in the server after, all that is new is auth" "$(diff before/main.cpp \
  <(sed -e '/^ *\/\/ authplane:begin/,/^ *\/\/ authplane:end/d' -e '/^#include <authplane\/mcp_auth\//d' after/main.cpp) | grep '^>')" ''
is D "the diff in the README is the real one" "$(../../../tools/readme-diffs.sh --check README.md 2>&1)" ''

verdict
