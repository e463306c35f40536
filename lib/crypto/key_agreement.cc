#include "lib/crypto/key_agreement.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"

namespace va::crypto {
namespace {

struct Free {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;

absl::Status Unsuitable() {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_ALGORITHM",
                         "keys that cannot agree on a secret");
}

std::string BigEndian(uint64_t number) {
  std::string bytes(4, '\0');
  for (size_t at = bytes.size(); at-- > 0; number >>= 8) bytes[at] = static_cast<char>(number);
  return bytes;
}

void AppendCounted(absl::string_view text, std::string& out) {
  absl::StrAppend(&out, BigEndian(text.size()), text);
}

absl::StatusOr<std::string> Derive(EVP_PKEY* own, EVP_PKEY* other, KeyType curve, bool validate) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr));
  std::string secret(CoordinateBytes(curve), '\0');
  size_t size = secret.size();
  if (context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer_ex(context.get(), other, validate ? 1 : 0) != 1 ||
      EVP_PKEY_derive(context.get(), reinterpret_cast<unsigned char*>(secret.data()), &size) != 1 ||
      size != secret.size()) {
    return Unsuitable();
  }
  return secret;
}

// The public point of a pair that was made after a pattern of ours, which is to say uncompressed;
// much quicker than asking for its coordinates.
absl::StatusOr<EcPoint> PointOf(EVP_PKEY* pair, KeyType curve) {
  const size_t width = CoordinateBytes(curve);
  unsigned char* bytes = nullptr;
  const size_t size = EVP_PKEY_get1_encoded_public_key(pair, &bytes);
  const std::string point(reinterpret_cast<const char*>(bytes), size);
  OPENSSL_free(bytes);
  if (size != 1 + 2 * width || point[0] != '\x04') return Unsuitable();
  return EcPoint{point.substr(1, width), point.substr(1 + width)};
}

}  // namespace

std::string ConcatKdf(absl::string_view secret, const KdfParties& parties, size_t key_bytes) {
  std::string other;  // SuppPubInfo is the length in bits, SuppPrivInfo empty
  AppendCounted(parties.algorithm, other);
  AppendCounted(parties.sender, other);
  AppendCounted(parties.receiver, other);
  other += BigEndian(uint64_t{key_bytes} * 8);
  std::string key;
  std::string round;
  round.reserve(4 + secret.size() + other.size());
  for (uint64_t counter = 1; key.size() < key_bytes; ++counter) {
    round.clear();
    absl::StrAppend(&round, BigEndian(counter), secret, other);
    std::string digest = Sha256(round);
    key.append(digest, 0, key_bytes - key.size());
    Cleanse(digest);
  }
  Cleanse(round);
  return key;
}

absl::StatusOr<AgreementSender> AgreementSender::Create(const PublicKey& receiver) {
  if (CoordinateBytes(receiver.type()) == 0) return Unsuitable();
  // Once here instead of with every message.
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, receiver.native(), nullptr));
  if (context == nullptr || EVP_PKEY_public_check(context.get()) != 1) return Unsuitable();
  const char* const group = receiver.type() == KeyType::kEcP384 ? "P-384" : "P-256";
  absl::StatusOr<PublicKey> pattern =
      PublicKey::Adopt(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group));
  if (!pattern.ok()) return pattern.status();
  return AgreementSender(receiver, *std::move(pattern));
}

absl::StatusOr<SenderAgreement> AgreementSender::Agree() const {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pattern_.native(), nullptr));
  EVP_PKEY* made = nullptr;
  if (context == nullptr || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_generate(context.get(), &made) != 1) {
    return Unsuitable();
  }
  const std::unique_ptr<EVP_PKEY, EvpKeyDeleter> pair(made);
  absl::StatusOr<EcPoint> ephemeral = PointOf(made, curve());
  if (!ephemeral.ok()) return ephemeral.status();
  absl::StatusOr<std::string> secret =
      Derive(made, receiver_.native(), curve(), /*validate=*/false);
  if (!secret.ok()) return secret.status();
  return SenderAgreement{*std::move(ephemeral), *std::move(secret)};
}

absl::StatusOr<std::string> AgreeWith(const PrivateKey& receiver, const PublicKey& ephemeral) {
  if (CoordinateBytes(receiver.type()) == 0 || receiver.type() != ephemeral.type()) {
    return Unsuitable();
  }
  return Derive(receiver.native(), ephemeral.native(), receiver.type(), /*validate=*/true);
}

}  // namespace va::crypto
