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
    parts.quantity += "<resultTotalQuantity value=\"2\"/>";
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

TEST_CASE("ParseFindAnswer: H4 a permanent ICN is a whole one", "[mpi][hl7][attack]") {
  const std::string icn = GENERATE(values<std::string>(
      {"1019900417", "1019900417V55712", "1019900417V5571220", "1019900417v557122", "V557122",
       "1019900417V55712X", "101990041755712", "x"}));
  CAPTURE(icn);
  AnswerParts parts;
  parts.ids = Id(icn + "^NI^200M^USVHA^P");
  CheckRefused(ParseFindAnswer(MatchAnswer(parts), ByTraitsOfZebulon()), Outcome::kUnparseable,
               "MALFORMED_ICN");
}

TEST_CASE("ParseFindAnswer: an ICN of seventeen digits is one", "[mpi][hl7][rule]") {
  AnswerParts parts;
  parts.ids = Id("10199004175571229^NI^200M^USVHA^P");
  CHECK(ParseFindAnswer(MatchAnswer(parts), ByTraitsOfZebulon()).outcome == Outcome::kOk);
}

TEST_CASE("ParseFindAnswer: a score under MPI's own threshold is flagged, not refused",
          "[mpi][hl7][rule]") {
  struct Row {
    const char* score;
    bool below;
  };
  const auto row = GENERATE(values<Row>(
      {{"130", true}, {"131", false}, {"158", false}, {"-5", true}, {"", false}, {"many", false}}));
  CAPTURE(row.score);
  AnswerParts parts;
  parts.after_person =
      absl::StrCat("<subjectOf1><queryMatchObservation><code code=\"IHE_PDQ\"/><value value=\"",
                   row.score, "\"/></queryMatchObservation></subjectOf1>");
  const Answer answer = Parse(MatchAnswer(parts));
  CHECK(answer.outcome == Outcome::kOk);
  CHECK(answer.below_threshold == row.below);
  // Without a threshold nothing lies under it.
  parts.details = "";
  CHECK_FALSE(Parse(MatchAnswer(parts)).below_threshold);
}

TEST_CASE("ParseFindAnswer: the count and every detail of the acknowledgement are kept",
          "[mpi][hl7][rule]") {
  const Answer answer = Parse(MatchAnswer());
  CHECK(answer.result_count == 1);
  REQUIRE(answer.details.size() == 2);
  CHECK(answer.details[0].code.Reveal() == "131");
  CHECK(answer.details[0].code_system == "MVI");
  CHECK(answer.details[0].name.Reveal() == "IMT");
  CHECK(answer.details[0].text.Reveal() == "Identity Match Threshold");
  CHECK(answer.detail_code.empty());
  CHECK(Parse(NoMatchAnswer()).result_count == 0);
  AnswerParts parts;
  parts.quantity = "";
  CHECK_FALSE(Parse(MatchAnswer(parts)).result_count.has_value());
  parts.quantity = "<resultCurrentQuantity value=\"3\"/>";
  CHECK(Parse(MatchAnswer(parts)).result_count == 3);
  parts.details =
      "<acknowledgementDetail><text>alone</text></acknowledgementDetail><acknowledgementDetail/>"
      "<acknowledgementDetail><code codeSystem=\"1.2.3\" code=\"X\"/></acknowledgementDetail>";
  const Answer sparse = Parse(MatchAnswer(parts));
  REQUIRE(sparse.details.size() == 2);
  CHECK(sparse.details[0].text.Reveal() == "alone");
  CHECK(sparse.details[1].code_system == "1.2.3");
  CHECK(sparse.detail_code == "X");
}

