// A day without MPI, by a clock that a test moves: everything between the RPCs and the HTTP client
// put together as wiring does it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/http/client.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "services/mpi-adapter/adapters/guarded_mpi.h"
#include "services/mpi-adapter/adapters/shared_questions.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/domain/cached_mpi.h"
#include "services/mpi-adapter/hl7/answer_samples.h"

namespace va::mpi {
namespace {

using resilience::BreakerState;

constexpr char kUnknownIcn[] = "1019900418V557123";

std::string Extension(const std::string& body, const std::string& root) {
  const size_t from = body.find("extension=\"", body.find(absl::StrCat("root=\"", root))) + 11;
  return body.substr(from, body.find('"', from) - from);
}

// MPI, up or down in all the ways it can be down.
class Mpi final : public http::Client {
 public:
  explicit Mpi(testing::FakeClock& clock) : clock_(clock) {}

  absl::StatusOr<http::ClientResponse> Send(const http::ClientRequest& request) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int number = ++sent_;
    const std::string message = Extension(request.body, "1.2.840.114350.1.13.0.1.7.1.1");
    const std::string query = Extension(request.body, "1.2.840.114350.1.13.28.1.18.5.999");
    if (!down_) {
      return Xml(hl7::Readdressed(
          absl::StrContains(request.body, kUnknownIcn) ? hl7::NoMatchAnswer() : hl7::MatchAnswer(),
          message, query));
    }
    switch (number % 4) {
      case 0:
        return base::MakeError(absl::StatusCode::kUnavailable, "CONNECT", "down", true);
      case 1:
        return http::ClientResponse{503, {}, "busy"};
      case 2:
        return Xml(hl7::Readdressed(hl7::ErrorAnswer("AR", "INTERR", "Internal System Error"),
                                    message, query));
      default:
        // Of a crowd all wait at the same moment; of one after another, each for itself.
        if (one_by_one_) clock_.Advance(request.timeout);
        return base::MakeError(absl::StatusCode::kDeadlineExceeded, "TIMEOUT", "late", true);
    }
  }

  void SetDown(bool down) {
    const std::lock_guard<std::mutex> lock(mutex_);
    down_ = down;
  }
  void SetOneByOne(bool one_by_one) {
    const std::lock_guard<std::mutex> lock(mutex_);
    one_by_one_ = one_by_one;
  }
  int sent() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return sent_;
  }

 private:
  static http::ClientResponse Xml(std::string body) {
    return {200, {{"Content-Type", "text/xml;charset=UTF-8"}}, std::move(body)};
  }

  testing::FakeClock& clock_;
  mutable std::mutex mutex_;
  bool down_ = false;
  bool one_by_one_ = true;
  int sent_ = 0;
};

// Keeps what it is given until it expires, as the real one does.
class MemoryCache final : public AnswerCache {
 public:
  absl::StatusOr<std::optional<KeptAnswer>> Get(const CacheKey& key, absl::Time now,
                                                absl::Time) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = kept_.find(key.value.Reveal());
    if (found == kept_.end() || found->second.expires_at <= now) return std::nullopt;
    return found->second;
  }
  absl::Status Keep(const CacheKey& key, const KeptAnswer& kept, absl::Time) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_[key.value.Reveal()] = kept;
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Forget(const CacheKey& key, absl::Time, absl::Time) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<int64_t>(kept_.erase(key.value.Reveal()));
  }

 private:
  std::mutex mutex_;
  std::map<std::string, KeptAnswer> kept_;
};

class Unheard final : public CacheObserver {
 public:
  void Looked(CacheResult) override {}
  void ServedAt(absl::Duration) override {}
  void StoreFailed() override {}
};

SoapSettings Soap() {
  SoapSettings settings;
  settings.url = "https://mpi.example.test/mpi";
  return settings;
}

struct Adapter {
  testing::FakeClock clock;
  testing::FixedIds ids;
  telemetry::Metrics metrics;
  Mpi mpi{clock};
  MemoryCache cache;
  Unheard unheard;
  SoapMpiGateway soap{{mpi, clock, ids}, Soap()};
  GuardedMpi guarded{
      {soap, soap, clock, ids, metrics, [this](absl::Duration pause) { clock.Advance(pause); }},
      GuardSettings()};
  SharedQuestions shared{guarded, clock};
  CacheSettings settings;
  CachedMpi cached{{cache, shared, guarded, clock, ids, unheard}, settings};

  CachedAnswer Ask(const std::string& icn) {
    const auto answer =
        cached.Get(ByIdentifier{IdentifierType::kIcn, identity::CspId::FromWire(icn)},
                   Freshness::kFlags, clock.Now() + absl::Seconds(5));
    REQUIRE(answer.ok());
    return *answer;
  }
};

