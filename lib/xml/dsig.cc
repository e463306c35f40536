#include "lib/xml/dsig.h"

#include <libxml/tree.h>
#include <libxml/valid.h>
#include <xmlsec/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"
#include "lib/xml/shape.h"

namespace va::xml {
namespace {

constexpr absl::string_view kEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
constexpr size_t kMaxSignatureBytes = 1024;
constexpr int kMinRsaBits = 2048;
constexpr int kMinLegacyRsaBits = 1024;
// Every name of the list is looked up at every element that is canonicalized.
constexpr size_t kMaxPrefixList = 256;

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kPermissionDenied, reason, message);
}

absl::Status Malformed() { return Refuse("SIGNATURE_MALFORMED", "the signature lacks a part"); }
absl::Status Broken() {
  return Refuse("SIGNATURE_PROCESSING", "the signature cannot be processed");
}

const xmlChar* Chars(const std::string& text) {
  return reinterpret_cast<const xmlChar*>(text.c_str());
}

absl::string_view View(const xmlChar* text) {
  return text == nullptr ? absl::string_view() : reinterpret_cast<const char*>(text);
}

// ---- Algorithms (decision P4) -------------------------------------------------------------------

enum class KeyFamily { kRsa, kEc };

struct SignatureAlgorithm {
  absl::string_view uri;
  KeyFamily family;
  bool legacy;
};

constexpr std::array<SignatureAlgorithm, 6> kSignatureAlgorithms = {{
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", KeyFamily::kRsa, false},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", KeyFamily::kRsa, false},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", KeyFamily::kRsa, false},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", KeyFamily::kEc, false},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", KeyFamily::kEc, false},
    {"http://www.w3.org/2000/09/xmldsig#rsa-sha1", KeyFamily::kRsa, true},
}};

struct DigestAlgorithm {
  absl::string_view uri;
  size_t bytes;
  bool legacy;
};

constexpr std::array<DigestAlgorithm, 4> kDigestAlgorithms = {{
    {"http://www.w3.org/2001/04/xmlenc#sha256", 32, false},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", 48, false},
    {"http://www.w3.org/2001/04/xmlenc#sha512", 64, false},
    {"http://www.w3.org/2000/09/xmldsig#sha1", 20, true},
}};

template <typename Algorithms>
auto Find(const Algorithms& algorithms, absl::string_view uri, bool allow_legacy) {
  const typename Algorithms::value_type* found = nullptr;
  for (const auto& candidate : algorithms) {
    if (candidate.uri == uri && (allow_legacy || !candidate.legacy)) found = &candidate;
  }
  return found;
}

// Nothing for a key that signs no XML.
std::optional<KeyFamily> FamilyOf(crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::kRsa:
      return KeyFamily::kRsa;
    case crypto::KeyType::kEcP256:
    case crypto::KeyType::kEcP384:
      return KeyFamily::kEc;
    case crypto::KeyType::kEd25519:
      break;
  }
  return std::nullopt;
}

// Keys that a service reads are long enough already; the operator's tool reads shorter ones, which
// count for old messages only (attack S45).
bool IsLongEnough(const crypto::PublicKey& key, const VerifyOptions& options) {
  if (key.type() != crypto::KeyType::kRsa) return true;
  return key.bits() >= (options.allow_legacy ? kMinLegacyRsaBits : kMinRsaBits);
}

// How long a signature of this key is: RFC 8017 8.2.1 for RSA, r and s side by side for ECDSA.
size_t SignatureBytes(const crypto::PublicKey& key) {
  switch (key.type()) {
    case crypto::KeyType::kRsa:
      return (static_cast<size_t>(key.bits()) + 7) / 8;
    case crypto::KeyType::kEcP256:
      return 64;
    case crypto::KeyType::kEcP384:
      return 96;
    case crypto::KeyType::kEd25519:
      break;
  }
  return 0;
}

// ---- The shape of a signature -------------------------------------------------------------------

// The attribute that names the element: exactly one of ID, Id, id.
xmlAttr* IdAttributeOf(const Element& element) {
  xmlAttr* found = nullptr;
  for (const char* name : {"ID", "Id", "id"}) {
    xmlAttr* attr = xmlHasNsProp(element.native(), reinterpret_cast<const xmlChar*>(name), nullptr);
    if (attr == nullptr) continue;
    if (found != nullptr) return nullptr;
    found = attr;
  }
  return found;
}

