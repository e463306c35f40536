// The profile's rules: each row is a response that the IdP really signed and that differs from an
// accepted one in a single part.
#include "services/auth-gateway/saml/response_validator.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>

#include "lib/base/encoding.h"
#include "services/auth-gateway/saml/response_for_test.h"
#include "services/auth-gateway/saml/saml_time.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of this folder's tests

struct Row {
  const char* name;
  std::function<void(ResponseParts&)> change;
  const char* outcome;
};

void CheckRows(const std::vector<Row>& rows, const ExpectedResponse& expected = Expected()) {
  REQUIRE(Outcome(ResponseParts(), expected) == "ACCEPTED");
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ResponseParts parts;
    row.change(parts);
    CHECK(Outcome(parts, expected) == row.outcome);
  }
}

// Replaces text in one part.
std::function<void(ResponseParts&)> In(std::string ResponseParts::*part, const std::string& from,
                                       const std::string& to) {
  return [=](ResponseParts& parts) { parts.*part = Replaced(parts.*part, from, to); };
}
std::function<void(ResponseParts&)> Set(std::string ResponseParts::*part, const std::string& to) {
  return [=](ResponseParts& parts) { parts.*part = to; };
}

using R = ResponseParts;

std::string At(absl::Duration from_now) { return FormatSamlTime(Now() + from_now); }

}  // namespace

TEST_CASE("ValidateResponse: says what the assertion says", "[gateway][saml]") {
  const absl::StatusOr<VerifiedAssertion> verified =
      ValidateResponse(base::Base64Encode(Render(ResponseParts())), Expected());
  REQUIRE(verified.ok());
  CHECK(verified->assertion_id == "_assertion");
  CHECK(verified->issuer == kIdp);
  CHECK(verified->name_id == "alice");
  CHECK(verified->name_id_format == "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified");
  CHECK(verified->session_index == "session-1");
  CHECK(verified->authn_context == kLoa3Context);
  CHECK(verified->authn_instant == Now() - absl::Seconds(30));
  // The end of the confirmation and the skew in which it would still be taken.
  CHECK(verified->not_on_or_after == Now() + absl::Minutes(6));
  REQUIRE(verified->attributes.size() == 2);
  CHECK(verified->attributes[0].first == "va_eauth_csid");
  CHECK(verified->attributes[0].second == std::vector<std::string>{"idme"});
  CHECK(verified->attributes[1].second == std::vector<std::string>{"ALICE"});
}

TEST_CASE("ValidateResponse: several values of one attribute stay several", "[gateway][saml]") {
  ResponseParts parts;
  parts.attributes +=
      "<saml:Attribute Name=\"many\"><saml:AttributeValue>a</saml:AttributeValue>"
      "<saml:AttributeValue/><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute>"
      "<saml:Attribute Name=\"none\"/>";
  const absl::StatusOr<VerifiedAssertion> verified = ValidateResponseXml(Render(parts), Expected());
  REQUIRE(verified.ok());
  CHECK(verified->attributes[2].second == std::vector<std::string>{"a", "", "b"});
  CHECK(verified->attributes[3].second.empty());
}

TEST_CASE("ValidateResponse: the replay record outlives every way to present the assertion again",
          "[gateway][saml]") {
  ResponseParts parts;
  parts.confirmation += Replaced(parts.confirmation, "12:05:00Z", "12:04:00Z");
  parts.conditions = Replaced(parts.conditions, "12:05:00Z", "12:30:00Z");
  CHECK(ValidateResponseXml(Render(parts), Expected())->not_on_or_after ==
        Now() + absl::Minutes(6));
  parts.conditions = Replaced(parts.conditions, "12:30:00Z", "12:02:00Z");
  CHECK(ValidateResponseXml(Render(parts), Expected())->not_on_or_after ==
        Now() + absl::Minutes(3));
}

TEST_CASE("ValidateResponse: S78 S80 the form field is base64 with white space and nothing else",
          "[gateway][saml]") {
  const std::string xml = Render(ResponseParts());
  const std::string field = base::Base64Encode(xml);
  const auto outcome = [](const std::string& value) {
    const absl::StatusOr<VerifiedAssertion> verified = ValidateResponse(value, Expected());
    return verified.ok() ? std::string("ACCEPTED")
                         : std::string(ToString(*RejectOf(verified.status())));
  };
  CHECK(outcome(field) == "ACCEPTED");
  std::string wrapped;
  for (size_t i = 0; i < field.size(); i += 76) wrapped += field.substr(i, 76) + "\r\n";
  CHECK(outcome(wrapped) == "ACCEPTED");
  CHECK(outcome(" \t" + field + "\n") == "ACCEPTED");
  CHECK(outcome("") == "BLANK_RESPONSE");
  CHECK(outcome(" \r\n") == "BLANK_RESPONSE");
  CHECK(outcome(field + "!") == "BAD_BASE64");
  CHECK(outcome("-" + field.substr(1)) == "BAD_BASE64");
  CHECK(outcome("_" + field.substr(1)) == "BAD_BASE64");
  CHECK(outcome(field.substr(0, field.size() - 1)) == "BAD_BASE64");
  CHECK(outcome(field + "=") == "BAD_BASE64");
  CHECK(outcome(field + "====") == "BAD_BASE64");
  CHECK(outcome(field + std::string(1, '\0')) == "BAD_BASE64");
  CHECK(outcome(field + "\v") == "BAD_BASE64");
  CHECK(outcome(xml) == "BAD_BASE64");
  CHECK(outcome(std::string(600 * 1024, 'A')) == "XML_TOO_LARGE");
  // Raw deflate of "<samlp:Response/>", as the redirect binding would carry it.
  CHECK(outcome("sylOzM0psApKLS7IzytO1bcDAA==") == "XML_ENCODING");
}

