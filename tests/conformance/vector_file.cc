#include "tests/conformance/vector_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/conformance/cookbook.h"
#include "tests/conformance/kinds.h"

namespace va::conformance {
namespace {

constexpr std::size_t kLargestFile = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kMostRows = 100000;

// Why a row cannot be run, whatever its kind; empty when it can.
std::string ProblemOf(const Json& body) {
  if (!body.is_object()) return absl::StrCat("is no object but ", Shown(body));
  if (TextMember(body, "name").empty()) return "has no name";
  const Json& runs = Member(body, "runs");
  if (!runs.is_null() && runs != "code" && runs != "simulator" && runs != "doc") {
    return absl::StrCat("runs is code, simulator or doc, not ", Shown(runs));
  }
  const Json& profiles = Member(body, "profiles");
  if (!profiles.is_null() && (!profiles.is_array() || profiles.empty())) {
    return "profiles is no list of names";
  }
  for (const Json& profile : profiles) {
    if (!profile.is_string()) return "profiles is no list of names";
  }
  const Json& switches = Member(body, "switches");
  if (!switches.is_null() && !switches.is_array()) return "switches is no list of names";
  for (const Json& one : switches) {
    if (!one.is_string()) return "switches is no list of names";
  }
  const auto expects = [&](const char* key) {
    return body.contains(key) && !(body[key].is_object() && body[key].empty());
  };
  if (!expects("expected") && !expects("expected_error") && !expects("expect_compat") &&
      !expects("expect_ours")) {
    return "expects nothing: neither expected nor expected_error";
  }
  return {};
}

Row RowOf(Json body, const std::filesystem::path& file, std::size_t index) {
  Row row;
  row.file = file;
  row.name = OneLine(TextMember(body, "name"));
  if (row.name.empty()) {
    row.name = absl::StrCat("row ", index + 1, " of ", file.filename().string());
  }
  row.problem = ProblemOf(body);
  row.kind = KindOf(body);
  row.body = std::move(body);
  return row;
}

// One worked example of RFC 7520.
Row CookbookRow(Json body, const std::filesystem::path& file) {
  Row row;
  row.file = file;
  row.name = OneLine(absl::StrCat("rfc7520 ", file.stem().string()));
  row.kind = "rfc7520";
  // An example states no expectation in the words of a row; its own outputs are one.
  body.update(CookbookExpectations(body));
  row.body = std::move(body);
  return row;
}

}  // namespace

absl::StatusOr<VectorFile> LoadVectorFile(const std::filesystem::path& path) {
  const absl::StatusOr<std::string> text = ReadWholeFile(path, kLargestFile);
  if (!text.ok()) return text.status();
  absl::StatusOr<Json> json = ParseJson(*text);
  if (!json.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("is not JSON: ", json.status().message()));
  }
  VectorFile out;
  out.path = path;
  if (json->is_object() && IsCookbookExample(*json)) {
    out.rows.push_back(CookbookRow(*std::move(json), path));
    return out;
  }
  if (!json->is_array()) return absl::InvalidArgumentError("is no array of rows");
  if (json->size() > kMostRows)
    return absl::InvalidArgumentError("has more rows than any vector file");
  for (Json& body : *json) out.rows.push_back(RowOf(std::move(body), path, out.rows.size()));
  return out;
}

}  // namespace va::conformance
