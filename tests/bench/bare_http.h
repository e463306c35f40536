// The least that an HTTP answer costs with the library that our server parses with: an asynchronous
// Beast loop, one thread, connections kept, no deadlines, no limits, no routing. A yardstick, not
// part of the product.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace va::bench {

class BareHttpServer {
 public:
  struct TlsFiles {
    std::string certificate_file;  // empty: plain HTTP
    std::string private_key_file;
  };

  // Answers every request with 200 and `body`. A fault of the machine is INTERNAL.
  static absl::StatusOr<std::unique_ptr<BareHttpServer>> Start(const std::string& body,
                                                               const TlsFiles& tls);
  virtual ~BareHttpServer() = default;
  virtual int port() const = 0;
};

}  // namespace va::bench
