#include "tests/bench/saml_responses.h"

#include <xmlsec/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmlenc.h>
#include <xmlsec/xmltree.h>

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"

namespace va::bench {
namespace {

constexpr size_t kWantedBytes = 13 * 1024;
constexpr char kAssertionNs[] = "urn:oasis:names:tc:SAML:2.0:assertion";

constexpr std::array<absl::string_view, 25> kAttributes = {
    "csid",         "uid",           "firstname",    "middlename", "lastname",
    "emailaddress", "gender",        "birthDate_v1", "pnid",       "pnidtype",
    "icn",          "mhvicn",        "gcIds",        "secid",      "dodedipnid",
    "mhvuuid",      "mhvassurance",  "multifactor",  "ial",        "aal",
    "verifiedAt",   "transactionid", "commonname",   "postalcode", "credentialassurancelevel"};

std::string Moment(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string Attribute(absl::string_view name, absl::string_view value) {
  return absl::StrCat(
      "<saml:Attribute Name=\"va_eauth_", name,
      "\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"><saml:AttributeValue "
      "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">",
      value, "</saml:AttributeValue></saml:Attribute>");
}

std::string Attributes(int number, size_t filling) {
  std::string out;
  for (const absl::string_view name : kAttributes) {
    absl::StrAppend(&out, Attribute(name, absl::StrCat(name, "-of-person-", number)));
  }
  // What makes a broker's message long: one attribute with all that it knows, as JSON.
  absl::StrAppend(&out, Attribute("authorization", std::string(filling, 'x')));
  return out;
}

std::string Unsigned(int number, size_t filling, absl::Time now) {
  const std::string issued = Moment(now);
  const std::string ends = Moment(now + absl::Minutes(5));
  const std::string issuer = absl::StrCat("<saml:Issuer>", kSamlIdp, "</saml:Issuer>");
  return absl::StrCat(
      "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"",
      kAssertionNs, "\" ID=\"_response-", number, "\" Version=\"2.0\" IssueInstant=\"", issued,
      "\" Destination=\"", kSamlAcs, "\" InResponseTo=\"", kSamlRequest, "\">", issuer,
      "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>"
      "</samlp:Status><saml:Assertion ID=\"_assertion-",
      number, "\" Version=\"2.0\" IssueInstant=\"", issued, "\">", issuer,
      "<saml:Subject><saml:NameID "
      "Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">person-",
      number,
      "</saml:NameID><saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">"
      "<saml:SubjectConfirmationData NotOnOrAfter=\"",
      ends, "\" Recipient=\"", kSamlAcs, "\" InResponseTo=\"", kSamlRequest,
      "\"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore=\"",
      Moment(now - absl::Minutes(1)), "\" NotOnOrAfter=\"", ends,
      "\"><saml:AudienceRestriction><saml:Audience>", kSamlSp,
      "</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement "
      "AuthnInstant=\"",
      issued, "\" SessionIndex=\"session-", number,
      "\"><saml:AuthnContext><saml:AuthnContextClassRef>"
      "http://idmanagement.gov/ns/assurance/loa/3</saml:AuthnContextClassRef></saml:AuthnContext>"
      "</saml:AuthnStatement><saml:AttributeStatement>",
      Attributes(number, filling), "</saml:AttributeStatement></saml:Assertion></samlp:Response>");
}

absl::StatusOr<std::string> Sign(const std::string& text, const SamlParty& provider) {
  auto document = xml::Document::Parse(text);
  if (!document.ok()) return document.status();
  const auto assertion = document->root().OnlyChild(kAssertionNs, "Assertion");
  if (!assertion.has_value()) return absl::InternalError("no assertion to sign");
  xml::SignOptions options;
  options.certificate_der = provider.certificate.der();
  const absl::Status done = xml::SignEnveloped(*document, *assertion, "ID", provider.key, options);
  if (!done.ok()) return done;
  return document->Serialize();
}

const xmlChar* X(const char* text) { return reinterpret_cast<const xmlChar*>(text); }

struct FreeEncryption {
  void operator()(xmlSecEncCtx* context) const { xmlSecEncCtxDestroy(context); }
  void operator()(xmlSecKeysMngr* manager) const { xmlSecKeysMngrDestroy(manager); }
};

// A manager that knows one public key, for the key transport.
std::unique_ptr<xmlSecKeysMngr, FreeEncryption> ManagerOf(const crypto::PublicKey& recipient) {
  std::unique_ptr<xmlSecKeysMngr, FreeEncryption> manager(xmlSecKeysMngrCreate());
  if (manager == nullptr || xmlSecCryptoAppDefaultKeysMngrInit(manager.get()) < 0) return nullptr;
  xmlSecKeyPtr key = xmlSecKeyCreate();
  xmlSecKeySetValue(key, xmlSecOpenSSLEvpKeyAdopt(xmlSecOpenSSLEvpKeyDup(recipient.native())));
  if (xmlSecCryptoAppDefaultKeysMngrAdoptKey(manager.get(), key) < 0) return nullptr;
  return manager;
}

// EncryptedData with an RSA-OAEP key inside, values still to be computed.
xmlNode* EncryptionTemplate(xmlDoc* document) {
  xmlNode* const data = xmlSecTmplEncDataCreate(document, xmlSecTransformAes256GcmId, nullptr,
                                                xmlSecTypeEncElement, nullptr, nullptr);
  if (data == nullptr || xmlSecTmplEncDataEnsureCipherValue(data) == nullptr) return nullptr;
  xmlNode* const info = xmlSecTmplEncDataEnsureKeyInfo(data, nullptr);
  xmlNode* const key =
      xmlSecTmplKeyInfoAddEncryptedKey(info, xmlSecTransformRsaOaepId, nullptr, nullptr, nullptr);
  if (key == nullptr || xmlSecTmplEncDataEnsureCipherValue(key) == nullptr) return nullptr;
  return data;
}

}  // namespace

absl::StatusOr<SamlParty> SamlParty::Create(const std::string& name, absl::Time now) {
  const auto pair = crypto::IssueSelfSigned({.common_name = name,
                                             .dns_names = {},
                                             .ip_addresses = {},
                                             .is_authority = false,
                                             .not_before = now - absl::Hours(24),
                                             .not_after = now + absl::Hours(24 * 365)},
                                            crypto::NewKey::kRsa2048);
  if (!pair.ok()) return pair.status();
  auto key = crypto::PrivateKey::FromPem(pair->private_key_pem);
  if (!key.ok()) return key.status();
  auto certificate = crypto::Certificate::FromPem(pair->certificate_pem);
  if (!certificate.ok()) return certificate.status();
  return SamlParty{*std::move(key), *std::move(certificate)};
}

absl::StatusOr<std::vector<std::string>> MakeResponses(int count, const SamlParty& provider,
                                                       absl::Time now) {
  const auto bare = Sign(Unsigned(0, 0, now), provider);
  if (!bare.ok()) return bare.status();
  const size_t filling = kWantedBytes > bare->size() ? kWantedBytes - bare->size() : 0;
  std::vector<std::string> responses;
  for (int i = 0; i < count; ++i) {
    auto response = Sign(Unsigned(i, filling, now), provider);
    if (!response.ok()) return response.status();
    responses.push_back(*std::move(response));
  }
  return responses;
}

absl::StatusOr<std::string> EncryptAssertion(const std::string& response,
                                             const crypto::PublicKey& recipient) {
  auto document = xml::Document::Parse(response);
  if (!document.ok()) return document.status();
  const auto assertion = document->root().OnlyChild(kAssertionNs, "Assertion");
  if (!assertion.has_value()) return absl::InternalError("no assertion to encrypt");
  xmlNode* const node = assertion->native();
  xmlNode* const wrapper =
      xmlNewDocNode(document->native(), node->ns, X("EncryptedAssertion"), nullptr);
  xmlReplaceNode(node, wrapper);
  xmlAddChild(wrapper, node);
  const auto manager = ManagerOf(recipient);
  const std::unique_ptr<xmlSecEncCtx, FreeEncryption> context(
      manager == nullptr ? nullptr : xmlSecEncCtxCreate(manager.get()));
  xmlNode* const data = EncryptionTemplate(document->native());
  if (context == nullptr || data == nullptr) return absl::InternalError("no encryption template");
  constexpr int kAesBits = 256;
  context->encKey = xmlSecKeyGenerate(xmlSecKeyDataAesId, kAesBits, xmlSecKeyDataTypeSession);
  if (context->encKey == nullptr || xmlSecEncCtxXmlEncrypt(context.get(), data, node) < 0) {
    return absl::InternalError("the library could not encrypt");
  }
  return document->Serialize();
}

}  // namespace va::bench
