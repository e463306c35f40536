// A person's answer to the consent text. It stands on record before any code exists (P-7); given,
// it grants exactly one start, to the same account and session, for a short time.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::proofing {

enum class ConsentDecision { kGiven, kDeclined };

// "given", "declined": as stored and logged.
absl::string_view ToString(ConsentDecision decision);

// Whose consent, and in which session: the attempt that issued it names it.
struct ConsentScope {
  std::string account_id;
  std::string flow_id;
};

struct ConsentAnswer {
  ConsentScope scope;
  std::string request_id;    // the same key is the same answer
  std::string text_version;  // of the text that was shown
  std::string text_sha256;   // lower-case hex
  ConsentDecision decision = ConsentDecision::kDeclined;
  std::string locale;  // BCP 47
  absl::Time decided_at;
  absl::Time expires_at;  // of what a given consent grants
};

// Why an answer cannot stand on record as it came; nothing when it can.
//   REQUEST_ID    empty or too long
//   TEXT_SHA256   not 64 lower-case hex digits
//   LOCALE        not shaped like a language tag
std::optional<absl::string_view> ProblemOf(const ConsentAnswer& answer);

}  // namespace va::proofing
