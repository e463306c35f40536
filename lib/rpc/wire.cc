#include "lib/rpc/wire.h"

namespace va::rpc {

using identity::Csp;

void PackTime(absl::Time time, google::protobuf::Timestamp& out) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  out.set_seconds(seconds);
  out.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

bool IsTime(const google::protobuf::Timestamp& time) {
  constexpr int64_t kEndOfYear9999 = 253402300799;
  return time.seconds() >= 0 && time.seconds() <= kEndOfYear9999 && time.nanos() >= 0 &&
         time.nanos() < 1000000000;
}

absl::Time UnpackTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

common::v1::Csp PackCsp(const std::optional<Csp>& csp) {
  if (!csp.has_value()) return common::v1::CSP_UNSPECIFIED;
  switch (*csp) {
    case Csp::kIdme:
      return common::v1::CSP_IDME;
    case Csp::kLogingov:
      return common::v1::CSP_LOGINGOV;
    case Csp::kMhv:
      return common::v1::CSP_MHV;
    case Csp::kDslogon:
      return common::v1::CSP_DSLOGON;
  }
  return common::v1::CSP_UNSPECIFIED;
}

std::optional<Csp> UnpackCsp(common::v1::Csp csp) {
  switch (csp) {
    case common::v1::CSP_IDME:
      return Csp::kIdme;
    case common::v1::CSP_LOGINGOV:
      return Csp::kLogingov;
    case common::v1::CSP_MHV:
      return Csp::kMhv;
    case common::v1::CSP_DSLOGON:
      return Csp::kDslogon;
    default:
      return std::nullopt;
  }
}

void PackAssurance(const identity::Assurance& in, common::v1::Assurance& out) {
  out.set_ial(in.ial);
  out.set_aal(in.aal);
  if (in.auth_time > absl::UnixEpoch()) PackTime(in.auth_time, *out.mutable_auth_time());
  out.set_csp(PackCsp(in.csp));
  out.set_pathway(in.pathway);
  out.set_loa_current(in.loa_current);
  out.set_loa_highest(in.loa_highest);
}

identity::Assurance UnpackAssurance(const common::v1::Assurance& in) {
  identity::Assurance out;
  out.ial = in.ial();
  out.aal = in.aal();
  if (in.has_auth_time() && IsTime(in.auth_time())) out.auth_time = UnpackTime(in.auth_time());
  out.csp = UnpackCsp(in.csp());
  out.pathway = in.pathway();
  out.loa_current = in.loa_current();
  out.loa_highest = in.loa_highest();
  return out;
}

}  // namespace va::rpc
