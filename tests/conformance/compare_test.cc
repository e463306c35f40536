#include "tests/conformance/compare.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

namespace va::conformance {
namespace {

// One member; a brace list of two texts would be read as something else.
Json One(const char* key, Json value) { return Json::object({{key, std::move(value)}}); }

std::string Difference(const Json& expected, const Json& actual) {
  return FirstDifference(expected, actual).value_or("");
}

TEST_CASE("FirstDifference: every expected key is compared, and only those",
          "[conformance][rule]") {
  const Json actual = {{"a", 1}, {"b", {{"c", "x"}, {"d", nullptr}}}, {"e", {1, 2}}};
  CHECK(Difference({{"a", 1}}, actual).empty());
  CHECK(Difference({{"b", {{"d", nullptr}}}}, actual).empty());
  CHECK(Difference({{"b", One("c", "y")}}, actual) == "b.c: expected \"y\", got \"x\"");
  CHECK(Difference({{"b", One("d", "")}}, actual) == "b.d: expected \"\", got null");
  CHECK(Difference({{"e", {1}}}, actual) == "e: expected [1], got [1,2]");
  CHECK(Difference({{"e", {1, 3}}}, actual) == "e[1]: expected 3, got 2");
  CHECK(Difference(One("a", "1"), actual) == "a: expected \"1\", got 1");
  CHECK(Difference(One("b", "x"), actual) == "b: expected \"x\", got {\"c\":\"x\",\"d\":null}");
  CHECK(Difference({{"a", {{"c", 1}}}}, actual) == "a: expected {\"c\":1}, got 1");
}

TEST_CASE(
    "FirstDifference: a key that no driver produces is a difference, also where null is expected",
    "[conformance][rule]") {
  CHECK(Difference({{"zip", nullptr}}, {{"a", 1}}) == "zip: is not produced for this kind");
  CHECK(Difference({{"b", {{"zip", nullptr}}}}, {{"b", Json::object({{"c", 1}})}}) ==
        "b.zip: is not produced for this kind");
}

TEST_CASE("FirstDifference: where keys are data, one too many is a difference",
          "[conformance][rule]") {
  const Json two = {{"vha_facility_hash", {{"516", {"1"}}, {"553", {"2"}}}}};
  CHECK(Difference({{"vha_facility_hash", {{"516", {"1"}}}}}, two) ==
        "vha_facility_hash.553: expected \"nothing\", got [\"2\"]");
  CHECK(Difference({{"codes", Json::object()}}, {{"codes", One("icn", "1")}}) ==
        "codes.icn: expected \"nothing\", got \"1\"");
  CHECK(Difference(two, two).empty());
  CHECK_FALSE(Difference({{"profile", Json::object()}}, {{"profile", {{"a", 1}}}}).empty());
}

TEST_CASE("FirstDifference: of warnings only the meaning counts", "[conformance][rule]") {
  const Json produced = {{"warnings",
                          {{{"code", "101"},
                            {"tag", "multiple_mhv_ids"},
                            {"message", "User attributes contain multiple distinct MHV ID values"}},
                           {{"code", nullptr}, {"tag", "multiple_icns"}, {"message", ""}}}}};
  const auto expect = [&](const Json& warning) {
    return Difference({{"warnings", Json::array({warning})}}, produced);
  };
  CHECK(
      expect({{"tag", "multiple_mhv_ids"}, {"level", "warn"}, {"mismatched_ids", {"1"}}}).empty());
  CHECK(expect(One("code", "101")).empty());
  CHECK(expect(One("message",
                   "[SAML::UserAttributes::SSOe] User attributes contain multiple distinct MHV ID "
                   "values."))
            .empty());
  CHECK(expect(One("tag", "multiple_icns")).empty());
  CHECK_FALSE(expect(One("tag", "multiple_edipis")).empty());
  CHECK_FALSE(expect(One("code", "102")).empty());
  CHECK_FALSE(expect(One("message", "")).empty());
  // None expected: none that the reference has words for.
  CHECK_FALSE(Difference({{"warnings", Json::array()}}, produced).empty());
  Json ours = produced;
  ours["warnings"].erase(0);
  CHECK(Difference({{"warnings", Json::array()}}, ours).empty());
  CHECK_FALSE(Difference({{"warnings", Json::array()}}, {{"a", 1}}).empty());
}

TEST_CASE("FirstDifference: of log_ and level only the fact counts", "[conformance][rule]") {
  CHECK(Difference(One("log_warn", "other words"), One("log_warn", "words")).empty());
  CHECK_FALSE(Difference(One("log_warn", "words"), One("log_warn", "")).empty());
  CHECK_FALSE(Difference(One("log_warn", nullptr), One("log_warn", "words")).empty());
  CHECK(Difference(One("level", "warning"), One("code", "101")).empty());
}

TEST_CASE("FirstDifference: a remark about the reference names our class behind it",
          "[conformance][rule]") {
  const char* remark = "none in reference (null for AA); build RecordNotFound in ours";
  CHECK(Difference(One("error", remark), One("error", "RecordNotFound")).empty());
  CHECK(Difference(One("error", remark), One("error", "DuplicateRecords")) ==
        "error: expected \"RecordNotFound\", got \"DuplicateRecords\"");
  CHECK_FALSE(Difference(One("message", remark), One("message", "RecordNotFound")).empty());
}

TEST_CASE("FirstDifference: a remark behind a uuid is no part of it", "[conformance][rule]") {
  const Json expected = One("uuid", "a0b4 (MD5 of something)");
  CHECK(Difference(expected, One("uuid", "a0b4")).empty());
  CHECK_FALSE(Difference(expected, One("uuid", "a0b5")).empty());
  CHECK_FALSE(Difference(expected, One("uuid", nullptr)).empty());
}

TEST_CASE("Mutations: each exactly compared fact is changed alone, and every change is noticed",
          "[conformance][rule]") {
  const Json actual = {{"a", "x"},
                       {"b", {{"c", 0}, {"d", nullptr}, {"e", true}, {"f", Json::array()}}},
                       {"codes", Json::object()},
                       {"list", {1, 2}},
                       {"level", "warn"},
                       {"log_event", "said"},
                       {"warnings", Json::array()},
                       {"ratio", 0.5}};
  const std::vector<Mutation> mutations = Mutations(actual);
  CHECK(mutations.size() == 11);
  for (const Mutation& mutation : mutations) {
    CAPTURE(mutation.what);
    CHECK(FirstDifference(mutation.expectation, actual).has_value());
  }
}

TEST_CASE("Mutations: an expectation that claims a level alone is made to demand something absent",
          "[conformance][rule]") {
  const Json actual = One("level", "warn");
  const std::vector<Mutation> mutations = Mutations(actual);
  REQUIRE(mutations.size() == 1);
  CHECK(FirstDifference(mutations[0].expectation, actual).has_value());
  CHECK(Mutations("allow").size() == 1);
}

}  // namespace
}  // namespace va::conformance
