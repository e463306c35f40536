// Accounts without a wire: messages in, messages out, with a directory and a trail that tests
// break.
#include "services/user-attributes/api/grpc/accounts_service.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "services/user-attributes/api/grpc/accounts_pack.h"
#include "services/user-attributes/api/grpc/api_fixture.h"

namespace va::attributes {
namespace {

constexpr char kAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020100";
constexpr char kVerification[] = "1f1e1d1c-1b1a-4918-9716-151413121110";
constexpr char kMerge[] = "2f2e2d2c-2b2a-4928-a726-252423222120";
constexpr char kOther[] = "3f3e3d3c-3b3a-4938-b736-353433323130";
constexpr char kIcn[] = "1000000001V100001";
constexpr char kOtherIcn[] = "2000000002V200002";
constexpr char kEmail[] = "ida.fernbrook@example.org";
constexpr char kUuid[] = "11d0e4a1f0b24c55a1de6f1b6c2f7a01";
constexpr char kCaller[] = "operator.va.internal";

absl::Time At(int seconds) { return absl::FromUnixSeconds(1700000000 + seconds); }

AccountRecord Ida(bool open) {
  AccountRecord account;
  account.id = kAccount;
  account.verified = true;
  account.created_at = At(0);
  VerificationRecord idme;
  idme.id = kVerification;
  idme.type = identity::Csp::kIdme;
  idme.verified_at = At(1);
  idme.locked = true;
  idme.backed = true;
  idme.created_at = At(2);
  idme.last_used_at = At(3);
  if (open) {
    idme.identifier = identity::CspId::FromWire(kUuid);
    idme.email = identity::PersonText::FromWire(kEmail);
    account.icn = identity::Icn::FromWire(kIcn);
  }
  account.verifications = {idme};
  account.acceptable_verified_credential_at = At(4);
  account.idme_verified_credential_at = At(5);
  account.former_account_ids = {kOther};
  account.merges_pending = 1;
  return account;
}

MergeRecord Waiting(bool open) {
  MergeRecord merge;
  merge.id = kMerge;
  merge.state = MergeState::kProposed;
  merge.account_id = kAccount;
  merge.verification_id = kVerification;
  merge.other_account_id = kOther;
  merge.first_request_id = "flow-1";
  merge.last_request_id = "flow-9";
  merge.times_seen = 4;
  merge.created_at = At(6);
  merge.last_seen_at = At(7);
  merge.steps = {{MergeState::kProposed, {kCaller, "e1001", "ticket 7"}, At(8)}};
  if (open) {
    merge.account_icn = identity::Icn::FromWire(kIcn);
    merge.other_icn = identity::Icn::FromWire(kOtherIcn);
  }
  return merge;
}

// Answers what a test says, and keeps what it was asked for.
class FakeDirectory final : public AccountDirectory {
 public:
  absl::StatusOr<std::optional<AccountRecord>> Find(absl::string_view account_id, bool open,
                                                    absl::Time /*deadline*/) override {
    Asked("find ", account_id, open ? " open" : "");
    if (!failure.ok()) return failure;
    if (account_id != kAccount) return std::optional<AccountRecord>();
    return std::optional<AccountRecord>(Ida(open));
  }
  absl::StatusOr<Page<AccountRecord>> List(absl::string_view after, int size, bool locked_only,
                                           absl::Time /*deadline*/) override {
    Asked("list ", after, " ", size, locked_only ? " locked" : "");
    if (!failure.ok()) return failure;
    return Page<AccountRecord>{{Ida(false)}, kAccount};
  }
  absl::StatusOr<std::optional<Changed>> SetLock(absl::string_view account_id,
                                                 absl::string_view verification_id, bool locked,
                                                 const Actor& actor, absl::Time now,
                                                 absl::Time /*deadline*/) override {
    Asked(locked ? "lock " : "unlock ", account_id, "/", verification_id, " ",
          absl::ToUnixSeconds(now));
    return Change(actor, account_id == kAccount ? std::optional<Changed>(changed) : std::nullopt);
  }
  absl::StatusOr<Page<MergeRecord>> ListMerges(std::optional<MergeState> wanted,
                                               absl::string_view after, int size,
                                               absl::Time /*deadline*/) override {
    Asked("merges ", wanted ? static_cast<int>(*wanted) : -1, " ", after, " ", size);
    if (!failure.ok()) return failure;
    return Page<MergeRecord>{{Waiting(false)}, "17.next"};
  }
  absl::StatusOr<std::optional<MergeRecord>> FindMerge(absl::string_view merge_id, bool open,
                                                       absl::Time /*deadline*/) override {
    Asked("merge ", merge_id, open ? " open" : "");
    if (!failure.ok()) return failure;
    if (merge_id != kMerge) return std::optional<MergeRecord>();
    MergeRecord merge = Waiting(open);
    merge.state = state;
    return std::optional<MergeRecord>(std::move(merge));
  }
  absl::StatusOr<WaitingMerges> CountWaitingMerges(absl::Time /*deadline*/) override {
    return WaitingMerges{};
  }
  absl::StatusOr<std::optional<MergeRecord>> DecideMerge(absl::string_view merge_id, bool accept,
                                                         const Actor& actor, absl::Time /*now*/,
                                                         absl::Time /*deadline*/) override {
    Asked(accept ? "accept " : "reject ", merge_id);
    return Change(actor, Became(accept ? became : rejected));
  }
  absl::StatusOr<std::optional<MergeRecord>> RevertMerge(absl::string_view merge_id,
                                                         const Actor& actor, absl::Time /*now*/,
                                                         absl::Time /*deadline*/) override {
    Asked("revert ", merge_id);
    return Change(actor, Became(became));
  }
  absl::StatusOr<std::optional<bool>> Forget(absl::string_view account_id, const Actor& actor,
                                             absl::Time /*now*/, absl::Time /*deadline*/) override {
    Asked("forget ", account_id);
    return Change(actor, account_id == kAccount ? std::optional<bool>(gone) : std::nullopt);
  }

