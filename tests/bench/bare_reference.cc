#include "tests/bench/bare_reference.h"

#include <memory>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <xmlsec/crypto.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include "lib/base/encoding.h"
#include "lib/xml/document.h"
#include "tests/bench/rounds.h"

namespace va::bench {
namespace {

struct FreeAny {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
  void operator()(xmlSecKey* key) const { xmlSecKeyDestroy(key); }
  void operator()(xmlSecDSigCtx* context) const { xmlSecDSigCtxDestroy(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeAny>;

absl::StatusOr<absl::Duration> MeasureSign(int rounds) {
  const Owned<EVP_PKEY> key(EVP_RSA_gen(2048));
  if (key == nullptr) return absl::InternalError("no RSA key");
  const std::string message(1500, 'a');  // an AuthnRequest's SignedInfo is smaller still
  std::string signature(256, '\0');
  const absl::Duration start = ThreadCpu();
  for (int i = 0; i < rounds; ++i) {
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    size_t size = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1) {
      return absl::InternalError("signing failed");
    }
  }
  return (ThreadCpu() - start) / rounds;
}

xmlNode* Find(xmlDoc* document, const char* name) {
  return xmlSecFindNode(xmlDocGetRootElement(document), reinterpret_cast<const xmlChar*>(name),
                        xmlSecDSigNs);
}

Owned<xmlDoc> Parse(const std::string& xml) {
  return Owned<xmlDoc>(
      xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr, XML_PARSE_NONET));
}

// The key of the certificate that the message shows.
Owned<xmlSecKey> KeyOf(const std::string& xml) {
  const Owned<xmlDoc> document = Parse(xml);
  xmlNode* const node = document ? Find(document.get(), "X509Certificate") : nullptr;
  if (node == nullptr) return nullptr;
  xmlChar* const content = xmlNodeGetContent(node);
  const auto der = base::Base64DecodeLenientWhitespace(reinterpret_cast<const char*>(content));
  xmlFree(content);
  if (!der.ok()) return nullptr;
  return Owned<xmlSecKey>(xmlSecOpenSSLAppKeyLoadMemory(
      reinterpret_cast<const xmlSecByte*>(der->data()), static_cast<xmlSecSize>(der->size()),
      xmlSecKeyDataFormatCertDer, nullptr, nullptr, nullptr));
}

bool ValidateOnce(const std::string& xml, xmlSecKey* key) {
  const Owned<xmlDoc> document = Parse(xml);
  if (document == nullptr) return false;
  xmlNode* const signature = Find(document.get(), "Signature");
  if (signature == nullptr) return false;
  static const xmlChar* ids[] = {reinterpret_cast<const xmlChar*>("ID"), nullptr};
  xmlSecAddIDs(document.get(), signature->parent, ids);
  const Owned<xmlSecDSigCtx> context(xmlSecDSigCtxCreate(nullptr));
  context->signKey = xmlSecKeyDuplicate(key);
  return xmlSecDSigCtxVerify(context.get(), signature) == 0 &&
         context->status == xmlSecDSigStatusSucceeded;
}

absl::StatusOr<absl::Duration> MeasureValidate(const std::string& xml, int rounds) {
  const Owned<xmlSecKey> key = KeyOf(xml);
  if (key == nullptr || !ValidateOnce(xml, key.get())) {
    return absl::InvalidArgumentError("the response does not validate");
  }
  const absl::Duration start = ThreadCpu();
  for (int i = 0; i < rounds; ++i) {
    if (!ValidateOnce(xml, key.get())) return absl::InternalError("validation failed");
  }
  return (ThreadCpu() - start) / rounds;
}

}  // namespace

absl::StatusOr<BareCost> MeasureBare(const std::string& xml, int rounds) {
  xml::InitXml();  // starts the libraries for the process
  const auto sign = MeasureSign(rounds);
  if (!sign.ok()) return sign.status();
  const auto validate = MeasureValidate(xml, rounds);
  if (!validate.ok()) return validate.status();
  return BareCost{*sign, *validate};
}

}  // namespace va::bench