// What a signature says about itself, once its shape is right.
struct Shape {
  Element signature;
  KeyFamily family;
  size_t value_bytes;
};

// An Algorithm element of exclusive C14N: at most a prefix list inside, which changes what is
// signed in a way both sides see (attack S51), and a short one.
bool IsExclusiveC14n(const Element& element) {
  if (element.Attr("Algorithm") != std::optional<std::string>(kExcC14n)) return false;
  const ElementRange children = element.Children();
  if (children.empty()) return HoldsOnlyElements(element);
  const Element list = *children.begin();
  return children.size() == 1 && list.Is(kExcC14n, "InclusiveNamespaces") &&
         list.Children().empty() && HoldsOnlyElements(element) &&
         list.Attr("PrefixList").value_or("").size() <= kMaxPrefixList;
}

// White space is nothing: pretty-printers put it there.
bool IsEmpty(const Element& element) {
  return element.Children().empty() && HoldsOnlyElements(element);
}

// Enveloped-signature, then exclusive C14N, and nothing else: no XSLT, no XPath, no base64 can run
// (attacks S48-S50, S52).
bool TransformsAreAllowed(const Element& transforms) {
  if (!HoldsOnlyElements(transforms)) return false;
  const ElementRange range = transforms.Children();
  auto at = range.begin();
  if (at == range.end() || !(*at).Is(kDsigNs, "Transform")) return false;
  const Element first = *at;
  if (first.Attr("Algorithm") != std::optional<std::string>(kEnveloped)) return false;
  if (!IsEmpty(first)) return false;
  ++at;
  if (at == range.end() || !(*at).Is(kDsigNs, "Transform") || !IsExclusiveC14n(*at)) return false;
  ++at;
  return at == range.end();
}

absl::Status CheckReference(const Element& reference, absl::string_view id,
                            const VerifyOptions& options) {
  // Empty, missing, external and XPointer references differ from this text (attacks S18, S53, S76).
  if (reference.Attr("URI") != std::optional<std::string>("#" + std::string(id))) {
    return Refuse("SIGNATURE_REFERENCE", "the signature does not refer to the element it is in");
  }
  if (!HoldsOnlyElements(reference) || !HasOnlyAttributes(reference, {"Id", "URI", "Type"})) {
    return Refuse("SIGNATURE_MALFORMED", "the reference has an unknown part");
  }
  Sequence parts(reference);
  const std::optional<Element> transforms = parts.Take(kDsigNs, "Transforms");
  if (!transforms.has_value() || !TransformsAreAllowed(*transforms)) {
    return Refuse("SIGNATURE_TRANSFORM", "a transform is missing or not allowed");
  }
  const std::optional<Element> method = parts.Take(kDsigNs, "DigestMethod");
  const std::optional<Element> value = parts.Take(kDsigNs, "DigestValue");
  if (!method.has_value() || !value.has_value() || !parts.Done()) {
    return Refuse("SIGNATURE_MALFORMED", "the reference lacks a part");
  }
  const DigestAlgorithm* digest =
      Find(kDigestAlgorithms, method->Attr("Algorithm").value_or(""), options.allow_legacy);
  if (digest == nullptr) return Refuse("SIGNATURE_ALGORITHM", "the digest is not allowed");
  if (!IsEmpty(*method) || Base64Content(*value).size() != digest->bytes) {
    return Refuse("SIGNATURE_MALFORMED", "the digest is not of its algorithm's form");
  }
  return absl::OkStatus();
}

