// deploy/policy/policy.yaml as it was when the program was built, so that the tool explains by it
// from any folder.
#pragma once

namespace va::signinctl {

extern const char kShippedPolicy[];

}  // namespace va::signinctl
