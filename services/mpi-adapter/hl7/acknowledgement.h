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
#include "services/mpi-adapter/domain/ack_detail.h"

namespace va::mpi::hl7 {

// Bytes MPI may send us at most.
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{2} * 1024 * 1024;

// Why a body of this Content-Type is not read; empty when it is. CONTENT_TYPE: it says that it is
// something else than one XML document, such as HTML or the parts of MTOM (attacks H7, H12); none
// at all says nothing. CHARSET: not UTF-8; HTTP's charset outranks the XML declaration, which the
// parser alone would look at.
absl::string_view WhyUnread(absl::string_view content_type);

// Parses a body within the limits, both spellings of the namespaces (decision M2). Refuses one that
// stands for bytes elsewhere (xop:Include, reason XOP_INCLUDE, attack H12).
absl::StatusOr<xml::Document> ParseAnswerBody(absl::string_view body);

// The one element inside the one Body of a SOAP envelope; nothing when it is no such envelope.
std::optional<xml::Element> PayloadOf(const xml::Element& envelope);
bool IsSoapFault(const xml::Element& payload);

// Why the headers of an envelope make it no answer to `message_id`; empty when they do not. They
// prove nothing and lead nowhere: a ReplyTo is not followed, a signature or a time stamp of
// WS-Security is not looked at and so grants nothing. OTHER_MESSAGE: it says that it relates to
// another message than ours (attack H13; not compared when there is no `message_id`).
// HEADER_NOT_UNDERSTOOD: SOAP forbids to go on past a header that must be understood and is not
// (attack H12).
absl::string_view WhyRefusedByHeader(const xml::Element& envelope, absl::string_view message_id);

// What an acknowledgement says.
struct Acknowledgement {
  std::string code;                         // AA, AE, AR; empty when it is no plain word
  std::string target_message;               // id of the message it answers, as received
  std::vector<std::string> codes;           // error codes, without the thresholds
  std::vector<identity::PersonText> texts;  // in order, each once
  std::vector<AckDetail> details;           // every one, in order
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
