#include "tests/simulators/mpi/message_samples.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace va::simulators {
namespace {

constexpr char kOrchestration[] =
    R"(<otherIDsScopingOrganization><value extension="VBA" root="2.16.840.1.113883.4.349"/>)"
    R"(<semanticsText>MVI.ORCHESTRATION</semanticsText></otherIDsScopingOrganization>)";

constexpr char kOrganization[] =
    R"(<representedOrganization determinerCode="INSTANCE" classCode="ORG">)"
    R"(<id root="2.16.840.1.113883.4.349" extension="dslogon.1500600700"/>)"
    R"(<code code="2026-01-15 12:00:00"/><desc>vagov</desc><telecom value="192.0.2.1"/>)"
    R"(</representedOrganization>)";

std::string Envelope(absl::string_view interaction, absl::string_view attention,
                     absl::string_view act) {
  return absl::StrCat(
      R"(<?xml version="1.0" encoding="UTF-8"?><env:Envelope )"
      R"(xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" )"
      R"(xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><env:Header/><env:Body>)"
      R"(<idm:)",
      interaction,
      R"( xmlns:idm="http://vaww.oed.oit.va.gov" xmlns="urn:hl7-org:v3" )"
      R"(ITSVersion="XML_1.0"><id root="1.2.840.114350.1.13.0.1.7.1.1" extension=")",
      kSampleMessageId,
      R"("/><creationTime value="20260115120000"/><versionCode code="4.1"/>)"
      R"(<interactionId root="2.16.840.1.113883.1.6" extension=")",
      interaction,
      R"("/><processingCode code="T"/><processingModeCode code="T"/><acceptAckCode code="AL"/>)"
      R"(<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE">)"
      R"(<id root="1.2.840.114350.1.13.999.234" extension="200M"/></device></receiver>)"
      R"(<sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE">)"
      R"(<id root="2.16.840.1.113883.4.349" extension="200VGOV"/></device></sender>)",
      attention, R"(<controlActProcess classCode="CACT" moodCode="EVN">)", act,
      "</controlActProcess></idm:", interaction, "></env:Body></env:Envelope>");
}

std::string Enterer(absl::string_view root, absl::string_view id, absl::string_view given,
                    absl::string_view organization) {
  return absl::StrCat(R"(<dataEnterer typeCode="ENT" contextControlCode="AP"><assignedPerson )"
                      R"(classCode="ASSIGNED"><id root=")",
                      root, "\" extension=\"", id,
                      R"("/><assignedPerson classCode="PSN" determinerCode="INSTANCE"><name>)"
                      R"(<given>)",
                      given, "</given><family>Testwell</family></name></assignedPerson>",
                      organization, "</assignedPerson></dataEnterer>");
}

std::string ByTraits(absl::string_view ssn, absl::string_view organization) {
  return FindMessage(
      Enterer("2.16.840.1.113883.777.999", ssn, "ZEBULON", organization),
      absl::StrCat(R"(<livingSubjectBirthTime><value value="19510409"/><semanticsText>Date of )"
                   R"(Birth</semanticsText></livingSubjectBirthTime><livingSubjectId><value )"
                   R"(root="2.16.840.1.113883.4.1" extension=")",
                   ssn,
                   R"("/><semanticsText>SSN</semanticsText></livingSubjectId><livingSubjectName>)"
                   R"(<value use="L"><given>ZEBULON</given><family>Testwell</family></value>)"
                   R"(<semanticsText>Legal Name</semanticsText></livingSubjectName>)",
                   kOrchestration));
}

