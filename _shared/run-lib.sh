# What the run scripts share: settings are checked, binaries taken, the authorization server is up before anything that
# needs it. Sourced in an example's folder.
# shellcheck shell=bash
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# prepare_run PORT-NAME...: resolves the settings, and ends here unless they fit together and the ports are free.
prepare_run() {
  local name
  [[ -f $ENV_FILE ]] || die "$PWD/$ENV_FILE is missing" "cp .env.example .env, or use make run, which does it"
  resolve_env
  local resource_path=/${AUTHPLANE_RESOURCE#*://*/} mcp_path=/${MCP_URL#*://*/}
  [[ $resource_path == "$mcp_path" ]] || die "the server answers under the path of AUTHPLANE_RESOURCE '$AUTHPLANE_RESOURCE', and MCP_URL '$MCP_URL' has another" \
    "give both the same path"
  for name in "$@"; do require_free_port "${!name}" "$name"; done
  save_env
}

# take_binary BUILT NAME: copies it from the build folder, so that a rebuild does not disturb the run.
take_binary() { cp "${BUILD_DIR:-$_shared_dir/../build/release}/examples/cpp/$1" "$RUN_DIR/$2" || exit 1; }

# start_authserver: up, and announcing the issuer that the example expects.
start_authserver() {
  local announced
  "$_shared_dir/native-as.sh" start || exit $?
  announced=$(curl -s --max-time 5 "$ISSUER_URL/.well-known/oauth-authorization-server" | jq -r .issuer)
  [[ $announced == "$AUTHPLANE_ISSUER" ]] || die "issuer mismatch: AUTHPLANE_ISSUER is '$AUTHPLANE_ISSUER', the authorization server announces '$announced'" \
    "make AUTHPLANE_ISSUER and AUTHPLANE_SERVER_ISSUER in $ENV_FILE the same string, then: make clean && make run"
}
