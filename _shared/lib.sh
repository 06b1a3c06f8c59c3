# Functions the example scripts share. Sourced, never run. Needs bash 4, curl and jq.
# shellcheck shell=bash

set -u
_shared_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RUN_DIR=${RUN_DIR:-.run} ENV_FILE=${ENV_FILE:-.env}
export RUN_DIR ENV_FILE

if [[ -t 1 ]]; then
  _green=$'\e[32m' _red=$'\e[31m' _dim=$'\e[2m' _off=$'\e[0m'
else
  _green='' _red='' _dim='' _off=''
fi

die() {
  printf '%serror:%s %s\n' "$_red" "$_off" "$1" >&2
  [[ $# -gt 1 ]] && printf '  hint: %s\n' "${@:2}" >&2
  exit 1
}

# load_dotenv FILE: KEY=VALUE lines into names that are not set yet. The caller's environment wins over .env.
load_dotenv() {
  local line key value
  [[ -f $1 ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
    key=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
    value=${value%%[[:space:]]#*}
    value=${value%"${value##*[![:space:]]}"}
    if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
    [[ -n ${!key+set} ]] || export "$key=$value"
  done <"$1"
}

# resolve_env: everything derived from ports and .env. Precedence: caller, what `make run` was started with (.run/env),
# .env, default. Ports given by the caller re-derive the issuer and resource that .env names, unless the caller names
# those too. An example with a server before and one after a retrofit calls the port of the latter AFTER_PORT; all the
# rest is about that one.
resolve_env() {
  load_dotenv "$RUN_DIR/env"
  local from_caller_as=${AS_PORT-} from_caller_mcp=${MCP_PORT-${AFTER_PORT-}}
  if [[ -n $from_caller_as ]]; then
    export AUTHPLANE_SERVER_ISSUER=${AUTHPLANE_SERVER_ISSUER-http://localhost:$from_caller_as}
    export AUTHPLANE_ISSUER=${AUTHPLANE_ISSUER-$AUTHPLANE_SERVER_ISSUER}
  fi
  if [[ -n $from_caller_mcp ]]; then
    export MCP_URL=${MCP_URL-http://localhost:$from_caller_mcp/mcp}
    export AUTHPLANE_RESOURCE=${AUTHPLANE_RESOURCE-${RESOURCE_URI-http://localhost:$from_caller_mcp/mcp}}
    export PORT=${PORT-$from_caller_mcp}
  fi
  load_dotenv "$ENV_FILE"
  export AS_MODE=${AS_MODE:-native}
  export AS_PORT=${AS_PORT:-9000} AS_ADMIN_PORT=${AS_ADMIN_PORT:-9001} MCP_PORT=${MCP_PORT:-${AFTER_PORT:-${PORT:-8080}}}
  export PORT=${PORT:-$MCP_PORT}
  export AUTHPLANE_SERVER_ISSUER=${AUTHPLANE_SERVER_ISSUER:-http://localhost:$AS_PORT}
  export AUTHPLANE_ISSUER=${AUTHPLANE_ISSUER:-$AUTHPLANE_SERVER_ISSUER}
  export AUTHPLANE_RESOURCE=${AUTHPLANE_RESOURCE:-${RESOURCE_URI:-http://localhost:$MCP_PORT/mcp}}
  export AUTHPLANE_ADMIN_API_KEY=${AUTHPLANE_ADMIN_API_KEY:-dev-admin-key-change-me}
  export ISSUER_URL=${ISSUER_URL:-http://localhost:$AS_PORT} ADMIN_URL=${ADMIN_URL:-http://localhost:$AS_ADMIN_PORT}
  export MCP_URL=${MCP_URL:-http://localhost:$MCP_PORT/mcp} RESOURCE_URI=${RESOURCE_URI:-$AUTHPLANE_RESOURCE}
  [[ -z ${BEFORE_PORT-} ]] || export BEFORE_URL=${BEFORE_URL:-http://localhost:$BEFORE_PORT/mcp}
}

# save_env: remembers what this run was started with, for make verify and make status.
save_env() {
  local name
  mkdir -p "$RUN_DIR"
  for name in AS_MODE AS_PORT AS_ADMIN_PORT MCP_PORT PORT BEFORE_PORT AFTER_PORT AUTHPLANE_SERVER_ISSUER AUTHPLANE_ISSUER \
    AUTHPLANE_RESOURCE MCP_URL BEFORE_URL; do
    [[ -z ${!name-} ]] || printf '%s=%s\n' "$name" "${!name}"
  done >"$RUN_DIR/env"
}

# print_env NAME...: the values in use; anything secret shows only that it is set.
print_env() {
  local name shown
  for name in "$@"; do
    shown=${!name-(unset)}
    case $name in *KEY | *SECRET) shown="(set, ${#shown} characters)" ;; esac
    printf '%s  %-26s %s%s\n' "$_dim" "$name" "$shown" "$_off"
  done
}

# What an MCP endpoint answers to a plain GET when it is up, whatever it thinks of the request.
# shellcheck disable=SC2034
MCP_ALIVE="200 202 400 401 405 406 501"

# http_code URL [curl argument...]: the status, 000 when nothing answered.
http_code() {
  local code
  code=$(curl -s -o /dev/null --max-time 2 -w '%{http_code}' "${@:2}" "$1" 2>/dev/null) || true
  printf '%s' "${code:-000}"
}

# process_died LOGFILE: the process that writes it was started by native-proc.sh and has ended since.
process_died() {
  [[ -f ${1%.log}.pid ]] && ! RUN_DIR=$(dirname "$1") "$_shared_dir/native-proc.sh" status "$(basename "$1" .log)" >/dev/null
}

# wait_http URL "200 401" SECONDS LABEL [LOGFILE]: returns 0 as soon as one of the statuses is seen, 1 as soon as the
# process behind LOGFILE is gone or the time is up.
wait_http() {
  local url=$1 codes=" $2 " started=$SECONDS label=$4 log=${5-} code said=''
  while :; do
    code=$(http_code "$url")
    [[ $codes == *" $code "* ]] && return 0
    if [[ -n $log ]] && process_died "$log"; then
      printf '%serror:%s %s ended; its last lines:\n' "$_red" "$_off" "$label" >&2
      tail -n 5 "$log" >&2
      printf '  hint: once the cause is corrected: make clean && make run\n' >&2
      return 1
    fi
    if ((SECONDS - started >= $3)); then
      printf '%serror:%s %s did not come up: %s answers %s after %s s\n' "$_red" "$_off" "$label" "$url" "$code" "$3" >&2
      [[ -n $log && -f $log ]] && tail -n 20 "$log" >&2
      printf '  hint: make status shows what runs, make run starts it\n' >&2
      return 1
    fi
    if [[ -z $said ]] && ((SECONDS - started >= 2)); then
      said=yes
      printf 'waiting up to %s s for %s at %s (is it running?)\n' "$3" "$label" "$url" >&2
    fi
    read -rt 0.2 <> <(:) || true
  done
}

# port_is_free PORT: nothing listens on it on this machine.
port_is_free() {
  local port_hex
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 1
  port_hex=$(printf ':%04X' "$1")
  ! awk -v p="$port_hex" '$4 == "0A" && index($2, p) { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# free_port: one nobody listens on, below the range the system hands out by itself. The search starts at the number of
# the process that asks, which is another one for each call, so that scripts that ask at the same time get different ones.
free_port() {
  local port=$((20000 + BASHPID % 12000))
  until port_is_free "$port"; do port=$((20000 + (port - 20000 + 5003) % 12000)); done
  echo "$port"
}

# port_holder PORT: "name (pid N)" when the system tells, else nothing.
port_holder() {
  command -v ss >/dev/null 2>&1 || return 0
  ss -ltnpH "sport = :$1" 2>/dev/null | sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/\1 (pid \2)/p' | head -n 1
}

require_free_port() {
  port_is_free "$1" && return 0
  local holder
  holder=$(port_holder "$1")
  printf '%serror:%s port %s is in use%s\n' "$_red" "$_off" "$1" "${holder:+ by $holder}" >&2
  printf '  hint: stop it (make clean in the example that started it), or choose another port: make run %s=NNNN\n' "$2" >&2
  exit 3
}
