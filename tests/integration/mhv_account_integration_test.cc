// The mhv-account program between a gRPC client and the MHV simulator: mutual TLS, a real
// PostgreSQL, real tokens; user-attributes is a server of the test that answers for the terms.
#include <sys/types.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/jose/decision_token.h"
#include "lib/jose/jwks.h"
#include "lib/jose/thumbprint.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/testing/persona.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "tests/integration/child_process.h"
#include "tests/simulators/mhv/mhv_simulator.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/mhv/v1/mhv.pb.h"

namespace va::integration {
namespace {

using nlohmann::json;

constexpr char kEnsure[] = "va.mhv.v1.MhvAccountService/EnsureAccount";
constexpr char kGetTerms[] = "va.attributes.v1.AttributesService/GetTermsAcceptance";
constexpr char kAccount[] = "0b6a9f1e-4d4f-4c54-9a55-7f0e6a1c2d3e";
constexpr char kFlow[] = "7f3c0000-0000-4000-8000-000000000001";

template <typename T>
T OrFail(absl::StatusOr<T> value) {
  INFO(value.status());
  REQUIRE(value.ok());
  return *std::move(value);
}

crypto::PrivateKey NewKey(crypto::NewKey kind) {
  return OrFail(crypto::PrivateKey::FromPem(OrFail(crypto::GenerateKeyPem(kind))));
}

// user-attributes as far as this edge goes: everybody stands to the terms as the test says.
class TermsNeighbour {
 public:
  TermsNeighbour(testing::TestPki& pki, const base::Clock& clock) {
    rpc::ServerBuilder builder;
    builder.Unary<attributes::v1::GetTermsAcceptanceRequest,
                  attributes::v1::GetTermsAcceptanceResponse>(
        kGetTerms,
        [this](const rpc::CallContext&, const attributes::v1::GetTermsAcceptanceRequest& request)
            -> absl::StatusOr<attributes::v1::GetTermsAcceptanceResponse> {
          return Answer(request.document());
        });
    builder.Allow("mhv-account.va.internal", {kGetTerms});
    const testing::PemFiles mine = pki.IssueService("user-attributes");
    rpc::ServerOptions options;
    options.tls = {mine.certificate_file, mine.private_key_file, pki.ca_file()};
    server_ = OrFail(builder.Start(options, pool_, clock));
  }
  ~TermsNeighbour() {
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }

  int port() const { return server_->port(); }
  void Decide(attributes::v1::TermsDecision decision) {
    const std::lock_guard<std::mutex> lock(mutex_);
    decision_ = decision;
  }

 private:
  attributes::v1::GetTermsAcceptanceResponse Answer(const std::string& document) {
    const std::lock_guard<std::mutex> lock(mutex_);
    attributes::v1::GetTermsAcceptanceResponse response;
    response.set_accepted(decision_ == attributes::v1::TERMS_DECISION_ACCEPTED);
    if (decision_ == attributes::v1::TERMS_DECISION_UNSPECIFIED) return response;
    attributes::v1::TermsRecord& latest = *response.mutable_latest();
    latest.set_document(document);
    latest.set_revision("3");
    latest.set_legal_version("1.0");
    latest.set_title("VA Enterprise Terms of Use");
    latest.set_decision(decision_);
    latest.mutable_decided_at()->set_seconds(1501098967);
    return response;
  }

