#include "services/mpi-adapter/hl7/find_answer.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "services/mpi-adapter/hl7/constants.h"

#include <rapidcheck.h>

namespace va::mpi::hl7 {
namespace {

Expected ByIcn(const char* icn = kSampleIcn) {
  return {kSampleMessageId, kSampleQueryId,
          ByIdentifier{IdentifierType::kIcn, identity::CspId::FromWire(icn)}};
}

Expected ByTraitsOfZebulon() { return {kSampleMessageId, kSampleQueryId, ByTraits{}}; }

Answer Parse(const std::string& body) { return ParseFindAnswer(body, ByIcn()); }

Profile ProfileOf(const AnswerParts& parts) {
  Answer answer = Parse(MatchAnswer(parts));
  CAPTURE(answer.reason);
  REQUIRE(answer.outcome == Outcome::kOk);
  REQUIRE(answer.profile.has_value());
  return *std::move(answer.profile);
}

std::string Id(absl::string_view extension, absl::string_view root = identity::kVaRoot) {
  return absl::StrCat("<id root=\"", root, "\" extension=\"", extension, "\"/>");
}

void CheckRefused(const Answer& answer, Outcome outcome, const std::string& reason) {
  CHECK(std::string(OutcomeName(answer.outcome)) == std::string(OutcomeName(outcome)));
  CHECK(answer.reason == reason);
  CHECK_FALSE(answer.profile.has_value());
}

// ---- outcomes ----

TEST_CASE("ParseFindAnswer: AA, OK and one person with a permanent ICN is OK", "[mpi][hl7][rule]") {
  const Answer answer = Parse(MatchAnswer());
  CHECK(answer.outcome == Outcome::kOk);
  CHECK(answer.reason == "MATCH");
  CHECK(answer.message_id == kSampleMessageId);
  CHECK(answer.ack_code == "AA");
  CHECK(answer.query_response == "OK");
  CHECK(answer.match_score == 158);
  CHECK(answer.identity_match_threshold == 131);
  CHECK(answer.potential_duplicate_threshold == 117);
  REQUIRE(answer.profile.has_value());
  CHECK(answer.profile->ids.icn()->Reveal() == kSampleIcn);
}

TEST_CASE("ParseFindAnswer: AA with NF is NO_MATCH and keeps the thresholds", "[mpi][hl7][rule]") {
  const Answer answer = Parse(NoMatchAnswer());
  CheckRefused(answer, Outcome::kNoMatch, "NO_RESULT");
  CHECK(answer.query_response == "NF");
  CHECK(answer.identity_match_threshold == 131);
}

TEST_CASE("ParseFindAnswer: OK with a count of 0 is NO_MATCH", "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.quantity = "<resultCurrentQuantity value=\"0\"/>";
  CheckRefused(Parse(AnswerWith(parts, "")), Outcome::kNoMatch, "NO_RESULT");
}

TEST_CASE("ParseFindAnswer: H5 each error acknowledgement has its own outcome",
          "[mpi][hl7][rule][attack]") {
  struct Row {
    const char* ack;
    const char* code;
    const char* text;
    Outcome outcome;
    const char* reason;
  };
  const Row row = GENERATE(values<Row>({
      {"AE", "INTERR", "Multiple Matches Found", Outcome::kMultipleMatches, "MULTIPLE_MATCHES"},
      {"AE", "INTERR", "MVI[S]:INVALID REQUEST", Outcome::kInvalidRequest, "INVALID_REQUEST"},
      {"AE", "NS260", "Invalid Registration", Outcome::kSenderRejected, "UNKNOWN_SENDER"},
      {"AE", "Key205", "identified as a duplicate", Outcome::kDuplicateKey, "DUPLICATE_KEY"},
      {"AE", "INTERR", "Internal System Error", Outcome::kMpiFailed, "APPLICATION_ERROR"},
      {"AE", "WHO-KNOWS", "never seen", Outcome::kMpiFailed, "APPLICATION_ERROR"},
      {"AR", "INTERR", "Environment Database Error", Outcome::kMpiFailed, "REJECTED"},
      {"AR", "INTERR", "Multiple Matches Found", Outcome::kMpiFailed, "REJECTED_MULTIPLE_MATCHES"},
      {"AA", "INTERR", "Multiple Matches Found", Outcome::kMultipleMatches, "MULTIPLE_MATCHES"},
      {"CA", "INTERR", "accepted", Outcome::kUnparseable, "UNKNOWN_ACKNOWLEDGEMENT"},
      {"", "INTERR", "", Outcome::kUnparseable, "UNKNOWN_ACKNOWLEDGEMENT"},
  }));
  CAPTURE(row.ack, row.code, row.text);
  const Answer answer = Parse(ErrorAnswer(row.ack, row.code, row.text));
  CheckRefused(answer, row.outcome, row.reason);
  CHECK(answer.detail_code == row.code);
  CHECK(answer.query_response == "AE");
}

TEST_CASE("ParseFindAnswer: a text in CDATA with layout around it is the same text",
          "[mpi][hl7][rule]") {
  CheckRefused(Parse(ErrorAnswer("AE", "INTERR", "\n  <![CDATA[Multiple Matches Found]]>\n ")),
               Outcome::kMultipleMatches, "MULTIPLE_MATCHES");
}

TEST_CASE("ParseFindAnswer: H5 an error acknowledgement yields no profile even with one inside",
          "[mpi][hl7][attack]") {
  const std::string ack = GENERATE(values<std::string>({"AE", "AR", "CE", "XX"}));
  AnswerParts parts;
  parts.ack_code = absl::StrCat("<typeCode code=\"", ack, "\"/>");
  const Answer answer = Parse(MatchAnswer(parts));
  CHECK(answer.outcome != Outcome::kOk);
  CHECK_FALSE(answer.profile.has_value());
}

TEST_CASE("ParseFindAnswer: H5 no acknowledgement, or two, is UNPARSEABLE", "[mpi][hl7][attack]") {
  AnswerParts parts;
  parts.ack_code = "";
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "UNKNOWN_ACKNOWLEDGEMENT");
  parts.ack_code = "<typeCode code=\"AA\"/><typeCode code=\"AE\"/>";
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "UNKNOWN_ACKNOWLEDGEMENT");
  const std::string no_ack = absl::StrReplaceAll(
      MatchAnswer(), {{"<acknowledgement>", "<ack>"}, {"</acknowledgement>", "</ack>"}});
  CheckRefused(Parse(no_ack), Outcome::kUnparseable, "NO_ACKNOWLEDGEMENT");
  const std::string two = absl::StrReplaceAll(
      MatchAnswer(), {{"<controlActProcess", "<acknowledgement/><controlActProcess"}});
  CheckRefused(Parse(two), Outcome::kUnparseable, "NO_ACKNOWLEDGEMENT");
}

