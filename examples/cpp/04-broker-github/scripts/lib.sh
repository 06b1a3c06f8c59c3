# What this example's scripts share: where everything is, and what an operator sets up. Sourced after _shared/lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154

# resolve_tier: resolve_env, and what this tier adds to it.
resolve_tier() {
  load_dotenv "$RUN_DIR/tier.env"
  resolve_env
  export UPSTREAM=${UPSTREAM:-standin} GH_PORT=${GH_PORT:-9100} CALLBACK_PORT=${CALLBACK_PORT:-9200}
  export AUTHPLANE_CONNECT_REDIRECT_BASE_URL=${AUTHPLANE_CONNECT_REDIRECT_BASE_URL:-$AUTHPLANE_SERVER_ISSUER}
  export BROKER_RESOURCE_URI=${BROKER_RESOURCE_URI:-https://github-stub.example.invalid/api}
  GH_CALLBACK=$AUTHPLANE_CONNECT_REDIRECT_BASE_URL/connect/github/callback
  case $UPSTREAM in
    standin)
      GH_URL=http://localhost:$GH_PORT
      GH_REVOKE_URL=$GH_URL/login/oauth/revoke
      export GITHUB_API_URL=${GITHUB_API_URL:-$GH_URL}
      # The stand-in is on loopback, where the authorization server does not go unless it is told to.
      export AUTHPLANE_BROKER_ALLOW_PRIVATE_UPSTREAMS=true
      ;;
    github)
      GH_URL=https://github.com
      GH_REVOKE_URL='' # GitHub has nothing of the shape of RFC 7009
      export GITHUB_API_URL=${GITHUB_API_URL:-https://api.github.com}
      [[ ${CONNECTOR_GITHUB_CLIENT_ID-} != standin-client ]] || die "UPSTREAM=github needs an app of yours" \
        "put its CONNECTOR_GITHUB_CLIENT_ID and CONNECTOR_GITHUB_SECRET into $ENV_FILE, see the README"
      ;;
    *) die "UPSTREAM is '$UPSTREAM'" "standin or github" ;;
  esac
  ACTOR_SLUG=mcp-agent-cpp BROKER_SLUG=github
  DEMO_USER_EMAIL=${DEMO_USER_EMAIL:-demo@example.com} DEMO_USER_PASSWORD=${DEMO_USER_PASSWORD:-correct-horse-battery-staple}
}

# ensure_master_key: the key that credentials are encrypted with. It lives as long as .env does; without a .env of its own,
# as long as the run.
ensure_master_key() {
  [[ -z ${AUTHPLANE_AES_MASTER_KEY-} ]] || return 0
  local file=$RUN_DIR/tier.env
  [[ $ENV_FILE != .env ]] || file=.env
  AUTHPLANE_AES_MASTER_KEY=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
  export AUTHPLANE_AES_MASTER_KEY
  mkdir -p "$RUN_DIR"
  (umask 077 && printf 'AUTHPLANE_AES_MASTER_KEY=%s\n' "$AUTHPLANE_AES_MASTER_KEY" >>"$file")
}

# operator COMMAND...: the authorization server's command line, on the data of the running server.
operator() {
  local binary=${AS_BIN:-${BUILD_DIR:-$_shared_dir/../build/release}/authserver/cli/authserver}
  if [[ $AS_MODE == docker ]]; then
    docker exec -i "${AS_CONTAINER:-authplane-cpp-as}" /authserver --config /config.yaml "$@"
  else
    "$binary" --config "$RUN_DIR"/as.yaml "$@"
  fi
}

