// The keys that the token service believes assertions of its client with: a key set (RFC 7517) that
// the client publishes, read by code of its own (decision E2). RSA keys for RS256 and nothing else.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"
#include "tests/simulators/mhv/token.h"

namespace va::simulators {

struct ClientKey {
  std::string id;  // `kid`
  crypto::PublicKey key;
};

// Every key of the set; one that is something else is a mistake of whoever registered it.
absl::StatusOr<std::vector<ClientKey>> ReadClientKeys(absl::string_view key_set);

// Whose signature it is: the key that the header names, or, where it names none, any; nullptr for
// nobody's.
const ClientKey* SignerOf(const Token& token, const std::vector<ClientKey>& keys);

}  // namespace va::simulators
