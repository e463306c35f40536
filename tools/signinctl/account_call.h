// What the verbs about accounts and merges have in common: their flags, the call to user-attributes
// with the operator's certificate, and what an operator can do about a "no".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "tools/signinctl/verb.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::signinctl {

inline constexpr char kAccounts[] = "va.attributes.v1.AccountsService/";

// --target and the rest of the way there.
std::vector<Flag> CallFlags();
// --operator, --reason and the way there.
std::vector<Flag> ActorFlags();
// --reveal and all of that.
std::vector<Flag> RevealFlags();

// Who asks and why; misuse when one of them is missing.
std::optional<Result> ReadActor(const Arguments& arguments, const World& world,
                                attributes::v1::Actor& actor);

// The ids of accounts, credentials and merges; misuse when `id` is none. `name` is what it is
// called on the command line.
std::optional<Result> CheckId(const std::string& id, const std::string& name);

// A fresh id for one request; it stands in the audit trail.
std::string NewRequestId();

// Asks `method` of AccountsService. Nothing: `response` holds the answer; otherwise how the verb
// ends.
std::optional<Result> CallAccounts(const Arguments& arguments, const World& world,
                                   absl::string_view method,
                                   const google::protobuf::Message& request,
                                   google::protobuf::Message& response);

}  // namespace va::signinctl
