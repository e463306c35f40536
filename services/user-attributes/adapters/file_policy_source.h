// The policy file as the rules' PolicySource: read whole, checked whole, swapped whole. A broken
// file leaves the policy in force untouched.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "services/user-attributes/domain/ports.h"

namespace va::attributes {

class FilePolicySource final : public PolicySource {
 public:
  // Fails when the file cannot be loaded: a service never starts without a policy.
  static absl::StatusOr<std::unique_ptr<FilePolicySource>> Open(const std::string& path);

  std::shared_ptr<const identity::Policy> Current() const override;
  absl::Status Reload() override;

 private:
  FilePolicySource(std::string path, identity::Policy policy);

  const std::string path_;
  mutable std::mutex mutex_;
  std::shared_ptr<const identity::Policy> current_;
};

}  // namespace va::attributes
