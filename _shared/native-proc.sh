#!/usr/bin/env bash
# native-proc.sh start <name> <command...> | stop <name> | status <name> | logs <name> [lines]
# Runs one background process with its state in ./.run: <name>.pid ("pid start-time") and <name>.log.
# Exit: 0 ok, 1 the process died or is not running, 2 usage, 3 already running.
set -uo pipefail
run_dir=${RUN_DIR:-.run}
verb=${1-} name=${2-}
[[ -n $verb && -n $name ]] || { echo "usage: native-proc.sh start|stop|status|logs <name> ..." >&2; exit 2; }
pid_file=$run_dir/$name.pid log_file=$run_dir/$name.log

# The kernel's start time of a process: together with the pid it names one process for good.
start_time() { sed -E 's/^.*\) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Prints the pid when the recorded process is still the one that was started.
live_pid() {
  local pid started
  [[ -f $pid_file ]] && read -r pid started <"$pid_file" || return 1
  [[ -n ${pid-} && $(start_time "$pid") == "$started" ]] && ! [[ $(sed -nE 's/^State:\s+(\S).*/\1/p' "/proc/$pid/status" 2>/dev/null) == Z ]] && echo "$pid"
}

wait_gone() { # pid, tenths of a second
  local i
  for ((i = 0; i < $2; i++)); do
    live_pid >/dev/null || return 0
    read -rt 0.1 <> <(:) || true
  done
  return 1
}

case $verb in
  start)
    shift 2
    (($#)) || { echo "usage: native-proc.sh start <name> <command...>" >&2; exit 2; }
    if pid=$(live_pid); then
      echo "error: $name is already running (pid $pid); run make clean first" >&2
      exit 3
    fi
    mkdir -p "$run_dir"
    setsid "$@" >"$log_file" 2>&1 </dev/null &
    pid=$!
    disown
    echo "$pid $(start_time "$pid")" >"$pid_file"
    # A process that cannot start (bad configuration, port in use) is gone within moments: say so here, not later.
    for _ in 1 2 3; do
      read -rt 0.1 <> <(:) || true
      if ! live_pid >/dev/null; then
        echo "error: $name ended at once; its last lines:" >&2
        tail -n 40 "$log_file" >&2
        rm -f "$pid_file"
        exit 1
      fi
    done
    echo "$name started (pid $pid, log $log_file)"
    ;;
  stop)
    if pid=$(live_pid); then
      kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null
      wait_gone "$pid" 50 || kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null
      wait_gone "$pid" 20
    fi
    rm -f "$pid_file"
    ;;
  status)
    if pid=$(live_pid); then echo "$name: running pid=$pid"; else echo "$name: not running"; exit 1; fi
    ;;
  logs)
    if [[ -s $log_file ]]; then tail -n "${3:-40}" "$log_file"; else echo "(no log for $name)"; fi
    ;;
  *) echo "usage: native-proc.sh start|stop|status|logs <name> ..." >&2; exit 2 ;;
esac