  Changed changed{true, 7};
  MergeState state = MergeState::kProposed;     // before
  MergeState became = MergeState::kProposed;    // by an accept
  MergeState rejected = MergeState::kRejected;  // by a reject
  bool gone = false;
  absl::Status failure;         // of every call
  absl::Status change_failure;  // of what changes something, alone
  std::vector<std::string> asked;
  std::optional<Actor> acted;

 private:
  template <typename... Parts>
  void Asked(const Parts&... parts) {
    asked.push_back(absl::StrCat(parts...));
  }
  template <typename T>
  absl::StatusOr<std::optional<T>> Change(const Actor& by, std::optional<T> answer) {
    acted = by;
    if (!failure.ok()) return failure;
    if (!change_failure.ok()) return change_failure;
    return answer;
  }
  static std::optional<MergeRecord> Became(MergeState next) {
    MergeRecord merge = Waiting(false);
    merge.state = next;
    return merge;
  }
};

// "account.locked locked", with what stands in it of who and whom; breaks when it is told to.
class Trail final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    if (breaks_at == static_cast<int>(lines.size())) return absl::UnavailableError("disk full");
    const auto str = [](absl::string_view text) { return std::string(text); };
    lines.push_back(str(telemetry::ToString(event)) + " " + str(facts.outcome) +
                    (facts.tag.empty() ? "" : " " + str(facts.tag)));
    who = str(facts.account_id) + "|" + str(facts.verification_id) + "|" + str(facts.merge_id);
    by = str(facts.caller) + "|" + str(facts.operator_id) + "|" + str(facts.reason) + "|" +
         str(facts.request_id);
    return absl::OkStatus();
  }

  std::vector<std::string> lines;
  std::string who;  // of the last record
  std::string by;
  int breaks_at = -1;  // the record, from 0, that cannot be written
};

using Words = std::vector<std::string>;

struct Harness {
  FakeDirectory directory;
  testing::FakeClock clock{At(0)};
  LogLines lines;
  telemetry::Log log{"user-attributes", telemetry::Severity::kDebug, clock, lines};
  Trail trail;
  AccountsServiceImpl service{{directory, clock, log, trail}};
  rpc::CallContext context{kCaller, "m1", "", absl::InfiniteFuture(), nullptr};
};

void SetActor(v1::Actor& actor) {
  actor.set_operator_("e1001");
  actor.set_reason("ticket INC0042");
}

template <typename Request>
Request OnAccount() {
  Request request;
  request.set_request_id("r1");
  request.set_account_id(kAccount);
  SetActor(*request.mutable_actor());
  return request;
}

template <typename Request>
Request OnTarget(const std::string& verification = "") {
  Request request;
  request.set_request_id("r1");
  request.mutable_target()->set_account_id(kAccount);
  request.mutable_target()->set_verification_id(verification);
  SetActor(*request.mutable_actor());
  return request;
}

template <typename Request>
Request OnMerge() {
  Request request;
  request.set_request_id("r1");
  request.set_merge_id(kMerge);
  SetActor(*request.mutable_actor());
  return request;
}

