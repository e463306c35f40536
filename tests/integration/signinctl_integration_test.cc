// The real program: its exit codes, and that nothing but JSON ever reaches stdout.
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "lib/testing/test_pki.h"
#include "tests/integration/child_process.h"

namespace va::integration {
namespace {

constexpr char kProgram[] = VA_BIN_DIR "/signinctl";
const std::string kExamples = "tools/signinctl/examples/";

struct Ended {
  int exit;
  std::string out;
  std::string err;
};

Ended RunProgram(const std::vector<std::string>& arguments) {
  ChildProcess child(kProgram, arguments);
  const int exit = child.Wait();
  return {exit, child.out(), child.err()};
}

std::vector<std::string> Verify(const std::string& file, const std::string& now) {
  return {"saml",
          "verify",
          "--idp-entity-id",
          "https://idp.example/entity",
          "--idp-cert",
          kExamples + "idp.crt",
          "--sp-entity-id",
          "https://sp.example/entity",
          "--acs",
          "https://sp.example/v1/sessions/callback",
          "--in-response-to",
          "_request-1",
          "--now",
          now,
          file};
}

}  // namespace

TEST_CASE("signinctl: 0 accept, 1 reject, 2 misuse; stdout is JSON or nothing", "[signinctl]") {
  const testing::TempDir dir;
  const std::string empty = dir.Write("empty", "");
  const std::string binary = dir.Write("binary", std::string("\x00\xff<\x01", 4));
  const std::string huge = dir.Write("huge", std::string(size_t{6} << 20, '<'));
  const std::string response = kExamples + "response.xml";
  const std::string sample = kExamples + "idme_loa3.json";
  struct Row {
    std::vector<std::string> arguments;
    int exit;
  };
  const std::vector<Row> rows = {
      {Verify(response, "2026-03-04T12:00:00Z"), 0},
      {Verify(response, "2026-03-05T12:00:00Z"), 1},
      {Verify(empty, "2026-03-04T12:00:00Z"), 1},
      {Verify(binary, "2026-03-04T12:00:00Z"), 1},
      {Verify(huge, "2026-03-04T12:00:00Z"), 1},
      {Verify("/nonexistent", "2026-03-04T12:00:00Z"), 2},
      {{"mpi", "parse", kExamples + "mpi_match.xml"}, 0},
      {{"mpi", "parse", empty}, 1},
      {{"mpi", "parse", binary}, 1},
      {{"mpi", "parse", huge}, 1},
      {{"attributes", "explain", sample, "--mpi", kExamples + "mpi_match.xml"}, 0},
      {{"attributes", "explain", sample}, 1},
      {{"attributes", "explain", empty}, 1},
      {{"attributes", "explain", binary}, 1},
      {{"attributes", "explain", huge}, 1},
      {{"rpc", "a.B/C"}, 2},
      {{"nonsense"}, 2},
      {{"mpi", "parse", "--nonsense", empty}, 2},
  };
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const Ended ended = RunProgram(row.arguments);
    CHECK(ended.exit == row.exit);
    CHECK_FALSE(ended.err.empty());
    if (row.exit == 2) {
      CHECK(ended.out.empty());
    } else {
      CHECK(nlohmann::json::parse(ended.out, nullptr, false).is_object());
    }
  }
}

TEST_CASE("signinctl: help and version are words on stdout and exit 0", "[signinctl]") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"--version"}, {"saml", "verify", "--help"}}) {
    const Ended ended = RunProgram(arguments);
    CHECK(ended.exit == 0);
    CHECK_FALSE(ended.out.empty());
    CHECK(ended.err.empty());
  }
}

}  // namespace va::integration
