// What an answer of an OpenID Connect provider says, normalised (sign_in_service.md 7.1, 7.2): the
// person, the credential, and the level it stands at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"
#include "services/user-attributes/domain/assertion.h"
#include "services/user-attributes/domain/claims.h"
#include "services/user-attributes/domain/findings.h"
#include "services/user-attributes/domain/sis_credential_level.h"

namespace va::attributes {

struct Normalised {
  Claims claims;
  std::optional<PostalAddress> address;
  std::optional<identity::PersonText> phone;
  std::vector<identity::PersonText> all_emails;
  // As ID.me states them, or what is taken for granted where it states none.
  std::string level_of_assurance;
  std::string credential_ial;
  CredentialLevel level;
  absl::string_view authn_context;  // the one that this level is called by
};

// `known` says whether this credential was verified before. Findings are about the statement itself
// and about its form; the level's problem is left to the caller.
Normalised Normalise(const OidcAssertion& assertion, const Known& known,
                     std::vector<Finding>& findings);

}  // namespace va::attributes
