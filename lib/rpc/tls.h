// The files both ends of a gRPC connection authenticate with. There is no plaintext variant: a
// server demands a client certificate, and a client always presents one.
#pragma once

#include <string>

namespace va::rpc {

struct TlsOptions {
  std::string certificate_file;  // PEM, leaf first; used as server and as client certificate
  std::string private_key_file;  // PEM
  std::string ca_file;           // PEM; the only roots the other side may chain to
};

}  // namespace va::rpc
