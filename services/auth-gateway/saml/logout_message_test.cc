// LogoutRequest and LogoutResponse: only their IdP's word counts, about the session it names.
#include "services/auth-gateway/saml/logout_message.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/test_encrypter.h"
#include "services/auth-gateway/saml/response_for_test.h"
#include "services/auth-gateway/saml/saml_names.h"

namespace va::gateway {
namespace {

using testing::AttackerKey;
using testing::IdpKey;
using testing::kIdp;
using testing::kSp;
using testing::Now;

constexpr char kSlo[] = "https://sp.example/v1/sessions/saml_logout";
constexpr char kIdpSlo[] = "https://idp.example/slo";
constexpr char kNamespaces[] =
    "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "
    "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";

// A LogoutRequest as a genuine IdP would send it; a row changes one part.
struct RequestParts {
  std::string attributes = absl::StrCat(
      " ID=\"_logout\" Version=\"2.0\" IssueInstant=\"2026-03-04T12:00:00Z\" "
      "NotOnOrAfter=\"2026-03-04T12:05:00Z\" Destination=\"",
      kSlo, "\"");
  std::string issuer = absl::StrCat("<saml:Issuer>", kIdp, "</saml:Issuer>");
  std::string name_id =
      "<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">"
      "alice</saml:NameID>";
  std::string indexes = "<samlp:SessionIndex>session-1</samlp:SessionIndex>";

  std::string Xml() const {
    return absl::StrCat("<samlp:LogoutRequest ", kNamespaces, attributes, ">", issuer, name_id,
                        indexes, "</samlp:LogoutRequest>");
  }
};

struct ResponseParts {
  std::string attributes = absl::StrCat(
      " ID=\"_answer\" Version=\"2.0\" IssueInstant=\"2026-03-04T12:00:00Z\" "
      "InResponseTo=\"_ours\" Destination=\"",
      kSlo, "\"");
  std::string issuer = absl::StrCat("<saml:Issuer>", kIdp, "</saml:Issuer>");
  std::string status =
      "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>"
      "</samlp:Status>";

