// The service without a wire: messages in, messages out, real decision tokens, and neighbours that
// tests move.
#include "services/inherited-proofing/api/grpc/proofing_service.h"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"

namespace va::proofing {
namespace {

using Words = std::vector<std::string>;

constexpr char kAccount[] = "0c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c01";
constexpr char kFlow[] = "5a1f2b3c-4d5e-4f60-8a7b-9c0d1e2f3a01";
constexpr char kIcn[] = "1000000001V100001";
constexpr char kMhvId[] = "40000001";
const std::string kTextHash(64, 'a');

crypto::LookupHasher IcnHasher() {
  return crypto::LookupHasher::FromRing(
      crypto::KeyRing::FromText("k:" + std::string(64, '1')).value());
}

// user-attributes' key, made once.
const crypto::IssuedPair& Pair() {
  static const crypto::IssuedPair pair = [] {
    crypto::CertificateRequest request;
    request.common_name = "decision";
    return crypto::IssueSelfSigned(request, crypto::NewKey::kEcP256).value();
  }();
  return pair;
}

jose::DecisionVerifier VerifierFor(const char* audience) {
  const auto certificate = crypto::Certificate::FromPem(Pair().certificate_pem).value();
  return jose::DecisionVerifier::Create({certificate.public_key()}, IcnHasher(), audience).value();
}

class FakeMhv final : public MhvProofingApi {
 public:
  absl::StatusOr<std::optional<MhvAccount>> FindAccount(const identity::Icn& icn,
                                                        const CallScope& scope) override {
    deadline = scope.deadline;
    calls.push_back("validmhvid " + icn.Reveal());
    if (!failure.ok()) return failure;
    return account;
  }
  absl::StatusOr<ProofingRecord> ReadRecord(const identity::CspId& mhv_id,
                                            const CallScope& scope) override {
    deadline = scope.deadline;
    calls.push_back("mhvacctinfo " + mhv_id.Reveal());
    if (on_read) on_read();
    if (!failure.ok()) return failure;
    return record;
  }

  std::optional<MhvAccount> account = MhvAccount{identity::CspId::FromWire(kMhvId), "Premium"};
  ProofingRecord record{identity::CspId::FromWire(kMhvId), true, "IPA", "2020-12-14", "", "", ""};
  absl::Status failure;
  std::function<void()> on_read;
  Words calls;
  absl::Time deadline;
};

class FakePeople final : public PersonIndex {
 public:
  absl::StatusOr<PersonFlags> FlagsOf(const identity::Icn& icn, FlagsAge age,
                                      const CallScope& scope) override {
    deadline = scope.deadline;
    ages.push_back(age);
    asked.push_back(icn.Reveal());
    if (!failure.ok()) return failure;
    return flags;
  }
  PersonFlags flags;
  absl::Status failure;
  std::vector<FlagsAge> ages;
  Words asked;
  absl::Time deadline;
};

// Both stores in memory, with the rules of their contract tests.
class FakeStore final : public ConsentStore, public HandoffStore {
 public:
  struct Consent {
    ConsentAnswer answer;
    std::string token;
    bool spent = false;
  };

  absl::StatusOr<absl::Time> Record(const ConsentAnswer& answer, const identity::Secret& token,
                                    absl::Time /*deadline*/) override {
    if (!failure.ok()) return failure;
    consents.push_back({answer, token.Reveal(), false});
    return answer.expires_at;
  }
  absl::StatusOr<bool> IsOpen(const identity::Secret& token, const ConsentScope& scope,
                              absl::Time now, absl::Time /*deadline*/) override {
    if (!failure.ok()) return failure;
    return Find(token.Reveal(), scope, now) != nullptr;
  }
  absl::StatusOr<bool> Mint(const NewHandoff& handoff, absl::Time deadline) override {
    mint_deadline = deadline;
    if (!failure.ok()) return failure;
    Consent* consent = Find(handoff.consent_token.Reveal(), handoff.scope, handoff.issued_at);
    if (consent == nullptr) return false;
    consent->spent = true;
    handoffs.push_back(handoff);
    return true;
  }
  absl::StatusOr<bool> IsVerified(const std::string& account_id, absl::Time) override {
    if (!failure.ok()) return failure;
    return verified == account_id;
  }

