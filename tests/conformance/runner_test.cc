#include "tests/conformance/runner.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/config/policy_file.h"
#include "lib/testing/test_pki.h"

namespace va::conformance {
namespace {

namespace fs = std::filesystem;

void Write(const fs::path& path, absl::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// Says what its input says, so that a test can plant any result.
absl::StatusOr<Facts> Echo(const Row& row, const Mode& mode, const Environment&) {
  const Json& input = Member(row.body, "input");
  if (input.contains("status")) return absl::InvalidArgumentError("cannot be decoded");
  if (input.contains("throws")) return Facts{Json(input.at("no such key")), Json()};
  Facts facts{Member(input, "result"), Member(input, "error")};
  if (facts.result.is_object()) {
    facts.result["profile"] = mode.profile;
    facts.result["compatible"] = mode.compatible;
    facts.result["switches"] = mode.switches;
  }
  return facts;
}

// A driver that was written wrong: it looks at what is expected.
absl::StatusOr<Facts> Cheat(const Row& row, const Mode&, const Environment&) {
  const Json& input = Member(row.body, "input");
  return Facts{input.contains("mirror") ? Member(row.body, "expected") : Member(input, "result"),
               Json()};
}

class World {
 public:
  explicit World(Options options = {}, Skips skips = {})
      : skips_(std::move(skips)), runner_({environment_, drivers_, skips_, out_}, options) {}

  fs::path Plant(absl::string_view text, const std::string& name = "rows.json") {
    const fs::path path = fs::path(folder_.path()) / name;
    Write(path, text);
    return path;
  }

  // All that is printed for a file of this text.
  std::string Run(absl::string_view text) {
    runner_.RunFile(Plant(text));
    return Printed();
  }

  std::string Printed() {
    runner_.PrintTotals();
    return out_.str();
  }

  Runner& runner() { return runner_; }
  const testing::TempDir& folder() const { return folder_; }

 private:
  static const identity::Policy& Policy() {
    static const identity::Policy policy =
        config::LoadPolicyFile("deploy/policy/policy.yaml").value();
    return policy;
  }

  testing::TempDir folder_;
  Fixtures fixtures_{folder_.path()};
  Environment environment_{Policy(), fixtures_};
  std::map<std::string, Driver> drivers_{{"echo", Echo},
                                         {"cheat", Cheat},
                                         {"mpi.parse", Drivers().at("mpi.parse")},
                                         {"mpi.ids", Drivers().at("mpi.ids")},
                                         {"ssoe_attributes", Drivers().at("ssoe_attributes")}};
  Skips skips_;
  std::ostringstream out_;
  Runner runner_;
};

std::string EchoRow(absl::string_view name, absl::string_view rest) {
  return absl::StrCat(R"({"name":")", name, R"(","options":{"kind":"echo"},)", rest, "}");
}

TEST_CASE("Runner: one line a row, the first difference, the counts alone on the last line",
          "[conformance][rule]") {
  World world;
  CHECK(world.Run(absl::StrCat(
            "[", EchoRow("good", R"("input":{"result":{"a":1}},"expected":{"a":1})"), ",",
            EchoRow("bad", R"("input":{"result":{"a":1,"b":2}},"expected":{"a":2,"b":3})"), ",",
            EchoRow("told", R"("runs":"doc","expected":"words")"), "]")) ==
        "PASS good\n"
        "FAIL bad\n"
        "     a: expected 2, got 1\n"
        "SKIP told\n"
        "     doc: not comparable by machine\n"
        "1 passed, 1 failed, 1 skipped\n");
}

TEST_CASE("Runner: a row runs under each profile that it lists, any is the default",
          "[conformance][rule]") {
  World world;
  CHECK(world.Run(absl::StrCat(
            "[",
            EchoRow("two",
                    R"("profiles":["p","q"],"input":{"result":{}},"expected":{"profile":"p"})"),
            ",",
            EchoRow("any", R"("profiles":["any"],"input":{"result":{}},"expected":{"profile":""})"),
            "]")) ==
        "FAIL two\n"
        "     q: profile: expected \"p\", got \"q\"\n"
        "PASS any\n"
        "1 passed, 1 failed, 0 skipped\n");
}

TEST_CASE("Runner: variants replace parts of the expectation for their generation alone",
          "[conformance][rule]") {
  World world;
  const char* row =
      R"("input":{"result":{"s":{"n":"new","m":1}}},"expected":{"s":{"n":"old","m":1}},
         "variants":{"2022-04":{"s.n":"new"}})";
  CHECK(absl::StrContains(
      world.Run(absl::StrCat(
          "[", EchoRow("named", absl::StrCat(R"("profiles":["ssoe-2022-03"],)", row)), ",",
          EchoRow("other", absl::StrCat(R"("profiles":["ssoe-2022"],)", row)), "]")),
      "PASS named\nFAIL other\n     ssoe-2022: s.n: expected \"old\", got \"new\"\n"));
}

TEST_CASE("Runner: switches reach the driver, and a row with expect_compat runs both ways",
          "[conformance][rule]") {
  World world;
  CHECK(absl::StrContains(
      world.Run(absl::StrCat(
          "[", EchoRow("on", R"("switches":["mpi_compat"],"input":{"result":{}},
                           "expected":{"switches":["mpi_compat"],"compatible":false})"),
          ",", EchoRow("both", R"("input":{"result":{}},"expected":"words","expect_compat":
                             {"compatible":true},"expect_ours":{"compatible":false})"),
          ",", EchoRow("same", R"("input":{"result":{}},"expect_compat":
                             {"compatible":true},"expect_ours":{"compatible":true})"),
          ",", EchoRow("new", R"("switches":["never_heard_of"],"expected":{"a":1})"), "]")),
      "PASS on\nPASS both\nFAIL same\n     compatible: expected true, got false\n"
      "FAIL new\n     unknown switch never_heard_of\n"));
}

TEST_CASE("Runner: an error that is expected must be refused, with every part of it",
          "[conformance][rule]") {
  World world;
  CHECK(absl::StrContains(
      world.Run(absl::StrCat(
          "[",
          EchoRow("refused", R"("input":{"error":{"code":"101"}},"expected_error":{"code":"101"})"),
          ",",
          EchoRow("other", R"("input":{"error":{"code":"102"}},"expected_error":{"code":"101"})"),
          ",", EchoRow("let in", R"("input":{"result":{}},"expected_error":{"level":"warn"})"),
          "]")),
      "PASS refused\nFAIL other\n     code: expected \"101\", got \"102\"\n"
      "FAIL let in\n     nothing was refused\n"));
}

TEST_CASE("Runner: bad input is a FAIL that says why, and never hides the next row",
          "[conformance][bad]") {
  struct BadRow {
    std::string row;
    std::string why;
  };
  const auto bad = GENERATE(values<BadRow>({
      {"7", "is no object but 7"},
      {"null", "is no object but null"},
      {"[]", "is no object but []"},
      {R"({"expected":1})", "has no name"},
      {R"({"name":7,"expected":1})", "has no name"},
      {R"({"name":"x","expected":1})", "unknown kind"},
      {R"({"name":"x","options":{"kind":"brand_new"},"expected":1})",
       "no driver for kind brand_new"},
      {R"({"name":"x","area":"mpi","input":{"loa":1},"expected":1})",
       "no driver for kind mpi.facade"},
      {EchoRow("x", R"("input":{})"), "expects nothing"},
      {EchoRow("x", R"("expected":{})"), "expects nothing"},
      {EchoRow("x", R"("runs":"sometimes","expected":1)"), "runs is code, simulator or doc"},
      {EchoRow("x", R"("profiles":"p","expected":1)"), "profiles is no list of names"},
      {EchoRow("x", R"("profiles":[],"expected":1)"), "profiles is no list of names"},
      {EchoRow("x", R"("profiles":[7],"expected":1)"), "profiles is no list of names"},
      {EchoRow("x", R"("switches":{"a":1},"expected":1)"), "switches is no list of names"},
      {EchoRow("x", R"("switches":[null],"expected":1)"), "switches is no list of names"},
      {EchoRow("x", R"("input":{"status":1},"expected":1)"), "cannot be decoded"},
      {EchoRow("x", R"("input":{"throws":1},"expected":1)"), "driver: "},
      {R"({"name":"x","area":"mpi","input":{"fixture":"absent.xml"},"expected":1})",
       "fixture absent.xml: there is no such file"},
      {R"({"name":"x","area":"mpi","input":{"fixture":"."},"expected":1})",
       "fixture .: is a folder"},
      {R"({"name":"x","area":"mpi","input":{"fixture":7},"expected":1})", "fixture names no file"},
      {R"({"name":"x","area":"mpi","input":{"fixture":""},"expected":1})", "fixture names no file"},
      {R"({"name":"x","area":"mpi","input":{"fixture":"a","http_status":"ok"},"expected":1})",
       "input.http_status is"},
      {R"({"name":"x","area":"mpi","input":{"fixture":"a","http_status":-1},"expected":1})",
       "input.http_status is"},
      {R"({"name":"x","area":"mpi","input":{"fixture":"a","interaction":"update"},"expected":1})",
       "input.interaction is"},
      {R"({"name":"x","area":"mpi","input":{"fixture":"a","headers":7},"expected":1})",
       "input.headers is no object"},
      {R"({"name":"x","area":"mpi","input":{"fixture":"a","new":7},"expected":1})",
       "input.new is not understood"},
      {R"({"name":"x","area":"mpi","input":{"gcids":["a"]},"expected":1})",
       "input.gcids is no text"},
      {R"({"name":"x","area":"mpi","input":{"ids":"a"},"expected":1})", "input.ids is no list"},
      {R"({"name":"x","area":"mpi","input":{"ids":[{"root":"a"}]},"expected":1})", "an id is"},
      {R"({"name":"x","options":{"kind":"ssoe_attributes"},"expected":1})",
       "saml_attributes is no object"},
      {R"({"name":"x","options":{"kind":"ssoe_attributes"},"saml_attributes":{"a":[{}]},"expected":1})",
       "attribute a has the value"},
      {R"({"name":"x","options":{"kind":"ssoe_attributes","application":7},"saml_attributes":{},
           "expected":1})",
       "options.application is no text"},
      {R"({"name":"x","options":{"kind":"ssoe_attributes"},"saml_attributes":{},"profiles":["new"],
           "expected":1})",
       "the policy has no profile new"},
  }));
  World world;
  world.Plant("<x/>", "a");
  const std::string printed = world.Run(absl::StrCat(
      "[", bad.row, ",", EchoRow("next", R"("input":{"result":{"a":1}},"expected":{"a":1})"), "]"));
  CAPTURE(bad.row, printed);
  CHECK(absl::StrContains(printed, "FAIL "));
  CHECK(absl::StrContains(printed, bad.why));
  CHECK(absl::StrContains(printed, "PASS next\n1 passed, 1 failed, 0 skipped\n"));
}

