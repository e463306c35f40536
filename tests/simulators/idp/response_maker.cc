#include "tests/simulators/idp/response_maker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/xml/builder.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "lib/xml/test_encrypter.h"
#include "tests/simulators/idp/saml_words.h"

namespace va::simulators {
namespace {

using xml::Builder;

// How the broker labels its attributes.
constexpr absl::string_view kNameFormat = "urn:ibm:names:ITFIM:5.1:accessmanager";

// How long an answer may be used, and how far back NotBefore lies.
constexpr absl::Duration kLifetime = absl::Minutes(5);
constexpr absl::Duration kHeadStart = absl::Minutes(1);

// Attributes the broker sends for everybody; NOT_FOUND where it knows nothing.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 21> kAlwaysThere = {{
    {"va_eauth_prefix", "NOT_FOUND"},
    {"va_eauth_suffix", "NOT_FOUND"},
    {"va_eauth_street", "NOT_FOUND"},
    {"va_eauth_street1", "NOT_FOUND"},
    {"va_eauth_street2", "NOT_FOUND"},
    {"va_eauth_street3", "NOT_FOUND"},
    {"va_eauth_city", "NOT_FOUND"},
    {"va_eauth_state", "NOT_FOUND"},
    {"va_eauth_postalcode", "NOT_FOUND"},
    {"va_eauth_country", "NOT_FOUND"},
    {"va_eauth_phone", "NOT_FOUND"},
    {"va_eauth_pid", "NOT_FOUND"},
    {"va_eauth_npi", "NOT_FOUND"},
    {"va_eauth_persontype", "NOT_FOUND"},
    {"va_eauth_birlsfilenumber", "NOT_FOUND"},
    {"va_eauth_mhv_ien", "NOT_FOUND"},
    {"va_eauth_isDelegate", "false"},
    {"va_eauth_csponly", "false"},
    {"va_eauth_authenticationAuthority", "https://eauth.va.gov/FIM/sps/saml20fedCSP/saml20"},
    {"va_eauth_authorization",
     R"({"authorizationResponse":{"status":"NOT_FOUND","message":"no authorization requested"}})"},
    {"AUTHENTICATION_LEVEL", "1"},
}};

