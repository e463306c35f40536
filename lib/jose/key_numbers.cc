#include "lib/jose/key_numbers.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <utility>
#include <vector>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/ec_point.h"
#include "lib/jose/jwk.h"

namespace va::jose {
namespace {

constexpr size_t kOkpWidth = 32;
constexpr int kMaxRsaBytes = 1024;  // RSA-8192; the gate for keys says so, too
// Each base finds the factors with a chance of at least one half.
constexpr BN_ULONG kBasesToFactor = 64;

struct Free {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const {
    // They may be secrets, and OpenSSL frees them as they are.
    for (OSSL_PARAM* one = params; one != nullptr && one->key != nullptr; ++one) {
      OPENSSL_cleanse(one->data, one->data_size);
    }
    OSSL_PARAM_free(params);
  }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;
using Number = Owned<BIGNUM>;

absl::Status Reject(JwkReject reject) {
  ERR_clear_error();
  return JwkRejectStatus(reject);
}

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number NumberOf(absl::string_view bytes) {
  Number number(BN_bin2bn(Octets(bytes), static_cast<int>(bytes.size()), nullptr));
  if (number != nullptr) BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

Number Copy(const Number& number) {
  Number copy(BN_dup(number.get()));
  if (copy != nullptr) BN_set_flags(copy.get(), BN_FLG_CONSTTIME);
  return copy;
}

// What the gate for keys says, in the words of this folder.
JwkReject RejectOfGate(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  if (reason == "KEY_TOO_SHORT") return JwkReject::kTooShort;
  if (reason == "KEY_TOO_LONG") return JwkReject::kTooLarge;
  return JwkReject::kWeak;
}

template <typename Key>
absl::StatusOr<Key> Gated(absl::StatusOr<Key> key) {
  if (!key.ok()) return Reject(RejectOfGate(key.status()));
  return key;
}

// The parameters of one key on their way to OpenSSL.
class Parameters {
 public:
  Parameters() : builder_(OSSL_PARAM_BLD_new()) {}

  // OpenSSL reads them when the key is built, so they are kept here until then.
  void Add(const char* name, Number number) {
    numbers_.push_back(std::move(number));
    ok_ = ok_ && OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get()) == 1;
  }
  void AddPoint(std::string octets) {
    point_ = std::move(octets);
    ok_ = ok_ && OSSL_PARAM_BLD_push_octet_string(builder_.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                  point_.data(), point_.size()) == 1;
  }
  void AddName(const char* name, const char* value) {
    ok_ = ok_ && OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, value, 0) == 1;
  }
  // Null when OpenSSL makes no key of them.
  Owned<EVP_PKEY> Build(const char* type, int selection) const {
    const Owned<OSSL_PARAM> params(ok_ ? OSSL_PARAM_BLD_to_param(builder_.get()) : nullptr);
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) {
      ERR_clear_error();
      return nullptr;
    }
    return Owned<EVP_PKEY>(key);
  }

 private:
  Owned<OSSL_PARAM_BLD> builder_;
  std::vector<Number> numbers_;
  std::string point_;
  bool ok_ = true;
};

// --- RSA ---

// An RSA key with all its numbers, and the arithmetic to see that they are of one key.
class RsaPair {
 public:
  explicit RsaPair(const RsaNumbers& given)
      : context_(BN_CTX_new()),
        n_(NumberOf(given.n)),
        e_(NumberOf(given.e)),
        d_(NumberOf(given.d)),
        p_(NumberOf(given.p)),
        q_(NumberOf(given.q)) {}

