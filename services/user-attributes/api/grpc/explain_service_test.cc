// Explain without a wire: messages in, messages out.
#include "services/user-attributes/api/grpc/explain_service.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "services/user-attributes/api/grpc/api_fixture.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

class FixedPolicy final : public PolicySource {
 public:
  std::shared_ptr<const identity::Policy> Current() const override {
    return std::make_shared<const identity::Policy>(ShippedPolicy());
  }
  absl::Status Reload(absl::Time /*now*/) override { return absl::OkStatus(); }
};

struct Harness {
  FixedPolicy policy;
  testing::FakeClock clock{absl::FromUnixSeconds(1700000000)};
  LogLines lines;
  telemetry::Log log{"user-attributes", telemetry::Severity::kDebug, clock, lines};
  FakeAudit audit;
  ExplainServiceImpl service{{policy, clock, log, audit}};

  absl::StatusOr<v1::ExplainResponse> Ask(const v1::ExplainRequest& request) {
    rpc::CallContext context;
    context.caller = "operator.va.internal";
    context.request_id = "r-explain";
    context.deadline = clock.Now() + absl::Seconds(5);
    return service.Explain(context, request);
  }
};

v1::ExplainRequest RequestOf(const Statement& statement, const std::string& application = "vaweb") {
  v1::ExplainRequest request;
  request.mutable_context()->set_type("idme");
  request.mutable_context()->set_application(application);
  const SsoeAssertion assertion = statement.Build();
  v1::SsoeAssertion& ssoe = *request.mutable_ssoe();
  ssoe.set_authn_context(std::string(assertion.authn_context));
  ssoe.mutable_auth_time()->set_seconds(1700000000);
  for (const Attribute& attribute : assertion.attributes) {
    v1::Attribute& added = *ssoe.add_attributes();
    added.set_name(std::string(attribute.name));
    for (const absl::string_view value : attribute.values) added.add_values(std::string(value));
  }
  return request;
}

Statement TwoMhvIds() {
  return MhvPremium().With(
      "gcIds",
      "1000000001V100001^NI^200M^USVHA^P|30001^PI^200MHS^USVHA^A|30002^PI^200MHS^USVHA^A|"
      "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A");
}

