#include "services/auth-gateway/adapters/metadata_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/auth-gateway/saml/idp_metadata.h"

namespace va::gateway {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

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
  const int fd_;
};

absl::Status Failed(absl::string_view what, const std::string& path) {
  const bool missing = errno == ENOENT;
  return base::MakeError(
      missing ? absl::StatusCode::kNotFound : absl::StatusCode::kFailedPrecondition,
      missing ? "FILE_MISSING" : "FILE_UNREADABLE",
      absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  std::string bytes;
  std::array<char, 16 * 1024> part{};
  while (true) {
    const ssize_t got = ::read(fd, part.data(), part.size());
    if (got < 0) return Failed("cannot read", path);
    if (got == 0) return bytes;
    bytes.append(part.data(), static_cast<size_t>(got));
    if (bytes.size() > kMaxMetadataBytes) {
      return base::MakeError(absl::StatusCode::kResourceExhausted, "FILE_TOO_LARGE",
                             absl::StrCat(path, " is larger than metadata may be"));
    }
  }
}

bool OnlyWeCanWrite(const struct stat& info) {
  return (info.st_uid == ::geteuid() || info.st_uid == 0) &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

absl::StatusOr<MetadataOnDisk> Read(const std::string& path, int flags, bool ours) {
  // A pipe must not hold up whoever opens it.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags));
  if (file.get() < 0) return Failed("cannot open", path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return Failed("cannot look at", path);
  if (!S_ISREG(info.st_mode) || (ours && !OnlyWeCanWrite(info))) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                           absl::StrCat(path, " is no plain file that we alone can write"));
  }
  auto bytes = ReadAll(file.get(), path);
  if (!bytes.ok()) return bytes.status();
  return MetadataOnDisk{*std::move(bytes), absl::TimeFromTimespec(info.st_mtim)};
}

std::string PathOf(const std::string& folder, absl::string_view name) {
  return absl::StrCat(folder, "/", name, ".xml");
}

absl::Status WriteAll(int fd, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0) return Failed("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return ::fsync(fd) == 0 ? absl::OkStatus() : Failed("cannot write", path);
}

}  // namespace

absl::StatusOr<MetadataOnDisk> ReadMetadataFile(const std::string& path) {
  return Read(path, 0, /*ours=*/false);
}

absl::StatusOr<MetadataOnDisk> ReadMetadataCopy(const std::string& folder, absl::string_view name) {
  return Read(PathOf(folder, name), O_NOFOLLOW, /*ours=*/true);
}

absl::Status KeepMetadataCopy(const std::string& folder, absl::string_view name,
                              absl::string_view bytes) {
  const std::string path = PathOf(folder, name);
  // Of this process alone: two gateways may share the folder.
  const std::string fresh = absl::StrCat(path, ".", ::getpid(), ".new");
  ::unlink(fresh.c_str());
  absl::Status written;
  {
    const Descriptor file(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOwnerOnly));
    if (file.get() < 0) return Failed("cannot write", fresh);
    written = WriteAll(file.get(), bytes, fresh);
  }
  if (written.ok() && ::rename(fresh.c_str(), path.c_str()) != 0) {
    written = Failed("cannot replace", path);
  }
  if (!written.ok()) ::unlink(fresh.c_str());
  return written;
}

}  // namespace va::gateway
