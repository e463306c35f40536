#include "tests/bench/bare_saml.h"

#include <libxml/parser.h>
#include <openssl/evp.h>
#include <xmlsec/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlenc.h>
#include <xmlsec/xmltree.h>

#include <utility>

#include "lib/xml/document.h"

namespace va::bench {
namespace {

struct FreeAny {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
  void operator()(xmlSecKey* key) const { xmlSecKeyDestroy(key); }
  void operator()(xmlSecDSigCtx* context) const { xmlSecDSigCtxDestroy(context); }
  void operator()(xmlSecEncCtx* context) const { xmlSecEncCtxDestroy(context); }
  void operator()(xmlSecKeysMngr* manager) const { xmlSecKeysMngrDestroy(manager); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeAny>;

Owned<xmlSecKey> Wrap(EVP_PKEY* key) {
  Owned<xmlSecKey> wrapped(xmlSecKeyCreate());
  xmlSecKeySetValue(wrapped.get(), xmlSecOpenSSLEvpKeyAdopt(xmlSecOpenSSLEvpKeyDup(key)));
  return wrapped;
}

Owned<xmlDoc> Parse(absl::string_view xml) {
  return Owned<xmlDoc>(
      xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr, XML_PARSE_NONET));
}

xmlNode* Find(xmlDoc* document, const char* name, const xmlChar* ns) {
  return xmlSecFindNode(xmlDocGetRootElement(document), reinterpret_cast<const xmlChar*>(name), ns);
}

bool Decrypt(xmlDoc* document, xmlSecKeysMngr* manager) {
  xmlNode* const data = Find(document, "EncryptedData", xmlSecEncNs);
  if (data == nullptr) return true;
  const Owned<xmlSecEncCtx> context(xmlSecEncCtxCreate(manager));
  return context != nullptr && xmlSecEncCtxDecrypt(context.get(), data) >= 0;
}

bool Verify(xmlDoc* document, xmlSecKey* key) {
  xmlNode* const signature = Find(document, "Signature", xmlSecDSigNs);
  if (signature == nullptr) return false;
  static const xmlChar* ids[] = {reinterpret_cast<const xmlChar*>("ID"), nullptr};
  xmlSecAddIDs(document, signature->parent, ids);
  const Owned<xmlSecDSigCtx> context(xmlSecDSigCtxCreate(nullptr));
  context->signKey = xmlSecKeyDuplicate(key);
  return xmlSecDSigCtxVerify(context.get(), signature) == 0 &&
         context->status == xmlSecDSigStatusSucceeded;
}

}  // namespace

struct BareSaml::Keys {
  Owned<xmlSecKey> provider;
  Owned<xmlSecKeysMngr> ours;
};

BareSaml::BareSaml(std::unique_ptr<Keys> keys) : keys_(std::move(keys)) {}
BareSaml::~BareSaml() = default;
BareSaml::BareSaml(BareSaml&&) noexcept = default;
BareSaml& BareSaml::operator=(BareSaml&&) noexcept = default;

absl::StatusOr<BareSaml> BareSaml::Create(const crypto::PublicKey& provider,
                                          const crypto::PrivateKey* ours) {
  xml::InitXml();
  auto keys = std::make_unique<Keys>();
  keys->provider = Wrap(provider.native());
  keys->ours.reset(xmlSecKeysMngrCreate());
  if (keys->ours == nullptr || xmlSecCryptoAppDefaultKeysMngrInit(keys->ours.get()) < 0) {
    return absl::InternalError("no key manager");
  }
  if (ours != nullptr) {
    Owned<xmlSecKey> key = Wrap(ours->native());
    if (xmlSecCryptoAppDefaultKeysMngrAdoptKey(keys->ours.get(), key.get()) < 0) {
      return absl::InternalError("the key manager refuses our key");
    }
    static_cast<void>(key.release());  // the manager's now
  }
  return BareSaml(std::move(keys));
}

bool BareSaml::Validate(absl::string_view xml) const {
  const Owned<xmlDoc> document = Parse(xml);
  return document != nullptr && Decrypt(document.get(), keys_->ours.get()) &&
         Verify(document.get(), keys_->provider.get());
}

bool BareSaml::ValidateForm(const std::string& form_value) const {
  std::string xml(form_value.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(xml.data()),
                                   reinterpret_cast<const unsigned char*>(form_value.data()),
                                   static_cast<int>(form_value.size()));
  if (size < 0) return false;
  // The decoder counts the padding as bytes.
  const size_t padding = form_value.size() - form_value.find_last_not_of('=') - 1;
  return Validate(absl::string_view(xml.data(), static_cast<size_t>(size) - padding));
}

}  // namespace va::bench
