#include "lib/config/policy_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/base/url.h"

namespace va::config {
namespace {

using identity::Application;
using identity::Check;
using identity::CheckEffect;
using identity::Csp;
using identity::CspRow;
using identity::IdpRow;
using identity::OnRefusal;
using identity::Policy;
using identity::RuleProfile;
using identity::SignatureWanted;
using identity::TargetStyle;

// The only checks an application may waive (decision R2).
constexpr absl::string_view kWaivable[] = {"101", "103", "106"};
// Generations that let a request waive (decision R2).
constexpr absl::string_view kReadSkipDupe[] = {"ssoe-2021", "ssoe-2022-03"};

// Collects problems with the line they stand on.
class Problems {
 public:
  explicit Problems(absl::string_view source) : source_(source) {}

  void Add(const YAML::Node& at, absl::string_view what) {
    const int line = at.Mark().line;
    lines_.push_back(absl::StrCat(source_, ":", line < 0 ? 1 : line + 1, ": ", what));
  }

  bool empty() const { return lines_.empty(); }
  std::string Joined() const { return absl::StrJoin(lines_, "\n"); }

 private:
  std::string source_;
  std::vector<std::string> lines_;
};

// One mapping of the file: typed access to its keys; what was never asked for is an unknown key.
class Section {
 public:
  Section(const YAML::Node& node, std::string name, Problems& problems)
      : node_(node), name_(std::move(name)), problems_(problems) {
    if (!node_.IsMap()) {
      problems_.Add(node_, absl::StrCat(name_, " must be a mapping"));
      return;
    }
    std::set<std::string> seen;
    for (const auto& entry : node_) {
      const std::string key = entry.first.Scalar();
      if (!seen.insert(key).second) {
        problems_.Add(entry.first, absl::StrCat(name_, " has the key '", key, "' twice"));
      }
    }
  }

  // Calls `f(key, value)` for every entry, for mappings whose keys are names.
  void ForEach(const std::function<void(const std::string&, const YAML::Node&)>& f) const {
    if (!node_.IsMap()) return;
    for (const auto& entry : node_) f(entry.first.Scalar(), entry.second);
  }

  // The node of a key; a null node when it is absent.
  YAML::Node Get(const std::string& key) {
    asked_.insert(key);
    return node_.IsMap() ? static_cast<const YAML::Node&>(node_)[key]
                         : YAML::Node(YAML::NodeType::Undefined);
  }

  std::string String(const std::string& key, bool required) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) {
      if (required) Problem(absl::StrCat("needs the key '", key, "'"));
      return "";
    }
    if (!value.IsScalar()) {
      problems_.Add(value, absl::StrCat(name_, ".", key, " must be text"));
      return "";
    }
    if (required && value.Scalar().empty()) {
      problems_.Add(value, absl::StrCat(name_, ".", key, " must not be empty"));
    }
    return value.Scalar();
  }