TEST_CASE("GetAccount: all that stands on record, and nothing that is sealed",
          "[attributes][accounts]") {
  Harness harness;
  v1::GetAccountRequest request;
  request.set_request_id("r1");
  request.set_account_id(kAccount);
  const auto response = harness.service.GetAccount(harness.context, request);
  REQUIRE(response.ok());
  const v1::Account& account = response->account();
  CHECK(account.account_id() == kAccount);
  CHECK(account.verified());
  CHECK_FALSE(account.locked());
  CHECK(account.created_at().seconds() == 1700000000);
  CHECK(account.acceptable_verified_credential_at().seconds() == 1700000004);
  CHECK(account.idme_verified_credential_at().seconds() == 1700000005);
  REQUIRE(account.former_account_ids_size() == 1);
  CHECK(account.former_account_ids(0) == kOther);
  CHECK(account.merges_pending() == 1);
  REQUIRE(account.verifications_size() == 1);
  const v1::Verification& idme = account.verifications(0);
  CHECK(idme.verification_id() == kVerification);
  CHECK(idme.type() == common::v1::CSP_IDME);
  CHECK(idme.locked());
  CHECK(idme.backed());
  CHECK(idme.verified_at().seconds() == 1700000001);
  CHECK(idme.created_at().seconds() == 1700000002);
  CHECK(idme.last_used_at().seconds() == 1700000003);
  CHECK(account.icn().empty());
  CHECK(idme.identifier().empty());
  CHECK(idme.email().empty());
  // Nobody was looked at: no record of it.
  CHECK(harness.trail.lines.empty());
}

TEST_CASE("GetAccount: what is sealed is opened for somebody with a name, and it is on record",
          "[attributes][accounts]") {
  Harness harness;
  auto request = OnAccount<v1::GetAccountRequest>();
  request.set_reveal(true);
  const auto response = harness.service.GetAccount(harness.context, request);
  REQUIRE(response.ok());
  CHECK(response->account().icn() == kIcn);
  CHECK(response->account().verifications(0).identifier() == kUuid);
  CHECK(response->account().verifications(0).email() == kEmail);
  CHECK(harness.trail.lines == Words{"account.revealed revealed"});
  CHECK(harness.trail.who == absl::StrCat(kAccount, "||"));
  CHECK(harness.trail.by == "operator.va.internal|e1001|ticket INC0042|r1");
}

TEST_CASE("Reveal: without an actor nothing is opened, not even read", "[attributes][accounts]") {
  Harness harness;
  auto account = OnAccount<v1::GetAccountRequest>();
  account.set_reveal(true);
  account.clear_actor();
  auto merge = OnMerge<v1::GetMergeRequest>();
  merge.set_reveal(true);
  merge.clear_actor();
  CHECK(base::ReasonOf(harness.service.GetAccount(harness.context, account).status()) ==
        "OPERATOR");
  CHECK(base::ReasonOf(harness.service.GetMerge(harness.context, merge).status()) == "OPERATOR");
  CHECK(harness.directory.asked.empty());
}

TEST_CASE("Reveal: L3 what cannot be put on record is not shown", "[attributes][accounts][L3]") {
  Harness harness;
  harness.trail.breaks_at = 0;
  auto account = OnAccount<v1::GetAccountRequest>();
  account.set_reveal(true);
  auto merge = OnMerge<v1::GetMergeRequest>();
  merge.set_reveal(true);
  CHECK(harness.service.GetAccount(harness.context, account).status().code() ==
        absl::StatusCode::kUnavailable);
  CHECK(harness.service.GetMerge(harness.context, merge).status().code() ==
        absl::StatusCode::kUnavailable);
}

TEST_CASE("ListAccounts: a page at a time, 100 unless told, 500 at most",
          "[attributes][accounts]") {
  Harness harness;
  v1::ListAccountsRequest request;
  const auto first = harness.service.ListAccounts(harness.context, request);
  REQUIRE(first.ok());
  CHECK(first->accounts_size() == 1);
  CHECK(first->next_page_token() == kAccount);
  request.set_page_size(500);
  request.set_page_token(first->next_page_token());
  request.set_locked_only(true);
  REQUIRE(harness.service.ListAccounts(harness.context, request).ok());
  CHECK(harness.directory.asked ==
        Words{"list  100", absl::StrCat("list ", kAccount, " 500 locked")});
}

