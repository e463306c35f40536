#include "lib/http/message.h"

#include <catch2/catch.hpp>

namespace va::http {

TEST_CASE("HasMediaType: the type counts, whatever its case and parameters", "[http]") {
  struct Row {
    const char* value;
    bool json;
  };
  const Row row = GENERATE(values<Row>({
      {"application/json", true},
      {"Application/JSON; charset=UTF-8", true},
      {" application/json ;q", true},
      {"application/jsonp", false},
      {"text/plain; application/json", false},
      {"", false},
  }));
  CAPTURE(row.value);
  CHECK(HasMediaType({{"content-type", row.value}}, "application/json") == row.json);
}

TEST_CASE("HasMediaType: what names no type has none", "[http]") {
  CHECK_FALSE(HasMediaType({}, "application/json"));
}

}  // namespace va::http
