// The HTTP-Redirect binding (SAML bindings 3.4): a message as DEFLATE and base64 in a query, signed
// over the octets of the query itself. Reading takes the raw query: what was signed is what stood
// on the wire, and a second spelling of it is a second message (attacks S131-S134).
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/crypto/keys.h"
#include "services/auth-gateway/saml/response_validator.h"

namespace va::gateway {

enum class SamlMessageKind { kRequest, kResponse };

// The parameter and form field of the kind.
absl::string_view FieldName(SamlMessageKind kind);

// The largest message, inflated (attack S130).
inline constexpr size_t kMaxRedirectMessage = 256 * 1024;
// The longest RelayState of somebody else that we carry back. SAML wants at most 80 bytes (bindings
// 3.4.3); some IdPs do not keep to it.
inline constexpr size_t kMaxForeignRelayState = 1024;

// A query taken apart. Nothing of it is verified yet.
struct RedirectQuery {
  SamlMessageKind kind = SamlMessageKind::kRequest;
  std::string xml;          // inflated
  std::string relay_state;  // decoded; empty when absent
  // Of the signature; all empty when the query has none.
  std::string algorithm;      // SigAlg, decoded
  std::string signature;      // raw bytes
  std::string signed_octets;  // the parameters it covers, as they stood on the wire

  bool IsSigned() const { return !signature.empty(); }
};

// Reads `raw_query`, the text between "?" and "#". One SAMLRequest or one SAMLResponse, at most one
// RelayState, SigAlg and Signature, in the order in which they are signed; parameters of other
// names are not looked at. Reasons: QUERY_MALFORMED, BLANK_RESPONSE, BAD_BASE64, BAD_DEFLATE,
// XML_TOO_LARGE.
absl::StatusOr<RedirectQuery> ReadRedirectQuery(absl::string_view raw_query);

// OK when one of the keys made the signature. Reasons: UNSIGNED, SIGNATURE_ALGORITHM,
// SIGNATURE_INVALID.
absl::Status VerifyRedirectQuery(const RedirectQuery& query,
                                 absl::Span<const crypto::PublicKey> keys,
                                 Algorithms algorithms = Algorithms::kAllowed);

// The address that carries `xml` to `location`, signed; `relay_state` may be empty.
absl::StatusOr<std::string> BuildRedirectUrl(absl::string_view location, SamlMessageKind kind,
                                             absl::string_view xml, absl::string_view relay_state,
                                             const crypto::PrivateKey& key);

}  // namespace va::gateway
