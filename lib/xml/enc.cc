#include "lib/xml/enc.h"

#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/status.h"
#include "lib/crypto/content_cipher.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/key_transport.h"
#include "lib/xml/dsig.h"
#include "lib/xml/shape.h"

namespace va::xml {
namespace {

using crypto::ContentCipher;
using crypto::OaepHash;

// A key for us and one for each of a few other recipients. Each that fits costs an RSA operation
// per key of ours, for anybody who asks (attack S122).
constexpr size_t kMaxEncryptedKeys = 8;
constexpr int kMaxUnwraps = 4;
constexpr absl::string_view kElementType = "http://www.w3.org/2001/04/xmlenc#Element";
constexpr absl::string_view kEncryptedKeyType = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kPermissionDenied, reason, message);
}

absl::Status Malformed() {
  return Refuse("ENCRYPTION_MALFORMED", "the encryption lacks a part or has one too many");
}
absl::Status AlgorithmRefused() {
  return Refuse("ENCRYPTION_ALGORITHM", "an algorithm is missing or not allowed");
}

absl::string_view View(const xmlChar* text) {
  return text == nullptr ? absl::string_view() : reinterpret_cast<const char*>(text);
}

// ---- Algorithms (decision P4) -------------------------------------------------------------------

enum class Allowed { kAlways, kUnderSignature, kLegacy };

struct ContentAlgorithm {
  absl::string_view uri;
  ContentCipher cipher;
  Allowed allowed;
};

constexpr std::array<ContentAlgorithm, 7> kContentAlgorithms = {{
    {"http://www.w3.org/2009/xmlenc11#aes128-gcm", ContentCipher::kAes128Gcm, Allowed::kAlways},
    {"http://www.w3.org/2009/xmlenc11#aes192-gcm", ContentCipher::kAes192Gcm, Allowed::kAlways},
    {"http://www.w3.org/2009/xmlenc11#aes256-gcm", ContentCipher::kAes256Gcm, Allowed::kAlways},
    {"http://www.w3.org/2001/04/xmlenc#aes128-cbc", ContentCipher::kAes128Cbc,
     Allowed::kUnderSignature},
    {"http://www.w3.org/2001/04/xmlenc#aes192-cbc", ContentCipher::kAes192Cbc,
     Allowed::kUnderSignature},
    {"http://www.w3.org/2001/04/xmlenc#aes256-cbc", ContentCipher::kAes256Cbc,
     Allowed::kUnderSignature},
    {"http://www.w3.org/2001/04/xmlenc#tripledes-cbc", ContentCipher::kTripleDesCbc,
     Allowed::kLegacy},
}};

bool IsAllowed(Allowed when, const DecryptOptions& options) {
  switch (when) {
    case Allowed::kAlways:
      return true;
    case Allowed::kUnderSignature:
      return options.allow_cbc || options.allow_legacy;
    case Allowed::kLegacy:
      return options.allow_legacy;
  }
  return false;
}

enum class Transport {
  kOaepMgf1p,  // XML Encryption 1.0: the mask is made with SHA-1
  kOaep,       // XML Encryption 1.1: the mask is named
  kPkcs1,
};

struct TransportAlgorithm {
  absl::string_view uri;
  Transport transport;
};

constexpr std::array<TransportAlgorithm, 3> kTransportAlgorithms = {{
    {"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", Transport::kOaepMgf1p},
    {"http://www.w3.org/2009/xmlenc11#rsa-oaep", Transport::kOaep},
    {"http://www.w3.org/2001/04/xmlenc#rsa-1_5", Transport::kPkcs1},
}};

struct HashAlgorithm {
  absl::string_view uri;
  OaepHash hash;
};

