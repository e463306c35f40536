#include "services/mpi-adapter/api/grpc/mpi_service.h"

#include <string>

#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/api/grpc/pack.h"

namespace va::mpi {
namespace {

constexpr int kLoaForMpi = 3;

absl::StatusOr<Answer> Ask(MpiGateway& gateway, const rpc::CallContext& context,
                           const v1::GetProfileRequest& request) {
  if (request.loa_current() < kLoaForMpi) {
    Answer blocked;
    blocked.outcome = Outcome::kBlocked;
    blocked.reason = "LOA_TOO_LOW";
    return blocked;
  }
  const absl::StatusOr<Question> question = UnpackQuestion(request);
  if (!question.ok()) return question.status();
  return gateway.Find(*question, context.PeerDeadline());
}

// Whether somebody has to look: what MPI or the connection did wrong, or we.
bool IsWorrying(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
    case Outcome::kNoMatch:
    case Outcome::kMultipleMatches:
      return false;
    case Outcome::kInvalidRequest:
    case Outcome::kSenderRejected:
    case Outcome::kDuplicateKey:
    case Outcome::kMpiFailed:
    case Outcome::kTransport:
    case Outcome::kTimeout:
    case Outcome::kBreakerOpen:
    case Outcome::kUnparseable:
    case Outcome::kBlocked:
      return true;
  }
  return true;
}

}  // namespace

absl::StatusOr<v1::GetProfileResponse> MpiServiceImpl::GetProfile(
    const rpc::CallContext& context, const v1::GetProfileRequest& request) const {
  const base::Stopwatch watch;
  const std::string& request_id =
      context.request_id.empty() ? request.request_id() : context.request_id;
  const absl::StatusOr<Answer> answer = Ask(gateway_, context, request);
  if (!answer.ok()) {
    log_.Warn("mpi.lookup.refused",
              {{"req", request_id}, {"reason", base::ReasonOf(answer.status())}});
    return answer.status();
  }
  const telemetry::Fields fields = {{"req", request_id},
                                    {"outcome", OutcomeName(answer->outcome)},
                                    {"reason", answer->reason},
                                    {"ms", absl::ToInt64Milliseconds(watch.Elapsed())},
                                    {"transaction_id", answer->transaction_id},
                                    {"message_id", answer->message_id},
                                    {"ack", answer->ack_code},
                                    {"detail", answer->detail_code}};
  if (IsWorrying(answer->outcome)) {
    log_.Warn("mpi.lookup.done", fields);
  } else {
    log_.Info("mpi.lookup.done", fields);
  }
  return PackAnswer(*answer);
}

void RegisterMpiService(const MpiServiceImpl& service, rpc::ServerBuilder& builder) {
  builder.Unary<v1::GetProfileRequest, v1::GetProfileResponse>(
      kGetProfileMethod,
      [&service](const rpc::CallContext& context, const v1::GetProfileRequest& request) {
        return service.GetProfile(context, request);
      });
}

}  // namespace va::mpi