const v1::RuleStep* FindStep(const v1::ExplainResponse& response, const std::string& rule) {
  const auto found = std::find_if(response.steps().begin(), response.steps().end(),
                                  [&](const v1::RuleStep& step) { return step.rule() == rule; });
  return found == response.steps().end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("Explain: every rule that is reached is told in order, with words and source", "[api]") {
  Harness harness;
  const auto response = harness.Ask(RequestOf(TwoMhvIds()));
  REQUIRE(response.ok());
  CHECK(response->decision().verdict() == v1::VERDICT_DENY);
  CHECK(response->decision().code() == "101");
  CHECK(response->profile() == "ssoe-2022");
  CHECK(response->claims().last_name() == "FERNBROOK");
  REQUIRE(response->steps_size() > 1);
  for (const v1::RuleStep& step : response->steps()) {
    CAPTURE(step.rule());
    CHECK_FALSE(step.words().empty());
    CHECK_FALSE(step.source().empty());
    CHECK(step.outcome() != v1::RuleStep::OUTCOME_UNSPECIFIED);
  }
  const v1::RuleStep* const step = FindStep(*response, "multiple_mhv_ids");
  REQUIRE(step != nullptr);
  CHECK(step->outcome() == v1::RuleStep::OUTCOME_BLOCKED);
}

TEST_CASE("Explain R2: a waiver and a named profile are told as what they are", "[api][R2]") {
  Harness harness;
  const auto waived = harness.Ask(RequestOf(TwoMhvIds(), "mhv"));
  REQUIRE(waived.ok());
  const v1::RuleStep* const step = FindStep(*waived, "multiple_mhv_ids");
  REQUIRE(step != nullptr);
  CHECK(step->outcome() == v1::RuleStep::OUTCOME_WAIVED);
  v1::ExplainRequest other = RequestOf(TwoMhvIds());
  other.set_profile("ssoe-2025");
  const auto noted = harness.Ask(other);
  REQUIRE(noted.ok());
  CHECK(noted->profile() == "ssoe-2025");
  REQUIRE(FindStep(*noted, "multiple_mhv_ids") != nullptr);
  CHECK(FindStep(*noted, "multiple_mhv_ids")->outcome() == v1::RuleStep::OUTCOME_NOTED);
}

TEST_CASE("Explain: nothing is linked and nothing is signed, whatever the rules decide", "[api]") {
  Harness harness;
  v1::ExplainRequest request = RequestOf(IdmeLoa1().With("ial_idme_highest", "1"));
  const auto response = harness.Ask(request);
  REQUIRE(response.ok());
  CHECK(response->decision().verdict() == v1::VERDICT_ADMIT);
  CHECK(response->decision().account_id().empty());
  CHECK(response->decision().verification_id().empty());
  CHECK(response->decision().decision_token().empty());
  CHECK(response->decision().policy_version() == ShippedPolicy().version);
}

TEST_CASE("Explain: that somebody asked is on record, and not whom it was about", "[api]") {
  Harness harness;
  REQUIRE(harness.Ask(RequestOf(IdmeLoa3())).ok());
  REQUIRE(harness.audit.lines.size() == 1);
  CHECK(absl::StartsWith(harness.audit.lines[0], "decision.explained"));
  CHECK(harness.audit.request_ids[0] == "r-explain");
  const std::string all = harness.audit.All() + harness.lines.text;
  CHECK(absl::StrContains(all, "operator.va.internal"));
  for (const char* personal :
       {"FERNBROOK", "ida.", "1971", "666010001", "1000000001", "11d0e4a1"}) {
    CAPTURE(personal);
    CHECK_FALSE(absl::StrContains(all, personal));
  }
  // What cannot be put on record is not told.
  harness.audit.failure = absl::UnavailableError("disk");
  CHECK(absl::IsUnavailable(harness.Ask(RequestOf(IdmeLoa3())).status()));
}

TEST_CASE("Explain: unknown names and halves of requests are the caller's mistake", "[api]") {
  Harness harness;
  const auto reason = [&](const v1::ExplainRequest& request) {
    const auto response = harness.Ask(request);
    CHECK_FALSE(response.ok());
    return base::ReasonOf(response.status());
  };
  v1::ExplainRequest request = RequestOf(IdmeLoa3());
  request.set_profile("nothing");
  CHECK(reason(request) == "PROFILE_UNKNOWN");
  request = RequestOf(IdmeLoa3());
  request.mutable_context()->set_policy_version("another");
  CHECK(reason(request) == "POLICY_VERSION");
  request = RequestOf(IdmeLoa3());
  request.clear_ssoe();
  CHECK(reason(request) == "CREDENTIAL_MISSING");
  request = RequestOf(IdmeLoa3(), "nowhere");
  CHECK(reason(request) == "UNKNOWN_APPLICATION");
  request = RequestOf(IdmeLoa3());
  request.set_mpi_outcome(common::v1::MPI_OUTCOME_OK);
  CHECK(reason(request) == "MPI_PROFILE");
  CHECK(harness.audit.lines.empty());
}

TEST_CASE("Explain: the answer of an OpenID Connect provider is explained, too", "[api]") {
  Harness harness;
  v1::ExplainRequest request = RequestOf(IdmeLoa3());
  request.clear_ssoe();
  v1::OidcCredential& oidc = *request.mutable_oidc();
  oidc.set_issuer(common::v1::CSP_LOGINGOV);
  oidc.set_service(common::v1::CSP_LOGINGOV);
  oidc.set_requested_acr("ial1");
  v1::Attribute& claim = *oidc.add_claims();
  claim.set_name("sub");
  claim.add_values("5cdc7ca0-1d2f-4d3b-8e36-2f0c3c7a7001");
  const auto response = harness.Ask(request);
  REQUIRE(response.ok());
  CHECK(response->profile() == "sis");
  CHECK(response->steps_size() > 0);
}

}  // namespace va::attributes
