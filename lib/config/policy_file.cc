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
#include "lib/config/yaml_section.h"

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
using identity::Reading;
using identity::RuleProfile;
using identity::SignatureWanted;
using identity::TargetStyle;

// The only checks an application may waive (decision R2).
constexpr absl::string_view kWaivable[] = {"101", "103", "106"};
// Generations that let a request waive (decision R2).
constexpr absl::string_view kReadSkipDupe[] = {"ssoe-2021", "ssoe-2022-03"};

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
void CheckSkipDupe(Section& section, const RuleProfile& profile, bool production) {
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
  // Not even to compare with: one word of a provider's row would bring it into force.
  if (production && (may_read || !profile.skip_dupe.empty())) {
    section.Problem("is a profile of before the application table: refused in production");
  }
}

bool IsOidc(Reading reading) { return reading == Reading::kSis || reading == Reading::kSis2021; }

RuleProfile ReadProfile(Section section, const std::string& name, bool production) {
  RuleProfile profile;
  profile.name = name;
  profile.reading = section.Word<Reading>("reading",
                                          {{"ssoe", Reading::kSsoe},
                                           {"ssoe_lists", Reading::kSsoeLists},
                                           {"legacy", Reading::kLegacy},
                                           {"sis", Reading::kSis},
                                           {"sis_2021", Reading::kSis2021}},
                                          Reading::kSsoe);
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
  profile.uplevel = section.Bool("uplevel", false);
  profile.add_on_no_match = section.Bool("add_on_no_match", false);
  profile.account_fallback = section.Bool("account_fallback", false);
  if (profile.account_fallback &&
      (IsOidc(profile.reading) || profile.reading == Reading::kLegacy)) {
    section.ProblemAt("account_fallback", "needs an ICN that only the SSOe broker asserts");
  }
  profile.skip_dupe = section.String("skip_dupe", false);
  profile.skip_dupe_waives = section.Strings("skip_dupe_waives");
  CheckSkipDupe(section, profile, production);
  section.RefuseUnknownKeys();
  return profile;
}

IdpRow ReadIdp(Section section, const std::string& name) {
  IdpRow idp;
  idp.name = name;
  idp.allow_unsolicited = section.Bool("allow_unsolicited", false);
  idp.want = section.Word<SignatureWanted>("want",
                                           {{"assertion", SignatureWanted::kAssertion},
                                            {"response", SignatureWanted::kResponse},
                                            {"both", SignatureWanted::kBoth},
                                            {"encrypted", SignatureWanted::kEncrypted}},
                                           SignatureWanted::kAssertion);
  section.RefuseUnknownKeys();
  return idp;
}

// The profile of a provider exists, reads what that provider sends, and, where people are real,
// does not let a request waive (decision R2).
void CheckProfileNamed(Section& section, const std::string& key, const std::string& name, bool oidc,
                       const Policy& policy) {
  const RuleProfile* const profile = policy.FindProfile(name);
  if (profile == nullptr) {
    section.ProblemAt(key, "names no profile of this file");
  } else if (IsOidc(profile->reading) != oidc) {
    section.ProblemAt(key, oidc ? "must read answers of OpenID Connect: sis or sis_2021"
                                : "must read assertions: ssoe, ssoe_lists or legacy");
  } else if (policy.production && !profile->skip_dupe.empty()) {
    section.ProblemAt(
        key, absl::StrCat("names ", name, ", which reads skip_dupe: refused in production"));
  }
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
  row.oidc_profile = section.String("oidc_profile", false);
  row.idp = section.String("idp", true);
  row.start = section.Day("start");
  row.end = section.Day("end");
  row.enabled = section.Bool("enabled", true);
  CheckProfileNamed(section, "profile", row.profile, false, policy);
  if (!row.oidc_profile.empty()) {
    CheckProfileNamed(section, "oidc_profile", row.oidc_profile, true, policy);
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
  // A session that rests on a waiver goes there and nowhere else (decision R3).
  if (!app.waives.empty() && app.return_base.empty()) {
    section.ProblemAt("waives", "needs a return_base: a waived session has nowhere else to go");
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
  app.terms_first = section.Bool("terms_first", false);
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
  policy.production = top.Bool("production", false);
  policy.overwrite_icn = top.Bool("overwrite_icn", false);
  if (policy.production && policy.overwrite_icn) {
    top.ProblemAt("overwrite_icn", "lets an account change hands: refused in production");
  }
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
    policy.profiles.push_back(ReadProfile(section, name, policy.production));
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
