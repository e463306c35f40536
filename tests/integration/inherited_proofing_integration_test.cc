// inherited-proofing's own parts between a gRPC client, the MHV simulator, an MPI that answers as
// told, and a real PostgreSQL; mutual TLS between services.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/store/migrator.h"
#include "lib/telemetry/file_audit.h"
#include "lib/telemetry/log.h"
#include "lib/testing/persona.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "services/inherited-proofing/adapters/grpc_person_index.h"
#include "services/inherited-proofing/adapters/http_mhv_proofing.h"
#include "services/inherited-proofing/api/grpc/proofing_service.h"
#include "services/inherited-proofing/migrations.h"
#include "services/inherited-proofing/store/pg_consent_store.h"
#include "services/inherited-proofing/store/pg_handoff_store.h"
#include "tests/simulators/mhv/mhv_simulator.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::proofing {
namespace {

using Words = std::vector<std::string>;

constexpr char kGetProfile[] = "va.mpi.v1.MpiService/GetProfile";
constexpr char kAccount[] = "0c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c01";
constexpr char kAppToken[] = "d2f1b6a09c";

class StringSink final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    text_.append(line.data(), line.size());
    return true;
  }
  std::string text() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

template <typename T>
T OrFail(absl::StatusOr<T> value) {
  INFO(value.status());
  REQUIRE(value.ok());
  return *std::move(value);
}

crypto::PrivateKey NewKey(crypto::NewKey kind) {
  return OrFail(crypto::PrivateKey::FromPem(OrFail(crypto::GenerateKeyPem(kind))));
}

crypto::LookupHasher IcnHasher() {
  return crypto::LookupHasher::FromRing(
      OrFail(crypto::KeyRing::FromText("k:" + std::string(64, '1'))));
}

// The line from the gateway's place to MHV, MPI and the database.
class Line {
 public:
  explicit Line(absl::Duration mhv_timeout = absl::Seconds(10))
      : personas_(OrFail(testing::LoadPersonas("tests/personas"))),
        simulator_({personas_, "https://127.0.0.1", "api-key", kAppToken,
                    simulators::StsClient{"client", "",
                                          [] { return std::vector<simulators::ClientKey>(); }},
                    NewKey(crypto::NewKey::kRsa2048), clock_, ids_,
                    [this](const Words& problems) {
                      const std::lock_guard<std::mutex> lock(mutex_);
                      problems_.insert(problems_.end(), problems.begin(), problems.end());
                    }}),
        decisions_(OrFail(jose::DecisionVerifier::Create({DecisionKey().Public()}, IcnHasher(),
                                                         jose::kProofingAudience))) {
    REQUIRE(store::Migrate(database_->Owner(), Migrations()) == absl::OkStatus());
    StartMhv();
    StartMpi();
    StartService(mhv_timeout);
  }
  ~Line() {
    server_->Stop(absl::Seconds(1));
    mpi_server_->Stop(absl::Seconds(1));
    mhv_server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
    mpi_pool_.Shutdown();
    mhv_pool_.Shutdown();
  }

  const testing::Persona& Find(const std::string& id) const {
    for (const testing::Persona& persona : personas_) {
      if (persona.id == id) return persona;
    }
    FAIL("no persona " << id);
    return personas_.front();
  }

  // What the gateway would say of somebody who came in over MHV.
  v1::Subject SubjectOf(const std::string& persona, bool with_mhv_id = true) {
    const testing::Persona& somebody = Find(persona);
    v1::Subject subject;
    subject.set_account_id(kAccount);
    subject.set_icn(somebody.mpi.person->icn);
    if (with_mhv_id) subject.set_mhv_id(somebody.mhv->user_profile_id);
    subject.set_csp(common::v1::CSP_MHV);
    subject.set_flow_id("flow-" + persona);
    const auto signer = OrFail(jose::DecisionSigner::Create(DecisionKey(), IcnHasher()));
    subject.set_decision_token(OrFail(
        signer.Sign({kAccount, identity::Icn::FromWire(subject.icn()), 2, 2, subject.flow_id()},
                    clock_.Now(), ids_)));
    return subject;
  }

