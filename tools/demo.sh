#!/usr/bin/env bash
# The whole path once: authorization server and tier 01's MCP server come up on free ports, tier 02's agent calls
# them, every check prints its line, and everything is taken down again.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export BUILD_DIR=${BUILD_DIR:-$PWD/build/release}
work=$(mktemp -d)
export RUN_DIR=$work/run ENV_FILE=.env.example
# shellcheck source=../_shared/lib.sh
source _shared/lib.sh
AS_PORT=$(free_port) AS_ADMIN_PORT=$(free_port) MCP_PORT=$(free_port)
export AS_PORT AS_ADMIN_PORT MCP_PORT AS_BIN=${AS_BIN:-$BUILD_DIR/authserver/cli/authserver}

take_down() {
  _shared/native-proc.sh stop mcp-server
  _shared/native-proc.sh stop authserver
  rm -rf "$work"
}
trap take_down EXIT
trap 'exit 130' INT TERM

echo "== tier 01: a protected MCP server"
examples/cpp/01-mcp-server-basic/scripts/run.sh || exit 1
examples/cpp/01-mcp-server-basic/scripts/verify.sh || exit 1
echo "== tier 02: an agent that calls it"
cp "$BUILD_DIR/examples/cpp/02-agent-basic/agent-basic" "$RUN_DIR/agent" || exit 1
examples/cpp/02-agent-basic/scripts/verify.sh || exit 1

echo
echo "The five lines that protect the server (examples/cpp/01-mcp-server-basic/main.cpp):"
sed -n '/authplane:begin/,/authplane:end/p' examples/cpp/01-mcp-server-basic/main.cpp
echo
echo "Next, tokens that are worthless when stolen: make -C examples/cpp/03-dpop run verify clean"
echo
echo "ALL CHECKS PASSED"
