# usage: ./dev fuzz [TARGET SECONDS]
#
# Runs one fuzz target of tests/fuzz for SECONDS of processor time, from its corpus, under
# AddressSanitizer and UndefinedBehaviorSanitizer. Without a target: the list.
# What it finds is kept as build/fuzz/findings/TARGET-*; exit 1 when there is anything. Inputs that reach
# something new are kept in build/fuzz/corpus/TARGET and taken again the next time.
# Setting: VA_FUZZ_MILLISECONDS, the most processor time one input may take (default: no limit).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

targets=$VA_ROOT/tests/fuzz/targets
names() { (cd "$targets" && printf '%s\n' *.cc | sed 's/\.cc$//'); }
# told NAME WORD: what the head of the target's file says after "// WORD: ".
told() { sed -n '/^\/\//!q; s#^// '"$2"': ##p' "$targets/$1.cc"; }
list() {
  local name
  say "Fuzz targets (./dev fuzz TARGET SECONDS):"
  while read -r name; do printf '  %-16s %s\n' "$name" "$(told "$name" fuzz)"; done < <(names)
}

case ${1:-} in
  -h | --help) command_help "${BASH_SOURCE[0]}"; list; exit 0 ;;
  '') list; exit 0 ;;
esac
name=$1
seconds=${2:-}
if ! names | grep -qxF -- "$name"; then
  list >&2
  usage_error "there is no fuzz target \"$name\""
fi
[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] && (($# == 2)) || usage_error "how many seconds? ./dev fuzz $name SECONDS"

need build fuzz
bash "$VA_ROOT/tools/dev/build.sh" fuzz "fuzz-$name" || die "the build failed"

work=$VA_ROOT/build/fuzz
findings=$work/findings
grown=$work/corpus/$name
log=$work/$name.log
mkdir -p "$findings" "$grown"

# cpu_ms PID: processor time of a process so far; fails when it has ended.
cpu_ms() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  [[ $1 != Z ]] || return 1
  printf '%s' "$(((${12} + ${13}) * 1000 / ticks))"
}

ticks=$(getconf CLK_TCK)
dictionary=()
if [[ -f $VA_ROOT/tests/fuzz/dictionaries/$name.dict ]]; then
  dictionary=("-dict=$VA_ROOT/tests/fuzz/dictionaries/$name.dict")
fi
started=$(now_ms)
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1:allocator_may_return_null=1}
"$VA_ROOT/build/fuzz/bin/fuzz-$name" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 -reload=0 \
  "${dictionary[@]}" "-artifact_prefix=$findings/$name-" "$grown" "$VA_ROOT/tests/fuzz/corpus/$name" \
  >"$log" 2>&1 </dev/null &
pid=$!
trap 'kill -INT "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; exit 130' INT TERM

# libFuzzer counts seconds on the wall; on a busy machine they say little about what was tried.
spent=0
next=10
stopped=0
while now=$(cpu_ms "$pid") && [[ -n $now ]]; do
  spent=$now
  if ((spent >= seconds * 1000 && !stopped)); then
    kill -INT "$pid" 2>/dev/null || true
    stopped=1
  fi
  if ((spent / 1000 >= next && !stopped)); then
    printf '  %s  %d of %d s  %s\n' "$name" $((spent / 1000)) "$seconds" \
      "$(grep -aoE '^#[0-9]+.*' "$log" | tail -n 1 | cut -c1-90)"
    next=$((next < 60 ? next * 2 : next + 60))
  fi
  sleep 0.5
done
status=0
wait "$pid" || status=$?
trap - INT TERM

runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
runs=${runs:-$(grep -aoE '^#[0-9]+' "$log" | tail -n 1 | tr -d '#')}
if grep -aqE '^(FINDING|SUMMARY)|^==[0-9]+== *(ERROR|ABORTING)' "$log" || ((!stopped)); then
  grep -aE '^(FINDING|SUMMARY)|: runtime error: |Test unit written to' "$log" | sed 's/^/  /' >&2 || tail -n 20 "$log" >&2
  say "FUZZ $name finding in $((spent / 1000)) s of processor time, ${runs:-0} runs; log: ${log#"$VA_ROOT"/}"
  exit 1
fi
say "FUZZ $name ok $((spent / 1000)) s of processor time, ${runs:-0} runs, $(seconds_since "$started")"
