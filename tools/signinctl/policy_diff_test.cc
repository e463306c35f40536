#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

constexpr char kShipped[] = "deploy/policy/policy.yaml";
constexpr char kVectors[] = "tests/conformance/vectors/ssoe_saml.json";

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The shipped policy with every `from` written as `to`.
std::string Altered(const testing::TempDir& dir, const std::string& from, const std::string& to) {
  const std::string text = ReadAll(kShipped);
  const std::string next = absl::StrReplaceAll(text, {{from, to}});
  REQUIRE(next != text);
  return dir.Write("next.yaml", next);
}

Ran Diff(const std::string& old_file, const std::string& new_file,
         const std::vector<std::string>& more = {"--vectors", kVectors}) {
  std::vector<std::string> arguments = {"policy", "diff", old_file, new_file};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunWith(arguments);
}

}  // namespace

TEST_CASE("policy diff: a policy changes nothing about itself", "[signinctl]") {
  const Ran ran = Diff(kShipped, kShipped);
  CHECK(ran.exit == 0);
  CHECK(ran.json["verdict"] == "unchanged");
  CHECK(ran.json["changes"].empty());
  CHECK(ran.json["files"]["changed"].empty());
  CHECK(ran.json["rows"]["run"].get<int>() > 100);
  CHECK(ran.json["decisions"].get<int>() >= ran.json["rows"]["run"].get<int>() * 3);
  CHECK(absl::StrContains(ran.json["mpi"].get<std::string>(), "match"));
}

TEST_CASE("policy diff: a waiver taken back is told by row, application, both decisions and rule",
          "[signinctl]") {
  const testing::TempDir dir;
  const std::string next = Altered(dir, "waives: [\"101\", \"103\", \"106\"]", "waives: [\"101\"]");
  const Ran ran = Diff(kShipped, next);
  CHECK(ran.exit == 1);
  CHECK(ran.json["verdict"] == "changed");
  REQUIRE_FALSE(ran.json["changes"].empty());
  CHECK(ran.json["changed"] == ran.json["changes"].size());
  for (const Json& change : ran.json["changes"]) {
    CAPTURE(change.dump());
    CHECK((change["application"] == "mhv" || change["application"] == "myvahealth"));
    CHECK((change["new"]["code"] == "103" || change["new"]["code"] == "106"));
    CHECK(change["new"]["verdict"] == "deny");
    CHECK(change["new"]["rule"] == "assertion_findings");
    CHECK(change["old"]["code"] != change["new"]["code"]);
    CHECK(change["row"].is_string());
  }
  CHECK(ran.json["files"]["changed"].contains("applications.mhv.waives"));
  // Where nothing is waived, nothing changes.
  CHECK(Diff(kShipped, next, {"--vectors", kVectors, "--application", "vaweb"}).exit == 0);
  const Ran human = Diff(kShipped, next, {"--vectors", kVectors, "--human"});
  CHECK(absl::StrContains(human.out, "changed applications.mhv.waives: "));
  CHECK(absl::StrContains(human.out, " -> deny 106 multiple_corp_ids (by assertion_findings)"));
}

TEST_CASE("policy diff: a profile that is swapped shows whom it would let in", "[signinctl]") {
  const testing::TempDir dir;
  const std::string next = Altered(dir, "profile: ssoe-2022\n", "profile: ssoe-2025\n");
  const Ran ran = Diff(kShipped, next, {"--vectors", kVectors, "--application", "vaweb"});
  CHECK(ran.exit == 1);
  const bool second_mhv_id =
      std::any_of(ran.json["changes"].begin(), ran.json["changes"].end(), [](const Json& change) {
        return change["old"]["code"] == "101" && change["old"]["profile"] == "ssoe-2022" &&
               change["new"]["profile"] == "ssoe-2025" && change["new"]["code"] != "101";
      });
  CHECK(second_mhv_id);
}