  absl::StatusOr<v1::CheckEligibilityResponse> Check(const v1::Subject& subject) {
    v1::CheckEligibilityRequest request;
    request.set_request_id("r-check");
    *request.mutable_subject() = subject;
    return rpc::Call<v1::CheckEligibilityResponse>(*channel_, kCheckEligibilityMethod, request,
                                                   Soon());
  }
  absl::StatusOr<v1::RecordConsentResponse> Consent(const v1::Subject& subject,
                                                    v1::ConsentDecision decision) {
    v1::RecordConsentRequest request;
    request.set_request_id(ids_.Uuid());
    *request.mutable_subject() = subject;
    request.set_text_version("1");
    request.set_text_sha256(std::string(64, 'a'));
    request.set_decision(decision);
    request.set_locale("en-US");
    return rpc::Call<v1::RecordConsentResponse>(*channel_, kRecordConsentMethod, request, Soon());
  }
  absl::StatusOr<v1::StartHandoffResponse> Start(const v1::Subject& subject,
                                                 const std::string& consent) {
    v1::StartHandoffRequest request;
    request.set_request_id("r-start");
    *request.mutable_subject() = subject;
    request.set_consent_token(consent);
    return rpc::Call<v1::StartHandoffResponse>(*channel_, kStartHandoffMethod, request, Soon());
  }

