// gRPC writes its own complaints (failed handshakes, broken connections) to standard error. This
// sends them to the service's log instead, errors only.
#pragma once

#include <functional>

#include "absl/strings/string_view.h"

namespace va::rpc {

// From now on `receive` gets every error of the library: where it was raised and its text, from any
// thread. Call before the first channel or server is made; with an empty function after the last is
// gone, to end it.
void SendLibraryErrors(
    std::function<void(absl::string_view where, absl::string_view text)> receive);

}  // namespace va::rpc
