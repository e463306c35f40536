#include "lib/jose/signature.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/ecdsa_format.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/keys_testing.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

using testing::EcKey;
using testing::RsaKey;

// The order of P-256 (FIPS 186-4 D.1.2.3).
constexpr char kOrder[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

std::string Bytes(absl::string_view hex) { return base::HexDecode(hex).value(); }

std::string Outcome(const VerifyingKey& key, absl::string_view message,
                    absl::string_view signature) {
  const absl::Status status = key.Verify(message, signature);
  return status.ok() ? "verified" : base::ReasonOf(status);
}

TEST_CASE("Algorithm: the list is closed and names are exact", "[jose][security]") {
  for (const Algorithm algorithm : {Algorithm::kEs256, Algorithm::kRs256}) {
    CHECK(AlgorithmFromName(ToString(algorithm)) == algorithm);
  }
  for (const char* name : {"", "none", "None", "NONE", "es256", "ES256 ", "HS256", "RS1", "RS512",
                           "ES384", "PS256", "EdDSA", "ES256K"}) {
    INFO(name);
    CHECK_FALSE(AlgorithmFromName(name).has_value());
  }
}

TEST_CASE("SigningKey: J2 a key fits its own algorithm only", "[jose][security]") {
  const auto reason = [](const crypto::PrivateKey& key, Algorithm algorithm) {
    const auto verifying = VerifyingKey::Create(key.Public(), algorithm);
    const auto signing = SigningKey::Create(key, algorithm);
    CHECK(verifying.ok() == signing.ok());
    CHECK(base::ReasonOf(verifying.status()) == base::ReasonOf(signing.status()));
    return signing.ok() ? "made" : base::ReasonOf(signing.status());
  };
  CHECK(reason(EcKey(), Algorithm::kEs256) == "made");
  CHECK(reason(RsaKey(), Algorithm::kRs256) == "made");
  CHECK(reason(EcKey(), Algorithm::kRs256) == "KEY_ALGORITHM");
  CHECK(reason(RsaKey(), Algorithm::kEs256) == "KEY_ALGORITHM");
  CHECK(reason(testing::Ec384Key(), Algorithm::kEs256) == "KEY_ALGORITHM");
}

TEST_CASE("SigningKey: J13 an RSA key with the exponent 3 is refused for use", "[jose][security]") {
  const crypto::PrivateKey weak = testing::RsaKeyWithExponentThree();
  CHECK(base::ReasonOf(SigningKey::Create(weak, Algorithm::kRs256).status()) == "KEY_EXPONENT");
  CHECK(base::ReasonOf(VerifyingKey::Create(weak.Public(), Algorithm::kRs256).status()) ==
        "KEY_EXPONENT");
}

TEST_CASE("SigningKey: without an id it bears its thumbprint", "[jose]") {
  CHECK(testing::Signing(EcKey(), Algorithm::kEs256).id() == Thumbprint(EcKey().Public()).value());
  CHECK(testing::Signing(EcKey(), Algorithm::kEs256, "mine").id() == "mine");
}

TEST_CASE("VerifyingKey: what one key signs no other verifies", "[jose]") {
  for (const Algorithm algorithm : {Algorithm::kEs256, Algorithm::kRs256}) {
    const auto& key = algorithm == Algorithm::kEs256 ? EcKey() : RsaKey();
    const SigningKey signing = testing::Signing(key, algorithm);
    const auto verifying = testing::Verifying(key, algorithm);
    const std::string signature = signing.Sign("message").value();
    CHECK(Outcome(verifying[0], "message", signature) == "verified");
    // The prepared state is used again and again.
    CHECK(Outcome(verifying[0], "message", signature) == "verified");
    CHECK(Outcome(verifying[0], "massage", signature) == "SIGNATURE_INVALID");
    CHECK(Outcome(verifying[0], "message", signing.Sign("").value()) == "SIGNATURE_INVALID");
    CHECK(Outcome(verifying[0], "", signing.Sign("").value()) == "verified");
  }
  const auto other = testing::Verifying(testing::OtherEcKey(), Algorithm::kEs256);
  CHECK(Outcome(other[0], "m", testing::Signing(EcKey(), Algorithm::kEs256).Sign("m").value()) ==
        "SIGNATURE_INVALID");
}

TEST_CASE("VerifyingKey: J12 r or s zero, at or above the order, and any form but r||s are refused",
          "[jose][security]") {
  const auto verifying = testing::Verifying(EcKey(), Algorithm::kEs256);
  const std::string good = testing::Signing(EcKey(), Algorithm::kEs256).Sign("m").value();
  REQUIRE(good.size() == 64);
  REQUIRE(Outcome(verifying[0], "m", good) == "verified");
  const std::string r = good.substr(0, 32);
  const std::string s = good.substr(32);
  const std::string zero(32, '\0');
  const std::string order = Bytes(kOrder);
  const std::string most(32, '\xff');
  for (const std::string& bad : {zero, order, most}) {
    CHECK(Outcome(verifying[0], "m", bad + s) == "SIGNATURE_INVALID");
    CHECK(Outcome(verifying[0], "m", r + bad) == "SIGNATURE_INVALID");
    CHECK(Outcome(verifying[0], "m", bad + bad) == "SIGNATURE_INVALID");
  }
  CHECK(Outcome(verifying[0], "m", EcdsaRawToDer(good, 32).value()) == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", good + '\0') == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", '\0' + good) == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", zero.substr(0, 16) + r + zero.substr(0, 16) + s) ==
        "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", good.substr(1)) == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", "") == "SIGNATURE_LENGTH");
}

TEST_CASE("VerifyingKey: an RSA signature has the length of its key", "[jose][security]") {
  const auto verifying = testing::Verifying(RsaKey(), Algorithm::kRs256);
  const std::string good = testing::Signing(RsaKey(), Algorithm::kRs256).Sign("m").value();
  REQUIRE(good.size() == 256);
  CHECK(Outcome(verifying[0], "m", '\0' + good) == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", good.substr(1)) == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", std::string(256, '\0')) == "SIGNATURE_INVALID");
  CHECK(Outcome(verifying[0], "m", std::string(256, '\xff')) == "SIGNATURE_INVALID");
}

TEST_CASE("SigningKey: keys are used by several threads at once", "[jose]") {
  const SigningKey signing = testing::Signing(EcKey(), Algorithm::kEs256);
  const auto verifying = testing::Verifying(EcKey(), Algorithm::kEs256);
  std::vector<int> held(4, 0);
  std::vector<std::thread> threads;
  for (int& count : held) {
    threads.emplace_back([&count, &signing, &verifying] {
      for (int i = 0; i < 50; ++i) {
        const std::string message = std::to_string(i);
        if (verifying[0].Verify(message, signing.Sign(message).value()).ok()) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(held == std::vector<int>(4, 50));
}

}  // namespace
}  // namespace va::jose
