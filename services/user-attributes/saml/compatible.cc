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

// The generations of before the application table are those that read skip_dupe (decision R2).
bool IsFormer(const Derivation& derived) { return !derived.rules.profile->skip_dupe.empty(); }

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