  std::vector<Consent> consents;
  std::vector<NewHandoff> handoffs;
  std::string verified;
  absl::Time mint_deadline;
  absl::Status failure;

 private:
  Consent* Find(const std::string& token, const ConsentScope& scope, absl::Time now) {
    for (Consent& consent : consents) {
      const bool same = consent.token == token &&
                        consent.answer.scope.account_id == scope.account_id &&
                        consent.answer.scope.flow_id == scope.flow_id;
      if (same && !token.empty() && !consent.spent && consent.answer.expires_at > now) {
        return &consent;
      }
    }
    return nullptr;
  }
};

class FakeAudit final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    lines.push_back(absl::StrCat(telemetry::ToString(event), " ", facts.request_id, " ", facts.csp,
                                 " ", facts.outcome));
    about.emplace_back(facts.account_id);
    return failure;
  }
  Words lines;
  Words about;  // the accounts, which the trail writes as pseudonyms
  absl::Status failure;
};

class LogLines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    absl::StrAppend(&text, line);
    return true;
  }
  std::string text;
};

ProofingSettings Settings() {
  ProofingSettings settings;
  settings.text_version = "7";
  return settings;
}

struct Harness {
  explicit Harness(const char* audience = jose::kProofingAudience,
                   ProofingSettings settings = Settings())
      : decisions(VerifierFor(audience)),
        service({decisions, mhv, people, store, store, clock, ids, log, audit},
                std::move(settings)) {}

  testing::FakeClock clock;
  testing::FixedIds ids;
  LogLines lines;
  telemetry::Log log{"inherited-proofing", telemetry::Severity::kDebug, clock, lines};
  FakeAudit audit;
  FakeMhv mhv;
  FakePeople people;
  FakeStore store;
  jose::DecisionVerifier decisions;
  ProofingServiceImpl service;

  std::string Token(const jose::DecisionFacts& facts) {
    const auto signer = jose::DecisionSigner::Create(
        crypto::PrivateKey::FromPem(Pair().private_key_pem).value(), IcnHasher());
    return signer->Sign(facts, clock.Now(), ids).value();
  }
  static jose::DecisionFacts Facts() {
    return {kAccount, identity::Icn::FromWire(kIcn), 2, 2, kFlow};
  }
  v1::Subject Subject() {
    v1::Subject subject;
    subject.set_account_id(kAccount);
    subject.set_icn(kIcn);
    subject.set_mhv_id(kMhvId);
    subject.set_csp(common::v1::CSP_MHV);
    subject.set_flow_id(kFlow);
    subject.set_decision_token(Token(Facts()));
    return subject;
  }
  static rpc::CallContext Context() {
    return {"auth-gateway.va.internal", "r1", "", absl::InfiniteFuture(), nullptr};
  }

  absl::StatusOr<v1::CheckEligibilityResponse> Check(const v1::Subject& subject) {
    v1::CheckEligibilityRequest request;
    request.set_request_id("r-check");
    *request.mutable_subject() = subject;
    return service.CheckEligibility(Context(), request);
  }
  absl::StatusOr<v1::CheckEligibilityResponse> Check() { return Check(Subject()); }

  v1::RecordConsentRequest Answer(v1::ConsentDecision decision = v1::CONSENT_DECISION_GIVEN) {
    v1::RecordConsentRequest request;
    request.set_request_id("r-consent");
    *request.mutable_subject() = Subject();
    request.set_text_version("7");
    request.set_text_sha256(kTextHash);
    request.set_decision(decision);
    request.set_locale("en-US");
    return request;
  }
  absl::StatusOr<v1::RecordConsentResponse> Record(const v1::RecordConsentRequest& request) {
    return service.RecordConsent(Context(), request);
  }
  std::string Consent() {
    const auto response = Record(Answer());
    INFO(response.status());
    REQUIRE(response.ok());
    return response->consent_token();
  }

