#!/usr/bin/env bash
# A user's GitHub account from the first refusal to the end of the connection, against the stand-in: signs in, agrees,
# connects, has tokens vended, loses them in every way a provider can think of. Then what must not work.
# shellcheck disable=SC2030,SC2031
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=../../../_shared
# shellcheck source=../../../../_shared/lib.sh
source "$shared/lib.sh"
# shellcheck source=../../../../_shared/verify-lib.sh
source "$shared/verify-lib.sh"
# shellcheck source=lib.sh
source scripts/lib.sh
resolve_tier
[[ $UPSTREAM == standin ]] || die "make verify is for the stand-in, and UPSTREAM is $UPSTREAM" "with the real GitHub: make login, make agent"
ensure_master_key
# shellcheck source=browser.sh
source scripts/browser.sh
print_env ISSUER_URL ADMIN_URL MCP_URL RESOURCE_URI AUTHPLANE_ISSUER AUTHPLANE_ADMIN_API_KEY GH_URL BROKER_RESOURCE_URI
for binary in mcp-server agent gh-standin; do [[ -x $RUN_DIR/$binary ]] || die "$RUN_DIR/$binary is not built" "make run"; done
REDIRECT=http://127.0.0.1:$CALLBACK_PORT/callback
CONNECTIONS=$ISSUER_URL/connections
connect_url="$AUTHPLANE_ISSUER/connect/github?resource=github&return_url=$(jq -rn --arg u "$AUTHPLANE_ISSUER/connections" '$u | @uri')"
exchange_grant=urn:ietf:params:oauth:grant-type:token-exchange access_token_type=urn:ietf:params:oauth:token-type:access_token
SESSION='' TOKEN=''
: >"$_tmp/old-logs"

# exchange TOKEN [SCOPE [curl argument...]]: the broker's token for it, asked for by the acting client.
exchange() {
  request POST "$ISSUER_URL/oauth/token" -u "$CLIENT_ID:$CLIENT_SECRET" --max-time 60 --data-urlencode "grant_type=$exchange_grant" \
    --data-urlencode "subject_token=$1" --data-urlencode "subject_token_type=$access_token_type" -d resource=github --data-urlencode "scope=${2-repo}" "${@:3}"
}
# needs_consent ID WHAT CAUSE URL: the last exchange asks for it.
needs_consent() {
  is "$1" "$2: consent_required, $3" "$STATUS $(json .error) $(json .cause)" "400 consent_required $3"
  is "$1" "and says where" "$(json .consent_url)" "$4"
}
# vends ID WHAT: the last exchange gave a token of GitHub; sets VENDED.
vends() {
  VENDED=$(json .access_token)
  is "$1" "$2" "$STATUS ${VENDED:0:4}" "200 gho_"
}
# beside NAME TOKEN: an exchange beside whatever else goes on; its status, error and token come into $_tmp/NAME.
beside() {
  local result=$_tmp/$1
  mkdir "$result.d"
  (
    _tmp=$result.d
    exchange "$2"
    printf '%s %s%s' "$STATUS" "$(json .error)" "$(json .access_token)" >"$result"
  ) &
}
# agent TOKEN: runs it; sets OUT, ERR and CODE.
agent() {
  OUT=$(AUTHPLANE_USER_ACCESS_TOKEN=$1 AUTHPLANE_CLIENT_ID=$CLIENT_ID AUTHPLANE_CLIENT_SECRET=$CLIENT_SECRET timeout 60 "$RUN_DIR"/agent 2>"$_tmp/agent.err")
  CODE=$?
  ERR=$(cat "$_tmp/agent.err")
}
printed_url() { sed -nE 's/^consent_url=(.*)$/\1/p' <<<"$OUT"; }
# mode NAME [ONCE]: how GitHub behaves from now on, or for one request.
mode() { request POST "$GH_URL/_control/mode" -d "{\"mode\":\"$1\",\"once\":${2-false}}"; }
# asked KIND FILTER: jq over what GitHub was asked of that kind.
asked() {
  request GET "$GH_URL/_control/requests"
  json ".$1 | $2"
}
# grants FILTER: jq over what the person has granted.
grants() {
  admin GET "/admin/users/$PERSON_ID/grants"
  json "$1"
}
# allowed METHOD CLIENT: on the list of those who may have tokens of the broker.
allowed() {
  if [[ $1 == POST ]]; then admin POST /admin/resources/github/policy/exchange/allowed-clients "{\"client_id\":\"$2\"}"; else
    admin DELETE "/admin/resources/github/policy/exchange/allowed-clients/$2"
  fi
}
# created ID WHAT PATH JSON: registered now or before.
created() {
  admin POST "$3" "$4"
  [[ $STATUS == 201 || $STATUS == 409 ]]
  is "$1" "$2 is registered" "$?" 0
}
# restart_authserver [MASTER_KEY]
restart_authserver() {
  cat "$RUN_DIR/authserver.log" >>"$_tmp/old-logs"
  "$shared/native-as.sh" stop && AUTHPLANE_AES_MASTER_KEY=${1-$AUTHPLANE_AES_MASTER_KEY} "$shared/native-as.sh" start >/dev/null
}

