// Reads an attribute set by name, once. Names are exact and case-sensitive; `NOT_FOUND` and blank
// read as absent (ssoe_saml.md 2 and 25.7); an attribute with several values where one is defined
// is never "the first" but a problem (decision R11). Order and unknown attributes do not matter.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/assertion.h"

namespace va::attributes {

// Every attribute that a rule reads. The first block is the SSOe broker's, the second is read of it
// under the rules of 2021 alone, the third is ID.me's of 2018 (seed 004).
enum class Attr {
  kCsid,
  kUid,
  kGcIds,
  kIcn,
  kMhvIcn,
  kMhvUuid,
  kMhvAssurance,
  kDslogonAssurance,
  kCredentialLevel,
  kIal,
  kAal,
  kIdmeHighest,
  kMultifactor,
  kFirstName,
  kMiddleName,
  kLastName,
  kEmail,
  kGender,
  kBirthDate,
  kSsn,
  kSsnType,
  kSecId,
  kBirlsIds,
  kVerifiedAt,
  kTransactionId,
  // 2021: comma lists.
  kEdipiList,
  kMhvIenList,
  // 2018.
  kOldUuid,
  kOldEmail,
  kOldMultifactor,
  kOldLevel,
  kOldFirstName,
  kOldMiddleName,
  kOldLastName,
  kOldGender,
  kOldBirthDate,
  kOldSsn,
  kOldMhvIcn,
  kOldMhvUuid,
  kOldMhvProfile,
  kDslogonUuid,
  kDslogonLevel,
  kDslogonFirstName,
  kDslogonMiddleName,
  kDslogonLastName,
  kDslogonGender,
  kDslogonBirthDate,
  kDslogonIdType,
  kDslogonIdValue,
  kDslogonDeceased,
};
inline constexpr std::size_t kAttrCount = 50;

// The name on the wire, e.g. "va_eauth_gcIds".
absl::string_view WireName(Attr attr);

// Whether rules that read statements this way look at the attribute at all. What nobody reads can
// be no problem.
bool IsRead(Attr attr, identity::Reading reading);

class AttributeReading {
 public:
  explicit AttributeReading(const std::vector<Attribute>& attributes);

  // The value; nothing when absent, NOT_FOUND, blank, ambiguous or malformed.
  std::optional<absl::string_view> Get(Attr attr) const;
  // Present with an empty value. Only one rule of one generation looks at this.
  bool IsBlank(Attr attr) const { return At(attr).state == State::kBlank; }
  // More than one value, or the attribute stands there twice.
  bool IsAmbiguous(Attr attr) const { return At(attr).state == State::kAmbiguous; }
  // Control characters, not UTF-8, or longer than any real value.
  bool IsMalformed(Attr attr) const { return At(attr).state == State::kMalformed; }

 private:
  enum class State : unsigned char { kAbsent, kBlank, kValue, kAmbiguous, kMalformed };
  struct Slot {
    State state = State::kAbsent;
    absl::string_view value;
  };

  const Slot& At(Attr attr) const { return slots_[static_cast<std::size_t>(attr)]; }
  static State Judge(Attr attr, const Attribute& attribute);

  std::array<Slot, kAttrCount> slots_;
};

}  // namespace va::attributes
