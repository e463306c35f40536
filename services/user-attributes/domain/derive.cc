#include "services/user-attributes/domain/derive.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "lib/identity/authn_context.h"
#include "services/user-attributes/domain/attribute_reading.h"
#include "services/user-attributes/domain/derive_parts.h"
#include "services/user-attributes/domain/sis_derive.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::BirthDate;
using identity::Csp;
using identity::CspId;
using identity::GcIdKind;
using identity::Icn;
using identity::PersonText;
using identity::Reading;
using identity::Ssn;

constexpr std::array<absl::string_view, 16> kSignInTypes = {"mhv",
                                                            "dslogon",
                                                            "idme",
                                                            "logingov",
                                                            "mhv_verified",
                                                            "dslogon_verified",
                                                            "idme_verified",
                                                            "logingov_verified",
                                                            "signup",
                                                            "idme_signup",
                                                            "idme_signup_verified",
                                                            "logingov_signup",
                                                            "logingov_signup_verified",
                                                            "mfa",
                                                            "verify",
                                                            "custom"};

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

// The number counts only when its type says exactly that it is an SSN.
std::optional<Ssn> ReadSsn(const AttributeReading& reading) {
  if (reading.Get(Attr::kSsnType) != absl::string_view("SSN")) return std::nullopt;
  const std::optional<absl::string_view> number = reading.Get(Attr::kSsn);
  if (!number) return std::nullopt;
  return Ssn::FromWire(Str(*number)).WithoutHyphens();
}

int CurrentLoa(const AttributeReading& reading, bool logingov, std::vector<Finding>& out,
               Trace* trace) {
  const Attr attr = logingov ? Attr::kIal : Attr::kCredentialLevel;
  const std::optional<int> level = SmallNumber(reading.Get(attr));
  if (!level && reading.Get(attr)) AddNote("loa_unreadable", out, WireName(attr), trace);
  Record(trace, "loa_current", StepOutcome::kChose, WireName(attr));
  // DS Logon level 2 arrives as "2" and is as good as 3.
  return level.value_or(1) > 1 ? 3 : 1;
}

int HighestLoa(const AttributeReading& reading, int current, Trace* trace) {
  const auto is = [&](Attr attr, absl::string_view text) { return reading.Get(attr) == text; };
  std::optional<Attr> by;
  if (is(Attr::kMhvAssurance, "Premium")) {
    by = Attr::kMhvAssurance;
  } else if (is(Attr::kDslogonAssurance, "2") || is(Attr::kDslogonAssurance, "3")) {
    by = Attr::kDslogonAssurance;
  } else if (is(Attr::kIdmeHighest, "2") || is(Attr::kIdmeHighest, "classic_loa3")) {
    by = Attr::kIdmeHighest;
  }
  Record(trace, "loa_highest", StepOutcome::kChose, by ? WireName(*by) : "loa_current");
  return by ? 3 : current;
}

bool ReadMultifactor(const AttributeReading& reading, bool logingov, Trace* trace) {
  const Attr attr = logingov ? Attr::kAal : Attr::kMultifactor;
  Record(trace, "multifactor", StepOutcome::kChose, WireName(attr));
  if (logingov) return reading.Get(attr) == absl::string_view("2");
  const std::optional<absl::string_view> value = reading.Get(attr);
  return value && absl::EqualsIgnoreCase(*value, "true");
}

// Decision R18. What the broker says about the authentication counts; `multifactor`, which ID.me
// sends for the wallet, decides only where it says nothing.
int ReadAal(const AttributeReading& reading, bool multifactor, Trace* trace) {
  const int said = SmallNumber(reading.Get(Attr::kAal)).value_or(0);
  Record(trace, "aal", StepOutcome::kChose, WireName(said != 0 ? Attr::kAal : Attr::kMultifactor));
  if (said != 0) return said >= 2 ? 2 : 1;
  return multifactor ? 2 : 1;
}

std::optional<CspId> FirstOf(std::optional<absl::string_view> list) {
  std::vector<CspId> all = CommaList(list);
  if (all.empty()) return std::nullopt;
  return std::move(all.front());
}