TEST_CASE("Lists: a page that is none is the caller's mistake", "[attributes][accounts]") {
  Harness harness;
  for (const int size : {-1, 501, 1 << 30}) {
    CAPTURE(size);
    v1::ListAccountsRequest accounts;
    accounts.set_page_size(size);
    v1::ListMergesRequest merges;
    merges.set_page_size(size);
    CHECK(base::ReasonOf(harness.service.ListAccounts(harness.context, accounts).status()) ==
          "PAGE_SIZE");
    CHECK(base::ReasonOf(harness.service.ListMerges(harness.context, merges).status()) ==
          "PAGE_SIZE");
  }
  for (const std::string& token : {std::string("'; DROP TABLE"), std::string(129, 'a'),
                                   std::string("\0", 1), std::string("é")}) {
    CAPTURE(token);
    v1::ListAccountsRequest accounts;
    accounts.set_page_token(token);
    v1::ListMergesRequest merges;
    merges.set_page_token(token);
    CHECK(base::ReasonOf(harness.service.ListAccounts(harness.context, accounts).status()) ==
          "PAGE_TOKEN");
    CHECK(base::ReasonOf(harness.service.ListMerges(harness.context, merges).status()) ==
          "PAGE_TOKEN");
  }
  CHECK(harness.directory.asked.empty());
}

TEST_CASE("Lock: the account or one credential of it, with who and why on record",
          "[attributes][accounts]") {
  Harness harness;
  const bool whole = GENERATE(true, false);
  const std::string verification = whole ? "" : kVerification;
  const auto locked =
      harness.service.Lock(harness.context, OnTarget<v1::LockRequest>(verification));
  REQUIRE(locked.ok());
  CHECK_FALSE(locked->was_locked());
  CHECK(locked->sequence() == 7);
  CHECK(harness.directory.asked ==
        Words{absl::StrCat("lock ", kAccount, "/", verification, " 1700000000")});
  CHECK(harness.directory.acted == Actor{kCaller, "e1001", "ticket INC0042"});
  CHECK(harness.trail.lines == Words{"account.locked locked"});
  CHECK(harness.trail.who == absl::StrCat(kAccount, "|", verification, "|"));
  CHECK(harness.trail.by == "operator.va.internal|e1001|ticket INC0042|r1");
}

TEST_CASE("Lock: what is locked stays as it is, and says so", "[attributes][accounts]") {
  Harness harness;
  harness.directory.changed = {false, 0};
  const auto locked = harness.service.Lock(harness.context, OnTarget<v1::LockRequest>());
  REQUIRE(locked.ok());
  CHECK(locked->was_locked());
  CHECK(locked->sequence() == 0);
  const auto unlocked = harness.service.Unlock(harness.context, OnTarget<v1::UnlockRequest>());
  REQUIRE(unlocked.ok());
  CHECK(unlocked->was_unlocked());
  CHECK(harness.trail.lines == Words{"account.locked unchanged", "account.unlocked requested",
                                     "account.unlocked unchanged"});
}

TEST_CASE("Lock: L3 a lock never waits for its record, and its loss is told",
          "[attributes][accounts][L3]") {
  Harness harness;
  harness.trail.breaks_at = 0;
  const auto locked = harness.service.Lock(harness.context, OnTarget<v1::LockRequest>());
  CHECK(locked.status().code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(locked.status()) == "AUDIT_WRITE");
  CHECK(base::IsRetryable(locked.status()));
  CHECK(harness.directory.asked.size() == 1);
  // The repeat puts it on record.
  harness.trail.breaks_at = -1;
  harness.directory.changed = {false, 0};
  CHECK(harness.service.Lock(harness.context, OnTarget<v1::LockRequest>()).ok());
  CHECK(harness.trail.lines == Words{"account.locked unchanged"});
}

// Every call that gives, moves or deletes something, as a status.
struct Change {
  const char* name;
  absl::Status (*call)(Harness&);
  const char* event;
  const char* done;
};

const std::vector<Change>& Changes() {
  static const auto* const all = new std::vector<Change>{
      {"Unlock",
       [](Harness& h) {
         return h.service.Unlock(h.context, OnTarget<v1::UnlockRequest>()).status();
       },
       "account.unlocked", "unlocked"},
      {"accept",
       [](Harness& h) {
         auto request = OnMerge<v1::DecideMergeRequest>();
         request.set_accept(true);
         return h.service.DecideMerge(h.context, request).status();
       },
       "merge.decided", "proposed"},
      {"reject",
       [](Harness& h) {
         return h.service.DecideMerge(h.context, OnMerge<v1::DecideMergeRequest>()).status();
       },
       "merge.decided", "rejected"},
      {"RevertMerge",
       [](Harness& h) {
         return h.service.RevertMerge(h.context, OnMerge<v1::RevertMergeRequest>()).status();
       },
       "merge.reverted", "proposed"},
      {"ForgetAccount",
       [](Harness& h) {
         return h.service.ForgetAccount(h.context, OnAccount<v1::ForgetAccountRequest>()).status();
       },
       "account.forgotten", "proposed"},
  };
  return *all;
}

