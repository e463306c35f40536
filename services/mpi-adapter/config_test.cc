#include "services/mpi-adapter/config.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/service/example_config.h"
#include "lib/testing/test_pki.h"
#include "services/mpi-adapter/wiring.h"

namespace va::mpi {
namespace {

// The settings that have no default, with files that exist.
std::string Minimal(testing::TestPki& pki, const std::string& more = "") {
  const testing::PemFiles files = pki.Issue({"mpi-adapter.va.internal"});
  const std::string ring = pki.dir().Write("ring.keys", "k1:00\n");
  return absl::StrCat("keys: {sealed_box_file: ", ring, ", lookup_file: ", ring, "}\n",
                      "mpi:\n  http:\n    url: https://mpi.example.test/mpi\n    tls:\n",
                      "      ca_file: ", pki.ca_file(),
                      "\n      certificate_file: ", files.certificate_file,
                      "\n      private_key_file: ", files.private_key_file, "\n", more);
}

std::vector<config::Problem> Load(const std::string& yaml, Config& config,
                                  const config::Environment& environment = {}) {
  config::Table table("VA_MPI_ADAPTER__");
  Bind(table, config);
  return table.LoadText(yaml, environment);
}

TEST_CASE("Config: docs/configuration.md has our rows as they are; else: ./dev docs",
          "[mpi][config]") {
  CHECK(service::StoredReference("mpi-adapter") == service::PrintedReference<Config>(Bind));
}

TEST_CASE("Config: config.example.yaml is what --print-example-config prints", "[mpi][config]") {
  CHECK(service::StoredExample("mpi-adapter") ==
        service::PrintedExample("mpi-adapter", "mpi", Methods(), Bind, SetDefaults));
}

TEST_CASE("Config: defaults are those of a non-production client of MPI", "[mpi][config]") {
  testing::TestPki pki;
  Config config;
  CHECK(Load(Minimal(pki), config).empty());
  CHECK(config.soap.url == "https://mpi.example.test/mpi");
  CHECK(config.soap.timeout == absl::Seconds(6));
  CHECK(config.soap.message.processing_code == "T");
  CHECK(config.soap.message.sender == "200VGOV");
  CHECK(config.soap.message_id_prefix == "200VGOV-");
  CHECK(config.soap.query_id.empty());
  CHECK_FALSE(config.soap.message.u2010_namespaces);
  CHECK(config.soap.message.clinic_root == "2.16.840.1.113883.3.933");
  CHECK(config.soap.message.clinic_name == "Good Health Clinic");
  CHECK(config.soap.message.clinic_telephone == "3425558394");
  CHECK(config.soap.message.organization_prefix == "dslogon.");
  CHECK(config.soap.message.organization_description == "vagov");
  // No address of ours is told unless somebody says which.
  CHECK(config.soap.message.organization_telecom.empty());
}

TEST_CASE("Config: everything that is required is listed by its key", "[mpi][config]") {
  Config config;
  std::vector<std::string> keys;
  for (const config::Problem& problem : Load("", config)) keys.push_back(problem.key);
  CHECK_THAT(keys,
             Catch::UnorderedEquals(std::vector<std::string>{
                 "mpi.http.url", "mpi.http.tls.ca_file", "mpi.http.tls.certificate_file",
                 "mpi.http.tls.private_key_file", "keys.sealed_box_file", "keys.lookup_file"}));
}

TEST_CASE("Config: calls that wait for a slow MPI may never be as many as there are threads",
          "[mpi][config][rule]") {
  struct Row {
    int threads;
    const char* max_in_flight;
    std::string fault;
  };
  const auto row =
      GENERATE(values<Row>({{0, "512", ""},  // as shipped
                            {100, "99", ""},
                            {100, "100", "must be smaller than workers.threads, which is 100"},
                            {0, "1000", "must be smaller than workers.threads, which is 576"}}));
  testing::TestPki pki;
  service::CommonConfig common;
  SetDefaults(common);
  if (row.threads > 0) common.workers_threads = row.threads;
  Config config;
  config::Table table("VA_MPI_ADAPTER__");
  Bind(table, config);
  BindRules(table, config, common);
  const auto problems = table.LoadText(
      Minimal(pki), {{"VA_MPI_ADAPTER__MPI__HTTP__MAX_IN_FLIGHT", row.max_in_flight}});
  REQUIRE(problems.size() == (row.fault.empty() ? 0 : 1));
  if (problems.empty()) return;
  CHECK(problems[0].key == "mpi.http.max_in_flight");
  CHECK(problems[0].text == row.fault);
}

TEST_CASE("Config: what would break a message or send it in the clear is refused",
          "[mpi][config][rule]") {
  struct Row {
    const char* variable;
    const char* value;
    const char* key;
  };
  const Row row = GENERATE(values<Row>({
      {"VA_MPI_ADAPTER__MPI__HTTP__URL", "http://mpi.example.test/mpi", "mpi.http.url"},
      {"VA_MPI_ADAPTER__MPI__HTTP__TIMEOUT", "5m", "mpi.http.timeout"},
      {"VA_MPI_ADAPTER__MPI__HTTP__MAX_IN_FLIGHT", "0", "mpi.http.max_in_flight"},
      {"VA_MPI_ADAPTER__MPI__BREAK_GLASS__UNTIL", "tomorrow", "mpi.break_glass.until"},
      {"VA_MPI_ADAPTER__MPI__BREAK_GLASS__UNTIL", "2999-01-01T00:00:00Z", "mpi.break_glass.until"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__PROCESSING_CODE", "D", "mpi.message.processing_code"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__SENDER", "200V GOV", "mpi.message.sender"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__ID_PREFIX", "a\"b", "mpi.message.id_prefix"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__QUERY_ID", "18204^X", "mpi.message.query_id"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__CLINIC__ROOT", "2.16..1", "mpi.message.clinic.root"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__CLINIC__ROOT", "2.16.1.", "mpi.message.clinic.root"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__CLINIC__ROOT", "clinic", "mpi.message.clinic.root"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__CLINIC__NAME", " ", "mpi.message.clinic.name"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__CLINIC__TELEPHONE", "a\x01z", "mpi.message.clinic.telephone"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__ORGANIZATION__PREFIX", "dslogon^",
       "mpi.message.organization.prefix"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__ORGANIZATION__DESCRIPTION", "\xFF",
       "mpi.message.organization.description"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__ORGANIZATION__TELECOM", "a\xC2\x85",
       "mpi.message.organization.telecom"},
      // mpi_mhv.md 1.16 and 3.1.11: nothing lives longer than this.
      {"VA_MPI_ADAPTER__MPI__CACHE__PROFILE_TTL", "24h1s", "mpi.cache.profile_ttl"},
      {"VA_MPI_ADAPTER__MPI__CACHE__NO_MATCH_TTL", "31m", "mpi.cache.no_match_ttl"},
      {"VA_MPI_ADAPTER__MPI__CACHE__FLAGS_TTL", "16m", "mpi.cache.flags_ttl"},
      {"VA_MPI_ADAPTER__MPI__CACHE__PROFILE_TTL", "4m", "mpi.cache.flags_ttl"},
  }));
  testing::TestPki pki;
  Config config;
  const auto problems = Load(Minimal(pki), config, {{row.variable, row.value}});
  for (const config::Problem& problem : problems) UNSCOPED_INFO(config::ToString(problem));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].key == row.key);
}

}  // namespace
}  // namespace va::mpi
