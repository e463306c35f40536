#include "services/user-attributes/oidc/credential_digest.h"

#include <nlohmann/json.hpp>

#include "lib/base/encoding.h"
#include "lib/crypto/hash.h"
#include "services/user-attributes/domain/linking.h"

namespace va::attributes {
namespace {

using Json = nlohmann::ordered_json;

// Names the pepper among everything else that is keyed by that ring.
constexpr absl::string_view kPepper = "credential_attributes_digest.pepper";

template <typename T>
bool Has(const std::optional<T>& value) {
  return value && value->Reveal().find_first_not_of(" \t\r\n") != std::string::npos;
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(value->Reveal()) : Json();
}

// In the order in which the reference declares them.
std::string Compact(const DigestedAttributes& attributes) {
  Json out;
  out["credential_uuid"] = OrNull(attributes.credential_uuid);
  out["first_name"] = OrNull(attributes.first_name);
  out["last_name"] = OrNull(attributes.last_name);
  out["ssn"] = OrNull(attributes.ssn);
  out["birth_date"] = OrNull(attributes.birth_date);
  out["email"] = OrNull(attributes.email);
  // Bytes that are no UTF-8 have been refused by then; here they must only not end the process.
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::optional<std::string> CredentialAttributesDigest(absl::string_view pepper,
                                                      const DigestedAttributes& attributes) {
  if (pepper.empty() || !Has(attributes.credential_uuid) || !Has(attributes.last_name) ||
      !Has(attributes.birth_date) || !Has(attributes.email)) {
    return std::nullopt;
  }
  return base::HexEncode(crypto::HmacSha256(pepper, Compact(attributes)));
}

std::string CredentialDigester::Digest(const Claims& claims) const {
  const std::optional<Credential> credential = CredentialOf(claims, std::nullopt, 1);
  DigestedAttributes attributes;
  if (credential) attributes.credential_uuid = credential->id;
  attributes.first_name = claims.first_name;
  attributes.last_name = claims.last_name;
  attributes.ssn = claims.ssn;
  attributes.birth_date = claims.birth_date;
  attributes.email = claims.email;
  return CredentialAttributesDigest(ring_.Hash(kPepper, ""), attributes).value_or("");
}

}  // namespace va::attributes
