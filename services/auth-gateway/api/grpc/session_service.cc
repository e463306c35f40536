#include "services/auth-gateway/api/grpc/session_service.h"

#include "services/auth-gateway/web/session_token.h"
#include "va/session/v1/session.pb.h"

namespace va::gateway {
namespace {

namespace common = ::va::common::v1;
using session::v1::IntrospectRequest;
using session::v1::IntrospectResponse;

common::Csp PackCsp(const std::optional<identity::Csp>& csp) {
  if (!csp.has_value()) return common::CSP_UNSPECIFIED;
  switch (*csp) {
    case identity::Csp::kIdme:
      return common::CSP_IDME;
    case identity::Csp::kLogingov:
      return common::CSP_LOGINGOV;
    case identity::Csp::kMhv:
      return common::CSP_MHV;
    case identity::Csp::kDslogon:
      return common::CSP_DSLOGON;
  }
  return common::CSP_UNSPECIFIED;
}

void PackAssurance(const identity::Assurance& in, common::Assurance& out) {
  out.set_ial(in.ial);
  out.set_aal(in.aal);
  out.mutable_auth_time()->set_seconds(absl::ToUnixSeconds(in.auth_time));
  out.set_csp(PackCsp(in.csp));
  out.set_pathway(in.pathway);
  out.set_loa_current(in.loa_current);
  out.set_loa_highest(in.loa_highest);
}

}  // namespace

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
        PackAssurance(session.assurance, *response.mutable_assurance());
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
