# usage: ./dev format
#
# Formats every C++ file of the repository as .clang-format says.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac
need test
cd "$VA_ROOT"
git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h' |
  xargs -0 -r -n 40 -P "$(nproc)" clang-format -i
say "Formatted"
