// Turns the bytes of a SAML response into a VerifiedAssertion, or into one typed refusal. Pure:
// what is expected, which keys are trusted and what time it is are arguments. One parse, one tree;
// identity is read only from the node that a signature covers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/crypto/keys.h"
#include "lib/identity/policy.h"
#include "services/auth-gateway/domain/verified_assertion.h"
#include "services/auth-gateway/saml/saml_reject.h"

namespace va::gateway {

// A signature that is there and was not asked for must verify all the same (decision P5).
using identity::SignatureWanted;

// What a message may be signed and encrypted with. The gateway never sets anything but the default;
// the operator's tool looks at old messages with the other one (decision P4).
enum class Algorithms {
  kAllowed,
  // SHA-1 and RSA-1024 signatures; 3DES, RSA-1.5, and CBC in a Response that is not signed.
  kLegacyToo,
};

struct ExpectedResponse {
  std::string idp_entity_id;
  absl::Span<const crypto::PublicKey> keys;  // all keys listed for this IdP
  // Ours, current and previous. Without any, whatever is encrypted is refused.
  absl::Span<const crypto::PrivateKey> decryption_keys;
  std::string sp_entity_id;
  std::string acs_url;
  std::string in_response_to;  // id of our AuthnRequest
  // Nobody asked (decision P1): then the response must not claim to answer anything either (SAML
  // profiles 4.1.5), and in_response_to is not looked at.
  bool allow_unsolicited = false;
  std::vector<std::string> requested_contexts;
  std::string comparison;  // exact or minimum
  // Nobody knows what was asked for: any context will do. For the operator's tool alone.
  bool any_context = false;
  absl::Time now;
  absl::Duration skew = absl::Seconds(60);  // decision P3
  // How long ago the person may have authenticated at the IdP.
  absl::Duration max_authn_age = absl::Hours(12);
  SignatureWanted want = SignatureWanted::kAssertion;
  Algorithms algorithms = Algorithms::kAllowed;
};

// The XML of the form field SAMLResponse: base64 with white space allowed and nothing else
// (attack S78). kBlankResponse or kBadBase64.
absl::StatusOr<std::string> DecodeFormValue(absl::string_view form_value);

// Validates the form field. Every refusal is a status for which RejectOf gives the reason.
absl::StatusOr<VerifiedAssertion> ValidateResponse(absl::string_view form_value,
                                                   const ExpectedResponse& expected);

// The same for XML that is decoded already.
absl::StatusOr<VerifiedAssertion> ValidateResponseXml(absl::string_view xml,
                                                      const ExpectedResponse& expected);

}  // namespace va::gateway
