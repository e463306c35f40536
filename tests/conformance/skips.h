// Rows that are left out by the shape they have (rule 5 of the vectors): each predicate with a
// reason and the unit test that covers what it leaves out. That test must exist, and a file may
// lose less than a tenth of its `code` rows this way.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/conformance/vector_file.h"

namespace va::conformance {

// One thing a row must have.
struct Condition {
  std::string path;                 // e.g. options.authn_context
  std::optional<std::string> text;  // equal to this; without: present
};

struct Skip {
  std::string kind;
  std::vector<Condition> where;  // all of them; never empty
  std::string reason;
  std::string test_file;  // from the repository root
  std::string test_name;
};

class Skips {
 public:
  // Nothing is skipped.
  Skips() = default;

  // Reads skips.yaml; INVALID_ARGUMENT names what is wrong with an entry, a covering test that does
  // not exist below `root` included.
  static absl::StatusOr<Skips> Load(const std::filesystem::path& file,
                                    const std::filesystem::path& root);

  // The entry that leaves this row out; nullptr when none does.
  const Skip* Find(const Row& row) const;

  // Whether `skipped` of a file's `code_rows` are too many.
  static bool TooMany(std::size_t skipped, std::size_t code_rows) {
    return skipped > 0 && skipped * 10 >= code_rows;
  }

 private:
  std::vector<Skip> skips_;
};

}  // namespace va::conformance
