// Characters as XML 1.0 sees them. Shared by the parser's gate and by the writers; knows nothing of
// trees.
#pragma once

#include "absl/strings/string_view.h"

namespace va::xml {

// Well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF) without NUL.
bool IsUtf8WithoutNul(absl::string_view bytes);

// Well-formed UTF-8 in which every character is an XML 1.0 Char: what a text node can carry.
bool IsXmlText(absl::string_view bytes);

// Whether `text` is an NCName of at most 256 bytes.
bool IsNcName(absl::string_view text);

}  // namespace va::xml
