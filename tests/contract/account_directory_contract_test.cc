// Accounts as operators see and change them, against a real PostgreSQL: locks, merges that two
// decide and two take back (decision R12), and accounts that are forgotten.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/user-attributes/store/pg_terms_store.h"
#include "tests/contract/account_fixture.h"
#include "tests/contract/hostile_strings.h"

namespace va::attributes {
namespace {

using identity::Csp;
using identity::CspId;
using identity::Icn;
using identity::PersonText;

const Actor kAda{"operator.va.internal", "ada", "ticket 1"};
const Actor kBob{"operator.va.internal", "bob", "ticket 2"};
const absl::Time kForever = absl::InfiniteFuture();
constexpr char kNobody[] = "00000000-0000-4000-8000-000000000000";

AccountRecord FindOpen(Process& process, const std::string& account_id) {
  const auto found = process.directory().Find(account_id, true, kForever);
  INFO(found.status());
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  return **found;
}

std::vector<AccountEvent> Events(Process& process) {
  return process.events().ReadEvents(0, 1000, kForever).value();
}

TEST_CASE("PgAccountDirectory: an account with its credentials, sealed values only when opened",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(With(Of(Csp::kIdme, "i1", "1V1"), "a@example.org"));
  const LinkedAccount former = process.Link(Of(Csp::kLogingov, "l1"));
  process.Link(Of(Csp::kLogingov, "l1", "1V1"), "r2", kNow + absl::Hours(1));
  process.Link(Of(Csp::kMhv, "m1", "1V1", "i1"), "r3", kNow + absl::Hours(2));
  process.Link(Of(Csp::kMhv, "m1", "2V2", "i1"), "r4", kNow + absl::Hours(3));
  const AccountRecord account = FindOpen(process, linked.account_id);
  CHECK(account.verified);
  CHECK_FALSE(account.locked);
  CHECK(account.created_at == kNow);
  CHECK(account.icn == Icn::FromWire("1V1"));
  CHECK(account.idme_verified_credential_at == kNow);
  CHECK(account.acceptable_verified_credential_at == kNow + absl::Hours(1));
  CHECK(account.former_account_ids == std::vector<std::string>{former.account_id});
  CHECK(account.merges_pending == 1);
  REQUIRE(account.verifications.size() == 3);
  std::vector<VerificationRecord> by_type = account.verifications;
  std::sort(by_type.begin(), by_type.end(),
            [](const auto& a, const auto& b) { return a.type < b.type; });
  std::vector<std::string> shown;
  for (const VerificationRecord& record : by_type) {
    shown.push_back(
        absl::StrCat(std::string(identity::ToString(record.type)), " ", record.identifier->Reveal(),
                     " ", record.email ? record.email->Reveal() : "-",
                     record.backed ? " backed" : "", record.verified_at ? " verified" : ""));
  }
  std::sort(shown.begin(), shown.end());
  CHECK(shown == std::vector<std::string>{"idme i1 a@example.org verified",
                                          "logingov l1 - verified", "mhv m1 - backed verified"});
  CHECK(account.verifications.back().last_used_at == kNow + absl::Hours(3));

  const auto closed = process.directory().Find(linked.account_id, false, kForever);
  REQUIRE(closed.ok());
  CHECK_FALSE((*closed)->icn.has_value());
  CHECK_FALSE((*closed)->verifications[0].identifier.has_value());
  CHECK_FALSE((*closed)->verifications[0].email.has_value());
  CHECK_FALSE(process.directory().Find(kNobody, true, kForever)->has_value());
}

TEST_CASE("PgAccountDirectory: E7 what does not open is a fault, not an account without values",
          "[attributes][contract]") {
  Database database;
  Process process(database, kKeyA);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  Process other(database, kKeyB);
  CHECK_FALSE(other.directory().Find(linked.account_id, true, kForever).ok());
  CHECK(other.directory().Find(linked.account_id, false, kForever).ok());
}

TEST_CASE("PgAccountDirectory: pages in the order of ids meet everybody once",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    expected.push_back(process.Link(Of(Csp::kIdme, absl::StrCat("i", i))).account_id);
  }
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> met;
  std::string after;
  int pages = 0;
  do {
    const auto page = process.directory().List(after, 3, false, kForever);
    REQUIRE(page.ok());
    CHECK(page->items.size() <= 3);
    for (const AccountRecord& account : page->items) {
      met.push_back(account.id);
      CHECK(account.verifications.size() == 1);
    }
    after = page->next;
    ++pages;
  } while (!after.empty());
  CHECK(met == expected);
  CHECK(pages == 3);
}

TEST_CASE("PgAccountDirectory: who is locked, by account or by credential",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  std::vector<LinkedAccount> linked;
  for (int i = 0; i < 4; ++i) linked.push_back(process.Link(Of(Csp::kIdme, absl::StrCat("i", i))));
  REQUIRE(process.directory().SetLock(linked[0].account_id, "", true, kAda, kNow, kForever).ok());
  REQUIRE(process.directory()
              .SetLock(linked[2].account_id, linked[2].verification_id, true, kAda, kNow, kForever)
              .ok());
  std::vector<std::string> expected = {linked[0].account_id, linked[2].account_id};
  std::sort(expected.begin(), expected.end());
  const auto first = process.directory().List("", 1, true, kForever);
  REQUIRE(first.ok());
  REQUIRE(first->items.size() == 1);
  CHECK(first->items[0].id == expected[0]);
  const auto second = process.directory().List(first->next, 1, true, kForever);
  REQUIRE(second.ok());
  REQUIRE(second->items.size() == 1);
  CHECK(second->items[0].id == expected[1]);
  CHECK(second->next.empty());
}

TEST_CASE("PgAccountDirectory: a lock is set once, told once, and taken away once",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Credential credential = Of(Csp::kIdme, "i1", "1V1");
  const LinkedAccount linked = process.Link(credential);
  const bool whole = GENERATE(true, false);
  const std::string on = whole ? "" : linked.verification_id;
  const auto set = [&](bool locked) {
    const auto changed =
        process.directory().SetLock(linked.account_id, on, locked, kAda, kNow, kForever);
    INFO(changed.status());
    REQUIRE(changed.ok());
    REQUIRE(changed->has_value());
    return **changed;
  };
  CHECK_FALSE(set(false).changed);
  const Changed first = set(true);
  CHECK(first.changed);
  CHECK(first.sequence == 1);
  CHECK_FALSE(set(true).changed);
  CHECK(set(true).sequence == 0);
  CHECK(process.Link(credential).locked);
  CHECK(process.StandingOf(linked)->locked);
  CHECK(set(false).sequence == 2);
  CHECK_FALSE(process.Link(credential).locked);
  CHECK(Events(process).size() == 2);
  CHECK(database.Psql("SELECT operator_id, reason FROM account_events WHERE sequence = 1") ==
        "ada|ticket 1");
}

TEST_CASE("PgAccountDirectory: a lock takes along what is kept for the sessions that it ends",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const LinkedAccount other = process.Link(Of(Csp::kIdme, "i2", "2V2"));
  database.Psql(
      "INSERT INTO contact_cache (user_account_id, answer_sealed, asked_at, expires_at) "
      "SELECT id, 'x', now(), now() FROM user_accounts");
  const std::string on = GENERATE(true, false) ? "" : linked.verification_id;
  REQUIRE(process.directory().SetLock(linked.account_id, on, false, kAda, kNow, kForever).ok());
  CHECK(database.Psql("SELECT count(*) FROM contact_cache") == "2");
  REQUIRE(process.directory().SetLock(linked.account_id, on, true, kAda, kNow, kForever).ok());
  CHECK(database.Psql("SELECT user_account_id FROM contact_cache") == other.account_id);
}

TEST_CASE("PgAccountDirectory: a lock needs an account, and a credential of that account",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount one = process.Link(Of(Csp::kIdme, "i1"));
  const LinkedAccount two = process.Link(Of(Csp::kIdme, "i2"));
  const auto set = [&](const std::string& account, const std::string& verification) {
    return process.directory().SetLock(account, verification, true, kAda, kNow, kForever);
  };
  CHECK_FALSE(set(kNobody, "")->has_value());
  CHECK_FALSE(set(one.account_id, two.verification_id)->has_value());
  CHECK(set("x", "").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(Events(process).empty());
  CHECK(database.Psql("SELECT last FROM account_event_counter") == "0");
}

// ---- merges ----

// All that a merge may touch. Times of use are left out: every sign-in writes them.
std::string Linked(Database& database) {
  return database.Psql(
             "SELECT id, icn_hash, locked, acceptable_verified_credential_at, "
             "idme_verified_credential_at FROM user_accounts ORDER BY id") +
         "\n" +
         database.Psql(
             "SELECT id, user_account_id, verified_at, locked FROM user_verifications "
             "ORDER BY id") +
         "\n" +
         database.Psql(
             "SELECT user_verification_id, user_account_id, deprecated_at "
             "FROM deprecated_user_accounts ORDER BY 1, 2");
}

// A verified ID.me credential that MPI answered with 2V2 although its account is 1V1's.
struct Doubt {
  explicit Doubt(Process& process, bool other_known) {
    mine = process.Link(Of(Csp::kIdme, "i1", "1V1"));
    if (other_known) other = process.Link(Of(Csp::kLogingov, "l1", "2V2"));
    REQUIRE(process.Link(Of(Csp::kIdme, "i1", "2V2"), "r2").merge_pending);
    const auto page = process.directory().ListMerges(std::nullopt, "", 10, kForever);
    REQUIRE(page.ok());
    REQUIRE(page->items.size() == 1);
    id = page->items[0].id;
  }
  LinkedAccount mine;
  LinkedAccount other;
  std::string id;
};

MergeRecord Decide(Process& process, const std::string& id, bool accept, const Actor& actor) {
  const auto merge = process.directory().DecideMerge(id, accept, actor, kNow, kForever);
  INFO(merge.status());
  REQUIRE(merge.ok());
  REQUIRE(merge->has_value());
  return **merge;
}

MergeRecord Revert(Process& process, const std::string& id, const Actor& actor) {
  const auto merge = process.directory().RevertMerge(id, actor, kNow, kForever);
  INFO(merge.status());
  REQUIRE(merge.ok());
  REQUIRE(merge->has_value());
  return **merge;
}

std::string WhyNot(const absl::StatusOr<std::optional<MergeRecord>>& merge) {
  return merge.ok() ? "(done)" : base::ReasonOf(merge.status());
}

TEST_CASE("PgAccountDirectory: R12 a pending merge shows its evidence, both ICNs when opened",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const bool other_known = GENERATE(true, false);
  const Doubt doubt(process, other_known);
  process.Link(Of(Csp::kIdme, "i1", "2V2"), "r3", kNow + absl::Hours(1));
  const auto merge = process.directory().FindMerge(doubt.id, true, kForever);
  REQUIRE(merge.ok());
  REQUIRE(merge->has_value());
  CHECK((*merge)->state == MergeState::kPending);
  CHECK((*merge)->account_id == doubt.mine.account_id);
  CHECK((*merge)->verification_id == doubt.mine.verification_id);
  CHECK((*merge)->other_account_id == doubt.other.account_id);
  CHECK((*merge)->first_request_id == "r2");
  CHECK((*merge)->last_request_id == "r3");
  CHECK((*merge)->times_seen == 2);
  CHECK((*merge)->created_at == kNow);
  CHECK((*merge)->last_seen_at == kNow + absl::Hours(1));
  CHECK((*merge)->account_icn == Icn::FromWire("1V1"));
  CHECK((*merge)->other_icn == Icn::FromWire("2V2"));
  CHECK_FALSE((*process.directory().FindMerge(doubt.id, false, kForever))->other_icn.has_value());
  CHECK_FALSE(process.directory().FindMerge(kNobody, true, kForever)->has_value());
  const auto waiting = process.directory().CountWaitingMerges(kForever);
  REQUIRE(waiting.ok());
  CHECK(waiting->count == 1);
  CHECK(waiting->oldest == kNow);
}

TEST_CASE("PgAccountDirectory: R12 two operators accept: the credential moves, its sessions end",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, true);
  CHECK(Decide(process, doubt.id, true, kAda).state == MergeState::kProposed);
  CHECK(process.StandingOf(doubt.mine)->merge_pending);
  CHECK(WhyNot(process.directory().DecideMerge(doubt.id, true, kAda, kNow, kForever)) ==
        "SECOND_OPERATOR");
  const MergeRecord accepted = Decide(process, doubt.id, true, kBob);
  CHECK(accepted.state == MergeState::kAccepted);
  REQUIRE(accepted.steps.size() == 2);
  CHECK(accepted.steps[0].state == MergeState::kProposed);
  CHECK(accepted.steps[0].actor == kAda);
  CHECK(accepted.steps[1].state == MergeState::kAccepted);
  CHECK(accepted.steps[1].actor == kBob);
  const LinkedAccount now = process.Link(Of(Csp::kIdme, "i1", "2V2"));
  CHECK(now.account_id == doubt.other.account_id);
  CHECK_FALSE(now.merge_pending);
  CHECK(FindOpen(process, doubt.other.account_id).former_account_ids ==
        std::vector<std::string>{doubt.mine.account_id});
  const std::vector<AccountEvent> events = Events(process);
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == AccountEventKind::kMoved);
  CHECK(events[0].account_id == doubt.mine.account_id);
  CHECK(events[0].verification_id == doubt.mine.verification_id);
  CHECK(process.directory().CountWaitingMerges(kForever)->count == 0);
  CHECK(WhyNot(process.directory().DecideMerge(doubt.id, true, kAda, kNow, kForever)) ==
        "MERGE_DECIDED");
}

