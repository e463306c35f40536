# usage: ./dev up [--foreground]
#
# Starts the suite on this machine: a private PostgreSQL cluster, simulators of the outside world and
# the five services, with a PKI of their own. Sets up and builds first where needed; a second up
# changes nothing, and fails when what runs is not ready. --foreground stays, and stops everything on Ctrl-C.
# VA_DEV_PORT_BASE (default 8400) moves all ports, VA_DEV_DIR (default .dev) the data.
# VA_DEV_REPLICAS=2 runs two processes of every service on the same database, VA_DEV_FRONT=1 nginx in
# front of the gateways. VA_BIN_DIR names programs that were built elsewhere; nothing is built then.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$VA_ROOT/tools/dev/stack.sh"

foreground=0
for argument in "$@"; do
  case $argument in
    -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;;
    --foreground) foreground=1 ;;
    *) usage_error "up does not know '$argument'. ./dev up --help" ;;
  esac
done

asked=$(now_ms)
started_now=()

# failed MESSAGE [NAME]: says what went wrong, with the end of NAME's log, and undoes this up.
failed() {
  warn "dev: $1"
  if [[ -n ${2:-} ]]; then log_tail "$2"; fi
  if ((${#started_now[@]})); then
    warn "  Stopping what was started."
    stop_stack "${started_now[@]}"
  fi
  exit 1
}
interrupted() {
  trap - INT TERM
  failed "interrupted"
}

begin() {
  local name=$1
  started_now+=("$name")
  start_process "$@"
}

summary() {
  local width=18
  say ""
  printf "%-${width}s %s\n" "Sign in" "$GATEWAY_URL/sign-in/?application=mhv&to=home"
  if replicas && ! front; then printf "%-${width}s %s\n" "Second gateway" "$GATEWAY_B_URL"; fi
  printf "%-${width}s %s\n" "Operators" "http://127.0.0.1:$PORT_GATEWAY_OPS/readyz"
  printf "%-${width}s %s\n" "People to be" "$(cd "$VA_ROOT/tests/personas" && printf '%s\n' *.yaml | sed 's/\.yaml$//' | paste -sd' ' | fold -s -w 78 | sed "2,\$s/^/$(printf '%*s' $((width + 1)) '')/")"
  printf "%-${width}s %s\n" "Without a browser" "./dev signin mhv_premium"
  printf "%-${width}s %s\n" "Logs" "$VA_DEV_DIR/log/   audit: $VA_DEV_DIR/audit/"
  printf "%-${width}s %s\n" "For scripts" "$VA_DEV_DIR/env"
  printf "%-${width}s %s\n" "Stop" "./dev down"
  say ""
  say "The browser warns about the certificate until it trusts $(pki_dir)/ca.crt"
}

stay() {
  local name
  say "Running in the foreground; Ctrl-C stops everything."
  trap 'echo; say "Stopping"; stop_stack; exit 0' INT TERM HUP
  while true; do
    for name in $(stack_names); do
      if [[ -z $(pid_of "$name") ]]; then
        warn "dev: $name has died"
        log_tail "$name"
        stop_stack
        exit 1
      fi
    done
    sleep 1 &
    wait $! || true
  done
}

mkdir -p "$VA_DEV_DIR"/{log,audit,run,config,metadata}
chmod 711 "$VA_DEV_DIR"
chmod 700 "$VA_DEV_DIR"/{audit,config,run,metadata}
exec 9>"$VA_DEV_DIR/lock"
flock -w 600 9 || die "another ./dev up or down has held $VA_DEV_DIR/lock for ten minutes"

if stack_running; then
  # Running is not enough: whoever asked for up wants to sign somebody in.
  mapfile -t unready < <(not_ready)
  if ((${#unready[@]})); then
    warn "dev: everything runs, but not ready: ${unready[*]}"
    log_tail "${unready[0]}"
    die "./dev status shows each part; ./dev down && ./dev up starts anew"
  fi
  say "Already running since $(date -r "$VA_DEV_DIR/env" '+%F %T' 2>/dev/null || echo earlier)."
  if [[ -n $(find "$(bin_dir)" -maxdepth 1 -newer "$VA_DEV_DIR/env" -print -quit 2>/dev/null) ]]; then
    say "Programs were built since: ./dev down && ./dev up runs the new ones."
  fi
  summary
  exec 9>&-
  if ((foreground)); then stay; fi
  exit 0
fi
if [[ -n $(started_names) ]]; then
  say "Parts of an earlier start are left; stopping them first"
  stop_stack
fi

need build run
if front; then need test; fi
if [[ -z ${VA_BIN_DIR:-} ]]; then
  bash "$VA_ROOT/tools/dev/build.sh" "$VA_PRESET" "${VA_SERVICES[@]}" "${VA_SIMULATORS[@]}" signin signinctl ||
    die "the build failed"
fi
starting=$(now_ms)
trap interrupted INT TERM

while read -r port name; do
  if port_open "$port"; then
    owner=$(ss -Hltnp "sport = :$port" 2>/dev/null | sed -n 's/.*users:((\(.*\)))/ \1/p' | head -n 1)
    failed "port $port ($name) is in use${owner:+ by$owner}. Stop that, or choose other ports: VA_DEV_PORT_BASE=18400 ./dev up"
  fi
done < <(stack_ports)

(make_pki) >"$VA_DEV_DIR/log/pki.log" 2>&1 || failed "the private PKI could not be made" pki

for name in $(stack_names); do : >"$VA_DEV_DIR/log/$name.log"; done
pg_init || failed "the database cluster could not be made"
started_now+=(postgres)
pg_start || failed "the database does not start"
pg_roles "${VA_SCHEMAS[@]}" >"$VA_DEV_DIR/log/roles.log" 2>&1 || failed "databases and roles could not be made" roles
write_configs
say "Database ready        $(seconds_since "$starting")"

pki=$(pki_dir)
bin=$(bin_dir)
# As many as the ring has had keys.
mapfile -t sp_certs < <(printf -- '--sp-cert\n%s\n' "$pki"/saml-sp*.crt)
begin idp-simulator "$bin/idp-simulator" --listen "127.0.0.1:$PORT_IDP_SIMULATOR" --url "$IDP_URL" \
  --tls-cert "$pki/simulators.crt" --tls-key "$pki/simulators.key" \
  --personas "$VA_ROOT/tests/personas" "${sp_certs[@]}" \
  --sp-entity-id "$SP_ENTITY_ID" --acs "$ACS_URL" \
  --idp-key "$pki/saml-idp.key" --idp-cert "$pki/saml-idp.crt" --entity-id "$IDP_ENTITY_ID"
begin mpi-simulator "$bin/mpi-simulator" --listen "127.0.0.1:$PORT_MPI_SIMULATOR" \
  --tls-cert "$pki/simulators.crt" --tls-key "$pki/simulators.key" --client-ca "$pki/ca.crt" \
  --personas "$VA_ROOT/tests/personas"
begin mhv-simulator "$bin/mhv-simulator" --listen "127.0.0.1:$PORT_MHV_SIMULATOR" --url "$MHV_URL" \
  --tls-cert "$pki/simulators.crt" --tls-key "$pki/simulators.key" \
  --personas "$VA_ROOT/tests/personas" \
  --api-key-file "$VA_DEV_DIR/secrets/mhv-api.key" --app-token-file "$VA_DEV_DIR/secrets/mhv-app.token" \
  --sts-key-set "$pki/mhv-sts.jwks" --sts-client-id "$MHV_STS_CLIENT_ID" \
  --sts-service-account-id "$MHV_STS_SERVICE_ACCOUNT_ID"
begin va-profile-simulator "$bin/va-profile-simulator" --listen "127.0.0.1:$PORT_VA_PROFILE_SIMULATOR" \
  --tls-cert "$pki/simulators.crt" --tls-key "$pki/simulators.key" --personas "$VA_ROOT/tests/personas"

# Each migrates its own schema, then serves. All schemas at once: they do not know of each other.
migrations=()
for service in "${VA_SERVICES[@]}"; do
  "$bin/$service" --config "$VA_DEV_DIR/config/$service.yaml" --migrate \
    >"$VA_DEV_DIR/log/$service-migrate.log" 2>&1 9>&- &
  migrations+=("$!:$service")
done
for entry in "${migrations[@]}"; do
  wait "${entry%%:*}" || failed "${entry#*:} could not bring its schema up to date" "${entry#*:}-migrate"
done

mapfile -t waiting < <(service_names)
for name in "${waiting[@]}"; do
  started_now+=("$name")
  start_service "$name"
done
all=("${VA_SIMULATORS[@]}" "${waiting[@]}")

deadline=$(($(now_ms) + ${VA_DEV_READY_SECONDS:-60} * 1000))
next_word=$(($(now_ms) + 2000))
while ((${#waiting[@]})); do
  for name in "${all[@]}"; do
    if [[ -z $(pid_of "$name") ]]; then failed "$name stopped while starting" "$name"; fi
  done
  still=()
  for name in "${waiting[@]}"; do
    if ! ready "$name"; then still+=("$name"); fi
  done
  waiting=("${still[@]}")
  if ((${#waiting[@]} == 0)); then break; fi
  if (($(now_ms) > deadline)); then
    failed "not ready after ${VA_DEV_READY_SECONDS:-60} s: ${waiting[*]}" "${waiting[0]}"
  fi
  if (($(now_ms) > next_word)); then
    say "  waiting for ${waiting[*]} … $(seconds_since "$starting")"
    next_word=$(($(now_ms) + 2000))
  fi
  sleep 0.1
done
for name in "${VA_SIMULATORS[@]}"; do
  until port_open "$(simulator_port "$name")"; do
    if (($(now_ms) > deadline)); then failed "$name does not listen" "$name"; fi
    sleep 0.1
  done
done

if front; then
  started_now+=(nginx)
  start_front
  until port_open "$PORT_FRONT"; do
    if [[ -z $(pid_of nginx) ]]; then failed "nginx stopped while starting" nginx; fi
    if (($(now_ms) > deadline)); then failed "nginx does not listen" nginx; fi
    sleep 0.1
  done
fi

write_env
trap - INT TERM
say "Simulators ready      ${VA_SIMULATORS[*]}"
say "Services ready        ${all[*]:${#VA_SIMULATORS[@]}}"
say "All ready in $(seconds_since "$starting") ($(seconds_since "$asked") with the build)"
summary
exec 9>&-
if ((foreground)); then stay; fi
