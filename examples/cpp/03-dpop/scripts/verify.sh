#!/usr/bin/env bash
# Checks the running example from outside: with token and proof 200, with anything less or stolen 401. The proofs are
# made by another library than the one under test.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/lib.sh
source "$shared/lib.sh"
# shellcheck source=../../../../_shared/verify-lib.sh
source "$shared/verify-lib.sh"
resolve_env
print_env ISSUER_URL ADMIN_URL MCP_URL RESOURCE_URI AUTHPLANE_ISSUER AUTHPLANE_ADMIN_API_KEY
for binary in mcp-server agent bearer-server; do [[ -x $RUN_DIR/$binary ]] || die "$RUN_DIR/$binary is not built" "make run"; done
start_forge
SESSION='' MCP_SCHEME=DPoP
CANARY='this tool must not run'
ECHO_CANARY=$(tool_call echo "{\"text\":\"$CANARY\"}")
ADD=$(tool_call add_numbers '{"a":2,"b":3}')
hello='hello from tier-03 cpp agent'
prm_url=${RESOURCE_URI%%/mcp*}/.well-known/oauth-protected-resource/mcp
as_keys=$RUN_DIR/as-data/keys

# bound_token SCOPE [KEY] [RESOURCE]: a token bound to that key of the forge; sets TOKEN.
bound_token() {
  forge proof key="${2-ec}" htu="$token_endpoint"
  TOKEN_PROOF=$FORGED token_request "$1" "${3-$RESOURCE_URI}"
  TOKEN=$(json .access_token)
}
# prove TOKEN BODY [member=value...]: a request to the MCP server with a proof that differs in these members from a
# good one, and CURL's arguments.
CURL=()
prove() {
  forge proof htu="$RESOURCE_URI" at="$1" "${@:3}"
  mcp "$1" "$2" -H "DPoP: $FORGED" "${CURL[@]}"
}
# open_session TOKEN [member=value...]: initialize and initialized; sets SESSION.
open_session() {
  SESSION=''
  prove "$1" "$INITIALIZE" "${@:2}"
  SESSION=$(header mcp-session-id)
  prove "$1" '{"jsonrpc":"2.0","method":"notifications/initialized"}' "${@:2}"
}
# refused ID WHAT SCHEME ERROR [STATUS [WHY]]: the last request got this status and a challenge of this scheme with this
# error (- is none), whose description names WHY, as it does in development; and the tool did not run.
refused() {
  local seen challenges challenge error expected="${5-401} $3 $4" why=${6-}
  challenges=$(sed -nE 's/^www-authenticate: *//p' <<<"$HEADERS")
  challenge=$(grep -E "^$3 " <<<"$challenges" || head -n 1 <<<"$challenges")
  error=$(sed -nE 's/.*error="([a-z_]+)".*/\1/p' <<<"$challenge")
  seen="$STATUS ${challenge%% *} ${error:--}"
  [[ $BODY != *"$CANARY"* ]] || seen+=", and the tool ran"
  [[ $challenge == *"$why"* ]] || seen+=", for another reason: $challenge"
  is "$1" "$2 is refused: $expected${why:+ ($why)}" "$seen" "$expected"
}
# agent [NAME=VALUE...]: runs it with these changes; sets OUT, ERR and CODE.
agent() {
  OUT=$(env "$@" timeout 60 "$RUN_DIR"/agent 2>"$_tmp/agent.err")
  CODE=$?
  ERR=$(cat "$_tmp/agent.err")
}

# 1 to 4 the way up: authorization server, what an operator registers, MCP server
wait_http "$ISSUER_URL/.well-known/oauth-authorization-server" 200 60 "the authorization server" "$RUN_DIR"/authserver.log || exit 1
request GET "$ISSUER_URL/.well-known/oauth-authorization-server"
status 1 "authorization server metadata is served" 200
is 1 "announced issuer is the configured one" "$(json .issuer)" "$AUTHPLANE_ISSUER"
token_endpoint=$(json .token_endpoint)
algorithms=$(json '.dpop_signing_alg_values_supported | join(" ")')
has P1 "it takes proofs signed with ES256 (AUTHPLANE_DPOP_ENABLED)" "$algorithms" ES256
register_resource 2 "$(jq -cn --arg uri "$RESOURCE_URI" '{slug:"demo-mcp-cpp-tier03", uri:$uri, backend_kind:"mint", display_name:"Demo MCP C++ Tier 03",
  scopes:[{name:"mcp:echo", description:"echo tool"}, {name:"mcp:add", description:"add_numbers tool"}]}')"