# S0 to S6 what an operator registers
wait_http "$ISSUER_URL/.well-known/oauth-authorization-server" 200 60 "the authorization server" "$RUN_DIR"/authserver.log || exit 1
request GET "$ISSUER_URL/.well-known/oauth-authorization-server"
is S0 "announced issuer is the configured one" "$(json .issuer)" "$AUTHPLANE_ISSUER"
has S0 "it exchanges tokens (AUTHPLANE_TOKEN_EXCHANGE_ENABLED)" "$(json '.grant_types_supported | join(" ")')" "$exchange_grant"
wait_http "$GH_URL/_control/health" 200 60 "the stand-in for GitHub" "$RUN_DIR"/gh-standin.log || exit 1
request POST "$GH_URL/_control/reset"
status F1 "the stand-in for GitHub is there" 200
created S1 "the provider" /admin/broker-providers "$(provider_json)"
admin GET "/admin/broker-providers?slug=github"
is S1 "its secret is a name, not a value" "$(json .config_data.client_secret_ref)" CONNECTOR_GITHUB_SECRET
register_resource S2 "$(actor_json)"
register_resource S3 "$(broker_json)"
register_client S4 "$(acting_client_json)"
admin POST "/admin/resources/$ACTOR_SLUG/policy/runtime/client-ids" "{\"client_id\":\"$CLIENT_ID\"}"
has S5 "it may act for the MCP server" "$STATUS $BODY" "$CLIENT_ID"
allowed POST "$CLIENT_ID"
has S6 "it may have tokens of the broker" "$STATUS $BODY" "$CLIENT_ID"
created F1 "the link from the MCP server to GitHub" /admin/fronting "$(link_json)"

# F2, F3 a person, and the program the person signs in with
create_person jane
needed F2 "a person has an account" "$PERSON_ID"
admin POST /admin/clients "$(browser_client_json)"
BROWSER_CLIENT=$(json .client_id)
needed F3 "a public client is registered" "$BROWSER_CLIENT"
is F3 "without a secret" "$(json .client_secret)" ""

# F4 tokens that stand for no person, and a person who has not agreed to anything
token_request repo "$BROKER_RESOURCE_URI"
is F4 "a machine gets no token for GitHub" "$STATUS $(json .error)" "400 invalid_target"
token_request repo "$RESOURCE_URI"
exchange "$(json .access_token)"
is F4 "nor in exchange for one for the MCP server: it has no account" "$STATUS $(json .error)" "400 invalid_grant"

