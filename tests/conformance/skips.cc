#include "tests/conformance/skips.h"

#include <algorithm>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace va::conformance {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20;

std::string Text(const YAML::Node& node, const char* key) {
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

std::vector<Condition> ReadWhere(const YAML::Node& node) {
  std::vector<Condition> out;
  if (!node || !node.IsMap()) return out;
  for (const auto& entry : node) {
    Condition condition{entry.first.Scalar(), std::nullopt};
    // `path:` with nothing behind it asks for presence.
    if (entry.second.IsScalar()) condition.text = entry.second.Scalar();
    out.push_back(std::move(condition));
  }
  return out;
}

Skip ReadSkip(const YAML::Node& node) {
  Skip skip;
  skip.kind = Text(node, "kind");
  skip.reason = Text(node, "reason");
  skip.test_file = Text(node, "test_file");
  skip.test_name = Text(node, "test_name");
  skip.where = ReadWhere(node["where"]);
  return skip;
}

// What is wrong with an entry; empty when nothing is.
std::string ProblemOf(const Skip& skip, const std::filesystem::path& root) {
  if (skip.kind.empty()) return "an entry without kind";
  if (skip.where.empty())
    return absl::StrCat("kind ", skip.kind, ": an entry without a shape (where)");
  // A predicate on the name would know single rows.
  for (const Condition& condition : skip.where) {
    if (condition.path == "name") return absl::StrCat("kind ", skip.kind, ": a name is no shape");
  }
  if (skip.reason.empty()) return absl::StrCat("kind ", skip.kind, ": an entry without reason");
  const absl::StatusOr<std::string> source = ReadWholeFile(root / skip.test_file, kLargestFile);
  if (skip.test_file.empty() || !source.ok()) {
    return absl::StrCat("kind ", skip.kind, ": the covering test's file ", skip.test_file,
                        " cannot be read");
  }
  if (skip.test_name.empty() ||
      !absl::StrContains(*source, absl::StrCat("TEST_CASE(\"", skip.test_name, "\""))) {
    return absl::StrCat("kind ", skip.kind, ": ", skip.test_file, " has no test '", skip.test_name,
                        "'");
  }
  return {};
}

bool Holds(const Condition& condition, const Json& row) {
  const Json* here = &row;
  for (const absl::string_view step : absl::StrSplit(condition.path, '.')) {
    if (!here->is_object() || !here->contains(std::string(step))) return false;
    here = &(*here)[std::string(step)];
  }
  if (!condition.text) return true;
  return here->is_string() ? here->get<std::string>() == *condition.text
                           : here->dump() == *condition.text;
}

}  // namespace

absl::StatusOr<Skips> Skips::Load(const std::filesystem::path& file,
                                  const std::filesystem::path& root) {
  const absl::StatusOr<std::string> text = ReadWholeFile(file, kLargestFile);
  if (!text.ok()) return text.status();
  Skips out;
  try {
    const YAML::Node list = YAML::Load(*text)["skips"];
    if (!list || !list.IsSequence()) return absl::InvalidArgumentError("has no list 'skips'");
    for (const YAML::Node& node : list) {
      Skip skip = ReadSkip(node);
      const std::string problem = ProblemOf(skip, root);
      if (!problem.empty()) return absl::InvalidArgumentError(problem);
      out.skips_.push_back(std::move(skip));
    }
  } catch (const YAML::Exception& problem) {
    return absl::InvalidArgumentError(OneLine(problem.what()));
  }
  return out;
}

const Skip* Skips::Find(const Row& row) const {
  for (const Skip& skip : skips_) {
    const bool all = skip.kind == row.kind &&
                     std::all_of(skip.where.begin(), skip.where.end(),
                                 [&](const Condition& one) { return Holds(one, row.body); });
    if (all) return &skip;
  }
  return nullptr;
}

}  // namespace va::conformance
