// Consents and handoffs against a real PostgreSQL: one use, one winner, and nothing but hashes.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/random.h"
#include "lib/testing/temp_postgres.h"
#include "services/inherited-proofing/domain/handoff.h"
#include "services/inherited-proofing/migrations.h"
#include "services/inherited-proofing/store/janitor.h"
#include "services/inherited-proofing/store/pg_consent_store.h"
#include "services/inherited-proofing/store/pg_handoff_store.h"
#include "tests/contract/hostile_strings.h"

namespace va::proofing {
namespace {

using identity::Secret;

constexpr char kAccount[] = "0c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c01";
constexpr char kOtherAccount[] = "0c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c02";
const absl::Time kNow = absl::FromUnixSeconds(1768478400);

class Database {
 public:
  Database() : temp_(testing::TempDatabase::CreateMigrated("proofing", Migrations()).value()) {}

  testing::TempDatabase& temp() { return *temp_; }
  std::string Psql(const std::string& sql) {
    return temp_->Psql("SET search_path = proofing; " + sql).value();
  }

 private:
  std::unique_ptr<testing::TempDatabase> temp_;
};

// Both stores, as a process would hold them.
struct Process {
  explicit Process(Database& database, int connections = 4)
      : pool(store::Pool::Create(database.temp().App(connections)).value()),
        consents(*pool, ids),
        handoffs(*pool) {}

  Secret NewToken() { return Secret::FromWire(ids.Token(kConsentTokenBytes)); }
  Secret NewCode() { return Secret::FromWire(base::HexEncode(ids.RandomBytes(kCodeBytes))); }

  absl::StatusOr<absl::Time> Record(const ConsentAnswer& answer, const Secret& token) {
    return consents.Record(answer, token, absl::InfiniteFuture());
  }
  bool IsOpen(const Secret& token, const ConsentScope& scope, absl::Time now = kNow) {
    const absl::StatusOr<bool> open = consents.IsOpen(token, scope, now, absl::InfiniteFuture());
    INFO(open.status());
    REQUIRE(open.ok());
    return *open;
  }
  absl::StatusOr<bool> TryMint(const Secret& token, const ConsentScope& scope, const Secret& code,
                               absl::Time now = kNow) {
    NewHandoff handoff;
    handoff.scope = scope;
    handoff.csp = identity::Csp::kMhv;
    handoff.consent_token = token;
    handoff.code = code;
    handoff.issued_at = now;
    handoff.expires_at = now + kMaxCodeLifetime;
    return handoffs.Mint(handoff, absl::InfiniteFuture());
  }
  bool Mint(const Secret& token, const ConsentScope& scope, absl::Time now = kNow) {
    const absl::StatusOr<bool> minted = TryMint(token, scope, NewCode(), now);
    INFO(minted.status());
    REQUIRE(minted.ok());
    return *minted;
  }

