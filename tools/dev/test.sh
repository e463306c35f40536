# usage: ./dev test [label…]
#
# Builds, runs the tests of the labels given and ends with "N passed, N failed, N skipped".
# Labels: unit contract integration conformance interop e2e browser security lint
#   (without an argument: all of these that exist); on demand also bare, deploy, fuzz, soak.
# Contract and integration tests get a temporary PostgreSQL cluster; e2e, browser, security and interop
# tests a stack of their own on free ports, which is always stopped. Nothing that runs already is used.
# e2e also runs tests/operations (restarts, reloads, outages, Prometheus): stacks of their own, to break.
# fuzz runs each target of tests/fuzz for VA_TEST_FUZZ_SECONDS (default 20) of processor time.
# VA_TEST_SIGN_INS (default 50) is how many people a second sign in while all services restart.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$VA_ROOT/tools/dev/stack.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

every=(unit contract integration conformance interop e2e browser security lint)
demand=(bare deploy fuzz soak)
labels=("$@")
((${#labels[@]})) || labels=("${every[@]}")
for label in "${labels[@]}"; do
  [[ " ${every[*]} ${demand[*]} " == *" $label "* ]] ||
    usage_error "there is no label '$label'. Labels: ${every[*]}; on demand: ${demand[*]}"
done
chosen() {
  local one
  for one in "$@"; do
    if [[ " ${labels[*]} " == *" $one "* ]]; then return 0; fi
  done
  return 1
}
# has_tests LABEL…: files of one of these labels exist, or programs do.
has_tests() {
  local one
  for one in "$@"; do
    if chosen "$one" && { ctest --test-dir "$VA_ROOT/build/$VA_PRESET" -N -L "^$one\$" | grep -q 'Test *#' ||
      compgen -G "$VA_ROOT/tests/$one/*.mjs" >/dev/null || compgen -G "$VA_ROOT/tests/$one/*_test.py" >/dev/null; }; then
      return 0
    fi
  done
  return 1
}

started=$(now_ms)
# test: also for Python, which counts the results, whatever the labels.
groups=(build run test)
if chosen lint; then groups+=(browser); fi
if chosen browser e2e security; then groups+=(browser); fi
if chosen interop; then groups+=(interop); fi
need "${groups[@]}"
# Where the system's packages were all there, nothing has asked for this one yet.
if chosen interop; then npm_packages tests/interop/jose; fi
export VA_PRESET
if chosen unit contract integration conformance interop e2e browser security deploy soak; then
  # VA_TEST_PROGRAMS, if set, names the only test programs to build and run.
  read -ra only <<<"${VA_TEST_PROGRAMS:-}"
  bash "$VA_ROOT/tools/dev/build.sh" "$VA_PRESET" "${only[@]}"
fi

# Short, so that a socket's path fits; beside the build, so that ./dev of the developer is untouched.
work=$VA_ROOT/build/test
stack=$work/stack
mkdir -p "$work"
# Closed again for whatever outlives this shell, which else would keep the lock.
exec 8>"$work/lock"
flock -n 8 || die "another ./dev test runs in this checkout: wait for it, or stop it"
rm -rf "$work/log"
mkdir -p "$work/log"

# cluster up|down: PostgreSQL for the tests, without durability, every role trusted.
cluster() (
  VA_DEV_DIR=$work/cluster
  VA_PG_SUPERUSER=postgres VA_PG_SUPERUSER_AUTH=trust VA_PG_ROLE_AUTH=trust
  if [[ $1 == up ]]; then
    mkdir -p "$VA_DEV_DIR"/{log,run}
    exec 9>/dev/null
    pg_init fast && pg_start && pg_socket_dir
  elif [[ -d $VA_DEV_DIR ]]; then
    stop_stack postgres
    if [[ -s $VA_DEV_DIR/pg/location && $(pg_location) == /var/tmp/va-pg.* ]]; then rm -rf "$(pg_location)"; fi
    rm -rf "$VA_DEV_DIR"
  fi
)

# free_base: a port base of which every port is free.
free_base() {
  local base offset
  for base in $(seq 12400 2000 28400); do
    for offset in {43..48} {51..58} {61..64} {1043..1048} {1053..1058}; do
      if port_open $((base + offset)); then continue 2; fi
    done
    echo "$base"
    return 0
  done
  die "no free ports for a test stack between 12400 and 30000"
}

finish() {
  local status=$?
  trap - EXIT INT TERM
  if [[ -d $stack ]]; then
    cp -r "$stack/log" "$work/log/stack" 2>/dev/null || true
    VA_DEV_DIR=$stack bash "$VA_ROOT/tools/dev/down.sh" --delete-data >/dev/null 2>&1 || true
    rm -rf "$stack"
  fi
  cluster down || true
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# What an interrupted run left behind.
if [[ -d $stack ]]; then
  VA_DEV_DIR=$stack bash "$VA_ROOT/tools/dev/down.sh" --delete-data >/dev/null 2>&1 || true
  rm -rf "$stack"
fi
cluster down

run=("$VA_PYTHON" -B "$VA_ROOT/tools/dev/run_tests.py" --build "$VA_ROOT/build/$VA_PRESET" --log "$work/log")
if has_tests contract integration conformance security unit; then
  VA_TEST_PG_HOST=$(cluster up 8>&-)
  export VA_TEST_PG_HOST
fi
if has_tests e2e browser security interop; then
  base=$(free_base)
  if VA_DEV_DIR=$stack VA_DEV_PORT_BASE=$base VA_DEV_REPLICAS=2 \
    run_logged "test stack" "$work/log/stack-up.log" bash "$VA_ROOT/tools/dev/up.sh" 8>&-; then
    set -a
    source "$stack/env"
    set +a
    export VA_DEV_PORT_BASE=$base VA_DEV_REPLICAS=2
  else
    run+=(--stack-failed)
  fi
fi
export VA_BIN=$VA_ROOT/build/$VA_PRESET/bin

status=0
"${run[@]}" "${labels[@]}" || status=$?
say "Tests took $(seconds_since "$started"); output of each program: build/test/log"
"$VA_PYTHON" -B "$VA_ROOT/tools/dev/run_tests.py" --log "$work/log" --summary
exit "$status"
