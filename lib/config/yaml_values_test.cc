#include "lib/config/yaml_values.h"

#include <catch2/catch.hpp>

#include "lib/base/status.h"

namespace va::config {

TEST_CASE("YamlValues: every value stands under its path, a list as one", "[config]") {
  const auto values = YamlValues("a: 1\nb:\n  c: {d: x}\n  e: [\"1\", 2]\n# nothing\n");
  REQUIRE(values.ok());
  CHECK(values->size() == 3);
  CHECK(values->at("a") == "1");
  CHECK(values->at("b.c.d") == "x");
  CHECK(values->at("b.e") == "[1, 2]");
}

TEST_CASE("YamlValues: what is no YAML is an error, never a crash", "[config]") {
  for (const char* text : {"a: [", "a: b: c", "\x01", "a:\n\t- b", "[[]: 1]"}) {
    CAPTURE(text);
    const auto values = YamlValues(text);
    if (!values.ok()) CHECK(base::ReasonOf(values.status()) == "YAML_INVALID");
  }
  CHECK_FALSE(YamlValues("a: [").ok());
  CHECK(YamlValues("").ok());
}

}  // namespace va::config
