#include "services/user-attributes/domain/terms.h"

namespace va::attributes {

absl::string_view ToString(TermsDecision decision) {
  return decision == TermsDecision::kAccepted ? "accepted" : "declined";
}

std::optional<TermsDecision> TermsDecisionFromString(absl::string_view word) {
  if (word == "accepted") return TermsDecision::kAccepted;
  if (word == "declined") return TermsDecision::kDeclined;
  return std::nullopt;
}

bool StandsAccepted(const std::optional<TermsAnswer>& latest, const TermsDocument& current) {
  return latest && latest->decision == TermsDecision::kAccepted &&
         latest->document.name == current.name && latest->document.revision == current.revision;
}

bool SameAnswer(const TermsAnswer& a, const TermsAnswer& b) {
  return a.document.name == b.document.name && a.document.revision == b.document.revision &&
         a.decision == b.decision;
}

}  // namespace va::attributes
