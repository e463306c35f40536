#include "services/user-attributes/domain/sis_validation.h"

#include <utility>

#include "lib/identity/text.h"
#include "services/user-attributes/domain/admit_parts.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::Check;
using identity::Csp;
using identity::CspId;
using identity::GcIdKind;
using identity::Reading;

StepOutcome StepOf(Effect effect) {
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

// The steps of a check that has run: what it found, or that it found nothing.
void RecordCheck(absl::string_view rule, const std::vector<Finding>& findings, std::size_t before,
                 Trace* trace) {
  if (trace == nullptr) return;
  if (findings.size() == before) Record(trace, rule, StepOutcome::kPassed);
  for (std::size_t i = before; i < findings.size(); ++i) {
    Record(trace, findings[i].tag, StepOf(findings[i].effect), findings[i].subject);
  }
}

bool Has(const std::optional<identity::PersonText>& text) { return text && !text->empty(); }

bool Is2021(const RuleSet& rules) { return rules.profile->reading == Reading::kSis2021; }

void Demand(bool there, absl::string_view name, std::vector<Finding>& out) {
  if (!there) AddBlocking(SignInCode::kUnknown, "missing_attribute", out, name);
}

// What tells who the person is. A credential that stands on an older proofing may leave it out.
void DemandPerson(const Claims& claims, bool all, std::vector<Finding>& out) {
  if (all) Demand(Has(claims.first_name), "first_name", out);
  Demand(Has(claims.last_name), "last_name", out);
  Demand(claims.birth_date.has_value(), "birth_date", out);
  if (all) Demand(claims.ssn.has_value(), "ssn", out);
}

// Recorded under a code, and never the end of an attempt.
void AddCodedNote(SignInCode code, absl::string_view tag, absl::string_view subject,
                  std::vector<Finding>& out) {
  Finding finding;
  finding.code = code;
  finding.tag = tag;
  finding.subject = subject;
  finding.effect = Effect::kNoted;
  out.push_back(std::move(finding));
}

void CheckDistinct(const RuleSet& rules, Check check, const identity::GcIds& ids, GcIdKind kind,
                   std::vector<Finding>& out, Trace* trace) {
  const std::size_t before = out.size();
  if (ids.Count(kind) > 1) {
    std::vector<CspId> distinct = identity::DistinctIds(ids.All(kind));
    if (distinct.size() > 1) AddFinding(rules, check, std::move(distinct), out);
  }
  RecordCheck(identity::ToString(check), out, before, trace);
}

// 9.3: what MPI says about the person whatever the credential says.
void CheckRecord(const MpiProfile& profile, const RuleSet& rules, std::vector<Finding>& out,
                 Trace* trace) {
  CheckFlags(profile, out, trace);
  const identity::GcIds& ids = profile.ids;
  CheckDistinct(rules, Check::kMultipleEdipis, ids, GcIdKind::kEdipi, out, trace);
  CheckDistinct(rules, Check::kMultipleCorpIds, ids, GcIdKind::kCorpId, out, trace);
  CheckDistinct(rules, Check::kMultipleMhvIds, ids, GcIdKind::kMhvIen, out, trace);
  CheckDistinct(rules, Check::kMultipleSecIds, ids, GcIdKind::kSecId, out, trace);
  CheckDistinct(rules, Check::kMultipleIcns, ids, GcIdKind::kIcn, out, trace);
}

// A record that was begun by somebody's partner system and never finished (9.1).
bool HasPceRow(const identity::GcIds& ids) {
  for (const identity::CorrelatedId& row : ids.rows()) {
    if (row.facility == "200PROV" && row.authority == "USDVA" && row.status == "PCE") return true;
  }
  return false;
}

void CheckSecId(const MpiProfile& profile, std::vector<Finding>& out, Trace* trace) {
  const std::size_t before = out.size();
  if (!profile.ids.sec_id()) {
    AddNote("mpi_sec_id_missing", out, HasPceRow(profile.ids) ? "pce_status" : "");
  }
  RecordCheck("mpi_sec_id_missing", out, before, trace);
}

template <typename T>
bool Differs(const std::optional<T>& credential, const std::optional<T>& mpi) {
  if (!credential || credential->empty() || !mpi || mpi->empty()) return false;
  return !identity::SameWithoutHyphens(*credential, *mpi);
}

// One SSN must be the other. Only what both hold can differ: where one holds none, the reference
// breaks down (9.3b) and we write it down.
void CheckSsn(const Claims& claims, const MpiProfile& profile, std::vector<Finding>& out) {
  if (!profile.ssn || profile.ssn->empty()) return AddNote("mpi_ssn_missing", out);
  if (!claims.ssn || claims.ssn->empty()) return AddNote("ssn_not_asserted", out);
  if (claims.ssn->SameDigits(*profile.ssn)) return;
  AddBlocking(SignInCode::kSsnMismatch, "ssn_mismatch", out, "ssn");
}

// 9.3b: people marry and type; numbers they do not.
void CheckAgreement(const Claims& claims, const MpiProfile& profile, std::vector<Finding>& out,
                    Trace* trace) {
  const std::size_t before = out.size();
  const auto note = [&out](bool differs, absl::string_view tag, absl::string_view name) {
    if (differs) AddCodedNote(SignInCode::kUnknown, tag, name, out);
  };
  note(Differs(claims.first_name, profile.first_name), "first_name_differs_from_mpi", "first_name");
  note(Differs(claims.last_name, profile.last_name), "last_name_differs_from_mpi", "last_name");
  note(Differs(claims.birth_date, profile.birth_date), "birth_date_differs_from_mpi", "birth_date");
  CheckSsn(claims, profile, out);
  RecordCheck("ssn_mismatch", out, before, trace);
}

// 9.1: an MHV credential brings an ICN of its own. MPI's is the one that counts.
void CheckIcn(const Claims& claims, const MpiProfile& profile, std::vector<Finding>& out,
              Trace* trace) {
  const std::size_t before = out.size();
  if (claims.mhv_icn && !(*claims.mhv_icn == profile.icn)) {
    AddCodedNote(SignInCode::kUnknown, "icn_differs_from_mpi", "icn", out);
  }
  RecordCheck("icn_differs_from_mpi", out, before, trace);
}

SisOutcome End(SisOutcome out, Verdict verdict, SignInCode code, absl::string_view tag) {
  out.verdict = verdict;
  out.code = code;
  out.tag = tag;
  return out;
}

// Whether adding failed for a reason that lies in the person, and not in the moment.
bool IsRefused(MpiOutcome added) {
  return added == MpiOutcome::kInvalidRequest || added == MpiOutcome::kDuplicateKey;
}

// Decision R4: MPI knows nobody by this credential.
SisOutcome EndWithoutRecord(SisOutcome out, const Claims& claims, const MpiAnswer& mpi,
                            const RuleSet& rules) {
  if (claims.service == Csp::kMhv) {
    return End(std::move(out), Verdict::kDeny, SignInCode::kUnknown, "mpi_no_mhv_record");
  }
  if (!rules.profile->add_on_no_match) {
    return End(std::move(out), Verdict::kDeny, SignInCode::kValidationsFailed, "mpi_no_match");
  }
  if (mpi.add_outcome == MpiOutcome::kMultipleMatches) {
    return End(std::move(out), Verdict::kDeny, SignInCode::kValidationsFailed,
               "mpi_multiple_matches");
  }
  const Verdict verdict = IsRefused(mpi.add_outcome) ? Verdict::kDeny : Verdict::kTryLater;
  return End(std::move(out), verdict, SignInCode::kUnknown, "mpi_add_failed");
}

SisOutcome JudgeRecord(SisOutcome out, const SisCredential& credential, const MpiProfile& profile,
                       const RuleSet& rules, std::vector<Finding>& findings, Trace* trace) {
  const Claims& claims = credential.claims;
  const bool mhv = claims.service == Csp::kMhv;
  if (mhv) CheckIcn(claims, profile, findings, trace);
  CheckRecord(profile, rules, findings, trace);
  CheckSecId(profile, findings, trace);
  // An MHV credential says nothing about the person that MPI does not.
  if (!mhv && !credential.auto_uplevel) CheckAgreement(claims, profile, findings, trace);
  if (FirstBlocking(findings) != nullptr) {
    out.verdict = Verdict::kDeny;
    return out;
  }
  out.verified_icn = profile.icn;
  out.update_mpi = !mhv && !out.new_record && !credential.auto_uplevel && credential.changed;
  return out;
}

}  // namespace

