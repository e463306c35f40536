#include "tools/signinctl/explanation.h"

#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/signin_code.h"
#include "services/auth-gateway/domain/tag_catalogue.h"
#include "services/user-attributes/domain/rule_catalogue.h"

namespace va::signinctl {
namespace {

using attributes::Claims;
using attributes::Decision;
using attributes::Effect;
using attributes::Finding;
using attributes::RuleStep;
using attributes::StepOutcome;
using attributes::Verdict;
using identity::Disclose;
using identity::Disclosure;

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

template <typename T>
Json Maybe(const std::optional<T>& value, Disclosure how) {
  return value ? Json(Disclose(*value, how)) : Json();
}

Json TextOrNull(absl::string_view text) { return text.empty() ? Json() : Json(Str(text)); }

Json CodeJson(const std::optional<base::SignInCode>& code) {
  return code ? Json(Str(base::Describe(*code).code)) : Json();
}

Json GenderJson(const Claims& claims, Disclosure how) {
  if (!claims.gender) return Json();
  if (how == Disclosure::kMasked) return identity::kMask;
  return *claims.gender == attributes::Gender::kMale ? "M" : "F";
}

Json ClaimsJson(const Claims& claims, Disclosure how) {
  return {{"first_name", Maybe(claims.first_name, how)},
          {"middle_name", Maybe(claims.middle_name, how)},
          {"last_name", Maybe(claims.last_name, how)},
          {"email", Maybe(claims.email, how)},
          {"gender", GenderJson(claims, how)},
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

Json FindingsJson(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"code", CodeJson(finding.code)},
                    {"tag", Str(finding.tag)},
                    {"effect", Word(finding.effect)},
                    {"waived_by", TextOrNull(finding.waived_by)},
                    {"subject", TextOrNull(finding.subject)},
                    {"words", TextOrNull(MeaningOf(finding.tag).words)}});
  }
  return list;
}

// The rules that fired: those that looked and found nothing to say are many.
Json StepsJson(const attributes::Trace& trace, bool every_rule) {
  Json list = Json::array();
  for (const RuleStep& step : trace) {
    if (step.outcome == StepOutcome::kPassed && !every_rule) continue;
    const Meaning meaning = MeaningOf(step.rule);
    list.push_back({{"rule", Str(step.rule)},
                    {"outcome", Word(step.outcome)},
                    {"subject", TextOrNull(step.subject)},
                    {"words", TextOrNull(meaning.words)},
                    {"source", TextOrNull(meaning.source)}});
  }
  return list;
}

Json NamesJson(const Decision& decision) {
  Json list = Json::array();
  for (const absl::string_view rule : decision.rules) list.push_back(Str(rule));
  return list;
}

// ---- For reading --------------------------------------------------------------------------------

