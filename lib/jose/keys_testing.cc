#include "lib/jose/keys_testing.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"

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
  return OrDie(crypto::PrivateKey::Adopt(key));
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
const crypto::PrivateKey& RsaKey() {
  static const auto* const key = new crypto::PrivateKey(Fresh(crypto::NewKey::kRsa2048));
  return *key;
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

crypto::LookupHasher Hasher() { return HasherOf(RingLine("k1", '1')); }
crypto::LookupHasher HasherAfterExchange() {
  return HasherOf(absl::StrCat(RingLine("k2", '2'), RingLine("k1", '1')));
}
crypto::LookupHasher StrangersHasher() { return HasherOf(RingLine("k1", '3')); }

}  // namespace va::jose::testing
