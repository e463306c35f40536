#include "lib/http/guarded_client.h"

#include <catch2/catch.hpp>

#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"

namespace va::http {
namespace {

class ScriptedClient final : public Client {
 public:
  absl::StatusOr<ClientResponse> answer = ClientResponse{200};
  int asked = 0;
  absl::StatusOr<ClientResponse> Send(const ClientRequest&) override {
    ++asked;
    return answer;
  }
};

struct Guarded {
  ScriptedClient party;
  va::testing::FakeClock clock;
  va::testing::FixedIds ids;
  GuardedClient client{"mpi", party, clock, ids};

  absl::Status Ask(int times) {
    absl::Status last;
    for (int i = 0; i < times; ++i) last = client.Send({}).status();
    return last;
  }
};

absl::Status Fault(absl::StatusCode code, absl::string_view reason) {
  return base::MakeError(code, reason, "fault");
}

}  // namespace

TEST_CASE("GuardedClient: a party that keeps failing is not asked for a while", "[breaker]") {
  const absl::StatusOr<ClientResponse> failure = GENERATE(
      absl::StatusOr<ClientResponse>(Fault(absl::StatusCode::kUnavailable, "CONNECT")),
      absl::StatusOr<ClientResponse>(Fault(absl::StatusCode::kDeadlineExceeded, "TIMEOUT")),
      absl::StatusOr<ClientResponse>(ClientResponse{503}));
  Guarded guarded;
  guarded.party.answer = failure;
  guarded.Ask(20).IgnoreError();
  REQUIRE(guarded.party.asked == 20);
  CHECK(guarded.client.state() == resilience::BreakerState::kOpen);
  const absl::Status refused = guarded.Ask(50);
  CHECK(guarded.party.asked == 20);
  CHECK(refused.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(refused) == "CIRCUIT_OPEN");
  CHECK(base::IsRetryable(refused));

  // Back again: probes find out, and everybody is let through.
  guarded.party.answer = ClientResponse{200};
  guarded.clock.Advance(absl::Seconds(10));
  CHECK(guarded.Ask(10).ok());
  CHECK(guarded.client.state() == resilience::BreakerState::kClosed);
}

TEST_CASE("GuardedClient: an answer that says no, or a request that is wrong, counts for nothing",
          "[breaker]") {
  const absl::StatusOr<ClientResponse> answer = GENERATE(
      absl::StatusOr<ClientResponse>(ClientResponse{404}),
      absl::StatusOr<ClientResponse>(ClientResponse{400}),
      absl::StatusOr<ClientResponse>(ClientResponse{429}),
      absl::StatusOr<ClientResponse>(Fault(absl::StatusCode::kInvalidArgument, "BAD_REQUEST")));
  Guarded guarded;
  guarded.party.answer = answer;
  guarded.Ask(200).IgnoreError();
  CHECK(guarded.party.asked == 200);
  CHECK(guarded.client.state() == resilience::BreakerState::kClosed);
}

TEST_CASE("GuardedClient: a caller that gave up too soon says nothing about the party",
          "[breaker]") {
  Guarded guarded;
  guarded.party.answer = Fault(absl::StatusCode::kDeadlineExceeded, "TIMEOUT");
  ClientRequest hasty;
  hasty.timeout = absl::Milliseconds(100);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(guarded.client.Send(hasty).ok());
  CHECK(guarded.party.asked == 100);
  CHECK(guarded.client.state() == resilience::BreakerState::kClosed);
}

}  // namespace va::http
