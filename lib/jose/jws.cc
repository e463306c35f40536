#include "lib/jose/jws.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/jose/jose_reject.h"

namespace va::jose {
namespace {

using nlohmann::json;

absl::StatusOr<JwsHeader> ReadHeader(absl::string_view encoded) {
  const absl::StatusOr<json> object = ReadProtected(encoded);
  if (!object.ok()) return object.status();
  JwsHeader header;
  std::string algorithm;
  bool has_algorithm = false;
  absl::Status read = ReadHeaderText(*object, "alg", algorithm, &has_algorithm);
  read.Update(ReadHeaderText(*object, "typ", header.typ));
  read.Update(ReadHeaderText(*object, "cty", header.cty));
  read.Update(ReadHeaderText(*object, "kid", header.kid, &header.has_kid));
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

// The work of a verification that fails, for a token that no key may be tried on: its sender must
// not read from the time which names of keys we know (attack J15). Which algorithms we accept is no
// secret.
void PretendToVerify(Algorithm algorithm, absl::Span<const VerifyingKey> keys,
                     absl::string_view signed_text, absl::string_view signature) {
  for (const VerifyingKey& key : keys) {
    if (key.algorithm() != algorithm) continue;
    key.Verify(signed_text, signature).IgnoreError();
    return;
  }
}

// Members in the order of their names. Empty when a field is not UTF-8.
std::string HeaderText(Algorithm algorithm, const HeaderFields& fields) {
  std::string text = absl::StrCat(R"({"alg":")", ToString(algorithm), "\"");
  bool written = true;
  const auto add = [&text, &written](absl::string_view name, absl::string_view value) {
    if (value.empty()) return;
    absl::StrAppend(&text, ",\"", name, "\":");
    written = written && AppendJsonText(value, text);
  };
  add("kid", fields.kid);
  add("typ", fields.typ);
  if (!written) return "";
  text.push_back('}');
  return text;
}

}  // namespace

absl::StatusOr<std::string> SignCompact(const SigningKey& key, const HeaderFields& fields,
                                        absl::string_view payload) {
  const std::string header = HeaderText(key.algorithm(), fields);
  if (header.empty()) return absl::InvalidArgumentError("a header field is not UTF-8");
  std::string token;
  token.reserve((header.size() + payload.size() + key.most_bytes()) / 3 * 4 + 16);
  base::AppendBase64Url(header, token);
  const bool header_fits = token.size() <= kMaxEncodedHeader;
  token.push_back('.');
  base::AppendBase64Url(payload, token);
  const absl::StatusOr<std::string> signature = key.Sign(token);
  if (!signature.ok()) return signature.status();
  token.push_back('.');
  base::AppendBase64Url(*signature, token);
  if (!header_fits || token.size() > kMaxToken) {
    return absl::InvalidArgumentError("the token would be too large");
  }
  return token;
}

absl::StatusOr<VerifiedJws> VerifyCompact(absl::string_view token,
                                          absl::Span<const VerifyingKey> keys) {
  std::array<absl::string_view, 3> parts;
  if (const absl::Status split = SplitCompact(token, absl::MakeSpan(parts)); !split.ok()) {
    return split;
  }
  absl::StatusOr<JwsHeader> header = ReadHeader(parts[0]);
  if (!header.ok()) return header.status();
  absl::StatusOr<std::string> payload = DecodePart(parts[1]);
  if (!payload.ok()) return payload.status();
  const absl::StatusOr<std::string> signature = DecodePart(parts[2]);
  if (!signature.ok()) return signature.status();
  const absl::StatusOr<const VerifyingKey*> key = OnlyKeyFor(*header, keys);
  const absl::string_view signed_text = token.substr(0, parts[0].size() + 1 + parts[1].size());
  if (!key.ok()) {
    PretendToVerify(header->algorithm, keys, signed_text, *signature);
    return key.status();
  }
  if (const absl::Status held = (*key)->Verify(signed_text, *signature); !held.ok()) return held;
  return VerifiedJws{*std::move(header), *std::move(payload)};
}

}  // namespace va::jose
