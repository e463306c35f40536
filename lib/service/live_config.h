// Reads the settings again while the service runs (SIGHUP): the whole file and environment are
// judged as at the start, what may change while running is handed over, and any other difference is
// told as needing a restart. A file with any problem changes nothing (attack K3).
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/config/fields.h"
#include "lib/service/common_config.h"
#include "lib/service/file_loader.h"
#include "lib/telemetry/log.h"

namespace va::service {

// Adds every row of the service to an empty table, bound to variables that nobody serves from.
using BindAnew = std::function<void(config::Table&, CommonConfig&)>;

// OK, or INTERNAL (LIVE_FILES_DIFFER) with the keys: the settings that name files and are marked
// Live() must be those whose files the reload units read, or the reference would tell operators of
// an exchange that never happens, or hide one that does.
absl::Status LiveFilesAgree(const std::vector<config::FieldInfo>& rows,
                            const std::set<std::string>& reloaded);

// Thread-safe.
class LiveConfig {
 public:
  // `values` are those the service was started with. `apply` takes over what may change.
  LiveConfig(std::string path, std::string env_prefix, BindAnew bind,
             std::vector<std::pair<std::string, std::string>> values,
             std::function<void(const CommonConfig&)> apply, const telemetry::Log& log);

  // Reads everything anew. Problems go to `files`, and then nothing was applied.
  void Reload(FileLoader& files);

  // OK, or NEEDS_RESTART while the settings on disk differ in one that is read at the start alone.
  absl::Status Check() const;

 private:
  std::vector<std::string> Different(const config::Table& table) const;

  const std::string path_;
  const std::string env_prefix_;
  const BindAnew bind_;
  const std::vector<std::pair<std::string, std::string>> values_;
  const std::function<void(const CommonConfig&)> apply_;
  const telemetry::Log& log_;
  mutable std::mutex mutex_;
  std::vector<std::string> waiting_;  // keys that wait for a restart
};

}  // namespace va::service
