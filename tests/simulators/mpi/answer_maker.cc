#include "tests/simulators/mpi/answer_maker.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/xml/builder.h"

namespace va::simulators {
namespace {

constexpr absl::string_view kFindAnswer = "PRPA_IN201306UV02";
constexpr absl::string_view kChangeAnswer = "MCCI_IN000002UV01";

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
  out.Id(kVaRoot, extension).Close(2);
}

void OpenMessage(Out& out, const AnswerFrame& frame, absl::string_view name) {
  out.builder().DeclareNs("idm", kIdm).Open(kIdm, name).DeclareNs("", kV3);
  out.Attr("ITSVersion", "XML_1.0").Id(kVaRoot, frame.answer_id);
  out.Mark("creationTime", "value", frame.now).Mark("versionCode", "code", "4.1");
  out.Open("interactionId").Attr("extension", name).Attr("root", "2.16.840.1.113883.1.6");
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
  out.Id("1.2.840.114350.1.13.0.1.7.1.1", frame.message_id).Close();
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
  out.Open("queryAck").Open("queryId").Attr("extension", frame.query_id);
  out.Attr("root", "1.2.840.114350.1.13.28.1.18.5.999").Close();
  out.Mark("queryResponseCode", "code", response).Mark("resultCurrentQuantity", "value", count);
  out.Close();
  if (frame.request.query_by_parameter) out.Copy(*frame.request.query_by_parameter);
}

void WriteIds(Out& out, const testing::PersonaMpiRecord& person) {
  if (!person.icn.empty()) out.Id(kVaRoot, absl::StrCat(person.icn, "^NI^200M^USVHA^P"));
  for (const std::string& id : person.ids) {
    out.Id(absl::StrContains(id, "^200DOD^") ? kDodRoot : kVaRoot, id);
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
  out.Open("asOtherIDs").Attr("classCode", "SSN").Id(kSsnRoot, ssn);
  out.Open("scopingOrganization").Attr("determinerCode", "INSTANCE").Attr("classCode", "ORG");
  out.Mark("id", "root", "1.2.840.114350.1.13.99997.2.3412").Close(2);
}

// Names, gender, dates: what a person and who acts for them have in common.
void WriteIdentity(Out& out, const testing::PersonaMpiRecord& person) {
  WriteNames(out, person);
  if (!person.phone.empty()) {
    out.Open("telecom").Attr("value", person.phone).Attr("use", "HP").Close();
  }
  if (!person.gender.empty()) out.Mark("administrativeGenderCode", "code", person.gender);
  if (!person.birth_date.empty()) out.Mark("birthTime", "value", person.birth_date);
  if (!person.deceased_date.empty()) out.Mark("deceasedTime", "value", person.deceased_date);
  if (person.address) WriteAddress(out, *person.address);
}

void WriteRoleCode(Out& out, absl::string_view element, absl::string_view code,
                   absl::string_view display) {
  out.Open(element).Attr("codeSystemName", "RoleCode").Attr("code", code);
  out.Attr("codeSystem", "2.16.840.1.113883.5.111");
  if (!display.empty()) out.Attr("displayName", display);
  out.Close();
}

void WriteOtherId(Out& out, absl::string_view kind, absl::string_view value) {
  if (value.empty()) return;
  out.Open("asOtherIDs").Attr("classCode", kind).Id(kVaRoot, value).Close();
}

void WriteRelationship(Out& out, const testing::PersonaRelationship& relationship) {
  out.Open("personalRelationship");
  WriteRoleCode(out, "code", relationship.role, relationship.role_name);
  WriteRoleCode(out, "translation", "PRS", "");
  if (!relationship.email.empty()) {
    out.Open("telecom").Attr("value", absl::StrCat("mailto:", relationship.email));
    out.Attr("use", "H").Close();
  }
  out.Mark("statusCode", "code", relationship.status);
  if (!relationship.effective.empty()) out.Mark("effectiveTime", "value", relationship.effective);
  out.Open("relationshipHolder1").Attr("determinerCode", "INSTANCE").Attr("classCode", "PAT");
  WriteIds(out, relationship.holder);
  WriteIdentity(out, relationship.holder);
  if (!relationship.holder.ssn.empty()) WriteSsn(out, relationship.holder.ssn);
  WriteOtherId(out, "EXP", relationship.expires);
  WriteOtherId(out, "PREF", relationship.scope);
  out.Close(2);
}

void WritePerson(Out& out, const testing::PersonaMpiRecord& person, bool relationships) {
  out.Open("patientPerson");
  WriteIdentity(out, person);
  out.Mark("multipleBirthInd", "value", "false");
  if (!person.ssn.empty()) WriteSsn(out, person.ssn);
  if (!relationships) {
    out.Close();
    return;
  }
  for (const testing::PersonaRelationship& relationship : person.relationships) {
    WriteRelationship(out, relationship);
  }
  out.Close();
}

void WriteObservations(Out& out, int score) {
  out.Open("subjectOf1").Open("queryMatchObservation").Attr("classCode", "COND");
  out.Attr("moodCode", "EVN").Mark("code", "code", "IHE_PDQ").Open("value").Type("INT");
  score > 0 ? out.Attr("value", absl::StrCat(score)) : out.Attr("nullFlavor", "NA");
  out.Close(3);
  out.Open("subjectOf2").Attr("typeCode", "SBJ").Open("administrativeObservation");
  out.Attr("classCode", "VERIF")
      .Open("code")
      .Attr("codeSystem", kVaRoot)
      .Attr("code", "PERSON_TYPE");
  out.Attr("displayName", "Person Type").Close().Open("value").Type("CD").Attr("code", "PAT~VET");
  out.Close(3);
}

void WriteReplaced(Out& out, const testing::PersonaMpiRecord& person) {
  for (const std::string& icn : person.icns) {
    out.Open("replacementOf").Attr("typeCode", "RPLC").Open("priorRegistration");
    out.Id(kVaRoot, absl::StrCat(icn, "^NI^200M^USVHA^D")).Close(2);
  }
}

void WriteSubject(Out& out, const testing::PersonaMpiRecord& person, const MatchOptions& options) {
  out.Open("subject").Attr("typeCode", "SUBJ").Open("registrationEvent");
  out.Attr("classCode", "REG").Attr("moodCode", "EVN").Mark("id", "nullFlavor", "NA");
  out.Mark("statusCode", "code", "active").Open("subject1").Attr("typeCode", "SBJ");
  out.Open("patient").Attr("classCode", "PAT");
  WriteIds(out, person);
  out.Mark("statusCode", "code", "active");
  if (person.id_theft) out.Mark("confidentialityCode", "code", "ID_THEFT^TRUE");
  WritePerson(out, person, options.relationships);
  WriteObservations(out, options.score);
  out.Close(2);
  out.Open("custodian").Attr("typeCode", "CST").Open("assignedEntity");
  out.Attr("classCode", "ASSIGNED").Mark("id", "root", kVaRoot).Close(2);
  if (options.history) WriteReplaced(out, person);
  out.Close(2);
}

}  // namespace

absl::StatusOr<std::string> MatchAnswer(const AnswerFrame& frame,
                                        const testing::PersonaMpiRecord& person,
                                        const MatchOptions& options) {
  Out out;
  OpenMessage(out, frame, kFindAnswer);
  WriteAccepted(out, frame);
  OpenControlAct(out);
  WriteSubject(out, person, options);
  WriteQueryAck(out, frame, "OK", "1");
  return out.Finish();
}

absl::StatusOr<std::string> NoMatchAnswer(const AnswerFrame& frame) {
  Out out;
  OpenMessage(out, frame, kFindAnswer);
  WriteAccepted(out, frame);
  OpenControlAct(out);
  WriteQueryAck(out, frame, "NF", "0");
  return out.Finish();
}

absl::StatusOr<std::string> AcceptedAnswer(
    const AnswerFrame& frame, const std::vector<std::pair<std::string, std::string>>& codes) {
  Out out;
  OpenMessage(out, frame, kChangeAnswer);
  OpenAcknowledgement(out, frame, "AA");
  for (const auto& [code, display] : codes) {
    out.Open("acknowledgementDetail").Open("code").Attr("codeSystemName", "MVI");
    out.Attr("code", code).Attr("displayName", display).Close().Leaf("text", display).Close();
  }
  return out.Finish();
}

absl::StatusOr<std::string> ErrorAnswer(const AnswerFrame& frame, const AnswerError& error) {
  const bool find = frame.request.interaction == Interaction::kFind ||
                    frame.request.interaction == Interaction::kNone;
  Out out;
  OpenMessage(out, frame, find ? kFindAnswer : kChangeAnswer);
  OpenAcknowledgement(out, frame, error.ack);
  out.Open("acknowledgementDetail").Open("code").Attr("codeSystem", error.code_system);
  out.Attr("code", error.code).Attr("displayName", error.display).Close();
  out.Leaf("text", error.text).Close();
  out.Open("acknowledgementDetail").Leaf("text", error.text).Close(2);
  if (!find) return out.Finish();
  OpenControlAct(out);
  WriteQueryAck(out, frame, error.query_response, "0");
  return out.Finish();
}

absl::StatusOr<std::string> SoapFault(absl::string_view code, absl::string_view text) {
  Out out;
  out.builder().Open(kSoap, "Fault").Leaf("", "faultcode", code);
  out.builder().Leaf("", "faultstring", text);
  return out.Finish();
}

}  // namespace va::simulators
