#include "tests/simulators/mpi/answer_maker.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/xml/builder.h"

namespace va::simulators {
namespace {

constexpr absl::string_view kVa = "2.16.840.1.113883.4.349";
constexpr absl::string_view kDod = "2.16.840.1.113883.3.42.10001.100001.12";
constexpr absl::string_view kSsn = "2.16.840.1.113883.4.1";
constexpr absl::string_view kAnswer = "PRPA_IN201306UV02";

// Short names for what an answer is made of.
class Out {
 public:
  Out() : builder_(kSoap, "env", "Envelope") {
    builder_.DeclareNs("xsi", kSchemaInstance);
    builder_.Open(kSoap, "Header").Close().Open(kSoap, "Body");
  }

  Out& Open(absl::string_view name) {
    builder_.Open(kV3, name);
    return *this;
  }
  Out& Attr(absl::string_view name, absl::string_view value) {
    builder_.Attr(name, value);
    return *this;
  }
  Out& Type(absl::string_view value) {
    builder_.AttrNs(kSchemaInstance, "type", value);
    return *this;
  }
  Out& Close(int count = 1) {
    for (int i = 0; i < count; ++i) builder_.Close();
    return *this;
  }
  Out& Leaf(absl::string_view name, absl::string_view text) {
    builder_.Leaf(kV3, name, text);
    return *this;
  }
  Out& LeafUnlessEmpty(absl::string_view name, absl::string_view text) {
    return text.empty() ? *this : Leaf(name, text);
  }
  Out& Mark(absl::string_view name, absl::string_view attribute, absl::string_view value) {
    return Open(name).Attr(attribute, value).Close();
  }
  Out& Id(absl::string_view root, absl::string_view extension) {
    return Open("id").Attr("extension", extension).Attr("root", root).Close();
  }
  Out& Copy(const xml::Element& element) {
    builder_.Copy(element);
    return *this;
  }
  xml::Builder& builder() { return builder_; }

  absl::StatusOr<std::string> Finish() {
    const absl::StatusOr<xml::Document> document = builder_.Finish();
    if (!document.ok()) return document.status();
    return document->SerializeWithDeclaration();
  }

