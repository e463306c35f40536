#include "services/user-attributes/domain/derive.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "lib/identity/authn_context.h"
#include "services/user-attributes/domain/attribute_reading.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::BirthDate;
using identity::Csp;
using identity::CspId;
using identity::Icn;
using identity::PersonText;
using identity::Ssn;

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

template <typename T>
std::optional<T> Typed(std::optional<absl::string_view> value) {
  if (!value) return std::nullopt;
  return T::FromWire(Str(*value));
}

std::optional<std::string> Text(std::optional<absl::string_view> value) {
  if (!value) return std::nullopt;
  return Str(*value);
}

// The whole value as a small number; 0 for anything else. The reference accepts "3abc".
int SmallNumber(std::optional<absl::string_view> value) {
  if (!value || value->size() > 4) return 0;
  int out = 0;
  for (const char c : *value) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return 0;
    out = out * 10 + (c - '0');
  }
  return out;
}

std::optional<Gender> ReadGender(std::optional<absl::string_view> value) {
  if (!value) return std::nullopt;
  const char first = absl::ascii_toupper(static_cast<unsigned char>(value->front()));
  if (first == 'M') return Gender::kMale;
  if (first == 'F') return Gender::kFemale;
  return std::nullopt;
}

std::optional<BirthDate> ReadBirthDate(std::optional<absl::string_view> value) {
  if (!value) return std::nullopt;
  return BirthDate::FromWire(Str(*value)).Dashed();
}

// The number counts only when its type says exactly that it is an SSN.
std::optional<Ssn> ReadSsn(const AttributeReading& reading) {
  if (reading.Get(Attr::kSsnType) != absl::string_view("SSN")) return std::nullopt;
  const std::optional<absl::string_view> number = reading.Get(Attr::kSsn);
  if (!number) return std::nullopt;
  return Ssn::FromWire(Str(*number)).WithoutHyphens();
}

int CurrentLoa(const AttributeReading& reading, bool logingov) {
  const Attr level = logingov ? Attr::kIal : Attr::kCredentialLevel;
  // DS Logon level 2 arrives as "2" and is as good as 3.
  return SmallNumber(reading.Get(level)) > 1 ? 3 : 1;
}

int HighestLoa(const AttributeReading& reading, int current) {
  const auto is = [&](Attr attr, absl::string_view text) { return reading.Get(attr) == text; };
  const bool reachable = is(Attr::kMhvAssurance, "Premium") || is(Attr::kDslogonAssurance, "2") ||
                         is(Attr::kDslogonAssurance, "3") || is(Attr::kIdmeHighest, "2") ||
                         is(Attr::kIdmeHighest, "classic_loa3");
  return reachable ? 3 : current;
}

bool ReadMultifactor(const AttributeReading& reading, bool logingov) {
  if (logingov) return reading.Get(Attr::kAal) == absl::string_view("2");
  const std::optional<absl::string_view> value = reading.Get(Attr::kMultifactor);
  return value && absl::EqualsIgnoreCase(*value, "true");
}

// Decision R18. What the broker says about the authentication counts; `multifactor`, which ID.me
// sends for the wallet, decides only where it says nothing.
int ReadAal(const AttributeReading& reading, bool multifactor) {
  const int said = SmallNumber(reading.Get(Attr::kAal));
  if (said != 0) return said >= 2 ? 2 : 1;
  return multifactor ? 2 : 1;
}

