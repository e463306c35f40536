#include "tests/simulators/idp/idp_simulator.h"

#include <catch2/catch.hpp>

#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/encoding.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "lib/testing/html_page.h"
#include "lib/xml/builder.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "lib/xml/enc.h"
#include "tests/simulators/idp/saml_words.h"
#include "tests/simulators/idp/test_keys.h"

namespace va::simulators {
namespace {

constexpr char kSp[] = "https://sp.test/entity";
constexpr char kAcs[] = "https://localhost:8443/v1/sessions/callback";
constexpr char kSso[] = "https://127.0.0.1:8461/isam/sps/saml20idp/saml20/login";
constexpr char kIdmeSelector[] = "https://eauth.va.gov/csp/IDME";
constexpr char kLoa1[] = "http://idmanagement.gov/ns/assurance/loa/1/vets";
constexpr char kLoa3[] = "http://idmanagement.gov/ns/assurance/loa/3";

// A request as it should be, typed from the interface document.
struct RequestText {
  std::string id = "_0123456789abcdef0123456789abcdef";
  std::string instant = "2026-01-15T12:00:00Z";
  std::string destination = kSso;
  std::string acs = kAcs;
  std::string issuer = kSp;
  std::string attributes = "Version=\"2.0\" ForceAuthn=\"true\"";
  std::string binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
  std::string policy = "<samlp:NameIDPolicy AllowCreate=\"true\"/>";
  std::string comparison = "minimum";
  std::vector<std::string> contexts = {kLoa1, kIdmeSelector};
  bool sign = true;