TEST_CASE("ParseFindAnswer: AA without a query acknowledgement is UNPARSEABLE",
          "[mpi][hl7][rule]") {
  const std::string no_query_ack =
      absl::StrReplaceAll(MatchAnswer(), {{"<queryAck>", "<other>"}, {"</queryAck>", "</other>"}});
  CheckRefused(Parse(no_query_ack), Outcome::kUnparseable, "NO_QUERY_ACK");
  const std::string no_control_act = absl::StrReplaceAll(
      MatchAnswer(), {{"<controlActProcess ", "<other "}, {"</controlActProcess>", "</other>"}});
  CheckRefused(Parse(no_control_act), Outcome::kUnparseable, "NO_CONTROL_ACT");
}

TEST_CASE("ParseFindAnswer: the query response decides under AA, and only known ones do",
          "[mpi][hl7][rule]") {
  struct Row {
    const char* response;
    Outcome outcome;
    const char* reason;
  };
  const Row row = GENERATE(values<Row>({
      {"<queryResponseCode code=\"QE\"/>", Outcome::kInvalidRequest, "QUERY_ERROR"},
      {"<queryResponseCode code=\"AE\"/>", Outcome::kMpiFailed, "APPLICATION_ERROR"},
      {"<queryResponseCode code=\"NF\"/>", Outcome::kUnparseable, "COUNT_MISMATCH"},
      {"<queryResponseCode code=\"XX\"/>", Outcome::kUnparseable, "UNKNOWN_QUERY_RESPONSE"},
      {"", Outcome::kUnparseable, "UNKNOWN_QUERY_RESPONSE"},
  }));
  CAPTURE(row.response);
  AnswerParts parts;
  parts.query_response = row.response;
  CheckRefused(Parse(MatchAnswer(parts)), row.outcome, row.reason);
}

TEST_CASE("ParseFindAnswer: H4 more than one of anything is MULTIPLE_MATCHES, never the first",
          "[mpi][hl7][attack]") {
  AnswerParts parts;
  SECTION("a count above one") {
    parts.quantity = "<resultCurrentQuantity value=\"2\"/>";
    CheckRefused(Parse(MatchAnswer(parts)), Outcome::kMultipleMatches, "SEVERAL_RESULTS");
  }
  SECTION("a total above one") {
    parts.quantity += "<resultTotalQuantity value=\"7\"/>";
    CheckRefused(Parse(MatchAnswer(parts)), Outcome::kMultipleMatches, "SEVERAL_RESULTS");
  }
  SECTION("results that remain") {
    parts.quantity += "<resultRemainingQuantity value=\"1\"/>";
    CheckRefused(Parse(MatchAnswer(parts)), Outcome::kMultipleMatches, "SEVERAL_RESULTS");
  }
  SECTION("two subjects under a count of one") {
    CheckRefused(Parse(AnswerWith(parts, Subject(parts) + Subject(parts))),
                 Outcome::kMultipleMatches, "SEVERAL_RESULTS");
  }
  SECTION("two patients in one subject") {
    const std::string patient = Patient(parts);
    const std::string body =
        absl::StrReplaceAll(MatchAnswer(parts), {{patient, patient + patient}});
    CheckRefused(Parse(body), Outcome::kMultipleMatches, "SEVERAL_RESULTS");
  }
}

