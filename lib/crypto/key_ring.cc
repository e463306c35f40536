#include "lib/crypto/key_ring.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"

namespace va::crypto {
namespace {

absl::Status RingError(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_RING", message);
}

// Current, next, retired.
int RankOf(KeyState state) {
  switch (state) {
    case KeyState::kCurrent:
      return 0;
    case KeyState::kNext:
      return 1;
    case KeyState::kRetired:
      return 2;
  }
  return 2;
}

}  // namespace

KeyRing::~KeyRing() {
  for (Key& key : keys_) Cleanse(key.octets);
}

absl::StatusOr<KeyRing> KeyRing::FromRing(const RingFile& file) {
  if (HoldsPrivateKeys(file.policy().purpose)) {
    return RingError("a ring of private keys where one of symmetric keys is needed");
  }
  KeyRing ring;
  ring.policy_ = file.policy();
  ring.keys_.reserve(file.keys().size());  // none is copied when the list grows
  for (const RingKey& key : file.keys()) {
    absl::StatusOr<std::string> octets = base::HexDecode(key.material);
    if (!octets.ok()) return RingError(absl::StrCat("key ", key.id, ": expected 64 hex digits"));
    ring.keys_.push_back({key.id, *std::move(octets), {key.id, key.state, key.since}});
  }
  std::stable_sort(ring.keys_.begin(), ring.keys_.end(), [](const Key& a, const Key& b) {
    return RankOf(a.age.state) < RankOf(b.age.state);
  });
  return ring;
}

absl::StatusOr<KeyRing> KeyRing::FromText(absl::string_view text) {
  const absl::StatusOr<RingFile> file = RingFile::Parse(text);
  if (!file.ok()) return file.status();
  return FromRing(*file);
}

absl::StatusOr<KeyRing> KeyRing::FromFile(const std::string& path) {
  const absl::StatusOr<RingFile> file = RingFile::Read(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<KeyRing> ring = FromRing(*file);
  if (ring.ok()) return ring;
  return RingError(absl::StrCat(path, ": ", ring.status().message()));
}

absl::StatusOr<KeyRing> KeyRing::FromFile(const std::string& path, RingPurpose purpose) {
  absl::StatusOr<KeyRing> ring = FromFile(path);
  if (!ring.ok()) return ring;
  const RingPurpose stated = ring->policy().purpose;
  if (stated == RingPurpose::kUnstated || stated == purpose) return ring;
  return RingError(absl::StrCat(path, ": a ring for ", ToString(stated), " where one for ",
                                ToString(purpose), " is needed"));
}

const std::string* KeyRing::Find(absl::string_view id) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [id](const Key& key) { return key.id == id; });
  return found == keys_.end() ? nullptr : &found->octets;
}

std::vector<std::string> KeyRing::ids() const {
  std::vector<std::string> all;
  all.reserve(keys_.size());
  for (const Key& key : keys_) all.push_back(key.id);
  return all;
}

std::vector<RingAge> KeyRing::Ages() const {
  std::vector<RingAge> ages;
  ages.reserve(keys_.size());
  for (const Key& key : keys_) ages.push_back(key.age);
  return ages;
}

absl::Status KeyRing::Replaces(const KeyRing& old) const {
  const std::string* const kept = Find(old.current_id());
  if (kept != nullptr && ConstantTimeEqual(*kept, old.current_key())) return absl::OkStatus();
  return RingError(absl::StrCat("the ring lacks the key that is in use, ", old.current_id()));
}

}  // namespace va::crypto
