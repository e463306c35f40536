#include "lib/service/inspect.h"

#include <sstream>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/service/example_config.h"
#include "lib/service/frame.h"

namespace va::service {
namespace {

struct Answer {
  std::optional<int> code;
  std::string out;
  std::string err;
};

// What a program with one setting of its own answers to this command line.
Answer Ask(std::vector<std::string> words) {
  ServiceSpec spec;
  spec.name = "sample";
  spec.summary = "For tests.";
  spec.env_prefix = "VA_SAMPLE__";
  words.insert(words.begin(), "sample");
  std::vector<char*> argv;
  argv.reserve(words.size());
  for (std::string& word : words) argv.push_back(word.data());
  Flags flags;
  Answer answer;
  answer.code = ParseFlags(static_cast<int>(argv.size()), argv.data(), spec, flags);
  if (answer.code.has_value()) return answer;
  CommonConfig common;
  std::string own = "blue";
  config::Table table(spec.env_prefix);
  BindCommon(table, common, "sample", {"va.sample.v1.S/M"});
  const size_t common_rows = table.Describe().size();
  table.String("sample.colour", &own, "Its colour.").OneOf({"blue", "red"});
  std::ostringstream out;
  std::ostringstream err;
  answer.code = Inspect(flags, spec.name, table, common_rows, out, err);
  answer.out = out.str();
  answer.err = err.str();
  return answer;
}

}  // namespace

TEST_CASE("Inspect: --explain tells about a key, a section, or lists all keys",
          "[service][config]") {
  const Answer key = Ask({"--explain", "sample.colour"});
  CHECK(key.code == 0);
  CHECK(absl::StrContains(key.out, "VA_SAMPLE__SAMPLE__COLOUR"));
  const Answer section = Ask({"--explain", "database"});
  CHECK(section.code == 0);
  CHECK(absl::StrContains(section.out, "database.host\n"));
  CHECK(absl::StrContains(section.out, "database.owner_password_file\n"));
  const Answer all = Ask({"--explain"});
  CHECK(all.code == 0);
  CHECK(absl::StrContains(all.out, "sample.colour "));
  CHECK(absl::StrContains(all.out, "drain.timeout "));
}

TEST_CASE("Inspect: --explain of an unknown key says what was meant, exit 2", "[service][config]") {
  const Answer answer = Ask({"--explain", "database.pool_sise"});
  CHECK(answer.code == 2);
  CHECK(answer.out.empty());
  CHECK(absl::StrContains(answer.err, "did you mean database.pool_size?"));
}

TEST_CASE("Inspect: without such a question the program goes on", "[service][config]") {
  CHECK_FALSE(Ask({}).code.has_value());
  CHECK_FALSE(Ask({"--check-config"}).code.has_value());
}

TEST_CASE("Inspect: one question at a time, and none that does not exist", "[service][config]") {
  CHECK(Ask({"--explain", "database", "--check-config"}).code == 2);
  CHECK(Ask({"--print-config-reference", "everything"}).code == 2);
  CHECK(Ask({"--no-such-flag"}).code == 2);
}

TEST_CASE("Inspect: the reference has the common rows once and the program's own apart",
          "[service][config]") {
  const Answer common = Ask({"--print-config-reference", "common"});
  const Answer own = Ask({"--print-config-reference", "own"});
  CHECK(common.code == 0);
  CHECK(own.code == 0);
  CHECK(absl::StrContains(common.out, "`database.host`"));
  CHECK_FALSE(absl::StrContains(common.out, "sample.colour"));
  CHECK(absl::StrContains(own.out, "`sample.colour`"));
  CHECK_FALSE(absl::StrContains(own.out, "database"));
}

TEST_CASE("Inspect: docs/configuration.md has the common rows as they are; else: ./dev docs",
          "[service][config]") {
  CHECK_FALSE(CommonReference().empty());
  CHECK(StoredReference("common") == CommonReference());
}

}  // namespace va::service