TEST_CASE("ParseFindAnswer: counts that contradict or are no numbers are UNPARSEABLE",
          "[mpi][hl7][rule]") {
  AnswerParts parts;
  for (const char* value : {"", "x", "-1", "99999999999999999999", "1.0"}) {
    CAPTURE(value);
    parts.quantity = absl::StrCat("<resultCurrentQuantity value=\"", value, "\"/>");
    CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "BAD_COUNT");
  }
  parts.quantity = "<resultCurrentQuantity value=\"0\"/>";
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "COUNT_MISMATCH");
  parts.quantity = "<resultCurrentQuantity value=\"1\"/>";
  CheckRefused(Parse(AnswerWith(parts, "")), Outcome::kUnparseable, "NO_SUBJECT");
  parts.quantity = "";
  CheckRefused(Parse(AnswerWith(parts, "")), Outcome::kUnparseable, "NO_SUBJECT");
  CHECK(Parse(MatchAnswer(parts)).outcome == Outcome::kOk);
}

TEST_CASE("ParseFindAnswer: H5 a subject without a patient or a person is UNPARSEABLE",
          "[mpi][hl7][attack]") {
  const std::string no_patient =
      absl::StrReplaceAll(MatchAnswer(), {{"<patient ", "<nobody "}, {"</patient>", "</nobody>"}});
  CheckRefused(Parse(no_patient), Outcome::kUnparseable, "NO_PATIENT");
  const std::string no_person = absl::StrReplaceAll(
      MatchAnswer(), {{"<patientPerson>", "<nobody>"}, {"</patientPerson>", "</nobody>"}});
  CheckRefused(Parse(no_person), Outcome::kUnparseable, "NO_PERSON");
}

TEST_CASE("ParseFindAnswer: H4 OK needs a permanent ICN", "[mpi][hl7][attack]") {
  AnswerParts parts;
  const std::string ids = GENERATE(values<std::string>(
      {"", "<id nullFlavor=\"UNK\"/>",
       "<id root=\"2.16.840.1.113883.4.349\" extension=\"1019900417V557122^NI^200M^USVHA^D\"/>",
       "<id root=\"2.16.840.1.113883.4.349\" extension=\"1019900417V557122\"/>",
       R"(<id root="2.16.840.1.113883.4.349" extension="x&#10;1019900417V557122^NI^200M^USVHA^P"/>)"}));
  CAPTURE(ids);
  parts.ids = ids;
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "NO_PERMANENT_ICN");
}

TEST_CASE("ParseFindAnswer: a caller may ask for a person without identifiers", "[mpi][hl7]") {
  AnswerParts parts;
  parts.ids = "";
  Expected expected = ByTraitsOfZebulon();
  expected.require_permanent_icn = false;
  CHECK(ParseFindAnswer(MatchAnswer(parts), expected).outcome == Outcome::kOk);
}

// ---- tied to our question ----

TEST_CASE("ParseFindAnswer: H3 an answer to another message is refused, error or not",
          "[mpi][hl7][attack]") {
  const std::string other = "200VGOV-00000000-0000-4000-8000-000000000000";
  for (const std::string& body :
       {MatchAnswer(), NoMatchAnswer(), ErrorAnswer("AE", "INTERR", "Multiple Matches Found"),
        ErrorAnswer("AR", "INTERR", "down")}) {
    CheckRefused(Parse(Readdressed(body, other, kSampleQueryId)), Outcome::kUnparseable,
                 "OTHER_MESSAGE");
  }
}

TEST_CASE("ParseFindAnswer: H3 no echo, or two, is no echo", "[mpi][hl7][attack]") {
  AnswerParts parts;
  const std::string target = parts.target;
  parts.target = "";
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "OTHER_MESSAGE");
  parts.target = target + target;
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "OTHER_MESSAGE");
}