// Identifiers that a comma list held before gcIds did.
void ReadMhvIdAndEdipi(const AttributeReading& reading, Derivation& out, Trace* trace) {
  Claims& claims = out.claims;
  const bool lists = out.rules.profile->reading == Reading::kSsoeLists;
  claims.edipi = lists ? FirstOf(reading.Get(Attr::kEdipiList)) : out.ids.edipi();
  // The credential provider wins over the person index.
  claims.mhv_id = Typed<CspId>(reading.Get(Attr::kMhvUuid));
  out.mhv_id_asserted = claims.mhv_id.has_value();
  if (!claims.mhv_id) {
    claims.mhv_id = lists ? FirstOf(reading.Get(Attr::kMhvIenList)) : out.ids.mhv_ien();
  }
  const Attr list = lists ? Attr::kMhvIenList : Attr::kGcIds;
  if (!claims.mhv_id) return;
  Record(trace, "mhv_id", StepOutcome::kChose,
         WireName(out.mhv_id_asserted ? Attr::kMhvUuid : list));
}

// The CSP whose uuid is asserted: exactly va_eauth_uid, without fallback, even if it is missing;
// every other CSP's uuid comes from gcIds.
void ReadUuids(const AttributeReading& reading, absl::string_view csid, Derivation& out,
               Trace* trace) {
  Claims& claims = out.claims;
  claims.idme_uuid = csid == "idme" ? Typed<CspId>(reading.Get(Attr::kUid)) : out.ids.idme_id();
  claims.logingov_uuid =
      csid == "logingov" ? Typed<CspId>(reading.Get(Attr::kUid)) : out.ids.logingov_id();
  claims.uuid = claims.idme_uuid ? claims.idme_uuid : claims.logingov_uuid;
  // Without an active row in gcIds the uuid can only be the asserted one.
  claims.needs_csp_id_update = claims.idme_uuid && !out.ids.Has(GcIdKind::kIdme);
  const bool asserted = csid == "idme" || (!claims.idme_uuid && csid == "logingov");
  if (!claims.uuid) return;
  Record(trace, "uuid", StepOutcome::kChose, WireName(asserted ? Attr::kUid : Attr::kGcIds));
}

// The uuid of the account that holds the asserted ICN (ssoe_saml.md 13.2). ID.me's first; the
// reference never considers Login.gov's.
void StandOnAccount(const Attempt& attempt, Derivation& out, Trace* trace) {
  Claims& claims = out.claims;
  if (claims.uuid || !out.rules.profile->account_fallback || !claims.mhv_icn) return;
  if (out.assurance.loa_current < 3 || !claims.mhv_icn->IsWellFormed()) return;
  claims.idme_uuid = attempt.known.idme_uuid;
  if (!claims.idme_uuid) claims.logingov_uuid = attempt.known.logingov_uuid;
  claims.uuid = claims.idme_uuid ? claims.idme_uuid : claims.logingov_uuid;
  out.uuid_from_account = claims.uuid.has_value();
  if (out.uuid_from_account) {
    AddNote("uuid_from_account", out.findings, WireName(Attr::kIcn), trace);
  }
}

void ReadPerson(const AttributeReading& reading, Derivation& out, Trace* trace) {
  Claims& claims = out.claims;
  claims.first_name = Typed<PersonText>(reading.Get(Attr::kFirstName));
  claims.middle_name = Typed<PersonText>(reading.Get(Attr::kMiddleName));
  claims.last_name = Typed<PersonText>(reading.Get(Attr::kLastName));
  claims.email = Typed<PersonText>(reading.Get(Attr::kEmail));
  claims.gender = ReadGender(reading.Get(Attr::kGender));
  claims.birth_date = ReadBirthDate(reading, Attr::kBirthDate, out.findings, trace);
  claims.ssn = ReadSsn(reading);
}