# F5, F6 signing in on the way to connecting
to_github
is F5 "connecting without a session leads to the login" "${STATUS/303/302} ${LOCATION%%\?*}" "302 $ISSUER_URL/login"
login=$LOCATION back=$(query_of "$LOCATION" redirect)
has F5 "which leads back" "${back:-$(query_of "$login" next)}" "/connect/github?resource=github&return_url="
browse GET "$login"
has F5 "the form knows where to go afterwards" "$(hidden redirect)" "/connect/github"
form=$(hidden csrf_token)
browse POST "$ISSUER_URL/login" --data-urlencode "email=$EMAIL" --data-urlencode "password=$DEMO_USER_PASSWORD" -d "csrf_token=x$form" -d redirect=/
status F6 "a login with a forged form is refused" 422
sign_in "${back:-/}"
is F6 "signing in leads back to connecting" "$STATUS ${LOCATION%%\?*}" "303 $ISSUER_URL/connect/github"

# F7 to F9 a token for the MCP server, in the person's name
authorize repo
decide allow repo
redeem
issuer_token=$(json .access_token)
needed F4 "a token that names no MCP server" "$issuer_token"
agent "$issuer_token"
is F4 "the agent ends with exit code 2 and prints where the person can agree" "$CODE $(printed_url)" "2 $AUTHPLANE_ISSUER/authorize?resource=$ACTOR_SLUG"
browse GET "$(printed_url)"
status F4 "there is a page that says what to do" 200
authorize "mcp:tools repo" "$RESOURCE_URI"
is F7 "an authorization request leads to the consent page" "${STATUS/302/303} ${LOCATION%%=*}" "303 $ISSUER_URL/consent?session_id"
decide deny
is F8 "a person who says no is taken at their word" "$(query_of "$LOCATION" error) $(query_of "$LOCATION" state)" "access_denied $OAUTH_STATE"
authorize "mcp:tools repo" "$RESOURCE_URI"
decide allow
status F8 "agreeing to nothing is not agreeing to everything" 400
authorize "mcp:tools repo" "$RESOURCE_URI"
decide allow mcp:tools repo
is F8 "consent leads back with the issuer" "$STATUS ${LOCATION%%\?*} $(query_of "$LOCATION" iss)" "303 $REDIRECT $AUTHPLANE_ISSUER"
is F8 "and the state" "$(query_of "$LOCATION" state)" "$OAUTH_STATE"
redeem
TOKEN=$(json .access_token)
needed F9 "the code gives an access token" "$TOKEN"
needed F9 "and a refresh token" "$(json .refresh_token)"
is F9 "the token is for the MCP server" "$(claim "$TOKEN" '.aud | if type == "array" then .[0] else . end')" "$RESOURCE_URI"
is F9 "and speaks for the person" "$(claim "$TOKEN" .sub)" "$PERSON_ID"

# F10, F30 nothing is connected yet
exchange "$TOKEN"
needs_consent F10 "an exchange" consent_missing "$connect_url"
agent "$TOKEN"
is F10 "the agent ends with exit code 2 and prints the same page" "$CODE $(printed_url)" "2 $connect_url"
hasnt F10 "no token is in its output" "$OUT$ERR" "eyJ"
exchange "$issuer_token"
needs_consent F10 "an exchange of the other token, now that the person has agreed," consent_missing "$connect_url"
init=$(jq -c '.params.protocolVersion = "2025-11-25" | .params.capabilities = {elicitation: {url: {}}}' <<<"$INITIALIZE")
mcp "$TOKEN" "$init"
is F30 "the MCP server opens a session" "$STATUS $(json .result.serverInfo.name)" "200 demo-server-tier04"
SESSION=$(header mcp-session-id)
mcp "$TOKEN" '{"jsonrpc":"2.0","method":"notifications/initialized"}' -H 'MCP-Protocol-Version: 2025-11-25'
list_repos=$(tool_call list_repos '{}')
mcp "$TOKEN" "$list_repos" -H 'MCP-Protocol-Version: 2025-11-25'
is F30 "its tool answers that a page has to be visited" "$(json .error.code)" -32042
is F30 "and which" "$(json '.error.data.elicitations | length') $(json '.error.data.elicitations[0] | .mode + " " + .url')" "1 url $connect_url"
needed F30 "with an id for the client" "$(json '.error.data.elicitations[0].elicitationId')"
needed F30 "and words for the person" "$(json '.error.data.elicitations[0].message')"

