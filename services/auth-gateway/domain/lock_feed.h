// What user-attributes tells of accounts while people are signed in to them, and the place where
// this gateway remembers how far it has heard.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::gateway {

enum class LockEventKind {
  kSignOfLife,
  kLocked,
  kUnlocked,
  kMoved,      // a credential left this account
  kForgotten,  // the account is gone
  kUnknown,    // of a newer release
};

struct LockEvent {
  std::int64_t sequence = 0;  // of a sign of life, the last one there is
  LockEventKind kind = LockEventKind::kSignOfLife;
  std::string account_id;
  std::string verification_id;  // empty: the whole account
  absl::Time happened_at;       // by the clock over there
};

// An account that is locked, or has locked credentials.
struct LockedAccount {
  std::string account_id;
  bool whole = false;
  std::vector<std::string> verification_ids;
};

struct LockedPage {
  std::vector<LockedAccount> accounts;
  std::string next;  // empty: that was the last
};

// The stream of events. One thread watches; any may stop.
class LockFeed {
 public:
  virtual ~LockFeed() = default;

  // Tells what happened behind the number `after`, in order, until `tell` answers false or the
  // stream ends; why it ended. OK: ask again. OUT_OF_RANGE (EVENTS_FORGOTTEN): events behind that
  // number are not kept any more.
  virtual absl::Status Watch(std::int64_t after, absl::Time deadline,
                             const std::function<bool(const LockEvent&)>& tell) = 0;

  // What is locked now, a page at a time from the token of the page before.
  virtual absl::StatusOr<LockedPage> ListLocked(const std::string& token, absl::Time deadline) = 0;

  // Ends the watch that runs and every later one.
  virtual void Stop() = 0;
};

// The last number that is done with. Shared by all gateways on one database. Thread-safe.
class LockCursor {
 public:
  virtual ~LockCursor() = default;

  // Nothing before the first Advance.
  virtual absl::StatusOr<std::optional<std::int64_t>> Load(absl::Time deadline) = 0;
  // Never goes back.
  virtual absl::Status Advance(std::int64_t sequence, absl::Time deadline) = 0;
  // Begins anew.
  virtual absl::Status Reset(absl::Time deadline) = 0;
};

}  // namespace va::gateway
