// The user-attributes program as it is shipped, over mutual TLS and on a real PostgreSQL: a person
// is admitted, the decision is renewed, the terms are answered, and the proof of the one call opens
// the other. Every caller gets what its row lists and no more.
#include <signal.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/jose/decision_token.h"
#include "lib/rpc/channel.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "services/user-attributes/domain/rule_fixture.h"
#include "tests/integration/child_process.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::integration {
namespace {

namespace v1 = attributes::v1;

constexpr char kService[] = "va.attributes.v1.AttributesService/";
constexpr char kIcn[] = "1000000001V100001";

// The program with a database, an authority and keys of its own.
class Site {
 public:
  Site() : database_(testing::TempDatabase::Create("attributes").value()) {
    const std::string key = crypto::GenerateKeyPem(crypto::NewKey::kEcP256).value();
    public_key_ = crypto::PrivateKey::FromPem(key).value().Public().Pem();
    config_file_ = pki_.dir().Write("config.yaml", Yaml(key));
    REQUIRE(Run({"--migrate"})->Wait() == 0);
    program_ = Run({});
    const auto ready = program_->AwaitEvent("service.ready");
    REQUIRE(ready.has_value());
    port_ = ready->at("grpc_port");
  }

  // Calls `method` with the certificate of `caller`.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& caller, const std::string& method,
                                const Request& request) {
    const testing::PemFiles files = pki_.IssueService(caller);
    const auto channel =
        rpc::Connect(absl::StrCat("127.0.0.1:", port_),
                     {files.certificate_file, files.private_key_file, pki_.ca_file()},
                     "user-attributes.va.internal");
    REQUIRE(channel.ok());
    return rpc::Call<Response>(*channel, absl::StrCat(kService, method), request,
                               {clock_.Now() + absl::Seconds(10), "req-1"});
  }

  // What mhv-account would make of the token.
  absl::StatusOr<jose::VerifiedDecision> Verified(const std::string& token,
                                                  const std::string& account_id) {
    const auto verifier =
        jose::DecisionVerifier::Create(
            {crypto::PublicKey::FromPem(public_key_).value()},
            crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(IcnRing()).value()),
            jose::kMhvAccountAudience)
            .value();
    return verifier.Verify(token, {account_id, identity::Icn::FromWire(kIcn), "flow-1"},
                           clock_.Now());
  }

  std::string Psql(const std::string& sql) {
    return database_->Psql("SET search_path = attributes; " + sql).value();
  }
  std::string AuditTrail() const {
    std::ifstream file(absl::StrCat(pki_.dir().path(), "/audit.jsonl"));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  ChildProcess& program() { return *program_; }

 private:
  static std::string IcnRing() { return absl::StrCat("icn-1:", std::string(64, 'c'), "\n"); }

  std::string Yaml(const std::string& key) {
    const testing::PemFiles mine = pki_.IssueService("user-attributes");
    const store::PoolOptions app = database_->App();
    const auto row = [](const std::string& method) { return absl::StrCat(kService, method); };
    const std::string ring =
        pki_.dir().Write("data.keys", absl::StrCat("k1:", std::string(64, 'a'), "\n"));
    pki_.dir().Write("decision.key", key);
    return absl::StrCat(
        "ops: {listen: '127.0.0.1:0'}\n", "grpc:\n  listen: '127.0.0.1:0'\n",
        "  tls: {certificate_file: ", mine.certificate_file,
        ", private_key_file: ", mine.private_key_file, ", ca_file: ", pki_.ca_file(), "}\n",
        "  callers: {auth-gateway.va.internal: [", row("Admit"), ", ", row("RenewDecision"), ", ",
        row("RecordTerms"), "], mhv-account.va.internal: [", row("GetTermsAcceptance"), "]}\n",
        "database: {host: ", app.host, ", port: ", app.port, ", name: ", app.name,
        ", user: ", app.user, ", owner_user: ", database_->Owner().user, "}\n",
        "audit: {file: ", pki_.dir().path(),
        "/audit.jsonl, pseudonym_keys_file: ", pki_.dir().Write("audit.keys", IcnRing()), "}\n",
        "policy: {file: deploy/policy/policy.yaml}\n", "keys: {sealed_box_file: ", ring,
        ", lookup_file: ", ring, "}\n", "decision: {signing_ring_file: ",
        pki_.dir().Write("decision.ring", "ring signing ES256\nk1:decision.key:current\n"),
        ", icn_keys_file: ", pki_.dir().Write("icn.keys", IcnRing()), "}\n");
  }
  std::unique_ptr<ChildProcess> Run(std::vector<std::string> more) {
    more.insert(more.begin(), {"--config", config_file_});
    return std::make_unique<ChildProcess>(absl::StrCat(VA_BIN_DIR, "/user-attributes"), more);
  }

  base::SystemClock clock_;
  testing::TestPki pki_;
  std::unique_ptr<testing::TempDatabase> database_;
  std::string public_key_;
  std::string config_file_;
  std::unique_ptr<ChildProcess> program_;
  int port_ = 0;
};

