// For tests of signatures: signs the way an attacker or an odd IdP would, with any algorithm and
// any shape, and asks the bare library for its opinion. A row that the bare library accepts and we
// refuse is refused for the one thing that is wrong with it.
#pragma once

#include <libxml/tree.h>
#include <xmlsec/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/keys.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"

namespace va::xml::testing {

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "test signer: %s\n", value.status().ToString().c_str());
    std::abort();
  }
  return *std::move(value);
}

inline crypto::PrivateKey NewPrivateKey(crypto::NewKey kind) {
  return OrDie(crypto::PrivateKey::FromPem(OrDie(crypto::GenerateKeyPem(kind))));
}

// Made once a program: an RSA key takes a tenth of a second.
inline const crypto::PrivateKey& IdpKey() {
  static const auto* const key = new crypto::PrivateKey(NewPrivateKey(crypto::NewKey::kRsa2048));
  return *key;
}
inline const crypto::PrivateKey& AttackerKey() {
  static const auto* const key = new crypto::PrivateKey(NewPrivateKey(crypto::NewKey::kRsa2048));
  return *key;
}
inline const crypto::PrivateKey& EcP256Key() {
  static const auto* const key = new crypto::PrivateKey(NewPrivateKey(crypto::NewKey::kEcP256));
  return *key;
}
inline const crypto::PrivateKey& EcP384Key() {
  static const auto* const key = new crypto::PrivateKey(NewPrivateKey(crypto::NewKey::kEcP384));
  return *key;
}

inline const xmlChar* X(const char* text) { return reinterpret_cast<const xmlChar*>(text); }

// The element whose attribute ID has this value; aborts when there is none.
inline Element ById(const Element& from, absl::string_view id) {
  std::function<std::optional<Element>(const Element&)> find =
      [&](const Element& at) -> std::optional<Element> {
    if (at.Attr("ID") == std::optional<std::string>(id)) return at;
    for (const Element child : at.Children()) {
      if (const std::optional<Element> found = find(child)) return found;
    }
    return std::nullopt;
  };
  const std::optional<Element> found = find(from);
  if (!found.has_value()) std::abort();
  return *found;
}

// Tells the library every ID of the document, the first of two equal ones, as naive callers do.
inline void RegisterAllIds(const Document& document) {
  std::function<void(const Element&)> add = [&](const Element& at) {
    xmlAttr* attr = xmlHasNsProp(at.native(), X("ID"), nullptr);
    if (attr != nullptr && attr->children != nullptr &&
        xmlGetID(document.native(), attr->children->content) == nullptr) {
      xmlAddID(nullptr, document.native(), attr->children->content, attr);
    }
    for (const Element child : at.Children()) add(child);
  };
  add(document.root());
}

// What to write into a signature. The defaults are what we accept.
struct Recipe {
  xmlSecTransformId c14n = xmlSecTransformExclC14NId;
  xmlSecTransformId method = xmlSecTransformRsaSha256Id;
  xmlSecTransformId digest = xmlSecTransformSha256Id;
  std::vector<xmlSecTransformId> transforms = {xmlSecTransformEnvelopedId,
                                               xmlSecTransformExclC14NId};
  std::optional<std::string> uri;  // "#" and the ID of the target when absent
  int references = 1;
  // Changes the template before values are computed, so that they fit what it says.
  std::function<void(xmlNode* signature)> adjust;
  // Key bytes for HMAC; the private key is not used then.
  std::string hmac_key;
};

inline xmlSecKeyPtr WrapKey(EVP_PKEY* key) {
  xmlSecKeyPtr wrapped = xmlSecKeyCreate();
  xmlSecKeySetValue(wrapped, xmlSecOpenSSLEvpKeyAdopt(xmlSecOpenSSLEvpKeyDup(key)));
  return wrapped;
}

// Signs `target` as the recipe says and puts the Signature behind its first child.
inline void SignAs(Document& document, const Element& target, const crypto::PrivateKey& key,
                   const Recipe& recipe = Recipe()) {
  InitXml();
  RegisterAllIds(document);
  xmlNode* signature = xmlSecTmplSignatureCreateNsPref(document.native(), recipe.c14n,
                                                       recipe.method, nullptr, X("ds"));
  const std::string uri = recipe.uri.value_or("#" + target.Attr("ID").value_or(""));
  for (int i = 0; i < recipe.references; ++i) {
    xmlNode* reference =
        xmlSecTmplSignatureAddReference(signature, recipe.digest, nullptr, X(uri.c_str()), nullptr);
    for (const xmlSecTransformId transform : recipe.transforms) {
      xmlSecTmplReferenceAddTransform(reference, transform);
    }
  }
  xmlAddNextSibling(xmlFirstElementChild(target.native()), signature);
  if (recipe.adjust) recipe.adjust(signature);
  xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(nullptr);
  if (recipe.hmac_key.empty()) {
    context->signKey = WrapKey(key.native());
  } else {
    context->signKey = xmlSecKeyReadMemory(
        xmlSecKeyDataHmacId, reinterpret_cast<const xmlSecByte*>(recipe.hmac_key.data()),
        static_cast<xmlSecSize>(recipe.hmac_key.size()));
  }
  if (context->signKey == nullptr || xmlSecDSigCtxSign(context, signature) < 0) std::abort();
  xmlSecDSigCtxDestroy(context);
}

// What the library alone says about the first Signature child of `signed_element`.
inline bool BareLibraryAccepts(const Document& document, const Element& signed_element,
                               const crypto::PublicKey& key, absl::string_view hmac_key = "") {
  RegisterAllIds(document);
  const std::optional<Element> signature = signed_element.Child(kDsigNs, "Signature");
  if (!signature.has_value()) return false;
  xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(nullptr);
  context->signKey = hmac_key.empty()
                         ? WrapKey(key.native())
                         : xmlSecKeyReadMemory(xmlSecKeyDataHmacId,
                                               reinterpret_cast<const xmlSecByte*>(hmac_key.data()),
                                               static_cast<xmlSecSize>(hmac_key.size()));
  const bool accepted = xmlSecDSigCtxVerify(context, signature->native()) >= 0 &&
                        context->status == xmlSecDSigStatusSucceeded;
  xmlSecDSigCtxDestroy(context);
  return accepted;
}

}  // namespace va::xml::testing
