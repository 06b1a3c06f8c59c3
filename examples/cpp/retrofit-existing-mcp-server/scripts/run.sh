#!/usr/bin/env bash
# Starts the server as it was, the authorization server, and the server as it is after the retrofit.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/run-lib.sh
source "$shared/run-lib.sh"
prepare_run BEFORE_PORT AFTER_PORT
take_binary retrofit-existing-mcp-server/before/retrofit-before before
take_binary retrofit-existing-mcp-server/after/retrofit-after after
PORT=$BEFORE_PORT "$shared/native-proc.sh" start before "$RUN_DIR"/before || exit $?
start_authserver
PORT=$AFTER_PORT "$shared/native-proc.sh" start after "$RUN_DIR"/after || exit $?
wait_http "$BEFORE_URL" "$MCP_ALIVE" 90 "the server before" "$RUN_DIR"/before.log || exit 1
wait_http "$MCP_URL" "$MCP_ALIVE" 90 "the server after" "$RUN_DIR"/after.log || exit 1
echo "ready: before $BEFORE_URL, after $MCP_URL (issuer $AUTHPLANE_ISSUER). Now: make verify"
