#include "lib/jose/keys_testing.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/jose/ecdsa_format.h"

namespace va::jose::testing {
namespace {

[[noreturn]] void Die(absl::string_view what) {
  std::cerr << "keys for tests: " << what << "\n";
  std::abort();
}

template <typename T>
T OrDie(absl::StatusOr<T> made) {
  if (!made.ok()) Die(made.status().ToString());
  return *std::move(made);
}

struct FreeAny {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeAny>;

// Collects the members of a JWK and makes a key of them.
class KeyBuilder {
 public:
  KeyBuilder() : builder_(OSSL_PARAM_BLD_new()) {}

  KeyBuilder& Number(const char* name, absl::string_view base64url) {
    const std::string bytes = OrDie(base::Base64UrlDecode(base64url));
    numbers_.emplace_back(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                    static_cast<int>(bytes.size()), nullptr));
    OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get());
    return *this;
  }
  KeyBuilder& Point(absl::string_view x, absl::string_view y) {
    point_ = absl::StrCat("\x04", OrDie(base::Base64UrlDecode(x)), OrDie(base::Base64UrlDecode(y)));
    OSSL_PARAM_BLD_push_utf8_string(builder_.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder_.get(), OSSL_PKEY_PARAM_PUB_KEY, point_.data(),
                                     point_.size());
    return *this;
  }
  EVP_PKEY* Build(const char* type, int selection) {
    const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder_.get()));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) {
      Die("numbers that make no key");
    }
    return key;
  }

 private:
  Owned<OSSL_PARAM_BLD> builder_;
  std::vector<Owned<BIGNUM>> numbers_;
  std::string point_;
};

crypto::PrivateKey Fresh(crypto::NewKey kind) {
  return OrDie(crypto::PrivateKey::FromPem(OrDie(crypto::GenerateKeyPem(kind))));
}

// What OpenSSL alone makes of it.
std::string SignatureOf(const crypto::PrivateKey& key, const EVP_MD* digest,
                        absl::string_view message,
                        const std::function<bool(EVP_PKEY_CTX*)>& choose) {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* choices = nullptr;
  std::string signature(1024, '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), &choices, digest, nullptr, key.native()) != 1 ||
      !choose(choices) ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    Die("no signature");
  }
  signature.resize(size);
  return signature;
}

std::string RingLine(absl::string_view id, char digit) {
  return absl::StrCat(id, ":", std::string(64, digit), "\n");
}

crypto::LookupHasher HasherOf(absl::string_view ring) {
  return crypto::LookupHasher::FromRing(OrDie(crypto::KeyRing::FromText(ring)));
}

}  // namespace

std::string Rfc7515Payload() {
  return "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
}

crypto::PrivateKey Rfc7515RsaKey() {
  KeyBuilder builder;
  builder
      .Number(OSSL_PKEY_PARAM_RSA_N,
              "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddx"
              "HmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs"
              "D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSH"
              "SXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV"
              "MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8"
              "NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ")
      .Number(OSSL_PKEY_PARAM_RSA_E, "AQAB")
      .Number(OSSL_PKEY_PARAM_RSA_D,
              "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97I"
              "jlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0"
              "BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn"
              "439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYT"
              "CBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLh"
              "BOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ");
  return OrDie(crypto::PrivateKey::Adopt(builder.Build("RSA", EVP_PKEY_KEYPAIR)));
}

crypto::PrivateKey Rfc7515EcKey() {
  KeyBuilder builder;
  builder
      .Point("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
             "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
      .Number(OSSL_PKEY_PARAM_PRIV_KEY, "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
  return OrDie(crypto::PrivateKey::Adopt(builder.Build("EC", EVP_PKEY_KEYPAIR)));
}

crypto::PrivateKey Rfc8037Key() {
  const std::string d = OrDie(base::Base64UrlDecode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
  return OrDie(crypto::PrivateKey::Adopt(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(d.data()), d.size())));
}

crypto::PublicKey Rfc6979Key() {
  // "BEGIN PUBLIC KEY" of a point on P-384 up to the coordinates, then Ux and Uy.
  const std::string der =
      OrDie(base::HexDecode("3076301006072a8648ce3d020106052b8104002203620004"
                            "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0"
                            "ea9055866064a254515480bc"
                            "138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b"
                            "231c3ae0d4fe7344fd25332647"
                            "20"));
  return OrDie(crypto::PublicKey::FromPem(absl::StrCat(
      "-----BEGIN PUBLIC KEY-----\n", base::Base64Encode(der), "\n-----END PUBLIC KEY-----\n")));
}

crypto::PublicKey Rfc7638Key() {
  KeyBuilder builder;
  builder
      .Number(OSSL_PKEY_PARAM_RSA_N,
              "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbf"
              "AAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
              "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65"
              "YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
              "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lF"
              "d2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
              "nqDKgw")
      .Number(OSSL_PKEY_PARAM_RSA_E, "AQAB");
  return OrDie(crypto::PublicKey::Adopt(builder.Build("RSA", EVP_PKEY_PUBLIC_KEY)));
}

crypto::PublicKey EcPublicKey(absl::string_view x, absl::string_view y) {
  KeyBuilder builder;
  builder.Point(x, y);
  return OrDie(crypto::PublicKey::Adopt(builder.Build("EC", EVP_PKEY_PUBLIC_KEY)));
}

crypto::PrivateKey RsaKeyWithExponentThree() {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  const Owned<BIGNUM> three(BN_new());
  EVP_PKEY* key = nullptr;
  if (BN_set_word(three.get(), 3) != 1 || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048) != 1 ||
      EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), three.get()) != 1 ||
      EVP_PKEY_generate(context.get(), &key) != 1) {
    Die("no RSA key with exponent 3");
  }
  return OrDie(crypto::PrivateKey::Adopt(key, crypto::KeyStrength::kAnySize));
}