TEST_CASE("PgAccountDirectory: R12 nobody has the ICN: the account takes it, all its sessions end",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, false);
  Decide(process, doubt.id, true, kAda);
  Decide(process, doubt.id, true, kBob);
  CHECK(process.StandingOf(doubt.mine)->icn == Icn::FromWire("2V2"));
  CHECK_FALSE(process.Link(Of(Csp::kIdme, "i1", "2V2")).merge_pending);
  REQUIRE(Events(process).size() == 1);
  CHECK(Events(process)[0].account_id == doubt.mine.account_id);
  CHECK(Events(process)[0].verification_id.empty());
  // Who reads the merge later still sees what it replaced.
  const auto merge = process.directory().FindMerge(doubt.id, true, kForever);
  CHECK((*merge)->account_icn == Icn::FromWire("1V1"));
  CHECK((*merge)->other_icn == Icn::FromWire("2V2"));
}

TEST_CASE("PgAccountDirectory: R12 two operators take a merge back, and all is as it was",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const bool other_known = GENERATE(true, false);
  const Doubt doubt(process, other_known);
  const std::string before = Linked(database);
  Decide(process, doubt.id, true, kAda);
  Decide(process, doubt.id, true, kBob);
  CHECK(Linked(database) != before);
  // A sign-in meanwhile gives the other account a date that it has by this credential alone.
  process.Link(Of(Csp::kIdme, "i1", "2V2"), "r3", kNow + absl::Hours(30));
  CHECK(Revert(process, doubt.id, kBob).state == MergeState::kRevertProposed);
  CHECK(WhyNot(process.directory().RevertMerge(doubt.id, kBob, kNow, kForever)) ==
        "SECOND_OPERATOR");
  const MergeRecord reverted = Revert(process, doubt.id, kAda);
  CHECK(reverted.state == MergeState::kReverted);
  CHECK(reverted.steps.size() == 4);
  CHECK(Linked(database) == before);
  CHECK(process.StandingOf(doubt.mine)->icn == Icn::FromWire("1V1"));
  REQUIRE(Events(process).size() == 2);
  CHECK(Events(process)[1].kind == AccountEventKind::kMoved);
  CHECK(Events(process)[1].account_id ==
        (other_known ? doubt.other.account_id : doubt.mine.account_id));
  // Operators have said that the account is right: the next sign-in stays there and asks nobody.
  const LinkedAccount again = process.Link(Of(Csp::kIdme, "i1", "2V2"));
  CHECK(again.account_id == doubt.mine.account_id);
  CHECK(again.merge_pending);
  CHECK(process.directory().CountWaitingMerges(kForever)->count == 0);
  CHECK(database.Psql("SELECT former_icn_sealed IS NULL, former_since IS NULL FROM "
                      "pending_merges") == "t|t");
}