// What the directory was asked to change, without what it was asked to show.
size_t ChangesOf(const FakeDirectory& directory) {
  size_t count = 0;
  for (const std::string& line : directory.asked) {
    if (!absl::StartsWith(line, "merge ")) ++count;
  }
  return count;
}

TEST_CASE("Accounts: whatever gives, moves or deletes something is on record before and after",
          "[attributes][accounts]") {
  for (const Change& change : Changes()) {
    CAPTURE(change.name);
    Harness harness;
    CHECK(change.call(harness).ok());
    CHECK(harness.trail.lines == Words{absl::StrCat(change.event, " requested"),
                                       absl::StrCat(change.event, " ", change.done)});
    CHECK(absl::StartsWith(harness.trail.who, kAccount));
    CHECK(harness.trail.by == "operator.va.internal|e1001|ticket INC0042|r1");
    CHECK(harness.directory.acted == Actor{kCaller, "e1001", "ticket INC0042"});
  }
}

TEST_CASE("Accounts: L3 what cannot be put on record is not done", "[attributes][accounts][L3]") {
  for (const Change& change : Changes()) {
    CAPTURE(change.name);
    Harness harness;
    harness.trail.breaks_at = 0;
    CHECK(change.call(harness).code() == absl::StatusCode::kUnavailable);
    CHECK(ChangesOf(harness.directory) == 0);
  }
}

TEST_CASE("Accounts: L3 a change whose last record is lost stands, and the answer says so",
          "[attributes][accounts][L3]") {
  for (const Change& change : Changes()) {
    CAPTURE(change.name);
    Harness harness;
    harness.trail.breaks_at = 1;
    const absl::Status status = change.call(harness);
    CHECK(status.code() == absl::StatusCode::kUnavailable);
    CHECK(base::ReasonOf(status) == "AUDIT_WRITE");
    // A repeat of an unlock does no harm; one of the others would be another word of the operator.
    CHECK(base::IsRetryable(status) == (std::string(change.name) == "Unlock"));
    CHECK(ChangesOf(harness.directory) == 1);
  }
}

TEST_CASE("Accounts: a database that is down is UNAVAILABLE, and the trail says that it failed",
          "[attributes][accounts]") {
  for (const Change& change : Changes()) {
    CAPTURE(change.name);
    Harness harness;
    harness.directory.change_failure = base::MakeError(absl::StatusCode::kUnavailable, "DATABASE",
                                                       "the database does not answer", true);
    CHECK(change.call(harness).code() == absl::StatusCode::kUnavailable);
    CHECK(harness.trail.lines == Words{absl::StrCat(change.event, " requested"),
                                       absl::StrCat(change.event, " failed DATABASE")});
  }
  Harness down;
  down.directory.failure = absl::UnavailableError("down");
  const auto code = absl::StatusCode::kUnavailable;
  auto reveal = OnAccount<v1::GetAccountRequest>();
  reveal.set_reveal(true);
  CHECK(down.service.GetAccount(down.context, reveal).status().code() == code);
  CHECK(down.service.ListAccounts(down.context, {}).status().code() == code);
  CHECK(down.service.ListMerges(down.context, {}).status().code() == code);
  CHECK(down.service.GetMerge(down.context, OnMerge<v1::GetMergeRequest>()).status().code() ==
        code);
  CHECK(down.trail.lines.empty());
}

TEST_CASE("Merges: R12 what operators may not do is refused with its reason, and on record",
          "[attributes][accounts]") {
  const std::string reason = GENERATE("SECOND_OPERATOR", "MERGE_DECIDED", "MERGE_CHANGED");
  CAPTURE(reason);
  Harness harness;
  harness.directory.change_failure =
      base::MakeError(absl::StatusCode::kFailedPrecondition, reason, "no");
  auto accept = OnMerge<v1::DecideMergeRequest>();
  accept.set_accept(true);
  const auto decided = harness.service.DecideMerge(harness.context, accept);
  CHECK(decided.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(decided.status()) == reason);
  const auto reverted =
      harness.service.RevertMerge(harness.context, OnMerge<v1::RevertMergeRequest>());
  CHECK(base::ReasonOf(reverted.status()) == reason);
  CHECK(harness.trail.lines == Words{"merge.decided requested", "merge.decided refused " + reason,
                                     "merge.reverted requested",
                                     "merge.reverted refused " + reason});
}

