// What every answer of MPI has in common: a SOAP envelope around one message, and in it the
// acknowledgement of ours. Read once here for finds and for adds. Handles are valid while the
// document lives.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"
#include "lib/xml/document.h"
#include "lib/xml/element.h"

namespace va::mpi::hl7 {

// Bytes MPI may send us at most.
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{2} * 1024 * 1024;

// Whether a Content-Type leaves the body UTF-8. HTTP's charset outranks the XML declaration, which
// the parser alone would look at.
bool IsUtf8(absl::string_view content_type);

// Parses a body within the limits, both spellings of the namespaces (decision M2).
absl::StatusOr<xml::Document> ParseAnswerBody(absl::string_view body);

// The one element inside the one Body of a SOAP envelope; nothing when it is no such envelope.
std::optional<xml::Element> PayloadOf(const xml::Element& envelope);
bool IsSoapFault(const xml::Element& payload);

// What an acknowledgement says.
struct Acknowledgement {
  std::string code;                         // AA, AE, AR; empty when it is no plain word
  std::string target_message;               // id of the message it answers, as received
  std::vector<std::string> codes;           // error codes, without the thresholds
  std::vector<identity::PersonText> texts;  // in order, each once
  std::optional<int> identity_match_threshold;
  std::optional<int> potential_duplicate_threshold;

  bool HasCode(absl::string_view wanted) const;
  bool HasText(absl::string_view wanted) const;
  bool Mentions(absl::string_view part) const;
  // The first error code as logs and callers may see it; empty when there is none.
  std::string FirstCode() const;
};

Acknowledgement ReadAcknowledgement(const xml::Element& acknowledgement);

// A code as logs and callers may see it: what is no plain code is not repeated.
std::string PlainCode(std::string value);

// An id of a message or an exchange, likewise.
std::string PlainId(absl::string_view value);

}  // namespace va::mpi::hl7
