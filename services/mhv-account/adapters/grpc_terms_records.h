// The terms on record, asked of user-attributes over gRPC. What was accepted and when are taken
// from its one immutable record, never from settings here (mpi_mhv.md 3.2.6).
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/rpc/channel.h"
#include "services/mhv-account/domain/ports.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::mhv {

class GrpcTermsRecords final : public TermsRecords {
 public:
  // `document` is the name of the terms MHV wants accepted.
  GrpcTermsRecords(rpc::Channel user_attributes, std::string document)
      : user_attributes_(std::move(user_attributes)), document_(std::move(document)) {}

  absl::StatusOr<Terms> Find(absl::string_view account_id, absl::string_view request_id,
                             absl::Time deadline) override;

 private:
  const rpc::Channel user_attributes_;
  const std::string document_;
};

// How a person stands by the answer of user-attributes. UNAVAILABLE (TERMS_MALFORMED) for an
// acceptance that does not say what was accepted and when.
absl::StatusOr<Terms> ReadTerms(const attributes::v1::GetTermsAcceptanceResponse& response);

}  // namespace va::mhv
