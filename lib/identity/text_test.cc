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

TEST_CASE("IsEdipi: ten digits and nothing else (mpi_mhv 3.1.5)", "[identity][rule]") {
  CHECK(IsEdipi("2109990001"));
  for (const char* text :
       {"", "210999000", "21099900011", "210999000A", "2109990001\n", " 109990001", "-109990001",
        "\xD9\xA1\xD9\xA2\xD9\xA3\xD9\xA4\xD9\xA5"}) {
    CAPTURE(text);
    CHECK_FALSE(IsEdipi(text));
  }
}

TEST_CASE("IsUuid: either spelling, in either case (mpi_mhv 3.1.5)", "[identity][rule]") {
  CHECK(IsUuid("54e78de6140d473f87960f211be49c08"));
  CHECK(IsUuid("54E78DE6-140D-473F-8796-0F211BE49C08"));
  for (const char* text :
       {"", "54e78de6-140d473f87960f211be49c08", "54e78de6140d473f87960f211be49c0",
        "54e78de6140d473f87960f211be49c08\n", "54e78de6-140d-473f-8796_0f211be49c08",
        "g4e78de6140d473f87960f211be49c08"}) {
    CAPTURE(text);
    CHECK_FALSE(IsUuid(text));
  }
}

TEST_CASE("IdmeSpelling and LogingovSpelling: both spellings of a uuid become the one MPI stores",
          "[identity]") {
  struct Row {
    const char* given;
    const char* idme;
    const char* logingov;
  };
  const auto row = GENERATE(values<Row>({
      {"54e78de6140d473f87960f211be49c08", "54e78de6140d473f87960f211be49c08",
       "54e78de6-140d-473f-8796-0f211be49c08"},
      {"54e78de6-140d-473f-8796-0f211be49c08", "54e78de6140d473f87960f211be49c08",
       "54e78de6-140d-473f-8796-0f211be49c08"},
      {"54E78DE6-140D-473F-8796-0F211BE49C08", "54e78de6140d473f87960f211be49c08",
       "54e78de6-140d-473f-8796-0f211be49c08"},
      // Hyphens elsewhere, a digit too few, a letter too far: no uuid, nothing to respell.
      {"54e78de-6140d-473f-8796-0f211be49c08", "54e78de-6140d-473f-8796-0f211be49c08",
       "54e78de-6140d-473f-8796-0f211be49c08"},
      {"54e78de6140d473f87960f211be49c0", "54e78de6140d473f87960f211be49c0",
       "54e78de6140d473f87960f211be49c0"},
      {"g4e78de6140d473f87960f211be49c08", "g4e78de6140d473f87960f211be49c08",
       "g4e78de6140d473f87960f211be49c08"},
      {"AAA", "AAA", "AAA"},
      {"", "", ""},
  }));
  CAPTURE(row.given);
  CHECK(IdmeSpelling(CspId::FromWire(row.given)).Reveal() == row.idme);
  CHECK(LogingovSpelling(CspId::FromWire(row.given)).Reveal() == row.logingov);
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
