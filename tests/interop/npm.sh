#!/usr/bin/env bash
# npm.sh <authserver> <MCP server of tier 03> <interop_agent> <build folder>: proofs of possession (RFC 9449) both ways
# between us and the packages oauth4webapi and dpop. Without npm it checks nothing and says so, see npm_packages.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
authserver=$1 mcp_server=$2 agent=$3 modules=$4/interop

npm_packages "$modules" "interop with oauth4webapi and dpop"

for mode in plain nonce; do
  demanded=false
  [[ $mode == plain ]] || demanded=true
  port=$(free_port) foreign_port=$(free_port)
  resource=http://localhost:$port/mcp foreign=http://localhost:$foreign_port/mcp
  start_authserver "authserver-$mode" "$authserver" AUTHPLANE_DPOP_REQUIRE_NONCE=$demanded
  register_resource ours "$resource" mcp:echo mcp:add
  register_resource foreign "$foreign" mcp:echo
  register_client client_secret_basic mcp:echo
  start "mcp-server-$mode" "$resource" "401 405" \
    env PORT="$port" AUTHPLANE_ISSUER="$issuer" AUTHPLANE_RESOURCE="$resource" "$mcp_server"
  start "foreign-$mode" "$foreign" 401 node "$modules/resource.mjs" "$foreign_port" "$issuer"
  for key in ES256 RS256 PS256; do
    passes "oauth4webapi and dpop as clients, $key, $mode: token and calls" \
      node "$modules/client.mjs" "$issuer" "$resource" "$key" "$mode"
    passes "oauth4webapi as resource server, $key, $mode: our calls" agent_echoes "$agent" "$issuer" "$foreign" "$key"
  done
  # Initialize, initialized, tools/call and the end of the session; the refused GET was the question whether it is up.
  passes "oauth4webapi judged every proof, $mode" jq -e '.accepted == 12 and (.refused | all(startswith("GET: ")))' \
    <(curl -sf "http://localhost:$foreign_port/report")
done