  int OneOrTwo(const std::string& key) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) return 1;
    if (value.IsScalar() && value.Scalar() == "1") return 1;
    if (value.IsScalar() && value.Scalar() == "2") return 2;
    problems_.Add(value, absl::StrCat(name_, ".", key, " must be 1 or 2"));
    return 2;
  }

  bool Bool(const std::string& key, bool fallback) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) return fallback;
    if (value.IsScalar() && value.Scalar() == "true") return true;
    if (value.IsScalar() && value.Scalar() == "false") return false;
    problems_.Add(value, absl::StrCat(name_, ".", key, " must be true or false"));
    return fallback;
  }

  std::vector<std::string> Strings(const std::string& key) {
    const YAML::Node value = Get(key);
    std::vector<std::string> out;
    if (!value.IsDefined()) return out;
    if (!value.IsSequence()) {
      problems_.Add(value, absl::StrCat(name_, ".", key, " must be a list"));
      return out;
    }
    for (const auto& item : value) {
      if (item.IsScalar() && !item.Scalar().empty()) {
        out.push_back(item.Scalar());
      } else {
        problems_.Add(item, absl::StrCat(name_, ".", key, " must hold text only"));
      }
    }
    return out;
  }

  // One of several words; a wrong or missing one is a problem and yields the first.
  template <typename T>
  T Word(const std::string& key, std::initializer_list<std::pair<absl::string_view, T>> words,
         std::optional<T> fallback = std::nullopt) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined() && fallback) return *fallback;
    std::vector<absl::string_view> names;
    for (const auto& [word, meaning] : words) {
      if (value.IsDefined() && value.IsScalar() && value.Scalar() == word) return meaning;
      names.push_back(word);
    }
    problems_.Add(value.IsDefined() ? value : node_,
                  absl::StrCat(name_, ".", key, " must be one of: ", absl::StrJoin(names, ", ")));
    return words.begin()->second;
  }

  std::optional<absl::CivilDay> Day(const std::string& key) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) return std::nullopt;
    absl::CivilDay day;
    if (value.IsScalar() && value.Scalar().size() == 10 &&
        absl::ParseCivilTime(value.Scalar(), &day)) {
      return day;
    }
    problems_.Add(value, absl::StrCat(name_, ".", key, " must be a day, YYYY-MM-DD"));
    return std::nullopt;
  }

  std::optional<absl::Duration> Age(const std::string& key) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) return std::nullopt;
    absl::Duration age;
    if (value.IsScalar() && absl::ParseDuration(value.Scalar(), &age) &&
        age > absl::ZeroDuration()) {
      return age;
    }
    problems_.Add(value, absl::StrCat(name_, ".", key, " must be a duration such as 12h"));
    return std::nullopt;
  }

  void Problem(absl::string_view what) { problems_.Add(node_, absl::StrCat(name_, " ", what)); }
  void ProblemAt(const std::string& key, absl::string_view what) {
    const YAML::Node value = Get(key);
    problems_.Add(value.IsDefined() ? value : node_, absl::StrCat(name_, ".", key, " ", what));
  }

  void RefuseUnknownKeys() {
    if (!node_.IsMap()) return;
    for (const auto& entry : node_) {
      if (asked_.count(entry.first.Scalar()) == 0) {
        problems_.Add(entry.first,
                      absl::StrCat(name_, " does not know the key '", entry.first.Scalar(), "'"));
      }
    }
  }

  const std::string& name() const { return name_; }
  Problems& problems() { return problems_; }

 private:
  YAML::Node node_;
  std::string name_;
  Problems& problems_;
  std::set<std::string> asked_;
};

// `key` of a row lists codes that may be waived at all.
void CheckWaivable(Section& section, const std::string& key,
                   const std::vector<std::string>& codes) {
  for (const std::string& code : codes) {
    if (std::find(std::begin(kWaivable), std::end(kWaivable), code) == std::end(kWaivable)) {
      section.ProblemAt(key, absl::StrCat("may hold 101, 103 and 106 only, not ", code));
    }
  }
}

// A request may waive under the generations that let it, and under no other name: neither a profile
// of today nor a copy of an old one can learn it by a line of YAML (decision R2).
void CheckSkipDupe(Section& section, const RuleProfile& profile) {
  CheckWaivable(section, "skip_dupe_waives", profile.skip_dupe_waives);
  if (profile.skip_dupe.empty() != profile.skip_dupe_waives.empty()) {
    section.ProblemAt("skip_dupe_waives", "and skip_dupe belong together");
  }
  const bool may_read = std::find(std::begin(kReadSkipDupe), std::end(kReadSkipDupe),
                                  profile.name) != std::end(kReadSkipDupe);
  if (!profile.skip_dupe.empty() && !may_read) {
    section.ProblemAt("skip_dupe", absl::StrCat("is read by the profiles ",
                                                absl::StrJoin(kReadSkipDupe, " and "), " alone"));
  }
}

RuleProfile ReadProfile(Section section, const std::string& name) {
  RuleProfile profile;
  profile.name = name;
  for (std::size_t i = 0; i < identity::kCheckCount; ++i) {
    const std::string tag(identity::ToString(static_cast<Check>(i)));
    // A check that is not listed would be a check nobody decided about: every one must stand here.
    profile.effects[i] = section.Word<CheckEffect>(tag, {{"block", CheckEffect::kBlock},
                                                         {"note", CheckEffect::kNote},
                                                         {"ignore", CheckEffect::kIgnore}});
  }
  for (const Check never : {Check::kMultipleEdipis, Check::kUuidMissing}) {
    if (profile.EffectOf(never) != CheckEffect::kBlock) {
      section.ProblemAt(std::string(identity::ToString(never)), "must be block in every profile");
    }
  }
  profile.blank_mhv_icn_conflicts = section.Bool("blank_mhv_icn_conflicts", true);
  profile.skip_dupe = section.String("skip_dupe", false);
  profile.skip_dupe_waives = section.Strings("skip_dupe_waives");
  CheckSkipDupe(section, profile);
  section.RefuseUnknownKeys();
  return profile;
}

