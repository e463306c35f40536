// Reads what a service provider tells about itself, as an identity provider does that takes its
// metadata over: which keys sign its requests, and to which an assertion may be encrypted. Who put
// the document there is not asked: a file on the disk is the way it was agreed on.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::simulators {

struct PartnerKeys {
  std::vector<crypto::PublicKey> signing;
  std::vector<crypto::PublicKey> encryption;
};

// Both in the order of the document. INVALID_ARGUMENT when it is no metadata of a service provider
// or a certificate in it is none.
absl::StatusOr<PartnerKeys> ReadPartnerMetadata(absl::string_view metadata);

}  // namespace va::simulators
