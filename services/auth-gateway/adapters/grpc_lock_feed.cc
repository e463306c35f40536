#include "services/auth-gateway/adapters/grpc_lock_feed.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/rpc/wire.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::gateway {
namespace {

namespace attributes = ::va::attributes::v1;

constexpr char kWatchLocks[] = "va.attributes.v1.AccountsService/WatchLocks";
constexpr char kListAccounts[] = "va.attributes.v1.AccountsService/ListAccounts";
constexpr int kPageSize = 500;

LockEventKind KindOf(const attributes::WatchLocksResponse& told) {
  if (told.heartbeat()) return LockEventKind::kSignOfLife;
  switch (told.kind()) {
    case attributes::ACCOUNT_EVENT_KIND_LOCKED:
      return LockEventKind::kLocked;
    case attributes::ACCOUNT_EVENT_KIND_UNLOCKED:
      return LockEventKind::kUnlocked;
    case attributes::ACCOUNT_EVENT_KIND_MOVED:
      return LockEventKind::kMoved;
    case attributes::ACCOUNT_EVENT_KIND_FORGOTTEN:
      return LockEventKind::kForgotten;
    default:  // what a newer release may send stays a number here
      return LockEventKind::kUnknown;
  }
}

LockEvent Unpack(const attributes::WatchLocksResponse& told) {
  LockEvent event;
  event.sequence = told.sequence();
  event.kind = KindOf(told);
  event.account_id = told.account_id();
  event.verification_id = told.verification_id();
  // Without a time nothing is known to have begun later.
  event.happened_at = told.has_happened_at() && rpc::IsTime(told.happened_at())
                          ? rpc::UnpackTime(told.happened_at())
                          : absl::InfiniteFuture();
  return event;
}

LockedAccount Unpack(const attributes::Account& account) {
  LockedAccount locked{account.account_id(), account.locked(), {}};
  for (const attributes::Verification& verification : account.verifications()) {
    if (verification.locked()) locked.verification_ids.push_back(verification.verification_id());
  }
  return locked;
}

absl::Status Stopped() {
  return base::MakeError(absl::StatusCode::kCancelled, "WATCH_STOPPED", "nobody listens any more");
}

}  // namespace

GrpcLockFeed::GrpcLockFeed(rpc::Channel channel) : channel_(std::move(channel)) {}

bool GrpcLockFeed::Hold(rpc::ReadStream& stream) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!stopped_) running_ = &stream;
  return !stopped_;
}

void GrpcLockFeed::LetGo() {
  const std::lock_guard<std::mutex> lock(mutex_);
  running_ = nullptr;
}

absl::Status GrpcLockFeed::Watch(std::int64_t after, absl::Time deadline,
                                 const std::function<bool(const LockEvent&)>& tell) {
  attributes::WatchLocksRequest request;
  request.set_after_sequence(after);
  rpc::ReadStream stream(channel_, kWatchLocks, request, {.deadline = deadline});
  if (!Hold(stream)) return Stopped();
  attributes::WatchLocksResponse told;
  bool listening = true;
  while (listening && stream.Read(told)) listening = tell(Unpack(told));
  LetGo();
  return listening ? stream.Finish() : Stopped();
}

absl::StatusOr<LockedPage> GrpcLockFeed::ListLocked(const std::string& token, absl::Time deadline) {
  attributes::ListAccountsRequest request;
  request.set_page_size(kPageSize);
  request.set_page_token(token);
  request.set_locked_only(true);
  const auto response = rpc::Call<attributes::ListAccountsResponse>(
      channel_, kListAccounts, request, {.deadline = deadline, .repeatable = true});
  if (!response.ok()) return response.status();
  LockedPage page;
  for (const attributes::Account& account : response->accounts()) {
    page.accounts.push_back(Unpack(account));
  }
  page.next = response->next_page_token();
  return page;
}

void GrpcLockFeed::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stopped_ = true;
  if (running_ != nullptr) running_->Cancel();
}

}  // namespace va::gateway