  // p and q from n, e and d (NIST SP 800-56B, appendix C.2).
  bool FindPrimes() {
    const Number k = New();
    if (BN_is_zero(d_.get()) || BN_cmp(d_.get(), n_.get()) >= 0) return false;
    if (BN_mul(k.get(), d_.get(), e_.get(), context_.get()) != 1 || BN_sub_word(k.get(), 1) != 1) {
      return false;
    }
    int twos = 0;
    while (!BN_is_zero(k.get()) && BN_is_bit_set(k.get(), twos) == 0) ++twos;
    const Number odd = New();
    if (twos == 0 || BN_rshift(odd.get(), k.get(), twos) != 1) return false;
    for (BN_ULONG base = 2; base < kBasesToFactor; ++base) {
      const std::optional<bool> found = FactorWith(base, odd, twos);
      if (found.has_value()) return *found;
    }
    return false;
  }

  // Whether p and q make n and d undoes e for both, and a power of two survives the way there and
  // back: what is no prime is found out.
  bool Belongs() {
    const Number product = New();
    if (BN_is_zero(d_.get()) || BN_cmp(d_.get(), n_.get()) >= 0 || BN_is_one(p_.get()) ||
        BN_is_one(q_.get()) || BN_mul(product.get(), p_.get(), q_.get(), context_.get()) != 1 ||
        BN_cmp(product.get(), n_.get()) != 0 || BN_cmp(p_.get(), q_.get()) == 0) {
      return false;
    }
    return Exponent(p_, dp_) && Exponent(q_, dq_) && Inverse();
  }

  bool Agrees(const RsaNumbers& given) const {
    return Same(given.dp, dp_) && Same(given.dq, dq_) && Same(given.qi, qi_);
  }

  Owned<EVP_PKEY> Build() const {
    Parameters parameters;
    parameters.Add(OSSL_PKEY_PARAM_RSA_N, Copy(n_));
    parameters.Add(OSSL_PKEY_PARAM_RSA_E, Copy(e_));
    parameters.Add(OSSL_PKEY_PARAM_RSA_D, Copy(d_));
    parameters.Add(OSSL_PKEY_PARAM_RSA_FACTOR1, Copy(p_));
    parameters.Add(OSSL_PKEY_PARAM_RSA_FACTOR2, Copy(q_));
    parameters.Add(OSSL_PKEY_PARAM_RSA_EXPONENT1, Copy(dp_));
    parameters.Add(OSSL_PKEY_PARAM_RSA_EXPONENT2, Copy(dq_));
    parameters.Add(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, Copy(qi_));
    return parameters.Build("RSA", EVP_PKEY_KEYPAIR);
  }

 private:
  static Number New() {
    Number number(BN_new());
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    return number;
  }

  static bool Same(const std::string& given, const Number& number) {
    const Number other = NumberOf(given);
    return BN_cmp(other.get(), number.get()) == 0;
  }

  // Squares base^odd until it is one; the number before that, unless it is -1, tells a factor.
  // Nothing: try another base. False: d does not undo e.
  std::optional<bool> FactorWith(BN_ULONG base, const Number& odd, int twos) {
    Number x = New();
    Number next = New();
    const Number minus_one = Copy(n_);
    if (BN_set_word(next.get(), base) != 1 || BN_sub_word(minus_one.get(), 1) != 1 ||
        BN_mod_exp(x.get(), next.get(), odd.get(), n_.get(), context_.get()) != 1) {
      return false;
    }
    if (BN_is_one(x.get()) || BN_cmp(x.get(), minus_one.get()) == 0) return std::nullopt;
    for (int i = 0; i < twos; ++i) {
      if (BN_mod_sqr(next.get(), x.get(), n_.get(), context_.get()) != 1) return false;
      if (BN_is_one(next.get())) return TakeFactor(x);
      if (BN_cmp(next.get(), minus_one.get()) == 0) return std::nullopt;
      std::swap(x, next);
    }
    return false;
  }

  bool TakeFactor(const Number& root) {
    const Number less = Copy(root);
    p_ = New();
    q_ = New();
    const Number rest = New();
    return BN_sub_word(less.get(), 1) == 1 &&
           BN_gcd(p_.get(), less.get(), n_.get(), context_.get()) == 1 &&
           BN_div(q_.get(), rest.get(), n_.get(), p_.get(), context_.get()) == 1 &&
           BN_is_zero(rest.get());
  }

