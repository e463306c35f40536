# usage: ./dev setup [group…]
#
# Installs what this machine lacks, from Debian 12's own packages and from the pinned npm lock files,
# and says what. Runs as root or with sudo; a second run changes nothing. A package that packages.txt
# takes from bookworm-backports has that suite added to apt's sources, from where this machine gets
# Debian already; apt prefers nothing from it, so only what is asked for by name comes from there.
# Groups (tools/dev/packages.txt): build run test browser interop bare fuzz. Without an argument: the
# first five.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

groups=("$@")
((${#groups[@]})) || groups=(build run test browser interop)
for group in "${groups[@]}"; do
  grep -qx "\[$group\]" "$VA_ROOT/tools/dev/packages.txt" ||
    usage_error "there is no group '$group'. Groups: build run test browser interop bare fuzz"
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  die "this machine has no apt: the suite is built on Debian 12 (bookworm)"
fi
release=$(. /etc/os-release && printf '%s %s' "${ID:-?}" "${VERSION_ID:-?}")
[[ $release == "debian 12" ]] || warn "dev: this is $release; the suite is built and tested on debian 12"

# suite_entry SUITE: the first entry of this machine's apt for bookworm itself, for SUITE instead, as
# the name of a sources file and its text. The address stays whatever this machine uses.
suite_entry() {
  local file text
  for file in /etc/apt/sources.list.d/*.sources; do
    text=$(awk -v RS= -v suite="$1" '
      /(^|\n)Types:[ \t]*deb([ \t\n]|$)/ && /(^|\n)Suites:[^\n]*[ \t]bookworm([ \t\n]|$)/ && !/(^|\n)Enabled:[ \t]*no/ {
        n = split($0, line, "\n")
        for (i = 1; i <= n; i++) {
          if (line[i] ~ /^#/) continue
          if (line[i] ~ /^Suites:/) line[i] = "Suites: " suite
          print line[i]
        }
        exit
      }' "$file" 2>/dev/null) || true
    if [[ -n $text ]]; then printf '%s\n%s\n' "va-$1.sources" "$text"; return; fi
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    text=$(sed -nE "s/^(deb[ \t]+(\[[^]]*\][ \t]+)?[^ \t]+[ \t]+)bookworm([ \t].*)$/\1$1\3/p" "$file" 2>/dev/null |
      head -n 1) || true
    if [[ -n $text ]]; then printf '%s\n%s\n' "va-$1.list" "$text"; return; fi
  done
}

# enable_suite SUITE: adds it to apt's sources unless some entry names it already.
enable_suite() {
  local entry name
  if grep -Eqs "^[^#]*[ \t]$1([ \t]|$)" /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; then return; fi
  entry=$(suite_entry "$1")
  [[ -n $entry ]] || die "this machine's apt has no Debian 12 source entry to copy for $1"
  name=/etc/apt/sources.list.d/${entry%%$'\n'*}
  say "Adding the suite $1 to apt's sources: $name"
  printf '%s\n' "${entry#*$'\n'}" | as_root tee "$name" >/dev/null
}

# without_daemons CMD...: nothing that CMD installs starts by itself, now or with the next boot. The
# suite runs PostgreSQL, nginx and Prometheus as its own processes.
without_daemons() {
  local policy=/usr/sbin/policy-rc.d status=0 daemon ours=0
  if [[ ! -e $policy ]]; then
    ours=1
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  "$@" || status=$?
  if ((ours)); then
    as_root rm -f "$policy"
    trap - EXIT
  fi
  for daemon in nginx prometheus; do
    if [[ " ${missing[*]} " == *" $daemon "* ]]; then as_root systemctl disable --quiet "$daemon" 2>/dev/null || true; fi
  done
  return "$status"
}

started=$(now_ms)
list=$(missing_packages "${groups[@]}")
mapfile -t missing < <(printf '%s' "$list")
if ((${#missing[@]})); then
  say "Installing ${#missing[@]} packages for: ${groups[*]}"
  echo "${missing[*]}" | fold -s -w 96 | sed 's/^/  /'
  mapfile -t suites < <(printf '%s\n' "${missing[@]}" | sed -n 's,^[^/]*/,,p' | sort -u)
  # By its name alone: it is in no other suite, and apt would take what it depends on from that suite
  # as well if it were told the suite, in versions that the rest of the system does not go with.
  for suite in "${suites[@]}"; do enable_suite "$suite"; done
  run_logged "package lists" "$VA_ROOT/build/log/apt-update.log" as_root apt-get -q update
  without_daemons run_logged "packages" "$VA_ROOT/build/log/apt-install.log" \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 install "${missing[@]%%/*}"
else
  say "Packages for ${groups[*]}: all there"
fi

if [[ " ${groups[*]} " =~ " browser "|" interop " ]]; then
  node_usable || die "node $(node --version 2>/dev/null || echo '(none)') is too old: 18 or newer is needed. Remove it, and ./dev setup takes Debian's"
fi
if [[ " ${groups[*]} " == *" browser "* ]]; then
  npm_packages tools/lint
  npm_packages tests/browser
fi
if [[ " ${groups[*]} " == *" interop "* ]]; then npm_packages tests/interop/jose; fi
say "Set up in $(seconds_since "$started")"
