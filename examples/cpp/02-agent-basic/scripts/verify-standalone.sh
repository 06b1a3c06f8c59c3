#!/usr/bin/env bash
# Brings tier 01 up on free ports, verifies this agent against it, and takes it down again.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=../../../../_shared/lib.sh
source ../../../_shared/lib.sh
AS_PORT=$(free_port) AS_ADMIN_PORT=$(free_port) MCP_PORT=$(free_port)
export AS_PORT AS_ADMIN_PORT MCP_PORT
trap 'make -s -C ../01-mcp-server-basic clean' EXIT
make -s -C ../01-mcp-server-basic run && scripts/verify.sh
