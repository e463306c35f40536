// attributes explain: what the rules of user-attributes make of an assertion, line by line, without
// a service, a database or a link to an account.
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/config/policy_file.h"
#include "lib/identity/disclosure.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/derive.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/mpi_answer.h"
#include "tools/signinctl/shipped_policy.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using attributes::Attempt;
using attributes::Claims;
using attributes::Decision;
using attributes::Derivation;
using attributes::Finding;
using attributes::SsoeAssertion;
using attributes::Verdict;
using identity::Disclose;
using identity::Disclosure;

constexpr size_t kMostAttributes = 512;  // as the service takes

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

absl::Status Bad(absl::string_view reason, absl::string_view words) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, words);
}

// ---- The file -----------------------------------------------------------------------------------

// An assertion on file, and what the rules' views point into.
struct Sample {
  std::vector<std::pair<std::string, std::vector<std::string>>> attributes;
  std::string authn_context;
  std::string application;

  SsoeAssertion View(absl::Time auth_time) const {
    SsoeAssertion out;
    out.authn_context = authn_context;
    out.auth_time = auth_time;
    for (const auto& [name, values] : attributes) {
      attributes::Attribute& attribute = out.attributes.emplace_back();
      attribute.name = name;
      for (const std::string& value : values) attribute.values.emplace_back(value);
    }
    return out;
  }
};

// With keys in order: to find one among the many of a hostile file stays cheap.
using Sorted = nlohmann::json;

