// The contract of `./dev signin`: one JSON object on stdout, words on stderr, an exit code that
// says how it ended.
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "tests/e2e/stack.h"

namespace va::e2e {
namespace {

using nlohmann::json;

struct Run {
  int exit = -1;
  std::string out;
};

// Runs the program that lies beside this one; what it says on stderr is dropped.
Run SignIn(const std::string& arguments) {
  const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "signin";
  const std::string command = absl::StrCat("'", beside.string(), "' ", arguments, " 2>/dev/null");
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Run run;
  std::array<char, 4096> buffer{};
  while (const size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    run.out.append(buffer.data(), size);
  }
  const int status = pclose(pipe);
  run.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

std::set<std::string> Keys(const json& object) {
  std::set<std::string> keys;
  for (const auto& entry : object.items()) keys.insert(entry.key());
  return keys;
}

TEST_CASE("E2e: signin prints one object and says by its exit how it ended", "[e2e]") {
  Stack::Get();
  const auto ends = [](const std::string& arguments, int exit, const std::string& outcome) {
    INFO(arguments);
    const Run run = SignIn(arguments);
    CHECK(run.exit == exit);
    const json object = json::parse(run.out, nullptr, false);
    REQUIRE(object.is_object());
    CHECK(object["outcome"] == outcome);
    CHECK(Keys(object) == std::set<std::string>{"application", "code", "csp", "loa", "mhv_account",
                                                "outcome", "proofing", "request_id", "stations",
                                                "tag"});
    return object;
  };
  CHECK(ends("mhv_premium", 0, "session")["mhv_account"] == "ensured");
  const json invited = ends("proofed_in_person", 0, "session");
  CHECK(invited["mhv_account"] == "ensured");
  CHECK(invited["proofing"] == "invited");
  const json basic = ends("mhv_basic", 0, "session");
  CHECK(basic["mhv_account"].is_null());
  CHECK(basic["proofing"].is_null());
  ends("two_mhv_ids", 3, "refusal");
  ends("two_mhv_ids --application mhv --flow saml", 0, "session");
  ends("mpi_down", 4, "try_later");
  ends("mhv_premium --flip", 3, "refusal");
  ends("mhv_premium --application nothing", 3, "refusal");
}

TEST_CASE("E2e: signin refuses what it does not understand with exit 2", "[e2e]") {
  Stack::Get();
  for (const char* arguments :
       {"", "nobody", "mhv_premium --colour red", "mhv_premium --flow fax"}) {
    INFO(arguments);
    const Run run = SignIn(arguments);
    CHECK(run.exit == 2);
    CHECK(run.out.empty());
  }
}

}  // namespace
}  // namespace va::e2e
