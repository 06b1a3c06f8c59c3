#!/usr/bin/env bash
# Signs a user in with a scripted browser and calls the tool; then everything that must not work: a token that is missing,
# answers that were changed on their way back, codes and refresh tokens that were used before.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/lib.sh
source "$shared/lib.sh"
# shellcheck source=../../../../_shared/verify-lib.sh
source "$shared/verify-lib.sh"
resolve_env
# shellcheck source=lib.sh
source scripts/lib.sh
print_env ISSUER_URL ADMIN_URL MCP_URL RESOURCE_URI AUTHPLANE_ISSUER AUTHPLANE_ADMIN_API_KEY DEMO_USER_EMAIL
for binary in mcp-server agent; do [[ -x $RUN_DIR/$binary ]] || die "$RUN_DIR/$binary is not built" "make run"; done
browser=$(realpath "$shared/scripted_browser.py")
tokens=$_tmp/tokens.json
hello='hello from tier-05 cpp agent'
SESSION=''

# agent [NAME=VALUE...]: runs it with these changes and a browser of its own; sets OUT, ERR, CODE and WALK, the browser's steps.
agent() {
  : >"$_tmp/walk"
  OUT=$(env BROWSER="$browser" BROWSER_EMAIL="$DEMO_USER_EMAIL" BROWSER_PASSWORD="$DEMO_USER_PASSWORD" BROWSER_LOG="$_tmp/walk" \
    AGENT_TOKEN_FILE="$tokens" LOGIN_TIMEOUT=60 "$@" timeout 90 "$RUN_DIR"/agent 2>"$_tmp/agent.err")
  CODE=$?
  ERR=$(cat "$_tmp/agent.err") WALK=$(cat "$_tmp/walk")
}
# fails ID WHAT PART: the agent that was just run failed, for a reason that contains PART, and echoed nothing.
fails() {
  is "$1" "$2: the agent ends with exit code 1" "$CODE" 1
  has "$1" "and says why" "$ERR" "$3"
  hasnt "$1" "and calls no tool" "$OUT" "echo OK"
}
issued() { issuances --json | jq .count; }
stored() { jq -r ".logins[0].$1" "$tokens"; }
# form_post PATH [name=value...]: sets STATUS, BODY.
form_post() {
  local arguments=() pair
  for pair in "${@:2}"; do arguments+=(--data-urlencode "$pair"); done
  request POST "$ISSUER_URL$1" "${arguments[@]}"
}
# refused ID WHAT ERROR
refused() { is "$1" "$2 is refused" "$STATUS $(json .error)" "400 $3"; }

# 1 to 4 the way up
wait_http "$ISSUER_URL/.well-known/oauth-authorization-server" 200 60 "the authorization server" "$RUN_DIR"/authserver.log || exit 1
request GET "$ISSUER_URL/.well-known/oauth-authorization-server"
is 1 "announced issuer is the configured one" "$(json .issuer)" "$AUTHPLANE_ISSUER"
is 1 "codes are bound by S256" "$(json '.code_challenge_methods_supported | join(" ")')" S256
is 1 "answers say who they are from" "$(json .authorization_response_iss_parameter_supported)" true
needed 1 "clients may register themselves" "$(json .registration_endpoint)"
register_resource 2 "$(demo_resource)"
create_demo_user >/dev/null
has 3 "the user exists" "$(operator admin user list)" "$DEMO_USER_EMAIL"
wait_http "$MCP_URL" "401 405" 90 "the MCP server" "$RUN_DIR"/mcp-server.log || exit 1
mcp "" "$INITIALIZE"
status 4 "the MCP server refuses callers without a token" 401
has 4 "and says where to look for one" "$(header www-authenticate)" resource_metadata=

# 5 the first run signs the user in
before=$(issued)
agent
is 5 "the agent ends with exit code 0" "$CODE" 0
has 5 "it opened a session" "$OUT" "[agent] initialize OK (demo-server)"
has 5 "it called echo" "$OUT" "[agent] echo OK: $hello"
has 5 "it printed the page to open" "$ERR" "Sign in with your browser: $ISSUER_URL/oauth/authorize?"
has 5 "the user signed in" "$WALK" "POST /login 303"
has 5 "and was asked for consent" "$WALK" "POST /consent 303"
hasnt 5 "no token appears in its output" "$OUT$ERR" "eyJ"
is 5 "one token was issued in the user's name" "$(issued)" $((before + 1))
is 5 "the tokens are in a file only the owner may read" "$(stat -c %a "$tokens")" 600
access=$(stored access_token) refresh=$(stored refresh_token) client=$(stored client_id)
needed 5 "an access token is in there" "$access"
is 5 "it is for the MCP server" "$(claim "$access" '.aud | if type == "array" then .[0] else . end')" "$RESOURCE_URI"
hasnt 5 "its subject is the user, not the client" "$(claim "$access" .sub)" "$client"

# 6 the second run needs nobody
agent BROWSER=/bin/false
is 6 "the next run works without a browser" "$CODE ${OUT##*OK: }" "0 $hello"
is 6 "with the token that is there" "$(issued)" $((before + 1))

