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
  return absl::StrCat("mpi:\n  http:\n    url: https://mpi.example.test/mpi\n    tls:\n",
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
        service::PrintedExample("mpi-adapter", "mpi", Methods(), Bind));
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
}

TEST_CASE("Config: everything that is required is listed by its key", "[mpi][config]") {
  Config config;
  std::vector<std::string> keys;
  for (const config::Problem& problem : Load("", config)) keys.push_back(problem.key);
  CHECK_THAT(keys, Catch::UnorderedEquals(std::vector<std::string>{
                       "mpi.http.url", "mpi.http.tls.ca_file", "mpi.http.tls.certificate_file",
                       "mpi.http.tls.private_key_file"}));
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
      {"VA_MPI_ADAPTER__MPI__MESSAGE__PROCESSING_CODE", "D", "mpi.message.processing_code"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__SENDER", "200V GOV", "mpi.message.sender"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__ID_PREFIX", "a\"b", "mpi.message.id_prefix"},
      {"VA_MPI_ADAPTER__MPI__MESSAGE__QUERY_ID", "18204^X", "mpi.message.query_id"},
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
