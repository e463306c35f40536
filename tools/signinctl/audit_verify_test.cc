#include <fstream>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/crypto/keys.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

// Made by another program than the one that writes trails.
const std::string kExample = absl::StrCat(kExamples, "audit.jsonl");

std::string Example() { return crypto::ReadPublicFile(kExample).value(); }

}  // namespace

TEST_CASE("audit verify: a whole trail is accepted, and it says what it was not compared with",
          "[signinctl]") {
  const Ran ran = RunWith({"audit", "verify", kExample});
  CHECK(ran.exit == 0);
  CHECK(ran.json.at("verdict") == "intact");
  CHECK(ran.json.at("records") == 8);
  CHECK(ran.json.at("chains") == 2);
  CHECK(ran.json.at("compared_with_database") == false);
  CHECK(absl::StrContains(ran.err, "not compared with the database"));
}

TEST_CASE("audit verify: a change is told with file, line and reason, and is exit 1",
          "[signinctl]") {
  const testing::TempDir dir;
  const std::string path = dir.Write(
      "a.jsonl", absl::StrReplaceAll(Example(), {{"\"csp\":\"idme\"", "\"csp\":\"mhv_\""}}));
  const Ran ran = RunWith({"audit", "verify", "--json", path});
  CHECK(ran.exit == 1);
  CHECK(ran.json.at("verdict") == "broken");
  REQUIRE(ran.json.at("found").size() == 2);
  CHECK(ran.json.at("found")[0].at("reason") == "CHANGED");
  CHECK(ran.json.at("found")[0].at("file") == path);
  CHECK(ran.json.at("found")[0].at("line") == 2);
  CHECK(ran.err.empty());
}

TEST_CASE("audit verify: rotated files in any order, a missing one, standard input",
          "[signinctl]") {
  const testing::TempDir dir;
  const std::string all = Example();
  size_t cut = 0;
  for (int line = 0; line < 3; ++line) cut = all.find('\n', cut) + 1;
  const std::string older = dir.Write("audit.jsonl.1", all.substr(0, cut));
  const std::string newer = dir.Write("audit.jsonl", all.substr(cut));
  CHECK(RunWith({"audit", "verify", newer, older}).exit == 0);
  const Ran lacking = RunWith({"audit", "verify", newer});
  CHECK(lacking.exit == 1);
  CHECK(lacking.json.at("found")[0].at("reason") == "MISSING");
  CHECK(RunWith({"audit", "verify", "--partial", newer}).exit == 0);
  CHECK(RunWith({"audit", "verify", "-"}, all).exit == 0);
}

TEST_CASE("audit verify: misuse is exit 2", "[signinctl]") {
  const testing::TempDir dir;
  CHECK(RunWith({"audit", "verify"}).exit == 2);
  CHECK(RunWith({"audit", "verify", dir.path() + "/none"}).exit == 2);
  CHECK(RunWith({"audit", "verify", kExample, "--config", dir.path() + "/none.yaml"}).exit == 2);
  CHECK(RunWith(
            {"audit", "verify", "--config", dir.Write("c.yaml", ""), dir.Write("empty.jsonl", "")})
            .exit == 2);
}

TEST_CASE("audit verify: whatever a file holds, there is an answer", "[signinctl]") {
  for (const std::string& input : HostileInputs(Example())) {
    const Ran ran = RunWith({"audit", "verify", "-"}, input);
    CHECK((ran.exit == 0 || ran.exit == 1));
    CHECK(ran.json.is_object());
  }
}

}  // namespace va::signinctl