TEST_CASE("PgAccountDirectory: R12 a merge over a former account restores that, too",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount other = process.Link(Of(Csp::kLogingov, "l1", "2V2"));
  process.Link(Of(Csp::kIdme, "i1", "2V2"));
  // It has been on the other account before, by the reference's way.
  process.Link(Of(Csp::kIdme, "i2", "1V1"));
  process.Link(Of(Csp::kIdme, "i1", "1V1"), "r", kNow, true);
  process.Link(Of(Csp::kIdme, "i1", "2V2"), "r2");
  const std::string before = Linked(database);
  const std::string id = process.directory().ListMerges({}, "", 1, kForever)->items.at(0).id;
  Decide(process, id, true, kAda);
  Decide(process, id, true, kBob);
  CHECK(process.Link(Of(Csp::kIdme, "i1", "2V2")).account_id == other.account_id);
  CHECK(Linked(database) != before);
  Revert(process, id, kAda);
  Revert(process, id, kBob);
  CHECK(Linked(database) == before);
}

TEST_CASE("PgAccountDirectory: R12 one operator rejects: nothing moves, nothing is asked again",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, true);
  const std::string before = Linked(database);
  if (GENERATE(false, true)) Decide(process, doubt.id, true, kAda);
  CHECK(Decide(process, doubt.id, false, kBob).state == MergeState::kRejected);
  CHECK(Linked(database) == before);
  CHECK(Events(process).empty());
  CHECK_FALSE(process.StandingOf(doubt.mine)->merge_pending);
  CHECK(WhyNot(process.directory().DecideMerge(doubt.id, false, kAda, kNow, kForever)) ==
        "MERGE_DECIDED");
  CHECK(WhyNot(process.directory().RevertMerge(doubt.id, kAda, kNow, kForever)) == "MERGE_DECIDED");
  process.Link(Of(Csp::kIdme, "i1", "2V2"), "r3");
  CHECK(process.directory().CountWaitingMerges(kForever)->count == 0);
}

