// The adapters for what follows a session, each against a server of its method over mutual TLS:
// what goes over the wire, and what an answer or a failure becomes.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "services/auth-gateway/adapters/grpc_attribute_rules.h"
#include "services/auth-gateway/adapters/grpc_mhv_accounts.h"
#include "services/auth-gateway/adapters/grpc_proofing_handoff.h"
#include "services/auth-gateway/adapters/grpc_terms.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/mhv/v1/mhv.pb.h"
#include "va/proofing/v1/proofing.pb.h"

namespace va::gateway {
namespace {

namespace attributes = ::va::attributes::v1;

// Whoever is asked: one method that keeps the question and gives the answer the test set.
template <typename Request, typename Response>
class Neighbour {
 public:
  explicit Neighbour(const std::string& method) {
    rpc::ServerBuilder builder;
    builder.Unary<Request, Response>(method,
                                     [this](const rpc::CallContext& context,
                                            const Request& request) -> absl::StatusOr<Response> {
                                       asked = request;
                                       request_id = context.request_id;
                                       return answer;
                                     });
    builder.Allow("auth-gateway.va.internal", {method});
    const testing::PemFiles mine = pki_.IssueService("neighbour");
    rpc::ServerOptions options;
    options.tls = {mine.certificate_file, mine.private_key_file, pki_.ca_file()};
    server_ = builder.Start(options, pool_, clock_).value();
  }
  ~Neighbour() {
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  rpc::Channel Channel() {
    const testing::PemFiles caller = pki_.IssueService("auth-gateway");
    return rpc::Connect(absl::StrCat("127.0.0.1:", server_->port()),
                        {caller.certificate_file, caller.private_key_file, pki_.ca_file()},
                        "neighbour.va.internal")
        .value();
  }
  CallScope Scope() { return {"request-1", clock_.Now() + absl::Seconds(10)}; }

  absl::StatusOr<Response> answer = Response();
  Request asked;
  std::string request_id;

 private:
  base::SystemClock clock_;
  testing::TestPki pki_;
  base::WorkerPool pool_{1, 4};
  std::unique_ptr<rpc::Server> server_;
};

AdmittedPerson Person() {
  AdmittedPerson person;
  person.flow_id = "flow-1";
  person.account_id = "account-1";
  person.icn = identity::Icn::FromWire("1000000001V000001");
  person.mhv_id = identity::CspId::FromWire("12345");
  person.csp = identity::Csp::kMhv;
  person.email = identity::PersonText::FromWire("ada@example.test");
  person.decision_token = identity::Secret::FromWire("token");
  return person;
}

TEST_CASE("GrpcMhvAccounts: E6 asks for the attempt with the person's proof", "[adapters][E6]") {
  Neighbour<mhv::v1::EnsureAccountRequest, mhv::v1::EnsureAccountResponse> neighbour(
      "va.mhv.v1.MhvAccountService/EnsureAccount");
  neighbour.answer->set_state(mhv::v1::ACCOUNT_STATE_ENSURED);
  GrpcMhvAccounts accounts(neighbour.Channel());
  CHECK(accounts.EnsureAccount(Person(), neighbour.Scope()).value() == MhvAccountState::kEnsured);
  CHECK(neighbour.asked.request_id() == "flow-1");
  CHECK(neighbour.asked.account_id() == "account-1");
  CHECK(neighbour.asked.icn() == "1000000001V000001");
  CHECK(neighbour.asked.decision_token() == "token");
  CHECK(neighbour.asked.email() == "ada@example.test");
  CHECK(neighbour.request_id == "request-1");
}

TEST_CASE("GrpcMhvAccounts: M8 every state is told apart, an unknown one and an outage are none",
          "[adapters][M8]") {
  Neighbour<mhv::v1::EnsureAccountRequest, mhv::v1::EnsureAccountResponse> neighbour(
      "va.mhv.v1.MhvAccountService/EnsureAccount");
  GrpcMhvAccounts accounts(neighbour.Channel());
  const std::pair<mhv::v1::AccountState, MhvAccountState> rows[] = {
      {mhv::v1::ACCOUNT_STATE_ENSURED, MhvAccountState::kEnsured},
      {mhv::v1::ACCOUNT_STATE_NEEDS_TERMS, MhvAccountState::kNeedsTerms},
      {mhv::v1::ACCOUNT_STATE_INELIGIBLE, MhvAccountState::kIneligible},
  };
  for (const auto& [wire, state] : rows) {
    neighbour.answer->set_state(wire);
    CHECK(accounts.EnsureAccount(Person(), neighbour.Scope()).value() == state);
  }
  neighbour.answer->clear_state();
  CHECK(base::ReasonOf(accounts.EnsureAccount(Person(), neighbour.Scope()).status()) ==
        "ACCOUNT_STATE_UNKNOWN");
  neighbour.answer = base::MakeError(absl::StatusCode::kUnavailable, "MHV_DOWN", "away", true);
  CHECK(accounts.EnsureAccount(Person(), neighbour.Scope()).status().code() ==
        absl::StatusCode::kUnavailable);
}

TEST_CASE("GrpcProofingHandoff: names the whole subject; eligible is invited, else it is not",
          "[adapters][E6]") {
  Neighbour<proofing::v1::CheckEligibilityRequest, proofing::v1::CheckEligibilityResponse>
      neighbour("va.proofing.v1.ProofingService/CheckEligibility");
  GrpcProofingHandoff handoff(neighbour.Channel());
  CHECK(handoff.CheckEligibility(Person(), neighbour.Scope()).value() ==
        ProofingState::kNotEligible);
  neighbour.answer->set_eligible(true);
  CHECK(handoff.CheckEligibility(Person(), neighbour.Scope()).value() == ProofingState::kInvited);
  const proofing::v1::Subject& subject = neighbour.asked.subject();
  CHECK(neighbour.asked.request_id() == "request-1");
  CHECK(subject.account_id() == "account-1");
  CHECK(subject.icn() == "1000000001V000001");
  CHECK(subject.mhv_id() == "12345");
  CHECK(subject.csp() == common::v1::CSP_MHV);
  CHECK(subject.flow_id() == "flow-1");
  CHECK(subject.decision_token() == "token");
  neighbour.answer = base::MakeError(absl::StatusCode::kUnavailable, "MHV_DOWN", "away", true);
  CHECK_FALSE(handoff.CheckEligibility(Person(), neighbour.Scope()).ok());
}

TEST_CASE("GrpcProofingHandoff: a consent names its text and its answer", "[adapters]") {
  Neighbour<proofing::v1::RecordConsentRequest, proofing::v1::RecordConsentResponse> neighbour(
      "va.proofing.v1.ProofingService/RecordConsent");
  GrpcProofingHandoff handoff(neighbour.Channel());
  ConsentAnswer answer{.id = "answer-1",
                       .text_version = "2026-11",
                       .text_sha256 = "ab",
                       .locale = "en",
                       .given = true};
  REQUIRE(handoff.RecordConsent(Person(), answer, neighbour.Scope()).ok());
  CHECK(neighbour.asked.request_id() == "answer-1");
  CHECK(neighbour.asked.subject().decision_token() == "token");
  CHECK(neighbour.asked.text_version() == "2026-11");
  CHECK(neighbour.asked.text_sha256() == "ab");
  CHECK(neighbour.asked.locale() == "en");
  CHECK(neighbour.asked.decision() == proofing::v1::CONSENT_DECISION_GIVEN);
  answer.given = false;
  REQUIRE(handoff.RecordConsent(Person(), answer, neighbour.Scope()).ok());
  CHECK(neighbour.asked.decision() == proofing::v1::CONSENT_DECISION_DECLINED);
}

TEST_CASE("GrpcTerms: the document as it applies now, and the latest answer to it", "[adapters]") {
  Neighbour<attributes::GetTermsAcceptanceRequest, attributes::GetTermsAcceptanceResponse>
      neighbour("va.attributes.v1.AttributesService/GetTermsAcceptance");
  GrpcTerms terms(neighbour.Channel());
  attributes::TermsRecord& current = *neighbour.answer->mutable_current();
  current.set_title("Terms");
  current.set_revision("3");
  current.set_legal_version("1.0");
  auto status = terms.GetTermsAcceptance("account-1", "va_terms_of_use", neighbour.Scope());
  REQUIRE(status.ok());
  CHECK(neighbour.asked.account_id() == "account-1");
  CHECK(neighbour.asked.document() == "va_terms_of_use");
  CHECK(status->title == "Terms");
  CHECK(status->revision == "3");
  CHECK(status->legal_version == "1.0");
  CHECK_FALSE(status->accepted);
  CHECK_FALSE(status->declined);

  attributes::TermsRecord& latest = *neighbour.answer->mutable_latest();
  latest.set_decision(attributes::TERMS_DECISION_DECLINED);
  latest.mutable_decided_at()->set_seconds(1'768'478'400);
  status = terms.GetTermsAcceptance("account-1", "va_terms_of_use", neighbour.Scope());
  CHECK(status->declined);
  CHECK(status->decided_at == absl::FromUnixSeconds(1'768'478'400));

  // Accepted once, but another revision: not accepted, and no refusal either.
  latest.set_decision(attributes::TERMS_DECISION_ACCEPTED);
  status = terms.GetTermsAcceptance("account-1", "va_terms_of_use", neighbour.Scope());
  CHECK_FALSE(status->accepted);
  CHECK_FALSE(status->declined);
  neighbour.answer->set_accepted(true);
  CHECK(terms.GetTermsAcceptance("account-1", "va_terms_of_use", neighbour.Scope())->accepted);
}

TEST_CASE("GrpcTerms: an answer carries its own id, what was shown and the proof",
          "[adapters][E6]") {
  Neighbour<attributes::RecordTermsRequest, attributes::RecordTermsResponse> neighbour(
      "va.attributes.v1.AttributesService/RecordTerms");
  GrpcTerms terms(neighbour.Channel());
  TermsAnswer answer{
      .id = "answer-1", .document = "va_terms_of_use", .revision = "3", .accepted = true};
  REQUIRE(terms.RecordTerms(Person(), answer, neighbour.Scope()).ok());
  CHECK(neighbour.asked.request_id() == "answer-1");
  CHECK(neighbour.asked.flow_id() == "flow-1");
  CHECK(neighbour.asked.account_id() == "account-1");
  CHECK(neighbour.asked.document() == "va_terms_of_use");
  CHECK(neighbour.asked.revision() == "3");
  CHECK(neighbour.asked.decision() == attributes::TERMS_DECISION_ACCEPTED);
  CHECK(neighbour.asked.decision_token() == "token");
  answer.accepted = false;
  neighbour.answer =
      base::MakeError(absl::StatusCode::kFailedPrecondition, "TERMS_REVISION", "older");
  CHECK(base::ReasonOf(terms.RecordTerms(Person(), answer, neighbour.Scope())) == "TERMS_REVISION");
  CHECK(neighbour.asked.decision() == attributes::TERMS_DECISION_DECLINED);
}

SessionRecord Session() {
  SessionRecord session;
  session.flow_id = "flow-1";
  session.account_id = "account-1";
  session.verification_id = "7";
  session.application = "vaweb";
  session.assurance.ial = 2;
  session.assurance.aal = 2;
  session.assurance.csp = identity::Csp::kMhv;
  session.assurance.pathway = "ssoe";
  session.assurance.loa_current = 3;
  session.assurance.loa_highest = 3;
  session.assurance.auth_time = absl::FromUnixSeconds(1'768'478'400);
  session.waived_findings = {"103"};
  return session;
}

TEST_CASE("GrpcAttributeRules: E6 a renewal names the session and the policy of now",
          "[adapters][E6]") {
  Neighbour<attributes::RenewDecisionRequest, attributes::RenewDecisionResponse> neighbour(
      "va.attributes.v1.AttributesService/RenewDecision");
  GrpcAttributeRules rules(neighbour.Channel());
  neighbour.answer->set_verdict(attributes::VERDICT_ADMIT);
  neighbour.answer->set_decision_token("fresh");
  const auto renewed = rules.RenewDecision(Session(), "policy-1", neighbour.Scope());
  REQUIRE(renewed.ok());
  CHECK(renewed->admitted);
  CHECK(renewed->decision_token.Reveal() == "fresh");
  CHECK(neighbour.asked.request_id() == "request-1");
  CHECK(neighbour.asked.flow_id() == "flow-1");
  CHECK(neighbour.asked.account_id() == "account-1");
  CHECK(neighbour.asked.verification_id() == "7");
  CHECK(neighbour.asked.application() == "vaweb");
  CHECK(neighbour.asked.policy_version() == "policy-1");
  REQUIRE(neighbour.asked.waived_findings_size() == 1);
  CHECK(neighbour.asked.waived_findings(0) == "103");
  CHECK(neighbour.asked.assurance().ial() == 2);
  CHECK(neighbour.asked.assurance().aal() == 2);
  CHECK(neighbour.asked.assurance().csp() == common::v1::CSP_MHV);
  CHECK(neighbour.asked.assurance().pathway() == "ssoe");
  CHECK(neighbour.asked.assurance().loa_current() == 3);
  CHECK(neighbour.asked.assurance().auth_time().seconds() == 1'768'478'400);
}

TEST_CASE("GrpcAttributeRules: E6 a denial carries no token, and no verdict is no denial",
          "[adapters][E6]") {
  Neighbour<attributes::RenewDecisionRequest, attributes::RenewDecisionResponse> neighbour(
      "va.attributes.v1.AttributesService/RenewDecision");
  GrpcAttributeRules rules(neighbour.Channel());
  neighbour.answer->set_verdict(attributes::VERDICT_DENY);
  neighbour.answer->set_code("107");
  neighbour.answer->set_tag("id_theft");
  neighbour.answer->set_decision_token("must not be used");
  const auto denied = rules.RenewDecision(Session(), "policy-1", neighbour.Scope());
  REQUIRE(denied.ok());
  CHECK_FALSE(denied->admitted);
  CHECK(denied->code == "107");
  CHECK(denied->tag == "id_theft");
  CHECK(denied->decision_token.empty());
  for (const attributes::Verdict verdict :
       {attributes::VERDICT_UNSPECIFIED, attributes::VERDICT_TRY_LATER,
        attributes::VERDICT_STEP_UP}) {
    neighbour.answer->set_verdict(verdict);
    CHECK(base::ReasonOf(rules.RenewDecision(Session(), "policy-1", neighbour.Scope()).status()) ==
          "VERDICT_UNKNOWN");
  }
}

}  // namespace
}  // namespace va::gateway
