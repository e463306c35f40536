#include "services/user-attributes/adapters/file_policy_source.h"

#include <utility>

#include "lib/config/policy_file.h"

namespace va::attributes {
namespace {

constexpr absl::Duration kReloadInterval = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<FilePolicySource>> FilePolicySource::Open(const std::string& path) {
  absl::StatusOr<identity::Policy> policy = config::LoadPolicyFile(path);
  if (!policy.ok()) return policy.status();
  return std::unique_ptr<FilePolicySource>(new FilePolicySource(path, *std::move(policy)));
}

FilePolicySource::FilePolicySource(std::string path, identity::Policy policy)
    : path_(std::move(path)), current_(std::move(policy)) {}

std::shared_ptr<const identity::Policy> FilePolicySource::Current() const { return current_.Get(); }

absl::Status FilePolicySource::Reload(absl::Time now) {
  if (!BeginReload(now)) return absl::OkStatus();
  absl::StatusOr<identity::Policy> policy = config::LoadPolicyFile(path_);
  absl::Status read = policy.status();
  if (policy.ok()) Install(*std::move(policy));
  const std::lock_guard<std::mutex> lock(mutex_);
  reloading_ = false;
  return read;
}

bool FilePolicySource::BeginReload(absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // A clock that was set back must not stop reloads.
  const bool recent = now >= last_reload_ && now - last_reload_ < kReloadInterval;
  if (reloading_ || recent) return false;
  reloading_ = true;
  last_reload_ = now;
  return true;
}

}  // namespace va::attributes
