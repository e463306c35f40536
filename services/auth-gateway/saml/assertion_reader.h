// Reads one Assertion that is known to be signed, and refuses it unless every rule of the web
// browser SSO profile holds (SAML profiles 4.1.4.3). Pure; used by the response validator alone.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/xml/dsig.h"
#include "lib/xml/element.h"
#include "services/auth-gateway/domain/verified_assertion.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "services/auth-gateway/saml/saml_reject.h"

namespace va::gateway {

// Why a check refuses; nothing when it does not.
using Verdict = std::optional<SamlReject>;

// Fills `out`; what is in it counts only when nothing is returned.
Verdict ReadAssertion(const xml::VerifiedElement& assertion, const ExpectedResponse& expected,
                      VerifiedAssertion& out);

// Whether an Issuer element names `entity_id`, byte for byte, as an entity (attack S106).
Verdict CheckIssuer(const xml::Element& issuer, absl::string_view entity_id);

// The attribute InResponseTo of a Response or of a SubjectConfirmationData (attacks S95-S97).
Verdict CheckInResponseTo(const xml::Element& element, const ExpectedResponse& expected);

// An attribute IssueInstant that is there, is a moment and is not in the future.
Verdict CheckIssueInstant(const xml::Element& element, const ExpectedResponse& expected,
                          absl::Time* issued_at = nullptr);

}  // namespace va::gateway
