// Between the wire of AccountsService and accounts as the rules hold them. Whatever could only be a
// caller's mistake is refused here (INVALID_ARGUMENT).
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/user-attributes/domain/accounts.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::attributes {

// Who asks, and why. OPERATOR: an id of 1 to 64 letters, digits and . _ - @; capitals are folded,
// so that nobody becomes a second operator by writing themselves differently. REASON: 1 to 200
// bytes of text on one line, without what looks like a person's SSN, ICN or address.
absl::StatusOr<Actor> UnpackActor(const v1::Actor& actor, const std::string& caller);

// PAGE_SIZE: 1 to 500; 0 means 100.
absl::StatusOr<int> UnpackPageSize(int asked);
// PAGE_TOKEN: one that an answer gave out, as far as its form tells. Of accounts: a row id.
absl::Status CheckAccountToken(const std::string& token);
absl::Status CheckMergeToken(const std::string& token);

// Nothing: those that wait.
std::optional<MergeState> UnpackMergeState(v1::MergeState state);
v1::MergeState PackMergeState(MergeState state);

void PackAccount(const AccountRecord& account, v1::Account& out);
void PackMerge(const MergeRecord& merge, v1::Merge& out);

}  // namespace va::attributes
