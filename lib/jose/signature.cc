#include "lib/jose/signature.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <utility>

#include "lib/base/status.h"
#include "lib/crypto/weak_key.h"
#include "lib/jose/ecdsa_format.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

constexpr size_t kEd25519SignatureBytes = 64;

struct Listed {
  Algorithm algorithm;
  absl::string_view name;
  crypto::KeyType key_type;
  const EVP_MD* (*digest)();  // null: the algorithm takes the message itself
  size_t ecdsa_width;         // of r and of s; 0: not ECDSA
  bool may_sign;
};

// In the order of the enumeration, which the assertion below holds to.
constexpr Listed kAlgorithms[] = {
    {Algorithm::kEs256, "ES256", crypto::KeyType::kEcP256, EVP_sha256, 32, true},
    {Algorithm::kRs256, "RS256", crypto::KeyType::kRsa, EVP_sha256, 0, true},
    {Algorithm::kPs256, "PS256", crypto::KeyType::kRsa, EVP_sha256, 0, true},
    {Algorithm::kEdDsa, "EdDSA", crypto::KeyType::kEd25519, nullptr, 0, true},
    {Algorithm::kRs512, "RS512", crypto::KeyType::kRsa, EVP_sha512, 0, false},
    {Algorithm::kEs384, "ES384", crypto::KeyType::kEcP384, EVP_sha384, 48, false},
};

constexpr bool RowsFollowTheEnumeration() {
  size_t at = 0;
  for (const Listed& listed : kAlgorithms) {
    if (static_cast<size_t>(listed.algorithm) != at++) return false;
  }
  return at == static_cast<size_t>(Algorithm::kEs384) + 1;
}
static_assert(RowsFollowTheEnumeration());

const Listed& Entry(Algorithm algorithm) { return kAlgorithms[static_cast<size_t>(algorithm)]; }

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

absl::Status LibraryError(absl::string_view what) {
  ERR_clear_error();
  return absl::InternalError(what);
}

absl::Status CheckFits(EVP_PKEY* key, crypto::KeyType type, Algorithm algorithm) {
  if (!Fits(type, algorithm)) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_ALGORITHM",
                           "the key is of another kind than its algorithm");
  }
  // Whoever read the key may have asked for RSA of any size, for old messages.
  return type == crypto::KeyType::kRsa ? crypto::CheckRsaNumbers(key) : absl::OkStatus();
}

enum class Direction { kSign, kVerify };

// Everything chosen that the algorithm leaves open; null when OpenSSL does not want to.
DigestContext Prepare(Direction direction, EVP_PKEY* key, Algorithm algorithm) {
  const EVP_MD* digest = Entry(algorithm).digest == nullptr ? nullptr : Entry(algorithm).digest();
  DigestContext prepared(EVP_MD_CTX_new());
  if (prepared == nullptr) return nullptr;
  EVP_PKEY_CTX* choices = nullptr;  // belongs to the context
  const int ready = direction == Direction::kSign
                        ? EVP_DigestSignInit(prepared.get(), &choices, digest, nullptr, key)
                        : EVP_DigestVerifyInit(prepared.get(), &choices, digest, nullptr, key);
  if (ready != 1) return nullptr;
  if (algorithm != Algorithm::kPs256) return prepared;
  // RFC 7518 section 3.5: the salt is as long as the hash, in what we take as well.
  if (EVP_PKEY_CTX_set_rsa_padding(choices, RSA_PKCS1_PSS_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_pss_saltlen(choices, RSA_PSS_SALTLEN_DIGEST) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(choices, digest) != 1) {
    return nullptr;
  }
  return prepared;
}

// How long a signature is in a token.
size_t SignatureBytes(EVP_PKEY* key, Algorithm algorithm) {
  if (algorithm == Algorithm::kEdDsa) return kEd25519SignatureBytes;
  const size_t width = Entry(algorithm).ecdsa_width;
  return width != 0 ? 2 * width : static_cast<size_t>(EVP_PKEY_get_size(key));
}

// A context of its own for one operation, set up as `prepared` is.
DigestContext CopyOf(const DigestContext& prepared) {
  DigestContext copy(EVP_MD_CTX_new());
  if (copy == nullptr || EVP_MD_CTX_copy_ex(copy.get(), prepared.get()) != 1) return nullptr;
  // Used once: OpenSSL need not keep what it would take to go on.
  EVP_MD_CTX_set_flags(copy.get(), EVP_MD_CTX_FLAG_FINALISE);
  return copy;
}

}  // namespace