TEST_CASE("PgAccountDirectory: R12 what changed meanwhile is not carried out",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const bool other_known = GENERATE(true, false);
  const Doubt doubt(process, other_known);
  Decide(process, doubt.id, true, kAda);
  if (other_known) {
    // The other account has another ICN now.
    process.Link(Of(Csp::kLogingov, "l1", "3V3"), "r", kNow, true);
  } else {
    // Somebody began an account with the ICN.
    process.Link(Of(Csp::kLogingov, "l9", "2V2"));
  }
  const std::string before = Linked(database);
  CHECK(WhyNot(process.directory().DecideMerge(doubt.id, true, kBob, kNow, kForever)) ==
        "MERGE_CHANGED");
  CHECK(Linked(database) == before);
  CHECK(Events(process).empty());
  CHECK((*process.directory().FindMerge(doubt.id, false, kForever))->state ==
        MergeState::kProposed);
  // The next sign-in brings the merge up to date, and the first word has to be said again.
  process.Link(Of(Csp::kIdme, "i1", "2V2"), "r3");
  const auto merge = process.directory().FindMerge(doubt.id, false, kForever);
  CHECK((*merge)->state == MergeState::kPending);
  CHECK((*merge)->steps.back().state == MergeState::kPending);
}

TEST_CASE("PgAccountDirectory: R12 the second word is about the ICN that the first one was about",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, GENERATE(true, false));
  process.Link(Of(Csp::kMhv, "m1", "1V1", "i1"));
  Decide(process, doubt.id, true, kAda);
  // Another merge of the same account was faster: it is 3V3 by now.
  process.Link(Of(Csp::kMhv, "m1", "3V3", "i1"), "r3");
  const auto waiting = process.directory().ListMerges(MergeState::kPending, "", 10, kForever);
  REQUIRE(waiting->items.size() == 1);
  Decide(process, waiting->items[0].id, true, kAda);
  Decide(process, waiting->items[0].id, true, kBob);
  const std::string before = Linked(database);
  CHECK(WhyNot(process.directory().DecideMerge(doubt.id, true, kBob, kNow, kForever)) ==
        "MERGE_CHANGED");
  CHECK(Linked(database) == before);
  const auto shown = process.directory().FindMerge(doubt.id, true, kForever);
  CHECK((*shown)->account_icn == Icn::FromWire("3V3"));
  process.Link(Of(Csp::kIdme, "i1", "2V2"), "r4");
  CHECK((*process.directory().FindMerge(doubt.id, false, kForever))->state == MergeState::kPending);
}

