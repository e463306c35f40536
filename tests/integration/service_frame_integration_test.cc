// What the frame promises for every service, shown on the two that have nothing else yet.
#include <signal.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"
#include "lib/http/client.h"
#include "lib/jose/jwks.h"
#include "lib/rpc/channel.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "tests/integration/child_process.h"
#include "va/mhv/v1/mhv.pb.h"
#include "va/proofing/v1/proofing.pb.h"

namespace va::integration {
namespace {

using nlohmann::json;

// What tells the two programs apart.
struct Program {
  const char* name;
  const char* schema;
  const char* method;
  const char* variable_prefix;
};

constexpr Program kMhv{"mhv-account", "mhv", "va.mhv.v1.MhvAccountService/EnsureAccount",
                       "VA_MHV_ACCOUNT__"};
constexpr Program kProofing{"inherited-proofing", "proofing",
                            "va.proofing.v1.ProofingService/CheckEligibility",
                            "VA_INHERITED_PROOFING__"};

// A database, an authority and a configuration for one program.
class Site {
 public:
  explicit Site(const Program& program) : program_(program) {
    auto database = testing::TempDatabase::Create(program.schema);
    REQUIRE(database.ok());
    database_ = *std::move(database);
    http::TlsClientOptions plain;
    plain.allow_plain_http = true;
    auto client = http::CurlClient::Create(plain);
    REQUIRE(client.ok());
    http_ = *std::move(client);
    config_file_ = pki_.dir().Write("config.yaml", Yaml());
  }

  // The published keys of decision tokens.
  std::string DecisionSet() {
    const auto decision =
        crypto::PrivateKey::FromPemFile(pki_.IssueService("decision").private_key_file);
    REQUIRE(decision.ok());
    const auto set =
        jose::WriteJwks({{decision->Public(), {"", "ES256", jose::KeyUse::kSignature}}});
    REQUIRE(set.ok());
    return pki_.dir().Write("decision.jwks", *set);
  }

  // What mhv-account needs beside the settings of the frame.
  std::string MhvAccount() {
    const testing::TempDir& dir = pki_.dir();
    pki_.SelfSignedRsa("sts");  // writes sts.key
    const std::string ring = dir.Write("ring.keys", "k1:" + std::string(64, 'a') + "\n");
    return absl::StrCat(
        "decision: {jwks_file: ", DecisionSet(), ", icn_keys_file: ", ring,
        "}\nkeys: {sealed_box_file: ", ring, ", lookup_file: ", ring,
        "}\nmhv:\n  http: {url: 'https://127.0.0.1:1', tls: {ca_file: ", pki_.ca_file(),
        "}}\n  api_key_file: ", dir.Write("mhv-api.key", "5f0c\n"),
        "\n  sts: {url: 'https://127.0.0.1:1', client_id: c, service_account_id: s, ",
        "signing_ring_file: ", dir.Write("sts.ring", "ring signing RS256\nk1:sts.key:current\n"),
        "}\n");
  }

  // The same of inherited-proofing.
  std::string InheritedProofing() {
    const testing::TempDir& dir = pki_.dir();
    return absl::StrCat(
        "decision: {jwks_file: ", DecisionSet(),
        ", icn_keys_file: ", dir.Write("icn.keys", "k1:" + std::string(64, 'a') + "\n"),
        "}\nmhv:\n  http: {url: 'https://127.0.0.1:1', tls: {ca_file: ", pki_.ca_file(),
        "}}\n  app_token_file: ", dir.Write("mhv-app.token", "5f0c\n"),
        "\nconsent: {text_version: '1'}\n");
  }

  // For a second process: one file belongs to one process.
  std::string AnotherAuditFile() const { return pki_.dir().path() + "/another-audit.jsonl"; }

  std::string Yaml() {
    const testing::PemFiles mine = pki_.IssueService(program_.name);
    const store::PoolOptions app = database_->App();
    const std::string neighbour = "{target: '127.0.0.1:1'}";
    return absl::StrCat(
        "ops: {listen: '127.0.0.1:0'}\n", "grpc:\n  listen: '127.0.0.1:0'\n",
        "  tls: {certificate_file: ", mine.certificate_file,
        ", private_key_file: ", mine.private_key_file, ", ca_file: ", pki_.ca_file(), "}\n",
        "  callers: {auth-gateway.va.internal: [", program_.method, "], probe.va.internal: []}\n",
        "database: {host: ", app.host, ", port: ", app.port, ", name: ", app.name,
        ", user: ", app.user, ", owner_user: ", database_->Owner().user, "}\n",
        "audit: {file: ", pki_.dir().path(), "/audit.jsonl, pseudonym_keys_file: ",
        pki_.dir().Write("audit.keys", "k1:" + std::string(64, 'a') + "\n"), "}\n",
        "peers:\n  mpi_adapter: ", neighbour, "\n",
        absl::string_view(program_.name) == "mhv-account"
            ? absl::StrCat("  user_attributes: ", neighbour, "\n", MhvAccount())
            : InheritedProofing());
  }

