# usage: ./dev down [--delete-data]
#
# Stops exactly what ./dev up started, the database last. --delete-data then removes the database,
# keys, logs and settings of this stack.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$VA_ROOT/tools/dev/stack.sh"

delete=0
for argument in "$@"; do
  case $argument in
    -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;;
    --delete-data) delete=1 ;;
    *) usage_error "down does not know '$argument'. ./dev down --help" ;;
  esac
done

if [[ ! -d $VA_DEV_DIR ]]; then
  say "Nothing to stop: $VA_DEV_DIR does not exist"
  exit 0
fi
exec 9>"$VA_DEV_DIR/lock"
flock -w 600 9 || die "another ./dev up or down has held $VA_DEV_DIR/lock for ten minutes"

running=()
for name in $(started_names); do
  if [[ -n $(pid_of "$name") ]]; then running+=("$name"); fi
done
started=$(now_ms)
stop_stack
rm -f "$VA_DEV_DIR/env"
if ((${#running[@]})); then
  say "Stopped ${running[*]} in $(seconds_since "$started")"
else
  say "Nothing was running"
fi

if ((delete)); then
  if [[ -s $VA_DEV_DIR/pg/location ]]; then
    # As it was written by up: the folder beside it, or one of its own under /var/tmp.
    location=$(pg_location)
    if [[ $location == "$VA_DEV_DIR/pg" || $location == /var/tmp/va-pg.* ]]; then rm -rf "$location"; fi
  fi
  rm -rf "${VA_DEV_DIR:?}"/{pg,pki,secrets,config,log,audit,run,metadata,idps.yaml,policy.yaml}
  say "Deleted the data in $VA_DEV_DIR"
fi