std::string TextIn(const Sorted& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// A text, or a list of texts; numbers and booleans as they are written. Null is no value.
bool ReadValues(const Sorted& json, std::vector<std::string>& out) {
  if (json.is_null()) return true;
  if (json.is_string()) {
    out.push_back(json.get<std::string>());
    return true;
  }
  if (json.is_boolean() || json.is_number()) {
    out.push_back(json.dump());
    return true;
  }
  if (!json.is_array()) return false;
  for (const Sorted& element : json) {
    if (element.is_array() || !ReadValues(element, out)) return false;
  }
  return true;
}

// A name that stands twice in one object would leave it to the reader which one counts.
absl::StatusOr<Sorted> ParseOnce(const std::string& bytes) {
  std::vector<std::set<std::string>> open;
  bool twice = false;
  const auto watch = [&](int /*depth*/, Sorted::parse_event_t event, Sorted& parsed) {
    if (event == Sorted::parse_event_t::object_start) open.emplace_back();
    if (event == Sorted::parse_event_t::object_end) open.pop_back();
    if (event == Sorted::parse_event_t::key) {
      twice = twice || !open.back().insert(parsed.get<std::string>()).second;
    }
    return true;
  };
  Sorted json = Sorted::parse(bytes, watch, false);
  if (json.is_discarded()) return Bad("NOT_JSON", "the file is not JSON");
  if (twice) return Bad("DUPLICATE_KEY", "a name stands twice in one object");
  return json;
}

// {"saml_attributes":{...}} with authn_context and application beside it, or the same in "options":
// a row of a vector file.
absl::StatusOr<Sample> ReadSample(const std::string& bytes) {
  const absl::StatusOr<Sorted> parsed = ParseOnce(bytes);
  if (!parsed.ok()) return parsed.status();
  const Sorted& json = *parsed;
  const auto attributes = json.is_object() ? json.find("saml_attributes") : json.end();
  if (!json.is_object() || attributes == json.end() || !attributes->is_object()) {
    return Bad("NO_ATTRIBUTES", "the file has no object saml_attributes");
  }
  if (attributes->size() > kMostAttributes) {
    return Bad("TOO_MANY_ATTRIBUTES", "more attributes than any assertion has");
  }
  Sample sample;
  for (const auto& [name, values] : attributes->items()) {
    sample.attributes.emplace_back(name, std::vector<std::string>());
    if (!ReadValues(values, sample.attributes.back().second)) {
      return Bad("BAD_ATTRIBUTE", "an attribute's value is neither text nor a list of texts");
    }
  }
  const auto found = json.find("options");
  const Sorted options = found != json.end() && found->is_object() ? *found : Sorted::object();
  for (const Sorted* place : {&json, &options}) {
    if (sample.authn_context.empty()) sample.authn_context = TextIn(*place, "authn_context");
    if (sample.application.empty()) sample.application = TextIn(*place, "application");
  }
  return sample;
}

// ---- The explanation ----------------------------------------------------------------------------

template <typename T>
Json Maybe(const std::optional<T>& value, Disclosure how) {
  return value ? Json(Disclose(*value, how)) : Json();
}

Json ClaimsJson(const Claims& claims, Disclosure how) {
  const bool show = how == Disclosure::kRevealed;
  const Json gender =
      claims.gender
          ? Json(show ? (*claims.gender == attributes::Gender::kMale ? "M" : "F") : identity::kMask)
          : Json();
  return {{"first_name", Maybe(claims.first_name, how)},
          {"middle_name", Maybe(claims.middle_name, how)},
          {"last_name", Maybe(claims.last_name, how)},
          {"email", Maybe(claims.email, how)},
          {"gender", gender},
          {"birth_date", Maybe(claims.birth_date, how)},
          {"ssn", Maybe(claims.ssn, how)},
          {"icn", Maybe(claims.icn, how)},
          {"mhv_icn", Maybe(claims.mhv_icn, how)},
          {"mhv_id", Maybe(claims.mhv_id, how)},
          {"edipi", Maybe(claims.edipi, how)},
          {"uuid", Maybe(claims.uuid, how)},
          {"idme_uuid", Maybe(claims.idme_uuid, how)},
          {"logingov_uuid", Maybe(claims.logingov_uuid, how)},
          {"sec_id", Maybe(claims.sec_id, how)},
          {"verified_at", Maybe(claims.verified_at, how)},
          {"account_type", Str(claims.account_type())},
          {"service_name", claims.service ? Json(Str(ToString(*claims.service))) : Json()},
          {"multifactor", claims.multifactor}};
}

Json AssuranceJson(const identity::Assurance& assurance) {
  return {{"ial", assurance.ial},
          {"aal", assurance.aal},
          {"loa_current", assurance.loa_current},
          {"loa_highest", assurance.loa_highest},
          {"csp", assurance.csp ? Json(Str(ToString(*assurance.csp))) : Json()},
          {"pathway", assurance.pathway}};
}

const char* Word(attributes::Effect effect) {
  switch (effect) {
    case attributes::Effect::kBlocks:
      return "blocks";
    case attributes::Effect::kWaived:
      return "waived";
    case attributes::Effect::kNoted:
      return "noted";
  }
  return "";
}

const char* Word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAdmit:
      return "admit";
    case Verdict::kStepUp:
      return "step_up";
    case Verdict::kDeny:
      return "deny";
    case Verdict::kTryLater:
      return "try_later";
  }
  return "";
}

Json FindingsJson(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"code", finding.code ? Json(Str(base::Describe(*finding.code).code)) : Json()},
                    {"tag", finding.tag},
                    {"effect", Word(finding.effect)},
                    {"waived_by", finding.waived_by.empty() ? Json() : Json(finding.waived_by)},
                    {"subject", finding.subject.empty() ? Json() : Json(finding.subject)}});
  }
  return list;
}

Json DecisionJson(const Decision& decision) {
  const bool refused = decision.refusal.has_value();
  return {{"verdict", Word(decision.verdict)},
          {"code", refused ? Json(Str(base::Describe(decision.refusal->code).code)) : Json()},
          {"tag", refused ? Json(decision.refusal->tag) : Json()}};
}

Json QuestionJson(const Derivation& derived) {
  if (!derived.question) return nullptr;
  return std::holds_alternative<identity::Icn>(*derived.question) ? "icn" : "traits";
}

Json RulesJson(const Decision& decision) {
  Json list = Json::array();
  for (const absl::string_view rule : decision.rules) list.push_back(Str(rule));
  return list;
}

