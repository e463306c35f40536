#include "tests/simulators/mhv/token.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/encoding.h"
#include "tests/simulators/mhv/rs256.h"

namespace va::simulators {
namespace {

using nlohmann::json;

std::optional<json> ReadObject(absl::string_view part) {
  const auto text = base::Base64UrlDecode(part);
  if (!text.ok()) return std::nullopt;
  json object = json::parse(*text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  return object;
}

}  // namespace

std::optional<Token> ReadToken(absl::string_view compact) {
  const std::vector<absl::string_view> parts = absl::StrSplit(compact, '.');
  if (parts.size() != 3) return std::nullopt;
  auto header = ReadObject(parts[0]);
  auto claims = ReadObject(parts[1]);
  auto signature = base::Base64UrlDecode(parts[2]);
  if (!header || !claims || !signature.ok()) return std::nullopt;
  return Token{*std::move(header), *std::move(claims), absl::StrCat(parts[0], ".", parts[1]),
               *std::move(signature)};
}

bool IsSignedBy(const Token& token, const crypto::PublicKey& key) {
  return token.header.value("alg", json()) == "RS256" &&
         token.header.value("typ", json("JWT")) == "JWT" &&
         IsRs256Signature(key, token.signed_part, token.signature);
}

std::string MakeToken(const crypto::PrivateKey& key, const json& claims, const json& header) {
  const std::string signed_part =
      absl::StrCat(base::Base64UrlEncode(header.dump()), ".", base::Base64UrlEncode(claims.dump()));
  return absl::StrCat(signed_part, ".", base::Base64UrlEncode(SignRs256(key, signed_part)));
}

std::string TextOf(const json& object, const char* name) {
  const json value = object.value(name, json());
  return value.is_string() ? value.get<std::string>() : "";
}

std::optional<int64_t> NumberOf(const json& object, const char* name) {
  const json value = object.value(name, json());
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<int64_t>();
}

std::vector<std::string> UnknownNames(const json& object,
                                      std::initializer_list<absl::string_view> known) {
  std::vector<std::string> problems;
  for (const auto& entry : object.items()) {
    if (std::find(known.begin(), known.end(), entry.key()) == known.end()) {
      problems.push_back(absl::StrCat("unexpected ", entry.key()));
    }
  }
  return problems;
}

}  // namespace va::simulators