// SHA-1 as OAEP uses it is sound, and is what most IdPs do.
constexpr std::array<HashAlgorithm, 4> kOaepDigests = {{
    {"http://www.w3.org/2000/09/xmldsig#sha1", OaepHash::kSha1},
    {"http://www.w3.org/2001/04/xmlenc#sha256", OaepHash::kSha256},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", OaepHash::kSha384},
    {"http://www.w3.org/2001/04/xmlenc#sha512", OaepHash::kSha512},
}};
constexpr std::array<HashAlgorithm, 4> kOaepMasks = {{
    {"http://www.w3.org/2009/xmlenc11#mgf1sha1", OaepHash::kSha1},
    {"http://www.w3.org/2009/xmlenc11#mgf1sha256", OaepHash::kSha256},
    {"http://www.w3.org/2009/xmlenc11#mgf1sha384", OaepHash::kSha384},
    {"http://www.w3.org/2009/xmlenc11#mgf1sha512", OaepHash::kSha512},
}};

// The row for the element's attribute Algorithm; null when there is none.
template <typename Algorithms>
const typename Algorithms::value_type* FindAlgorithm(const Algorithms& algorithms,
                                                     const Element& method) {
  const std::string uri = method.Attr("Algorithm").value_or("");
  for (const auto& algorithm : algorithms) {
    if (algorithm.uri == uri) return &algorithm;
  }
  return nullptr;
}

// ---- The shape ----------------------------------------------------------------------------------

// What is hidden, and with what.
struct Content {
  ContentCipher cipher;
  bool is_authentic;  // by its tag
  std::string sealed;
};

struct WrappedKey {
  Transport transport;
  crypto::OaepParameters oaep;
  std::string bytes;
};

struct Encryption {
  Element data;
  Content content;
  std::vector<WrappedKey> keys;
};

absl::StatusOr<std::string> ReadCipherData(const Element& cipher_data) {
  if (!HoldsOnlyElements(cipher_data)) return Malformed();
  // An address to fetch ciphertext from (attack S123).
  if (cipher_data.Child(kXencNs, "CipherReference").has_value()) {
    return Refuse("ENCRYPTION_REFERENCE", "the ciphertext stands elsewhere");
  }
  Sequence parts(cipher_data);
  const std::optional<Element> value = parts.Take(kXencNs, "CipherValue");
  if (!value.has_value() || !parts.Done()) return Malformed();
  std::string bytes = Base64Content(*value);
  if (bytes.empty()) return Malformed();
  return bytes;
}

bool ReadHash(const Element& method, absl::Span<const HashAlgorithm> known, OaepHash& out) {
  const std::string uri = method.Attr("Algorithm").value_or("");
  const auto* const found = std::find_if(known.begin(), known.end(),
                                         [&](const HashAlgorithm& row) { return row.uri == uri; });
  if (found == known.end() || !method.Children().empty()) return false;
  out = found->hash;
  return true;
}

// A digest and a mask, each at most once; nothing else, so no label either.
bool ReadOaep(const Element& method, Transport transport, crypto::OaepParameters& out) {
  int digests = 0;
  int masks = 0;
  for (const Element child : method.Children()) {
    if (child.Is(kDsigNs, "DigestMethod")) {
      if (++digests > 1 || !ReadHash(child, kOaepDigests, out.digest)) return false;
    } else if (child.Is(kXenc11Ns, "MGF")) {
      if (++masks > 1 || !ReadHash(child, kOaepMasks, out.mgf)) return false;
    } else {
      return false;
    }
  }
  return transport == Transport::kOaep || out.mgf == OaepHash::kSha1;
}

absl::Status ReadTransport(const Element& method, const DecryptOptions& options, WrappedKey& out) {
  if (!HoldsOnlyElements(method)) return Malformed();
  const TransportAlgorithm* const found = FindAlgorithm(kTransportAlgorithms, method);
  if (found == nullptr) return AlgorithmRefused();
  out.transport = found->transport;
  if (out.transport == Transport::kPkcs1) {
    return options.allow_legacy && method.Children().empty() ? absl::OkStatus()
                                                             : AlgorithmRefused();
  }
  return ReadOaep(method, out.transport, out.oaep) ? absl::OkStatus() : AlgorithmRefused();
}