  absl::StatusOr<v1::StartHandoffResponse> Start(const std::string& consent,
                                                 const v1::Subject& subject) {
    v1::StartHandoffRequest request;
    request.set_request_id("r-start");
    *request.mutable_subject() = subject;
    request.set_consent_token(consent);
    return service.StartHandoff(Context(), request);
  }
  absl::StatusOr<v1::StartHandoffResponse> Start(const std::string& consent) {
    return Start(consent, Subject());
  }
};

Words ToWords(const google::protobuf::RepeatedPtrField<std::string>& words) {
  return {words.begin(), words.end()};
}

void CheckRefused(const absl::Status& status, absl::StatusCode code, const std::string& reason) {
  INFO(status);
  CHECK(status.code() == code);
  CHECK(base::ReasonOf(status) == reason);
}

TEST_CASE("CheckEligibility: proofed in person and signed in with MHV is eligible (M7)",
          "[proofing][api]") {
  Harness harness;
  const auto response = harness.Check();
  INFO(response.status());
  REQUIRE(response.ok());
  CHECK(response->eligible());
  CHECK(response->reasons().empty());
  CHECK(response->proofed_method() == "IPA");
  CHECK(response->proofed_on() == "2020-12-14");
  CHECK(harness.people.asked == Words{kIcn});
}

TEST_CASE(
    "CheckEligibility: a correlation id of the session skips the look-up (vector "
    "mhv.correlation_id_on_user_skips_lookup)",
    "[proofing][api][rule]") {
  Harness harness;
  REQUIRE(harness.Check().ok());
  CHECK(harness.mhv.calls == Words{"mhvacctinfo 40000001"});
}

TEST_CASE("CheckEligibility: without one, or with one that is no number, MHV is asked by ICN",
          "[proofing][api][rule]") {
  Harness harness;
  const std::string id =
      GENERATE(as<std::string>(), "", "UNK", "4000/../1", "123456789012345678901");
  CAPTURE(id);
  v1::Subject subject = harness.Subject();
  subject.set_mhv_id(id);
  REQUIRE(harness.Check(subject).ok());
  CHECK(harness.mhv.calls == Words{"validmhvid 1000000001V100001", "mhvacctinfo 40000001"});
}

TEST_CASE(
    "CheckEligibility: an account MHV does not know is one reason, and not asked about "
    "further (vector va.auth.no_correlation_id_anywhere)",
    "[proofing][api][rule]") {
  Harness harness;
  harness.mhv.account = std::nullopt;
  v1::Subject subject = harness.Subject();
  subject.clear_mhv_id();
  const auto response = harness.Check(subject);
  REQUIRE(response.ok());
  CHECK_FALSE(response->eligible());
  CHECK(ToWords(response->reasons()) == Words{"no_mhv_account"});
  CHECK(harness.mhv.calls == Words{"validmhvid 1000000001V100001"});
}

TEST_CASE("CheckEligibility: an account's status counts when it is known, and only then",
          "[proofing][api][rule]") {
  Harness harness;
  harness.mhv.account->status = "Advanced";
  v1::Subject subject = harness.Subject();
  CHECK(harness.Check(subject)->eligible());
  subject.clear_mhv_id();
  CHECK(ToWords(harness.Check(subject)->reasons()) == Words{"not_premium"});
  harness.mhv.account->status = "";
  CHECK(harness.Check(subject)->eligible());
}

