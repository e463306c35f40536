// Reads MHV's two JSON answers, and is the only place that sees them whole: what the rules do not
// need, the document number above all, ends here (P-8). Unknown fields are ignored. An answer that
// does not say what was asked is a fault, MHV_MALFORMED or MHV_UNAVAILABLE, never a "no".
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/inherited-proofing/domain/proofing_facts.h"

namespace va::proofing {

// Whether this can stand in a path and be MHV's: one to twenty digits.
bool IsMhvId(const identity::CspId& id);

// validmhvid. MHV says that an ICN has no account in two ways, both with HTTP 200: errorCode 99
// without a correlation id (its "unknown application error", vector
// mhv.response.correlation_error_body), or a completion that is "Successful" and names no id. Any
// other error body is an outage.
absl::StatusOr<std::optional<MhvAccount>> ParseAccount(absl::string_view body);

// mhvacctinfo. Here every error body is an outage: the account exists, so that "unknown error" can
// say nothing about its proofing.
absl::StatusOr<ProofingRecord> ParseRecord(absl::string_view body);

}  // namespace va::proofing
