#!/usr/bin/env bash
# Starts the stand-in for GitHub, the authorization server and, once everything is registered, the MCP server.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/run-lib.sh
source "$shared/run-lib.sh"
# shellcheck source=lib.sh
source scripts/lib.sh
resolve_tier
prepare_run MCP_PORT
take_binary 04-broker-github/broker-agent agent
take_binary 04-broker-github/broker-server mcp-server
(umask 077 && printf 'UPSTREAM=%s\nGH_PORT=%s\nCALLBACK_PORT=%s\n' "$UPSTREAM" "$GH_PORT" "$CALLBACK_PORT" >"$RUN_DIR/tier.env")
ensure_master_key
if [[ $UPSTREAM == standin ]]; then
  require_free_port "$GH_PORT" GH_PORT
  cp "${BUILD_DIR:-$_shared_dir/../build/release}/tools/gh-standin/gh-standin" "$RUN_DIR/gh-standin" || exit 1
  "$shared/native-proc.sh" start gh-standin "$RUN_DIR"/gh-standin --port "$GH_PORT" --client-id "$CONNECTOR_GITHUB_CLIENT_ID" \
    --client-secret "$CONNECTOR_GITHUB_SECRET" --callback "$GH_CALLBACK" --mode "${GH_MODE:-approve}" || exit $?
  wait_http "$GH_URL/_control/health" 200 60 "the stand-in for GitHub" "$RUN_DIR"/gh-standin.log || exit 1
fi
start_authserver
set_up || exit 1
load_dotenv "$RUN_DIR/acting-client.env"
"$shared/native-proc.sh" start mcp-server "$RUN_DIR"/mcp-server || exit $?
wait_http "$MCP_URL" "401 405" 90 "the MCP server" "$RUN_DIR"/mcp-server.log || exit 1
echo "ready: $MCP_URL (issuer $AUTHPLANE_ISSUER, upstream $GH_URL), user $DEMO_USER_EMAIL. Now: make verify, or by hand: make login, make agent"
