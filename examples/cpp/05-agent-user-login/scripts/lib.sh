# What this example's scripts share: what an operator sets up, and the agent. Sourced after _shared/lib.sh and resolve_env.
# shellcheck shell=bash disable=SC2154
DEMO_SLUG=demo-mcp-user
DEMO_USER_EMAIL=${DEMO_USER_EMAIL:-demo@example.com} DEMO_USER_PASSWORD=${DEMO_USER_PASSWORD:-correct-horse-battery-staple}
export AGENT_TOKEN_FILE=${AGENT_TOKEN_FILE:-$RUN_DIR/tokens.json}

# operator COMMAND...: the authorization server's command line, on the data of the running server.
operator() {
  local binary=${AS_BIN:-${BUILD_DIR:-$_shared_dir/../build/release}/authserver/cli/authserver}
  if [[ $AS_MODE == docker ]]; then
    docker exec -i "${AS_CONTAINER:-authplane-cpp-as}" /authserver --config /config.yaml "$@"
  else
    "$binary" --config "$RUN_DIR"/as.yaml "$@"
  fi
}

demo_resource() {
  jq -cn --arg uri "$AUTHPLANE_RESOURCE" --arg slug "$DEMO_SLUG" '{$slug, $uri, backend_kind: "mint", display_name: "Demo MCP",
    scopes: [{name: "mcp:echo", description: "Echo a text"}]}'
}

# create_demo_user: the account, unless it is there already.
create_demo_user() {
  operator admin user list | grep -qF "$DEMO_USER_EMAIL" && return
  operator admin user create --email "$DEMO_USER_EMAIL" --name "Demo User" --password - <<<"$DEMO_USER_PASSWORD"
}

issuances() { operator admin issuance list --user "$DEMO_USER_EMAIL" "$@"; }
