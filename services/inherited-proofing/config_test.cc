#include "services/inherited-proofing/config.h"

#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "services/inherited-proofing/wiring.h"

namespace va::proofing {
namespace {

// The whole table as the program has it.
std::string Example() {
  service::CommonConfig common;
  Config config;
  config::Table table("VA_INHERITED_PROOFING__");
  service::BindCommon(table, common, Methods());
  Bind(table, config);
  return table.ExampleYaml();
}

TEST_CASE("Config: config.example.yaml is what --print-example-config prints",
          "[proofing][config]") {
  std::ifstream file("services/inherited-proofing/config.example.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(text == Example());
}

TEST_CASE("Config: the neighbour must be named", "[proofing][config]") {
  Config config;
  config::Table table("VA_INHERITED_PROOFING__");
  Bind(table, config);
  const auto problems = table.LoadText("", {});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].key == "peers.mpi_adapter.target");
  CHECK(config.mpi_adapter.server_name == "mpi-adapter.va.internal");
}

}  // namespace
}  // namespace va::proofing