# F11 to F14 connecting
to_github "$connect_url"
is F11 "connecting leads to GitHub" "$STATUS ${LOCATION%%\?*}" "302 $GH_URL/login/oauth/authorize"
for pair in "client_id $CONNECTOR_GITHUB_CLIENT_ID" "response_type code" "code_challenge_method S256" "redirect_uri $GH_CALLBACK" "scope repo read:user"; do
  is F11 "with ${pair%% *}" "$(query_of "$LOCATION" "${pair%% *}")" "${pair#* }"
done
needed F11 "with a state" "$(query_of "$LOCATION" state)"
is F11 "with a code challenge" "$(query_of "$LOCATION" code_challenge | wc -c)" 43
at_github
callback=$LOCATION
browse GET "$callback"
is F12 "coming back ends where it began" "$STATUS $LOCATION" "302 $CONNECTIONS"
is F12 "GitHub saw one authorization and one code" "$(asked authorize length) $(asked token length)" "1 1"
is F12 "both with the same redirect_uri" "$(asked 'authorize[0]' .redirect_uri) $(asked 'token[0]' .redirect_uri)" "$GH_CALLBACK $GH_CALLBACK"
is F12 "the verifier, the code and the secret were right" "$(asked 'token[0]' '[.code_verifier.match, .code.match, .client_secret.match] | map(tostring) | join(" ")')" "true true true"
has F12 "it was asked for JSON" "$(asked 'token[0]' .accept)" application/json
browse GET "$CONNECTIONS" -H 'Accept: application/json'
is F13 "the person sees one connection" "$STATUS $(json length) $(json '.[0].provider')" "200 1 github"
request GET "$CONNECTIONS" -H 'Accept: application/json'
status F13 "others see nothing" 401
is F14 "the operator sees it, and the consent" "$(grants '.broker_grants | length') $(grants '.consent_grants | length')" "1 1"
hasnt F14 "but no credential" "$BODY" '"credential'
hasnt F14 "in no form" "$BODY" "ghr_"
browse GET "$callback"
status F25 "the same answer a second time is refused" 400

# F16, F17 vending
exchange "$TOKEN"
vends F16 "an exchange gives GitHub's token"
is F16 "with the type RFC 8693 wants" "$(json .issued_token_type)" "$access_token_type"
is F16 "for as long as GitHub said" "$(json .token_type) $(json .expires_in) $(json .scope)" "Bearer 28800 repo"
agent "$TOKEN"
is F16 "the agent ends with exit code 0" "$CODE $(sed -n 2p <<<"$OUT")" "0 [agent] access token: 40 characters"
hasnt F16 "and prints no token" "$OUT$ERR" "gho_"
request GET "$GH_URL/user" -H "Authorization: Bearer $VENDED"
is F17 "GitHub knows whose it is" "$STATUS $(json .login)" "200 octocat"
exchange "$issuer_token"
vends F16 "the other token, after consent, gives one too"
mcp "$TOKEN" "$list_repos" -H 'MCP-Protocol-Version: 2025-11-25'
is F30 "the tool lists two repositories" "$(json '.result.content[0].text' | grep -c '^octocat/')" 2

