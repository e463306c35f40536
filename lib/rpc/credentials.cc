#include "lib/rpc/credentials.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"

namespace va::rpc {
namespace {

absl::Status Unusable(const std::string& file, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                         absl::StrCat(file, ": ", why));
}

}  // namespace

absl::StatusOr<TlsMaterial> LoadTlsMaterial(const TlsOptions& options) {
  absl::StatusOr<std::string> certificate_text = crypto::ReadPublicFile(options.certificate_file);
  if (!certificate_text.ok()) {
    return Unusable(options.certificate_file, certificate_text.status().message());
  }
  absl::StatusOr<std::string> key_text = crypto::ReadSecretFile(options.private_key_file);
  if (!key_text.ok()) return Unusable(options.private_key_file, key_text.status().message());
  absl::StatusOr<std::string> ca_text = crypto::ReadPublicFile(options.ca_file);
  if (!ca_text.ok()) return Unusable(options.ca_file, ca_text.status().message());

  const auto certificate = crypto::Certificate::FromPem(*certificate_text);
  if (!certificate.ok()) {
    return Unusable(options.certificate_file, certificate.status().message());
  }
  // What stands behind the first is sent with it: gRPC would find out too late.
  if (const auto chain = crypto::Certificate::AllFromPem(*certificate_text); !chain.ok()) {
    return Unusable(options.certificate_file, chain.status().message());
  }
  const auto key = crypto::PrivateKey::FromPem(*key_text);
  if (!key.ok()) return Unusable(options.private_key_file, key.status().message());
  if (!certificate->Matches(*key)) {
    return Unusable(options.private_key_file,
                    absl::StrCat("is not the key of ", options.certificate_file));
  }
  const auto roots = crypto::Certificate::AllFromPem(*ca_text);
  if (!roots.ok()) return Unusable(options.ca_file, roots.status().message());
  return TlsMaterial{*std::move(certificate_text), *std::move(key_text), *std::move(ca_text)};
}

}  // namespace va::rpc