TEST_CASE("ParseFindAnswer: H3 an answer to another query is refused", "[mpi][hl7][attack]") {
  CheckRefused(Parse(Readdressed(MatchAnswer(), kSampleMessageId, "18204")), Outcome::kUnparseable,
               "OTHER_QUERY");
  AnswerParts parts;
  parts.query_id = "";
  CHECK(Parse(MatchAnswer(parts)).outcome == Outcome::kOk);
}

TEST_CASE("ParseFindAnswer: H3 another ICN than the one asked for is another person",
          "[mpi][hl7][attack]") {
  CheckRefused(ParseFindAnswer(MatchAnswer(), ByIcn("1000000001V000001")), Outcome::kUnparseable,
               "OTHER_PERSON");
}

TEST_CASE("ParseFindAnswer: a retired ICN finds the person who carries it now",
          "[mpi][hl7][rule]") {
  AnswerParts parts;
  SECTION("as a row of another status") { parts.ids += Id("1000000001V000001^NI^200M^USVHA^D"); }
  SECTION("as a replaced registration") {
    parts.after_subject1 = absl::StrCat("<replacementOf typeCode=\"RPLC\"><priorRegistration>",
                                        Id("1000000001V000001^NI^200M^USVHA^D"),
                                        "</priorRegistration></replacementOf>");
  }
  const Answer answer = ParseFindAnswer(MatchAnswer(parts), ByIcn("1000000001V000001"));
  REQUIRE(answer.outcome == Outcome::kOk);
  CHECK(answer.profile->ids.icn()->Reveal() == kSampleIcn);
}

TEST_CASE("ParseFindAnswer: H3 another SSN is reported, not hidden: Admit has a code for it",
          "[mpi][hl7][attack]") {
  Expected expected = ByTraitsOfZebulon();
  std::get<ByTraits>(expected.question.by).ssn = identity::Ssn::FromWire("900000001");
  const Answer answer = ParseFindAnswer(MatchAnswer(), expected);
  REQUIRE(answer.outcome == Outcome::kOk);
  CHECK(answer.profile->ssn->Reveal() == "987001234");
}

// ---- bytes ----

TEST_CASE("ParseFindAnswer: H7 what is no answer at all is UNPARSEABLE", "[mpi][hl7][attack]") {
  struct Row {
    std::string body;
    const char* reason;
  };
  const std::string match = MatchAnswer();
  const Row row = GENERATE_COPY(values<Row>({
      {"", "XML_EMPTY"},
      {"<html><body>It works!</body></html>", "NO_ENVELOPE"},
      {"<!DOCTYPE html><html></html>", "XML_DOCTYPE"},
      {match.substr(0, match.size() / 2), "XML_NOT_WELL_FORMED"},
      {match.substr(0, match.size() - 1), "XML_NOT_WELL_FORMED"},
      {match + "x", "XML_NOT_WELL_FORMED"},
      {SoapEnvelope(""), "NO_ENVELOPE"},
      {SoapEnvelope("<a/><b/>"), "NO_ENVELOPE"},
      {SoapEnvelope("<MCCI_IN000002UV01 xmlns=\"urn:hl7-org:v3\"/>"), "OTHER_INTERACTION"},
      {SoapEnvelope("<PRPA_IN201306UV02 xmlns=\"urn:other\"/>"), "NO_ACKNOWLEDGEMENT"},
      {SoapEnvelope("<PRPA_IN201306UV02 xmlns=\"urn:hl7-org:v3\"/>"), "NO_ACKNOWLEDGEMENT"},
  }));
  CAPTURE(row.reason);
  CheckRefused(Parse(row.body), Outcome::kUnparseable, row.reason);
}

TEST_CASE("ParseFindAnswer: H7 a SOAP fault is MPI_FAILED in either SOAP version",
          "[mpi][hl7][attack]") {
  const std::string fault = SoapEnvelope(
      "<env:Fault><faultcode>env:Server</faultcode><faultstring>no</faultstring></env:Fault>");
  CheckRefused(Parse(fault), Outcome::kMpiFailed, "SOAP_FAULT");
  const std::string fault12 =
      absl::StrReplaceAll(fault, {{std::string(kSoapNs), std::string(kSoap12Ns)}});
  CheckRefused(Parse(fault12), Outcome::kMpiFailed, "SOAP_FAULT");
}

TEST_CASE("ParseFindAnswer: H6 document types, giants and towers stop at the parser",
          "[mpi][hl7][attack]") {
  const std::string entity =
      "<!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>" + MatchAnswer();
  CheckRefused(Parse(entity), Outcome::kUnparseable, "XML_DOCTYPE");
  const std::string external = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" + MatchAnswer();
  CheckRefused(Parse(external), Outcome::kUnparseable, "XML_DOCTYPE");
  CheckRefused(Parse(std::string(kMaxAnswerBytes + 1, ' ')), Outcome::kUnparseable,
               "XML_TOO_LARGE");
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<a>";
  for (int i = 0; i < 5000; ++i) deep += "</a>";
  CheckRefused(Parse(SoapEnvelope(deep)), Outcome::kUnparseable, "XML_TOO_DEEP");
  std::string wide;
  for (int i = 0; i < 50000; ++i) wide += "<a/>";
  CheckRefused(Parse(SoapEnvelope(wide)), Outcome::kUnparseable, "XML_TOO_MANY_NODES");
}

