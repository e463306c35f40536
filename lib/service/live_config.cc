#include "lib/service/live_config.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"

namespace va::service {

absl::Status LiveFilesAgree(const std::vector<config::FieldInfo>& rows,
                            const std::set<std::string>& reloaded) {
  std::set<std::string> live;
  for (const config::FieldInfo& row : rows) {
    if (row.live && config::NamesFiles(row)) live.insert(row.key);
  }
  std::vector<std::string> different;
  std::set_symmetric_difference(live.begin(), live.end(), reloaded.begin(), reloaded.end(),
                                std::back_inserter(different));
  if (different.empty()) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kInternal, "LIVE_FILES_DIFFER",
      absl::StrCat("marked live or read anew, but not both: ", absl::StrJoin(different, ", ")));
}

LiveConfig::LiveConfig(std::string path, std::string env_prefix, BindAnew bind,
                       std::vector<std::pair<std::string, std::string>> values,
                       std::function<void(const CommonConfig&)> apply, const telemetry::Log& log)
    : path_(std::move(path)),
      env_prefix_(std::move(env_prefix)),
      bind_(std::move(bind)),
      values_(std::move(values)),
      apply_(std::move(apply)),
      log_(log) {}

void LiveConfig::Reload(FileLoader& files) {
  CommonConfig common;
  config::Table table(env_prefix_);
  bind_(table, common);
  const auto problems = table.Load(path_, config::ProcessEnvironment());
  for (const config::Problem& problem : problems) {
    const std::string line = problem.line == 0 ? "" : absl::StrCat("line ", problem.line, ": ");
    files.Report(problem.key, absl::StrCat(line, problem.text));
  }
  if (!problems.empty()) return;
  apply_(common);
  std::vector<std::string> different = Different(table);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (different != waiting_ && !different.empty()) {
    log_.Warn("config.needs_restart", {{"settings", absl::StrJoin(different, ",")}});
  }
  waiting_ = std::move(different);
}

std::vector<std::string> LiveConfig::Different(const config::Table& table) const {
  const std::vector<config::FieldInfo> rows = table.Describe();
  const auto now = table.Values();
  std::vector<std::string> keys;
  for (size_t i = 0; i < std::min(now.size(), values_.size()); ++i) {
    // What a file holds is read anew; where it lies is not.
    const bool live = rows[i].live && !config::NamesFiles(rows[i]);
    if (!live && now[i] != values_[i]) keys.push_back(now[i].first);
  }
  return keys;
}

absl::Status LiveConfig::Check() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (waiting_.empty()) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "NEEDS_RESTART",
                         absl::StrJoin(waiting_, ","));
}

}  // namespace va::service