# F18, F19 GitHub replaces the refresh token with every use
request POST "$GH_URL/_control/expire"
exchange "$TOKEN"
last=$VENDED
vends F18 "after all tokens expired, an exchange gives one"
[[ $VENDED != "$last" ]]
is F18 "a new one" "$?" 0
is F18 "GitHub was asked to refresh, for no more than was asked for" "$(asked 'token[-1]' '.grant_type + " " + .scope')" "refresh_token repo"
exchange "$TOKEN"
vends F18 "the next one uses the refresh token that came with it"
is F18 "which GitHub takes" "$(asked 'token[-1]' .refresh_token.match)" true
beside one "$TOKEN"
racers=($!)
beside two "$TOKEN"
racers+=($!)
wait "${racers[@]}"
is F19 "two at once both get one" "$(cut -c -8 "$_tmp/one") $(cut -c -8 "$_tmp/two")" "200 gho_ 200 gho_"
is F19 "GitHub refused none" "$(asked token '[.[] | select(.refresh_token.match == false)] | length')" 0
exchange "$TOKEN"
vends F19 "and what is stored afterwards is good"

# F22 GitHub answers too late for one person, while it goes on for all the others; looked at in the end
create_person slow
sign_in
user_token "mcp:tools repo" "$RESOURCE_URI"
connect
mode slow:100000 true
beside slow "$TOKEN"
slow=$!
until [[ $(asked 'token[-1]' .mode) == slow:* ]]; do read -rt 0.1 <> <(:) || true; done
as jane

# F20 less than was asked for
mode scope_subset true
exchange "$TOKEN"
needs_consent F20 "a refresh that brings less" scope_insufficient "$connect_url"
exchange "$TOKEN"
vends F20 "which does not end the connection"
mode scope_subset true
connect
is F20 "connecting with less than was asked for" "$STATUS $(grants '.broker_grants[0].scopes_granted | join(" ")')" "302 read:user"
exchange "$TOKEN"
needs_consent F20 "what it does not cover" scope_insufficient "$connect_url"
connect
exchange "$TOKEN"
vends F20 "connecting again with everything helps"
for spelling in scope_comma scope_absent scope_empty form_body; do
  mode $spelling true
  exchange "$TOKEN"
  vends F20 "$spelling is not less"
done
mode scope_comma true
connect
is F20 "scopes with commas between them are told apart" "$(grants '.broker_grants[0].scopes_granted | sort | join(" ")')" "read:user repo"
mode no_rotate true
exchange "$TOKEN"
vends F20 "a refresh token that stays is used again"
exchange "$TOKEN"
vends F20 "and again"

# F21 GitHub does not honour the refresh token any more
for error in error_400 error_200; do
  mode $error true
  exchange "$TOKEN"
  needs_consent F21 "$error" consent_missing "$connect_url"
  connect
  exchange "$TOKEN"
  vends F21 "connecting again helps"
done

# F22 GitHub is out of order
for trouble in http_500 huge_body bad_json redirect_hop; do
  mode $trouble true
  exchange "$TOKEN"
  is F22 "$trouble is no reason to ask the person" "${STATUS:0:1} $(json .consent_url)" "5 "
  exchange "$TOKEN"
  vends F22 "and is over when it is over"
done
is F22 "no redirect was followed" "$(asked hop length)" 0
is F22 "the connection was there all the time" "$(grants '.broker_grants | map(select(.revoked_at == null)) | length')" 1

# F27 the end of a connection, by the person
browse DELETE "$CONNECTIONS/github"
status F27 "the person disconnects" 204
browse DELETE "$CONNECTIONS/github"
status F27 "once" 404
exchange "$TOKEN"
needs_consent F27 "the next exchange" consent_missing "$connect_url"
browse GET "$CONNECTIONS" -H 'Accept: application/json'
is F27 "nothing is connected" "$STATUS $BODY" "200 []"
for _ in {1..100}; do # GitHub is told when the server gets to it
  told=$(asked revoke length)
  [[ $told == 0 ]] || break
  read -rt 0.2 <> <(:) || true
done
is F27 "GitHub was told, once" "$told $(asked 'revoke[0]' .token.match)" "1 true"

