// bench: what judging a SAML response costs beside the bare libraries, and what hostile ones cost
// needs: stack
// setting: VA_AUTH_GATEWAY__LIMITS__PER_ADDRESS__RATE=0
// setting: VA_AUTH_GATEWAY__LIMITS__PER_FLOW__RATE=0
//
// Many distinct responses of 13 KB; RSA-2048, SHA-256. Everybody judges the same bytes.
#include <malloc.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "lib/base/url.h"
#include "lib/testing/user_agent.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "tests/bench/bare_saml.h"
#include "tests/bench/benchmark.h"
#include "tests/bench/hostile_messages.h"
#include "tests/bench/saml_responses.h"
#include "tests/bench/stack.h"

namespace va::bench {
namespace {

using gateway::ExpectedResponse;

constexpr double kRatioLimit = 1.15;
constexpr double kPhpTimes = 3;
constexpr double kThreadsLimit = 1.6;
constexpr double kHostileMsLimit = 50;
constexpr double kHostileMemoryLimit = 1;  // of 1 MiB + 40 times the message
constexpr double kGrowthLimitMib = 4;
constexpr size_t kMebibyte = 1024 * 1024;

struct Flags {
  int responses = 200;
  int rounds = 11;
  int hostile_posts = 10000;
  std::string personas = "tests/personas";
  std::string script = "tests/bench/simplesamlphp_validate.php";
};

// What everybody is given to judge.
struct Scene {
  absl::Time now;
  SamlParty provider;
  SamlParty ours;
  std::vector<std::string> plain;  // XML
  std::vector<std::string> forms;
  std::vector<std::string> encrypted_forms;
};

absl::StatusOr<Scene> MakeScene(int count, absl::Time now) {
  auto provider = SamlParty::Create("idp", now);
  if (!provider.ok()) return provider.status();
  auto ours = SamlParty::Create("sp", now);
  if (!ours.ok()) return ours.status();
  auto plain = MakeResponses(count, *provider, now);
  if (!plain.ok()) return plain.status();
  Scene scene{now, *std::move(provider), *std::move(ours), *std::move(plain), {}, {}};
  for (const std::string& xml : scene.plain) {
    scene.forms.push_back(base::Base64Encode(xml));
    const auto encrypted = EncryptAssertion(xml, scene.ours.key.Public());
    if (!encrypted.ok()) return encrypted.status();
    scene.encrypted_forms.push_back(base::Base64Encode(*encrypted));
  }
  return scene;
}

// Judges as the gateway's callback does.
class Product {
 public:
  explicit Product(const Scene& scene)
      : keys_{scene.provider.certificate.public_key()}, ours_(&scene.ours.key, 1) {
    expected_.idp_entity_id = std::string(kSamlIdp);
    expected_.keys = keys_;
    expected_.decryption_keys = ours_;
    expected_.sp_entity_id = std::string(kSamlSp);
    expected_.acs_url = std::string(kSamlAcs);
    expected_.in_response_to = std::string(kSamlRequest);
    expected_.requested_contexts = {"http://idmanagement.gov/ns/assurance/loa/3"};
    expected_.comparison = "minimum";
    expected_.now = scene.now;
  }

  bool Judge(const std::string& form) const {
    const auto verified = gateway::ValidateResponse(form, expected_);
    return verified.ok() && verified->attributes.size() == 26;
  }
  const ExpectedResponse& expected() const { return expected_; }

