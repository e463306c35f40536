#include "services/auth-gateway/adapters/wire_assurance.h"

namespace va::gateway {

namespace common = ::va::common::v1;

common::Csp PackCsp(const std::optional<identity::Csp>& csp) {
  if (!csp.has_value()) return common::CSP_UNSPECIFIED;
  switch (*csp) {
    case identity::Csp::kIdme:
      return common::CSP_IDME;
    case identity::Csp::kLogingov:
      return common::CSP_LOGINGOV;
    case identity::Csp::kMhv:
      return common::CSP_MHV;
    case identity::Csp::kDslogon:
      return common::CSP_DSLOGON;
  }
  return common::CSP_UNSPECIFIED;
}

std::optional<identity::Csp> UnpackCsp(common::Csp csp) {
  switch (csp) {
    case common::CSP_IDME:
      return identity::Csp::kIdme;
    case common::CSP_LOGINGOV:
      return identity::Csp::kLogingov;
    case common::CSP_MHV:
      return identity::Csp::kMhv;
    case common::CSP_DSLOGON:
      return identity::Csp::kDslogon;
    default:
      return std::nullopt;
  }
}

void PackAssurance(const identity::Assurance& in, common::Assurance& out) {
  out.set_ial(in.ial);
  out.set_aal(in.aal);
  out.mutable_auth_time()->set_seconds(absl::ToUnixSeconds(in.auth_time));
  out.set_csp(PackCsp(in.csp));
  out.set_pathway(in.pathway);
  out.set_loa_current(in.loa_current);
  out.set_loa_highest(in.loa_highest);
}

identity::Assurance UnpackAssurance(const common::Assurance& in) {
  identity::Assurance out;
  out.ial = in.ial();
  out.aal = in.aal();
  out.auth_time = absl::FromUnixSeconds(in.auth_time().seconds());
  out.csp = UnpackCsp(in.csp());
  out.pathway = in.pathway();
  out.loa_current = in.loa_current();
  out.loa_highest = in.loa_highest();
  return out;
}

}  // namespace va::gateway
