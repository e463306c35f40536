// Enveloped XML signatures, made and verified. Verification trusts pinned keys only, checks the
// whole shape of the signature before any cryptography, and returns the element that was signed:
// callers read nothing else (house rule: verification returns the verified thing).
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/xml/document.h"
#include "lib/xml/element.h"

namespace va::crypto {
class PrivateKey;
class PublicKey;
}  // namespace va::crypto

namespace va::xml {

inline constexpr absl::string_view kDsigNs = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr absl::string_view kExcC14n = "http://www.w3.org/2001/10/xml-exc-c14n#";

class VerifiedElement;

struct VerifyOptions {
  // SHA-1 digests, RSA-SHA1 and RSA keys below 2048 bits. Never at the gateway; for the operator's
  // tool (decision P4).
  bool allow_legacy = false;
  // The caller ran CheckIds over this document, which has not changed since.
  bool ids_are_checked = false;
};

// Verifies the one Signature that is a direct child of `signed_element` and covers it by its ID
// attribute. `keys` are all keys trusted for this signer; KeyInfo is ignored.
//
// PERMISSION_DENIED with a reason: SIGNATURE_MISSING, SIGNATURE_MULTIPLE, SIGNATURE_MALFORMED,
// SIGNATURE_REFERENCE, SIGNATURE_TRANSFORM, SIGNATURE_ALGORITHM, SIGNATURE_KEY, DIGEST_MISMATCH,
// SIGNATURE_INVALID, SIGNATURE_PROCESSING, or the reasons of CheckIds.
absl::StatusOr<VerifiedElement> VerifyEnveloped(const Document& document,
                                                const Element& signed_element,
                                                absl::Span<const crypto::PublicKey> keys,
                                                const VerifyOptions& options = VerifyOptions());

// Whether a Signature stands as direct child of the element.
bool HasSignature(const Element& element);

// An element whose content was signed by one of the keys asked for. Only VerifyEnveloped makes one.
class VerifiedElement {
 public:
  const Element& operator*() const { return element_; }
  const Element* operator->() const { return &element_; }
  // A child of a signed element is signed with it. Nothing for the Signature itself, which the
  // enveloped-signature transform leaves out.
  std::optional<VerifiedElement> OnlyChild(absl::string_view ns, absl::string_view name) const;

 private:
  friend absl::StatusOr<VerifiedElement> VerifyEnveloped(const Document&, const Element&,
                                                         absl::Span<const crypto::PublicKey>,
                                                         const VerifyOptions&);
  explicit VerifiedElement(Element element) : element_(element) {}
  Element element_;
};

// Where the Signature goes inside its element: SAML schemas want it right after Issuer, metadata
// wants it first.
enum class SignaturePlace { kFirstChild, kAfterFirstChild, kLastChild };

enum class SignatureHash { kSha256, kSha384, kSha512 };

struct SignOptions {
  SignaturePlace place = SignaturePlace::kAfterFirstChild;
  SignatureHash hash = SignatureHash::kSha256;
  // DER of a certificate to show in KeyInfo; no KeyInfo when empty.
  std::string certificate_der;
};

// Signs `target` (its attribute `id_attr` names it) with RSA or ECDSA, exclusive C14N. INTERNAL on
// failure; the document is left without a half-made Signature then.
absl::Status SignEnveloped(Document& document, const Element& target, absl::string_view id_attr,
                           const crypto::PrivateKey& key,
                           const SignOptions& options = SignOptions());

}  // namespace va::xml
