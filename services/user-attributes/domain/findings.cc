#include "services/user-attributes/domain/findings.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::Check;
using identity::CheckEffect;
using identity::CspId;
using identity::GcIdKind;
using identity::GcIds;

// The sign-in code of a check; none for what is only ever recorded.
std::optional<SignInCode> CodeOf(Check check) {
  switch (check) {
    case Check::kMhvIcnMismatch:
      return SignInCode::kMhvIcnMismatch;
    case Check::kMultipleCorpIds:
      return SignInCode::kMultipleCorpIds;
    case Check::kMultipleEdipis:
      return SignInCode::kMultipleEdipis;
    case Check::kMultipleMhvIds:
      return SignInCode::kMultipleMhvIds;
    case Check::kUuidMissing:
      return SignInCode::kUuidMissing;
    // The reference has no code for more than one ICN; to the front end it is a validation failure.
    case Check::kMultipleIcns:
    case Check::kIcnDisagreement:
    case Check::kMultipleSecIds:
    case Check::kMultipleBirlsIds:
    case Check::kMalformedGcIds:
      return SignInCode::kValidationsFailed;
  }
  return std::nullopt;
}

bool AlreadyFound(const std::vector<Finding>& findings, absl::string_view tag,
                  absl::string_view subject) {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding& f) { return f.tag == tag && f.subject == subject; });
}

// Distinct values, first appearance first.
std::vector<CspId> Distinct(std::vector<CspId> ids) {
  std::vector<CspId> out;
  for (CspId& id : ids) {
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(std::move(id));
  }
  return out;
}

CspId ToId(absl::string_view text) { return CspId::FromWire(std::string(text)); }

void CheckDistinct(const RuleSet& rules, Check check, std::vector<CspId> ids,
                   std::vector<Finding>& out) {
  if (ids.size() < 2) return;
  std::vector<CspId> distinct = Distinct(std::move(ids));
  if (distinct.size() > 1) AddFinding(rules, check, std::move(distinct), out);
}

// The rows of one kind; most people have one or none, and then there is nothing to compare.
void CheckRows(const RuleSet& rules, Check check, const identity::GcIds& ids, GcIdKind kind,
               std::vector<CspId> (GcIds::*read)() const, std::vector<Finding>& out) {
  if (ids.Count(kind) > 1) CheckDistinct(rules, check, (ids.*read)(), out);
}

void CheckPermanentIcns(const identity::GcIds& ids, const RuleSet& rules,
                        std::vector<Finding>& out) {
  if (ids.Count(GcIdKind::kIcn) < 2) return;
  CheckDistinct(rules, Check::kMultipleIcns, ids.All(GcIdKind::kIcn), out);
}

// Splits a comma list as the broker writes it; blank items are none.
std::vector<CspId> CommaList(std::optional<absl::string_view> list) {
  std::vector<CspId> out;
  if (!list || list->find(',') == absl::string_view::npos) return out;
  for (const absl::string_view item : absl::StrSplit(*list, ',')) {
    const absl::string_view id = absl::StripAsciiWhitespace(item);
    if (!id.empty()) out.push_back(ToId(id));
  }
  return out;
}

// `va_eauth_icn` against `va_eauth_mhvicn`.
void CheckMhvIcn(const AttributeReading& reading, const RuleSet& rules, std::vector<Finding>& out) {
  const std::optional<absl::string_view> icn = reading.Get(Attr::kIcn);
  std::optional<absl::string_view> mhv_icn = reading.Get(Attr::kMhvIcn);
  if (rules.profile->blank_mhv_icn_conflicts && reading.IsBlank(Attr::kMhvIcn)) mhv_icn = "";
  if (!icn || !mhv_icn || *icn == *mhv_icn) return;
  AddFinding(rules, Check::kMhvIcnMismatch, {ToId(*icn), ToId(*mhv_icn)}, out);
}

void CheckMhvIds(const AttributeReading& reading, const identity::GcIds& ids, const RuleSet& rules,
                 std::vector<Finding>& out) {
  const std::optional<absl::string_view> credential = reading.Get(Attr::kMhvUuid);
  if (ids.Count(GcIdKind::kMhvIen) + (credential ? 1 : 0) < 2) return;
  std::vector<CspId> all = ids.mhv_iens();
  if (credential) all.push_back(ToId(*credential));
  CheckDistinct(rules, Check::kMultipleMhvIds, std::move(all), out);
}

// Decision R10: what the reference never compares.
void CheckIcns(const AttributeReading& reading, const identity::GcIds& ids, const RuleSet& rules,
               std::vector<Finding>& out) {
  CheckPermanentIcns(ids, rules, out);
  const std::optional<absl::string_view> icn = reading.Get(Attr::kIcn);
  if (!icn || !ids.Has(GcIdKind::kIcn)) return;
  const CspId first = *ids.First(GcIdKind::kIcn);
  const CspId asserted = ToId(*icn);
  if (!(first == asserted)) AddFinding(rules, Check::kIcnDisagreement, {first, asserted}, out);
}

