// The events of accounts as user-attributes streams them.
#pragma once

#include <mutex>

#include "lib/rpc/channel.h"
#include "services/auth-gateway/domain/lock_feed.h"

namespace va::gateway {

class GrpcLockFeed final : public LockFeed {
 public:
  explicit GrpcLockFeed(rpc::Channel channel);

  absl::Status Watch(std::int64_t after, absl::Time deadline,
                     const std::function<bool(const LockEvent&)>& tell) override;
  absl::StatusOr<LockedPage> ListLocked(const std::string& token, absl::Time deadline) override;
  void Stop() override;

 private:
  // Of the stream that runs, so that Stop ends it. False: no stream may run any more.
  bool Hold(rpc::ReadStream& stream);
  void LetGo();

  rpc::Channel channel_;
  std::mutex mutex_;
  bool stopped_ = false;
  rpc::ReadStream* running_ = nullptr;
};

}  // namespace va::gateway
