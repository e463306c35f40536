// What we tell identity providers about ourselves: entity id, where to post, which certificates
// sign our requests. All certificates of a rollover are listed, the current one first.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/crypto/keys.h"

namespace va::gateway {

struct SpMetadataSpec {
  std::string entity_id;
  std::string acs_url;
  std::vector<crypto::Certificate> signing_certificates;  // at least one
};

// The EntityDescriptor, with an XML declaration.
absl::StatusOr<std::string> BuildSpMetadata(const SpMetadataSpec& spec);

}  // namespace va::gateway
