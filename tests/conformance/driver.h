// What a driver is: it turns a row of its kind into one call of the product's own function, the one
// that a service calls, and says what came of it in the words of the vectors. It holds no rule of
// the product and knows kinds of rows, never single ones.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/identity/policy.h"
#include "tests/conformance/vector_file.h"

namespace va::conformance {

// How one run of a row is to be made.
struct Mode {
  std::string profile;             // empty: the default
  std::set<std::string> switches;  // compatibility switches that are on
  bool compatible = false;         // with expect_compat: everything compatible is on
};

// What came of a row.
struct Facts {  // NOLINT(bugprone-exception-escape): nlohmann's destructor asserts
  Json result;  // what `expected` is compared with
  Json error;   // what `expected_error` is compared with; null when nothing was refused
};

// Where `fixture` paths lead.
class Fixtures {
 public:
  // The repository, whose own copies of the vectors have their fixtures in ../shared.
  explicit Fixtures(std::filesystem::path root) : root_(std::move(root)) {}

  // The file a row names, relative to the vector file's own folder. UNAVAILABLE when the row is one
  // of our copies and there is no ../shared (decision E4); NOT_FOUND or the like when it cannot be
  // read.
  absl::StatusOr<std::string> Read(const Row& row, const std::string& path) const;

 private:
  bool IsOurCopy(const std::filesystem::path& vector_file) const;

  std::filesystem::path root_;
};

struct Environment {
  const identity::Policy& policy;
  const Fixtures& fixtures;
};

// An error says why the row cannot be turned into a call.
using Driver = std::function<absl::StatusOr<Facts>(const Row&, const Mode&, const Environment&)>;

// By kind. A kind that is not in here has no driver yet.
const std::map<std::string, Driver>& Drivers();

// Compatibility switches that some driver hands on. A row that names another one cannot be run.
const std::set<std::string>& KnownSwitches();

}  // namespace va::conformance