# F23, F24 connecting goes wrong
active() { grants '.broker_grants | map(select(.revoked_at == null)) | length'; }
mode no_refresh true
connect
status F23 "without a refresh token there is nothing to keep" 500
is F23 "and nothing is kept" "$(active)" 0
mode deny true
connect
status F24 "a person who says no at GitHub comes back to a page" 400
is F24 "and nothing is connected" "$(active)" 0
mode http_500 true
connect
status F23 "GitHub out of order gives a page" 500
is F23 "and nothing is connected" "$(active)" 0

# F25 answers that were changed on their way back, or come to somebody else
to_github
at_github
callback=$LOCATION
browse GET "${callback/state=/state=x}"
status F25 "another state is refused" 400
request GET "$callback"
status F25 "without a session it is refused" 403
create_person mallory
sign_in
browse GET "$callback"
status F25 "in another user's browser it is refused" 403
is F25 "and nothing is connected there" "$(active)" 0
as jane
browse GET "$callback"
is F25 "while it is still good where it belongs" "$STATUS $(active)" "302 1"
mode wrong_state true
connect
status F25 "a provider that changes the state is not believed" 400
database=$RUN_DIR/as-data/authserver.db
if [[ -f $database ]]; then # ten minutes pass in the record of who is on the way
  to_github
  at_github
  "${PYTHON:-python3}" -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as database:
    database.execute("UPDATE connect_pending_states SET expires_at = 0")' "$database"
  browse GET "$LOCATION"
  status F25 "an answer older than ten minutes is refused" 400
else
  skipped F25 "an answer older than ten minutes" "AS_MODE=$AS_MODE"
fi

# F26 where connecting may begin and end
cannot() { # WHAT PATH
  browse GET "$ISSUER_URL$2"
  is F26 "$1 is refused" "$STATUS $(json .error)" "400 invalid_request"
}
cannot "no return_url" "/connect/github?resource=github"
cannot "a return_url nobody allowed" "/connect/github?$(query resource github return_url https://evil.example/)"
cannot "a provider that does not exist" "/connect/gitlab?$(query return_url "$CONNECTIONS")"
cannot "a resource that does not exist" "/connect/github?$(query resource gitlab return_url "$CONNECTIONS")"
admin POST /admin/resources "$(broker_json | jq -c '.slug = "github-2" | .uri = ""')"
second=$(json .id)
cannot "two resources to choose from" "/connect/github?$(query return_url "$CONNECTIONS")"
admin DELETE "/admin/resources/$second"
browse GET "$ISSUER_URL/connect/github?$(query return_url "$CONNECTIONS")"
status F26 "with one there is nothing to choose" 302
admin POST /admin/broker-providers "$(provider_json | jq -c '.slug = "stolen" | .config_data.client_secret_ref = "AUTHPLANE_ADMIN_API_KEY"')"
if [[ $STATUS == 201 ]]; then
  stolen=$(json .id)
  admin POST /admin/resources "$(broker_json | jq -c '.slug = "stolen" | .uri = "" | .broker_provider_slug = "stolen"')"
  second=$(json .id)
  browse GET "$ISSUER_URL/connect/stolen?$(query return_url "$CONNECTIONS")"
  is F26 "a provider that names the server's own secrets cannot be connected" "${STATUS:0:1}" 5
  admin DELETE "/admin/resources/$second"
  admin DELETE "/admin/broker-providers/$stolen"
else
  status F26 "a provider that names the server's own secrets is refused" 400
fi

# F28 who may have GitHub's tokens at all
exchange "$TOKEN"
vends F28 "a client on the list gets one"
allowed DELETE "$CLIENT_ID"
needed F28 "another one is left on the list" "$(json '.allowed_client_ids[0]')"
exchange "$TOKEN"
is F28 "a client that is taken off gets none" "$(json .error)" access_denied
allowed POST "$CLIENT_ID"
exchange "$TOKEN"
vends F28 "back on the list it does"

