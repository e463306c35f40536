#include "services/user-attributes/domain/attribute_reading.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "lib/identity/text.h"

namespace va::attributes {
namespace {

constexpr std::array<absl::string_view, kAttrCount> kNames = {"va_eauth_csid",
                                                              "va_eauth_uid",
                                                              "va_eauth_gcIds",
                                                              "va_eauth_icn",
                                                              "va_eauth_mhvicn",
                                                              "va_eauth_mhvuuid",
                                                              "va_eauth_mhvassurance",
                                                              "va_eauth_dslogonassurance",
                                                              "va_eauth_credentialassurancelevel",
                                                              "va_eauth_ial",
                                                              "va_eauth_aal",
                                                              "va_eauth_ial_idme_highest",
                                                              "va_eauth_multifactor",
                                                              "va_eauth_firstname",
                                                              "va_eauth_middlename",
                                                              "va_eauth_lastname",
                                                              "va_eauth_emailaddress",
                                                              "va_eauth_gender",
                                                              "va_eauth_birthDate_v1",
                                                              "va_eauth_pnid",
                                                              "va_eauth_pnidtype",
                                                              "va_eauth_secid",
                                                              "va_eauth_birlsfilenumber",
                                                              "va_eauth_verifiedAt",
                                                              "va_eauth_transactionid",
                                                              "va_eauth_dodedipnid",
                                                              "va_eauth_mhvien",
                                                              "uuid",
                                                              "email",
                                                              "multifactor",
                                                              "level_of_assurance",
                                                              "fname",
                                                              "mname",
                                                              "lname",
                                                              "gender",
                                                              "birth_date",
                                                              "social",
                                                              "mhv_icn",
                                                              "mhv_uuid",
                                                              "mhv_profile",
                                                              "dslogon_uuid",
                                                              "dslogon_assurance",
                                                              "dslogon_fname",
                                                              "dslogon_mname",
                                                              "dslogon_lname",
                                                              "dslogon_gender",
                                                              "dslogon_birth_date",
                                                              "dslogon_idtype",
                                                              "dslogon_idvalue",
                                                              "dslogon_deceased"};

// Far above every real value: names, uuids, dates. gcIds is a list and gets more.
constexpr std::size_t kLongestValue = 1024;
constexpr std::size_t kLongestList = 64 * 1024;

std::optional<Attr> FindAttr(absl::string_view name) {
  static const auto& index = *[] {
    auto* map = new absl::flat_hash_map<absl::string_view, Attr>();
    for (std::size_t i = 0; i < kAttrCount; ++i) (*map)[kNames[i]] = static_cast<Attr>(i);
    return map;
  }();
  const auto it = index.find(name);
  if (it == index.end()) return std::nullopt;
  return it->second;
}

bool IsBlankText(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// The control characters of ASCII, and those of Latin-1 as UTF-8 writes them (C2 80 to C2 9F).
bool HasControl(absl::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (absl::ascii_iscntrl(c)) return true;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

// A list, or a document of its own: longer than a value, and matched part by part.
bool IsLong(Attr attr) { return attr == Attr::kGcIds || attr == Attr::kOldMhvProfile; }

}  // namespace

bool IsRead(Attr attr, identity::Reading reading) {
  using identity::Reading;
  if (attr >= Attr::kOldUuid) return reading == Reading::kLegacy;
  if (attr >= Attr::kEdipiList) return reading == Reading::kSsoeLists;
  return reading == Reading::kSsoe || reading == Reading::kSsoeLists;
}

absl::string_view WireName(Attr attr) { return kNames[static_cast<std::size_t>(attr)]; }

AttributeReading::AttributeReading(const std::vector<Attribute>& attributes) {
  for (const Attribute& attribute : attributes) {
    const std::optional<Attr> attr = FindAttr(attribute.name);
    if (!attr || attribute.values.empty()) continue;
    Slot& slot = slots_[static_cast<std::size_t>(*attr)];
    // The same name in a second element is a second value, whatever either of them says.
    slot.state = slot.state == State::kAbsent ? Judge(*attr, attribute) : State::kAmbiguous;
    slot.value = attribute.values.front();
  }
}

AttributeReading::State AttributeReading::Judge(Attr attr, const Attribute& attribute) {
  if (attribute.values.size() > 1) return State::kAmbiguous;
  const absl::string_view value = attribute.values.front();
  const bool long_value = IsLong(attr);
  if (value.size() > (long_value ? kLongestList : kLongestValue)) return State::kMalformed;
  if (IsBlankText(value)) return State::kBlank;
  // What is matched part by part deals with smuggled newlines by itself.
  if (!long_value && HasControl(value)) return State::kMalformed;
  if (!identity::IsUtf8(value)) return State::kMalformed;
  return State::kValue;
}

std::optional<absl::string_view> AttributeReading::Get(Attr attr) const {
  const Slot& slot = At(attr);
  if (slot.state != State::kValue || slot.value == "NOT_FOUND") return std::nullopt;
  return slot.value;
}

}  // namespace va::attributes
