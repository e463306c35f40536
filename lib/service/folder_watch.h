// Tells that something changed in the folders around a set of files. Folders, not files: whoever
// exchanges a file well writes a new one and renames it, and Kubernetes turns a symbolic link over;
// a watch on the file itself would look at the one that is gone. Owns its descriptors.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace va::service {

class FolderWatch {
 public:
  FolderWatch();
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // False where the machine gives no watch (its limit is reached): then only Wake ends a wait.
  bool works() const { return events_fd_ >= 0; }

  // Watches the folder of each file, of each symbolic link on the way to it, and of what they lead
  // to; no others. Links are followed anew with each call. False when a folder cannot be watched.
  bool Follow(const std::vector<std::string>& files);

  // Waits for an event or a Wake, or for that long. True: there was one.
  bool Wait(absl::Duration timeout);

  // Forgets the events so far.
  void Clear();

  // Ends a Wait, now or the next one. From any thread.
  void Wake();

 private:
  int WatchOne(const std::string& folder) const;

  int events_fd_;
  int wake_fd_;
  std::set<int> watches_;
};

// The folders Follow watches for one file.
std::set<std::string> FoldersOf(const std::string& file);

}  // namespace va::service
