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

CspId ToId(absl::string_view text) {
  return CspId::FromWire(std::string(text.data(), text.size()));
}

// One place where the identifier rules look, and what they tell about it.
struct Checker {
  const RuleSet& rules;
  std::vector<Finding>& out;
  Trace* trace;

  void Passed(Check check) const { Record(trace, identity::ToString(check), StepOutcome::kPassed); }

  void Found(Check check, std::vector<CspId> conflicting = {}) const {
    AddFinding(rules, check, std::move(conflicting), out, trace);
  }

  void Distinct(Check check, std::vector<CspId> ids) const {
    std::vector<CspId> distinct = attributes::Distinct(std::move(ids));
    if (distinct.size() > 1) {
      Found(check, std::move(distinct));
    } else {
      Passed(check);
    }
  }

  // The rows of one kind; most people have one or none, and then there is nothing to compare.
  void Rows(Check check, const GcIds& ids, GcIdKind kind,
            std::vector<CspId> (GcIds::*read)() const) const {
    if (ids.Count(kind) > 1) {
      Distinct(check, (ids.*read)());
    } else {
      Passed(check);
    }
  }

  void PermanentIcns(const GcIds& ids) const {
    if (ids.Count(GcIdKind::kIcn) > 1) {
      Distinct(Check::kMultipleIcns, ids.All(GcIdKind::kIcn));
    } else {
      Passed(Check::kMultipleIcns);
    }
  }

  void List(Check check, std::optional<absl::string_view> list) const {
    if (list && list->find(',') != absl::string_view::npos) {
      Distinct(check, CommaList(list));
    } else {
      Passed(check);
    }
  }

  // `va_eauth_icn` against `va_eauth_mhvicn`.
  void MhvIcn(const AttributeReading& reading) const {
    const std::optional<absl::string_view> icn = reading.Get(Attr::kIcn);
    std::optional<absl::string_view> mhv_icn = reading.Get(Attr::kMhvIcn);
    if (rules.profile->blank_mhv_icn_conflicts && reading.IsBlank(Attr::kMhvIcn)) mhv_icn = "";
    if (!icn || !mhv_icn || *icn == *mhv_icn) return Passed(Check::kMhvIcnMismatch);
    Found(Check::kMhvIcnMismatch, {ToId(*icn), ToId(*mhv_icn)});
  }

  void MhvIds(const AttributeReading& reading, const GcIds& ids) const {
    const std::optional<absl::string_view> credential = reading.Get(Attr::kMhvUuid);
    if (ids.Count(GcIdKind::kMhvIen) + (credential ? 1 : 0) < 2) {
      return Passed(Check::kMultipleMhvIds);
    }
    std::vector<CspId> all = ids.mhv_iens();
    if (credential) all.push_back(ToId(*credential));
    Distinct(Check::kMultipleMhvIds, std::move(all));
  }

  // 2021: the same of a comma list.
  void MhvIdList(const AttributeReading& reading) const {
    std::vector<CspId> all = CommaList(reading.Get(Attr::kMhvIenList));
    const std::optional<absl::string_view> credential = reading.Get(Attr::kMhvUuid);
    if (credential) all.push_back(ToId(*credential));
    Distinct(Check::kMultipleMhvIds, std::move(all));
  }

  void Uuid(bool known) const {
    if (known) {
      Passed(Check::kUuidMissing);
    } else {
      Found(Check::kUuidMissing);
    }
  }

  // Decision R10: what the reference never compares.
  void Icns(const AttributeReading& reading, const GcIds& ids) const {
    PermanentIcns(ids);
    std::optional<absl::string_view> icn = reading.Get(Attr::kIcn);
    // Where both are asserted, 103 compares them.
    if (!icn) icn = reading.Get(Attr::kMhvIcn);
    if (!icn || !ids.Has(GcIdKind::kIcn) || ids.FirstIs(GcIdKind::kIcn, *icn)) {
      return Passed(Check::kIcnDisagreement);
    }
    Found(Check::kIcnDisagreement, {*ids.First(GcIdKind::kIcn), ToId(*icn)});
  }

  // What no generation blocks by, and R10.
  void Rest(const AttributeReading& reading, const GcIds& ids) const {
    List(Check::kMultipleBirlsIds, reading.Get(Attr::kBirlsIds));
    Icns(reading, ids);
    if (ids.malformed() > 0) {
      Found(Check::kMalformedGcIds);
    } else {
      Passed(Check::kMalformedGcIds);
    }
  }
};