# N1 tokens
mcp "" "$(tool_call echo '{"text":"x"}')"
status N1 "a call without a token is refused" 401
mcp "${access}x" "$INITIALIZE"
status N1 "a token that was changed is refused" 401

# N2 answers that were changed on their way back. None of them may lead to a token.
before=$(issued)
rm -f "$tokens"
agent BROWSER_ATTACK=state
fails N2 "wrong state" "does not belong to this login"
agent BROWSER_ATTACK=iss
fails N2 "the issuer of another server" "mix-up"
agent BROWSER_ATTACK=no-iss
fails N2 "no issuer" "mix-up"
is N2 "none of these got a token" "$(issued)" "$before"
agent BROWSER_ATTACK=path
has N2 "an answer to another path is turned away" "$WALK" "back 404"
is N2 "and the real one still counts" "$CODE ${OUT##*OK: }" "0 $hello"
rm -f "$tokens"
agent BROWSER_ATTACK=host
has N2 "an answer under another host name is turned away" "$WALK" "back 403"
is N2 "and the real one still counts" "$CODE ${OUT##*OK: }" "0 $hello"

# N3 people
rm -f "$tokens"
before=$(issued)
agent BROWSER_ANSWER=deny
fails N3 "a user who says no" access_denied
agent BROWSER_PASSWORD=wrong LOGIN_TIMEOUT=2
fails N3 "a wrong password" "no answer from the browser within 2 s"
hasnt N3 "and no consent is asked for" "$WALK" "/consent"
is N3 "still no token" "$(issued)" "$before"

agent LOGIN_TIMEOUT=2s
fails N3 "a time limit that is no number" "LOGIN_TIMEOUT must be whole seconds"

# N4 the file
echo '{}' >"$tokens" && chmod 644 "$tokens"
agent
fails N4 "a token file that others may read" "chmod 600"
rm -f "$tokens"

# N5 a code is good once, for the one who asked for it
redirect=http://127.0.0.1:1/callback verifier=$(head -c 32 /dev/urandom | b64url)
challenge=$(printf %b "$(printf %s "$verifier" | sha256sum | cut -d' ' -f1 | sed 's/../\\x&/g')" | b64url)
request POST "$ISSUER_URL/oauth/register" -H 'Content-Type: application/json' -d "{\"client_name\":\"verify\",\"redirect_uris\":[\"$redirect\"]}"
client=$(json .client_id)
needed N5 "a client registers itself" "$client"
# authorize REDIRECT: a code for that redirect URI; sets CODE_GIVEN, "" when there was none.
authorize() {
  local query answer
  query=$(jq -rn --arg c "$client" --arg r "$1" --arg x "$challenge" --arg u "$RESOURCE_URI" \
    '{response_type:"code", client_id:$c, redirect_uri:$r, code_challenge:$x, code_challenge_method:"S256", resource:$u,
      scope:"mcp:echo", state:"s"} | to_entries | map("\(.key)=\(.value | @uri)") | join("&")')
  answer=$(env BROWSER_STOP=1 BROWSER_EMAIL="$DEMO_USER_EMAIL" BROWSER_PASSWORD="$DEMO_USER_PASSWORD" \
    "$browser" "$ISSUER_URL/oauth/authorize?$query" 2>/dev/null)
  CODE_GIVEN=$(sed -nE 's/.*[?&]code=([^&]+).*/\1/p' <<<"$answer")
}
redeem() { form_post /oauth/token grant_type=authorization_code "code=$CODE_GIVEN" "redirect_uri=$redirect" "client_id=$client" "code_verifier=${1-$verifier}"; }
refresh() { form_post /oauth/token grant_type=refresh_token "refresh_token=$1" "client_id=$client"; }
authorize "http://evil.example/callback"
is N5 "no code goes to an address that is not registered" "$CODE_GIVEN" ""
authorize "$redirect"
redeem "$(head -c 32 /dev/urandom | b64url)"
refused N5 "a code without its verifier" invalid_grant
authorize "$redirect"
redeem
is N5 "a code gives tokens" "$STATUS $(json .token_type)" "200 Bearer"
first=$(json .refresh_token)
redeem
refused N5 "the same code again" invalid_grant
refresh "$first"
refused N5 "and what it had given" invalid_grant

# N6 a refresh token is good once; used twice, the family is gone
authorize "$redirect"
redeem
first=$(json .refresh_token)
refresh "$first"
is N6 "a refresh token gives new tokens" "$STATUS $(json .token_type)" "200 Bearer"
second=$(json .refresh_token)
refresh "$first"
refused N6 "a spent refresh token" invalid_grant
refresh "$second"
refused N6 "and its successor, which a thief may hold" invalid_grant

# 7 the end of a login
agent
is 7 "the agent signs the user in again" "$CODE" 0
refresh=$(stored refresh_token) client=$(stored client_id)
agent AGENT_LOGOUT=1 BROWSER=/bin/false
is 7 "it signs the user out" "$CODE $OUT" "0 [agent] signed out"
is 7 "nothing is kept" "$(jq '.logins | length' "$tokens")" 0
refresh "$refresh"
refused 7 "the refresh token" invalid_grant

echo "what was issued in the name of $DEMO_USER_EMAIL (authserver admin issuance list --user $DEMO_USER_EMAIL):"
issuances | head -n 4
verdict
