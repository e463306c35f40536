#include "tests/conformance/skips.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "lib/testing/test_pki.h"

namespace va::conformance {
namespace {

constexpr char kGood[] =
    "skips:\n"
    "  - kind: echo\n"
    "    where: {input.mode: odd, input.extra: }\n"
    "    reason: because\n"
    "    test_file: odd_test.cc\n"
    "    test_name: \"Odd: is covered\"\n";

absl::StatusOr<Skips> Load(const std::string& text) {
  const testing::TempDir folder;
  const std::filesystem::path root = folder.path();
  std::ofstream(root / "odd_test.cc") << "TEST_CASE(\"Odd: is covered\", \"[odd]\") {}\n";
  std::ofstream(root / "skips.yaml") << text;
  return Skips::Load(root / "skips.yaml", root);
}

Row RowOf(const char* kind, const char* body) {
  Row row;
  row.kind = kind;
  row.body = Json::parse(body);
  return row;
}

TEST_CASE("Skips: a predicate is about kind and shape, all of it", "[conformance][rule]") {
  const auto skips = Load(kGood);
  INFO(skips.status());
  REQUIRE(skips.ok());
  CHECK(skips->Find(RowOf("echo", R"({"input":{"mode":"odd","extra":null}})")) != nullptr);
  CHECK(skips->Find(RowOf("echo", R"({"input":{"mode":"odd","extra":7}})"))->reason == "because");
  CHECK(skips->Find(RowOf("echo", R"({"input":{"mode":"odd"}})")) == nullptr);
  CHECK(skips->Find(RowOf("echo", R"({"input":{"mode":"even","extra":1}})")) == nullptr);
  CHECK(skips->Find(RowOf("other", R"({"input":{"mode":"odd","extra":1}})")) == nullptr);
  CHECK(skips->Find(RowOf("echo", R"({"input":7})")) == nullptr);
}

TEST_CASE("Skips: an entry has a shape, a reason and a test that exists", "[conformance][rule]") {
  struct WrongRow {
    const char* from;
    const char* to;
    const char* says;
  };
  const auto row = GENERATE(values<WrongRow>({
      {"kind: echo", "kin: echo", "without kind"},
      {"where: {input.mode: odd, input.extra: }", "where: {}", "without a shape"},
      {"where: {input.mode: odd, input.extra: }", "where: {name: x}", "a name is no shape"},
      {"reason: because", "reason: \"\"", "without reason"},
      {"test_file: odd_test.cc", "test_file: other_test.cc", "cannot be read"},
      {"test_file: odd_test.cc", "test_file: \"\"", "cannot be read"},
      {"Odd: is covered", "Odd: is", "has no test"},
      {"skips:", "skip:", "no list"},
      {"skips:", "skips: [", ""},
  }));
  CAPTURE(row.to);
  const auto skips = Load(absl::StrReplaceAll(kGood, {{row.from, row.to}}));
  REQUIRE_FALSE(skips.ok());
  CHECK(absl::StrContains(skips.status().message(), row.says));
}

TEST_CASE("Skips: a tenth of a file's code rows is too many", "[conformance][rule]") {
  CHECK_FALSE(Skips::TooMany(0, 0));
  CHECK_FALSE(Skips::TooMany(9, 91));
  CHECK(Skips::TooMany(9, 90));
  CHECK(Skips::TooMany(1, 1));
}

TEST_CASE("Skips: those of the repository name tests that exist", "[conformance][rule]") {
  const auto skips = Skips::Load("tests/conformance/skips.yaml", ".");
  INFO(skips.status());
  CHECK(skips.ok());
}

}  // namespace
}  // namespace va::conformance