int ThreadsOfThisProcess() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    int threads = 0;
    if (absl::StartsWith(line, "Threads:") && absl::SimpleAtoi(line.substr(8), &threads)) {
      return threads;
    }
  }
  return -1;
}

// Many at the same moment, as in the busiest minute.
void AskAllAtOnce(Adapter& adapter) {
  adapter.mpi.SetOneByOne(false);
  std::vector<std::thread> crowd;
  crowd.reserve(30);
  for (int i = 0; i < 30; ++i) {
    crowd.emplace_back([&adapter, i] {
      const std::string icn = absl::StrCat(1019900500 + i, "V557122");
      (void)adapter.cached.Get(ByIdentifier{IdentifierType::kIcn, identity::CspId::FromWire(icn)},
                               Freshness::kFlags, adapter.clock.Now() + absl::Seconds(5));
    });
  }
  for (std::thread& thread : crowd) thread.join();
  adapter.mpi.SetOneByOne(true);
}

}  // namespace

TEST_CASE(
    "MPI: H10 24 hours of outage: nothing stale is served, no thread or place is lost, probes "
    "are bounded, and one breaker period after MPI is back people are found again",
    "[mpi][adapter][attack]") {
  const absl::Duration every = GENERATE(absl::Minutes(1), absl::Seconds(1));
  CAPTURE(every);
  Adapter adapter;
  REQUIRE(adapter.Ask(hl7::kSampleIcn).answer.outcome == Outcome::kOk);
  REQUIRE(adapter.Ask(kUnknownIcn).answer.outcome == Outcome::kNoMatch);
  const int threads = ThreadsOfThisProcess();
  REQUIRE(threads > 0);

  adapter.mpi.SetDown(true);
  const absl::Time down_since = adapter.clock.Now();
  AskAllAtOnce(adapter);
  CHECK(adapter.guarded.state() == BreakerState::kOpen);
  const int sent_at_first = adapter.mpi.sent();
  const absl::Duration longest_period = GuardSettings().breaker.longest_open * 1.2;

  int questions = 0;
  int stale = 0;
  int failures = 0;
  absl::Time crowd_at = down_since + absl::Hours(1);
  while (adapter.clock.Now() < down_since + absl::Hours(24)) {
    const CachedAnswer known = adapter.Ask(hl7::kSampleIcn);
    const CachedAnswer unknown = adapter.Ask(kUnknownIcn);
    questions += 2;
    for (const CachedAnswer& answer : {known, unknown}) {
      const bool served =
          answer.answer.outcome == Outcome::kOk || answer.answer.outcome == Outcome::kNoMatch;
      const absl::Duration allowed = answer.answer.outcome == Outcome::kOk
                                         ? adapter.settings.flags_ttl
                                         : adapter.settings.no_match_ttl;
      if (served && (!answer.from_cache || answer.age > allowed)) ++stale;
      if (!served) {
        ++failures;
        if (answer.answer.profile.has_value() || !IsRetryable(answer.answer.outcome)) ++stale;
      }
    }
    if (adapter.clock.Now() >= crowd_at) {
      AskAllAtOnce(adapter);
      crowd_at += absl::Hours(1);
    }
    adapter.clock.Advance(every);
  }
  CHECK(stale == 0);
  // All but what may still be known of before.
  CHECK(failures > questions - 2 * (absl::Minutes(35) / every));
  CHECK(ThreadsOfThisProcess() == threads);
  CHECK(absl::StrContains(adapter.metrics.Text(), "va_mpi_in_flight 0"));
  // One question at the end of each period, however many there are; shorter periods at first.
  const int64_t periods = absl::Hours(24) / GuardSettings().breaker.longest_open;
  CHECK(adapter.mpi.sent() - sent_at_first <= periods + 5);
  CHECK(adapter.mpi.sent() - sent_at_first > 100);

  adapter.mpi.SetDown(false);
  const absl::Time back = adapter.clock.Now();
  while (adapter.Ask(hl7::kSampleIcn).answer.outcome != Outcome::kOk) {
    REQUIRE(adapter.clock.Now() < back + longest_period + every);
    adapter.clock.Advance(every);
  }
  CHECK(adapter.clock.Now() - back <= longest_period + every);
  // And for everybody, not for the one who probed.
  CHECK(adapter.guarded.state() == BreakerState::kClosed);
  CHECK(adapter.Ask(kUnknownIcn).answer.outcome == Outcome::kNoMatch);
}

}  // namespace va::mpi
