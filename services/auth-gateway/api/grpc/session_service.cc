#include "services/auth-gateway/api/grpc/session_service.h"

#include "lib/rpc/wire.h"
#include "services/auth-gateway/web/session_token.h"
#include "va/session/v1/session.pb.h"

namespace va::gateway {

using session::v1::IntrospectRequest;
using session::v1::IntrospectResponse;

void RegisterSessionService(rpc::ServerBuilder& builder, SessionStore& sessions,
                            const base::Clock& clock) {
  builder.Unary<IntrospectRequest, IntrospectResponse>(
      kIntrospectMethod,
      [&sessions, &clock](const rpc::CallContext& context,
                          const IntrospectRequest& request) -> absl::StatusOr<IntrospectResponse> {
        const auto found = sessions.Use(HashToken(request.token()), clock.Now(), context.deadline);
        if (!found.ok()) return found.status();
        IntrospectResponse response;
        if (!found->has_value()) return response;
        const SessionRecord& session = **found;
        response.set_active(true);
        response.set_account_id(session.account_id);
        rpc::PackAssurance(session.assurance, *response.mutable_assurance());
        response.set_application(session.application);
        for (const std::string& code : session.waived_findings) {
          response.add_waived_findings(code);
        }
        response.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(session.expires_at));
        response.mutable_absolute_expires_at()->set_seconds(
            absl::ToUnixSeconds(session.absolute_expires_at));
        return response;
      },
      rpc::Dispatch::kPool);
}

}  // namespace va::gateway