// registrationEvent of all three changes; what differs is passed in.
std::string Registration(absl::string_view event_id, absl::string_view patient_id,
                         absl::string_view person) {
  return absl::StrCat(
      R"(<subject typeCode="SUBJ"><registrationEvent classCode="REG" moodCode="EVN">)"
      R"(<id nullFlavor=")",
      event_id,
      R"("/><statusCode code="active"/><subject1 typeCode="SBJ"><patient classCode="PAT">)",
      patient_id, R"(<statusCode code="active"/><patientPerson>)", person,
      R"(</patientPerson><providerOrganization determinerCode="INSTANCE" classCode="ORG">)"
      R"(<id root="2.16.840.1.113883.3.933"/><name>Good Health Clinic</name>)"
      R"(<contactParty classCode="CON"><telecom value="3425558394"/></contactParty>)"
      R"(</providerOrganization></patient></subject1><custodian typeCode="CST">)"
      R"(<assignedEntity classCode="ASSIGNED"><id root="2.16.840.1.113883.3.933"/>)"
      R"(<assignedOrganization determinerCode="INSTANCE" classCode="ORG">)"
      R"(<name>Good Health Clinic</name></assignedOrganization></assignedEntity></custodian>)"
      R"(</registrationEvent></subject>)");
}

std::string Scoped(absl::string_view kind, absl::string_view root, absl::string_view id,
                   absl::string_view scope_name = "") {
  return absl::StrCat(
      "<asOtherIDs classCode=\"", kind, "\"><id root=\"", root, "\" extension=\"", id,
      R"("/><scopingOrganization determinerCode="INSTANCE" classCode="ORG"><id root=")", root,
      "\"/>", scope_name, "</scopingOrganization></asOtherIDs>");
}

constexpr char kVaOid[] = "2.16.840.1.113883.4.349";
constexpr char kSsnOid[] = "2.16.840.1.113883.4.1";

std::string PatientId(absl::string_view icn) {
  return absl::StrCat("<id root=\"", kVaOid, "\" extension=\"", icn, "^NI^200M^USVHA^P\"/>");
}

std::string Name(absl::string_view given, absl::string_view family) {
  return absl::StrCat("<name use=\"L\"><given>", given, "</given><family>", family,
                      "</family></name><birthTime value=\"19510409\"/>");
}

constexpr char kTelecom[] = R"(<telecom use="H" value="zebulon@example.com"/>)";
constexpr char kAddr[] =
    R"(<addr use="HP"><streetAddressLine>1 New Street</streetAddressLine><city>Newtown</city>)"
    R"(<state>NE</state><postalCode>68999</postalCode><country>USA</country></addr>)";

}  // namespace

testing::Persona SamplePersona(testing::MpiOutcome outcome) {
  testing::PersonaMpiRecord record;
  record.icn = kSampleIcn;
  record.icns = {"1000000001V000001"};
  record.names = {{"L", "", {"Zebulon", "Quincy"}, "Testwell", ""}};
  record.gender = "M";
  record.birth_date = "19510409";
  record.ssn = kSampleSsn;
  record.ids = {"aa11^PN^200VIDM^USDVA^A", "1500600700^NI^200DOD^USDOD^A", "7001^PI^516^USVHA^A",
                "66000001^PI^200MH^USVHA^A"};
  testing::PersonaRelationship relationship;
  relationship.role = "DEL";
  relationship.status = "ACTIVE";
  relationship.expires = "20270101";
  relationship.holder.icn = "1019900499V557199";
  record.relationships = {relationship};
  testing::Persona persona;
  persona.id = "somebody";
  persona.mpi.outcome = outcome;
  persona.mpi.person = record;
  return persona;
}

std::string MessageIdNo(int number) {
  return absl::StrFormat("200VGOV-5f0c8a52-0f0e-4a9e-9d3b-%012d", number);
}

std::string FindMessage(absl::string_view data_enterer, absl::string_view parameters) {
  return Envelope(
      "PRPA_IN201305UV02", "",
      absl::StrCat(R"(<code code="PRPA_TE201305UV02" codeSystem="2.16.840.1.113883.1.6"/>)",
                   data_enterer,
                   R"(<queryByParameter><queryId root="1.2.840.114350.1.13.28.1.18.5.999" )"
                   R"(extension="q1"/><statusCode code="new"/><modifyCode code="MVI.COMP1.RMS"/>)"
                   R"(<initialQuantity value="1"/><responseElementGroupId extension="PV" )"
                   R"(root="2.16.840.1.113883.4.349"/><parameterList>)",
                   parameters, "</parameterList></queryByParameter>"));
}

