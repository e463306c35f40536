# usage: ./dev bare [COMMAND]
#
# Proves that setup installs everything: makes a minimal Debian 12 root in a temporary folder, copies
# the files of this checkout into it, and runs there
#     ./dev setup && ./dev build && ./dev test unit
# or COMMAND instead. Behind ./dev test bare. Needs root (or sudo), some 5 GiB under /var/tmp and, from
# a cold start, the time of a whole build. VA_BARE_CCACHE=FOLDER lends it a compiler cache.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac
inside=${1:-'./dev setup && ./dev build && ./dev test unit'}

if ((EUID != 0)); then exec sudo --preserve-env=VA_BARE_CCACHE bash "${BASH_SOURCE[0]}" "$@"; fi
need bare

bare=$(mktemp -d /var/tmp/va-bare.XXXXXX)
# Mounts live in a namespace of their own and end with it; --one-file-system is the second lock.
trap 'rm -rf --one-file-system "$bare"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$bare"
top=$bare/root

# The machine's own way to Debian: its source entries and its apt transport settings.
entries=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  # What setup added on this machine is left out: it has to add it by itself in there.
  if [[ $file == */va-* ]]; then continue; fi
  if [[ -s $file ]] && grep -q bookworm "$file" && grep -qi '/debian' "$file"; then entries+=("$file"); fi
done
((${#entries[@]})) || die "this machine's apt has no Debian 12 source entry to copy"
apt-config dump | grep -E '^Acquire::(http|https|Check|Retries|ForceIPv)' | grep -v '::User-Agent' >"$bare/apt.conf" || true

started=$(now_ms)
say "Making a minimal Debian 12 root in $top"
run_logged "minimal root" "$VA_ROOT/build/log/mmdebstrap.log" \
  mmdebstrap --mode=root --variant=minbase --aptopt="$bare/apt.conf" \
  --dpkgopt=force-unsafe-io bookworm "$top" "${entries[@]}"

# No service of the new root may start: what it starts would outlive the test.
printf '#!/bin/sh\nexit 101\n' >"$top/usr/sbin/policy-rc.d"
chmod 755 "$top/usr/sbin/policy-rc.d"
cp -L /etc/resolv.conf /etc/hosts "$top/etc/"
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
  install -d "$top/usr/local/share/ca-certificates"
  cp -L /usr/local/share/ca-certificates/*.crt "$top/usr/local/share/ca-certificates/"
fi

say "Copying this checkout"
install -d "$top/src"
(cd "$VA_ROOT" && git ls-files -z --cached --others --exclude-standard |
  while IFS= read -r -d '' file; do if [[ -e $file ]]; then printf '%s\0' "$file"; fi; done |
  tar --null --files-from=- -cf -) | tar -C "$top/src" -xf -

environment=(HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_EXTRA_CA_CERTS VA_BUILD_JOBS; do
  if [[ -n ${!name:-} ]]; then environment+=("$name=${!name}"); fi
done
if command -v npm >/dev/null; then
  environment+=("NPM_CONFIG_REGISTRY=$(npm config get registry 2>/dev/null)")
fi

say "In the new root: $inside"
status=0
unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
  top=$1 cache=$2 inside=$3
  shift 3
  mount --make-rprivate / 2>/dev/null || true
  mount -t proc proc "$top/proc"
  mount -t tmpfs -o mode=1777 tmpfs "$top/dev/shm" 2>/dev/null ||
    { mkdir -p "$top/dev/shm" && mount -t tmpfs -o mode=1777 tmpfs "$top/dev/shm"; }
  if [[ -n $cache ]]; then mkdir -p "$top/root/.cache/ccache" && mount --bind "$cache" "$top/root/.cache/ccache"; fi
  exec chroot "$top" env -i "$@" bash -c "cd /src && $inside"
' bare "$top" "${VA_BARE_CCACHE:-}" "$inside" "${environment[@]}" </dev/null || status=$?
say "The minimal root took $(seconds_since "$started")"
if ((status != 0)); then die "in a minimal Debian 12 root this failed (exit $status): $inside"; fi
