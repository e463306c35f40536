// Who may hand an in-person proofing on to Login.gov (inherited_proofing.md section 4): facts and
// rules in, every reason out. That MHV or MPI could not be asked never gets here: an outage is a
// fault of the machine, never a reason against the person (decision M8).
#pragma once

#include <array>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "services/inherited-proofing/domain/proofing_facts.h"

namespace va::proofing {

// The rules with a switch, in the order their reasons are told.
enum class Rule {
  kWrongCsp,
  kAlreadyVerified,
  kDeceased,
  kIdTheft,
  kNotPremium,
  kNoIdentityDocument,
  kNotInPersonProofed,
  kBadProofingDate,
  kMhvIdMismatch,
  kDocumentExpired,
};

inline constexpr std::array<Rule, 10> kAllRules = {
    Rule::kWrongCsp,           Rule::kAlreadyVerified,
    Rule::kDeceased,           Rule::kIdTheft,
    Rule::kNotPremium,         Rule::kNoIdentityDocument,
    Rule::kNotInPersonProofed, Rule::kBadProofingDate,
    Rule::kMhvIdMismatch,      Rule::kDocumentExpired,
};

// The reason of a rule, which is also the name of its switch: "no_identity_document".
absl::string_view NameOf(Rule rule);

// The one reason without a switch: MHV knows no account of this person, so that there is nothing
// the other rules about MHV could look at.
inline constexpr char kNoMhvAccount[] = "no_mhv_account";

// What a rule does when it finds something.
enum class Effect {
  kBlock,   // a reason: not eligible
  kNote,    // told, and stands against nobody
  kIgnore,  // not looked at
};

// The defaults are those of section 4.
struct Rules {
  Rules();

  Effect of(Rule rule) const { return effects[static_cast<size_t>(rule)]; }
  void Set(Rule rule, Effect effect) { effects[static_cast<size_t>(rule)] = effect; }

  std::array<Effect, kAllRules.size()> effects;  // by Rule
  std::vector<std::string> in_person_methods = {"IPA"};
};

struct Eligibility {
  bool eligible = false;
  std::vector<absl::string_view> reasons;  // every one; constants
  std::vector<absl::string_view> notes;    // what was seen and does not stand against it
  std::string method;                      // empty when MHV does not say
  std::string proofed_on;                  // YYYY-MM-DD; empty unless MHV gave a real day
};

// `today` in UTC.
Eligibility JudgeEligibility(const ProofingFacts& facts, const Rules& rules, absl::CivilDay today);

}  // namespace va::proofing