TEST_CASE("ParseFindAnswer: an identifier among the details is no error code, logs show those",
          "[mpi][hl7][rule]") {
  for (const char* code : {"1019900417V557122", "987001234", "2109990001",
                           "111985523^PI^200BRLS^USVBA", "10199004175571229"}) {
    CAPTURE(code);
    CHECK(Parse(ErrorAnswer("AE", code, "x")).detail_code.empty());
  }
  CHECK(Parse(ErrorAnswer("AE", "132", "x")).detail_code == "132");
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

TEST_CASE(
    "ParseFindAnswer: H3 an ICN that was unlinked from a person, or mismatched, is not theirs",
    "[mpi][hl7][attack]") {
  const std::string status = GENERATE("U", "M");
  AnswerParts parts;
  parts.ids += Id("1000000001V000001^NI^200M^USVHA^" + status);
  CheckRefused(ParseFindAnswer(MatchAnswer(parts), ByIcn("1000000001V000001")),
               Outcome::kUnparseable, "OTHER_PERSON");
}

Answer AskedBy(IdentifierType type, const char* uuid, const std::string& shown) {
  AnswerParts parts;
  parts.ids += shown;
  Expected expected = ByIcn();
  expected.question = ByIdentifier{type, identity::CspId::FromWire(uuid)};
  return ParseFindAnswer(MatchAnswer(parts), expected);
}

TEST_CASE(
    "ParseFindAnswer: H3 who is shown with other credentials than the one asked by is another",
    "[mpi][hl7][attack]") {
  const std::string idme = Id("c4b2aa11aa0e4f1d9d01000000000001^PN^200VIDM^USDVA^A");
  const std::string other = Id("3b1dd7c5cbd0461b9d5d5bd6a2e6a3ff^PN^200VIDM^USDVA^A");
  const std::string logingov = Id("aa478abc-e494-4af1-9f87-d002f8fe1cda^PN^200VLGN^USDVA^A");
  const char* asked = "C4B2AA11-AA0E-4F1D-9D01-000000000001";
  CheckRefused(AskedBy(IdentifierType::kIdme, asked, other), Outcome::kUnparseable, "OTHER_PERSON");
  CheckRefused(AskedBy(IdentifierType::kLogingov, "bb478abc-e494-4af1-9f87-d002f8fe1cda", logingov),
               Outcome::kUnparseable, "OTHER_PERSON");
  // One among several, in MPI's spelling; another provider's says nothing, and neither does none.
  CHECK(AskedBy(IdentifierType::kIdme, asked, other + idme).outcome == Outcome::kOk);
  CHECK(AskedBy(IdentifierType::kIdme, asked, logingov).outcome == Outcome::kOk);
  CHECK(AskedBy(IdentifierType::kLogingov, "aa478abce4944af19f87d002f8fe1cda", logingov).outcome ==
        Outcome::kOk);
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

TEST_CASE("ParseFindAnswer: H7 no cut of an answer is an answer", "[mpi][hl7][attack]") {
  for (const std::string& whole :
       {MatchAnswer(), NoMatchAnswer(), ErrorAnswer("AE", "INTERR", "Multiple Matches Found")}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Answer answer = Parse(whole.substr(0, size));
      if (answer.outcome == Outcome::kUnparseable && !answer.profile) continue;
      FAIL("cut at " << size << ": " << answer.reason);
    }
  }
}

TEST_CASE("ReadFindAnswer: H7 what HTTP says of a body comes before what is in it",
          "[mpi][hl7][attack]") {
  struct Row {
    int status;
    const char* content_type;
    Outcome outcome;
    const char* reason;
  };
  const auto row = GENERATE(values<Row>({
      {200, "text/xml", Outcome::kOk, "MATCH"},
      {200, "TEXT/XML ; charset=\"utf-8\"", Outcome::kOk, "MATCH"},
      {200, "application/soap+xml;charset=UTF-8", Outcome::kOk, "MATCH"},
      {200, "text/html;charset=UTF-8", Outcome::kUnparseable, "CONTENT_TYPE"},
      {200, "application/json", Outcome::kUnparseable, "CONTENT_TYPE"},
      {200, "application/xhtml+xml", Outcome::kUnparseable, "CONTENT_TYPE"},
      {200, "text/xml;charset=ISO-8859-1", Outcome::kUnparseable, "CHARSET"},
      {200, "text/xml;charset=", Outcome::kUnparseable, "CHARSET"},
      {200, "text/xml;charset=utf-8;charset=utf-7", Outcome::kOk, "MATCH"},
      {500, "text/xml", Outcome::kMpiFailed, "HTTP_500"},
      {502, "text/html", Outcome::kMpiFailed, "HTTP_502"},
      {204, "", Outcome::kMpiFailed, "HTTP_204"},
      {302, "text/xml", Outcome::kMpiFailed, "HTTP_302"},
      {0, "text/xml", Outcome::kMpiFailed, "HTTP_0"},
  }));
  CAPTURE(row.status, row.content_type);
  const Answer answer = ReadFindAnswer({row.status, row.content_type, "", MatchAnswer()}, ByIcn());
  CHECK(std::string(OutcomeName(answer.outcome)) == std::string(OutcomeName(row.outcome)));
  CHECK(answer.reason == row.reason);
  CHECK(answer.profile.has_value() == (row.outcome == Outcome::kOk));
}

TEST_CASE("ParseFindAnswer: H12 what stands for bytes elsewhere is refused, nothing is fetched",
          "[mpi][hl7][attack]") {
  AnswerParts parts;
  const std::string include =
      "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" "
      "href=\"file:///etc/passwd\"/>";
  SECTION("in a name") {
    parts.names = absl::StrCat("<name use=\"L\"><family>", include, "</family></name>");
  }
  SECTION("anywhere else") { parts.after_subject1 = include; }
  SECTION("beside the message") { parts.details += include; }
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "XOP_INCLUDE");
}

