#include "services/auth-gateway/config.h"

#include <catch2/catch.hpp>

#include "lib/service/example_config.h"
#include "services/auth-gateway/wiring.h"

namespace va::gateway {
namespace {

TEST_CASE("Config: docs/configuration.md has our rows as they are; else: ./dev docs",
          "[gateway][config]") {
  CHECK(service::StoredReference("auth-gateway") == service::PrintedReference<Config>(Bind));
}

TEST_CASE("Config: config.example.yaml is what --print-example-config prints",
          "[gateway][config]") {
  CHECK(service::StoredExample("auth-gateway") ==
        service::PrintedExample("auth-gateway", "gateway", Methods(), Bind));
}

TEST_CASE("Config: a question that outlives the drain would hold up every stop",
          "[gateway][config]") {
  Config config;
  service::CommonConfig common;
  // Only what the rule is about: the others of this service are required.
  config::Table table("VA_AUTH_GATEWAY__");
  table.Duration("provisioning.deadline", &config.provisioning_deadline, "");
  table.Duration("drain.timeout", &common.drain_timeout, "");
  BindRules(table, config, common);
  CHECK(table.LoadText("", {}).empty());
  CHECK(table.LoadText("provisioning: {deadline: 9s}\ndrain: {timeout: 9s}\n", {}).empty());
  const auto problems =
      table.LoadText("drain: {timeout: 9s}\nprovisioning: {deadline: 9500ms}\n", {});
  REQUIRE(problems.size() == 1);
  CHECK(config::ToString(problems[0]) ==
        "provisioning.deadline (line 2): must not be longer than drain.timeout, which is 9s");
}

TEST_CASE("Config W11: only whole https origins, as browsers write them, can be listed",
          "[gateway][config]") {
  Config config;
  config::Table table("VA_AUTH_GATEWAY__");
  BindEdge(table, config);
  const auto load = [&](const std::string& origin) {
    return table.LoadText("public: {cors_origins: ['" + origin + "']}", {});
  };
  CHECK(config.cors_origins.empty());
  CHECK(load("https://www.example.gov").empty());
  CHECK(load("https://www.example.gov:8443").empty());
  for (const char* origin :
       {"null", "*", "https://*.example.gov", "http://www.example.gov", "https://www.example.gov/",
        "https://WWW.example.gov", "https://www.example.gov:443", "www.example.gov", ""}) {
    CAPTURE(origin);
    const auto problems = load(origin);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].key == "public.cors_origins");
  }
}

TEST_CASE("Config: a global logout needs the key the broker knows us by, a cookie's name is a word",
          "[gateway][config]") {
  Config config;
  config::Table table("VA_AUTH_GATEWAY__");
  BindReference(table, config);
  CHECK(table.LoadText("global_logout: {url: 'https://a.gov/x', app_key: k}", {}).empty());
  CHECK(table.LoadText("saml: {request_cookie_environment: local-host_1}", {}).empty());
  Config keyless;
  config::Table other("VA_AUTH_GATEWAY__");
  BindReference(other, keyless);
  const auto problems = other.LoadText(
      "{global_logout: {url: 'https://a.gov/x'}, saml: {request_cookie_environment: 'a; b'}}", {});
  REQUIRE(problems.size() == 2);
}

TEST_CASE("Config W7: nobody is a trusted proxy by default, and a range must be one",
          "[gateway][config]") {
  Config config;
  config::Table table("VA_AUTH_GATEWAY__");
  BindEdge(table, config);
  CHECK(config.trusted_proxies.empty());
  CHECK(table.LoadText("public: {trusted_proxies: [127.0.0.1, 10.0.0.0/8]}", {}).empty());
  const auto problems = table.LoadText("public: {trusted_proxies: [10.0.0.1/8]}", {});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].key == "public.trusted_proxies");
}

TEST_CASE("Config W4: by default no address may hold all connections", "[gateway][config]") {
  Config config;
  config::Table table("VA_AUTH_GATEWAY__");
  BindEdge(table, config);
  CHECK(config.limit_connections_per_address > 0);
  CHECK(config.limit_connections_per_address <= config.public_max_connections / 4);
  CHECK(table.LoadText("limits: {connections_per_address: 0}", {}).empty());
  CHECK(config.limit_connections_per_address == 0);
  CHECK(table.LoadText("limits: {connections_per_address: -1}", {}).size() == 1);
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

TEST_CASE("Config S57: without a file of identity providers there is no start",
          "[gateway][config]") {
  Config config;
  config::Table table("VA_AUTH_GATEWAY__");
  Bind(table, config);
  bool asked_for = false;
  for (const config::Problem& problem : table.LoadText("", {})) {
    asked_for = asked_for || problem.key == "saml.idps_file";
  }
  CHECK(asked_for);
}

}  // namespace
}  // namespace va::gateway