  crypto::SystemIdGenerator ids;
  std::unique_ptr<store::Pool> pool;
  PgConsentStore consents;
  PgHandoffStore handoffs;
};

const ConsentScope kScope{kAccount, "flow-1"};

ConsentAnswer Given(const std::string& request_id = "r1") {
  ConsentAnswer answer;
  answer.scope = kScope;
  answer.request_id = request_id;
  answer.text_version = "1";
  answer.text_sha256 = std::string(64, 'a');
  answer.decision = ConsentDecision::kGiven;
  answer.locale = "en-US";
  answer.decided_at = kNow;
  answer.expires_at = kNow + absl::Minutes(10);
  return answer;
}

ConsentAnswer Declined(const std::string& request_id) {
  ConsentAnswer answer = Given(request_id);
  answer.decision = ConsentDecision::kDeclined;
  return answer;
}

Secret Consent(Process& process, const ConsentAnswer& answer = Given()) {
  const Secret token = process.NewToken();
  const auto recorded = process.Record(answer, token);
  INFO(recorded.status());
  REQUIRE(recorded.ok());
  return token;
}

TEST_CASE("PgConsentStore: an answer is kept as it was given, its token as a hash (P-2, P-7)",
          "[proofing][contract]") {
  Database database;
  Process process(database);
  const Secret token = process.NewToken();
  const auto ends = process.Record(Given(), token);
  REQUIRE(ends.ok());
  CHECK(*ends == kNow + absl::Minutes(10));
  CHECK(database.Psql("SELECT account_id, flow_id, text_version, text_sha256, decision, locale, "
                      "request_id, extract(epoch FROM decided_at)::bigint, "
                      "extract(epoch FROM expires_at)::bigint, spent_at IS NULL, "
                      "encode(token_hash, 'hex') FROM consents") ==
        absl::StrCat(kAccount, "|flow-1|1|", std::string(64, 'a'),
                     "|given|en-US|r1|1768478400|1768479000|t|",
                     base::HexEncode(crypto::Sha256(token.Reveal()))));
}

TEST_CASE("PgConsentStore: a declined answer is kept without a token", "[proofing][contract]") {
  Database database;
  Process process(database);
  REQUIRE(process.Record(Declined("r1"), Secret()).ok());
  CHECK(database.Psql("SELECT decision, token_hash IS NULL, expires_at IS NULL FROM consents") ==
        "declined|t|t");
  CHECK_FALSE(process.IsOpen(Secret(), kScope));
  // The same again is the same answer.
  REQUIRE(process.Record(Declined("r1"), Secret()).ok());
  CHECK(database.Psql("SELECT count(*) FROM consents") == "1");
}

TEST_CASE("PgConsentStore: a token is open for its account and session, until it ends",
          "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  const Secret token = Consent(process);
  CHECK(process.IsOpen(token, kScope));
  CHECK(process.IsOpen(token, kScope, kNow + absl::Minutes(10) - absl::Seconds(1)));
  CHECK_FALSE(process.IsOpen(token, kScope, kNow + absl::Minutes(10)));
  CHECK_FALSE(process.IsOpen(token, {kOtherAccount, "flow-1"}));
  CHECK_FALSE(process.IsOpen(token, {kAccount, "flow-2"}));
  CHECK_FALSE(process.IsOpen(process.NewToken(), kScope));
  CHECK_FALSE(process.IsOpen(Secret(), kScope));
  // And neither of them spends it.
  CHECK_FALSE(process.Mint(token, {kOtherAccount, "flow-1"}));
  CHECK_FALSE(process.Mint(token, {kAccount, "flow-2"}));
  CHECK_FALSE(process.Mint(token, kScope, kNow + absl::Minutes(10)));
  CHECK_FALSE(process.Mint(process.NewToken(), kScope));
  CHECK(database.Psql("SELECT count(*) FROM handoffs") == "0");
  CHECK(process.Mint(token, kScope));
}

TEST_CASE(
    "PgConsentStore: the same answer again gets a fresh token in place of the unspent one, "
    "and no more time",
    "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  const Secret first = Consent(process);
  ConsentAnswer again = Given();
  again.decided_at = kNow + absl::Minutes(4);
  again.expires_at = again.decided_at + absl::Minutes(10);
  const Secret second = process.NewToken();
  const auto ends = process.Record(again, second);
  REQUIRE(ends.ok());
  CHECK(*ends == kNow + absl::Minutes(10));
  CHECK_FALSE(process.IsOpen(first, kScope));
  CHECK(process.IsOpen(second, kScope));
  CHECK(database.Psql("SELECT count(*), max(extract(epoch FROM decided_at)::bigint) "
                      "FROM consents") == "1|1768478400");
}

TEST_CASE(
    "PgConsentStore: an answer that was spent or has ended is over, the same key again does "
    "not revive it",
    "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  const Secret token = Consent(process);
  REQUIRE(process.Mint(token, kScope));
  CHECK(base::ReasonOf(process.Record(Given(), process.NewToken()).status()) == "CONSENT_OVER");
  Consent(process, Given("r2"));
  ConsentAnswer late = Given("r2");
  late.decided_at = kNow + absl::Minutes(10);
  late.expires_at = late.decided_at + absl::Minutes(10);
  CHECK(base::ReasonOf(process.Record(late, process.NewToken()).status()) == "CONSENT_OVER");
  CHECK(database.Psql("SELECT count(*) FROM consents") == "2");
}

TEST_CASE("PgConsentStore: another answer under a used key is refused and changes nothing",
          "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  const Secret token = Consent(process);
  ConsentAnswer other = Given();
  SECTION("declined") { other.decision = ConsentDecision::kDeclined; }
  SECTION("another session") { other.scope.flow_id = "flow-2"; }
  SECTION("another text") { other.text_sha256 = std::string(64, 'b'); }
  SECTION("another version") { other.text_version = "2"; }
  SECTION("another language") { other.locale = "es"; }
  const absl::Status status = process.Record(other, process.NewToken()).status();
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(status) == "REQUEST_ID_REUSED");
  CHECK(process.IsOpen(token, kScope));
}

TEST_CASE("PgConsentStore: the key belongs to the account", "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  const Secret token = Consent(process);
  ConsentAnswer other = Given();
  other.scope.account_id = kOtherAccount;
  const Secret others = Consent(process, other);
  CHECK(process.IsOpen(token, kScope));
  CHECK(process.IsOpen(others, other.scope));
}

TEST_CASE("PgConsentStore: a declining answer takes back what the account gave before",
          "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  const Secret token = Consent(process);
  ConsentAnswer others = Given("r1");
  others.scope.account_id = kOtherAccount;
  const Secret others_token = Consent(process, others);
  ConsentAnswer declined = Declined("r2");
  declined.decided_at = kNow + absl::Seconds(1);
  declined.scope.flow_id = "flow-2";  // in whichever session it was said
  REQUIRE(process.Record(declined, Secret()).ok());
  const absl::Time later = kNow + absl::Seconds(2);
  CHECK_FALSE(process.IsOpen(token, kScope, later));
  CHECK_FALSE(process.Mint(token, kScope, later));
  CHECK(process.IsOpen(others_token, others.scope, later));
  ConsentAnswer again = Given("r3");
  again.decided_at = later;
  CHECK(process.Mint(Consent(process, again), kScope, later));
}

TEST_CASE("PgConsentStore: the table itself keeps answers as they are (P-11)",
          "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  Consent(process);
  const auto app = [&](const std::string& sql) {
    return database.temp().Psql("SET ROLE " + process.pool->options().user +
                                "; SET search_path = proofing; " + sql);
  };
  for (const char* change :
       {"DELETE FROM consents", "UPDATE consents SET decision = 'declined'",
        "UPDATE consents SET text_version = '2'",
        "UPDATE consents SET text_sha256 = repeat('b', 64)",
        "UPDATE consents SET decided_at = now()", "UPDATE consents SET account_id = id",
        "UPDATE consents SET flow_id = 'x'", "UPDATE consents SET locale = 'es'",
        "UPDATE consents SET request_id = 'x'", "UPDATE consents SET expires_at = now()",
        "TRUNCATE consents CASCADE"}) {
    CAPTURE(change);
    CHECK_FALSE(app(change).ok());
  }
  CHECK(app("UPDATE consents SET spent_at = now()").ok());
  CHECK_FALSE(app("UPDATE consents SET spent_at = NULL").ok());
  // Whoever asks: a superuser included.
  CHECK_FALSE(database.temp().Psql("SET search_path = proofing; TRUNCATE consents CASCADE").ok());
}

TEST_CASE("PgHandoffStore: a code is kept as a hash, ISSUED, for as long as it may live (P-2)",
          "[proofing][contract]") {
  Database database;
  Process process(database);
  const Secret token = Consent(process);
  const Secret code = process.NewCode();
  CHECK(process.TryMint(token, kScope, code).value());
  CHECK(database.Psql("SELECT encode(h.code_hash, 'hex'), h.account_id, h.flow_id, h.csp, h.state, "
                      "extract(epoch FROM h.issued_at)::bigint, "
                      "extract(epoch FROM h.expires_at)::bigint, "
                      "c.spent_at = h.issued_at FROM handoffs h "
                      "JOIN consents c ON c.id = h.consent_id") ==
        absl::StrCat(base::HexEncode(crypto::Sha256(code.Reveal())), "|", kAccount,
                     "|flow-1|mhv|ISSUED|1768478400|1768483800|t"));
}

TEST_CASE("PgHandoffStore: a code that exists already spends nothing", "[proofing][contract]") {
  Database database;
  Process process(database);
  const Secret code = process.NewCode();
  REQUIRE(process.TryMint(Consent(process), kScope, code).value());
  const Secret second = Consent(process, Given("r2"));
  CHECK_FALSE(process.TryMint(second, kScope, code).ok());
  CHECK(process.IsOpen(second, kScope));
}

TEST_CASE("PgHandoffStore: 64 parallel starts with one consent: one code (P-3)",
          "[proofing][contract][race]") {
  constexpr int kCallers = 64;
  Database database;
  Process process(database, 16);
  const Secret token = Consent(process);
  std::vector<Secret> codes;
  for (int i = 0; i < kCallers; ++i) codes.push_back(process.NewCode());
  std::atomic<int> won{0};
  std::atomic<int> failed{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      while (!go.load()) std::this_thread::yield();
      const absl::StatusOr<bool> minted =
          process.TryMint(token, kScope, codes[static_cast<size_t>(i)]);
      if (!minted.ok()) {
        ++failed;
      } else if (*minted) {
        ++won;
      }
    });
  }
  go = true;
  for (std::thread& caller : callers) caller.join();
  CHECK(failed == 0);
  CHECK(won == 1);
  CHECK(database.Psql("SELECT count(*) FROM handoffs") == "1");
}

