#include "tests/conformance/runner.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace va::conformance {
namespace {

// The generation that `variants` name and the profile that is this generation (ssoe_saml.md 0.2).
constexpr std::pair<const char*, const char*> kGenerations[] = {
    {"2021", "ssoe-2021"},
    {"2022-04", "ssoe-2022-03"},
    {"2025", "ssoe-2025"},
};

bool IsVariantOf(const std::string& variant, const std::string& profile) {
  return variant == profile ||
         std::any_of(std::begin(kGenerations), std::end(kGenerations), [&](const auto& one) {
           return variant == one.first && profile == one.second;
         });
}

// Replaces one part, named by a dotted path.
void Replace(const std::string& path, const Json& value, Json& expectation) {
  Json* here = &expectation;
  for (const absl::string_view step : absl::StrSplit(path, '.')) {
    if (!here->is_object()) *here = Json::object();
    here = &(*here)[std::string(step)];
  }
  *here = value;
}

Json WithVariants(Json expectation, const Json& variants, const std::string& profile) {
  if (!variants.is_object()) return expectation;
  for (const auto& [name, parts] : variants.items()) {
    if (!IsVariantOf(name, profile) || !parts.is_object()) continue;
    for (const auto& [path, value] : parts.items()) Replace(path, value, expectation);
  }
  return expectation;
}

std::vector<std::string> ProfilesOf(const Json& body) {
  std::vector<std::string> out;
  for (const Json& profile : Member(body, "profiles")) {
    const std::string name = profile.get<std::string>();
    out.push_back(name == "any" ? "" : name);
  }
  if (out.empty()) out.emplace_back();
  return out;
}

std::set<std::string> SwitchesOf(const Json& body) {
  std::set<std::string> out;
  for (const Json& one : Member(body, "switches")) out.insert(one.get<std::string>());
  return out;
}

// What expect_compat and expect_ours are compared with: they do not say on which side they stand.
Json BothSides(const Facts& facts) {
  Json out = facts.result.is_object() ? facts.result : Json::object();
  if (facts.error.is_object()) out.update(facts.error);
  return out;
}

}  // namespace

std::vector<Runner::Trial> Runner::TrialsOf(const Row& row) const {
  const Json& body = row.body;
  std::vector<Trial> out;
  for (const std::string& profile : ProfilesOf(body)) {
    Mode mode{profile, SwitchesOf(body), false};
    const std::string label = profile.empty() ? "" : absl::StrCat(profile, ": ");
    const auto add = [&](const char* key, Trial::Side side) {
      if (!body.contains(key)) return;
      Trial trial{mode, WithVariants(body.at(key), Member(body, "variants"), profile), side, label};
      out.push_back(std::move(trial));
    };
    if (body.contains("expect_compat") || body.contains("expect_ours")) {
      mode.compatible = true;
      add("expect_compat", Trial::Side::kBoth);
      mode.compatible = false;
      add("expect_ours", Trial::Side::kBoth);
      continue;
    }
    add("expected", Trial::Side::kResult);
    add("expected_error", Trial::Side::kError);
  }
  return out;
}

std::optional<std::string> Runner::Differs(const Trial& trial,
                                           const absl::StatusOr<Facts>& facts) const {
  if (!facts.ok()) return absl::StrCat(trial.label, OneLine(facts.status().message()));
  std::optional<std::string> difference;
  switch (trial.side) {
    case Trial::Side::kResult:
      difference = FirstDifference(trial.expectation, facts->result);
      break;
    case Trial::Side::kError:
      difference = facts->error.is_null() ? std::optional<std::string>("nothing was refused")
                                          : FirstDifference(trial.expectation, facts->error);
      break;
    case Trial::Side::kBoth:
      difference = FirstDifference(trial.expectation, BothSides(*facts));
      break;
  }
  if (!difference) return std::nullopt;
  return absl::StrCat(trial.label, *difference);
}

RowResult Runner::Run(const Row& row) const {
  if (!row.problem.empty()) return {Verdict::kFail, row.problem, false};
  if (row.kind.empty()) {
    return {Verdict::kFail, "unknown kind: the row names none", false};
  }
  if (row.IsDoc()) return {Verdict::kSkip, "doc: not comparable by machine", false};
  const auto driver = deps_.drivers.find(row.kind);
  if (driver == deps_.drivers.end()) {
    return {Verdict::kFail, absl::StrCat("no driver for kind ", OneLine(row.kind)), false};
  }
  if (const Skip* skip = deps_.skips.Find(row); skip != nullptr) {
    return {Verdict::kSkip, skip->reason, false};
  }
  for (const std::string& name : SwitchesOf(row.body)) {
    if (KnownSwitches().count(name) > 0) continue;
    return {Verdict::kFail, absl::StrCat("unknown switch ", OneLine(name)), false};
  }
  for (const Trial& trial : TrialsOf(row)) {
    try {
      const absl::StatusOr<Facts> facts = driver->second(row, trial.mode, deps_.environment);
      if (absl::IsUnavailable(facts.status())) {
        return {Verdict::kSkip, std::string(facts.status().message()), true};
      }
      std::optional<std::string> difference = Differs(trial, facts);
      if (difference) return {Verdict::kFail, *std::move(difference), false};
    } catch (const std::exception& problem) {
      return {Verdict::kFail, absl::StrCat("driver: ", OneLine(problem.what())), false};
    }
  }
  return {Verdict::kPass, "", false};
}

