// The service without a wire: messages in, messages out, with neighbours that tests move and real
// decision tokens.
#include "services/mhv-account/api/grpc/mhv_account_service.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/sealed_box.h"
#include "lib/jose/jwt.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/test_pki.h"

namespace va::mhv {
namespace {

using Reasons = std::vector<std::string>;

constexpr char kAccount[] = "0b6a9f1e-4d4f-4c54-9a55-7f0e6a1c2d3e";
constexpr char kOtherAccount[] = "1b6a9f1e-4d4f-4c54-9a55-7f0e6a1c2d3e";
constexpr char kIcn[] = "1000000001V100001";
constexpr char kOtherIcn[] = "1000000002V100002";
constexpr char kFlow[] = "7f3c0000-0000-4000-8000-000000000001";
constexpr char kMhvId[] = "12345678";
constexpr char kEmail[] = "zebulon@example.test";

class FakeTerms final : public TermsRecords {
 public:
  absl::StatusOr<Terms> Find(absl::string_view account_id, absl::string_view /*request_id*/,
                             absl::Time deadline) override {
    ++calls;
    last_account = std::string(account_id);
    last_deadline = deadline;
    return answer;
  }

  absl::StatusOr<Terms> answer =
      Terms{TermsStanding::kAccepted,
            TermsAcceptance{"3", "1.0", "VA Enterprise Terms of Use", absl::FromUnixSeconds(1)}};
  int calls = 0;
  std::string last_account;
  absl::Time last_deadline;
};

MhvAccount Account(Origin origin = Origin::kApiCreated) {
  MhvAccount account;
  account.mhv_id = identity::CspId::FromWire(kMhvId);
  account.premium = true;
  account.patient = true;
  account.origin = origin;
  return account;
}

class FakeMhv final : public AccountApi {
 public:
  absl::StatusOr<AccountAnswer> Ensure(const AccountRequest& request,
                                       absl::Time deadline) override {
    asked.push_back(request);
    last_deadline = deadline;
    return answer;
  }

  absl::StatusOr<AccountAnswer> answer = AccountAnswer(Account());
  std::vector<AccountRequest> asked;
  absl::Time last_deadline;
};

// Remembers as the real one does, and shows what it was told.
class FakeAccounts final : public AccountStore {
 public:
  struct Entry {
    std::string account_id;
    EnsureOutcome outcome;
    bool mhv_asked = false;
    std::string actor;
    std::string request_id;
    std::string terms_revision;
  };

  absl::StatusOr<std::optional<MhvAccount>> FindEnsured(const Person& person,
                                                        absl::string_view terms_revision,
                                                        absl::Time not_before,
                                                        absl::Time /*deadline*/) override {
    ++finds;
    if (!find_failure.ok()) return find_failure;
    const bool usable = !entries.empty() && entries.back().outcome.account &&
                        entries.back().account_id == person.account_id &&
                        icn == person.icn.Reveal() &&
                        entries.back().terms_revision == terms_revision && at > not_before;
    if (!usable) return std::nullopt;
    return entries.back().outcome.account;
  }

  absl::Status Record(const Person& person, const EnsureRecord& record, absl::Time now,
                      absl::Time deadline) override {
    last_record_deadline = deadline;
    if (!record_failure.ok()) return record_failure;
    entries.push_back({person.account_id, record.outcome, record.mhv_asked, record.actor,
                       record.request_id, record.terms_revision});
    icn = person.icn.Reveal();
    at = now;
    return absl::OkStatus();
  }

  int finds = 0;
  std::vector<Entry> entries;
  std::string icn;
  absl::Time at;
  absl::Status find_failure;
  absl::Status record_failure;
  absl::Time last_record_deadline;
};

class FakePeople final : public PersonCache {
 public:
  absl::Status Forget(const identity::Icn& icn, absl::string_view request_id,
                      absl::Time deadline) override {
    forgotten.push_back(icn.Reveal());
    last_request = std::string(request_id);
    last_deadline = deadline;
    return failure;
  }

  std::vector<std::string> forgotten;
  std::string last_request;
  absl::Time last_deadline;
  absl::Status failure;
};

class FakeAudit final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    lines.push_back(absl::StrCat(telemetry::ToString(event), " ", facts.request_id, " ",
                                 facts.outcome, " ", facts.code, " ", facts.tag));
    about.emplace_back(facts.account_id);
    return failure;
  }

  std::vector<std::string> lines;
  std::vector<std::string> about;  // the accounts, which the trail writes as pseudonyms
  absl::Status failure;
};

