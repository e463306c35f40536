#include "services/mpi-adapter/domain/outcome.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace va::mpi {
namespace {

constexpr Outcome kAll[] = {Outcome::kOk,
                            Outcome::kNoMatch,
                            Outcome::kMultipleMatches,
                            Outcome::kInvalidRequest,
                            Outcome::kSenderRejected,
                            Outcome::kDuplicateKey,
                            Outcome::kMpiFailed,
                            Outcome::kTransport,
                            Outcome::kTimeout,
                            Outcome::kBreakerOpen,
                            Outcome::kUnparseable,
                            Outcome::kBlocked};

TEST_CASE("OutcomeName: M1 the outcomes are a closed list, each with a name of its own",
          "[mpi][rule][M1]") {
  std::set<std::string> names;
  for (const Outcome outcome : kAll) names.insert(std::string(OutcomeName(outcome)));
  CHECK(names.size() == std::size(kAll));
}

TEST_CASE("IsRetryable: only what may heal by itself is worth another try", "[mpi][rule]") {
  const std::set<Outcome> retryable = {Outcome::kMpiFailed, Outcome::kTransport, Outcome::kTimeout,
                                       Outcome::kBreakerOpen};
  for (const Outcome outcome : kAll) {
    CAPTURE(std::string(OutcomeName(outcome)));
    CHECK(IsRetryable(outcome) == (retryable.count(outcome) == 1));
  }
}

// The cells of the rows of a table that stands under a heading.
std::vector<std::vector<std::string>> TableUnder(const std::string& heading) {
  std::ifstream file("services/mpi-adapter/README.md");
  std::vector<std::vector<std::string>> rows;
  bool under = false;
  for (std::string line; std::getline(file, line);) {
    if (line == heading) {
      under = true;
    } else if (under && line.rfind('#', 0) == 0) {
      break;
    } else if (under && line.rfind("| `", 0) == 0) {
      std::vector<std::string> cells;
      for (const absl::string_view cell : absl::StrSplit(line, '|')) {
        cells.emplace_back(absl::StripAsciiWhitespace(cell));
      }
      rows.push_back(std::move(cells));
    }
  }
  return rows;
}

TEST_CASE("README: M1 the table of outcomes lists each once and says what the code says",
          "[mpi][rule][M1]") {
  std::map<std::string, std::vector<std::string>> rows;
  for (const std::vector<std::string>& cells : TableUnder("## Outcomes")) {
    REQUIRE(cells.size() == 7);
    CHECK(rows.emplace(cells[1], cells).second);
  }
  CHECK(rows.size() == std::size(kAll));
  for (const Outcome outcome : kAll) {
    const std::string name = absl::StrCat("`", OutcomeName(outcome), "`");
    CAPTURE(name);
    REQUIRE(rows.count(name) == 1);
    const std::vector<std::string>& cells = rows[name];
    CHECK(cells[3] == (outcome == Outcome::kOk ? "yes" : "no"));
    CHECK(cells[4] == (IsRetryable(outcome) ? "yes" : "no"));
  }
}

}  // namespace
}  // namespace va::mpi
