// Runs rows and says what came of them, one line a row, as the rules of the vectors want it. The
// self-test runs every row that passes again with a wrong expectation and wants it to fail.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "tests/conformance/compare.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/skips.h"
#include "tests/conformance/vector_file.h"

namespace va::conformance {

enum class Verdict { kPass, kFail, kSkip };

struct RowResult {
  Verdict verdict = Verdict::kFail;
  std::string why;      // of a failure: the first difference; of a skip: the reason
  bool absent = false;  // skipped because ../shared is not there
};

struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
};

struct Options {
  bool self_test = false;
  bool quiet = false;        // failures and one line for all rows whose samples are absent
  bool driven_only = false;  // rows of kinds without a driver are left out altogether
};

class Runner {
 public:
  struct Deps {
    const Environment& environment;
    const std::map<std::string, Driver>& drivers;
    const Skips& skips;
    std::ostream& out;
  };

  Runner(Deps deps, Options options) : deps_(deps), options_(options) {}

  // Everything of one file, its lines printed and counted.
  void RunFile(const std::filesystem::path& path);
  // Something that went wrong outside of any row.
  void Fail(const std::string& name, const std::string& why);
  // The last line.
  void PrintTotals();

  const Totals& totals() const { return totals_; }
  // How often Fail was called: what no self-test can turn into something wanted.
  std::size_t unreadable() const { return unreadable_; }

  // One row as the rules want it.
  RowResult Run(const Row& row) const;
  // Which changes of its expectations a passing row does not notice; empty: it bites.
  std::vector<std::string> Unnoticed(const Row& row) const;

 private:
  // One run of a row: how, and what must come of it.
  struct Trial {
    Mode mode;
    Json expectation;
    enum class Side { kResult, kError, kBoth } side = Side::kResult;
    std::string label;
  };

  std::vector<Trial> TrialsOf(const Row& row) const;
  std::optional<std::string> Differs(const Trial& trial, const absl::StatusOr<Facts>& facts) const;
  bool IsOfInterest(const Row& row) const;
  void RunRow(const Row& row);
  void SelfTestRow(const Row& row);
  void CheckSkipped(const VectorFile& file, std::size_t skipped);
  void Print(Verdict verdict, const std::string& name, const std::string& why);

  Deps deps_;
  Options options_;
  Totals totals_;
  std::size_t unreadable_ = 0;
};

}  // namespace va::conformance
