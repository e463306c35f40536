// Reads the claims of an OpenID Connect provider by name, once (sign_in_service.md 7.1, 7.2). Each
// provider has names of its own, and another one's names are unknown claims. A claim with several
// values where one is defined is never "the first" but a problem (decision R11), and so is one that
// no person's name, number or address can be: control characters, bytes that are no UTF-8, a size
// far above every real value. Order and unknown claims do not matter.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/user-attributes/domain/assertion.h"
#include "services/user-attributes/domain/findings.h"

namespace va::attributes {

// Every claim that a rule reads, under whatever name.
enum class SisClaim {
  kSubject,
  kEmail,
  kAllEmails,
  kMultifactor,
  kLevelOfAssurance,
  kCredentialIal,
  kFirstName,
  kMiddleName,
  kLastName,
  kSsn,
  kBirthDate,
  kStreet,
  kPostalCode,
  kState,
  kCity,
  kPhone,
  kVerifiedAt,
  kMhvUuid,
  kMhvIcn,
  kMhvAssurance,
  kDslogonUuid,
  kDslogonAssurance,
};
inline constexpr std::size_t kSisClaimCount = 22;

// The name on the wire, by provider and by the service behind it; empty when this one sends no such
// claim.
absl::string_view WireName(SisClaim claim, identity::Csp service);

class SisReading {
 public:
  explicit SisReading(const OidcAssertion& assertion);

  // The value; nothing when absent, blank, ambiguous or malformed.
  std::optional<absl::string_view> Get(SisClaim claim) const;
  // The values of a list, blank ones left out; nothing when one of them is malformed.
  std::vector<absl::string_view> GetAll(SisClaim claim) const;

  // What is wrong with the statement itself, in the order of the table.
  void Report(std::vector<Finding>& out) const;

 private:
  enum class State : unsigned char { kAbsent, kBlank, kValue, kAmbiguous, kMalformed };
  struct Slot {
    State state = State::kAbsent;
    const Attribute* attribute = nullptr;
  };

  static State Judge(SisClaim claim, const Attribute& attribute);
  const Slot& At(SisClaim claim) const { return slots_[static_cast<std::size_t>(claim)]; }

  identity::Csp service_;
  std::array<Slot, kSisClaimCount> slots_;
};

}  // namespace va::attributes