absl::StatusOr<WrappedKey> ReadEncryptedKey(const Element& key, const DecryptOptions& options) {
  if (!HoldsOnlyElements(key) || !HasOnlyAttributes(key, {"Id", "Type", "MimeType", "Recipient"})) {
    return Malformed();
  }
  Sequence parts(key);
  const std::optional<Element> method = parts.Take(kXencNs, "EncryptionMethod");
  if (!method.has_value()) return AlgorithmRefused();
  parts.Take(kDsigNs, "KeyInfo");  // whose key it is for: a hint that nobody needs
  const std::optional<Element> cipher_data = parts.Take(kXencNs, "CipherData");
  parts.Take(kXencNs, "ReferenceList");
  parts.Take(kXencNs, "CarriedKeyName");
  if (!cipher_data.has_value() || !parts.Done()) return Malformed();
  WrappedKey out;
  if (const absl::Status fits = ReadTransport(*method, options, out); !fits.ok()) return fits;
  absl::StatusOr<std::string> bytes = ReadCipherData(*cipher_data);
  if (!bytes.ok()) return bytes.status();
  out.bytes = *std::move(bytes);
  return out;
}

// A size that the algorithm states anyway.
bool StatesItsSize(const Element& method, ContentCipher cipher) {
  if (!HoldsOnlyElements(method)) return false;
  Sequence parts(method);
  const std::optional<Element> size = parts.Take(kXencNs, "KeySize");
  if (!parts.Done()) return false;
  if (!size.has_value()) return true;
  size_t bits = 0;
  return absl::SimpleAtoi(size->TextOnly().value_or(""), &bits) &&
         bits == 8 * crypto::KeyBytes(cipher);
}

absl::StatusOr<Content> ReadContent(const Element& method, const Element& cipher_data,
                                    const DecryptOptions& options) {
  const ContentAlgorithm* const found = FindAlgorithm(kContentAlgorithms, method);
  if (found == nullptr || !IsAllowed(found->allowed, options) ||
      !StatesItsSize(method, found->cipher)) {
    return AlgorithmRefused();
  }
  absl::StatusOr<std::string> sealed = ReadCipherData(cipher_data);
  if (!sealed.ok()) return sealed.status();
  return Content{found->cipher, found->allowed == Allowed::kAlways, *std::move(sealed)};
}

// A RetrievalMethod points at one of the keys found, by its Id, and asks for nothing else.
bool PointsAtOneOf(const Element& retrieval, const std::vector<Element>& keys) {
  if (retrieval.Attr("Type") != std::optional<std::string>(kEncryptedKeyType)) return false;
  if (!retrieval.Children().empty()) return false;
  const std::string uri = retrieval.Attr("URI").value_or("");
  return std::any_of(keys.begin(), keys.end(), [&](const Element& key) {
    const std::string id = key.Attr("Id").value_or("");
    return !id.empty() && uri == "#" + id;
  });
}

// The places of decision P15: in the KeyInfo, beside the EncryptedData, or pointed at from the one
// to the other. An address elsewhere is refused and never followed.
absl::StatusOr<std::vector<Element>> FindKeys(const Element& container,
                                              const std::optional<Element>& key_info) {
  std::vector<Element> keys = container.ChildrenNamed(kXencNs, "EncryptedKey");
  std::vector<Element> retrievals;
  if (key_info.has_value()) {
    for (const Element& key : key_info->ChildrenNamed(kXencNs, "EncryptedKey")) keys.push_back(key);
    retrievals = key_info->ChildrenNamed(kDsigNs, "RetrievalMethod");
  }
  if (keys.size() > kMaxEncryptedKeys || retrievals.size() > kMaxEncryptedKeys) {
    return Refuse("ENCRYPTION_KEY", "there are too many encrypted keys");
  }
  for (const Element& retrieval : retrievals) {
    if (!PointsAtOneOf(retrieval, keys)) {
      return Refuse("ENCRYPTION_REFERENCE", "the key stands elsewhere");
    }
  }
  if (keys.empty()) return Refuse("ENCRYPTION_KEY", "there is no encrypted key");
  return keys;
}

