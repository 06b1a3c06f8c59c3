#!/usr/bin/env bash
# Starts the authorization server and, once it answers, the MCP server; takes the agent along for make verify.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/run-lib.sh
source "$shared/run-lib.sh"
export AUTHPLANE_DPOP_ENABLED=${AUTHPLANE_DPOP_ENABLED:-true}
prepare_run MCP_PORT
take_binary 03-dpop/dpop-server mcp-server
take_binary 03-dpop/dpop-agent agent
take_binary 01-mcp-server-basic/mcp-server-basic bearer-server
start_authserver
DPOP_REPLAY_FILE=$RUN_DIR/dpop-replay "$shared/native-proc.sh" start mcp-server "$RUN_DIR"/mcp-server || exit $?
wait_http "$MCP_URL" "401 405" 90 "the MCP server" "$RUN_DIR"/mcp-server.log || exit 1
echo "ready: $MCP_URL (issuer $AUTHPLANE_ISSUER). Now: make verify"
