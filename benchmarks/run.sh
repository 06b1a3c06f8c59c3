#!/usr/bin/env bash
# run.sh [build folder]: measures on this machine, now, and prints one table of ratios. About two minutes.
# Every server is ours and listens on loopback; the load comes from a second process that shares the cores.
# Ratios of one run can be compared with ratios of another; absolute figures cannot.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
build=$(realpath "${1:-build/release}")
# shellcheck source=../_shared/lib.sh
source _shared/lib.sh
seconds=${BENCH_SECONDS:-3}
work=$(mktemp -d)
pids=()
stop_all() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done; wait 2>/dev/null; pids=(); }
trap 'stop_all; rm -rf "$work"' EXIT
admin_key=bench-admin-key-0123456789
loadgen=$build/benchmarks/load/loadgen connhold=$build/benchmarks/load/connhold
export AUTHPLANE_ADMIN_API_KEY=$admin_key AUTHPLANE_RATE_LIMIT_ENABLED=false AUTHPLANE_DEV_MODE=1

calc() { awk "BEGIN { printf \"$1\", $2 }"; }
row() { printf '%-5s %-58s %14s %12s %12s\n' "$1" "$2" "$3" "${4-}" "${5-}"; }
rss_mb() { awk '/VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

# --- servers -----------------------------------------------------------------------------------------------------
# start_as NAME [command prefix...]: sets AS_PID, PUBLIC, ADMIN; STARTUP is the time from exec to the first answer in ms.
start_as() {
  local name=$1 begin
  shift
  mkdir -p "$work/$name"
  PUBLIC=$(free_port) ADMIN=$(free_port)
  cat >"$work/$name.yaml" <<EOF
server: {issuer: "http://localhost:$PUBLIC", address: "127.0.0.1:$PUBLIC"}
storage: {driver: sqlite, sqlite: {path: "$work/$name/as.db"}}
signing: {key_path: "$work/$name/keys"}
admin: {address: "127.0.0.1:$ADMIN"}
EOF
  begin=$(date +%s%N)
  "$@" "$build/authserver/cli/authserver" --config "$work/$name.yaml" serve --ready-file "$work/$name.ready" >"$work/$name.log" 2>&1 &
  AS_PID=$!
  pids+=("$AS_PID")
  until [[ -e $work/$name.ready ]]; do kill -0 "$AS_PID" || { cat "$work/$name.log"; exit 1; }; read -rt 0.002 <> <(:); done
  STARTUP=$((($(date +%s%N) - begin) / 1000000))
  rm -f "$work/$name.ready"
}
post_admin() { curl -sf "http://127.0.0.1:$ADMIN$1" -H "Authorization: Bearer $admin_key" -d "$2"; }
# register RESOURCE: sets BASIC and FORM for the token endpoint.
register() {
  post_admin /admin/resources "{\"slug\":\"bench-tokens\",\"uri\":\"$1\",\"backend_kind\":\"mint\",\"scopes\":[{\"name\":\"mcp:echo\"}]}" >/dev/null || die "cannot register the resource"
  local client
  client=$(post_admin /admin/clients '{"client_name":"bench","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"mcp:echo"}') || die "cannot register the client"
  BASIC=$(jq -r '.client_id + ":" + .client_secret' <<<"$client" | tr -d '\n' | base64 -w0)
  FORM="grant_type=client_credentials&scope=mcp%3Aecho&resource=$(jq -rn --arg u "$1" '$u | @uri')"
}
dpop=()
# tokens CONNECTIONS [command prefix...]: the load generator's JSON.
tokens() {
  local connections=$1
  shift
  "$@" "$loadgen" -c "$connections" -d "$seconds" -X POST -H "Authorization: Basic $BASIC" \
    -H 'Content-Type: application/x-www-form-urlencoded' -b "$FORM" "${dpop[@]}" "http://127.0.0.1:$PUBLIC/oauth/token"
}
# bound_tokens ...: the same with a DPoP proof in each request; the proofs are made before the clock starts.
bound_tokens() {
  dpop=(--dpop "http://localhost:$PUBLIC/oauth/token" --proofs $((seconds * 20000)))
  tokens "$@"
}
rps() { jq -r '.requests_per_second | round' <<<"$1"; }
p() { jq -r ".latency_ms.$2 * 100 | round / 100" <<<"$1"; }
pin0=() pin1=()
if (($(nproc) > 1)); then pin0=(taskset -c 0) pin1=(taskset -c 1); fi

row row measure seen "per second" "p50/p99 ms"
# --- the machine -------------------------------------------------------------------------------------------------
read -r raw_sign raw_verify < <(openssl speed -seconds 2 ecdsap256 2>/dev/null | awk '/nistp256/ { print $(NF-1), $NF }')
row - "openssl speed: ECDSA P-256 signatures on one core" "" "$raw_sign"
row - "openssl speed: ECDSA P-256 verifications on one core" "" "$raw_verify"

# --- in process --------------------------------------------------------------------------------------------------
micro=$("$build/benchmarks/micro/jose_bench" --benchmark_format=json --benchmark_min_time=0.1 --benchmark_repetitions=15 --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true 2>/dev/null)
per_second() { jq -r --arg n "$1_median" '.benchmarks[] | select(.name == $n) | .items_per_second' <<<"$micro"; }
m_raw=$(per_second raw_verify) m_cold=$(per_second verify_cold) m_sign=$(per_second jws_sign) m_rawsign=$(per_second raw_sign)
m_one=$(per_second verify_cached/real_time/threads:1) m_two=$(per_second verify_cached/real_time/threads:2)
row P4 "verify, all checks, nothing cached / raw verify" "$(calc %.2f "$m_cold / $m_raw")" "$(calc %.0f "$m_cold")"
row P5 "verify, cached / raw verify" "$(calc %.0fx "$m_one / $m_raw")" "$(calc %.0f "$m_one")"
row P5 "verify, cached, two threads / one" "$(calc %.2f "$m_two / $m_one")" "$(calc %.0f "$m_two")"
proofs=$("$build/benchmarks/micro/dpop_bench" --benchmark_format=json --benchmark_min_time=0.5 --benchmark_repetitions=3 --benchmark_report_aggregates_only=true 2>/dev/null)
m_proof=$(jq -r '.benchmarks[] | select(.name == "proof_verify_median") | .items_per_second' <<<"$proofs")
row - "verify a DPoP proof, key not seen before / raw verify" "$(calc %.2f "$m_proof / $m_raw")" "$(calc %.0f "$m_proof")"
row - "sign a token / raw sign" "$(calc %.2f "$m_sign / $m_rawsign")" "$(calc %.0f "$m_sign")"

# --- tokens ------------------------------------------------------------------------------------------------------
start_as durable
register http://bench/mcp
idle_rss=$(rss_mb "$AS_PID")
tokens 16 >/dev/null
t1=$(tokens 1) t16=$(tokens 16) t64=$(tokens 64)
bound1=$(bound_tokens 1) bound64=$(bound_tokens 64)
row P1 "durable tokens, 64 connections / raw sign" "$(calc %.2f "$(rps "$t64") / $raw_sign")" "$(rps "$t64")" "$(p "$t64" p50)/$(p "$t64" p99)"
row P2 "durable tokens, 16 connections" "" "$(rps "$t16")" "$(p "$t16" p50)/$(p "$t16" p99)"
row P2 "durable tokens, 1 connection" "" "$(rps "$t1")" "$(p "$t1" p50)/$(p "$t1" p99)"
row - "durable DPoP tokens / bearer, 64 connections" "$(calc %.2f "$(rps "$bound64") / $(rps "$t64")")" "$(rps "$bound64")" "$(p "$bound64" p50)/$(p "$bound64" p99)"
row - "durable DPoP tokens, 1 connection" "" "$(rps "$bound1")" "$(p "$bound1" p50)/$(p "$bound1" p99)"
row P11 "authserver resident, idle / after load (MB)" "$idle_rss / $(rss_mb "$AS_PID")"
row P12 "authserver start-up, empty database (ms)" "$STARTUP"
stop_all
start_as pinned "${pin0[@]}"
register http://bench/mcp
tokens 16 "${pin1[@]}" >/dev/null
pinned=$(tokens 16 "${pin1[@]}")
bound_pinned=$(bound_tokens 16 "${pin1[@]}")
row P1 "durable tokens, pinned, 16 connections / raw sign" "$(calc %.2f "$(rps "$pinned") / $raw_sign")" "$(rps "$pinned")" "$(p "$pinned" p50)/$(p "$pinned" p99)"
row - "durable DPoP tokens / bearer, pinned, 16 connections" "$(calc %.2f "$(rps "$bound_pinned") / $(rps "$pinned")")" "$(rps "$bound_pinned")" "$(p "$bound_pinned" p50)/$(p "$bound_pinned" p99)"
stop_all

# --- users -------------------------------------------------------------------------------------------------------
# Codes and refresh tokens can be used once, so as many as asked for are made before the clock starts.
grants=${BENCH_GRANTS:-4000}
start_as users
register http://bench/mcp
# user_client: sets user_client_id.
user_client() {
  post_admin /admin/users '{"email":"bench@example.com","password":"bench-password"}' >/dev/null || die "cannot create the user"
  user_client_id=$(post_admin /admin/clients '{"client_name":"bench users","grant_types":["authorization_code","refresh_token"],
    "redirect_uris":["http://127.0.0.1:1/cb"],"token_endpoint_auth_method":"none","scope":"mcp:echo"}' | jq -r .client_id) || die "cannot register the client"
}
# sign_in: sets SIGN_IN_COOKIE and AUTHORIZE, an authorization request that is granted without a question.
sign_in() {
  local site=http://localhost:$PUBLIC page
  field() { sed -n "s/.*name=\"$1\" value=\"\([^\"]*\)\".*/\1/p" <<<"$page" | head -n 1; }
  browse() { curl -sf -b "$work/cookies" -c "$work/cookies" "$@"; }
  AUTHORIZE="/oauth/authorize?response_type=code&client_id=$user_client_id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&scope=mcp%3Aecho&resource=http%3A%2F%2Fbench%2Fmcp&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
  page=$(browse "$site/login")
  browse "$site/login" -H "Origin: $site" -o /dev/null --data-urlencode "csrf_token=$(field csrf_token)" -d redirect=/ -d email=bench@example.com -d password=bench-password || die "cannot sign in"
  page=$(browse -L "$site$AUTHORIZE")
  browse "$site/consent" -H "Origin: $site" -o /dev/null --data-urlencode "csrf_token=$(field csrf_token)" --data-urlencode "session_id=$(field session_id)" -d scopes=mcp:echo -d action=allow || die "cannot consent"
  SIGN_IN_COOKIE=$(awk '$6 == "authserver_session" { print $6 "=" $7 }' "$work/cookies")
}
# codes: one redemption a line.
codes() {
  curl -sf --no-progress-meter -Z --parallel-max 8 -o /dev/null -w '%{redirect_url}\n' -H "Cookie: $SIGN_IN_COOKIE" "http://127.0.0.1:$PUBLIC$AUTHORIZE&state=[1-$grants]" |
    sed -n 's/.*[?&]code=\([^&]*\).*/\1/p' | awk -v rest="&grant_type=authorization_code&client_id=$user_client_id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" '{ print "code=" $0 rest }'
}
user_tokens() { "$loadgen" -c 16 -d 60 -w 0 -X POST -H 'Content-Type: application/x-www-form-urlencoded' --bodies "$1" "http://127.0.0.1:$PUBLIC/oauth/token"; }
user_client
sign_in
codes >"$work/codes"
codes | awk -v url="http://127.0.0.1:$PUBLIC/oauth/token" '{ if (NR > 1) print "next"; print "url=" url "\ndata=\"" $0 "\"" }' >"$work/redeem.curl"
curl -sf --no-progress-meter -Z --parallel-max 8 -K "$work/redeem.curl" | tr '}' '\n' | sed -n 's/.*"refresh_token":"\([^"]*\)".*/\1/p' |
  awk -v rest="&grant_type=refresh_token&client_id=$user_client_id" '{ print "refresh_token=" $0 rest }' >"$work/refreshes"
authorized=$("$loadgen" -c 16 -d "$seconds" --expect-status 303 -H "Cookie: $SIGN_IN_COOKIE" "http://127.0.0.1:$PUBLIC$AUTHORIZE")
redeemed=$(user_tokens "$work/codes")
refreshed=$(user_tokens "$work/refreshes")
user_row() { row - "$1" "$(calc %.2f "$(rps "$2") / $raw_sign")" "$(rps "$2")" "$(p "$2" p50)/$(p "$2" p99)"; }
user_row "authorize to code, consent given, 16 connections / raw sign" "$authorized"
user_row "code to tokens, 16 connections / raw sign" "$redeemed"
user_row "refresh, 16 connections / raw sign" "$refreshed"
stop_all

start_memory() { # [command prefix...]
  "$@" "$build/benchmarks/load/memory_issuer" --keys "$work/memory-keys" >"$work/memory.ports" 2>"$work/memory.log" &
  pids+=($!)
  until [[ -s $work/memory.ports ]]; do kill -0 "${pids[-1]}" || { cat "$work/memory.log"; exit 1; }; read -rt 0.005 <> <(:); done
  PUBLIC=$(jq .public_port "$work/memory.ports") ADMIN=$(jq .admin_port "$work/memory.ports")
  : >"$work/memory.ports"
  register http://bench/mcp
}
start_memory
tokens 64 >/dev/null
n64=$(tokens 64)
row P3 "durable / non-durable tokens, 64 connections" "$(calc %.2f "$(rps "$t64") / $(rps "$n64")")" "$(rps "$n64")" "$(p "$n64" p50)/$(p "$n64" p99)"
stop_all
start_memory "${pin0[@]}"
tokens 16 "${pin1[@]}" >/dev/null
npin=$(tokens 16 "${pin1[@]}")
row P3 "durable / non-durable tokens, pinned" "$(calc %.2f "$(rps "$pinned") / $(rps "$npin")")" "$(rps "$npin")" "$(p "$npin" p50)/$(p "$npin" p99)"
stop_all

# --- a large database --------------------------------------------------------------------------------------------
# As many issuances as asked for, and as many clients beside the one that asks.
rows=${BENCH_ROWS:-1000000}
if ((rows > 0)) && command -v sqlite3 >/dev/null; then
  mkdir -p "$work/large"
  "$build/authserver/storage/sqlite/append_bench" "$work/large" "$rows" >"$work/append.log" 2>&1 || { cat "$work/append.log"; exit 1; }
  for file in "$work"/large/append_bench.db*; do mv "$file" "${file/append_bench/as}"; done
  sqlite3 "$work/large/as.db" "INSERT INTO clients SELECT 'many-' || value, secret_hash, name, redirect_uris, grant_types,
    response_types, token_endpoint_auth_method, scope, status, registration_source, cimd_url, is_agent, agent_description,
    application_type, version, issued_at + value, updated_at FROM clients, (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL
    SELECT value + 1 FROM n WHERE value < $rows) SELECT value FROM n) WHERE id = (SELECT min(id) FROM clients)" || die "cannot fill the database"
  sync
  start_as large
  register http://bench/large
  tokens 64 >/dev/null
  l64=$(tokens 64)
  row P16 "$rows rows and clients / empty: tokens, 64 connections" "$(calc %.2f "$(rps "$l64") / $(rps "$t64")")" "$(rps "$l64")" "$(p "$l64" p50)/$(p "$l64" p99)"
  row P12 "authserver start-up, large database (ms)" "$STARTUP"
  stop_all
