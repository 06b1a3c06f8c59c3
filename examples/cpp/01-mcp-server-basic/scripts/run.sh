#!/usr/bin/env bash
# Starts the authorization server and, once it answers, the MCP server.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/lib.sh
source "$shared/lib.sh"
[[ -f $ENV_FILE ]] || die "$PWD/$ENV_FILE is missing" "cp .env.example .env, or use make run, which does it"
resolve_env
resource_path=/${AUTHPLANE_RESOURCE#*://*/} mcp_path=/${MCP_URL#*://*/}
[[ $resource_path == "$mcp_path" ]] || die "the server answers under the path of AUTHPLANE_RESOURCE '$AUTHPLANE_RESOURCE', and MCP_URL '$MCP_URL' has another" \
  "give both the same path"
require_free_port "$MCP_PORT" MCP_PORT
save_env
cp "${BUILD_DIR:-../../../build/release}/examples/cpp/01-mcp-server-basic/mcp-server-basic" "$RUN_DIR"/mcp-server || exit 1
"$shared/native-as.sh" start || exit $?
announced=$(curl -s --max-time 5 "$ISSUER_URL/.well-known/oauth-authorization-server" | jq -r .issuer)
[[ $announced == "$AUTHPLANE_ISSUER" ]] || die "issuer mismatch: AUTHPLANE_ISSUER is '$AUTHPLANE_ISSUER', the authorization server announces '$announced'" \
  "make AUTHPLANE_ISSUER and AUTHPLANE_SERVER_ISSUER in $ENV_FILE the same string, then: make clean && make run"
"$shared/native-proc.sh" start mcp-server "$RUN_DIR"/mcp-server || exit $?
wait_http "$MCP_URL" "401 405" 90 "the MCP server" "$RUN_DIR"/mcp-server.log || exit 1
echo "ready: $MCP_URL (issuer $AUTHPLANE_ISSUER). Now: make verify"