  std::string Xml() const {
    return absl::StrCat("<samlp:LogoutResponse ", kNamespaces, attributes, ">", issuer, status,
                        "</samlp:LogoutResponse>");
  }
};

ExpectedLogout Expected() {
  ExpectedLogout expected;
  expected.idp_entity_id = kIdp;
  expected.keys = testing::IdpKeys();
  expected.sp_entity_id = kSp;
  expected.slo_url = kSlo;
  expected.in_response_to = "_ours";
  expected.now = Now();
  return expected;
}

LogoutMessage Posted(SamlMessageKind kind, const std::string& xml, absl::string_view id,
                     const crypto::PrivateKey& key) {
  return xml::testing::OrDie(
      ReadLogoutForm(kind, base::Base64Encode(testing::SignById(xml, id, key)), "relay"));
}
LogoutMessage Redirected(SamlMessageKind kind, const std::string& xml,
                         const crypto::PrivateKey& key) {
  const std::string url =
      xml::testing::OrDie(BuildRedirectUrl("https://x.example", kind, xml, "relay", key));
  return xml::testing::OrDie(ReadLogoutQuery(url.substr(url.find('?') + 1)));
}

// The same outcome by both bindings: "OK", or the reason. What differs is shown as both.
std::string Both(const std::string& by_post, const std::string& by_redirect) {
  return by_post == by_redirect ? by_post : absl::StrCat(by_post, " / ", by_redirect);
}
std::string OutcomeOf(const LogoutMessage& message, const ExpectedLogout& expected) {
  const absl::Status status = message.kind == SamlMessageKind::kRequest
                                  ? ValidateLogoutRequest(message, expected).status()
                                  : ValidateLogoutResponse(message, expected).status();
  return status.ok() ? "OK" : base::ReasonOf(status);
}
std::string Outcome(const RequestParts& parts, const ExpectedLogout& expected = Expected(),
                    const crypto::PrivateKey& key = IdpKey()) {
  const auto kind = SamlMessageKind::kRequest;
  return Both(OutcomeOf(Posted(kind, parts.Xml(), "_logout", key), expected),
              OutcomeOf(Redirected(kind, parts.Xml(), key), expected));
}
std::string Outcome(const ResponseParts& parts, const ExpectedLogout& expected = Expected(),
                    const crypto::PrivateKey& key = IdpKey()) {
  const auto kind = SamlMessageKind::kResponse;
  return Both(OutcomeOf(Posted(kind, parts.Xml(), "_answer", key), expected),
              OutcomeOf(Redirected(kind, parts.Xml(), key), expected));
}

RequestParts WithAttributes(const std::string& from, const std::string& to) {
  RequestParts parts;
  parts.attributes = absl::StrReplaceAll(parts.attributes, {{from, to}});
  return parts;
}

TEST_CASE("ValidateLogoutRequest: says whom and which sessions the IdP means", "[saml][logout]") {
  RequestParts parts;
  parts.indexes += "<samlp:SessionIndex>session-2</samlp:SessionIndex>";
  const auto kind = SamlMessageKind::kRequest;
  for (const LogoutMessage& message :
       {Posted(kind, parts.Xml(), "_logout", IdpKey()), Redirected(kind, parts.Xml(), IdpKey())}) {
    CHECK(*ClaimedIssuer(message) == kIdp);
    CHECK(message.relay_state == "relay");
    const auto request = ValidateLogoutRequest(message, Expected());
    REQUIRE(request.ok());
    CHECK(request->id == "_logout");
    CHECK(request->issuer == kIdp);
    CHECK(request->name_id == "alice");
    CHECK(request->name_id_format == saml::kUnspecifiedFormat);
    CHECK(request->session_indexes == std::vector<std::string>{"session-1", "session-2"});
  }
  parts.indexes.clear();
  CHECK(ValidateLogoutRequest(Posted(kind, parts.Xml(), "_logout", IdpKey()), Expected())
            ->session_indexes.empty());
}

TEST_CASE("S137 ValidateLogoutRequest: without a signature, or with another's, it is refused",
          "[saml][logout][attack]") {
  const RequestParts parts;
  const auto kind = SamlMessageKind::kRequest;
  CHECK(OutcomeOf(*ReadLogoutXml(kind, parts.Xml(), ""), Expected()) == "UNSIGNED");
  const std::string url =
      *BuildRedirectUrl("https://x.example", kind, parts.Xml(), "", AttackerKey());
  const std::string query = url.substr(url.find('?') + 1);
  CHECK(OutcomeOf(*ReadLogoutQuery(query.substr(0, query.find('&'))), Expected()) == "UNSIGNED");
  CHECK(Outcome(parts, Expected(), AttackerKey()) == "SIGNATURE_INVALID");
}

TEST_CASE("S137 ValidateLogoutRequest: altered after signing it is refused",
          "[saml][logout][attack]") {
  const std::string good = testing::SignById(RequestParts().Xml(), "_logout", IdpKey());
  const auto kind = SamlMessageKind::kRequest;
  CHECK(OutcomeOf(*ReadLogoutXml(kind, good, ""), Expected()) == "OK");
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"alice", "bob"}, {"session-1", "session-2"}, {"12:05:00Z", "13:05:00Z"}}) {
    CHECK(OutcomeOf(*ReadLogoutXml(kind, absl::StrReplaceAll(good, {{from, to}}), ""),
                    Expected()) == "SIGNATURE_DIGEST");
  }
}

TEST_CASE("S137 ValidateLogoutRequest: a wrong issuer is refused", "[saml][logout][attack]") {
  RequestParts parts;
  parts.issuer = "<saml:Issuer>https://other.example/entity</saml:Issuer>";
  CHECK(Outcome(parts) == "ISSUER_MISMATCH");
  parts.issuer = "";
  CHECK(Outcome(parts) == "ISSUER_MISSING");
  parts.issuer = absl::StrCat("<saml:Issuer>", kIdp, "<!---->x</saml:Issuer>");
  CHECK(Outcome(parts) != "OK");
}