TEST_CASE("CheckEligibility: every reason and every note travels", "[proofing][api]") {
  Harness harness;
  harness.people.flags = {true, true};
  harness.store.verified = kAccount;
  harness.mhv.record.identity_document_exists = false;
  harness.mhv.record.method = "RPA";
  harness.mhv.record.proofed_on = "2999-01-01";
  harness.mhv.record.document_expires = "2001-01-01";
  v1::Subject subject = harness.Subject();
  subject.set_csp(common::v1::CSP_IDME);
  const auto response = harness.Check(subject);
  REQUIRE(response.ok());
  CHECK_FALSE(response->eligible());
  CHECK(ToWords(response->reasons()) == Words{"wrong_csp", "already_verified", "deceased",
                                              "id_theft", "no_identity_document",
                                              "not_in_person_proofed", "bad_proofing_date"});
  CHECK(ToWords(response->notes()) == Words{"document_expired"});
}

TEST_CASE("CheckEligibility, StartHandoff: neighbours get less time than the caller",
          "[proofing][api][rule]") {
  Harness harness;
  rpc::CallContext context = Harness::Context();
  context.deadline = harness.clock.Now() + absl::Seconds(5);
  v1::CheckEligibilityRequest check;
  check.set_request_id("r-check");
  *check.mutable_subject() = harness.Subject();
  REQUIRE(harness.service.CheckEligibility(context, check).ok());
  CHECK(harness.mhv.deadline == context.PeerDeadline());
  CHECK(harness.people.deadline == context.PeerDeadline());
  CHECK(context.PeerDeadline() < context.deadline);

  harness.mhv.deadline = {};
  v1::StartHandoffRequest start;
  start.set_request_id("r-start");
  *start.mutable_subject() = harness.Subject();
  start.set_consent_token(harness.Consent());
  REQUIRE(harness.service.StartHandoff(context, start)->auth_code().size() == 32);
  CHECK(harness.mhv.deadline == context.PeerDeadline());
  CHECK(harness.store.mint_deadline == context.deadline);
}

TEST_CASE("CheckEligibility: what no rule looks at is not asked for", "[proofing][api][rule]") {
  ProofingSettings settings = Settings();
  settings.rules.Set(Rule::kDeceased, Effect::kIgnore);
  Harness one(jose::kProofingAudience, settings);
  REQUIRE(one.Check().ok());
  CHECK(one.people.asked.size() == 1);
  settings.rules.Set(Rule::kIdTheft, Effect::kIgnore);
  settings.rules.Set(Rule::kAlreadyVerified, Effect::kIgnore);
  Harness none(jose::kProofingAudience, settings);
  none.store.failure = absl::UnavailableError("down");
  none.people.failure = absl::UnavailableError("down");
  REQUIRE(none.Check().ok());
  CHECK(none.people.asked.empty());
}

TEST_CASE("CheckEligibility: what could not be asked is a fault, never a reason (M8)",
          "[proofing][api][rule]") {
  const absl::Status down =
      base::MakeError(absl::StatusCode::kUnavailable, "THEY_ARE_DOWN", "down", true);
  Harness harness;
  SECTION("MHV") { harness.mhv.failure = down; }
  SECTION("MPI") { harness.people.failure = down; }
  SECTION("our own record") { harness.store.failure = down; }
  const auto response = harness.Check();
  CheckRefused(response.status(), absl::StatusCode::kUnavailable, "THEY_ARE_DOWN");
  CHECK(base::IsRetryable(response.status()));
  CHECK(absl::StrContains(harness.lines.text, "THEY_ARE_DOWN"));
}

