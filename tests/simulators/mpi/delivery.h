// What goes back to who asked, and how: what HTTP alone cannot say, such as an answer that comes
// byte by byte or breaks off. Plain values.
#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "lib/http/message.h"

namespace va::simulators {

enum class Manner {
  kWhole,
  kDrip,     // a few bytes at a time
  kCut,      // the whole Content-Length is promised, half of it comes
  kEndless,  // the body goes on until the asker gives up
  kReset,    // TCP RST, nothing else
};

struct Delivery {
  http::Response response;  // status http::kNoAnswer: the connection closes without one
  absl::Duration delay = absl::ZeroDuration();  // before anything else
  Manner manner = Manner::kWhole;
  // With kDrip.
  std::size_t drip_bytes = 64;
  absl::Duration drip_pause = absl::Milliseconds(100);
};

}  // namespace va::simulators
