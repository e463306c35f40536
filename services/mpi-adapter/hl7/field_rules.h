// What a piece of a person's data must be to stand in a message: the last look before bytes leave.
// Everything here answers INVALID_ARGUMENT with the field's name and never with its value.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace va::mpi::hl7 {

// Refuses text that is not UTF-8, holds control characters (C0, DEL, C1), a character XML 1.0 does
// not know, or more than 512 bytes. Everything else may be in a name: quotes, angle brackets,
// emoji, right-to-left text; the serializer escapes it. Reasons FIELD_ENCODING,
// FIELD_CONTROL_CHARACTER, FIELD_TOO_LONG.
absl::Status CheckText(absl::string_view field, absl::string_view value);

// One identifier without its suffix: letters, digits, `_` and `-`, at most 64. A `^` or `|` would
// make it another identifier. Reason FIELD_MALFORMED.
absl::Status CheckIdentifier(absl::string_view field, absl::string_view value);

// INVALID_ARGUMENT, reason FIELD_MALFORMED.
absl::Status Malformed(absl::string_view field);

// Nothing in it but white space.
bool IsBlank(absl::string_view value);

}  // namespace va::mpi::hl7
