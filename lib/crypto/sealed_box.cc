#include "lib/crypto/sealed_box.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"

namespace va::crypto {
namespace {

constexpr char kVersion = 1;
constexpr size_t kNonceSize = 12;
constexpr size_t kTagSize = 16;

struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;

// Fetched once: an implicit fetch for every value costs more than the encryption of a short one.
const EVP_CIPHER* Aes256Gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

unsigned char* Octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

absl::Status SealError(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kDataLoss, reason, message);
}

// The parts of an envelope, as views into it.
struct Envelope {
  absl::string_view header;  // version, length, key id
  absl::string_view key_id;
  absl::string_view nonce;
  absl::string_view ciphertext;
  absl::string_view tag;
};

absl::StatusOr<Envelope> Split(absl::string_view sealed) {
  if (sealed.size() < 2 || sealed[0] != kVersion) {
    return SealError("SEAL_MALFORMED", "not a sealed value of this version");
  }
  const size_t id_size = static_cast<unsigned char>(sealed[1]);
  const size_t header_size = 2 + id_size;
  if (id_size == 0 || sealed.size() < header_size + kNonceSize + kTagSize) {
    return SealError("SEAL_MALFORMED", "a sealed value cut short");
  }
  const size_t body_size = sealed.size() - header_size - kNonceSize - kTagSize;
  return Envelope{.header = sealed.substr(0, header_size),
                  .key_id = sealed.substr(2, id_size),
                  .nonce = sealed.substr(header_size, kNonceSize),
                  .ciphertext = sealed.substr(header_size + kNonceSize, body_size),
                  .tag = sealed.substr(sealed.size() - kTagSize)};
}

std::string LookupValue(const std::string& id, const std::string& key, absl::string_view purpose,
                        absl::string_view value) {
  // The purpose's length goes in too: ("ab","c") and ("a","bc") are different questions.
  const std::string message = absl::StrCat(purpose.size(), ":", purpose, ":", value);
  return absl::StrCat(id, ":", base::HexEncode(HmacSha256(key, message)));
}

// A key of its own for look-ups: whoever learned one could not open anything.
std::string LookupKey(const std::string& sealing_key) {
  return HmacSha256(sealing_key, "va lookup key v1");
}

}  // namespace

// --- SealedBox ---

SealedBox::SealedBox(KeyRing ring)
    : ring_(std::make_unique<base::Reloadable<KeyRing>>(std::move(ring))),
      seals_(std::make_unique<std::atomic<uint64_t>>(0)) {}

absl::StatusOr<SealedBox> SealedBox::FromKeyFile(const std::string& path) {
  absl::StatusOr<KeyRing> ring = KeyRing::FromFile(path, RingPurpose::kSealing);
  if (!ring.ok()) return ring.status();
  return FromRing(*std::move(ring));
}

SealedBox SealedBox::FromRing(KeyRing ring) { return SealedBox(std::move(ring)); }

std::string SealedBox::Seal(absl::string_view plain, absl::string_view aad,
                            base::IdGenerator& ids) const {
  const auto ring = ring_->Get();
  const std::string& key_id = ring->current_id();
  seals_->fetch_add(1, std::memory_order_relaxed);
  std::string sealed;
  sealed.reserve(2 + key_id.size() + kNonceSize + plain.size() + kTagSize);
  sealed.push_back(kVersion);
  sealed.push_back(static_cast<char>(key_id.size()));
  sealed.append(key_id);
  const size_t header_size = sealed.size();
  sealed.append(ids.RandomBytes(kNonceSize));
  const size_t body_at = sealed.size();
  sealed.resize(body_at + plain.size() + kTagSize);

  const CipherPtr context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool ok =
      EVP_EncryptInit_ex2(context.get(), Aes256Gcm(),
                          Octets(absl::string_view(ring->current_key())),
                          Octets(sealed) + header_size, nullptr) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, Octets(sealed),
                        static_cast<int>(header_size)) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, Octets(aad),
                        static_cast<int>(aad.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), Octets(sealed) + body_at, &written, Octets(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), Octets(sealed) + body_at + plain.size(), &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagSize),
                          Octets(sealed) + body_at + plain.size()) == 1;
  // Only a broken OpenSSL gets here. Going on would store a value that never opens again.
  if (!ok) {
    std::fputs("{\"ev\":\"crypto.seal.failed\"}\n", stderr);
    std::abort();
  }
  return sealed;
}