class LogLines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text += std::string(line);
    return true;
  }
  std::string text;
};

crypto::PrivateKey NewKey() {
  testing::TestPki pki;
  return crypto::PrivateKey::FromPemFile(pki.Issue({"user-attributes"}).private_key_file).value();
}

crypto::LookupHasher IcnHasher() {
  return crypto::LookupHasher::FromRing(
      crypto::KeyRing::FromText("d1:" + std::string(64, 'd')).value());
}

// A decision of user-attributes, in the claims it makes (decision E6); tests change one.
nlohmann::json Decision(absl::Time now) {
  return {{"iss", "user-attributes"},
          {"aud", {"mhv-account", "inherited-proofing", "user-attributes"}},
          {"sub", kAccount},
          {"ial", 2},
          {"aal", 2},
          {"flow", kFlow},
          {"icn", IcnHasher().Hash("decision-icn", kIcn)},
          {"iat", absl::ToUnixSeconds(now)},
          {"exp", absl::ToUnixSeconds(now) + 300},
          {"jti", "j1"}};
}

struct Harness {
  Harness() {
    std::vector<crypto::PublicKey> keys;
    keys.push_back(key.Public());
    decisions.emplace(
        jose::DecisionVerifier::Create(std::move(keys), IcnHasher(), jose::kMhvAccountAudience)
            .value());
    service.emplace(
        MhvAccountServiceImpl::Deps{*decisions, terms, mhv, accounts, people, clock, log, audit});
  }

  std::string Token(const nlohmann::json& claims) const {
    const auto signing = jose::SigningKey::Create(key, jose::Algorithm::kEs256).value();
    return jose::SignJwt(signing, {"va-decision+jwt", signing.id()}, claims.dump()).value();
  }
  std::string TokenWith(const char* claim, const nlohmann::json& value) const {
    nlohmann::json claims = Decision(clock.Now());
    claims[claim] = value;
    return Token(claims);
  }

  v1::EnsureAccountRequest Request() const {
    v1::EnsureAccountRequest request;
    request.set_request_id(kFlow);
    request.set_account_id(kAccount);
    request.set_icn(kIcn);
    request.set_email(kEmail);
    request.set_decision_token(Token(Decision(clock.Now())));
    return request;
  }

  absl::StatusOr<v1::EnsureAccountResponse> Ensure(const v1::EnsureAccountRequest& request) {
    rpc::CallContext context;
    context.caller = "auth-gateway.va.internal";
    context.deadline = clock.Now() + absl::Seconds(5);
    return service->EnsureAccount(context, request);
  }
  absl::StatusOr<v1::EnsureAccountResponse> Ensure() { return Ensure(Request()); }

  // Nobody was asked anything and nothing was kept.
  void CheckUntouched() const {
    CHECK(terms.calls == 0);
    CHECK(accounts.finds == 0);
    CHECK(mhv.asked.empty());
    CHECK(accounts.entries.empty());
    CHECK(audit.lines.empty());
  }

  const crypto::PrivateKey key = NewKey();
  testing::FakeClock clock;
  LogLines lines;
  telemetry::Log log{"mhv-account", telemetry::Severity::kDebug, clock, lines};
  FakeTerms terms;
  FakeMhv mhv;
  FakeAccounts accounts;
  FakePeople people;
  FakeAudit audit;
  std::optional<jose::DecisionVerifier> decisions;
  std::optional<MhvAccountServiceImpl> service;
};

Reasons ReasonsOf(const v1::EnsureAccountResponse& response) {
  return {response.reasons().begin(), response.reasons().end()};
}

TEST_CASE("EnsureAccount: an account that MHV states is answered, kept and audited", "[mhv][api]") {
  Harness harness;
  const auto response = harness.Ensure();
  INFO(response.status());
  REQUIRE(response.ok());
  CHECK(response->state() == v1::ACCOUNT_STATE_ENSURED);
  CHECK(response->reasons().empty());
  CHECK(response->mhv_id() == kMhvId);
  CHECK(response->premium());
  CHECK(response->has_champ_va());
  CHECK_FALSE(response->champ_va());
  CHECK(response->patient());
  CHECK(response->has_sm_account_created());
  CHECK_FALSE(response->sm_account_created());
  CHECK_FALSE(response->from_cache());

  REQUIRE(harness.mhv.asked.size() == 1);
  CHECK(harness.mhv.asked[0].icn.Reveal() == kIcn);
  CHECK(harness.mhv.asked[0].email.Reveal() == kEmail);
  CHECK(harness.mhv.asked[0].terms.title == "VA Enterprise Terms of Use");

  REQUIRE(harness.accounts.entries.size() == 1);
  const FakeAccounts::Entry& entry = harness.accounts.entries[0];
  CHECK(entry.account_id == kAccount);
  CHECK(entry.mhv_asked);
  CHECK(entry.actor == "auth-gateway.va.internal");
  CHECK(entry.request_id == kFlow);
  CHECK(entry.terms_revision == "3");
  CHECK(harness.audit.lines ==
        std::vector<std::string>{absl::StrCat("mhv_account.created ", kFlow, " ensured  ")});
  CHECK(harness.audit.about == std::vector<std::string>{kAccount});
}

