# usage: ./dev build [preset] [target…]
#
# Configures and builds into build/<preset>; programs land in build/<preset>/bin.
# Presets (CMakePresets.json): release (default), debug, asan, tsan; fuzz and coverage for ./dev fuzz and
# ./dev coverage. Without a target: everything.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

if (($#)); then
  VA_PRESET=$1
  shift
fi
need build
cd "$VA_ROOT"
grep -q "\"name\": \"$VA_PRESET\", \"configurePreset\"" CMakePresets.json ||
  usage_error "there is no preset '$VA_PRESET'. Presets: $(sed -n 's/.*"name": "\([a-z]*\)", "configurePreset".*/\1/p' CMakePresets.json | paste -sd' ')"

out=$VA_ROOT/build/$VA_PRESET
started=$(now_ms)
# CMake refuses the cache of a checkout that has been moved since, so start anew then.
if [[ -f $out/CMakeCache.txt ]] && ! grep -qx "CMAKE_HOME_DIRECTORY:INTERNAL=$VA_ROOT" "$out/CMakeCache.txt"; then
  say "This checkout has moved: building $VA_PRESET from new"
  rm -rf "$out"
fi
if [[ ! -f $out/build.ninja ]]; then
  run_logged "configure $VA_PRESET" "$VA_ROOT/build/log/configure-$VA_PRESET.log" cmake --preset "$VA_PRESET"
fi

# One compiler takes up to 700 MiB here: no more of them than memory carries.
memory_gib=$(awk '/^MemAvailable/ { printf "%d", $2 / 1048576 }' /proc/meminfo)
jobs=$(nproc)
if ((memory_gib < jobs)); then jobs=$((memory_gib > 1 ? memory_gib : 1)); fi
jobs=${VA_BUILD_JOBS:-$jobs}

if [[ -t 1 ]]; then
  NINJA_STATUS='[%f/%t %es] ' ninja -C "$out" -j "$jobs" "$@"
else
  # In a log: one line now and then instead of one a file; the whole output only when it fails.
  run_logged "build $VA_PRESET" "$VA_ROOT/build/log/build-$VA_PRESET.log" \
    ninja -C "$out" -j "$jobs" "$@"
fi
say "Built $VA_PRESET in $(seconds_since "$started")"
