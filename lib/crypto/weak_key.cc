#include "lib/crypto/weak_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "lib/base/status.h"

namespace va::crypto {
namespace {

constexpr uint64_t kMinExponent = 65537;
constexpr uint32_t kTrialLimit = 752;
constexpr uint32_t kRocaLimit = 167;
constexpr uint64_t kRocaGenerator = 65537;

struct Free {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using Context = std::unique_ptr<BN_CTX, Free>;

absl::Status Weak(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

struct SmallPrime {
  uint32_t prime;
  // Which remainders are powers of the generator; empty above the limit of the fingerprint.
  std::bitset<kRocaLimit + 1> powers;
};

// Primes whose product fits into 64 bits: a modulus is divided once for all of them.
struct Batch {
  uint64_t product = 1;
  std::vector<SmallPrime> primes;
};

bool IsPrime(uint32_t number) {
  for (uint32_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return true;
}

SmallPrime Described(uint32_t prime) {
  SmallPrime described{.prime = prime, .powers = {}};
  if (prime > kRocaLimit || prime == 2) return described;
  for (uint64_t power = 1; !described.powers.test(power); power = power * kRocaGenerator % prime) {
    described.powers.set(power);
  }
  return described;
}

const std::vector<Batch>& Batches() {
  static const auto* const kBatches = [] {
    auto* batches = new std::vector<Batch>(1);
    for (uint32_t number = 2; number < kTrialLimit; ++number) {
      if (!IsPrime(number)) continue;
      if (batches->back().product > UINT64_MAX / number) batches->emplace_back();
      batches->back().product *= number;
      batches->back().primes.push_back(Described(number));
    }
    return batches;
  }();
  return *kBatches;
}

// Most significant first. Too long a number is cut off; its length is refused elsewhere.
using Words = std::vector<uint64_t>;

Words WordsOf(absl::string_view bytes) {
  Words words((bytes.size() + 7) / 8, 0);
  for (size_t i = 0; i < bytes.size(); ++i) {
    uint64_t& word = words[words.size() - 1 - (bytes.size() - 1 - i) / 8];
    word = word << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return words;
}

uint64_t Remainder(const Words& words, uint64_t divisor) {
  unsigned __int128 rest = 0;
  for (const uint64_t word : words) rest = (rest << 64 | word) % divisor;
  return static_cast<uint64_t>(rest);
}

// What one walk over the small primes tells.
struct Residues {
  bool small_factor = false;
  bool roca = true;
};

Residues Walk(const Words& modulus) {
  Residues residues;
  for (const Batch& batch : Batches()) {
    const uint64_t rest = Remainder(modulus, batch.product);
    for (const SmallPrime& small : batch.primes) {
      const uint64_t residue = rest % small.prime;
      if (residue == 0) residues.small_factor = true;
      if (small.powers.any() && !small.powers.test(residue)) residues.roca = false;
    }
  }
  return residues;
}

Number ParameterOf(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return Number(number);
}

std::string BytesOf(const BIGNUM* number) {
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

bool Coprime(const BIGNUM* a, const BIGNUM* b, BN_CTX* context) {
  // Euclid's own way: these are public, and the one in constant time takes four times as long.
  Number larger(BN_dup(a));
  Number smaller(BN_dup(b));
  while (!BN_is_zero(smaller.get())) {
    BN_mod(larger.get(), larger.get(), smaller.get(), context);
    std::swap(larger, smaller);
  }
  return BN_is_one(larger.get());
}

}  // namespace

absl::Status CheckRsaNumbers(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kMinRsaBits) return Weak("KEY_TOO_SHORT", "RSA keys below 2048 bits are refused");
  if (bits > kMaxRsaBits) return Weak("KEY_TOO_LONG", "RSA keys above 8192 bits are refused");
  const Number exponent = ParameterOf(key, OSSL_PKEY_PARAM_RSA_E);
  const Number modulus = ParameterOf(key, OSSL_PKEY_PARAM_RSA_N);
  if (exponent == nullptr || modulus == nullptr) {
    return Weak("KEY_UNREADABLE", "an RSA key without its numbers");
  }
  if (BN_num_bits(exponent.get()) > 64 || !BN_is_odd(exponent.get()) ||
      BN_get_word(exponent.get()) < kMinExponent) {
    return Weak("KEY_EXPONENT", "an RSA exponent is odd, at least 65537 and below 2^64");
  }
  const Residues residues = Walk(WordsOf(BytesOf(modulus.get())));
  if (residues.small_factor) return Weak("KEY_WEAK", "an RSA modulus with a small factor");
  if (residues.roca) return Weak("KEY_WEAK", "an RSA modulus of the generator of CVE-2017-15361");
  return absl::OkStatus();
}

bool HasRocaFingerprint(absl::string_view modulus) { return Walk(WordsOf(modulus)).roca; }

std::vector<size_t> SharingAPrime(absl::Span<const PublicKey> keys) {
  std::vector<std::pair<size_t, Number>> moduli;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].type() != KeyType::kRsa) continue;
    Number modulus = ParameterOf(keys[i].native(), OSSL_PKEY_PARAM_RSA_N);
    if (modulus != nullptr) moduli.emplace_back(i, std::move(modulus));
  }
  const Context context(BN_CTX_new());
  const Number product(BN_new());
  std::vector<size_t> sharing;
  for (const auto& [place, modulus] : moduli) {
    // One greatest common divisor a key, with the product of all others; products are cheap.
    BN_one(product.get());
    for (const auto& [other_place, other] : moduli) {
      if (BN_cmp(other.get(), modulus.get()) == 0) continue;
      BN_mod_mul(product.get(), product.get(), other.get(), modulus.get(), context.get());
    }
    if (!Coprime(modulus.get(), product.get(), context.get())) sharing.push_back(place);
  }
  return sharing;
}

}  // namespace va::crypto
