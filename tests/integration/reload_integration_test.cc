// What files hold is exchanged while the real programs serve: a good one takes effect, a bad one
// leaves the service on what it has, with an alarm until the disk is good again.
#include <signal.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/clock.h"
#include "lib/http/client.h"
#include "lib/testing/temp_postgres.h"
#include "tests/integration/child_process.h"
#include "tests/integration/service_files.h"

namespace va::integration {
namespace {

using nlohmann::json;

// One program that serves.
class Serving {
 public:
  Serving(std::string program, const char* schema) : program_(std::move(program)) {
    auto database = testing::TempDatabase::Create(schema);
    REQUIRE(database.ok());
    database_ = *std::move(database);
    files.UseDatabase(*database_);
    http::TlsClientOptions plain;
    plain.allow_plain_http = true;
    auto client = http::CurlClient::Create(plain);
    REQUIRE(client.ok());
    http_ = *std::move(client);
    REQUIRE(files.Run(program_, "--migrate")->Wait() == 0);
    process_ = files.Run(program_, "");
    const auto ready = process_->AwaitEvent("service.ready");
    REQUIRE(ready.has_value());
    ops_port_ = ready->at("ops_port");
  }

  http::ClientResponse Get(absl::string_view path) {
    http::ClientRequest request;
    request.url = absl::StrCat("http://127.0.0.1:", ops_port_, path);
    const auto response = http_->Send(request);
    REQUIRE(response.ok());
    return *response;
  }

  // Reads on until that unit tells that event.
  json Await(absl::string_view event, absl::string_view unit) {
    while (true) {
      const auto line = process_->AwaitEvent(event);
      REQUIRE(line.has_value());
      if (line->value("unit", "") == unit) return *line;
    }
  }

  bool Alarm(absl::string_view unit) {
    return absl::StrContains(Get("/metrics").body,
                             absl::StrCat("va_reload_failed{unit=\"", unit, "\"} 1\n"));
  }

  ChildProcess& process() { return *process_; }
  void WriteConfig() { files.WriteConfig(program_); }

  ServiceFiles files;

