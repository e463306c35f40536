// policy diff: which decisions would change if one policy took the place of another, tried on the
// rows of vector files; and what differs between the two files themselves.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/config/policy_file.h"
#include "lib/config/yaml_values.h"
#include "tools/signinctl/explanation.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/mpi_answer.h"
#include "tools/signinctl/sample.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using attributes::Attempt;

constexpr char kMatch[] = "match";
constexpr char kNone[] = "none";
constexpr char kMatchWords[] =
    "match: MPI is taken to answer with the person that each row states, so that the rules run to "
    "their end";

// ---- The files ----------------------------------------------------------------------------------

// One side: what stands in the file, and the policy in it.
struct Side {
  std::string file;
  std::map<std::string, std::string> values;
  identity::Policy policy;
};

// {"added","removed","changed"}: by path, as it is written.
Json FilesJson(const Side& old_side, const Side& new_side) {
  const std::map<std::string, std::string>& old_values = old_side.values;
  const std::map<std::string, std::string>& new_values = new_side.values;
  Json added = Json::object();
  Json removed = Json::object();
  Json changed = Json::object();
  for (const auto& [path, value] : new_values) {
    const auto before = old_values.find(path);
    if (before == old_values.end()) {
      added[path] = value;
    } else if (before->second != value) {
      changed[path] = {{"old", before->second}, {"new", value}};
    }
  }
  for (const auto& [path, value] : old_values) {
    if (new_values.count(path) == 0) removed[path] = value;
  }
  return {{"added", std::move(added)},
          {"removed", std::move(removed)},
          {"changed", std::move(changed)}};
}

// ---- The rows -----------------------------------------------------------------------------------

struct Rows {
  std::vector<std::pair<std::string, Sample>> samples;  // by file
  int skipped = 0;                                      // rows without a statement
  Json unreadable = Json::array();
};

void AddRow(const std::string& file, const Sorted& row, Rows& rows) {
  if (!HasStatement(row)) {
    ++rows.skipped;
    return;
  }
  absl::StatusOr<Sample> sample = ReadSample(row);
  if (!sample.ok()) {
    rows.unreadable.push_back({{"file", file}, {"reason", base::ReasonOf(sample.status())}});
    return;
  }
  rows.samples.emplace_back(file, *std::move(sample));
}

// A vector file, or a single row.
absl::Status AddFile(const std::string& file, const std::string& bytes, Rows& rows) {
  const absl::StatusOr<Sorted> json = ParseOnce(bytes);
  if (!json.ok()) return json.status();
  if (json->is_object()) {
    AddRow(file, *json, rows);
    return absl::OkStatus();
  }
  if (!json->is_array()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "NO_ROWS",
                           "a vector file is a list of rows");
  }
  for (const Sorted& row : *json) AddRow(file, row, rows);
  return absl::OkStatus();
}

// ---- The decisions ------------------------------------------------------------------------------

// What is the same for every decision that is compared.
struct Setting {
  std::string profile;
  bool second_leg = false;
  std::string mpi = kMatch;  // or "none"
  std::optional<std::string> mpi_xml;
  absl::Time now;
};

attributes::MpiAnswer AnswerTo(const Setting& setting, const attributes::Derivation& derived) {
  if (setting.mpi_xml) {
    return ForRules(ReadMpiAnswer(*setting.mpi_xml, "", QuestionOf(derived.question)));
  }
  return setting.mpi == kMatch ? MatchingAnswer(derived) : attributes::MpiAnswer();
}

// What one policy makes of a row for an application.
struct Outcome {
  Json decision;  // verdict, code, tag, rule, profile
  Json findings;  // tag, effect

  bool operator==(const Outcome& other) const {
    for (const char* key : {"verdict", "code", "tag"}) {
      if (decision[key] != other.decision[key]) return false;
    }
    return true;
  }
};

