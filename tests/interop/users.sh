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

# register_runtime_resource SLUG URI CLIENT_ID: one whose tokens that client may ask about.
register_runtime_resource() {
  admin /admin/resources "$(jq -cn --arg slug "$1" --arg uri "$2" --arg client "$3" '{$slug, $uri, backend_kind: "mint",
    scopes: [{name: "mcp:echo"}, {name: "mcp:add"}], policy: {runtime: {client_ids: [$client]}}}')" >/dev/null
}

# The documents of clients are served here, in clear.
start_authserver authserver "$authserver" AUTHPLANE_CIMD_REQUIRE_HTTPS=false AUTHPLANE_CIMD_ALLOW_PRIVATE_ADDRESSES=true
create_user user@example.com
plain_port=$(free_port)
plain=http://localhost:$plain_port/mcp
bound_port=$(free_port)
bound=http://localhost:$bound_port/mcp
register_resource bound "$bound" mcp:echo mcp:add
register_client client_secret_basic mcp:echo
register_runtime_resource plain "$plain" "$CLIENT_ID"

for mode in public confidential document public-dpop confidential-dpop document-dpop; do
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

# A client learns the nonce of its first proof from a refusal, which must cost it neither the code nor the refresh token.
start_authserver nonce "$authserver" AUTHPLANE_DPOP_REQUIRE_NONCE=true
create_user user@example.com
nonce_port=$(free_port)
nonce=http://localhost:$nonce_port/mcp
register_client client_secret_basic mcp:echo
register_runtime_resource nonce "$nonce" "$CLIENT_ID"
start nonce-server "$nonce" "401 405" \
  env PORT="$nonce_port" AUTHPLANE_ISSUER="$issuer" AUTHPLANE_RESOURCE="$nonce" "$dpop_server"
passes "openid-client, public-dpop, nonces: from discovery to revocation" \
  node "$modules/user_openid_client.mjs" "$issuer" "$nonce" public-dpop
passes "MCP client, DPoP, nonces: from the first 401 to the tool and a refresh" \
  node "$modules/user_mcp_client.mjs" "$nonce" dpop