  std::string Xml() const {
    std::string refs;
    for (const std::string& context : contexts) {
      absl::StrAppend(&refs, "<saml:AuthnContextClassRef>", context,
                      "</saml:AuthnContextClassRef>");
    }
    const std::string text = absl::StrCat(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "
        "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"",
        id, "\" IssueInstant=\"", instant, "\" Destination=\"", destination,
        "\" AssertionConsumerServiceURL=\"", acs, "\" ProtocolBinding=\"", binding, "\" ",
        attributes, "><saml:Issuer>", issuer, "</saml:Issuer>", policy,
        "<samlp:RequestedAuthnContext Comparison=\"", comparison, "\">", refs,
        "</samlp:RequestedAuthnContext></samlp:AuthnRequest>");
    if (!sign) return text;
    auto document = xml::Document::Parse(text).value();
    REQUIRE(xml::SignEnveloped(document, document.root(), "ID", Sp().Private()).ok());
    return document.Serialize();
  }
};

Registration Agreed() {
  Registration registration;
  registration.sp_entity_id = kSp;
  registration.acs_url = kAcs;
  registration.sso_url = kSso;
  registration.sp_keys.push_back(Sp().certificate.public_key());
  return registration;
}

CheckedRequest Check(const std::string& xml) {
  const testing::FakeClock clock;
  return CheckAuthnRequest(base::Base64Encode(xml), Agreed(), clock.Now());
}

// The first problem with the request after `change`; empty when it passes.
std::string ProblemAfter(const std::function<void(RequestText&)>& change) {
  RequestText text;
  change(text);
  const auto checked = Check(text.Xml());
  return checked.problems.empty() ? "" : checked.problems.front();
}

TEST_CASE("CheckAuthnRequest: a request as agreed passes, of every type", "[simulator]") {
  const auto checked = Check(RequestText().Xml());
  CHECK_THAT(checked.problems, Catch::Equals(std::vector<std::string>()));
  CHECK(checked.request.id == "_0123456789abcdef0123456789abcdef");
  CHECK(checked.request.force_authn);
  CHECK(ProblemAfter([](RequestText& r) {
          r.contexts = {"myhealthevet", "https://eauth.va.gov/csp/IDME_MHV"};
          r.comparison = "exact";
        }).empty());
  CHECK(ProblemAfter([](RequestText& r) {
          r.contexts = {"http://idmanagement.gov/ns/assurance/ial/2",
                        "http://idmanagement.gov/ns/assurance/aal/2",
                        "https://eauth.va.gov/csp/LOGINGOV"};
          r.comparison = "exact";
        }).empty());
}

TEST_CASE("CheckAuthnRequest: one context alone may come without ForceAuthn, and exactly",
          "[simulator]") {
  using R = RequestText;
  const std::string no_force = "Version=\"2.0\" ForceAuthn=\"false\"";
  const auto alone = [](R& r) {
    r.contexts = {"dslogon"};
    r.comparison = "exact";
  };
  CHECK(ProblemAfter(alone).empty());
  CHECK(ProblemAfter([&](R& r) {
          alone(r);
          r.attributes = no_force;
        }).empty());
  CHECK(absl::StartsWith(ProblemAfter([&](R& r) {
                           alone(r);
                           r.comparison = "minimum";
                         }),
                         "contexts not agreed"));
  CHECK(absl::StartsWith(ProblemAfter([&](R& r) {
                           alone(r);
                           r.contexts = {"qwerty"};
                         }),
                         "contexts not agreed"));
  CHECK(ProblemAfter([&](R& r) { r.attributes = no_force; }) ==
        "ForceAuthn must be true for these types");
}

TEST_CASE("CheckAuthnRequest: every departure is refused and named", "[simulator]") {
  using R = RequestText;
  CHECK(ProblemAfter([](R& r) { r.sign = false; }) == "signature: SIGNATURE_MISSING");
  CHECK(ProblemAfter([](R& r) { r.id = "1abc"; }) == "signature: XML_BAD_ID");
  CHECK(ProblemAfter([](R& r) { r.id = "_short"; }) == "ID is too short to be unguessable");
  CHECK(ProblemAfter([](R& r) { r.instant = "2026-01-15T12:05:00Z"; }) ==
        "IssueInstant is not now");
  CHECK(ProblemAfter([](R& r) { r.instant = "2026-01-15T13:00:00+01:00"; }) ==
        "IssueInstant is not a UTC time");
  CHECK(ProblemAfter([](R& r) { r.destination = kAcs; }) == "Destination is not us");
  CHECK(ProblemAfter([](R& r) { r.acs = "https://evil.test/"; }) ==
        "AssertionConsumerServiceURL is not registered");
  CHECK(ProblemAfter([](R& r) { r.issuer = "https://evil.test/"; }) ==
        "Issuer is not a registered service provider");
  CHECK(ProblemAfter([](R& r) { r.binding = "x"; }) == "ProtocolBinding is not HTTP-POST");
  CHECK(ProblemAfter([](R& r) { r.attributes = "Version=\"1.1\" ForceAuthn=\"true\""; }) ==
        "Version is not 2.0");
  CHECK(ProblemAfter([](R& r) { r.attributes = "Version=\"2.0\""; }) ==
        "ForceAuthn must be true for these types");
  CHECK(ProblemAfter([](R& r) { r.policy = "<samlp:NameIDPolicy Format=\"x\"/>"; }) ==
        "NameIDPolicy asks for an unknown Format");
  CHECK(ProblemAfter([](R& r) { r.policy = "<samlp:Scoping/>"; }) ==
        "element RequestedAuthnContext is unknown, doubled or misplaced");
  CHECK(
      absl::StartsWith(ProblemAfter([](R& r) { r.comparison = "better"; }), "contexts not agreed"));
  CHECK(absl::StartsWith(ProblemAfter([](R& r) { r.contexts = {kLoa1}; }), "contexts not agreed"));
}

TEST_CASE("CheckAuthnRequest: altered, foreign and garbled messages are refused", "[simulator]") {
  const std::string xml = RequestText().Xml();
  CHECK(Check(absl::StrReplaceAll(xml, {{"ForceAuthn=\"true\"", "ForceAuthn=\"false\""}}))
            .problems.front() == "signature: DIGEST_MISMATCH");
  CHECK(Check("<a/>").problems == std::vector<std::string>{"the root is not samlp:AuthnRequest"});
  CHECK(absl::StartsWith(Check("<a>").problems.front(), "XML refused"));
  const testing::FakeClock clock;
  CHECK(CheckAuthnRequest("%%%", Agreed(), clock.Now()).problems ==
        std::vector<std::string>{"SAMLRequest is not base64"});
  CHECK(RelayStateProblem(std::string(80, 'a')).empty());
  CHECK_FALSE(RelayStateProblem(std::string(81, 'a')).empty());
  CHECK_FALSE(RelayStateProblem("a\nb").empty());
}

// A simulator with the house's personas, driven by requests made by hand.
class Broker {
 public:
  Broker() : Broker(nullptr) {}
  // It knows the service provider by its metadata.
  explicit Broker(std::function<absl::StatusOr<PartnerKeys>()> partner)
      : simulator_({testing::LoadPersonas("tests/personas").value(), Agreed(),
                    Issuer{"https://idp.test/entity", Idp().Private(), Idp().certificate},
                    SignWhat::kAssertion, clock_, ids_,
                    [this](const std::vector<std::string>& problems) { refused = problems; },
                    std::move(partner)}) {}

