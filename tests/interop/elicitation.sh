#!/usr/bin/env bash
# elicitation.sh <interop_elicitation_server> <build folder>: a foreign MCP client reads which page its user has to visit.
# Without npm it checks nothing and says so, see npm_packages.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
server=$1 modules=$2/interop

npm_packages "$modules" "interop with the MCP client"
port=$(free_port)
resource=http://localhost:$port/mcp
start elicitation-server "$resource" 405 "$server" "$port"
passes "MCP client: the page to visit, and the call after it" node "$modules/elicitation_client.mjs" "$resource"
