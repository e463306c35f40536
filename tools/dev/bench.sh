# usage: ./dev bench NAME
#
# Measures against a written goal, with its reference in the same run; needs nothing running. One line
# a goal: GOAL name value limit ok|miss. Exit 1 on a miss. Without a name: the list of benchmarks.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

mapfile -t names < <(cd "$VA_ROOT/tests/bench" 2>/dev/null && printf '%s\n' *.sh | sed -n 's/\.sh$//p' | grep -v '^\*$' || true)
name=${1:-}
if [[ -z $name || ! " ${names[*]} " == *" $name "* ]]; then
  usage_error "${name:+there is no benchmark \"$name\". }Benchmarks: ${names[*]:-none}"
fi
shift
exec bash "$VA_ROOT/tests/bench/$name.sh" "$@"
