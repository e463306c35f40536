#include "services/user-attributes/adapters/file_policy_source.h"

#include <utility>

#include "lib/config/policy_file.h"

namespace va::attributes {

absl::StatusOr<std::unique_ptr<FilePolicySource>> FilePolicySource::Open(const std::string& path) {
  absl::StatusOr<identity::Policy> policy = config::LoadPolicyFile(path);
  if (!policy.ok()) return policy.status();
  return std::unique_ptr<FilePolicySource>(new FilePolicySource(path, *std::move(policy)));
}

FilePolicySource::FilePolicySource(std::string path, identity::Policy policy)
    : path_(std::move(path)),
      current_(std::make_shared<const identity::Policy>(std::move(policy))) {}

std::shared_ptr<const identity::Policy> FilePolicySource::Current() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return current_;
}

absl::Status FilePolicySource::Reload() {
  absl::StatusOr<identity::Policy> policy = config::LoadPolicyFile(path_);
  if (!policy.ok()) return policy.status();
  auto fresh = std::make_shared<const identity::Policy>(*std::move(policy));
  const std::lock_guard<std::mutex> lock(mutex_);
  current_ = std::move(fresh);
  return absl::OkStatus();
}

}  // namespace va::attributes