  void SetFault(const std::string& json) {
    http::ClientRequest request;
    request.method = "POST";
    request.url = absl::StrCat("https://127.0.0.1:", mhv_server_->port(), "/_sim/faults");
    request.headers.Add("Content-Type", "application/json");
    request.body = json;
    REQUIRE(OrFail(http_->Send(request)).status == 200);
  }
  void SetMpi(common::v1::MpiOutcome outcome, bool id_theft = false) {
    mpi_outcome_ = outcome;
    mpi_id_theft_ = id_theft;
  }
  std::string Psql(const std::string& sql) {
    return OrFail(database_->Psql("SET search_path = proofing; " + sql));
  }
  std::string log() const { return sink_.text(); }
  Words problems() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return problems_;
  }

 private:
  crypto::PrivateKey DecisionKey() const {
    return OrFail(crypto::PrivateKey::FromPem(decision_pem_));
  }
  rpc::CallOptions Soon() const { return {clock_.Now() + absl::Seconds(20), "r-call"}; }

  void StartMhv() {
    const testing::PemFiles files = pki_.Issue({"mhv.example.test"});
    http::ServerOptions options;
    options.tls = http::TlsServerOptions{files.certificate_file, files.private_key_file, ""};
    mhv_server_ = OrFail(http::Server::Start(
        options, [this](http::Request& request) { return simulator_.Handle(request); }, mhv_pool_));
    http::TlsClientOptions tls;
    tls.ca_file = pki_.ca_file();
    http_ = OrFail(http::CurlClient::Create(tls));
  }

  void StartMpi() {
    rpc::ServerBuilder builder;
    builder.Unary<mpi::v1::GetProfileRequest, mpi::v1::GetProfileResponse>(
        kGetProfile,
        [this](const rpc::CallContext&, const mpi::v1::GetProfileRequest& request)
            -> absl::StatusOr<mpi::v1::GetProfileResponse> {
          mpi::v1::GetProfileResponse response;
          // As mpi-adapter does (decision M3).
          response.set_outcome(request.loa_current() < 3 ? common::v1::MPI_OUTCOME_BLOCKED
                                                         : mpi_outcome_.load());
          if (response.outcome() != common::v1::MPI_OUTCOME_OK) return response;
          response.mutable_profile()->set_icn(request.by_identifier().value());
          response.mutable_profile()->set_id_theft(mpi_id_theft_);
          return response;
        });
    builder.Allow("inherited-proofing.va.internal", {kGetProfile});
    rpc::ServerOptions options;
    const testing::PemFiles files = pki_.IssueService("mpi-adapter");
    options.tls = {files.certificate_file, files.private_key_file, pki_.ca_file()};
    mpi_server_ = OrFail(builder.Start(options, mpi_pool_, clock_));
  }

  void StartService(absl::Duration mhv_timeout) {
    const testing::PemFiles files = pki_.IssueService("inherited-proofing");
    const rpc::TlsOptions tls = {files.certificate_file, files.private_key_file, pki_.ca_file()};
    people_ = std::make_unique<GrpcPersonIndex>(OrFail(rpc::Connect(
        absl::StrCat("127.0.0.1:", mpi_server_->port()), tls, "mpi-adapter.va.internal")));
    mhv_ = std::make_unique<HttpMhvProofing>(
        HttpMhvProofing::Deps{*http_, clock_},
        MhvSettings{absl::StrCat("https://127.0.0.1:", mhv_server_->port(), "/inherited-proofing"),
                    mhv_timeout, identity::Secret::FromWire(kAppToken)});
    telemetry::FileAuditOptions trail;
    trail.path = absl::StrCat(pki_.dir().path(), "/audit.jsonl");
    trail.service = "inherited-proofing";
    trail.process = "0123456789abcdef";
    audit_ = OrFail(telemetry::FileAudit::Open(
        std::move(trail),
        OrFail(crypto::KeyRing::FromText(absl::StrCat("k1:", std::string(64, 'a')))), clock_));
    ProofingSettings settings;
    settings.text_version = "1";
    service_ = std::make_unique<ProofingServiceImpl>(
        ProofingServiceImpl::Deps{decisions_, *mhv_, *people_, consents_, handoffs_, clock_, ids_,
                                  log_, *audit_},
        settings);
    rpc::ServerBuilder builder;
    RegisterProofingService(*service_, builder);
    builder.Allow("auth-gateway.va.internal", builder.Methods());
    rpc::ServerOptions options;
    options.tls = tls;
    server_ = OrFail(builder.Start(options, pool_, clock_));
    const testing::PemFiles caller = pki_.IssueService("auth-gateway");
    channel_ = std::make_unique<rpc::Channel>(
        OrFail(rpc::Connect(absl::StrCat("127.0.0.1:", server_->port()),
                            {caller.certificate_file, caller.private_key_file, pki_.ca_file()},
                            "inherited-proofing.va.internal")));
  }

  base::SystemClock clock_;
  crypto::SystemIdGenerator ids_;
  StringSink sink_;
  telemetry::Log log_{"inherited-proofing", telemetry::Severity::kDebug, clock_, sink_};
  testing::TestPki pki_;
  std::mutex mutex_;
  Words problems_;
  std::atomic<common::v1::MpiOutcome> mpi_outcome_{common::v1::MPI_OUTCOME_OK};
  std::atomic<bool> mpi_id_theft_{false};
  std::vector<testing::Persona> personas_;
  std::string decision_pem_ = OrFail(crypto::GenerateKeyPem(crypto::NewKey::kEcP256));
  simulators::MhvSimulator simulator_;
  jose::DecisionVerifier decisions_;
  std::unique_ptr<testing::TempDatabase> database_ =
      testing::TempDatabase::Create("proofing").value();
  std::unique_ptr<store::Pool> database_pool_ = store::Pool::Create(database_->App(16)).value();
  PgConsentStore consents_{*database_pool_, ids_};
  PgHandoffStore handoffs_{*database_pool_};
  base::WorkerPool pool_{32, 64};
  base::WorkerPool mpi_pool_{4, 64};
  base::WorkerPool mhv_pool_{4, 64};
  std::unique_ptr<http::Server> mhv_server_;
  std::unique_ptr<http::CurlClient> http_;
  std::unique_ptr<rpc::Server> mpi_server_;
  std::unique_ptr<GrpcPersonIndex> people_;
  std::unique_ptr<HttpMhvProofing> mhv_;
  std::unique_ptr<telemetry::FileAudit> audit_;
  std::unique_ptr<ProofingServiceImpl> service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<rpc::Channel> channel_;
};

