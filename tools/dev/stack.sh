# What a development stack consists of: names, ports, addresses, configuration files. Sourced by the
# commands that start, stop or describe it.

VA_SERVICES=(auth-gateway user-attributes mpi-adapter mhv-account inherited-proofing)
VA_SIMULATORS=(idp-simulator mpi-simulator mhv-simulator va-profile-simulator)
VA_SCHEMAS=(gateway attributes mpi mhv proofing)

source "$VA_ROOT/tools/dev/processes.sh"
source "$VA_ROOT/tools/dev/pki.sh"
source "$VA_ROOT/tools/dev/postgres.sh"

# VA_DEV_REPLICAS=2: of every service two processes on one database, NAME and NAME-b.
replicas() { [[ ${VA_DEV_REPLICAS:-1} == 2 ]]; }
[[ ${VA_DEV_REPLICAS:-1} =~ ^[12]$ ]] || usage_error "VA_DEV_REPLICAS must be 1 or 2, not '$VA_DEV_REPLICAS'"
# VA_DEV_FRONT=1: nginx in front of the gateways, at the address that browsers know.
front() { [[ ${VA_DEV_FRONT:-} == 1 ]]; }

# Every port of the stack, as PORT_<SERVICE>_<KIND>.
PORT_GATEWAY_PUBLIC=$((VA_PORT_BASE + 43))
PORT_GATEWAY_GRPC=$((VA_PORT_BASE + 44))
PORT_USER_ATTRIBUTES_GRPC=$((VA_PORT_BASE + 45))
PORT_MPI_ADAPTER_GRPC=$((VA_PORT_BASE + 46))
PORT_MHV_ACCOUNT_GRPC=$((VA_PORT_BASE + 47))
PORT_INHERITED_PROOFING_GRPC=$((VA_PORT_BASE + 48))
PORT_FRONT=$((VA_PORT_BASE + 51))
PORT_GATEWAY_B_PUBLIC=$((VA_PORT_BASE + 53))
PORT_GATEWAY_B_GRPC=$((VA_PORT_BASE + 54))
PORT_USER_ATTRIBUTES_B_GRPC=$((VA_PORT_BASE + 55))
PORT_MPI_ADAPTER_B_GRPC=$((VA_PORT_BASE + 56))
PORT_MHV_ACCOUNT_B_GRPC=$((VA_PORT_BASE + 57))
PORT_INHERITED_PROOFING_B_GRPC=$((VA_PORT_BASE + 58))
PORT_IDP_SIMULATOR=$((VA_PORT_BASE + 61))
PORT_MPI_SIMULATOR=$((VA_PORT_BASE + 62))
PORT_MHV_SIMULATOR=$((VA_PORT_BASE + 63))
PORT_VA_PROFILE_SIMULATOR=$((VA_PORT_BASE + 64))
PORT_GATEWAY_OPS=$((VA_PORT_BASE + 1043))
PORT_USER_ATTRIBUTES_OPS=$((VA_PORT_BASE + 1045))
PORT_MPI_ADAPTER_OPS=$((VA_PORT_BASE + 1046))
PORT_MHV_ACCOUNT_OPS=$((VA_PORT_BASE + 1047))
PORT_INHERITED_PROOFING_OPS=$((VA_PORT_BASE + 1048))
PORT_GATEWAY_B_OPS=$((VA_PORT_BASE + 1053))
PORT_USER_ATTRIBUTES_B_OPS=$((VA_PORT_BASE + 1055))
PORT_MPI_ADAPTER_B_OPS=$((VA_PORT_BASE + 1056))
PORT_MHV_ACCOUNT_B_OPS=$((VA_PORT_BASE + 1057))
PORT_INHERITED_PROOFING_B_OPS=$((VA_PORT_BASE + 1058))

# Two sites: the IdP's POST back to the gateway is cross-site, as it is in the world (decision E2).
GATEWAY_URL=https://localhost:$PORT_GATEWAY_PUBLIC
GATEWAY_B_URL=https://localhost:$PORT_GATEWAY_B_PUBLIC
if front; then
  GATEWAY_URL=https://localhost:$PORT_FRONT
  GATEWAY_B_URL=$GATEWAY_URL
