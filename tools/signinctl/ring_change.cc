#include "tools/signinctl/ring_change.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/crypto/random.h"
#include "lib/jose/jwks.h"
#include "lib/jose/thumbprint.h"

namespace va::signinctl {
namespace {

using crypto::RingFile;
using crypto::RingKey;
using crypto::RingPurpose;
using crypto::RotationAct;
using crypto::RotationStep;

constexpr mode_t kSecretMode = 0600;
constexpr mode_t kPublicMode = 0644;
constexpr size_t kSymmetricKey = 32;
constexpr size_t kIdBytes = 3;

absl::Status Refusal(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, reason, message);
}

absl::Status DiskError(const std::string& path) {
  return Refusal("RING_FILE", absl::StrCat(path, ": ", std::strerror(errno)));
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

std::string NameOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string StemOf(const std::string& path) {
  const std::string name = NameOf(path);
  const size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string CertificateOf(const std::string& pem) {
  return absl::StrCat(pem.substr(0, pem.rfind('.')), ".crt");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Whose a new file is, and who may open it.
struct Access {
  mode_t mode = kSecretMode;
  uid_t owner = ::geteuid();
  gid_t group = ::getegid();
};

void SyncFolder(const std::string& path) {
  const Descriptor folder(::open(FolderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
}

// Beside it, onto the disk, then renamed: there is the old file or the new one, never a part. Under
// the lock of a ring the name is always the same, so that what a kill leaves behind is written over
// by the next one; whoever holds none says one of its own.
absl::Status WriteFile(const std::string& path, absl::string_view bytes, const Access& access,
                       absl::string_view mine = "") {
  const std::string fresh = absl::StrCat(FolderOf(path), ".", NameOf(path), mine, ".new");
  ::unlink(fresh.c_str());
  {
    const Descriptor file(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kSecretMode));
    if (file.get() < 0) return DiskError(fresh);
    const bool owned = (access.owner == ::geteuid() && access.group == ::getegid()) ||
                       ::fchown(file.get(), access.owner, access.group) == 0;
    // The mode last: a change of owner clears bits of it.
    if (!owned || !WriteAll(file.get(), bytes) || ::fchmod(file.get(), access.mode) != 0 ||
        ::fsync(file.get()) != 0) {
      return DiskError(fresh);
    }
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return DiskError(path);
  SyncFolder(path);
  return absl::OkStatus();
}

// Held while a ring is changed. The file stays: one that is removed can be locked twice.
class RingLock {
 public:
  static absl::StatusOr<RingLock> Take(const std::string& ring) {
    const std::string path = ring + ".lock";
    RingLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kSecretMode));
    if (lock.file_->get() < 0) return DiskError(path);
    if (::flock(lock.file_->get(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return DiskError(path);
    return Refusal("RING_LOCKED", absl::StrCat(ring, ": somebody else is changing it now"));
  }

 private:
  explicit RingLock(int fd) : file_(std::make_unique<Descriptor>(fd)) {}
  std::unique_ptr<Descriptor> file_;
};

absl::StatusOr<Access> AccessOf(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return DiskError(path);
  if (S_ISLNK(info.st_mode)) {
    // As Kubernetes mounts secrets: a rename would put a file in the place of the link.
    return Refusal("RING_IS_LINK", absl::StrCat(path,
                                                ": a link is not written through; change the ring "
                                                "where it is made, and bring it here"));
  }
  return Access{info.st_mode & 07777U, info.st_uid, info.st_gid};
}

// --- Keys ---

crypto::NewKey KindOf(crypto::RingAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::RingAlgorithm::kEdDsa:
      return crypto::NewKey::kEd25519;
    case crypto::RingAlgorithm::kRs256:
    case crypto::RingAlgorithm::kPs256:
    case crypto::RingAlgorithm::kRsa2048:
      return crypto::NewKey::kRsa2048;
    case crypto::RingAlgorithm::kRsa3072:
      return crypto::NewKey::kRsa3072;
    case crypto::RingAlgorithm::kRsa4096:
      return crypto::NewKey::kRsa4096;
    case crypto::RingAlgorithm::kEs256:
    case crypto::RingAlgorithm::kUnstated:
    case crypto::RingAlgorithm::kAes256Gcm:
    case crypto::RingAlgorithm::kHmacSha256:
      break;
  }
  return crypto::NewKey::kEcP256;
}

// A key that is in no ring yet.
struct FreshKey {
  RingKey line;
  std::string pem;
  std::string certificate;

  FreshKey() = default;
  FreshKey(FreshKey&&) noexcept = default;
  FreshKey& operator=(FreshKey&&) noexcept = default;
  FreshKey(const FreshKey&) = delete;
  FreshKey& operator=(const FreshKey&) = delete;
  ~FreshKey() { crypto::Cleanse(pem); }
};

// By the day, so that a person sees what is old; the rest so that no id ever comes twice, also
// after its key is gone: sealed values name their key by it.
std::string NewId(absl::Time now, crypto::SystemIdGenerator& ids) {
  return absl::StrCat(absl::FormatTime("%Y%m%d", now, absl::UTCTimeZone()), "-",
                      base::HexEncode(ids.RandomBytes(kIdBytes)));
}

absl::StatusOr<FreshKey> MakeKey(const std::string& path, const crypto::RingPolicy& policy,
                                 absl::Time now, const CertificateOptions& options) {
  crypto::SystemIdGenerator ids;
  FreshKey fresh;
  fresh.line.id = NewId(now, ids);
  if (!crypto::HoldsPrivateKeys(policy.purpose)) {
    std::string octets = ids.RandomBytes(kSymmetricKey);
    fresh.line.material = base::HexEncode(octets);
    crypto::Cleanse(octets);
    return fresh;
  }
  fresh.line.material = absl::StrCat(StemOf(path), "-", fresh.line.id, ".pem");
  const crypto::NewKey kind = KindOf(policy.algorithm);
  if (policy.purpose == RingPurpose::kSigning) {
    auto pem = crypto::GenerateKeyPem(kind);
    if (!pem.ok()) return pem.status();
    fresh.pem = *std::move(pem);
    return fresh;
  }
  crypto::CertificateRequest request;
  request.common_name = options.common_name.empty() ? StemOf(path) : options.common_name;
  request.for_tls = false;
  // Partners' clocks may be behind ours.
  request.not_before = now - absl::Hours(1);
  request.not_after = now + options.valid_for;
  auto pair = crypto::IssueSelfSigned(request, kind);
  if (!pair.ok()) return pair.status();
  fresh.pem = std::move(pair->private_key_pem);
  fresh.certificate = std::move(pair->certificate_pem);
  return fresh;
}

// --- What is published ---

std::string AlgorithmName(const crypto::RingPolicy& policy) {
  return std::string(ToString(policy.algorithm));
}

absl::StatusOr<std::string> SetOf(const std::vector<crypto::PublicKey>& keys,
                                  const crypto::RingPolicy& policy) {
  std::vector<jose::PublishedKey> published;
  published.reserve(keys.size());
  for (const crypto::PublicKey& key : keys) {
    published.push_back(
        {key, {.algorithm = AlgorithmName(policy), .use = jose::KeyUse::kSignature}});
  }
  return jose::WriteJwks(published);
}

// Of the ring as it will be: keys of `whole` that are in it, and the fresh one.
absl::StatusOr<std::string> SetAfter(const crypto::PrivateKeyRing* whole, const RingFile& after,
                                     const FreshKey* fresh) {
  std::vector<crypto::PublicKey> keys;
  if (whole != nullptr) {
    for (const crypto::PrivateKeyRing::Key& key : whole->keys()) {
      if (after.Find(key.id) != nullptr) keys.push_back(key.key.Public());
    }
  }
  if (fresh != nullptr) {
    const auto key = crypto::PrivateKey::FromPem(fresh->pem);
    if (!key.ok()) return key.status();
    keys.push_back(key->Public());
  }
  return SetOf(keys, after.policy());
}

std::string PublicSetPath(const std::string& ring_path) {
  return absl::StrCat(FolderOf(ring_path), StemOf(ring_path), ".jwks");
}

// Whether `path` is that place, however it is spelled.
bool IsPublicSetOf(const std::string& ring_path, const std::string& path) {
  std::error_code ignored;
  const std::filesystem::path own =
      std::filesystem::weakly_canonical(PublicSetPath(ring_path), ignored);
  return own == std::filesystem::weakly_canonical(path, ignored);
}

bool IsSameFile(const std::string& a, const std::string& b) {
  std::error_code none;
  return std::filesystem::equivalent(a, b, none);
}

// Whether the next key stands in the set beside the ring.
bool NextIsPublished(const std::string& path, const crypto::PrivateKeyRing& whole) {
  const crypto::PrivateKeyRing::Key* const next = whole.next();
  if (next == nullptr) return true;
  const auto text = crypto::ReadPublicFile(PublicSetPath(path));
  if (!text.ok()) return false;
  const auto set = jose::Jwks::Parse(*text);
  if (!set.ok()) return false;
  const std::string wanted = next->key.Public().Der();
  return std::any_of(set->keys().begin(), set->keys().end(),
                     [&wanted](const jose::Jwk& key) { return key.key.Der() == wanted; });
}

absl::StatusOr<std::optional<crypto::PrivateKeyRing>> ReadWhole(const std::string& path,
                                                                const RingFile& ring) {
  if (!crypto::HoldsPrivateKeys(ring.policy().purpose)) {
    return std::optional<crypto::PrivateKeyRing>();
  }
  auto whole = crypto::PrivateKeyRing::FromFile(path);
  if (!whole.ok()) return whole.status();
  return std::optional<crypto::PrivateKeyRing>(*std::move(whole));
}

// --- One change ---

void Reached(const ChangeOptions& options) {
  if (options.before_each) options.before_each();
}

absl::Status WriteKey(const std::string& folder, const FreshKey& fresh, const Access& access,
                      const ChangeOptions& options) {
  if (fresh.pem.empty()) return absl::OkStatus();
  if (!fresh.certificate.empty()) {
    Reached(options);
    Access open = access;
    open.mode = kPublicMode;
    const absl::Status written =
        WriteFile(folder + CertificateOf(fresh.line.material), fresh.certificate, open);
    if (!written.ok()) return written;
  }
  Reached(options);
  return WriteFile(folder + fresh.line.material, fresh.pem, access);
}

absl::Status WriteSet(const std::string& path, const crypto::PrivateKeyRing* whole,
                      const RingFile& after, const FreshKey* fresh, Access access,
                      const ChangeOptions& options) {
  if (after.policy().purpose != RingPurpose::kSigning) return absl::OkStatus();
  const absl::StatusOr<std::string> set = SetAfter(whole, after, fresh);
  if (!set.ok()) return set.status();
  Reached(options);
  access.mode = kPublicMode;
  return WriteFile(PublicSetPath(path), absl::StrCat(*set, "\n"), access);
}

// Data that was written under a key can be read with it only, from a backup of years ago, too.
absl::Status Archive(const std::string& ring, const RingKey& key, const ChangeOptions& options) {
  if (options.archive.empty()) return absl::OkStatus();
  if (IsSameFile(options.archive, ring)) {
    return Refusal("ARCHIVE_IS_RING", absl::StrCat(ring, ": the key goes from there"));
  }
  Reached(options);
  const Descriptor file(::open(options.archive.c_str(),
                               O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
                               kSecretMode));
  if (file.get() < 0) return DiskError(options.archive);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || (info.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return Refusal("SECRET_FILE_OPEN", absl::StrCat(options.archive, ": is open to others"));
  }
  std::string line = absl::StrCat(key.id, ":", key.material, ":retired\n");
  const bool written = WriteAll(file.get(), line) && ::fsync(file.get()) == 0;
  crypto::Cleanse(line);
  SyncFolder(options.archive);
  return written ? absl::OkStatus() : DiskError(options.archive);
}

absl::Status WriteRing(const std::string& path, const RingFile& ring, const Access& access,
                       const ChangeOptions& options) {
  std::string text = ring.Print();
  Reached(options);
  absl::Status written = WriteFile(path, text, access);
  crypto::Cleanse(text);
  return written;
}

// No one needs it any more, and a key that lies about can only be found.
void RemoveKey(const std::string& path, const RingKey& key, const RingFile& ring,
               const ChangeOptions& options) {
  if (!crypto::HoldsPrivateKeys(ring.policy().purpose)) return;
  Reached(options);
  ::unlink((FolderOf(path) + key.material).c_str());
  Reached(options);
  ::unlink((FolderOf(path) + CertificateOf(key.material)).c_str());
  SyncFolder(path);
}

absl::Status Carry(const RingOnDisk& now_there, const RotationStep& step, absl::Time now,
                   const Access& access, const ChangeOptions& options) {
  const std::string& path = now_there.path;
  const auto whole = ReadWhole(path, now_there.ring);
  if (!whole.ok()) return whole.status();
  std::optional<FreshKey> fresh;
  if (step.act == RotationAct::kAdd) {
    auto made = MakeKey(path, now_there.ring.policy(), now, options.certificate);
    if (!made.ok()) return made.status();
    fresh = *std::move(made);
  }
  const auto after = crypto::Apply(now_there.ring, step, now, now_there.published,
                                   fresh ? std::optional<RingKey>(fresh->line) : std::nullopt);
  if (!after.ok()) return after.status();
  const RingKey* const dropped =
      step.act == RotationAct::kDrop ? now_there.ring.Find(step.id) : nullptr;
  absl::Status done = fresh ? WriteKey(FolderOf(path), *fresh, access, options) : absl::OkStatus();
  if (done.ok() && dropped != nullptr) done = Archive(path, *dropped, options);
  const auto write_set = [&] {
    return WriteSet(path, whole->has_value() ? &**whole : nullptr, *after,
                    fresh ? &*fresh : nullptr, access, options);
  };
  // A time that begins anew is on record before the key is published again: killed in between, it
  // begins once more.
  const bool ring_first = !now_there.published;
  if (done.ok() && !ring_first) done = write_set();
  if (done.ok()) done = WriteRing(path, *after, access, options);
  if (done.ok() && ring_first) done = write_set();
  if (done.ok() && dropped != nullptr) RemoveKey(path, *dropped, now_there.ring, options);
  return done;
}

}  // namespace

absl::StatusOr<RingOnDisk> ReadRing(const std::string& path) {
  auto text = crypto::ReadSecretFile(path);
  if (!text.ok()) return text.status();
  auto ring = RingFile::Parse(*text);
  if (!ring.ok()) {
    return base::MakeError(ring.status().code(), base::ReasonOf(ring.status()),
                           absl::StrCat(path, ": ", ring.status().message()));
  }
  const auto whole = ReadWhole(path, *ring);
  if (!whole.ok()) return whole.status();
  const bool published =
      ring->policy().purpose != RingPurpose::kSigning || NextIsPublished(path, **whole);
  return RingOnDisk{path, *std::move(text), *std::move(ring), published};
}

absl::StatusOr<std::string> PublicSet(const std::string& path) {
  const auto whole = crypto::PrivateKeyRing::FromFile(path);
  if (!whole.ok()) return whole.status();
  if (whole->policy().purpose != RingPurpose::kSigning) {
    return Refusal("RING_PURPOSE", absl::StrCat(path, ": the keys of a ring for ",
                                                ToString(whole->policy().purpose),
                                                " are not published as a JWK Set"));
  }
  std::vector<crypto::PublicKey> keys;
  for (const crypto::PrivateKeyRing::Key& key : whole->keys()) keys.push_back(key.key.Public());
  return SetOf(keys, whole->policy());
}

absl::StatusOr<RingOnDisk> ChangeRing(const RingOnDisk& seen, const PlanStep& plan, absl::Time now,
                                      const ChangeOptions& options) {
  const absl::StatusOr<Access> access = AccessOf(seen.path);
  if (!access.ok()) return access.status();
  const absl::StatusOr<RingLock> lock = RingLock::Take(seen.path);
  if (!lock.ok()) return lock.status();
  const absl::StatusOr<RingOnDisk> there = ReadRing(seen.path);
  if (!there.ok()) return there.status();
  if (there->text != seen.text) {
    return Refusal("RING_CHANGED", absl::StrCat(seen.path, ": somebody else has just changed it"));
  }
  const absl::StatusOr<RotationStep> step = plan(*there);
  if (!step.ok()) return step.status();
  if (absl::Status due = CheckDue(*step, now); !due.ok()) return due;
  if (absl::Status done = Carry(*there, *step, now, *access, options); !done.ok()) return done;
  return ReadRing(seen.path);
}

absl::StatusOr<RingOnDisk> CreateRing(const std::string& path, const crypto::RingPolicy& policy,
                                      absl::Time now, const ChangeOptions& options) {
  const absl::StatusOr<RingLock> lock = RingLock::Take(path);
  if (!lock.ok()) return lock.status();
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    return Refusal("RING_EXISTS", absl::StrCat(path, ": is there already"));
  }
  const auto fresh = MakeKey(path, policy, now, options.certificate);
  if (!fresh.ok()) return fresh.status();
  RingKey first = fresh->line;
  first.state = crypto::KeyState::kCurrent;
  first.since = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
  const auto ring = RingFile::Make(policy, {first});
  if (!ring.ok()) return ring.status();
  const Access access;
  absl::Status done = WriteKey(FolderOf(path), *fresh, access, options);
  if (done.ok()) done = WriteSet(path, nullptr, *ring, &*fresh, access, options);
  if (done.ok()) done = WriteRing(path, *ring, access, options);
  if (!done.ok()) return done;
  return ReadRing(path);
}

absl::Status WritePublicSet(const std::string& path, const std::string& out) {
  for (const std::string& own : crypto::FilesOfRing(path)) {
    if (IsSameFile(own, out)) return Refusal("OUT_IS_KEY", absl::StrCat(out, ": is of the ring"));
  }
  const bool beside = IsPublicSetOf(path, out);
  std::optional<RingLock> held;
  if (beside) {
    absl::StatusOr<RingLock> lock = RingLock::Take(path);
    if (!lock.ok()) return lock.status();
    held.emplace(*std::move(lock));
    const absl::StatusOr<RingOnDisk> disk = ReadRing(path);
    if (!disk.ok()) return disk.status();
    if (!disk->published) {
      return Refusal("NOT_PUBLISHED", absl::StrCat(out, " lacks the next key: keys rotate ", path,
                                                   " publishes it and begins its time anew"));
    }
  }
  const absl::StatusOr<std::string> set = PublicSet(path);
  if (!set.ok()) return set.status();
  Access access;
  access.mode = kPublicMode;
  return WriteFile(out, absl::StrCat(*set, "\n"), access,
                   beside ? "" : absl::StrCat(".", ::getpid()));
}

}  // namespace va::signinctl