TEST_CASE("ValidateResponse: S60 S70 S71 the parser's refusals keep their reason",
          "[gateway][saml]") {
  const std::string good = Render(ResponseParts());
  CHECK(Outcome("<!DOCTYPE x>" + good) == "XML_DOCTYPE");
  CHECK(Outcome("<!DOCTYPE x [<!ATTLIST x ID CDATA \"_1\">]>" + good) == "XML_DOCTYPE");
  CHECK(Outcome("<?xml version=\"1.0\" encoding=\"UTF-16\"?>" + good) == "XML_ENCODING");
  CHECK(Outcome(good + "\xff") == "XML_ENCODING");
  CHECK(Outcome(good + good) == "XML_NOT_WELL_FORMED");
  CHECK(Outcome(good + "junk") == "XML_NOT_WELL_FORMED");
  CHECK(Outcome("") == "BLANK_RESPONSE");
  CHECK(Outcome(Replaced(good, ">alice<", ">&alice;<")) == "XML_NOT_WELL_FORMED");
  CHECK(Outcome(Replaced(good, "<samlp:Status>", "<samlp:Status xmlns:z=\"rel\">")) ==
        "XML_NAMESPACE");
  CHECK(Outcome(good + std::string(256 * 1024, ' ')) == "XML_TOO_LARGE");
  std::string deep = "<samlp:Extensions>";
  for (int i = 0; i < 70; ++i) deep += "<x>";
  for (int i = 0; i < 70; ++i) deep += "</x>";
  CHECK(Outcome(Replaced(good, "<samlp:Status>", deep + "</samlp:Extensions><samlp:Status>")) ==
        "XML_TOO_COMPLEX");
}

TEST_CASE("ValidateResponse: the envelope is a SAML 2.0 response of now", "[gateway][saml]") {
  CheckRows({
      {"version 1.1", In(&R::response_attributes, "Version=\"2.0\"", "Version=\"1.1\""),
       "BAD_VERSION"},
      {"no version", In(&R::response_attributes, "Version=\"2.0\"", ""), "BAD_VERSION"},
      {"no ID", In(&R::response_attributes, "ID=\"_response\"", ""), "MALFORMED_RESPONSE"},
      {"no IssueInstant", In(&R::response_attributes, " IssueInstant=\"2026-03-04T12:00:00Z\"", ""),
       "TIME_MALFORMED"},
      {"issued at the edge of the skew",
       In(&R::response_attributes, "2026-03-04T12:00:00Z", At(absl::Seconds(60))), "ACCEPTED"},
      {"issued beyond the skew",
       In(&R::response_attributes, "2026-03-04T12:00:00Z", At(absl::Seconds(61))),
       "ISSUED_IN_FUTURE"},
      {"two Issuers",
       In(&R::response_issuer, "</saml:Issuer>",
          "</saml:Issuer><saml:Issuer>https://idp.example/entity</saml:Issuer>"),
       "MALFORMED_RESPONSE"},
  });
}

TEST_CASE("ValidateResponse: S95 S96 InResponseTo names our request, twice", "[gateway][saml]") {
  const std::string there = absl::StrCat(" InResponseTo=\"", kRequest, "\"");
  CheckRows({
      {"S95 missing on Response", In(&R::response_attributes, there, ""), "IN_RESPONSE_TO_MISSING"},
      {"S95 empty on Response", In(&R::response_attributes, kRequest, ""),
       "IN_RESPONSE_TO_MISMATCH"},
      {"S95 of another attempt", In(&R::response_attributes, kRequest, "_request-2"),
       "IN_RESPONSE_TO_MISMATCH"},
      {"S95 other case", In(&R::response_attributes, kRequest, "_REQUEST-1"),
       "IN_RESPONSE_TO_MISMATCH"},
      {"S96 missing on the confirmation", In(&R::confirmation, there, ""),
       "IN_RESPONSE_TO_MISSING"},
      {"S96 other on the confirmation", In(&R::confirmation, kRequest, "_request-2"),
       "IN_RESPONSE_TO_MISMATCH"},
  });
  // The gateway's default: nothing unsolicited, no SHA-1 (P1, P4).
  CHECK_FALSE(ExpectedResponse().allow_unsolicited);
  CHECK(ExpectedResponse().algorithms == Algorithms::kAllowed);
  // S97: nothing was asked, so nothing can be an answer.
  ExpectedResponse nothing = Expected();
  nothing.in_response_to = "";
  CHECK(Outcome(ResponseParts(), nothing) == "IN_RESPONSE_TO_MISMATCH");
  ResponseParts empty;
  empty.response_attributes = Replaced(empty.response_attributes, kRequest, "");
  empty.confirmation = Replaced(empty.confirmation, kRequest, "");
  CHECK(Outcome(empty, nothing) == "IN_RESPONSE_TO_MISMATCH");
}