TEST_CASE("Merges: R12 each step is told as what it came to", "[attributes][accounts]") {
  struct Row {
    MergeState became;
    v1::MergeState state;
    const char* accepted;
    const char* reverted;
  };
  const auto row = GENERATE(values<Row>({
      {MergeState::kProposed, v1::MERGE_STATE_PROPOSED, "proposed", "proposed"},
      {MergeState::kAccepted, v1::MERGE_STATE_ACCEPTED, "accepted", "accepted"},
      {MergeState::kRevertProposed, v1::MERGE_STATE_REVERT_PROPOSED, "proposed", "proposed"},
      {MergeState::kReverted, v1::MERGE_STATE_REVERTED, "reverted", "reverted"},
  }));
  Harness harness;
  harness.directory.became = row.became;
  auto accept = OnMerge<v1::DecideMergeRequest>();
  accept.set_accept(true);
  const auto decided = harness.service.DecideMerge(harness.context, accept);
  REQUIRE(decided.ok());
  CHECK(decided->merge().state() == row.state);
  const auto reverted =
      harness.service.RevertMerge(harness.context, OnMerge<v1::RevertMergeRequest>());
  REQUIRE(reverted.ok());
  CHECK(reverted->merge().state() == row.state);
  CHECK(harness.trail.lines ==
        Words{"merge.decided requested", absl::StrCat("merge.decided ", row.accepted),
              "merge.reverted requested", absl::StrCat("merge.reverted ", row.reverted)});
  CHECK(harness.trail.who == absl::StrCat(kAccount, "|", kVerification, "|", kMerge));
}

TEST_CASE(
    "Merges: R12 a reject of what was to be undone leaves it carried out, and is told as that",
    "[attributes][accounts]") {
  Harness harness;
  harness.directory.state = MergeState::kRevertProposed;
  harness.directory.rejected = MergeState::kAccepted;
  const auto kept = harness.service.DecideMerge(harness.context, OnMerge<v1::DecideMergeRequest>());
  REQUIRE(kept.ok());
  CHECK(kept->merge().state() == v1::MERGE_STATE_ACCEPTED);
  CHECK(harness.trail.lines == Words{"merge.decided requested", "merge.decided withdrawn"});
}

TEST_CASE("GetMerge: R12 the evidence is whole, and both ICNs only with reveal",
          "[attributes][accounts]") {
  Harness harness;
  auto request = OnMerge<v1::GetMergeRequest>();
  const auto shut = harness.service.GetMerge(harness.context, request);
  REQUIRE(shut.ok());
  const v1::Merge& merge = shut->merge();
  CHECK(merge.merge_id() == kMerge);
  CHECK(merge.state() == v1::MERGE_STATE_PROPOSED);
  CHECK(merge.account_id() == kAccount);
  CHECK(merge.verification_id() == kVerification);
  CHECK(merge.other_account_id() == kOther);
  CHECK(merge.first_request_id() == "flow-1");
  CHECK(merge.last_request_id() == "flow-9");
  CHECK(merge.times_seen() == 4);
  CHECK(merge.created_at().seconds() == 1700000006);
  CHECK(merge.last_seen_at().seconds() == 1700000007);
  REQUIRE(merge.steps_size() == 1);
  CHECK(merge.steps(0).state() == v1::MERGE_STATE_PROPOSED);
  CHECK(merge.steps(0).actor().operator_() == "e1001");
  CHECK(merge.steps(0).actor().reason() == "ticket 7");
  CHECK(merge.steps(0).at().seconds() == 1700000008);
  CHECK(merge.account_icn().empty());
  CHECK(merge.other_icn().empty());
  CHECK(harness.trail.lines.empty());

  request.set_reveal(true);
  const auto open = harness.service.GetMerge(harness.context, request);
  REQUIRE(open.ok());
  CHECK(open->merge().account_icn() == kIcn);
  CHECK(open->merge().other_icn() == kOtherIcn);
  CHECK(harness.trail.lines == Words{"account.revealed revealed"});
  CHECK(harness.trail.who == absl::StrCat(kAccount, "||", kMerge));
}

TEST_CASE("ListMerges: those that wait, or those of one state", "[attributes][accounts]") {
  Harness harness;
  v1::ListMergesRequest request;
  const auto waiting = harness.service.ListMerges(harness.context, request);
  REQUIRE(waiting.ok());
  CHECK(waiting->merges_size() == 1);
  CHECK(waiting->next_page_token() == "17.next");
  const std::vector<std::pair<v1::MergeState, MergeState>> states = {
      {v1::MERGE_STATE_PENDING, MergeState::kPending},
      {v1::MERGE_STATE_PROPOSED, MergeState::kProposed},
      {v1::MERGE_STATE_ACCEPTED, MergeState::kAccepted},
      {v1::MERGE_STATE_REJECTED, MergeState::kRejected},
      {v1::MERGE_STATE_REVERT_PROPOSED, MergeState::kRevertProposed},
      {v1::MERGE_STATE_REVERTED, MergeState::kReverted},
  };
  Words expected = {"merges -1  100"};
  request.set_page_token("17.next");
  request.set_page_size(2);
  for (const auto& [asked, meant] : states) {
    request.set_state(asked);
    REQUIRE(harness.service.ListMerges(harness.context, request).ok());
    expected.push_back(absl::StrCat("merges ", static_cast<int>(meant), " 17.next 2"));
    CHECK(PackMergeState(meant) == asked);
  }
  CHECK(harness.directory.asked == expected);
}

