#include "lib/crypto/detached_signature.h"

#include <catch2/catch.hpp>

#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"

namespace va::crypto {
namespace {

PrivateKey NewPrivateKey(NewKey kind) { return *PrivateKey::FromPem(*GenerateKeyPem(kind)); }

const PrivateKey& RsaKey() {
  static const auto* const key = new PrivateKey(NewPrivateKey(NewKey::kRsa2048));
  return *key;
}

TEST_CASE("SignDetached: every algorithm verifies with its key and with no other message",
          "[crypto][signature]") {
  const PrivateKey p256 = NewPrivateKey(NewKey::kEcP256);
  const PrivateKey p384 = NewPrivateKey(NewKey::kEcP384);
  struct Row {
    const PrivateKey& key;
    DetachedAlgorithm algorithm;
    size_t bytes;
  };
  for (const Row& row : {Row{RsaKey(), DetachedAlgorithm::kRsaSha256, 256},
                         Row{RsaKey(), DetachedAlgorithm::kRsaSha384, 256},
                         Row{RsaKey(), DetachedAlgorithm::kRsaSha512, 256},
                         Row{RsaKey(), DetachedAlgorithm::kRsaSha1, 256},
                         Row{p256, DetachedAlgorithm::kEcdsaSha256, 64},
                         Row{p256, DetachedAlgorithm::kEcdsaSha384, 64},
                         Row{p384, DetachedAlgorithm::kEcdsaSha384, 96}}) {
    const std::string signature = *SignDetached(row.key, row.algorithm, "message");
    CHECK(signature.size() == row.bytes);
    const PublicKey key = row.key.Public();
    CHECK(VerifyDetached(key, row.algorithm, "message", signature).ok());
    CHECK(base::ReasonOf(VerifyDetached(key, row.algorithm, "messagf", signature)) ==
          "SIGNATURE_INVALID");
    for (size_t i = 0; i < signature.size(); i += 7) {
      std::string altered = signature;
      altered[i] = static_cast<char>(altered[i] ^ 1);
      CHECK_FALSE(VerifyDetached(key, row.algorithm, "message", altered).ok());
    }
    CHECK_FALSE(VerifyDetached(key, row.algorithm, "message", signature + "x").ok());
    CHECK_FALSE(VerifyDetached(key, row.algorithm, "message", "").ok());
  }
}

TEST_CASE("S135 VerifyDetached: an algorithm of another kind of key is refused as such",
          "[crypto][signature][attack]") {
  const PrivateKey ec = NewPrivateKey(NewKey::kEcP256);
  CHECK(base::ReasonOf(SignDetached(ec, DetachedAlgorithm::kRsaSha256, "m").status()) ==
        "SIGNATURE_ALGORITHM");
  const std::string signature = *SignDetached(RsaKey(), DetachedAlgorithm::kRsaSha256, "m");
  CHECK(base::ReasonOf(VerifyDetached(ec.Public(), DetachedAlgorithm::kRsaSha256, "m",
                                      signature)) == "SIGNATURE_ALGORITHM");
  CHECK(base::ReasonOf(VerifyDetached(RsaKey().Public(), DetachedAlgorithm::kEcdsaSha256, "m",
                                      signature)) == "SIGNATURE_ALGORITHM");
}

TEST_CASE("VerifyDetached: P4 an Ed25519 key signs and verifies under no algorithm",
          "[crypto][signature][attack]") {
  const PrivateKey key = NewPrivateKey(NewKey::kEd25519);
  for (const DetachedAlgorithm algorithm :
       {DetachedAlgorithm::kRsaSha256, DetachedAlgorithm::kRsaSha384, DetachedAlgorithm::kRsaSha512,
        DetachedAlgorithm::kEcdsaSha256, DetachedAlgorithm::kEcdsaSha384,
        DetachedAlgorithm::kRsaSha1, DefaultAlgorithm(key.type())}) {
    CHECK_FALSE(Fits(algorithm, key.type()));
    CHECK(base::ReasonOf(SignDetached(key, algorithm, "m").status()) == "SIGNATURE_ALGORITHM");
    CHECK(base::ReasonOf(VerifyDetached(key.Public(), algorithm, "m", std::string(64, 'x'))) ==
          "SIGNATURE_ALGORITHM");
  }
}

TEST_CASE("VerifyDetached: an ECDSA signature of zeros is refused", "[crypto][signature]") {
  const PrivateKey ec = NewPrivateKey(NewKey::kEcP256);
  CHECK_FALSE(
      VerifyDetached(ec.Public(), DetachedAlgorithm::kEcdsaSha256, "m", std::string(64, '\0'))
          .ok());
}

TEST_CASE("DetachedAlgorithm: identifiers map both ways, byte for byte", "[crypto][signature]") {
  for (const DetachedAlgorithm algorithm :
       {DetachedAlgorithm::kRsaSha256, DetachedAlgorithm::kRsaSha384, DetachedAlgorithm::kRsaSha512,
        DetachedAlgorithm::kEcdsaSha256, DetachedAlgorithm::kEcdsaSha384,
        DetachedAlgorithm::kRsaSha1}) {
    CHECK(DetachedAlgorithmFromUri(UriOf(algorithm)) == algorithm);
  }
  for (const char* uri : {"", "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
                          "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
                          "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
                          "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"}) {
    CHECK_FALSE(DetachedAlgorithmFromUri(uri).has_value());
  }
}

}  // namespace
}  // namespace va::crypto
