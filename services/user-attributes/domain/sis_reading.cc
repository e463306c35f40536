#include "services/user-attributes/domain/sis_reading.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "lib/identity/text.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::Csp;

struct Names {
  absl::string_view idme;
  absl::string_view mhv;
  absl::string_view dslogon;
  absl::string_view logingov;
};

// sign_in_service.md 7.1 and 7.2. MHV and DS Logon come through ID.me, which sends what it knows of
// its own wallet beside it: that is not the credential's word and is left alone.
constexpr std::array<Names, kSisClaimCount> kNames = {{
    {"sub", "sub", "sub", "sub"},
    {"email", "email", "email", "email"},
    {"emails_confirmed", "emails_confirmed", "emails_confirmed", "all_emails"},
    {"multifactor", "multifactor", "multifactor", ""},
    {"level_of_assurance", "", "", ""},
    {"credential_ial", "", "credential_ial", ""},
    {"fname", "", "dslogon_fname", "given_name"},
    {"", "", "dslogon_mname", ""},
    {"lname", "", "dslogon_lname", "family_name"},
    {"social", "", "dslogon_idvalue", "social_security_number"},
    {"birth_date", "", "dslogon_birth_date", "birthdate"},
    {"street", "", "", "address.street_address"},
    {"zip", "", "", "address.postal_code"},
    {"state", "", "", "address.region"},
    {"city", "", "", "address.locality"},
    {"phone", "", "", "phone"},
    {"", "", "", "verified_at"},
    {"", "mhv_uuid", "", ""},
    {"", "mhv_icn", "", ""},
    {"", "mhv_assurance", "", ""},
    {"", "", "dslogon_uuid", ""},
    {"", "", "dslogon_assurance", ""},
}};

// Far above every real value; addresses of an e-mail account that somebody collected are a list.
constexpr std::size_t kLongestValue = 1024;
constexpr std::size_t kMostValues = 256;

bool IsList(SisClaim claim) { return claim == SisClaim::kAllEmails; }

bool IsBlankText(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); });
}

// The control characters of ASCII, and those of Latin-1 as UTF-8 writes them (C2 80 to C2 9F).
// Login.gov writes the lines of a street below each other (7.2); nowhere else does a line end.
bool HasControl(SisClaim claim, absl::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (absl::ascii_iscntrl(c) && !(c == '\n' && claim == SisClaim::kStreet)) return true;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

bool IsMalformed(SisClaim claim, absl::string_view value) {
  return value.size() > kLongestValue || HasControl(claim, value) || !identity::IsUtf8(value);
}

}  // namespace

absl::string_view WireName(SisClaim claim, Csp service) {
  const Names& names = kNames[static_cast<std::size_t>(claim)];
  switch (service) {
    case Csp::kIdme:
      return names.idme;
    case Csp::kMhv:
      return names.mhv;
    case Csp::kDslogon:
      return names.dslogon;
    case Csp::kLogingov:
      return names.logingov;
  }
  return {};
}

SisReading::SisReading(const OidcAssertion& assertion) : service_(assertion.service) {
  for (const Attribute& attribute : assertion.claims) {
    if (attribute.name.empty() || attribute.values.empty()) continue;
    for (std::size_t i = 0; i < kSisClaimCount; ++i) {
      const auto claim = static_cast<SisClaim>(i);
      if (WireName(claim, service_) != attribute.name) continue;
      Slot& slot = slots_[i];
      // The same name a second time is a second value, whatever either of them says.
      slot.state = slot.state == State::kAbsent ? Judge(claim, attribute) : State::kAmbiguous;
      slot.attribute = &attribute;
      break;
    }
  }
}

SisReading::State SisReading::Judge(SisClaim claim, const Attribute& attribute) {
  const auto malformed = [claim](absl::string_view value) { return IsMalformed(claim, value); };
  const auto& values = attribute.values;
  if (!IsList(claim) && values.size() > 1) return State::kAmbiguous;
  if (values.size() > kMostValues || std::any_of(values.begin(), values.end(), malformed)) {
    return State::kMalformed;
  }
  const bool blank = std::all_of(values.begin(), values.end(), IsBlankText);
  return blank ? State::kBlank : State::kValue;
}

std::optional<absl::string_view> SisReading::Get(SisClaim claim) const {
  const Slot& slot = At(claim);
  if (slot.state != State::kValue) return std::nullopt;
  return slot.attribute->values.front();
}

std::vector<absl::string_view> SisReading::GetAll(SisClaim claim) const {
  std::vector<absl::string_view> out;
  const Slot& slot = At(claim);
  if (slot.state != State::kValue) return out;
  for (const absl::string_view value : slot.attribute->values) {
    if (!IsBlankText(value)) out.push_back(value);
  }
  return out;
}

void SisReading::Report(std::vector<Finding>& out) const {
  for (std::size_t i = 0; i < kSisClaimCount; ++i) {
    const auto claim = static_cast<SisClaim>(i);
    const Slot& slot = slots_[i];
    if (slot.state == State::kAmbiguous) {
      AddBlocking(SignInCode::kUnknown, "ambiguous_attribute", out, WireName(claim, service_));
    } else if (slot.state == State::kMalformed) {
      AddBlocking(SignInCode::kUnknown, "malformed_attribute", out, WireName(claim, service_));
    }
  }
}

}  // namespace va::attributes
