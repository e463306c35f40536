// Where the questions that follow a session stand, for the pages and answers that show it. Reads
// the attempt's row only for sessions that are asked about at all.
#pragma once

#include "absl/status/statusor.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/domain/provisioning.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// As it stands now.
absl::StatusOr<Provisioning> ProvisioningOf(const GatewayDeps& deps, const SessionRecord& session);

// The same for a page that says it in words: waits a bounded moment while a question is open. With
// no permit left, or a store that fails, it says what it knows: still pending.
Provisioning AwaitProvisioning(const GatewayDeps& deps, const SessionRecord& session);

}  // namespace va::gateway