TEST_CASE("ReadFindAnswer: H12 parts and attachments are not read", "[mpi][hl7][attack]") {
  const std::string part = absl::StrCat(
      "--b\r\nContent-Type: application/xop+xml\r\n\r\n", MatchAnswer(),
      "\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-ID: <a>\r\n\r\nx\r\n--b--\r\n");
  for (const char* type :
       {"multipart/related; boundary=b; type=\"application/xop+xml\"; start-info=\"text/xml\"",
        "multipart/mixed;boundary=b", "application/xop+xml", "message/rfc822"}) {
    CAPTURE(type);
    CheckRefused(ReadFindAnswer({200, type, "", part}, ByIcn()), Outcome::kUnparseable,
                 "CONTENT_TYPE");
  }
  // Without its type it is no XML either.
  CheckRefused(ReadFindAnswer({200, "", "", part}, ByIcn()), Outcome::kUnparseable,
               "XML_NOT_WELL_FORMED");
}

std::string WithHeader(absl::string_view answer, absl::string_view header) {
  return absl::StrReplaceAll(
      answer, {{"<env:Header/>", absl::StrCat("<env:Header>", header, "</env:Header>")}});
}

// A header of WS-Security with a time stamp of 2001 and the signature of nobody.
std::string SecurityHeader(absl::string_view attributes) {
  return absl::StrCat(
      "<wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/"
      "oasis-200401-wss-wssecurity-secext-1.0.xsd\" xmlns:wsu=\"http://docs.oasis-open.org/wss/"
      "2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" ",
      attributes,
      "><wsu:Timestamp><wsu:Created>2001-01-01T00:00:00Z</wsu:Created><wsu:Expires>"
      "2001-01-01T00:05:00Z</wsu:Expires></wsu:Timestamp></wsse:Security>");
}

TEST_CASE("ParseFindAnswer: H12 a replayed WS-Security header grants nothing",
          "[mpi][hl7][attack]") {
  // What counts is the connection and the echo of our message: with both the header is idle,
  const std::string old = WithHeader(MatchAnswer(), SecurityHeader(""));
  CHECK(Parse(old).outcome == Outcome::kOk);
  // without the echo it does not help.
  CheckRefused(Parse(Readdressed(old, "200VGOV-another", kSampleQueryId)), Outcome::kUnparseable,
               "OTHER_MESSAGE");
}

TEST_CASE("ParseFindAnswer: H12 a header that must be understood and is not ends it",
          "[mpi][hl7][attack]") {
  for (const char* value : {"1", "true", "", "yes"}) {
    CAPTURE(value);
    const std::string must = absl::StrCat("env:mustUnderstand=\"", value, "\"");
    CheckRefused(Parse(WithHeader(MatchAnswer(), SecurityHeader(must))), Outcome::kUnparseable,
                 "HEADER_NOT_UNDERSTOOD");
  }
  for (const char* value : {"0", "false"}) {
    CAPTURE(value);
    const std::string may = absl::StrCat("env:mustUnderstand=\"", value, "\"");
    CHECK(Parse(WithHeader(MatchAnswer(), SecurityHeader(may))).outcome == Outcome::kOk);
  }
}

std::string Relates(absl::string_view id,
                    absl::string_view ns = "http://www.w3.org/2005/08/addressing") {
  return absl::StrCat("<wsa:RelatesTo xmlns:wsa=\"", ns, "\">", id, "</wsa:RelatesTo>");
}

