// A ring of symmetric keys as a service works with it: the current key writes, every key of the
// ring reads, the next one too, because another process may have begun to write under it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/ring_file.h"

namespace va::crypto {

// 32-byte keys by id, from the lines of ring_file.h. A key without a state reads; without any
// `current` the first line is current.
class KeyRing {
 public:
  static absl::StatusOr<KeyRing> FromText(absl::string_view text);
  static absl::StatusOr<KeyRing> FromFile(const std::string& path);
  // KEY_RING unless the ring states this purpose, or none: a key does one kind of work.
  static absl::StatusOr<KeyRing> FromFile(const std::string& path, RingPurpose purpose);
  KeyRing(KeyRing&&) noexcept = default;
  KeyRing& operator=(KeyRing&&) noexcept = default;
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;
  ~KeyRing();

  const std::string& current_id() const { return keys_.front().id; }
  const std::string& current_key() const { return keys_.front().octets; }
  // nullptr when the ring does not hold it.
  const std::string* Find(absl::string_view id) const;
  // Current, next, retired.
  std::vector<std::string> ids() const;
  const RingPolicy& policy() const { return policy_; }
  std::vector<RingAge> Ages() const;

  // OK when this ring may take the place of `old` while serving; else KEY_RING. It must hold the
  // key `old` writes under: what was written a moment ago has to be read again, and a ring of some
  // other house or of another purpose is found out that way.
  absl::Status Replaces(const KeyRing& old) const;

 private:
  struct Key {
    std::string id;
    std::string octets;
    RingAge age;
  };

  KeyRing() = default;
  static absl::StatusOr<KeyRing> FromRing(const RingFile& file);

  RingPolicy policy_;
  std::vector<Key> keys_;  // current first; never empty
};

}  // namespace va::crypto
