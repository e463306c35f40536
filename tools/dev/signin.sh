# usage: ./dev signin PERSONA [--application A] [--to PLACE] [--flip] [--flow saml] [--then STEP]
#        [--type TYPE] [--answer NAME=VALUE ...]
#
# Signs one persona (tests/personas) in on the running stack, as a browser would, and prints the
# outcome as one JSON object. Exit 0 session, 3 refusal, 4 try later, 5 step-up, 1 fault, 2 usage.
#   --application A   on the way to which application of deploy/policy/policy.yaml; default: none named
#   --to PLACE        where inside it, as its row of the policy allows
#   --flip            alter one attribute in flight, as `flip` in the persona's file says
#   --type TYPE       another sign-in type than the persona's own: idme, mhv_verified ...
#   --answer N=V      the provider says otherwise in the first leg: authn_context=..., attribute.NAME=...;
#                     where a second leg follows, it answers there as the persona's file says
#   --flow saml       the protocol; oidc is known and refused until the suite speaks it
#   --then transfer   what to do with the session; known and refused until handoffs exist
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) command_help "${BASH_SOURCE[0]}"; exit 0 ;; esac

people=$(cd "$VA_ROOT/tests/personas" && printf '%s\n' *.yaml | sed 's/\.yaml$//' | paste -sd' ')
(($#)) || usage_error "signin needs a persona: $people"
if [[ $1 != -* && ! -f $VA_ROOT/tests/personas/$1.yaml ]]; then
  usage_error "there is no persona '$1'. There are: $people"
fi
[[ -r $VA_DEV_DIR/env ]] || die "nothing is running here: ./dev up first"
[[ -x $(bin_dir)/signin ]] || die "the program signin is not built: ./dev build"
set -a
source "$VA_DEV_DIR/env"
set +a
cd "$VA_ROOT"
exec "$(bin_dir)/signin" "$@"
