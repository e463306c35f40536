#include "lib/jose/thumbprint.h"

#include <map>
#include <nlohmann/json.hpp>

#include "lib/base/encoding.h"
#include "lib/crypto/hash.h"
#include "lib/jose/key_numbers.h"

namespace va::jose {

absl::StatusOr<std::string> Thumbprint(const crypto::PublicKey& key) {
  const absl::StatusOr<std::map<std::string, std::string>> members = RequiredMembers(key);
  if (!members.ok()) return members.status();
  // In the order of their names and without blanks, which is how the library writes.
  return base::Base64UrlEncode(crypto::Sha256(nlohmann::json(*members).dump()));
}

}  // namespace va::jose
