# usage: ./dev coverage fuzz [TARGET…]
#
# Replays the corpora of tests/fuzz and counts the lines of the parsers they reach. A target names its
# parsers in the head of its file. One line a parser: COVERAGE target file percent limit ok|miss.
# Exit 1 on a miss. With --missed the lines that were not reached follow.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac
[[ ${1:-} == fuzz ]] || usage_error "coverage of what? ./dev coverage fuzz"
shift

limit=80
targets=$VA_ROOT/tests/fuzz/targets
missed=0
chosen=()
for word in "$@"; do
  if [[ $word == --missed ]]; then missed=1; continue; fi
  [[ $word != -* && -f $targets/$word.cc ]] || usage_error "there is no fuzz target \"$word\""
  chosen+=("$word")
done
if ((${#chosen[@]} == 0)); then
  mapfile -t chosen < <(cd "$targets" && printf '%s\n' *.cc | sed 's/\.cc$//')
fi

need build fuzz
bash "$VA_ROOT/tools/dev/build.sh" coverage "${chosen[@]/#/fuzz-replay-}" || die "the build failed"

out=$VA_ROOT/build/coverage
mkdir -p "$out/profiles"
status=0
for name in "${chosen[@]}"; do
  program=$out/bin/fuzz-replay-$name
  profile=$out/profiles/$name
  rm -f "$profile".profraw
  LLVM_PROFILE_FILE=$profile.profraw "$program" "$VA_ROOT/tests/fuzz/corpus/$name" >"$profile.log" 2>&1 ||
    { tail -n 20 "$profile.log" >&2; die "the replay of $name failed"; }
  llvm-profdata-14 merge -sparse -o "$profile.profdata" "$profile.profraw"
  while read -r parser; do
    percent=$(llvm-cov-14 export -summary-only -instr-profile "$profile.profdata" "$program" |
      "$VA_PYTHON" -c 'import json, sys
files = [file for file in json.load(sys.stdin)["data"][0]["files"]
         if file["filename"].endswith("/" + sys.argv[1])]
print("%.1f" % files[0]["summary"]["lines"]["percent"] if len(files) == 1 else "0.0")' "$parser")
    verdict=ok
    if [[ $(awk -v p="$percent" -v l="$limit" 'BEGIN { print (p >= l) }') != 1 ]]; then
      verdict=miss
      status=1
    fi
    printf 'COVERAGE %s %s %s %s %s\n' "$name" "$parser" "$percent" "$limit" "$verdict"
    if ((missed)); then
      llvm-cov-14 show -instr-profile "$profile.profdata" "$program" |
        awk -v file="$VA_ROOT/$parser:" '/^\// { ours = $0 == file } ours && /^ *[0-9]+\| +0\|/'
    fi
  done < <(sed -n '/^\/\//!q; s#^// parser: ##p' "$targets/$name.cc")
done
exit "$status"