// Problems of the statement itself come before every rule about the person: nothing read from it
// can be trusted.
void CheckStatement(const AttributeReading& reading, Reading kind, std::vector<Finding>& out,
                    Trace* trace) {
  bool ambiguous = false;
  bool malformed = false;
  for (std::size_t i = 0; i < kAttrCount; ++i) {
    const Attr attr = static_cast<Attr>(i);
    if (!IsRead(attr, kind)) continue;
    if (reading.IsAmbiguous(attr)) {
      ambiguous = true;
      AddBlocking(SignInCode::kUnknown, "ambiguous_attribute", out, WireName(attr), trace);
    } else if (reading.IsMalformed(attr)) {
      malformed = true;
      AddBlocking(SignInCode::kUnknown, "malformed_attribute", out, WireName(attr), trace);
    }
  }
  if (!ambiguous) Record(trace, "ambiguous_attribute", StepOutcome::kPassed);
  if (!malformed) Record(trace, "malformed_attribute", StepOutcome::kPassed);
}

// Decision R14: the returned context satisfies the requested one, and the attributes do not say
// less than a context that names a level.
void CheckAssurance(const SsoeAssertion& assertion, const Attempt& attempt,
                    const std::optional<identity::AuthnContext>& context, Derivation& derived,
                    Trace* trace) {
  if (attempt.requested_contexts.empty() || !context) return;
  const bool satisfied =
      identity::SatisfiesRequest(assertion.authn_context, attempt.requested_contexts,
                                 attempt.comparison, derived.claims.service);
  const bool contradicted = AsksForVerified(attempt.type) &&
                            context->nominal_loa.value_or(1) == 3 &&
                            derived.assurance.loa_current < 3;
  if (!satisfied || contradicted) {
    AddBlocking(SignInCode::kUnknown, "assurance_not_met", derived.findings, {}, trace);
  } else {
    Record(trace, "assurance_not_met", StepOutcome::kPassed);
  }
}

// Decision R15: that a verified account was asked for is known from the attempt, not from the
// browser.
void CheckMhvVerified(const Attempt& attempt, Derivation& derived, Trace* trace) {
  if (attempt.type != "mhv_verified") return;
  if (derived.assurance.loa_current < 3) {
    AddBlocking(SignInCode::kMhvUnverified, "mhv_unverified_blocked", derived.findings, {}, trace);
  } else {
    Record(trace, "mhv_unverified_blocked", StepOutcome::kPassed);
  }
}

void CheckForms(const Claims& claims, bool legacy, std::vector<Finding>& out, Trace* trace) {
  if (claims.mhv_icn && !claims.mhv_icn->IsWellFormed()) {
    AddNote("malformed_icn", out, WireName(legacy ? Attr::kOldMhvIcn : Attr::kIcn), trace);
  }
  if (claims.icn && !claims.icn->IsWellFormed()) {
    AddNote("malformed_icn", out, WireName(Attr::kGcIds), trace);
  }
}

void CheckIds(const AttributeReading& reading, Derivation& out, Trace* trace) {
  const bool known = out.claims.uuid.has_value();
  switch (out.rules.profile->reading) {
    case Reading::kLegacy:
      if (known) {
        Record(trace, "uuid_missing", StepOutcome::kPassed);
      } else {
        AddFinding(out.rules, identity::Check::kUuidMissing, {}, out.findings, trace);
      }
      return;
    case Reading::kSsoeLists:
      CheckIdentifiersOf2021(reading, out.ids, known, out.rules, out.findings, trace);
      return;
    default:
      CheckIdentifiers(reading, out.ids, known, out.rules, out.findings, trace);
  }
}

// Whether 104 is all that stands in the way, and an account may answer it.
bool FallbackIsOpen(const Derivation& derived) {
  const Claims& claims = derived.claims;
  if (claims.uuid || !derived.rules.profile->account_fallback || !claims.mhv_icn ||
      derived.assurance.loa_current < 3 || !claims.mhv_icn->IsWellFormed()) {
    return false;
  }
  const absl::string_view missing = identity::ToString(identity::Check::kUuidMissing);
  for (const Finding& finding : derived.findings) {
    if (finding.effect == Effect::kBlocks && finding.tag != missing) return false;
  }
  return true;
}

std::optional<MpiQuestion> Ask(const AttributeReading& reading, const Derivation& derived) {
  if (derived.assurance.loa_current < 3) return std::nullopt;
  if (FirstBlocking(derived.findings) != nullptr && !derived.account_fallback_open) {
    return std::nullopt;
  }
  if (derived.rules.profile->reading == Reading::kLegacy) return AskLegacy(reading, derived);
  const Claims& claims = derived.claims;
  const std::optional<Icn>& icn = AskedIcn(claims);
  if (icn) return icn->IsWellFormed() ? std::make_optional<MpiQuestion>(*icn) : std::nullopt;
  std::optional<Traits> traits = TraitsOf(claims);
  if (!traits) return std::nullopt;
  return MpiQuestion(*std::move(traits));
}

