# What one verified sign-in costs our services and PostgreSQL. Starts a stack of its own on other
# ports in a temporary folder, so that nothing needs to run and nothing that runs is disturbed.
# Arguments go to the program bench-signin.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/lib.sh"

cd "$VA_ROOT"
bash tools/dev/build.sh "$VA_PRESET" bench-signin || die "the build failed"

VA_DEV_DIR=$(mktemp -d "${TMPDIR:-/tmp}/va-bench.XXXXXX")
export VA_DEV_DIR VA_DEV_PORT_BASE=${VA_BENCH_PORT_BASE:-23400}
finish() {
  bash tools/dev/down.sh >/dev/null 2>&1 || warn "the stack in $VA_DEV_DIR did not stop cleanly"
  rm -rf "$VA_DEV_DIR"
}
trap finish EXIT
bash tools/dev/up.sh >"$VA_DEV_DIR.log" 2>&1 || {
  cat "$VA_DEV_DIR.log" >&2
  rm -f "$VA_DEV_DIR.log"
  die "the stack to measure does not start"
}
rm -f "$VA_DEV_DIR.log"

set -a
source "$VA_DEV_DIR/env"
set +a
"$(bin_dir)/bench-signin" "$@"
