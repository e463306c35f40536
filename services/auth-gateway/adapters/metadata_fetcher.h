// Gets the metadata of an identity provider from the address its row names. The address is written
// by an operator and never by a message; still, what stands behind it may have been taken over, so
// it is asked over TLS under the roots of the row alone, is followed nowhere else, and may be
// neither slow nor large (attack S145). What it says is not believed here: see IdpDirectory.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/auth-gateway/saml/idp_directory.h"

namespace va::gateway {

struct MetadataFetchLimits {
  absl::Duration timeout = absl::Seconds(10);  // for everything, connecting included
  absl::Duration connect_timeout = absl::Seconds(3);
};

// Reads the url, or the file. Faults are those of http::Client and of ReadMetadataFile, and
// UNAVAILABLE with REDIRECTED or HTTP_STATUS.
absl::StatusOr<std::string> FetchMetadata(const MetadataSource& source,
                                          const MetadataFetchLimits& limits = {});

}  // namespace va::gateway