void RecordQuestion(const std::optional<MpiQuestion>& question, Trace* trace) {
  if (trace == nullptr) return;
  absl::string_view rule = "mpi_question_none";
  if (question) {
    rule = std::holds_alternative<Icn>(*question) ? "mpi_question_icn" : "mpi_question_traits";
  }
  Record(trace, rule, StepOutcome::kChose);
}

// Whom to add when MPI knows nobody (decision R4). Only a person who was searched for: a new record
// would not get the ICN that was asserted. An MHV Premium account never lacks a record.
std::optional<MpiAddition> AdditionFor(const Derivation& derived) {
  if (!derived.rules.profile->add_on_no_match || !derived.question) return std::nullopt;
  const auto* traits = std::get_if<Traits>(&*derived.question);
  const Claims& claims = derived.claims;
  if (traits == nullptr || !claims.uuid) return std::nullopt;
  if (claims.service == Csp::kMhv && claims.mhv_account_type == "Premium") return std::nullopt;
  MpiAddition out;
  out.traits = *traits;
  out.idme_uuid = claims.idme_uuid;
  if (!out.idme_uuid) out.logingov_uuid = claims.logingov_uuid;
  out.email = claims.email;
  return out;
}

void ReadSsoe(const AttributeReading& reading, absl::string_view csid, const Attempt& attempt,
              Derivation& out, Trace* trace) {
  const bool logingov = csid == "logingov";
  Claims& claims = out.claims;
  out.ids = identity::ParseGcIds(reading.Get(Attr::kGcIds).value_or(""));
  claims.multifactor = ReadMultifactor(reading, logingov, trace);
  claims.mhv_account_type = PlainText(reading.Get(Attr::kMhvAssurance));
  claims.dslogon_assurance = PlainText(reading.Get(Attr::kDslogonAssurance));
  claims.verified_at = Typed<PersonText>(reading.Get(Attr::kVerifiedAt));
  claims.transaction_id = PlainText(reading.Get(Attr::kTransactionId));
  ReadPerson(reading, out, trace);
  identity::Assurance& assurance = out.assurance;
  assurance.loa_current = CurrentLoa(reading, logingov, out.findings, trace);
  assurance.loa_highest = HighestLoa(reading, assurance.loa_current, trace);
  assurance.aal = ReadAal(reading, claims.multifactor, trace);
  claims.icn = out.ids.icn();
  claims.mhv_icn = Typed<Icn>(reading.Get(Attr::kIcn));
  claims.sec_id = Typed<CspId>(reading.Get(Attr::kSecId));
  claims.vha_facility_ids = out.ids.vha_facility_ids();
  ReadMhvIdAndEdipi(reading, out, trace);
  ReadUuids(reading, csid, out, trace);
  StandOnAccount(attempt, out, trace);
}

bool IsOidc(Reading reading) { return reading == Reading::kSis || reading == Reading::kSis2021; }

const identity::RuleProfile& AnyProfile(bool oidc, const identity::Policy& policy) {
  for (const identity::RuleProfile& profile : policy.profiles) {
    if (IsOidc(profile.reading) == oidc) return profile;
  }
  return policy.profiles.front();
}

}  // namespace

std::optional<std::string> PlainText(std::optional<absl::string_view> value) {
  if (!value) return std::nullopt;
  return Str(*value);
}