absl::StatusOr<std::string> SealedBox::Open(absl::string_view sealed, absl::string_view aad) const {
  const absl::StatusOr<Envelope> envelope = Split(sealed);
  if (!envelope.ok()) return envelope.status();
  const auto ring = ring_->Get();
  const std::string* key = ring->Find(envelope->key_id);
  if (key == nullptr) return SealError("SEAL_UNKNOWN_KEY", "sealed under a key the ring lacks");

  std::string plain(envelope->ciphertext.size(), '\0');
  std::string tag(envelope->tag);
  const CipherPtr context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool ok =
      EVP_DecryptInit_ex2(context.get(), Aes256Gcm(), Octets(absl::string_view(*key)),
                          Octets(envelope->nonce), nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, Octets(envelope->header),
                        static_cast<int>(envelope->header.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, Octets(aad),
                        static_cast<int>(aad.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), Octets(plain), &written, Octets(envelope->ciphertext),
                        static_cast<int>(envelope->ciphertext.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagSize),
                          Octets(tag)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), Octets(plain) + plain.size(), &written) == 1;
  if (!ok) {
    Cleanse(plain);
    return SealError("SEAL_BROKEN", "a sealed value was altered or belongs to another row");
  }
  return plain;
}

std::string SealedBox::LookupHash(absl::string_view purpose, absl::string_view value) const {
  const auto ring = ring_->Get();
  return LookupValue(ring->current_id(), LookupKey(ring->current_key()), purpose, value);
}

std::vector<std::string> SealedBox::LookupCandidates(absl::string_view purpose,
                                                     absl::string_view value) const {
  std::vector<std::string> candidates;
  const auto ring = ring_->Get();
  for (const std::string& id : ring->ids()) {
    candidates.push_back(LookupValue(id, LookupKey(*ring->Find(id)), purpose, value));
  }
  return candidates;
}

absl::StatusOr<std::string> SealedBox::KeyIdOf(absl::string_view sealed) {
  const absl::StatusOr<Envelope> envelope = Split(sealed);
  if (!envelope.ok()) return envelope.status();
  return std::string(envelope->key_id);
}

absl::Status SealedBox::Exchange(const SealedBox& next) {
  absl::Status fits = next.ring_->Get()->Replaces(*ring_->Get());
  if (fits.ok()) ring_->Swap(next.ring_->Get());
  return fits;
}

// --- LookupHasher ---

absl::StatusOr<LookupHasher> LookupHasher::FromKeyFile(const std::string& path) {
  absl::StatusOr<KeyRing> ring = KeyRing::FromFile(path, RingPurpose::kLookup);
  if (!ring.ok()) return ring.status();
  return FromRing(*std::move(ring));
}

LookupHasher::LookupHasher(KeyRing ring)
    : ring_(std::make_unique<base::Reloadable<KeyRing>>(std::move(ring))) {}

absl::Status LookupHasher::Exchange(const LookupHasher& next) {
  absl::Status fits = next.ring_->Get()->Replaces(*ring_->Get());
  if (fits.ok()) ring_->Swap(next.ring_->Get());
  return fits;
}

LookupHasher LookupHasher::FromRing(KeyRing ring) { return LookupHasher(std::move(ring)); }

std::string LookupHasher::Hash(absl::string_view purpose, absl::string_view value) const {
  const auto ring = ring_->Get();
  return LookupValue(ring->current_id(), ring->current_key(), purpose, value);
}

std::vector<std::string> LookupHasher::Candidates(absl::string_view purpose,
                                                  absl::string_view value) const {
  std::vector<std::string> candidates;
  const auto ring = ring_->Get();
  for (const std::string& id : ring->ids()) {
    candidates.push_back(LookupValue(id, *ring->Find(id), purpose, value));
  }
  return candidates;
}

absl::string_view LookupHasher::KeyIdOf(absl::string_view hash) {
  const size_t colon = hash.find(':');
  return colon == absl::string_view::npos ? absl::string_view() : hash.substr(0, colon);
}

}  // namespace va::crypto
