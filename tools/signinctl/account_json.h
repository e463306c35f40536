// Accounts and merges as an operator reads them: the words of the contract in lower case, times in
// UTC, and *** for what is there and was not opened.
#pragma once

#include <string>

#include "tools/signinctl/verb.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::signinctl {

Json ToJson(const attributes::v1::Account& account);
Json ToJson(const attributes::v1::Merge& merge);

// "revert_proposed".
std::string StateName(attributes::v1::MergeState state);
// MERGE_STATE_UNSPECIFIED for a name that is none.
attributes::v1::MergeState StateByName(const std::string& name);

}  // namespace va::signinctl
