#include "services/inherited-proofing/config.h"

#include <catch2/catch.hpp>

#include "lib/service/example_config.h"
#include "services/inherited-proofing/wiring.h"

namespace va::proofing {
namespace {

TEST_CASE("Config: config.example.yaml is what --print-example-config prints",
          "[proofing][config]") {
  CHECK(service::StoredExample("inherited-proofing") ==
        service::PrintedExample("inherited-proofing", "proofing", Methods(), Bind));
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