TEST_CASE("policy diff: an application that one policy lacks is no decision there", "[signinctl]") {
  const testing::TempDir dir;
  const std::string next = Altered(dir, "\n  myvahealth:\n", "\n  renamed:\n");
  const Ran ran = Diff(kShipped, next, {"--vectors", kVectors, "--application", "renamed"});
  CHECK(ran.exit == 1);
  REQUIRE_FALSE(ran.json["changes"].empty());
  CHECK(ran.json["changes"][0]["old"]["verdict"] == "no_application");
}

TEST_CASE("policy diff: what MPI answers can be left out, and a file without statements is misuse",
          "[signinctl]") {
  const testing::TempDir dir;
  const Ran without = Diff(kShipped, kShipped, {"--vectors", kVectors, "--mpi", "none"});
  CHECK(without.exit == 0);
  CHECK(without.json["mpi"] == "none");
  const std::string empty = dir.Write("rows.json", R"([{"name":"a"},{"name":"b"}])");
  CHECK(Diff(kShipped, kShipped, {"--vectors", empty}).exit == 2);
  const std::string noise = dir.Write("noise.json", "not json");
  CHECK(Diff(kShipped, kShipped, {"--vectors", noise}).exit == 2);
  CHECK(Diff(kShipped, kShipped, {}).exit == 2);
  CHECK(Diff("/nonexistent", kShipped).exit == 2);
  CHECK(Diff(kShipped, dir.Write("broken.yaml", "version: 1\n")).exit == 2);
  CHECK(Diff(kShipped, kShipped, {"--vectors", kVectors, "--application", "nowhere"}).exit == 2);
}

TEST_CASE("policy diff: rows that cannot be read are told and not guessed at", "[signinctl]") {
  const testing::TempDir dir;
  const std::string rows =
      dir.Write("rows.json",
                R"([{"name":"good","saml_attributes":{"va_eauth_csid":["idme"]}},
          {"name":"bad","saml_attributes":{"a":{"b":1}}},{"name":"none"}])");
  const Ran ran = Diff(kShipped, kShipped, {"--vectors", rows});
  CHECK(ran.exit == 0);
  CHECK(ran.json["rows"]["run"] == 1);
  CHECK(ran.json["rows"]["without_statement"] == 1);
  CHECK(ran.json["rows"]["unreadable"][0]["reason"] == "BAD_ATTRIBUTE");
}

TEST_CASE("policy check: a file that serves is accepted, and every problem has its line",
          "[signinctl]") {
  const testing::TempDir dir;
  const Ran good = RunWith({"policy", "check", kShipped});
  CHECK(good.exit == 0);
  CHECK(good.json["verdict"] == "accept");
  CHECK_FALSE(good.json["version"].get<std::string>().empty());
  const std::string bad = Altered(dir, "    waives: [\"101\", \"103\", \"106\"]",
                                  "    waives: [\"102\"]\n    nothing: 1");
  const Ran ran = RunWith({"policy", "check", bad});
  CHECK(ran.exit == 1);
  CHECK(ran.json["reason"] == "POLICY_INVALID");
  REQUIRE(ran.json["problems"].size() >= 2);
  for (const Json& problem : ran.json["problems"]) {
    CAPTURE(problem.dump());
    CHECK(problem["line"].is_number());
    CHECK_FALSE(absl::StrContains(problem["problem"].get<std::string>(), bad));
  }
  CHECK(RunWith({"policy", "check", "/nonexistent"}).exit == 2);
  CHECK(RunWith({"policy", "check", "-"}, "").exit == 1);
}

TEST_CASE("policy check: hostile input is a reject, never a crash", "[signinctl]") {
  for (const std::string& input : HostileInputs(ReadAll(kShipped))) {
    const Ran ran = RunWith({"policy", "check", "-"}, input);
    CAPTURE(input.substr(0, 60), ran.err);
    CHECK((ran.exit == 0 || ran.exit == 1));
    CHECK(ran.json.is_object());
  }
}

}  // namespace va::signinctl