TEST_CASE("EnsureAccount: an account that was there is no creation in the audit trail",
          "[mhv][api]") {
  Harness harness;
  harness.mhv.answer = AccountAnswer(Account(GENERATE(Origin::kExisting, Origin::kUnknown)));
  REQUIRE(harness.Ensure().ok());
  CHECK(harness.audit.lines ==
        std::vector<std::string>{absl::StrCat("mhv_account.ensured ", kFlow, " ensured  ")});
}

TEST_CASE("EnsureAccount: nothing personal reaches log or audit trail", "[mhv][api][rule]") {
  Harness harness;
  SECTION("ensured") { REQUIRE(harness.Ensure().ok()); }
  SECTION("refused by MHV") {
    harness.mhv.answer = AccountAnswer(Refusal{805});
    REQUIRE(harness.Ensure().ok());
  }
  SECTION("MHV down") {
    harness.mhv.answer = base::MakeError(absl::StatusCode::kUnavailable, "MHV_TIMEOUT", "x", true);
    REQUIRE_FALSE(harness.Ensure().ok());
  }
  SECTION("another person's token") {
    v1::EnsureAccountRequest request = harness.Request();
    request.set_icn(kOtherIcn);
    REQUIRE_FALSE(harness.Ensure(request).ok());
  }
  std::string written = harness.lines.text;
  for (const std::string& line : harness.audit.lines) written += line;
  CHECK(absl::StrContains(written, kFlow));
  for (const char* const secret : {kIcn, kOtherIcn, kMhvId, kEmail, kAccount}) {
    CHECK_FALSE(absl::StrContains(written, secret));
  }
}

TEST_CASE("EnsureAccount E6: a token that does not bear out the request opens nothing",
          "[mhv][api][rule][E6]") {
  Harness harness;
  v1::EnsureAccountRequest request = harness.Request();
  std::string why;
  SECTION("no token") {
    request.clear_decision_token();
    why = "malformed";
  }
  SECTION("no token at all in it") {
    request.set_decision_token("abc");
    why = "malformed";
  }
  SECTION("of another flow") {
    request.set_decision_token(harness.TokenWith("flow", "7f3c0000-0000-4000-8000-000000000002"));
    why = "flow";
  }
  SECTION("expired") {
    harness.clock.Advance(absl::Minutes(5) + absl::Seconds(1));
    why = "expired";
  }
  SECTION("for another service") {
    request.set_decision_token(harness.TokenWith("aud", {"inherited-proofing"}));
    why = "audience";
  }
  SECTION("of another account") {
    request.set_account_id(kOtherAccount);
    why = "account";
  }
  SECTION("of another ICN") {
    request.set_icn(kOtherIcn);
    why = "icn";
  }
  SECTION("of a person without an ICN") {
    nlohmann::json claims = Decision(harness.clock.Now());
    claims.erase("icn");
    request.set_decision_token(harness.Token(claims));
    why = "icn";
  }
  SECTION("from another issuer") {
    request.set_decision_token(harness.TokenWith("iss", "auth-gateway"));
    why = "issuer";
  }
  SECTION("signed with another key") {
    request.set_decision_token(Harness().Request().decision_token());
    why = "signature";
  }
  const absl::Status status = harness.Ensure(request).status();
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  CHECK(base::ReasonOf(status) == "DECISION_TOKEN");
  CHECK(absl::StrContains(harness.lines.text, absl::StrCat("\"why\":\"", why, "\"")));
  harness.CheckUntouched();
}

