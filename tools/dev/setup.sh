# usage: ./dev setup [group…]
#
# Installs what this machine lacks, from Debian 12's own packages and from the pinned npm lock files,
# and says what. Runs as root or with sudo; a second run changes nothing.
# Groups (tools/dev/packages.txt): build run test browser interop bare. Without an argument: the first
# five.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

groups=("$@")
((${#groups[@]})) || groups=(build run test browser interop)
for group in "${groups[@]}"; do
  grep -qx "\[$group\]" "$VA_ROOT/tools/dev/packages.txt" ||
    usage_error "there is no group '$group'. Groups: build run test browser interop bare"
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  die "this machine has no apt: the suite is built on Debian 12 (bookworm)"
fi
release=$(. /etc/os-release && printf '%s %s' "${ID:-?}" "${VERSION_ID:-?}")
[[ $release == "debian 12" ]] || warn "dev: this is $release; the suite is built and tested on debian 12"

started=$(now_ms)
list=$(missing_packages "${groups[@]}")
mapfile -t missing < <(printf '%s' "$list")
if ((${#missing[@]})); then
  say "Installing ${#missing[@]} packages for: ${groups[*]}"
  echo "${missing[*]}" | fold -s -w 96 | sed 's/^/  /'
  run_logged "package lists" "$VA_ROOT/build/log/apt-update.log" as_root apt-get -q update
  run_logged "packages" "$VA_ROOT/build/log/apt-install.log" \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 install "${missing[@]}"
else
  say "Packages for ${groups[*]}: all there"
fi

if [[ " ${groups[*]} " == *" browser "* ]]; then
  node_usable || die "node $(node --version 2>/dev/null || echo '(none)') is too old: 18 or newer is needed. Remove it, and ./dev setup takes Debian's"
  npm_packages tools/lint
  npm_packages tests/browser
fi
say "Set up in $(seconds_since "$started")"
