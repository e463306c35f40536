#include "lib/jose/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/jose/ecdsa_format.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/keys_testing.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

using testing::EcKey;
using testing::KeyFor;
using testing::RsaKey;

// The order of P-256 (FIPS 186-4 D.1.2.3).
constexpr char kOrder[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

// Of P-384 (D.1.2.4), and of the base point of Ed25519, lowest byte first (RFC 8032 section 5.1).
constexpr char kOrder384[] =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
    "581a0db248b0a77aecec196accc52973";
constexpr char kOrder25519[] = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
// RFC 6979 A.2.6, "sample" with SHA-384.
constexpr char kSampleR[] =
    "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
    "81a648152e44acf96e36dd1e80fabe46";
constexpr char kSampleS[] =
    "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
    "a329c145786e679e7b82c71a38628ac8";

std::string Bytes(absl::string_view hex) { return base::HexDecode(hex).value(); }

std::string Reversed(const std::string& bytes) { return std::string(bytes.rbegin(), bytes.rend()); }

// The sum of two numbers of the same width, lowest byte first; nothing when it needs another byte.
std::optional<std::string> Plus(const std::string& a, const std::string& b) {
  std::string sum(a.size(), '\0');
  unsigned carry = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    carry += static_cast<unsigned>(static_cast<uint8_t>(a[i])) + static_cast<uint8_t>(b[i]);
    sum[i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  if (carry != 0) return std::nullopt;
  return sum;
}

std::string ModulusOf(const crypto::PrivateKey& key) {
  BIGNUM* modulus = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(key.native(), OSSL_PKEY_PARAM_RSA_N, &modulus) == 1);
  std::string bytes(static_cast<size_t>(BN_num_bytes(modulus)), '\0');
  BN_bn2bin(modulus, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(modulus);
  return bytes;
}

std::string Outcome(const VerifyingKey& key, absl::string_view message,
                    absl::string_view signature) {
  const absl::Status status = key.Verify(message, signature);
  return status.ok() ? "verified" : base::ReasonOf(status);
}

constexpr Algorithm kAll[] = {Algorithm::kEs256, Algorithm::kRs256, Algorithm::kPs256,
                              Algorithm::kEdDsa, Algorithm::kRs512, Algorithm::kEs384};

TEST_CASE("Algorithm: the list is closed and names are exact", "[jose][security]") {
  for (const Algorithm algorithm : kAll) {
    CHECK(AlgorithmFromName(ToString(algorithm)) == algorithm);
  }
  // O6 "none" in any spelling, O7 every keyed hash, and what is only near to ours.
  for (const char* name : {"",      "none",   "None",  "nOnE",    "NONE",  "es256", "ES256 ",
                           "HS256", "HS384",  "HS512", "RS1",     "RS384", "PS384", "PS512",
                           "ES512", "ES256K", "EDDSA", "Ed25519", "Ed448", "dir",   "RSA-OAEP"}) {
    INFO(name);
    CHECK_FALSE(AlgorithmFromName(name).has_value());
  }
}

TEST_CASE("SigningKey: RS512 and ES384 are to verify only", "[jose][rule]") {
  for (const Algorithm algorithm : kAll) {
    INFO(ToString(algorithm));
    const bool only_verified = algorithm == Algorithm::kRs512 || algorithm == Algorithm::kEs384;
    CHECK(MaySign(algorithm) == !only_verified);
    const auto signing = SigningKey::Create(KeyFor(algorithm), algorithm);
    CHECK(signing.ok() == !only_verified);
    if (only_verified) CHECK(base::ReasonOf(signing.status()) == "KEY_ALGORITHM");
    CHECK(VerifyingKey::Create(KeyFor(algorithm).Public(), algorithm).ok());
  }
}

TEST_CASE("SigningKey: J2 a key fits the algorithms of its kind only", "[jose][security]") {
  const crypto::PrivateKey* const keys[] = {&EcKey(), &testing::Ec384Key(), &testing::Ed25519Key(),
                                            &RsaKey()};
  int fitting = 0;
  for (const crypto::PrivateKey* key : keys) {
    for (const Algorithm algorithm : kAll) {
      INFO(ToString(algorithm) << " " << static_cast<int>(key->type()));
      const auto verifying = VerifyingKey::Create(key->Public(), algorithm);
      const auto signing = SigningKey::Create(*key, algorithm);
      CHECK(verifying.ok() == Fits(key->type(), algorithm));
      CHECK(signing.ok() == (Fits(key->type(), algorithm) && MaySign(algorithm)));
      if (!verifying.ok()) CHECK(base::ReasonOf(verifying.status()) == "KEY_ALGORITHM");
      if (!signing.ok()) CHECK(base::ReasonOf(signing.status()) == "KEY_ALGORITHM");
      if (verifying.ok()) ++fitting;
    }
  }
  // One kind for each algorithm, three of them for RSA.
  CHECK(fitting == 6);
  CHECK(Fits(crypto::KeyType::kEcP256, Algorithm::kEs256));
  CHECK(Fits(crypto::KeyType::kEcP384, Algorithm::kEs384));
  CHECK(Fits(crypto::KeyType::kEd25519, Algorithm::kEdDsa));
  CHECK(Fits(crypto::KeyType::kRsa, Algorithm::kRs256));
}

TEST_CASE("VerifyingKey: O8 a signature of one RSA algorithm holds under no other",
          "[jose][security]") {
  for (const Algorithm made : {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kRs512}) {
    const std::string signature = testing::Signature(RsaKey(), made, "m");
    for (const Algorithm asked : {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kRs512}) {
      INFO(ToString(made) << " as " << ToString(asked));
      const auto verifying = testing::Verifying(RsaKey(), asked);
      CHECK(Outcome(verifying[0], "m", signature) ==
            (made == asked ? "verified" : "SIGNATURE_INVALID"));
    }
  }
}

TEST_CASE("SigningKey: J13 an RSA key with the exponent 3 is refused for use", "[jose][security]") {
  const crypto::PrivateKey weak = testing::RsaKeyWithExponentThree();
  CHECK(base::ReasonOf(SigningKey::Create(weak, Algorithm::kRs256).status()) == "KEY_EXPONENT");
  CHECK(base::ReasonOf(VerifyingKey::Create(weak.Public(), Algorithm::kRs256).status()) ==
        "KEY_EXPONENT");
}

TEST_CASE("SigningKey: J13 an RSA key below 2048 bits is refused for use, however it was read",
          "[jose][security]") {
  const auto weak =
      crypto::PrivateKey::FromPem(crypto::GenerateKeyPem(crypto::NewKey::kRsa1024ForTests).value(),
                                  crypto::KeyStrength::kAnySize);
  REQUIRE(weak.ok());
  for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kRs512}) {
    CHECK(base::ReasonOf(VerifyingKey::Create(weak->Public(), algorithm).status()) ==
          "KEY_TOO_SHORT");
  }
  CHECK(base::ReasonOf(SigningKey::Create(*weak, Algorithm::kPs256).status()) == "KEY_TOO_SHORT");
}