TEST_CASE("EnsureAccount: what only a caller's mistake can be is refused before the token is read",
          "[mhv][api][rule]") {
  Harness harness;
  v1::EnsureAccountRequest request = harness.Request();
  const char* reason = nullptr;
  SECTION("no request id") {
    request.clear_request_id();
    reason = "REQUEST_ID";
  }
  SECTION("a request id with a line end") {
    request.set_request_id("a\nb");
    reason = "REQUEST_ID";
  }
  SECTION("a request id without bound") {
    request.set_request_id(std::string(129, 'a'));
    reason = "REQUEST_ID";
  }
  SECTION("no account") {
    request.clear_account_id();
    reason = "ACCOUNT_ID";
  }
  SECTION("an account that is no uuid") {
    request.set_account_id("12345");
    reason = "ACCOUNT_ID";
  }
  SECTION("an account in a second spelling") {
    request.set_account_id("0B6A9F1E-4D4F-4C54-9A55-7F0E6A1C2D3E");
    reason = "ACCOUNT_ID";
  }
  SECTION("an ICN that is none") {
    request.set_icn("12345");
    reason = "ICN";
  }
  SECTION("an e-mail address with a line end") {
    request.set_email("a@example.test\r\nBcc: b@example.test");
    reason = "EMAIL";
  }
  SECTION("an e-mail address without bound") {
    request.set_email(std::string(321, 'a'));
    reason = "EMAIL";
  }
  const absl::Status status = harness.Ensure(request).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(status) == reason);
  harness.CheckUntouched();
}

TEST_CASE("EnsureAccount: below IAL2 no account, and nothing is kept of it", "[mhv][api][rule]") {
  Harness harness;
  v1::EnsureAccountRequest request = harness.Request();
  request.set_decision_token(harness.TokenWith("ial", 1));
  const auto response = harness.Ensure(request);
  REQUIRE(response.ok());
  CHECK(response->state() == v1::ACCOUNT_STATE_INELIGIBLE);
  CHECK(ReasonsOf(*response) == Reasons{"needs_identity_verification"});
  CHECK(response->mhv_id().empty());
  CHECK_FALSE(response->has_premium());
  CHECK(harness.mhv.asked.empty());
  CHECK(harness.accounts.entries.empty());
  CHECK(harness.audit.lines.size() == 1);
}

TEST_CASE("EnsureAccount M5: a person without an ICN, proof or terms hears all three",
          "[mhv][api][rule][M5]") {
  Harness harness;
  harness.terms.answer = Terms{};
  nlohmann::json claims = Decision(harness.clock.Now());
  claims.erase("icn");
  claims["ial"] = 1;
  v1::EnsureAccountRequest request = harness.Request();
  request.clear_icn();
  request.set_decision_token(harness.Token(claims));
  const auto response = harness.Ensure(request);
  REQUIRE(response.ok());
  CHECK(ReasonsOf(*response) == Reasons{"needs_identity_verification", "no_icn", "needs_terms"});
  CHECK(harness.accounts.entries.empty());
}

TEST_CASE("EnsureAccount: without accepted terms MHV is not asked", "[mhv][api][rule]") {
  Harness harness;
  const auto [standing, reasons] = GENERATE(table<TermsStanding, Reasons>({
      {TermsStanding::kNoAnswer, {"needs_terms"}},
      {TermsStanding::kDeclined, {"needs_terms", "terms_declined"}},
      {TermsStanding::kOutdated, {"needs_terms", "terms_outdated"}},
  }));
  harness.terms.answer = Terms{standing, std::nullopt};
  const auto response = harness.Ensure();
  REQUIRE(response.ok());
  CHECK(response->state() == v1::ACCOUNT_STATE_NEEDS_TERMS);
  CHECK(ReasonsOf(*response) == reasons);
  CHECK(response->user_actionable());
  CHECK(harness.mhv.asked.empty());
  CHECK(harness.terms.last_account == kAccount);
  REQUIRE(harness.accounts.entries.size() == 1);
  CHECK_FALSE(harness.accounts.entries[0].mhv_asked);
  CHECK(harness.accounts.entries[0].terms_revision.empty());
}

TEST_CASE("EnsureAccount: for a day MHV is not asked again", "[mhv][api][rule]") {
  Harness harness;
  REQUIRE(harness.Ensure().ok());
  harness.clock.Advance(absl::Hours(24) - absl::Seconds(1));
  const auto known = harness.Ensure();
  REQUIRE(known.ok());
  CHECK(known->state() == v1::ACCOUNT_STATE_ENSURED);
  CHECK(known->from_cache());
  CHECK(known->mhv_id() == kMhvId);
  CHECK(known->premium());
  CHECK(harness.mhv.asked.size() == 1);
  CHECK(harness.accounts.entries.size() == 1);
  // An account is created once in the trail.
  CHECK(harness.audit.lines[1] == absl::StrCat("mhv_account.ensured ", kFlow, " ensured  "));

  harness.clock.Advance(absl::Seconds(2));
  const auto asked = harness.Ensure();
  REQUIRE(asked.ok());
  CHECK_FALSE(asked->from_cache());
  CHECK(harness.mhv.asked.size() == 2);
}

