# Starts, knows and stops processes by pid and start time, so that a pid that was given to somebody
# else meanwhile is never touched. Sourced.

run_dir() { printf '%s/run' "$VA_DEV_DIR"; }

# start_time PID: field 22 of its stat line; empty when there is no such process or it is a zombie.
start_time() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} == Z ]] || printf '%s' "${fields[19]}"
}

# pid_of NAME: the pid, if the process of that name that we started still runs.
pid_of() {
  local pid started
  [[ -r $(run_dir)/$1.pid ]] || return 0
  read -r pid started <"$(run_dir)/$1.pid" || return 0
  if [[ -n $started && $(start_time "$pid") == "$started" ]]; then printf '%s' "$pid"; fi
}

# start_process NAME CMD...: in a session of its own, output appended to log/NAME.log.
start_process() {
  local name=$1 pid
  shift
  mkdir -p "$(run_dir)"
  setsid "$@" >>"$VA_DEV_DIR/log/$name.log" 2>&1 </dev/null 9>&- &
  pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$(run_dir)/$name.pid"
}

# stop_process NAME [SIGNAL]: asks, waits, insists after 15 s.
stop_process() {
  local name=$1 signal=${2:-TERM} pid started deadline
  pid=$(pid_of "$name")
  if [[ -n $pid ]]; then
    started=$(start_time "$pid")
    kill -s "$signal" "$pid" 2>/dev/null || true
    deadline=$(($(now_ms) + 15000))
    while [[ -n $started && $(start_time "$pid") == "$started" ]]; do
      if (($(now_ms) > deadline)); then
        warn "  $name did not stop within 15 s: killed"
        kill -s KILL "$pid" 2>/dev/null || true
        deadline=$(($(now_ms) + 5000))
      fi
      sleep 0.05
    done
  fi
  rm -f "$(run_dir)/$name.pid"
}

started_names() {
  local file
  for file in "$(run_dir)"/*.pid; do
    if [[ -e $file ]]; then basename "$file" .pid; fi
  done
}

# log_tail NAME: the last lines of its log, indented, for an error message.
log_tail() {
  local log=$VA_DEV_DIR/log/$1.log
  if [[ -s $log ]]; then
    warn "  The end of $log:"
    tail -n 15 "$log" | cut -c1-300 | sed 's/^/    /' >&2
  fi
}

# port_open PORT: somebody listens there on this machine.
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
