// Find answers for tests, written from the grammar of the specification and about nobody. A sample
// starts as one plain match; a test replaces the part it is about.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace va::mpi::hl7 {

inline constexpr char kSampleMessageId[] = "200VGOV-5f0c8a52-0f0e-4a9e-9d3b-6b1f2d1c7e01";
inline constexpr char kSampleQueryId[] = "9a7d1c44-6a55-4f0e-8a0b-33b8c7f3a902";
inline constexpr char kSampleIcn[] = "1019900417V557122";

// The parts of an answer; each is XML.
struct AnswerParts {
  std::string ack_code = "<typeCode code=\"AA\"/>";
  std::string target = absl::StrCat("<targetMessage><id root=\"1.2.840.114350.1.13.0.1.7.1.1\" ",
                                    "extension=\"", kSampleMessageId, "\"/></targetMessage>");
  std::string details =
      "<acknowledgementDetail><code codeSystemName=\"MVI\" code=\"131\" displayName=\"IMT\"/>"
      "<text>Identity Match Threshold</text></acknowledgementDetail>"
      "<acknowledgementDetail><code codeSystemName=\"MVI\" code=\"117\" displayName=\"PDT\"/>"
      "<text>Potential Duplicate Threshold</text></acknowledgementDetail>";
  std::string ids = absl::StrCat("<id root=\"2.16.840.1.113883.4.349\" extension=\"", kSampleIcn,
                                 "^NI^200M^USVHA^P\"/>");
  std::string before_person;  // children of patient that stand before patientPerson
  std::string names =
      "<name use=\"L\"><prefix>DR</prefix><given>ZEBULON</given><given>QUINCY</given>"
      "<family>TESTWELL</family><suffix>III</suffix></name>";
  std::string person =
      "<administrativeGenderCode code=\"M\"/><birthTime value=\"19510409\"/>"
      "<asOtherIDs classCode=\"SSN\"><id root=\"2.16.840.1.113883.4.1\" extension=\"987001234\"/>"
      "<scopingOrganization classCode=\"ORG\" determinerCode=\"INSTANCE\">"
      "<id root=\"1.2.840.114350.1.13.99997.2.3412\"/></scopingOrganization></asOtherIDs>";
  std::string after_person =
      "<subjectOf1><queryMatchObservation classCode=\"COND\" moodCode=\"EVN\">"
      "<code code=\"IHE_PDQ\"/><value xsi:type=\"INT\" value=\"158\"/></queryMatchObservation>"
      "</subjectOf1>";
  std::string after_subject1;
  std::string query_id = absl::StrCat("<queryId root=\"1.2.840.114350.1.13.28.1.18.5.999\" ",
                                      "extension=\"", kSampleQueryId, "\"/>");
  std::string query_response = "<queryResponseCode code=\"OK\"/>";
  std::string quantity = "<resultCurrentQuantity value=\"1\"/>";
};

inline std::string Patient(const AnswerParts& parts) {
  return absl::StrCat("<patient classCode=\"PAT\">", parts.ids, "<statusCode code=\"active\"/>",
                      parts.before_person, "<patientPerson>", parts.names, parts.person,
                      "</patientPerson>", parts.after_person, "</patient>");
}

inline std::string Subject(const AnswerParts& parts) {
  return absl::StrCat(
      "<subject typeCode=\"SUBJ\"><registrationEvent classCode=\"REG\" moodCode=\"EVN\">"
      "<id nullFlavor=\"NA\"/><statusCode code=\"active\"/><subject1 typeCode=\"SBJ\">",
      Patient(parts), "</subject1>", parts.after_subject1, "</registrationEvent></subject>");
}

inline std::string SoapEnvelope(absl::string_view payload) {
  return absl::StrCat(
      "<env:Envelope xmlns:env=\"http://schemas.xmlsoap.org/soap/envelope/\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><env:Header/><env:Body>",
      payload, "</env:Body></env:Envelope>");
}

// `subjects` is what stands between the trigger code and queryAck.
inline std::string AnswerWith(const AnswerParts& parts, absl::string_view subjects) {
  return SoapEnvelope(absl::StrCat(
      "<idm:PRPA_IN201306UV02 xmlns:idm=\"http://vaww.oed.oit.va.gov\" xmlns=\"urn:hl7-org:v3\" "
      "ITSVersion=\"XML_1.0\"><id root=\"2.16.840.1.113883.4.349\" extension=\"WSDOC1\"/>"
      "<creationTime value=\"20260115120001\"/><interactionId root=\"2.16.840.1.113883.1.6\" "
      "extension=\"PRPA_IN201306UV02\"/><acknowledgement>",
      parts.ack_code, parts.target, parts.details,
      "</acknowledgement><controlActProcess classCode=\"CACT\" moodCode=\"EVN\">"
      "<code code=\"PRPA_TE201306UV02\" codeSystem=\"2.16.840.1.113883.1.6\"/>",
      subjects, "<queryAck>", parts.query_id, parts.query_response, parts.quantity,
      "</queryAck></controlActProcess></idm:PRPA_IN201306UV02>"));
}

// One person.
inline std::string MatchAnswer(const AnswerParts& parts = {}) {
  return AnswerWith(parts, Subject(parts));
}

// Nobody: AA, NF, 0.
inline std::string NoMatchAnswer() {
  AnswerParts parts;
  parts.query_response = "<queryResponseCode code=\"NF\"/>";
  parts.quantity = "<resultCurrentQuantity value=\"0\"/>";
  return AnswerWith(parts, "");
}

// An acknowledgement other than AA, with one detail.
inline std::string ErrorAnswer(absl::string_view ack, absl::string_view code,
                               absl::string_view text) {
  AnswerParts parts;
  parts.ack_code = absl::StrCat("<typeCode code=\"", ack, "\"/>");
  parts.details = absl::StrCat(
      "<acknowledgementDetail><code codeSystem=\"2.16.840.1.113883.5.1100\" code=\"", code,
      "\" displayName=\"Sample\"/><text>", text, "</text></acknowledgementDetail>");
  parts.query_response = "<queryResponseCode code=\"AE\"/>";
  parts.quantity = "<resultCurrentQuantity value=\"0\"/>";
  return AnswerWith(parts, "");
}

// The same answer to another message.
inline std::string Readdressed(absl::string_view answer, absl::string_view message_id,
                               absl::string_view query_id) {
  return absl::StrReplaceAll(answer, {{kSampleMessageId, message_id}, {kSampleQueryId, query_id}});
}

}  // namespace va::mpi::hl7