Outcome Decide(const Sample& sample, const std::string& application, const Setting& setting,
               const identity::Policy& policy) {
  if (policy.FindApplication(application) == nullptr) {
    return {{{"verdict", "no_application"}, {"code", Json()}, {"tag", Json()}}, Json::array()};
  }
  Attempt attempt = sample.Planned();
  attempt.application = application;
  attempt.profile = setting.profile;
  attempt.stay_at_level = setting.second_leg;
  const attributes::Assertion assertion = sample.View(setting.now);
  const attributes::Derivation derived = attributes::Derive(assertion, attempt, policy);
  const attributes::Decision decision =
      attributes::Admit(assertion, attempt, AnswerTo(setting, derived), policy, setting.now);
  Outcome out;
  out.decision = DecisionJson(decision);
  const absl::string_view rule = decision.rules.empty() ? "" : decision.rules.back();
  out.decision["rule"] = std::string(rule.data(), rule.size());
  out.decision["profile"] =
      derived.rules.profile == nullptr ? Json() : Json(derived.rules.profile->name);
  out.findings = Json::array();
  for (const attributes::Finding& finding : decision.findings) {
    out.findings.push_back({{"tag", std::string(finding.tag.data(), finding.tag.size())},
                            {"effect", Word(finding.effect)}});
  }
  return out;
}

std::vector<std::string> ApplicationsOf(const Side& old_side, const Side& new_side) {
  std::vector<std::string> names;
  for (const Side* side : {&old_side, &new_side}) {
    for (const identity::Application& row : side->policy.applications) {
      if (std::find(names.begin(), names.end(), row.name) == names.end()) {
        names.push_back(row.name);
      }
    }
  }
  return names;
}

struct Compared {
  int decisions = 0;
  int other_findings = 0;  // the same decision, with something else on record
  Json changes = Json::array();
};

Compared Compare(const Rows& rows, const std::vector<std::string>& applications,
                 const Setting& setting, const Side& old_side, const Side& new_side) {
  Compared out;
  for (const auto& [file, sample] : rows.samples) {
    for (const std::string& application : applications) {
      const Outcome before = Decide(sample, application, setting, old_side.policy);
      const Outcome after = Decide(sample, application, setting, new_side.policy);
      ++out.decisions;
      if (before == after) {
        out.other_findings += before.findings == after.findings ? 0 : 1;
        continue;
      }
      out.changes.push_back({{"file", file},
                             {"row", sample.name},
                             {"application", application},
                             {"old", before.decision},
                             {"new", after.decision}});
    }
  }
  return out;
}

// ---- For reading --------------------------------------------------------------------------------

std::string Short(const Json& decision) {
  std::string out = decision["verdict"].get<std::string>();
  for (const char* key : {"code", "tag"}) {
    if (decision[key].is_string()) absl::StrAppend(&out, " ", decision[key].get<std::string>());
  }
  if (decision.contains("rule") && decision["rule"] != decision["tag"]) {
    absl::StrAppend(&out, " (by ", decision["rule"].get<std::string>(), ")");
  }
  return out;
}

std::string ForReading(const Json& json) {
  std::string out = "what differs in the files:\n";
  for (const char* kind : {"added", "removed", "changed"}) {
    for (const auto& [path, value] : json["files"][kind].items()) {
      absl::StrAppend(&out, "  ", kind, " ", path, ": ");
      absl::StrAppend(&out,
                      value.is_object() ? absl::StrCat(value["old"].get<std::string>(), " -> ",
                                                       value["new"].get<std::string>())
                                        : value.get<std::string>(),
                      "\n");
    }
  }
  absl::StrAppend(&out, "decisions that would change:\n");
  for (const Json& change : json["changes"]) {
    absl::StrAppend(&out, "  ", change["row"].get<std::string>(), " [",
                    change["application"].get<std::string>(), "]: ", Short(change["old"]), " -> ",
                    Short(change["new"]), "\n");
  }
  return out;
}

// ---- The verb -----------------------------------------------------------------------------------

absl::StatusOr<Side> ReadSide(const std::string& file, const World& world) {
  auto text = ReadInput(file, world);
  if (!text.ok()) return text.status();
  auto policy = config::ParsePolicy(*text, file);
  if (!policy.ok()) return policy.status();
  auto values = config::YamlValues(*text);
  if (!values.ok()) return values.status();
  return Side{file, *std::move(values), *std::move(policy)};
}

