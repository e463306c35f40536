# usage: ./dev conformance FILE…
#
# Runs every row of the vector files given against the product's own functions.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

(($#)) || usage_error "conformance needs at least one vector file"
for file in "$@"; do
  [[ $file == --* || -r $file ]] || usage_error "$file cannot be read"
done
if [[ ! -d $VA_ROOT/tests/conformance ]]; then
  die "this version has no conformance drivers yet: no row was run"
fi
bash "$VA_ROOT/tools/dev/build.sh" "$VA_PRESET" conformance
exec "$(bin_dir)/conformance" "$@"
