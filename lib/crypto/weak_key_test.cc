#include "lib/crypto/weak_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"

namespace va::crypto {
namespace {

struct Free {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;
using Number = Owned<BIGNUM>;

constexpr uint64_t kF4 = 65537;

Number NumberOf(uint64_t word) {
  Number number(BN_new());
  BN_set_word(number.get(), word);
  return number;
}

Number Prime(int bits) {
  Number prime(BN_new());
  REQUIRE(BN_generate_prime_ex(prime.get(), bits, 0, nullptr, nullptr, nullptr) == 1);
  return prime;
}

Number Product(const Number& a, const Number& b) {
  const Owned<BN_CTX> context(BN_CTX_new());
  Number product(BN_new());
  BN_mul(product.get(), a.get(), b.get(), context.get());
  return product;
}

// Long enough, of two large primes and this one.
Number ModulusWithFactor(uint64_t factor) {
  return Product(Product(Prime(1024), Prime(1030)), NumberOf(factor));
}

// A prime as the library of CVE-2017-15361 made them: k * M + (65537^a mod M), where M is the
// product of the first 126 primes, for RSA-2048 (Nemec and others, "The Return of Coppersmith's
// Attack", 2017).
Number RocaPrime(uint64_t power) {
  const Owned<BN_CTX> context(BN_CTX_new());
  Number primorial = NumberOf(1);
  int found = 0;
  for (uint64_t number = 2; found < 126; ++number) {
    bool prime = true;
    for (uint64_t divisor = 2; divisor * divisor <= number; ++divisor) {
      if (number % divisor == 0) prime = false;
    }
    if (!prime) continue;
    BN_mul_word(primorial.get(), number);
    ++found;
  }
  const Number residue = NumberOf(0);
  BN_mod_exp(residue.get(), NumberOf(kF4).get(), NumberOf(power).get(), primorial.get(),
             context.get());
  Number candidate(BN_new());
  BN_set_bit(candidate.get(), 1023);
  BN_set_bit(candidate.get(), 1022);
  BN_div(candidate.get(), nullptr, candidate.get(), primorial.get(), context.get());
  BN_mul(candidate.get(), candidate.get(), primorial.get(), context.get());
  BN_add(candidate.get(), candidate.get(), residue.get());
  do {
    BN_add(candidate.get(), candidate.get(), primorial.get());
  } while (BN_check_prime(candidate.get(), context.get(), nullptr) != 1);
  return candidate;
}

EVP_PKEY* KeyOf(const Number& modulus, const Number& exponent) {
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  REQUIRE(EVP_PKEY_fromdata_init(context.get()) == 1);
  REQUIRE(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1);
  return key;
}

std::string Refusal(const Number& modulus, const Number& exponent = NumberOf(kF4)) {
  return base::ReasonOf(PublicKey::Adopt(KeyOf(modulus, exponent)).status());
}

std::string BytesOf(const Number& number) {
  std::string bytes(static_cast<size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

std::string PemOf(const Number& modulus, const Number& exponent) {
  const Owned<EVP_PKEY> key(KeyOf(modulus, exponent));
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

PublicKey Adopted(const Number& modulus) {
  return *PublicKey::Adopt(KeyOf(modulus, NumberOf(kF4)));
}

}  // namespace

TEST_CASE("WeakKey: J13 an RSA key of less than 2048 bits, or of more than anybody has, is refused",
          "[crypto][security]") {
  CHECK(Refusal(Product(Prime(256), Prime(256))) == "KEY_TOO_SHORT");
  CHECK(Refusal(Product(Prime(512), Prime(512))) == "KEY_TOO_SHORT");
  Number almost = Product(Prime(1024), Prime(1023));
  REQUIRE(BN_num_bits(almost.get()) == 2047);
  CHECK(Refusal(almost) == "KEY_TOO_SHORT");
  CHECK(Refusal(Product(Prime(1024), Prime(1024))).empty());
  Number huge(BN_new());
  BN_set_bit(huge.get(), 8192);
  BN_add_word(huge.get(), 1);
  CHECK(Refusal(huge) == "KEY_TOO_LONG");
}

TEST_CASE("WeakKey: J13 an exponent that is even, below 65537 or out of all proportion is refused",
          "[crypto][security]") {
  const Number modulus = Product(Prime(1024), Prime(1024));
  for (const uint64_t weak : {1UL, 3UL, 17UL, 65535UL, 65536UL, 65538UL}) {
    CAPTURE(weak);
    CHECK(Refusal(modulus, NumberOf(weak)) == "KEY_EXPONENT");
  }
  Number wide(BN_new());
  BN_set_bit(wide.get(), 64);
  BN_add_word(wide.get(), 1);
  CHECK(Refusal(modulus, wide) == "KEY_EXPONENT");
  CHECK(Refusal(modulus, NumberOf(kF4)).empty());
  CHECK(Refusal(modulus, NumberOf(UINT64_MAX)).empty());
}

TEST_CASE("WeakKey: J13 a modulus with a factor below 752 is refused", "[crypto][security]") {
  // The last one is the first prime above the bound.
  for (const uint64_t factor : {2UL, 3UL, 53UL, 59UL, 167UL, 173UL, 743UL, 751UL}) {
    CAPTURE(factor);
    CHECK(Refusal(ModulusWithFactor(factor)) == "KEY_WEAK");
  }
  CHECK(Refusal(ModulusWithFactor(757)).empty());
}

TEST_CASE("WeakKey: J13 a modulus with the fingerprint of ROCA is refused", "[crypto][security]") {
  const Number p = RocaPrime(123456789);
  const Number q = RocaPrime(987654321987);
  const Number vulnerable = Product(p, q);
  REQUIRE(BN_num_bits(vulnerable.get()) == 2048);
  CHECK(HasRocaFingerprint(BytesOf(vulnerable)));
  CHECK(Refusal(vulnerable) == "KEY_WEAK");
  // One such prime beside an innocent one is no such key.
  const Number half = Product(p, Prime(1024));
  CHECK_FALSE(HasRocaFingerprint(BytesOf(half)));
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(HasRocaFingerprint(BytesOf(Product(Prime(1024), Prime(1024)))));
  }
}

TEST_CASE("WeakKey: J13 PEM is read through the same door; the operator's tool reads any key",
          "[crypto][security]") {
  const Number modulus = Product(Prime(1024), Prime(1024));
  CHECK(base::ReasonOf(PublicKey::FromPem(PemOf(modulus, NumberOf(3))).status()) == "KEY_EXPONENT");
  CHECK(base::ReasonOf(PublicKey::FromPem(PemOf(ModulusWithFactor(3), NumberOf(kF4))).status()) ==
        "KEY_WEAK");
  CHECK(PublicKey::Adopt(KeyOf(modulus, NumberOf(3)), KeyStrength::kAnySize).ok());
}

TEST_CASE("WeakKey: J13 two moduli of one set with a prime in common are found",
          "[crypto][security]") {
  const Number shared = Prime(1024);
  std::vector<PublicKey> keys;
  keys.push_back(Adopted(Product(Prime(1024), Prime(1024))));
  keys.push_back(Adopted(Product(shared, Prime(1024))));
  keys.push_back(
      *PublicKey::FromPem(PrivateKey::FromPem(*GenerateKeyPem(NewKey::kEcP256))->Public().Pem()));
  keys.push_back(Adopted(Product(Prime(1024), Prime(1024))));
  CHECK(SharingAPrime(keys).empty());
  keys.push_back(Adopted(Product(Prime(1024), shared)));
  CHECK(SharingAPrime(keys) == std::vector<size_t>{1, 4});
}

TEST_CASE("WeakKey: the same key twice shares no prime with itself", "[crypto]") {
  const PublicKey key = Adopted(Product(Prime(1024), Prime(1024)));
  CHECK(SharingAPrime({key, key}).empty());
  CHECK(SharingAPrime({}).empty());
  // Three keys of three primes: every one is broken by the other two.
  const Number a = Prime(1024);
  const Number b = Prime(1024);
  const Number c = Prime(1024);
  CHECK(SharingAPrime({Adopted(Product(a, b)), Adopted(Product(b, c)), Adopted(Product(a, c))})
            .size() == 3);
}

}  // namespace va::crypto
