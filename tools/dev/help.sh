# usage: ./dev help
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cat <<'TEXT'
./dev, the one entry to this repository

  setup [group…]         install what this machine lacks (Debian 12; root or sudo)
  build [preset]         compile; presets release (default), debug, asan, tsan
  up [--foreground]      start everything: database, simulators, five services
  status                 what runs, since when, and whether it is ready
  down                   stop what up started
  signin PERSONA [--application A]
                         sign one persona in and print the outcome as JSON
  test [label…]          unit contract integration conformance interop e2e browser security lint
                         (all of these without a label); bare, deploy, fuzz, soak on demand
  check [--full]         formatting, include rule, personal-data marks, links, contracts, lint
  bare                   setup, build and unit tests in a minimal Debian 12 root
  format                 apply the formatting that check asks for
  docs                   write what is generated: example configurations, docs/configuration.md
  bench NAME             measure against the written goals
  fuzz TARGET SECONDS    run one fuzz target; without a target: the list
  coverage fuzz          the lines that the fuzz corpora reach, of the parsers they name
  conformance FILE…      run rows of a vector file

First time:  ./dev up     then open the URL it prints.
Settings:    VA_DEV_PORT_BASE (8400), VA_DEV_DIR (.dev), VA_DEV_REPLICAS=2, VA_DEV_FRONT=1
./dev COMMAND --help says more about one command.
TEXT