// Who lets a blocking finding pass; empty: nobody. A profile that reads skip_dupe is older than the
// application table and does not know it.
std::string WaivedBy(const RuleSet& rules, absl::string_view code) {
  if (!rules.profile->skip_dupe.empty()) {
    return rules.profile->WaivesBySkipDupe(rules.skip_dupe, code) ? "skip_dupe" : "";
  }
  const bool waives = rules.application != nullptr && rules.application->Waives(code);
  return waives ? absl::StrCat("application ", rules.application->name) : "";
}

}  // namespace

void AddFinding(const RuleSet& rules, Check check, std::vector<CspId> conflicting,
                std::vector<Finding>& out) {
  const CheckEffect wanted = rules.profile->EffectOf(check);
  const absl::string_view tag = identity::ToString(check);
  if (wanted == CheckEffect::kIgnore || AlreadyFound(out, tag, {})) return;
  Finding finding;
  finding.tag = std::string(tag);
  finding.conflicting = std::move(conflicting);
  const std::optional<SignInCode> code = CodeOf(check);
  const bool coded =
      code && (wanted == CheckEffect::kBlock || *code != SignInCode::kValidationsFailed);
  if (coded) finding.code = code;
  finding.effect = wanted == CheckEffect::kBlock ? Effect::kBlocks : Effect::kNoted;
  if (finding.effect == Effect::kBlocks) {
    finding.waived_by = WaivedBy(rules, base::Describe(*code).code);
    if (!finding.waived_by.empty()) finding.effect = Effect::kWaived;
  }
  out.push_back(std::move(finding));
}

void AddBlocking(SignInCode code, absl::string_view tag, std::vector<Finding>& out,
                 absl::string_view subject) {
  if (AlreadyFound(out, tag, subject)) return;
  Finding finding;
  finding.code = code;
  finding.tag = std::string(tag);
  finding.effect = Effect::kBlocks;
  finding.subject = std::string(subject);
  out.push_back(std::move(finding));
}

void AddNote(absl::string_view tag, std::vector<Finding>& out, absl::string_view subject) {
  if (AlreadyFound(out, tag, subject)) return;
  Finding finding;
  finding.tag = std::string(tag);
  finding.subject = std::string(subject);
  out.push_back(std::move(finding));
}

void CheckIdentifiers(const AttributeReading& reading, const identity::GcIds& ids, bool uuid_known,
                      const RuleSet& rules, std::vector<Finding>& out) {
  CheckMhvIcn(reading, rules, out);
  CheckRows(rules, Check::kMultipleCorpIds, ids, GcIdKind::kCorpId, &GcIds::corp_ids, out);
  CheckRows(rules, Check::kMultipleEdipis, ids, GcIdKind::kEdipi, &GcIds::edipis, out);
  CheckMhvIds(reading, ids, rules, out);
  CheckDistinct(rules, Check::kMultipleSecIds, CommaList(reading.Get(Attr::kSecId)), out);
  if (!uuid_known) AddFinding(rules, Check::kUuidMissing, {}, out);
  CheckDistinct(rules, Check::kMultipleBirlsIds, CommaList(reading.Get(Attr::kBirlsIds)), out);
  CheckIcns(reading, ids, rules, out);
  if (ids.malformed() > 0) AddFinding(rules, Check::kMalformedGcIds, {}, out);
}

void CheckMpiIdentifiers(const identity::GcIds& ids, const RuleSet& rules,
                         std::vector<Finding>& out) {
  CheckRows(rules, Check::kMultipleCorpIds, ids, GcIdKind::kCorpId, &GcIds::corp_ids, out);
  CheckRows(rules, Check::kMultipleEdipis, ids, GcIdKind::kEdipi, &GcIds::edipis, out);
  CheckRows(rules, Check::kMultipleMhvIds, ids, GcIdKind::kMhvIen, &GcIds::mhv_iens, out);
  CheckRows(rules, Check::kMultipleSecIds, ids, GcIdKind::kSecId, &GcIds::sec_ids, out);
  CheckPermanentIcns(ids, rules, out);
}

const Finding* FirstBlocking(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.effect == Effect::kBlocks) return &finding;
  }
  return nullptr;
}

bool WasFound(const std::vector<Finding>& findings, Check check) {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding& f) { return f.tag == identity::ToString(check); });
}

bool WasWaived(const std::vector<Finding>& findings, Check check) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) {
    return f.effect == Effect::kWaived && f.tag == identity::ToString(check);
  });
}

}  // namespace va::attributes