TEST_CASE("Runner: a file that is no vector file is one FAIL with its name", "[conformance][bad]") {
  struct BadFile {
    std::string text;
    std::string why;
  };
  const auto bad = GENERATE(values<BadFile>({
      {"", "is not JSON"},
      {"not JSON", "is not JSON"},
      {"[{\"name\":", "is not JSON"},
      {"[\"\xff\"]", "is not JSON"},
      {std::string(1000000, '['), "is not JSON"},
      {"{\"name\":\"x\"}", "is no array of rows"},
      {"\"text\"", "is no array of rows"},
  }));
  World world;
  const std::string printed = world.Run(bad.text);
  CAPTURE(bad.text.substr(0, 40), printed);
  CHECK(absl::StartsWith(printed, "FAIL "));
  CHECK(absl::StrContains(printed, "rows.json\n     "));
  CHECK(absl::StrContains(printed, bad.why));
  CHECK(absl::StrContains(printed, "\n0 passed, 1 failed, 0 skipped\n"));
}

TEST_CASE("Runner: a file that is not there, or a folder, is one FAIL", "[conformance][bad]") {
  World world;
  world.runner().RunFile("/nonexistent/rows.json");
  world.runner().RunFile(world.folder().path());
  CHECK(absl::StrContains(world.Printed(), "0 passed, 2 failed, 0 skipped\n"));
  CHECK(world.runner().unreadable() == 2);
}

