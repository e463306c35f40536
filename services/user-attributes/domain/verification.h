// What a credential verification is made of (ssoe_saml.md 15.1, sign_in_service.md 3.5, decision
// R13): exactly one identifier, and an identity provider behind it. A pure function; the database
// holds the same as constraints.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"

namespace va::attributes {

// As asserted or as stored; an empty identifier is none.
struct VerificationIds {
  std::optional<identity::CspId> idme_uuid;
  std::optional<identity::CspId> logingov_uuid;
  std::optional<identity::CspId> mhv_uuid;
  std::optional<identity::CspId> dslogon_uuid;
  std::optional<identity::CspId> backing_idme_uuid;
};

enum class VerificationFault {
  kNone,
  kNotExactlyOne,  // none or several identifiers: three are as wrong as two
  kNotBacked,      // MHV or DS Logon without the ID.me uuid that carried it
};

// UPPER_SNAKE; empty for kNone.
absl::string_view ReasonOf(VerificationFault fault);

struct ValidVerification {
  VerificationFault fault = VerificationFault::kNone;
  // Without a fault:
  identity::Csp type = identity::Csp::kIdme;
  identity::CspId identifier;
  identity::CspId backing_identifier;  // of the provider that stands behind it, or the same again
};

ValidVerification ValidateVerification(const VerificationIds& ids);

// A verification counts when it was verified and its account still has an ICN: either alone is not
// enough.
inline bool IsVerified(bool has_verified_at, bool account_has_icn) {
  return has_verified_at && account_has_icn;
}

}  // namespace va::attributes
