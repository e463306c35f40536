#include "services/user-attributes/domain/admit.h"

#include <utility>
#include <variant>

#include "lib/identity/acr.h"
#include "services/user-attributes/domain/canonical.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::CspId;

Decision Refuse(Decision decision, Verdict verdict, SignInCode code, std::string tag) {
  decision.verdict = verdict;
  decision.refusal = base::Refusal{code, std::move(tag)};
  return decision;
}

Decision DenyBy(Decision decision, const Finding& finding) {
  // Of 107 only the neutral tag leaves: which flag it was stands in the findings (decision R7).
  const bool neutral = finding.code == SignInCode::kAccountLocked;
  const absl::string_view tag =
      neutral ? base::Describe(SignInCode::kAccountLocked).tag : absl::string_view(finding.tag);
  return Refuse(std::move(decision), Verdict::kDeny, *finding.code, std::string(tag));
}

// What MPI's answer means before anything is read from it (decisions R4, R5).
enum class Answer { kUsable, kNoMatch, kSeveral, kNoAnswer };

Answer Classify(const MpiAnswer& mpi) {
  switch (mpi.outcome) {
    case MpiOutcome::kOk:
      // "One person" without a person or an ICN is no answer to our question.
      return mpi.profile && !mpi.profile->icn.empty() ? Answer::kUsable : Answer::kNoAnswer;
    case MpiOutcome::kNoMatch:
      return Answer::kNoMatch;
    case MpiOutcome::kMultipleMatches:
      return Answer::kSeveral;
    case MpiOutcome::kNotAsked:
    case MpiOutcome::kInvalidRequest:
    case MpiOutcome::kSenderRejected:
    case MpiOutcome::kDuplicateKey:
    case MpiOutcome::kMpiFailed:
    case MpiOutcome::kTransport:
    case MpiOutcome::kTimeout:
    case MpiOutcome::kBreakerOpen:
    case MpiOutcome::kUnparseable:
    case MpiOutcome::kBlocked:
      return Answer::kNoAnswer;
  }
  return Answer::kNoAnswer;
}

// Differences that the reference logs after a sign-in and that never end one (ssoe_saml.md 16).
void NoteDifferences(const Claims& claims, const MpiProfile& profile, std::vector<Finding>& out) {
  const std::optional<identity::Icn>& asserted = AskedIcn(claims);
  if (asserted && !(*asserted == profile.icn)) AddNote("icn_differs_from_mpi", out);
  const std::optional<CspId> edipi = profile.ids.edipi();
  if (claims.edipi && edipi && !(*claims.edipi == *edipi)) AddNote("edipi_differs_from_mpi", out);
  const std::optional<CspId> mhv_id = profile.ids.mhv_ien();
  if (claims.mhv_id && mhv_id && !(*claims.mhv_id == *mhv_id)) {
    AddNote("mhv_id_differs_from_mpi", out);
  }
}

// An SSN that both hold must be the same. Traits alone fit too many people, so an answer to them
// must hold it; an ICN names one person, so there a missing one is only noted (decision R4).
void CheckSsn(const Claims& claims, const MpiProfile& profile, bool by_traits,
              std::vector<Finding>& out) {
  if (!profile.ssn || profile.ssn->empty()) {
    if (by_traits) {
      AddBlocking(SignInCode::kValidationsFailed, "mpi_ssn_missing", out);
    } else {
      AddNote("mpi_ssn_missing", out);
    }
  } else if (!claims.ssn) {
    AddNote("ssn_not_asserted", out);
  } else if (!claims.ssn->SameDigits(*profile.ssn)) {
    AddBlocking(SignInCode::kSsnMismatch, "ssn_mismatch", out);
  }
}

// Flags first: whatever else is wrong, the neutral answer of 107 must not change (decision R7).
void CheckProfile(const Claims& claims, const MpiProfile& profile, const Derivation& derived,
                  std::vector<Finding>& out) {
  if (profile.deceased) AddBlocking(SignInCode::kAccountLocked, "death_flag", out);
  if (profile.id_theft) AddBlocking(SignInCode::kAccountLocked, "theft_flag", out);
  CheckMpiIdentifiers(profile.ids, derived.rules, out);
  const bool by_traits = derived.question && std::holds_alternative<Traits>(*derived.question);
  CheckSsn(claims, profile, by_traits, out);
  NoteDifferences(claims, profile, out);
}

// A second factor is all that `mfa` is for, and somebody who is signed in elsewhere is to notice
// nothing: neither is taken anywhere else.
bool MayGoUp(absl::string_view type) { return type != "mfa" && type != "custom"; }

// Whether the profile would take the person up to the level they have reached before.
bool IsBelowHighest(const identity::Assurance& held, const Attempt& attempt, const RuleSet& rules) {
  return held.loa_current < held.loa_highest && rules.profile->uplevel && MayGoUp(attempt.type);
}

// What the type, the application or the profile asks for beyond what is held; empty when nothing is
// missing.
absl::string_view MissingAssurance(const identity::Assurance& held, const Attempt& attempt,
                                   const RuleSet& rules, absl::Time now) {
  if (AsksForVerified(attempt.type) && held.loa_current < 3) return "step_up_type_verified";
  if (rules.application != nullptr) {
    const absl::string_view missing = MissingForApplication(held, *rules.application, now);
    if (!missing.empty()) return missing;
  }
  return IsBelowHighest(held, attempt, rules) && !attempt.stay_at_level ? "step_up_highest"
                                                                        : absl::string_view();
}

