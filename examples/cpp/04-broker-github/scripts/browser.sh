# A person's browser without a window: keeps cookies, reads forms, follows no redirect by itself. And the client that the
# person signs in with. Sourced by verify.sh, whose functions and variables it uses.
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2153,SC2154

# browse METHOD URL [curl argument...]: with the cookies of JAR; sets STATUS, BODY, HEADERS and LOCATION.
browse() {
  request "$1" "$2" -b "$JAR" -c "$JAR" -H "Origin: $ISSUER_URL" "${@:3}"
  LOCATION=$(header location)
  [[ $LOCATION != /* ]] || LOCATION=$ISSUER_URL$LOCATION
}
# hidden NAME: the value of that field in the form of BODY.
hidden() { grep -oE "<input type=\"hidden\" name=\"$1\" value=\"[^\"]*\"" <<<"$BODY" | head -n 1 | sed -E 's/.*value="([^"]*)"$/\1/;s/&amp;/\&/g'; }
# query_of URL NAME: that parameter, decoded.
query_of() {
  jq -rn --arg url "$1" --arg name "$2" '$url | split("?")[1] // "" | split("&")[] | split("=") | select(.[0] == $name) | .[1]' |
    head -n 1 | sed 's/+/ /g;s/%/\\x/g' | { IFS= read -r text; printf %b "$text"; }
}
# query KEY VALUE...: a query string.
query() { jq -rn '[$ARGS.positional | range(0; length; 2) as $i | "\(.[$i])=\(.[$i + 1] | @uri)"] | join("&")' --args "$@"; }

# create_person NAME: an account of its own for this run; goes on as that person.
declare -A _emails=() _ids=() _tokens=()
PERSON=''
create_person() {
  _emails[$1]=$1-$RANDOM$RANDOM@example.com
  _ids[$1]=$(operator admin user create --email "${_emails[$1]}" --name "$1" --role user --password - <<<"$DEMO_USER_PASSWORD" |
    sed -nE 's/.*id=([^ ]+).*/\1/p')
  as "$1"
}
# as NAME: everything is about that person from now on: EMAIL, PERSON_ID, JAR and TOKEN.
as() {
  [[ -z $PERSON ]] || _tokens[$PERSON]=$TOKEN
  PERSON=$1 EMAIL=${_emails[$1]} PERSON_ID=${_ids[$1]} JAR=$_tmp/$1.jar TOKEN=${_tokens[$1]-}
}
# sign_in [REDIRECT]: as EMAIL, into JAR.
sign_in() {
  browse GET "$ISSUER_URL/login?$(query redirect "${1-/}")"
  browse POST "$ISSUER_URL/login" --data-urlencode "email=$EMAIL" --data-urlencode "password=$DEMO_USER_PASSWORD" \
    --data-urlencode "csrf_token=$(hidden csrf_token)" --data-urlencode "redirect=${1-/}"
}

# authorize SCOPE [RESOURCE]: up to the consent page, or to the code when nothing has to be asked.
authorize() {
  VERIFIER=$(head -c 32 /dev/urandom | b64url) OAUTH_STATE=$(head -c 16 /dev/urandom | b64url)
  local challenge
  challenge=$(printf %b "$(printf %s "$VERIFIER" | sha256sum | cut -d' ' -f1 | sed 's/../\\x&/g')" | b64url)
  browse GET "$ISSUER_URL/oauth/authorize?$(query response_type code client_id "$BROWSER_CLIENT" redirect_uri "$REDIRECT" \
    state "$OAUTH_STATE" scope "$1" code_challenge "$challenge" code_challenge_method S256 ${2:+resource "$2"})"
}
# decide ACTION [SCOPE...]: answers the consent page that authorize has led to.
decide() {
  local page=$LOCATION scopes=() scope
  for scope in "${@:2}"; do scopes+=(--data-urlencode "scopes=$scope"); done
  browse GET "$page"
  browse POST "$ISSUER_URL/consent" --data-urlencode "session_id=$(hidden session_id)" --data-urlencode "csrf_token=$(hidden csrf_token)" \
    --data-urlencode "action=$1" --data-urlencode remember=on "${scopes[@]}"
}
# redeem: the code that LOCATION brings.
redeem() {
  request POST "$ISSUER_URL/oauth/token" -d grant_type=authorization_code --data-urlencode "code=$(query_of "$LOCATION" code)" \
    --data-urlencode "redirect_uri=$REDIRECT" --data-urlencode "client_id=$BROWSER_CLIENT" --data-urlencode "code_verifier=$VERIFIER"
}
# user_token SCOPE [RESOURCE]: all of it for who is signed in to JAR; sets TOKEN.
user_token() {
  authorize "$@"
  # shellcheck disable=SC2086
  [[ $LOCATION != "$ISSUER_URL"/consent* ]] || decide allow $1
  redeem
  TOKEN=$(json .access_token)
}

# to_github [URL]: as far as GitHub's page: LOCATION.
to_github() { browse GET "${1-$ISSUER_URL/connect/github?$(query resource github return_url "$ISSUER_URL/connections")}"; }
# at_github: what the person does there; LOCATION leads back.
at_github() {
  request GET "$LOCATION"
  LOCATION=$(header location)
}
# connect: the whole way of who is signed in to JAR; sets STATUS of the callback.
connect() {
  to_github
  at_github
  browse GET "$LOCATION"
}
