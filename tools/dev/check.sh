# usage: ./dev check [--full] [name…]
#
# What a change must satisfy besides its tests. Names (default: all but the last two):
#   format      clang-format over every C++ file; ./dev format mends it
#   includes    which folder may include what
#   pii         every text field of the contracts says what personal data it holds
#   words       clock, randomness, revealed data, sleeps, addresses of package hosts: each in its place
#   migrations  numbers without gaps, nothing the previous release cannot live with, no SELECT *
#   links       links between pages lead somewhere, ids of decisions and attacks have their line, and the
#               tests that docs/seeds.md names exist
#   proto       the contracts follow buf's STANDARD and COMMENTS rules
#   shell       shellcheck over the scripts
#   self        the checks above bite on planted violations
#   tidy        clang-tidy, a short list, over files changed since VA_CHECK_BASE (default: the upstream
#               branch, else the last commit); with --full over all files
#   sanitizers  (--full) unit and contract tests under ASan and UBSan; TSan where decision E8 asks
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

full=0
names=()
known=(format includes pii words migrations links proto shell self tidy sanitizers)
for argument in "$@"; do
  case $argument in
    -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;;
    --full) full=1 ;;
    *)
      [[ " ${known[*]} " == *" $argument "* ]] || usage_error "there is no check '$argument'. Checks: ${known[*]}"
      names+=("$argument")
      ;;
  esac
done
if ((${#names[@]} == 0)); then
  names=(format includes pii words migrations links proto shell self tidy)
  if ((full)); then names+=(sanitizers); fi
fi

need test
cd "$VA_ROOT"

# our_files PATTERN…: as git sees them, new ones included, deleted ones not.
our_files() {
  local file
  while IFS= read -r -d '' file; do
    if [[ -f $file ]]; then printf '%s\0' "$file"; fi
  done < <(git ls-files -z --cached --others --exclude-standard -- "$@")
}

check_format() {
  local wrong
  wrong=$(our_files '*.cc' '*.h' | xargs -0 -r -n 40 clang-format --dry-run -Werror 2>&1 |
    sed -nE 's/^([^: ]+\.(cc|h)):.*/\1/p' | sort -u)
  if [[ -n $wrong ]]; then
    printf '%s: is not formatted\n' $wrong
    say "Run ./dev format."
    return 1
  fi
}
check_includes() { "$VA_PYTHON" tools/checks/include_rule.py; }
check_pii() { "$VA_PYTHON" tools/checks/pii_marks.py; }
check_words() { "$VA_PYTHON" tools/checks/confined_uses.py; }
check_migrations() { "$VA_PYTHON" tools/checks/migrations.py; }
check_links() {
  "$VA_PYTHON" tools/checks/doc_links.py && "$VA_PYTHON" tools/checks/rule_ids.py &&
    "$VA_PYTHON" tools/checks/seed_lines.py
}
check_self() {
  "$VA_PYTHON" -B tools/checks/checks_test.py && "$VA_PYTHON" -B tools/dev/run_tests_test.py
}

check_proto() {
  need browser
  npm_packages tools/lint
  tools/lint/node_modules/.bin/buf lint . --config tools/lint/buf.yaml ||
    { say "tools/lint/buf.yaml names the rules; each line above names its place."; return 1; }
}

check_shell() {
  our_files dev .ci/run '*.sh' | xargs -0 -r shellcheck --external-sources --source-path=tools/dev:. \
    --severity=warning --shell=bash --exclude=SC2034,SC2086,SC2164
}

# changed_sources: .cc files that differ from the base, those beside a changed header included.
changed_sources() {
  local base
  base=${VA_CHECK_BASE:-$(git merge-base HEAD '@{upstream}' 2>/dev/null || git rev-parse -q --verify 'HEAD~1' || true)}
  {
    if [[ -n $base ]]; then git diff --name-only --diff-filter=d "$base" --; else git ls-files; fi
    git ls-files --others --exclude-standard
  } | sed -nE 's#\.h$#.cc#; /\.cc$/p' | sort -u | while read -r file; do
    if [[ -f $file ]]; then printf '%s\n' "$file"; fi
  done
}

check_tidy() {
  local sources chosen out=build/release most=${VA_TIDY_FILES:-24}
  bash tools/dev/build.sh release va_proto || return 1
  if ((full)); then
    mapfile -t sources < <(our_files '*.cc' | tr '\0' '\n')
    chosen=("${sources[@]}")
  else
    mapfile -t sources < <(changed_sources)
    # Spread over the change, so that a large one is sampled and not cut off.
    chosen=()
    local i all=${#sources[@]}
    if ((most > all)); then most=$all; fi
    for ((i = 0; i < most; i++)); do chosen+=("${sources[i * all / most]}"); done
  fi
  if ((${#chosen[@]} == 0)); then
    say "No C++ file has changed."
    return 0
  fi
  say "clang-tidy: ${#chosen[@]} of ${#sources[@]} files; --full takes all of the repository"
  "$VA_PYTHON" -B tools/dev/tidy.py --build "$out" --clean build/tidy "${chosen[@]}"
}
check_sanitizers() {
  local status=0
  VA_PRESET=asan bash tools/dev/test.sh unit contract || status=1
  # Decision E8: what uses std::mutex alone. By name: the build refuses one that is gone.
  local threads=(va_base_test va_resilience_test va_attributes_domain_test va_gateway_domain_test va_mhv_domain_test
    va_mpi_domain_test va_proofing_domain_test account_store_contract_test gateway_store_contract_test
    mhv_account_store_contract_test proofing_store_contract_test store_contract_test)
  VA_PRESET=tsan VA_TEST_PROGRAMS="${threads[*]}" \
    TSAN_OPTIONS="suppressions=$VA_ROOT/tools/checks/tsan.supp" bash tools/dev/test.sh unit contract || status=1
  return "$status"
}

failed=()
mkdir -p build/log
for name in "${names[@]}"; do
  started=$(now_ms)
  log=build/log/check-$name.log
  status=0
  if [[ $name == sanitizers || $name == tidy ]]; then
    "check_$name" || status=$?
  else
    "check_$name" >"$log" 2>&1 || status=$?
  fi
  if ((status == 0)); then
    printf 'ok      %-11s %s\n' "$name" "$(seconds_since "$started")"
  else
    if [[ $name != sanitizers && $name != tidy ]]; then head -n 60 "$log"; fi
    printf 'FAILED  %-11s %s\n' "$name" "$(seconds_since "$started")"
    failed+=("$name")
  fi
done
if ((${#failed[@]})); then
  warn "dev: failed: ${failed[*]}   (one alone: ./dev check ${failed[0]})"
  exit 1
fi
