#include "lib/crypto/private_key_ring.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"

namespace va::crypto {
namespace {

// Whoever writes is done within microseconds; one that never is must not hold a start up.
constexpr int kMostReadings = 5;

absl::Status RingError(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_RING", message);
}

absl::Status Named(const std::string& path, const absl::Status& status) {
  return base::MakeError(status.code(), base::ReasonOf(status),
                         absl::StrCat(path, ": ", status.message()));
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

std::string CertificateName(const std::string& pem) {
  return absl::StrCat(pem.substr(0, pem.rfind('.')), ".crt");
}

bool NeedsCertificate(RingPurpose purpose) { return purpose != RingPurpose::kSigning; }

// Everything that makes up a ring, as bytes; overwritten when it goes.
struct Snapshot {
  Snapshot() = default;
  Snapshot(Snapshot&&) noexcept = default;
  Snapshot& operator=(Snapshot&&) noexcept = default;
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() {
    Cleanse(ring);
    for (auto& [path, text] : pems) Cleanse(text);
  }

  friend bool operator==(const Snapshot& a, const Snapshot& b) {
    return a.ring == b.ring && a.pems == b.pems && a.certificates == b.certificates;
  }

  std::string ring;
  std::map<std::string, std::string> pems;          // by name
  std::map<std::string, std::string> certificates;  // those that are there
};

bool Exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

absl::StatusOr<Snapshot> Take(const std::string& path) {
  Snapshot snapshot;
  absl::StatusOr<std::string> text = ReadSecretFile(path);
  if (!text.ok()) return text.status();
  snapshot.ring = *std::move(text);
  const absl::StatusOr<RingFile> ring = RingFile::Parse(snapshot.ring);
  if (!ring.ok()) return Named(path, ring.status());
  if (!HoldsPrivateKeys(ring->policy().purpose)) {
    return RingError(absl::StrCat(path, ": a ring of private keys begins with its `ring` line"));
  }
  for (const RingKey& key : ring->keys()) {
    const std::string pem_path = FolderOf(path) + key.material;
    absl::StatusOr<std::string> pem = ReadSecretFile(pem_path);
    if (!pem.ok()) return pem.status();
    snapshot.pems.emplace(key.material, *std::move(pem));
    const std::string name = CertificateName(key.material);
    if (!Exists(FolderOf(path) + name)) continue;
    absl::StatusOr<std::string> certificate = ReadPublicFile(FolderOf(path) + name);
    if (!certificate.ok()) return certificate.status();
    snapshot.certificates.emplace(name, *std::move(certificate));
  }
  return snapshot;
}

// Two readings that agree: between a ring of before and a PEM of after there may be anything. An
// error stands only when it stands twice, too.
absl::StatusOr<Snapshot> Settle(const std::string& path) {
  absl::StatusOr<Snapshot> before = Take(path);
  for (int reading = 1; reading < kMostReadings; ++reading) {
    absl::StatusOr<Snapshot> after = Take(path);
    if (before.ok() && after.ok() && *before == *after) return after;
    if (!before.ok() && !after.ok() && before.status() == after.status()) return after;
    before = std::move(after);
  }
  return base::MakeError(absl::StatusCode::kUnavailable, "RING_CHANGING",
                         absl::StrCat(path, ": somebody is writing the ring or its keys"));
}

// The kind of key an algorithm works with.
bool Fits(const PrivateKey& key, RingAlgorithm algorithm) {
  switch (algorithm) {
    case RingAlgorithm::kEs256:
      return key.type() == KeyType::kEcP256;
    case RingAlgorithm::kEdDsa:
      return key.type() == KeyType::kEd25519;
    case RingAlgorithm::kRs256:
    case RingAlgorithm::kPs256:
    case RingAlgorithm::kRsa2048:
    case RingAlgorithm::kRsa3072:
    case RingAlgorithm::kRsa4096:
      // The number says what new keys are made as; older ones go on.
      return key.type() == KeyType::kRsa;
    case RingAlgorithm::kUnstated:
    case RingAlgorithm::kAes256Gcm:
    case RingAlgorithm::kHmacSha256:
      return false;
  }
  return false;
}

absl::StatusOr<std::optional<Certificate>> CertificateOf(const std::string& folder,
                                                         const Snapshot& snapshot,
                                                         const RingKey& line, const PrivateKey& key,
                                                         RingPurpose purpose) {
  const std::string name = CertificateName(line.material);
  const auto found = snapshot.certificates.find(name);
  if (found == snapshot.certificates.end()) {
    if (!NeedsCertificate(purpose)) return std::optional<Certificate>();
    return RingError(
        absl::StrCat(folder, name, ": the certificate of ", line.material, " is not there"));
  }
  absl::StatusOr<Certificate> certificate = Certificate::FromPem(found->second);
  if (!certificate.ok()) return Named(folder + name, certificate.status());
  if (!certificate->Matches(key)) {
    return RingError(absl::StrCat(folder, name, ": not the certificate of ", line.material));
  }
  return std::optional<Certificate>(*std::move(certificate));
}

absl::StatusOr<PrivateKeyRing::Key> KeyOf(const std::string& folder, const Snapshot& snapshot,
                                          const RingKey& line, const RingPolicy& policy) {
  const std::string pem_path = folder + line.material;
  absl::StatusOr<PrivateKey> key = PrivateKey::FromPem(snapshot.pems.at(line.material));
  if (!key.ok()) return Named(pem_path, key.status());
  if (!Fits(*key, policy.algorithm)) {
    return RingError(absl::StrCat(pem_path, ": not a key for ", ToString(policy.algorithm)));
  }
  auto certificate = CertificateOf(folder, snapshot, line, *key, policy.purpose);
  if (!certificate.ok()) return certificate.status();
  return PrivateKeyRing::Key{line.id, line.state, line.since, *std::move(key),
                             *std::move(certificate)};
}

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

std::vector<std::string> FilesOf(const std::string& path, const RingFile& ring) {
  std::vector<std::string> files = {path};
  for (const RingKey& key : ring.keys()) {
    files.push_back(FolderOf(path) + key.material);
    files.push_back(FolderOf(path) + CertificateName(key.material));
  }
  return files;
}

}  // namespace

absl::StatusOr<PrivateKeyRing> PrivateKeyRing::FromFile(const std::string& path) {
  const absl::StatusOr<Snapshot> snapshot = Settle(path);
  if (!snapshot.ok()) return snapshot.status();
  const absl::StatusOr<RingFile> file = RingFile::Parse(snapshot->ring);
  if (!file.ok()) return Named(path, file.status());
  PrivateKeyRing ring;
  ring.policy_ = file->policy();
  ring.files_ = FilesOf(path, *file);
  std::map<std::string, std::string> seen;  // the public keys, and whose they are
  for (const RingKey& line : file->keys()) {
    absl::StatusOr<Key> key = KeyOf(FolderOf(path), *snapshot, line, ring.policy_);
    if (!key.ok()) return key.status();
    const auto [other, fresh] = seen.emplace(key->key.Public().Der(), line.id);
    if (!fresh) {
      return RingError(absl::StrCat(path, ": ", line.id, " is the same key as ", other->second));
    }
    ring.keys_.push_back(*std::move(key));
  }
  std::stable_sort(ring.keys_.begin(), ring.keys_.end(),
                   [](const Key& a, const Key& b) { return RankOf(a.state) < RankOf(b.state); });
  return ring;
}

absl::StatusOr<PrivateKeyRing> PrivateKeyRing::FromFile(const std::string& path,
                                                        absl::Span<const RingPurpose> purposes) {
  absl::StatusOr<PrivateKeyRing> ring = FromFile(path);
  if (!ring.ok()) return ring;
  const RingPurpose stated = ring->policy().purpose;
  if (std::find(purposes.begin(), purposes.end(), stated) != purposes.end()) return ring;
  return RingError(absl::StrCat(path, ": a ring for ", ToString(stated), " does not belong here"));
}

const PrivateKeyRing::Key* PrivateKeyRing::next() const {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [](const Key& key) { return key.state == KeyState::kNext; });
  return found == keys_.end() ? nullptr : &*found;
}

std::vector<RingAge> PrivateKeyRing::Ages() const {
  std::vector<RingAge> ages;
  ages.reserve(keys_.size());
  for (const Key& key : keys_) ages.push_back({key.id, key.state, key.since});
  return ages;
}

absl::Status PrivateKeyRing::Replaces(const PrivateKeyRing& old) const {
  const std::string used = old.current().key.Public().Der();
  const bool kept = std::any_of(keys_.begin(), keys_.end(),
                                [&used](const Key& key) { return key.key.Public().Der() == used; });
  if (kept) return absl::OkStatus();
  return RingError(absl::StrCat("the ring lacks the key that is in use, ", old.current().id));
}

std::vector<std::string> FilesOfRing(const std::string& path) {
  const absl::StatusOr<RingFile> ring = RingFile::Read(path);
  if (!ring.ok() || !HoldsPrivateKeys(ring->policy().purpose)) return {path};
  return FilesOf(path, *ring);
}

}  // namespace va::crypto