TEST_CASE("EnsureAccount: a known account never stands in for the terms", "[mhv][api][rule]") {
  Harness harness;
  REQUIRE(harness.Ensure().ok());
  SECTION("declined later") {
    harness.terms.answer = Terms{TermsStanding::kDeclined, std::nullopt};
    const auto response = harness.Ensure();
    REQUIRE(response.ok());
    CHECK(response->state() == v1::ACCOUNT_STATE_NEEDS_TERMS);
    CHECK(response->mhv_id().empty());
    CHECK_FALSE(harness.accounts.entries.back().outcome.account.has_value());
  }
  SECTION("a newer revision accepted is told to MHV") {
    harness.terms.answer->acceptance->revision = "4";
    REQUIRE(harness.Ensure().ok());
    REQUIRE(harness.mhv.asked.size() == 2);
    CHECK(harness.mhv.asked[1].terms.revision == "4");
  }
  SECTION("nobody can say how the person stands") {
    harness.terms.answer =
        base::MakeError(absl::StatusCode::kUnavailable, "TERMS_UNAVAILABLE", "x", true);
    const absl::Status status = harness.Ensure().status();
    CHECK(status.code() == absl::StatusCode::kUnavailable);
    CHECK(base::ReasonOf(status) == "TERMS_UNAVAILABLE");
  }
  CHECK(harness.terms.calls == 2);
}

TEST_CASE("EnsureAccount M8: MHV out of reach is retryable, no verdict, and leaves nothing",
          "[mhv][api][rule][M8]") {
  Harness harness;
  const char* const reason = GENERATE("MHV_UNAVAILABLE", "MHV_TIMEOUT", "MHV_CONTENT_TYPE",
                                      "MHV_MALFORMED", "STS_UNAVAILABLE");
  harness.mhv.answer = base::MakeError(absl::StatusCode::kUnavailable, reason, "x", true);
  const absl::Status status = harness.Ensure().status();
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(status) == reason);
  CHECK(base::IsRetryable(status));
  CHECK(harness.accounts.entries.empty());
  CHECK(harness.audit.lines.empty());
  CHECK(absl::StrContains(harness.lines.text, absl::StrCat("\"reason\":\"", reason, "\"")));
}

TEST_CASE("EnsureAccount M10: a refusal carries MHV's code as text and is not good for a day",
          "[mhv][api][rule][M10]") {
  Harness harness;
  harness.mhv.answer = AccountAnswer(Refusal{805});
  const auto response = harness.Ensure();
  REQUIRE(response.ok());
  CHECK(response->state() == v1::ACCOUNT_STATE_INELIGIBLE);
  CHECK(ReasonsOf(*response) == Reasons{"mhv_805"});
  CHECK(response->upstream_code() == "805");
  CHECK(response->user_actionable());
  REQUIRE(harness.accounts.entries.size() == 1);
  CHECK(harness.accounts.entries[0].mhv_asked);
  CHECK(harness.audit.lines[0] ==
        absl::StrCat("mhv_account.ensured ", kFlow, " ineligible 805 mhv_805"));
  REQUIRE(harness.Ensure().ok());
  CHECK(harness.mhv.asked.size() == 2);
}

TEST_CASE("EnsureAccount M8: MHV not accepting us is our fault and nobody's state",
          "[mhv][api][rule][M8]") {
  Harness harness;
  harness.mhv.answer = AccountAnswer(Refusal{808});
  const absl::Status status = harness.Ensure().status();
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(status) == "MHV_808");
  CHECK(harness.accounts.entries.empty());
}

TEST_CASE("EnsureAccount: a database that fails is a failure of the call", "[mhv][api]") {
  Harness harness;
  const absl::Status lost =
      base::MakeError(absl::StatusCode::kUnavailable, "CONNECTION_LOST", "x", true);
  SECTION("before MHV is asked") {
    harness.accounts.find_failure = lost;
    CHECK(harness.Ensure().status() == lost);
    CHECK(harness.mhv.asked.empty());
  }
  SECTION("after MHV answered: asking again is safe there") {
    harness.accounts.record_failure = lost;
    CHECK(harness.Ensure().status() == lost);
    CHECK(harness.audit.lines.empty());
    harness.accounts.record_failure = absl::OkStatus();
    CHECK(harness.Ensure()->state() == v1::ACCOUNT_STATE_ENSURED);
  }
}

