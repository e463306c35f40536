// Seed 004: what ID.me said in 2018, when it federated My HealtheVet and DS Logon.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "services/user-attributes/domain/derive_parts.h"
#include "services/user-attributes/domain/mhv_profile.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::Csp;
using identity::CspId;
using identity::Icn;
using identity::PersonText;
using identity::Ssn;

// Who vouches: the ids in the statement tell, whatever the context says.
Csp KindOf(const AttributeReading& reading) {
  if (reading.Get(Attr::kDslogonUuid)) return Csp::kDslogon;
  if (reading.Get(Attr::kOldMhvUuid)) return Csp::kMhv;
  return Csp::kIdme;
}

void ReadIdmePerson(const AttributeReading& reading, Derivation& out, Trace* trace) {
  Claims& claims = out.claims;
  claims.first_name = Typed<PersonText>(reading.Get(Attr::kOldFirstName));
  claims.middle_name = Typed<PersonText>(reading.Get(Attr::kOldMiddleName));
  claims.last_name = Typed<PersonText>(reading.Get(Attr::kOldLastName));
  claims.gender = ReadGender(reading.Get(Attr::kOldGender));
  claims.birth_date = ReadBirthDate(reading, Attr::kOldBirthDate, out.findings, trace);
  const std::optional<Ssn> ssn = Typed<Ssn>(reading.Get(Attr::kOldSsn));
  if (ssn) claims.ssn = ssn->WithoutHyphens();
}

void ReadDslogonPerson(const AttributeReading& reading, Derivation& out, Trace* trace) {
  Claims& claims = out.claims;
  claims.first_name = Typed<PersonText>(reading.Get(Attr::kDslogonFirstName));
  claims.middle_name = Typed<PersonText>(reading.Get(Attr::kDslogonMiddleName));
  claims.last_name = Typed<PersonText>(reading.Get(Attr::kDslogonLastName));
  claims.gender = ReadGender(reading.Get(Attr::kDslogonGender));
  claims.birth_date = ReadBirthDate(reading, Attr::kDslogonBirthDate, out.findings, trace);
  const std::optional<absl::string_view> type = reading.Get(Attr::kDslogonIdType);
  // The number of another kind of document is no SSN; the sample that has none says so with "ssn".
  if (type && !absl::EqualsIgnoreCase(*type, "ssn")) return;
  const std::optional<Ssn> ssn = Typed<Ssn>(reading.Get(Attr::kDslogonIdValue));
  if (ssn) claims.ssn = ssn->WithoutHyphens();
}

bool IsDslogonPremium(const Claims& claims) {
  return claims.dslogon_assurance == "2" || claims.dslogon_assurance == "3";
}

// LOA of 2018. Premium and DS Logon 2 or 3 are as good as 3; everybody else has what ID.me proofed,
// which the returned context names.
void ReadLoa(const AttributeReading& reading, const std::optional<identity::AuthnContext>& context,
             Csp kind, Derivation& out, Trace* trace) {
  const Claims& claims = out.claims;
  const bool premium = (kind == Csp::kMhv && claims.mhv_account_type == "Premium") ||
                       (kind == Csp::kDslogon && IsDslogonPremium(claims));
  const bool proofed = context && context->nominal_loa.value_or(1) == 3;
  identity::Assurance& assurance = out.assurance;
  assurance.loa_current = premium || proofed ? 3 : 1;
  const std::optional<int> level = SmallNumber(reading.Get(Attr::kOldLevel));
  assurance.loa_highest = std::max(assurance.loa_current, level.value_or(1) > 1 ? 3 : 1);
  Record(trace, "loa_current", StepOutcome::kChose,
         premium ? WireName(kind == Csp::kMhv ? Attr::kOldMhvProfile : Attr::kDslogonLevel)
                 : "authn_context");
  Record(trace, "loa_highest", StepOutcome::kChose, WireName(Attr::kOldLevel));
}

void ReadAccountType(const AttributeReading& reading, Csp kind, Derivation& out, Trace* trace) {
  if (kind == Csp::kDslogon)
    out.claims.dslogon_assurance = PlainText(reading.Get(Attr::kDslogonLevel));
  if (kind != Csp::kMhv) return;
  const std::optional<absl::string_view> profile = reading.Get(Attr::kOldMhvProfile);
  if (!profile) return;
  out.claims.mhv_account_type = PlainText(MhvAccountType(*profile));
  if (!out.claims.mhv_account_type) {
    AddNote("malformed_mhv_profile", out.findings, WireName(Attr::kOldMhvProfile), trace);
  }
}

// FICAM attributes count only when ID.me proofed the person; DS Logon's from level 2 on.
void ReadPerson(const AttributeReading& reading, Csp kind, Derivation& out, Trace* trace) {
  const bool own = kind == Csp::kDslogon && IsDslogonPremium(out.claims);
  if (own) {
    ReadDslogonPerson(reading, out, trace);
  } else if (kind == Csp::kIdme || out.assurance.loa_current == 3) {
    ReadIdmePerson(reading, out, trace);
  }
  Record(trace, "person_attributes", StepOutcome::kChose,
         WireName(own ? Attr::kDslogonFirstName : Attr::kOldFirstName));
}

}  // namespace

void ReadLegacy(const AttributeReading& reading,
                const std::optional<identity::AuthnContext>& context, Derivation& out,
                Trace* trace) {
  const Csp kind = KindOf(reading);
  Claims& claims = out.claims;
  Record(trace, "legacy_kind", StepOutcome::kChose, identity::ToString(kind));
  claims.idme_uuid = claims.uuid = Typed<CspId>(reading.Get(Attr::kOldUuid));
  claims.email = Typed<PersonText>(reading.Get(Attr::kOldEmail));
  const std::optional<absl::string_view> factor = reading.Get(Attr::kOldMultifactor);
  claims.multifactor = factor && absl::EqualsIgnoreCase(*factor, "true");
  if (kind == Csp::kMhv) {
    claims.mhv_icn = Typed<Icn>(reading.Get(Attr::kOldMhvIcn));
    claims.mhv_id = Typed<CspId>(reading.Get(Attr::kOldMhvUuid));
    out.mhv_id_asserted = claims.mhv_id.has_value();
  }
  if (kind == Csp::kDslogon) claims.edipi = Typed<CspId>(reading.Get(Attr::kDslogonUuid));
  ReadAccountType(reading, kind, out, trace);
  ReadLoa(reading, context, kind, out, trace);
  ReadPerson(reading, kind, out, trace);
  out.assurance.aal = claims.multifactor ? 2 : 1;
  if (kind == Csp::kDslogon && reading.Get(Attr::kDslogonDeceased) == absl::string_view("true")) {
    AddBlocking(SignInCode::kAccountLocked, "death_flag", out.findings,
                WireName(Attr::kDslogonDeceased), trace);
  }
  // A credential that says less about itself than its context names is somebody's mistake; the ids
  // of the context's credential are what a person is linked by.
  if (claims.service && kind != Csp::kIdme && claims.service != kind) {
    AddNote("credential_kind_differs", out.findings, {}, trace);
  }
}

std::optional<MpiQuestion> AskLegacy(const AttributeReading& reading, const Derivation& derived) {
  if (KindOf(reading) == Csp::kMhv) {
    const std::optional<Icn>& icn = derived.claims.mhv_icn;
    return icn && icn->IsWellFormed() ? std::make_optional<MpiQuestion>(*icn) : std::nullopt;
  }
  std::optional<Traits> traits = TraitsOf(derived.claims);
  if (!traits) return std::nullopt;
  return MpiQuestion(*std::move(traits));
}

}  // namespace va::attributes
