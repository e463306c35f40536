// Signature wrapping and what is signed (attacks S1-S32): each message holds a signature by the
// real key over real content, and something else for a careless reader.
#include <catch2/catch.hpp>
#include <string>

#include "services/auth-gateway/saml/response_for_test.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of this folder's tests

// A signed assertion, cut out of its response.
struct Genuine {
  std::string response;           // whole message
  std::string assertion;          // with its Signature
  std::string signature;          // of the assertion
  std::string without_signature;  // the assertion without it

  Genuine() {
    response = Render(ResponseParts());
    assertion = Span(response, "<saml:Assertion ", "</saml:Assertion>");
    signature = Span(assertion, "<ds:Signature ", "</ds:Signature>");
    without_signature = Replaced(assertion, signature, "");
    // What every row starts from verifies, so that the one defect is what refuses it.
    REQUIRE(Outcome(response) == "ACCEPTED");
    REQUIRE(Outcome(ResponseParts().Unsigned(assertion)) == "ACCEPTED");
  }
};

// Says mallory and has an ID of its own; unsigned.
std::string Forged() {
  ResponseParts parts;
  parts.name_id = "<saml:NameID>mallory</saml:NameID>";
  parts.assertion_attributes =
      " ID=\"_forged\" Version=\"2.0\" IssueInstant=\"2026-03-04T12:00:00Z\"";
  return parts.Assertion();
}

std::string WithSignature(const std::string& assertion, const std::string& signature) {
  return Replaced(assertion, "</saml:Issuer><saml:Subject>",
                  "</saml:Issuer>" + signature + "<saml:Subject>");
}

std::string InSignature(const std::string& signature, const std::string& content) {
  return Replaced(signature, "</ds:Signature>", content + "</ds:Signature>");
}

std::string Message(const std::string& assertions) { return ResponseParts().Unsigned(assertions); }

ExpectedResponse Wants(SignatureWanted want) {
  ExpectedResponse expected = Expected();
  expected.want = want;
  return expected;
}

// The bare library accepts a signature in most of these messages. It does not where the original
// stands inside the Signature, which the enveloped-signature transform cuts out: there other
// readers are the target, and we refuse before asking.
struct Row {
  const char* name;
  std::string message;
  const char* reason;
  bool library_accepts = true;
};

}  // namespace

TEST_CASE("ValidateResponse: the message that every wrapping starts from is accepted",
          "[gateway][saml]") {
  const Genuine genuine;
  CHECK(Outcome(genuine.response) == "ACCEPTED");
  CHECK(AnySignatureVerifies(genuine.response));
  CHECK(Outcome(Message(genuine.assertion)) == "ACCEPTED");
}

