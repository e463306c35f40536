// The terms of use without a wire: messages in, messages out, real decision tokens.
#include "services/user-attributes/api/grpc/terms_service.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "services/user-attributes/api/grpc/api_fixture.h"

namespace va::attributes {
namespace {

constexpr char kAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020100";
constexpr char kOtherAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020101";
constexpr char kDocument[] = "va_terms_of_use";

// Append-only rows, as the real store keeps them.
class FakeTerms final : public TermsStore {
 public:
  absl::StatusOr<TermsAnswer> Record(absl::string_view account_id, absl::string_view request_id,
                                     const TermsAnswer& answer, absl::Time /*deadline*/) override {
    if (!failure.ok()) return failure;
    for (const Row& row : rows) {
      if (row.account_id == account_id && row.request_id == request_id) return row.answer;
    }
    rows.push_back({std::string(account_id), std::string(request_id), answer});
    return answer;
  }
  absl::StatusOr<std::optional<TermsAnswer>> Latest(absl::string_view account_id,
                                                    absl::string_view document,
                                                    absl::Time /*deadline*/) override {
    if (!failure.ok()) return failure;
    std::optional<TermsAnswer> latest;
    for (const Row& row : rows) {
      if (row.account_id == account_id && row.answer.document.name == document) latest = row.answer;
    }
    return latest;
  }

  struct Row {
    std::string account_id;
    std::string request_id;
    TermsAnswer answer;
  };
  std::vector<Row> rows;
  absl::Status failure;
};

struct Harness {
  TermsDocument current{kDocument, "3", "1.0", "VA Enterprise Terms of Use"};
  FakeTerms terms;
  testing::FakeClock clock{absl::FromUnixSeconds(1700000000)};
  LogLines lines;
  telemetry::Log log{"user-attributes", telemetry::Severity::kDebug, clock, lines};
  FakeAudit audit;
  testing::FixedIds ids;
  TestDecisions decisions;
  jose::DecisionVerifier verifier = decisions.VerifierOf(jose::kAttributesAudience);
  TermsServiceImpl service{{current, terms, verifier, clock, log, audit}};

