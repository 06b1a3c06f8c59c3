# What the verify scripts share: one line per check, one verdict at the end. Sourced after lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154

_passed=0 _failed=0
_tmp=$(mktemp -d)
_side_servers=()
_leave() {
  local name
  for name in "${_side_servers[@]}"; do RUN_DIR=$_tmp "$_shared_dir/native-proc.sh" stop "$name"; done
  rm -rf "$_tmp"
}
trap _leave EXIT

# request METHOD URL [curl argument...]: sets STATUS, BODY and HEADERS (lower-case names, one per line).
request() {
  local method=$1 url=$2
  shift 2
  STATUS=$(curl -s --max-time 10 -X "$method" -D "$_tmp/head" -o "$_tmp/body" -w '%{http_code}' "$@" "$url") || STATUS=000
  BODY=$(cat "$_tmp/body" 2>/dev/null || true)
  HEADERS=$(tr -d '\r' <"$_tmp/head" 2>/dev/null | sed -E 's/^([^:]+):/\L\1:/' || true)
  : >"$_tmp/body"
}

# header NAME: the value of that response header.
header() { sed -nE "s/^$1: *(.*)$/\1/p" <<<"$HEADERS" | head -n 1; }

# json FILTER: jq over the body, or over its first SSE event; "" when it is no JSON.
json() {
  local text=$BODY
  [[ $text == *'data: '* && $text != '{'* ]] && text=$(sed -nE 's/^data: *(.*)$/\1/p' <<<"$BODY" | grep -m 1 '{')
  jq -r "$1 // empty" <<<"$text" 2>/dev/null || true
}

_ok() {
  _passed=$((_passed + 1))
  printf '%sok%s   %-4s %s\n' "$_green" "$_off" "$1" "$2"
}
_fail() {
  _failed=$((_failed + 1))
  printf '%sFAIL%s %-4s %s (seen %s)\n' "$_red" "$_off" "$1" "$2" "$3"
}

# is ID WHAT SEEN EXPECTED
is() { if [[ $3 == "$4" ]]; then _ok "$1" "$2"; else _fail "$1" "$2" "${3:-nothing}, expected $4"; fi; }
# has ID WHAT TEXT PART: TEXT contains PART.
has() { if [[ $3 == *"$4"* ]]; then _ok "$1" "$2"; else _fail "$1" "$2" "${3:-nothing}, expected to contain $4"; fi; }
# hasnt ID WHAT TEXT PART: TEXT does not contain PART. TEXT may hold secrets and is not shown.
hasnt() { if [[ $3 != *"$4"* ]]; then _ok "$1" "$2"; else _fail "$1" "$2" "the text it must not contain"; fi; }
# status ID WHAT CODE: STATUS of the last request; a failure shows the body.
status() {
  if [[ $STATUS == "$3" ]]; then _ok "$1" "$2"; else _fail "$1" "$2" "status $STATUS, expected $3; body: ${BODY:0:300}"; fi
}
# skipped ID WHAT WHY: a check that this run cannot make; it neither passes nor fails.
skipped() { printf '%sskip%s %-4s %s (%s)\n' "$_dim" "$_off" "$1" "$2" "$3"; }
# needed ID WHAT VALUE: like has-a-value, and the script ends here when it is missing.
needed() {
  if [[ -n $3 && $3 != null ]]; then _ok "$1" "$2"; else
    _fail "$1" "$2" "status $STATUS; body: ${BODY:0:300}"
    verdict
  fi
}

verdict() {
  if ((_failed == 0 && _passed > 0)); then
    printf '%sALL CHECKS PASSED%s (%d)\n' "$_green" "$_off" "$_passed"
    exit 0
  fi
  printf '%s%d OF %d CHECKS FAILED%s (make logs shows what the servers said)\n' "$_red" "$_failed" $((_passed + _failed)) "$_off"
  exit 1
}

