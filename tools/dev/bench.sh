# usage: ./dev bench [NAME [option…]]
#
# Measures against a written goal, with its reference in the same run: candidates take turns for several
# rounds, and medians and ratios pair by pair count. Needs nothing running; a benchmark of sign-ins
# starts a stack of its own. One line a goal: GOAL name value limit ok|miss. Exit 1 on a miss.
# Without a name: the list of benchmarks. ./dev bench NAME --help lists the options of one.
#
# A benchmark is one file, tests/bench/cases/NAME.cc; README.md beside it says how to write one.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cases=$VA_ROOT/tests/bench/cases
names() { (cd "$cases" && printf '%s\n' *.cc | sed 's/\.cc$//'); }
# told NAME WORD: what the head of the benchmark's file says after "// WORD: ", one a line.
told() { sed -n '/^\/\//!q; s#^// '"$2"': ##p' "$cases/$1.cc"; }
list() {
  local name
  while read -r name; do printf '  %-14s %s\n' "$name" "$(told "$name" bench)"; done < <(names)
}

name=${1:-}
case $name in
  -h | --help)
    command_help "${BASH_SOURCE[0]}"
    say "Benchmarks:"
    list
    exit 0
    ;;
  '')
    say "Benchmarks (./dev bench NAME):"
    list
    exit 0
    ;;
esac
shift
if ! names | grep -qxF -- "$name"; then
  warn "Benchmarks:"
  list >&2
  usage_error "there is no benchmark \"$name\""
fi

cd "$VA_ROOT"
program=$(bin_dir)/bench-$name
bash tools/dev/build.sh "$VA_PRESET" "bench-$name" || die "the build failed"
for argument in "$@"; do
  case $argument in -h | --help) exec "$program" --help ;; esac
done
while read -r folder; do npm_packages "$folder"; done < <(told "$name" npm)
if [[ $(told "$name" needs) == stack ]]; then
  source "$VA_ROOT/tests/bench/stack.sh"
  mapfile -t settings < <(told "$name" setting)
  start_measured_stack "${settings[@]}"
fi
status=0
"$program" "$@" || status=$?
exit "$status"
