// People who sign in at a steady rate, whatever becomes of those before them: sign-ins start by the
// clock (an open loop), a slow answer delays nobody else, and times count from the moment a sign-in
// was due. Runs until standard input closes. Every second, and at the end, one JSON object a line
// on standard output: how many started and ended in a session, and failures by kind.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/http/client.h"
#include "lib/testing/persona.h"
#include "lib/testing/user_agent.h"
#include "tests/simulators/signin/walk.h"

namespace va::operations {
namespace {

using Steady = std::chrono::steady_clock;

constexpr char kSessionCookie[] = "__Host-va_session";

struct Flags {
  std::string gateway_url;
  std::string ca_file;
  std::string personas = "tests/personas";
  std::string only;
  double rate = 50;
  int threads = 64;
  double timeout_seconds = 10;
  bool fresh_connections = false;
};

// What the crowd has met so far.
class Tally {
 public:
  void Started(bool late) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++started_;
    if (late) ++late_;
  }
  void Session(double ms) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ms_.push_back(ms);
  }
  void Failure(const std::string& kind, double ms) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++failures_[kind];
    slowest_failure_ms_ = std::max(slowest_failure_ms_, ms);
  }

  nlohmann::json Read(double seconds, bool final) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<double> sorted = ms_;
    std::sort(sorted.begin(), sorted.end());
    const auto share = [&sorted](double part) {
      if (sorted.empty()) return 0.0;
      return sorted[std::min(sorted.size() - 1,
                             static_cast<size_t>(part * static_cast<double>(sorted.size())))];
    };
    return {{"seconds", seconds},
            {"final", final},
            {"started", started_},
            {"late", late_},  // no thread was free when it was due
            {"sessions", ms_.size()},
            {"failures", failures_},
            {"slowest_failure_ms", slowest_failure_ms_},
            {"p50_ms", share(0.5)},
            {"p99_ms", share(0.99)},
            {"max_ms", sorted.empty() ? 0.0 : sorted.back()}};
  }

 private:
  mutable std::mutex mutex_;
  int started_ = 0;
  int late_ = 0;
  std::map<std::string, int> failures_;
  std::vector<double> ms_;
  double slowest_failure_ms_ = 0;
};

// "answer: UNAVAILABLE CONNECTION_LOST", "start: FAILED_PRECONDITION NO_REQUEST_FORM status 503
// ...": few enough to count by. Addresses hold no personal data, but numbers would make every kind
// unique.
std::string Kind(absl::string_view step, const absl::Status& status) {
  const std::string reason(base::ReasonOf(status));
  std::string kind = absl::StrCat(step, ": ", absl::StatusCodeToString(status.code()), " ", reason);
  if (status.code() == absl::StatusCode::kFailedPrecondition) {
    absl::StrAppend(&kind, " ", status.message());
  }
  return kind;
}

class Crowd {
 public:
  Crowd(const Flags& flags, http::Client& client, std::vector<testing::Persona> personas)
      : flags_(flags), client_(client), personas_(std::move(personas)) {}

  const Tally& tally() const { return tally_; }

  void Run() {
    begun_ = Steady::now();
    std::vector<std::thread> threads;
    threads.reserve(static_cast<size_t>(flags_.threads));
    for (int i = 0; i < flags_.threads; ++i) threads.emplace_back([this] { Work(); });
    for (std::thread& thread : threads) thread.join();
  }