  std::mutex mutex_;
  attributes::v1::TermsDecision decision_ = attributes::v1::TERMS_DECISION_ACCEPTED;
  base::WorkerPool pool_{2, 16};
  std::unique_ptr<rpc::Server> server_;
};

// The simulator behind TLS. It has to know its own address, which is known once it listens.
class MhvSite {
 public:
  MhvSite(testing::TestPki& pki, const base::Clock& clock, base::IdGenerator& ids,
          std::vector<testing::Persona> personas, const crypto::PublicKey& client_key) {
    const testing::PemFiles files = pki.Issue({"mhv.example.test"});
    http::ServerOptions options;
    options.tls = http::TlsServerOptions{files.certificate_file, files.private_key_file, ""};
    server_ = OrFail(http::Server::Start(
        options, [this](http::Request& request) { return simulator_->Handle(request); }, pool_));
    simulator_.emplace(simulators::MhvDeps{
        std::move(personas),
        url(),
        "the-api-key",
        "the-app-token",
        {"the-client", "the-service-account",
         [keys = std::vector<simulators::ClientKey>{{jose::Thumbprint(client_key).value(),
                                                     client_key}}] { return keys; }},
        NewKey(crypto::NewKey::kRsa2048),
        clock,
        ids,
        [](const std::vector<std::string>&) {}});
    http::TlsClientOptions tls;
    tls.ca_file = pki.ca_file();
    client_ = OrFail(http::CurlClient::Create(tls));
  }
  ~MhvSite() {
    Fault({{"mode", "none"}});
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }

  std::string url() const { return absl::StrCat("https://127.0.0.1:", server_->port()); }

  void Fault(const json& fault) const {
    http::ClientRequest request;
    request.method = "POST";
    request.url = absl::StrCat(url(), "/_sim/faults");
    request.headers.Add("Content-Type", "application/json");
    request.body = fault.dump();
    CHECK(OrFail(client_->Send(request)).status / 100 == 2);
  }
  int64_t Calls(const char* path) const {
    http::ClientRequest request;
    request.url = absl::StrCat(url(), "/_sim/calls");
    return json::parse(OrFail(client_->Send(request)).body).value(path, int64_t{0});
  }

 private:
  base::WorkerPool pool_{8, 64};
  std::optional<simulators::MhvSimulator> simulator_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::CurlClient> client_;
};

// The whole line.
class Line {
 public:
  explicit Line(const std::string& api_key = "the-api-key")
      : personas_(OrFail(testing::LoadPersonas("tests/personas"))),
        decision_key_(NewKey(crypto::NewKey::kEcP256)),
        decision_set_(OrFail(
            jose::WriteJwks({{decision_key_.Public(), {"", "ES256", jose::KeyUse::kSignature}}}))),
        signer_(OrFail(jose::DecisionSigner::Create(
            std::move(decision_key_), OrFail(crypto::LookupHasher::FromKeyFile(Ring()))))),
        terms(pki_, clock_),
        database_(OrFail(testing::TempDatabase::Create("mhv"))) {
    const std::string sts_pem = OrFail(crypto::GenerateKeyPem(crypto::NewKey::kRsa2048));
    mhv.emplace(pki_, clock_, ids_, personas_,
                OrFail(crypto::PrivateKey::FromPem(sts_pem)).Public());
    config_file_ = pki_.dir().Write("config.yaml", Yaml(sts_pem, api_key));
    REQUIRE(Start({"--migrate"})->Wait() == 0);
    program_ = Start({});
    const auto ready = program_->AwaitEvent("service.ready");
    REQUIRE(ready.has_value());
    port_ = ready->at("grpc_port");
  }

  const testing::Persona& Person(const std::string& id) const {
    for (const testing::Persona& persona : personas_) {
      if (persona.id == id) return persona;
    }
    FAIL("no persona " << id);
    return personas_.front();
  }

  std::string Token(const std::string& icn, const std::string& flow = kFlow) {
    return OrFail(
        signer_.Sign({kAccount, identity::Icn::FromWire(icn), 2, 2, flow}, clock_.Now(), ids_));
  }
  mhv::v1::EnsureAccountRequest Request(const std::string& persona) {
    mhv::v1::EnsureAccountRequest request;
    request.set_request_id(kFlow);
    request.set_account_id(kAccount);
    request.set_icn(Person(persona).mpi.person->icn);
    request.set_email(Person(persona).Value("va_eauth_emailaddress"));
    request.set_decision_token(Token(request.icn()));
    return request;
  }

