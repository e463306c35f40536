#include "services/user-attributes/domain/verification.h"

#include <utility>

namespace va::attributes {
namespace {

bool Has(const std::optional<identity::CspId>& id) { return id && !id->empty(); }

}  // namespace

absl::string_view ReasonOf(VerificationFault fault) {
  switch (fault) {
    case VerificationFault::kNone:
      return "";
    case VerificationFault::kNotExactlyOne:
      return "VERIFICATION_IDENTIFIER";
    case VerificationFault::kNotBacked:
      return "VERIFICATION_BACKING";
  }
  return "";
}

ValidVerification ValidateVerification(const VerificationIds& ids) {
  const std::pair<identity::Csp, const std::optional<identity::CspId>*> columns[] = {
      {identity::Csp::kIdme, &ids.idme_uuid},
      {identity::Csp::kLogingov, &ids.logingov_uuid},
      {identity::Csp::kMhv, &ids.mhv_uuid},
      {identity::Csp::kDslogon, &ids.dslogon_uuid},
  };
  ValidVerification out;
  int identifiers = 0;
  for (const auto& [type, id] : columns) {
    if (!Has(*id)) continue;
    ++identifiers;
    out.type = type;
    out.identifier = **id;
  }
  if (identifiers != 1) return {VerificationFault::kNotExactlyOne, {}, {}, {}};
  const bool own = out.type == identity::Csp::kIdme || out.type == identity::Csp::kLogingov;
  if (!own && !Has(ids.backing_idme_uuid)) return {VerificationFault::kNotBacked, {}, {}, {}};
  out.backing_identifier = own ? out.identifier : *ids.backing_idme_uuid;
  return out;
}

}  // namespace va::attributes