std::string Instant(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

bool Has(const testing::PersonaAttributes& attributes, absl::string_view name) {
  return std::any_of(attributes.begin(), attributes.end(),
                     [&](const auto& attribute) { return attribute.first == name; });
}

testing::PersonaAttributes WithBrokersOwn(testing::PersonaAttributes attributes, absl::Time now,
                                          base::IdGenerator& ids) {
  for (const auto& [name, value] : kAlwaysThere) {
    if (!Has(attributes, name)) attributes.push_back({std::string(name), {std::string(value)}});
  }
  const auto add = [&](const char* name, std::string value) {
    if (!Has(attributes, name)) attributes.push_back({name, {std::move(value)}});
  };
  add("va_eauth_issueinstant", Instant(now));
  add("va_eauth_transactionid", base::Base64Encode(ids.RandomBytes(32)));
  add("va_eauth_mcid", "WSSOE" + base::HexEncode(ids.RandomBytes(12)));
  return attributes;
}

void AddAttributes(Builder& out, const testing::PersonaAttributes& attributes) {
  out.Open(kSaml, "AttributeStatement");
  for (const auto& [name, values] : attributes) {
    out.Open(kSaml, "Attribute").Attr("Name", name).Attr("NameFormat", kNameFormat);
    for (const std::string& value : values) {
      out.Open(kSaml, "AttributeValue").AttrNs(kXsi, "type", "xs:string").Text(value).Close();
    }
    out.Close();
  }
  out.Close();
}

void AddSubject(Builder& out, const AuthnRequest& request, const Answer& answer, absl::Time now) {
  const absl::string_view format =
      request.name_id_format.empty() ? kPersistent : absl::string_view(request.name_id_format);
  out.Open(kSaml, "Subject");
  out.Open(kSaml, "NameID").Attr("Format", format).Text(answer.name_id).Close();
  out.Open(kSaml, "SubjectConfirmation").Attr("Method", kBearer);
  out.Open(kSaml, "SubjectConfirmationData")
      .Attr("InResponseTo", request.id)
      .Attr("NotOnOrAfter", Instant(now + kLifetime))
      .Attr("Recipient", request.acs_url)
      .Close();
  out.Close().Close();
}

void AddConditions(Builder& out, const AuthnRequest& request, absl::Time now) {
  out.Open(kSaml, "Conditions")
      .Attr("NotBefore", Instant(now - kHeadStart))
      .Attr("NotOnOrAfter", Instant(now + kLifetime));
  out.Open(kSaml, "AudienceRestriction").Leaf(kSaml, "Audience", request.issuer).Close();
  out.Close();
}

void AddAuthnStatement(Builder& out, const Answer& answer, absl::Time now, base::IdGenerator& ids) {
  out.Open(kSaml, "AuthnStatement")
      .Attr("AuthnInstant", Instant(now))
      .Attr("SessionIndex",
            answer.session_index.empty() ? NewSessionIndex(ids) : answer.session_index)
      .Attr("SessionNotOnOrAfter", Instant(now + absl::Hours(1)));
  out.Open(kSaml, "AuthnContext").Leaf(kSaml, "AuthnContextClassRef", answer.authn_context).Close();
  out.Close();
}

Builder StartResponse(const Issuer& issuer, const AuthnRequest& request, const std::string& id,
                      absl::Time now) {
  Builder out(kSamlp, "samlp", "Response");
  out.DeclareNs("saml", kSaml).DeclareNs("xs", kXs).DeclareNs("xsi", kXsi);
  out.Attr("ID", id)
      .Attr("Version", "2.0")
      .Attr("IssueInstant", Instant(now))
      .Attr("Destination", request.acs_url)
      .Attr("InResponseTo", request.id);
  out.Leaf(kSaml, "Issuer", issuer.entity_id);
  return out;
}

absl::Status Sign(xml::Document& document, const xml::Element& target, const Issuer& issuer) {
  xml::SignOptions options;
  options.certificate_der = issuer.certificate.der();
  return xml::SignEnveloped(document, target, "ID", issuer.key, options);
}

// The same response with the assertion, signed or not, inside an EncryptedAssertion.
absl::StatusOr<xml::Document> WithHiddenAssertion(const xml::Document& document,
                                                  const crypto::PublicKey& recipient) {
  constexpr absl::string_view kStart = "<saml:Assertion";
  constexpr absl::string_view kEnd = "</saml:Assertion>";
  std::string text = document.Serialize();
  const size_t from = text.find(std::string(kStart));
  const size_t size = text.rfind(std::string(kEnd)) + kEnd.size() - from;
  // Names that were declared above it: whoever opens it may have nothing but the assertion.
  const std::string plain =
      absl::StrCat(kStart, " xmlns:saml=\"", kSaml, "\" xmlns:xs=\"", kXs, "\" xmlns:xsi=\"", kXsi,
                   "\"", text.substr(from + kStart.size(), size - kStart.size()));
  xml::testing::Encrypter how;
  how.public_recipient = &recipient;
  text.replace(from, size,
               absl::StrCat("<saml:EncryptedAssertion>", xml::testing::Encrypted(plain, how),
                            "</saml:EncryptedAssertion>"));
  return xml::Document::Parse(text);
}

}  // namespace

std::optional<SignWhat> SignWhatFromString(absl::string_view word) {
  if (word == "assertion") return SignWhat::kAssertion;
  if (word == "response") return SignWhat::kResponse;
  if (word == "both") return SignWhat::kBoth;
  if (word == "nothing") return SignWhat::kNothing;
  return std::nullopt;
}

std::string NewSessionIndex(base::IdGenerator& ids) { return "uuid" + ids.Uuid(); }

Answer AnswerFor(const testing::Persona& persona) {
  Answer answer;
  answer.name_id = persona.name_id;
  answer.authn_context = persona.authn_context;
  answer.attributes = persona.attributes;
  return answer;
}