register_client 3 '{"client_name":"demo-mcp-cpp-tier03-agent","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"mcp:echo mcp:add"}'
if [[ -f .env && $ENV_FILE == .env ]]; then
  grep -vE '^AUTHPLANE_CLIENT_(ID|SECRET)=' .env >.env.new || true
  printf 'AUTHPLANE_CLIENT_ID=%s\nAUTHPLANE_CLIENT_SECRET=%s\n' "$CLIENT_ID" "$CLIENT_SECRET" >>.env.new
  chmod 600 .env.new && mv .env.new .env
fi
export AUTHPLANE_CLIENT_ID=$CLIENT_ID AUTHPLANE_CLIENT_SECRET=$CLIENT_SECRET AUTHPLANE_RESOURCE=$RESOURCE_URI
wait_http "$MCP_URL" "401 405" 90 "the MCP server" "$RUN_DIR"/mcp-server.log || exit 1
_ok 4 "the MCP server refuses callers without a token"

# 5 the agent
agent
is 5 "the agent ends with exit code 0" "$CODE" 0
has 5 "its token is a DPoP token" "$OUT" "[agent] token OK (DPoP)"
has 5 "it opened a session" "$OUT" "[agent] initialize OK (demo-server-tier03)"
has P4 "it called echo, every request with a proof of its own" "$OUT" "[agent] echo OK: $hello"
has P4 "and add_numbers: 2 and 3 make 5" "$OUT" "[agent] add_numbers OK: 5"
hasnt 5 "the secret appears nowhere in its output" "$OUT$ERR" "$CLIENT_SECRET"
hasnt 5 "nor does a token" "$OUT$ERR" "eyJ"

# P2 protected resource metadata
request GET "${MCP_URL%/mcp}/.well-known/oauth-protected-resource/mcp"
status P2 "resource metadata is served" 200
is P2 "its resource is ours" "$(json .resource)" "$RESOURCE_URI"
has P2 "it names the algorithms of proofs" "$(json '.dpop_signing_alg_values_supported | join(" ")')" ES256
is P2 "it says that tokens must be bound" "$(json .dpop_bound_access_tokens_required)" true
is P2 "it lists both scopes" "$(json '.scopes_supported | sort | join(" ")')" "mcp:add mcp:echo"

# P3 a bound token
bound_token "mcp:echo mcp:add"
needed P3 "a token request with a proof gives a token" "$TOKEN"
is P3 "it is a DPoP token" "$(json .token_type)" DPoP
forge jkt
is P3 "it is bound to the thumbprint of the key" "$(claim "$TOKEN" .cnf.jkt)" "$FORGED"
both=$TOKEN

# P4 the handshake with proofs of another maker
open_session "$both"
status P4 "initialize and initialized with fresh proofs work" 202
needed P4 "a session was opened" "$SESSION"
prove "$both" "$(tool_call echo '{"text":"round-trip"}')"
is P4 "echo echoes" "$STATUS $(json '.result.content[0].text')" "200 round-trip"
prove "$both" "$ADD"
is P4 "add_numbers adds" "$STATUS $(json '.result.content[0].text')" "200 5"
forge proof htu="$RESOURCE_URI" at="$both"
MCP_SCHEME=Bearer mcp "$both" "$ADD" -H "DPoP: $FORGED"
status P4 "so it does under the scheme Bearer, which is all some frameworks can send" 200

