// conformance FILE...: runs the rows of vector files against the product's own functions. Behind
// ./dev conformance; `--suite` is its part of ./dev test.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "lib/config/policy_file.h"
#include "tests/conformance/runner.h"

namespace va::conformance {
namespace {

namespace fs = std::filesystem;

constexpr char kHelp[] =
    "usage: conformance [--self-test] [--quiet] [--root FOLDER] FILE...\n"
    "       conformance --suite [--root FOLDER]\n"
    "  --self-test  change one fact of every expectation; every row that passed must then FAIL\n"
    "  --quiet      print failures only\n"
    "  --suite      the repository's vectors and its own rows, of the kinds that have a driver,\n"
    "               and the self-test over them\n"
    "  --root       the repository; default: where this program was built from\n";

struct Arguments {
  bool help = false;
  bool suite = false;
  bool usable = true;
  Options options;
  fs::path root = VA_SOURCE_ROOT;
  std::vector<fs::path> files;
};

Arguments Read(const std::vector<std::string>& words) {
  Arguments out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help" || word == "-h") {
      out.help = true;
    } else if (word == "--self-test") {
      out.options.self_test = true;
    } else if (word == "--quiet") {
      out.options.quiet = true;
    } else if (word == "--suite") {
      out.suite = true;
    } else if (word == "--root" && i + 1 < words.size()) {
      out.root = words[++i];
    } else if (word.rfind("--", 0) == 0) {
      std::cerr << "conformance: unknown or incomplete option " << word << "\n";
      out.usable = false;
    } else {
      out.files.emplace_back(word);
    }
  }
  if (out.suite != out.files.empty()) out.usable = false;
  return out;
}

std::vector<fs::path> JsonFilesOf(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".json") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// A run of its own over `files`; the totals are added to `sum`. The self-test turns them round: a
// row that fails under a wrong expectation is what it wants.
void RunAll(const Runner::Deps& deps, const Options& options, const std::vector<fs::path>& files,
            Totals& sum) {
  Runner runner(deps, options);
  for (const fs::path& file : files) runner.RunFile(file);
  Totals found = runner.totals();
  if (options.self_test) std::swap(found.passed, found.failed);
  sum.passed += found.passed;
  sum.failed += found.failed;
  // Whatever the self-test leaves out, the run before it has counted.
  if (!options.self_test) sum.skipped += found.skipped;
}

// The JOSE cookbook is no part of this repository (decision E4).
bool AddCookbook(const fs::path& root, std::vector<fs::path>& files) {
  const fs::path shared = root / ".." / "shared";
  if (!fs::is_directory(shared)) {
    std::cout << "SKIP the examples of RFC 7520: they lie in ../shared, which is absent\n";
    return false;
  }
  std::vector<fs::path> examples = JsonFilesOf(shared / "vectors" / "rfc7520");
  // Where the folder is, its examples are run: a name that no file has fails.
  if (examples.empty()) examples.push_back(shared / "vectors" / "rfc7520" / "*.json");
  files.insert(files.end(), examples.begin(), examples.end());
  return true;
}

int RunSuite(const Runner::Deps& deps, const fs::path& root) {
  std::vector<fs::path> files = JsonFilesOf(root / "tests" / "conformance" / "vectors");
  for (fs::path& own : JsonFilesOf(root / "tests" / "conformance" / "ours")) {
    files.push_back(std::move(own));
  }
  Totals sum;
  if (!AddCookbook(root, files)) ++sum.skipped;
  RunAll(deps, {false, true, true}, files, sum);
  RunAll(deps, {true, true, true}, files, sum);
  std::cout << sum.passed << " passed, " << sum.failed << " failed, " << sum.skipped << " skipped"
            << std::endl;
  return sum.failed == 0 && sum.passed > 0 ? 0 : 1;
}

int RunFiles(const Runner::Deps& deps, const Arguments& arguments) {
  Runner runner(deps, arguments.options);
  for (const fs::path& file : arguments.files) runner.RunFile(file);
  if (!arguments.options.self_test) {
    runner.PrintTotals();
    return runner.totals().failed == 0 ? 0 : 1;
  }
  const Totals& totals = runner.totals();
  std::cout << "self-test: " << totals.failed - runner.unreadable() << " rows bite, "
            << totals.passed << " do not; skipped are those that did not pass before\n";
  runner.PrintTotals();
  return totals.passed == 0 && runner.unreadable() == 0 ? 0 : 1;
}

int Main(const Arguments& arguments) {
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  if (!arguments.usable) {
    std::cerr << kHelp;
    return 2;
  }
  const auto policy =
      config::LoadPolicyFile((arguments.root / "deploy" / "policy" / "policy.yaml").string());
  const auto skips =
      Skips::Load(arguments.root / "tests" / "conformance" / "skips.yaml", arguments.root);
  for (const absl::Status& status : {policy.status(), skips.status()}) {
    if (status.ok()) continue;
    std::cout << "FAIL " << (policy.ok() ? "skips.yaml" : "policy.yaml") << "\n     "
              << status.message() << "\n0 passed, 1 failed, 0 skipped" << std::endl;
    return 1;
  }
  const Fixtures fixtures(arguments.root);
  const Environment environment{*policy, fixtures};
  const Runner::Deps deps{environment, Drivers(), *skips, std::cout};
  return arguments.suite ? RunSuite(deps, arguments.root) : RunFiles(deps, arguments);
}

}  // namespace
}  // namespace va::conformance

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return va::conformance::Main(va::conformance::Read({argv + 1, argv + argc}));
}