TEST_CASE(
    "E6: a token that does not bear the call out is refused by every method, before anybody "
    "is asked",
    "[proofing][api][security]") {
  struct Row {
    const char* says;
    const char* why;
    std::function<void(Harness&, v1::Subject&)> change;
  };
  const std::vector<Row> rows = {
      {"no token", "malformed", [](Harness&, v1::Subject& s) { s.clear_decision_token(); }},
      {"not a token", "malformed", [](Harness&, v1::Subject& s) { s.set_decision_token("a.b.c"); }},
      {"a token of another flow", "flow",
       [](Harness& h, v1::Subject& s) {
         jose::DecisionFacts facts = Harness::Facts();
         facts.flow_id = "5a1f2b3c-4d5e-4f60-8a7b-9c0d1e2f3a02";
         s.set_decision_token(h.Token(facts));
       }},
      {"a token of another account", "account",
       [](Harness& h, v1::Subject& s) {
         jose::DecisionFacts facts = Harness::Facts();
         facts.account_id = "0c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c02";
         s.set_decision_token(h.Token(facts));
       }},
      {"a token of another person", "icn",
       [](Harness& h, v1::Subject& s) {
         jose::DecisionFacts facts = Harness::Facts();
         facts.icn = identity::Icn::FromWire("1000000002V100002");
         s.set_decision_token(h.Token(facts));
       }},
      {"a token of somebody without an ICN", "icn",
       [](Harness& h, v1::Subject& s) {
         jose::DecisionFacts facts = Harness::Facts();
         facts.icn = {};
         s.set_decision_token(h.Token(facts));
       }},
      {"an expired token", "expired",
       [](Harness& h, v1::Subject&) { h.clock.Advance(absl::Minutes(10)); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.says);
    Harness harness;
    const std::string consent = harness.Consent();
    harness.audit.lines.clear();
    v1::Subject subject = harness.Subject();
    row.change(harness, subject);
    CheckRefused(harness.Check(subject).status(), absl::StatusCode::kPermissionDenied,
                 "DECISION_TOKEN");
    CheckRefused(harness.Start(consent, subject).status(), absl::StatusCode::kPermissionDenied,
                 "DECISION_TOKEN");
    v1::RecordConsentRequest answer = harness.Answer();
    *answer.mutable_subject() = subject;
    CheckRefused(harness.Record(answer).status(), absl::StatusCode::kPermissionDenied,
                 "DECISION_TOKEN");
    CHECK(absl::StrContains(harness.lines.text, absl::StrCat("\"why\":\"", row.why, "\"")));
    CHECK(harness.mhv.calls.empty());
    CHECK(harness.people.asked.empty());
    CHECK(harness.store.consents.size() == 1);
    CHECK(harness.store.handoffs.empty());
    CHECK(harness.audit.lines.empty());
  }
}

TEST_CASE("E6: a token for another service only is refused", "[proofing][api][security]") {
  Harness harness("signinctl");
  CheckRefused(harness.Check().status(), absl::StatusCode::kPermissionDenied, "DECISION_TOKEN");
  CHECK(absl::StrContains(harness.lines.text, "\"why\":\"audience\""));
}

TEST_CASE("M3: below IAL2 nobody is asked about", "[proofing][api][rule]") {
  Harness harness;
  jose::DecisionFacts facts = Harness::Facts();
  facts.ial = 1;
  v1::Subject subject = harness.Subject();
  subject.set_decision_token(harness.Token(facts));
  CheckRefused(harness.Check(subject).status(), absl::StatusCode::kPermissionDenied, "ASSURANCE");
  CHECK(harness.mhv.calls.empty());
  CHECK(harness.people.asked.empty());
}

TEST_CASE("Subject: who is meant must be said whole", "[proofing][api]") {
  struct Row {
    const char* says;
    const char* reason;
    std::function<void(v1::Subject&)> change;
  };
  const std::vector<Row> rows = {
      {"no account", "SUBJECT", [](v1::Subject& s) { s.clear_account_id(); }},
      {"no attempt", "SUBJECT", [](v1::Subject& s) { s.clear_flow_id(); }},
      {"an attempt without end", "SUBJECT",
       [](v1::Subject& s) { s.set_flow_id(std::string(129, 'f')); }},
      {"an attempt of two lines", "SUBJECT", [](v1::Subject& s) { s.set_flow_id("f\ng"); }},
      {"no ICN", "ICN", [](v1::Subject& s) { s.clear_icn(); }},
      {"an ICN that is a path", "ICN", [](v1::Subject& s) { s.set_icn("../mhvacctinfo/1"); }},
      {"no provider", "CSP", [](v1::Subject& s) { s.clear_csp(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.says);
    Harness harness;
    v1::Subject subject = harness.Subject();
    row.change(subject);
    CheckRefused(harness.Check(subject).status(), absl::StatusCode::kInvalidArgument, row.reason);
  }
  Harness harness;
  v1::CheckEligibilityRequest request;
  *request.mutable_subject() = harness.Subject();
  // It is logged, and with a consent kept for good: no place for a text.
  for (const std::string& id : {std::string(), std::string("two words"), std::string("r1\nr2"),
                                std::string("\u202er1"), std::string(129, 'r')}) {
    CAPTURE(id);
    request.set_request_id(id);
    CheckRefused(harness.service.CheckEligibility(Harness::Context(), request).status(),
                 absl::StatusCode::kInvalidArgument, "REQUEST_ID");
  }
}

TEST_CASE("RecordConsent: a given answer is kept whole and grants one start for ten minutes (P-7)",
          "[proofing][api][rule]") {
  Harness harness;
  const auto response = harness.Record(harness.Answer());
  INFO(response.status());
  REQUIRE(response.ok());
  // 32 random bytes, base64url.
  CHECK(base::Base64UrlDecode(response->consent_token()).value().size() == 32);
  CHECK(response->expires_at().seconds() ==
        absl::ToUnixSeconds(harness.clock.Now() + absl::Minutes(10)));
  REQUIRE(harness.store.consents.size() == 1);
  const ConsentAnswer& answer = harness.store.consents[0].answer;
  CHECK(answer.scope.account_id == kAccount);
  CHECK(answer.scope.flow_id == kFlow);
  CHECK(answer.request_id == "r-consent");
  CHECK(answer.text_version == "7");
  CHECK(answer.text_sha256 == kTextHash);
  CHECK(answer.decision == ConsentDecision::kGiven);
  CHECK(answer.locale == "en-US");
  CHECK(answer.decided_at == harness.clock.Now());
  CHECK(harness.store.consents[0].token == response->consent_token());
  CHECK(harness.audit.lines == Words{"consent.given r-consent mhv given"});
  CHECK(harness.audit.about == Words{kAccount});
}

TEST_CASE("RecordConsent: a declined answer is kept and grants nothing", "[proofing][api][rule]") {
  Harness harness;
  const auto response = harness.Record(harness.Answer(v1::CONSENT_DECISION_DECLINED));
  REQUIRE(response.ok());
  CHECK(response->consent_token().empty());
  CHECK_FALSE(response->has_expires_at());
  REQUIRE(harness.store.consents.size() == 1);
  CHECK(harness.store.consents[0].answer.decision == ConsentDecision::kDeclined);
  CHECK(harness.store.consents[0].token.empty());
  CHECK(harness.audit.lines.empty());
  CHECK(ToWords(harness.Start("")->reasons()) == Words{"consent_missing"});
}

TEST_CASE("RecordConsent: what is not an answer to the text in force is not kept",
          "[proofing][api][rule]") {
  struct Row {
    const char* says;
    absl::StatusCode code;
    const char* reason;
    std::function<void(v1::RecordConsentRequest&)> change;
  };
  const std::vector<Row> rows = {
      {"an earlier version of the text", absl::StatusCode::kFailedPrecondition, "CONSENT_TEXT",
       [](v1::RecordConsentRequest& r) { r.set_text_version("6"); }},
      {"no version", absl::StatusCode::kFailedPrecondition, "CONSENT_TEXT",
       [](v1::RecordConsentRequest& r) { r.clear_text_version(); }},
      {"no hash", absl::StatusCode::kInvalidArgument, "TEXT_SHA256",
       [](v1::RecordConsentRequest& r) { r.clear_text_sha256(); }},
      {"neither yes nor no", absl::StatusCode::kInvalidArgument, "CONSENT_DECISION",
       [](v1::RecordConsentRequest& r) { r.clear_decision(); }},
      {"no language", absl::StatusCode::kInvalidArgument, "LOCALE",
       [](v1::RecordConsentRequest& r) { r.clear_locale(); }},
      {"no request id", absl::StatusCode::kInvalidArgument, "REQUEST_ID",
       [](v1::RecordConsentRequest& r) { r.clear_request_id(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.says);
    Harness harness;
    v1::RecordConsentRequest request = harness.Answer();
    row.change(request);
    CheckRefused(harness.Record(request).status(), row.code, row.reason);
    CHECK(harness.store.consents.empty());
  }
}

TEST_CASE("RecordConsent: without an audit record no token is told", "[proofing][api][rule]") {
  Harness harness;
  harness.audit.failure = base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_WRITE", "full");
  CheckRefused(harness.Record(harness.Answer()).status(), absl::StatusCode::kUnavailable,
               "AUDIT_WRITE");
}

TEST_CASE("StartHandoff: consent, then eligibility, then the code: 32 hex digits for 90 minutes",
          "[proofing][api][rule]") {
  Harness harness;
  const std::string consent = harness.Consent();
  const auto response = harness.Start(consent);
  INFO(response.status());
  REQUIRE(response.ok());
  CHECK(response->reasons().empty());
  CHECK(response->auth_code().size() == 32);
  CHECK(response->auth_code().find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(response->expires_at().seconds() ==
        absl::ToUnixSeconds(harness.clock.Now() + absl::Seconds(5400)));
  REQUIRE(harness.store.handoffs.size() == 1);
  CHECK(harness.store.handoffs[0].code.Reveal() == response->auth_code());
  CHECK(harness.store.handoffs[0].csp == identity::Csp::kMhv);
  CHECK(harness.audit.lines.back() == "proofing.code_issued r-start mhv issued");
  CHECK(harness.audit.about.back() == kAccount);
}

TEST_CASE(
    "StartHandoff: without a consent of this account and session MHV and MPI are not asked "
    "(vector project.consent_required)",
    "[proofing][api][rule]") {
  struct Row {
    const char* says;
    std::function<std::string(Harness&)> token;
    std::function<void(Harness&, v1::Subject&)> change = nullptr;
  };
  const std::vector<Row> rows = {
      {"none", [](Harness&) { return std::string(); }},
      {"invented", [](Harness&) { return std::string(43, 'A'); }},
      {"spent",
       [](Harness& h) {
         std::string token = h.Consent();
         REQUIRE(h.Start(token)->auth_code().size() == 32);
         return token;
       }},
      {"expired",
       [](Harness& h) {
         std::string token = h.Consent();
         h.clock.Advance(absl::Minutes(10));
         return token;
       }},
      {"of another session", [](Harness& h) { return h.Consent(); },
       [](Harness& h, v1::Subject& s) {
         jose::DecisionFacts facts = Harness::Facts();
         facts.flow_id = "5a1f2b3c-4d5e-4f60-8a7b-9c0d1e2f3a02";
         s.set_flow_id(facts.flow_id);
         s.set_decision_token(h.Token(facts));
       }},
      {"of another account", [](Harness& h) { return h.Consent(); },
       [](Harness& h, v1::Subject& s) {
         jose::DecisionFacts facts = Harness::Facts();
         facts.account_id = "0c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c02";
         s.set_account_id(facts.account_id);
         s.set_decision_token(h.Token(facts));
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.says);
    Harness harness;
    const std::string token = row.token(harness);
    const size_t minted = harness.store.handoffs.size();
    harness.mhv.calls.clear();
    harness.people.asked.clear();
    v1::Subject subject = harness.Subject();
    if (row.change) row.change(harness, subject);
    const auto response = harness.Start(token, subject);
    INFO(response.status());
    REQUIRE(response.ok());
    CHECK(ToWords(response->reasons()) == Words{"consent_missing"});
    CHECK(response->auth_code().empty());
    CHECK_FALSE(response->has_expires_at());
    CHECK(harness.mhv.calls.empty());
    CHECK(harness.people.asked.empty());
    CHECK(harness.store.handoffs.size() == minted);
  }
}

TEST_CASE(
    "StartHandoff: MPI is asked anew about flags before a proofing goes; an invitation is not",
    "[proofing][api][rule]") {
  Harness harness;
  REQUIRE(harness.Check().ok());
  CHECK(harness.people.ages == std::vector<FlagsAge>{FlagsAge::kMinutes});
  REQUIRE(harness.Start(harness.Consent()).ok());
  CHECK(harness.people.ages.back() == FlagsAge::kNow);
}

TEST_CASE("StartHandoff: MHV down is UNAVAILABLE, and the consent is not spent (M8)",
          "[proofing][api][rule]") {
  Harness harness;
  const std::string consent = harness.Consent();
  harness.mhv.failure =
      base::MakeError(absl::StatusCode::kUnavailable, "MHV_TIMEOUT", "slow", true);
  const absl::Status status = harness.Start(consent).status();
  CheckRefused(status, absl::StatusCode::kUnavailable, "MHV_TIMEOUT");
  CHECK(base::IsRetryable(status));
  CHECK(harness.store.handoffs.empty());
  harness.mhv.failure = absl::OkStatus();
  CHECK(harness.Start(consent)->auth_code().size() == 32);
}

TEST_CASE(
    "StartHandoff: eligibility is judged again, and a refusal does not spend the consent "
    "(seed 003, question 5)",
    "[proofing][api][rule]") {
  Harness harness;
  CHECK(harness.Check()->eligible());
  const std::string consent = harness.Consent();
  harness.people.flags.id_theft = true;
  harness.mhv.record.method = "RPA";
  const auto refused = harness.Start(consent);
  REQUIRE(refused.ok());
  CHECK(ToWords(refused->reasons()) == Words{"id_theft", "not_in_person_proofed"});
  CHECK(refused->auth_code().empty());
  CHECK(harness.store.handoffs.empty());
  harness.people.flags.id_theft = false;
  harness.mhv.record.method = "IPA";
  CHECK(harness.Start(consent)->auth_code().size() == 32);
}

TEST_CASE("StartHandoff: a consent that ends while MHV is asked starts nothing",
          "[proofing][api][rule]") {
  Harness harness;
  const std::string consent = harness.Consent();
  harness.mhv.on_read = [&harness] { harness.clock.Advance(absl::Minutes(10)); };
  const auto response = harness.Start(consent);
  REQUIRE(response.ok());
  CHECK(ToWords(response->reasons()) == Words{"consent_missing"});
  CHECK(response->auth_code().empty());
  CHECK(harness.store.handoffs.empty());
}

TEST_CASE("StartHandoff: without an audit record no code is told", "[proofing][api][rule]") {
  Harness harness;
  const std::string consent = harness.Consent();
  harness.audit.failure = base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_WRITE", "full");
  CheckRefused(harness.Start(consent).status(), absl::StatusCode::kUnavailable, "AUDIT_WRITE");
}

TEST_CASE("Log and audit: no code, no token, nobody's ids", "[proofing][api][security]") {
  Harness harness;
  const std::string consent = harness.Consent();
  const auto response = harness.Start(consent);
  REQUIRE(response.ok());
  harness.mhv.failure =
      base::MakeError(absl::StatusCode::kUnavailable, "MHV_UNAVAILABLE", "MHV answered HTTP 503");
  CHECK_FALSE(harness.Check().ok());
  v1::Subject other = harness.Subject();
  other.set_decision_token(other.decision_token() + "A");
  CHECK_FALSE(harness.Check(other).ok());
  std::string all = harness.lines.text;
  for (const std::string& line : harness.audit.lines) all += line;
  CHECK(absl::StrContains(all, "proofing.handoff.start"));
  CHECK(absl::StrContains(all, "MHV answered HTTP 503"));
  for (const std::string& secret :
       {consent, response->auth_code(), std::string(kAccount), std::string(kIcn),
        std::string(kMhvId), harness.Subject().decision_token().substr(0, 20)}) {
    CAPTURE(secret);
    CHECK_FALSE(absl::StrContains(all, secret));
  }
}

}  // namespace
}  // namespace va::proofing