TEST_CASE("S137 ValidateLogoutRequest: one that expired, or is too old, is refused",
          "[saml][logout][attack]") {
  ExpectedLogout expected = Expected();
  const auto at = [&expected](absl::Duration after) {
    expected.now = Now() + after;
    return Outcome(RequestParts(), expected);
  };
  CHECK(at(absl::Minutes(6) - absl::Seconds(1)) == "OK");
  CHECK(at(absl::Minutes(6)) == "EXPIRED");
  CHECK(at(-absl::Seconds(60)) == "OK");
  CHECK(at(-absl::Seconds(61)) == "ISSUED_IN_FUTURE");
  // Without an end of its own it ends by its age.
  const RequestParts endless = WithAttributes("NotOnOrAfter=\"2026-03-04T12:05:00Z\"", "");
  expected.now = Now() + absl::Minutes(16) - absl::Seconds(1);
  CHECK(Outcome(endless, expected) == "OK");
  expected.now = Now() + absl::Minutes(16);
  CHECK(Outcome(endless, expected) == "EXPIRED");
  for (const char* time : {"", "soon", "2026-03-04T12:05:00", "2026-02-30T12:05:00Z"}) {
    CHECK(Outcome(WithAttributes("2026-03-04T12:05:00Z", time)) == "TIME_MALFORMED");
    CHECK(Outcome(WithAttributes("2026-03-04T12:00:00Z", time)) == "TIME_MALFORMED");
  }
}

TEST_CASE("ValidateLogoutRequest: a Destination that is missing or not ours is refused",
          "[saml][logout]") {
  CHECK(Outcome(WithAttributes(absl::StrCat("Destination=\"", kSlo, "\""), "")) ==
        "DESTINATION_MISSING");
  CHECK(Outcome(WithAttributes(kSlo, "https://other.example/slo")) == "DESTINATION_MISMATCH");
  CHECK(Outcome(WithAttributes(kSlo, absl::StrCat(kSlo, "/"))) == "DESTINATION_MISMATCH");
}

TEST_CASE("ValidateLogoutRequest: the name must be one, plain, and ours to hear",
          "[saml][logout]") {
  RequestParts parts;
  const std::string good = parts.name_id;
  const auto named = [&parts](const std::string& name_id) {
    parts.name_id = name_id;
    return Outcome(parts);
  };
  CHECK(named("") == "NAME_ID_MISSING");
  CHECK(named("<saml:NameID/>") == "NAME_ID_MISSING");
  CHECK(named("<saml:NameID> </saml:NameID>") == "NAME_ID_MISSING");
  CHECK(named(good + good) == "MALFORMED_LOGOUT");
  CHECK(named("<saml:BaseID/>") == "NAME_ID_MISSING");
  CHECK(named(good + "<saml:BaseID/>") == "MALFORMED_LOGOUT");
  CHECK(named("<saml:NameID>al<!-- x -->ice</saml:NameID>") == "MARKUP_IN_TEXT");
  CHECK(named("<saml:NameID>al<saml:b/>ice</saml:NameID>") == "MARKUP_IN_TEXT");
  CHECK(named(absl::StrCat("<saml:NameID SPNameQualifier=\"", kSp, "\">alice</saml:NameID>")) ==
        "OK");
  CHECK(named("<saml:NameID SPNameQualifier=\"https://x\">alice</saml:NameID>") ==
        "NAME_ID_OTHER_SP");
}

