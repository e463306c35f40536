// What several services say of a sign-in, between our types and va.common.v1: times, providers,
// assurance. One place, so that an absent value means the same on both ends.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "lib/identity/assurance.h"
#include "va/common/v1/person.pb.h"

namespace va::rpc {

void PackTime(absl::Time time, google::protobuf::Timestamp& out);

// What google.protobuf.Timestamp allows, from 1970 on.
bool IsTime(const google::protobuf::Timestamp& time);
absl::Time UnpackTime(const google::protobuf::Timestamp& time);

common::v1::Csp PackCsp(const std::optional<identity::Csp>& csp);
// Nothing for a provider this build does not know.
std::optional<identity::Csp> UnpackCsp(common::v1::Csp csp);

// An unknown time of authentication (1970 or before) is absent on the wire, never zero.
void PackAssurance(const identity::Assurance& in, common::v1::Assurance& out);
identity::Assurance UnpackAssurance(const common::v1::Assurance& in);

}  // namespace va::rpc
