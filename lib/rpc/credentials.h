// Reads and checks the files of a TlsOptions before gRPC sees them: gRPC itself would only say that
// it could not start.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/rpc/tls.h"

namespace va::rpc {

// The contents of the three files, as PEM.
struct TlsMaterial {
  std::string certificate;
  std::string private_key;
  std::string ca;
};

// INVALID_ARGUMENT (TLS_FILES) naming the file that is missing, open to others, malformed, too
// weak, or not the other's pair.
absl::StatusOr<TlsMaterial> LoadTlsMaterial(const TlsOptions& options);

}  // namespace va::rpc