// The CSP whose uuid is asserted: exactly va_eauth_uid, without fallback, even if it is missing;
// every other CSP's uuid comes from gcIds.
void ReadIdentifiers(const AttributeReading& reading, absl::string_view csid,
                     const identity::GcIds& ids, Claims& claims) {
  claims.icn = ids.icn();
  claims.mhv_icn = Typed<Icn>(reading.Get(Attr::kIcn));
  claims.edipi = ids.edipi();
  claims.sec_id = Typed<CspId>(reading.Get(Attr::kSecId));
  // The credential provider wins over the person index.
  claims.mhv_id = Typed<CspId>(reading.Get(Attr::kMhvUuid));
  if (!claims.mhv_id) claims.mhv_id = ids.mhv_ien();
  claims.idme_uuid = csid == "idme" ? Typed<CspId>(reading.Get(Attr::kUid)) : ids.idme_id();
  claims.logingov_uuid =
      csid == "logingov" ? Typed<CspId>(reading.Get(Attr::kUid)) : ids.logingov_id();
  claims.uuid = claims.idme_uuid ? claims.idme_uuid : claims.logingov_uuid;
  // Without an active row in gcIds the uuid can only be the asserted one.
  claims.needs_csp_id_update = claims.idme_uuid && !ids.Has(identity::GcIdKind::kIdme);
  claims.vha_facility_ids = ids.vha_facility_ids();
}

void ReadPerson(const AttributeReading& reading, Claims& claims) {
  claims.first_name = Typed<PersonText>(reading.Get(Attr::kFirstName));
  claims.middle_name = Typed<PersonText>(reading.Get(Attr::kMiddleName));
  claims.last_name = Typed<PersonText>(reading.Get(Attr::kLastName));
  claims.email = Typed<PersonText>(reading.Get(Attr::kEmail));
  claims.gender = ReadGender(reading.Get(Attr::kGender));
  claims.birth_date = ReadBirthDate(reading.Get(Attr::kBirthDate));
  claims.ssn = ReadSsn(reading);
}

// Problems of the statement itself come before every rule about the person: nothing read from it
// can be trusted.
void CheckStatement(const AttributeReading& reading, std::vector<Finding>& out) {
  for (std::size_t i = 0; i < kAttrCount; ++i) {
    const Attr attr = static_cast<Attr>(i);
    if (reading.IsAmbiguous(attr)) {
      AddBlocking(SignInCode::kUnknown, "ambiguous_attribute", out, WireName(attr));
    } else if (reading.IsMalformed(attr)) {
      AddBlocking(SignInCode::kUnknown, "malformed_attribute", out, WireName(attr));
    }
  }
}

// Decision R14: the returned context satisfies the requested one, and the attributes do not say
// less than a context that names a level.
void CheckAssurance(const SsoeAssertion& assertion, const Attempt& attempt,
                    const std::optional<identity::AuthnContext>& context, const Derivation& derived,
                    std::vector<Finding>& out) {
  if (attempt.requested_contexts.empty() || !context) return;
  const bool satisfied =
      identity::SatisfiesRequest(assertion.authn_context, attempt.requested_contexts,
                                 attempt.comparison, derived.claims.service);
  const bool contradicted = AsksForVerified(attempt.type) &&
                            context->nominal_loa.value_or(1) == 3 &&
                            derived.assurance.loa_current < 3;
  if (!satisfied || contradicted) AddBlocking(SignInCode::kUnknown, "assurance_not_met", out);
}

void CheckForms(const Claims& claims, std::vector<Finding>& out) {
  if (claims.mhv_icn && !claims.mhv_icn->IsWellFormed()) {
    AddNote("malformed_icn", out, WireName(Attr::kIcn));
  }
  if (claims.icn && !claims.icn->IsWellFormed()) {
    AddNote("malformed_icn", out, WireName(Attr::kGcIds));
  }
}

const identity::RuleProfile* ProfileFor(const Attempt& attempt, std::optional<Csp> csp,
                                        const identity::Policy& policy) {
  if (!attempt.profile.empty()) {
    const identity::RuleProfile* named = policy.FindProfile(attempt.profile);
    if (named != nullptr) return named;
  }
  const identity::CspRow* row = csp ? policy.FindCsp(*csp) : nullptr;
  const identity::RuleProfile* own = row != nullptr ? policy.FindProfile(row->profile) : nullptr;
  return own != nullptr ? own : &policy.profiles.front();
}

