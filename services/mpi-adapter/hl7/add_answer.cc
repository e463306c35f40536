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

// Holds what one kind of code said. Two that differ are of two people, or of one whom MPI holds
// twice: then neither is told, as nowhere else a value is chosen among several (decision R11).
template <typename T>
class OnlyOne {
 public:
  explicit OnlyOne(std::optional<T>& out) : out_(out) {}
  void Hold(const std::optional<T>& value) {
    if (!value || contradicted_) return;
    contradicted_ = out_ && out_->Reveal() != value->Reveal();
    out_ = contradicted_ ? std::nullopt : value;
  }

 private:
  std::optional<T>& out_;
  bool contradicted_ = false;
};

// By what the code contains, first rule first (mpi_mhv.md 1.14): these come without a status, so
// the grammar of an identifier does not hold here.
struct CodeReader {
  explicit CodeReader(ChangeCodes& all)
      : birls_id(all.birls_id),
        participant_id(all.participant_id),
        idme_uuid(all.idme_uuid),
        logingov_uuid(all.logingov_uuid),
        edipi(all.edipi),
        icn(all.icn),
        other(all.other) {}

  void Read(const Element& element);

  OnlyOne<CspId> birls_id;
  OnlyOne<CspId> participant_id;
  OnlyOne<CspId> idme_uuid;
  OnlyOne<CspId> logingov_uuid;
  OnlyOne<CspId> edipi;
  OnlyOne<Icn> icn;
  std::vector<OtherCode>& other;
};

void CodeReader::Read(const Element& element) {
  const std::string code = Attr(element, "code");
  if (absl::StrContains(code, "BRLS")) {
    birls_id.Hold(Digits(identity::FirstDigitRun(code)));
  } else if (absl::StrContains(code, "CORP")) {
    participant_id.Hold(Digits(identity::FirstDigitRun(code)));
  } else if (absl::StrContains(code, "200VIDM")) {
    idme_uuid.Hold(BeforeCaret(code));
  } else if (absl::StrContains(code, "200VLGN")) {
    logingov_uuid.Hold(BeforeCaret(code));
  } else if (absl::StrContains(code, "200DOD")) {
    edipi.Hold(Digits(identity::FirstTenDigitRun(code)));
  } else if (Attr(element, "displayName") == "ICN") {
    icn.Hold(Icn::FromWire(code));
  } else {
    other.push_back(AttributesOf(element));
  }
}

ChangeCodes ReadCodes(const Element& acknowledgement) {
  ChangeCodes out;
  CodeReader reader(out);
  for (const Element& detail : All(acknowledgement, "acknowledgementDetail")) {
    for (const Element& code : All(detail, "code")) reader.Read(code);
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
  answer.details = details.details;
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
  const absl::string_view refused = WhyRefusedByHeader(
      document->root(), expected.require_echo ? expected.message_id : absl::string_view());
  if (!refused.empty()) return End({}, Outcome::kUnparseable, refused);
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
  } else if (const absl::string_view unread = WhyUnread(http.content_type); !unread.empty()) {
    answer = End({}, Outcome::kUnparseable, unread);
  } else {
    answer = ParseAddAnswer(http.body, expected);
  }
  answer.transaction_id = PlainId(http.transaction_id);
  return answer;
}

}  // namespace va::mpi::hl7
