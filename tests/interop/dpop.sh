#!/usr/bin/env bash
# dpop.sh <authserver> <MCP server of tier 03> <interop_agent>: proofs of possession (RFC 9449) both ways between us and
# PyJWT: proofs it signs are accepted by our token endpoint and our resource server, and ours by servers built on it.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
authserver=$1 mcp_server=$2 agent=$3

for mode in plain nonce; do
  demanded=false
  [[ $mode == plain ]] || demanded=true
  port=$(free_port)
  resource=http://localhost:$port/mcp
  start_authserver "authserver-$mode" "$authserver" AUTHPLANE_DPOP_REQUIRE_NONCE=$demanded
  register_resource r "$resource" mcp:echo mcp:add
  register_client client_secret_basic "mcp:echo mcp:add"
  start "mcp-server-$mode" "$resource" "401 405" \
    env PORT="$port" AUTHPLANE_ISSUER="$issuer" AUTHPLANE_RESOURCE="$resource" "$mcp_server"
  for key in ES256 RS256 PS256; do
    passes "PyJWT client, $key, $mode: token and calls" \
      "$PYTHON" "$interop/foreign_client.py" "$issuer" "$resource" "$key" "$mode"
  done
done

for mode in plain nonce; do
  port=$(free_port) resource_port=$(free_port)
  issuer=http://localhost:$port resource=http://localhost:$resource_port/mcp
  export CLIENT_ID=us CLIENT_SECRET=interop-secret
  start "foreign-$mode" "$resource" 401 "$PYTHON" "$interop/foreign_server.py" "$port" "$resource_port" "$mode"
  for key in ES256 RS256 PS256; do
    passes "PyJWT servers, $key, $mode: our token request and calls" agent_echoes "$agent" "$issuer" "$resource" "$key"
  done
  curl -sf "http://localhost:$resource_port/report" >"$work/report"
  # Each agent: one token; initialize, initialized, tools/call and the end of the session. With nonces the token request
  # and one of the calls are sent twice.
  # shellcheck disable=SC2016
  passes "PyJWT servers, $mode: every proof was judged, and none refused" jq -e --arg mode "$mode" \
    '.token == 3 and .resource == 12 and .nonce_demands == {plain: 0, nonce: 6}[$mode] and .refused == []' "$work/report"
done