TEST_CASE("ParseFindAnswer: H13 RelatesTo, where it stands, names our message",
          "[mpi][hl7][attack]") {
  const std::string ns2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
  CHECK(Parse(WithHeader(MatchAnswer(), Relates(kSampleMessageId))).outcome == Outcome::kOk);
  CHECK(Parse(WithHeader(MatchAnswer(), Relates(absl::StrCat("\n ", kSampleMessageId, " "))))
            .outcome == Outcome::kOk);
  CHECK(Parse(WithHeader(MatchAnswer(), Relates(kSampleMessageId, ns2004))).outcome ==
        Outcome::kOk);
  for (const std::string& header :
       {Relates("200VGOV-00000000-0000-4000-8000-000000000000"), Relates(""),
        Relates("urn:uuid:5f0c8a52-0f0e-4a9e-9d3b-6b1f2d1c7e01"), Relates("other", ns2004),
        Relates(kSampleMessageId) + Relates("other"),
        Relates("other") + Relates(kSampleMessageId)}) {
    CAPTURE(header);
    CheckRefused(Parse(WithHeader(MatchAnswer(), header)), Outcome::kUnparseable, "OTHER_MESSAGE");
    // Nor does it make a failure one of ours.
    CheckRefused(Parse(WithHeader(SoapEnvelope("<env:Fault/>"), header)), Outcome::kUnparseable,
                 "OTHER_MESSAGE");
  }
}

TEST_CASE("ParseFindAnswer: H13 a ReplyTo is read by nobody, whatever it demands",
          "[mpi][hl7][attack]") {
  const std::string reply =
      "<wsa:ReplyTo xmlns:wsa=\"http://www.w3.org/2005/08/addressing\" env:mustUnderstand=\"1\">"
      "<wsa:Address>http://elsewhere.example/collect</wsa:Address></wsa:ReplyTo>";
  const Answer answer = Parse(WithHeader(MatchAnswer(), reply));
  CHECK(answer.outcome == Outcome::kOk);
  CheckRefused(
      Parse(WithHeader(Readdressed(MatchAnswer(), "200VGOV-another", kSampleQueryId), reply)),
      Outcome::kUnparseable, "OTHER_MESSAGE");
}

TEST_CASE("ParseFindAnswer: H6 entities, includes and instructions bring nothing in",
          "[mpi][hl7][attack]") {
  // Entities that nobody declared,
  AnswerParts parts;
  parts.names = "<name use=\"L\"><family>&passwd;</family></name>";
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "XML_NOT_WELL_FORMED");
  // a billion of them,
  std::string laughs = "<!DOCTYPE l [<!ENTITY l0 \"ha\">";
  for (int i = 1; i < 30; ++i) {
    absl::StrAppend(&laughs, "<!ENTITY l", i, " \"&l", i - 1, ";&l", i - 1, ";\">");
  }
  CheckRefused(Parse(laughs + "]>" + MatchAnswer()), Outcome::kUnparseable, "XML_DOCTYPE");
  // a document type between the elements,
  const std::string within = absl::StrReplaceAll(
      MatchAnswer(), {{"<env:Header/>", "<!DOCTYPE x SYSTEM \"http://elsewhere.example/x\">"}});
  CheckRefused(Parse(within), Outcome::kUnparseable, "XML_DOCTYPE");
  // XInclude, which is an element like any other to us,
  parts.names =
      "<name use=\"L\"><family><xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" "
      "href=\"file:///etc/passwd\" parse=\"text\"/></family></name>";
  CHECK(ProfileOf(parts).names.at(0).family.empty());
  // and a style sheet.
  const Answer styled =
      Parse("<?xml-stylesheet href=\"http://elsewhere.example/x.xsl\" type=\"text/xsl\"?>" +
            MatchAnswer());
  CHECK(styled.outcome == Outcome::kOk);
}

TEST_CASE("ParseFindAnswer: H6 two mebibytes are read, one byte more is not",
          "[mpi][hl7][attack]") {
  const std::string answer = MatchAnswer();
  const std::string filled = answer + std::string(kMaxAnswerBytes - answer.size(), ' ');
  CHECK(Parse(filled).outcome == Outcome::kOk);
  CheckRefused(Parse(filled + " "), Outcome::kUnparseable, "XML_TOO_LARGE");
}

