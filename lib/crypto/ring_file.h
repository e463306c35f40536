// The one text form of every key ring of the suite: which keys there are, and which of them is
// published (next), works (current) or is kept for what it made (retired). A ring of symmetric keys
// holds the keys themselves; one of private keys names PEM files beside it.
//
//   # comment lines
//   ring signing ES256 publish=1h overlap=15m
//   2026-11-a:decision-2026-11-a.pem:current:2026-11-01T08:00:00Z
//   2026-12-a:decision-2026-12-a.pem:next:2026-11-22T08:00:00Z
//
// Reads and writes text; rotation.h says what may become of it, and when.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::crypto {

enum class KeyState {
  kNext,     // published and readable; does not work yet
  kCurrent,  // signs, seals, hashes; exactly one
  kRetired,  // verifies, opens and finds what it made
};

enum class RingPurpose {
  kUnstated,  // symmetric, without a `ring` line
  kSigning,
  kSamlSigning,
  kSamlDecryption,
  kSealing,
  kLookup,
};

enum class RingAlgorithm {
  kUnstated,
  kEs256,
  kRs256,
  kPs256,
  kEdDsa,
  kRsa2048,
  kRsa3072,
  kRsa4096,
  kAes256Gcm,
  kHmacSha256,
};

absl::string_view ToString(KeyState state);
absl::string_view ToString(RingPurpose purpose);
absl::string_view ToString(RingAlgorithm algorithm);
std::optional<RingPurpose> RingPurposeFromName(absl::string_view name);
std::optional<RingAlgorithm> RingAlgorithmFromName(absl::string_view name);

// Whether keys for this purpose are private keys in PEM files.
bool HoldsPrivateKeys(RingPurpose purpose);
// Whether a ring for the purpose may be of that algorithm.
bool Fits(RingPurpose purpose, RingAlgorithm algorithm);

// What the `ring` line says. What it does not say of times, a ring of private keys has from
// DefaultTime: never none, in which what a key made would end with it.
struct RingPolicy {
  RingPurpose purpose = RingPurpose::kUnstated;
  RingAlgorithm algorithm = RingAlgorithm::kUnstated;
  // A new key is published this long before it works: until every cache of the ring has it.
  absl::Duration publish = absl::Hours(1);
  // A retired key stays this long: until nothing that it made is in use any more. A symmetric one
  // stays for `publish` at least, in which a process may not know yet that it is retired.
  absl::Duration overlap = absl::ZeroDuration();
  // The services whose tables keep values under this ring; none: nothing is kept. Absent: the ring
  // does not say.
  std::optional<std::vector<std::string>> kept_by;
};

// For both times of a ring that does not say them: an hour, and a day with SAML, whose partners
// keep our metadata that long.
absl::Duration DefaultTime(RingPurpose purpose);

// One line. What it holds of the key is overwritten when it goes.
struct RingKey {
  std::string id;
  std::string material;  // 64 hex digits, or the name of a PEM file beside the ring
  KeyState state = KeyState::kRetired;
  std::optional<absl::Time> since;  // of the state; rings written by hand may not say

  RingKey() = default;
  RingKey(std::string id_, std::string material_, KeyState state_, std::optional<absl::Time> since_)
      : id(std::move(id_)), material(std::move(material_)), state(state_), since(since_) {}
  RingKey(const RingKey&) = default;
  RingKey& operator=(const RingKey&) = default;
  RingKey(RingKey&&) noexcept = default;
  RingKey& operator=(RingKey&&) noexcept = default;
  ~RingKey();
};

// How long a key has been what it is.
struct RingAge {
  std::string id;
  KeyState state;
  std::optional<absl::Time> since;
};

// Whole and consistent: at least one key, exactly one current, no id twice, every line as the
// policy wants it.
class RingFile {
 public:
  // INVALID_ARGUMENT, KEY_RING, with the line; never with a key.
  static absl::StatusOr<RingFile> Parse(absl::string_view text);
  // Refuses what others may read or write (SECRET_FILE_OPEN).
  static absl::StatusOr<RingFile> Read(const std::string& path);
  // The same rules for keys that come from elsewhere than a text.
  static absl::StatusOr<RingFile> Make(RingPolicy policy, std::vector<RingKey> keys,
                                       std::vector<std::string> comments = {});

  // Parse(Print()) is the same ring. Comments in front stay.
  std::string Print() const;

  const RingPolicy& policy() const { return policy_; }
  // As they stand in the file.
  const std::vector<RingKey>& keys() const { return keys_; }
  const std::vector<std::string>& comments() const { return comments_; }
  const RingKey& current() const;
  // nullptr when there is none.
  const RingKey* Find(absl::string_view id) const;
  const RingKey* Next() const;
  std::vector<RingAge> Ages() const;

 private:
  RingFile() = default;

  RingPolicy policy_;
  std::vector<RingKey> keys_;
  std::vector<std::string> comments_;
};

// 1-32 of a-z A-Z 0-9 . _ -
bool IsRingKeyId(absl::string_view id);
// A name beside the ring, never a way out of its folder.
bool IsRingFileName(absl::string_view name);

inline constexpr size_t kMostRingKeys = 32;

}  // namespace va::crypto