TEST_CASE("EnsureAccount L3: without an audit record there is no answer", "[mhv][api][L3]") {
  Harness harness;
  harness.audit.failure = base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_WRITE", "x", true);
  CHECK(base::ReasonOf(harness.Ensure().status()) == "AUDIT_WRITE");
}

TEST_CASE("EnsureAccount: neighbours get less time than the caller", "[mhv][api][rule]") {
  Harness harness;
  REQUIRE(harness.Ensure().ok());
  CHECK(harness.terms.last_deadline < harness.clock.Now() + absl::Seconds(5));
  CHECK(harness.mhv.last_deadline < harness.clock.Now() + absl::Seconds(5));
  CHECK(harness.mhv.last_deadline > harness.clock.Now() + absl::Seconds(4));
}

TEST_CASE("EnsureAccount: after a new MHV id mpi-adapter forgets the person, and only then",
          "[mhv][api][rule]") {
  Harness harness;
  SECTION("an account made just now") {
    REQUIRE(harness.Ensure().ok());
    CHECK(harness.people.forgotten == std::vector<std::string>{kIcn});
    CHECK(harness.people.last_request == kFlow);
    CHECK(harness.people.last_deadline == harness.clock.Now() + absl::Milliseconds(500));
    // Believed for a day: MHV is not asked, and nothing is new.
    REQUIRE(harness.Ensure()->from_cache());
    CHECK(harness.people.forgotten.size() == 1);
  }
  SECTION("one that existed and is new to us, as when the first answer was lost") {
    harness.mhv.answer = AccountAnswer(Account(GENERATE(Origin::kExisting, Origin::kUnknown)));
    REQUIRE(harness.Ensure().ok());
    CHECK(harness.people.forgotten == std::vector<std::string>{kIcn});
    // The next day MHV says the same: the id is not a new one.
    harness.clock.Advance(absl::Hours(25));
    REQUIRE_FALSE(harness.Ensure()->from_cache());
    CHECK(harness.mhv.asked.size() == 2);
    CHECK(harness.people.forgotten.size() == 1);
    // Another id is.
    harness.clock.Advance(absl::Hours(25));
    MhvAccount other = Account(Origin::kExisting);
    other.mhv_id = identity::CspId::FromWire("87654321");
    harness.mhv.answer = AccountAnswer(other);
    REQUIRE(harness.Ensure().ok());
    CHECK(harness.people.forgotten.size() == 2);
  }
  SECTION("no account, no id") {
    harness.mhv.answer = AccountAnswer(Refusal{805});
    REQUIRE(harness.Ensure().ok());
    CHECK(harness.people.forgotten.empty());
  }
  SECTION("nothing was kept: the next answer is as new as this one") {
    harness.accounts.record_failure = base::MakeError(absl::StatusCode::kUnavailable, "X", "x");
    REQUIRE_FALSE(harness.Ensure().ok());
    CHECK(harness.people.forgotten.empty());
  }
}

TEST_CASE("EnsureAccount: an mpi-adapter that forgets nobody takes nothing from the account",
          "[mhv][api][rule]") {
  Harness harness;
  harness.people.failure = base::MakeError(absl::StatusCode::kUnavailable, "NOBODY_THERE", "x");
  const auto response = harness.Ensure();
  REQUIRE(response.ok());
  CHECK(response->state() == v1::ACCOUNT_STATE_ENSURED);
  CHECK(harness.accounts.entries.size() == 1);
  CHECK(absl::StrContains(harness.lines.text, "mhv.account.mpi_not_forgotten"));
  CHECK(absl::StrContains(harness.lines.text, "NOBODY_THERE"));
  for (const char* const secret : {kIcn, kMhvId, kAccount}) {
    CHECK_FALSE(absl::StrContains(harness.lines.text, secret));
  }
}

TEST_CASE("EnsureAccount M4: what MHV said at the last moment can still be kept",
          "[mhv][api][rule][M4]") {
  Harness harness;
  REQUIRE(harness.Ensure().ok());
  CHECK(harness.accounts.last_record_deadline == harness.clock.Now() + absl::Seconds(5));
  CHECK(harness.accounts.last_record_deadline > harness.mhv.last_deadline);
}

}  // namespace
}  // namespace va::mhv