TEST_CASE("P15 ValidateLogoutRequest: an EncryptedID is decrypted with a key of ours",
          "[saml][logout][decision]") {
  const std::string name_id =
      "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">alice</saml:NameID>";
  const auto hidden = [](const std::string& plain, const xml::testing::Encrypter& how = {}) {
    return absl::StrCat("<saml:EncryptedID>", xml::testing::Encrypted(plain, how),
                        "</saml:EncryptedID>");
  };
  std::vector<crypto::PrivateKey> ours;
  ours.push_back(xml::testing::SpKey().Share());
  ExpectedLogout expected = Expected();
  expected.decryption_keys = ours;
  RequestParts parts;
  parts.name_id = hidden(name_id);
  CHECK(Outcome(parts, expected) == "OK");
  CHECK(ValidateLogoutRequest(Posted(SamlMessageKind::kRequest, parts.Xml(), "_logout", IdpKey()),
                              expected)
            ->name_id == "alice");
  CHECK(Outcome(parts) == "NAME_ID_ENCRYPTED");  // without a key of ours
  parts.name_id = hidden("<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>");
  CHECK(Outcome(parts, expected) == "DECRYPTED_CONTENT");
  xml::testing::Encrypter to_another;
  to_another.recipient = &AttackerKey();
  parts.name_id = hidden(name_id, to_another);
  CHECK(Outcome(parts, expected) != "OK");
  parts.name_id = hidden(name_id) + name_id;
  CHECK(Outcome(parts, expected) == "MALFORMED_LOGOUT");
}

TEST_CASE("ValidateLogoutRequest: a SessionIndex that is empty does not mean all of them",
          "[saml][logout]") {
  RequestParts parts;
  parts.indexes = "<samlp:SessionIndex/>";
  CHECK(Outcome(parts) == "MALFORMED_LOGOUT");
  parts.indexes = "<samlp:SessionIndex>a<!-- -->b</samlp:SessionIndex>";
  CHECK(Outcome(parts) == "MARKUP_IN_TEXT");
  parts.indexes.clear();
  for (int i = 0; i < 65; ++i) {
    absl::StrAppend(&parts.indexes, "<samlp:SessionIndex>s", i, "</samlp:SessionIndex>");
  }
  CHECK(Outcome(parts) == "MALFORMED_LOGOUT");
}

TEST_CASE("S137 ValidateLogoutRequest: parts in a foreign place are refused",
          "[saml][logout][attack]") {
  RequestParts parts;
  parts.indexes += "<saml:Assertion/>";
  CHECK(Outcome(parts) == "MALFORMED_LOGOUT");
  parts = RequestParts();
  parts.indexes += "<samlp:Extensions><saml:NameID>bob</saml:NameID></samlp:Extensions>";
  CHECK(Outcome(parts) == "OK");  // nobody reads extensions
  parts = RequestParts();
  parts.attributes = absl::StrReplaceAll(parts.attributes, {{"2.0", "1.1"}});
  CHECK(Outcome(parts) == "BAD_VERSION");
}

TEST_CASE("S137 ValidateLogoutRequest: a signed request inside of another is not the message",
          "[saml][logout][attack]") {
  const std::string genuine = testing::SignById(RequestParts().Xml(), "_logout", IdpKey());
  RequestParts forged;
  forged.attributes = absl::StrReplaceAll(forged.attributes, {{"_logout", "_forged"}});
  forged.name_id = "<saml:NameID>bob</saml:NameID>";
  forged.indexes = absl::StrCat("<samlp:Extensions>", genuine, "</samlp:Extensions>");
  const auto kind = SamlMessageKind::kRequest;
  CHECK(OutcomeOf(*ReadLogoutXml(kind, forged.Xml(), ""), Expected()) == "SIGNATURE_MISPLACED");
  // The genuine one's signature moved up into the forged one.
  const size_t from = genuine.find("<ds:Signature");
  const std::string signature =
      genuine.substr(from, genuine.find("</ds:Signature>") + sizeof("</ds:Signature>") - 1 - from);
  REQUIRE(absl::StartsWith(signature, "<ds:Signature"));
  forged.issuer += signature;
  forged.indexes = absl::StrCat("<samlp:Extensions>", RequestParts().Xml(), "</samlp:Extensions>");
  const std::string outcome = OutcomeOf(*ReadLogoutXml(kind, forged.Xml(), ""), Expected());
  CHECK(outcome == "SIGNATURE_REFERENCE");
}

TEST_CASE("ValidateLogoutRequest: by Redirect the query signs, and the document does not",
          "[saml][logout]") {
  const std::string xml = testing::SignById(RequestParts().Xml(), "_logout", IdpKey());
  CHECK(OutcomeOf(Redirected(SamlMessageKind::kRequest, xml, IdpKey()), Expected()) ==
        "SIGNATURE_MISPLACED");
}