# P5 other spellings of the same URL
prove "$both" "$ADD" htu="${RESOURCE_URI/localhost/LOCALHOST}"
status P5 "the host in capitals is the same host" 200
prove "$both" "$ADD" htu="$RESOURCE_URI?a=b#c"
status P5 "query and fragment of htu do not count" 200
port=$(free_port)
register_resource P5 '{"slug":"demo-default-port","uri":"http://localhost/","backend_kind":"mint","display_name":"Default port","scopes":[{"name":"mcp:echo"}]}'
side_server default-port "$RUN_DIR/mcp-server" "$port" AUTHPLANE_RESOURCE=http://localhost/ || _fail P5 "a server at the default port of http starts" "none"
bound_token mcp:echo ec http://localhost/
for htu in http://localhost/ http://localhost:80/ http://localhost HTTP://LocalHost:80; do
  SESSION='' MCP_URL=http://127.0.0.1:$port/ prove "$TOKEN" "$INITIALIZE" htu=$htu
  status P5 "htu $htu is http://localhost/" 200
done

# P6 an authorization server that demands nonces
if [[ $AS_MODE == native ]]; then
  port=$(free_port) as_port=$(free_port) as_admin_port=$(free_port)
  side_authserver "$as_port" "$as_admin_port" AUTHPLANE_DPOP_REQUIRE_NONCE=true || _fail P6 "an authorization server that demands nonces starts" "none"
  kept_id=$CLIENT_ID kept_secret=$CLIENT_SECRET
  uri=http://localhost:$port/mcp nonce_issuer=http://localhost:$as_port
  ADMIN_URL=http://localhost:$as_admin_port register_resource P6 "$(jq -cn --arg uri "$uri" '{slug:"nonce", uri:$uri, backend_kind:"mint", display_name:"Nonce",
    scopes:[{name:"mcp:echo"}, {name:"mcp:add"}]}')"
  ADMIN_URL=http://localhost:$as_admin_port register_client P6 '{"client_name":"nonce","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"mcp:echo mcp:add"}'
  forge proof htu="$nonce_issuer/oauth/token"
  ISSUER_URL=$nonce_issuer TOKEN_PROOF=$FORGED token_request mcp:echo "$uri"
  is P6 "the first token request is sent back for a nonce" "$STATUS $(json .error)" "400 use_dpop_nonce"
  nonce=$(header dpop-nonce)
  needed P6 "which comes along" "$nonce"
  forge proof htu="$nonce_issuer/oauth/token" nonce="$nonce"
  ISSUER_URL=$nonce_issuer TOKEN_PROOF=$FORGED token_request mcp:echo "$uri"
  is P6 "with it the token is issued" "$STATUS $(json .token_type)" "200 DPoP"
  side_server nonce-server "$RUN_DIR/mcp-server" "$port" AUTHPLANE_ISSUER="$nonce_issuer" AUTHPLANE_RESOURCE="$uri" || _fail P6 "its MCP server starts" "none"
  agent AUTHPLANE_ISSUER="$nonce_issuer" AUTHPLANE_RESOURCE="$uri" MCP_URL="$uri" AUTHPLANE_CLIENT_ID="$CLIENT_ID" AUTHPLANE_CLIENT_SECRET="$CLIENT_SECRET"
  is P6 "the agent answers the demand by itself" "$CODE ${OUT##*\]}" "0  add_numbers OK: 5"
  CLIENT_ID=$kept_id CLIENT_SECRET=$kept_secret
else
  skipped P6 "an authorization server that demands nonces" "AS_MODE=$AS_MODE"
fi

# P7 less scope than the client may have
bound_token mcp:echo
echo_only=$TOKEN
session=$SESSION
open_session "$echo_only"
prove "$echo_only" "$(tool_call echo '{"text":"just echo"}')"
is P7 "a token for mcp:echo alone calls echo" "$STATUS $(json '.result.content[0].text')" "200 just echo"
echo_session=$SESSION SESSION=$session

# P8 RSA keys
if [[ $algorithms == *RS256* ]]; then
  bound_token mcp:echo rsa
  SESSION='' prove "$TOKEN" "$INITIALIZE" key=rsa
  status P8 "an RS256 key does as well" 200
else
  skipped P8 "an RS256 key does as well" "the authorization server does not list RS256"
fi

if [[ ${SKIP_DPOP_NEG-} == 1 ]]; then
  skipped N "everything that has to be refused" "SKIP_DPOP_NEG=1"
else
  # shellcheck source=attacks.sh
  source scripts/attacks.sh
fi
verdict