std::string Text(const Json& value, const char* otherwise = "nothing") {
  if (value.is_null()) return otherwise;
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// "name value" of what is there.
std::string Facts(const Json& object,
                  const std::vector<std::pair<const char*, const char*>>& facts) {
  std::vector<std::string> parts;
  for (const auto& [key, words] : facts) {
    const Json& value = object[key];
    if (!value.is_null() && value != "") parts.push_back(absl::StrCat(words, " ", Text(value)));
  }
  return absl::StrJoin(parts, ", ");
}

std::string NameOf(const Json& identity) {
  std::vector<std::string> parts;
  for (const char* key : {"first_name", "middle_name", "last_name"}) {
    if (!identity[key].is_null() && identity[key] != "") parts.push_back(Text(identity[key]));
  }
  return parts.empty() ? "no name" : absl::StrJoin(parts, " ");
}

std::string DecisionLines(const Json& json) {
  const Json& decision = json["decision"];
  std::string out = absl::StrCat("decision: ", Text(decision["verdict"]));
  if (!decision["code"].is_null()) absl::StrAppend(&out, ", code ", Text(decision["code"]));
  if (!decision["tag"].is_null()) {
    absl::StrAppend(&out, ", tag ", Text(decision["tag"]));
    const std::string words = MeaningOf(Text(decision["tag"])).words;
    if (!words.empty()) absl::StrAppend(&out, "\n  ", words);
  }
  return out + "\n";
}

std::string WhoLines(const Json& json) {
  const Json& identity = json["identity"];
  const std::string numbers = Facts(identity, {{"birth_date", "born"},
                                               {"gender", "gender"},
                                               {"email", "e-mail"},
                                               {"ssn", "SSN"},
                                               {"icn", "ICN"},
                                               {"edipi", "EDIPI"},
                                               {"mhv_id", "MHV id"},
                                               {"idme_uuid", "ID.me uuid"},
                                               {"logingov_uuid", "Login.gov uuid"},
                                               {"sec_id", "sec id"}});
  std::string out = absl::StrCat("who: ", NameOf(identity), "\n");
  if (!numbers.empty()) absl::StrAppend(&out, "  ", numbers, "\n");
  absl::StrAppend(&out, "  signed in with ", Text(identity["service_name"], "nobody we know"),
                  ", account type ", Text(identity["account_type"]), "\n");
  return out;
}

std::string AssuranceLines(const Json& json) {
  const Json& held = json["assurance"];
  return absl::StrCat("how sure: LOA", Text(held["loa_current"]), " (highest LOA",
                      Text(held["loa_highest"]), "), ial ", Text(held["ial"]), ", aal ",
                      Text(held["aal"]),
                      json["identity"]["multifactor"] == true ? ", with a second factor\n"
                                                              : ", without a second factor\n",
                      "MPI: ",
                      json["mpi_question"].is_null()
                          ? std::string("not asked")
                          : absl::StrCat("asked by ", Text(json["mpi_question"]), ", answer ",
                                         Text(json["mpi_outcome"], "none given")),
                      "\n");
}

std::string FindingLines(const Json& findings) {
  std::string out = "noticed:\n";
  if (findings.empty()) absl::StrAppend(&out, "  nothing out of the ordinary\n");
  for (const Json& finding : findings) {
    absl::StrAppend(&out, "  ", Text(finding["tag"]));
    if (!finding["subject"].is_null()) absl::StrAppend(&out, " (", Text(finding["subject"]), ")");
    absl::StrAppend(&out, " ", Text(finding["effect"]));
    if (!finding["code"].is_null()) absl::StrAppend(&out, ", code ", Text(finding["code"]));
    if (!finding["waived_by"].is_null()) {
      absl::StrAppend(&out, ", by ", Text(finding["waived_by"]));
    }
    absl::StrAppend(&out, "\n");
    if (!finding["words"].is_null()) absl::StrAppend(&out, "    ", Text(finding["words"]), "\n");
  }
  return out;
}

std::string RuleLines(const Json& rules) {
  std::string out = "rules, in order:\n";
  int number = 0;
  for (const Json& rule : rules) {
    absl::StrAppend(&out, "  ", ++number, ". ", Text(rule["rule"]), ": ", Text(rule["outcome"]));
    if (!rule["subject"].is_null()) absl::StrAppend(&out, " ", Text(rule["subject"]));
    absl::StrAppend(&out, "\n");
    if (rule["words"].is_null()) continue;
    absl::StrAppend(&out, "     ", Text(rule["words"]));
    if (!rule["source"].is_null()) absl::StrAppend(&out, " [", Text(rule["source"]), "]");
    absl::StrAppend(&out, "\n");
  }
  return out;
}

std::string PersonLines(const Json& decision) {
  std::string sees;
  if (decision["verdict"] == "admit") {
    sees = "  the application they were on the way to\n";
  } else if (decision["verdict"] == "step_up") {
    sees = "  their account provider again, which asks for what is missing, or our page about it\n";
  } else if (decision["verdict"] == "try_later") {
    sees = "  our page that something does not work at the moment, and that nothing was decided\n";
  } else {
    sees = PersonSees(Text(decision["code"]));
  }
  return absl::StrCat("the person sees:\n", sees);
}

}  // namespace

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

const char* Word(Effect effect) {
  switch (effect) {
    case Effect::kBlocks:
      return "blocks";
    case Effect::kWaived:
      return "waived";
    case Effect::kNoted:
      return "noted";
  }
  return "";
}

const char* Word(StepOutcome outcome) {
  switch (outcome) {
    case StepOutcome::kPassed:
      return "passed";
    case StepOutcome::kNoted:
      return "noted";
    case StepOutcome::kWaived:
      return "waived";
    case StepOutcome::kBlocked:
      return "blocked";
    case StepOutcome::kChose:
      return "chose";
  }
  return "";
}

