#!/usr/bin/env bash
# native-as.sh start | stop | status | wait | logs | reset
# The authorization server of an example: the native binary (AS_MODE=native, the default) or a container
# (AS_MODE=docker). State of the native one lives in ./.run; reset forgets it.
set -uo pipefail
shared=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
source "$shared/lib.sh"
resolve_env
run_dir=$RUN_DIR
AS_CONTAINER=${AS_CONTAINER:-authplane-cpp-as}
AS_IMAGE=${AS_IMAGE:-authplane-cpp/authserver:latest}
discovery=$ISSUER_URL/.well-known/oauth-authorization-server

find_binary() {
  local candidate
  for candidate in "${AS_BIN-}" "$shared/../build/release/authserver/cli/authserver"; do
    [[ -n $candidate && -x $candidate ]] && { realpath "$candidate"; return; }
  done
  command -v authserver || die "no authserver binary" "make run builds it; or set AS_BIN, or AS_MODE=docker"
}

# The shared configuration with this run's ports and folders.
write_config() {
  local data
  mkdir -p "$run_dir/as-data"
  data=$(cd "$run_dir/as-data" && pwd)
  sed -e "s#http://localhost:9000#$AUTHPLANE_SERVER_ISSUER#" -e "s#:9000#127.0.0.1:$AS_PORT#;s#:9001#127.0.0.1:$AS_ADMIN_PORT#" \
    -e "s#/data/#$data/#" "$shared/config.example.yaml" |
    sed -e "s#^\(  issuer: \).*#\1$AUTHPLANE_SERVER_ISSUER#" >"$run_dir/as.yaml"
}

start_native() {
  local binary
  binary=$(find_binary) || exit 1
  require_free_port "$AS_PORT" AS_PORT
  require_free_port "$AS_ADMIN_PORT" AS_ADMIN_PORT
  write_config
  "$shared/native-proc.sh" start authserver "$binary" --config "$run_dir/as.yaml" serve
}

start_docker() {
  local forward=() name
  docker rm -f "$AS_CONTAINER" >/dev/null 2>&1
  while read -r name; do forward+=(-e "$name"); done < <(compgen -e | grep -E '^(AUTHPLANE|CONNECTOR)_')
  docker run -d --rm --name "$AS_CONTAINER" -p "127.0.0.1:$AS_PORT:9000" -p "127.0.0.1:$AS_ADMIN_PORT:9001" \
    "${forward[@]}" -e AUTHPLANE_SERVER_ISSUER="$AUTHPLANE_SERVER_ISSUER" \
    -v "$shared/config.example.yaml:/config.yaml:ro" "$AS_IMAGE" serve --config /config.yaml >/dev/null
}

wait_ready() { wait_http "$discovery" 200 60 "the authorization server" "$run_dir/authserver.log"; }

case ${1-} in
  start)
    if [[ $AS_MODE == docker ]]; then start_docker; else start_native; fi || exit $?
    wait_ready
    ;;
  stop) if [[ $AS_MODE == docker ]]; then docker rm -f "$AS_CONTAINER" >/dev/null 2>&1 || true; else "$shared/native-proc.sh" stop authserver; fi ;;
  status)
    if [[ $AS_MODE == docker ]]; then
      docker ps --filter "name=^$AS_CONTAINER\$" --format 'authserver: running {{.Names}}' | grep . || { echo "authserver: not running"; exit 1; }
    else "$shared/native-proc.sh" status authserver; fi
    ;;
  wait) wait_ready ;;
  logs) if [[ $AS_MODE == docker ]]; then docker logs --tail 40 "$AS_CONTAINER"; else "$shared/native-proc.sh" logs authserver; fi ;;
  reset)
    "$0" stop
    rm -rf "$run_dir/as-data" "$run_dir/as.yaml"
    ;;
  *) echo "usage: native-as.sh start|stop|status|wait|logs|reset" >&2; exit 2 ;;
esac