Words ToWords(const google::protobuf::RepeatedPtrField<std::string>& words) {
  return {words.begin(), words.end()};
}

TEST_CASE(
    "Inherited proofing: each persona with an MHV account is eligible or not as its file "
    "says",
    "[proofing][integration]") {
  Line line;
  struct Row {
    const char* persona;
    Words reasons;
  };
  const std::vector<Row> rows = {
      {"proofed_in_person", {}},
      {"proofed_online", {"no_identity_document", "not_in_person_proofed"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.persona);
    const auto with_id = line.Check(line.SubjectOf(row.persona));
    INFO(with_id.status());
    REQUIRE(with_id.ok());
    const auto by_icn = line.Check(line.SubjectOf(row.persona, false));
    REQUIRE(by_icn.ok());
    CHECK(ToWords(with_id->reasons()) == ToWords(by_icn->reasons()));
    CHECK(with_id->eligible() == (line.Find(row.persona).expect.proofing == "invited"));
    CHECK(with_id->eligible() == row.reasons.empty());
  }
  // The simulator is as strict as the real party: it had nothing to say about our requests.
  const Words problems = line.problems();
  CHECK(problems.empty());
}

TEST_CASE("Inherited proofing: somebody without an account at MHV has one reason against it",
          "[proofing][integration]") {
  Line line;
  const auto response = line.Check(line.SubjectOf("mhv_no_account", false));
  INFO(response.status());
  REQUIRE(response.ok());
  CHECK(ToWords(response->reasons()) == Words{"no_mhv_account"});
}

TEST_CASE(
    "Inherited proofing: consent, then one code; 64 parallel starts with one consent give "
    "one (P-3)",
    "[proofing][integration][race]") {
  constexpr int kCallers = 64;
  Line line;
  const v1::Subject subject = line.SubjectOf("proofed_in_person");
  const auto consent = line.Consent(subject, v1::CONSENT_DECISION_GIVEN);
  INFO(consent.status());
  REQUIRE(consent.ok());
  std::vector<absl::StatusOr<v1::StartHandoffResponse>> answers(kCallers,
                                                                absl::UnknownError("not called"));
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      answers[static_cast<size_t>(i)] = line.Start(subject, consent->consent_token());
    });
  }
  for (std::thread& caller : callers) caller.join();
  int codes = 0;
  int missing = 0;
  std::string code;
  for (const auto& answer : answers) {
    INFO(answer.status());
    // A full pool sheds; nothing else may go wrong.
    if (!answer.ok()) {
      CHECK(base::IsRetryable(answer.status()));
      continue;
    }
    if (!answer->auth_code().empty()) {
      ++codes;
      code = answer->auth_code();
    } else if (ToWords(answer->reasons()) == Words{"consent_missing"}) {
      ++missing;
    }
  }
  CHECK(codes == 1);
  CHECK(missing > 0);
  CHECK(code.size() == 32);
  CHECK(line.Psql("SELECT count(*), min(state) FROM handoffs") == "1|ISSUED");
  CHECK_FALSE(absl::StrContains(line.log(), code));
  CHECK_FALSE(absl::StrContains(line.log(), consent->consent_token()));
  for (const std::string& value : line.Find("proofed_in_person").PersonalValues()) {
    CHECK_FALSE(absl::StrContains(line.log(), value));
  }
}