Json QuestionJson(const std::optional<attributes::MpiQuestion>& question) {
  struct Namer {
    const char* operator()(const identity::Icn& /*icn*/) const { return "icn"; }
    const char* operator()(const attributes::Traits& /*traits*/) const { return "traits"; }
    const char* operator()(const attributes::ByIdmeUuid& /*by*/) const { return "idme_uuid"; }
    const char* operator()(const attributes::ByLogingovUuid& /*by*/) const {
      return "logingov_uuid";
    }
  };
  return question ? Json(std::visit(Namer(), *question)) : Json();
}

Meaning MeaningOf(absl::string_view name) {
  if (const attributes::RuleRow* const rule = attributes::FindRule(name); rule != nullptr) {
    return {Str(rule->words), Str(rule->source)};
  }
  if (const gateway::TagRow* const tag = gateway::FindTag(name); tag != nullptr) {
    return {Str(tag->cause), ""};
  }
  return {};
}

Explained ExplainBy(const attributes::Assertion& assertion, const attributes::Attempt& attempt,
                    const attributes::MpiAnswer& mpi, const identity::Policy& policy,
                    absl::Time now) {
  Explained out;
  out.derived = attributes::Derive(assertion, attempt, policy);
  out.decision = attributes::Admit(assertion, attempt, mpi, policy, now, &out.trace);
  return out;
}

attributes::MpiAnswer MatchingAnswer(const attributes::Derivation& derived) {
  attributes::MpiAnswer out;
  if (!derived.question) return out;
  const Claims& claims = derived.claims;
  attributes::MpiProfile profile;
  const std::optional<identity::Icn>& asked = attributes::AskedIcn(claims);
  // Somebody for whom no ICN was asserted gets one; nothing but its form is looked at.
  profile.icn = asked ? *asked : identity::Icn::FromWire("1000000000V000000");
  profile.first_name = claims.first_name;
  profile.middle_name = claims.middle_name;
  profile.last_name = claims.last_name;
  profile.gender = claims.gender;
  profile.birth_date = claims.birth_date;
  profile.ssn = claims.ssn;
  profile.ids = derived.ids;
  out.outcome = attributes::MpiOutcome::kOk;
  out.profile = std::move(profile);
  return out;
}

Json DecisionJson(const Decision& decision) {
  Json out = {{"verdict", Word(decision.verdict)}, {"code", Json()}, {"tag", Json()}};
  if (decision.refusal) {
    out["code"] = Str(base::Describe(decision.refusal->code).code);
    out["tag"] = decision.refusal->tag;
  } else if (decision.verdict == Verdict::kStepUp && !decision.rules.empty()) {
    out["tag"] = Str(decision.rules.back());  // what is missing, as in the service's answer
  }
  return out;
}

Json ToJson(const Explained& explained, const identity::Policy& policy,
            absl::string_view application, bool every_rule, Disclosure how) {
  const auto& [derived, decision, trace] = explained;
  const bool admitted = decision.verdict == Verdict::kAdmit;
  return {{"decision", DecisionJson(decision)},
          {"identity", ClaimsJson(admitted ? decision.attributes : derived.claims, how)},
          {"assurance", AssuranceJson(decision.assurance)},
          {"mpi_question", QuestionJson(derived.question)},
          {"mpi_outcome", Json()},
          {"findings", FindingsJson(decision.findings)},
          {"rules", StepsJson(trace, every_rule)},
          {"decided_by", NamesJson(decision)},
          {"policy",
           {{"version", policy.version},
            {"application", Str(application)},
            {"profile", derived.rules.profile == nullptr ? "" : derived.rules.profile->name}}}};
}

std::string ForReading(const Json& json) {
  const Json& policy = json["policy"];
  return absl::StrCat(
      DecisionLines(json), WhoLines(json), AssuranceLines(json), FindingLines(json["findings"]),
      RuleLines(json["rules"]), PersonLines(json["decision"]), "policy: ", Text(policy["version"]),
      ", application ", Text(policy["application"]), ", profile ", Text(policy["profile"]), "\n");
}

std::string PersonSees(const std::string& code) {
  const std::optional<base::SignInCode> id = base::CodeFromString(code);
  if (!id) return "  nothing that the catalogue knows\n";
  const base::CodeEntry& entry = base::Describe(*id);
  return absl::StrCat("  ", entry.headline, "\n  ", entry.what_happened, "\n  ", entry.what_to_do,
                      "\n");
}

}  // namespace va::signinctl