TEST_CASE("SigningKey: without an id it bears its thumbprint", "[jose]") {
  CHECK(testing::Signing(EcKey(), Algorithm::kEs256).id() == Thumbprint(EcKey().Public()).value());
  CHECK(testing::Signing(EcKey(), Algorithm::kEs256, "mine").id() == "mine");
}

TEST_CASE("VerifyingKey: what one key signs no other verifies", "[jose]") {
  for (const Algorithm algorithm : kAll) {
    if (!MaySign(algorithm)) continue;
    INFO(ToString(algorithm));
    const auto& key = KeyFor(algorithm);
    const SigningKey signing = testing::Signing(key, algorithm);
    const auto verifying = testing::Verifying(key, algorithm);
    const std::string signature = signing.Sign("message").value();
    CHECK(signature.size() <= signing.most_bytes());
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

TEST_CASE("VerifyingKey: J12 ES384 takes r||s of 96 bytes, both in range, and nothing else",
          "[jose][security]") {
  const auto verifying = testing::Verifying(testing::Ec384Key(), Algorithm::kEs384);
  const std::string good = testing::Signature(testing::Ec384Key(), Algorithm::kEs384, "m");
  REQUIRE(good.size() == 96);
  REQUIRE(Outcome(verifying[0], "m", good) == "verified");
  const std::string r = good.substr(0, 48);
  const std::string s = good.substr(48);
  for (const std::string& bad :
       {std::string(48, '\0'), Bytes(kOrder384), std::string(48, '\xff')}) {
    CHECK(Outcome(verifying[0], "m", bad + s) == "SIGNATURE_INVALID");
    CHECK(Outcome(verifying[0], "m", r + bad) == "SIGNATURE_INVALID");
  }
  CHECK(Outcome(verifying[0], "m", s + r) == "SIGNATURE_INVALID");
  CHECK(Outcome(verifying[0], "n", good) == "SIGNATURE_INVALID");
  CHECK(Outcome(verifying[0], "m", EcdsaRawToDer(good, 48).value()) == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", good.substr(0, 64)) == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", good + '\0') == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", "") == "SIGNATURE_LENGTH");
}

TEST_CASE("VerifyingKey: ES384 of RFC 6979 A.2.6", "[jose][rule]") {
  const auto key = VerifyingKey::Create(testing::Rfc6979Key(), Algorithm::kEs384);
  REQUIRE(key.ok());
  CHECK(Outcome(*key, "sample", Bytes(kSampleR) + Bytes(kSampleS)) == "verified");
  CHECK(Outcome(*key, "sampl", Bytes(kSampleR) + Bytes(kSampleS)) == "SIGNATURE_INVALID");
}

TEST_CASE("VerifyingKey: J12 an Ed25519 signature whose S is at or above the order is refused",
          "[jose][security]") {
  const auto verifying = testing::Verifying(testing::Ed25519Key(), Algorithm::kEdDsa);
  const std::string good =
      testing::Signing(testing::Ed25519Key(), Algorithm::kEdDsa).Sign("m").value();
  REQUIRE(good.size() == 64);
  REQUIRE(Outcome(verifying[0], "m", good) == "verified");
  const std::string r = good.substr(0, 32);
  const std::string s = good.substr(32);
  // The same number modulo the order is a second spelling of the signature (RFC 8032 5.1.7).
  std::string more = s;
  while (true) {
    const auto sum = Plus(more, Bytes(kOrder25519));
    if (!sum.has_value()) break;
    more = *sum;
    INFO(base::HexEncode(more));
    CHECK(Outcome(verifying[0], "m", r + more) == "SIGNATURE_INVALID");
  }
  CHECK(more != s);
  for (const std::string& bad :
       {Bytes(kOrder25519), std::string(32, '\0'), std::string(32, '\xff')}) {
    CHECK(Outcome(verifying[0], "m", r + bad) == "SIGNATURE_INVALID");
    CHECK(Outcome(verifying[0], "m", bad + s) == "SIGNATURE_INVALID");
  }
  CHECK(Outcome(verifying[0], "m", good + '\0') == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", good.substr(1)) == "SIGNATURE_LENGTH");
  CHECK(Outcome(verifying[0], "m", "") == "SIGNATURE_LENGTH");
}

TEST_CASE("VerifyingKey: PS256 takes a salt of 32 bytes and SHA-256 in the mask, nothing else",
          "[jose][security]") {
  const auto verifying = testing::Verifying(RsaKey(), Algorithm::kPs256);
  CHECK(Outcome(verifying[0], "m", testing::OtherPss(RsaKey(), "m", 32)) == "verified");
  // RFC 7518 section 3.5: as long as the hash. 222 is what fits.
  for (const int salt : {0, 20, 31, 33, 64, 222}) {
    INFO(salt);
    CHECK(Outcome(verifying[0], "m", testing::OtherPss(RsaKey(), "m", salt)) ==
          "SIGNATURE_INVALID");
  }
  for (const char* mask : {"SHA1", "SHA512"}) {
    CHECK(Outcome(verifying[0], "m", testing::OtherPss(RsaKey(), "m", 32, mask)) ==
          "SIGNATURE_INVALID");
  }
}

TEST_CASE("SigningKey: PS256 signs with a fresh salt, the others of a message as they must",
          "[jose]") {
  const auto twice = [](Algorithm algorithm) {
    const SigningKey key = testing::Signing(KeyFor(algorithm), algorithm);
    return key.Sign("m").value() == key.Sign("m").value();
  };
  CHECK_FALSE(twice(Algorithm::kPs256));
  CHECK_FALSE(twice(Algorithm::kEs256));
  CHECK(twice(Algorithm::kRs256));
  CHECK(twice(Algorithm::kEdDsa));
}

TEST_CASE("VerifyingKey: an RSA signature has the length of its key", "[jose][security]") {
  for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kRs512}) {
    INFO(ToString(algorithm));
    const auto verifying = testing::Verifying(RsaKey(), algorithm);
    const std::string good = testing::Signature(RsaKey(), algorithm, "m");
    REQUIRE(good.size() == 256);
    CHECK(Outcome(verifying[0], "m", '\0' + good) == "SIGNATURE_LENGTH");
    CHECK(Outcome(verifying[0], "m", good.substr(1)) == "SIGNATURE_LENGTH");
    CHECK(Outcome(verifying[0], "m", "") == "SIGNATURE_LENGTH");
    CHECK(Outcome(verifying[0], "m", std::string(256, '\0')) == "SIGNATURE_INVALID");
    CHECK(Outcome(verifying[0], "m", std::string(256, '\xff')) == "SIGNATURE_INVALID");
  }
}

TEST_CASE("VerifyingKey: J12 an RSA signature plus the modulus is no second spelling of it",
          "[jose][security]") {
  for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kRs512}) {
    INFO(ToString(algorithm));
    const crypto::PrivateKey key = testing::Rfc7515RsaKey();
    const auto verifying = testing::Verifying(key, algorithm);
    std::optional<std::string> sum;
    // Only a small signature has one of the same length: of this key, more than every other one.
    for (int i = 0; i < 100 && !sum.has_value(); ++i) {
      const std::string message = std::to_string(i);
      const std::string good = testing::Signature(key, algorithm, message);
      sum = Plus(Reversed(good), Reversed(ModulusOf(key)));
      if (!sum.has_value()) continue;
      CHECK(Outcome(verifying[0], message, good) == "verified");
      CHECK(Outcome(verifying[0], message, Reversed(*sum)) == "SIGNATURE_INVALID");
    }
    CHECK(sum.has_value());
  }
}

TEST_CASE("SigningKey: keys are used by several threads at once", "[jose]") {
  for (const Algorithm algorithm : kAll) {
    if (!MaySign(algorithm)) continue;
    INFO(ToString(algorithm));
    const SigningKey signing = testing::Signing(KeyFor(algorithm), algorithm);
    const auto verifying = testing::Verifying(KeyFor(algorithm), algorithm);
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
}

}  // namespace
}  // namespace va::jose