TEST_CASE("Inherited proofing: a declined consent starts nothing", "[proofing][integration]") {
  Line line;
  const v1::Subject subject = line.SubjectOf("proofed_in_person");
  const auto given = line.Consent(subject, v1::CONSENT_DECISION_GIVEN);
  REQUIRE(given.ok());
  const auto declined = line.Consent(subject, v1::CONSENT_DECISION_DECLINED);
  REQUIRE(declined.ok());
  CHECK(declined->consent_token().empty());
  const auto start = line.Start(subject, given->consent_token());
  REQUIRE(start.ok());
  CHECK(ToWords(start->reasons()) == Words{"consent_missing"});
  CHECK(line.Psql("SELECT count(*) FROM handoffs") == "0");
}

TEST_CASE("Inherited proofing: whatever is wrong at MHV is UNAVAILABLE and spends no consent (M8)",
          "[proofing][integration][rule]") {
  Line line(absl::Milliseconds(500));
  const v1::Subject subject = line.SubjectOf("proofed_in_person");
  const auto consent = line.Consent(subject, v1::CONSENT_DECISION_GIVEN);
  REQUIRE(consent.ok());
  struct Row {
    const char* fault;
    const char* reason;
  };
  for (const Row& row : std::vector<Row>{
           {R"({"mode":"down"})", "MHV_UNAVAILABLE"},
           {R"({"mode":"slow","ms":5000})", "MHV_TIMEOUT"},
           {R"({"mode":"html"})", "MHV_CONTENT_TYPE"},
           {R"({"mode":"wrong_type"})", "MHV_CONTENT_TYPE"},
           {R"({"mode":"malformed"})", "MHV_MALFORMED"},
           {R"({"mode":"wrong_shape"})", "MHV_MALFORMED"},
           {R"({"mode":"error","status":503})", "MHV_UNAVAILABLE"},
           {R"({"mode":"error","status":200,"code":99})", "MHV_UNAVAILABLE"},
       }) {
    CAPTURE(row.fault);
    line.SetFault(row.fault);
    for (const absl::Status& status :
         {line.Check(subject).status(), line.Start(subject, consent->consent_token()).status()}) {
      INFO(status);
      CHECK(status.code() == absl::StatusCode::kUnavailable);
      CHECK(base::ReasonOf(status) == row.reason);
      CHECK(base::IsRetryable(status));
    }
  }
  line.SetFault(R"({"mode":"none"})");
  CHECK(line.Psql("SELECT count(*) FROM consents WHERE spent_at IS NOT NULL") == "0");
  const auto start = line.Start(subject, consent->consent_token());
  INFO(start.status());
  REQUIRE(start.ok());
  CHECK(start->auth_code().size() == 32);
}

TEST_CASE(
    "Inherited proofing: MPI's flags count, and an MPI that cannot be asked is UNAVAILABLE "
    "(M8)",
    "[proofing][integration][rule]") {
  Line line;
  const v1::Subject subject = line.SubjectOf("proofed_in_person");
  line.SetMpi(common::v1::MPI_OUTCOME_OK, true);
  const auto flagged = line.Check(subject);
  REQUIRE(flagged.ok());
  CHECK(ToWords(flagged->reasons()) == Words{"id_theft"});
  line.SetMpi(common::v1::MPI_OUTCOME_TIMEOUT);
  const absl::Status status = line.Check(subject).status();
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(status) == "MPI_UNAVAILABLE");
  CHECK(base::IsRetryable(status));
}

TEST_CASE("Inherited proofing: E6 a token of another session is refused over the wire",
          "[proofing][integration][security]") {
  Line line;
  v1::Subject subject = line.SubjectOf("proofed_in_person");
  subject.set_flow_id("flow-of-another");
  const absl::Status status = line.Check(subject).status();
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  CHECK(base::ReasonOf(status) == "DECISION_TOKEN");
  CHECK(absl::StrContains(line.log(), "\"why\":\"flow\""));
}

}  // namespace
}  // namespace va::proofing
