#include "services/user-attributes/saml/compatible.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/encoding.h"
#include "lib/base/reference_names.h"
#include "lib/crypto/hash.h"

namespace va::attributes {
namespace {

using identity::CspId;
using identity::PersonText;

// The first value, as the reference reads it; nothing when it is absent, NOT_FOUND or blank.
std::optional<absl::string_view> FirstValue(const SsoeAssertion& assertion,
                                            absl::string_view name) {
  for (const Attribute& attribute : assertion.attributes) {
    if (attribute.name != name || attribute.values.empty()) continue;
    const absl::string_view value = attribute.values.front();
    if (value == "NOT_FOUND" || absl::StripAsciiWhitespace(value).empty()) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

bool IsLegacy(const Derivation& derived) {
  return derived.rules.profile->reading == identity::Reading::kLegacy;
}

// The generations of before the application table are those that read skip_dupe (decision R2), and
// the first of all.
bool IsFormer(const Derivation& derived) {
  return IsLegacy(derived) || !derived.rules.profile->skip_dupe.empty();
}

// Stands there with an empty text.
bool IsEmptyText(const SsoeAssertion& assertion, absl::string_view name) {
  for (const Attribute& attribute : assertion.attributes) {
    if (attribute.name == name) {
      return !attribute.values.empty() && attribute.values.front().empty();
    }
  }
  return false;
}

// What 2018 knows otherwise: other names, and blank is a value.
void ReadLegacyPerson(const SsoeAssertion& assertion, const Derivation& derived,
                      CompatiblePerson& out) {
  out.common_name = derived.claims.email;
  const auto zip = FirstValue(assertion, "zip");
  if (zip) out.address.postal_code = PersonText::FromWire(std::string(*zip));
  const bool dslogon = FirstValue(assertion, "dslogon_uuid").has_value();
  if (!out.middle_name && IsEmptyText(assertion, dslogon ? "dslogon_mname" : "mname")) {
    out.middle_name = PersonText::FromWire("");
  }
  if (!out.mhv_icn && IsEmptyText(assertion, "mhv_icn")) out.mhv_icn = identity::Icn::FromWire("");
}

std::string ServiceName(const Derivation& derived) {
  if (!derived.claims.service) return {};
  const absl::string_view ours = identity::ToString(*derived.claims.service);
  const base::ReferenceName* former =
      IsFormer(derived) ? base::FindReferenceName(base::kFormerServices, ours) : nullptr;
  return std::string(former != nullptr ? former->tag : ours);
}

}  // namespace

CompatiblePerson CompatiblePersonOf(const SsoeAssertion& assertion, const Derivation& derived) {
  const auto text = [&assertion](absl::string_view name) -> std::optional<PersonText> {
    const std::optional<absl::string_view> value = FirstValue(assertion, name);
    if (!value) return std::nullopt;
    return PersonText::FromWire(std::string(*value));
  };
  CompatiblePerson out;
  out.common_name = text("va_eauth_commonname");
  out.suffix = text("va_eauth_suffix");
  out.phone = text("va_eauth_phone");
  const auto types = FirstValue(assertion, "va_eauth_persontype");
  if (types) out.person_types = absl::StrSplit(*types, '|', absl::SkipEmpty());
  out.address = {text("va_eauth_street"), text("va_eauth_street2"),    text("va_eauth_city"),
                 text("va_eauth_state"),  text("va_eauth_postalcode"), text("va_eauth_country")};
  out.uuid = derived.claims.uuid;
  const auto sec_id = FirstValue(assertion, "va_eauth_secid");
  if (!out.uuid && sec_id && IsFormer(derived)) out.uuid = UuidOfSecId(*sec_id);
  out.service_name = ServiceName(derived);
  out.middle_name = derived.claims.middle_name;
  out.mhv_icn = derived.claims.mhv_icn;
  if (IsLegacy(derived)) ReadLegacyPerson(assertion, derived, out);
  return out;
}

std::optional<CspId> UuidOfSecId(absl::string_view sec_id) {
  // RFC 4122 version 3, but for its namespace, which is these six characters and no uuid.
  std::string digest = crypto::Md5(absl::StrCat("sec-id", sec_id));
  if (digest.empty()) return std::nullopt;
  digest[6] = static_cast<char>((static_cast<unsigned char>(digest[6]) & 0x0FU) | 0x30U);
  digest[8] = static_cast<char>((static_cast<unsigned char>(digest[8]) & 0x3FU) | 0x80U);
  return CspId::FromWire(base::HexEncode(digest));
}

}  // namespace va::attributes
