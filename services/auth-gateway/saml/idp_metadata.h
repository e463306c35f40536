// Reads what an identity provider publishes about itself (SAML metadata): which keys sign its
// messages and where they go. Metadata decides whom we believe, so it is believed only under a pin
// of our own, the key that signs it or the hash of its bytes, and it is read as strictly as a
// response: one parse, and everything from the element that the signature covers. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/keys.h"
#include "services/auth-gateway/saml/saml_settings.h"

namespace va::gateway {

// The most that metadata may weigh, as file and as answer of an address (attack S145). A federation
// publishes all its members in one document.
inline constexpr size_t kMaxMetadataBytes = size_t{2} * 1024 * 1024;

// What makes metadata believable, and whose of the entities in it is wanted.
struct MetadataTrust {
  std::string entity_id;
  std::vector<crypto::PublicKey> signers;  // one of these signed the root element, or
  std::string sha256;                      // these are the bytes: lower-case hex
  // When the document we hold says it was made: an older one is refused, as far as both say so.
  std::optional<absl::Time> not_older_than = std::nullopt;
};

// Every way in which metadata is refused, whole (attack S144).
enum class MetadataReject {
  kNoTrust,            // neither signer nor hash is pinned
  kXml,                // too large, not well-formed, a document type, duplicate ids ...
  kPinMismatch,        // other bytes than those pinned
  kUnsigned,           // no signature over the root
  kSignature,          // one that does not verify with the pinned keys
  kNotMetadata,        // the root is neither EntityDescriptor nor EntitiesDescriptor
  kEntityMissing,      // the entity wanted is not in it
  kSeveralEntities,    // two entities have the id wanted
  kValidityMalformed,  // validUntil, cacheDuration or creationInstant cannot be read
  kExpired,            // validUntil has passed
  kOlder,              // made before the one that is held: an old one is played back
  kRoleMissing,        // no IDPSSODescriptor for SAML 2.0
  kSeveralRoles,       // two of them: which one speaks is a guess
  kLocation,           // an endpoint of the entity is no https address (GHSA-267v-3v32-g6q5)
  kSsoMissing,         // no SingleSignOnService we can use
  kKeyMissing,         // not one usable key for signing
};

// The enumerator as UPPER_SNAKE with METADATA_ before it: the reason of the status.
absl::string_view ToString(MetadataReject reject);
const std::vector<MetadataReject>& AllMetadataRejects();
// What a status of ReadIdpMetadata means; nothing when it is not one of those.
std::optional<MetadataReject> MetadataRejectOf(const absl::Status& status);

// A key of the entity that was left out, and why; the others count.
struct MetadataFinding {
  // KEY_USE (neither signing nor encryption), KEY_WITHOUT_CERTIFICATE, KEY_SEVERAL_CERTIFICATES, or
  // what lib/crypto says of the certificate: KEY_TOO_SHORT, KEY_CURVE, KEY_TYPE ...
  std::string reason;
  int key_descriptor = 0;  // which one, from 1
};

// What one identity provider publishes.
struct IdpMetadata {
  std::string entity_id;
  // Every certificate that may sign: use="signing", or no use at all, which means both (attack
  // S56). At least one. Their dates are told, not judged (attack S54).
  std::vector<crypto::Certificate> signing_certificates;
  std::vector<MetadataFinding> findings;
  SamlEndpoint sso;                 // POST before Redirect
  std::optional<SamlEndpoint> slo;  // the same
  std::string slo_response_url;     // ResponseLocation; empty: slo->url
  bool wants_signed_requests = false;
  // The earliest, and the shortest, of those that stand around and on the role.
  std::optional<absl::Time> valid_until;
  std::optional<absl::Duration> cache_duration;
  // When the document was made, as mdrpi:PublicationInfo of its root says.
  std::optional<absl::Time> created;
};

// PERMISSION_DENIED; MetadataRejectOf tells the reason. Nothing of a refused document is used.
absl::StatusOr<IdpMetadata> ReadIdpMetadata(absl::string_view xml, const MetadataTrust& trust,
                                            absl::Time now);

// Whom a document that is one entity's is about, or says so; nothing for any other document. For
// tools that show a document: what is trusted is named by us, never by what is read.
std::optional<std::string> ClaimedEntityId(absl::string_view xml);

// "P1DT2H", an xs:duration of at least a second and without sign; a month counts 30 days, a year
// 365. Nothing for any other form.
std::optional<absl::Duration> ParseXmlDuration(absl::string_view text);

}  // namespace va::gateway
