#include "lib/identity/text.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace va::identity {
namespace {

TEST_CASE("SameWithoutHyphens: hyphens and the case of letters do not count", "[identity]") {
  struct Row {
    const char* a;
    const char* b;
    bool same;
  };
  const auto row = GENERATE(values<Row>({
      {"Fernbrook", "FERNBROOK", true},
      {"Fern-Brook", "fernbrook", true},
      {"1932-02-05", "19320205", true},
      {"444-44-4758", "444444758", true},
      {"", "-", true},
      {"Fernbrook", "Fernbrooke", false},
      {"Fern Brook", "Fernbrook", false},
      {"1932-02-05", "1932-02-06", false},
      {"", "a", false},
  }));
  CAPTURE(row.a, row.b);
  CHECK(SameWithoutHyphens(row.a, row.b) == row.same);
  CHECK(SameWithoutHyphens(PersonText::FromWire(row.b), PersonText::FromWire(row.a)) == row.same);
}

TEST_CASE("IsUtf8: exactly what RFC 3629 allows", "[identity]") {
  struct Row {
    std::string bytes;
    bool utf8;
  };
  const auto row = GENERATE(values<Row>({
      {"", true},
      {"Jos\xC3\xA9", true},
      {"\xE2\x82\xAC", true},
      {"\xF0\x9F\x98\x80", true},
      {"Jos\xE9", false},           // Latin-1
      {"\xC0\xAF", false},          // overlong
      {"\xE0\x80\xAF", false},      // overlong
      {"\xED\xA0\x80", false},      // surrogate
      {"\xF4\x90\x80\x80", false},  // above U+10FFFF
      {"\x80", false},              // continuation without a lead
      {"\xE2\x82", false},          // cut off
      {"\xC3(", false},             // lead without continuation
      {"\xFF", false},
  }));
  CAPTURE(row.bytes.size());
  CHECK(IsUtf8(row.bytes) == row.utf8);
}

TEST_CASE("DistinctIds: by digits, and by themselves where they have none", "[identity]") {
  const auto count = [](const std::vector<std::string>& texts) {
    std::vector<CspId> ids;
    for (const std::string& text : texts) ids.push_back(CspId::FromWire(text));
    return DistinctIds(ids).size();
  };
  CHECK(count({}) == 0);
  CHECK(count({"1", "1"}) == 1);
  CHECK(count({"1", "2"}) == 2);
  CHECK(count({"1111111111", "1111111111-x"}) == 1);
  // The reference drops what has no digits; two of them are two people all the same.
  CHECK(count({"some-id", "other-id"}) == 2);
  CHECK(count({"some-id", "1"}) == 2);
}

}  // namespace
}  // namespace va::identity
