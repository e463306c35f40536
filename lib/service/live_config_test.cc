#include "lib/service/live_config.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::service {
namespace {

// The rows of a service that has one file it reads anew, one it reads at the start alone, and one
// value that changes while serving.
std::vector<config::FieldInfo> Rows() {
  std::string key;
  std::string roots;
  std::string level;
  config::Table table("VA_TEST__");
  table.SecretFile("keys.box_file", &key, "A key.").Live();
  table.FilePath("traces.ca_file", &roots, "Roots.");
  table.String("log.level", &level, "Least severity.").Live();
  return table.Describe();
}

}  // namespace

TEST_CASE("LiveFilesAgree: what the reference calls live is what reload units read, and only that",
          "[service][reload][config]") {
  struct Row {
    const char* rule;
    std::set<std::string> reloaded;
    const char* told;
  };
  for (const Row& row :
       {Row{"both say so", {"keys.box_file"}, ""},
        Row{"marked, and nobody reads it", {}, "keys.box_file"},
        Row{"read, and not marked", {"keys.box_file", "traces.ca_file"}, "traces.ca_file"}}) {
    INFO(row.rule);
    const absl::Status status = LiveFilesAgree(Rows(), row.reloaded);
    CHECK(status.ok() == (row.told[0] == '\0'));
    if (status.ok()) continue;
    CHECK(base::ReasonOf(status) == "LIVE_FILES_DIFFER");
    CHECK(absl::EndsWith(status.message(), absl::StrCat(": ", row.told)));
  }
}

}  // namespace va::service