  absl::StatusOr<mhv::v1::EnsureAccountResponse> Ensure(
      const mhv::v1::EnsureAccountRequest& request, const std::string& caller = "auth-gateway") {
    const testing::PemFiles files = pki_.IssueService(caller);
    const rpc::Channel channel =
        OrFail(rpc::Connect(absl::StrCat("127.0.0.1:", port_),
                            {files.certificate_file, files.private_key_file, pki_.ca_file()},
                            "mhv-account.va.internal"));
    return rpc::Call<mhv::v1::EnsureAccountResponse>(
        channel, kEnsure, request, {.deadline = clock_.Now() + absl::Seconds(10)});
  }
  absl::StatusOr<mhv::v1::EnsureAccountResponse> Ensure(const std::string& persona) {
    return Ensure(Request(persona));
  }

  std::string Psql(const std::string& sql) {
    return OrFail(database_->Psql("SET search_path = mhv; " + sql));
  }
  // Everything the program ever wrote, once it has ended well.
  std::string StopAndRead() {
    program_->Signal(SIGTERM);
    CHECK(program_->Wait() == 0);
    return program_->out() + program_->err() + Audit();
  }
  std::string Audit() const {
    return OrFail(crypto::ReadPublicFile(absl::StrCat(pki_.dir().path(), "/audit.jsonl")));
  }

 private:
  // One ring for every purpose of this test.
  std::string Ring() { return pki_.dir().Write("ring.keys", "k1:" + std::string(64, 'a') + "\n"); }

  std::string Yaml(const std::string& sts_pem, const std::string& api_key) {
    pki_.dir().Write("mhv-sts.key", sts_pem);
    const testing::PemFiles mine = pki_.IssueService("mhv-account");
    const testing::TempDir& dir = pki_.dir();
    const store::PoolOptions app = database_->App();
    return absl::StrCat(
        "ops: {listen: '127.0.0.1:0'}\n", "grpc:\n  listen: '127.0.0.1:0'\n",
        "  tls: {certificate_file: ", mine.certificate_file,
        ", private_key_file: ", mine.private_key_file, ", ca_file: ", pki_.ca_file(), "}\n",
        "  callers: {auth-gateway.va.internal: [", kEnsure, "]}\n", "database: {host: ", app.host,
        ", port: ", app.port, ", name: ", app.name, ", user: ", app.user,
        ", owner_user: ", database_->Owner().user, "}\n", "audit: {file: ", dir.path(),
        "/audit.jsonl, pseudonym_keys_file: ", Ring(), "}\n",
        "decision: {jwks_file: ", dir.Write("decision.jwks", decision_set_),
        ", icn_keys_file: ", Ring(), "}\n", "keys: {sealed_box_file: ", Ring(),
        ", lookup_file: ", Ring(), "}\n", "mhv:\n  http: {url: '", mhv->url(),
        "', timeout: 400ms, tls: {ca_file: ", pki_.ca_file(),
        "}}\n  api_key_file: ", dir.Write("mhv-api.key", api_key + "\n"), "\n  sts: {url: '",
        mhv->url(), "', client_id: the-client, service_account_id: the-service-account, ",
        "signing_ring_file: ",
        dir.Write("mhv-sts.ring", "ring signing RS256\nk1:mhv-sts.key:current\n"), "}\n",
        "peers: {mpi_adapter: {target: '127.0.0.1:1'}, user_attributes: {target: '127.0.0.1:",
        terms.port(), "'}}\n");
  }
  std::unique_ptr<ChildProcess> Start(std::vector<std::string> more) const {
    more.insert(more.begin(), {"--config", config_file_});
    return std::make_unique<ChildProcess>(absl::StrCat(VA_BIN_DIR, "/mhv-account"), more);
  }

  base::SystemClock clock_;
  crypto::SystemIdGenerator ids_;
  testing::TestPki pki_;
  const std::vector<testing::Persona> personas_;
  crypto::PrivateKey decision_key_;
  const std::string decision_set_;
  jose::DecisionSigner signer_;

