// The policy file as the rules' PolicySource: read whole, checked whole, swapped whole. A broken
// file leaves the policy in force untouched. Callers under another version may ask for a reload
// with every request: the file is read at most once a second, by one of them.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/reloadable.h"
#include "services/user-attributes/domain/ports.h"

namespace va::attributes {

class FilePolicySource final : public PolicySource {
 public:
  // Fails when the file cannot be loaded: a service never starts without a policy.
  static absl::StatusOr<std::unique_ptr<FilePolicySource>> Open(const std::string& path);

  std::shared_ptr<const identity::Policy> Current() const override;
  absl::Status Reload(absl::Time now) override;
  // Brings a policy into force that was read from the file.
  void Install(identity::Policy policy) { current_.Swap(std::move(policy)); }

 private:
  FilePolicySource(std::string path, identity::Policy policy);

  // Whether this caller is the one to read the file now.
  bool BeginReload(absl::Time now);

  const std::string path_;
  base::Reloadable<identity::Policy> current_;
  std::mutex mutex_;
  absl::Time last_reload_ = absl::InfinitePast();
  bool reloading_ = false;
};

}  // namespace va::attributes
