// Makes keys and certificates, for tests, local development and the key rings that signinctl makes.
// Services never issue anything; this stands here because only lib/crypto speaks to OpenSSL's EVP.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/crypto/keys.h"

namespace va::crypto {

enum class NewKey { kEcP256, kEcP384, kEd25519, kRsa2048, kRsa3072, kRsa4096, kRsa1024ForTests };

// What the certificate shall say.
struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  bool is_authority = false;
  bool for_tls = true;  // says so; a certificate that only carries a key (SAML) does not
  absl::Time not_before;
  absl::Time not_after;
};

// A certificate and its key as PEM.
struct IssuedPair {
  std::string certificate_pem;
  std::string private_key_pem;
};

// A key pair alone, as PEM (PKCS#8). kRsa1024ForTests exists to be refused by everything else.
absl::StatusOr<std::string> GenerateKeyPem(NewKey kind);

absl::StatusOr<IssuedPair> IssueSelfSigned(const CertificateRequest& request, NewKey kind);

absl::StatusOr<IssuedPair> IssueSigned(const CertificateRequest& request, NewKey kind,
                                       const IssuedPair& authority);

}  // namespace va::crypto