fi
IDP_URL=https://127.0.0.1:$PORT_IDP_SIMULATOR
IDP_SSO_URL=$IDP_URL/isam/sps/saml20idp/saml20/login
IDP_SLO_URL=$IDP_URL/isam/sps/saml20idp/saml20/slo
IDP_ENTITY_ID=$IDP_URL/metadata
MPI_URL=https://127.0.0.1:$PORT_MPI_SIMULATOR/mpi
# The account API, its token service and, below /inherited-proofing, the proofing API.
MHV_URL=https://127.0.0.1:$PORT_MHV_SIMULATOR
VA_PROFILE_URL=https://127.0.0.1:$PORT_VA_PROFILE_SIMULATOR
MHV_STS_CLIENT_ID=va-signin-development
MHV_STS_SERVICE_ACCOUNT_ID=mhv-account-development
SP_ENTITY_ID=$GATEWAY_URL/v1/sessions/metadata
ACS_URL=$GATEWAY_URL/v1/sessions/callback
FRONT_END_URL=$GATEWAY_URL

# port_name SERVICE KIND: the name of the variable that holds a port; nothing for what is no service.
port_name() {
  local name=${1%-b} suffix=
  [[ " ${VA_SERVICES[*]} " == *" $name "* ]] || return 0
  if [[ $1 == *-b ]]; then suffix=_B; fi
  name=$(tr '[:lower:]-' '[:upper:]_' <<<"${name#auth-}")
  printf 'PORT_%s%s_%s' "$name" "$suffix" "$2"
}

# ops_port SERVICE
ops_port() {
  local name
  name=$(port_name "$1" OPS)
  if [[ -n $name ]]; then echo "${!name}"; fi
}

# grpc_target SERVICE: where its callers find it, both processes when there are two.
grpc_target() {
  local one two
  one=$(port_name "$1" GRPC)
  two=$(port_name "$1-b" GRPC)
  if replicas; then
    echo "ipv4:127.0.0.1:${!one},127.0.0.1:${!two}"
  else
    echo "127.0.0.1:${!one}"
  fi
}

# service_names: every process of a service.
service_names() {
  printf '%s\n' "${VA_SERVICES[@]}"
  if replicas; then printf '%s-b\n' "${VA_SERVICES[@]}"; fi
}

# simulator_port SIMULATOR
simulator_port() {
  case $1 in
    idp-simulator) echo "$PORT_IDP_SIMULATOR" ;;
    mpi-simulator) echo "$PORT_MPI_SIMULATOR" ;;
    mhv-simulator) echo "$PORT_MHV_SIMULATOR" ;;
    va-profile-simulator) echo "$PORT_VA_PROFILE_SIMULATOR" ;;
  esac
}

# stack_names: what runs when all is up, database first.
stack_names() {
  printf '%s\n' postgres "${VA_SIMULATORS[@]}"
  service_names
  if front; then echo nginx; fi
}

