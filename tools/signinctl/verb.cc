#include "tools/signinctl/verb.h"

namespace va::signinctl {

Result Reject(const std::string& reason, const std::string& detail) {
  Result result;
  result.exit = Exit::kReject;
  result.json = Json{{"verdict", "reject"}, {"reason", reason}, {"detail", detail}};
  result.words = "rejected: " + reason + (detail.empty() ? "" : ": " + detail);
  return result;
}

Result Misuse(std::string words) {
  Result result;
  result.exit = Exit::kMisuse;
  result.words = std::move(words);
  return result;
}

}  // namespace va::signinctl