std::string FindById(absl::string_view extension, absl::string_view root) {
  return FindMessage("", absl::StrCat("<id root=\"", root, "\" extension=\"", extension, "\"/>"));
}

std::string FindByEdipi() {
  return FindMessage("", absl::StrCat("<id root=\"2.16.840.1.113883.3.42.10001.100001.12\" "
                                      "extension=\"1500600700\"/>",
                                      kOrchestration));
}

std::string FindByTraits(absl::string_view ssn) { return ByTraits(ssn, ""); }

std::string OrchestratedSearch() { return ByTraits(kSampleSsn, kOrganization); }

std::string AddMessage(const SampleAdd& add) {
  const std::string message = Envelope(
      "PRPA_IN201301UV02", "",
      Registration("UNK", "<id nullFlavor=\"UNK\"/>",
                   absl::StrCat(Name(add.given, add.family), kTelecom, kAddr, "<id root=\"", kVaOid,
                                "\" extension=\"", add.credential, "\"/>",
                                add.ssn.empty() ? "" : Scoped("SSN", kSsnOid, add.ssn),
                                Scoped("PAT", kVaOid, add.credential))));
  return absl::StrReplaceAll(message, {{kSampleMessageId, add.message_id}});
}

std::string ProxyMessage(absl::string_view token, absl::string_view icn) {
  return Envelope(
      "PRPA_IN201301UV02",
      absl::StrCat("<attentionLine><keyWordText>Search.Token</keyWordText>"
                   "<value xsi:type=\"ST\">",
                   token, "</value></attentionLine>"),
      absl::StrCat(
          Enterer(kVaOid, absl::StrCat(icn, "^NI^200M^USVHA^P"), "Zebulon", kOrganization),
          Registration("NA", PatientId(icn),
                       absl::StrCat(Name("Zebulon", "Testwell"), Scoped("SSN", kSsnOid, kSampleSsn),
                                    Scoped("PAT", kVaOid, "PROXY_ADD^PI^200VBA^USVBA",
                                           "<name>MVI.ORCHESTRATION</name>")))));
}

std::string UpdateMessage(absl::string_view credential, absl::string_view icn) {
  return Envelope("PRPA_IN201302UV02", "",
                  Registration("NA", PatientId(icn),
                               absl::StrCat(Name("Zebulon", "Testwell"), kAddr, "<id root=\"",
                                            kVaOid, "\" extension=\"", credential, "\"/>", kTelecom,
                                            Scoped("SSN", kSsnOid, kSampleSsn),
                                            Scoped("PAT", kVaOid, credential))));
}

std::string WithIds(std::string message, int number) {
  return absl::StrReplaceAll(message,
                             {{kSampleMessageId, MessageIdNo(number)},
                              {"extension=\"q1\"", absl::StrCat("extension=\"q", number, "00\"")}});
}

http::Request SampleRequest(std::string body) {
  http::Request request;
  request.method = "POST";
  request.path = "/mpi";
  const char* action = "PRPA_IN201305UV02";
  for (const char* other : {"PRPA_IN201301UV02", "PRPA_IN201302UV02"}) {
    if (absl::StrContains(body, absl::StrCat("<idm:", other))) action = other;
  }
  request.headers = {{"Accept", "text/xml;charset=UTF-8"},
                     {"Content-Type", "text/xml;charset=UTF-8"},
                     {"User-Agent", "Vets.gov Agent"},
                     {"soapaction", action},
                     {"Date", "Thu, 15 Jan 2026 12:00:00 GMT"}};
  request.body = std::move(body);
  return request;
}

}  // namespace va::simulators
