#include "services/mpi-adapter/hl7/add_answer.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/mpi-adapter/hl7/answer_samples.h"

namespace va::mpi::hl7 {
namespace {

std::string Detail(absl::string_view code, absl::string_view name, absl::string_view text) {
  return absl::StrCat("<acknowledgementDetail><code codeSystem=\"2.16.840.1.113883.5.4\" code=\"",
                      code, "\" displayName=\"", name, "\"/><text>", text,
                      "</text></acknowledgementDetail>");
}

// An acknowledgement of our message with these details.
std::string Acknowledged(absl::string_view ack, absl::string_view details = "",
                         absl::string_view target = kSampleMessageId) {
  return absl::StrCat("<acknowledgement><typeCode code=\"", ack,
                      "\"/><targetMessage><id root=\"1\" ", "extension=\"", target,
                      "\"/></targetMessage>", details, "</acknowledgement>");
}

std::string AddAnswerWith(absl::string_view content, absl::string_view root_ns = "urn:any") {
  return SoapEnvelope(absl::StrCat("<idm:MCCI_IN000002UV01 xmlns:idm=\"", root_ns,
                                   "\" xmlns=\"urn:hl7-org:v3\">", content,
                                   "</idm:MCCI_IN000002UV01>"));
}

ChangeAnswer Parse(const std::string& body) { return ParseAddAnswer(body, {kSampleMessageId}); }

void CheckEnds(const ChangeAnswer& answer, Outcome outcome, const std::string& reason) {
  CHECK(std::string(OutcomeName(answer.outcome)) == std::string(OutcomeName(outcome)));
  CHECK(answer.reason == reason);
}

TEST_CASE("ParseAddAnswer: H5 each acknowledgement has its own outcome",
          "[mpi][hl7][rule][attack]") {
  struct Row {
    const char* ack;
    const char* code;
    const char* text;
    Outcome outcome;
    const char* reason;
  };
  const auto row = GENERATE(values<Row>({
      {"AA", "IEN", "", Outcome::kOk, "ACCEPTED"},
      {"AE", "INTERR", "Internal System Error", Outcome::kMpiFailed, "APPLICATION_ERROR"},
      {"AE", "INTERR", "MVI[S]:INVALID REQUEST", Outcome::kInvalidRequest, "INVALID_REQUEST"},
      {"AE", "Key205", "identified as a duplicate", Outcome::kDuplicateKey, "DUPLICATE_KEY"},
      {"AE", "NS260", "Unknown sender", Outcome::kSenderRejected, "UNKNOWN_SENDER"},
      {"AR", "INTERR", "Internal System Error", Outcome::kMpiFailed, "REJECTED"},
      {"AR", "Key205", "identified as a duplicate", Outcome::kMpiFailed, "REJECTED"},
      {"CA", "INTERR", "", Outcome::kUnparseable, "UNKNOWN_ACKNOWLEDGEMENT"},
      {"", "INTERR", "", Outcome::kUnparseable, "NO_ACKNOWLEDGEMENT"},
  }));
  CAPTURE(row.ack, row.code);
  const ChangeAnswer answer =
      Parse(AddAnswerWith(Acknowledged(row.ack, Detail(row.code, "Sample", row.text))));
  CheckEnds(answer, row.outcome, row.reason);
  CHECK(answer.ack_code == row.ack);
  CHECK(answer.detail_code == row.code);
}

TEST_CASE("ParseAddAnswer: H5 no acknowledgement, or two, is no success",
          "[mpi][hl7][rule][attack]") {
  CheckEnds(Parse(AddAnswerWith("")), Outcome::kUnparseable, "NO_ACKNOWLEDGEMENT");
  CheckEnds(Parse(AddAnswerWith(Acknowledged("AA") + Acknowledged("AE"))), Outcome::kUnparseable,
            "NO_ACKNOWLEDGEMENT");
}

TEST_CASE("ParseAddAnswer: H3 the answer to another message proves nothing",
          "[mpi][hl7][rule][attack]") {
  const std::string body = AddAnswerWith(Acknowledged("AA", "", "200VGOV-other"));
  CheckEnds(Parse(body), Outcome::kUnparseable, "OTHER_MESSAGE");
  CheckEnds(Parse(AddAnswerWith("<acknowledgement><typeCode code=\"AA\"/></acknowledgement>")),
            Outcome::kUnparseable, "OTHER_MESSAGE");
  const ChangeAnswer file = ParseAddAnswer(body, {"", false});
  CheckEnds(file, Outcome::kOk, "ACCEPTED");
  CHECK(file.target_message == "200VGOV-other");
}

TEST_CASE("ParseAddAnswer: a code is classified by what it contains, first rule first",
          "[mpi][hl7][rule]") {
  const ChangeCodes codes =
      Parse(AddAnswerWith(Acknowledged(
                "AA", absl::StrCat(
                          Detail("111985523^PI^200BRLS^USVBA", "IEN", ""),
                          Detail("32397028^PI^200CORP^USVBA", "IEN", ""),
                          Detail("abc^PN^200VIDM^USDVA^A", "IEN", ""),
                          Detail("a-b-c^PN^200VLGN^USDVA", "IEN", ""),
                          Detail("2109990001^NI^200DOD^USDOD", "IEN", ""),
                          Detail(kSampleIcn, "ICN", ""), Detail("INTERR", "Sample", ""),
                          "<acknowledgementDetail><text>no code</text></acknowledgementDetail>"))))
          .codes;
  CHECK(codes.birls_id->Reveal() == "111985523");
  CHECK(codes.participant_id->Reveal() == "32397028");
  CHECK(codes.idme_uuid->Reveal() == "abc");
  CHECK(codes.logingov_uuid->Reveal() == "a-b-c");
  CHECK(codes.edipi->Reveal() == "2109990001");
  CHECK(codes.icn->Reveal() == kSampleIcn);
  REQUIRE(codes.other.size() == 1);
  REQUIRE(codes.other[0].size() == 3);
  CHECK(codes.other[0][0].first == "code");
  CHECK(codes.other[0][0].second.Reveal() == "INTERR");
  CHECK(codes.other[0][2].second.Reveal() == "Sample");
}

TEST_CASE("ParseAddAnswer: an EDIPI has ten digits, everything else its first run of them",
          "[mpi][hl7][rule]") {
  const ChangeCodes codes =
      Parse(AddAnswerWith(Acknowledged("AA", Detail("210999^NI^200DOD^USDOD", "IEN", "") +
                                                 Detail("UNK^PI^BRLS^USVBA", "IEN", ""))))
          .codes;
  CHECK_FALSE(codes.edipi.has_value());
  CHECK_FALSE(codes.birls_id.has_value());
  CHECK(codes.other.empty());
}

TEST_CASE("ParseAddAnswer: R11 of two codes that contradict each other neither is told",
          "[mpi][hl7][rule]") {
  struct Row {
    const char* one;
    const char* two;
    const char* name;
  };
  const auto row = GENERATE(values<Row>({
      {"111985523^PI^200BRLS^USVBA", "111985524^PI^200BRLS^USVBA", "IEN"},
      {"32397028^PI^200CORP^USVBA", "32397029^PI^200CORP^USVBA", "IEN"},
      {"aaa^PN^200VIDM^USDVA^A", "bbb^PN^200VIDM^USDVA^A", "IEN"},
      {"aaa^PN^200VLGN^USDVA^A", "bbb^PN^200VLGN^USDVA^A", "IEN"},
      {"1025062341^NI^200DOD^USDOD^A", "1025062342^NI^200DOD^USDOD^A", "IEN"},
      {"1008714701V416111", "1008714702V416112", "ICN"},
  }));
  const auto held = [&row](const std::vector<const char*>& codes) {
    std::string details;
    for (const char* code : codes) details += Detail(code, row.name, "x");
    const ChangeAnswer answer = Parse(AddAnswerWith(Acknowledged("AA", details)));
    CHECK(answer.outcome == Outcome::kOk);
    const ChangeCodes& all = answer.codes;
    return static_cast<int>(all.birls_id.has_value()) +
           static_cast<int>(all.participant_id.has_value()) +
           static_cast<int>(all.idme_uuid.has_value()) +
           static_cast<int>(all.logingov_uuid.has_value()) +
           static_cast<int>(all.edipi.has_value()) + static_cast<int>(all.icn.has_value());
  };
  CAPTURE(row.one);
  CHECK(held({row.one}) == 1);
  CHECK(held({row.one, row.one}) == 1);
  CHECK(held({row.one, row.two}) == 0);
  CHECK(held({row.one, row.two, row.two}) == 0);
}

TEST_CASE("ParseAddAnswer: texts stand once, in order", "[mpi][hl7][rule]") {
  const ChangeAnswer answer = Parse(AddAnswerWith(
      Acknowledged("AE", Detail("INTERR", "x", "one") + Detail("INTERR", "x", "<![CDATA[two]]>") +
                             Detail("INTERR", "x", " one "))));
  REQUIRE(answer.error_texts.size() == 2);
  CHECK(answer.error_texts[0].Reveal() == "one");
  CHECK(answer.error_texts[1].Reveal() == "two");
}

TEST_CASE("ParseAddAnswer: what is no answer to an add is UNPARSEABLE", "[mpi][hl7][bad]") {
  CheckEnds(Parse(MatchAnswer()), Outcome::kUnparseable, "OTHER_INTERACTION");
  CheckEnds(Parse("<html/>"), Outcome::kUnparseable, "NO_ENVELOPE");
  CheckEnds(Parse(""), Outcome::kUnparseable, "XML_EMPTY");
  CheckEnds(Parse(std::string(kMaxAnswerBytes + 1, ' ')), Outcome::kUnparseable, "XML_TOO_LARGE");
  CheckEnds(Parse(SoapEnvelope("<env:Fault/>")), Outcome::kMpiFailed, "SOAP_FAULT");
}

TEST_CASE("ParseAddAnswer: H7 no cut of an acceptance is one", "[mpi][hl7][attack]") {
  const std::string whole = AddAnswerWith(Acknowledged("AA", Detail(kSampleIcn, "ICN", "added")));
  REQUIRE(Parse(whole).outcome == Outcome::kOk);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ChangeAnswer answer = Parse(whole.substr(0, size));
    if (answer.outcome != Outcome::kUnparseable) FAIL("cut at " << size << ": " << answer.reason);
  }
}

TEST_CASE("ParseAddAnswer: H3 H13 only what relates to our message is believed",
          "[mpi][hl7][attack]") {
  const std::string body = AddAnswerWith(Acknowledged("AA"));
  const auto with = [&body](absl::string_view header) {
    return absl::StrReplaceAll(
        body, {{"<env:Header/>", absl::StrCat("<env:Header>", header, "</env:Header>")}});
  };
  const std::string ns = " xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"";
  CheckEnds(
      Parse(with(absl::StrCat("<wsa:RelatesTo", ns, ">", kSampleMessageId, "</wsa:RelatesTo>"))),
      Outcome::kOk, "ACCEPTED");
  CheckEnds(Parse(with(absl::StrCat("<wsa:RelatesTo", ns, ">200VGOV-other</wsa:RelatesTo>"))),
            Outcome::kUnparseable, "OTHER_MESSAGE");
  CheckEnds(Parse(AddAnswerWith(Acknowledged("AR", "", "200VGOV-other"))), Outcome::kUnparseable,
            "OTHER_MESSAGE");
  CheckEnds(Parse(with("<h:H xmlns:h=\"urn:h\" env:mustUnderstand=\"1\"/>")), Outcome::kUnparseable,
            "HEADER_NOT_UNDERSTOOD");
}

TEST_CASE("ParseAddAnswer: H6 document types, towers and includes are refused",
          "[mpi][hl7][attack]") {
  const std::string body = AddAnswerWith(Acknowledged("AA"));
  CheckEnds(Parse("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" + body), Outcome::kUnparseable,
            "XML_DOCTYPE");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (int i = 0; i < 100; ++i) deep += "</a>";
  CheckEnds(Parse(AddAnswerWith(Acknowledged("AA") + deep)), Outcome::kUnparseable, "XML_TOO_DEEP");
  CheckEnds(Parse(AddAnswerWith(Acknowledged(
                "AA", "<i:Include xmlns:i=\"http://www.w3.org/2004/08/xop/include\"/>"))),
            Outcome::kUnparseable, "XOP_INCLUDE");
}

TEST_CASE("ParseAddAnswer: identifiers are no error codes, for logs show those",
          "[mpi][hl7][rule]") {
  const ChangeAnswer answer = Parse(AddAnswerWith(Acknowledged(
      "AA", Detail(kSampleIcn, "ICN", "") + Detail("111985523^PI^200BRLS^USVBA", "IEN", ""))));
  CHECK(answer.detail_code.empty());
  REQUIRE(answer.details.size() == 2);
  CHECK(answer.details[0].code.Reveal() == kSampleIcn);
}

TEST_CASE("ReadAddAnswer: H7 H12 only a 200 with one document in UTF-8 is read",
          "[mpi][hl7][rule]") {
  const std::string body = AddAnswerWith(Acknowledged("AA"));
  const ExpectedEcho expected{kSampleMessageId};
  CheckEnds(ReadAddAnswer({200, "text/xml; charset=\"UTF-8\"", "tx-1", body}, expected),
            Outcome::kOk, "ACCEPTED");
  CheckEnds(ReadAddAnswer({500, "", "", body}, expected), Outcome::kMpiFailed, "HTTP_500");
  CheckEnds(ReadAddAnswer({202, "", "", body}, expected), Outcome::kMpiFailed, "HTTP_202");
  CheckEnds(ReadAddAnswer({200, "text/xml;charset=latin1", "", body}, expected),
            Outcome::kUnparseable, "CHARSET");
  CheckEnds(ReadAddAnswer({200, "multipart/related", "", body}, expected), Outcome::kUnparseable,
            "CONTENT_TYPE");
  CHECK(ReadAddAnswer({200, "", "tx-1", body}, expected).transaction_id == "tx-1");
  CHECK(ReadAddAnswer({200, "", "tx\n1", body}, expected).transaction_id.empty());
}

}  // namespace
}  // namespace va::mpi::hl7
