#!/usr/bin/env bash
# run.sh <authserver binary>: a token of ours is verified by parties we did not write: PyJWT, José and openssl.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
start_authserver authserver "$1"
register_resource r https://rs.example/mcp s
register_client client_secret_post s
curl -sf "$token_endpoint" -d grant_type=client_credentials -d scope=s \
  --data-urlencode resource=https://rs.example/mcp --data-urlencode "client_id=$CLIENT_ID" \
  --data-urlencode "client_secret=$CLIENT_SECRET" | jq -jr .access_token >"$work/token"
curl -sf "$issuer/.well-known/jwks.json" >"$work/jwks.json"
# The same token with one bit of its claims changed: everybody has to refuse it.
sed -E 's/^([^.]+\.)(.)/\1X/' "$work/token" >"$work/tampered"

with_pyjwt() { "$PYTHON" "$interop/verify_pyjwt.py" "$work/jwks.json" "$issuer" https://rs.example/mcp "$1"; }
with_jose() { jose jws ver -i "$1" -k "$work/jwks.json" -O "$work/payload"; }
with_openssl() {
  "$PYTHON" "$interop/split_jws.py" "$work/jwks.json" "$1" "$work"
  openssl dgst -sha256 -verify "$work/key.pem" -signature "$work/signature.der" "$work/input"
}
for party in pyjwt jose openssl; do
  passes "$party accepts a token" "with_$party" "$work/token"
  fails "$party refuses it with a bit changed" "with_$party" "$work/tampered"
done
