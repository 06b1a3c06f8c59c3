#!/usr/bin/env bash
# users.sh <authserver> <MCP server of tier 01> <MCP server of tier 03> <build folder>: clients we did not write take a user
# through discovery, registration, login, consent, code with PKCE, refresh, introspection, revocation and DPoP. The three,
# openid-client, @badgateway/oauth2-client and @modelcontextprotocol/client, have no author in common. Without npm it checks
# nothing and says so, see npm_packages.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
authserver=$1 mcp_server=$2 dpop_server=$3 modules=$4/interop
npm_packages "$modules" "users with openid-client, @badgateway/oauth2-client and @modelcontextprotocol/client"

start_authserver authserver "$authserver"
create_user user@example.com
plain_port=$(free_port)
plain=http://localhost:$plain_port/mcp
bound_port=$(free_port)
bound=http://localhost:$bound_port/mcp
register_resource bound "$bound" mcp:echo mcp:add
# The client that may ask about tokens for the other one.
register_client client_secret_basic mcp:echo
admin /admin/resources "$(jq -cn --arg uri "$plain" --arg client "$CLIENT_ID" '{slug: "plain", $uri, backend_kind: "mint",
  scopes: [{name: "mcp:echo"}, {name: "mcp:add"}], policy: {runtime: {client_ids: [$client]}}}')" >/dev/null

for mode in public confidential public-dpop confidential-dpop; do
  passes "openid-client, $mode: from discovery to revocation" \
    node "$modules/user_openid_client.mjs" "$issuer" "$plain" "$mode"
done

for method in client_secret_basic client_secret_post client_secret_basic_interop; do
  register_user_client "${method%_interop}" "https://client.example/callback?from=us" "mcp:echo mcp:add"
  passes "oauth2-client, $method: from code to revocation" \
    node "$modules/user_oauth2_client.mjs" "$issuer" "$plain" "$method"
done

start mcp-server "$plain" "401 405" \
  env PORT="$plain_port" AUTHPLANE_ISSUER="$issuer" AUTHPLANE_RESOURCE="$plain" "$mcp_server"
start dpop-server "$bound" "401 405" \
  env PORT="$bound_port" AUTHPLANE_ISSUER="$issuer" AUTHPLANE_RESOURCE="$bound" "$dpop_server"
passes "MCP client: from the first 401 to the tool and a refresh" node "$modules/user_mcp_client.mjs" "$plain" bearer
passes "MCP client, DPoP: from the first 401 to the tool and a refresh" node "$modules/user_mcp_client.mjs" "$bound" dpop
