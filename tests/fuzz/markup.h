// Edits of XML text, element by element, without a parser: how inputs are mutated, and what
// somebody between the identity provider and us does to a message that is signed already. An
// element is found by its tags alone, so text that no parser takes can be edited all the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::fuzz {

// Where one element stands in a text.
struct ElementSpan {
  size_t begin = 0;        // of its start tag
  size_t content = 0;      // behind its start tag
  size_t content_end = 0;  // at its end tag; equal to content when the tag closes itself
  size_t end = 0;
};

// Up to 256 elements in document order.
std::vector<ElementSpan> ElementsOf(absl::string_view text);

// The first of them with this local name; nothing when there is none.
std::optional<ElementSpan> FirstNamed(absl::string_view text, absl::string_view local_name);

// One edit, as an input encodes it.
struct Edit {
  uint8_t kind = 0;
  uint8_t from = 0;  // element
  uint8_t to = 0;    // element, or attribute of `from`
  uint8_t word = 0;  // of Words()
};
inline constexpr size_t kBytesOfEdit = 4;

// The text after the edit; unchanged where there is nothing to edit.
std::string Apply(const Edit& edit, const std::string& text);

// What edits write: ids, algorithms, names and values that mean something to a SAML reader.
absl::string_view Word(uint8_t index);

}  // namespace va::fuzz
