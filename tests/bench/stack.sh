# A stack for one benchmark: on free ports, in a temporary folder, always stopped. Nothing needs to
# run, and nothing that runs is disturbed. Sourced, after lib.sh.
source "$VA_ROOT/tools/dev/stack.sh"

# free_port_base: a port base of which every port of a stack is free.
free_port_base() {
  local base
  for base in $(seq 13400 2000 29400); do
    if (
      VA_PORT_BASE=$base
      source "$VA_ROOT/tools/dev/stack.sh"
      while read -r port _; do ! port_open "$port" || exit 1; done < <(stack_ports)
    ); then
      echo "$base"
      return 0
    fi
  done
  die "no free ports for a stack between 13400 and 31000"
}

stop_measured_stack() {
  bash "$VA_ROOT/tools/dev/down.sh" --delete-data >/dev/null 2>&1 || warn "the stack in $VA_DEV_DIR did not stop cleanly"
  rm -rf "$VA_DEV_DIR" "$VA_DEV_DIR.log"
}

# start_measured_stack [NAME=VALUE…]: starts it under these settings of services and takes its
# addresses into the environment. It ends with this shell.
start_measured_stack() {
  VA_DEV_DIR=$(mktemp -d "${TMPDIR:-/tmp}/va-bench.XXXXXX")
  unset VA_DEV_REPLICAS VA_DEV_FRONT
  VA_DEV_PORT_BASE=$(free_port_base)
  export VA_DEV_DIR VA_DEV_PORT_BASE
  trap stop_measured_stack EXIT
  trap 'exit 130' INT TERM
  # All load comes from one address: what is measured is not the limit of one client.
  run_logged "stack to measure" "$VA_DEV_DIR.log" env VA_AUTH_GATEWAY__LIMITS__PER_ADDRESS__RATE=0 "$@" \
    bash "$VA_ROOT/tools/dev/up.sh" ||
    die "the stack to measure does not start"
  set -a
  source "$VA_DEV_DIR/env"
  set +a
}