// The same for reading: one fact a line, no personal data at all.
std::string ForReading(const Json& json) {
  const auto text = [](const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  const Json& decision = json["decision"];
  std::string out = absl::StrCat("decision: ", text(decision["verdict"]));
  if (!decision["code"].is_null()) {
    absl::StrAppend(&out, ", code ", text(decision["code"]), ", tag ", text(decision["tag"]));
  }
  absl::StrAppend(&out, "\nassurance: LOA", text(json["assurance"]["loa_current"]), " of ",
                  text(json["assurance"]["loa_highest"]), ", ial ", text(json["assurance"]["ial"]),
                  ", aal ", text(json["assurance"]["aal"]), ", csp ",
                  text(json["assurance"]["csp"]), "\nMPI: asked by ", text(json["mpi_question"]),
                  ", answer ", text(json["mpi_outcome"]), "\nfindings:\n");
  for (const Json& finding : json["findings"]) {
    absl::StrAppend(&out, "  ", text(finding["tag"]), " ", text(finding["effect"]));
    if (!finding["code"].is_null()) absl::StrAppend(&out, ", code ", text(finding["code"]));
    if (!finding["waived_by"].is_null()) {
      absl::StrAppend(&out, ", by ", text(finding["waived_by"]));
    }
    absl::StrAppend(&out, "\n");
  }
  absl::StrAppend(&out, "rules:\n");
  for (const Json& rule : json["rules"]) absl::StrAppend(&out, "  ", text(rule), "\n");
  absl::StrAppend(&out, "policy: ", text(json["policy"]["version"]), ", application ",
                  text(json["policy"]["application"]), ", profile ",
                  text(json["policy"]["profile"]), "\n");
  return out;
}

// ---- The verb -----------------------------------------------------------------------------------

// Names that nothing grants must not be guessed at.
absl::Status CheckNames(const Attempt& attempt, const identity::Policy& policy) {
  if (policy.FindApplication(attempt.application) == nullptr) {
    return Bad("UNKNOWN_APPLICATION", "no such application in the policy");
  }
  if (!attempt.profile.empty() && policy.FindProfile(attempt.profile) == nullptr) {
    return Bad("UNKNOWN_PROFILE", "no such profile in the policy");
  }
  return absl::OkStatus();
}

Result Explain(const SsoeAssertion& assertion, const Attempt& attempt,
               const std::optional<std::string>& mpi_xml, const identity::Policy& policy,
               absl::Time now, Disclosure how) {
  const Derivation derived = attributes::Derive(assertion, attempt, policy);
  std::optional<mpi::Answer> mpi;
  if (mpi_xml) mpi = ReadMpiAnswer(*mpi_xml, "", QuestionOf(derived.question));
  const attributes::MpiAnswer answer = mpi ? ForRules(*mpi) : attributes::MpiAnswer();
  const Decision decision = attributes::Admit(assertion, attempt, answer, policy, now);
  const bool admitted = decision.verdict == Verdict::kAdmit;
  Result result;
  result.exit = admitted ? Exit::kAccept : Exit::kReject;
  result.json = {
      {"decision", DecisionJson(decision)},
      {"identity", ClaimsJson(admitted ? decision.attributes : derived.claims, how)},
      {"assurance", AssuranceJson(decision.assurance)},
      {"mpi_question", QuestionJson(derived)},
      {"mpi_outcome", mpi ? Json(Str(mpi::OutcomeName(mpi->outcome))) : Json()},
      {"findings", FindingsJson(decision.findings)},
      {"rules", RulesJson(decision)},
      {"policy",
       {{"version", policy.version},
        {"application", Str(attempt.application)},
        {"profile", derived.rules.profile == nullptr ? "" : derived.rules.profile->name}}}};
  result.words = Word(decision.verdict);
  if (decision.refusal) {
    absl::StrAppend(&result.words, ", code ", base::Describe(decision.refusal->code).code, ", tag ",
                    decision.refusal->tag);
  }
  // Of a step-up the rule says what is missing; the person goes on with a second leg.
  if (decision.verdict == Verdict::kStepUp && !decision.rules.empty()) {
    absl::StrAppend(&result.words, ", ", decision.rules.back(),
                    "; what becomes of a second leg: --second-leg");
  }
  if (!mpi && derived.question && decision.verdict == Verdict::kTryLater) {
    absl::StrAppend(&result.words, "; MPI would be asked: give its answer with --mpi FILE");
  }
  return result;
}

// The file named, or the policy that was shipped with this program.
absl::StatusOr<identity::Policy> ReadPolicy(const Arguments& arguments, const World& world) {
  if (!arguments.Has("--policy")) return config::ParsePolicy(kShippedPolicy, "the shipped policy");
  const std::string file = arguments.Text("--policy");
  const auto text = ReadInput(file, world);
  if (!text.ok()) return text.status();
  return config::ParsePolicy(*text, file);
}

Result Run(const Arguments& arguments, const World& world) {
  const auto policy = ReadPolicy(arguments, world);
  if (!policy.ok()) return Misuse(std::string(policy.status().message()));
  const std::optional<absl::Time> now = ReadTime(arguments, "--now", world.clock.Now());
  if (!now) return Misuse("--now is a moment like 2026-03-04T12:00:00Z");

  const auto bytes = ReadInput(arguments.Text("FILE"), world);
  if (!bytes.ok()) return CannotRead(bytes.status());
  std::optional<std::string> mpi;
  if (const std::string file = arguments.Text("--mpi", "none"); file != "none") {
    auto answer = ReadInput(file, world);
    if (!answer.ok()) return CannotRead(answer.status());
    mpi = *std::move(answer);
  }
  absl::StatusOr<Sample> sample = ReadSample(*bytes);
  if (!sample.ok()) {
    return Reject(base::ReasonOf(sample.status()), std::string(sample.status().message()));
  }
  sample->authn_context = arguments.Text("--authn-context", sample->authn_context);
  if (sample->authn_context.empty()) {
    return Reject("AUTHN_CONTEXT_MISSING", "neither --authn-context nor the file names one");
  }
  const std::string application =
      arguments.Text("--application", sample->application.empty() ? policy->default_application
                                                                  : sample->application);
  const std::string profile = arguments.Text("--profile");
  Attempt attempt;
  attempt.application = application;
  attempt.profile = profile;
  attempt.stay_at_level = arguments.Has("--second-leg");
  if (const absl::Status named = CheckNames(attempt, *policy); !named.ok()) {
    return Reject(base::ReasonOf(named), std::string(named.message()));
  }
  Result result = Explain(sample->View(*now), attempt, mpi, *policy, *now,
                          arguments.Has("--mask") ? Disclosure::kMasked : Disclosure::kRevealed);
  if (arguments.Has("--human")) result.text = ForReading(result.json);
  return result;
}

}  // namespace

Verb AttributesExplain() {
  Verb verb;
  verb.name = "attributes explain";
  verb.summary = "run the rules over an assertion and say why they decide so";
  verb.example =
      "signinctl attributes explain --authn-context http://idmanagement.gov/ns/assurance/loa/3 "
      "--mpi tools/signinctl/examples/mpi_match.xml tools/signinctl/examples/idme_loa3.json";
  verb.flags = {
      {"--authn-context", "CTX", "AuthnContextClassRef as returned (default: the file's)"},
      {"--application", "APP",
       "row of the policy (default: the file's, else the policy's default)"},
      {"--profile", "P", "rule profile (default: the one of the CSP's row)"},
      {"--second-leg", "",
       "the person was sent on once already, or asked to stay at the level that comes back"},
      {"--mpi", "FILE|none", "what MPI answered, as XML (default: none)"},
      {"--policy", "FILE", "the policy file (default: the one shipped with the program)"},
      {"--now", "RFC3339", "the moment of the decision (default: now)"},
      {"--human", "", "text for reading instead of JSON"},
      {"--mask", "", "show *** for personal data"},
  };
  verb.positionals = {{"FILE",
                       "{\"saml_attributes\":{...}} or a row of a vector file; - for "
                       "standard input"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
