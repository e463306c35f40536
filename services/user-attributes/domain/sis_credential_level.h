// How sure an OpenID Connect provider is of a person, how sure it could be, and whether that is
// what the client asked us for (sign_in_service.md 8). The reference checks two of the values a
// client may ask with; here what is asked for is never more than what was reached, for every value
// (28.1 #19).
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "lib/base/signin_code.h"
#include "lib/identity/assurance.h"

namespace va::attributes {

struct CredentialFacts {
  std::optional<identity::Csp> type;  // nothing: none that we know
  absl::string_view requested_acr;    // of our client
  absl::string_view acr;              // as the provider states it
  bool verified_at = false;           // Login.gov: it has verified the person
  absl::string_view level_of_assurance;
  absl::string_view credential_ial;
  // ID.me itself said so, it is not what we take for granted where it says nothing.
  bool credential_ial_stated = true;
  absl::string_view mhv_assurance;
  absl::string_view dslogon_assurance;
  bool multifactor = false;
  // A verification of this credential exists and is verified.
  bool previously_verified = false;
};

// Why nobody comes in at this level.
struct LevelRefusal {
  base::SignInCode code = base::SignInCode::kUnknown;
  absl::string_view tag;  // name in the catalogue

  bool operator==(const LevelRefusal&) const = default;
};

struct CredentialLevel {
  int current_ial = 1;
  int max_ial = 1;
  int aal = 1;
  // The client wants whatever there is, and there is more.
  bool can_uplevel = false;
  std::optional<LevelRefusal> refusal;

  bool operator==(const CredentialLevel&) const = default;
};

CredentialLevel LevelOf(const CredentialFacts& facts);

// What the context of this level is called (sign_in_service.md 7.1, 7.2).
absl::string_view AuthnContextOf(identity::Csp type, int current_ial);

}  // namespace va::attributes
