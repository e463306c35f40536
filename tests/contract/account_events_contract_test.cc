// Events of accounts against a real PostgreSQL: their order, what a reader may rely on, and what
// goes.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/user-attributes/store/janitor.h"
#include "tests/contract/account_fixture.h"

namespace va::attributes {
namespace {

using identity::Csp;

const Actor kAda{"operator.va.internal", "ada", "reported stolen"};
const absl::Time kForever = absl::InfiniteFuture();

std::vector<AccountEvent> Read(Process& process, std::int64_t after, int size = 100) {
  const auto events = process.events().ReadEvents(after, size, kForever);
  INFO(events.status());
  REQUIRE(events.ok());
  return *events;
}

std::string ReasonAfter(Process& process, std::int64_t after) {
  return base::ReasonOf(process.events().ReadEvents(after, 10, kForever).status());
}

void Lock(Process& process, const std::string& account, bool locked, absl::Time now = kNow) {
  REQUIRE(process.directory().SetLock(account, "", locked, kAda, now, kForever).ok());
}

TEST_CASE("PgAccountEvents: nothing happened yet", "[attributes][contract]") {
  Database database;
  Process process(database);
  CHECK(Read(process, 0).empty());
  CHECK(process.events().LastEvent(kForever).value() == 0);
  // A number that was never given out: the database came back from an older backup.
  CHECK(ReasonAfter(process, 1) == "EVENTS_FORGOTTEN");
}

TEST_CASE("PgAccountEvents: locks and unlocks in their order, from any number on, a page at a time",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  Lock(process, linked.account_id, true);
  Lock(process, linked.account_id, false, kNow + absl::Seconds(1));
  REQUIRE(process.directory()
              .SetLock(linked.account_id, linked.verification_id, true, kAda, kNow, kForever)
              .ok());
  const std::vector<AccountEvent> all = Read(process, 0);
  REQUIRE(all.size() == 3);
  CHECK(all[0].sequence == 1);
  CHECK(all[0].kind == AccountEventKind::kLocked);
  CHECK(all[0].account_id == linked.account_id);
  CHECK(all[0].verification_id.empty());
  CHECK(all[0].happened_at == kNow);
  CHECK(all[1].kind == AccountEventKind::kUnlocked);
  CHECK(all[1].happened_at == kNow + absl::Seconds(1));
  CHECK(all[2].verification_id == linked.verification_id);
  CHECK(Read(process, 0, 2).size() == 2);
  CHECK(Read(process, 2).front().sequence == 3);
  CHECK(Read(process, 3).empty());
  CHECK(process.events().LastEvent(kForever).value() == 3);
}

TEST_CASE("PgAccountEvents: no gap, and no number before a smaller one, whoever writes at once",
          "[attributes][contract][race]") {
  Database database;
  Process process(database, kKeyA, 10);
  constexpr int kWriters = 6;
  constexpr int kEach = 20;
  std::vector<std::string> accounts;
  for (int i = 0; i < kWriters; ++i) {
    accounts.push_back(process.Link(Of(Csp::kIdme, absl::StrCat("i", i))).account_id);
  }
  std::atomic<int> failed = 0;
  std::vector<std::thread> writers;
  for (const std::string& account : accounts) {
    writers.emplace_back([&process, &failed, account] {
      for (int i = 0; i < kEach; ++i) {
        const auto changed =
            process.directory().SetLock(account, "", i % 2 == 0, kAda, kNow, kForever);
        if (!changed.ok() || !changed->has_value() || !(*changed)->changed) ++failed;
        // What is refused takes no number.
        if (process.directory().SetLock("x", "", true, kAda, kNow, kForever).ok()) ++failed;
      }
    });
  }
  std::vector<std::int64_t> seen;
  while (seen.size() < kWriters * kEach && failed == 0) {
    for (const AccountEvent& event : Read(process, seen.empty() ? 0 : seen.back(), 7)) {
      seen.push_back(event.sequence);
    }
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(failed == 0);
  REQUIRE(seen.size() == kWriters * kEach);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] != static_cast<std::int64_t>(i) + 1) FAIL("number " << seen[i] << " at " << i);
  }
}

TEST_CASE("PgAccountEvents: what is old goes from the oldest on, and a reader behind is told",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const absl::Time old = kNow - absl::Hours(24 * 40);
  Lock(process, linked.account_id, true, old);
  Lock(process, linked.account_id, false, old);
  Lock(process, linked.account_id, true);
  // Written by a clock that was behind: it stands after one that is kept, and stays.
  Lock(process, linked.account_id, false, old);
  JanitorOptions options;
  options.limits.batch = 1;
  CHECK(Sweep(process.pool(), options, kNow, kForever).value() == 2);
  CHECK(Sweep(process.pool(), options, kNow, kForever).value() == 0);
  CHECK(ReasonAfter(process, 1) == "EVENTS_FORGOTTEN");
  CHECK(Read(process, 2).size() == 2);
  CHECK(Read(process, 0).front().sequence == 3);
  CHECK(Sweep(process.pool(), options, kNow + absl::Hours(24 * 31), kForever).value() == 2);
  CHECK(ReasonAfter(process, 3) == "EVENTS_FORGOTTEN");
  CHECK(Read(process, 4).empty());
  CHECK(Read(process, 0).empty());
  CHECK(process.events().LastEvent(kForever).value() == 4);
}

TEST_CASE("Sweep: answers of VA Profile that are over go, others stay", "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount one = process.Link(Of(Csp::kIdme, "i1"));
  const LinkedAccount two = process.Link(Of(Csp::kIdme, "i2"));
  database.Psql(
      absl::StrCat("INSERT INTO contact_cache (user_account_id, asked_at, expires_at) VALUES ('",
                   one.account_id, "', to_timestamp(1699990000), to_timestamp(1699999999)), ('",
                   two.account_id, "', to_timestamp(1699990000), to_timestamp(1700000001))"));
  CHECK(Sweep(process.pool(), {}, kNow, kForever).value() == 1);
  CHECK(database.Psql("SELECT user_account_id FROM contact_cache") == two.account_id);
}

TEST_CASE("PgAccountEvents: a database that is gone is UNAVAILABLE", "[attributes][contract]") {
  Database database;
  store::PoolOptions nowhere = database.temp().App();
  nowhere.host = "/nonexistent";
  const auto pool = store::Pool::Create(nowhere).value();
  PgAccountEvents events(*pool);
  CHECK(events.ReadEvents(0, 1, kForever).status().code() == absl::StatusCode::kUnavailable);
  CHECK(events.LastEvent(kForever).status().code() == absl::StatusCode::kUnavailable);
  CHECK(Sweep(*pool, {}, kNow, kForever).status().code() == absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace va::attributes