absl::StatusOr<std::vector<WrappedKey>> ReadKeys(const Element& container,
                                                 const std::optional<Element>& key_info,
                                                 const DecryptOptions& options) {
  const absl::StatusOr<std::vector<Element>> found = FindKeys(container, key_info);
  if (!found.ok()) return found.status();
  std::vector<WrappedKey> keys;
  for (const Element& element : *found) {
    absl::StatusOr<WrappedKey> key = ReadEncryptedKey(element, options);
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  return keys;
}

// One EncryptedData, EncryptedKeys and nothing else.
absl::StatusOr<Element> OnlyData(const Element& container) {
  if (!HoldsOnlyElements(container)) return Malformed();
  std::optional<Element> data;
  for (const Element child : container.Children()) {
    if (child.Is(kXencNs, "EncryptedKey")) continue;
    if (!child.Is(kXencNs, "EncryptedData") || data.has_value()) return Malformed();
    data = child;
  }
  if (!data.has_value()) return Malformed();
  return *data;
}

absl::StatusOr<Encryption> CheckShape(const Element& container, const DecryptOptions& options) {
  const absl::StatusOr<Element> data = OnlyData(container);
  if (!data.ok()) return data.status();
  if (!HoldsOnlyElements(*data) || !HasOnlyAttributes(*data, {"Id", "Type", "MimeType"}) ||
      data->Attr("Type").value_or(std::string(kElementType)) != kElementType) {
    return Malformed();
  }
  Sequence parts(*data);
  const std::optional<Element> method = parts.Take(kXencNs, "EncryptionMethod");
  if (!method.has_value()) return AlgorithmRefused();
  const std::optional<Element> key_info = parts.Take(kDsigNs, "KeyInfo");
  const std::optional<Element> cipher_data = parts.Take(kXencNs, "CipherData");
  if (!cipher_data.has_value() || !parts.Done()) return Malformed();
  absl::StatusOr<Content> content = ReadContent(*method, *cipher_data, options);
  if (!content.ok()) return content.status();
  absl::StatusOr<std::vector<WrappedKey>> keys = ReadKeys(container, key_info, options);
  if (!keys.ok()) return keys.status();
  return Encryption{*data, *std::move(content), *std::move(keys)};
}

// ---- What was hidden, in its place --------------------------------------------------------------

// A namespace name as it stands in a declaration. The parser leaves an ampersand in it as "&#38;",
// so that one needs no care.
std::string AttributeText(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"<", "&lt;"}, {"\"", "&quot;"}});
}

// Declares every namespace that is in scope inside `element`; the nearest declaration of a prefix
// counts.
std::string ScopeOf(const Element& element) {
  std::vector<absl::string_view> seen;
  std::string out;
  for (const xmlNode* at = element.native(); at != nullptr && at->type == XML_ELEMENT_NODE;
       at = at->parent) {
    for (const xmlNs* ns = at->nsDef; ns != nullptr; ns = ns->next) {
      const absl::string_view prefix = View(ns->prefix);
      if (std::find(seen.begin(), seen.end(), prefix) != seen.end()) continue;
      seen.push_back(prefix);
      absl::StrAppend(&out, prefix.empty() ? " xmlns" : " xmlns:", prefix, "=\"",
                      AttributeText(View(ns->href)), "\"");
    }
  }
  return out;
}

// Whoever signed and then encrypted may have left the namespaces above undeclared in what was
// encrypted (XML Encryption 4.5.1), so it is read inside an element that has them. Text that leaves
// that element is not well-formed.
absl::StatusOr<Document> ParseInPlace(Document& document, const std::string& text,
                                      const Element& container) {
  absl::StatusOr<Document> parsed = Document::ParseBeside(
      document, absl::StrCat("<in-place", ScopeOf(container), ">", text, "</in-place>"));
  if (!parsed.ok() || !HoldsOnlyElements(parsed->root()) || parsed->root().Children().size() != 1) {
    return Refuse("DECRYPTED_CONTENT", "what was hidden is not one element");
  }
  return parsed;
}

// The declarations outside that take the place of those of the element it was read in.
using Scope = std::vector<std::pair<const xmlNs*, xmlNs*>>;