  std::unique_ptr<ChildProcess> Start(std::vector<std::string> more = {},
                                      const std::vector<std::string>& environment = {}) {
    more.insert(more.begin(), {"--config", config_file_});
    return std::make_unique<ChildProcess>(absl::StrCat(VA_BIN_DIR, "/", program_.name), more,
                                          environment);
  }

  void Migrate() { REQUIRE(Start({"--migrate"})->Wait() == 0); }

  // The database says that a program of a later release migrated it.
  void PretendToBeAhead() {
    REQUIRE(database_
                ->Psql(absl::StrCat("INSERT INTO ", program_.schema,
                                    ".schema_migrations (number, name, checksum) ",
                                    "VALUES (9000, 'of_tomorrow', 'x')"))
                .ok());
  }

  http::ClientResponse Get(int port, absl::string_view path) {
    http::ClientRequest request;
    request.url = absl::StrCat("http://127.0.0.1:", port, path);
    const auto response = http_->Send(request);
    REQUIRE(response.ok());
    return *response;
  }

  rpc::Channel As(const std::string& service, int port) {
    const testing::PemFiles files = pki_.IssueService(service);
    const auto channel =
        rpc::Connect(absl::StrCat("127.0.0.1:", port),
                     {files.certificate_file, files.private_key_file, pki_.ca_file()},
                     absl::StrCat(program_.name, ".va.internal"));
    REQUIRE(channel.ok());
    return *channel;
  }

  rpc::CallOptions Soon() const {
    rpc::CallOptions options;
    options.deadline = clock_.Now() + absl::Seconds(10);
    return options;
  }

  void ChangeConfig(const std::string& yaml) {
    config_file_ = pki_.dir().Write("changed.yaml", yaml);
  }
  const Program& program() const { return program_; }
  testing::TempDatabase& database() { return *database_; }

