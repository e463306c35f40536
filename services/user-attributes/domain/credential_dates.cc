#include "services/user-attributes/domain/credential_dates.h"

namespace va::attributes {

CredentialDates PlanDates(const DatesFacts& facts, absl::Time now) {
  CredentialDates out = facts.dates;
  if (!facts.account_verified) return out;
  if (facts.has_logingov && !out.acceptable) out.acceptable = now;
  if (facts.has_idme && !out.idme) out.idme = now;
  return out;
}

}  // namespace va::attributes
