// Responses as the broker sends them, for benchmarks: 13 KB, 26 attributes, every one another
// person with other ids, signed by RSA-2048 with SHA-256. Made by the bare libraries, so that a
// reference and the product are given the same bytes.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/keys.h"

namespace va::bench {

inline constexpr absl::string_view kSamlIdp = "https://idp.example/entity";
inline constexpr absl::string_view kSamlSp = "https://sp.example/entity";
inline constexpr absl::string_view kSamlAcs = "https://sp.example/v1/sessions/callback";
inline constexpr absl::string_view kSamlRequest = "_request-1";

// A key with a certificate of its own.
struct SamlParty {
  crypto::PrivateKey key;
  crypto::Certificate certificate;

  static absl::StatusOr<SamlParty> Create(const std::string& name, absl::Time now);
};

// `count` responses as XML, the assertion of each signed by the provider and valid around `now`.
absl::StatusOr<std::vector<std::string>> MakeResponses(int count, const SamlParty& provider,
                                                       absl::Time now);

// The same response with its assertion encrypted to `recipient`: AES-256-GCM under RSA-OAEP.
absl::StatusOr<std::string> EncryptAssertion(const std::string& response,
                                             const crypto::PublicKey& recipient);

}  // namespace va::bench