 private:
  const std::string program_;
  std::unique_ptr<testing::TempDatabase> database_;
  std::unique_ptr<http::CurlClient> http_;
  std::unique_ptr<ChildProcess> process_;
  int ops_port_ = 0;
};

// A file of one unit, spoiled while the program serves.
struct Row {
  const char* rule;
  const char* unit;
  const char* file;
  std::function<std::string(const std::string& good, ServiceFiles& files)> spoil;
  const char* setting;
};

std::string Half(const std::string& good, ServiceFiles& /*files*/) {
  return good.substr(0, good.size() / 2);
}
std::string Nothing(const std::string& /*good*/, ServiceFiles& /*files*/) { return ""; }
std::string OtherKey(const std::string& /*good*/, ServiceFiles& files) {
  return crypto::ReadPublicFile(files.At("other.key")).value();
}
// Good in itself, but what was signed a moment ago could not be verified any more.
std::string StrangersKey(const std::string& /*good*/, ServiceFiles& /*files*/) {
  return crypto::GenerateKeyPem(crypto::NewKey::kEcP256).value();
}
std::string RingOfOther(const std::string& /*good*/, ServiceFiles& files) {
  files.Write("stranger.key", StrangersKey("", files));
  return "ring signing ES256\nk2:stranger.key:current\n";
}
std::string OtherCertificate(const std::string& /*good*/, ServiceFiles& files) {
  return crypto::ReadPublicFile(files.At("other.crt")).value();
}
std::string RingOfAnotherKey(const std::string& good, ServiceFiles& /*files*/) {
  return absl::StrReplaceAll(good, {{"saml.key", "idp.key"}});
}
std::string ForeignRing(const std::string& /*good*/, ServiceFiles& /*files*/) {
  return absl::StrCat("k1:", std::string(64, 'b'), "\n");
}
std::string BadPolicy(const std::string& /*good*/, ServiceFiles& /*files*/) {
  return "version: broken\n";
}

struct Program {
  const char* name;
  const char* schema;
  std::vector<Row> rows;
};

const std::vector<Program>& Programs() {
  static const auto* const kPrograms = new std::vector<Program>{
      {"auth-gateway",
       "gateway",
       {{"a bad policy", "policy", "policy.yaml", &BadPolicy, "policy.file"},
        {"half a SAML key", "saml", "saml.key", &Half, "saml.signing_ring_file"},
        {"a SAML certificate of another key", "saml", "saml.crt", &OtherCertificate,
         "saml.signing_ring_file"},
        {"a SAML ring without the key in use", "saml", "saml.ring", &RingOfAnotherKey,
         "saml.signing_ring_file"},
        {"no certificate of the IdP", "saml", "idp.crt", &Nothing, "saml.idps_file"},
        {"a ring of another house", "sealed_box", "sealed-box.keys", &ForeignRing,
         "keys.sealed_box_file"},
        {"a public TLS key of another certificate", "public_tls", "public.key", &OtherKey,
         "public.tls.certificate_file"}}},
      {"user-attributes",
       "attributes",
       {{"a bad policy", "policy", "policy.yaml", &BadPolicy, "policy.file"},
        {"half a key that signs decisions", "decision_keys", "decision.key", &Half,
         "decision.signing_ring_file"},
        {"half a ring that signs decisions", "decision_keys", "decision.ring", &Half,
         "decision.signing_ring_file"},
        {"another key under the name of the one that signs", "decision_keys", "decision.key",
         &StrangersKey, "decision.signing_ring_file"},
        {"a ring without the key that signs", "decision_keys", "decision.ring", &RingOfOther,
         "decision.signing_ring_file"},
        {"a ring of another house", "lookup", "lookup.keys", &ForeignRing, "keys.lookup_file"}}},
      {"mpi-adapter",
       "mpi",
       {{"a client key of another certificate", "http_tls", "mpi.key", &OtherKey,
         "mpi.http.tls.certificate_file"},
        {"a ring of another house", "sealed_box", "sealed-box.keys", &ForeignRing,
         "keys.sealed_box_file"},
        {"a ring of another house", "lookup", "lookup.keys", &ForeignRing, "keys.lookup_file"}}},
      {"mhv-account",
       "mhv",
       {{"half a key for the token service", "sts_key", "mhv-sts.key", &Half,
         "mhv.sts.signing_ring_file"},
        {"half a set of decision keys", "decision_keys", "decision.jwks", &Half,
         "decision.jwks_file"},
        {"an empty API key", "mhv_api_key", "mhv-api.key", &Nothing, "mhv.api_key_file"},
        {"a gRPC key of another certificate", "grpc_tls", "grpc.key", &OtherKey,
         "grpc.tls.certificate_file"}}},
      {"inherited-proofing",
       "proofing",
       {{"an empty token", "mhv_token", "mhv-api.key", &Nothing, "mhv.app_token_file"},
        {"half a ring of ICNs in decisions", "decision_keys", "decision-icn.keys", &Half,
         "decision.icn_keys_file"}}}};
  return *kPrograms;
}

}  // namespace

TEST_CASE(
    "Reload K2: a wrong key, a half-written file and a bad policy leave each service running "
    "on the old one, with an alarm until the disk is good again",
    "[service][reload][K2]") {
  const Program& program = GENERATE(from_range(Programs().begin(), Programs().end()));
  CAPTURE(program.name);
  Serving serving(program.name, program.schema);
  for (const Row& row : program.rows) {
    CAPTURE(row.rule, row.unit);
    const std::string good = crypto::ReadPublicFile(serving.files.At(row.file)).value();
    const std::string bad = row.spoil(good, serving.files);
    CHECK_FALSE(serving.Alarm(row.unit));

    serving.files.Write(row.file, bad);
    const json failed = serving.Await("reload.failed", row.unit);
    CHECK(failed["setting"] == row.setting);
    CHECK(serving.Alarm(row.unit));
    CHECK(serving.Get("/livez").status == 200);
    CHECK(serving.Get("/readyz").status == 200);

    serving.files.Write(row.file, good);
    CHECK(serving.Await("reload.done", row.unit)["recovered"] == true);
    CHECK_FALSE(serving.Alarm(row.unit));
  }
  serving.process().Signal(SIGTERM);
  CHECK(serving.process().Wait() == 0);
}

TEST_CASE(
    "Reload K3: SIGHUP with bad settings changes nothing and raises the alarm; good ones take "
    "effect as far as they may",
    "[service][reload][K3]") {
  Serving serving("mhv-account", "mhv");
  serving.files.UseAlso("log: {levl: debug}\n");
  serving.WriteConfig();
  serving.process().Signal(SIGHUP);
  CHECK(serving.Await("reload.failed", "config")["setting"] == "log.levl");
  CHECK(serving.Alarm("config"));
  CHECK(serving.Get("/readyz").status == 200);

  // A level that takes effect at once, and a pool that waits for the next start.
  serving.files.UseAlso("log: {level: debug}\nworkers: {threads: 7}\n");
  serving.WriteConfig();
  serving.process().Signal(SIGHUP);
  const auto waiting = serving.process().AwaitEvent("config.needs_restart");
  REQUIRE(waiting.has_value());
  CHECK(waiting->at("settings") == "workers.threads");
  CHECK(serving.Await("reload.done", "config")["recovered"] == true);
  CHECK_FALSE(serving.Alarm("config"));
  serving.process().Signal(SIGTERM);
  CHECK(serving.process().Wait() == 0);
}

TEST_CASE(
    "Reload: the break-glass switch of mpi-adapter is thrown and taken back while it serves, a day "
    "ahead at most, and both are in the trail",
    "[service][reload]") {
  Serving serving("mpi-adapter", "mpi");
  const auto write = [&serving](absl::Duration ahead) {
    const std::string until =
        absl::FormatTime(absl::RFC3339_sec, base::SystemClock().Now() + ahead, absl::UTCTimeZone());
    serving.WriteConfig();
    const std::string with = absl::StrReplaceAll(
        crypto::ReadPublicFile(serving.files.At("config.yaml")).value(),
        {{"mpi: {http:",
          absl::StrCat("mpi: {break_glass: {until: '", until, "', reason: 'INC-4711'}, http:")}});
    serving.files.Write("config.yaml", with);
    serving.process().Signal(SIGHUP);
  };
  const auto gauge = [&serving](int value) {
    return absl::StrContains(serving.Get("/metrics").body,
                             absl::StrCat("va_mpi_break_glass ", value, "\n"));
  };
  CHECK(gauge(0));
  write(absl::Hours(48));
  CHECK(serving.Await("reload.failed", "config")["setting"] == "mpi.break_glass.until");
  CHECK(gauge(0));
  write(absl::Hours(1));
  const auto begun = serving.process().AwaitEvent("mpi.break_glass.begun");
  REQUIRE(begun.has_value());
  CHECK(begun->at("reason") == "INC-4711");
  CHECK(gauge(1));
  serving.WriteConfig();
  serving.process().Signal(SIGHUP);
  REQUIRE(serving.process().AwaitEvent("mpi.break_glass.ended").has_value());
  CHECK(gauge(0));
  serving.process().Signal(SIGTERM);
  CHECK(serving.process().Wait() == 0);
  const std::string trail = crypto::ReadPublicFile(serving.files.At("audit.jsonl")).value();
  CHECK(absl::StrContains(trail, "\"mpi.break_glass\""));
  CHECK(absl::StrContains(trail, "\"begun\""));
  CHECK(absl::StrContains(trail, "\"ended\""));
}

TEST_CASE("Frame: a second request to stop ends the process at once", "[service]") {
  Serving serving("mpi-adapter", "mpi");
  serving.files.UseAlso("drain: {delay: 60s}\n");
  serving.WriteConfig();
  // drain.delay is taken over while serving.
  serving.process().Signal(SIGHUP);
  serving.Await("reload.done", "config");
  serving.process().Signal(SIGTERM);
  REQUIRE(serving.process().AwaitEvent("service.stopping").has_value());
  CHECK(serving.Get("/readyz").status == 503);
  CHECK(serving.Get("/livez").status == 200);
  serving.process().Signal(SIGTERM);
  CHECK(serving.process().Wait() == 128 + SIGTERM);
}

}  // namespace va::integration