TEST_CASE("ValidateResponse: S99 Destination is our address, letter by letter", "[gateway][saml]") {
  const auto destination = [](const std::string& to) {
    return In(&R::response_attributes, absl::StrCat("\"", kAcs, "\""), "\"" + to + "\"");
  };
  CheckRows({
      {"empty", destination(""), "DESTINATION_MISMATCH"},
      {"longer", destination(absl::StrCat(kAcs, "/x")), "DESTINATION_MISMATCH"},
      {"prefix", destination("https://sp.example/v1/sessions"), "DESTINATION_MISMATCH"},
      {"other case in the path", destination("https://sp.example/V1/sessions/callback"),
       "DESTINATION_MISMATCH"},
      {"other port", destination("https://sp.example:8443/v1/sessions/callback"),
       "DESTINATION_MISMATCH"},
      {"userinfo", destination("https://sp.example@evil.example/v1/sessions/callback"),
       "DESTINATION_MISMATCH"},
      {"http", destination("http://sp.example/v1/sessions/callback"), "DESTINATION_MISMATCH"},
      {"white space", destination(absl::StrCat(kAcs, " ")), "DESTINATION_MISMATCH"},
      {"absent from an unsigned Response",
       In(&R::response_attributes, absl::StrCat(" Destination=\"", kAcs, "\""), ""), "ACCEPTED"},
      {"absent from a signed Response",
       [](R& parts) {
         parts.sign_response = true;
         parts.response_attributes =
             Replaced(parts.response_attributes, absl::StrCat(" Destination=\"", kAcs, "\""), "");
       },
       "DESTINATION_MISSING"},
  });
}

TEST_CASE("ValidateResponse: S106 S107 the Issuer is the IdP we asked, letter by letter",
          "[gateway][saml]") {
  const auto issuer = [](std::string R::*part, const std::string& text) {
    return Set(part, "<saml:Issuer>" + text + "</saml:Issuer>");
  };
  std::vector<Row> rows;
  for (std::string R::*part : {&R::issuer, &R::response_issuer}) {
    rows.push_back({"other", issuer(part, "https://other.example/entity"), "ISSUER_MISMATCH"});
    rows.push_back({"white space", issuer(part, " https://idp.example/entity"), "ISSUER_MISMATCH"});
    rows.push_back({"line end", issuer(part, "https://idp.example/entity\n"), "ISSUER_MISMATCH"});
    rows.push_back(
        {"homoglyph", issuer(part, "https://id\xd1\x80.example/entity"), "ISSUER_MISMATCH"});
    rows.push_back({"empty", issuer(part, ""), "ISSUER_MISMATCH"});
    rows.push_back({"longer", issuer(part, "https://idp.example/entity/x"), "ISSUER_MISMATCH"});
    rows.push_back(
        {"S69 comment", issuer(part, "https://idp.example<!-- x -->/entity"), "MARKUP_IN_TEXT"});
    rows.push_back({"entity Format",
                    Set(part,
                        "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">"
                        "https://idp.example/entity</saml:Issuer>"),
                    "ACCEPTED"});
    rows.push_back({"other Format",
                    Set(part,
                        "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:"
                        "unspecified\">https://idp.example/entity</saml:Issuer>"),
                    "ISSUER_MISMATCH"});
  }
  rows.push_back({"missing on the assertion", Set(&R::issuer, ""), "ISSUER_MISSING"});
  rows.push_back({"missing on an unsigned Response", Set(&R::response_issuer, ""), "ACCEPTED"});
  rows.push_back({"missing on a signed Response",
                  [](R& parts) {
                    parts.sign_response = true;
                    parts.response_issuer = "";
                  },
                  "ISSUER_MISSING"});
  rows.push_back({"two on the assertion", [](R& parts) { parts.issuer += parts.issuer; },
                  "MALFORMED_ASSERTION"});
  CheckRows(rows);
}

TEST_CASE("ValidateResponse: S108 only Success at the top is success", "[gateway][saml]") {
  const auto status = [](const std::string& top, const std::string& inside) {
    return Set(&R::status,
               "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:" + top +
                   "\">" + inside + "</samlp:StatusCode></samlp:Status>");
  };
  const std::string success =
      "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";
  CheckRows({
      {"no Status", Set(&R::status, ""), "STATUS_MISSING"},
      {"two Status", [](R& parts) { parts.status += parts.status; }, "STATUS_MISSING"},
      {"no StatusCode", Set(&R::status, "<samlp:Status/>"), "STATUS_MISSING"},
      {"two StatusCodes", Set(&R::status, "<samlp:Status>" + success + success + "</samlp:Status>"),
       "STATUS_MISSING"},
      {"nested Success", status("Requester", success), "STATUS_NOT_SUCCESS"},
      {"other case", status("success", ""), "STATUS_NOT_SUCCESS"},
      {"no Value", Set(&R::status, "<samlp:Status><samlp:StatusCode/></samlp:Status>"),
       "STATUS_NOT_SUCCESS"},
      {"authentication failed",
       status("Responder",
              "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/>"),
       "STATUS_NOT_SUCCESS"},
      {"no context",
       status("Requester",
              "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext\"/>"),
       "STATUS_NOT_SUCCESS"},
  });
}

