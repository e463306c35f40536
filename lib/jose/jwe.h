// JSON Web Encryption in its compact form and no other (RFC 7516 section 7.1), with the closed
// lists of RFC 7518 that we have a use for. A key is made for exactly one way to bring the content
// key, so that a token can never choose another one for it (attack J2); neither RSA1_5 nor
// passwords nor compression exist here (attacks J3, J4, J5). Whatever goes wrong behind the header,
// the same work is done and the same outcome given (attack J15).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/crypto/aead.h"
#include "lib/crypto/keys.h"

namespace va::jose {

// How the content key travels.
enum class KeyManagement {
  kRsaOaep,     // RSA-OAEP: SHA-1 in a place where collisions do not matter
  kRsaOaep256,  // RSA-OAEP-256
  kEcdhEs,      // ECDH-ES: agreed on directly, on P-256 or P-384; nothing travels
};

// What the content is encrypted with.
enum class ContentEncryption { kA128Gcm, kA256Gcm, kA128CbcHs256 };

// The names in a header, "RSA-OAEP" and "A256GCM" and so on, and back by their exact spelling.
absl::string_view ToString(KeyManagement management);
absl::string_view ToString(ContentEncryption encryption);
std::optional<KeyManagement> KeyManagementFromName(absl::string_view name);
std::optional<ContentEncryption> ContentEncryptionFromName(absl::string_view name);

// All of them, for completeness tests and lists of what is offered.
absl::Span<const KeyManagement> AllKeyManagements();
absl::Span<const ContentEncryption> AllContentEncryptions();

// Whether a key of this kind can do it at all.
bool Fits(crypto::KeyType type, KeyManagement management);

// What a sender may say beside the algorithms; empty members are left out.
struct JweFields {
  std::string typ;
  std::string cty;
  std::string kid;
  // Raw bytes that name sender and receiver, for ECDH-ES alone (RFC 7518 section 4.6.1).
  std::string apu;
  std::string apv;
};

// A header that was read; members that are absent are empty.
struct JweHeader {
  KeyManagement management = KeyManagement::kRsaOaep;
  ContentEncryption encryption = ContentEncryption::kA128Gcm;
  std::string typ;
  std::string cty;
  std::string kid;
  bool has_kid = false;  // an empty kid names no key, which differs from none
};

// Encrypts to one key in one way. Set up once; thread-safe; moves, never copies.
class EncryptionKey {
 public:
  // INVALID_ARGUMENT with reason KEY_ALGORITHM when the key is of another kind than `management`,
  // or with the one of weak_key.h for an RSA key that is weak (attack J13). `id` is the `kid` of
  // its tokens unless the fields of a token say another; empty: none.
  static absl::StatusOr<EncryptionKey> Create(const crypto::PublicKey& key,
                                              KeyManagement management,
                                              ContentEncryption encryption,
                                              absl::string_view id = "");
  EncryptionKey(EncryptionKey&&) noexcept;
  EncryptionKey& operator=(EncryptionKey&&) noexcept;
  ~EncryptionKey();

  KeyManagement management() const;
  ContentEncryption encryption() const;
  const std::string& id() const;

 private:
  struct Parts;
  explicit EncryptionKey(std::unique_ptr<Parts> parts);
  friend absl::StatusOr<std::string> EncryptCompact(const EncryptionKey& key,
                                                    const JweFields& fields,
                                                    absl::string_view plaintext);

  std::unique_ptr<Parts> parts_;
};

// Decrypts what came to one key in one way. Thread-safe; moves, never copies.
class DecryptionKey {
 public:
  // As EncryptionKey::Create; `allowed` must not be empty. A key without an id answers to every
  // `kid`.
  static absl::StatusOr<DecryptionKey> Create(const crypto::PrivateKey& key,
                                              KeyManagement management,
                                              std::vector<ContentEncryption> allowed,
                                              absl::string_view id = "");

  KeyManagement management() const { return management_; }
  absl::Span<const ContentEncryption> allowed() const { return allowed_; }
  const std::string& id() const { return id_; }
  const crypto::PrivateKey& key() const { return key_; }

 private:
  DecryptionKey(crypto::PrivateKey key, KeyManagement management,
                std::vector<ContentEncryption> allowed, std::string id)
      : key_(std::move(key)),
        management_(management),
        allowed_(std::move(allowed)),
        id_(std::move(id)) {}

  crypto::PrivateKey key_;
  KeyManagement management_;
  std::vector<ContentEncryption> allowed_;
  std::string id_;
};

// header.encrypted key.initialisation vector.ciphertext.tag. Any plaintext, also an empty one.
// INVALID_ARGUMENT for fields that are not UTF-8, for apu or apv without ECDH-ES, and for what
// nobody would read as too large.
absl::StatusOr<std::string> EncryptCompact(const EncryptionKey& key, const JweFields& fields,
                                           absl::string_view plaintext);

// What was encrypted. The plaintext is overwritten with it.
struct DecryptedJwe {
  DecryptedJwe() = default;
  DecryptedJwe(JweHeader read, std::string opened)
      : header(std::move(read)), plaintext(std::move(opened)) {}
  DecryptedJwe(DecryptedJwe&&) noexcept = default;
  DecryptedJwe& operator=(DecryptedJwe&& other) noexcept;
  ~DecryptedJwe();

  JweHeader header;
  std::string plaintext;
};

// Decrypts with the one key that is bound to the token's `alg`, allows its `enc` and bears its
// `kid`. As with signatures, a token without `kid` may mean any key and a key without id answers to
// any `kid`; when that leaves several keys, none is tried (attack O10). Errors: JoseReject.
absl::StatusOr<DecryptedJwe> DecryptCompact(absl::string_view token,
                                            absl::Span<const DecryptionKey> keys);

}  // namespace va::jose