Scope ScopesOf(const Element& read_in, const Element& container) {
  xmlNode* outside = container.native();
  Scope scope;
  for (const xmlNs* ns = read_in.native()->nsDef; ns != nullptr; ns = ns->next) {
    scope.emplace_back(ns, xmlSearchNs(outside->doc, outside, ns->prefix));
  }
  // The namespace of xml:lang and the like belongs to the document.
  const xmlNs* xml_ns = read_in.native()->doc->oldNs;
  if (xml_ns != nullptr) {
    scope.emplace_back(xml_ns, xmlSearchNs(outside->doc, outside, xml_ns->prefix));
  }
  return scope;
}

void Adopt(const Scope& scope, xmlNs*& ns) {
  for (const auto& [inside, outside] : scope) {
    if (ns == inside) {
      ns = outside;
      return;
    }
  }
}

void AdoptAll(const Scope& scope, xmlNode* node) {
  Adopt(scope, node->ns);
  for (xmlAttr* attr = node->properties; attr != nullptr; attr = attr->next) Adopt(scope, attr->ns);
  for (const Element child : Element(node).Children()) AdoptAll(scope, child.native());
}

// Moves what was hidden to where its ciphertext stood.
Element PutInPlace(Document& opened, const Element& data, const Element& container) {
  const Element hidden = *opened.root().Children().begin();
  AdoptAll(ScopesOf(opened.root(), container), hidden.native());
  xmlUnlinkNode(hidden.native());
  xmlFreeNode(xmlReplaceNode(data.native(), hidden.native()));
  return hidden;
}

std::string Unwrap(const WrappedKey& wrapped, const crypto::PrivateKey& key, size_t key_bytes) {
  return wrapped.transport == Transport::kPkcs1
             ? crypto::UnwrapPkcs1(key, wrapped.bytes, key_bytes)
             : crypto::UnwrapOaep(key, wrapped.oaep, wrapped.bytes, key_bytes);
}

// The plain text under one key, parsed. DECRYPTION_FAILED where nothing vouches for the plain text
// and it does not parse either: with CBC the two must look alike.
absl::StatusOr<Document> OpenWith(Document& document, const Element& container,
                                  const Encryption& encryption, const WrappedKey& wrapped,
                                  const crypto::PrivateKey& key) {
  const absl::Status failed = Refuse("DECRYPTION_FAILED", "the ciphertext does not open");
  const Content& content = encryption.content;
  std::string secret = Unwrap(wrapped, key, crypto::KeyBytes(content.cipher));
  const std::optional<std::string> plain =
      crypto::OpenContent(content.cipher, secret, content.sealed);
  crypto::Cleanse(secret);
  if (!plain.has_value()) return failed;
  absl::StatusOr<Document> parsed = ParseInPlace(document, *plain, container);
  if (!parsed.ok() && !content.is_authentic) return failed;
  return parsed;
}

absl::StatusOr<Document> Open(Document& document, const Element& container,
                              const Encryption& encryption,
                              absl::Span<const crypto::PrivateKey> keys) {
  absl::StatusOr<Document> opened = Refuse("ENCRYPTION_KEY", "it is not for a key of ours");
  int unwraps = 0;
  for (const WrappedKey& wrapped : encryption.keys) {
    for (const crypto::PrivateKey& key : keys) {
      if (!crypto::FitsKey(key, wrapped.bytes)) continue;
      if (++unwraps > kMaxUnwraps) return opened;
      opened = OpenWith(document, container, encryption, wrapped, key);
      if (opened.ok() || base::ReasonOf(opened.status()) == "DECRYPTED_CONTENT") return opened;
    }
  }
  return opened;
}

}  // namespace

absl::StatusOr<Element> DecryptInPlace(Document& document, const Element& container,
                                       absl::Span<const crypto::PrivateKey> keys,
                                       const DecryptOptions& options) {
  const absl::StatusOr<Encryption> encryption = CheckShape(container, options);
  if (!encryption.ok()) return encryption.status();
  absl::StatusOr<Document> opened = Open(document, container, *encryption, keys);
  if (!opened.ok()) return opened.status();
  return PutInPlace(*opened, encryption->data, container);
}

}  // namespace va::xml