v1::AdmitRequest SignIn() {
  v1::AdmitRequest request;
  request.mutable_context()->set_type("idme");
  request.mutable_context()->set_application("vaweb");
  request.mutable_context()->set_request_id("flow-1");
  request.mutable_context()->set_policy_version(attributes::ShippedPolicy().version);
  const attributes::Statement statement = attributes::IdmeLoa3();
  const attributes::SsoeAssertion assertion = statement.Build();
  request.mutable_ssoe()->set_authn_context(std::string(assertion.authn_context));
  request.mutable_ssoe()->mutable_auth_time()->set_seconds(1700000000);
  for (const attributes::Attribute& attribute : assertion.attributes) {
    v1::Attribute& added = *request.mutable_ssoe()->add_attributes();
    added.set_name(std::string(attribute.name));
    for (const absl::string_view value : attribute.values) added.add_values(std::string(value));
  }
  request.set_mpi_outcome(common::v1::MPI_OUTCOME_OK);
  request.mutable_mpi_profile()->set_icn(kIcn);
  request.mutable_mpi_profile()->set_ssn("666010001");
  return request;
}

v1::RenewDecisionRequest Renewal(const v1::AdmitResponse& admitted) {
  v1::RenewDecisionRequest request;
  request.set_request_id("renewal-1");
  request.set_flow_id("flow-1");
  request.set_account_id(admitted.account_id());
  request.set_verification_id(admitted.verification_id());
  *request.mutable_assurance() = admitted.assurance();
  request.set_application("vaweb");
  request.set_policy_version(admitted.policy_version());
  return request;
}

v1::RecordTermsRequest Answer(const v1::AdmitResponse& admitted, const std::string& token,
                              v1::TermsDecision decision, const std::string& request_id) {
  v1::RecordTermsRequest request;
  request.set_request_id(request_id);
  request.set_flow_id("flow-1");
  request.set_account_id(admitted.account_id());
  request.set_document("va_terms_of_use");
  request.set_revision("3");
  request.set_decision(decision);
  request.set_decision_token(token);
  return request;
}

}  // namespace