// Own code, before any of the library's: xmlsec1 would run whatever a signature asks for.
absl::StatusOr<Shape> CheckShape(const Element& signature, absl::string_view id,
                                 const VerifyOptions& options) {
  Sequence parts(signature);
  const std::optional<Element> info = parts.Take(kDsigNs, "SignedInfo");
  const std::optional<Element> value = parts.Take(kDsigNs, "SignatureValue");
  parts.Take(kDsigNs, "KeyInfo");  // ignored, whatever it says (attacks S40-S42)
  // What is left would be an Object: room for a Manifest or a hidden original (attacks S8, S9).
  if (!info.has_value() || !value.has_value() || !parts.Done()) return Malformed();
  if (!HoldsOnlyElements(signature) || !HoldsOnlyElements(*info)) return Malformed();

  Sequence inner(*info);
  const std::optional<Element> c14n = inner.Take(kDsigNs, "CanonicalizationMethod");
  const std::optional<Element> method = inner.Take(kDsigNs, "SignatureMethod");
  const std::optional<Element> reference = inner.Take(kDsigNs, "Reference");
  if (!c14n.has_value() || !method.has_value() || !reference.has_value()) return Malformed();
  // One element is signed, by one reference (attack S19).
  if (!inner.Done()) return Refuse("SIGNATURE_REFERENCE", "there is more than one reference");
  if (!IsExclusiveC14n(*c14n)) {
    return Refuse("SIGNATURE_TRANSFORM", "only exclusive canonicalization is allowed");
  }
  const SignatureAlgorithm* algorithm =
      Find(kSignatureAlgorithms, method->Attr("Algorithm").value_or(""), options.allow_legacy);
  if (algorithm == nullptr) return Refuse("SIGNATURE_ALGORITHM", "the algorithm is not allowed");
  // HMACOutputLength and RSA-PSS parameters live here (attack S44).
  if (!IsEmpty(*method)) return Malformed();
  const size_t value_bytes = Base64Content(*value).size();
  if (value_bytes == 0 || value_bytes > kMaxSignatureBytes) return Malformed();
  if (const absl::Status fits = CheckReference(*reference, id, options); !fits.ok()) return fits;
  return Shape{signature, algorithm->family, value_bytes};
}

// ---- The library --------------------------------------------------------------------------------

struct FreeSignatureContext {
  void operator()(xmlSecDSigCtx* context) const { xmlSecDSigCtxDestroy(context); }
};
using SignatureContext = std::unique_ptr<xmlSecDSigCtx, FreeSignatureContext>;

// Makes xmlsec1 know the element by its ID. False when the document knows another one by it.
bool RegisterId(const Document& document, xmlAttr* attribute) {
  const xmlChar* value = attribute->children == nullptr ? nullptr : attribute->children->content;
  if (value == nullptr) return false;
  if (xmlGetID(document.native(), value) == nullptr) {
    xmlAddID(nullptr, document.native(), value, attribute);
  }
  return xmlGetID(document.native(), value) == attribute;
}

// Wraps a key for xmlsec1; the wrapper holds its own reference.
bool AdoptKey(xmlSecDSigCtx* context, EVP_PKEY* key) {
  EVP_PKEY* reference = xmlSecOpenSSLEvpKeyDup(key);
  xmlSecKeyDataPtr data = reference == nullptr ? nullptr : xmlSecOpenSSLEvpKeyAdopt(reference);
  if (data == nullptr) return false;
  context->signKey = xmlSecKeyCreate();
  if (context->signKey != nullptr && xmlSecKeySetValue(context->signKey, data) >= 0) return true;
  xmlSecKeyDataDestroy(data);
  return false;
}

bool AllowTransforms(xmlSecDSigCtx* context, bool allow_legacy) {
  // The digests stand among the transforms of a reference.
  for (const xmlSecTransformId id :
       {xmlSecTransformEnvelopedId, xmlSecTransformExclC14NId, xmlSecTransformSha256Id,
        xmlSecTransformSha384Id, xmlSecTransformSha512Id}) {
    if (xmlSecDSigCtxEnableReferenceTransform(context, id) < 0) return false;
  }
  for (const xmlSecTransformId id :
       {xmlSecTransformExclC14NId, xmlSecTransformRsaSha256Id, xmlSecTransformRsaSha384Id,
        xmlSecTransformRsaSha512Id, xmlSecTransformEcdsaSha256Id, xmlSecTransformEcdsaSha384Id}) {
    if (xmlSecDSigCtxEnableSignatureTransform(context, id) < 0) return false;
  }
  return !allow_legacy ||
         (xmlSecDSigCtxEnableReferenceTransform(context, xmlSecTransformSha1Id) >= 0 &&
          xmlSecDSigCtxEnableSignatureTransform(context, xmlSecTransformRsaSha1Id) >= 0);
}