  void Stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
  }

 private:
  static double Milliseconds(Steady::duration took) {
    return std::chrono::duration<double, std::milli>(took).count();
  }

  // Waits until the next sign-in is due and takes it; false: the crowd goes home.
  bool Take(size_t* number, Steady::time_point* due) {
    std::unique_lock<std::mutex> lock(mutex_);
    *number = next_++;
    *due = begun_ + std::chrono::duration_cast<Steady::duration>(
                        std::chrono::duration<double>(static_cast<double>(*number) / flags_.rate));
    const bool late = Steady::now() > *due + std::chrono::milliseconds(20);
    changed_.wait_until(lock, *due, [this] { return stopped_; });
    if (stopped_) return false;
    tally_.Started(late);
    return true;
  }

  void Work() {
    size_t number = 0;
    Steady::time_point due;
    while (Take(&number, &due)) {
      const std::string failure = SignIn(personas_[number % personas_.size()]);
      const double ms = Milliseconds(Steady::now() - due);
      if (failure.empty()) {
        tally_.Session(ms);
      } else {
        tally_.Failure(failure, ms);
      }
    }
  }

  // Empty when it ended in a session, else the kind of failure.
  std::string SignIn(const testing::Persona& persona) {
    testing::UserAgentOptions options;
    options.follow_redirects = false;  // the session begins with the answer to the POST
    options.timeout = absl::Seconds(flags_.timeout_seconds);
    testing::UserAgent agent(client_, clock_, options);
    const auto start = simulators::Start(agent, {flags_.gateway_url, persona.type, "", ""});
    if (!start.ok()) return Kind("start", start.status());
    const auto choice = simulators::GoToProvider(agent, *start);
    if (!choice.ok()) return Kind("provider", choice.status());
    const auto answer = simulators::ChoosePersona(agent, *choice, persona.id);
    if (!answer.ok()) return Kind("provider", answer.status());
    const auto end = simulators::Return(agent, *answer);
    if (!end.ok()) return Kind("return", end.status());
    const auto url = base::ParseUrl(flags_.gateway_url);
    if (end->status() == 303 && url.ok() &&
        agent.jar().Find(*url, kSessionCookie, clock_.Now()).has_value()) {
      return "";
    }
    return absl::StrCat("return: status ", end->status(), " code ",
                        simulators::ReadErrorPage(*end).code);
  }

  const Flags& flags_;
  http::Client& client_;
  const std::vector<testing::Persona> personas_;
  const base::SystemClock clock_;
  Tally tally_;
  Steady::time_point begun_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t next_ = 0;
  bool stopped_ = false;
};

// Everybody whose sign-in must end in a session, or those named.
std::vector<testing::Persona> Choose(std::vector<testing::Persona> all, const std::string& only) {
  const std::vector<std::string> names = absl::StrSplit(only, ',', absl::SkipEmpty());
  std::vector<testing::Persona> chosen;
  for (testing::Persona& one : all) {
    const bool named = std::find(names.begin(), names.end(), one.id) != names.end();
    if (names.empty() ? one.expect.outcome == "session" : named) chosen.push_back(std::move(one));
  }
  return chosen;
}

// Says how far the crowd is until standard input closes.
void Report(Crowd& crowd) {
  const base::Stopwatch watch;
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  char ignored[256];
  while (true) {
    const int ready = poll(&input, 1, 1000);
    if (ready > 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return;
    std::cout << crowd.tally().Read(absl::ToDoubleSeconds(watch.Elapsed()), false).dump() << "\n"
              << std::flush;
  }
}

int Run(const Flags& flags) {
  http::TlsClientOptions tls;
  tls.ca_file = flags.ca_file;
  tls.idle_handles = flags.fresh_connections ? 0 : static_cast<size_t>(flags.threads);
  auto client = http::CurlClient::Create(tls);
  auto personas = testing::LoadPersonas(flags.personas);
  if (!client.ok() || !personas.ok()) {
    std::cerr << "signin-load: " << (client.ok() ? personas.status() : client.status()) << "\n";
    return 2;
  }
  auto people = Choose(*std::move(personas), flags.only);
  if (people.empty()) {
    std::cerr << "signin-load: nobody to sign in\n";
    return 2;
  }
  Crowd crowd(flags, **client, std::move(people));
  const base::Stopwatch watch;
  std::thread running([&crowd] { crowd.Run(); });
  Report(crowd);
  crowd.Stop();
  running.join();
  std::cout << crowd.tally().Read(absl::ToDoubleSeconds(watch.Elapsed()), true).dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace va::operations

int main(int argc, char** argv) try {
  va::operations::Flags flags;
  CLI::App app("Signs people in at a steady rate until standard input closes");
  app.add_option("--url", flags.gateway_url, "address of the gateway")->required();
  app.add_option("--ca", flags.ca_file, "roots to trust")->required();
  app.add_option("--personas", flags.personas, "folder of persona files");
  app.add_option("--only", flags.only, "names of personas, comma-separated");
  app.add_option("--rate", flags.rate, "sign-ins started a second")->check(CLI::Range(0.1, 1000.0));
  app.add_option("--threads", flags.threads, "sign-ins under way at most")
      ->check(CLI::Range(1, 512));
  app.add_option("--timeout", flags.timeout_seconds, "seconds one request may take");
  app.add_flag("--fresh-connections", flags.fresh_connections, "no connection is used twice");
  CLI11_PARSE(app, argc, argv);
  return va::operations::Run(flags);
} catch (const std::exception& fault) {
  std::cerr << "signin-load: " << fault.what() << "\n";
  return 2;
}
