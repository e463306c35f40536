#include "services/inherited-proofing/domain/eligibility.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"

namespace va::proofing {
namespace {

// The number in `digits`, nothing but digits; -1 for anything else.
int Number(absl::string_view digits) {
  int out = 0;
  for (const char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return -1;
    out = out * 10 + (c - '0');
  }
  return out;
}

// Strictly YYYY-MM-DD and a day that exists. CivilDay alone would turn 30 February into March.
std::optional<absl::CivilDay> ParseDay(absl::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = Number(text.substr(0, 4));
  const int month = Number(text.substr(5, 2));
  const int day = Number(text.substr(8, 2));
  if (year < 1 || month < 1 || day < 1) return std::nullopt;
  const absl::CivilDay parsed(year, month, day);
  if (parsed.month() != month || parsed.day() != day) return std::nullopt;
  return parsed;
}

bool IsInPerson(const std::string& method, const Rules& rules) {
  return std::find(rules.in_person_methods.begin(), rules.in_person_methods.end(), method) !=
         rules.in_person_methods.end();
}

bool IsPastProofing(const std::string& proofed_on, absl::CivilDay today) {
  const std::optional<absl::CivilDay> day = ParseDay(proofed_on);
  return day.has_value() && *day <= today;
}

// A document is good on the day it expires. One without a readable date is not called expired.
bool IsExpired(const std::string& expires, absl::CivilDay today) {
  const std::optional<absl::CivilDay> day = ParseDay(expires);
  return day.has_value() && *day < today;
}

// Whether the rule finds something. Rules about a record find nothing where there is none: then
// no_mhv_account says it all.
bool Finds(Rule rule, const ProofingFacts& facts, const Rules& rules, absl::CivilDay today) {
  const std::optional<ProofingRecord>& record = facts.record;
  switch (rule) {
    case Rule::kWrongCsp:
      return facts.csp != identity::Csp::kMhv;
    case Rule::kAlreadyVerified:
      return facts.already_verified;
    case Rule::kDeceased:
      return facts.flags.deceased;
    case Rule::kIdTheft:
      return facts.flags.id_theft;
    case Rule::kNotPremium:
      return facts.status.has_value() && *facts.status != "Premium";
    case Rule::kNoIdentityDocument:
      return record && !record->identity_document_exists;
    case Rule::kNotInPersonProofed:
      return record && !IsInPerson(record->method, rules);
    case Rule::kBadProofingDate:
      return record && !IsPastProofing(record->proofed_on, today);
    case Rule::kMhvIdMismatch:
      return record && !(record->mhv_id == facts.mhv_id);
    case Rule::kDocumentExpired:
      return record && IsExpired(record->document_expires, today);
  }
  return true;
}

}  // namespace

absl::string_view NameOf(Rule rule) {
  switch (rule) {
    case Rule::kWrongCsp:
      return "wrong_csp";
    case Rule::kAlreadyVerified:
      return "already_verified";
    case Rule::kDeceased:
      return "deceased";
    case Rule::kIdTheft:
      return "id_theft";
    case Rule::kNotPremium:
      return "not_premium";
    case Rule::kNoIdentityDocument:
      return "no_identity_document";
    case Rule::kNotInPersonProofed:
      return "not_in_person_proofed";
    case Rule::kBadProofingDate:
      return "bad_proofing_date";
    case Rule::kMhvIdMismatch:
      return "mhv_id_mismatch";
    case Rule::kDocumentExpired:
      return "document_expired";
  }
  return "";
}

Rules::Rules() {
  effects.fill(Effect::kBlock);
  // The reference's own samples disagree about the id, and a proofing was valid on its day whatever
  // became of the document since.
  Set(Rule::kMhvIdMismatch, Effect::kNote);
  Set(Rule::kDocumentExpired, Effect::kNote);
}

Eligibility JudgeEligibility(const ProofingFacts& facts, const Rules& rules, absl::CivilDay today) {
  Eligibility out;
  if (!facts.record) out.reasons.emplace_back(kNoMhvAccount);
  for (const Rule rule : kAllRules) {
    const Effect effect = rules.of(rule);
    if (effect == Effect::kIgnore || !Finds(rule, facts, rules, today)) continue;
    (effect == Effect::kBlock ? out.reasons : out.notes).push_back(NameOf(rule));
  }
  out.eligible = out.reasons.empty();
  if (facts.record) {
    out.method = facts.record->method;
    if (ParseDay(facts.record->proofed_on)) out.proofed_on = facts.record->proofed_on;
  }
  return out;
}

}  // namespace va::proofing