void CheckRequired(const SisCredential& credential, const RuleSet& rules,
                   std::vector<Finding>& findings, Trace* trace) {
  const std::size_t before = findings.size();
  const Claims& claims = credential.claims;
  if (claims.service == Csp::kMhv) {
    Demand(claims.mhv_icn && !claims.mhv_icn->empty(), "icn", findings);
    Demand(claims.mhv_id.has_value(), "mhv_uuid", findings);
  } else {
    if (claims.service == Csp::kDslogon) {
      Demand(claims.edipi.has_value(), "dslogon_uuid", findings);
    }
    if (!credential.auto_uplevel) DemandPerson(claims, Is2021(rules), findings);
  }
  Demand(claims.uuid.has_value(), "uuid", findings);
  Demand(Has(claims.email), "email", findings);
  RecordCheck("missing_attribute", findings, before, trace);
}

SisOutcome Validate(const SisCredential& credential, const MpiAnswer& mpi, const RuleSet& rules,
                    std::vector<Finding>& findings, Trace* trace) {
  SisOutcome out;
  if (!credential.verified) return out;
  CheckRequired(credential, rules, findings, nullptr);
  if (FirstBlocking(findings) != nullptr) {
    out.verdict = Verdict::kDeny;
    return out;
  }
  out.asked_mpi = true;
  out.new_record = mpi.add_outcome == MpiOutcome::kOk;
  switch (Classify(mpi)) {
    case Answer::kUsable:
      return JudgeRecord(std::move(out), credential, *mpi.profile, rules, findings, trace);
    case Answer::kNoMatch:
      return EndWithoutRecord(std::move(out), credential.claims, mpi, rules);
    case Answer::kSeveral:
      return End(std::move(out), Verdict::kDeny, SignInCode::kValidationsFailed,
                 "mpi_multiple_matches");
    case Answer::kNoAnswer:
      return End(std::move(out), Verdict::kTryLater, SignInCode::kUnknown, "mpi_unavailable");
  }
  return out;
}

}  // namespace va::attributes