  http::Response Post(const std::string& path, const base::FormPairs& form) {
    http::Request request;
    request.method = "POST";
    request.path = request.target = path;
    request.body = base::BuildQuery(form);
    return simulator_.Handle(request);
  }
  http::Response Get(const std::string& path, const std::string& query = "") {
    http::Request request;
    request.method = "GET";
    request.path = request.target = path;
    request.query = query;
    return simulator_.Handle(request);
  }
  http::Response Login(const RequestText& text = RequestText(),
                       const std::string& relay_state = "handle") {
    return Post(std::string(kLoginPath),
                {{"SAMLRequest", base::Base64Encode(text.Xml())}, {"RelayState", relay_state}});
  }
  // The page after choosing, with further form fields.
  http::Response Choose(const std::string& persona, const base::FormPairs& more = {}) {
    const auto choice = testing::ParseHtml(Login().body);
    base::FormPairs form = choice.forms.at(0).fields;
    form.emplace_back("persona", persona);
    form.insert(form.end(), more.begin(), more.end());
    return Post("/choose", form);
  }
  // The response in such a page.
  xml::Document Answer(const std::string& persona, const base::FormPairs& more = {}) {
    const auto page = testing::ParseHtml(Choose(persona, more).body);
    answer_form = page.forms.at(0);
    const auto xml = base::Base64DecodeStrict(answer_form.Field("SAMLResponse").value());
    return xml::Document::Parse(*xml).value();
  }

  std::vector<std::string> refused;
  testing::HtmlForm answer_form;