TEST_CASE(
    "PgConsentStore: the same answer from many at once is one row, and one token of theirs "
    "is good",
    "[proofing][contract][race]") {
  constexpr int kCallers = 16;
  Database database;
  Process process(database, 8);
  std::vector<Secret> tokens;
  for (int i = 0; i < kCallers; ++i) tokens.push_back(process.NewToken());
  std::atomic<int> failed{0};
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      if (!process.Record(Given(), tokens[static_cast<size_t>(i)]).ok()) ++failed;
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(failed == 0);
  CHECK(database.Psql("SELECT count(*) FROM consents") == "1");
  CHECK(std::count_if(tokens.begin(), tokens.end(),
                      [&](const Secret& token) { return process.IsOpen(token, kScope); }) == 1);
}

TEST_CASE("Sweep: a code is forgotten a day after its end, the consent never (13.1)",
          "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  const auto sweep = [&](absl::Time now, store::SweepLimits limits = {}) {
    return Sweep(*process.pool, limits, now, absl::InfiniteFuture()).value();
  };
  for (int i = 0; i < 5; ++i) {
    REQUIRE(process.Mint(Consent(process, Given(absl::StrCat("r", i))), kScope));
  }
  const absl::Time over = kNow + kMaxCodeLifetime + absl::Hours(24);
  ConsentAnswer later = Given("later");
  later.decided_at = over;
  later.expires_at = over + absl::Minutes(10);
  REQUIRE(process.Mint(Consent(process, later), kScope, over));

  CHECK(sweep(over - absl::Milliseconds(1)) == 0);
  // A backlog beyond one call's share waits for the next.
  CHECK(sweep(over, {.batch = 2, .max_batches = 2}) == 4);
  CHECK(sweep(over) == 1);
  CHECK(sweep(over) == 0);
  CHECK(database.Psql("SELECT count(*) FROM handoffs") == "1");
  CHECK(database.Psql("SELECT count(*) FROM consents") == "6");
}