// The only reference, after verification.
bool DigestMatched(xmlSecDSigCtx* context) {
  if (xmlSecPtrListGetSize(&context->signedInfoReferences) != 1) return false;
  const auto* reference =
      static_cast<xmlSecDSigReferenceCtx*>(xmlSecPtrListGetItem(&context->signedInfoReferences, 0));
  return reference != nullptr && reference->status == xmlSecDSigStatusSucceeded;
}

// One key's verdict. There is no key manager: making one reads every CA of the machine (50 ms), and
// a key that is set needs none.
absl::Status VerifyWithKey(const Element& signature, const crypto::PublicKey& key,
                           const VerifyOptions& options) {
  const SignatureContext context(xmlSecDSigCtxCreate(nullptr));
  if (context == nullptr) return Broken();
  // References are looked up by ID and by nothing else: no XPointer, no XPath, no address.
  context->flags = XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK | XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
  context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  if (!AllowTransforms(context.get(), options.allow_legacy)) return Broken();
  if (!AdoptKey(context.get(), key.native())) return Broken();
  // A negative return is a failure and never a verdict (attack S58).
  if (xmlSecDSigCtxVerify(context.get(), signature.native()) < 0) return Broken();
  if (!DigestMatched(context.get())) {
    return Refuse("DIGEST_MISMATCH", "the element differs from what was signed");
  }
  if (context->status == xmlSecDSigStatusSucceeded) return absl::OkStatus();
  return Refuse("SIGNATURE_INVALID", "the signature was not made by a trusted key");
}

absl::Status VerifyWithAny(const Shape& shape, absl::Span<const crypto::PublicKey> keys,
                           const VerifyOptions& options) {
  absl::Status verdict = Refuse("SIGNATURE_KEY", "no trusted key fits the algorithm");
  for (const crypto::PublicKey& key : keys) {
    if (FamilyOf(key.type()) != shape.family || !IsLongEnough(key, options)) continue;
    if (SignatureBytes(key) != shape.value_bytes) {
      verdict = Refuse("SIGNATURE_INVALID", "the signature is not as long as one of this key");
      continue;
    }
    verdict = VerifyWithKey(shape.signature, key, options);
    // Another key can help only when this one was the wrong one.
    if (base::ReasonOf(verdict) != "SIGNATURE_INVALID") return verdict;
  }
  return verdict;
}

}  // namespace

bool HasSignature(const Element& element) {
  return element.Child(kDsigNs, "Signature").has_value();
}

std::optional<VerifiedElement> VerifiedElement::OnlyChild(absl::string_view ns,
                                                          absl::string_view name) const {
  if (ns == kDsigNs) return std::nullopt;
  const std::optional<Element> child = element_.OnlyChild(ns, name);
  if (!child.has_value()) return std::nullopt;
  return VerifiedElement(*child);
}

absl::StatusOr<VerifiedElement> VerifyEnveloped(const Document& document,
                                                const Element& signed_element,
                                                absl::Span<const crypto::PublicKey> keys,
                                                const VerifyOptions& options) {
  InitXml();
  // CheckIds lets Signatures share an Id, so none may ever be what a Reference means.
  if (signed_element.Is(kDsigNs, "Signature")) {
    return Refuse("SIGNATURE_REFERENCE", "a signature cannot be what is signed");
  }
  const std::vector<Element> signatures = signed_element.ChildrenNamed(kDsigNs, "Signature");
  if (signatures.empty()) return Refuse("SIGNATURE_MISSING", "the element is not signed");
  if (signatures.size() > 1) return Refuse("SIGNATURE_MULTIPLE", "the element is signed twice");
  if (!options.ids_are_checked) {
    if (const absl::Status ids = CheckIds(document); !ids.ok()) return ids;
  }
  xmlAttr* id = IdAttributeOf(signed_element);
  if (id == nullptr || !RegisterId(document, id)) {
    return Refuse("SIGNATURE_REFERENCE", "the signed element has no ID of its own");
  }
  const absl::StatusOr<Shape> shape =
      CheckShape(signatures.front(), View(id->children->content), options);
  if (!shape.ok()) return shape.status();
  if (const absl::Status verdict = VerifyWithAny(*shape, keys, options); !verdict.ok()) {
    return verdict;
  }
  return VerifiedElement(signed_element);
}

