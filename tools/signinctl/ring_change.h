// Changes a key ring on disk: one change at a time, and at every moment, a kill or a power cut
// included, the ring that stands there loads. What a ring names is written before the ring names
// it, and removed after it does not any more; what others read of it (the public JWK Set beside a
// ring for signing) is written before the ring, so that no key works that is not published.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/ring_file.h"
#include "lib/crypto/rotation.h"

namespace va::signinctl {

// How a new certificate of a SAML key shall be.
struct CertificateOptions {
  std::string common_name;  // empty: from the name of the ring
  absl::Duration valid_for = absl::Hours(24) * 825;
};

// A ring as it stands, with what has been published of it.
struct RingOnDisk {
  std::string path;
  std::string text;  // as read, to see whether somebody changes it
  crypto::RingFile ring;
  // Whether the next key stands in the JWK Set beside the ring; true where there is none to write.
  bool published = true;
};

// KEY_RING, SECRET_FILE_OPEN, FILE_UNREADABLE ... For a ring of private keys all of it is read and
// must be whole.
absl::StatusOr<RingOnDisk> ReadRing(const std::string& path);

// The public JWK Set of a ring for signing: next, current and retired.
absl::StatusOr<std::string> PublicSet(const std::string& path);
// Writes it, whole or not at all. NOT_PUBLISHED where it is kept beside the ring (`.jwks` in the
// place of the ring's extension) and lacks the next key: written back as if nothing had been, the
// key could work before everybody has it again. OUT_IS_KEY for a file of the ring itself.
absl::Status WritePublicSet(const std::string& path, const std::string& out);

using PlanStep = std::function<absl::StatusOr<crypto::RotationStep>(const RingOnDisk&)>;

struct ChangeOptions {
  CertificateOptions certificate{};
  std::string archive{};  // file that a dropped symmetric key is appended to; empty: none
  // Told before everything that changes the disk; for tests, which end the process there.
  std::function<void()> before_each{};
};

// Does the step that `plan` finds in the ring, if it is still the ring that was `seen`. Reasons:
// RING_LOCKED (somebody else is changing it now), RING_CHANGED (somebody else has), RING_IS_LINK,
// TOO_EARLY, RING_FILE and what `plan` says. The ring after it.
absl::StatusOr<RingOnDisk> ChangeRing(const RingOnDisk& seen, const PlanStep& plan, absl::Time now,
                                      const ChangeOptions& options);

// A new ring with one key, which is current. RING_EXISTS.
absl::StatusOr<RingOnDisk> CreateRing(const std::string& path, const crypto::RingPolicy& policy,
                                      absl::Time now, const ChangeOptions& options);

}  // namespace va::signinctl