TEST_CASE("ValidateResponse: S3 S4 S5 S6 S7 S8 S9 S10 S12 S13 wrapped assertions are refused",
          "[gateway][saml]") {
  const Genuine g;
  const std::string object_open = "<ds:Object>";
  const std::string object_close = "</ds:Object>";
  const std::string forged = Forged();
  const auto inside_forged = [&](const std::string& content) {
    return Replaced(forged, "</saml:Assertion>", content + "</saml:Assertion>");
  };
  const Row kRows[] = {
      {"S3 forged before", Message(forged + g.assertion), "SEVERAL_ASSERTIONS"},
      {"S13 forged behind", Message(g.assertion + forged), "SEVERAL_ASSERTIONS"},
      {"S4 genuine inside forged", Message(inside_forged(g.assertion)), "MISPLACED_ASSERTION"},
      {"S12 genuine inside an attribute of the forged",
       Message(Replaced(forged, ">ALICE<", ">" + g.assertion + "<")), "MISPLACED_ASSERTION"},
      {"S12 forged inside genuine",
       Message(Replaced(g.assertion, "</saml:Assertion>", forged + "</saml:Assertion>")),
       "MISPLACED_ASSERTION", false},
      {"S5 forged with the signature, original at the end",
       Message(WithSignature(forged, g.signature) + g.without_signature), "SEVERAL_ASSERTIONS"},
      {"S6 original inside the signature",
       Message(WithSignature(forged, InSignature(g.signature, g.without_signature))),
       "MISPLACED_ASSERTION", false},
      {"S8 original in an Object of the signature",
       Message(WithSignature(
           forged, InSignature(g.signature, object_open + g.without_signature + object_close))),
       "MISPLACED_ASSERTION", false},
      {"S9 original in a KeyInfo of the signature",
       Message(WithSignature(forged, InSignature(g.signature, "<ds:KeyInfo>" + g.without_signature +
                                                                  "</ds:KeyInfo>"))),
       "MISPLACED_ASSERTION", false},
      {"S9 signature and original both in Object",
       Message(
           WithSignature(forged, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">" +
                                     object_open + g.assertion + object_close + "</ds:Signature>")),
       "MISPLACED_ASSERTION"},
      {"S10 original in a foreign wrapper",
       Message("<x:w xmlns:x=\"urn:x\">" + g.assertion + "</x:w>" + forged), "MISPLACED_ASSERTION"},
      {"S10 wrapper behind", Message(forged + "<x:w xmlns:x=\"urn:x\">" + g.assertion + "</x:w>"),
       "MISPLACED_ASSERTION"},
      {"S13 forged in Extensions beside the genuine one",
       Replaced(g.response, "<samlp:Status>",
                "<samlp:Extensions>" + forged + "</samlp:Extensions><samlp:Status>"),
       "MISPLACED_ASSERTION"},
      {"S13 forged in StatusDetail",
       Replaced(g.response, "</samlp:Status>",
                "<samlp:StatusDetail>" + forged + "</samlp:StatusDetail></samlp:Status>"),
       "MISPLACED_ASSERTION"},
      {"S7 original in Extensions",
       Replaced(Message(forged), "<samlp:Status>",
                "<samlp:Extensions>" + g.assertion + "</samlp:Extensions><samlp:Status>"),
       "MISPLACED_ASSERTION"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CHECK(AnySignatureVerifies(row.message) == row.library_accepts);
    CHECK(Outcome(row.message) == row.reason);
    CHECK(Outcome(row.message, Wants(SignatureWanted::kResponse)) != "ACCEPTED");
  }
}

TEST_CASE("ValidateResponse: S1 S2 S11 a response inside a response is refused",
          "[gateway][saml]") {
  ResponseParts parts;
  parts.sign_assertion = false;
  parts.sign_response = true;
  const std::string original = Render(parts);
  REQUIRE(Outcome(original, Wants(SignatureWanted::kResponse)) == "ACCEPTED");
  const std::string signature = Span(original, "<ds:Signature ", "</ds:Signature>");
  const std::string inner = Replaced(original, signature, "");
  ResponseParts evil = parts;
  evil.name_id = "<saml:NameID>mallory</saml:NameID>";
  evil.assertion_attributes = Forged().substr(15, Forged().find('>') - 15);
  evil.response_attributes = Replaced(evil.response_attributes, "_response", "_forged-response");
  const std::string shell = evil.Unsigned(evil.Assertion());
  const Row kRows[] = {
      {"S1 original inside the signature",
       Replaced(shell, "<samlp:Status>", InSignature(signature, inner) + "<samlp:Status>"),
       "MALFORMED_RESPONSE", false},
      {"S2 original before the detached signature",
       Replaced(shell, "<samlp:Status>", inner + signature + "<samlp:Status>"),
       "MALFORMED_RESPONSE"},
      {"S11 genuine response inside a forged one",
       Replaced(shell, "</samlp:Response>", original + "</samlp:Response>"), "MALFORMED_RESPONSE"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CHECK(AnySignatureVerifies(row.message) == row.library_accepts);
    CHECK(Outcome(row.message, Wants(SignatureWanted::kResponse)) == row.reason);
    CHECK(Outcome(row.message) == row.reason);
  }
}

TEST_CASE("ValidateResponse: S11 S31 a signature for another element is not ours",
          "[gateway][saml]") {
  // The forged assertion carries a signature whose reference resolves, to the Response.
  ResponseParts parts;
  parts.sign_assertion = false;
  parts.sign_response = true;
  const std::string original = Render(parts);
  const std::string signature = Span(original, "<ds:Signature ", "</ds:Signature>");
  const std::string moved = WithSignature(Replaced(original, signature, ""), signature);
  CHECK(Outcome(moved) == "SIGNATURE_REFERENCE");
}

TEST_CASE("ValidateResponse: S14 S15 assertions are counted over both kinds", "[gateway][saml]") {
  const Genuine g;
  const std::string encrypted =
      "<saml:EncryptedAssertion><xenc:EncryptedData "
      "xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/></saml:EncryptedAssertion>";
  CHECK(Outcome(Message(Forged() + encrypted)) == "SEVERAL_ASSERTIONS");
  CHECK(Outcome(Message(encrypted + g.assertion)) == "SEVERAL_ASSERTIONS");
  CHECK(Outcome(Message(encrypted + encrypted)) == "SEVERAL_ASSERTIONS");
  CHECK(Outcome(Message(encrypted)) == "ENCRYPTED_ASSERTION");
  CHECK(Outcome(Message("")) == "NO_ASSERTION");
  CHECK(Outcome(Message("<Assertion xmlns=\"urn:x\"/>")) == "NO_ASSERTION");
}

TEST_CASE("ValidateResponse: S16 identity comes from the signed assertion, not from Advice",
          "[gateway][saml]") {
  ResponseParts parts;
  parts.advice = "<saml:Advice>" + Forged() + "</saml:Advice>";
  const absl::StatusOr<VerifiedAssertion> verified = ValidateResponseXml(Render(parts), Expected());
  REQUIRE(verified.ok());
  CHECK(verified->name_id == "alice");
  // The reverse: the genuine one in the Advice of a forged one.
  const std::string forged =
      Replaced(Forged(), "<saml:AuthnStatement",
               "<saml:Advice>" + Genuine().assertion + "</saml:Advice><saml:AuthnStatement");
  CHECK(AnySignatureVerifies(Message(forged)));
  CHECK(Outcome(Message(forged)) == "UNSIGNED");
}

TEST_CASE("ValidateResponse: S17 a signature in any other place is refused", "[gateway][saml]") {
  const Genuine g;
  for (const char* const place : {"<samlp:Status>", "<saml:Subject>", "<saml:AudienceRestriction>",
                                  "<saml:AuthnContext>", "<saml:AttributeStatement>"}) {
    CAPTURE(place);
    const std::string message = Replaced(g.response, place, place + g.signature);
    CHECK(Outcome(message) == "SIGNATURE_MISPLACED");
    // Also when it is the only one.
    const std::string only = Replaced(Message(g.without_signature), place, place + g.signature);
    CHECK(Outcome(only) == "SIGNATURE_MISPLACED");
  }
}

TEST_CASE("ValidateResponse: S18 S19 S20 S24 S25 the shape of the signature is checked",
          "[gateway][saml]") {
  const std::string good = Genuine().response;
  const std::string signature = Genuine().signature;
  const std::string digest = Span(good, "<ds:DigestValue>", "</ds:DigestValue>");
  const std::string value = Span(good, "<ds:SignatureValue>", "</ds:SignatureValue>");
  const std::string reference = Span(good, "<ds:Reference ", "</ds:Reference>");
  CHECK(Outcome(Replaced(good, "URI=\"#_assertion\"", "URI=\"\"")) == "SIGNATURE_REFERENCE");
  CHECK(Outcome(Replaced(good, "URI=\"#_assertion\"", "")) == "SIGNATURE_REFERENCE");
  CHECK(Outcome(Replaced(good, "URI=\"#_assertion\"", "URI=\"#_response\"")) ==
        "SIGNATURE_REFERENCE");
  CHECK(Outcome(Replaced(good, "URI=\"#_assertion\"", "URI=\"#xpointer(id('_assertion'))\"")) ==
        "SIGNATURE_REFERENCE");
  CHECK(Outcome(Replaced(good, reference, reference + reference)) == "SIGNATURE_REFERENCE");
  CHECK(Outcome(Replaced(good, signature, signature + signature)) == "SIGNATURE_MULTIPLE");
  CHECK(Outcome(Replaced(good, digest, "<ds:DigestValue/>")) == "SIGNATURE_MALFORMED");
  CHECK(Outcome(Replaced(good, value, "<ds:SignatureValue/>")) == "SIGNATURE_MALFORMED");
  CHECK(Outcome(Replaced(good, "<ds:DigestValue>", "<ds:DigestValue><!-- x -->")) ==
        "SIGNATURE_MALFORMED");
  CHECK(Outcome(Replaced(good, "xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha512")) !=
        "ACCEPTED");
}

TEST_CASE("ValidateResponse: S21 S22 S65 IDs are unique NCNames", "[gateway][saml]") {
  const Genuine g;
  CHECK(Outcome(Replaced(g.response, "ID=\"_response\"", "ID=\"_assertion\"")) ==
        "XML_DUPLICATE_ID");
  CHECK(Outcome(Replaced(g.response, "<samlp:Status>", "<samlp:Status xml:id=\"_assertion\">")) ==
        "XML_DUPLICATE_ID");
  CHECK(Outcome(Replaced(g.response, "<samlp:Status>", "<samlp:Status Id=\"_assertion\">")) ==
        "XML_DUPLICATE_ID");
  for (const char* const id : {" _assertion", "1assertion", "%5fassertion", "a b", ""}) {
    ResponseParts parts;
    parts.sign_assertion = false;
    parts.sign_response = true;
    parts.assertion_attributes = Replaced(parts.assertion_attributes, "_assertion", id);
    CAPTURE(id);
    CHECK(Outcome(parts, Wants(SignatureWanted::kResponse)) == "XML_BAD_ID");
  }
}

TEST_CASE("ValidateResponse: S90 S91 an assertion without ID could be replayed and is refused",
          "[gateway][saml]") {
  ResponseParts parts;
  parts.sign_assertion = false;
  parts.sign_response = true;
  REQUIRE(Outcome(parts, Wants(SignatureWanted::kResponse)) == "ACCEPTED");
  parts.assertion_attributes = Replaced(parts.assertion_attributes, "ID=\"_assertion\" ", "");
  CHECK(Outcome(parts, Wants(SignatureWanted::kResponse)) == "MALFORMED_ASSERTION");
}

TEST_CASE("ValidateResponse: S23 without signatures nothing is accepted", "[gateway][saml]") {
  const Genuine g;
  CHECK(Outcome(Message(g.without_signature)) == "UNSIGNED");
  for (const SignatureWanted want :
       {SignatureWanted::kResponse, SignatureWanted::kAssertion, SignatureWanted::kBoth}) {
    CHECK(Outcome(Message(g.without_signature), Wants(want)) == "UNSIGNED");
  }
}

TEST_CASE("ValidateResponse: P5 what the IdP promised to sign must be signed", "[gateway][saml]") {
  ResponseParts assertion_only;
  ResponseParts response_only;
  response_only.sign_assertion = false;
  response_only.sign_response = true;
  ResponseParts both;
  both.sign_response = true;
  using enum SignatureWanted;
  CHECK(Outcome(assertion_only, Wants(kAssertion)) == "ACCEPTED");
  CHECK(Outcome(assertion_only, Wants(kResponse)) == "RESPONSE_NOT_SIGNED");
  CHECK(Outcome(assertion_only, Wants(kBoth)) == "RESPONSE_NOT_SIGNED");
  CHECK(Outcome(response_only, Wants(kAssertion)) == "ASSERTION_NOT_SIGNED");
  CHECK(Outcome(response_only, Wants(kResponse)) == "ACCEPTED");
  CHECK(Outcome(response_only, Wants(kBoth)) == "ASSERTION_NOT_SIGNED");
  CHECK(Outcome(both, Wants(kAssertion)) == "ACCEPTED");
  CHECK(Outcome(both, Wants(kResponse)) == "ACCEPTED");
  CHECK(Outcome(both, Wants(kBoth)) == "ACCEPTED");
}

TEST_CASE("ValidateResponse: S27 a signature that is there must verify, wanted or not",
          "[gateway][saml]") {
  ResponseParts parts;
  parts.sign_response = true;
  parts.assertion_key = &AttackerKey();
  for (const SignatureWanted want :
       {SignatureWanted::kResponse, SignatureWanted::kAssertion, SignatureWanted::kBoth}) {
    CHECK(Outcome(parts, Wants(want)) == "SIGNATURE_INVALID");
  }
  parts.assertion_key = &IdpKey();
  parts.response_key = &AttackerKey();
  for (const SignatureWanted want :
       {SignatureWanted::kResponse, SignatureWanted::kAssertion, SignatureWanted::kBoth}) {
    CHECK(Outcome(parts, Wants(want)) == "SIGNATURE_INVALID");
  }
  // Response signed by the IdP, then the assertion replaced by one the attacker signed.
  ResponseParts signed_response;
  signed_response.sign_assertion = false;
  signed_response.sign_response = true;
  const std::string original = Render(signed_response);
  ResponseParts forged;
  forged.assertion_key = &AttackerKey();
  const std::string replaced =
      Replaced(original, Span(original, "<saml:Assertion ", "</saml:Assertion>"),
               Span(Render(forged), "<saml:Assertion ", "</saml:Assertion>"));
  CHECK(Outcome(replaced) == "SIGNATURE_DIGEST");
}

TEST_CASE("ValidateResponse: S28 unsigned response fields are checked and never widen trust",
          "[gateway][saml]") {
  const std::string good = Genuine().response;
  CHECK(Outcome(Replaced(good, "status:Success", "status:Requester")) == "STATUS_NOT_SUCCESS");
  CHECK(Outcome(Replaced(good, "Destination=\"https://sp.example",
                         "Destination=\"https://other.example")) == "DESTINATION_MISMATCH");
  CHECK(Outcome(Replaced(good, "Z\" Destination", "Z\" Foo=\"x\" Destination")) == "ACCEPTED");
  ResponseParts other_issuer;
  other_issuer.response_issuer = "<saml:Issuer>https://other.example</saml:Issuer>";
  CHECK(Outcome(other_issuer) == "ISSUER_MISMATCH");
  ResponseParts other_request;
  other_request.response_attributes =
      Replaced(other_request.response_attributes, kRequest, "_request-2");
  CHECK(Outcome(other_request) == "IN_RESPONSE_TO_MISMATCH");
  // A Response that says all the right things does not lend them to the assertion.
  ResponseParts other_audience;
  other_audience.conditions = Replaced(other_audience.conditions, kSp, "https://other.example");
  CHECK(Outcome(other_audience) == "AUDIENCE_MISMATCH");
}

TEST_CASE("ValidateResponse: S29 S30 a signature made for something else does not fit",
          "[gateway][saml]") {
  // Signed metadata of the same IdP as the root, and its signature moved into a Response.
  const std::string metadata = SignById(
      "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_md\" "
      "entityID=\"https://idp.example/entity\"><md:x/></md:EntityDescriptor>",
      "_md", IdpKey());
  CHECK(Outcome(metadata) == "NOT_A_RESPONSE");
  const std::string signature = Span(metadata, "<ds:Signature ", "</ds:Signature>");
  const std::string moved = WithSignature(Message(Genuine().without_signature), signature);
  CHECK(Outcome(moved) == "SIGNATURE_REFERENCE");
  const std::string authn_request = SignById(
      "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_assertion\">"
      "<x/></samlp:AuthnRequest>",
      "_assertion", IdpKey());
  CHECK(Outcome(WithSignature(Message(Genuine().without_signature),
                              Span(authn_request, "<ds:Signature ", "</ds:Signature>"))) ==
        "SIGNATURE_DIGEST");
  CHECK(Outcome(Replaced(Genuine().response, "samlp:Response", "samlp:LogoutResponse")) ==
        "NOT_A_RESPONSE");
}

TEST_CASE("ValidateResponse: S40 S41 S43 S45 only the pinned key counts", "[gateway][saml]") {
  ResponseParts attacker;
  attacker.assertion_key = &AttackerKey();
  CHECK(Outcome(attacker) == "SIGNATURE_INVALID");
  ExpectedResponse no_keys = Expected();
  no_keys.keys = {};
  CHECK(Outcome(ResponseParts(), no_keys) == "SIGNATURE_KEY");
  const Genuine g;
  CHECK(Outcome(Replaced(g.response, "</ds:Signature>",
                         "<ds:KeyInfo><ds:KeyName>x</ds:KeyName></ds:KeyInfo></ds:Signature>")) ==
        "ACCEPTED");
  CHECK(Outcome(Replaced(g.response, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                         "http://www.w3.org/2000/09/xmldsig#rsa-sha1")) == "SIGNATURE_ALGORITHM");
  CHECK(Outcome(Replaced(g.response, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                         "http://www.w3.org/2000/09/xmldsig#hmac-sha1")) == "SIGNATURE_ALGORITHM");
}

TEST_CASE("ValidateResponse: S48 S50 other transforms are refused", "[gateway][saml]") {
  const Genuine g;
  const std::string exclusive =
      "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
  CHECK(
      Outcome(Replaced(g.response, exclusive,
                       "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>" +
                           exclusive)) == "SIGNATURE_TRANSFORM");
  CHECK(Outcome(Replaced(
            g.response, exclusive,
            "<ds:Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>")) ==
        "SIGNATURE_TRANSFORM");
}

TEST_CASE("ValidateResponse: S67 a digest in another place is not looked at", "[gateway][saml]") {
  const Genuine g;
  const std::string digest = Span(g.response, "<ds:DigestValue>", "</ds:DigestValue>");
  const std::string forged = Replaced(g.response, ">alice<", ">mallory<");
  const std::string message =
      Replaced(forged, "</samlp:Status>",
               "<samlp:StatusDetail xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">" + digest +
                   "</samlp:StatusDetail></samlp:Status>");
  CHECK(Outcome(message) == "SIGNATURE_DIGEST");
}

TEST_CASE("ValidateResponse: S75 names in a foreign namespace are not read", "[gateway][saml]") {
  ResponseParts parts;
  parts.name_id = "<e:NameID xmlns:e=\"urn:evil\">mallory</e:NameID>" + parts.name_id;
  const absl::StatusOr<VerifiedAssertion> verified = ValidateResponseXml(Render(parts), Expected());
  REQUIRE(verified.ok());
  CHECK(verified->name_id == "alice");
  ResponseParts only;
  only.name_id = "<e:NameID xmlns:e=\"urn:evil\">mallory</e:NameID>";
  CHECK(Outcome(only) == "NAME_ID_MISSING");
  ResponseParts prefix;  // the right prefix, another namespace
  prefix.name_id = "<saml:NameID xmlns:saml=\"urn:evil\">mallory</saml:NameID>";
  CHECK(Outcome(prefix) == "NAME_ID_MISSING");
}

}  // namespace va::gateway