TEST_CASE("ParseFindAnswer: H6 other encodings are not guessed", "[mpi][hl7][attack]") {
  const Answer declared = Parse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + MatchAnswer());
  CHECK(declared.outcome == Outcome::kUnparseable);
  CHECK(Parse(std::string("\xFF\xFE<\0e\0", 6)).outcome == Outcome::kUnparseable);
  CHECK(Parse("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + MatchAnswer()).outcome ==
        Outcome::kOk);
}

TEST_CASE("ParseFindAnswer: H12 an include is text, nothing is fetched", "[mpi][hl7][attack]") {
  AnswerParts parts;
  parts.names =
      "<name use=\"L\"><family><xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" "
      "href=\"file:///etc/passwd\"/></family></name>";
  CHECK(ProfileOf(parts).names.at(0).family.empty());
}

TEST_CASE("ParseFindAnswer: both spellings of the namespace are read (M2)", "[mpi][hl7][rule]") {
  const std::string respelt =
      absl::StrReplaceAll(MatchAnswer(), {{std::string(kHl7Ns), std::string(kHl7NsU2010)},
                                          {std::string(kXsiNs), std::string(kXsiNsU2010)}});
  CHECK(respelt != MatchAnswer());
  CHECK(Parse(respelt).outcome == Outcome::kOk);
}

TEST_CASE("ParseFindAnswer: the root counts by its name, MPI's environments spell its namespace",
          "[mpi][hl7][rule]") {
  const std::string elsewhere =
      absl::StrReplaceAll(MatchAnswer(), {{std::string(kIdmNs), "http://mpi.example.org"}});
  CHECK(elsewhere != MatchAnswer());
  CHECK(Parse(elsewhere).outcome == Outcome::kOk);
}

TEST_CASE("ParseFindAnswer: elements of another namespace are not HL7", "[mpi][hl7][attack]") {
  const std::string foreign = absl::StrReplaceAll(
      MatchAnswer(), {{"<acknowledgement>", "<acknowledgement xmlns=\"urn:other:v3\">"}});
  CheckRefused(Parse(foreign), Outcome::kUnparseable, "NO_ACKNOWLEDGEMENT");
}

TEST_CASE("ParseFindAnswer: codes that are no plain codes are not repeated", "[mpi][hl7]") {
  const Answer answer = Parse(ErrorAnswer("AE", "987-00-1234 Zebulon", "x"));
  CHECK(answer.outcome == Outcome::kMpiFailed);
  CHECK(answer.detail_code.empty());
}

TEST_CASE("ParseFindAnswer: no cut and no flipped byte of a good answer gets past the classes",
          "[mpi][hl7][prop]") {
  const std::string good = MatchAnswer();
  CHECK(rc::check([&good] {
    std::string bytes = good;
    const auto at = *rc::gen::inRange<size_t>(0, bytes.size());
    if (*rc::gen::arbitrary<bool>()) {
      bytes.resize(at);
    } else {
      bytes[at] = *rc::gen::arbitrary<char>();
    }
    const Answer answer = ParseFindAnswer(bytes, ByIcn());
    RC_ASSERT((answer.outcome == Outcome::kOk) == answer.profile.has_value());
    if (answer.profile) RC_ASSERT(answer.profile->ids.icn().has_value());
  }));
}

// ---- the person ----

TEST_CASE("ReadProfile: names are raw, in order, of every use", "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.names =
      "<name use=\"ASGN\"><family>McTEST</family></name>"
      "<name use=\"L\"><prefix>DR</prefix><given>ZEB\xC3\x89</given><given>O'QUINCY</given>"
      "<family>de la TESTWELL</family><suffix>III</suffix></name>"
      "<name use=\"P\"><given>Zeb</given></name>";
  const Profile profile = ProfileOf(parts);
  REQUIRE(profile.names.size() == 3);
  const Name* legal = LegalName(profile);
  REQUIRE(legal == &profile.names[1]);
  REQUIRE(legal->given.size() == 2);
  CHECK(legal->given[0].Reveal() == "ZEB\xC3\x89");
  CHECK(legal->given[1].Reveal() == "O'QUINCY");
  CHECK(legal->family.Reveal() == "de la TESTWELL");
  CHECK(legal->prefix.Reveal() == "DR");
  CHECK(legal->suffix.Reveal() == "III");
  CHECK(profile.names[2].use == "P");
}