std::optional<int> SmallNumber(std::optional<absl::string_view> value) {
  if (!value || value->empty() || value->size() > 4) return std::nullopt;
  int out = 0;
  for (const char c : *value) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
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

std::optional<BirthDate> ReadBirthDate(const AttributeReading& reading, Attr attr,
                                       std::vector<Finding>& out, Trace* trace) {
  const std::optional<absl::string_view> value = reading.Get(attr);
  if (!value) return std::nullopt;
  std::optional<BirthDate> day = BirthDate::FromWire(Str(*value)).Dashed();
  if (!day) AddNote("malformed_birth_date", out, WireName(attr), trace);
  return day;
}

absl::Span<const absl::string_view> SignInTypes() { return kSignInTypes; }

bool IsSignInType(absl::string_view type) {
  return std::find(kSignInTypes.begin(), kSignInTypes.end(), type) != kSignInTypes.end();
}

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

RuleSet RulesFor(const Attempt& attempt, std::optional<Csp> csp, bool oidc,
                 const identity::Policy& policy, std::vector<Finding>& out, Trace* trace) {
  RuleSet rules = {nullptr, policy.FindApplication(attempt.application), attempt.skip_dupe};
  if (!attempt.profile.empty()) {
    rules.profile = policy.FindProfile(attempt.profile);
    if (rules.profile == nullptr) {
      AddBlocking(SignInCode::kUnknown, "unknown_profile", out, {}, trace);
    }
  } else if (csp) {
    const identity::CspRow* row = policy.FindCsp(*csp);
    if (row != nullptr) rules.profile = policy.FindProfile(oidc ? row->oidc_profile : row->profile);
    if (rules.profile == nullptr) {
      AddBlocking(SignInCode::kUnknown, "no_profile_for_csp", out, {}, trace);
    }
  }
  if (rules.profile != nullptr && IsOidc(rules.profile->reading) != oidc) {
    AddBlocking(SignInCode::kUnknown, "profile_not_for_credential", out, {}, trace);
    rules.profile = nullptr;
  }
  if (rules.profile == nullptr) rules.profile = &AnyProfile(oidc, policy);
  Record(trace, "profile", StepOutcome::kChose, rules.profile->name);
  return rules;
}

Derivation Derive(const SsoeAssertion& assertion, const Attempt& attempt,
                  const identity::Policy& policy, Trace* trace) {
  const AttributeReading reading(assertion.attributes);
  const std::string csid = absl::AsciiStrToLower(reading.Get(Attr::kCsid).value_or(""));
  Derivation out;
  Claims& claims = out.claims;

  const std::optional<identity::AuthnContext> context =
      identity::FindAuthnContext(assertion.authn_context);
  if (context) claims.service = context->inbound ? identity::CspFromString(csid) : context->csp;
  if (claims.service) {
    Record(trace, "sign_in_service", StepOutcome::kChose, identity::ToString(*claims.service));
  } else {
    AddBlocking(SignInCode::kUnknown, "unknown_context", out.findings, {}, trace);
  }
  out.rules = RulesFor(attempt, claims.service, false, policy, out.findings, trace);
  const Reading kind = out.rules.profile->reading;
  CheckStatement(reading, kind, out.findings, trace);

  claims.changing_multifactor = absl::StrContains(assertion.authn_context, "multifactor");
  if (kind == Reading::kLegacy) {
    ReadLegacy(reading, context, out, trace);
  } else {
    ReadSsoe(reading, csid, attempt, out, trace);
  }
  identity::Assurance& assurance = out.assurance;
  assurance.ial = assurance.loa_current == 3 ? 2 : 1;
  assurance.auth_time = assertion.auth_time;
  assurance.csp = claims.service;
  assurance.pathway = Str(identity::kPathwaySsoe);

  CheckAssurance(assertion, attempt, context, out, trace);
  CheckIds(reading, out, trace);
  CheckMhvVerified(attempt, out, trace);
  CheckForms(claims, kind == Reading::kLegacy, out.findings, trace);
  out.account_fallback_open = FallbackIsOpen(out);
  out.question = Ask(reading, out);
  RecordQuestion(out.question, trace);
  out.add_on_no_match = AdditionFor(out);
  return out;
}

Derivation Derive(const OidcAssertion& assertion, const Attempt& attempt,
                  const identity::Policy& policy, Trace* trace) {
  return DeriveOidc(assertion, attempt, policy, trace);
}

Derivation Derive(const Assertion& assertion, const Attempt& attempt,
                  const identity::Policy& policy, Trace* trace) {
  return std::visit(
      [&](const auto& credential) { return Derive(credential, attempt, policy, trace); },
      assertion);
}

}  // namespace va::attributes