 private:
  testing::FakeClock clock_;
  testing::FixedIds ids_;
  IdpSimulator simulator_;
};

std::vector<crypto::PublicKey> IdpKeys() { return {Idp().certificate.public_key()}; }

std::vector<std::string> ValuesOf(const xml::Element& assertion, absl::string_view name) {
  std::vector<std::string> values;
  for (const xml::Element attribute :
       assertion.OnlyChild(kSaml, "AttributeStatement")->Children()) {
    if (attribute.Attr("Name") != name) continue;
    for (const xml::Element value : attribute.Children()) values.push_back(value.Text());
  }
  return values;
}

TEST_CASE("IdpSimulator: offers who fits first, everybody else behind a disclosure",
          "[simulator]") {
  Broker broker;
  const auto response = broker.Login();
  CHECK(response.status == 200);
  const std::string& html = response.body;
  const size_t others = html.find("<details>");
  REQUIRE(others != std::string::npos);
  CHECK(html.find("value=\"idme_loa1\"") < others);
  CHECK(html.find("value=\"idme_loa3\"") < others);
  CHECK(html.find("value=\"mhv_premium\"") > others);
  CHECK(testing::ParseHtml(html).forms.at(0).FindButton("I do not consent") != nullptr);
}

TEST_CASE("IdpSimulator: a request id is good once", "[simulator]") {
  Broker broker;
  CHECK(broker.Login().status == 200);
  CHECK(broker.Login().status == 400);
  CHECK(broker.refused == std::vector<std::string>{"ID was used before"});
}

TEST_CASE("IdpSimulator: a bad request is answered with its problems", "[simulator]") {
  Broker broker;
  RequestText unsigned_request;
  unsigned_request.sign = false;
  const auto response = broker.Login(unsigned_request);
  CHECK(response.status == 400);
  CHECK(absl::StrContains(response.body, "SIGNATURE_MISSING"));
  CHECK(broker.Login(RequestText(), std::string(81, 'x')).status == 400);
  CHECK(broker.Login().status == 200);  // the refused ones did not use up the id
}

TEST_CASE("IdpSimulator: the answer is about the persona, signed, and for this request only",
          "[simulator]") {
  Broker broker;
  const xml::Document document = broker.Answer("idme_loa3");
  CHECK(broker.answer_form.action == kAcs);
  CHECK(broker.answer_form.Field("RelayState") == "handle");
  CHECK(broker.answer_form.FindButton("Continue") != nullptr);
  const xml::Element response = document.root();
  CHECK(response.Attr("InResponseTo") == "_0123456789abcdef0123456789abcdef");
  CHECK(response.Attr("Destination") == kAcs);
  CHECK_FALSE(xml::HasSignature(response));
  const auto assertion = response.OnlyChild(kSaml, "Assertion");
  REQUIRE(assertion.has_value());
  CHECK(xml::VerifyEnveloped(document, *assertion, IdpKeys()).ok());
  const auto data = assertion->OnlyChild(kSaml, "Subject")
                        ->OnlyChild(kSaml, "SubjectConfirmation")
                        ->OnlyChild(kSaml, "SubjectConfirmationData");
  CHECK(data->Attr("Recipient") == kAcs);
  CHECK(data->Attr("NotOnOrAfter") == "2026-01-15T12:05:00Z");
  const auto conditions = assertion->OnlyChild(kSaml, "Conditions");
  CHECK(conditions->OnlyChild(kSaml, "AudienceRestriction")->OnlyChild(kSaml, "Audience")->Text() ==
        kSp);
  const auto statement = assertion->OnlyChild(kSaml, "AuthnStatement");
  CHECK(statement->Attr("SessionIndex").has_value());
  CHECK(statement->OnlyChild(kSaml, "AuthnContext")
            ->OnlyChild(kSaml, "AuthnContextClassRef")
            ->Text() == kLoa3);
  CHECK(ValuesOf(*assertion, "va_eauth_lastname") == std::vector<std::string>{"Thistlewick"});
  CHECK(ValuesOf(*assertion, "va_eauth_transactionid").size() == 1);
  CHECK(document.Serialize().size() > 10000);  // as big as the real ones
}

TEST_CASE("IdpSimulator: signs what it is told to sign", "[simulator]") {
  Broker broker;
  const auto signed_parts = [](const xml::Document& document) {
    const auto assertion = document.root().OnlyChild(kSaml, "Assertion");
    return std::pair(xml::VerifyEnveloped(document, document.root(), IdpKeys()).ok(),
                     xml::VerifyEnveloped(document, *assertion, IdpKeys()).ok());
  };
  // One broker a case: a request id is good once.
  CHECK(signed_parts(Broker().Answer("idme_loa1", {{"sign", "response"}})) ==
        std::pair(true, false));
  CHECK(signed_parts(Broker().Answer("idme_loa1", {{"sign", "both"}})) == std::pair(true, true));
  CHECK(signed_parts(Broker().Answer("idme_loa1", {{"sign", "nothing"}})) ==
        std::pair(false, false));
  CHECK(Broker().Choose("idme_loa1", {{"sign", "everything"}}).status == 400);
}

// As a service provider would publish them: (use, certificate).
std::string PartnerMetadata(
    const std::vector<std::pair<std::string, const crypto::Certificate*>>& keys) {
  std::string listed;
  for (const auto& [use, certificate] : keys) {
    absl::StrAppend(&listed, "<md:KeyDescriptor", use.empty() ? "" : " use=\"", use,
                    use.empty() ? "" : "\"", "><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n",
                    base::Base64Encode(certificate->der()),
                    "\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>");
  }
  return absl::StrCat("<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ",
                      "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"", kSp,
                      "\"><md:SPSSODescriptor>", listed,
                      "</md:SPSSODescriptor></md:EntityDescriptor>");
}

TEST_CASE("ReadPartnerMetadata: keys by their use, without one for both, in the order they stand",
          "[simulator]") {
  const crypto::Certificate& sp = Sp().certificate;
  const crypto::Certificate& other = Idp().certificate;
  const auto keys =
      ReadPartnerMetadata(PartnerMetadata({{"signing", &sp}, {"encryption", &other}, {"", &sp}}));
  REQUIRE(keys.ok());
  REQUIRE(keys->signing.size() == 2);
  REQUIRE(keys->encryption.size() == 2);
  CHECK(keys->encryption[0].Der() == other.public_key().Der());
  CHECK(keys->encryption[1].Der() == sp.public_key().Der());
  CHECK_FALSE(ReadPartnerMetadata("<md/>").ok());
  CHECK_FALSE(ReadPartnerMetadata("").ok());
  CHECK_FALSE(ReadPartnerMetadata(absl::StrReplaceAll(PartnerMetadata({{"signing", &sp}}),
                                                      {{"<ds:X509Certificate>", "<ds:X509>"},
                                                       {"</ds:X509Certificate>", "</ds:X509>"}}))
                  .ok());
}

TEST_CASE(
    "IdpSimulator: a partner known by its metadata is believed with the keys of the moment, and "
    "assertions are encrypted to each that it names for it in turn",
    "[simulator]") {
  std::string metadata;
  Broker broker([&metadata] { return ReadPartnerMetadata(metadata); });
  CHECK(broker.Login().status == 400);  // nothing is known of it yet
  metadata = PartnerMetadata({{"signing", &Idp().certificate}});
  CHECK(broker.Login().status == 400);
  metadata = PartnerMetadata({{"signing", &Sp().certificate},
                              {"encryption", &Sp().certificate},
                              {"encryption", &Idp().certificate}});
  const auto choice = testing::ParseHtml(broker.Login().body);
  for (const Keys* const reader : {&Sp(), &Idp(), &Sp()}) {
    base::FormPairs form = choice.forms.at(0).fields;
    form.emplace_back("persona", "idme_loa3");
    form.emplace_back("sign", "both");
    const auto page = testing::ParseHtml(broker.Post("/choose", form).body);
    const auto text = base::Base64DecodeStrict(page.forms.at(0).Field("SAMLResponse").value());
    CHECK_FALSE(absl::StrContains(*text, "Thistlewick"));
    xml::Document document = xml::Document::Parse(*text).value();
    CHECK(xml::VerifyEnveloped(document, document.root(), IdpKeys()).ok());
    const auto hidden = document.root().OnlyChild(kSaml, "EncryptedAssertion");
    REQUIRE(hidden.has_value());
    const std::vector<crypto::PrivateKey> keys = [reader] {
      std::vector<crypto::PrivateKey> one;
      one.push_back(reader->Private());
      return one;
    }();
    const auto assertion = xml::DecryptInPlace(document, *hidden, keys);
    REQUIRE(assertion.ok());
    CHECK(xml::VerifyEnveloped(document, *assertion, IdpKeys()).ok());
    CHECK(ValuesOf(*assertion, "va_eauth_lastname") == std::vector<std::string>{"Thistlewick"});
  }
}

TEST_CASE("IdpSimulator: a script may replace, multiply and remove single attributes",
          "[simulator]") {
  Broker broker;
  const xml::Document document =
      broker.Answer("idme_loa3", {{"attribute.va_eauth_pnid", "666000001"},
                                  {"attribute.va_eauth_uid", "a"},
                                  {"attribute.va_eauth_uid", "b"},
                                  {"attribute.new_one", "x"},
                                  {"without.va_eauth_icn", "1"},
                                  {"authn_context", kLoa1},
                                  {"clock_offset_s", "-600"}});
  const auto assertion = *document.root().OnlyChild(kSaml, "Assertion");
  CHECK(ValuesOf(assertion, "va_eauth_pnid") == std::vector<std::string>{"666000001"});
  CHECK(ValuesOf(assertion, "va_eauth_uid") == std::vector<std::string>{"a", "b"});
  CHECK(ValuesOf(assertion, "new_one") == std::vector<std::string>{"x"});
  CHECK(ValuesOf(assertion, "va_eauth_icn").empty());
  CHECK(assertion.Attr("IssueInstant") == "2026-01-15T11:50:00Z");
  CHECK(absl::StrContains(assertion.OnlyChild(kSaml, "AuthnStatement")
                              ->OnlyChild(kSaml, "AuthnContext")
                              ->OnlyChild(kSaml, "AuthnContextClassRef")
                              ->Text(),
                          "loa/1"));
}

TEST_CASE("IdpSimulator: not consenting is answered with a signed Responder status",
          "[simulator]") {
  Broker broker;
  const xml::Document document = broker.Answer("", {{"decline", "1"}});
  CHECK(xml::VerifyEnveloped(document, document.root(), IdpKeys()).ok());
  CHECK_FALSE(document.root().OnlyChild(kSaml, "Assertion").has_value());
  const auto status = document.root().OnlyChild(kSamlp, "Status");
  CHECK(status->OnlyChild(kSamlp, "StatusCode")->Attr("Value") == kResponder);
  CHECK(status->OnlyChild(kSamlp, "StatusMessage")->Text() ==
        "Subject did not consent to attribute release");
}

TEST_CASE("IdpSimulator: choices nobody asked for are refused", "[simulator]") {
  Broker broker;
  CHECK(broker.Post("/choose", {{"request", "unknown"}, {"persona", "idme_loa3"}}).status == 400);
  CHECK(broker.Choose("nobody").status == 400);
  CHECK(broker.Get("/elsewhere").status == 404);
  CHECK(broker.Get(std::string(kLoginPath)).status == 405);
}

TEST_CASE("IdpSimulator: plays the application's landing page, escaped", "[simulator]") {
  Broker broker;
  const auto page = broker.Get("/portal/eauth.va.gov/mhv-portal-web/eauth", "deeplinking=<b>");
  CHECK(page.status == 200);
  CHECK(absl::StrContains(page.body, "deeplinking=&lt;b&gt;"));
  CHECK(broker.Get("/").status == 200);
  CHECK(absl::StrContains(broker.Get("/metadata").body, "WantAuthnRequestsSigned"));
}

}  // namespace
}  // namespace va::simulators