TEST_CASE("ReadProfile: H8 missing or empty name parts void nothing else", "[mpi][hl7][attack]") {
  AnswerParts parts;
  SECTION("no name at all") {
    parts.names = "";
    CHECK(ProfileOf(parts).names.empty());
  }
  SECTION("an empty given") {
    parts.names =
        "<name use=\"L\"><given/><given> </given><given>A</given><family>B</family></name>";
    const Name name = ProfileOf(parts).names.at(0);
    REQUIRE(name.given.size() == 1);
    CHECK(name.given[0].Reveal() == "A");
    CHECK(name.family.Reveal() == "B");
  }
  SECTION("only a family name") {
    parts.names = "<name use=\"L\"><family>B</family></name>";
    CHECK(ProfileOf(parts).names.at(0).given.empty());
  }
  SECTION("an empty name") {
    parts.names = "<name/>";
    CHECK(ProfileOf(parts).names.at(0).use.empty());
  }
}

TEST_CASE("ReadProfile: hostile names come through as text", "[mpi][hl7][attack]") {
  AnswerParts parts;
  parts.names =
      "<name use=\"L\"><given>&lt;b&gt; &amp; ]]&gt;</given><family><![CDATA[<O'Q> "
      "\xF0\x9F\x8E\x96]]>"
      "</family></name>";
  const Name name = ProfileOf(parts).names.at(0);
  CHECK(name.given.at(0).Reveal() == "<b> & ]]>");
  CHECK(name.family.Reveal() == "<O'Q> \xF0\x9F\x8E\x96");
}

TEST_CASE("ReadProfile: H8 a partial birth date is kept as received", "[mpi][hl7][attack]") {
  AnswerParts parts;
  parts.person = "<birthTime value=\"195104\"/>";
  const Profile profile = ProfileOf(parts);
  CHECK(profile.birth_date.Reveal() == "195104");
  CHECK_FALSE(profile.birth_date.IsWellFormed());
  CHECK_FALSE(profile.ssn.has_value());
  CHECK(profile.gender.empty());
}

TEST_CASE("ReadProfile: a deceased date is seen, whatever its form (R7)", "[mpi][hl7][rule]") {
  AnswerParts parts;
  for (const char* value : {"20210704", "2021", "20210704123000-0500", "UNKNOWN"}) {
    CAPTURE(value);
    parts.person = absl::StrCat("<deceasedTime value=\"", value, "\"/>");
    REQUIRE(ProfileOf(parts).deceased_date.has_value());
    CHECK(ProfileOf(parts).deceased_date->Reveal() == value);
  }
  parts.person = "<deceasedTime nullFlavor=\"NI\"/>";
  CHECK_FALSE(ProfileOf(parts).deceased_date.has_value());
}

TEST_CASE("ReadProfile: only ID_THEFT^TRUE is the theft flag (R7)", "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.before_person = "<confidentialityCode code=\"ID_THEFT^FALSE\"/>";
  CHECK_FALSE(ProfileOf(parts).id_theft);
  parts.before_person +=
      "<confidentialityCode code=\"OTHER^TRUE\"/><confidentialityCode code=\"ID_THEFT^TRUE\"/>";
  CHECK(ProfileOf(parts).id_theft);
}

TEST_CASE("ReadProfile: the SSN comes from any asOtherIDs under the SSN root, never from a TIN",
          "[mpi][hl7][rule]") {
  const std::string root = std::string(kSsnRoot);
  const std::string ssn =
      absl::StrCat("<asOtherIDs classCode=\"SSN\">", Id("987001234", root), "</asOtherIDs>");
  AnswerParts parts;
  SECTION("behind others") {
    parts.person = absl::StrCat("<asOtherIDs classCode=\"CIT\">", Id("X1", "1.2.3"),
                                "</asOtherIDs><asOtherIDs classCode=\"TIN\">",
                                Id("912345678", root), "</asOtherIDs>", ssn);
    CHECK(ProfileOf(parts).ssn->Reveal() == "987001234");
    CHECK_FALSE(ProfileOf(parts).ssn_in_first_other_id);
  }
  SECTION("without a class code") {
    parts.person = absl::StrCat("<asOtherIDs>", Id("987001234", root), "</asOtherIDs>");
    CHECK(ProfileOf(parts).ssn->Reveal() == "987001234");
    CHECK(ProfileOf(parts).ssn_in_first_other_id);
  }
  SECTION("an empty or scoping id is none") {
    parts.person =
        absl::StrCat("<asOtherIDs classCode=\"SSN\">", Id("", root), "<scopingOrganization>",
                     Id("987001234", root), "</scopingOrganization></asOtherIDs>");
    CHECK_FALSE(ProfileOf(parts).ssn.has_value());
  }
  SECTION("H4 a match without SSN is still a match; Admit decides") {
    parts.person = "";
    CHECK_FALSE(ProfileOf(parts).ssn.has_value());
  }
}