  // exponent = d mod (prime - 1), and (2^exponent)^e = 2 mod prime.
  bool Exponent(const Number& prime, Number& exponent) {
    const Number order = Copy(prime);
    const Number check = New();
    const Number two = New();
    exponent = New();
    return BN_is_odd(prime.get()) && BN_sub_word(order.get(), 1) == 1 &&
           BN_set_word(two.get(), 2) == 1 &&
           BN_mod(exponent.get(), d_.get(), order.get(), context_.get()) == 1 &&
           BN_mod_mul(check.get(), exponent.get(), e_.get(), order.get(), context_.get()) == 1 &&
           BN_is_one(check.get()) &&
           BN_mod_exp(check.get(), two.get(), exponent.get(), prime.get(), context_.get()) == 1 &&
           BN_mod_exp(check.get(), check.get(), e_.get(), prime.get(), context_.get()) == 1 &&
           BN_cmp(check.get(), two.get()) == 0;
  }

  bool Inverse() {
    qi_ = New();
    return BN_mod_inverse(qi_.get(), q_.get(), p_.get(), context_.get()) != nullptr;
  }

  Owned<BN_CTX> context_;
  Number n_;
  Number e_;
  Number d_;
  Number p_;
  Number q_;
  Number dp_;
  Number dq_;
  Number qi_;
};

// --- EC ---

const char* GroupOf(crypto::KeyType curve) {
  return curve == crypto::KeyType::kEcP384 ? "P-384" : "P-256";
}

Owned<EVP_PKEY> BuildEcPair(const EcNumbers& numbers) {
  Parameters parameters;
  parameters.AddName(OSSL_PKEY_PARAM_GROUP_NAME, GroupOf(numbers.curve));
  parameters.AddPoint("\x04" + numbers.x + numbers.y);
  parameters.Add(OSSL_PKEY_PARAM_PRIV_KEY, NumberOf(numbers.d));
  return parameters.Build("EC", EVP_PKEY_KEYPAIR);
}

// Whether the private number is in range and makes the public point.
bool PairHolds(EVP_PKEY* key) {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  const bool holds = context != nullptr && EVP_PKEY_private_check(context.get()) == 1 &&
                     EVP_PKEY_pairwise_check(context.get()) == 1;
  ERR_clear_error();
  return holds;
}

// --- And back ---

absl::Status Untold() {
  ERR_clear_error();
  return absl::InternalError("the key does not tell its numbers");
}

// A number of an RSA key in base64url, as short as it gets.
absl::StatusOr<std::string> Told(const crypto::PublicKey& key, const char* name) {
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(key.native(), name, &read) != 1) return Untold();
  const Number number(read);
  std::string bytes(static_cast<size_t>(BN_num_bytes(read)), '\0');
  BN_bn2bin(read, reinterpret_cast<unsigned char*>(bytes.data()));
  return base::Base64UrlEncode(bytes);
}

using Members = std::map<std::string, std::string>;

absl::StatusOr<Members> RsaMembers(const crypto::PublicKey& key) {
  absl::StatusOr<std::string> n = Told(key, OSSL_PKEY_PARAM_RSA_N);
  if (!n.ok()) return n.status();
  absl::StatusOr<std::string> e = Told(key, OSSL_PKEY_PARAM_RSA_E);
  if (!e.ok()) return e.status();
  return Members{{"kty", "RSA"}, {"n", *std::move(n)}, {"e", *std::move(e)}};
}

absl::StatusOr<Members> EcMembers(const crypto::PublicKey& key) {
  const absl::StatusOr<crypto::EcPoint> point = crypto::EcPointOf(key);
  if (!point.ok()) return Untold();
  return Members{{"kty", "EC"},
                 {"crv", GroupOf(key.type())},
                 {"x", base::Base64UrlEncode(point->x)},
                 {"y", base::Base64UrlEncode(point->y)}};
}

