#include "services/user-attributes/config.h"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "lib/service/example_config.h"
#include "services/user-attributes/load.h"
#include "services/user-attributes/wiring.h"

namespace va::attributes {
namespace {

std::vector<std::string> WrongKeys(const std::string& yaml) {
  Config config;
  config::Table table("VA_USER_ATTRIBUTES__");
  Bind(table, config);
  std::vector<std::string> keys;
  for (const config::Problem& problem : table.LoadText(yaml, {})) keys.push_back(problem.key);
  return keys;
}

TEST_CASE("Config: config.example.yaml is what --print-example-config prints",
          "[attributes][config]") {
  CHECK(service::StoredExample("user-attributes") ==
        service::PrintedExample("user-attributes", "attributes", Methods(), Bind));
}

TEST_CASE("Config: policy and key rings must be named", "[attributes][config]") {
  CHECK(WrongKeys("") ==
        std::vector<std::string>{"policy.file", "keys.sealed_box_file", "keys.lookup_file"});
}

TEST_CASE("Load: a file that is no policy and no key ring stops the start",
          "[attributes][config]") {
  // Any readable file will do that is neither: this program's own source.
  const std::string other = "services/user-attributes/config.h";
  service::FileLoader files;
  CHECK_FALSE(Load({other, other, other}, files).has_value());
  std::set<std::string> keys;
  for (const config::Problem& problem : files.problems()) keys.insert(problem.key);
  CHECK(keys == std::set<std::string>{"policy.file", "keys.sealed_box_file", "keys.lookup_file"});
}

}  // namespace
}  // namespace va::attributes