TEST_CASE("ReadProfile: H4 identifiers keep type, facility, authority, status and root",
          "[mpi][hl7][attack]") {
  AnswerParts parts;
  parts.ids += Id("1500600700^NI^200DOD^USDOD^A", identity::kDodRoot) +
               Id("44556677^PI^200MH^USVHA^A") + Id("44556678^PI^200MHV^USVHA^D") +
               Id("77^PI^516^USVHA^PCE") + Id("88^PI^668^USVHA^C") + Id("not an identifier");
  const identity::GcIds ids = ProfileOf(parts).ids;
  REQUIRE(ids.rows().size() == 6);
  CHECK(ids.malformed() == 1);
  CHECK(ids.edipi()->Reveal() == "1500600700");
  CHECK(ids.mhv_ids().size() == 2);
  CHECK(ids.active_mhv_ids().size() == 1);
  CHECK(ids.rows()[4].status == "PCE");
  CHECK(ids.cerner_facility_ids() == std::vector<std::string>{"668"});
}

TEST_CASE("ReadProfile: two permanent ICNs are both kept, in order (R10)", "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.ids += Id("1000000009V000009^NI^200M^USVHA^P");
  const Profile profile = ProfileOf(parts);
  CHECK(profile.ids.icn()->Reveal() == kSampleIcn);
  CHECK(profile.ids.permanent_icns().size() == 2);
}

TEST_CASE("ReadProfile: addresses keep every line; the place of birth is no address",
          "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.person =
      "<addr use=\"PHYS\"><streetAddressLine>1 Nowhere Rd</streetAddressLine>"
      "<streetAddressLine>Apt 9</streetAddressLine><city>Testville</city><state>ZZ</state>"
      "<postalCode>00001</postalCode><country>USA</country></addr><addr use=\"HP\"/>"
      "<birthPlace><addr><city>ELSEWHERE</city></addr></birthPlace>";
  const Profile profile = ProfileOf(parts);
  REQUIRE(profile.addresses.size() == 2);
  const Address& address = profile.addresses[0];
  REQUIRE(address.street.size() == 2);
  CHECK(address.street[1].Reveal() == "Apt 9");
  CHECK(address.city.Reveal() == "Testville");
  CHECK(address.postal_code.Reveal() == "00001");
  CHECK(address.use == "PHYS");
}

TEST_CASE("ReadProfile: telecoms of patient and person are kept raw with their use",
          "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.before_person = "<telecom value=\"5550100 x1\" use=\"HP\"/>";
  parts.person = "<telecom value=\"mailto:zeb@example.test\" use=\"H\"/><telecom use=\"WP\"/>";
  const Profile profile = ProfileOf(parts);
  REQUIRE(profile.telecoms.size() == 2);
  CHECK(profile.telecoms[0].value.Reveal() == "5550100 x1");
  CHECK(profile.telecoms[1].value.Reveal() == "mailto:zeb@example.test");
  CHECK(profile.telecoms[1].use == "H");
}

TEST_CASE("ReadProfile: person types are split on the tilde; other observations are none",
          "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.after_person =
      "<subjectOf2><administrativeObservation><code code=\"OTHER\"/><value code=\"XYZ\"/>"
      "</administrativeObservation></subjectOf2><subjectOf3><administrativeObservation>"
      "<code code=\"PERSON_TYPE\"/><value code=\"DEP~VET\"/></administrativeObservation>"
      "</subjectOf3>";
  CHECK(ProfileOf(parts).person_types == std::vector<std::string>{"DEP", "VET"});
}

TEST_CASE("ReadProfile: H8 a relative's data never becomes the person's", "[mpi][hl7][attack]") {
  AnswerParts parts;
  parts.person = absl::StrCat(
      "<personalRelationship><code code=\"DEL\"/><telecom value=\"mailto:rel@example.test\"/>"
      "<relationshipHolder1>",
      Id("1000000001V000001^NI^200M^USVHA^P"),
      "<name use=\"L\"><family>RELATIVE</family></name><deceasedTime value=\"20200101\"/>"
      "<asOtherIDs classCode=\"SSN\">",
      Id("900000009", kSsnRoot), "</asOtherIDs></relationshipHolder1></personalRelationship>");
  const Profile profile = ProfileOf(parts);
  CHECK(profile.names.size() == 1);
  CHECK(profile.ids.permanent_icns().size() == 1);
  CHECK(profile.telecoms.empty());
  CHECK_FALSE(profile.ssn.has_value());
  CHECK_FALSE(profile.deceased_date.has_value());
}