TEST_CASE("PgHandoffStore: every state of 13.1 can be stored, and no other word",
          "[proofing][contract]") {
  Database database;
  Process process(database);
  REQUIRE(process.Mint(Consent(process), kScope));
  for (const HandoffState state : kAllHandoffStates) {
    const std::string word(ToString(state));
    CAPTURE(word);
    database.Psql("UPDATE handoffs SET state = '" + word + "'");
    CHECK(database.Psql("SELECT state FROM handoffs") == word);
  }
  CHECK_FALSE(database.temp().Psql("UPDATE proofing.handoffs SET state = 'LOST'").ok());
}

TEST_CASE("PgHandoffStore: an account with a verified row is known as such (section 5)",
          "[proofing][contract][rule]") {
  Database database;
  Process process(database);
  CHECK_FALSE(process.handoffs.IsVerified(kAccount, absl::InfiniteFuture()).value());
  database.Psql(absl::StrCat("INSERT INTO verified_accounts VALUES ('", kAccount, "', now())"));
  CHECK(process.handoffs.IsVerified(kAccount, absl::InfiniteFuture()).value());
  CHECK_FALSE(process.handoffs.IsVerified(kOtherAccount, absl::InfiniteFuture()).value());
}

TEST_CASE("Stores: neither token nor code stands anywhere in the database (P-2)",
          "[proofing][contract][security]") {
  Database database;
  Process process(database);
  const Secret spent = Consent(process);
  const Secret code = process.NewCode();
  REQUIRE(process.TryMint(spent, kScope, code).value());
  const Secret open = Consent(process, Given("r2"));
  const std::string dump = database.Psql(
      "SELECT query_to_xml('SELECT * FROM proofing.consents', true, false, ''), "
      "query_to_xml('SELECT * FROM proofing.handoffs', true, false, ''), "
      "query_to_xml('SELECT * FROM proofing.verified_accounts', true, false, '')");
  // The scan bites: what is there is found.
  REQUIRE(absl::StrContains(dump, kAccount));
  const auto everywhere = [&](const std::string& text) {
    return absl::StrContains(dump, text) || absl::StrContains(dump, base::HexEncode(text)) ||
           absl::StrContains(dump, base::Base64Encode(text));
  };
  REQUIRE(everywhere(crypto::Sha256(code.Reveal())));
  for (const Secret& secret : {spent, open, code}) CHECK_FALSE(everywhere(secret.Reveal()));
  CHECK_FALSE(everywhere(base::HexDecode(code.Reveal()).value()));
  CHECK_FALSE(everywhere(base::Base64UrlDecode(open.Reveal()).value()));
}

TEST_CASE("Stores: B1 hostile texts are values, stored as they came or refused",
          "[proofing][contract][security]") {
  Database database;
  Process process(database);
  int number = 0;
  for (const std::string& text : testing::HostileStrings()) {
    CAPTURE(text.substr(0, 40));
    ConsentAnswer answer = Given(absl::StrCat("hostile-", ++number));
    answer.scope.flow_id = text;
    answer.locale = text;
    answer.text_version = text;
    const Secret token = process.NewToken();
    const auto recorded = process.Record(answer, token);
    INFO(recorded.status());
    REQUIRE(recorded.ok());
    CHECK(process.IsOpen(token, answer.scope));
    CHECK_FALSE(process.IsOpen(Secret::FromWire(text), answer.scope));
    CHECK(process.Mint(token, answer.scope));
    // Accounts are uuids, whatever somebody says.
    CHECK_FALSE(process.handoffs.IsVerified(text, absl::InfiniteFuture()).ok());
  }
  CHECK(database.Psql("SELECT count(*) FROM handoffs") == std::to_string(number));
}

}  // namespace
}  // namespace va::proofing