const crypto::PrivateKey& EcKey() {
  static const auto* const key = new crypto::PrivateKey(Fresh(crypto::NewKey::kEcP256));
  return *key;
}
const crypto::PrivateKey& OtherEcKey() {
  static const auto* const key = new crypto::PrivateKey(Fresh(crypto::NewKey::kEcP256));
  return *key;
}
const crypto::PrivateKey& Ec384Key() {
  static const auto* const key = new crypto::PrivateKey(Fresh(crypto::NewKey::kEcP384));
  return *key;
}
const crypto::PrivateKey& Ed25519Key() {
  static const auto* const key = new crypto::PrivateKey(Fresh(crypto::NewKey::kEd25519));
  return *key;
}
const crypto::PrivateKey& RsaKey() {
  static const auto* const key = new crypto::PrivateKey(Fresh(crypto::NewKey::kRsa2048));
  return *key;
}
const crypto::PrivateKey& KeyFor(Algorithm algorithm) {
  for (const auto* key : {&EcKey(), &Ec384Key(), &Ed25519Key()}) {
    if (Fits(key->type(), algorithm)) return *key;
  }
  return RsaKey();
}

SigningKey Signing(const crypto::PrivateKey& key, Algorithm algorithm, absl::string_view id) {
  return OrDie(SigningKey::Create(key, algorithm, id));
}

std::vector<VerifyingKey> Verifying(const crypto::PrivateKey& key, Algorithm algorithm,
                                    absl::string_view id) {
  std::vector<VerifyingKey> keys;
  keys.push_back(OrDie(VerifyingKey::Create(key.Public(), algorithm, id)));
  return keys;
}

std::string Signature(const crypto::PrivateKey& key, Algorithm algorithm,
                      absl::string_view message) {
  const EVP_MD* digest = EVP_sha256();
  if (algorithm == Algorithm::kEdDsa) digest = nullptr;
  if (algorithm == Algorithm::kRs512) digest = EVP_sha512();
  if (algorithm == Algorithm::kEs384) digest = EVP_sha384();
  const std::string der = SignatureOf(key, digest, message, [algorithm](EVP_PKEY_CTX* choices) {
    return algorithm != Algorithm::kPs256 ||
           (EVP_PKEY_CTX_set_rsa_padding(choices, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(choices, 32) == 1);
  });
  if (algorithm == Algorithm::kEs256) return EcdsaDerToRaw(der, 32).value();
  return algorithm == Algorithm::kEs384 ? EcdsaDerToRaw(der, 48).value() : der;
}

std::string OtherPss(const crypto::PrivateKey& key, absl::string_view message, int salt_bytes,
                     absl::string_view mask_hash) {
  const std::string mask(mask_hash);
  return SignatureOf(key, EVP_sha256(), message, [salt_bytes, &mask](EVP_PKEY_CTX* choices) {
    return EVP_PKEY_CTX_set_rsa_padding(choices, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(choices, salt_bytes) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md_name(choices, mask.c_str(), nullptr) == 1;
  });
}

crypto::LookupHasher Hasher() { return HasherOf(RingLine("k1", '1')); }
crypto::LookupHasher HasherAfterExchange() {
  return HasherOf(absl::StrCat(RingLine("k2", '2'), RingLine("k1", '1')));
}
crypto::LookupHasher StrangersHasher() { return HasherOf(RingLine("k1", '3')); }

}  // namespace va::jose::testing
