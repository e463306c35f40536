#include "tools/signinctl/jose_input.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "tools/signinctl/input.h"

namespace va::signinctl {
namespace {

// A key about which nothing more is said.
jose::Jwk Unnamed(crypto::PublicKey key) {
  return {std::move(key), std::nullopt, "", "", jose::KeyUse::kAny, {}};
}

absl::StatusOr<jose::Jwk> FromPrivatePem(const std::string& bytes) {
  absl::StatusOr<crypto::PrivateKey> key = crypto::PrivateKey::FromPem(bytes);
  if (!key.ok()) return key.status();
  jose::Jwk jwk = Unnamed(key->Public());
  jwk.private_key = *std::move(key);
  return jwk;
}

absl::StatusOr<jose::Jwk> FromPublicPem(const std::string& bytes) {
  absl::StatusOr<crypto::PublicKey> key = absl::StrContains(bytes, "-----BEGIN CERTIFICATE-----")
                                              ? crypto::PublicKey::FromCertificatePem(bytes)
                                              : crypto::PublicKey::FromPem(bytes);
  if (!key.ok()) return key.status();
  return Unnamed(*std::move(key));
}

}  // namespace

Result JoseReject(absl::string_view reason, std::string words) {
  Result result;
  result.exit = Exit::kReject;
  result.json = Json{{"verdict", "reject"}, {"reason", std::string(reason)}};
  result.words = absl::StrCat("rejected: ", reason, words.empty() ? "" : ": ", words);
  return result;
}

Result JoseRefused(const absl::Status& status, const std::string& words) {
  const std::string reason = base::ReasonOf(status);
  return reason.empty() ? JoseReject("FAULT", "the token could not be judged")
                        : JoseReject(reason, words);
}

Result JoseAccepted(absl::string_view token, absl::string_view payload, std::string words) {
  const auto header = base::Base64UrlDecode(token.substr(0, token.find('.')));
  Result result;
  result.json = Json{{"verdict", "accept"},
                     {"header", Json::parse(header.value_or(""), nullptr, false)},
                     {"payload", base::Base64UrlEncode(payload)}};
  result.words = std::move(words);
  return result;
}

Result JoseArgument(std::string words) { return JoseReject("ARGUMENT_INVALID", std::move(words)); }

std::optional<Result> ReadJoseFile(const Arguments& arguments, const World& world,
                                   const std::string& name, std::string& out) {
  if (!arguments.Has(name)) return std::nullopt;
  absl::StatusOr<std::string> bytes = ReadInput(arguments.Text(name), world);
  if (!bytes.ok()) {
    if (base::ReasonOf(bytes.status()) != "INPUT_TOO_LARGE") return CannotRead(bytes.status());
    return JoseRefused(bytes.status(), std::string(bytes.status().message()));
  }
  out = *std::move(bytes);
  return std::nullopt;
}

absl::string_view TokenOf(absl::string_view bytes) {
  if (absl::ConsumeSuffix(&bytes, "\n")) absl::ConsumeSuffix(&bytes, "\r");
  return bytes;
}

absl::StatusOr<jose::Jwk> ReadJoseKey(const std::string& bytes) {
  if (!absl::StrContains(bytes, "-----BEGIN ")) return jose::ParseJwk(bytes);
  // Tools put parameters, certificates and texts before a private key; the key counts.
  return absl::StrContains(bytes, "PRIVATE KEY-----") ? FromPrivatePem(bytes)
                                                      : FromPublicPem(bytes);
}

}  // namespace va::signinctl