absl::string_view ToString(Algorithm algorithm) { return Entry(algorithm).name; }

std::optional<Algorithm> AlgorithmFromName(absl::string_view name) {
  for (const Listed& listed : kAlgorithms) {
    if (listed.name == name) return listed.algorithm;
  }
  return std::nullopt;
}

bool MaySign(Algorithm algorithm) { return Entry(algorithm).may_sign; }

bool Fits(crypto::KeyType type, Algorithm algorithm) { return Entry(algorithm).key_type == type; }

void DigestContextDeleter::operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }

// --- SigningKey ---

absl::StatusOr<SigningKey> SigningKey::Create(const crypto::PrivateKey& key, Algorithm algorithm,
                                              absl::string_view id) {
  if (!MaySign(algorithm)) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_ALGORITHM",
                           "the algorithm is one to verify only");
  }
  if (const absl::Status fits = CheckFits(key.native(), key.type(), algorithm); !fits.ok()) {
    return fits;
  }
  std::string name(id);
  if (name.empty()) {
    absl::StatusOr<std::string> thumbprint = Thumbprint(key.Public());
    if (!thumbprint.ok()) return thumbprint.status();
    name = *std::move(thumbprint);
  }
  DigestContext prepared = Prepare(Direction::kSign, key.native(), algorithm);
  if (prepared == nullptr) return LibraryError("OpenSSL cannot sign with this key");
  const auto size = static_cast<size_t>(EVP_PKEY_get_size(key.native()));
  return SigningKey(std::move(prepared), size, algorithm, std::move(name));
}

absl::StatusOr<std::string> SigningKey::Sign(absl::string_view message) const {
  const DigestContext context = CopyOf(prepared_);
  std::string signature(size_, '\0');
  size_t written = signature.size();
  if (context == nullptr ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &written,
                     Octets(message), message.size()) != 1) {
    return LibraryError("signing failed");
  }
  signature.resize(written);
  const size_t width = Entry(algorithm_).ecdsa_width;
  if (width == 0) return signature;
  std::optional<std::string> raw = EcdsaDerToRaw(signature, width);
  if (!raw.has_value()) return LibraryError("OpenSSL wrote a signature in an unknown form");
  return *std::move(raw);
}

// --- VerifyingKey ---

absl::StatusOr<VerifyingKey> VerifyingKey::Create(const crypto::PublicKey& key, Algorithm algorithm,
                                                  absl::string_view id) {
  if (const absl::Status fits = CheckFits(key.native(), key.type(), algorithm); !fits.ok()) {
    return fits;
  }
  DigestContext prepared = Prepare(Direction::kVerify, key.native(), algorithm);
  if (prepared == nullptr) return LibraryError("OpenSSL cannot verify with this key");
  return VerifyingKey(std::move(prepared), SignatureBytes(key.native(), algorithm), algorithm,
                      std::string(id));
}

absl::Status VerifyingKey::Verify(absl::string_view message, absl::string_view signature) const {
  if (signature.size() != size_) return RejectStatus(JoseReject::kSignatureLength);
  std::optional<std::string> der;
  if (const size_t width = Entry(algorithm_).ecdsa_width; width != 0) {
    der = EcdsaRawToDer(signature, width);
    if (!der.has_value()) return RejectStatus(JoseReject::kSignatureInvalid);
    signature = *der;
  }
  const DigestContext context = CopyOf(prepared_);
  if (context == nullptr) return LibraryError("no context to verify with");
  // 0 is a signature that does not hold, below 0 one that could not be read: both are refused.
  if (EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message),
                       message.size()) == 1) {
    return absl::OkStatus();
  }
  ERR_clear_error();
  return RejectStatus(JoseReject::kSignatureInvalid);
}

}  // namespace va::jose
