// attributes explain: what the rules of user-attributes make of a sign-in, line by line, without a
// service, a database or a link to an account.
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/identity/disclosure.h"
#include "tools/signinctl/explanation.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/mpi_answer.h"
#include "tools/signinctl/policy_input.h"
#include "tools/signinctl/sample.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using attributes::Attempt;
using attributes::Verdict;
using identity::Disclosure;

constexpr char kNone[] = "none";
constexpr char kMatch[] = "match";

absl::Status Bad(absl::string_view reason, absl::string_view words) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, words);
}

Result RejectFor(const absl::Status& status) {
  return Reject(base::ReasonOf(status), std::string(status.message()));
}

// Names that nothing grants must not be guessed at; the service refuses them, too. A file without a
// type is of none: no rule reads one then.
absl::Status CheckNames(const Attempt& attempt, const identity::Policy& policy) {
  if (!attempt.type.empty() && !attributes::IsSignInType(attempt.type)) {
    return Bad("UNKNOWN_TYPE", absl::StrCat("no such sign-in type; there are ",
                                            absl::StrJoin(attributes::SignInTypes(), ", ")));
  }
  if (policy.FindApplication(attempt.application) == nullptr) {
    return Bad("UNKNOWN_APPLICATION", "no such application in the policy");
  }
  if (!attempt.profile.empty() && policy.FindProfile(attempt.profile) == nullptr) {
    return Bad("UNKNOWN_PROFILE", "no such profile in the policy");
  }
  return absl::OkStatus();
}

// What MPI is to have answered: a file, the person as stated, or nothing.
struct GivenAnswer {
  std::string how = kNone;  // "none", "match" or the bytes of a file
  std::optional<std::string> xml;
};

// MPI's answer for the rules, and its name for the output.
std::pair<attributes::MpiAnswer, Json> AnswerTo(const GivenAnswer& given,
                                                const attributes::Derivation& derived) {
  if (given.xml) {
    const mpi::Answer answer = ReadMpiAnswer(*given.xml, "", QuestionOf(derived.question));
    const absl::string_view name = mpi::OutcomeName(answer.outcome);
    return {ForRules(answer), std::string(name.data(), name.size())};
  }
  if (given.how == kMatch && derived.question) return {MatchingAnswer(derived), "OK"};
  return {attributes::MpiAnswer(), Json()};
}

std::string Words(const Explained& explained, const Json& json) {
  const Json& decision = json["decision"];
  std::string words = decision["verdict"].get<std::string>();
  if (explained.decision.refusal) {
    absl::StrAppend(&words, ", code ", decision["code"].get<std::string>(), ", tag ",
                    decision["tag"].get<std::string>());
  }
  // Of a step-up the rule says what is missing; the person goes on with a second leg.
  if (explained.decision.verdict == Verdict::kStepUp && decision["tag"].is_string()) {
    absl::StrAppend(&words, ", ", decision["tag"].get<std::string>(),
                    "; what becomes of a second leg: --second-leg");
  }
  if (explained.decision.verdict == Verdict::kTryLater && explained.derived.question &&
      json["mpi_outcome"].is_null()) {
    absl::StrAppend(&words, "; MPI would be asked: give its answer with --mpi FILE, or --mpi ",
                    kMatch);
  }
  return words;
}

Result Explain(const Sample& sample, const Attempt& attempt, const GivenAnswer& given,
               const identity::Policy& policy, absl::Time now, const Arguments& arguments) {
  const attributes::Assertion assertion = sample.View(now);
  const auto [answer, outcome] = AnswerTo(given, attributes::Derive(assertion, attempt, policy));
  const Explained explained = ExplainBy(assertion, attempt, answer, policy, now);
  Result result;
  result.exit = explained.decision.verdict == Verdict::kAdmit ? Exit::kAccept : Exit::kReject;
  result.json = ToJson(explained, policy, attempt.application, arguments.Has("--every-rule"),
                       arguments.Has("--mask") ? Disclosure::kMasked : Disclosure::kRevealed);
  result.json["mpi_outcome"] = outcome;
  result.words = Words(explained, result.json);
  if (arguments.Has("--human")) result.text = ForReading(result.json);
  return result;
}

// What the flags say instead of the file.
void Overrule(const Arguments& arguments, const identity::Policy& policy, Sample& sample) {
  sample.authn_context = arguments.Text("--authn-context", sample.authn_context);
  sample.type = arguments.Text("--type", sample.type);
  sample.application = arguments.Text("--application", sample.application);
  if (sample.application.empty()) sample.application = policy.default_application;
}

Result Run(const Arguments& arguments, const World& world) {
  const auto policy = ReadPolicy(arguments.Text("--policy"), world);
  if (!policy.ok()) return Misuse(std::string(policy.status().message()));
  const std::optional<absl::Time> now = ReadTime(arguments, "--now", world.clock.Now());
  if (!now) return Misuse("--now is a moment like 2026-03-04T12:00:00Z");

  const auto bytes = ReadInput(arguments.Text("FILE"), world);
  if (!bytes.ok()) return CannotRead(bytes.status());
  GivenAnswer given;
  given.how = arguments.Text("--mpi", kNone);
  if (given.how != kNone && given.how != kMatch) {
    auto answer = ReadInput(given.how, world);
    if (!answer.ok()) return CannotRead(answer.status());
    given.xml = *std::move(answer);
  }
  const absl::StatusOr<Sorted> json = ParseOnce(*bytes);
  if (!json.ok()) return RejectFor(json.status());
  absl::StatusOr<Sample> sample = ReadSample(*json);
  if (!sample.ok()) return RejectFor(sample.status());
  Overrule(arguments, *policy, *sample);
  if (sample->authn_context.empty() && !sample->oidc) {
    return Reject("AUTHN_CONTEXT_MISSING", "neither --authn-context nor the file names one");
  }
  const std::string profile = arguments.Text("--profile");
  Attempt attempt = sample->Planned();
  attempt.profile = profile;
  attempt.stay_at_level = arguments.Has("--second-leg");
  if (const absl::Status named = CheckNames(attempt, *policy); !named.ok()) {
    return RejectFor(named);
  }
  return Explain(*sample, attempt, given, *policy, *now, arguments);
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
      {"--type", "TYPE", "sign-in type of the path, e.g. mhv_verified (default: the file's)"},
      {"--mpi", "FILE|match|none",
       "what MPI answered, as XML; match: the person as stated; none: no answer (default)"},
      {"--policy", "FILE", "the policy file (default: the one shipped with the program)"},
      {"--now", "RFC3339", "the moment of the decision (default: now)"},
      {"--every-rule", "", "also the rules that looked and found nothing to say"},
      {"--human", "", "text for reading instead of JSON"},
      {"--mask", "", "show *** for personal data"},
  };
  verb.positionals = {
      {"FILE",
       "{\"saml_attributes\":{...}}, {\"oidc_claims\":{...},\"issuer\":\"idme\"} or a "
       "row of a vector file; - for standard input"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
