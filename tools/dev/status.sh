# usage: ./dev status
#
# What of the stack runs, since when, and whether it is ready. Exit 0 when all of it is, else 1.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$VA_ROOT/tools/dev/stack.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

mapfile -t names < <({ stack_names; started_names; } | awk '!seen[$0]++')
status=0
for name in "${names[@]}"; do
  pid=$(pid_of "$name")
  if [[ -z $pid ]]; then
    printf '%-20s %s\n' "$name" "stopped"
    status=1
    continue
  fi
  state=running
  if [[ -n $(ops_port "$name") ]]; then
    if ready "$name"; then state=ready; else state="not ready" status=1; fi
  fi
  printf '%-20s %-10s pid %-8s since %s\n' "$name" "$state" "$pid" "$(ps -o lstart= -p "$pid" 2>/dev/null || echo '?')"
done
exit "$status"
