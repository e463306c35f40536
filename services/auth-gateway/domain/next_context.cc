#include "services/auth-gateway/domain/next_context.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/auth-gateway/domain/csp_selectors.h"

namespace va::gateway {
namespace {

using identity::Csp;

constexpr absl::string_view kNoLeg = "";
constexpr absl::string_view kMhv = "myhealthevet";
constexpr absl::string_view kDslogon = "dslogon";
constexpr absl::string_view kMhvLoa3 = "myhealthevet_loa3";
constexpr absl::string_view kMhvMfa = "myhealthevet_multifactor";
constexpr absl::string_view kDslogonLoa3 = "dslogon_loa3";
constexpr absl::string_view kDslogonMfa = "dslogon_multifactor";
constexpr absl::string_view kIdmeMfa = "multifactor";

// One row of table 9.2. At ID.me the verify leg asks for the LOA3 context that the caller names.
struct Row {
  absl::string_view current;
  Csp csp;
  absl::string_view verify;
  absl::string_view mfa;
};

constexpr std::array<Row, 11> kTable = {{
    {identity::kLoa1Vets, Csp::kIdme, identity::kLoa3, kIdmeMfa},
    {kIdmeMfa, Csp::kIdme, identity::kLoa3, kNoLeg},
    {identity::kLoa3Vets, Csp::kIdme, kNoLeg, kIdmeMfa},
    {identity::kLoa3, Csp::kIdme, kNoLeg, kIdmeMfa},
    {identity::kIal1, Csp::kLogingov, identity::kIal2, kNoLeg},
    {kMhv, Csp::kMhv, kMhvLoa3, kMhvMfa},
    {kMhvMfa, Csp::kMhv, kMhvLoa3, kNoLeg},
    {kMhvLoa3, Csp::kMhv, kNoLeg, kMhvMfa},
    {kDslogon, Csp::kDslogon, kDslogonLoa3, kDslogonMfa},
    {kDslogonMfa, Csp::kDslogon, kDslogonLoa3, kNoLeg},
    {kDslogonLoa3, Csp::kDslogon, kNoLeg, kDslogonMfa},
}};

absl::string_view RelayType(Leg leg) {
  switch (leg) {
    case Leg::kVerify:
      return "verify";
    case Leg::kMfa:
      return "mfa";
  }
  return "verify";
}

std::vector<std::string> WithSelector(absl::string_view context, Csp csp) {
  switch (csp) {
    case Csp::kIdme:
      return {std::string(context), std::string(kSelectIdme)};
    case Csp::kLogingov:
      return {std::string(context), std::string(identity::kAal2), std::string(kSelectLogingov)};
    case Csp::kMhv:
      return {std::string(context), std::string(kSelectMhv)};
    case Csp::kDslogon:
      return {std::string(context), std::string(kSelectDslogon)};
  }
  return {};
}

std::optional<NextContext> Listed(Leg leg, absl::string_view current, absl::string_view loa3) {
  for (const Row& row : kTable) {
    if (row.current != current) continue;
    absl::string_view next = leg == Leg::kVerify ? row.verify : row.mfa;
    if (next == kNoLeg) return std::nullopt;
    if (next == identity::kLoa3) next = loa3;
    return NextContext{row.csp, WithSelector(next, row.csp), RelayType(leg)};
  }
  return std::nullopt;
}

// An inbound session goes on with one context of its service, made of that service's name in the
// broker's older words: "mhv_loa3" is a context of nobody. ID.me and Login.gov have no such names
// either, so people of theirs go on as from the lowest context there.
std::optional<NextContext> Inbound(Leg leg, absl::string_view service, absl::string_view loa3) {
  if (service == "idme") return Listed(leg, identity::kLoa1Vets, loa3);
  if (service == "logingov") return Listed(leg, identity::kIal1, loa3);
  const bool mhv = service == "mhv" || service == kMhv;
  if (!mhv && service != kDslogon) return std::nullopt;
  const absl::string_view word = mhv ? kMhv : kDslogon;
  const absl::string_view level = leg == Leg::kVerify ? "_loa3" : "_multifactor";
  return NextContext{mhv ? Csp::kMhv : Csp::kDslogon, {absl::StrCat(word, level)}, RelayType(leg)};
}

}  // namespace

std::optional<NextContext> NextContextOf(Leg leg, const CurrentContext& current,
                                         absl::string_view loa3_context) {
  if (current.authn_context == identity::kInboundPassword) {
    return Inbound(leg, current.service_name, loa3_context);
  }
  return Listed(leg, current.authn_context, loa3_context);
}

std::optional<NextContext> SecondLap(absl::string_view type, const CurrentContext& returned) {
  if (type == "logingov") return Listed(Leg::kVerify, identity::kIal1, identity::kLoa3);
  if (type == "mhv") return Listed(Leg::kVerify, kMhv, identity::kLoa3);
  return NextContextOf(Leg::kVerify, returned);
}

}  // namespace va::gateway
