// What the statements over accounts share: where a sealed value lies, the words of states and
// events, and how a change is tried again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/store/pool.h"
#include "services/user-attributes/domain/accounts.h"

namespace va::attributes {

// A sealed value opens in its own row and column only.
inline std::string SealedPlace(absl::string_view table, absl::string_view row,
                               absl::string_view column) {
  return absl::StrCat(table, "/", row, "/", column);
}

// How often a change is tried again that lost a race: each lap sees what the winner wrote, so more
// than a few mean something else is wrong.
inline constexpr int kLaps = 8;

// A unique violation, a deadlock, or a guard that no longer held.
bool IsLostRace(const absl::Status& status);
absl::Status LostRace();

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Repeats `attempt`, which returns absl::Status or absl::StatusOr, while it loses races.
template <typename F>
auto RetryLostRaces(F&& attempt) {
  auto outcome = attempt();
  for (int lap = 1; lap < kLaps && IsLostRace(StatusOf(outcome)); ++lap) outcome = attempt();
  return outcome;
}
absl::string_view ToString(MergeState state);
absl::StatusOr<MergeState> MergeStateFromString(absl::string_view word);
absl::string_view ToString(AccountEventKind kind);
absl::StatusOr<AccountEventKind> EventKindFromString(absl::string_view word);

// Takes the next number and writes the event under it; answers the number. The counter's row stays
// locked until the transaction ends, so this comes after every other lock. Without a credential it
// is about the whole account.
absl::StatusOr<std::int64_t> AddEvent(store::Connection& db, AccountEventKind kind,
                                      absl::string_view account_id,
                                      absl::string_view verification_id, const Actor& actor,
                                      absl::Time now);

// While some programs write under one key and some under the next, the unique columns do not see
// that two hashes are one value. Whoever creates one then holds these locks, for every key, in one
// order and before every lock of a row (decision E7).
absl::Status LockHashes(store::Connection& db, const std::vector<std::string>& hashes);

// FAILED_PRECONDITION, SECOND_OPERATOR.
absl::Status SecondOperator();

std::optional<std::string> OptBytes(const store::Row& row, int column);

// Runs `body`, which answers absl::StatusOr<T>, in a transaction, and again when it lost a race.
template <typename T, typename F>
absl::StatusOr<T> InRetriedTransaction(store::Pool& pool, absl::Time deadline, F&& body) {
  return pool.Run(deadline, [&](store::Connection& db) -> absl::StatusOr<T> {
    return RetryLostRaces([&]() -> absl::StatusOr<T> {
      absl::StatusOr<T> answer = absl::InternalError("not begun");
      const absl::Status done = db.InTransaction([&](store::Connection& tx) -> absl::Status {
        answer = body(tx);
        return answer.status();
      });
      if (!done.ok()) return done;
      return answer;
    });
  });
}

}  // namespace va::attributes