 private:
  const Program& program_;
  base::SystemClock clock_;
  testing::TestPki pki_;
  std::unique_ptr<testing::TempDatabase> database_;
  std::unique_ptr<http::CurlClient> http_;
  std::string config_file_;
};

// The published method with an empty request; both programs' messages are empty alike.
absl::Status Ask(Site& site, const rpc::Channel& channel) {
  return rpc::Call<mhv::v1::EnsureAccountResponse>(channel, site.program().method,
                                                   mhv::v1::EnsureAccountRequest(), site.Soon())
      .status();
}

// What /readyz says of one check; empty when it is not there.
std::string StatusOf(const json& health, absl::string_view name) {
  for (const json& check : health["checks"]) {
    if (check["name"] == std::string(name)) return check["status"];
  }
  return "";
}

int64_t ResidentKib(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  for (std::string word; file >> word;) {
    int64_t kib = 0;
    if (word == "VmRSS:" && file >> kib) return kib;
  }
  return 0;
}

}  // namespace

TEST_CASE("Frame: a service migrates, gets ready, answers whom it may, and stops when asked",
          "[service]") {
  const Program& program = GENERATE_REF(kMhv, kProofing);
  CAPTURE(program.name);
  Site site(program);
  site.Migrate();
  const auto service = site.Start();
  const auto ready = service->AwaitEvent("service.ready");
  REQUIRE(ready.has_value());
  const int ops = ready->at("ops_port");
  const int grpc = ready->at("grpc_port");

  CHECK(site.Get(ops, "/livez").status == 200);
  CHECK(site.Get(ops, "/startupz").status == 200);
  const http::ClientResponse readyz = site.Get(ops, "/readyz");
  CHECK(readyz.status == 200);
  json health = json::parse(readyz.body);
  // The neighbours are asked in the background, for the first time a second after the start.
  const base::Stopwatch waited;
  while (StatusOf(health, "mpi-adapter") == "pending" && waited.Elapsed() < absl::Seconds(30)) {
    health = json::parse(site.Get(ops, "/readyz").body);
  }
  // The neighbours of this test do not exist: shown, and no reason to be out of rotation.
  CHECK(health["status"] == "degraded");
  CHECK(StatusOf(health, "database") == "ok");
  CHECK(StatusOf(health, "mpi-adapter") == "degraded");
  CHECK(site.Get(ops, "/elsewhere").status == 404);

  const rpc::Channel gateway = site.As("auth-gateway", grpc);
  CHECK(rpc::CheckHealth(gateway, site.Soon().deadline).ok());
  // The handler's own answer: an empty request is the caller's mistake.
  CHECK(Ask(site, gateway).code() == absl::StatusCode::kInvalidArgument);
  const rpc::Channel probe = site.As("probe", grpc);
  CHECK(rpc::CheckHealth(probe, site.Soon().deadline).ok());
  CHECK(Ask(site, probe).code() == absl::StatusCode::kPermissionDenied);
  const rpc::Channel stranger = site.As("stranger", grpc);
  CHECK(Ask(site, stranger).code() == absl::StatusCode::kPermissionDenied);
  CHECK(rpc::CheckHealth(stranger, site.Soon().deadline).code() ==
        absl::StatusCode::kPermissionDenied);

  CHECK(ResidentKib(service->pid()) > 0);
  CHECK(ResidentKib(service->pid()) < 64 * 1024);

  service->Signal(SIGHUP);
  CHECK(site.Get(ops, "/livez").status == 200);
  service->Signal(SIGTERM);
  CHECK(service->Wait() == 0);
  CHECK(absl::StrContains(service->out(), "\"ev\":\"service.stopped\""));
}

TEST_CASE("inherited-proofing: codes that ended a day ago are forgotten while it serves",
          "[service][proofing]") {
  Site site(kProofing);
  site.Migrate();
  REQUIRE(site.database()
              .Psql("INSERT INTO consents VALUES (gen_random_uuid(), gen_random_uuid(), 'flow', "
                    "'1', repeat('a', 64), 'given', 'en', 'request', now(), "
                    "decode(repeat('ab', 32), 'hex'), now(), now());"
                    "INSERT INTO handoffs SELECT decode(repeat('cd', 32), 'hex'), account_id, "
                    "flow_id, 'mhv', id, 'ISSUED', now() - interval '3 days', "
                    "now() - interval '2 days' FROM consents")
              .ok());
  const auto service = site.Start({}, {"VA_INHERITED_PROOFING__JANITOR__PAUSE=20ms"});
  const auto swept = service->AwaitEvent("janitor.swept");
  REQUIRE(swept.has_value());
  CHECK(swept->at("rows") == 1);
  CHECK(*site.database().Psql("SELECT count(*) FROM handoffs") == "0");
  // The answer to the consent text stays.
  CHECK(*site.database().Psql("SELECT count(*) FROM consents") == "1");
  service->Signal(SIGTERM);
  CHECK(service->Wait() == 0);
}

TEST_CASE("Frame: a schema that is not there yet is waited for", "[service]") {
  Site site(kMhv);
  const auto service = site.Start();
  const auto listening = service->AwaitEvent("ops.listening");
  REQUIRE(listening.has_value());
  const auto waiting = service->AwaitEvent("database.waiting");
  REQUIRE(waiting.has_value());
  CHECK(waiting->at("reason") == "SCHEMA_BEHIND");
  const int ops = listening->at("port");
  CHECK(site.Get(ops, "/livez").status == 200);
  CHECK(site.Get(ops, "/startupz").status == 503);
  CHECK(site.Get(ops, "/readyz").status == 503);
  site.Migrate();
  REQUIRE(service->AwaitEvent("service.ready").has_value());
  CHECK(site.Get(ops, "/readyz").status == 200);
  service->Signal(SIGINT);
  CHECK(service->Wait() == 0);
}

TEST_CASE("Frame: a service that still waits for its schema stops when asked", "[service]") {
  Site site(kMhv);
  const auto service = site.Start();
  REQUIRE(service->AwaitEvent("database.waiting").has_value());
  service->Signal(SIGTERM);
  CHECK(service->Wait() == 0);
}

TEST_CASE("Frame: wrong configuration is told whole and ends with 2 before a port is open",
          "[service][config]") {
  Site site(kMhv);
  std::string yaml = site.Yaml();
  yaml.replace(yaml.find("EnsureAccount"), 13, "EnsureAcount");
  SECTION("in the file") {
    site.ChangeConfig(yaml + "log: {levl: info}\nworkers: {threads: none}\n");
    const auto service = site.Start();
    CHECK(service->Wait() == 2);
    CHECK(service->out().empty());
    CHECK(absl::StrContains(service->err(), "log.levl (line"));
    CHECK(absl::StrContains(service->err(), "did you mean log.level?"));
    CHECK(absl::StrContains(service->err(), "workers.threads (line"));
  }
  SECTION("a caller of a method that does not exist") {
    site.ChangeConfig(yaml);
    const auto service = site.Start();
    CHECK(service->Wait() == 2);
    CHECK(absl::StrContains(service->err(),
                            "did you mean va.mhv.v1.MhvAccountService/EnsureAccount"));
  }
  SECTION("in the environment") {
    const auto service = site.Start({}, {"VA_MHV_ACCOUNT__DATABASE__HOTS=x"});
    CHECK(service->Wait() == 2);
    CHECK(absl::StrContains(service->err(), "did you mean VA_MHV_ACCOUNT__DATABASE__HOST?"));
  }
  SECTION("a file that is not there") {
    const ChildProcess unused(absl::StrCat(VA_BIN_DIR, "/mhv-account"), {"--help"});
    const auto service =
        std::make_unique<ChildProcess>(absl::StrCat(VA_BIN_DIR, "/mhv-account"),
                                       std::vector<std::string>{"--config", "/nonexistent.yaml"});
    CHECK(service->Wait() == 2);
    CHECK(absl::StrContains(service->err(), "cannot read /nonexistent.yaml"));
  }
  SECTION("a flag nobody knows") { CHECK(site.Start({"--verbose"})->Wait() == 2); }
}

TEST_CASE("Frame: --check-config opens nothing and says whether all is well", "[service][config]") {
  Site site(kProofing);
  const auto good = site.Start({"--check-config"});
  CHECK(good->Wait() == 0);
  CHECK(absl::StrContains(good->out(), "is good"));
  const auto bad = site.Start({"--check-config"}, {"VA_INHERITED_PROOFING__LOG__LEVEL=loud"});
  CHECK(bad->Wait() == 2);
}

TEST_CASE("Frame: --migrate tells each step, and on a schema that is ahead it has nothing to do",
          "[service]") {
  Site site(kMhv);
  const auto first = site.Start({"--migrate"});
  CHECK(first->Wait() == 0);
  CHECK(absl::StrContains(first->out(), "\"ev\":\"schema.migrating\""));
  CHECK(absl::StrContains(first->out(), "\"step\":\"applied\""));
  site.PretendToBeAhead();
  // An init container of the previous release that starts again in the middle of a rollout.
  const auto again = site.Start({"--migrate"});
  CHECK(again->Wait() == 0);
  CHECK(absl::StrContains(again->out(), "\"ev\":\"schema.ahead\""));
}

TEST_CASE("Frame: --explain needs no settings, and an unknown key is exit 2", "[service][config]") {
  const std::string program = absl::StrCat(VA_BIN_DIR, "/mhv-account");
  ChildProcess known(program, {"--explain", "mhv.account_lifetime"});
  CHECK(known.Wait() == 0);
  CHECK(absl::StrContains(known.out(), "VA_MHV_ACCOUNT__MHV__ACCOUNT_LIFETIME"));
  ChildProcess unknown(program, {"--explain", "mhv.acount_lifetime"});
  CHECK(unknown.Wait() == 2);
  CHECK(absl::StrContains(unknown.err(), "did you mean mhv.account_lifetime?"));
  ChildProcess help(program, {"--help"});
  CHECK(help.Wait() == 0);
  CHECK(absl::StrContains(help.out(), "--explain"));
  CHECK(absl::StrContains(help.out(), "VA_MHV_ACCOUNT__LOG__LEVEL=debug"));
}

TEST_CASE("Frame: a port that is taken is a clear message and exit 1", "[service]") {
  Site site(kMhv);
  site.Migrate();
  const auto first = site.Start();
  const auto ready = first->AwaitEvent("service.ready");
  REQUIRE(ready.has_value());
  for (const auto& [key, port] : {std::pair<std::string, int>{"GRPC", ready->at("grpc_port")},
                                  std::pair<std::string, int>{"OPS", ready->at("ops_port")}}) {
    CAPTURE(key);
    const auto second =
        site.Start({}, {absl::StrCat("VA_MHV_ACCOUNT__", key, "__LISTEN=127.0.0.1:", port),
                        "VA_MHV_ACCOUNT__AUDIT__FILE=" + site.AnotherAuditFile()});
    CHECK(second->Wait() == 1);
    CHECK(absl::StrContains(second->err(), absl::StrCat("127.0.0.1:", port)));
    CHECK(absl::StrContains(second->out(), "\"ev\":\"service.failed\""));
  }
}

TEST_CASE("Frame K1: a process leaves no core and its memory is closed to others",
          "[service][K1]") {
  Site site(kMhv);
  const auto service = site.Start();
  REQUIRE(service->AwaitEvent("ops.listening").has_value());
  std::ifstream limits(absl::StrCat("/proc/", service->pid(), "/limits"));
  const std::string text((std::istreambuf_iterator<char>(limits)),
                         std::istreambuf_iterator<char>());
  const size_t line = text.find("Max core file size");
  REQUIRE(line != std::string::npos);
  CHECK(absl::StrContains(text.substr(line, 50), " 0 "));
}

}  // namespace va::integration