# What is registered, as the admin API takes it.
provider_json() {
  jq -cn --arg id "$CONNECTOR_GITHUB_CLIENT_ID" --arg gh "$GH_URL" --arg revoke "$GH_REVOKE_URL" '{slug: "github", display_name: "GitHub",
    protocol: "oauth", config_data: ({client_id: $id, client_secret_ref: "CONNECTOR_GITHUB_SECRET",
    authorize_url: "\($gh)/login/oauth/authorize", token_url: "\($gh)/login/oauth/access_token"} +
    (if $revoke == "" then {} else {revoke_url: $revoke} end))}'
}
actor_json() {
  jq -cn --arg uri "$AUTHPLANE_RESOURCE" --arg slug "$ACTOR_SLUG" '{$slug, $uri, backend_kind: "mint", display_name: "Tier-04 C++ actor MCP",
    scopes: [{name: "mcp:tools", description: "agent base scope"}, {name: "repo", description: "actor-side repo scope"}]}'
}
broker_json() {
  jq -cn --arg uri "$BROKER_RESOURCE_URI" --arg slug "$BROKER_SLUG" '{$slug, $uri, backend_kind: "broker", broker_provider_slug: "github",
    display_name: "GitHub (brokered)", scopes: [{name: "repo", upstream: "repo", description: "repo access"},
    {name: "read:user", upstream: "read:user", description: "user profile"}],
    policy: {connect: {allowed_return_urls: ["http://localhost:*"]}}}'
}
link_json() { jq -cn --arg source "$ACTOR_SLUG" --arg target "$BROKER_SLUG" '{$source, $target, scope_map: {repo: ["repo"]}}'; }
acting_client_json() {
  jq -cn '{client_name: "demo-broker-cpp-agent", token_endpoint_auth_method: "client_secret_basic", scope: "mcp:tools repo read:user",
    grant_types: ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"]}'
}
browser_client_json() {
  jq -cn --arg redirect "http://127.0.0.1:$CALLBACK_PORT/callback" '{client_name: "tier04-browser-agent", redirect_uris: [$redirect],
    grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "none", scope: "mcp:tools repo"}'
}

# admin_post PATH JSON: prints the answer; ends here unless it was created, or is there already.
admin_post() {
  local answer code
  answer=$(curl -s --max-time 10 -w '\n%{http_code}' "$ADMIN_URL$1" -H "Authorization: Bearer $AUTHPLANE_ADMIN_API_KEY" \
    -H 'Content-Type: application/json' -d "$2")
  code=${answer##*$'\n'}
  [[ $code == 200 || $code == 201 || $code == 409 ]] || die "POST /admin${1#/admin}: HTTP $code ${answer%$'\n'*}" "is AUTHPLANE_ADMIN_API_KEY right?"
  printf '%s' "${answer%$'\n'*}"
}

# set_up: all of it, and a client for the MCP server and the agent; its id and secret go into .run/acting-client.env.
set_up() {
  admin_post /admin/broker-providers "$(provider_json)" >/dev/null
  admin_post /admin/resources "$(actor_json)" >/dev/null
  admin_post /admin/resources "$(broker_json)" >/dev/null
  admin_post /admin/fronting "$(link_json)" >/dev/null
  local client id
  client=$(admin_post /admin/clients "$(acting_client_json)") || exit 1
  id=$(jq -r .client_id <<<"$client")
  # Who may exchange: the agent that runs this MCP server, and at the broker whoever is on its list.
  admin_post "/admin/resources/$ACTOR_SLUG/policy/runtime/client-ids" "{\"client_id\":\"$id\"}" >/dev/null
  admin_post "/admin/resources/$BROKER_SLUG/policy/exchange/allowed-clients" "{\"client_id\":\"$id\"}" >/dev/null
  (umask 077 && jq -r '"AUTHPLANE_CLIENT_ID=\(.client_id)\nAUTHPLANE_CLIENT_SECRET=\(.client_secret)"' <<<"$client" >"$RUN_DIR/acting-client.env")
  operator admin user list | grep -qF "$DEMO_USER_EMAIL" ||
    operator admin user create --email "$DEMO_USER_EMAIL" --name "Demo User" --password - <<<"$DEMO_USER_PASSWORD"
}
