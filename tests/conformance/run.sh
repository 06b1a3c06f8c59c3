#!/bin/sh
# Runs scenarios of the public MCP conformance suite against mcp_conformance_server and prints one line for each.
#   tests/conformance/run.sh [path of mcp_conformance_server]
# Needs npm once, to install pinned packages into build/conformance; without it everything is reported as SKIPPED
# and the exit code is 0. Otherwise the exit code is 0 when every scenario passed. Results stay in
# build/conformance/results.
set -u
name=mcp-conformance
# shellcheck source=suite.sh
. "$(dirname "$0")/suite.sh"

# Checked against the list the suite prints: a name it does not know must not look like a success.
scenarios="server-initialize ping tools-list tools-call-simple-text tools-call-error dns-rebinding-protection
  server-session-lifecycle logging-set-level tools-call-image tools-call-audio tools-call-embedded-resource
  tools-call-mixed-content tools-call-with-logging tools-call-with-progress json-schema-2020-12
  server-sse-multiple-streams"
server=${1:-$root/build/dev/tests/conformance/mcp_conformance_server}
[ -x "$server" ] || {
  echo "FAIL mcp-conformance (seen no server at $server; build the target mcp_conformance_server first)"
  exit 1
}
install_suite
work=$suite_work
cd "$work" || exit 1

rm -rf results && mkdir results
$suite list --server >results/list.txt 2>&1 || {
  echo "FAIL mcp-conformance (the suite does not start, see $work/results/list.txt)"
  exit 1
}

"$server" >results/url.txt 2>results/server.log &
server_pid=$!
trap 'kill $server_pid 2>/dev/null; wait $server_pid 2>/dev/null' EXIT
trap 'exit 1' INT TERM
tries=0
until [ -s results/url.txt ]; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ] || ! kill -0 $server_pid 2>/dev/null; then
    echo "FAIL mcp-conformance (the server did not start, see $work/results/server.log)"
    exit 1
  fi
  sleep 0.1
done
url=$(cat results/url.txt)

failed=0
run=0
for scenario in $scenarios; do
  run=$((run + 1))
  if ! grep -q -- "- $scenario \[" results/list.txt; then
    echo "FAIL $scenario (seen no such scenario in suite $suite_version)"
    failed=$((failed + 1))
  elif $suite server --url "$url" --scenario "$scenario" -o results >"results/$scenario.log" 2>&1 &&
    grep -q '"status": *"SUCCESS"' results/server-"$scenario"-*/checks.json &&
    ! grep -q '"status": *"FAILURE"' results/server-"$scenario"-*/checks.json; then
    echo "ok $scenario"
  else
    echo "FAIL $scenario (see $work/results/$scenario.log)"
    failed=$((failed + 1))
  fi
done
echo "$((run - failed)) of $run scenarios passed (suite $suite_version)"
[ $failed -eq 0 ]
