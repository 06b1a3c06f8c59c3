#!/usr/bin/env bash
# run.sh <authserver binary>: a token of ours is verified by parties we did not write: PyJWT, José and openssl.
set -euo pipefail
binary=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../../_shared/lib.sh
source "$root/_shared/lib.sh"
work=$(mktemp -d)
port=$(free_port) admin_port=$(free_port)
cat >"$work/as.yaml" <<EOF
server: {issuer: "http://localhost:$port", address: "127.0.0.1:$port"}
storage: {driver: sqlite, sqlite: {path: "$work/as.db"}}
signing: {key_path: "$work/keys"}
admin: {address: "127.0.0.1:$admin_port"}
EOF
export AUTHPLANE_ADMIN_API_KEY=interop-admin-key-0123456789
"$binary" --config "$work/as.yaml" serve >"$work/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$work"' EXIT
wait_http "http://127.0.0.1:$port/ready" 200 30 "the authorization server" "$work/log"

admin() { curl -sf "http://127.0.0.1:$admin_port$1" -H "Authorization: Bearer $AUTHPLANE_ADMIN_API_KEY" -d "$2"; }
admin /admin/resources '{"slug":"r","uri":"https://rs.example/mcp","backend_kind":"mint","scopes":[{"name":"s"}]}' >/dev/null
client=$(admin /admin/clients '{"client_name":"c","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_post","scope":"s"}')
curl -sf "http://127.0.0.1:$port/oauth/token" -d grant_type=client_credentials -d scope=s \
  --data-urlencode resource=https://rs.example/mcp --data-urlencode "client_id=$(jq -r .client_id <<<"$client")" \
  --data-urlencode "client_secret=$(jq -r .client_secret <<<"$client")" | jq -jr .access_token >"$work/token"
curl -sf "http://127.0.0.1:$port/.well-known/jwks.json" >"$work/jwks.json"
# The same token with one bit of its claims changed: everybody has to refuse it.
sed -E 's/^([^.]+\.)(.)/\1X/' "$work/token" >"$work/tampered"

check() { # name command...: passes on the token and fails on the tampered one
  local name=$1
  shift
  "$@" "$work/token" >"$work/out" 2>&1 || { echo "FAIL $name refuses a good token:"; cat "$work/out"; exit 1; }
  if "$@" "$work/tampered" >/dev/null 2>&1; then echo "FAIL $name accepts a tampered token"; exit 1; fi
  echo "ok   $name"
}

with_pyjwt() { /usr/bin/python3 "$root/tests/interop/verify_pyjwt.py" "$work/jwks.json" "http://localhost:$port" https://rs.example/mcp "$1"; }
with_jose() { jose jws ver -i "$1" -k "$work/jwks.json" -O "$work/payload"; }
with_openssl() {
  /usr/bin/python3 "$root/tests/interop/split_jws.py" "$work/jwks.json" "$1" "$work"
  openssl dgst -sha256 -verify "$work/key.pem" -signature "$work/signature.der" "$work/input"
}
check "PyJWT: signature, issuer, audience, times" with_pyjwt
check "jose: signature" with_jose
check "openssl dgst: signature" with_openssl
