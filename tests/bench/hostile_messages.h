// Messages that nobody with good intentions sends, each as costly as the size limit allows: what a
// stranger can post without any key.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::bench {

struct HostileMessage {
  std::string name;
  std::string form_value;  // of the field SAMLResponse
};

// `genuine` is a response that verifies; some messages are made from it. Ids and addresses inside
// fit nothing: all of them must be refused.
std::vector<HostileMessage> HostileMessages(absl::string_view genuine);

}  // namespace va::bench
