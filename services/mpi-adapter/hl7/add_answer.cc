#include "services/mpi-adapter/hl7/add_answer.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/identity/gc_ids.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/hl7/acknowledgement.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/reader.h"

namespace va::mpi::hl7 {
namespace {

using identity::CspId;
using identity::Icn;
using identity::PersonText;
using xml::Element;

ChangeAnswer End(ChangeAnswer answer, Outcome outcome, absl::string_view reason) {
  answer.outcome = outcome;
  answer.reason = std::string(reason);
  return answer;
}

std::optional<CspId> Digits(std::optional<std::string> run) {
  if (!run) return std::nullopt;
  return CspId::FromWire(*std::move(run));
}

CspId BeforeCaret(const std::string& code) {
  return CspId::FromWire(code.substr(0, code.find('^')));
}

OtherCode AttributesOf(const Element& element) {
  OtherCode out;
  for (const char* name :
       {"code", "codeSystem", "codeSystemName", "codeSystemVersion", "displayName"}) {
    std::optional<std::string> value = element.Attr(name);
    if (value) out.emplace_back(name, PersonText::FromWire(*std::move(value)));
  }
  return out;
}

// By what the code contains, first rule first (mpi_mhv.md 1.14): these come without a status, so
// the grammar of an identifier does not hold here.
void ReadCode(const Element& element, ChangeCodes& out) {
  const std::string code = Attr(element, "code");
  if (absl::StrContains(code, "BRLS")) {
    out.birls_id = Digits(identity::FirstDigitRun(code));
  } else if (absl::StrContains(code, "CORP")) {
    out.participant_id = Digits(identity::FirstDigitRun(code));
  } else if (absl::StrContains(code, "200VIDM")) {
    out.idme_uuid = BeforeCaret(code);
  } else if (absl::StrContains(code, "200VLGN")) {
    out.logingov_uuid = BeforeCaret(code);
  } else if (absl::StrContains(code, "200DOD")) {
    out.edipi = Digits(identity::FirstTenDigitRun(code));
  } else if (Attr(element, "displayName") == "ICN") {
    out.icn = Icn::FromWire(code);
  } else {
    out.other.push_back(AttributesOf(element));
  }
}

ChangeCodes ReadCodes(const Element& acknowledgement) {
  ChangeCodes out;
  for (const Element& detail : All(acknowledgement, "acknowledgementDetail")) {
    for (const Element& code : All(detail, "code")) ReadCode(code, out);
  }
  return out;
}

// AE: each known cause has its own outcome, as for a find.
ChangeAnswer ClassifyError(ChangeAnswer answer, const Acknowledgement& details) {
  if (details.HasCode("Key205")) {
    return End(std::move(answer), Outcome::kDuplicateKey, "DUPLICATE_KEY");
  }
  if (details.HasCode("NS260")) {
    return End(std::move(answer), Outcome::kSenderRejected, "UNKNOWN_SENDER");
  }
  if (details.Mentions("INVALID REQUEST")) {
    return End(std::move(answer), Outcome::kInvalidRequest, "INVALID_REQUEST");
  }
  return End(std::move(answer), Outcome::kMpiFailed, "APPLICATION_ERROR");
}

ChangeAnswer ReadAnswer(const Element& message, const ExpectedEcho& expected) {
  ChangeAnswer answer;
  // The reference takes a missing acknowledgement for a success; to us nothing was added.
  const std::optional<Element> element = Only(message, "acknowledgement");
  if (!element) return End(std::move(answer), Outcome::kUnparseable, "NO_ACKNOWLEDGEMENT");
  const Acknowledgement details = ReadAcknowledgement(*element);
  answer.ack_code = details.code;
  answer.detail_code = details.FirstCode();
  answer.target_message = PlainId(details.target_message);
  answer.error_texts = details.texts;
  answer.codes = ReadCodes(*element);
  // A mutation's answer that belongs to another message proves nothing (attack H3).
  if (expected.require_echo && details.target_message != expected.message_id) {
    return End(std::move(answer), Outcome::kUnparseable, "OTHER_MESSAGE");
  }
  if (answer.ack_code == "AA") return End(std::move(answer), Outcome::kOk, "ACCEPTED");
  if (answer.ack_code == "AR") return End(std::move(answer), Outcome::kMpiFailed, "REJECTED");
  if (answer.ack_code == "AE") return ClassifyError(std::move(answer), details);
  const bool none = answer.ack_code.empty();
  return End(std::move(answer), Outcome::kUnparseable,
             none ? "NO_ACKNOWLEDGEMENT" : "UNKNOWN_ACKNOWLEDGEMENT");
}

}  // namespace

ChangeAnswer ParseAddAnswer(absl::string_view body, const ExpectedEcho& expected) {
  if (body.size() > kMaxAnswerBytes) return End({}, Outcome::kUnparseable, "XML_TOO_LARGE");
  const absl::StatusOr<xml::Document> document = ParseAnswerBody(body);
  if (!document.ok()) return End({}, Outcome::kUnparseable, base::ReasonOf(document.status()));
  const std::optional<Element> payload = PayloadOf(document->root());
  if (!payload) return End({}, Outcome::kUnparseable, "NO_ENVELOPE");
  if (IsSoapFault(*payload)) return End({}, Outcome::kMpiFailed, "SOAP_FAULT");
  // By its local name: the namespace of this root differs between the environments of MPI, and
  // everything that counts lies in elements of HL7's own.
  if (payload->local_name() != kAddAnswer) {
    return End({}, Outcome::kUnparseable, "OTHER_INTERACTION");
  }
  return ReadAnswer(*payload, expected);
}

ChangeAnswer ReadAddAnswer(const HttpAnswer& http, const ExpectedEcho& expected) {
  ChangeAnswer answer;
  if (http.status != 200) {
    answer = End({}, Outcome::kMpiFailed, absl::StrCat("HTTP_", http.status));
  } else if (!IsUtf8(http.content_type)) {
    answer = End({}, Outcome::kUnparseable, "CHARSET");
  } else {
    answer = ParseAddAnswer(http.body, expected);
  }
  answer.transaction_id = PlainId(http.transaction_id);
  return answer;
}

}  // namespace va::mpi::hl7