TEST_CASE("PgAccountDirectory: R12 nobody comes back from a lock by way of a merge or its undoing",
          "[attributes][contract][security]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, true);
  const LinkedAccount same_kind = process.Link(Of(Csp::kIdme, "i2", "2V2"));
  const bool undo = GENERATE(false, true);
  Decide(process, doubt.id, true, kAda);
  if (undo) {
    Decide(process, doubt.id, true, kBob);
    Revert(process, doubt.id, kAda);
  }
  std::string account = doubt.mine.account_id;
  std::string credential;
  SECTION("the one account is locked") {}
  SECTION("the other account is locked") { account = doubt.other.account_id; }
  SECTION("this kind of credential is locked on the other account") {
    account = doubt.other.account_id;
    credential = same_kind.verification_id;
    if (undo) return;  // it leaves that account
  }
  const auto lock = [&](bool locked) {
    return process.directory().SetLock(account, credential, locked, kAda, kNow, kForever);
  };
  REQUIRE(lock(true)->has_value());
  const std::string before = Linked(database);
  const auto second = [&] {
    return undo ? process.directory().RevertMerge(doubt.id, kBob, kNow, kForever)
                : process.directory().DecideMerge(doubt.id, true, kBob, kNow, kForever);
  };
  CHECK(WhyNot(second()) == "MERGE_LOCKED");
  CHECK(Linked(database) == before);
  REQUIRE(lock(false)->has_value());
  CHECK(WhyNot(second()) == "(done)");
}

TEST_CASE("PgAccountDirectory: R12 a \"no\" that was wrong is no dead end",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, false);
  Decide(process, doubt.id, false, kAda);
  SECTION("two operators may still accept") {
    CHECK(Decide(process, doubt.id, true, kAda).state == MergeState::kProposed);
    CHECK(Decide(process, doubt.id, true, kBob).state == MergeState::kAccepted);
    CHECK_FALSE(process.Link(Of(Csp::kIdme, "i1", "2V2")).merge_pending);
  }
  SECTION("another account has the ICN now: a new question") {
    const LinkedAccount other = process.Link(Of(Csp::kLogingov, "l1", "2V2"));
    process.Link(Of(Csp::kIdme, "i1", "2V2"), "r3");
    const auto merge = process.directory().FindMerge(doubt.id, false, kForever);
    CHECK((*merge)->state == MergeState::kPending);
    CHECK((*merge)->other_account_id == other.account_id);
  }
}

TEST_CASE("PgAccountDirectory: E7 a merge and a first sign-in under two keys leave one ICN once",
          "[attributes][contract][race]") {
  Database database;
  Process old(database, kKeyA + ":current\n" + kKeyB, 4);
  Process next(database, kKeyB + ":current\n" + kKeyA, 4);
  for (int round = 0; round < 8; ++round) {
    const std::string id = absl::StrCat("i", round);
    const std::string icn = absl::StrCat("9V", round);
    old.Link(Of(Csp::kIdme, id, absl::StrCat("1V", round)));
    old.Link(Of(Csp::kIdme, id, icn), "r2");
    const std::string merge =
        old.directory().ListMerges(MergeState::kPending, "", 1, kForever)->items.at(0).id;
    Decide(old, merge, true, kAda);
    std::thread second(
        [&] { static_cast<void>(old.directory().DecideMerge(merge, true, kBob, kNow, kForever)); });
    const auto linked = next.TryLink(Of(Csp::kLogingov, absl::StrCat("l", round), icn));
    second.join();
    CHECK(linked.ok());
    const std::string held = absl::StrCat(
        "SELECT count(*) FROM user_accounts WHERE icn_hash IN ('",
        crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(kKeyA).value()).Hash("icn", icn),
        "', '",
        crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(kKeyB).value()).Hash("icn", icn),
        "')");
    CHECK(database.Psql(held) == "1");
    // Decided, so that the next round finds its own merge first.
    static_cast<void>(old.directory().DecideMerge(merge, false, kBob, kNow, kForever));
  }
}