TEST_CASE("Runner: an example of the JOSE cookbook is a row, another object is none",
          "[conformance][rule]") {
  World other;
  other.runner().RunFile(other.Plant(R"({"input":{}})", "rfc7520/jws.json"));
  CHECK(absl::StrContains(other.Printed(), "is no array of rows\n0 passed, 1 failed"));
  World world;
  world.runner().RunFile(world.Plant(R"({"kty":"oct"})", "rfc7520/jws.json"));
  CHECK(world.Printed() ==
        "FAIL rfc7520 jws\n     no driver for kind rfc7520\n0 passed, 1 failed, 0 skipped\n");
}

TEST_CASE("Runner: a name cannot forge a line", "[conformance][bad]") {
  World world;
  CHECK(world.Run(absl::StrCat(
            "[", EchoRow(R"(x\nPASS y)", R"("input":{"result":{"a":1}},"expected":{"a":2})"),
            "]")) == "FAIL x?PASS y\n     a: expected 2, got 1\n0 passed, 1 failed, 0 skipped\n");
}

TEST_CASE("Runner: the self-test wants FAIL of every row that passed", "[conformance][rule]") {
  World world(Options{true, false, false});
  CHECK(
      world.Run(absl::StrCat(
          "[", EchoRow("bites", R"("input":{"result":{"a":1}},"expected":{"a":1})"), ",",
          R"({"name":"cheats","options":{"kind":"cheat"},"input":{"mirror":1},"expected":{"a":1}},)",
          EchoRow("failed", R"("input":{"result":{"a":1}},"expected":{"a":2})"), "]")) ==
      "FAIL bites\n"
      "FAIL cheats\n"
      "SKIP failed\n"
      "     did not pass before\n"
      "0 passed, 2 failed, 1 skipped\n");
}

