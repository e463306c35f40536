#include "lib/jose/jws.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/json_object.h"

namespace va::jose {
namespace {

using nlohmann::json;

struct Parts {
  absl::string_view header;
  absl::string_view payload;
  absl::string_view signature;
  absl::string_view signed_text;  // header.payload, as it was sent
};

absl::StatusOr<Parts> Split(absl::string_view token) {
  if (token.size() > kMaxToken) return RejectStatus(JoseReject::kTokenTooLarge);
  const size_t first = token.find('.');
  const size_t last = token.rfind('.');
  if (first == absl::string_view::npos || first == last || token.find('.', first + 1) != last) {
    return RejectStatus(JoseReject::kNotCompact);
  }
  return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1),
               token.substr(last + 1), token.substr(0, last)};
}

absl::StatusOr<std::string> Decoded(absl::string_view part) {
  absl::StatusOr<std::string> bytes = base::Base64UrlDecode(part);
  if (!bytes.ok()) return RejectStatus(JoseReject::kBadBase64);
  return bytes;
}

// Members that change what a token means; whoever sends them wants something we do not do.
struct Refused {
  const char* name;
  JoseReject reject;
};
constexpr Refused kRefused[] = {
    {"crit", JoseReject::kHeaderCritical},   {"zip", JoseReject::kHeaderCompressed},
    {"b64", JoseReject::kHeaderUnencoded},   {"jwk", JoseReject::kHeaderEmbeddedKey},
    {"jku", JoseReject::kHeaderEmbeddedKey}, {"x5u", JoseReject::kHeaderEmbeddedKey},
    {"x5c", JoseReject::kHeaderEmbeddedKey},
};

absl::Status ReadMember(const json& object, const char* name, std::string& out, bool* present) {
  const auto at = object.find(name);
  if (at == object.end()) return absl::OkStatus();
  if (!at->is_string()) return RejectStatus(JoseReject::kHeaderMalformed);
  out = at->get<std::string>();
  if (present != nullptr) *present = true;
  return absl::OkStatus();
}

absl::StatusOr<JwsHeader> ReadHeader(absl::string_view encoded) {
  if (encoded.size() > kMaxEncodedHeader) return RejectStatus(JoseReject::kHeaderTooLarge);
  const absl::StatusOr<std::string> text = Decoded(encoded);
  if (!text.ok()) return text.status();
  const absl::StatusOr<json> object =
      ReadObject(*text, JoseReject::kHeaderNotJson, JoseReject::kHeaderDuplicateName);
  if (!object.ok()) return object.status();
  for (const Refused& refused : kRefused) {
    if (object->contains(refused.name)) return RejectStatus(refused.reject);
  }
  JwsHeader header;
  std::string algorithm;
  bool has_algorithm = false;
  absl::Status read = ReadMember(*object, "alg", algorithm, &has_algorithm);
  read.Update(ReadMember(*object, "typ", header.typ, nullptr));
  read.Update(ReadMember(*object, "cty", header.cty, nullptr));
  read.Update(ReadMember(*object, "kid", header.kid, &header.has_kid));
  if (!read.ok()) return read;
  if (!has_algorithm) return RejectStatus(JoseReject::kAlgorithmMissing);
  const std::optional<Algorithm> known = AlgorithmFromName(algorithm);
  if (!known.has_value()) return RejectStatus(JoseReject::kAlgorithmUnknown);
  header.algorithm = *known;
  return header;
}

bool AnswersTo(const VerifyingKey& key, const JwsHeader& header) {
  if (key.algorithm() != header.algorithm) return false;
  return key.id().empty() || !header.has_kid || key.id() == header.kid;
}

absl::StatusOr<const VerifyingKey*> OnlyKeyFor(const JwsHeader& header,
                                               absl::Span<const VerifyingKey> keys) {
  const VerifyingKey* found = nullptr;
  for (const VerifyingKey& key : keys) {
    if (!AnswersTo(key, header)) continue;
    if (found != nullptr) return RejectStatus(JoseReject::kKeyAmbiguous);
    found = &key;
  }
  if (found == nullptr) return RejectStatus(JoseReject::kKeyUnknown);
  return found;
}

absl::StatusOr<std::string> HeaderText(Algorithm algorithm, const HeaderFields& fields) {
  // The library escapes what a text may hold; it throws for what is not UTF-8.
  json header = {{"alg", ToString(algorithm).data()}};
  if (!fields.typ.empty()) header["typ"] = fields.typ;
  if (!fields.kid.empty()) header["kid"] = fields.kid;
  try {
    return header.dump();
  } catch (const json::exception&) {
    return absl::InvalidArgumentError("a header field is not UTF-8");
  }
}

}  // namespace

absl::StatusOr<std::string> SignCompact(const SigningKey& key, const HeaderFields& fields,
                                        absl::string_view payload) {
  const absl::StatusOr<std::string> header = HeaderText(key.algorithm(), fields);
  if (!header.ok()) return header.status();
  const std::string encoded_header = base::Base64UrlEncode(*header);
  std::string token = absl::StrCat(encoded_header, ".", base::Base64UrlEncode(payload));
  const absl::StatusOr<std::string> signature = key.Sign(token);
  if (!signature.ok()) return signature.status();
  absl::StrAppend(&token, ".", base::Base64UrlEncode(*signature));
  if (encoded_header.size() > kMaxEncodedHeader || token.size() > kMaxToken) {
    return absl::InvalidArgumentError("the token would be too large");
  }
  return token;
}

absl::StatusOr<VerifiedJws> VerifyCompact(absl::string_view token,
                                          absl::Span<const VerifyingKey> keys) {
  const absl::StatusOr<Parts> parts = Split(token);
  if (!parts.ok()) return parts.status();
  absl::StatusOr<JwsHeader> header = ReadHeader(parts->header);
  if (!header.ok()) return header.status();
  absl::StatusOr<std::string> payload = Decoded(parts->payload);
  if (!payload.ok()) return payload.status();
  const absl::StatusOr<std::string> signature = Decoded(parts->signature);
  if (!signature.ok()) return signature.status();
  const absl::StatusOr<const VerifyingKey*> key = OnlyKeyFor(*header, keys);
  if (!key.ok()) return key.status();
  if (const absl::Status held = (*key)->Verify(parts->signed_text, *signature); !held.ok()) {
    return held;
  }
  return VerifiedJws{*std::move(header), *std::move(payload)};
}

}  // namespace va::jose