TEST_CASE("PgAccountDirectory: R12 what changed since is not taken back",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const bool other_known = GENERATE(true, false);
  const Doubt doubt(process, other_known);
  Decide(process, doubt.id, true, kAda);
  Decide(process, doubt.id, true, kBob);
  Revert(process, doubt.id, kAda);
  SECTION("somebody else has the ICN that would come back, or the credential moved on") {
    if (other_known) {
      process.Link(Of(Csp::kIdme, "i9", "9V9"));
      process.Link(Of(Csp::kIdme, "i1", "9V9"), "r", kNow, true);
    } else {
      process.Link(Of(Csp::kLogingov, "l9", "1V1"));
    }
  }
  SECTION("the account has another ICN again") {
    if (other_known) {
      if (GENERATE(true, false)) {
        database.Psql(absl::StrCat("UPDATE user_accounts SET icn_hash = NULL, icn_sealed = NULL ",
                                   "WHERE id = '", doubt.mine.account_id, "'"));
      } else {
        // Another credential of it brought a third one: it would act for somebody else.
        process.Link(Of(Csp::kMhv, "m1", "1V1", "i1"));
        process.Link(Of(Csp::kMhv, "m1", "5V5", "i1"), "r", kNow, true);
      }
    } else {
      process.Link(Of(Csp::kIdme, "i1", "5V5"), "r", kNow, true);
    }
  }
  const std::string before = Linked(database);
  CHECK(WhyNot(process.directory().RevertMerge(doubt.id, kBob, kNow, kForever)) == "MERGE_CHANGED");
  CHECK(Linked(database) == before);
}

TEST_CASE(
    "PgAccountDirectory: R12 a merge that was carried out and comes up again is a new question",
    "[attributes][contract]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, false);
  Decide(process, doubt.id, true, kAda);
  Decide(process, doubt.id, true, kBob);
  // MPI goes back to the first ICN, that is accepted, and then to the second one once more.
  REQUIRE(process.Link(Of(Csp::kIdme, "i1", "1V1"), "r3").merge_pending);
  const std::string back = process.directory().ListMerges({}, "", 1, kForever)->items.at(0).id;
  CHECK(back != doubt.id);
  Decide(process, back, true, kAda);
  Decide(process, back, true, kBob);
  REQUIRE(process.Link(Of(Csp::kIdme, "i1", "2V2"), "r4").merge_pending);
  const auto again = process.directory().FindMerge(doubt.id, true, kForever);
  CHECK((*again)->state == MergeState::kPending);
  CHECK((*again)->account_icn == Icn::FromWire("1V1"));
  CHECK((*again)->steps.size() == 3);
}

TEST_CASE("PgAccountDirectory: R12 of many second words at once, one carries the merge out",
          "[attributes][contract][race]") {
  Database database;
  Process process(database, kKeyA, 8);
  const Doubt doubt(process, true);
  Decide(process, doubt.id, true, kAda);
  std::atomic<int> carried = 0;
  std::atomic<int> decided = 0;
  std::vector<std::thread> operators;
  for (int i = 0; i < 8; ++i) {
    operators.emplace_back([&, i] {
      Actor actor = kBob;
      actor.operator_id = absl::StrCat("bob", i);
      const std::string why =
          WhyNot(process.directory().DecideMerge(doubt.id, true, actor, kNow, kForever));
      if (why == "(done)") ++carried;
      if (why == "MERGE_DECIDED") ++decided;
    });
  }
  for (std::thread& thread : operators) thread.join();
  CHECK(carried == 1);
  CHECK(decided == 7);
  CHECK(Events(process).size() == 1);
}

TEST_CASE("PgAccountDirectory: merges by state, oldest first, a page at a time",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    process.Link(Of(Csp::kIdme, absl::StrCat("i", i), absl::StrCat("1V", i)));
    process.Link(Of(Csp::kIdme, absl::StrCat("i", i), absl::StrCat("2V", i)), "r",
                 kNow + absl::Hours(i));
  }
  std::string after;
  do {
    const auto page = process.directory().ListMerges({}, after, 2, kForever);
    REQUIRE(page.ok());
    for (const MergeRecord& merge : page->items) {
      CHECK(merge.created_at == kNow + absl::Hours(static_cast<int>(ids.size())));
      ids.push_back(merge.id);
    }
    after = page->next;
  } while (!after.empty());
  REQUIRE(ids.size() == 5);
  Decide(process, ids[1], false, kAda);
  Decide(process, ids[2], true, kAda);
  const auto in = [&](std::optional<MergeState> state) {
    return process.directory().ListMerges(state, "", 10, kForever)->items.size();
  };
  CHECK(in(std::nullopt) == 4);
  CHECK(in(MergeState::kPending) == 3);
  CHECK(in(MergeState::kProposed) == 1);
  CHECK(in(MergeState::kRejected) == 1);
  CHECK(in(MergeState::kAccepted) == 0);
  for (const std::string token : {"x", "1.", "1.x", ".", "9999999999999999999999.a"}) {
    CHECK(base::ReasonOf(process.directory().ListMerges({}, token, 1, kForever).status()) ==
          "PAGE_TOKEN");
  }
}