 public:
  TermsNeighbour terms;
  std::optional<MhvSite> mhv;

 private:
  std::unique_ptr<testing::TempDatabase> database_;
  std::string config_file_;
  std::unique_ptr<ChildProcess> program_;
  int port_ = 0;
};

}  // namespace

TEST_CASE("mhv-account: an account that exists is ensured, and MHV is asked once",
          "[mhv][integration]") {
  Line line;
  const auto first = line.Ensure("mhv_premium");
  INFO(first.status());
  REQUIRE(first.ok());
  const testing::PersonaMhv& known = *line.Person("mhv_premium").mhv;
  CHECK(first->state() == mhv::v1::ACCOUNT_STATE_ENSURED);
  CHECK(first->mhv_id() == known.user_profile_id);
  CHECK(first->premium() == known.premium);
  CHECK(first->champ_va() == known.champ_va);
  CHECK(first->patient() == known.patient);
  CHECK(first->sm_account_created() == known.sm_account_created);
  CHECK_FALSE(first->from_cache());

  const auto again = line.Ensure("mhv_premium");
  REQUIRE(again.ok());
  CHECK(again->from_cache());
  CHECK(again->mhv_id() == first->mhv_id());
  CHECK(line.mhv->Calls(simulators::kAccountPath) == 1);
  CHECK(line.Psql("SELECT state, origin FROM accounts") == "ensured|existing");
}

TEST_CASE("mhv-account: without an account one is made, and nothing personal is told",
          "[mhv][integration]") {
  Line line;
  const auto made = line.Ensure("mhv_no_account");
  INFO(made.status());
  REQUIRE(made.ok());
  CHECK(made->state() == mhv::v1::ACCOUNT_STATE_ENSURED);
  CHECK(line.Psql("SELECT actor, mhv_asked, state, origin, terms_revision FROM account_events") ==
        "auth-gateway.va.internal|t|ensured|api_created|3");
  CHECK(absl::StrContains(line.Audit(), "\"ev\":\"mhv_account.created\""));
  const std::string written = line.StopAndRead();
  CHECK(absl::StrContains(written, kFlow));
  for (const std::string& value : line.Person("mhv_no_account").PersonalValues()) {
    CAPTURE(value);
    CHECK_FALSE(absl::StrContains(written, value));
  }
  CHECK_FALSE(absl::StrContains(written, made->mhv_id()));
}

TEST_CASE("mhv-account M10: a deactivated account is MHV's 805, as text",
          "[mhv][integration][M10]") {
  Line line;
  const auto refused = line.Ensure("mhv_deactivated");
  INFO(refused.status());
  REQUIRE(refused.ok());
  CHECK(refused->state() == mhv::v1::ACCOUNT_STATE_INELIGIBLE);
  CHECK(refused->upstream_code() == "805");
  CHECK(refused->user_actionable());
  REQUIRE(refused->reasons_size() == 1);
  CHECK(refused->reasons(0) == "mhv_805");
}

TEST_CASE("mhv-account: terms come first, and count at once when they are accepted or declined",
          "[mhv][integration]") {
  Line line;
  line.terms.Decide(attributes::v1::TERMS_DECISION_UNSPECIFIED);
  CHECK(line.Ensure("mhv_premium")->state() == mhv::v1::ACCOUNT_STATE_NEEDS_TERMS);
  CHECK(line.mhv->Calls(simulators::kStsPath) == 0);
  CHECK(line.mhv->Calls(simulators::kAccountPath) == 0);
  // The same attempt again, after the person accepted.
  line.terms.Decide(attributes::v1::TERMS_DECISION_ACCEPTED);
  CHECK(line.Ensure("mhv_premium")->state() == mhv::v1::ACCOUNT_STATE_ENSURED);
  line.terms.Decide(attributes::v1::TERMS_DECISION_DECLINED);
  const auto declined = line.Ensure("mhv_premium");
  CHECK(declined->state() == mhv::v1::ACCOUNT_STATE_NEEDS_TERMS);
  CHECK(declined->mhv_id().empty());
  CHECK(line.Psql("SELECT string_agg(state, ',' ORDER BY id) FROM account_events") ==
        "needs_terms,ensured,needs_terms");
}

TEST_CASE("mhv-account M8: whatever ails MHV, the call is retryable and leaves nothing behind",
          "[mhv][integration][M8]") {
  struct Row {
    const char* what;
    json fault;
    const char* reason;
  };
  const std::string account = simulators::kAccountPath;
  const std::vector<Row> rows = {
      {"down", {{"mode", "down"}}, "STS_UNAVAILABLE"},
      {"down behind the token service", {{"mode", "down"}, {"path", account}}, "MHV_UNAVAILABLE"},
      {"slow", {{"mode", "slow"}, {"ms", 5000}}, "STS_TIMEOUT"},
      {"slow behind the token service",
       {{"mode", "slow"}, {"ms", 5000}, {"path", account}},
       "MHV_TIMEOUT"},
      {"HTML", {{"mode", "html"}, {"path", account}}, "MHV_CONTENT_TYPE"},
      {"cut in half", {{"mode", "malformed"}, {"path", account}}, "MHV_MALFORMED"},
      {"another content type", {{"mode", "wrong_type"}, {"path", account}}, "MHV_CONTENT_TYPE"},
      {"other JSON types", {{"mode", "wrong_shape"}, {"path", account}}, "MHV_MALFORMED"},
      {"503", {{"mode", "error"}, {"status", 503}, {"path", account}}, "MHV_UNAVAILABLE"},
      {"500 in plain text",
       {{"mode", "error"}, {"status", 500}, {"path", account}},
       "MHV_UNAVAILABLE"},
  };
  Line line;
  for (const Row& row : rows) {
    CAPTURE(row.what);
    line.mhv->Fault(row.fault);
    const absl::Status status = line.Ensure("mhv_premium").status();
    CHECK(status.code() == absl::StatusCode::kUnavailable);
    CHECK(base::ReasonOf(status) == row.reason);
    CHECK(base::IsRetryable(status));
    CHECK(line.Psql("SELECT (SELECT count(*) FROM accounts) + count(*) FROM account_events") ==
          "0");
  }
  line.mhv->Fault({{"mode", "none"}});
  CHECK(line.Ensure("mhv_premium")->state() == mhv::v1::ACCOUNT_STATE_ENSURED);
}

TEST_CASE("mhv-account M8: an API key that MHV does not know is nobody's ineligibility",
          "[mhv][integration][M8]") {
  Line line("another-api-key");
  const absl::Status status = line.Ensure("mhv_premium").status();
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(status) == "MHV_808");
  CHECK(line.Psql("SELECT count(*) FROM accounts") == "0");
}

TEST_CASE("mhv-account E6: without the token of this very attempt nothing is asked of anybody",
          "[mhv][integration][E6]") {
  Line line;
  mhv::v1::EnsureAccountRequest request = line.Request("mhv_premium");
  SECTION("of another attempt") {
    request.set_decision_token(line.Token(request.icn(), "7f3c0000-0000-4000-8000-000000000002"));
  }
  SECTION("of another person") {
    request.set_decision_token(line.Token(line.Person("mhv_no_account").mpi.person->icn));
  }
  SECTION("none") { request.clear_decision_token(); }
  const absl::Status status = line.Ensure(request).status();
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  CHECK(base::ReasonOf(status) == "DECISION_TOKEN");
  CHECK(line.mhv->Calls(simulators::kStsPath) == 0);
}

TEST_CASE("mhv-account: a certificate that is not listed may not ask", "[mhv][integration]") {
  Line line;
  const absl::Status status =
      line.Ensure(line.Request("mhv_premium"), "inherited-proofing").status();
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  CHECK(base::ReasonOf(status) != "DECISION_TOKEN");
}

}  // namespace va::integration
