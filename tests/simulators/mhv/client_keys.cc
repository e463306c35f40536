#include "tests/simulators/mhv/client_keys.h"

#include <utility>

#include "absl/status/status.h"
#include "lib/base/encoding.h"
#include "tests/simulators/mhv/rs256.h"

namespace va::simulators {
namespace {

using nlohmann::json;

absl::StatusOr<ClientKey> ReadClientKey(const json& entry) {
  if (!entry.is_object() || TextOf(entry, "kty") != "RSA") {
    return absl::InvalidArgumentError("a key of the set is no RSA key");
  }
  if (TextOf(entry, "alg") != "RS256" || TextOf(entry, "use") != "sig") {
    return absl::InvalidArgumentError("a key of the set is for something else than RS256");
  }
  if (entry.contains("d")) return absl::InvalidArgumentError("a key of the set is a private one");
  const auto modulus = base::Base64UrlDecode(TextOf(entry, "n"));
  const auto exponent = base::Base64UrlDecode(TextOf(entry, "e"));
  if (!modulus.ok() || !exponent.ok() || TextOf(entry, "kid").empty()) {
    return absl::InvalidArgumentError("a key of the set lacks kid, n or e");
  }
  absl::StatusOr<crypto::PublicKey> key = RsaKey(*modulus, *exponent);
  if (!key.ok()) return key.status();
  return ClientKey{TextOf(entry, "kid"), *std::move(key)};
}

}  // namespace

absl::StatusOr<std::vector<ClientKey>> ReadClientKeys(absl::string_view key_set) {
  const json set = json::parse(key_set, nullptr, false);
  if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array() || set["keys"].empty()) {
    return absl::InvalidArgumentError("this is no key set with a key in it");
  }
  std::vector<ClientKey> keys;
  for (const json& entry : set["keys"]) {
    absl::StatusOr<ClientKey> key = ReadClientKey(entry);
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  return keys;
}

const ClientKey* SignerOf(const Token& token, const std::vector<ClientKey>& keys) {
  const bool named = token.header.contains("kid");
  const std::string id = TextOf(token.header, "kid");
  for (const ClientKey& key : keys) {
    if ((!named || key.id == id) && IsSignedBy(token, key.key)) return &key;
  }
  return nullptr;
}

}  // namespace va::simulators
