// Terms of use: the document that must be accepted now, what a person answered, and whether that
// answer stands (mpi_mhv.md 3.2.6). An answer is one immutable record: revision, title and time of
// an acceptance are never put together from several.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::attributes {

// One revision of a document, as it is shown.
struct TermsDocument {
  std::string name;      // e.g. va_terms_of_use
  std::string revision;  // e.g. 3
  std::string legal_version;
  std::string title;

  bool operator==(const TermsDocument&) const = default;
};

enum class TermsDecision { kAccepted, kDeclined };

// "accepted", "declined": as stored and logged.
absl::string_view ToString(TermsDecision decision);
// The inverse of ToString.
std::optional<TermsDecision> TermsDecisionFromString(absl::string_view word);

// One answer on record.
struct TermsAnswer {
  TermsDocument document;  // as it was shown
  TermsDecision decision = TermsDecision::kDeclined;
  absl::Time decided_at;

  bool operator==(const TermsAnswer&) const = default;
};

// Whether `current` stands accepted, by the latest answer to that document alone: an older
// acceptance counts for nothing after a decline, nor does one of another revision.
bool StandsAccepted(const std::optional<TermsAnswer>& latest, const TermsDocument& current);

// Whether two answers say the same of the same revision, whenever they were given.
bool SameAnswer(const TermsAnswer& a, const TermsAnswer& b);

}  // namespace va::attributes
