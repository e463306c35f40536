#include "lib/jose/jwks_cache.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <future>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/jwks.h"
#include "lib/jose/keys_testing.h"
#include "lib/testing/fake_clock.h"

namespace va::jose {
namespace {

using testing::EcKey;
using testing::OtherEcKey;

std::string SetOf(const std::vector<std::pair<const crypto::PrivateKey*, std::string>>& keys) {
  std::vector<PublishedKey> published;
  for (const auto& [key, id] : keys) {
    published.push_back({key->Public(), {.id = id, .algorithm = "ES256"}});
  }
  return *WriteJwks(published);
}

std::string Token(const crypto::PrivateKey& key, const std::string& id) {
  return *SignCompact(testing::Signing(key, Algorithm::kEs256, id), {.typ = "", .kid = id}, "x");
}

// A provider that answers what it is told, and counts.
class Provider {
 public:
  Provider() : answer_(SetOf({{&EcKey(), "a"}})) {}

  JwksFetch Fetch() {
    return [this](absl::Duration timeout) { return Answer(timeout); };
  }
  void Publish(absl::StatusOr<std::string> answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answer_ = std::move(answer);
  }
  void GoDown() { Publish(absl::UnavailableError("down")); }
  // The next fetches wait until Open.
  void Close() { door_.store(false); }
  void Open() { door_.store(true); }

  std::atomic<int> asked{0};
  std::atomic<int> most_at_once{0};

 private:
  absl::StatusOr<std::string> Answer(absl::Duration timeout) {
    if (timeout != absl::Seconds(2)) std::abort();
    const int inside = ++inside_;
    if (inside > most_at_once) most_at_once = inside;
    ++asked;
    const base::Stopwatch waited;
    while (!door_.load() && waited.Elapsed() < absl::Seconds(5)) std::this_thread::yield();
    --inside_;
    const std::lock_guard<std::mutex> lock(mutex_);
    return answer_;
  }

  std::mutex mutex_;
  absl::StatusOr<std::string> answer_;
  std::atomic<bool> door_{true};
  std::atomic<int> inside_{0};
};

class Watcher final : public JwksObserver {
 public:
  void Fetched(JwksFetchOutcome outcome) override { ++outcomes[static_cast<size_t>(outcome)]; }
  void UnknownKey() override { ++unknown; }

  int fetched(JwksFetchOutcome outcome) const { return outcomes[static_cast<size_t>(outcome)]; }
  std::atomic<int> outcomes[3] = {};
  std::atomic<int> unknown{0};
};

struct Stage {
  va::testing::FakeClock clock{};
  Provider provider{};
  Watcher watcher{};
  JwksCache cache{provider.Fetch(), {.algorithms = {Algorithm::kEs256}}, clock, &watcher};

  std::string Verdict(const crypto::PrivateKey& key, const std::string& id) {
    const auto verified = cache.Verify(Token(key, id));
    return verified.ok() ? "ok" : base::ReasonOf(verified.status());
  }
};

}  // namespace

TEST_CASE("JwksCache: the set is fetched when first asked for and kept while it is fresh",
          "[jose]") {
  Stage stage;
  CHECK_FALSE(stage.cache.fetched().has_value());
  CHECK(stage.provider.asked == 0);
  for (int i = 0; i < 5; ++i) CHECK(stage.Verdict(EcKey(), "a") == "ok");
  CHECK(stage.provider.asked == 1);
  CHECK(stage.cache.fetched() == stage.clock.Now());
  stage.clock.Advance(absl::Minutes(10));
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
  CHECK(stage.provider.asked == 2);
  CHECK(stage.watcher.fetched(JwksFetchOutcome::kFetched) == 2);
}

TEST_CASE("JwksCache: O20 a new key is found by one fetch, a key taken out is gone with it",
          "[jose][security]") {
  Stage stage;
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
  stage.provider.Publish(SetOf({{&OtherEcKey(), "b"}}));
  // Too soon after the last fetch.
  CHECK(stage.Verdict(OtherEcKey(), "b") == "KEY_UNKNOWN");
  CHECK(stage.provider.asked == 1);
  stage.clock.Advance(absl::Minutes(1));
  CHECK(stage.Verdict(OtherEcKey(), "b") == "ok");
  CHECK(stage.provider.asked == 2);
  CHECK(stage.Verdict(EcKey(), "a") == "KEY_UNKNOWN");
  CHECK(stage.provider.asked == 2);
  CHECK(stage.watcher.unknown == 3);
}

TEST_CASE("JwksCache: O20 10,000 tokens with unknown names cause one fetch a window",
          "[jose][security]") {
  Stage stage;
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
  const std::string known = Token(EcKey(), "a");
  const std::string behind_header = known.substr(known.find('.'));
  for (int window = 1; window <= 2; ++window) {
    stage.clock.Advance(absl::Minutes(1));
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&stage, &behind_header, thread] {
        for (int i = 0; i < 2500; ++i) {
          const std::string header =
              absl::StrCat(R"({"alg":"ES256","kid":"k)", thread, "-", i, "\"}");
          const std::string token = base::Base64UrlEncode(header) + behind_header;
          if (base::ReasonOf(stage.cache.Verify(token).status()) != "KEY_UNKNOWN") std::abort();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(stage.provider.asked == 1 + window);
  }
  CHECK(stage.provider.most_at_once == 1);
  CHECK(stage.watcher.unknown == 20000);
}

TEST_CASE("JwksCache: O21 an outage leaves the known keys to their end, then nothing is accepted",
          "[jose][security]") {
  Stage stage;
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
  stage.provider.GoDown();
  stage.clock.Advance(absl::Hours(24) - absl::Seconds(1));
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
  CHECK(stage.Verdict(OtherEcKey(), "b") == "KEY_UNKNOWN");
  CHECK(stage.provider.asked == 2);
  stage.clock.Advance(absl::Seconds(1));
  const auto refused = stage.cache.Verify(Token(EcKey(), "a"));
  CHECK(base::ReasonOf(refused.status()) == "JWKS_UNAVAILABLE");
  CHECK(absl::IsUnavailable(refused.status()));
  CHECK_FALSE(stage.cache.fetched().has_value());
  stage.provider.Publish(SetOf({{&EcKey(), "a"}}));
  stage.clock.Advance(absl::Seconds(5));
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
}

TEST_CASE("JwksCache: O21 a provider that is down is not asked again before its time",
          "[jose][security]") {
  Stage stage;
  stage.provider.GoDown();
  for (int i = 0; i < 100; ++i) CHECK(stage.Verdict(EcKey(), "a") == "JWKS_UNAVAILABLE");
  CHECK(stage.provider.asked == 1);
  stage.clock.Advance(absl::Seconds(5));
  CHECK(stage.Verdict(EcKey(), "a") == "JWKS_UNAVAILABLE");
  CHECK(stage.provider.asked == 2);
  CHECK(stage.watcher.fetched(JwksFetchOutcome::kFailed) == 2);
}

TEST_CASE("JwksCache: O21 what is no set, or has no key for us, never replaces a good one",
          "[jose][security]") {
  const std::string html = "<html>maintenance</html>";
  const std::string empty = "{\"keys\":[]}";
  const std::string symmetric = R"({"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]})";
  const std::string large(kMaxJwks + 1, ' ');
  const std::string rsa =
      *WriteJwks({{testing::RsaKey().Public(), {.id = "a", .algorithm = "RS256"}}});
  for (const std::string& bad : {html, empty, symmetric, large, rsa}) {
    CAPTURE(bad.substr(0, 40));
    Stage stage;
    CHECK(stage.Verdict(EcKey(), "a") == "ok");
    stage.provider.Publish(bad);
    stage.clock.Advance(absl::Minutes(10));
    CHECK(stage.Verdict(EcKey(), "a") == "ok");
    CHECK(stage.watcher.fetched(JwksFetchOutcome::kRefused) == 1);
    // It did not make the old one any younger.
    stage.clock.Advance(absl::Hours(24) - absl::Minutes(10));
    CHECK(stage.Verdict(EcKey(), "a") == "JWKS_UNAVAILABLE");
  }
}