# stack_ports: "port name", one a line.
stack_ports() {
  local name
  for name in "${!PORT_@}"; do
    if [[ $name == PORT_*_B_* ]] && ! replicas; then continue; fi
    if [[ $name == PORT_FRONT ]] && ! front; then continue; fi
    printf '%s %s\n' "${!name}" "$(tr '[:upper:]_' '[:lower:]-' <<<"${name#PORT_}")"
  done
}

# gateways: the servers of nginx's upstream. max_fails=0: a gateway that is being restarted refuses at
# once and is asked again with the next request; with two of them, one marked down too long is both.
gateways() {
  local port ports=("$PORT_GATEWAY_PUBLIC")
  if replicas; then ports+=("$PORT_GATEWAY_B_PUBLIC"); fi
  for port in "${ports[@]}"; do printf 'server 127.0.0.1:%s max_fails=0; ' "$port"; done
}

# fill TEMPLATE NAME: the template with every @KEY@ replaced; an unknown key is an error.
fill() {
  local text key value
  text=$(<"$1")
  while [[ $text =~ @([A-Z_]+)@ ]]; do
    key=${BASH_REMATCH[1]}
    case $key in
      DEV) value=$VA_DEV_DIR ;;
      NAME) value=$2 ;;
      PKI) value=$(pki_dir) ;;
      SECRETS) value=$VA_DEV_DIR/secrets ;;
      PG_HOST) value=$(pg_socket_dir) ;;
      URL) value=$(if [[ $2 == auth-gateway-b ]]; then echo "$GATEWAY_B_URL"; else echo "$GATEWAY_URL"; fi) ;;
      TARGET_*) value=$(grpc_target "$(tr '[:upper:]_' '[:lower:]-' <<<"${key#TARGET_}")") ;;
      GATEWAYS) value=$(gateways) ;;
      TRUSTED_PROXIES) value=$(if front; then echo 127.0.0.1; fi) ;;
      PORT_* | SP_ENTITY_ID | ACS_URL | FRONT_END_URL | IDP_SSO_URL | IDP_SLO_URL | IDP_ENTITY_ID | MPI_URL | MHV_* | VA_PROFILE_URL) value=${!key} ;;
      *) die "$1 asks for @$key@, which nothing defines" ;;
    esac
    text=${text//"@$key@"/"$value"}
  done
  printf '%s\n' "$text"
}

# write_second_config SERVICE: the same service on the same database behind other ports. Without nginx
# in front, the second gateway has an address of its own; its identity towards the IdP, and with it the
# address responses are posted to, stays that of the first.
write_second_config() {
  local kind own other edits=
  for kind in PUBLIC GRPC OPS; do
    own=$(port_name "$1" "$kind")
    other=$(port_name "$1-b" "$kind")
    # Nobody else's port stands behind `listen`.
    if [[ -n ${!other:-} ]]; then edits+="s#^(( *)listen: 127\.0\.0\.1:)${!own}\$#\1${!other}#;"; fi
  done
  fill "$VA_ROOT/deploy/dev/$1.yaml" "$1-b" | sed -E -e "$edits" >"$VA_DEV_DIR/config/$1-b.yaml"
}

# write_configs: the files the services are started with.
write_configs() {
  local service to=$VA_DEV_DIR/config templates=$VA_ROOT/deploy/dev
  mkdir -p "$to"
  for service in "${VA_SERVICES[@]}"; do
    fill "$templates/$service.yaml" "$service" >"$to/$service.yaml"
    if replicas; then write_second_config "$service"; fi
  done
  if front; then fill "$templates/nginx.conf" nginx >"$to/nginx.conf"; fi
  fill "$templates/idps.yaml" idps >"$VA_DEV_DIR/idps.yaml"
  # The shipped policy sends people to real hosts. Here the simulator stands in for those.
  sed -E -e "s#https://(eauth\.va\.gov|patientportal\.myhealth\.va\.gov)#$IDP_URL/portal/\1#" \
    -e "s#\[(eauth\.va\.gov|patientportal\.myhealth\.va\.gov)\]#['127.0.0.1:$PORT_IDP_SIMULATOR']#" \
    "$VA_ROOT/deploy/policy/policy.yaml" >"$VA_DEV_DIR/policy.yaml"
}