TEST_CASE("PgAccountDirectory: R12 what was said about a merge is never changed",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, true);
  Decide(process, doubt.id, true, kAda);
  CHECK_FALSE(database.temp().Psql("UPDATE attributes.merge_steps SET operator_id = 'x'").ok());
  CHECK_FALSE(database.temp().Psql("DELETE FROM attributes.merge_steps").ok());
  CHECK_FALSE(database.temp().Psql("TRUNCATE attributes.merge_steps").ok());
}

TEST_CASE("PgAccountDirectory: a connection that ends midway leaves no half of a merge",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Doubt doubt(process, GENERATE(true, false));
  Decide(process, doubt.id, true, kAda);
  const std::string before = Linked(database);
  database.Psql(
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
      "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NEW; END $$; "
      "CREATE TRIGGER die BEFORE INSERT ON account_events FOR EACH ROW EXECUTE FUNCTION die()");
  const auto failed = process.directory().DecideMerge(doubt.id, true, kBob, kNow, kForever);
  CHECK(failed.status().code() == absl::StatusCode::kUnavailable);
  CHECK(Linked(database) == before);
  CHECK((*process.directory().FindMerge(doubt.id, false, kForever))->state ==
        MergeState::kProposed);
}

// ---- forgetting ----

TEST_CASE("PgAccountDirectory: two operators forget an account; what it said stays without a name",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(With(Of(Csp::kIdme, "i1", "1V1"), "a@example.org"));
  process.Link(Of(Csp::kMhv, "m1", "1V1", "i1"));
  process.Link(Of(Csp::kLogingov, "l1"));
  process.Link(Of(Csp::kLogingov, "l1", "1V1"));
  process.Link(Of(Csp::kIdme, "i1", "3V3"));
  // Somebody else's credential came with this person's ICN.
  const LinkedAccount other = process.Link(Of(Csp::kIdme, "i2", "2V2"));
  process.Link(Of(Csp::kIdme, "i2", "1V1"));
  PgTermsStore terms(process.pool());
  REQUIRE(terms
              .Record(linked.account_id, "t1",
                      {{"terms", "3", "1.0", "Terms"}, TermsDecision::kAccepted, kNow}, kForever)
              .ok());
  database.Psql(
      absl::StrCat("INSERT INTO contact_cache (user_account_id, answer_sealed, asked_at, "
                   "expires_at) VALUES ('",
                   linked.account_id, "', 'x', now(), now())"));
  const auto forget = [&](const Actor& actor) {
    return process.directory().Forget(linked.account_id, actor, kNow, kForever);
  };
  const auto asked = forget(kAda);
  REQUIRE(asked.ok());
  CHECK(*asked == std::optional<bool>(false));
  CHECK(base::ReasonOf(forget(kAda).status()) == "SECOND_OPERATOR");
  CHECK(process.Link(Of(Csp::kIdme, "i1", "1V1")).account_id == linked.account_id);
  CHECK(forget(kBob).value() == std::optional<bool>(true));

  CHECK(database.Psql("SELECT icn_hash IS NULL, icn_sealed IS NULL, forgotten_at IS NOT NULL, "
                      "idme_verified_credential_at IS NULL FROM user_accounts WHERE id = '" +
                      linked.account_id + "'") == "t|t|t|t");
  CHECK(database.Psql("SELECT count(*) FROM user_verifications WHERE user_account_id = '" +
                      linked.account_id + "'") == "0");
  CHECK(database.Psql("SELECT (SELECT count(*) FROM pending_merges), (SELECT count(*) FROM "
                      "deprecated_user_accounts), (SELECT count(*) FROM contact_cache)") ==
        "0|0|0");
  CHECK(terms.Latest(linked.account_id, "terms", kForever)->has_value());
  CHECK_FALSE(process.directory().Find(linked.account_id, true, kForever)->has_value());
  CHECK_FALSE(process.StandingOf(linked).has_value());
  CHECK_FALSE(forget(kAda)->has_value());
  CHECK_FALSE(
      process.directory().SetLock(linked.account_id, "", true, kAda, kNow, kForever)->has_value());
  const auto page = process.directory().List("", 10, false, kForever);
  for (const AccountRecord& account : page->items) CHECK(account.id != linked.account_id);
  CHECK(Events(process).back().kind == AccountEventKind::kForgotten);
  CHECK(Events(process).back().account_id == linked.account_id);
  // Others keep what is theirs.
  CHECK(process.StandingOf(other)->icn == Icn::FromWire("2V2"));
  // Whoever comes again is somebody new.
  const LinkedAccount again = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  CHECK(again.created);
  CHECK(again.account_id != linked.account_id);
}

