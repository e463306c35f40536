#include "lib/service/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace va::service {
namespace {

// As many links as the kernel itself follows.
constexpr int kMostLinks = 40;

constexpr uint32_t kMask = IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE |
                           IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// What a symbolic link leads to, as a path from here; empty when it is none.
std::string TargetOf(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length <= 0) return "";
  const std::string text(target.data(), static_cast<size_t>(length));
  return text.front() == '/' ? text : absl::StrCat(FolderOf(path), "/", text);
}

void AddFolders(const std::string& path, int& links_left, std::set<std::string>& folders) {
  folders.insert(FolderOf(path));
  // Every part of the way may be a link: its own folder tells when it is turned over.
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    const std::string target = TargetOf(part);
    if (!target.empty() && links_left-- > 0) {
      folders.insert(FolderOf(part));
      AddFolders(slash == std::string::npos ? target : target + path.substr(slash), links_left,
                 folders);
    }
    if (slash == std::string::npos) return;
  }
}

}  // namespace

std::set<std::string> FoldersOf(const std::string& file) {
  std::set<std::string> folders;
  int links_left = kMostLinks;
  AddFolders(file, links_left, folders);
  return folders;
}

FolderWatch::FolderWatch()
    : events_fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

FolderWatch::~FolderWatch() {
  if (events_fd_ >= 0) ::close(events_fd_);
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

bool FolderWatch::Follow(const std::vector<std::string>& files) {
  std::set<std::string> folders;
  for (const std::string& file : files) folders.merge(FoldersOf(file));
  std::set<int> now;
  bool all = works();
  for (const std::string& folder : folders) {
    int watch = WatchOne(folder);
    if (watch < 0) all = false;
    // A folder that was taken away comes back in the one above it.
    for (std::string above = folder; watch < 0 && works() && above.size() > 1;) {
      above = FolderOf(above);
      watch = WatchOne(above);
      if (above == ".") break;
    }
    if (watch >= 0) now.insert(watch);
  }
  for (const int old : watches_) {
    if (now.count(old) == 0) ::inotify_rm_watch(events_fd_, old);
  }
  watches_ = std::move(now);
  return all;
}

// A folder that is watched already answers with the number it has; negative: not watched.
int FolderWatch::WatchOne(const std::string& folder) const {
  return works() ? ::inotify_add_watch(events_fd_, folder.c_str(), kMask) : -1;
}

bool FolderWatch::Wait(absl::Duration timeout) {
  std::array<pollfd, 2> fds{{{wake_fd_, POLLIN, 0}, {events_fd_, POLLIN, 0}}};
  const int64_t ms = std::clamp<int64_t>(absl::ToInt64Milliseconds(timeout), 0, INT_MAX);
  return ::poll(fds.data(), fds.size(), static_cast<int>(ms)) > 0;
}

void FolderWatch::Clear() {
  uint64_t count = 0;
  while (::read(wake_fd_, &count, sizeof count) > 0) {
  }
  // What happened does not matter, and an overflow of the queue is an event like any other: all
  // contents are compared after each.
  std::array<char, 16 * 1024> events{};
  while (works() && ::read(events_fd_, events.data(), events.size()) > 0) {
  }
}

void FolderWatch::Wake() {
  const uint64_t one = 1;
  // It can only fail when the counter is full, and then the wait ends anyway.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

}  // namespace va::service
