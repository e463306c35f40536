#include "services/user-attributes/domain/sis_claims.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/user-attributes/domain/sis_reading.h"

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
std::optional<T> Typed(const SisReading& reading, SisClaim claim) {
  const std::optional<absl::string_view> value = reading.Get(claim);
  if (!value) return std::nullopt;
  return T::FromWire(Str(*value));
}

std::optional<std::string> Text(const SisReading& reading, SisClaim claim) {
  const std::optional<absl::string_view> value = reading.Get(claim);
  if (!value) return std::nullopt;
  return Str(*value);
}

std::optional<Ssn> ReadSsn(const SisReading& reading) {
  const std::optional<Ssn> as_sent = Typed<Ssn>(reading, SisClaim::kSsn);
  if (!as_sent) return std::nullopt;
  return as_sent->WithoutHyphens();
}

std::optional<BirthDate> ReadBirthDate(const SisReading& reading) {
  const std::optional<BirthDate> as_sent = Typed<BirthDate>(reading, SisClaim::kBirthDate);
  return as_sent ? as_sent->Dashed() : std::nullopt;
}

// Lines below each other, as Login.gov writes a street; blank ones are none.
std::vector<PersonText> Lines(absl::string_view street) {
  std::vector<PersonText> out;
  for (const absl::string_view line : absl::StrSplit(street, '\n')) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (!text.empty()) out.push_back(PersonText::FromWire(Str(text)));
  }
  return out;
}

// An address is one thing: three quarters of it are none.
std::optional<PostalAddress> ReadAddress(const SisReading& reading) {
  const auto street = reading.Get(SisClaim::kStreet);
  const auto city = Typed<PersonText>(reading, SisClaim::kCity);
  const auto state = Typed<PersonText>(reading, SisClaim::kState);
  const auto postal_code = Typed<PersonText>(reading, SisClaim::kPostalCode);
  if (!street || !city || !state || !postal_code) return std::nullopt;
  PostalAddress out;
  out.street = Lines(*street);
  out.city = *city;
  out.state = *state;
  out.postal_code = *postal_code;
  out.country = PersonText::FromWire("USA");
  return out;
}

std::vector<PersonText> ReadEmails(const SisReading& reading) {
  std::vector<PersonText> out;
  for (const absl::string_view email : reading.GetAll(SisClaim::kAllEmails)) {
    out.push_back(PersonText::FromWire(Str(email)));
  }
  return out;
}

// The provider's own id of the account. That of an MHV or DS Logon credential stands beside it.
void ReadIds(const SisReading& reading, Csp service, Claims& claims) {
  std::optional<CspId> subject = Typed<CspId>(reading, SisClaim::kSubject);
  (service == Csp::kLogingov ? claims.logingov_uuid : claims.idme_uuid) = subject;
  claims.uuid = std::move(subject);
  claims.mhv_id = Typed<CspId>(reading, SisClaim::kMhvUuid);
  claims.mhv_icn = Typed<Icn>(reading, SisClaim::kMhvIcn);
  claims.mhv_account_type = Text(reading, SisClaim::kMhvAssurance);
  claims.edipi = Typed<CspId>(reading, SisClaim::kDslogonUuid);
  claims.dslogon_assurance = Text(reading, SisClaim::kDslogonAssurance);
}

Claims ReadClaims(const SisReading& reading, Csp service) {
  Claims claims;
  claims.service = service;
  claims.first_name = Typed<PersonText>(reading, SisClaim::kFirstName);
  claims.middle_name = Typed<PersonText>(reading, SisClaim::kMiddleName);
  claims.last_name = Typed<PersonText>(reading, SisClaim::kLastName);
  claims.email = Typed<PersonText>(reading, SisClaim::kEmail);
  claims.ssn = ReadSsn(reading);
  claims.birth_date = ReadBirthDate(reading);
  claims.verified_at = Typed<PersonText>(reading, SisClaim::kVerifiedAt);
  // Login.gov always asks for a second factor and does not say so.
  claims.multifactor =
      service == Csp::kLogingov ||
      absl::EqualsIgnoreCase(reading.Get(SisClaim::kMultifactor).value_or(""), "true");
  ReadIds(reading, service, claims);
  return claims;
}

// Where ID.me states no level, a last name tells that it has proofed the person (7.1). Another
// credential's name tells nothing: only ID.me's wallet is filled by proofing.
void ReadLevels(const SisReading& reading, Csp service, Normalised& out) {
  const bool named = service == Csp::kIdme && out.claims.last_name.has_value();
  out.level_of_assurance =
      Str(reading.Get(SisClaim::kLevelOfAssurance).value_or(named ? "3" : "1"));
  out.credential_ial = Str(reading.Get(SisClaim::kCredentialIal).value_or(named ? "2" : "1"));
}

CredentialLevel LevelOf(const OidcAssertion& assertion, const Known& known,
                        const SisReading& reading, const Normalised& normalised) {
  CredentialFacts facts;
  facts.type = assertion.service;
  facts.requested_acr = assertion.requested_acr;
  facts.acr = assertion.acr;
  facts.verified_at = normalised.claims.verified_at.has_value();
  facts.level_of_assurance = normalised.level_of_assurance;
  facts.credential_ial = normalised.credential_ial;
  facts.credential_ial_stated = reading.Get(SisClaim::kCredentialIal).has_value();
  if (normalised.claims.mhv_account_type) facts.mhv_assurance = *normalised.claims.mhv_account_type;
  if (normalised.claims.dslogon_assurance) {
    facts.dslogon_assurance = *normalised.claims.dslogon_assurance;
  }
  facts.multifactor = normalised.claims.multifactor;
  facts.previously_verified = known.previously_verified;
  return LevelOf(facts);
}

// A number that is none, or a day that never was, is said to be so: it is not guessed at, and it is
// not the same as a number or a day that did not come. Below IAL2 nobody reads either (decision
// R6).
void CheckForms(const SisReading& reading, Csp service, const Normalised& normalised,
                std::vector<Finding>& out) {
  if (normalised.level.current_ial < 2) return;
  const Claims& claims = normalised.claims;
  if (claims.ssn && !claims.ssn->IsWellFormed()) {
    AddBlocking(SignInCode::kValidationsFailed, "malformed_ssn", out,
                WireName(SisClaim::kSsn, service));
  }
  if (reading.Get(SisClaim::kBirthDate) && !claims.birth_date) {
    AddBlocking(SignInCode::kValidationsFailed, "malformed_birth_date", out,
                WireName(SisClaim::kBirthDate, service));
  }
}

}  // namespace

Normalised Normalise(const OidcAssertion& assertion, const Known& known,
                     std::vector<Finding>& findings) {
  const SisReading reading(assertion);
  reading.Report(findings);
  Normalised out;
  out.claims = ReadClaims(reading, assertion.service);
  out.address = ReadAddress(reading);
  out.phone = Typed<PersonText>(reading, SisClaim::kPhone);
  out.all_emails = ReadEmails(reading);
  ReadLevels(reading, assertion.service, out);
  out.level = LevelOf(assertion, known, reading, out);
  out.authn_context = AuthnContextOf(assertion.service, out.level.current_ial);
  CheckForms(reading, assertion.service, out, findings);
  return out;
}

}  // namespace va::attributes
