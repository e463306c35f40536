#include "lib/http/guarded_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/resilience/spread.h"

namespace va::http {
namespace {

// Less is a caller in a hurry, whom a healthy party may fail too.
constexpr absl::Duration kPatience = absl::Seconds(1);

// Whether the outcome says anything about the party: a request that could not be sent does not, nor
// does a caller that gave up too soon.
bool TellsOfParty(const ClientRequest& request, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kDeadlineExceeded) return request.timeout >= kPatience;
  return status.code() != absl::StatusCode::kInvalidArgument;
}

}  // namespace

GuardedClient::GuardedClient(std::string party, Client& client, const base::Clock& clock,
                             base::IdGenerator& ids, const resilience::BreakerOptions& options)
    : party_(std::move(party)), client_(client), clock_(clock), ids_(ids), breaker_(options) {}

absl::StatusOr<ClientResponse> GuardedClient::Send(const ClientRequest& request) {
  const auto pass = breaker_.Admit(clock_.Now());
  if (!pass) {
    return base::MakeError(absl::StatusCode::kUnavailable, "CIRCUIT_OPEN",
                           absl::StrCat(party_, " has failed too often and is not asked for now"),
                           /*retryable=*/true);
  }
  absl::StatusOr<ClientResponse> answer = client_.Send(request);
  if (!TellsOfParty(request, answer.status())) {
    breaker_.Withdraw(*pass);
    return answer;
  }
  const bool good = answer.ok() && answer->status < 500;
  breaker_.Report(*pass, good, clock_.Now(), good ? 0.0 : resilience::Random01(ids_));
  return answer;
}

}  // namespace va::http
