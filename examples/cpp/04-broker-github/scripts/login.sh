#!/usr/bin/env bash
# Signs the demo user in with a browser (RFC 6749 section 4.1 with RFC 7636); the token goes into .run/user.env, where
# make agent finds it. BROWSER names the program that opens the page; without one the page is printed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=../../../../_shared/lib.sh
source ../../../_shared/lib.sh
# shellcheck source=lib.sh
source scripts/lib.sh
resolve_tier
redirect=http://127.0.0.1:$CALLBACK_PORT/callback
random() { head -c 32 /dev/urandom | base64 -w0 | tr '+/' '-_' | tr -d '='; }
verifier=$(random) state=$(random)
challenge=$(printf %s "$verifier" | sha256sum | cut -d' ' -f1 | sed 's/../\\x&/g')
challenge=$(printf %b "$challenge" | base64 -w0 | tr '+/' '-_' | tr -d '=')
client=$(admin_post /admin/clients "$(browser_client_json)" | jq -r .client_id)
query=$(jq -rn --arg c "$client" --arg r "$redirect" --arg x "$challenge" --arg s "$state" --arg u "$AUTHPLANE_RESOURCE" \
  '{response_type: "code", client_id: $c, redirect_uri: $r, code_challenge: $x, code_challenge_method: "S256", state: $s, resource: $u,
    scope: "mcp:tools repo"} | to_entries | map("\(.key)=\(.value | @uri)") | join("&")')
page="$ISSUER_URL/oauth/authorize?$query"
require_free_port "$CALLBACK_PORT" CALLBACK_PORT
exec 3< <("${PYTHON:-python3}" ../../../_shared/callback_catcher.py "$CALLBACK_PORT" /callback)
catcher=$!
while port_is_free "$CALLBACK_PORT"; do
  kill -0 "$catcher" 2>/dev/null || die "nobody listens on port $CALLBACK_PORT" "make login CALLBACK_PORT=NNNN"
  read -rt 0.1 <> <(:) || true
done
echo "sign in as $DEMO_USER_EMAIL with the password $DEMO_USER_PASSWORD:"
echo "$page"
[[ -z ${BROWSER-} ]] || "$BROWSER" "$page" &
read -r query <&3 || die "nobody has come back"
parameter() { jq -rn --arg q "$query" --arg n "$1" '$q | split("&")[] | split("=") | select(.[0] == $n) | .[1]' | sed 's/+/ /g;s/%/\\x/g' | xargs -0 printf %b; }
[[ $(parameter state) == "$state" && $(parameter iss) == "$AUTHPLANE_ISSUER" ]] || die "the answer does not belong to this login" "make login"
[[ -n $(parameter code) ]] || die "no code: $(parameter error) $(parameter error_description)"
answer=$(curl -s --max-time 10 "$ISSUER_URL/oauth/token" -d grant_type=authorization_code --data-urlencode "code=$(parameter code)" \
  --data-urlencode "redirect_uri=$redirect" --data-urlencode "client_id=$client" --data-urlencode "code_verifier=$verifier")
token=$(jq -r '.access_token // empty' <<<"$answer")
[[ -n $token ]] || die "no token: $(jq -r .error <<<"$answer")"
(umask 077 && printf 'AUTHPLANE_USER_ACCESS_TOKEN=%s\n' "$token" >"$RUN_DIR/user.env")
echo "signed in, the token is in $RUN_DIR/user.env. Now: make agent"
