#include "lib/jose/nested.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/jws.h"
#include "lib/jose/keys_testing.h"

namespace va::jose {
namespace {

using testing::EcKey;
using testing::OtherEcKey;

const absl::Time kNow = absl::FromUnixSeconds(1768478400);
constexpr char kClaims[] = R"({"iss":"us","aud":"them","iat":1768478400,"exp":1768478700})";

EncryptionKey Receiver() {
  return EncryptionKey::Create(OtherEcKey().Public(), KeyManagement::kEcdhEs,
                               ContentEncryption::kA256Gcm)
      .value();
}

SigningKey Signer() { return testing::Signing(EcKey(), Algorithm::kEs256); }

ClaimsRules Rules() {
  ClaimsRules rules;
  rules.type = "JWT";
  rules.issuer = "us";
  rules.audience = "them";
  return rules;
}

absl::StatusOr<VerifiedJwt> Read(absl::string_view token) {
  std::vector<DecryptionKey> decrypting;
  decrypting.push_back(
      DecryptionKey::Create(OtherEcKey(), KeyManagement::kEcdhEs, {ContentEncryption::kA256Gcm})
          .value());
  return DecryptAndVerifyJwt(token, decrypting, testing::Verifying(EcKey(), Algorithm::kEs256),
                             Rules(), kNow);
}

std::string Outcome(absl::string_view token) {
  const auto read = Read(token);
  return read.ok() ? "verified" : base::ReasonOf(read.status());
}

std::string Signed(absl::string_view claims = kClaims) {
  return SignCompact(Signer(), {"JWT", ""}, claims).value();
}

std::string Encrypted(absl::string_view content, const std::string& cty = "JWT") {
  return EncryptCompact(Receiver(), {"JWT", cty, "", "", ""}, content).value();
}

TEST_CASE("Nested: what was signed and encrypted is what is read", "[jose][rule]") {
  const std::string token =
      SignAndEncryptJwt(Signer(), {"JWT", ""}, kClaims, Receiver(), {}).value();
  const auto read = Read(token);
  REQUIRE(read.ok());
  CHECK(read->payload == kClaims);
  CHECK(read->claims.issuer == "us");
  CHECK(read->header.algorithm == Algorithm::kEs256);
  CHECK(Outcome(Encrypted(Signed())) == "verified");
}

TEST_CASE("Nested: the rules about claims hold inside", "[jose][rule]") {
  CHECK(Outcome(Encrypted(Signed(R"({"iss":"us","aud":"them","exp":1768478400})"))) == "EXPIRED");
  CHECK(Outcome(Encrypted(Signed(R"({"iss":"us","aud":"we","exp":1768478700})"))) ==
        "AUDIENCE_MISMATCH");
  CHECK_FALSE(SignAndEncryptJwt(Signer(), {"JWT", ""}, "no claims", Receiver(), {}).ok());
}

TEST_CASE("Nested: J11 another content type is another nesting", "[jose][security]") {
  for (const char* cty : {"", "jwt", "application/jwt", "application/JWT", "JWT ", "JWE", "json",
                          "example;part=\"JWT\""}) {
    INFO(cty);
    CHECK(Outcome(Encrypted(Signed(), cty)) == "NESTED");
  }
}

TEST_CASE("Nested: J11 a third layer is refused, in either place", "[jose][security]") {
  // Encrypted in encrypted.
  CHECK(Outcome(Encrypted(Encrypted(Signed()))) == "NOT_COMPACT");
  // Signed in signed in encrypted: the middle one says so, or keeps silent.
  const SigningKey key = Signer();
  const std::string text =
      absl::StrCat(base::Base64UrlEncode(R"({"alg":"ES256","cty":"JWT","typ":"JWT"})"), ".",
                   base::Base64UrlEncode(Signed()));
  const std::string middle = absl::StrCat(text, ".", base::Base64UrlEncode(key.Sign(text).value()));
  CHECK(Outcome(Encrypted(middle)) == "CLAIMS_NOT_JSON");
  CHECK(Outcome(Encrypted(SignCompact(key, {"JWT", ""}, Signed()).value())) == "CLAIMS_NOT_JSON");
  // Claims under a header that announces another token.
  const std::string announced =
      absl::StrCat(base::Base64UrlEncode(R"({"alg":"ES256","cty":"JWT","typ":"JWT"})"), ".",
                   base::Base64UrlEncode(kClaims));
  CHECK(Outcome(Encrypted(absl::StrCat(
            announced, ".", base::Base64UrlEncode(key.Sign(announced).value())))) == "NESTED");
}

TEST_CASE("Nested: J11 the other order is refused", "[jose][security]") {
  // Encrypted first, then signed; and each layer alone.
  CHECK(Outcome(SignCompact(Signer(), {"JWT", ""}, Encrypted(kClaims)).value()) == "NOT_COMPACT");
  CHECK(Outcome(Signed()) == "NOT_COMPACT");
}

TEST_CASE("Nested: J14 a content whose signature was stripped is refused", "[jose][security]") {
  const std::vector<std::string> parts = absl::StrSplit(Signed(), '.');
  // Anybody can encrypt to us: only the signature says whom it comes from.
  CHECK(Outcome(Encrypted(kClaims)) == "NOT_COMPACT");
  CHECK(Outcome(Encrypted(kClaims, "")) == "NESTED");
  CHECK(Outcome(Encrypted(parts[1])) == "NOT_COMPACT");
  CHECK(Outcome(Encrypted(absl::StrCat(parts[0], ".", parts[1]))) == "NOT_COMPACT");
  CHECK(Outcome(Encrypted(absl::StrCat(parts[0], ".", parts[1], "."))) == "SIGNATURE_LENGTH");
  const std::string none = base::Base64UrlEncode(R"({"alg":"none","typ":"JWT"})");
  CHECK(Outcome(Encrypted(absl::StrCat(none, ".", parts[1], "."))) == "ALGORITHM_UNKNOWN");
  // Signed again by somebody else.
  const SigningKey stranger = testing::Signing(OtherEcKey(), Algorithm::kEs256);
  CHECK(Outcome(Encrypted(SignCompact(stranger, {"JWT", ""}, kClaims).value())) ==
        "SIGNATURE_INVALID");
}

}  // namespace
}  // namespace va::jose