absl::StatusOr<std::string> MakeResponse(const Issuer& issuer, const AuthnRequest& request,
                                         const Answer& answer, absl::Time now,
                                         base::IdGenerator& ids) {
  now += answer.clock_offset;
  Builder out = StartResponse(issuer, request, ids.XmlId(), now);
  out.Open(kSamlp, "Status").Open(kSamlp, "StatusCode").Attr("Value", kSuccess).Close().Close();
  out.Open(kSaml, "Assertion")
      .Attr("ID", ids.XmlId())
      .Attr("Version", "2.0")
      .Attr("IssueInstant", Instant(now));
  out.Leaf(kSaml, "Issuer", issuer.entity_id);
  AddSubject(out, request, answer, now);
  AddConditions(out, request, now);
  AddAuthnStatement(out, answer, now, ids);
  AddAttributes(out, WithBrokersOwn(answer.attributes, now, ids));
  out.Close();
  auto document = out.Finish();
  if (!document.ok()) return document.status();

  // The assertion first: a signature of the response covers it with its signature.
  if (answer.sign == SignWhat::kAssertion || answer.sign == SignWhat::kBoth) {
    const auto assertion = document->root().OnlyChild(kSaml, "Assertion");
    const auto status = Sign(*document, *assertion, issuer);
    if (!status.ok()) return status;
  }
  if (answer.encrypt_to) {
    document = WithHiddenAssertion(*document, *answer.encrypt_to);
    if (!document.ok()) return document.status();
  }
  if (answer.sign == SignWhat::kResponse || answer.sign == SignWhat::kBoth) {
    const auto status = Sign(*document, document->root(), issuer);
    if (!status.ok()) return status;
  }
  return document->SerializeWithDeclaration();
}

absl::StatusOr<std::string> MakeRefusal(const Issuer& issuer, const AuthnRequest& request,
                                        absl::Time now, base::IdGenerator& ids) {
  Builder out = StartResponse(issuer, request, ids.XmlId(), now);
  out.Open(kSamlp, "Status");
  out.Open(kSamlp, "StatusCode").Attr("Value", kResponder);
  out.Open(kSamlp, "StatusCode").Attr("Value", kAuthnFailed).Close().Close();
  out.Leaf(kSamlp, "StatusMessage", "Subject did not consent to attribute release");
  out.Close();
  auto document = out.Finish();
  if (!document.ok()) return document.status();
  const auto status = Sign(*document, document->root(), issuer);
  if (!status.ok()) return status;
  return document->SerializeWithDeclaration();
}

absl::StatusOr<std::string> MakeMetadata(const Issuer& issuer, absl::string_view sso_url,
                                         absl::string_view slo_url) {
  Builder out(kMd, "md", "EntityDescriptor");
  out.DeclareNs("ds", kDs);
  out.Attr("entityID", issuer.entity_id);
  out.Open(kMd, "IDPSSODescriptor")
      .Attr("WantAuthnRequestsSigned", "true")
      .Attr("protocolSupportEnumeration", kSamlp);
  out.Open(kMd, "KeyDescriptor").Attr("use", "signing");
  out.Open(kDs, "KeyInfo").Open(kDs, "X509Data");
  out.Leaf(kDs, "X509Certificate", base::Base64Encode(issuer.certificate.der()));
  out.Close().Close().Close();
  // Single logout before NameIDFormat, as the schema of metadata has it.
  out.Open(kMd, "SingleLogoutService")
      .Attr("Binding", kPostBinding)
      .Attr("Location", slo_url)
      .Close();
  out.Leaf(kMd, "NameIDFormat", kPersistent);
  out.Open(kMd, "SingleSignOnService")
      .Attr("Binding", kPostBinding)
      .Attr("Location", sso_url)
      .Close();
  out.Close();
  auto document = out.Finish();
  if (!document.ok()) return document.status();
  return document->SerializeWithDeclaration();
}

}  // namespace va::simulators