fi

# --- connections -------------------------------------------------------------------------------------------------
start_as connections
health=http://127.0.0.1:$PUBLIC/health
active=$("$loadgen" -c 1000 -d "$seconds" "$health")
row P13 "1000 active connections: never served; p99 ms" "$(jq -r .never_served <<<"$active"); $(p "$active" p99)" "$(rps "$active")" "$(p "$active" p50)/$(p "$active" p99)"
idle=$("$connhold" -k 9000 -m keepalive --pid "$AS_PID" "$health")
slow=$("$connhold" -k 9000 -m slow --pid "$AS_PID" "$health")
held() { jq -r '"\(.probes_answered)/\(.probes_answered + .probes_refused + .probes_silent)"' <<<"$1"; }
slowest() { jq -r '.probe_ms.max * 100 | round / 100' <<<"$1"; }
row P14 "9000 idle: probes answered; slowest ms; cores, KB each" "$(held "$idle")" "$(slowest "$idle")" \
  "$(jq -r '"\(.idle_cpu_cores * 1000 | round / 1000), \(.bytes_per_connection / 102.4 | round / 10)"' <<<"$idle")"
row P15 "9000 slow heads: probes answered; slowest ms" "$(held "$slow")" "$(slowest "$slow")"
stop_all

# --- tools/call --------------------------------------------------------------------------------------------------
start_as tools
resource=http://localhost:8080/mcp
register "$resource"
token=$(curl -sf "http://127.0.0.1:$PUBLIC/oauth/token" -H "Authorization: Basic $BASIC" -d "$FORM" | jq -r .access_token)
call='{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}'
# A token bound to a key, and the fields of one request with it.
openssl ecparam -genkey -name prime256v1 -noout -out "$work/proof.pem" 2>/dev/null
proof_for() { "$loadgen" --dpop "$@" --dpop-key "$work/proof.pem" -X POST --print-proof http://127.0.0.1; }
issuer=$(sed -n 's/.*issuer: "\([^"]*\)".*/\1/p' "$work/tools.yaml")
bound=$(curl -sf "http://127.0.0.1:$PUBLIC/oauth/token" -H "Authorization: Basic $BASIC" -H "DPoP: $(proof_for "$issuer/oauth/token")" -d "$FORM" | jq -r .access_token)
# post MODE BODY [curl option...]: one request to the MCP server, with what the mode asks for.
post() {
  local mode=$1 body=$2 fields=(-H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream')
  shift 2
  case $mode in
    open) ;;
    dpop) fields+=(-H "Authorization: DPoP $bound" -H "DPoP: $(proof_for "$resource" --dpop-token "$bound")") ;;
    *) fields+=(-H "Authorization: Bearer $token") ;;
  esac
  curl -s "${mcp_url[$mode]}" "${fields[@]}" "$@" -d "$body"
}
# start_mcp MODE: one server per mode, all of them up at the same time; their turns are short and alternate, because a
# shared machine changes its speed by a third within seconds, and only neighbours in time can be compared.
declare -A mcp_pid mcp_url mcp_session
start_mcp() {
  local mode=$1 port begin
  port=$(free_port)
  begin=$(date +%s%N)
  "${pin0[@]}" "$build/benchmarks/load/mcp_bench_server" --mode "$mode" --port "$port" --issuer "$issuer" --resource "$resource" >"$work/mcp.log" 2>&1 &
  mcp_pid[$mode]=$! mcp_url[$mode]=http://127.0.0.1:$port/mcp
  pids+=("${mcp_pid[$mode]}")
  until ! port_is_free "$port"; do kill -0 "${mcp_pid[$mode]}" 2>/dev/null || { cat "$work/mcp.log"; exit 1; }; read -rt 0.005 <> <(:); done
  MCP_STARTUP=$((($(date +%s%N) - begin) / 1000000))
  mcp_session[$mode]=$(post "$mode" '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}' -i | tr -d '\r' | sed -n 's/^mcp-session-id: //Ip')
  post "$mode" '{"jsonrpc":"2.0","method":"notifications/initialized"}' -H "Mcp-Session-Id: ${mcp_session[$mode]}"
}
# CPU time that a process has had, in nanoseconds.
cpu_ns() { awk '{ sum += $1 } END { printf "%.0f", sum }' "/proc/$1"/task/*/schedstat; }
# turn MODE SECONDS: prints requests per second, server CPU per request in µs, and the load generator's p50 and p99.
turn() {
  local mode=$1 pid=${mcp_pid[$1]} before result
  local load=(-H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -H "Mcp-Session-Id: ${mcp_session[$1]}")
  case $mode in
    open) ;;
    dpop) load+=(--dpop "$resource" --dpop-key "$work/proof.pem" --dpop-token "$bound" --proofs 8000) ;;
    *) load+=(-H "Authorization: Bearer $token") ;;
  esac
  before=$(cpu_ns "$pid")
  result=$("${pin1[@]}" "$loadgen" --busy -c 16 -d "$2" -w 0 -X POST "${load[@]}" -b "$call" "${mcp_url[$mode]}")
  jq -r --argjson cpu "$(($(cpu_ns "$pid") - before))" \
    '[.requests_per_second, $cpu / 1000 / .requests, .latency_ms.p50, .latency_ms.p99] | map(tostring) | join(" ")' <<<"$result"
}
# The cost of a raw verification beside a client that does what it does in the turns, poll: the two may be halves of one
# core. Its request is for a stream on which nothing is said.
raw_verify_us() {
  "${pin1[@]}" "$loadgen" --busy -c 1 -d 0.5 -w 0 -H 'Accept: text/event-stream' -H "Mcp-Session-Id: ${mcp_session[open]}" \
    "${mcp_url[open]}" >/dev/null &
  local poller=$!
  "${pin0[@]}" "$build/benchmarks/micro/jose_bench" --benchmark_format=json --benchmark_filter='^raw_verify$' --benchmark_min_time=0.1 2>/dev/null |
    jq -r '1000000 / .benchmarks[0].items_per_second'
  wait "$poller"
}
# middle EXPRESSION: the median over all turns of an awk expression of their columns.
middle() { awk "{ print $1 }" "$work/turns" | sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
for mode in open cached cold dpop; do
  start_mcp "$mode"
  [[ $mode == cached ]] && mcp_startup=$MCP_STARTUP mcp_idle_rss=$(rss_mb "${mcp_pid[cached]}")
  turn "$mode" 0.5 >/dev/null
done
# Columns: open 1-4, cached 5-8, cold 9-12, DPoP 13-16, raw verification in µs 17.
for ((i = 0; i < ${BENCH_TURNS:-21}; ++i)); do
  echo "$(turn open 0.4) $(turn cached 0.4) $(turn cold 0.4) $(turn dpop 0.4) $(raw_verify_us)"
done >"$work/turns"
seen() { printf %.2f "$(middle "$1")"; }
# mode_row ROW MEASURE SEEN FIRST: with the rate and the latencies of the mode whose columns begin at FIRST.
mode_row() {
  row "$1" "$2" "$3" "$(printf %.0f "$(middle "\$$4")")" "$(printf '%.2f/%.2f' "$(middle "\$$(($4 + 2))")" "$(middle "\$$(($4 + 3))")")"
}
# shellcheck disable=SC2016 # the dollars are awk's columns
{
  mode_row - "tools/call without authorization, pinned" "$(seen '$2') µs CPU" 1
  mode_row P7 "tools/call, cached token / without authorization" "$(seen '$5 / $1')" 5
  mode_row P6 "tools/call, cold verify: added CPU / raw verify" "$(seen '($10 - $2) / $17')" 9
  row - "tools/call, cached token: added CPU (µs)" "$(seen '$6 - $2')"
  mode_row - "tools/call, DPoP / bearer, cached tokens" "$(seen '$13 / $5')" 13
  row - "tools/call, a proof: added CPU / raw verify" "$(seen '($14 - $6) / $17')"
}
cached_rss="$mcp_idle_rss / $(rss_mb "${mcp_pid[cached]}")"
row P11 "MCP server resident, idle / after load (MB)" "$cached_rss"
row P12 "MCP server start-up, discovery included (ms)" "$mcp_startup"
stop_all

strip -o "$work/authserver" "$build/authserver/cli/authserver"
row P17 "authserver, stripped (MB)" "$(calc %.2f "$(stat -c %s "$work/authserver") / 1048576")"