IdpRow ReadIdp(Section section, const std::string& name) {
  IdpRow idp;
  idp.name = name;
  // The two settings of decisions P1 and P5 that nothing here can honour are refused, not ignored.
  if (section.Bool("allow_unsolicited", false)) {
    section.ProblemAt("allow_unsolicited",
                      "must be false: unsolicited responses are always refused (decision P1)");
  }
  if (const YAML::Node want = section.Get("want");
      want.IsDefined() && want.IsScalar() && want.Scalar() == "encrypted") {
    section.ProblemAt("want",
                      "must not be encrypted: encrypted assertions are not supported; say "
                      "assertion, response or both (decision P5)");
  } else {
    idp.want = section.Word<SignatureWanted>("want",
                                             {{"assertion", SignatureWanted::kAssertion},
                                              {"response", SignatureWanted::kResponse},
                                              {"both", SignatureWanted::kBoth}},
                                             SignatureWanted::kAssertion);
  }
  section.RefuseUnknownKeys();
  return idp;
}

std::optional<CspRow> ReadCsp(Section section, const std::string& id, const Policy& policy) {
  const std::optional<Csp> csp = identity::CspFromString(id);
  if (!csp) {
    section.Problem("is no known provider: idme, logingov, mhv, dslogon");
    return std::nullopt;
  }
  CspRow row;
  row.csp = *csp;
  row.id = id;
  row.name = section.String("name", true);
  row.profile = section.String("profile", true);
  row.idp = section.String("idp", true);
  row.start = section.Day("start");
  row.end = section.Day("end");
  row.enabled = section.Bool("enabled", true);
  if (policy.FindProfile(row.profile) == nullptr) {
    section.ProblemAt("profile", "names no profile of this file");
  }
  if (policy.FindIdp(row.idp) == nullptr) section.ProblemAt("idp", "names no idp of this file");
  if (row.start && row.end && *row.end < *row.start) section.ProblemAt("end", "is before start");
  section.RefuseUnknownKeys();
  return row;
}

void CheckReturn(Section& section, const Application& app) {
  if (app.return_base.empty()) {
    if (app.target_style != TargetStyle::kNone) {
      section.ProblemAt("target_style", "needs a return_base");
    }
    return;
  }
  const absl::StatusOr<base::Url> url = base::ParseUrl(app.return_base);
  if (!url.ok() || url->scheme != "https" || !url->query.empty() || !url->fragment.empty()) {
    section.ProblemAt("return_base", "must be an absolute https URL without query or fragment");
    return;
  }
  // As the gateway compares: the bare host stands for the default port only.
  const std::string with_port = absl::StrCat(url->host, ":", url->port);
  const bool listed =
      std::any_of(app.return_hosts.begin(), app.return_hosts.end(), [&](const std::string& host) {
        return host == with_port || (host == url->host && url->port == 443);
      });
  if (!listed) {
    section.ProblemAt("return_base", "must point to one of return_hosts");
  }
}

void CheckTarget(Section& section, const Application& app) {
  if (app.target_style == TargetStyle::kNone) return;
  if (app.to_pattern.empty()) {
    section.ProblemAt("to_pattern", "is needed with this target_style");
    return;
  }
  try {
    const std::regex pattern(app.to_pattern);
    if (!app.default_to.empty() && !std::regex_match(app.default_to, pattern)) {
      section.ProblemAt("default_to", "does not match to_pattern");
    }
  } catch (const std::regex_error&) {
    section.ProblemAt("to_pattern", "is not a regular expression");
  }
}

void CheckWaivers(Section& section, const Application& app) {
  CheckWaivable(section, "waives", app.waives);
  if (!app.waives.empty() && app.waives_source.empty()) {
    section.ProblemAt("waives_source", "must say where the waiver comes from");
  }
}

