#include "lib/jose/jwks.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/crypto/weak_key.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/json_object.h"
#include "lib/jose/jwk_object.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

using nlohmann::json;

absl::Status SetError(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status TooManyKeys() {
  return SetError("JWKS_TOO_MANY_KEYS",
                  absl::StrCat("a JWK Set has at most ", kMaxJwksKeys, " keys"));
}

absl::StatusOr<json> ReadSet(absl::string_view text) {
  if (text.size() > kMaxJwks) return SetError("JWKS_TOO_LARGE", "the JWK Set is too large");
  absl::StatusOr<json> set =
      ReadObject(text, JoseReject::kHeaderNotJson, JoseReject::kHeaderDuplicateName);
  if (set.ok()) return set;
  if (RejectOf(set.status()) == JoseReject::kHeaderDuplicateName) {
    return SetError("JWKS_DUPLICATE_NAME", "a name stands twice in an object of the JWK Set");
  }
  return SetError("JWKS_NOT_JSON", "the JWK Set is no JSON object, or too deep");
}

// Its `kid`, for whoever looks why a key is missing.
std::string IdOf(const json& key) {
  const auto at = key.find("kid");
  return at != key.end() && at->is_string() ? at->get<std::string>() : "";
}

// One key of a published set.
absl::StatusOr<Jwk> ReadPublished(const json& key) {
  // A secret that was published is none, whatever its key is good for otherwise; and a symmetric
  // key in a public place could only be a trap (attack O11).
  if (key.contains("kty") && key["kty"] == "oct") return JwkRejectStatus(JwkReject::kSymmetric);
  if (HasPrivatePart(key)) return JwkRejectStatus(JwkReject::kPrivateInSet);
  return ReadJwk(key);
}

std::vector<size_t> SharingAPrime(const std::vector<Jwk>& keys) {
  std::vector<crypto::PublicKey> numbers;
  numbers.reserve(keys.size());
  for (const Jwk& jwk : keys) numbers.push_back(jwk.key);
  return crypto::SharingAPrime(numbers);
}

bool MayEncrypt(const Jwk& jwk, KeyManagement management) {
  if (!Fits(jwk.key.type(), management)) return false;
  const auto permits = [&](absl::string_view operation) {
    return jwk.Permits(KeyUse::kEncryption, operation, ToString(management));
  };
  if (management == KeyManagement::kEcdhEs) return permits("deriveKey") || permits("deriveBits");
  return permits("wrapKey");
}

// A key and the text it is published as.
using Written = std::map<std::string, std::string>;

absl::Status Write(const PublishedKey& published, Written& written) {
  JwkFields fields = published.fields;
  if (fields.id.empty()) {
    absl::StatusOr<std::string> id = Thumbprint(published.key);
    if (!id.ok()) return id.status();
    fields.id = *std::move(id);
  }
  absl::StatusOr<std::string> text = WritePublicJwk(published.key, fields);
  if (!text.ok()) return text.status();
  if (!written.emplace(fields.id, *std::move(text)).second) {
    return SetError("JWKS_DUPLICATE_ID", "two keys of a JWK Set with one name");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Jwks> Jwks::Parse(absl::string_view text) {
  const absl::StatusOr<json> set = ReadSet(text);
  if (!set.ok()) return set.status();
  const auto list = set->find("keys");
  if (list == set->end() || !list->is_array() ||
      !std::all_of(list->begin(), list->end(), [](const json& key) { return key.is_object(); })) {
    return SetError("JWKS_MALFORMED", "a JWK Set has a list `keys` of objects");
  }
  if (list->size() > kMaxJwksKeys) return TooManyKeys();
  Jwks jwks;
  std::vector<Skipped> usable;  // what to say when one of them has to go after all
  for (size_t i = 0; i < list->size(); ++i) {
    absl::StatusOr<Jwk> jwk = ReadPublished((*list)[i]);
    const Skipped place{i, IdOf((*list)[i]), JwkReject::kSharedPrime};
    if (jwk.ok()) {
      jwks.keys_.push_back(*std::move(jwk));
      usable.push_back(place);
    } else {
      const std::optional<JwkReject> reason = JwkRejectOf(jwk.status());
      if (!reason.has_value()) return jwk.status();
      jwks.skipped_.push_back({place.index, place.id, *reason});
    }
  }
  const std::vector<size_t> sharing = SharingAPrime(jwks.keys_);
  for (auto at = sharing.rbegin(); at != sharing.rend(); ++at) {
    jwks.keys_.erase(jwks.keys_.begin() + static_cast<std::ptrdiff_t>(*at));
    jwks.skipped_.push_back(usable[*at]);
  }
  std::sort(jwks.skipped_.begin(), jwks.skipped_.end(),
            [](const Skipped& a, const Skipped& b) { return a.index < b.index; });
  return jwks;
}

absl::StatusOr<std::vector<VerifyingKey>> Jwks::Verifying(
    absl::Span<const Algorithm> allowed) const {
  std::vector<VerifyingKey> keys;
  for (const Jwk& jwk : keys_) {
    for (const Algorithm algorithm : allowed) {
      if (!Fits(jwk.key.type(), algorithm) ||
          !jwk.Permits(KeyUse::kSignature, "verify", ToString(algorithm))) {
        continue;
      }
      absl::StatusOr<VerifyingKey> key = VerifyingKey::Create(jwk.key, algorithm, jwk.id);
      if (!key.ok()) return key.status();
      keys.push_back(*std::move(key));
    }
  }
  return keys;
}

absl::StatusOr<std::vector<EncryptionKey>> Jwks::Encrypting(absl::Span<const KeyManagement> allowed,
                                                            ContentEncryption encryption) const {
  std::vector<EncryptionKey> keys;
  for (const Jwk& jwk : keys_) {
    for (const KeyManagement management : allowed) {
      if (!MayEncrypt(jwk, management)) continue;
      absl::StatusOr<EncryptionKey> key =
          EncryptionKey::Create(jwk.key, management, encryption, jwk.id);
      if (!key.ok()) return key.status();
      keys.push_back(*std::move(key));
    }
  }
  return keys;
}

absl::StatusOr<std::string> WriteJwks(absl::Span<const PublishedKey> keys) {
  if (keys.size() > kMaxJwksKeys) return TooManyKeys();
  Written written;
  for (const PublishedKey& published : keys) {
    if (absl::Status wrote = Write(published, written); !wrote.ok()) return wrote;
  }
  std::string text = absl::StrCat(
      R"({"keys":[)",
      absl::StrJoin(written, ",",
                    [](std::string* out, const auto& one) { out->append(one.second); }),
      "]}\n");
  // Whoever reads it judges as we do, also over all keys together.
  const absl::StatusOr<Jwks> read = Jwks::Parse(text);
  if (!read.ok()) return read.status();
  if (!read->skipped().empty()) return JwkRejectStatus(read->skipped().front().reason);
  return text;
}

}  // namespace va::jose
