# What the commands of ./dev share: where things are, how they speak, how they run long steps.
# Sourced, never run.
set -euo pipefail

VA_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VA_PRESET=${VA_PRESET:-release}
VA_DEV_DIR=$(realpath -m "${VA_DEV_DIR:-$VA_ROOT/.dev}")
VA_PORT_BASE=${VA_DEV_PORT_BASE:-8400}

# By path, so that another installation on the machine is never picked up instead.
VA_PG_BIN=/usr/lib/postgresql/15/bin
VA_PYTHON=/usr/bin/python3

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}
usage_error() {
  printf 'dev: %s\n' "$*" >&2
  exit 2
}

# Prints the comment block that opens a command's script: its help.
command_help() {
  sed -n '1,/^[^#]/p' "$1" | sed -n 's/^# \{0,1\}//p'
}

[[ $VA_PORT_BASE =~ ^[0-9]+$ ]] && ((VA_PORT_BASE >= 1024 && VA_PORT_BASE <= 64000)) ||
  usage_error "VA_DEV_PORT_BASE must be a number from 1024 to 64000, not '$VA_PORT_BASE'"

bin_dir() { printf '%s' "${VA_BIN_DIR:-$VA_ROOT/build/$VA_PRESET/bin}"; }

# now_ms: milliseconds of a clock that only moves forward.
now_ms() {
  local up
  read -r up _ </proc/uptime
  printf '%s' "$((10#${up/./} * 10))"
}
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# as_root CMD...: as it is for root, through sudo for anybody else.
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root and there is no sudo. As root, run: $*"
  fi
}

# run_logged LABEL LOGFILE CMD...: runs CMD with its output in LOGFILE and says every few seconds how
# far it is; on failure shows the end of the log. Nothing is printed for a step under two seconds.
run_logged() {
  local label=$1 log=$2 started pid status=0 next=2 last shown=0
  shift 2
  mkdir -p "$(dirname "$log")"
  started=$(now_ms)
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    if ((($(now_ms) - started) / 1000 >= next)); then
      last=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | sed '/^[[:space:]]*$/d' | tail -n 1 | cut -c1-90)
      if [[ -t 1 ]]; then
        printf '\r\033[K  %s … %s  %s' "$label" "$(seconds_since "$started")" "${last:0:70}"
        next=$((($(now_ms) - started) / 1000 + 1))
      else
        printf '  %s … %s  %s\n' "$label" "$(seconds_since "$started")" "$last"
        next=$((next < 10 ? 10 : next + 20))
      fi
      shown=1
    fi
    sleep 0.2
  done
  wait "$pid" || status=$?
  if [[ -t 1 ]] && ((shown)); then printf '\r\033[K'; fi
  if ((status != 0)); then
    warn "$label failed (exit $status). The end of $log:"
    tail -n 30 "$log" | cut -c1-300 | sed 's/^/    /' >&2
    return "$status"
  fi
  if ((shown)); then say "  $label: done in $(seconds_since "$started")"; fi
}

# packages_of GROUP...: names from packages.txt.
packages_of() {
  local group
  for group in "$@"; do
    awk -v want="[$group]" '/^\[/ { on = ($0 == want) } on && /^[a-z0-9]/ { print $1 }' \
      "$VA_ROOT/tools/dev/packages.txt"
  done
}

# node_usable: a node of 18 or newer with npm beside it, wherever it comes from.
node_usable() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    [[ $(node --version) =~ ^v([0-9]+) ]] && ((BASH_REMATCH[1] >= 18))
}

# missing_packages GROUP...: those not installed, one a line, with their suite behind a slash where
# packages.txt names one. Node and npm may come from elsewhere.
missing_packages() {
  local wanted installed
  wanted=$(packages_of "$@" | sort -u)
  # dpkg-query fails when it does not know one of them; what it does know it has said by then.
  installed=$({ printf '%s\n' "$wanted" | cut -d/ -f1 |
    xargs -r dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' 2>/dev/null || true; } |
    awk '$1 == "ii" { print $2 }' | sort -u)
  installed+=$'\n'$(for tool in node:nodejs npm:npm; do
    if command -v "${tool%:*}" >/dev/null; then echo "${tool#*:}"; fi
  done)
  awk -F/ 'NR == FNR { there[$1] = 1; next } $1 != "" && !($1 in there)' \
    <(printf '%s\n' "$installed") <(printf '%s\n' "$wanted")
}

# need GROUP...: installs what a command is about to use, if anything is missing.
need() {
  local list
  list=$(missing_packages "$@")
  if [[ -n $list ]]; then
    bash "$VA_ROOT/tools/dev/setup.sh" "$@"
  fi
}

# npm_packages FOLDER: installs the pinned packages of a folder, once per lock file.
npm_packages() {
  local folder=$VA_ROOT/$1 want
  want=$(sha256sum <"$folder/package-lock.json")
  if [[ $(cat "$folder/node_modules/.installed-lock" 2>/dev/null) == "$want" ]]; then return 0; fi
  run_logged "npm packages of $1" "$VA_ROOT/build/log/npm-${1//\//-}.log" \
    env -C "$folder" npm ci --ignore-scripts --no-audit --no-fund
  printf '%s\n' "$want" >"$folder/node_modules/.installed-lock"
}