TEST_CASE("ValidateLogoutRequest: another message, or the other kind, is refused",
          "[saml][logout]") {
  const auto request = SamlMessageKind::kRequest;
  const auto response = SamlMessageKind::kResponse;
  const LogoutMessage answer = Posted(response, ResponseParts().Xml(), "_answer", IdpKey());
  CHECK(base::ReasonOf(ValidateLogoutRequest(answer, Expected()).status()) ==
        "NOT_A_LOGOUT_MESSAGE");
  const LogoutMessage asked = Posted(request, RequestParts().Xml(), "_logout", IdpKey());
  CHECK(base::ReasonOf(ValidateLogoutResponse(asked, Expected()).status()) ==
        "NOT_A_LOGOUT_MESSAGE");
  CHECK(OutcomeOf(Posted(response, RequestParts().Xml(), "_logout", IdpKey()), Expected()) ==
        "NOT_A_LOGOUT_MESSAGE");
}

TEST_CASE("S136 ReadLogoutQuery: a sign-in Response by Redirect is no logout message",
          "[saml][logout][attack]") {
  const std::string xml = testing::Render(testing::ResponseParts());
  CHECK(OutcomeOf(Redirected(SamlMessageKind::kResponse, xml, IdpKey()), Expected()) ==
        "NOT_A_LOGOUT_MESSAGE");
}

TEST_CASE("ValidateLogoutResponse: says what it answers", "[saml][logout]") {
  const auto kind = SamlMessageKind::kResponse;
  for (const LogoutMessage& message : {Posted(kind, ResponseParts().Xml(), "_answer", IdpKey()),
                                       Redirected(kind, ResponseParts().Xml(), IdpKey())}) {
    const auto response = ValidateLogoutResponse(message, Expected());
    REQUIRE(response.ok());
    CHECK(response->id == "_answer");
    CHECK(response->in_response_to == "_ours");
  }
}

TEST_CASE("S138 ValidateLogoutResponse: unsolicited, or with another InResponseTo, is refused",
          "[saml][logout][attack]") {
  ResponseParts parts;
  parts.attributes = absl::StrReplaceAll(parts.attributes, {{"_ours", "_other"}});
  CHECK(Outcome(parts) == "IN_RESPONSE_TO_MISMATCH");
  parts.attributes = absl::StrReplaceAll(parts.attributes, {{"InResponseTo=\"_other\"", ""}});
  CHECK(Outcome(parts) == "IN_RESPONSE_TO_MISSING");
  // An expectation of nothing is met by nothing.
  ExpectedLogout nobody_asked = Expected();
  nobody_asked.in_response_to = "";
  ResponseParts empty;
  empty.attributes = absl::StrReplaceAll(empty.attributes, {{"_ours", ""}});
  CHECK(Outcome(empty, nobody_asked) == "IN_RESPONSE_TO_MISSING");
  nobody_asked.allow_unsolicited = true;
  CHECK(Outcome(parts, nobody_asked) == "OK");
  CHECK(Outcome(ResponseParts(), nobody_asked) == "IN_RESPONSE_TO_MISMATCH");
}

