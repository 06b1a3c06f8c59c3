#!/usr/bin/env bash
# Starts the authorization server and, once it answers, the MCP server.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/run-lib.sh
source "$shared/run-lib.sh"
prepare_run MCP_PORT
take_binary 01-mcp-server-basic/mcp-server-basic mcp-server
start_authserver
"$shared/native-proc.sh" start mcp-server "$RUN_DIR"/mcp-server || exit $?
wait_http "$MCP_URL" "401 405" 90 "the MCP server" "$RUN_DIR"/mcp-server.log || exit 1
echo "ready: $MCP_URL (issuer $AUTHPLANE_ISSUER). Now: make verify"