TEST_CASE("PgAccountDirectory: no merge of anybody names a forgotten person, under whatever key",
          "[attributes][contract][security]") {
  Database database;
  Process old(database, kKeyA);
  // Seen before this person had an account, and as what an account of somebody else once was.
  const bool former = GENERATE(false, true);
  old.Link(Of(Csp::kIdme, "i2", former ? "1V1" : "2V2"));
  old.Link(Of(Csp::kIdme, "i2", former ? "2V2" : "1V1"), "r2");
  if (former) {
    const std::string id = old.directory().ListMerges({}, "", 1, kForever)->items.at(0).id;
    Decide(old, id, true, kAda);
    Decide(old, id, true, kBob);
  }
  Process process(database, kKeyB + ":current\n" + kKeyA);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  CHECK(database.Psql("SELECT count(*) FROM pending_merges") == "1");
  CHECK(process.directory().Forget(linked.account_id, kAda, kNow, kForever).value() == false);
  CHECK(process.directory().Forget(linked.account_id, kBob, kNow, kForever).value() == true);
  CHECK(database.Psql("SELECT count(*) FROM pending_merges") == "0");
}

TEST_CASE("PgAccountDirectory: a first word to forget stands for a week",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const auto forget = [&](const Actor& actor, absl::Duration later) {
    return process.directory().Forget(linked.account_id, actor, kNow + later, kForever);
  };
  CHECK(forget(kAda, absl::ZeroDuration()).value() == false);
  CHECK(forget(kBob, absl::Hours(7 * 24)).value() == false);
  CHECK(base::ReasonOf(forget(kBob, absl::Hours(7 * 24)).status()) == "SECOND_OPERATOR");
  CHECK(forget(kAda, absl::Hours(14 * 24) - absl::Seconds(1)).value() == true);
}

TEST_CASE("PgAccountDirectory: an account is forgotten while its person signs in: one or the other",
          "[attributes][contract][race]") {
  Database database;
  Process process(database, kKeyA, 8);
  for (int round = 0; round < 5; ++round) {
    const std::string icn = absl::StrCat("1V", round);
    const LinkedAccount linked = process.Link(Of(Csp::kIdme, absl::StrCat("i", round), icn));
    REQUIRE(process.directory().Forget(linked.account_id, kAda, kNow, kForever).ok());
    std::atomic<int> failed = 0;
    std::vector<std::thread> people;
    for (int i = 0; i < 6; ++i) {
      people.emplace_back([&, i] {
        const auto found = process.TryLink(Of(Csp::kLogingov, absl::StrCat(round, "-", i), icn));
        if (!found.ok()) ++failed;
      });
    }
    const auto forgotten = process.directory().Forget(linked.account_id, kBob, kNow, kForever);
    for (std::thread& person : people) person.join();
    CHECK(forgotten.ok());
    CHECK(failed == 0);
    // Nobody ends on the tombstone.
    CHECK(database.Psql("SELECT count(*) FROM user_verifications v JOIN user_accounts a ON a.id = "
                        "v.user_account_id WHERE a.forgotten_at IS NOT NULL") == "0");
  }
}

TEST_CASE("PgAccountDirectory: B1 hostile texts are values and nothing else",
          "[attributes][contract][security]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  bool locked = false;
  for (const std::string& hostile : testing::HostileStrings()) {
    CAPTURE(hostile);
    locked = !locked;
    const Actor actor{hostile, hostile, hostile};
    CHECK(process.directory().SetLock(linked.account_id, "", locked, actor, kNow, kForever).ok());
    if (hostile.empty()) continue;  // the beginning of a list
    CHECK_FALSE(process.directory().Find(hostile, true, kForever).ok());
    CHECK_FALSE(process.directory().List(hostile, 1, false, kForever).ok());
    CHECK_FALSE(process.directory().ListMerges({}, hostile, 1, kForever).ok());
    CHECK_FALSE(process.directory().DecideMerge(hostile, true, kAda, kNow, kForever).ok());
    CHECK_FALSE(process.directory().Forget(hostile, kAda, kNow, kForever).ok());
  }
}

TEST_CASE("PgAccountDirectory: a database that is gone is UNAVAILABLE", "[attributes][contract]") {
  Database database;
  store::PoolOptions nowhere = database.temp().App();
  nowhere.host = "/nonexistent";
  const auto pool = store::Pool::Create(nowhere).value();
  crypto::SystemIdGenerator ids;
  const auto box = crypto::SealedBox::FromRing(crypto::KeyRing::FromText(kKeyA).value());
  const auto hasher = crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(kKeyA).value());
  PgAccountDirectory directory(*pool, box, hasher, ids);
  const auto gone = absl::StatusCode::kUnavailable;
  CHECK(directory.Find(kNobody, false, kForever).status().code() == gone);
  CHECK(directory.List("", 1, true, kForever).status().code() == gone);
  CHECK(directory.SetLock(kNobody, "", true, kAda, kNow, kForever).status().code() == gone);
  CHECK(directory.ListMerges({}, "", 1, kForever).status().code() == gone);
  CHECK(directory.FindMerge(kNobody, true, kForever).status().code() == gone);
  CHECK(directory.CountWaitingMerges(kForever).status().code() == gone);
  CHECK(directory.DecideMerge(kNobody, true, kAda, kNow, kForever).status().code() == gone);
  CHECK(directory.RevertMerge(kNobody, kAda, kNow, kForever).status().code() == gone);
  CHECK(directory.Forget(kNobody, kAda, kNow, kForever).status().code() == gone);
}

}  // namespace
}  // namespace va::attributes