TEST_CASE("S138 ValidateLogoutResponse: a failed or partial logout is told as such",
          "[saml][logout][attack]") {
  const std::string success = "urn:oasis:names:tc:SAML:2.0:status:Success";
  const std::string responder = "urn:oasis:names:tc:SAML:2.0:status:Responder";
  const std::string partial = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
  const auto with = [](const std::string& status) {
    ResponseParts parts;
    parts.status = status;
    return Outcome(parts);
  };
  const auto code = [](const std::string& value, const std::string& below) {
    return absl::StrCat("<samlp:Status><samlp:StatusCode Value=\"", value, "\">", below,
                        "</samlp:StatusCode></samlp:Status>");
  };
  const std::string below = absl::StrCat("<samlp:StatusCode Value=\"", partial, "\"/>");
  CHECK(with(code(success, "")) == "OK");
  CHECK(with(code(responder, "")) == "STATUS_NOT_SUCCESS");
  CHECK(with(code(responder, below)) == "STATUS_PARTIAL_LOGOUT");
  CHECK(with(code(success, below)) == "STATUS_PARTIAL_LOGOUT");
  CHECK(with("") == "STATUS_MISSING");
  CHECK(with("<samlp:Status/>") == "STATUS_MISSING");
  CHECK(with(code(success, "") + code(success, "")) == "STATUS_MISSING");
  // What is wrong otherwise is told first.
  ResponseParts parts;
  parts.status = code(responder, "");
  parts.attributes = absl::StrReplaceAll(parts.attributes, {{"_ours", "_other"}});
  CHECK(Outcome(parts) == "IN_RESPONSE_TO_MISMATCH");
}

TEST_CASE("BuildLogoutRequest: the other side reads what was meant, by both bindings",
          "[saml][logout]") {
  const auto pair = *crypto::IssueSelfSigned({.common_name = "sp",
                                              .dns_names = {},
                                              .ip_addresses = {},
                                              .is_authority = false,
                                              .not_before = Now() - absl::Hours(1),
                                              .not_after = Now() + absl::Hours(1)},
                                             crypto::NewKey::kRsa2048);
  const auto key = *crypto::PrivateKey::FromPem(pair.private_key_pem);
  const auto certificate = *crypto::Certificate::FromPem(pair.certificate_pem);
  LogoutRequestSpec spec;
  spec.id = "_ours";
  spec.issue_instant = Now();
  spec.not_on_or_after = Now() + absl::Minutes(5);
  spec.destination = kIdpSlo;
  spec.issuer = kSp;
  spec.name_id = "alice & bob";
  spec.name_id_format = std::string(saml::kUnspecifiedFormat);
  spec.session_index = "session-1";
  const std::vector<crypto::PublicKey> keys = {key.Public()};
  ExpectedLogout expected;
  expected.idp_entity_id = kSp;
  expected.keys = keys;
  expected.sp_entity_id = kIdp;
  expected.slo_url = kIdpSlo;
  expected.now = Now();

  const auto posted = *BuildLogoutRequest(spec, SamlBinding::kPost, "h", key, certificate);
  const auto by_post = ValidateLogoutRequest(
      *ReadLogoutForm(SamlMessageKind::kRequest, posted.form_value, "h"), expected);
  REQUIRE(by_post.ok());
  CHECK(by_post->name_id == "alice & bob");
  CHECK(by_post->session_indexes == std::vector<std::string>{"session-1"});
  const auto sent = *BuildLogoutRequest(spec, SamlBinding::kRedirect, "h", key, certificate);
  REQUIRE(absl::StartsWith(sent.url, absl::StrCat(kIdpSlo, "?SAMLRequest=")));
  const auto by_redirect =
      ValidateLogoutRequest(*ReadLogoutQuery(sent.url.substr(sent.url.find('?') + 1)), expected);
  REQUIRE(by_redirect.ok());
  CHECK(by_redirect->name_id == "alice & bob");

  LogoutResponseSpec answer;
  answer.id = "_answer";
  answer.issue_instant = Now();
  answer.destination = kIdpSlo;
  answer.issuer = kSp;
  answer.in_response_to = "_theirs";
  expected.in_response_to = "_theirs";
  for (const LogoutStatus status : {LogoutStatus::kSuccess, LogoutStatus::kResponderFailed}) {
    answer.status = status;
    const auto out = *BuildLogoutResponse(answer, SamlBinding::kRedirect, "", key, certificate);
    const auto read =
        ValidateLogoutResponse(*ReadLogoutQuery(out.url.substr(out.url.find('?') + 1)), expected);
    CHECK(read.ok() == (status == LogoutStatus::kSuccess));
  }
  spec.id = "1 not a name";
  CHECK_FALSE(BuildLogoutRequest(spec, SamlBinding::kPost, "h", key, certificate).ok());
}

}  // namespace
}  // namespace va::gateway