Result Told(const Side& old_side, const Side& new_side, const Setting& setting, const Rows& rows,
            const std::vector<std::string>& applications) {
  const Compared compared = Compare(rows, applications, setting, old_side, new_side);
  const auto side_json = [](const Side& side) {
    return Json{{"file", side.file}, {"version", side.policy.version}};
  };
  Result result;
  result.exit = compared.changes.empty() ? Exit::kAccept : Exit::kReject;
  result.json = {{"verdict", compared.changes.empty() ? "unchanged" : "changed"},
                 {"old", side_json(old_side)},
                 {"new", side_json(new_side)},
                 {"mpi", setting.mpi == kMatch ? kMatchWords : setting.mpi},
                 {"rows",
                  {{"run", rows.samples.size()},
                   {"without_statement", rows.skipped},
                   {"unreadable", rows.unreadable}}},
                 {"applications", applications},
                 {"decisions", compared.decisions},
                 {"changed", compared.changes.size()},
                 {"same_decision_other_findings", compared.other_findings},
                 {"changes", compared.changes},
                 {"files", FilesJson(old_side, new_side)}};
  result.words = absl::StrCat(compared.changes.size(), " of ", compared.decisions,
                              " decisions would change (", rows.samples.size(), " rows, ",
                              applications.size(), " applications; MPI: ", setting.mpi, ")");
  return result;
}

Result Run(const Arguments& arguments, const World& world) {
  std::vector<Side> sides;
  for (const char* which : {"OLD", "NEW"}) {
    auto side = ReadSide(arguments.Text(which), world);
    if (!side.ok()) return Misuse(std::string(side.status().message()));
    sides.push_back(*std::move(side));
  }
  const std::optional<absl::Time> now = ReadTime(arguments, "--now", world.clock.Now());
  if (!now) return Misuse("--now is a moment like 2026-03-04T12:00:00Z");
  Rows rows;
  for (const std::string& file : arguments.All("--vectors")) {
    const auto bytes = ReadInput(file, world);
    if (!bytes.ok()) return Misuse(std::string(bytes.status().message()));
    const absl::Status added = AddFile(file, *bytes, rows);
    if (!added.ok()) return Misuse(absl::StrCat(file, ": ", added.message()));
  }
  if (rows.samples.empty()) return Misuse("no row of the files holds a statement to decide about");

  Setting setting;
  setting.now = *now;
  setting.profile = arguments.Text("--profile");
  setting.second_leg = arguments.Has("--second-leg");
  setting.mpi = arguments.Text("--mpi", kMatch);
  if (setting.mpi != kMatch && setting.mpi != kNone) {
    auto xml = ReadInput(setting.mpi, world);
    if (!xml.ok()) return Misuse(std::string(xml.status().message()));
    setting.mpi_xml = *std::move(xml);
  }
  std::vector<std::string> applications = arguments.All("--application");
  const std::vector<std::string> known = ApplicationsOf(sides[0], sides[1]);
  for (const std::string& name : applications) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Misuse(absl::StrCat("neither policy has an application ", name));
    }
  }
  if (applications.empty()) applications = known;
  Result result = Told(sides[0], sides[1], setting, rows, applications);
  if (arguments.Has("--human")) result.text = ForReading(result.json);
  return result;
}

}  // namespace

Verb PolicyDiff() {
  Verb verb;
  verb.name = "policy diff";
  verb.summary = "which decisions a new policy would change, tried on the rows of vector files";
  verb.example =
      "signinctl policy diff tools/signinctl/examples/policy.yaml "
      "tools/signinctl/examples/policy_next.yaml --application vaweb "
      "--vectors tests/conformance/vectors/ssoe_saml.json";
  verb.flags = {
      {"--vectors", "FILE", "rows to decide about; may be repeated", true, true},
      {"--application", "APP", "only this row of the policy; may be repeated (default: all)", false,
       true},
      {"--profile", "P", "rule profile (default: the one of the CSP's row)"},
      {"--second-leg", "", "every person was sent on once already"},
      {"--mpi", "FILE|match|none",
       "what MPI answers: a file, the person as the row states (default), or nothing"},
      {"--now", "RFC3339", "the moment of the decisions (default: now)"},
      {"--human", "", "text for reading instead of JSON"},
  };
  verb.positionals = {{"OLD", "the policy file in force"}, {"NEW", "the one to take its place"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