TEST_CASE("ValidateResponse: a person who declined at the CSP is told so (001)",
          "[gateway][saml]") {
  const auto failure = [](const std::string& top, const std::string& second,
                          const std::string& message) {
    ResponseParts parts;
    parts.status =
        "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:" + top +
        "\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:" + second +
        "\"/></samlp:StatusCode><samlp:StatusMessage>" + message +
        "</samlp:StatusMessage></samlp:Status>";
    return Outcome(parts.Unsigned(""));
  };
  const std::string text = "Subject did not consent to attribute release";
  CHECK(failure("Responder", "AuthnFailed", text) == "STATUS_CONSENT_DENIED");
  CHECK(failure("Requester", "RequestDenied", text) == "STATUS_CONSENT_DENIED");
  CHECK(failure("Responder", "RequestDenied", "") == "STATUS_CONSENT_DENIED");
  CHECK(failure("Responder", "AuthnFailed", "something else") == "STATUS_NOT_SUCCESS");
  CHECK(failure("VersionMismatch", "AuthnFailed", text) == "STATUS_NOT_SUCCESS");
}

TEST_CASE("ValidateResponse: S112 S69 S77 the subject has one plain name", "[gateway][saml]") {
  const std::string plain = ResponseParts().name_id;
  CheckRows({
      {"no NameID", Set(&R::name_id, ""), "NAME_ID_MISSING"},
      {"empty", Set(&R::name_id, "<saml:NameID/>"), "NAME_ID_MISSING"},
      {"only white space", Set(&R::name_id, "<saml:NameID> \n</saml:NameID>"), "NAME_ID_MISSING"},
      {"two", Set(&R::name_id, plain + plain), "MALFORMED_ASSERTION"},
      {"another SP's",
       In(&R::name_id, "<saml:NameID", "<saml:NameID SPNameQualifier=\"https://other.example\""),
       "NAME_ID_OTHER_SP"},
      {"ours",
       In(&R::name_id, "<saml:NameID", absl::StrCat("<saml:NameID SPNameQualifier=\"", kSp, "\"")),
       "ACCEPTED"},
      {"encrypted", Set(&R::name_id, "<saml:EncryptedID/>"), "NAME_ID_ENCRYPTED"},
      {"encrypted beside", Set(&R::name_id, plain + "<saml:EncryptedID/>"), "NAME_ID_ENCRYPTED"},
      {"comment", In(&R::name_id, "alice", "ali<!-- x -->ce"), "MARKUP_IN_TEXT"},
      {"instruction", In(&R::name_id, "alice", "ali<?x?>ce"), "MARKUP_IN_TEXT"},
      {"element", In(&R::name_id, "alice", "ali<x/>ce"), "MARKUP_IN_TEXT"},
      {"nested NameID", In(&R::name_id, "alice", "<saml:NameID>bob</saml:NameID>"),
       "MARKUP_IN_TEXT"},
  });
  // What an attacker adds after signing cuts nothing off either: the library accepts a comment.
  const std::string signed_whole = Render(ResponseParts());
  const std::string commented = Replaced(signed_whole, ">alice<", ">alice<!-- x --><");
  CHECK(AnySignatureVerifies(commented));
  CHECK(Outcome(commented) == "MARKUP_IN_TEXT");
  const std::string cdata = Replaced(signed_whole, ">alice<", "><![CDATA[ali]]>&#99;e<");
  CHECK(AnySignatureVerifies(cdata));
  CHECK(ValidateResponseXml(cdata, Expected())->name_id == "alice");
  const std::string without_subject =
      Replaced(ResponseParts().Assertion(),
               Span(ResponseParts().Assertion(), "<saml:Subject>", "</saml:Subject>"), "");
  CHECK(Outcome(SignById(ResponseParts().Unsigned(without_subject), "_assertion", IdpKey())) ==
        "SUBJECT_MISSING");
  const std::string subject =
      Span(ResponseParts().Assertion(), "<saml:Subject>", "</saml:Subject>");
  const std::string two_subjects =
      Replaced(ResponseParts().Assertion(), subject, subject + Replaced(subject, "alice", "bob"));
  CHECK(Outcome(SignById(ResponseParts().Unsigned(two_subjects), "_assertion", IdpKey())) ==
        "MALFORMED_ASSERTION");
}