Decision AdmitBelowLoa3(Decision decision) {
  decision.rules.push_back("below_loa3_email_only");
  decision.attributes = EmailOnly(decision.claims);
  decision.verdict = Verdict::kAdmit;
  return decision;
}

Decision AdmitVerified(Decision decision, const Derivation& derived, const MpiProfile& profile) {
  CheckProfile(decision.claims, profile, derived, decision.findings);
  if (const Finding* blocking = FirstBlocking(decision.findings); blocking != nullptr) {
    decision.rules.push_back("mpi_profile_findings");
    return DenyBy(std::move(decision), *blocking);
  }
  decision.rules.push_back(MpiIsCanonical(decision.claims) ? "mhv_premium_mpi_is_canonical"
                                                           : "credential_is_canonical");
  decision.attributes = ReconcileAttributes(decision.claims, profile);
  decision.verdict = Verdict::kAdmit;
  return decision;
}

// With several MHV ids the first IEN of gcIds may be somebody else's: never what a credential is
// stored and found by (decision R3). Linking then goes by the uuid behind it.
void DropDoubtfulKey(bool asserted, Decision& decision) {
  if (asserted || !WasFound(decision.findings, identity::Check::kMultipleMhvIds)) return;
  decision.claims.mhv_id.reset();
}

Decision AdmitLoa3(Decision decision, const Derivation& derived, const MpiAnswer& mpi) {
  if (decision.claims.ssn && !decision.claims.ssn->IsWellFormed()) {
    AddBlocking(SignInCode::kValidationsFailed, "malformed_ssn", decision.findings);
  } else if (!derived.question) {
    // An ICN that is none, or neither an ICN nor the traits a search needs: there is nothing to ask
    // MPI with, and asking with something else would be a guess.
    AddBlocking(SignInCode::kValidationsFailed,
                AskedIcn(decision.claims) ? "malformed_icn" : "insufficient_traits",
                decision.findings);
  }
  if (const Finding* blocking = FirstBlocking(decision.findings); blocking != nullptr) {
    decision.rules.push_back("identity_invalid");
    return DenyBy(std::move(decision), *blocking);
  }
  switch (Classify(mpi)) {
    case Answer::kNoMatch:
      decision.rules.push_back("mpi_no_match");
      return Refuse(std::move(decision), Verdict::kDeny, SignInCode::kValidationsFailed,
                    "mpi_no_match");
    case Answer::kSeveral:
      decision.rules.push_back("mpi_multiple_matches");
      return Refuse(std::move(decision), Verdict::kDeny, SignInCode::kValidationsFailed,
                    "mpi_multiple_matches");
    case Answer::kNoAnswer:
      decision.rules.push_back("mpi_unavailable");
      return Refuse(std::move(decision), Verdict::kTryLater, SignInCode::kUnknown,
                    "mpi_unavailable");
    case Answer::kUsable:
      break;
  }
  return AdmitVerified(std::move(decision), derived, *mpi.profile);
}

}  // namespace

absl::string_view MissingForApplication(const identity::Assurance& held,
                                        const identity::Application& application, absl::Time now) {
  const identity::AssuranceLevel level{held.ial, held.aal};
  if (!identity::Satisfies(level, {application.min_ial, 1})) return "step_up_application_ial";
  if (!identity::Satisfies(level, {1, application.min_aal})) return "step_up_application_aal";
  if (application.max_age && now - held.auth_time > *application.max_age) {
    return "step_up_application_max_age";
  }
  return {};
}

Decision Admit(const SsoeAssertion& assertion, const Attempt& attempt, const MpiAnswer& mpi,
               const identity::Policy& policy, absl::Time now) {
  Derivation derived = Derive(assertion, attempt, policy);
  Decision decision;
  decision.claims = std::move(derived.claims);
  decision.assurance = derived.assurance;
  decision.findings = std::move(derived.findings);
  if (const Finding* blocking = FirstBlocking(decision.findings); blocking != nullptr) {
    decision.rules.push_back("assertion_findings");
    return DenyBy(std::move(decision), *blocking);
  }
  const absl::string_view missing =
      MissingAssurance(decision.assurance, attempt, derived.rules, now);
  if (!missing.empty()) {
    decision.rules.push_back(missing);
    decision.verdict = Verdict::kStepUp;
    return decision;
  }
  // Nobody is kept out for what nobody but the profile would like to see (decision R9).
  if (IsBelowHighest(decision.assurance, attempt, derived.rules)) {
    AddNote("below_highest", decision.findings);
  }
  decision = decision.assurance.loa_current < 3 ? AdmitBelowLoa3(std::move(decision))
                                                : AdmitLoa3(std::move(decision), derived, mpi);
  if (decision.verdict == Verdict::kAdmit) {
    HideConflicting(decision.findings, decision.attributes);
    DropDoubtfulKey(derived.mhv_id_asserted, decision);
  }
  return decision;
}

}  // namespace va::attributes
