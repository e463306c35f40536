#include "tests/bench/bare_reference.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <optional>

#include "lib/base/encoding.h"
#include "lib/crypto/keys.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "tests/bench/bare_saml.h"
#include "tests/bench/rounds.h"

namespace va::bench {
namespace {

struct FreeAny {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
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

std::optional<std::string> FirstText(const xml::Element& element, absl::string_view name) {
  if (element.Is(xml::kDsigNs, name)) return element.Text();
  for (const xml::Element child : element.Children()) {
    if (auto found = FirstText(child, name)) return found;
  }
  return std::nullopt;
}

// The key of the certificate that the message shows.
absl::StatusOr<crypto::PublicKey> KeyOf(const std::string& xml) {
  const auto document = xml::Document::Parse(xml);
  if (!document.ok()) return document.status();
  const std::optional<std::string> shown = FirstText(document->root(), "X509Certificate");
  if (!shown.has_value()) return absl::InvalidArgumentError("the response shows no certificate");
  const auto der = base::Base64DecodeLenientWhitespace(*shown);
  if (!der.ok()) return der.status();
  return crypto::PublicKey::FromCertificateDer(*der);
}

absl::StatusOr<absl::Duration> MeasureValidate(const std::string& xml, int rounds) {
  const auto key = KeyOf(xml);
  if (!key.ok()) return key.status();
  const auto bare = BareSaml::Create(*key);
  if (!bare.ok()) return bare.status();
  return CpuOfOne(rounds, [&] { return bare->Validate(xml); });
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