void ReadCspList(Section& section, Application& app, const Policy& policy) {
  for (const std::string& id : section.Strings("csps")) {
    const std::optional<Csp> csp = identity::CspFromString(id);
    if (!csp || policy.FindCsp(*csp) == nullptr) {
      section.ProblemAt("csps", absl::StrCat("names no csp of this file: ", id));
    } else if (app.Allows(*csp)) {
      section.ProblemAt("csps", absl::StrCat("names ", id, " twice"));
    } else {
      app.allowed_csps.push_back(*csp);
    }
  }
  if (app.allowed_csps.empty()) section.ProblemAt("csps", "must name at least one csp");
}

Application ReadApplication(Section section, const std::string& name, const Policy& policy) {
  Application app;
  app.name = name;
  app.title = section.String("title", true);
  app.return_base = section.String("return_base", false);
  app.return_hosts = section.Strings("return_hosts");
  app.target_style = section.Word<TargetStyle>(
      "target_style", {{"none", TargetStyle::kNone},
                       {"deep_link", TargetStyle::kDeepLink},
                       {"path", TargetStyle::kPath},
                       {"path_authenticated", TargetStyle::kPathAuthenticated},
                       {"copy_query", TargetStyle::kCopyQuery}});
  app.to_pattern = section.String("to_pattern", false);
  app.default_to = section.String("default_to", false);
  app.min_ial = section.OneOrTwo("min_ial");
  app.min_aal = section.OneOrTwo("min_aal");
  app.max_age = section.Age("max_age");
  app.waives = section.Strings("waives");
  app.waives_source = section.String("waives_source", false);
  app.on_refusal = section.Word<OnRefusal>(
      "on_refusal", {{"page", OnRefusal::kPage}, {"redirect", OnRefusal::kRedirect}},
      OnRefusal::kPage);
  ReadCspList(section, app, policy);
  CheckReturn(section, app);
  CheckTarget(section, app);
  CheckWaivers(section, app);
  section.RefuseUnknownKeys();
  return app;
}

Policy ReadPolicy(const YAML::Node& root, Problems& problems) {
  Policy policy;
  Section top(root, "policy", problems);
  policy.version = top.String("version", true);
  policy.default_application = top.String("default_application", true);
  const auto each = [&](const std::string& key,
                        const std::function<void(const std::string&, Section)>& read) {
    const YAML::Node node = top.Get(key);
    if (!node.IsDefined()) {
      top.Problem(absl::StrCat("needs the key '", key, "'"));
      return;
    }
    Section(node, key, problems).ForEach([&](const std::string& name, const YAML::Node& value) {
      read(name, Section(value, absl::StrCat(key, ".", name), problems));
    });
  };
  each("profiles", [&](const std::string& name, const Section& section) {
    policy.profiles.push_back(ReadProfile(section, name));
  });
  each("idps", [&](const std::string& name, const Section& section) {
    policy.idps.push_back(ReadIdp(section, name));
  });
  each("csps", [&](const std::string& id, const Section& section) {
    std::optional<CspRow> row = ReadCsp(section, id, policy);
    if (row) policy.csps.push_back(*std::move(row));
  });
  each("applications", [&](const std::string& name, const Section& section) {
    policy.applications.push_back(ReadApplication(section, name, policy));
  });
  if (policy.FindApplication(policy.default_application) == nullptr) {
    top.ProblemAt("default_application", "names no application of this file");
  }
  top.RefuseUnknownKeys();
  return policy;
}

}  // namespace

absl::StatusOr<Policy> ParsePolicy(const std::string& text, absl::string_view source) {
  Problems problems(source);
  Policy policy;
  try {
    policy = ReadPolicy(YAML::Load(text), problems);
  } catch (const YAML::Exception& e) {
    const int line = e.mark.line < 0 ? 1 : e.mark.line + 1;
    return base::MakeError(absl::StatusCode::kInvalidArgument, "POLICY_INVALID",
                           absl::StrCat(source, ":", line, ": ", e.msg));
  }
  if (!problems.empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "POLICY_INVALID", problems.Joined());
  }
  return policy;
}

absl::StatusOr<Policy> LoadPolicyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return base::MakeError(absl::StatusCode::kNotFound, "POLICY_FILE",
                           absl::StrCat("cannot read the policy file ", path));
  }
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return ParsePolicy(text, path);
}

}  // namespace va::config
