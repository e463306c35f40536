// What the rules make of one sign-in, as values, as JSON and as text for reading. Whoever asks a
// file (`attributes explain`, `policy diff`) asks here.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/identity/disclosure.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/assertion.h"
#include "services/user-attributes/domain/derive.h"
#include "services/user-attributes/domain/trace.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

// "admit", "step_up", "deny", "try_later".
const char* Word(attributes::Verdict verdict);
// "blocks", "waived", "noted".
const char* Word(attributes::Effect effect);
// "passed", "noted", "waived", "blocked", "chose".
const char* Word(attributes::StepOutcome outcome);
// What MPI would be asked by: icn, traits, idme_uuid, logingov_uuid; null: it is not asked.
Json QuestionJson(const std::optional<attributes::MpiQuestion>& question);

// What a rule or a tag is about, and where it comes from, of the rules and of the gateway; empty
// when no catalogue knows it.
struct Meaning {
  std::string words;
  std::string source;
};
Meaning MeaningOf(absl::string_view name);

struct Explained {
  attributes::Derivation derived;
  attributes::Decision decision;
  attributes::Trace trace;
};

// Both stations with every rule that is reached.
Explained ExplainBy(const attributes::Assertion& assertion, const attributes::Attempt& attempt,
                    const attributes::MpiAnswer& mpi, const identity::Policy& policy,
                    absl::Time now);

// The person of the statement as MPI would know them if nothing were wrong: so that rules behind
// that question are reached without an answer at hand.
attributes::MpiAnswer MatchingAnswer(const attributes::Derivation& derived);

// {"verdict","code","tag"}.
Json DecisionJson(const attributes::Decision& decision);

// Decision, identity, assurance, question, findings, rules (those that found nothing to say too,
// with `every_rule`), and the rows of the policy.
Json ToJson(const Explained& explained, const identity::Policy& policy,
            absl::string_view application, bool every_rule, identity::Disclosure how);

// The same for reading: who, how sure, what was noticed, why, and what the person would see. `json`
// is what ToJson made, with "mpi_outcome" added.
std::string ForReading(const Json& json);

// Lines of text that tell what a code means for the person: headline, sentence, next step.
std::string PersonSees(const std::string& code);

}  // namespace va::signinctl
