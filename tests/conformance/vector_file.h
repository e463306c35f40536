// A vector file: a JSON array of rows. Loading judges form only: what is no row says so in its own
// place, so that one bad row never hides the others.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/conformance/json.h"

namespace va::conformance {

struct Row {  // NOLINT(bugprone-exception-escape): nlohmann's destructor asserts
  std::string name;
  std::string kind;     // empty: unknown
  std::string problem;  // why this is no row; empty: it is one
  std::filesystem::path file;
  Json body;

  // `doc` rows are for people; `code` and `simulator` rows are run.
  bool IsDoc() const { return TextMember(body, "runs") == "doc"; }
};

struct VectorFile {
  std::filesystem::path path;
  std::vector<Row> rows;
};

// INVALID_ARGUMENT when it is no JSON array, otherwise as ReadWholeFile. A file of the JOSE
// cookbook (RFC 7520) holds one object, its example, and becomes one row.
absl::StatusOr<VectorFile> LoadVectorFile(const std::filesystem::path& path);

}  // namespace va::conformance