TEST_CASE("ForgetAccount: one operator asks, another one carries it out",
          "[attributes][accounts]") {
  Harness harness;
  const auto request = OnAccount<v1::ForgetAccountRequest>();
  const auto first = harness.service.ForgetAccount(harness.context, request);
  REQUIRE(first.ok());
  CHECK_FALSE(first->forgotten());
  harness.directory.gone = true;
  const auto second = harness.service.ForgetAccount(harness.context, request);
  REQUIRE(second.ok());
  CHECK(second->forgotten());
  CHECK(harness.trail.lines == Words{"account.forgotten requested", "account.forgotten proposed",
                                     "account.forgotten requested", "account.forgotten forgotten"});
}

TEST_CASE("Accounts: what is not there is NOT_FOUND with its reason", "[attributes][accounts]") {
  Harness harness;
  const auto unknown = [](const absl::Status& status, const std::string& reason) {
    CHECK(status.code() == absl::StatusCode::kNotFound);
    CHECK(base::ReasonOf(status) == reason);
  };
  const auto& service = harness.service;
  const auto& context = harness.context;
  auto get = OnAccount<v1::GetAccountRequest>();
  get.set_account_id(kOther);
  get.set_reveal(true);
  unknown(service.GetAccount(context, get).status(), "ACCOUNT_UNKNOWN");
  CHECK(harness.trail.lines.empty());
  auto lock = OnTarget<v1::LockRequest>();
  lock.mutable_target()->set_account_id(kOther);
  unknown(service.Lock(context, lock).status(), "ACCOUNT_UNKNOWN");
  CHECK(harness.trail.lines == Words{"account.locked refused ACCOUNT_UNKNOWN"});
  auto unlock = OnTarget<v1::UnlockRequest>();
  unlock.mutable_target()->set_account_id(kOther);
  unknown(service.Unlock(context, unlock).status(), "ACCOUNT_UNKNOWN");
  auto forget = OnAccount<v1::ForgetAccountRequest>();
  forget.set_account_id(kOther);
  unknown(service.ForgetAccount(context, forget).status(), "ACCOUNT_UNKNOWN");
  auto merge = OnMerge<v1::GetMergeRequest>();
  merge.set_merge_id(kOther);
  unknown(service.GetMerge(context, merge).status(), "MERGE_UNKNOWN");
  auto decide = OnMerge<v1::DecideMergeRequest>();
  decide.set_merge_id(kOther);
  unknown(service.DecideMerge(context, decide).status(), "MERGE_UNKNOWN");
  auto revert = OnMerge<v1::RevertMergeRequest>();
  revert.set_merge_id(kOther);
  unknown(service.RevertMerge(context, revert).status(), "MERGE_UNKNOWN");
}

TEST_CASE("Accounts: ids of requests and rows are checked before anything is asked",
          "[attributes][accounts]") {
  Harness harness;
  const auto& service = harness.service;
  const auto& context = harness.context;
  const auto refused = [&](const absl::Status& status) {
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return base::ReasonOf(status);
  };
  const std::string id = GENERATE("", "0f0e0d0c-0b0a-4908-8706-05040302010", "' OR 1=1 --",
                                  "0F0E0D0C-0B0A-4908-8706-050403020100");
  CAPTURE(id);
  auto get = OnAccount<v1::GetAccountRequest>();
  get.set_account_id(id);
  CHECK(refused(service.GetAccount(context, get).status()) == "ACCOUNT_ID");
  auto forget = OnAccount<v1::ForgetAccountRequest>();
  forget.set_account_id(id);
  CHECK(refused(service.ForgetAccount(context, forget).status()) == "ACCOUNT_ID");
  auto lock = OnTarget<v1::LockRequest>();
  lock.mutable_target()->set_account_id(id);
  CHECK(refused(service.Lock(context, lock).status()) == "ACCOUNT_ID");
  auto unlock = OnTarget<v1::UnlockRequest>(id.empty() ? "x" : id);
  CHECK(refused(service.Unlock(context, unlock).status()) == "VERIFICATION_ID");
  auto merge = OnMerge<v1::GetMergeRequest>();
  merge.set_merge_id(id);
  CHECK(refused(service.GetMerge(context, merge).status()) == "MERGE_ID");
  auto decide = OnMerge<v1::DecideMergeRequest>();
  decide.set_merge_id(id);
  CHECK(refused(service.DecideMerge(context, decide).status()) == "MERGE_ID");
  auto revert = OnMerge<v1::RevertMergeRequest>();
  revert.set_merge_id(id);
  CHECK(refused(service.RevertMerge(context, revert).status()) == "MERGE_ID");
  for (const std::string& request_id : {std::string(), std::string(129, 'x')}) {
    auto again = OnTarget<v1::LockRequest>();
    again.set_request_id(request_id);
    CHECK(refused(service.Lock(context, again).status()) == "REQUEST_ID");
  }
  CHECK(refused(service.Lock(context, {}).status()) == "REQUEST_ID");
  CHECK(harness.directory.asked.empty());
  CHECK(harness.trail.lines.empty());
}

