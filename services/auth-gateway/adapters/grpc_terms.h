// Terms of use over gRPC: the document as user-attributes holds it, and the answers it keeps.
#pragma once

#include "lib/rpc/channel.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

class GrpcTerms final : public Terms {
 public:
  explicit GrpcTerms(rpc::Channel channel);

  absl::StatusOr<TermsStatus> GetTermsAcceptance(absl::string_view account_id,
                                                 absl::string_view document,
                                                 const CallScope& scope) override;
  absl::Status RecordTerms(const AdmittedPerson& person, const TermsAnswer& answer,
                           const CallScope& scope) override;

 private:
  rpc::Channel channel_;
};

}  // namespace va::gateway