std::optional<MpiQuestion> Ask(const Derivation& derived) {
  if (derived.assurance.loa_current < 3 || FirstBlocking(derived.findings) != nullptr) {
    return std::nullopt;
  }
  const Claims& claims = derived.claims;
  const std::optional<Icn>& icn = AskedIcn(claims);
  if (icn) return icn->IsWellFormed() ? std::make_optional<MpiQuestion>(*icn) : std::nullopt;
  std::optional<Traits> traits = TraitsOf(claims);
  if (!traits) return std::nullopt;
  return MpiQuestion(*std::move(traits));
}

}  // namespace

bool AsksForVerified(absl::string_view type) {
  return type == "verify" || absl::EndsWith(type, "_verified");
}

const std::optional<Icn>& AskedIcn(const Claims& claims) {
  return claims.mhv_icn ? claims.mhv_icn : claims.icn;
}

std::optional<Traits> TraitsOf(const Claims& claims) {
  if (!claims.first_name || !claims.last_name || !claims.birth_date || !claims.ssn) {
    return std::nullopt;
  }
  Traits traits;
  traits.first_name = *claims.first_name;
  if (claims.middle_name) traits.middle_name = *claims.middle_name;
  traits.last_name = *claims.last_name;
  traits.birth_date = *claims.birth_date;
  traits.ssn = *claims.ssn;
  traits.gender = claims.gender;
  return traits;
}

Derivation Derive(const SsoeAssertion& assertion, const Attempt& attempt,
                  const identity::Policy& policy) {
  const AttributeReading reading(assertion.attributes);
  const std::string csid = absl::AsciiStrToLower(reading.Get(Attr::kCsid).value_or(""));
  const bool logingov = csid == "logingov";

  Derivation out;
  out.ids = identity::ParseGcIds(reading.Get(Attr::kGcIds).value_or(""));
  Claims& claims = out.claims;

  const std::optional<identity::AuthnContext> context =
      identity::FindAuthnContext(assertion.authn_context);
  if (context) claims.service = context->inbound ? identity::CspFromString(csid) : context->csp;
  claims.changing_multifactor = absl::StrContains(assertion.authn_context, "multifactor");
  claims.multifactor = ReadMultifactor(reading, logingov);
  claims.mhv_account_type = Text(reading.Get(Attr::kMhvAssurance));
  claims.dslogon_assurance = Text(reading.Get(Attr::kDslogonAssurance));
  claims.verified_at = Typed<PersonText>(reading.Get(Attr::kVerifiedAt));
  claims.transaction_id = Text(reading.Get(Attr::kTransactionId));
  ReadPerson(reading, claims);
  ReadIdentifiers(reading, csid, out.ids, claims);
  out.mhv_id_asserted = reading.Get(Attr::kMhvUuid).has_value();

  identity::Assurance& assurance = out.assurance;
  assurance.loa_current = CurrentLoa(reading, logingov);
  assurance.loa_highest = HighestLoa(reading, assurance.loa_current);
  assurance.ial = assurance.loa_current == 3 ? 2 : 1;
  assurance.aal = ReadAal(reading, claims.multifactor);
  assurance.auth_time = assertion.auth_time;
  assurance.csp = claims.service;
  assurance.pathway = Str(identity::kPathwaySsoe);

  out.rules = {ProfileFor(attempt, claims.service, policy),
               policy.FindApplication(attempt.application), attempt.skip_dupe};
  if (!claims.service) AddBlocking(SignInCode::kUnknown, "unknown_context", out.findings);
  CheckStatement(reading, out.findings);
  CheckAssurance(assertion, attempt, context, out, out.findings);
  CheckIdentifiers(reading, out.ids, claims.uuid.has_value(), out.rules, out.findings);
  if (attempt.type == "mhv_verified" && assurance.loa_current < 3) {
    AddBlocking(SignInCode::kMhvUnverified, "mhv_unverified_blocked", out.findings);
  }
  CheckForms(claims, out.findings);
  out.question = Ask(out);
  return out;
}

}  // namespace va::attributes