TEST_CASE("Actor: nobody changes anything without a name and a reason", "[attributes][accounts]") {
  struct Row {
    const char* rule;
    std::string operator_id;
    std::string reason;
    std::string refused;
  };
  const std::string longest(200, 'r');
  const std::vector<Row> rows = {
      {"no name", "", "ticket 1", "OPERATOR"},
      {"a name of 65 bytes", std::string(65, 'e'), "ticket 1", "OPERATOR"},
      {"a name with a blank", "e 1", "ticket 1", "OPERATOR"},
      {"a name that ends a line", "e1\n", "ticket 1", "OPERATOR"},
      {"a name in other letters, that looks like one in ours", "е1", "ticket 1", "OPERATOR"},
      {"no reason", "e1", "", "REASON"},
      {"a blank reason", "e1", "  ", "REASON"},
      {"a reason of 201 bytes", "e1", longest + "r", "REASON"},
      {"L2 a reason with a line end", "e1", "ticket\n{\"ev\":\"x\"}", "REASON"},
      {"L2 a reason with an escape", "e1", "ticket \x1b[2J", "REASON"},
      {"L2 a reason with a control of C1", "e1", "ticket \xc2\x9b", "REASON"},
      {"L1 a reason with an SSN", "e1", "call of 666010001", "REASON"},
      {"L1 a reason with an SSN as it is written", "e1", "call of 666-01-0001.", "REASON"},
      {"L1 a reason with an ICN", "e1", "ICN 1000000001V100001", "REASON"},
      {"L1 a reason with an e-mail address", "e1", "wrote ida@example.org", "REASON"},
      {"the longest reason", "e1", longest, ""},
      {"a ticket number is no SSN", "e1", "INC0012345678, call 12345678", ""},
      {"a reason in any language", "e1", "pedido de la persona, señal 7", ""},
      {"the longest name", std::string(64, 'e'), "ticket 1", ""},
      {"every mark", "a.b_c-d@va", "ticket 1", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    Harness harness;
    auto request = OnTarget<v1::LockRequest>();
    request.mutable_actor()->set_operator_(row.operator_id);
    request.mutable_actor()->set_reason(row.reason);
    const auto locked = harness.service.Lock(harness.context, request);
    CHECK(base::ReasonOf(locked.status()) == row.refused);
    CHECK(harness.directory.asked.empty() == !row.refused.empty());
  }
}

TEST_CASE("Actor: R12 nobody becomes a second operator by writing themselves in capitals",
          "[attributes][accounts]") {
  v1::Actor actor;
  actor.set_operator_("E1001.Smith");
  actor.set_reason("ticket 1");
  CHECK(UnpackActor(actor, kCaller)->operator_id == "e1001.smith");
}

TEST_CASE("Accounts: L1 logs name nobody, whatever was opened", "[attributes][accounts][L1]") {
  Harness harness;
  auto reveal = OnAccount<v1::GetAccountRequest>();
  reveal.set_reveal(true);
  REQUIRE(harness.service.GetAccount(harness.context, reveal).ok());
  auto merge = OnMerge<v1::GetMergeRequest>();
  merge.set_reveal(true);
  REQUIRE(harness.service.GetMerge(harness.context, merge).ok());
  for (const Change& change : Changes()) REQUIRE(change.call(harness).ok());
  CHECK(absl::StrContains(harness.lines.text, "account.revealed"));
  for (const char* const personal :
       {kIcn, kOtherIcn, kEmail, kUuid, kAccount, kVerification, "ticket INC0042"}) {
    CAPTURE(personal);
    CHECK_FALSE(absl::StrContains(harness.lines.text, personal));
  }
}

}  // namespace
}  // namespace va::attributes
