#include "lib/config/policy_file.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/status.h"
#include "lib/testing/test_pki.h"

namespace va::config {
namespace {

constexpr char kProfile[] = R"(
    mhv_icn_mismatch: block
    multiple_corp_ids: block
    multiple_edipis: block
    multiple_mhv_ids: block
    uuid_missing: block
    multiple_sec_ids: note
    multiple_birls_ids: ignore
    multiple_icns: note
    icn_disagreement: note
    malformed_gcids: note
)";

std::string Good() {
  return std::string(
             "version: \"1\"\n"
             "default_application: app\n"
             "profiles:\n"
             "  base:") +
         kProfile +
         "idps:\n"
         "  ssoe: {want: assertion}\n"
         "csps:\n"
         "  idme: {name: ID.me, profile: base, idp: ssoe}\n"
         "applications:\n"
         "  app:\n"
         "    title: App\n"
         "    return_base: https://app.example.gov/in\n"
         "    return_hosts: [app.example.gov]\n"
         "    target_style: deep_link\n"
         "    to_pattern: \"[a-z]+\"\n"
         "    default_to: home\n"
         "    csps: [idme]\n"
         "    waives: [\"101\"]\n"
         "    waives_source: somewhere\n";
}

TEST_CASE("ParsePolicy: reads every part", "[config][policy]") {
  const auto policy = ParsePolicy(Good(), "p.yaml");
  INFO(policy.status());
  REQUIRE(policy.ok());
  CHECK(policy->version == "1");
  const identity::Application* app = policy->FindApplication("app");
  REQUIRE(app != nullptr);
  CHECK(app->target_style == identity::TargetStyle::kDeepLink);
  CHECK(app->Allows(identity::Csp::kIdme));
  CHECK_FALSE(app->Allows(identity::Csp::kMhv));
  CHECK(app->Waives("101"));
  CHECK(app->min_ial == 1);
  CHECK(app->on_refusal == identity::OnRefusal::kPage);
  REQUIRE(policy->FindCsp(identity::Csp::kIdme) != nullptr);
  CHECK(policy->FindCsp(identity::Csp::kIdme)->name == "ID.me");
  CHECK(policy->FindIdp("ssoe")->want == identity::SignatureWanted::kAssertion);
  CHECK(policy->FindIdpOf(identity::Csp::kIdme) == policy->FindIdp("ssoe"));
  CHECK(policy->FindIdpOf(identity::Csp::kMhv) == nullptr);
  const identity::RuleProfile* profile = policy->FindProfile("base");
  CHECK(profile->EffectOf(identity::Check::kMultipleMhvIds) == identity::CheckEffect::kBlock);
  CHECK(profile->EffectOf(identity::Check::kMultipleSecIds) == identity::CheckEffect::kNote);
}

TEST_CASE("ParsePolicy P5: what an idp must sign is one of four words", "[config][policy][P5]") {
  using identity::SignatureWanted;
  for (const auto& [word, want] : {std::pair{"response", SignatureWanted::kResponse},
                                   std::pair{"assertion", SignatureWanted::kAssertion},
                                   std::pair{"both", SignatureWanted::kBoth},
                                   std::pair{"encrypted", SignatureWanted::kEncrypted}}) {
    CAPTURE(word);
    const auto policy = ParsePolicy(
        absl::StrReplaceAll(Good(), {{"want: assertion", absl::StrCat("want: ", word)}}), "p.yaml");
    REQUIRE(policy.ok());
    CHECK(policy->FindIdp("ssoe")->want == want);
  }
  const auto unsaid =
      ParsePolicy(absl::StrReplaceAll(Good(), {{"{want: assertion}", "{}"}}), "p.yaml");
  REQUIRE(unsaid.ok());
  CHECK(unsaid->FindIdp("ssoe")->want == SignatureWanted::kAssertion);
}

TEST_CASE("ParsePolicy P1: unsolicited responses are refused unless the provider's row says so",
          "[config][policy][P1]") {
  const auto unsaid = ParsePolicy(Good(), "p.yaml");
  REQUIRE(unsaid.ok());
  CHECK_FALSE(unsaid->FindIdp("ssoe")->allow_unsolicited);
  const auto said = ParsePolicy(
      absl::StrReplaceAll(Good(), {{"{want: assertion}", "{allow_unsolicited: true}"}}), "p.yaml");
  REQUIRE(said.ok());
  CHECK(said->FindIdp("ssoe")->allow_unsolicited);
}

TEST_CASE("ParsePolicy R9: uplevel and terms_first are off where the file does not say",
          "[config][policy][R9]") {
  const auto unsaid = ParsePolicy(Good(), "p.yaml");
  REQUIRE(unsaid.ok());
  CHECK_FALSE(unsaid->profiles.front().uplevel);
  CHECK_FALSE(unsaid->applications.front().terms_first);
  const auto said = ParsePolicy(
      absl::StrReplaceAll(Good(),
                          {{"malformed_gcids: note", "malformed_gcids: note\n    uplevel: true"},
                           {"title: App", "title: App\n    terms_first: true"}}),
      "p.yaml");
  REQUIRE(said.ok());
  CHECK(said->profiles.front().uplevel);
  CHECK(said->applications.front().terms_first);
}

TEST_CASE("ParsePolicy P1 and P5: a word that is none is refused, never ignored",
          "[config][policy][P1][P5]") {
  struct Row {
    const char* idp;
    const char* says;
  };
  const auto row = GENERATE(values<Row>({
      {"{allow_unsolicited: maybe}",
       "p.yaml:16: idps.ssoe.allow_unsolicited must be true or false"},
      {"{want: none}",
       "p.yaml:16: idps.ssoe.want must be one of: assertion, response, both, encrypted"},
      {"{want: [both]}",
       "p.yaml:16: idps.ssoe.want must be one of: assertion, response, both, encrypted"},
  }));
  CAPTURE(row.idp);
  const auto policy =
      ParsePolicy(absl::StrReplaceAll(Good(), {{"{want: assertion}", row.idp}}), "p.yaml");
  REQUIRE_FALSE(policy.ok());
  CHECK(policy.status().message() == row.says);
}

// One row per thing that can be wrong: the text replaced, and the line and words of the problem.
struct WrongRow {
  const char* rule;
  const char* from;
  const char* to;
  const char* line;
  const char* says;
};

TEST_CASE("ParsePolicy: what is wrong is named with its line", "[config][policy][rule]") {
  const auto row = GENERATE(values<WrongRow>({
      {"an unknown key", "title: App", "titel: App", "p.yaml:21:", "does not know the key 'titel'"},
      {"a key twice", "version: \"1\"\n", "version: \"1\"\nversion: \"2\"\n", "p.yaml:2:", "twice"},
      {"no version", "version: \"1\"\n", "", "p.yaml:1:", "needs the key 'version'"},
      {"an empty version", "version: \"1\"", "version: \"\"", "p.yaml:1:", "must not be empty"},
      {"102 is never waived (R2)", "[\"101\"]", "[\"101\", \"102\"]", "p.yaml:28:", "not 102"},
      {"104 is never waived (R2)", "[\"101\"]", "[\"104\"]", "p.yaml:28:", "not 104"},
      {"113 is never waived (R2)", "[\"101\"]", "[\"113\"]", "p.yaml:28:", "not 113"},
      {"a waived session has hosts to go to (R3)",
       "    return_base: https://app.example.gov/in\n    return_hosts: [app.example.gov]\n"
       "    target_style: deep_link\n    to_pattern: \"[a-z]+\"\n    default_to: home\n",
       "    return_base: \"\"\n    target_style: none\n",
       "p.yaml:25:", "needs a return_base: a waived"},
      {"a waiver names its source", "waives_source: somewhere", "waives_source: \"\"",
       "p.yaml:29:", "where the waiver comes from"},
      {"EDIPIs block in every profile", "multiple_edipis: block", "multiple_edipis: note",
       "p.yaml:7:", "must be block"},
      {"a missing uuid blocks in every profile", "uuid_missing: block", "uuid_missing: ignore",
       "p.yaml:9:", "must be block"},
      {"skip_dupe waives no EDIPIs either (R2)", "malformed_gcids: note",
       "malformed_gcids: note\n    skip_dupe: \"true\"\n    skip_dupe_waives: [\"102\"]",
       "p.yaml:16:", "not 102"},
      {"skip_dupe without what it waives", "malformed_gcids: note",
       "malformed_gcids: note\n    skip_dupe: \"true\"", "p.yaml:", "belong together"},
      {"what skip_dupe waives without its value", "malformed_gcids: note",
       "malformed_gcids: note\n    skip_dupe_waives: [\"101\"]", "p.yaml:", "belong together"},
      {"a profile of another generation reads no skip_dupe (R2)", "malformed_gcids: note",
       "malformed_gcids: note\n    skip_dupe: \"true\"\n    skip_dupe_waives: [\"101\"]",
       "p.yaml:15:", "profiles ssoe-2021 and ssoe-2022-03 alone"},
      {"a profile decides about every check", "    multiple_icns: note\n", "",
       "p.yaml:", "multiple_icns must be one of: block, note, ignore"},
      {"plain http", "https://app.example.gov/in", "http://app.example.gov/in",
       "p.yaml:22:", "https"},
      {"a base outside the return hosts", "[app.example.gov]", "[other.example.gov]",
       "p.yaml:22:", "return_hosts"},
      {"a base with a query", "gov/in", "gov/in?x=1", "p.yaml:22:", "without query"},
      {"a target style nobody knows", "deep_link", "deeplink", "p.yaml:24:", "must be one of"},
      {"a target style without a pattern", "to_pattern: \"[a-z]+\"", "to_pattern: \"\"",
       "p.yaml:25:", "is needed"},
      {"a pattern that is none", "[a-z]+", "[a-z", "p.yaml:25:", "not a regular expression"},
      {"a default outside the pattern", "default_to: home", "default_to: HOME",
       "p.yaml:26:", "does not match"},
      {"an unknown csp", "csps: [idme]", "csps: [google]", "p.yaml:27:", "google"},
      {"a csp twice", "csps: [idme]", "csps: [idme, idme]", "p.yaml:27:", "twice"},
      {"no csp", "csps: [idme]", "csps: []", "p.yaml:27:", "at least one"},
      {"a csp that does not exist", "  idme: {", "  idmee: {", "p.yaml:18:", "no known provider"},
      {"a csp of an unknown profile", "profile: base", "profile: other",
       "p.yaml:18:", "no profile"},
      {"a csp of an unknown idp", "idp: ssoe}", "idp: other}", "p.yaml:18:", "no idp"},
      {"a day that does not exist", "idp: ssoe}", "idp: ssoe, end: 2025-09-31}",
       "p.yaml:18:", "must be a day"},
      {"an end before the start", "idp: ssoe}", "idp: ssoe, start: 2025-02-01, end: 2025-01-01}",
       "p.yaml:18:", "is before start"},
      {"assurance is 1 or 2", "csps: [idme]", "csps: [idme]\n    min_ial: 3",
       "p.yaml:28:", "must be 1 or 2"},
      {"an age is a duration", "csps: [idme]", "csps: [idme]\n    max_age: 5",
       "p.yaml:28:", "duration"},
      {"no such default application", "default_application: app", "default_application: x",
       "p.yaml:2:", "names no application"},
      {"not YAML", "default_application: app", "default_application: [", "p.yaml:", ""},
      {"not a mapping", "applications:\n  app:\n", "applications: []\nx:\n  app:\n",
       "p.yaml:19:", "must be a mapping"},
  }));
  INFO(row.rule);
  const std::string text = absl::StrReplaceAll(Good(), {{row.from, row.to}});
  REQUIRE(text != Good());
  const auto policy = ParsePolicy(text, "p.yaml");
  REQUIRE_FALSE(policy.ok());
  CHECK(base::ReasonOf(policy.status()) == "POLICY_INVALID");
  const std::string message(policy.status().message());
  CAPTURE(message);
  CHECK(absl::StrContains(message, row.line));
  CHECK(absl::StrContains(message, row.says));
}

TEST_CASE("ParsePolicy: every problem is named, not only the first", "[config][policy]") {
  const auto policy = ParsePolicy(
      absl::StrReplaceAll(Good(), {{"title: App", "titel: App"}, {"[\"101\"]", "[\"102\"]"}}), "p");
  const std::string message(policy.status().message());
  CHECK(absl::StrContains(message, "titel"));
  CHECK(absl::StrContains(message, "not 102"));
}

TEST_CASE("ParsePolicy: R2 the profiles of before the application table may read skip_dupe",
          "[config][policy][rule]") {
  const std::string name = GENERATE("ssoe-2021", "ssoe-2022-03");
  CAPTURE(name);
  const auto policy = ParsePolicy(
      absl::StrReplaceAll(
          Good(), {{"  base:", absl::StrCat("  ", name, ":")},
                   {"profile: base", absl::StrCat("profile: ", name)},
                   {"malformed_gcids: note",
                    "malformed_gcids: note\n    skip_dupe: mhv\n    skip_dupe_waives: [\"101\"]"}}),
      "p.yaml");
  INFO(policy.status());
  REQUIRE(policy.ok());
  const identity::RuleProfile* const profile = policy->FindProfile(name);
  REQUIRE(profile != nullptr);
  CHECK(profile->WaivesBySkipDupe("mhv", "101"));
  CHECK_FALSE(profile->WaivesBySkipDupe("mhv", "103"));
  CHECK_FALSE(profile->WaivesBySkipDupe("true", "101"));
  CHECK_FALSE(profile->WaivesBySkipDupe("", "101"));
}

TEST_CASE("LoadPolicyFile: a file that is not there is NOT_FOUND", "[config][policy]") {
  const auto policy = LoadPolicyFile("/nonexistent/policy.yaml");
  CHECK(policy.status().code() == absl::StatusCode::kNotFound);
  CHECK(base::ReasonOf(policy.status()) == "POLICY_FILE");
}

// Seed 001 as it ships.
TEST_CASE("Policy as shipped: mhv and myvahealth waive 101, 103 and 106; nobody else anything (R2)",
          "[config][policy][rule]") {
  const auto policy = LoadPolicyFile("deploy/policy/policy.yaml");
  INFO(policy.status());
  REQUIRE(policy.ok());
  for (const identity::Application& app : policy->applications) {
    CAPTURE(app.name);
    const bool unified = app.name == "mhv" || app.name == "myvahealth";
    CHECK(app.waives ==
          (unified ? std::vector<std::string>{"101", "103", "106"} : std::vector<std::string>{}));
    CHECK(app.waives_source.empty() != unified);
  }
  CHECK(policy->FindApplication(policy->default_application) != nullptr);
  for (const identity::Csp csp : {identity::Csp::kIdme, identity::Csp::kLogingov,
                                  identity::Csp::kMhv, identity::Csp::kDslogon}) {
    REQUIRE(policy->FindCsp(csp) != nullptr);
    CHECK(policy->FindCsp(csp)->profile == "ssoe-2022");
  }
}

TEST_CASE(
    "Policy as shipped: R2 only the profiles of 2021 and 2022-03 read skip_dupe, and no provider "
    "runs them",
    "[config][policy][rule]") {
  const auto policy = LoadPolicyFile("deploy/policy/policy.yaml");
  REQUIRE(policy.ok());
  for (const identity::RuleProfile& profile : policy->profiles) {
    CAPTURE(profile.name);
    const std::string reads = profile.name == "ssoe-2022-03" ? "true"
                              : profile.name == "ssoe-2021"  ? "mhv"
                                                             : "";
    CHECK(profile.skip_dupe == reads);
  }
  for (const identity::CspRow& csp : policy->csps) {
    CHECK(policy->FindProfile(csp.profile)->skip_dupe.empty());
  }
}

TEST_CASE("Policy as shipped: R1 every generation of the rules is a row of the file",
          "[config][policy][rule]") {
  using identity::Reading;
  const auto policy = LoadPolicyFile("deploy/policy/policy.yaml");
  REQUIRE(policy.ok());
  const std::vector<std::pair<std::string, Reading>> profiles = {{"ssoe-2022", Reading::kSsoe},
                                                                 {"ssoe-2022-03", Reading::kSsoe},
                                                                 {"ssoe-2021", Reading::kSsoeLists},
                                                                 {"ssoe-2025", Reading::kSsoe},
                                                                 {"strict", Reading::kSsoe},
                                                                 {"legacy", Reading::kLegacy},
                                                                 {"sis", Reading::kSis},
                                                                 {"sis-2021", Reading::kSis2021}};
  for (const auto& [name, reading] : profiles) {
    CAPTURE(name);
    const identity::RuleProfile* const profile = policy->FindProfile(name);
    REQUIRE(profile != nullptr);
    CHECK(profile->reading == reading);
    // Decision R4: only the Sign-in Service adds people by itself.
    CHECK(profile->add_on_no_match == (name == "sis" || name == "sis-2021"));
  }
  CHECK_FALSE(policy->production);
  CHECK_FALSE(policy->overwrite_icn);
  for (const identity::CspRow& csp : policy->csps) CHECK(csp.oidc_profile == "sis");
}

TEST_CASE(
    "Policy of production: R1, R2 every provider runs under strict, and nothing waives but "
    "the table",
    "[config][policy][rule]") {
  const auto policy = LoadPolicyFile("deploy/policy/production.yaml");
  INFO(policy.status());
  REQUIRE(policy.ok());
  CHECK(policy->production);
  CHECK_FALSE(policy->overwrite_icn);
  CHECK(policy->csps.size() == 4);
  for (const identity::CspRow& csp : policy->csps) {
    CAPTURE(csp.id);
    CHECK(csp.profile == "strict");
    CHECK(csp.oidc_profile == "sis");
  }
  for (const identity::RuleProfile& profile : policy->profiles) CHECK(profile.skip_dupe.empty());
}

TEST_CASE("Policy of production: R18 applications that show health data or an SSN ask for aal 2",
          "[config][policy][rule]") {
  const auto policy = LoadPolicyFile("deploy/policy/production.yaml");
  REQUIRE(policy.ok());
  for (const std::string name : {"vaweb", "mhv", "myvahealth"}) {
    CAPTURE(name);
    REQUIRE(policy->FindApplication(name) != nullptr);
    CHECK(policy->FindApplication(name)->min_aal == 2);
  }
}

TEST_CASE("ParsePolicy: R2 production refuses a provider whose profile reads skip_dupe, by line",
          "[config][policy][rule]") {
  const auto policy = ParsePolicy(
      "production: true\n" +
          absl::StrReplaceAll(Good(), {{"  base:", "  ssoe-2022-03:"},
                                       {"profile: base", "profile: ssoe-2022-03"},
                                       {"malformed_gcids: note",
                                        "malformed_gcids: note\n    skip_dupe: \"true\"\n"
                                        "    skip_dupe_waives: [\"101\"]"}}),
      "p.yaml");
  CHECK(base::ReasonOf(policy.status()) == "POLICY_INVALID");
  CHECK(absl::StrContains(std::string(policy.status().message()), "p.yaml:21: "));
  CHECK(absl::StrContains(std::string(policy.status().message()), "refused in production"));
}

TEST_CASE("ParsePolicy: R2 production refuses a profile that reads skip_dupe, used or not",
          "[config][policy][rule]") {
  const std::string name = GENERATE("ssoe-2022-03", "ssoe-2021");
  const bool reads = GENERATE(true, false);
  const std::string old = absl::StrReplaceAll(
      std::string(kProfile),
      {{"malformed_gcids: note", reads ? "malformed_gcids: note\n    skip_dupe: \"true\"\n"
                                         "    skip_dupe_waives: [\"101\"]"
                                       : "malformed_gcids: note"}});
  const std::string unused =
      absl::StrReplaceAll(Good(), {{"idps:\n", "  " + name + ":" + old + "idps:\n"}});
  CAPTURE(name, reads);
  CHECK(ParsePolicy(unused, "p.yaml").ok());
  const auto policy = ParsePolicy("production: true\n" + unused, "p.yaml");
  CHECK(base::ReasonOf(policy.status()) == "POLICY_INVALID");
  CHECK(absl::StrContains(std::string(policy.status().message()), "refused in production"));
}

TEST_CASE("ParsePolicy: what the new keys may hold, each mistake with its line",
          "[config][policy]") {
  struct Row {
    std::string what;
    std::string from;
    std::string to;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"R12 production never overwrites an ICN", "version:",
       "production: true\noverwrite_icn: true\nversion:", "p.yaml:2: policy.overwrite_icn"},
      {"an unknown reading", "malformed_gcids: note", "malformed_gcids: note\n    reading: ssoe-1",
       "p.yaml:15: profiles.base.reading must be one of: ssoe, ssoe_lists, legacy, sis, sis_2021"},
      {"assertions read as OpenID Connect", "malformed_gcids: note",
       "malformed_gcids: note\n    reading: sis", "csps.idme.profile must read assertions"},
      {"answers read as assertions", "profile: base", "profile: base, oidc_profile: base",
       "csps.idme.oidc_profile must read answers of OpenID Connect"},
      {"an OpenID Connect profile that is not there", "profile: base",
       "profile: base, oidc_profile: sis", "csps.idme.oidc_profile names no profile"},
      {"an account that lends where nothing asserts an ICN", "malformed_gcids: note",
       "malformed_gcids: note\n    reading: legacy\n    account_fallback: true",
       "p.yaml:16: profiles.base.account_fallback needs an ICN"},
      {"no word for yes", "version:", "production: yes\nversion:", "must be true or false"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto policy = ParsePolicy(absl::StrReplaceAll(Good(), {{row.from, row.to}}), "p.yaml");
    REQUIRE(base::ReasonOf(policy.status()) == "POLICY_INVALID");
    CAPTURE(policy.status().message());
    CHECK(absl::StrContains(std::string(policy.status().message()), row.says));
  }
}

}  // namespace
}  // namespace va::config
