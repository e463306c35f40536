// The heads of audit chains in the database of the service that writes them: every service's schema
// has this table (migrations/NNNN_audit_heads.sql), to which rows can be added and from which none
// younger than 400 days can be taken. Reasons are those of lib/store/pool.h.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/store/pool.h"
#include "lib/telemetry/audit_chain.h"

namespace va::service {

// Adds one. The same head again is none too many; ALREADY_EXISTS (AUDIT_HEAD_DIFFERS) when the
// database holds another hash at this place.
absl::Status AnchorHead(store::Pool& pool, const telemetry::ChainHead& head, absl::Time deadline);

// Of one chain, in its order.
absl::StatusOr<std::vector<telemetry::ChainHead>> HeadsOf(store::Pool& pool,
                                                          absl::string_view chain,
                                                          absl::Time deadline);

// Chains of this schema with a head that was anchored between the two times.
absl::StatusOr<std::vector<std::string>> ChainsBetween(store::Pool& pool, absl::Time from,
                                                       absl::Time to, absl::Time deadline);

// Deletes what is past its 400 days, some rows at a time; how many went.
absl::StatusOr<int64_t> ForgetOldHeads(store::Pool& pool, absl::Time deadline);

}  // namespace va::service
