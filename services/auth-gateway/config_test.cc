#include "services/auth-gateway/config.h"

#include <catch2/catch.hpp>

#include "lib/service/example_config.h"
#include "services/auth-gateway/wiring.h"

namespace va::gateway {
namespace {

TEST_CASE("Config: config.example.yaml is what --print-example-config prints",
          "[gateway][config]") {
  CHECK(service::StoredExample("auth-gateway") ==
        service::PrintedExample("auth-gateway", "gateway", Methods(), Bind));
}

TEST_CASE("Config P3: more than 180 s between two clocks is not tolerated", "[gateway][config]") {
  Config config;
  config::Table table("VA_AUTH_GATEWAY__");
  Bind(table, config);
  CHECK(config.clock_skew == absl::Seconds(60));
  bool refused = false;
  for (const config::Problem& problem : table.LoadText("saml: {clock_skew: 181s}", {})) {
    refused = refused || problem.key == "saml.clock_skew";
  }
  CHECK(refused);
}

TEST_CASE("Config S57: an identity provider without a certificate stops the start",
          "[gateway][config]") {
  Config config;
  config::Table table("VA_AUTH_GATEWAY__");
  Bind(table, config);
  bool asked_for = false;
  for (const config::Problem& problem : table.LoadText("", {})) {
    asked_for = asked_for || problem.key == "saml.idp.certificate_files";
  }
  CHECK(asked_for);
}

}  // namespace
}  // namespace va::gateway
