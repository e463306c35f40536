// A ring of private keys as a service works with it: the ring file, the PEM files it names and
// their certificates, read as ONE unit. What was being written while it was read is never taken.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/ring_file.h"

namespace va::crypto {

// Never empty, and its first key is the current one.
class PrivateKeyRing {
 public:
  struct Key {
    std::string id;
    KeyState state;
    std::optional<absl::Time> since;
    PrivateKey key;
    // From the file of the same stem and `.crt`; SAML keys always have one.
    std::optional<Certificate> certificate;
  };

  // Reasons: KEY_RING (the ring, a key that does not fit its algorithm, a certificate of another
  // key), SECRET_FILE_OPEN, FILE_UNREADABLE, RING_CHANGING (somebody is writing it: try again), and
  // those of PrivateKey and Certificate. The message names the file.
  static absl::StatusOr<PrivateKeyRing> FromFile(const std::string& path);
  // As above; KEY_RING unless the ring is for one of these purposes.
  static absl::StatusOr<PrivateKeyRing> FromFile(const std::string& path,
                                                 absl::Span<const RingPurpose> purposes);

  const Key& current() const { return keys_.front(); }
  // nullptr when there is none.
  const Key* next() const;
  // Current, next, retired.
  absl::Span<const Key> keys() const { return keys_; }
  const RingPolicy& policy() const { return policy_; }
  // The ring, its PEMs and certificates, those that might be there too: what a reload watches.
  const std::vector<std::string>& files() const { return files_; }
  std::vector<RingAge> Ages() const;

  // OK when this ring may take the place of `old` while serving; else KEY_RING. It must hold the
  // key `old` works with: what that key has just made must go on being accepted.
  absl::Status Replaces(const PrivateKeyRing& old) const;

 private:
  PrivateKeyRing() = default;

  RingPolicy policy_;
  std::vector<Key> keys_;
  std::vector<std::string> files_;
};

// The files a ring names, as far as it can be read: the ring itself at least. For a watch, which
// must go on while the ring is broken.
std::vector<std::string> FilesOfRing(const std::string& path);

}  // namespace va::crypto
