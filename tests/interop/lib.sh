# What the scripts here share: a private authorization server, and the processes of one script, which end with it.
# Sourced, never run.
# shellcheck shell=bash

interop=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$interop/../.." && pwd)
# shellcheck source=../../_shared/lib.sh
source "$root/_shared/lib.sh"
PYTHON=${PYTHON:-/usr/bin/python3}
export AUTHPLANE_ADMIN_API_KEY=interop-admin-key-0123456789
work=$(mktemp -d)
_started=()
_leave() {
  ((${#_started[@]} == 0)) || kill "${_started[@]}" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap _leave EXIT
trap 'exit 130' INT TERM

# start NAME URL "STATUSES" COMMAND...: runs it in the background, output in $work/NAME.log, until URL answers.
start() {
  "${@:4}" >"$work/$1.log" 2>&1 &
  _started+=($!)
  wait_http "$2" "$3" 60 "$1" "$work/$1.log"
}

# start_authserver NAME BINARY [VARIABLE=VALUE...]: sets issuer, token_endpoint, admin_port, and authserver_command, which
# works on the same database.
# shellcheck disable=SC2034
start_authserver() {
  local port
  port=$(free_port) admin_port=$(free_port)
  issuer=http://localhost:$port token_endpoint=http://localhost:$port/oauth/token
  cat >"$work/$1.yaml" <<YAML
server: {issuer: "$issuer", address: "127.0.0.1:$port"}
storage: {driver: sqlite, sqlite: {path: "$work/$1.db"}}
signing: {key_path: "$work/$1.keys"}
admin: {address: "127.0.0.1:$admin_port"}
YAML
  authserver_command=("$2" --config "$work/$1.yaml")
  start "$1" "http://127.0.0.1:$port/ready" 200 env "${@:3}" "${authserver_command[@]}" serve
}

# admin PATH JSON: one POST to the admin API; prints the answer.
admin() {
  curl -sf "http://127.0.0.1:$admin_port$1" -H "Authorization: Bearer $AUTHPLANE_ADMIN_API_KEY" -d "$2"
}
# register_resource SLUG URI SCOPE...
register_resource() {
  admin /admin/resources "$(jq -cn --arg slug "$1" --arg uri "$2" \
    '{$slug, $uri, backend_kind: "mint", scopes: ($ARGS.positional | map({name: .}))}' --args "${@:3}")" >/dev/null
}
# register_client METHOD SCOPES: sets CLIENT_ID and CLIENT_SECRET, in the environment of what runs next.
register_client() {
  local client
  client=$(admin /admin/clients "$(jq -cn --arg method "$1" --arg scope "$2" '{client_name: "interop",
    grant_types: ["client_credentials"], token_endpoint_auth_method: $method, $scope}')")
  CLIENT_ID=$(jq -r .client_id <<<"$client") CLIENT_SECRET=$(jq -r .client_secret <<<"$client")
  export CLIENT_ID CLIENT_SECRET
}

# register_user_client METHOD REDIRECT_URI SCOPES: the same for a client that users sign in with.
register_user_client() {
  local client
  client=$(admin /admin/clients "$(jq -cn --arg method "$1" --arg uri "$2" --arg scope "$3" '{client_name: "interop",
    grant_types: ["authorization_code", "refresh_token"], redirect_uris: [$uri], token_endpoint_auth_method: $method, $scope}')")
  CLIENT_ID=$(jq -r .client_id <<<"$client") CLIENT_SECRET=$(jq -r '.client_secret // ""' <<<"$client")
  export CLIENT_ID CLIENT_SECRET
}
# create_user EMAIL: sets USER_EMAIL and USER_PASSWORD, in the environment of what runs next.
create_user() {
  export USER_EMAIL=$1 USER_PASSWORD='correct horse & "battery" <staple>'
  "${authserver_command[@]}" admin user create --email "$USER_EMAIL" --password - >/dev/null <<<"$USER_PASSWORD"
}

_skip() {
  echo "SKIPPED $1 ($2)"
  exit 0
}
# npm_packages FOLDER WHAT: the packages of npm/package-lock.json and our scripts in FOLDER. Without Node.js 20, npm or its
# registry it prints SKIPPED with WHAT and the reason, and ends the script with 0.
npm_packages() {
  local node_version
  command -v npm >/dev/null || _skip "$2" "npm is not installed"
  node_version=$(node -p 'process.versions.node' 2>/dev/null) || _skip "$2" "node is not installed"
  ((${node_version%%.*} >= 20)) || _skip "$2" "node $node_version has no global Web Crypto; 20 or newer is needed"
  mkdir -p "$1"
  if ! cmp -s "$interop/npm/package-lock.json" "$1/node_modules/installed"; then
    cp "$interop"/npm/package*.json "$1"
    (cd "$1" && npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000 >npm.log 2>&1) ||
      _skip "$2" "npm cannot install them, see $1/npm.log"
    cp "$interop/npm/package-lock.json" "$1/node_modules/installed"
  fi
  # Modules are looked for beside the file that asks.
  cp "$interop"/npm/*.mjs "$1"
}

# passes WHAT COMMAND...: one line; with the output and the end of the script when it fails.
passes() {
  if ! "${@:2}" >"$work/out" 2>&1; then
    echo "FAIL $1"
    cat "$work/out"
    tail -n 20 "$work"/*.log
    exit 1
  fi
  echo "ok   $1"
}
# fails WHAT COMMAND...: the same for what must not succeed.
fails() {
  if "${@:2}" >"$work/out" 2>&1; then
    echo "FAIL $1"
    cat "$work/out"
    exit 1
  fi
  echo "ok   $1"
}
# agent_echoes AGENT ISSUER RESOURCE ALG: our agent gets through to the tool and back.
agent_echoes() { "$1" "$2" "$3" "$4" | grep -qxF "echo: hello from $4"; }
