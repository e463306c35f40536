#include "services/mhv-account/config.h"

#include <catch2/catch.hpp>

#include "lib/service/example_config.h"
#include "services/mhv-account/wiring.h"

namespace va::mhv {
namespace {

TEST_CASE("Config: config.example.yaml is what --print-example-config prints", "[mhv][config]") {
  CHECK(service::StoredExample("mhv-account") ==
        service::PrintedExample("mhv-account", "mhv", Methods(), Bind));
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
