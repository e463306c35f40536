// The one catalogue of sign-in codes: what a person, support staff and an operator are told. Codes
// are the contract with the front end (ssoe_saml.md 6); a tag tells apart what shares a code and is
// for operators only, because the true reason of some refusals must not be disclosed.
// docs/errors.md is this catalogue as a page
// (`signinctl codes --page`).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::base {

enum class SignInCode {
  kClickedDeny,             // 001
  kAuthTooLateLiveSession,  // 002
  kAuthTooEarly,            // 003
  kValidationsFailed,       // 004
  kAuthTooLate,             // 005
  kUnknown,                 // 007
  kMultipleMhvIds,          // 101
  kMultipleEdipis,          // 102
  kMhvIcnMismatch,          // 103
  kUuidMissing,             // 104
  kMultipleCorpIds,         // 106
  kAccountLocked,           // 107
  kMhvUnverified,           // 108
  kSsnMismatch,             // 113
  kInvalidRequest,          // 400
};

// What the person can do next.
enum class RetryAdvice {
  kNow,      // the same attempt may work at once
  kLater,    // nothing was decided; wait and repeat
  kSupport,  // repeating does not help
};

// Everything that is said about a code.
struct CodeEntry {
  SignInCode id;
  absl::string_view code;           // "101"
  absl::string_view tag;            // default tag
  absl::string_view headline;       // for the person: plain words
  absl::string_view what_happened;  // for the person: one sentence
  absl::string_view what_to_do;     // for the person: the next step
  absl::string_view cause;          // for operators: what was found
  absl::string_view support_text;   // for support staff: what to look at, to say or to do
  RetryAdvice retry;
};

const CodeEntry& Describe(SignInCode id);

// The entry for a code string such as "101".
std::optional<SignInCode> CodeFromString(absl::string_view code);

// The whole catalogue in order of codes, for documentation and completeness tests.
const std::vector<CodeEntry>& SignInCatalogue();

// Why an attempt ended without a session: the code for the person, the tag for operators.
struct Refusal {
  SignInCode code = SignInCode::kUnknown;
  std::string tag;
};

// A refusal with the code's own tag.
Refusal RefusalOf(SignInCode code);

}  // namespace va::base
