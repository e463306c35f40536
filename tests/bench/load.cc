#include "tests/bench/load.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "lib/base/url.h"
#include "tests/simulators/signin/walk.h"

namespace va::bench {
namespace {

constexpr char kSessionCookie[] = "__Host-va_session";

struct OneResult {
  absl::Duration whole;
  absl::Duration callback;
  std::string form_value;
};

absl::StatusOr<OneResult> SignInOnce(const LoadPlan& plan, const testing::Persona& persona,
                                     http::Client& client, const base::Clock& clock) {
  testing::UserAgentOptions options;
  options.follow_redirects = false;  // the session begins with the answer to the POST
  testing::UserAgent agent(client, clock, options);
  const base::Stopwatch watch;
  const auto answer =
      simulators::WalkToAnswer(agent, {plan.gateway_url, persona.type, "", ""}, persona.id);
  if (!answer.ok()) return answer.status();
  const auto end = simulators::Return(agent, *answer);
  if (!end.ok()) return end.status();
  const auto url = base::ParseUrl(plan.gateway_url);
  if (end->status() != 303 || !url.ok() ||
      !agent.jar().Find(*url, kSessionCookie, clock.Now()).has_value()) {
    return absl::InternalError(
        absl::StrCat(persona.id, " did not end in a session: status ", end->status()));
  }
  const auto* const form = answer->content.FormWithField("SAMLResponse");
  return OneResult{watch.Elapsed(), end->last().took, form->Field("SAMLResponse").value_or("")};
}

}  // namespace

absl::StatusOr<LoadResult> RunLoad(const LoadPlan& plan, http::Client& client) {
  const base::SystemClock clock;
  LoadResult result;
  absl::Status fault;
  std::mutex mutex;
  std::atomic<int> next{0};
  const base::Stopwatch watch;
  const auto work = [&] {
    for (int i = next++; i < plan.sign_ins; i = next++) {
      absl::SleepFor(plan.every * i - watch.Elapsed());
      const auto& persona = *plan.personas[static_cast<size_t>(i) % plan.personas.size()];
      auto one = SignInOnce(plan, persona, client, clock);
      const std::lock_guard<std::mutex> lock(mutex);
      if (!one.ok()) {
        fault.Update(one.status());
        next = plan.sign_ins;
        return;
      }
      result.whole.push_back(one->whole);
      result.callback.push_back(one->callback);
      if (result.a_response.empty()) {
        result.a_response = base::Base64DecodeStrict(one->form_value).value_or("");
      }
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(plan.threads));
  for (int i = 0; i < plan.threads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  result.wall = watch.Elapsed();
  if (!fault.ok()) return fault;
  return result;
}

absl::Duration Percentile(std::vector<absl::Duration> durations, double share) {
  if (durations.empty()) return absl::ZeroDuration();
  std::sort(durations.begin(), durations.end());
  const double rank = std::ceil(share * static_cast<double>(durations.size()));
  const size_t index = rank < 1 ? 0 : static_cast<size_t>(rank) - 1;
  return durations[std::min(index, durations.size() - 1)];
}

}  // namespace va::bench