TEST_CASE("Runner: the self-test names a row that does not notice", "[conformance][rule]") {
  // A level alone beside a profile that nothing looks at: planted by a driver that answers with
  // whatever is expected of it.
  World world(Options{true, false, false});
  Row row;
  row.name = "x";
  row.kind = "echo";
  row.body = Json::parse(R"({"input":{"result":{"a":1}},"expected":{"a":1}})");
  CHECK(world.runner().Unnoticed(row).empty());
  row.body = Json::parse(
      R"({"input":{"result":{"a":null}},"expected":{"error":"none in reference; build A in ours"}})");
  row.body["input"]["result"]["error"] = "not none in reference; build A in ours";
  CHECK(world.runner().Unnoticed(row) ==
        std::vector<std::string>{"error is \"not none in reference; build A in ours\""});
}

// ---- E4: what lies in ../shared ----

std::string CopyRow(absl::string_view fixture) {
  return absl::StrCat(R"([{"name":"sample","area":"mpi","input":{"fixture":")", fixture,
                      R"("},"expected_error":{"error":"HTTPError","status":500}}])");
}

constexpr char kFault[] =
    "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault/></e:Body>"
    "</e:Envelope>";

// A repository with a vector file of its own, and perhaps ../shared beside it.
struct Checkout {
  testing::TempDir folder;
  fs::path root = fs::path(folder.path()) / "main";
  identity::Policy policy = config::LoadPolicyFile("deploy/policy/policy.yaml").value();
  Fixtures fixtures{root};
  Environment environment{policy, fixtures};
  Skips skips;
  std::ostringstream out;

  std::string Run(Options options) {
    const fs::path copy = root / "tests" / "conformance" / "vectors" / "mpi_mhv.json";
    Write(copy, CopyRow("../fixtures/mpi/fault.xml"));
    Runner runner({environment, Drivers(), skips, out}, options);
    runner.RunFile(copy);
    runner.PrintTotals();
    return out.str();
  }
};

TEST_CASE("Runner: E4 without ../shared a row that needs its samples skips, with one visible line",
          "[conformance][rule]") {
  Checkout checkout;
  const bool quiet = GENERATE(false, true);
  CHECK(checkout.Run({false, quiet, false}) ==
        (quiet ? "SKIP 1 rows of mpi_mhv.json: their sample answers lie in ../shared, which is "
                 "absent\n0 passed, 0 failed, 1 skipped\n"
               : "SKIP sample\n     its sample answer lies in ../shared, which is absent\n"
                 "0 passed, 0 failed, 1 skipped\n"));
}

TEST_CASE("Runner: E4 with ../shared the row runs, and fails when its sample is missing there",
          "[conformance][rule]") {
  Checkout checkout;
  fs::create_directories(checkout.root / ".." / "shared" / "vectors");
  const bool sample = GENERATE(true, false);
  if (sample) Write(checkout.root / ".." / "shared" / "fixtures" / "mpi" / "fault.xml", kFault);
  CHECK(checkout.Run({}) ==
        (sample ? "PASS sample\n1 passed, 0 failed, 0 skipped\n"
                : "FAIL sample\n     fixture ../fixtures/mpi/fault.xml: there is no such file\n"
                  "0 passed, 1 failed, 0 skipped\n"));
}

TEST_CASE("Vectors: E4 the copies are those of ../shared, byte for byte", "[conformance][rule]") {
  const fs::path shared = fs::path("..") / "shared" / "vectors";
  if (!fs::is_directory(shared)) {
    std::puts("SKIP the copies of the vectors: ../shared is absent, nothing to compare with");
    return;
  }
  for (const char* name :
       {"ssoe_saml.json", "sign_in_service.json", "mpi_mhv.json", "inherited_proofing.json"}) {
    CAPTURE(name);
    const auto ours = ReadWholeFile(fs::path("tests/conformance/vectors") / name, 64U << 20);
    const auto theirs = ReadWholeFile(shared / name, 64U << 20);
    REQUIRE(ours.ok());
    REQUIRE(theirs.ok());
    CHECK((*ours == *theirs));
  }
}

TEST_CASE("Fixtures: a pipe or a device is no sample, and is not waited for",
          "[conformance][bad]") {
  World world;
  CHECK(absl::StrContains(world.Run(CopyRow("/dev/zero")), "fixture /dev/zero: is no file"));
}

TEST_CASE("Fixtures: a sample larger than any answer is refused", "[conformance][bad]") {
  World world;
  world.Plant(std::string((4U << 20) + 1, 'x'), "large.xml");
  CHECK(absl::StrContains(world.Run(CopyRow("large.xml")), "fixture large.xml: has more than"));
}

}  // namespace
}  // namespace va::conformance
