// Looks at the shape of security markup before any cryptography: which parts there are, in which
// order, and nothing else in between. For lib/xml only.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/xml/element.h"

namespace va::xml {

// Whether nothing but elements and white space is inside: a comment or stray text has no business
// in what decides about trust.
bool HoldsOnlyElements(const Element& element);

// Whether the element has no attributes but those named, none in a namespace.
bool HasOnlyAttributes(const Element& element, std::initializer_list<absl::string_view> names);

// The bytes of an element that holds base64 and nothing else; empty when it does not.
std::string Base64Content(const Element& element);

// Steps through child elements in a fixed order.
class Sequence {
 public:
  explicit Sequence(const Element& parent) : at_(parent.Children().begin()) {}

  // The next child when it has this name.
  std::optional<Element> Take(absl::string_view ns, absl::string_view name);
  bool Done() const { return at_ == ElementRange::Iterator(nullptr); }

 private:
  ElementRange::Iterator at_;
};

}  // namespace va::xml