  std::string Token(const std::string& account = kAccount, const std::string& flow = "flow-1") {
    jose::DecisionFacts facts;
    facts.account_id = account;
    facts.flow_id = flow;
    return decisions.signer().Sign(facts, clock.Now(), ids).value();
  }
  v1::RecordTermsRequest Answer(v1::TermsDecision decision, const std::string& request_id) {
    v1::RecordTermsRequest request;
    request.set_request_id(request_id);
    request.set_flow_id("flow-1");
    request.set_account_id(kAccount);
    request.set_document(kDocument);
    request.set_revision("3");
    request.set_decision(decision);
    request.set_decision_token(Token());
    return request;
  }
  v1::RecordTermsRequest Accept(const std::string& request_id = "r1") {
    return Answer(v1::TERMS_DECISION_ACCEPTED, request_id);
  }
  v1::RecordTermsRequest Decline(const std::string& request_id = "r2") {
    return Answer(v1::TERMS_DECISION_DECLINED, request_id);
  }
  absl::StatusOr<v1::RecordTermsResponse> Record(const v1::RecordTermsRequest& request) {
    return service.RecordTerms(
        {"auth-gateway.va.internal", "r1", "", absl::InfiniteFuture(), nullptr}, request);
  }
  absl::StatusOr<v1::GetTermsAcceptanceResponse> Get(const std::string& account = kAccount,
                                                     const std::string& document = kDocument) {
    v1::GetTermsAcceptanceRequest request;
    request.set_account_id(account);
    request.set_document(document);
    return service.GetTermsAcceptance(
        {"mhv-account.va.internal", "r1", "", absl::InfiniteFuture(), nullptr}, request);
  }
};

TEST_CASE("RecordTerms: the answer stands as it was shown, with the time of the service",
          "[attributes][terms]") {
  Harness harness;
  const auto response = harness.Record(harness.Accept());
  REQUIRE(response.ok());
  const v1::TermsRecord& record = response->record();
  CHECK(record.document() == kDocument);
  CHECK(record.revision() == "3");
  CHECK(record.legal_version() == "1.0");
  CHECK(record.title() == "VA Enterprise Terms of Use");
  CHECK(record.decision() == v1::TERMS_DECISION_ACCEPTED);
  CHECK(record.decided_at().seconds() == 1700000000);
  REQUIRE(harness.terms.rows.size() == 1);
  CHECK(harness.terms.rows[0].account_id == kAccount);
  CHECK(harness.audit.lines ==
        std::vector<std::string>{"terms.answered accepted  va_terms_of_use/3  "});
}

TEST_CASE("RecordTerms: the same key again returns the record that exists", "[attributes][terms]") {
  Harness harness;
  REQUIRE(harness.Record(harness.Accept()).ok());
  harness.clock.Advance(absl::Minutes(2));
  const auto again = harness.Record(harness.Accept());
  REQUIRE(again.ok());
  CHECK(again->record().decided_at().seconds() == 1700000000);
  CHECK(harness.terms.rows.size() == 1);
}

TEST_CASE("RecordTerms: a key that belongs to another answer is refused", "[attributes][terms]") {
  Harness harness;
  REQUIRE(harness.Record(harness.Accept("r1")).ok());
  const auto declined = harness.Record(harness.Decline("r1"));
  CHECK(declined.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(base::ReasonOf(declined.status()) == "REQUEST_ID_REUSED");
  CHECK(harness.Get()->accepted());
}

TEST_CASE("RecordTerms: an answer whose audit failed is audited by the repeat",
          "[attributes][terms]") {
  Harness harness;
  harness.audit.failure = absl::UnavailableError("disk full");
  CHECK_FALSE(harness.Record(harness.Accept()).ok());
  harness.audit.failure = absl::OkStatus();
  harness.audit.lines.clear();
  CHECK(harness.Record(harness.Accept()).ok());
  CHECK(harness.audit.lines.size() == 1);
  CHECK(harness.terms.rows.size() == 1);
}

struct RefusedRow {
  const char* rule;
  void (*spoil)(Harness&, v1::RecordTermsRequest&);
  absl::StatusCode code;
  const char* reason;
  const char* why;  // in the log, with a token that does not hold
};

TEST_CASE("RecordTerms: whatever does not fit records nothing", "[attributes][terms]") {
  using absl::StatusCode;
  const auto row = GENERATE(values<RefusedRow>({
      {"no request id", [](Harness&, v1::RecordTermsRequest& r) { r.clear_request_id(); },
       StatusCode::kInvalidArgument, "REQUEST_ID", ""},
      {"no flow id", [](Harness&, v1::RecordTermsRequest& r) { r.clear_flow_id(); },
       StatusCode::kInvalidArgument, "FLOW_ID", ""},
      {"an account that is none",
       [](Harness&, v1::RecordTermsRequest& r) { r.set_account_id("somebody"); },
       StatusCode::kInvalidArgument, "ACCOUNT_ID", ""},
      {"no answer", [](Harness&, v1::RecordTermsRequest& r) { r.clear_decision(); },
       StatusCode::kInvalidArgument, "TERMS_DECISION", ""},
      {"E6: no token", [](Harness&, v1::RecordTermsRequest& r) { r.clear_decision_token(); },
       StatusCode::kPermissionDenied, "DECISION_TOKEN", "malformed"},
      {"E6: the token of another person",
       [](Harness& h, v1::RecordTermsRequest& r) { r.set_decision_token(h.Token(kOtherAccount)); },
       StatusCode::kPermissionDenied, "DECISION_TOKEN", "account"},
      {"E6: the token of another attempt",
       [](Harness& h, v1::RecordTermsRequest& r) {
         r.set_decision_token(h.Token(kAccount, "flow-2"));
       },
       StatusCode::kPermissionDenied, "DECISION_TOKEN", "flow"},
      {"E6: a token of yesterday",
       [](Harness& h, v1::RecordTermsRequest&) { h.clock.Advance(absl::Hours(24)); },
       StatusCode::kPermissionDenied, "DECISION_TOKEN", "expired"},
      {"E6: the token of another signer",
       [](Harness& h, v1::RecordTermsRequest& r) {
         const TestDecisions other;
         jose::DecisionFacts facts;
         facts.account_id = kAccount;
         facts.flow_id = "flow-1";
         r.set_decision_token(other.signer().Sign(facts, h.clock.Now(), h.ids).value());
       },
       StatusCode::kPermissionDenied, "DECISION_TOKEN", "signature"},
      {"another document", [](Harness&, v1::RecordTermsRequest& r) { r.set_document("mhvac"); },
       StatusCode::kInvalidArgument, "TERMS_DOCUMENT", ""},
      {"an older revision", [](Harness&, v1::RecordTermsRequest& r) { r.set_revision("2"); },
       StatusCode::kFailedPrecondition, "TERMS_REVISION", ""},
      {"no revision", [](Harness&, v1::RecordTermsRequest& r) { r.clear_revision(); },
       StatusCode::kFailedPrecondition, "TERMS_REVISION", ""},
  }));
  INFO(row.rule);
  Harness harness;
  auto request = harness.Accept();
  row.spoil(harness, request);
  const auto response = harness.Record(request);
  CHECK(response.status().code() == row.code);
  CHECK(base::ReasonOf(response.status()) == row.reason);
  const bool told =
      harness.lines.text.find("\"why\":\"" + std::string(row.why) + "\"") != std::string::npos;
  CHECK(told == !std::string(row.why).empty());
  CHECK(harness.terms.rows.empty());
  CHECK(harness.audit.lines.empty());
}

TEST_CASE("GetTermsAcceptance: nobody who was never asked has accepted", "[attributes][terms]") {
  Harness harness;
  const auto response = harness.Get();
  REQUIRE(response.ok());
  CHECK_FALSE(response->accepted());
  CHECK_FALSE(response->has_latest());
  CHECK(response->current().document() == kDocument);
  CHECK(response->current().revision() == "3");
  CHECK(response->current().legal_version() == "1.0");
  CHECK(response->current().title() == "VA Enterprise Terms of Use");
  CHECK(response->current().decision() == v1::TERMS_DECISION_UNSPECIFIED);
  CHECK_FALSE(response->current().has_decided_at());
}

TEST_CASE("GetTermsAcceptance: a later decline revokes, a later acceptance restores",
          "[attributes][terms]") {
  Harness harness;
  REQUIRE(harness.Record(harness.Accept("r1")).ok());
  CHECK(harness.Get()->accepted());
  CHECK_FALSE(harness.Get(kOtherAccount)->accepted());
  REQUIRE(harness.Record(harness.Decline("r2")).ok());
  CHECK_FALSE(harness.Get()->accepted());
  CHECK(harness.Get()->latest().decision() == v1::TERMS_DECISION_DECLINED);
  REQUIRE(harness.Record(harness.Accept("r3")).ok());
  CHECK(harness.Get()->accepted());
}

TEST_CASE("GetTermsAcceptance: an acceptance of an older revision is told and does not stand",
          "[attributes][terms]") {
  Harness harness;
  REQUIRE(harness.Record(harness.Accept()).ok());
  harness.current.revision = "4";
  harness.current.legal_version = "2.0";
  const auto response = harness.Get();
  REQUIRE(response.ok());
  CHECK_FALSE(response->accepted());
  CHECK(response->latest().revision() == "3");
  CHECK(response->latest().legal_version() == "1.0");
  CHECK(response->current().revision() == "4");
  CHECK(response->current().legal_version() == "2.0");
}

TEST_CASE("GetTermsAcceptance: a caller's mistake is INVALID_ARGUMENT with a reason",
          "[attributes][terms]") {
  Harness harness;
  CHECK(base::ReasonOf(harness.Get("somebody").status()) == "ACCOUNT_ID");
  CHECK(base::ReasonOf(harness.Get(kAccount, "mhvac").status()) == "TERMS_DOCUMENT");
  CHECK(harness.Get(kAccount, "").status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Terms: a database that is down is a failure, not an unanswered question",
          "[attributes][terms]") {
  Harness harness;
  harness.terms.failure = absl::UnavailableError("down");
  CHECK(harness.Record(harness.Accept()).status().code() == absl::StatusCode::kUnavailable);
  CHECK(harness.Get().status().code() == absl::StatusCode::kUnavailable);
  CHECK(harness.audit.lines.empty());
}

TEST_CASE("RecordTerms: L1 no token lies in the log", "[attributes][terms]") {
  Harness harness;
  auto request = harness.Accept();
  REQUIRE(harness.Record(request).ok());
  request.set_flow_id("flow-2");
  REQUIRE_FALSE(harness.Record(request).ok());
  CHECK(harness.lines.text.find("terms.answered") != std::string::npos);
  CHECK(harness.lines.text.find("decision_token.refused") != std::string::npos);
  CHECK(harness.lines.text.find(request.decision_token()) == std::string::npos);
}

}  // namespace
}  // namespace va::attributes