TEST_CASE("ParseFindAnswer: H6 an attribute, an element or a namespace too many is refused",
          "[mpi][hl7][attack]") {
  AnswerParts parts;
  parts.names = "<name use=\"L\"";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&parts.names, " a", i, "=\"\"");
  parts.names += "/>";
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "XML_TOO_MANY_NODES");
  // A tower just too high, and one that is high enough for anything.
  const auto tower = [](int levels) {
    std::string xml;
    for (int i = 0; i < levels; ++i) xml += "<a>";
    for (int i = 0; i < levels; ++i) xml += "</a>";
    return xml;
  };
  parts = AnswerParts();
  parts.after_subject1 = tower(64);
  CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "XML_TOO_DEEP");
  parts.after_subject1 = tower(40);
  CHECK(Parse(MatchAnswer(parts)).outcome == Outcome::kOk);
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

TEST_CASE("ReadProfile: H8 the SSN is one by its class or by its root, and a whole one wins",
          "[mpi][hl7][attack]") {
  const auto other = [](const char* class_code, const char* root, const char* extension) {
    return absl::StrCat("<asOtherIDs classCode=\"", class_code, "\">", Id(extension, root),
                        "</asOtherIDs>");
  };
  const char* ssn = "2.16.840.1.113883.4.1";
  AnswerParts parts;
  SECTION("by its class") {
    parts.person = other("PAS", "1.2.3", "X1") + other("SSN", "1.2.3", "987001234");
    CHECK(ProfileOf(parts).ssn->Reveal() == "987001234");
  }
  SECTION("a TIN is none even alone") {
    parts.person = other("TIN", ssn, "912345678");
    CHECK_FALSE(ProfileOf(parts).ssn.has_value());
  }
  SECTION("half a number gives way") {
    parts.person = other("SSN", ssn, "98700") + other("SSN", ssn, "987-00-1234");
    CHECK(ProfileOf(parts).ssn->Reveal() == "987-00-1234");
    CHECK_FALSE(ProfileOf(parts).ssn_in_first_other_id);
  }
  SECTION("of two whole ones the first") {
    parts.person = other("SSN", ssn, "987001234") + other("SSN", ssn, "987001235");
    CHECK(ProfileOf(parts).ssn->Reveal() == "987001234");
  }
  SECTION("half a number alone stays, so that it agrees with nobody's") {
    parts.person = other("SSN", ssn, "98700");
    CHECK(ProfileOf(parts).ssn->Reveal() == "98700");
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

TEST_CASE("ReadProfile: H4 an identifier without a root is nobody's", "[mpi][hl7][attack]") {
  for (const char* root : {"", "root=\"\"", "root=\" \"", "rooot=\"2.16.840.1.113883.4.349\""}) {
    CAPTURE(root);
    AnswerParts parts;
    parts.ids = absl::StrCat("<id ", root, " extension=\"1019900417V557122^NI^200M^USVHA^P\"/>");
    CheckRefused(Parse(MatchAnswer(parts)), Outcome::kUnparseable, "NO_PERMANENT_ICN");
    parts.ids += Id("1019900417V557122^NI^200M^USVHA^P") +
                 absl::StrCat("<id ", root, " extension=\"1500600700^NI^200DOD^USDOD^A\"/>");
    const Profile profile = ProfileOf(parts);
    CHECK_FALSE(profile.ids.edipi().has_value());
    CHECK(profile.ids.malformed() == 2);
    CHECK(profile.id_extensions.size() == 3);
  }
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

TEST_CASE("ReadProfile: the scheme of a telecom tells a telephone from an e-mail address",
          "[mpi][hl7][rule]") {
  struct Row {
    const char* value;
    const char* scheme;
  };
  const auto row = GENERATE(values<Row>({{"tel:+1-202-555-0101", "tel"},
                                         {"TEL:5550101", "tel"},
                                         {"mailto:zeb@example.test", "mailto"},
                                         {"fax:5550101", "fax"},
                                         {"x-text-tel+1.0:5", "x-text-tel+1.0"},
                                         {"5550100 x1", ""},
                                         {"555:0100", ""},
                                         {":5550100", ""},
                                         {"at work: 5550100", ""},
                                         {"zeb@example.test", ""}}));
  CAPTURE(row.value);
  AnswerParts parts;
  parts.before_person = absl::StrCat("<telecom value=\"", row.value, "\" use=\"H\"/>");
  CHECK(ProfileOf(parts).telecoms.at(0).scheme == row.scheme);
  CHECK(ProfileOf(parts).telecoms.at(0).value.Reveal() == row.value);
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
