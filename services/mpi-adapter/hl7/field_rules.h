// What a piece of a person's data must be to stand in a message: the last look before bytes leave.
// Everything here answers INVALID_ARGUMENT with the field's name and never with its value.
#pragma once

#include <initializer_list>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"

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

// The day as the wire has it, YYYYMMDD. A time behind the day is dropped: MPI's own records may
// hold one, and they come back to it in an orchestrated search. Nothing when it is no day.
std::optional<identity::BirthDate> WireDay(const identity::BirthDate& date);

// Looks at all fields of one message. What is missing comes before what is malformed, and all of it
// at once: "Required values missing: [icn, edipi]", in the order of the calls.
class FieldCheck {
 public:
  // One of `values` must be there.
  FieldCheck& Need(absl::string_view field, std::initializer_list<absl::string_view> values);
  FieldCheck& Need(absl::string_view field, absl::string_view value) {
    return Need(field, {value});
  }

  // Each of these may be blank; when it is not, it must be of its form. CheckText:
  FieldCheck& Text(absl::string_view field, absl::string_view value);
  // CheckIdentifier:
  FieldCheck& Identifier(absl::string_view field, const identity::CspId& id);
  // Ten digits:
  FieldCheck& Edipi(absl::string_view field, const identity::CspId& edipi);
  // The well-formedness of their types (lib/identity/pii.h):
  FieldCheck& Icn(absl::string_view field, const identity::Icn& icn);
  FieldCheck& Ssn(absl::string_view field, const identity::Ssn& ssn);
  // WireDay:
  FieldCheck& Day(absl::string_view field, const identity::BirthDate& date);
  // What another check said.
  FieldCheck& Also(const absl::Status& status);

  // INVALID_ARGUMENT with FIELD_MISSING, or the first fault; else OK.
  absl::Status status() const;

 private:
  FieldCheck& Form(absl::string_view field, bool good);

  std::vector<absl::string_view> missing_;
  absl::Status fault_;
};

}  // namespace va::mpi::hl7
