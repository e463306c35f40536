// Reads the children of one element in the order a message must have them, and notes what is not as
// it must be: by the names of elements and attributes, never by what they hold.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/xml/element.h"

namespace va::simulators {

inline constexpr absl::string_view kV3 = "urn:hl7-org:v3";
inline constexpr absl::string_view kSoap = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr absl::string_view kIdm = "http://vaww.oed.oit.va.gov";
inline constexpr absl::string_view kSchemaInstance = "http://www.w3.org/2001/XMLSchema-instance";

inline constexpr absl::string_view kVaRoot = "2.16.840.1.113883.4.349";
inline constexpr absl::string_view kDodRoot = "2.16.840.1.113883.3.42.10001.100001.12";
inline constexpr absl::string_view kSsnRoot = "2.16.840.1.113883.4.1";

using Problems = std::vector<std::string>;
using Attributes = std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

class Sequence {
 public:
  Sequence(const xml::Element& parent, std::string path, Problems& problems);

  // The next child if it is called so; taken then.
  std::optional<xml::Element> Optional(absl::string_view name, absl::string_view ns = kV3);
  // As Optional, and carries these attributes.
  std::optional<xml::Element> OptionalWith(absl::string_view name, Attributes attributes);
  // The next child, which must be called so and carry these attributes.
  std::optional<xml::Element> Required(absl::string_view name, Attributes attributes = {},
                                       absl::string_view ns = kV3);
  // An attribute that must be there; "" when it is not.
  std::string Value(const std::optional<xml::Element>& child, absl::string_view attribute);
  // The text of a child that must be there and not be empty.
  std::string Text(absl::string_view name);
  // Nothing may follow.
  void End();

  void Note(absl::string_view what);

 private:
  void Check(const xml::Element& child, Attributes attributes);

  std::vector<xml::Element> children_;
  size_t at_ = 0;
  std::string path_;
  Problems& problems_;
};

// Digits, this many.
bool IsDigits(absl::string_view text, size_t length);
// 8-4-4-4-12 lower-case hex, version 4.
bool IsUuid4(absl::string_view text);
// Letters, digits, underscores; with `hyphens` these too. Not empty.
bool IsWord(absl::string_view text, bool hyphens);

}  // namespace va::simulators
