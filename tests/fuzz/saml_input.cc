#include "tests/fuzz/saml_input.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/xml/test_encrypter.h"
#include "lib/xml/test_signer.h"
#include "services/auth-gateway/saml/saml_names.h"

namespace va::fuzz {
namespace {

using gateway::saml::kAssertion;

// libFuzzer tries very long inputs late; more edits than this say nothing new.
constexpr size_t kMaxEdits = 16;
constexpr size_t kFirstEdit = 8;

struct Stranger {
  crypto::PrivateKey key;
  std::string certificate_der;
};
const Stranger& TheStranger() {
  static const auto* const stranger = [] {
    const auto pair = crypto::IssueSelfSigned({.common_name = "stranger",
                                               .dns_names = {},
                                               .ip_addresses = {},
                                               .is_authority = false,
                                               .not_before = Now() - absl::Hours(1),
                                               .not_after = Now() + absl::Hours(1)},
                                              crypto::NewKey::kEcP256)
                          .value();
    return new Stranger{
        crypto::PrivateKey::FromPem(pair.private_key_pem).value(),
        std::string(crypto::Certificate::FromPem(pair.certificate_pem).value().der())};
  }();
  return *stranger;
}

gateway::SignatureWanted Wanted(uint8_t option) {
  switch (option % 4) {
    case 0:
      return gateway::SignatureWanted::kAssertion;
    case 1:
      return gateway::SignatureWanted::kResponse;
    case 2:
      return gateway::SignatureWanted::kBoth;
    default:
      return gateway::SignatureWanted::kEncrypted;
  }
}

}  // namespace

const crypto::PrivateKey& EcKey() { return xml::testing::EcP256Key(); }
const crypto::PrivateKey& RsaKey() { return xml::testing::IdpKey(); }
const crypto::PrivateKey& StrangerKey() { return TheStranger().key; }

const crypto::PrivateKey& SamlInput::Key() const {
  if (IsOfStranger()) return StrangerKey();
  return Bit(3, 1) ? RsaKey() : EcKey();
}

bool Sign(xml::Document& document, const xml::Element& element, const crypto::PrivateKey& key,
          xml::SignOptions options) {
  if (!element.Attr("ID").has_value()) return false;
  if (&key == &StrangerKey()) options.certificate_der = TheStranger().certificate_der;
  return xml::SignEnveloped(document, element, "ID", key, options).ok();
}

SamlInput SamlInput::Of(absl::string_view input) {
  const size_t at = input.find('<');
  if (at == absl::string_view::npos) return {input, absl::string_view()};
  return {input.substr(0, at), input.substr(at)};
}

uint8_t SamlInput::Option(size_t index) const {
  return index < options.size() ? static_cast<uint8_t>(options[index]) : 0;
}

std::vector<Edit> SamlInput::Edits() const {
  std::vector<Edit> edits;
  for (size_t at = kFirstEdit; at + kBytesOfEdit <= options.size(); at += kBytesOfEdit) {
    if (edits.size() == kMaxEdits) break;
    edits.push_back({Option(at), Option(at + 1), Option(at + 2), Option(at + 3)});
  }
  return edits;
}

std::optional<SignedText> SignedXml(absl::string_view xml, const Signing& what,
                                    const crypto::PrivateKey& key) {
  absl::StatusOr<xml::Document> document = xml::Document::Parse(xml);
  if (!document.ok()) return std::nullopt;
  Signing done;
  const std::optional<xml::Element> assertion = document->root().Child(kAssertion, "Assertion");
  if (what.assertion && assertion.has_value()) done.assertion = Sign(*document, *assertion, key);
  if (what.root) done.root = Sign(*document, document->root(), key);
  if (!done.assertion && !done.root) return std::nullopt;
  return SignedText{document->Serialize(), done};
}

namespace {

// ---- How things are encrypted: bits 0-2 the content, 3-4 the key, 5-6 where the key stands
// ---------

constexpr const char* kContents[] = {xml::testing::kAes256Gcm, xml::testing::kAes128Gcm,
                                     xml::testing::kAes192Gcm, xml::testing::kAes128Cbc,
                                     xml::testing::kAes192Cbc, xml::testing::kAes256Cbc,
                                     xml::testing::kTripleDes, xml::testing::kTripleDes};
constexpr size_t kGcmEnd = 3;
constexpr size_t kCbcEnd = 6;
constexpr int kRsa15Transport = 3;

size_t ContentOf(uint8_t option) { return option & 7; }
int TransportOf(uint8_t option) { return (option >> 3) & 3; }

xml::testing::Encrypter EncrypterOf(uint8_t option) {
  xml::testing::Encrypter how;
  how.content = kContents[ContentOf(option)];
  how.place = static_cast<xml::testing::KeyPlace>((option >> 5) & 3);
  switch (TransportOf(option)) {
    case 1:
      how.transport = xml::testing::kOaep11;
      how.transport_parts =
          "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>"
          "<xenc11:MGF xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" "
          "Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/>";
      how.digest = EVP_sha256();
      how.mask = EVP_sha256();
      break;
    case 2:
      how.transport_parts =
          "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/>";
      break;
    case kRsa15Transport:
      how.transport = xml::testing::kRsa15;
      break;
    default:
      break;
  }
  return how;
}

// ---- What a provider does -----------------------------------------------------------------------

// Made between the signature and the encryption. Where the provider signs what it has encrypted,
// nobody else comes between.
bool IsInner(const SamlInput& input, const Edit& edit) {
  return input.Mode() == 'e' && (edit.kind & 0x80) != 0 && !input.Bit(1, 1);
}

std::string Prepared(const SamlInput& input) {
  std::string text(input.xml);
  if (!input.Bit(3, 5)) return text;
  return WithEncrypted(text, "NameID", "EncryptedID", input.Option(4));
}

// What it signs may hide what it means: the open text is what it has vouched for.
void Vouch(const SamlInput& input, Posted& posted) {
  const Signing what{.assertion = input.Bit(1, 0), .root = input.Bit(1, 1)};
  const std::optional<SignedText> as_signed = SignedXml(Prepared(input), what, input.Key());
  if (!as_signed.has_value()) return;
  if (!input.IsOfStranger()) posted.vouched = std::string(input.xml);
  posted.xml = as_signed->xml;
  posted.done = as_signed->done;
}

// The assertion signed, then encrypted, then the response signed.
void VouchEncrypted(const SamlInput& input, Posted& posted) {
  std::string text = Prepared(input);
  std::optional<SignedText> inner;
  if (input.Bit(1, 0)) inner = SignedXml(text, {.assertion = true}, input.Key());
  if (inner.has_value()) text = inner->xml;
  for (const Edit& edit : input.Edits()) {
    if (IsInner(input, edit)) text = Apply(edit, text);
  }
  text = WithEncrypted(text, "Assertion", "EncryptedAssertion", input.Option(4));
  std::optional<SignedText> outer;
  if (input.Bit(1, 1)) outer = SignedXml(text, {.root = true}, input.Key());
  posted.xml = outer.has_value() ? outer->xml : text;
  posted.done = {.assertion = inner.has_value(), .root = outer.has_value()};
  const bool is_signed = inner.has_value() || outer.has_value();
  if (is_signed && !input.IsOfStranger()) posted.vouched = std::string(input.xml);
}

}  // namespace

std::string WithEncrypted(const std::string& text, absl::string_view name, absl::string_view holder,
                          uint8_t option) {
  const std::optional<ElementSpan> element = FirstNamed(text, name);
  if (!element.has_value()) return text;
  const std::string plain = text.substr(element->begin, element->end - element->begin);
  return absl::StrCat(text.substr(0, element->begin), "<saml:", holder, ">",
                      xml::testing::Encrypted(plain, EncrypterOf(option)), "</saml:", holder, ">",
                      text.substr(element->end));
}

bool MayBeEncryptedSo(uint8_t option, bool under_signature) {
  const size_t content = ContentOf(option);
  const bool content_fits = content < kGcmEnd || (content < kCbcEnd && under_signature);
  return content_fits && TransportOf(option) != kRsa15Transport;
}

const crypto::PrivateKey& OurDecryptionKey() { return xml::testing::SpKey(); }

Posted PostedOf(const SamlInput& input) {
  Posted posted;
  if (input.Mode() == 'f') {
    posted.form_value = std::string(input.options.substr(1)) + std::string(input.xml);
    return posted;
  }
  posted.xml = std::string(input.xml);
  if (input.Mode() == 's') Vouch(input, posted);
  if (input.Mode() == 'e') VouchEncrypted(input, posted);
  posted.sent = posted.xml;
  for (const Edit& edit : input.Edits()) {
    if (!IsInner(input, edit)) posted.xml = Apply(edit, posted.xml);
  }
  posted.form_value = base::Base64Encode(posted.xml);
  return posted;
}

Expectation::Expectation(const SamlInput& input) {
  keys.push_back(EcKey().Public());
  keys.push_back(RsaKey().Public());
  expected.idp_entity_id = kIdp;
  expected.keys = keys;
  expected.decryption_keys = absl::MakeConstSpan(&OurDecryptionKey(), 1);
  expected.sp_entity_id = kSp;
  expected.acs_url = kAcs;
  expected.in_response_to = kRequest;
  expected.allow_unsolicited = input.Bit(3, 0);
  expected.requested_contexts = {"http://idmanagement.gov/ns/assurance/loa/3",
                                 "https://eauth.va.gov/csp?Select=idme3"};
  expected.comparison = input.Bit(3, 2) ? "exact" : "minimum";
  expected.now = Now();
  if (input.Bit(3, 3)) expected.max_authn_age = absl::Minutes(5);
  expected.want = Wanted(input.Option(2));
  if (input.Bit(3, 4)) expected.algorithms = gateway::Algorithms::kLegacyToo;
}

}  // namespace va::fuzz
