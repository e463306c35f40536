#include "lib/base/signin_code.h"

namespace va::base {
namespace {

std::vector<CodeEntry> MakeCatalogue() {
  using enum RetryAdvice;
  using C = SignInCode;
  constexpr absl::string_view kCallSupport =
      "Call the sign-in help desk and read out the request id below.";
  constexpr absl::string_view kStartAgain = "Start again with the button below.";
  return {
      {C::kClickedDeny, "001", "clicked_deny", "You did not share your information",
       "We need the account provider to share your information with us before you can sign in.",
       "Start again and agree to share your information.",
       "The person declined the release of attributes at the CSP.",
       "Nothing is wrong with the account. Ask the person to agree when the provider asks whether "
       "it "
       "may share their information.",
       kNow},
      {C::kAuthTooLateLiveSession, "002", "auth_too_late", "This sign-in took too long",
       "The answer from your account provider was no longer fresh, but you still had a session.",
       "Go on with your session, or start again with the button below.",
       "The assertion had expired while the browser held a live session.",
       "The person is still signed in: they can go on. A tab left open for long, or a page sent "
       "again "
       "with the back button, is the usual reason.",
       kNow},
      {C::kAuthTooEarly, "003", "auth_too_early", "The clocks do not agree",
       "The answer from your account provider was dated in the future.",
       "Wait a minute, then start again with the button below.",
       "NotBefore or IssueInstant lies in the future by more than the allowed skew.",
       "Many at once mean that a clock is wrong: tell the operators, who compare the clocks of the "
       "gateway and of the identity provider.",
       kLater},
      {C::kValidationsFailed, "004", "validations_failed",
       "We could not match you with our records",
       "The information from your account does not match exactly one VA record.", kCallSupport,
       "MPI found no record or more than one for the asserted identity, or what was asserted "
       "cannot "
       "identify a person.",
       "See the tag. mpi_no_match: compare name, date of birth and SSN of the account with the VA "
       "record. mpi_multiple_matches: the records must be merged by the identity team.",
       kSupport},
      {C::kAuthTooLate, "005", "auth_too_late", "This sign-in took too long",
       "The answer from your account provider was no longer fresh.", kStartAgain,
       "NotOnOrAfter lies in the past by more than the allowed skew, or the attempt took longer "
       "than "
       "it may.",
       "Ask the person to start again and to finish within a quarter of an hour. Many at once mean "
       "that a clock is wrong.",
       kNow},
      {C::kUnknown, "007", "unknown", "We could not sign you in",
       "Something went wrong on the way, and nothing was changed.", kStartAgain,
       "The response could not be believed, a service did not answer, or the attempt was used "
       "before; the tag tells which.",
       "See the tag and the stations of the attempt by its request id (`signinctl explain`). Once: "
       "ask the person to start again. Again and again: hand the request id to the operators.",
       kNow},
      // 101 to 106: ssoe_saml.md 5.1 to 5.6.
      {C::kMultipleMhvIds, "101", "multiple_mhv_ids",
       "We found more than one My HealtheVet account",
       "Your record holds more than one My HealtheVet account, so we cannot tell which is yours.",
       kCallSupport, "More than one distinct active MHV id.",
       "The My HealtheVet help desk ends the accounts that are not used. The My HealtheVet site "
       "itself "
       "lets the person in meanwhile.",
       kSupport},
      {C::kMultipleEdipis, "102", "multiple_edipis", "We found more than one DoD number",
       "Your record holds more than one Department of Defense number.", kCallSupport,
       "More than one distinct active EDIPI; never waived.",
       "Records of two people may have been mixed: pass the request id to the identity team. No "
       "other "
       "way of signing in helps.",
       kSupport},
      {C::kMhvIcnMismatch, "103", "mhv_icn_mismatch", "Your records do not agree",
       "Your My HealtheVet account and your VA record do not name the same person.", kCallSupport,
       "va_eauth_mhvicn differs from va_eauth_icn.",
       "The ICN that My HealtheVet holds is not the one of the VA record: pass the request id to "
       "the "
       "identity team. The My HealtheVet site itself lets the person in meanwhile.",
       kSupport},
      {C::kUuidMissing, "104", "uuid_missing", "Your account is not fully set up",
       "Your account provider did not send the number that identifies your account.",
       "Sign in with Login.gov or ID.me instead.",
       "Neither an ID.me nor a Login.gov uuid was asserted.",
       "The account at the provider has no number yet. Signing in once with ID.me or Login.gov "
       "itself "
       "usually mends it; if not, pass the request id to the operators.",
       kSupport},
      {C::kMultipleCorpIds, "106", "multiple_corp_ids", "We found more than one benefits record",
       "Your record holds more than one benefits number.", kCallSupport,
       "More than one distinct active VBA corporate id.",
       "The benefits records must be merged: pass the request id to the identity team. The My "
       "HealtheVet site itself lets the person in meanwhile.",
       kSupport},
      // One neutral page for a death or theft flag: the true reason is never shown (decision R7).
      {C::kAccountLocked, "107", "account_locked", "We cannot sign you in",
       "We need to speak with you before you can sign in.", kCallSupport,
       "MPI carries a flag that stops every sign-in of this person, or the account was locked; see "
       "the tag.",
       "Do not tell the reason to the caller before their identity is confirmed. A wrong flag is "
       "taken "
       "back by the identity team, a lock by an operator.",
       kSupport},
      {C::kMhvUnverified, "108", "mhv_unverified_blocked", "Your account is not verified",
       "This part of the site needs a verified My HealtheVet account.",
       "Verify your identity with your account provider, then sign in again.",
       "A verified MHV sign-in was asked for, and the assertion is below LOA3.",
       "The person needs a Premium My HealtheVet account, or proves who they are with ID.me or "
       "Login.gov.",
       kSupport},
      {C::kSsnMismatch, "113", "ssn_mismatch", "Your records do not agree",
       "Some of the information from your account differs from your VA record.", kCallSupport,
       "The asserted SSN differs from the one MPI holds.",
       "One of the two records holds a wrong number. Let the person check it with their account "
       "provider; if it is right there, pass the request id to the identity team.",
       kSupport},
      {C::kInvalidRequest, "400", "invalid_request", "This link does not work",
       "The address is incomplete, or something in it is not allowed.",
       "Go back to the page you came from, or start again from the sign-in page.",
       "The request did not fit the published paths and parameters.",
       "Ask where the link came from: a bookmark or a page that links here must be corrected. "
       "Nothing "
       "is wrong with the account.",
       kSupport},
  };
}

}  // namespace

const std::vector<CodeEntry>& SignInCatalogue() {
  static const auto* const kCatalogue = new std::vector<CodeEntry>(MakeCatalogue());
  return *kCatalogue;
}

const CodeEntry& Describe(SignInCode id) { return SignInCatalogue()[static_cast<size_t>(id)]; }

std::optional<SignInCode> CodeFromString(absl::string_view code) {
  for (const CodeEntry& entry : SignInCatalogue()) {
    if (entry.code == code) return entry.id;
  }
  return std::nullopt;
}

Refusal RefusalOf(SignInCode code) { return {code, std::string(Describe(code).tag)}; }

}  // namespace va::base