 private:
  std::vector<crypto::PublicKey> keys_;
  absl::Span<const crypto::PrivateKey> ours_;
  ExpectedResponse expected_;
};

// One round over all of the messages.
Candidate Over(std::string name, const std::vector<std::string>& messages,
               std::function<bool(const std::string&)> judge) {
  return {std::move(name), [&messages, judge = std::move(judge)] {
            size_t at = 0;
            return CpuOfOne(static_cast<int>(messages.size()),
                            [&] { return judge(messages[at++]); });
          }};
}

absl::Status CompareWithLibraries(const Scene& scene, const Flags& flags, Report& report,
                                  absl::Duration& ours) {
  const auto bare = BareSaml::Create(scene.provider.certificate.public_key(), &scene.ours.key);
  if (!bare.ok()) return bare.status();
  const Product product(scene);
  const auto bare_judge = [&bare](const std::string& form) { return bare->ValidateForm(form); };
  const auto judge = [&product](const std::string& form) { return product.Judge(form); };
  const auto measured =
      RunRounds({Over("bare", scene.forms, bare_judge), Over("validation", scene.forms, judge),
                 Over("bare-encrypted", scene.encrypted_forms, bare_judge),
                 Over("encrypted", scene.encrypted_forms, judge)},
                flags.rounds);
  if (!measured.ok()) return measured.status();
  report.Say(absl::StrFormat("%d responses, %d bytes each, 26 attributes",
                             static_cast<int>(scene.plain.size()),
                             static_cast<int>(scene.plain.front().size())));
  report.Cost(*measured, "bare", "libxml2, xmlsec1, OpenSSL: base64, parse, verify");
  report.Cost(*measured, "validation", "form field in, verified assertion out");
  report.Cost(*measured, "bare-encrypted", "the same after RSA-OAEP and AES-256-GCM");
  report.Cost(*measured, "encrypted", "form field in, verified assertion out");
  report.AtMost("validation_ratio", measured->RatioOf("validation", "bare"), kRatioLimit);
  report.AtMost("encrypted_ratio", measured->RatioOf("encrypted", "bare-encrypted"), kRatioLimit);
  ours = measured->MedianOf("validation");
  return absl::OkStatus();
}

// ---- Two threads --------------------------------------------------------------------------------

// How many responses a second `threads` threads judge; 0 when one was refused.
double RateOf(const Scene& scene, int threads, int times) {
  const Product product(scene);
  std::atomic<bool> good{true};
  const base::Stopwatch watch;
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&] {
      for (int i = 0; i < times; ++i) {
        if (!product.Judge(scene.forms[static_cast<size_t>(i) % scene.forms.size()])) good = false;
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  return good ? threads * times / absl::ToDoubleSeconds(watch.Elapsed()) : 0;
}

void CompareThreads(const Scene& scene, const Flags& flags, Report& report) {
  const int times = 5 * static_cast<int>(scene.forms.size());
  std::vector<double> ratios;
  for (int round = 0; round < flags.rounds; ++round) {
    const double one = RateOf(scene, 1, times);
    const double two = RateOf(scene, 2, times);
    ratios.push_back(one > 0 ? two / one : 0);
  }
  report.AtLeast("two_threads_ratio", Median(ratios), kThreadsLimit);
}

// ---- SimpleSAMLphp ------------------------------------------------------------------------------

absl::Status WriteFor(const Scene& scene, const std::string& folder) {
  std::ofstream(folder + "/idp.b64") << base::Base64Encode(scene.provider.certificate.der());
  for (size_t i = 0; i < scene.plain.size(); ++i) {
    std::ofstream out(absl::StrCat(folder, "/", i, ".xml"));
    out << scene.plain[i];
    if (!out.flush()) return absl::InternalError("cannot write to " + folder);
  }
  return absl::OkStatus();
}

// CPU time of one response; nothing when the script said nothing.
std::optional<absl::Duration> AskPhp(const Flags& flags, const std::string& folder) {
  const std::string command =
      absl::StrCat("php ", flags.script, " ", folder, " ", kSamlSp, " ", kSamlAcs, " 5");
  std::FILE* const pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c)
  if (pipe == nullptr) return std::nullopt;
  std::string said(64, '\0');
  said.resize(std::fread(said.data(), 1, said.size(), pipe));
  double micros = 0;
  const bool good = ::pclose(pipe) == 0 && absl::SimpleAtod(said, &micros) && micros > 0;
  return good ? std::optional(absl::Microseconds(micros)) : std::nullopt;
}

absl::Status CompareWithPhp(const Scene& scene, const Flags& flags, absl::Duration ours,
                            Report& report) {
  if (!std::filesystem::exists("/usr/share/simplesamlphp/lib/_autoload.php")) {
    report.Say("SimpleSAMLphp is not installed: not compared (./dev setup interop)");
    return absl::OkStatus();
  }
  std::string folder = (std::filesystem::temp_directory_path() / "va-bench-saml-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return absl::InternalError("no temporary folder");
  absl::Status status = WriteFor(scene, folder);
  const std::optional<absl::Duration> php = status.ok() ? AskPhp(flags, folder) : std::nullopt;
  std::filesystem::remove_all(folder);
  if (!status.ok()) return status;
  if (!php.has_value()) return absl::InternalError("SimpleSAMLphp refused what it was given");
  report.Say(absl::StrFormat("SimpleSAMLphp: %.0f us of CPU a response",
                             absl::ToDoubleMicroseconds(*php)));
  report.AtLeast("simplesamlphp_times", absl::FDivDuration(*php, ours), kPhpTimes);
  return absl::OkStatus();
}

// ---- Hostile messages ---------------------------------------------------------------------------

// A line of /proc/self/status, in bytes.
double StatusBytes(absl::string_view key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kibibytes = 0;
  while (status >> word) {
    if (word == key && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

// How far the resident memory of this process rises while `work` runs.
template <typename Work>
double PeakOf(Work work) {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const double before = StatusBytes("VmRSS:");
  work();
  return std::max(0.0, StatusBytes("VmHWM:") - before);
}

absl::Status MeasureHostile(const Scene& scene, const std::vector<HostileMessage>& messages,
                            Report& report) {
  ExpectedResponse expected = Product(scene).expected();
  expected.in_response_to = "_another";  // the genuine one is for somebody else
  double slowest_ms = 0;
  double most = 0;
  constexpr int kTimes = 3;
  for (const HostileMessage& message : messages) {
    bool refused = true;
    const double peak =
        PeakOf([&] { refused = !gateway::ValidateResponse(message.form_value, expected).ok(); });
    const auto cpu = CpuOfOne(
        kTimes, [&] { return !gateway::ValidateResponse(message.form_value, expected).ok(); });
    if (!refused || !cpu.ok()) return absl::InternalError("accepted: " + message.name);
    const double allowed =
        static_cast<double>(kMebibyte) + 40 * static_cast<double>(message.form_value.size());
    const double ms = absl::ToDoubleMilliseconds(*cpu);
    report.Say(absl::StrFormat("hostile %-28s %7.2f ms  %6.2f MiB of %5.2f allowed", message.name,
                               ms, peak / kMebibyte, allowed / kMebibyte));
    slowest_ms = std::max(slowest_ms, ms);
    most = std::max(most, peak / allowed);
  }
  report.AtMost("hostile_ms", slowest_ms, kHostileMsLimit);
  report.AtMost("hostile_memory_of_allowed", most, kHostileMemoryLimit);
  return absl::OkStatus();
}

// Posts hostile messages into one open attempt; any answer but a refusal ends it.
absl::Status PostHostile(const Stack& stack, const std::vector<HostileMessage>& messages,
                         int posts) {
  const base::SystemClock clock;
  testing::UserAgent browser(stack.client(), clock);
  const auto start = browser.Open(stack.gateway_url() + "/v1/sessions/idme/new");
  if (!start.ok()) return start.status();
  const auto* const form = start->content.forms.empty() ? nullptr : &start->content.forms.front();
  if (form == nullptr) return absl::InternalError("no form at the start");
  std::string handle;
  for (const auto& [name, value] : form->fields) {
    if (name == "RelayState") handle = value;
  }
  std::vector<std::string> bodies;
  bodies.reserve(messages.size());
  for (const HostileMessage& message : messages) {
    bodies.push_back(
        base::BuildQuery({{"SAMLResponse", message.form_value}, {"RelayState", handle}}));
  }
  for (int i = 0; i < posts; ++i) {
    const auto answer = browser.Request("POST", stack.gateway_url() + "/v1/sessions/callback",
                                        {{"Content-Type", "application/x-www-form-urlencoded"}},
                                        bodies[static_cast<size_t>(i) % bodies.size()]);
    if (!answer.ok()) return answer.status();
    if (answer->status() < 400 || answer->status() >= 500) {
      return absl::InternalError(absl::StrCat("a hostile post was answered ", answer->status()));
    }
  }
  return absl::OkStatus();
}

absl::Status MeasureGateway(const Flags& flags, const std::vector<HostileMessage>& messages,
                            Report& report) {
  const auto stack = Stack::FromEnvironment(flags.personas, 2);
  if (!stack.ok()) return stack.status();
  // The first tenth brings every thread and arena to the size that it keeps.
  if (const absl::Status warm = PostHostile(*stack, messages, flags.hostile_posts / 10);
      !warm.ok()) {
    return warm;
  }
  const auto before = stack->MeasureProcesses();
  if (!before.ok()) return before.status();
  const absl::Status posted = PostHostile(*stack, messages, flags.hostile_posts);
  if (!posted.ok()) return posted;
  const auto after = stack->MeasureProcesses();
  if (!after.ok()) return after.status();
  const double begin = before->at("auth-gateway").resident_mib;
  const double end = after->at("auth-gateway").resident_mib;
  report.Say(absl::StrFormat("gateway: %.1f MiB before and %.1f MiB after %d hostile posts", begin,
                             end, flags.hostile_posts));
  report.AtMost("hostile_growth_mib", end - begin, kGrowthLimitMib);
  return absl::OkStatus();
}

absl::Status Measure(const Flags& flags, Report& report) {
  const auto scene = MakeScene(flags.responses, base::SystemClock().Now());
  if (!scene.ok()) return scene.status();
  absl::Duration ours;
  if (const absl::Status done = CompareWithLibraries(*scene, flags, report, ours); !done.ok()) {
    return done;
  }
  CompareThreads(*scene, flags, report);
  if (const absl::Status done = CompareWithPhp(*scene, flags, ours, report); !done.ok()) {
    return done;
  }
  const std::vector<HostileMessage> messages = HostileMessages(scene->plain.front());
  if (const absl::Status done = MeasureHostile(*scene, messages, report); !done.ok()) return done;
  return MeasureGateway(flags, messages, report);
}

}  // namespace
}  // namespace va::bench

int main(int argc, char** argv) {
  va::bench::Flags flags;
  return va::bench::RunBenchmark(
      argc, argv, "Measures what judging a SAML response costs, honest and hostile",
      [&flags](CLI::App& app) {
        app.add_option("--responses", flags.responses, "how many distinct ones")
            ->check(CLI::Range(1, 10000));
        app.add_option("--rounds", flags.rounds, "how many rounds")->check(CLI::Range(1, 1000));
        app.add_option("--hostile-posts", flags.hostile_posts, "how many hit the gateway")
            ->check(CLI::Range(10, 1000000));
        app.add_option("--personas", flags.personas, "folder of persona files");
        app.add_option("--script", flags.script, "the PHP that asks SimpleSAMLphp");
      },
      [&flags](va::bench::Report& report) { return va::bench::Measure(flags, report); });
}