TEST_CASE("ValidateResponse: S100 S103 S104 S105 one bearer confirmation satisfies every rule",
          "[gateway][saml]") {
  const std::string good = ResponseParts().confirmation;
  const std::string other = Replaced(good, kAcs, "https://other.example/acs");
  const std::string holder = Replaced(good, "cm:bearer", "cm:holder-of-key");
  CheckRows({
      {"S105 none", Set(&R::confirmation, ""), "NO_BEARER_CONFIRMATION"},
      {"S105 holder-of-key only", Set(&R::confirmation, holder), "NO_BEARER_CONFIRMATION"},
      {"S105 sender-vouches only", In(&R::confirmation, "cm:bearer", "cm:sender-vouches"),
       "NO_BEARER_CONFIRMATION"},
      {"S105 no Method",
       In(&R::confirmation, " Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"", ""),
       "NO_BEARER_CONFIRMATION"},
      {"S103 no data",
       Set(&R::confirmation,
           "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"/>"),
       "CONFIRMATION_MALFORMED"},
      {"S103 no NotOnOrAfter", In(&R::confirmation, " NotOnOrAfter=\"2026-03-04T12:05:00Z\"", ""),
       "CONFIRMATION_MALFORMED"},
      {"S103 NotBefore",
       In(&R::confirmation, " NotOnOrAfter", " NotBefore=\"2026-03-04T11:00:00Z\" NotOnOrAfter"),
       "CONFIRMATION_MALFORMED"},
      {"S102 malformed end", In(&R::confirmation, "12:05:00Z", "24:00:00Z"), "TIME_MALFORMED"},
      {"S102 one second inside",
       In(&R::confirmation, "2026-03-04T12:05:00Z", At(absl::Seconds(-59))), "ACCEPTED"},
      {"S102 at the end of the skew",
       In(&R::confirmation, "2026-03-04T12:05:00Z", At(absl::Seconds(-60))),
       "CONFIRMATION_EXPIRED"},
      {"S100 no Recipient", In(&R::confirmation, absl::StrCat(" Recipient=\"", kAcs, "\""), ""),
       "RECIPIENT_MISSING"},
      {"S100 empty Recipient", In(&R::confirmation, kAcs, ""), "RECIPIENT_MISMATCH"},
      {"S100 other Recipient", Set(&R::confirmation, other), "RECIPIENT_MISMATCH"},
      {"S100 longer Recipient", In(&R::confirmation, kAcs, absl::StrCat(kAcs, "/")),
       "RECIPIENT_MISMATCH"},
      {"S104 the second is good", Set(&R::confirmation, other + good), "ACCEPTED"},
      {"S104 the first is good", Set(&R::confirmation, good + other), "ACCEPTED"},
      {"S104 beside another method", Set(&R::confirmation, holder + good), "ACCEPTED"},
      {"S104 each fails in another way",
       Set(&R::confirmation, other + Replaced(good, kRequest, "_request-2")), "RECIPIENT_MISMATCH"},
  });
}

TEST_CASE("ValidateResponse: S101 S30 we are among the audiences of every restriction",
          "[gateway][saml]") {
  const std::string ours = absl::StrCat("<saml:Audience>", kSp, "</saml:Audience>");
  const std::string other = "<saml:Audience>https://other.example</saml:Audience>";
  const auto restrictions = [](const std::vector<std::string>& list) {
    std::string inside;
    for (const std::string& audiences : list) {
      inside += "<saml:AudienceRestriction>" + audiences + "</saml:AudienceRestriction>";
    }
    return Set(&R::conditions,
               "<saml:Conditions NotBefore=\"2026-03-04T11:59:00Z\" "
               "NotOnOrAfter=\"2026-03-04T12:05:00Z\">" +
                   inside + "</saml:Conditions>");
  };
  CheckRows({
      {"none", restrictions({}), "AUDIENCE_MISSING"},
      {"restriction without audience", restrictions({""}), "AUDIENCE_MISSING"},
      {"empty audience", restrictions({"<saml:Audience/>"}), "AUDIENCE_MISSING"},
      {"other", restrictions({other}), "AUDIENCE_MISMATCH"},
      {"longer", restrictions({absl::StrCat("<saml:Audience>", kSp, "/</saml:Audience>")}),
       "AUDIENCE_MISMATCH"},
      {"several with ours", restrictions({other + ours}), "ACCEPTED"},
      {"two restrictions, one without us", restrictions({ours, other}), "AUDIENCE_MISMATCH"},
      {"two restrictions with us", restrictions({ours, other + ours}), "ACCEPTED"},
      {"S69 comment",
       restrictions({"<saml:Audience>https://sp.example<!-- x -->/entity</saml:Audience>"}),
       "MARKUP_IN_TEXT"},
      {"S75 foreign namespace", restrictions({absl::StrCat("<Audience>", kSp, "</Audience>")}),
       "AUDIENCE_MISSING"},
  });
}

TEST_CASE("ValidateResponse: S102 the time window with its skew, to the second",
          "[gateway][saml]") {
  const auto window = [](const std::string& begin, const std::string& end) {
    return [=](R& parts) {
      parts.conditions = Replaced(parts.conditions, "2026-03-04T11:59:00Z", begin);
      parts.conditions = Replaced(parts.conditions, "2026-03-04T12:05:00Z", end);
    };
  };
  const auto begins = [&](absl::Duration d) { return window(At(d), At(absl::Hours(1))); };
  const auto ends = [&](absl::Duration d) { return window(At(-absl::Hours(1)), At(d)); };
  CheckRows({
      {"no Conditions", Set(&R::conditions, ""), "CONDITIONS_MISSING"},
      {"two Conditions", [](R& parts) { parts.conditions += parts.conditions; },
       "MALFORMED_ASSERTION"},
      {"begins now", begins(absl::ZeroDuration()), "ACCEPTED"},
      {"begins at the edge of the skew", begins(absl::Seconds(60)), "ACCEPTED"},
      {"begins a second later", begins(absl::Seconds(61)), "NOT_YET_VALID"},
      {"ended now", ends(absl::ZeroDuration()), "ACCEPTED"},
      {"ended, last second of the skew", ends(absl::Seconds(-59)), "ACCEPTED"},
      {"ended at the edge of the skew", ends(absl::Seconds(-60)), "EXPIRED"},
      {"ended long ago", ends(absl::Minutes(-5)), "EXPIRED"},
      {"fraction just inside", window("2026-03-04T11:00:00Z", "2026-03-04T11:59:00.001Z"),
       "ACCEPTED"},
      {"offset", window("2026-03-04T06:59:00-05:00", "2026-03-04T07:05:00-05:00"), "ACCEPTED"},
      {"offset that makes it old", window("2026-03-04T11:00:00+02:00", "2026-03-04T12:05:00+02:00"),
       "EXPIRED"},
      {"begin not a time", window("soon", At(absl::Hours(1))), "TIME_MALFORMED"},
      {"end not a time", window(At(-absl::Hours(1)), "2026-03-04T24:00:00Z"), "TIME_MALFORMED"},
      {"year 0", window("0000-01-01T00:00:00Z", At(absl::Hours(1))), "TIME_MALFORMED"},
      {"year 99999", window(At(-absl::Hours(1)), "99999-01-01T00:00:00Z"), "TIME_MALFORMED"},
      {"no zone", window("2026-03-04T11:59:00", At(absl::Hours(1))), "TIME_MALFORMED"},
      {"empty window", window(At(absl::ZeroDuration()), At(absl::ZeroDuration())),
       "TIME_MALFORMED"},
      {"assertion without IssueInstant",
       In(&R::assertion_attributes, " IssueInstant=\"2026-03-04T12:00:00Z\"", ""),
       "TIME_MALFORMED"},
      {"assertion of the future",
       In(&R::assertion_attributes, "2026-03-04T12:00:00Z", At(absl::Seconds(61))),
       "ISSUED_IN_FUTURE"},
      {"assertion of version 1.1", In(&R::assertion_attributes, "\"2.0\"", "\"1.1\""),
       "BAD_VERSION"},
  });
  ExpectedResponse wide = Expected();
  wide.skew = absl::Seconds(180);
  ResponseParts late;
  ends(absl::Seconds(-179))(late);
  CHECK(Outcome(late, wide) == "ACCEPTED");
  ends(absl::Seconds(-180))(late = ResponseParts());
  CHECK(Outcome(late, wide) == "EXPIRED");
}

TEST_CASE("ValidateResponse: S113 a condition that we do not understand makes it invalid",
          "[gateway][saml]") {
  const auto add = [](const std::string& condition) {
    return In(&R::conditions, "</saml:Conditions>", condition + "</saml:Conditions>");
  };
  CheckRows({
      {"OneTimeUse", add("<saml:OneTimeUse/>"), "ACCEPTED"},
      {"ProxyRestriction", add("<saml:ProxyRestriction Count=\"0\"/>"), "ACCEPTED"},
      {"typed Condition",
       add("<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
           "xsi:type=\"saml:OneTimeUse\"/>"),
       "CONDITION_UNKNOWN"},
      {"foreign", add("<x:OneTimeUse xmlns:x=\"urn:x\"/>"), "CONDITION_UNKNOWN"},
  });
}

TEST_CASE("ValidateResponse: S109 S110 one statement of a fresh authentication",
          "[gateway][saml]") {
  const auto instant = [](absl::Duration d) {
    return In(&R::authn_statement, "2026-03-04T11:59:30Z", At(d));
  };
  const auto session_end = [](const std::string& end) {
    return In(&R::authn_statement, " SessionIndex",
              " SessionNotOnOrAfter=\"" + end + "\" SessionIndex");
  };
  const auto context = [](const std::string& text) {
    return In(&R::authn_statement, kLoa3Context, text);
  };
  const std::string reference =
      absl::StrCat("<saml:AuthnContextClassRef>", kLoa3Context, "</saml:AuthnContextClassRef>");
  CheckRows({
      {"none", Set(&R::authn_statement, ""), "AUTHN_STATEMENT_MISSING"},
      {"two", [](R& parts) { parts.authn_statement += parts.authn_statement; },
       "SEVERAL_AUTHN_STATEMENTS"},
      {"no instant", In(&R::authn_statement, "AuthnInstant=\"2026-03-04T11:59:30Z\"", ""),
       "TIME_MALFORMED"},
      {"instant not a time", In(&R::authn_statement, "2026-03-04T11:59:30Z", "yesterday"),
       "TIME_MALFORMED"},
      {"instant at the edge of the skew", instant(absl::Seconds(60)), "ACCEPTED"},
      {"instant in the future", instant(absl::Seconds(61)), "AUTHN_INSTANT_IN_FUTURE"},
      {"instant as old as allowed", instant(-absl::Hours(12) - absl::Seconds(60)), "ACCEPTED"},
      {"instant too old", instant(-absl::Hours(12) - absl::Seconds(61)), "AUTHN_INSTANT_TOO_OLD"},
      {"IdP session lives", session_end(At(absl::Hours(1))), "ACCEPTED"},
      {"IdP session just over", session_end(At(absl::Seconds(-59))), "ACCEPTED"},
      {"IdP session over", session_end(At(absl::Seconds(-60))), "SESSION_EXPIRED"},
      {"IdP session end not a time", session_end("soon"), "TIME_MALFORMED"},
      {"no SessionIndex", In(&R::authn_statement, " SessionIndex=\"session-1\"", ""), "ACCEPTED"},
      {"no AuthnContext",
       Set(&R::authn_statement, "<saml:AuthnStatement AuthnInstant=\"2026-03-04T11:59:30Z\"/>"),
       "CONTEXT_MISSING"},
      {"no class reference", In(&R::authn_statement, reference, ""), "CONTEXT_MISSING"},
      {"two class references", In(&R::authn_statement, reference, reference + reference),
       "CONTEXT_MISSING"},
      {"empty class reference", context(""), "CONTEXT_MISSING"},
      {"S69 comment in it", context("http://idmanagement.gov/ns/assurance/loa/3<!-- x -->/vets"),
       "MARKUP_IN_TEXT"},
      {"S110 weaker than asked", context("http://idmanagement.gov/ns/assurance/loa/1/vets"),
       "CONTEXT_NOT_SATISFIED"},
      {"S110 unknown", context("urn:example:unknown"), "CONTEXT_NOT_SATISFIED"},
      {"S110 another CSP's", context("myhealthevet"), "CONTEXT_NOT_SATISFIED"},
  });
  ExpectedResponse at_most_loa1 = Expected();
  at_most_loa1.requested_contexts = {"http://idmanagement.gov/ns/assurance/loa/1/vets"};
  CHECK(Outcome(ResponseParts(), at_most_loa1) == "ACCEPTED");
}

TEST_CASE("ValidateResponse: S110 an inbound context belongs to the CSP that the attributes name",
          "[gateway][saml]") {
  ResponseParts inbound;
  inbound.authn_statement = Replaced(inbound.authn_statement, kLoa3Context,
                                     "urn:oasis:names:tc:SAML:2.0:ac:classes:Password");
  inbound.attributes = Replaced(inbound.attributes, ">idme<", ">MHV<");
  ExpectedResponse mhv = Expected();
  mhv.requested_contexts = {"myhealthevet"};
  mhv.comparison = "exact";
  CHECK(Outcome(inbound, mhv) == "ACCEPTED");
  inbound.attributes = Replaced(inbound.attributes, ">MHV<", ">DSLogon<");
  CHECK(Outcome(inbound, mhv) == "CONTEXT_NOT_SATISFIED");
}

TEST_CASE("ValidateResponse: S111 S69 S77 S114 attributes are plain and their names unique",
          "[gateway][saml]") {
  const auto add = [](const std::string& xml) {
    return [=](R& parts) { parts.attributes += xml; };
  };
  const auto attribute = [](const std::string& name, const std::string& value) {
    return "<saml:Attribute Name=\"" + name + "\"><saml:AttributeValue>" + value +
           "</saml:AttributeValue></saml:Attribute>";
  };
  CheckRows({
      {"S111 the same name twice", add(attribute("va_eauth_csid", "mhv")), "DUPLICATE_ATTRIBUTE"},
      {"S111 the same name and value", add(attribute("va_eauth_csid", "idme")),
       "DUPLICATE_ATTRIBUTE"},
      {"S111 under another NameFormat",
       add("<saml:Attribute Name=\"va_eauth_csid\" NameFormat=\"urn:x\"/>"), "DUPLICATE_ATTRIBUTE"},
      {"S111 in a second statement",
       add("</saml:AttributeStatement><saml:AttributeStatement>" +
           attribute("va_eauth_csid", "mhv")),
       "DUPLICATE_ATTRIBUTE"},
      {"a second statement",
       add("</saml:AttributeStatement><saml:AttributeStatement>" + attribute("x", "y")),
       "ACCEPTED"},
      {"other case is another name", add(attribute("VA_EAUTH_CSID", "mhv")), "ACCEPTED"},
      {"no Name", add("<saml:Attribute/>"), "MALFORMED_ATTRIBUTE"},
      {"empty Name", add("<saml:Attribute Name=\"\"/>"), "MALFORMED_ATTRIBUTE"},
      {"encrypted", add("<saml:EncryptedAttribute/>"), "ATTRIBUTE_ENCRYPTED"},
      {"foreign", add("<x:Attribute xmlns:x=\"urn:x\" Name=\"va_eauth_uid\"/>"),
       "MALFORMED_ATTRIBUTE"},
      {"S69 comment", add(attribute("x", "a<!-- x -->b")), "MARKUP_IN_TEXT"},
      {"S69 instruction", add(attribute("x", "a<?x?>b")), "MARKUP_IN_TEXT"},
      {"S77 markup", add(attribute("x", "a<b>c</b>")), "MARKUP_IN_TEXT"},
      {"S77 NameID beside text", add(attribute("x", "a<saml:NameID>mallory</saml:NameID>")),
       "MARKUP_IN_TEXT"},
      {"S77 two NameIDs", add(attribute("x", "<saml:NameID>a</saml:NameID><saml:NameID/>")),
       "MARKUP_IN_TEXT"},
  });
  ResponseParts odd;
  odd.attributes += attribute("sql", "'; DROP TABLE x;--") + attribute("html", "&lt;script&gt;") +
                    attribute("rtl",
                              "\xe2\x80\xae"
                              "abc") +
                    attribute("crlf", "a&#13;&#10;b") + attribute("null", "&#9;");
  odd.attributes += attribute("S77", "\n <saml:NameID>mallory</saml:NameID> ");
  const absl::StatusOr<VerifiedAssertion> verified = ValidateResponseXml(Render(odd), Expected());
  REQUIRE(verified.ok());
  CHECK(verified->attributes.back().first == "S77");
  CHECK(verified->attributes.back().second.empty());
  CHECK(verified->attributes[2].second[0] == "'; DROP TABLE x;--");
  CHECK(verified->attributes[3].second[0] == "<script>");
  CHECK(verified->attributes[4].second[0] ==
        "\xe2\x80\xae"
        "abc");
  CHECK(verified->attributes[5].second[0] == "a\r\nb");
}

TEST_CASE("ValidateResponse: S73 schema instance attributes change nothing", "[gateway][saml]") {
  ResponseParts parts;
  parts.attributes =
      Replaced(parts.attributes, "<saml:AttributeValue>ALICE",
               "<saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
               "xsi:type=\"x:unknown\" xmlns:x=\"urn:x\" xsi:nil=\"true\">ALICE");
  const absl::StatusOr<VerifiedAssertion> verified = ValidateResponseXml(Render(parts), Expected());
  REQUIRE(verified.ok());
  CHECK(verified->attributes[1].second[0] == "ALICE");
}

TEST_CASE("SamlReject: every refusal has a name, a code and a tag", "[gateway][saml]") {
  std::set<std::string> names;
  for (const SamlReject reject : AllSamlRejects()) {
    const std::string name(ToString(reject));
    CHECK(names.insert(name).second);
    CHECK(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string::npos);
    CHECK(RejectOf(RejectStatus(reject)) == reject);
    CHECK_FALSE(RefusalFor(reject).tag.empty());
  }
  CHECK_FALSE(RejectOf(absl::InternalError("x")).has_value());
  CHECK_FALSE(RejectOf(absl::OkStatus()).has_value());
}

TEST_CASE("SamlReject: codes follow ssoe_saml.md 6 and 7", "[gateway][saml]") {
  using enum base::SignInCode;
  CHECK(CodeFor(SamlReject::kStatusConsentDenied) == kClickedDeny);
  CHECK(CodeFor(SamlReject::kNotYetValid) == kAuthTooEarly);
  CHECK(CodeFor(SamlReject::kIssuedInFuture) == kAuthTooEarly);
  CHECK(CodeFor(SamlReject::kExpired) == kAuthTooLate);
  CHECK(CodeFor(SamlReject::kConfirmationExpired) == kAuthTooLate);
  CHECK(CodeFor(SamlReject::kStatusNotSuccess) == kUnknown);
  CHECK(CodeFor(SamlReject::kSignatureInvalid) == kUnknown);
  CHECK(RefusalFor(SamlReject::kBlankResponse).tag == "blank");
  CHECK(RefusalFor(SamlReject::kContextNotSatisfied).tag == "assurance_not_met");
  CHECK(RefusalFor(SamlReject::kDuplicateAttribute).tag == "ambiguous_attribute");
  CHECK(RefusalFor(SamlReject::kAudienceMismatch).tag == "audience_mismatch");
}

TEST_CASE("ValidateResponse: no change of one byte is accepted as another identity",
          "[gateway][saml][prop]") {
  const std::string good = Render(ResponseParts());
  const VerifiedAssertion original = *ValidateResponseXml(good, Expected());
  CHECK(rc::check([&] {
    const auto at = *rc::gen::inRange<size_t>(0, good.size());
    const auto byte = *rc::gen::arbitrary<char>();
    std::string changed = good;
    changed[at] = byte;
    const absl::StatusOr<VerifiedAssertion> verified = ValidateResponseXml(changed, Expected());
    if (!verified.ok()) {
      RC_ASSERT(RejectOf(verified.status()).has_value());
      return;
    }
    RC_ASSERT(verified->name_id == original.name_id);
    RC_ASSERT(verified->attributes == original.attributes);
    RC_ASSERT(verified->assertion_id == original.assertion_id);
  }));
}

}  // namespace va::gateway