 private:
  xml::Builder builder_;
};

void WriteDevice(Out& out, absl::string_view role, absl::string_view type,
                 absl::string_view extension) {
  out.Open(role).Attr("typeCode", type);
  out.Open("device").Attr("determinerCode", "INSTANCE").Attr("classCode", "DEV");
  out.Id(kVa, extension).Close(2);
}

void OpenMessage(Out& out, const AnswerFrame& frame) {
  out.builder().DeclareNs("idm", kIdm).Open(kIdm, kAnswer).DeclareNs("", kV3);
  out.Attr("ITSVersion", "XML_1.0").Id(kVa, frame.answer_id);
  out.Mark("creationTime", "value", frame.now).Mark("versionCode", "code", "4.1");
  out.Open("interactionId").Attr("extension", kAnswer).Attr("root", "2.16.840.1.113883.1.6");
  out.Close().Mark("processingCode", "code", "T").Mark("processingModeCode", "code", "T");
  out.Mark("acceptAckCode", "code", "NE");
  WriteDevice(out, "receiver", "RCV", "200VGOV");
  WriteDevice(out, "sender", "SND", "200M");
}

void WriteThreshold(Out& out, absl::string_view name, absl::string_view value,
                    absl::string_view text) {
  out.Open("acknowledgementDetail").Open("code").Attr("codeSystemName", "MVI");
  out.Attr("code", value).Attr("displayName", name).Close().Leaf("text", text).Close();
}

void OpenAcknowledgement(Out& out, const AnswerFrame& frame, absl::string_view code) {
  out.Open("acknowledgement").Mark("typeCode", "code", code).Open("targetMessage");
  out.Id("1.2.840.114350.1.13.0.1.7.1.1", frame.request.message_id).Close();
}

void WriteAccepted(Out& out, const AnswerFrame& frame) {
  OpenAcknowledgement(out, frame, "AA");
  WriteThreshold(out, "IMT", "132", "Identity Match Threshold");
  WriteThreshold(out, "PDT", "120", "Potential Duplicate Threshold");
  out.Close();
}

void OpenControlAct(Out& out) {
  out.Open("controlActProcess").Attr("classCode", "CACT").Attr("moodCode", "EVN");
  out.Open("code").Attr("code", "PRPA_TE201306UV02").Attr("codeSystem", "2.16.840.1.113883.1.6");
  out.Close();
}

void WriteQueryAck(Out& out, const AnswerFrame& frame, absl::string_view response,
                   absl::string_view count) {
  out.Open("queryAck").Open("queryId").Attr("extension", frame.request.query_id);
  out.Attr("root", "1.2.840.114350.1.13.28.1.18.5.999").Close();
  out.Mark("queryResponseCode", "code", response).Mark("resultCurrentQuantity", "value", count);
  out.Close();
  if (frame.request.query_by_parameter) out.Copy(*frame.request.query_by_parameter);
}

void WriteIds(Out& out, const testing::PersonaMpiRecord& person) {
  if (!person.icn.empty()) out.Id(kVa, absl::StrCat(person.icn, "^NI^200M^USVHA^P"));
  for (const std::string& id : person.ids) {
    out.Id(absl::StrContains(id, "^200DOD^") ? kDod : kVa, id);
  }
}

void WriteNames(Out& out, const testing::PersonaMpiRecord& person) {
  for (const testing::PersonaName& name : person.names) {
    out.Open("name").Attr("use", name.use);
    out.LeafUnlessEmpty("prefix", name.prefix);
    for (const std::string& given : name.given) out.Leaf("given", given);
    out.LeafUnlessEmpty("family", name.family).LeafUnlessEmpty("suffix", name.suffix).Close();
  }
}

void WriteAddress(Out& out, const testing::PersonaAddress& address) {
  out.Open("addr").Attr("use", "PHYS").LeafUnlessEmpty("streetAddressLine", address.street);
  out.LeafUnlessEmpty("city", address.city).LeafUnlessEmpty("state", address.state);
  out.LeafUnlessEmpty("postalCode", address.postal_code);
  out.LeafUnlessEmpty("country", address.country).Close();
}

void WriteSsn(Out& out, absl::string_view ssn) {
  out.Open("asOtherIDs").Attr("classCode", "SSN").Id(kSsn, ssn);
  out.Open("scopingOrganization").Attr("determinerCode", "INSTANCE").Attr("classCode", "ORG");
  out.Mark("id", "root", "1.2.840.114350.1.13.99997.2.3412").Close(2);
}

void WritePerson(Out& out, const testing::PersonaMpiRecord& person) {
  out.Open("patientPerson");
  WriteNames(out, person);
  if (!person.phone.empty()) {
    out.Open("telecom").Attr("value", person.phone).Attr("use", "HP").Close();
  }
  if (!person.gender.empty()) out.Mark("administrativeGenderCode", "code", person.gender);
  if (!person.birth_date.empty()) out.Mark("birthTime", "value", person.birth_date);
  if (!person.deceased_date.empty()) out.Mark("deceasedTime", "value", person.deceased_date);
  if (person.address) WriteAddress(out, *person.address);
  out.Mark("multipleBirthInd", "value", "false");
  if (!person.ssn.empty()) WriteSsn(out, person.ssn);
  out.Close();
}

void WriteObservations(Out& out, bool scored) {
  out.Open("subjectOf1").Open("queryMatchObservation").Attr("classCode", "COND");
  out.Attr("moodCode", "EVN").Mark("code", "code", "IHE_PDQ").Open("value").Type("INT");
  scored ? out.Attr("value", "162") : out.Attr("nullFlavor", "NA");
  out.Close(3);
  out.Open("subjectOf2").Attr("typeCode", "SBJ").Open("administrativeObservation");
  out.Attr("classCode", "VERIF").Open("code").Attr("codeSystem", kVa).Attr("code", "PERSON_TYPE");
  out.Attr("displayName", "Person Type").Close().Open("value").Type("CD").Attr("code", "PAT~VET");
  out.Close(3);
}

void WriteSubject(Out& out, const testing::PersonaMpiRecord& person, bool scored) {
  out.Open("subject").Attr("typeCode", "SUBJ").Open("registrationEvent");
  out.Attr("classCode", "REG").Attr("moodCode", "EVN").Mark("id", "nullFlavor", "NA");
  out.Mark("statusCode", "code", "active").Open("subject1").Attr("typeCode", "SBJ");
  out.Open("patient").Attr("classCode", "PAT");
  WriteIds(out, person);
  out.Mark("statusCode", "code", "active");
  if (person.id_theft) out.Mark("confidentialityCode", "code", "ID_THEFT^TRUE");
  WritePerson(out, person);
  WriteObservations(out, scored);
  out.Close(2);
  out.Open("custodian").Attr("typeCode", "CST").Open("assignedEntity");
  out.Attr("classCode", "ASSIGNED").Mark("id", "root", kVa).Close(2);
  for (const std::string& icn : person.icns) {
    out.Open("replacementOf").Attr("typeCode", "RPLC").Open("priorRegistration");
    out.Id(kVa, absl::StrCat(icn, "^NI^200M^USVHA^D")).Close(2);
  }
  out.Close(2);
}

}  // namespace

absl::StatusOr<std::string> MatchAnswer(const AnswerFrame& frame,
                                        const testing::PersonaMpiRecord& person, bool scored) {
  Out out;
  OpenMessage(out, frame);
  WriteAccepted(out, frame);
  OpenControlAct(out);
  WriteSubject(out, person, scored);
  WriteQueryAck(out, frame, "OK", "1");
  return out.Finish();
}

absl::StatusOr<std::string> NoMatchAnswer(const AnswerFrame& frame) {
  Out out;
  OpenMessage(out, frame);
  WriteAccepted(out, frame);
  OpenControlAct(out);
  WriteQueryAck(out, frame, "NF", "0");
  return out.Finish();
}

absl::StatusOr<std::string> ErrorAnswer(const AnswerFrame& frame, absl::string_view text) {
  Out out;
  OpenMessage(out, frame);
  OpenAcknowledgement(out, frame, "AE");
  out.Open("acknowledgementDetail").Open("code");
  out.Attr("codeSystem", "2.16.840.1.113883.5.1100").Attr("code", "INTERR");
  out.Attr("displayName", "Internal System Error").Close().Leaf("text", text).Close();
  out.Open("acknowledgementDetail").Leaf("text", text).Close(2);
  OpenControlAct(out);
  WriteQueryAck(out, frame, "AE", "0");
  return out.Finish();
}

absl::StatusOr<std::string> SoapFault(absl::string_view text) {
  Out out;
  out.builder().Open(kSoap, "Fault").Leaf("", "faultcode", "env:Client");
  out.builder().Leaf("", "faultstring", text);
  return out.Finish();
}

}  // namespace va::simulators
