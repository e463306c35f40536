// What the readings of one statement share: values as the rules see them, and findings about the
// statement itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/identity/authn_context.h"
#include "services/user-attributes/domain/attribute_reading.h"
#include "services/user-attributes/domain/derive.h"

namespace va::attributes {

template <typename T>
std::optional<T> Typed(std::optional<absl::string_view> value) {
  if (!value) return std::nullopt;
  return T::FromWire(std::string(value->data(), value->size()));
}

std::optional<std::string> PlainText(std::optional<absl::string_view> value);

// The whole value as a small number; nothing for anything else. The reference accepts "3abc".
std::optional<int> SmallNumber(std::optional<absl::string_view> value);

// M or F by its first letter, whatever follows.
std::optional<Gender> ReadGender(std::optional<absl::string_view> value);

// YYYY-MM-DD; nothing, and a note, when that is no day.
std::optional<identity::BirthDate> ReadBirthDate(const AttributeReading& reading, Attr attr,
                                                 std::vector<Finding>& out, Trace* trace);

// Reads a statement of 2018 into `out`, whose rules and service are known (ssoe_saml.md 19).
void ReadLegacy(const AttributeReading& reading,
                const std::optional<identity::AuthnContext>& context, Derivation& out,
                Trace* trace);

// The question of a statement of 2018 (decision R17): MHV by ICN, all others by traits.
std::optional<MpiQuestion> AskLegacy(const AttributeReading& reading, const Derivation& derived);

}  // namespace va::attributes