# write_env: what scripts and tests read to find the stack.
write_env() {
  local name pid port
  {
    printf 'VA_URL=%q\n' "$GATEWAY_URL"
    if replicas && ! front; then printf 'VA_URL_B=%q\n' "$GATEWAY_B_URL"; fi
    printf 'VA_OPS_URL=%q\n' "http://127.0.0.1:$PORT_GATEWAY_OPS"
    if replicas; then printf 'VA_OPS_URL_B=%q\n' "http://127.0.0.1:$PORT_GATEWAY_B_OPS"; fi
    while read -r port name; do
      printf 'VA_PORT_%s=%s\n' "$(tr '[:lower:]-' '[:upper:]_' <<<"$name")" "$port"
    done < <(stack_ports)
    printf 'VA_IDP_URL=%q\n' "$IDP_URL"
    printf 'VA_MPI_URL=%q\n' "$MPI_URL"
    printf 'VA_MHV_URL=%q\n' "$MHV_URL"
    printf 'VA_PROFILE_URL=%q\n' "$VA_PROFILE_URL"
    printf 'VA_CA=%q\n' "$(pki_dir)/ca.crt"
    printf 'VA_AUTH_GATEWAY_GRPC=%q\n' "127.0.0.1:$PORT_GATEWAY_GRPC"
    printf 'VA_USER_ATTRIBUTES_GRPC=%q\n' "127.0.0.1:$PORT_USER_ATTRIBUTES_GRPC"
    printf 'VA_MPI_ADAPTER_GRPC=%q\n' "127.0.0.1:$PORT_MPI_ADAPTER_GRPC"
    printf 'VA_MHV_ACCOUNT_GRPC=%q\n' "127.0.0.1:$PORT_MHV_ACCOUNT_GRPC"
    printf 'VA_INHERITED_PROOFING_GRPC=%q\n' "127.0.0.1:$PORT_INHERITED_PROOFING_GRPC"
    printf 'VA_CLIENT_CERT=%q\n' "$(pki_dir)/dev-client.crt"
    printf 'VA_CLIENT_KEY=%q\n' "$(pki_dir)/dev-client.key"
    printf 'VA_OPERATOR_CERT=%q\n' "$(pki_dir)/operator.crt"
    printf 'VA_OPERATOR_KEY=%q\n' "$(pki_dir)/operator.key"
    printf 'VA_DEV_DIR=%q\n' "$VA_DEV_DIR"
    printf 'VA_PG_HOST=%q\n' "$(pg_socket_dir)"
    for name in $(stack_names); do
      pid=$(pid_of "$name")
      printf 'VA_PID_%s=%s\n' "$(tr '[:lower:]-' '[:upper:]_' <<<"$name")" "$pid"
    done
  } >"$VA_DEV_DIR/env.new"
  mv "$VA_DEV_DIR/env.new" "$VA_DEV_DIR/env"
}

# start_service NAME: one process of a service, with the configuration that was written for it.
start_service() { start_process "$1" "$(bin_dir)/${1%-b}" --config "$VA_DEV_DIR/config/$1.yaml"; }

# start_front: nginx as an ordinary process of this stack: no daemon, nothing outside its folder.
start_front() {
  mkdir -p "$VA_DEV_DIR/run/nginx"
  start_process nginx /usr/sbin/nginx -p "$VA_DEV_DIR/run/nginx" -e stderr \
    -c "$VA_DEV_DIR/config/nginx.conf" -g 'daemon off;'
}

# ready SERVICE: its ops port says so.
ready() {
  curl -fsS -o /dev/null --noproxy '*' --max-time 2 "http://127.0.0.1:$(ops_port "$1")/readyz" 2>/dev/null
}

# stack_running: every part runs.
stack_running() {
  local name
  for name in $(stack_names); do
    if [[ -z $(pid_of "$name") ]]; then return 1; fi
  done
}

# not_ready: the names of those parts that run and do not answer as they should, one a line.
not_ready() {
  local name
  for name in $(stack_names); do
    if [[ -n $(ops_port "$name") ]] && ! ready "$name"; then echo "$name"; fi
  done
  for name in "${VA_SIMULATORS[@]}"; do
    port_open "$(simulator_port "$name")" || echo "$name"
  done
}

# stop_stack [NAME…]: those (default: whatever has a pid file), the database last.
stop_stack() {
  local names name
  if (($#)); then names=("$@"); else mapfile -t names < <(started_names); fi
  # Ask all at once, so that they drain side by side.
  for name in "${names[@]}"; do
    if [[ $name != postgres && -n $(pid_of "$name") ]]; then
      kill -s TERM "$(pid_of "$name")" 2>/dev/null || true
    fi
  done
  for name in "${names[@]}"; do
    if [[ $name != postgres ]]; then stop_process "$name"; fi
  done
  for name in "${names[@]}"; do
    # INT is PostgreSQL's fast shutdown: it ends sessions and writes a checkpoint.
    if [[ $name == postgres ]]; then stop_process postgres INT; fi
  done
}
