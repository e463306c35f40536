#include "services/mhv-account/config.h"

#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "services/mhv-account/wiring.h"

namespace va::mhv {
namespace {

// The whole table as the program has it.
std::string Example() {
  service::CommonConfig common;
  Config config;
  config::Table table("VA_MHV_ACCOUNT__");
  service::BindCommon(table, common, Methods());
  Bind(table, config);
  return table.ExampleYaml();
}

TEST_CASE("Config: config.example.yaml is what --print-example-config prints", "[mhv][config]") {
  std::ifstream file("services/mhv-account/config.example.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(text == Example());
}

TEST_CASE("Config: both neighbours must be named", "[mhv][config]") {
  Config config;
  config::Table table("VA_MHV_ACCOUNT__");
  Bind(table, config);
  const auto problems = table.LoadText("", {});
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].key == "peers.mpi_adapter.target");
  CHECK(problems[1].key == "peers.user_attributes.target");
  CHECK(config.mpi_adapter.server_name == "mpi-adapter.va.internal");
}

}  // namespace
}  // namespace va::mhv