b64url() { base64 -w0 | tr '+/' '-_' | tr -d '='; }
b64url_decode() {
  local text
  text=$(tr -- '-_' '+/')
  while ((${#text} % 4)); do text+='='; done
  base64 -d <<<"$text" 2>/dev/null
}
# claim TOKEN FILTER: jq over the payload of a JWT.
claim() { cut -d. -f2 <<<"$1" | b64url_decode | jq -r "$2"; }

admin() { # admin METHOD PATH [JSON]
  request "$1" "$ADMIN_URL$2" -H "Authorization: Bearer $AUTHPLANE_ADMIN_API_KEY" ${3:+-H 'Content-Type: application/json' -d "$3"}
}

# register_resource ID JSON: 201, or 409 and an existing Resource that is the same where it matters.
register_resource() {
  local id=$1 body=$2 slug want have
  slug=$(jq -r .slug <<<"$body")
  admin POST /admin/resources "$body"
  case $STATUS in
    200 | 201) _ok "$id" "Resource $slug registered" ;;
    409)
      admin GET "/admin/resources?slug=$slug"
      want=$(jq -cS '{uri, backend_kind, scopes: [.scopes[].name] | sort}' <<<"$body")
      have=$(jq -cS '{uri, backend_kind, scopes: [.scopes[].name] | sort}' <<<"$BODY" 2>/dev/null)
      is "$id" "Resource $slug is there already and is the same" "$have" "$want"
      ;;
    *) _fail "$id" "Resource $slug registered" "status $STATUS; body: ${BODY:0:300}" && verdict ;;
  esac
}

# register_client ID JSON: sets CLIENT_ID and CLIENT_SECRET.
register_client() {
  admin POST /admin/clients "$2"
  CLIENT_ID=$(json .client_id) CLIENT_SECRET=$(json .client_secret)
  needed "$1" "client $(jq -r .client_name <<<"$2") registered, secret received" "${CLIENT_ID:+$CLIENT_SECRET}"
}

# token_request SCOPE RESOURCE [ID SECRET]: the token endpoint, client_secret_basic; TOKEN_PROOF goes along when set.
token_request() {
  request POST "$ISSUER_URL/oauth/token" -u "${3-$CLIENT_ID}:${4-$CLIENT_SECRET}" ${TOKEN_PROOF:+-H "DPoP: $TOKEN_PROOF"} \
    --data-urlencode grant_type=client_credentials --data-urlencode "scope=$1" --data-urlencode "resource=$2"
}

MCP_ACCEPT='application/json, text/event-stream'
INITIALIZE='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"verify","version":"1.0.0"}}}'
# mcp TOKEN JSON [curl argument...]: one POST to the MCP server; TOKEN "" sends none, SESSION is used when set, and
# MCP_SCHEME instead of Bearer.
mcp() {
  local token=$1 body=$2
  shift 2
  request POST "$MCP_URL" -H 'Content-Type: application/json' -H "Accept: $MCP_ACCEPT" \
    ${token:+-H "Authorization: ${MCP_SCHEME:-Bearer} $token"} ${SESSION:+-H "Mcp-Session-Id: $SESSION"} -d "$body" "$@"
}
tool_call() { jq -cn --arg name "$1" --argjson args "$2" '{jsonrpc:"2.0",id:2,method:"tools/call",params:{name:$name,arguments:$args}}'; }

# start_forge: forge() works from now on. The proofs are made by PyJWT, a party that knows nothing of this library.
start_forge() {
  local python=${PYTHON:-/usr/bin/python3}
  "$python" -c 'import cryptography, jwt' 2>/dev/null || die "$python has no PyJWT or no cryptography" \
    "apt-get install python3-jwt python3-cryptography, or set PYTHON"
  coproc _forge { exec "$python" "$_shared_dir/proof_forge.py"; }
}
# forge COMMAND...: one command of proof_forge.py; sets FORGED.
forge() {
  FORGED=''
  printf '%s\n' "$*" >&"${_forge[1]}"
  read -r FORGED <&"${_forge[0]}" || FORGED='error: the forge is gone'
  [[ $FORGED != error:* ]] || die "cannot forge: $* ($FORGED)"
}

# side_server NAME BINARY PORT [VARIABLE=VALUE...]: one more MCP server for the time of this script, on that port.
side_server() {
  local name=$1 binary=$2 port=$3
  _side_servers+=("$name")
  env PORT="$port" "${@:4}" RUN_DIR="$_tmp" "$_shared_dir/native-proc.sh" start "$name" "$(realpath "$binary")" >/dev/null || return 1
  wait_http "http://127.0.0.1:$port/" "$MCP_ALIVE 404" 60 "$name" "$_tmp/$name.log"
}
# side_authserver PORT ADMIN_PORT [VARIABLE=VALUE...]: one more authorization server, with a store of its own.
side_authserver() {
  local issuer=http://localhost:$1
  _side_servers+=(authserver)
  env "${@:3}" RUN_DIR="$_tmp" AS_PORT="$1" AS_ADMIN_PORT="$2" ISSUER_URL="$issuer" AUTHPLANE_SERVER_ISSUER="$issuer" \
    "$_shared_dir/native-as.sh" start >/dev/null
}