TEST_CASE("JwksCache: of many who find the set old one fetches, and nobody else waits", "[jose]") {
  Stage stage;
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
  stage.clock.Advance(absl::Minutes(10));
  stage.provider.Close();
  auto fetching = std::async(std::launch::async, [&stage] { return stage.cache.Current().ok(); });
  while (stage.provider.asked < 2) std::this_thread::yield();
  // However long it takes.
  const absl::Time begun = stage.clock.Now();
  stage.clock.Advance(absl::Minutes(1));
  for (int i = 0; i < 10; ++i) CHECK(stage.Verdict(EcKey(), "a") == "ok");
  CHECK(stage.provider.asked == 2);
  stage.provider.Open();
  CHECK(fetching.get());
  CHECK(stage.cache.fetched() == begun);
}

TEST_CASE("JwksCache: who comes before the first answer waits for it and asks nothing himself",
          "[jose]") {
  Stage stage;
  stage.provider.Close();
  std::vector<std::future<std::string>> verdicts;
  for (int i = 0; i < 8; ++i) {
    verdicts.push_back(
        std::async(std::launch::async, [&stage] { return stage.Verdict(EcKey(), "a"); }));
  }
  while (stage.provider.asked < 1) std::this_thread::yield();
  stage.provider.Open();
  for (auto& verdict : verdicts) CHECK(verdict.get() == "ok");
  CHECK(stage.provider.asked == 1);
}

TEST_CASE("JwksCache: nobody waits longer than a fetch may take", "[jose]") {
  va::testing::FakeClock clock;
  std::promise<void> done;
  const std::shared_future<void> end = done.get_future().share();
  std::atomic<bool> asked{false};
  JwksCache cache(
      [&](absl::Duration) -> absl::StatusOr<std::string> {
        asked = true;
        end.wait();
        return absl::UnavailableError("late");
      },
      {.algorithms = {Algorithm::kEs256}, .timeout = absl::Milliseconds(20)}, clock);
  auto fetching = std::async(std::launch::async, [&cache] { return cache.Current().ok(); });
  while (!asked) std::this_thread::yield();
  CHECK(base::ReasonOf(cache.Current().status()) == "JWKS_UNAVAILABLE");
  done.set_value();
  CHECK_FALSE(fetching.get());
}

TEST_CASE("JwksCache: a clock set back does not stop it from asking", "[jose]") {
  Stage stage;
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
  stage.clock.Advance(-absl::Hours(1));
  stage.provider.Publish(SetOf({{&EcKey(), "a"}, {&OtherEcKey(), "b"}}));
  CHECK(stage.Verdict(OtherEcKey(), "b") == "ok");
}

TEST_CASE(
    "JwksCache: With asks again for whatever says that a key is unknown, and for nothing else",
    "[jose]") {
  Stage stage;
  CHECK(stage.Verdict(EcKey(), "a") == "ok");
  stage.clock.Advance(absl::Minutes(1));
  CHECK(stage.Verdict(OtherEcKey(), "a") == "SIGNATURE_INVALID");
  CHECK(stage.provider.asked == 1);
  CHECK(stage.watcher.unknown == 0);
}

}  // namespace va::jose