TEST_CASE("ReadProfile: retired ICNs come from the registrations that were replaced",
          "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.after_subject1 =
      absl::StrCat("<replacementOf><priorRegistration>", Id("1000000001V000001^NI^200M^USVHA^D"),
                   "</priorRegistration></replacementOf><replacementOf><priorRegistration>",
                   Id("1000000002V000002^NI^200M^USVHA^P"), Id("77^PI^516^USVHA^A"),
                   "</priorRegistration></replacementOf>");
  const Profile profile = ProfileOf(parts);
  REQUIRE(profile.historical_icns.size() == 2);
  CHECK(profile.historical_icns[0].Reveal() == "1000000001V000001");
}

// ---- what HTTP brought ----

TEST_CASE("ReadFindAnswer: only a 200 in UTF-8 is read", "[mpi][hl7][rule]") {
  const std::string body = MatchAnswer();
  CHECK(ReadFindAnswer({200, "text/xml;charset=UTF-8", "tx-1", body}, ByIcn()).outcome ==
        Outcome::kOk);
  CHECK(ReadFindAnswer({200, "", "tx-1", body}, ByIcn()).transaction_id == "tx-1");
  CHECK(ReadFindAnswer({200, "", "tx\r\n1", body}, ByIcn()).transaction_id.empty());
  CheckRefused(ReadFindAnswer({503, "", "", body}, ByIcn()), Outcome::kMpiFailed, "HTTP_503");
  CheckRefused(ReadFindAnswer({200, "text/xml;charset=utf-16", "", body}, ByIcn()),
               Outcome::kUnparseable, "CHARSET");
}

TEST_CASE("ParseFindAnswer: an operator's file answers nothing we asked", "[mpi][hl7][rule]") {
  Expected expected = ByTraitsOfZebulon();
  expected.message_id.clear();
  CheckRefused(ParseFindAnswer(MatchAnswer(), expected), Outcome::kUnparseable, "OTHER_MESSAGE");
  expected.require_echo = false;
  const Answer answer = ParseFindAnswer(MatchAnswer(), expected);
  CHECK(answer.outcome == Outcome::kOk);
  CHECK(answer.target_message == kSampleMessageId);
}

TEST_CASE("ParseFindAnswer: the search token, every extension and the texts are kept",
          "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.ids = Id("1019900417V557122^NI^200M^USVHA^P") + Id("odd");
  const Profile profile = ProfileOf(parts);
  CHECK(profile.search_token == "WSDOC1");
  REQUIRE(profile.id_extensions.size() == 2);
  CHECK(profile.id_extensions[1].Reveal() == "odd");
  const Answer answer = Parse(MatchAnswer());
  REQUIRE(answer.error_texts.size() == 2);
  CHECK(answer.error_texts[0].Reveal() == "Identity Match Threshold");
}

TEST_CASE("ParseFindAnswer: a relationship keeps role, status, dates and scope",
          "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.person +=
      "<personalRelationship><code code=\"DEL\" displayName=\"Proxy\"/><translation code=\"PRS\"/>"
      "<telecom value=\"tel:5550100\"/><statusCode code=\"ACTIVE\"/><effectiveTime "
      "value=\"20240105\"/><relationshipHolder1><id root=\"2.16.840.1.113883.4.349\" "
      "extension=\"1019900777V557177^NI^200M^USVHA^P\"/><name use=\"L\"><given>DELIA</given>"
      "<family>TESTWELL</family></name><asOtherIDs classCode=\"EXP\"><id extension=\"20270105\"/>"
      "</asOtherIDs><asOtherIDs classCode=\"PREF\"><id extension=\"FULL\"/></asOtherIDs>"
      "</relationshipHolder1></personalRelationship><personalRelationship/>";
  const Profile profile = ProfileOf(parts);
  REQUIRE(profile.relationships.size() == 1);
  const Relationship& one = profile.relationships.front();
  CHECK(one.role == "DEL");
  CHECK(one.role_name == "Proxy");
  CHECK(one.translation == "PRS");
  CHECK(one.status == "ACTIVE");
  CHECK(one.effective == "20240105");
  CHECK(one.expires == "20270105");
  CHECK(one.preference == "FULL");
  CHECK(one.person.ids.icn()->Reveal() == "1019900777V557177");
  CHECK(LegalName(one.person)->family.Reveal() == "TESTWELL");
  CHECK(one.person.telecoms.front().value.Reveal() == "tel:5550100");
  // The delegate's identifiers are never the person's own.
  CHECK(profile.ids.icn()->Reveal() == kSampleIcn);
}

}  // namespace
}  // namespace va::mpi::hl7