namespace {

struct SignatureMethods {
  xmlSecTransformId signature;
  xmlSecTransformId digest;
};

SignatureMethods MethodsFor(crypto::KeyType type, SignatureHash hash) {
  const bool rsa = type == crypto::KeyType::kRsa;
  switch (hash) {
    case SignatureHash::kSha256:
      return {rsa ? xmlSecTransformRsaSha256Id : xmlSecTransformEcdsaSha256Id,
              xmlSecTransformSha256Id};
    case SignatureHash::kSha384:
      return {rsa ? xmlSecTransformRsaSha384Id : xmlSecTransformEcdsaSha384Id,
              xmlSecTransformSha384Id};
    case SignatureHash::kSha512:
      return {rsa ? xmlSecTransformRsaSha512Id : xmlSecTransformEcdsaSha512Id,
              xmlSecTransformSha512Id};
  }
  return {xmlSecTransformIdUnknown, xmlSecTransformIdUnknown};
}

// A Signature with everything but its values, not yet in the tree; null on failure.
xmlNode* MakeTemplate(xmlDoc* doc, const SignatureMethods& methods, const std::string& uri) {
  xmlNode* signature =
      xmlSecTmplSignatureCreateNsPref(doc, xmlSecTransformExclC14NId, methods.signature, nullptr,
                                      reinterpret_cast<const xmlChar*>("ds"));
  if (signature == nullptr) return nullptr;
  xmlNode* reference =
      xmlSecTmplSignatureAddReference(signature, methods.digest, nullptr, Chars(uri), nullptr);
  if (reference != nullptr &&
      xmlSecTmplReferenceAddTransform(reference, xmlSecTransformEnvelopedId) != nullptr &&
      xmlSecTmplReferenceAddTransform(reference, xmlSecTransformExclC14NId) != nullptr) {
    return signature;
  }
  xmlFreeNode(signature);
  return nullptr;
}

void Insert(xmlNode* signature, xmlNode* target, SignaturePlace place) {
  xmlNode* first = xmlFirstElementChild(target);
  if (first == nullptr || place == SignaturePlace::kLastChild) {
    xmlAddChild(target, signature);
    return;
  }
  if (place == SignaturePlace::kAfterFirstChild) {
    xmlAddNextSibling(first, signature);
    return;
  }
  xmlAddPrevSibling(first, signature);
}

// KeyInfo is outside of what is signed, so it can be added afterwards.
absl::Status AddKeyInfo(xmlNode* signature, absl::string_view certificate_der) {
  MutableElement data = MutableElement(signature).Add(kDsigNs, "KeyInfo").Add(kDsigNs, "X509Data");
  return data.AddText(kDsigNs, "X509Certificate", base::Base64Encode(certificate_der));
}

}  // namespace

absl::Status SignEnveloped(Document& document, const Element& target, absl::string_view id_attr,
                           const crypto::PrivateKey& key, const SignOptions& options) {
  InitXml();
  const auto fault = [](absl::string_view message) {
    return base::MakeError(absl::StatusCode::kInternal, "SIGNING_FAILED", message);
  };
  if (!FamilyOf(key.type()).has_value()) return fault("the key is of a kind that signs no XML");
  xmlAttr* id = xmlHasNsProp(target.native(), Chars(std::string(id_attr)), nullptr);
  if (id == nullptr || !RegisterId(document, id)) return fault("the target has no ID of its own");
  const std::string uri = "#" + std::string(View(id->children->content));
  xmlNode* signature = MakeTemplate(document.native(), MethodsFor(key.type(), options.hash), uri);
  if (signature == nullptr) return fault("no template");
  Insert(signature, target.native(), options.place);
  const SignatureContext context(xmlSecDSigCtxCreate(nullptr));
  if (context != nullptr) context->flags = XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK;
  if (context == nullptr || !AdoptKey(context.get(), key.native()) ||
      xmlSecDSigCtxSign(context.get(), signature) < 0) {
    xmlUnlinkNode(signature);
    xmlFreeNode(signature);
    return fault("the library could not sign");
  }
  if (options.certificate_der.empty()) return absl::OkStatus();
  return AddKeyInfo(signature, options.certificate_der);
}

}  // namespace va::xml
