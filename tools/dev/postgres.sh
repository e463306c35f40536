# A private PostgreSQL cluster: a unix socket only, as the calling user, or as user postgres when the
# caller is root (PostgreSQL refuses to run as root). Sourced.
#
# Usually it lies in $VA_DEV_DIR/pg. Where user postgres cannot reach that folder, or where a socket's
# path would be too long (107 bytes), it lies under /var/tmp and $VA_DEV_DIR/pg/location says where.

# as_pg CMD...: as the cluster's user. setpriv executes directly, so a pid stays the pid.
as_pg() {
  if ((EUID == 0)); then
    setpriv --reuid=postgres --regid=postgres --init-groups -- env -C / HOME=/ LC_ALL=C.UTF-8 "$@"
  else
    env -C / LC_ALL=C.UTF-8 "$@"
  fi
}

pg_superuser() {
  if [[ -n ${VA_PG_SUPERUSER:-} ]]; then
    echo "$VA_PG_SUPERUSER"
  elif ((EUID == 0)); then
    echo postgres
  else
    id -un
  fi
}

pg_location() { cat "$VA_DEV_DIR/pg/location"; }
pg_socket_dir() { printf '%s/sock' "$(pg_location)"; }

# pg_choose_location: decides once, and remembers.
pg_choose_location() {
  local here=$VA_DEV_DIR/pg
  if [[ -s $here/location && -d $(pg_location) ]]; then return 0; fi
  mkdir -p "$here"
  chmod 711 "$VA_DEV_DIR" "$here"
  if ((${#here} > 80)) || ! as_pg test -x "$here"; then
    mktemp -d /var/tmp/va-pg.XXXXXX >"$here/location"
    chmod 711 "$(pg_location)"
  else
    printf '%s\n' "$here" >"$here/location"
  fi
}

# pg_init [fast]: makes the cluster if there is none; `fast` gives up durability, for tests.
pg_init() {
  local data sock owner
  pg_choose_location
  data=$(pg_location)/data
  sock=$(pg_socket_dir)
  owner=$(pg_superuser)
  # A cluster that was interrupted while it was made has no configuration of ours.
  if [[ -s $data/va.conf ]]; then return 0; fi
  rm -rf "$data" "$sock"
  install -d -m 700 "$data" "$sock"
  if ((EUID == 0)); then chown postgres:postgres "$data" "$sock"; fi
  as_pg "$VA_PG_BIN/initdb" --no-sync --no-instructions --encoding UTF8 --locale C.UTF-8 \
    --username "$owner" --auth peer --data-checksums -D "$data" >"$VA_DEV_DIR/log/initdb.log" 2>&1 || {
    warn "dev: initdb failed:"
    tail -n 15 "$VA_DEV_DIR/log/initdb.log" | sed 's/^/    /' >&2
    return 1
  }
  as_pg tee "$data/pg_hba.conf" >/dev/null <<HBA
local all "$owner" ${VA_PG_SUPERUSER_AUTH:-peer}
local all all ${VA_PG_ROLE_AUTH:-scram-sha-256}
HBA
  as_pg tee "$data/va.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$sock'
unix_socket_permissions = 0777
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 128MB
log_line_prefix = '%m [%p] %u@%d '
log_checkpoints = off
log_parameter_max_length_on_error = 0
$(if [[ ${1:-} == fast ]]; then printf 'fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n'; fi)
CONF
  as_pg tee -a "$data/postgresql.conf" >/dev/null <<<"include 'va.conf'"
}

pg_start() {
  local deadline
  if [[ -n $(pid_of postgres) ]]; then return 0; fi
  if ((EUID == 0)); then
    start_process postgres setpriv --reuid=postgres --regid=postgres --init-groups -- \
      env -C / LC_ALL=C.UTF-8 "$VA_PG_BIN/postgres" -D "$(pg_location)/data"
  else
    start_process postgres "$VA_PG_BIN/postgres" -D "$(pg_location)/data"
  fi
  deadline=$(($(now_ms) + 30000))
  until "$VA_PG_BIN/pg_isready" -q -h "$(pg_socket_dir)"; do
    if [[ -z $(pid_of postgres) ]]; then
      warn "dev: PostgreSQL stopped while starting"
      log_tail postgres
      return 1
    fi
    if (($(now_ms) > deadline)); then
      warn "dev: PostgreSQL was not ready within 30 s"
      log_tail postgres
      return 1
    fi
    sleep 0.05
  done
}

# pg_sql [DATABASE]: runs standard input as superuser.
pg_sql() {
  as_pg "$VA_PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$(pg_socket_dir)" -U "$(pg_superuser)" \
    -d "${1:-postgres}" -f -
}

# secret FILE: makes a password once, readable by its owner only.
secret() {
  if [[ ! -s $1 ]]; then (umask 077 && openssl rand -hex 24 | tr -d '\n' >"$1"); fi
  cat "$1"
}

# pg_roles SCHEMA...: one database; for each schema a role that owns it and one that may only read and
# write rows. Repeatable; passwords are set from the files each time.
pg_roles() {
  local schema secrets=$VA_DEV_DIR/secrets
  mkdir -p "$secrets"
  chmod 700 "$secrets"
  pg_sql <<'SQL'
SELECT 'CREATE DATABASE va' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'va') \gexec
REVOKE ALL ON DATABASE va FROM PUBLIC;
SQL
  {
    echo "SET client_min_messages = warning; REVOKE ALL ON SCHEMA public FROM PUBLIC;"
    for schema in "$@"; do
      cat <<SQL
SELECT 'CREATE ROLE ${schema}_owner LOGIN' WHERE to_regrole('${schema}_owner') IS NULL \gexec
SELECT 'CREATE ROLE ${schema}_app LOGIN' WHERE to_regrole('${schema}_app') IS NULL \gexec
ALTER ROLE ${schema}_owner PASSWORD '$(secret "$secrets/${schema}_owner.password")';
ALTER ROLE ${schema}_app PASSWORD '$(secret "$secrets/${schema}_app.password")';
GRANT CONNECT ON DATABASE va TO ${schema}_owner, ${schema}_app;
CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${schema}_owner;
GRANT USAGE ON SCHEMA ${schema} TO ${schema}_app;
ALTER DEFAULT PRIVILEGES FOR ROLE ${schema}_owner IN SCHEMA ${schema}
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${schema}_app;
ALTER DEFAULT PRIVILEGES FOR ROLE ${schema}_owner IN SCHEMA ${schema}
  GRANT USAGE, SELECT ON SEQUENCES TO ${schema}_app;
SQL
    done
  } | pg_sql va
}