// Who lets a blocking finding pass; empty: nobody. A profile that reads skip_dupe is older than the
// application table and does not know it.
std::string WaivedBy(const RuleSet& rules, absl::string_view code) {
  if (!rules.profile->skip_dupe.empty()) {
    return rules.profile->WaivesBySkipDupe(rules.skip_dupe, code) ? "skip_dupe" : "";
  }
  const bool waives = rules.application != nullptr && rules.application->Waives(code);
  return waives ? absl::StrCat("application ", rules.application->name) : "";
}

StepOutcome OutcomeOf(Effect effect) {
  switch (effect) {
    case Effect::kBlocks:
      return StepOutcome::kBlocked;
    case Effect::kWaived:
      return StepOutcome::kWaived;
    case Effect::kNoted:
      return StepOutcome::kNoted;
  }
  return StepOutcome::kNoted;
}

}  // namespace

std::vector<CspId> CommaList(std::optional<absl::string_view> list) {
  std::vector<CspId> out;
  if (!list) return out;
  for (const absl::string_view item : absl::StrSplit(*list, ',')) {
    const absl::string_view id = absl::StripAsciiWhitespace(item);
    if (!id.empty()) out.push_back(ToId(id));
  }
  return out;
}

void AddFinding(const RuleSet& rules, Check check, std::vector<CspId> conflicting,
                std::vector<Finding>& out, Trace* trace) {
  const CheckEffect wanted = rules.profile->EffectOf(check);
  const absl::string_view tag = identity::ToString(check);
  if (wanted == CheckEffect::kIgnore || AlreadyFound(out, tag, {})) return;
  Finding finding;
  finding.tag = tag;
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
  Record(trace, tag, OutcomeOf(finding.effect), finding.waived_by);
  out.push_back(std::move(finding));
}

void AddBlocking(SignInCode code, absl::string_view tag, std::vector<Finding>& out,
                 absl::string_view subject, Trace* trace) {
  if (AlreadyFound(out, tag, subject)) return;
  Finding finding;
  finding.code = code;
  finding.tag = tag;
  finding.effect = Effect::kBlocks;
  finding.subject = subject;
  Record(trace, tag, StepOutcome::kBlocked, subject);
  out.push_back(std::move(finding));
}

void AddNote(absl::string_view tag, std::vector<Finding>& out, absl::string_view subject,
             Trace* trace) {
  if (AlreadyFound(out, tag, subject)) return;
  Finding finding;
  finding.tag = tag;
  finding.subject = subject;
  Record(trace, tag, StepOutcome::kNoted, subject);
  out.push_back(std::move(finding));
}

void CheckIdentifiers(const AttributeReading& reading, const GcIds& ids, bool uuid_known,
                      const RuleSet& rules, std::vector<Finding>& out, Trace* trace) {
  const Checker check{rules, out, trace};
  check.MhvIcn(reading);
  check.Rows(Check::kMultipleCorpIds, ids, GcIdKind::kCorpId, &GcIds::corp_ids);
  check.Rows(Check::kMultipleEdipis, ids, GcIdKind::kEdipi, &GcIds::edipis);
  check.MhvIds(reading, ids);
  check.List(Check::kMultipleSecIds, reading.Get(Attr::kSecId));
  check.Uuid(uuid_known);
  check.Rest(reading, ids);
}

void CheckIdentifiersOf2021(const AttributeReading& reading, const GcIds& ids, bool uuid_known,
                            const RuleSet& rules, std::vector<Finding>& out, Trace* trace) {
  const Checker check{rules, out, trace};
  check.Uuid(uuid_known);
  check.List(Check::kMultipleEdipis, reading.Get(Attr::kEdipiList));
  check.MhvIcn(reading);
  // 106 looked at an attribute that the broker never sends: the check was dead.
  check.MhvIdList(reading);
  check.List(Check::kMultipleSecIds, reading.Get(Attr::kSecId));
  check.Rest(reading, ids);
}

void CheckMpiIdentifiers(const GcIds& ids, const RuleSet& rules, std::vector<Finding>& out,
                         Trace* trace) {
  const Checker check{rules, out, trace};
  check.Rows(Check::kMultipleCorpIds, ids, GcIdKind::kCorpId, &GcIds::corp_ids);
  check.Rows(Check::kMultipleEdipis, ids, GcIdKind::kEdipi, &GcIds::edipis);
  check.Rows(Check::kMultipleMhvIds, ids, GcIdKind::kMhvIen, &GcIds::mhv_iens);
  check.Rows(Check::kMultipleSecIds, ids, GcIdKind::kSecId, &GcIds::sec_ids);
  check.PermanentIcns(ids);
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
