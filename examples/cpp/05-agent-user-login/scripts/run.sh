#!/usr/bin/env bash
# Starts the authorization server and, once it answers, tier 01's MCP server; registers the Resource and a user. The agent
# is started by make agent or make verify.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/run-lib.sh
source "$shared/run-lib.sh"
prepare_run MCP_PORT
take_binary 01-mcp-server-basic/mcp-server-basic mcp-server
take_binary 05-agent-user-login/agent-user-login agent
start_authserver
# shellcheck source=lib.sh
source scripts/lib.sh
create_demo_user || exit 1
code=$(http_code "$ADMIN_URL/admin/resources" -X POST -H "Authorization: Bearer $AUTHPLANE_ADMIN_API_KEY" \
  -H 'Content-Type: application/json' -d "$(demo_resource)")
[[ $code == 201 || $code == 409 ]] || die "the Resource could not be registered: HTTP $code" "is AUTHPLANE_ADMIN_API_KEY right?"
"$shared/native-proc.sh" start mcp-server "$RUN_DIR"/mcp-server || exit $?
wait_http "$MCP_URL" "401 405" 90 "the MCP server" "$RUN_DIR"/mcp-server.log || exit 1
echo "ready: $MCP_URL (issuer $AUTHPLANE_ISSUER), user $DEMO_USER_EMAIL. Now: make verify, or by hand: make agent"
