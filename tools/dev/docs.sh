# usage: ./dev docs
#
# Writes what is generated: from the tables of settings services/*/config.example.yaml and the tables of
# docs/configuration.md, from the catalogues of codes and rules the tables of docs/errors.md. Tests fail
# while one of them is not up to date.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$VA_ROOT/tools/dev/stack.sh"
case ${1:-} in
  -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;;
  ?*) usage_error "docs takes no argument, not '$1'. ./dev docs --help" ;;
esac

# VA_BIN_DIR names programs that were built elsewhere.
bin=${VA_BIN_DIR:-}
if [[ -z $bin ]]; then
  bash "$VA_ROOT/tools/dev/build.sh" "$VA_PRESET" "${VA_SERVICES[@]}" signinctl || die "the build failed"
  bin=$(bin_dir)
fi
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT

# open_page FILE: begins on a page of which parts are generated.
open_page() {
  page=$VA_ROOT/$1
  cp "$page" "$new/page"
}

# put NAME: replaces what stands between the marks of NAME by standard input.
put() {
  grep -qx "<!-- begin $1 -->" "$new/page" && grep -qx "<!-- end $1 -->" "$new/page" ||
    die "$page has no marks for $1: <!-- begin $1 --> and <!-- end $1 -->"
  cat >"$new/part"
  awk -v begin="<!-- begin $1 -->" -v end="<!-- end $1 -->" -v part="$new/part" '
    $0 == end { inside = 0 }
    !inside { print }
    $0 == begin { inside = 1; while ((getline line < part) > 0) print line }' \
    "$new/page" >"$new/next"
  mv "$new/next" "$new/page"
}

# replace FILE: moves $new/text there, if it says anything else.
replace() {
  if ! cmp -s "$new/text" "$VA_ROOT/$1"; then
    cat "$new/text" >"$VA_ROOT/$1"
    say "wrote $1"
  fi
}

open_page docs/configuration.md
"$bin/${VA_SERVICES[0]}" --print-config-reference common >"$new/text"
put common <"$new/text"
for service in "${VA_SERVICES[@]}"; do
  "$bin/$service" --print-example-config >"$new/text"
  replace "services/$service/config.example.yaml"
  "$bin/$service" --print-config-reference own >"$new/text"
  put "$service" <"$new/text"
done
mv "$new/page" "$new/text"
replace docs/configuration.md

open_page docs/errors.md
"$bin/signinctl" codes --page >"$new/text"
put codes <"$new/text"
mv "$new/page" "$new/text"
replace docs/errors.md
say "Up to date"
