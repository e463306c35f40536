# What one verified sign-in costs our services and PostgreSQL. Starts a stack of its own on free
# ports in a temporary folder, so that nothing needs to run and nothing that runs is disturbed.
# Arguments go to the program bench-signin.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/lib.sh"
source "$VA_ROOT/tools/dev/processes.sh"

cd "$VA_ROOT"
bash tools/dev/build.sh "$VA_PRESET" bench-signin || die "the build failed"

VA_DEV_DIR=$(mktemp -d "${TMPDIR:-/tmp}/va-bench.XXXXXX")
log=$VA_DEV_DIR.log
export VA_DEV_DIR
unset VA_DEV_SECOND_GATEWAY
finish() {
  bash tools/dev/down.sh --delete-data >/dev/null 2>&1 || warn "the stack in $VA_DEV_DIR did not stop cleanly"
  rm -rf "$VA_DEV_DIR" "$log"
}
trap finish EXIT
trap 'exit 130' INT TERM

for VA_DEV_PORT_BASE in $(seq 13400 2000 29400); do
  if ! port_open $((VA_DEV_PORT_BASE + 43)) && ! port_open $((VA_DEV_PORT_BASE + 1043)); then break; fi
done
export VA_DEV_PORT_BASE
run_logged "stack to measure" "$log" bash tools/dev/up.sh || die "the stack to measure does not start"

set -a
source "$VA_DEV_DIR/env"
set +a
status=0
"$(bin_dir)/bench-signin" "$@" || status=$?
exit "$status"
