// Single logout as the broker does it: reads the service provider's messages strictly, with code of
// its own, and makes its own ones. POST binding alone.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/id_generator.h"
#include "tests/simulators/idp/authn_request_check.h"
#include "tests/simulators/idp/response_maker.h"

namespace va::simulators {

struct CheckedLogoutRequest {
  std::string id;
  std::string name_id;
  std::string session_index;
  std::vector<std::string> problems;  // empty: answer it
};
CheckedLogoutRequest CheckLogoutRequest(absl::string_view form_value,
                                        const Registration& registration, absl::Time now);

struct CheckedLogoutResponse {
  std::string in_response_to;
  bool success = false;
  std::vector<std::string> problems;
};
CheckedLogoutResponse CheckLogoutResponse(absl::string_view form_value,
                                          const Registration& registration, absl::Time now);

// The XML of a signed LogoutResponse that says: done.
absl::StatusOr<std::string> MakeLogoutResponse(const Issuer& issuer,
                                               const Registration& registration,
                                               absl::string_view in_response_to, absl::Time now,
                                               base::IdGenerator& ids);

struct LogoutAsk {
  std::string id;
  std::string name_id;
  std::string session_index;  // empty: every session of the name
};
// The XML of a signed LogoutRequest.
absl::StatusOr<std::string> MakeLogoutRequest(const Issuer& issuer,
                                              const Registration& registration,
                                              const LogoutAsk& ask, absl::Time now);

}  // namespace va::simulators