# J8 the link between the MCP server and GitHub
admin DELETE "/admin/fronting/$ACTOR_SLUG/$BROKER_SLUG"
exchange "$TOKEN"
is J8 "without the link an exchange is refused, and nobody is asked for consent" "$STATUS $(json .error)$(json .consent_url)" "400 invalid_request"
has J8 "and the refusal names the link" "$(json .error_description)" "$ACTOR_SLUG"
admin POST /admin/fronting "$(link_json)"
exchange "$TOKEN" read:user
is J8 "what the link does not map is refused" "$STATUS $(json .error) $(json .cause)" "400 consent_required scope_insufficient"
exchange "$TOKEN" repo -d resource=other
is J8 "two resources are refused" "$STATUS $(json .error)" "400 invalid_target"

# by hand, with a browser that nobody sits at
by_hand() { env -u AUTHPLANE_CLIENT_ID -u AUTHPLANE_CLIENT_SECRET -u AUTHPLANE_USER_ACCESS_TOKEN "$@" 2>/dev/null; }
OUT=$(by_hand BROWSER="$(realpath "$shared/scripted_browser.py")" BROWSER_EMAIL="$DEMO_USER_EMAIL" BROWSER_PASSWORD="$DEMO_USER_PASSWORD" scripts/login.sh)
has H "make login signs the demo user in" "$OUT" "signed in"
OUT=$(by_hand scripts/agent.sh)
is H "make agent works for that user" "$? $(printed_url)" "2 $connect_url"
has H "make requests shows what GitHub was asked" "$(by_hand scripts/requests.sh)" '"refresh_token": {'

# F29 paths of long ago
for path in connect/github callback/github connections; do
  browse GET "$ISSUER_URL/vault/$path"
  status F29 "/vault/$path is gone" 404
done

# F22 the one that waits
wait "$slow" || true
is F22 "an answer that comes too late is no reason to ask the person" "$(cut -c -1 "$_tmp/slow") $(grep -c consent "$_tmp/slow")" "5 0"
as slow
exchange "$TOKEN"
vends F22 "and asking again helps"
as jane

# F15 what is kept, and who can read it
if [[ $AS_MODE == native ]]; then
  restart_authserver "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" || _fail F15 "it starts with another master key" none
  exchange "$TOKEN"
  is F15 "with another master key there is no token" "${STATUS:0:1} $(json .access_token)$(json .consent_url)" "5 "
  has F15 "and the log says why" "$(cat "$RUN_DIR/authserver.log")" "master key"
  restart_authserver || _fail F15 "it starts again" none
  exchange "$TOKEN"
  vends F15 "with the right one there is"
else
  skipped F15 "another master key" "AS_MODE=$AS_MODE"
fi

# F15 nothing that GitHub gave is written down in clear
admin GET "/admin/audit?limit=1000"
printf %s "$BODY" >"$_tmp/audit"
has F15 "the audit log has what happened" "$BODY" token.exchanged
admin GET /metrics
printf %s "$BODY" >"$_tmp/metrics"
has F15 "the metrics count it" "$BODY" authserver_
cat "$RUN_DIR/authserver.log" "$RUN_DIR/mcp-server.log" >>"$_tmp/old-logs"
clean_of() { # WHAT FILE...
  local found
  found=$(grep -aohE 'gh[or]_[A-Za-z0-9]{12}' "${@:2}" | wc -l)
  is F15 "no token of GitHub is in $1" "$found" 0
  found=$(grep -aoF -e "$CONNECTOR_GITHUB_SECRET" -e "$AUTHPLANE_AES_MASTER_KEY" "${@:2}" | wc -l)
  is F15 "nor the secret or the master key" "$found" 0
}
[[ ! -d $RUN_DIR/as-data ]] || clean_of "the database" "$RUN_DIR"/as-data/authserver.db*
clean_of "the logs" "$_tmp/old-logs"
clean_of "the audit log" "$_tmp/audit"
clean_of "the metrics" "$_tmp/metrics"
clean_of "what the stand-in tells" <(curl -s "$GH_URL/_control/requests")
verdict
