#include "services/user-attributes/store/account_rows.h"

#include <utility>

#include "lib/base/status.h"

namespace va::attributes {
namespace {

constexpr std::pair<MergeState, absl::string_view> kMergeStates[] = {
    {MergeState::kPending, "pending"},
    {MergeState::kProposed, "proposed"},
    {MergeState::kAccepted, "accepted"},
    {MergeState::kRejected, "rejected"},
    {MergeState::kRevertProposed, "revert_proposed"},
    {MergeState::kReverted, "reverted"},
};

constexpr std::pair<AccountEventKind, absl::string_view> kEventKinds[] = {
    {AccountEventKind::kLocked, "locked"},
    {AccountEventKind::kUnlocked, "unlocked"},
    {AccountEventKind::kMoved, "moved"},
    {AccountEventKind::kForgotten, "forgotten"},
};

template <typename T, std::size_t N>
absl::string_view WordOf(const std::pair<T, absl::string_view> (&table)[N], T value) {
  for (const auto& [known, word] : table) {
    if (known == value) return word;
  }
  return "";
}

template <typename T, std::size_t N>
absl::StatusOr<T> ValueOf(const std::pair<T, absl::string_view> (&table)[N],
                          absl::string_view word) {
  for (const auto& [value, known] : table) {
    if (known == word) return value;
  }
  return base::MakeError(absl::StatusCode::kInternal, "ACCOUNT_ROW", "no such word in this column");
}

constexpr store::Statement kAddEvent = {
    "add_account_event",
    "WITH n AS (UPDATE account_event_counter SET last = last + 1 RETURNING last) "
    "INSERT INTO account_events (sequence, kind, user_account_id, user_verification_id, caller, "
    "operator_id, reason, happened_at) SELECT n.last, $1, $2::uuid, $3::uuid, $4, $5, $6, $7 "
    "FROM n RETURNING sequence"};

constexpr store::Statement kLockHashes = {
    "lock_hashes",
    "SELECT count(pg_advisory_xact_lock(h)) FROM (SELECT hashtextextended(c, 0) AS h "
    "FROM unnest($1::text[]) AS c ORDER BY 1) AS hashes"};

}  // namespace

absl::Status LockHashes(store::Connection& db, const std::vector<std::string>& hashes) {
  return db.Exec(kLockHashes, {hashes}).status();
}

bool IsLostRace(const absl::Status& status) {
  return status.code() == absl::StatusCode::kAlreadyExists ||
         status.code() == absl::StatusCode::kAborted;
}

absl::Status LostRace() {
  return base::MakeError(absl::StatusCode::kAborted, "LINK_RACE", "the row changed meanwhile",
                         true);
}

absl::string_view ToString(MergeState state) { return WordOf(kMergeStates, state); }
absl::StatusOr<MergeState> MergeStateFromString(absl::string_view word) {
  return ValueOf(kMergeStates, word);
}
absl::string_view ToString(AccountEventKind kind) { return WordOf(kEventKinds, kind); }
absl::StatusOr<AccountEventKind> EventKindFromString(absl::string_view word) {
  return ValueOf(kEventKinds, word);
}

absl::StatusOr<std::int64_t> AddEvent(store::Connection& db, AccountEventKind kind,
                                      absl::string_view account_id,
                                      absl::string_view verification_id, const Actor& actor,
                                      absl::Time now) {
  const store::Param verification =
      verification_id.empty() ? store::Param(nullptr) : store::Param(verification_id);
  const absl::StatusOr<store::Rows> rows =
      db.Exec(kAddEvent, {ToString(kind), account_id, verification, actor.caller, actor.operator_id,
                          actor.reason, now});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) {
    return base::MakeError(absl::StatusCode::kInternal, "ACCOUNT_ROW", "the event counter is gone");
  }
  return (*rows)[0].Int(0);
}

absl::Status SecondOperator() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "SECOND_OPERATOR",
                         "another operator has to say so, too");
}

std::optional<std::string> OptBytes(const store::Row& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::make_optional(row.Bytes(column));
}

}  // namespace va::attributes
