# usage: ./dev conformance [--self-test] [--quiet] FILE…
#
# Runs every row of the vector files given against the product's own functions, and prints
# PASS, FAIL or SKIP with its name; the last line counts. Exit 0 when nothing failed.
# --self-test changes one fact of every expectation: each row that passed must then FAIL; exit 1
# when one does not.
# --quiet prints failures only.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

files=0
for word in "$@"; do
  case $word in
    --self-test | --quiet) ;;
    --*) usage_error "conformance does not know $word" ;;
    *) files=$((files + 1)) ;;
  esac
done
((files)) || usage_error "conformance needs at least one vector file"

bash "$VA_ROOT/tools/dev/build.sh" "$VA_PRESET" conformance
exec "$(bin_dir)/conformance" --root "$VA_ROOT" "$@"
