#!/usr/bin/env bash
# authorization.sh <authserver binary>: the scenarios of the public MCP conformance suite for authorization servers, with a
# browser that signs in and consents by itself; one line for each. Needs npm once, as run.sh does, and is SKIPPED without
# it. Results stay in build/conformance/authorization.
set -euo pipefail
name=mcp-conformance-authorization
# shellcheck source=suite.sh
source "$(dirname "$0")/suite.sh"
# shellcheck source=../interop/lib.sh
source "$root/tests/interop/lib.sh"
install_suite
results=$suite_work/authorization
rm -rf "$results" && mkdir -p "$results"

start_authserver authserver "$(realpath "$1")"
# Nothing connects to the resource, and nothing listens on the callback but the suite.
resource=http://127.0.0.1:8080/mcp callback_port=$(free_port)
register_resource conformance "$resource" mcp:echo
register_user_client none "http://127.0.0.1:$callback_port/callback" mcp:echo
create_user conformance@example.com

# The second scenario needs the result of the first, so they run together.
$suite authorization --url "$issuer" --client-id "$CLIENT_ID" --port "$callback_port" --resource "$resource" \
  -o "$results" >"$results/suite.log" 2>&1 &
suite_pid=$!
_started+=("$suite_pid")
sign_in() {
  local url
  url=$(grep -m 1 -oE "^$issuer/oauth/authorize\?[^[:space:]]+" "$results/suite.log") || return 1
  "$node" "$interop/npm/browser.mjs" "$url" >"$results/browser.log" 2>&1 || true
}
for ((tries = 0; tries < 600; ++tries)); do
  sign_in && break
  kill -0 "$suite_pid" 2>/dev/null || break
  read -rt 0.1 <> <(:) || true
done
status=0
wait "$suite_pid" || status=$?

failed=0
for scenario in authorization-server-metadata-endpoint authorization-code-grant; do
  checks=$(echo "$results/authorization-server-$scenario"-*/checks.json)
  if jq -e 'length > 0 and all(.status == "SUCCESS" or .status == "INFO")' "$checks" >/dev/null 2>&1; then
    echo "ok $scenario"
  else
    echo "FAIL $scenario (see $results)"
    failed=1
  fi
done
echo "authorization scenarios: exit code $status of suite $suite_version"
((status == 0 && failed == 0))