std::vector<std::string> Runner::Unnoticed(const Row& row) const {
  std::vector<std::string> out;
  const Driver& driver = deps_.drivers.at(row.kind);
  for (const Trial& trial : TrialsOf(row)) {
    for (Mutation& mutation : Mutations(trial.expectation)) {
      Trial wrong = trial;
      wrong.expectation = std::move(mutation.expectation);
      // Called again for each: a driver that remembers would be no driver.
      if (Differs(wrong, driver(row, wrong.mode, deps_.environment))) continue;
      out.push_back(absl::StrCat(trial.label, mutation.what));
    }
  }
  return out;
}

void Runner::Print(Verdict verdict, const std::string& name, const std::string& why) {
  switch (verdict) {
    case Verdict::kPass:
      ++totals_.passed;
      if (!options_.quiet) deps_.out << "PASS " << name << "\n";
      return;
    case Verdict::kFail:
      ++totals_.failed;
      deps_.out << "FAIL " << name << "\n";
      break;
    case Verdict::kSkip:
      ++totals_.skipped;
      if (options_.quiet) return;
      deps_.out << "SKIP " << name << "\n";
      break;
  }
  if (!why.empty()) deps_.out << "     " << why << "\n";
}

void Runner::Fail(const std::string& name, const std::string& why) {
  ++unreadable_;
  Print(Verdict::kFail, OneLine(name), why);
}

void Runner::RunRow(const Row& row) {
  const RowResult result = Run(row);
  Print(result.verdict, row.name, result.why);
}

void Runner::SelfTestRow(const Row& row) {
  if (Run(row).verdict != Verdict::kPass) {
    return Print(Verdict::kSkip, row.name, "did not pass before");
  }
  const std::vector<std::string> unnoticed = Unnoticed(row);
  // The verdict is that of the row under its changed expectation: here FAIL is what is wanted.
  if (unnoticed.empty()) {
    ++totals_.failed;
    if (!options_.quiet) deps_.out << "FAIL " << row.name << "\n";
    return;
  }
  ++totals_.passed;
  deps_.out << "PASS " << row.name << "\n     does not bite: " << unnoticed.front() << "\n";
}

bool Runner::IsOfInterest(const Row& row) const {
  if (!options_.driven_only) return true;
  return !row.problem.empty() || row.kind.empty() || deps_.drivers.count(row.kind) > 0;
}

// Rule 5: predicates leave out less than a tenth of a file's code rows.
void Runner::CheckSkipped(const VectorFile& file, std::size_t skipped) {
  const auto code = static_cast<std::size_t>(std::count_if(
      file.rows.begin(), file.rows.end(), [](const Row& row) { return !row.IsDoc(); }));
  if (!Skips::TooMany(skipped, code)) return;
  Fail(file.path.filename().string(),
       absl::StrCat("skips.yaml leaves out ", skipped, " of ", code, " rows: a tenth or more"));
}

void Runner::RunFile(const std::filesystem::path& path) {
  const absl::StatusOr<VectorFile> file = LoadVectorFile(path);
  if (!file.ok()) return Fail(path.string(), OneLine(file.status().message()));
  std::size_t skipped = 0;
  std::size_t absent = 0;
  for (const Row& row : file->rows) {
    if (!IsOfInterest(row)) continue;
    const bool runs = !row.IsDoc() && row.problem.empty();
    if (runs && deps_.skips.Find(row) != nullptr) ++skipped;
    if (options_.quiet && runs && Run(row).absent) ++absent;
    options_.self_test ? SelfTestRow(row) : RunRow(row);
  }
  CheckSkipped(*file, skipped);
  if (absent > 0 && !options_.self_test) {
    deps_.out << "SKIP " << absent << " rows of " << path.filename().string()
              << ": their sample answers lie in ../shared, which is absent\n";
  }
}

void Runner::PrintTotals() {
  deps_.out << totals_.passed << " passed, " << totals_.failed << " failed, " << totals_.skipped
            << " skipped" << std::endl;
}

}  // namespace va::conformance