absl::StatusOr<Members> OkpMembers(const crypto::PublicKey& key) {
  std::string x(kOkpWidth, '\0');
  size_t size = x.size();
  if (EVP_PKEY_get_raw_public_key(key.native(), reinterpret_cast<unsigned char*>(x.data()),
                                  &size) != 1) {
    return Untold();
  }
  return Members{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base::Base64UrlEncode(x)}};
}

}  // namespace

absl::StatusOr<crypto::PublicKey> PublicKeyOf(const RsaNumbers& numbers) {
  if (numbers.n.size() > kMaxRsaBytes || numbers.e.size() > numbers.n.size()) {
    return Reject(JwkReject::kTooLarge);
  }
  Parameters parameters;
  parameters.Add(OSSL_PKEY_PARAM_RSA_N, NumberOf(numbers.n));
  parameters.Add(OSSL_PKEY_PARAM_RSA_E, NumberOf(numbers.e));
  return Gated(crypto::PublicKey::Adopt(parameters.Build("RSA", EVP_PKEY_PUBLIC_KEY).release()));
}

absl::StatusOr<crypto::PublicKey> PublicKeyOf(const EcNumbers& numbers) {
  absl::StatusOr<crypto::PublicKey> key =
      crypto::EcKeyFromPoint(numbers.curve, numbers.x, numbers.y);
  if (!key.ok()) return Reject(JwkReject::kNotOnCurve);
  return key;
}

absl::StatusOr<crypto::PublicKey> PublicKeyOf(const OkpNumbers& numbers) {
  return Gated(crypto::PublicKey::Adopt(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Octets(numbers.x), numbers.x.size())));
}

absl::StatusOr<crypto::PrivateKey> PrivateKeyOf(const RsaNumbers& numbers) {
  // The arithmetic below is for numbers of a sensible size, which this sees to.
  if (const auto gated = PublicKeyOf(numbers); !gated.ok()) return gated.status();
  RsaPair pair(numbers);
  if (numbers.p.empty() && !pair.FindPrimes()) return Reject(JwkReject::kPrivateMismatch);
  if (!pair.Belongs() || (!numbers.p.empty() && !pair.Agrees(numbers))) {
    return Reject(JwkReject::kPrivateMismatch);
  }
  return Gated(crypto::PrivateKey::Adopt(pair.Build().release()));
}

absl::StatusOr<crypto::PrivateKey> PrivateKeyOf(const EcNumbers& numbers) {
  if (const auto gated = PublicKeyOf({numbers.curve, numbers.x, numbers.y, ""}); !gated.ok()) {
    return gated.status();
  }
  Owned<EVP_PKEY> key = BuildEcPair(numbers);
  if (key == nullptr || !PairHolds(key.get())) return Reject(JwkReject::kPrivateMismatch);
  return Gated(crypto::PrivateKey::Adopt(key.release()));
}

absl::StatusOr<crypto::PrivateKey> PrivateKeyOf(const OkpNumbers& numbers) {
  if (const auto gated = PublicKeyOf(OkpNumbers{numbers.x, ""}); !gated.ok()) {
    return gated.status();
  }
  Owned<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Octets(numbers.d), numbers.d.size()));
  std::string made(kOkpWidth, '\0');
  size_t size = made.size();
  if (key == nullptr ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(made.data()),
                                  &size) != 1 ||
      made != numbers.x) {
    return Reject(JwkReject::kPrivateMismatch);
  }
  return Gated(crypto::PrivateKey::Adopt(key.release()));
}

absl::StatusOr<Members> RequiredMembers(const crypto::PublicKey& key) {
  switch (key.type()) {
    case crypto::KeyType::kRsa:
      return RsaMembers(key);
    case crypto::KeyType::kEcP256:
    case crypto::KeyType::kEcP384:
      return EcMembers(key);
    case crypto::KeyType::kEd25519:
      return OkpMembers(key);
  }
  return Untold();
}

}  // namespace va::jose
