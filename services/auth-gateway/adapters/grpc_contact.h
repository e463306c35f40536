// Contact information over gRPC, by way of user-attributes. Hands on the decision token of the
// person (decision E6); gives every field the name under which GET /v0/user shows it.
#pragma once

#include "lib/rpc/channel.h"
#include "services/auth-gateway/domain/user_profile.h"

namespace va::gateway {

class GrpcContact final : public ContactDirectory {
 public:
  explicit GrpcContact(rpc::Channel channel);

  absl::StatusOr<std::optional<ContactInformation>> Find(const AdmittedPerson& person,
                                                         const identity::CspId& vet360_id,
                                                         const CallScope& scope) override;
  absl::Status Drop(absl::string_view account_id, const CallScope& scope) override;

 private:
  rpc::Channel channel_;
};

}  // namespace va::gateway
