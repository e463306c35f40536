// What the reference shows of an assertion beyond our claims, and what it called otherwise in the
// generation that a profile stands for. For compatible surfaces and operators' tools; nothing is
// decided by it, and none of it is ever a key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/identity/pii.h"
#include "services/user-attributes/domain/assertion.h"
#include "services/user-attributes/domain/derive.h"

namespace va::attributes {

struct CompatibleAddress {
  std::optional<identity::PersonText> street;
  std::optional<identity::PersonText> street2;
  std::optional<identity::PersonText> city;
  std::optional<identity::PersonText> state;
  std::optional<identity::PersonText> postal_code;
  std::optional<identity::PersonText> country;
};

// ssoe_saml.md 2. Later generations take everything down to the address from MPI.
struct CompatiblePerson {
  std::optional<identity::PersonText> common_name;
  std::optional<identity::PersonText> suffix;
  std::optional<identity::PersonText> phone;
  std::vector<std::string> person_types;
  CompatibleAddress address;
  std::optional<identity::CspId> uuid;
  // An empty text where the rules of 2018 saw one; to ours, blank is absent.
  std::optional<identity::PersonText> middle_name;
  std::optional<identity::Icn> mhv_icn;
  std::string service_name;  // empty: unknown
};

CompatiblePerson CompatiblePersonOf(const SsoeAssertion& assertion, const Derivation& derived);

// The name-based uuid of a SEC id (ssoe_saml.md 2.1): 32 hexadecimal digits.
std::optional<identity::CspId> UuidOfSecId(absl::string_view sec_id);

}  // namespace va::attributes
