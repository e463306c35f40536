// Protection of personal data at rest (rule 6 of the house): sealing for columns that are read
// back, keyed hashes for columns that are looked up. Both hold a key ring: the current key writes,
// every key of the ring reads, so that keys can be exchanged while serving (decision E7). Each call
// works with the ring of the moment it began.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/id_generator.h"
#include "lib/base/reloadable.h"
#include "lib/crypto/key_ring.h"

namespace va::crypto {

// AES-256-GCM. `aad` names the place of the value (table and row), so that a sealed value copied
// into another row does not open. Thread-safe.
class SealedBox {
 public:
  static absl::StatusOr<SealedBox> FromKeyFile(const std::string& path);
  static SealedBox FromRing(KeyRing ring);

  // version byte | length of key id | key id | 96-bit random nonce | ciphertext | 128-bit tag.
  // Version and key id are authenticated too. `ids` must be the process's random source: a nonce is
  // fresh for every value, also when one is sealed again, and nothing is ever derived for it.
  std::string Seal(absl::string_view plain, absl::string_view aad, base::IdGenerator& ids) const;

  // Reasons: SEAL_MALFORMED, SEAL_UNKNOWN_KEY, SEAL_BROKEN (altered, or another row's).
  absl::StatusOr<std::string> Open(absl::string_view sealed, absl::string_view aad) const;

  // Keyed hashes of sealed values, as LookupHasher gives them, for columns in which a row is found
  // by what stands sealed in another. The keys are derived from the ring's, so that no key does two
  // kinds of work. LookupHash is what is written, LookupCandidates what is searched for.
  std::string LookupHash(absl::string_view purpose, absl::string_view value) const;
  std::vector<std::string> LookupCandidates(absl::string_view purpose,
                                            absl::string_view value) const;

  // The key a value is sealed under; `keys rewrap` compares it with the current one.
  static absl::StatusOr<std::string> KeyIdOf(absl::string_view sealed);
  std::string current_key_id() const { return ring_->Get()->current_id(); }
  // Of the whole ring, current first.
  std::vector<std::string> key_ids() const { return ring_->Get()->ids(); }
  std::vector<RingAge> Ages() const { return ring_->Get()->Ages(); }
  // Values sealed by this box since it was made, under whichever key: each took a random nonce, and
  // a key is good for 2^32 of them (docs/adr/2026-11-22-nonces-are-random-and-counted.md).
  uint64_t seals() const { return seals_->load(std::memory_order_relaxed); }

  // Takes over the ring of `next` for every call from now on. KEY_RING and no change unless it
  // holds the key that was current.
  absl::Status Exchange(const SealedBox& next);

 private:
  explicit SealedBox(KeyRing ring);

  std::unique_ptr<base::Reloadable<KeyRing>> ring_;
  std::unique_ptr<std::atomic<uint64_t>> seals_;
};

// HMAC-SHA256 look-up values "key_id:64 hex digits", separate for every purpose, so that equal
// values in two columns cannot be linked. Thread-safe.
class LookupHasher {
 public:
  static absl::StatusOr<LookupHasher> FromKeyFile(const std::string& path);
  static LookupHasher FromRing(KeyRing ring);

  // Under the current key: what is written.
  std::string Hash(absl::string_view purpose, absl::string_view value) const;
  // Under every key, current first: what is searched for.
  std::vector<std::string> Candidates(absl::string_view purpose, absl::string_view value) const;

  // The key a hash was made under, of either kind; "" when it names none.
  static absl::string_view KeyIdOf(absl::string_view hash);
  std::string current_key_id() const { return ring_->Get()->current_id(); }
  std::vector<std::string> key_ids() const { return ring_->Get()->ids(); }
  std::vector<RingAge> Ages() const { return ring_->Get()->Ages(); }

  // As SealedBox::Exchange.
  absl::Status Exchange(const LookupHasher& next);

 private:
  explicit LookupHasher(KeyRing ring);

  std::unique_ptr<base::Reloadable<KeyRing>> ring_;
};

}  // namespace va::crypto