TEST_CASE("UserAttributes: E6 from the sign-in to the accepted terms, and back",
          "[attributes][integration]") {
  Site site;
  const std::string gateway = "auth-gateway";
  const auto admitted = site.Call<v1::AdmitResponse>(gateway, "Admit", SignIn());
  INFO(admitted.status());
  REQUIRE(admitted.ok());
  REQUIRE(admitted->verdict() == v1::VERDICT_ADMIT);
  const auto at_first = site.Verified(admitted->decision_token(), admitted->account_id());
  REQUIRE(at_first.ok());
  CHECK(at_first->icn_matches);
  CHECK(at_first->ial == 2);

  const auto renewed =
      site.Call<v1::RenewDecisionResponse>(gateway, "RenewDecision", Renewal(*admitted));
  INFO(renewed.status());
  REQUIRE(renewed.ok());
  CHECK(renewed->verdict() == v1::VERDICT_ADMIT);
  CHECK(renewed->decision_token() != admitted->decision_token());
  const auto later = site.Verified(renewed->decision_token(), admitted->account_id());
  REQUIRE(later.ok());
  // Out of the sealed column, not out of the request.
  CHECK(later->icn_matches);

  v1::GetTermsAcceptanceRequest asked;
  asked.set_account_id(admitted->account_id());
  asked.set_document("va_terms_of_use");
  const auto get = [&] {
    const auto response =
        site.Call<v1::GetTermsAcceptanceResponse>("mhv-account", "GetTermsAcceptance", asked);
    INFO(response.status());
    REQUIRE(response.ok());
    return *response;
  };
  CHECK_FALSE(get().accepted());
  const auto record = [&](v1::TermsDecision decision, const std::string& request_id) {
    const auto response = site.Call<v1::RecordTermsResponse>(
        gateway, "RecordTerms", Answer(*admitted, renewed->decision_token(), decision, request_id));
    INFO(response.status());
    REQUIRE(response.ok());
    return response->record();
  };
  const v1::TermsRecord accepted = record(v1::TERMS_DECISION_ACCEPTED, "answer-1");
  CHECK(get().accepted());
  CHECK(get().latest().SerializeAsString() == accepted.SerializeAsString());
  CHECK(record(v1::TERMS_DECISION_ACCEPTED, "answer-1").SerializeAsString() ==
        accepted.SerializeAsString());
  record(v1::TERMS_DECISION_DECLINED, "answer-2");
  CHECK_FALSE(get().accepted());
  CHECK(site.Psql("SELECT count(*) FROM terms_answers") == "2");
  CHECK(absl::StrContains(site.AuditTrail(), "\"ev\":\"terms.answered\""));

  site.Psql("UPDATE user_verifications SET locked = true");
  const auto locked =
      site.Call<v1::RenewDecisionResponse>(gateway, "RenewDecision", Renewal(*admitted));
  REQUIRE(locked.ok());
  CHECK(locked->verdict() == v1::VERDICT_DENY);
  CHECK(locked->code() == "107");
  CHECK(locked->decision_token().empty());

  site.program().Signal(SIGTERM);
  CHECK(site.program().Wait() == 0);
  for (const std::string& secret :
       {std::string(kIcn), admitted->decision_token(), renewed->decision_token()}) {
    CHECK_FALSE(absl::StrContains(site.program().out(), secret));
    CHECK_FALSE(absl::StrContains(site.AuditTrail(), secret));
  }
}

TEST_CASE("UserAttributes: E6 no answer is taken without the person's own proof",
          "[attributes][integration]") {
  Site site;
  const auto admitted = site.Call<v1::AdmitResponse>("auth-gateway", "Admit", SignIn());
  REQUIRE(admitted.ok());
  auto request = Answer(*admitted, admitted->decision_token(), v1::TERMS_DECISION_ACCEPTED, "a-1");
  std::string reason = "DECISION_TOKEN";
  SECTION("none") { request.clear_decision_token(); }
  SECTION("of another attempt") { request.set_flow_id("flow-2"); }
  SECTION("of another person") {
    char& first = request.mutable_account_id()->at(0);
    first = first == '0' ? '1' : '0';
  }
  SECTION("for the right person, about an older revision") {
    request.set_revision("2");
    reason = "TERMS_REVISION";
  }
  const auto refused = site.Call<v1::RecordTermsResponse>("auth-gateway", "RecordTerms", request);
  CHECK(base::ReasonOf(refused.status()) == reason);
  CHECK_FALSE(base::IsRetryable(refused.status()));
  CHECK(site.Psql("SELECT count(*) FROM terms_answers") == "0");
}

TEST_CASE("UserAttributes: nobody calls what its row does not list", "[attributes][integration]") {
  Site site;
  const auto denied = absl::StatusCode::kPermissionDenied;
  CHECK(site.Call<v1::RenewDecisionResponse>("mhv-account", "RenewDecision",
                                             v1::RenewDecisionRequest())
            .status()
            .code() == denied);
  CHECK(site.Call<v1::RecordTermsResponse>("mhv-account", "RecordTerms", v1::RecordTermsRequest())
            .status()
            .code() == denied);
  CHECK(site.Call<v1::GetTermsAcceptanceResponse>("inherited-proofing", "GetTermsAcceptance",
                                                  v1::GetTermsAcceptanceRequest())
            .status()
            .code() == denied);
}

}  // namespace va::integration
