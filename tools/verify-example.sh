#!/usr/bin/env bash
# verify-example.sh <folder below examples/cpp>: brings one example up on free ports with private state, runs its verify
# script, and takes everything down again. Nothing is written into the source tree.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
example=examples/cpp/${1:?usage: verify-example.sh <example>}
export BUILD_DIR=${BUILD_DIR:-$PWD/build/release}
work=$(mktemp -d)
export RUN_DIR=$work/run ENV_FILE=.env.example
# shellcheck source=../_shared/lib.sh
source _shared/lib.sh
AS_PORT=$(free_port) AS_ADMIN_PORT=$(free_port) MCP_PORT=$(free_port) BEFORE_PORT=$(free_port) GH_PORT=$(free_port)
CALLBACK_PORT=$(free_port)
export AS_PORT AS_ADMIN_PORT MCP_PORT BEFORE_PORT AFTER_PORT=$MCP_PORT GH_PORT CALLBACK_PORT
export AS_BIN=${AS_BIN:-$BUILD_DIR/authserver/cli/authserver}

take_down() {
  local pid_file
  for pid_file in "$RUN_DIR"/*.pid; do
    [[ -f $pid_file ]] && _shared/native-proc.sh stop "$(basename "$pid_file" .pid)"
  done
  rm -rf "$work"
}
trap take_down EXIT
trap 'exit 130' INT TERM

"$example/scripts/run.sh" && "$example/scripts/verify.sh"
