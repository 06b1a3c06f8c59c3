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

# start_authserver NAME BINARY [VARIABLE=VALUE...]: sets issuer, token_endpoint and admin_port.
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
  start "$1" "http://127.0.0.1:$port/ready" 200 env "${@:3}" "$2" --config "$work/$1.yaml" serve
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
