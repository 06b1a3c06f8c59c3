#!/usr/bin/env bash
# Registers a client, runs the agent against tier 01's server, then makes it fail in every way that users meet.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/lib.sh
source "$shared/lib.sh"
# shellcheck source=../../../../_shared/verify-lib.sh
source "$shared/verify-lib.sh"
resolve_env
print_env ISSUER_URL ADMIN_URL MCP_URL RESOURCE_URI AUTHPLANE_ISSUER AUTHPLANE_ADMIN_API_KEY
[[ -x "$RUN_DIR"/agent ]] || die "the agent is not built" "make run"
hello='hello from tier-02 cpp agent'

# agent [NAME=VALUE...]: runs it with these changes; sets OUT, ERR and CODE.
agent() {
  OUT=$(env "$@" timeout 60 "$RUN_DIR"/agent 2>"$_tmp/agent.err")
  CODE=$?
  ERR=$(cat "$_tmp/agent.err")
}
issuances() { admin GET "/admin/issuances?client=$1" && json '.count'; }

# 1 the authorization server
wait_http "$ISSUER_URL/.well-known/oauth-authorization-server" 200 60 "the authorization server (start tier 01 first)" || exit 1
request GET "$ISSUER_URL/.well-known/oauth-authorization-server"
status 1 "authorization server metadata is served" 200
is 1 "announced issuer is the configured one" "$(json .issuer)" "$AUTHPLANE_ISSUER"

# 2, 3 what an operator registers
register_resource 2 "$(jq -cn --arg uri "$RESOURCE_URI" '{slug:"demo-mcp", uri:$uri, backend_kind:"mint", display_name:"Demo MCP",
  scopes:[{name:"mcp:echo", description:"echo tool"}]}')"
register_client 3 '{"client_name":"demo-agent-cpp","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"mcp:echo"}'

# 4 the MCP server
wait_http "$MCP_URL" "401 405" 90 "the MCP server: start tier 01 first (cd ../01-mcp-server-basic && make run)" || exit 1
_ok 4 "the MCP server refuses callers without a token"

# 5 the agent's own settings
if [[ -f .env && $ENV_FILE == .env ]]; then
  grep -vE '^AUTHPLANE_CLIENT_(ID|SECRET)=' .env >.env.new || true
  printf 'AUTHPLANE_CLIENT_ID=%s\nAUTHPLANE_CLIENT_SECRET=%s\n' "$CLIENT_ID" "$CLIENT_SECRET" >>.env.new
  chmod 600 .env.new && mv .env.new .env
fi
export AUTHPLANE_CLIENT_ID=$CLIENT_ID AUTHPLANE_CLIENT_SECRET=$CLIENT_SECRET AUTHPLANE_RESOURCE=$RESOURCE_URI
_ok 5 "client id and secret are in .env"

# 6 the happy path
before=$(issuances "$CLIENT_ID")
agent
is 6 "the agent ends with exit code 0" "$CODE" 0
has 6 "it got a token" "$OUT" "[agent] token OK"
has 6 "it opened a session with demo-server" "$OUT" "[agent] initialize OK (demo-server)"
has 6 "it called echo" "$OUT" "[agent] echo OK: $hello"
is 6 "its token is in the server's records" "$(issuances "$CLIENT_ID")" "$((${before:-0} + 1))"
hasnt 6 "the secret appears nowhere in its output" "$OUT$ERR" "$CLIENT_SECRET"
hasnt 6 "nor does a token" "$OUT$ERR" "eyJ"

# negatives: exit 1 and a message that names the cause
agent AUTHPLANE_CLIENT_SECRET=wrong
is N1 "a wrong secret ends with exit code 1" "$CODE" 1
has N1 "and names invalid_client" "$ERR" invalid_client
agent AUTHPLANE_RESOURCE="$RESOURCE_URI/unregistered"
is N2 "an unregistered resource ends with exit code 1" "$CODE" 1
has N2 "and names invalid_target" "$ERR" invalid_target
kept_id=$CLIENT_ID kept_secret=$CLIENT_SECRET
register_client N3 '{"client_name":"demo-agent-cpp-narrow","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"mcp:other"}'
agent AUTHPLANE_CLIENT_ID="$CLIENT_ID" AUTHPLANE_CLIENT_SECRET="$CLIENT_SECRET"
is N3 "a client without the scope ends with exit code 1" "$CODE" 1
has N3 "and names invalid_scope" "$ERR" invalid_scope
CLIENT_ID=$kept_id CLIENT_SECRET=$kept_secret
started=$SECONDS
agent AUTHPLANE_ISSUER=http://localhost:1
is N4 "an authorization server that is down ends with exit code 1" "$CODE" 1
has N4 "and names where it looked" "$ERR" "localhost:1"
is N4 "within the fetch time-out" "$((SECONDS - started <= 12))" 1
before=$(issuances "$CLIENT_ID")
agent AUTHPLANE_ISSUER="$AUTHPLANE_ISSUER/"
is N5 "an issuer with one byte more ends with exit code 1" "$CODE" 1
has N5 "and says that the issuers differ" "$ERR" issuer
is N5 "before any token was asked for" "$(issuances "$CLIENT_ID")" "$before"
register_resource N6 "$(jq -cn --arg uri "${RESOURCE_URI%/mcp}/other" '{slug:"demo-mcp-other", uri:$uri, backend_kind:"mint", display_name:"Other", scopes:[{name:"mcp:echo"}]}')"
agent AUTHPLANE_RESOURCE="${RESOURCE_URI%/mcp}/other"
is N6 "a token for another resource ends with exit code 1" "$CODE" 1
has N6 "and shows the server's challenge" "$ERR" invalid_token

verdict
