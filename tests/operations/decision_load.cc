// Calls that carry decision tokens at a steady rate, while keys are exchanged (attack A22): one
// process of user-attributes signs, the token waits for a random part of --hold, and one process of
// a service that checks it is asked. Runs until standard input closes. Every second, and at the
// end, one JSON object a line on standard output: tokens by the key that signed them, and what
// became of them. A line "probe KID" on standard input shows the newest token of that key to every
// process, and one line answers.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
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
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/tls.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/attributes/v1/contact.pb.h"
#include "va/mhv/v1/mhv.pb.h"
#include "va/proofing/v1/proofing.pb.h"

namespace va::operations {
namespace {

using nlohmann::json;

struct Flags {
  std::string attributes, mhv, proofing;  // "127.0.0.1:1,127.0.0.1:2": its processes
  rpc::TlsOptions tls;
  std::string account_id, verification_id, flow_id, icn, policy_version;
  double rate = 40;
  double hold_seconds = 5;
  int threads = 32;
};

// One process.
struct Process {
  std::string name;  // "mhv-account 2"
  rpc::Channel channel;
};

// The name of the key in a token's header; nobody here checks a signature.
std::string KeyOf(absl::string_view token) {
  const auto header = base::Base64UrlDecode(token.substr(0, token.find('.')));
  const json read = header.ok() ? json::parse(*header, nullptr, false) : json();
  return read.is_object() ? read.value("kid", "") : "";
}

class Load {
 public:
  explicit Load(Flags flags) : flags_(std::move(flags)) {}

  absl::Status Connect() {
    const std::pair<const char*, const std::string*> services[] = {
        {"user-attributes", &flags_.attributes},
        {"mhv-account", &flags_.mhv},
        {"inherited-proofing", &flags_.proofing}};
    for (const auto& [service, targets] : services) {
      int number = 0;
      for (const absl::string_view target : absl::StrSplit(*targets, ',')) {
        auto channel =
            rpc::Connect(std::string(target), flags_.tls, absl::StrCat(service, ".va.internal"));
        if (!channel.ok()) return channel.status();
        processes_[service].push_back({absl::StrCat(service, " ", ++number), *std::move(channel)});
      }
    }
    return absl::OkStatus();
  }

  void Run() {
    begun_ = clock_.Now();
    std::vector<std::thread> threads;
    for (int i = 0; i < flags_.threads; ++i) threads.emplace_back([this, i] { Work(i); });
    for (std::thread& thread : threads) thread.join();
  }
  void Stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
  }

  json Read(bool final) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {{"final", final},         {"late", late_},         {"issued", issued_},
            {"first", first_},        {"last", last_},         {"accepted", accepted_},
            {"refused", refused_},    {"failures", failures_}, {"ensured", ensured_},
            {"oldest_ms", oldest_ms_}};
  }

  // What each process says of the newest token of that key.
  json Probe(const std::string& key) {
    std::string token;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      token = newest_[key];
    }
    json answers = json::object();
    for (const auto& [service, processes] : processes_) {
      for (const Process& process : processes) {
        const absl::Status shown = Show(service, process, token);
        const std::string reason = base::ReasonOf(shown);
        answers[process.name] = shown.ok()       ? "accepted"
                                : reason.empty() ? shown.ToString()
                                                 : reason;
      }
    }
    return {{"probe", key}, {"answers", answers}};
  }

 private:
  absl::Time Deadline() const { return clock_.Now() + absl::Seconds(10); }

  // Waits until that moment; false: all go home.
  bool Until(absl::Time due) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopped_ && clock_.Now() < due) {
      changed_.wait_for(lock, absl::ToChronoMicroseconds(due - clock_.Now()));
    }
    return !stopped_;
  }

  bool Take() {
    absl::Time due;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      due = begun_ + absl::Seconds(static_cast<double>(next_++) / flags_.rate);
      if (clock_.Now() > due + absl::Milliseconds(50)) ++late_;
    }
    return Until(due);
  }

  const Process& Any(const std::string& service, std::minstd_rand& random) {
    const std::vector<Process>& processes = processes_.at(service);
    return processes[random() % processes.size()];
  }

  void Work(int number) {
    static constexpr const char* kServices[] = {"user-attributes", "mhv-account",
                                                "inherited-proofing"};
    std::minstd_rand random(static_cast<unsigned>(number) + 1);
    while (Take()) {
      const std::string token = Issue(Any("user-attributes", random));
      if (token.empty()) continue;
      const absl::Time issued = clock_.Now();
      const double part = static_cast<double>(random() % 1000) / 1000;
      if (!Until(issued + absl::Seconds(flags_.hold_seconds * part))) return;
      const std::string service = kServices[random() % 3];
      const Process& process = Any(service, random);
      Count(process, token, issued, Show(service, process, token));
    }
  }

  std::string Issue(const Process& process) {
    attributes::v1::RenewDecisionRequest request;
    request.set_request_id(flags_.flow_id);
    request.set_flow_id(flags_.flow_id);
    request.set_account_id(flags_.account_id);
    request.set_verification_id(flags_.verification_id);
    request.mutable_assurance()->set_ial(2);
    request.mutable_assurance()->set_aal(2);
    request.mutable_assurance()->set_csp(common::v1::CSP_MHV);
    request.set_application("vaweb");
    request.set_policy_version(flags_.policy_version);
    const absl::Time asked = clock_.Now();
    const auto renewed = rpc::Call<attributes::v1::RenewDecisionResponse>(
        process.channel, "va.attributes.v1.AttributesService/RenewDecision", request,
        {.deadline = Deadline()});
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!renewed.ok() || renewed->decision_token().empty()) {
      const std::string kind =
          renewed.ok() ? "no token " + renewed->code() : std::string(renewed.status().message());
      ++failures_[absl::StrCat("renew: ", kind)];
      return "";
    }
    const std::string& token = renewed->decision_token();
    const std::string key = KeyOf(token);
    ++issued_[key];
    // Signed after it was asked for and before it was answered.
    first_.emplace(key, absl::ToDoubleSeconds(clock_.Now() - absl::UnixEpoch()));
    last_[key] = absl::ToDoubleSeconds(asked - absl::UnixEpoch());
    newest_[key] = token;
    return token;
  }

  // OK also where the token was believed and what it was shown for came to nothing.
  absl::Status Show(const std::string& service, const Process& process, const std::string& token) {
    if (service == "user-attributes") return ShowAttributes(process, token);
    if (service == "mhv-account") return ShowMhv(process, token);
    return ShowProofing(process, token);
  }

  absl::Status ShowAttributes(const Process& process, const std::string& token) const {
    attributes::v1::GetContactInformationRequest request;
    request.set_request_id(flags_.flow_id);
    request.set_flow_id(flags_.flow_id);
    request.set_account_id(flags_.account_id);
    request.set_vet360_id("1");
    request.set_decision_token(token);
    return rpc::Call<attributes::v1::GetContactInformationResponse>(
               process.channel, "va.attributes.v1.ContactService/GetContactInformation", request,
               {.deadline = Deadline()})
        .status();
  }

  absl::Status ShowMhv(const Process& process, const std::string& token) {
    mhv::v1::EnsureAccountRequest request;
    request.set_request_id(flags_.flow_id);
    request.set_account_id(flags_.account_id);
    request.set_icn(flags_.icn);
    request.set_decision_token(token);
    const auto ensured = rpc::Call<mhv::v1::EnsureAccountResponse>(
        process.channel, "va.mhv.v1.MhvAccountService/EnsureAccount", request,
        {.deadline = Deadline()});
    if (!ensured.ok()) return ensured.status();
    const std::lock_guard<std::mutex> lock(mutex_);
    ++ensured_[absl::StrCat(mhv::v1::AccountState_Name(ensured->state()), " ",
                            ensured->reasons_size() == 0 ? "" : ensured->reasons(0))];
    return absl::OkStatus();
  }

  absl::Status ShowProofing(const Process& process, const std::string& token) const {
    proofing::v1::CheckEligibilityRequest request;
    request.set_request_id(flags_.flow_id);
    proofing::v1::Subject& subject = *request.mutable_subject();
    subject.set_account_id(flags_.account_id);
    subject.set_icn(flags_.icn);
    subject.set_csp(common::v1::CSP_MHV);
    subject.set_flow_id(flags_.flow_id);
    subject.set_decision_token(token);
    return rpc::Call<proofing::v1::CheckEligibilityResponse>(
               process.channel, "va.proofing.v1.ProofingService/CheckEligibility", request,
               {.deadline = Deadline()})
        .status();
  }

  void Count(const Process& process, const std::string& token, absl::Time issued,
             const absl::Status& shown) {
    const double age = absl::ToDoubleMilliseconds(clock_.Now() - issued);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (shown.ok()) {
      ++accepted_[process.name];
      oldest_ms_ = std::max(oldest_ms_, age);
    } else if (base::ReasonOf(shown) == "DECISION_TOKEN") {
      ++refused_[absl::StrCat(process.name, " ", KeyOf(token))];
    } else {
      ++failures_[absl::StrCat(process.name, ": ", absl::StatusCodeToString(shown.code()), " ",
                               base::ReasonOf(shown))];
    }
  }

  const Flags flags_;
  const base::SystemClock clock_;
  std::map<std::string, std::vector<Process>> processes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  absl::Time begun_;
  int64_t next_ = 0;
  int late_ = 0;
  double oldest_ms_ = 0;  // of those accepted
  std::map<std::string, int> issued_, accepted_, refused_, failures_, ensured_;
  std::map<std::string, double> first_, last_;  // seconds since 1970
  std::map<std::string, std::string> newest_;
};

void Say(const json& line) { std::cout << line.dump() << "\n" << std::flush; }

// Answers and reports until standard input closes.
void Serve(Load& load) {
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  std::string text;
  char bytes[256];
  while (true) {
    if (poll(&input, 1, 1000) > 0) {
      const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
      if (got <= 0) return;
      text.append(bytes, static_cast<size_t>(got));
    }
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      const std::vector<std::string> words = absl::StrSplit(text.substr(0, end), ' ');
      text.erase(0, end + 1);
      if (words.size() == 2 && words[0] == "probe") Say(load.Probe(words[1]));
    }
    Say(load.Read(false));
  }
}

int Run(Flags flags) {
  Load load(std::move(flags));
  if (const absl::Status connected = load.Connect(); !connected.ok()) {
    std::cerr << "decision-load: " << connected << "\n";
    return 2;
  }
  std::thread running([&load] { load.Run(); });
  Serve(load);
  load.Stop();
  running.join();
  Say(load.Read(true));
  return 0;
}

}  // namespace
}  // namespace va::operations

int main(int argc, char** argv) try {
  va::operations::Flags flags;
  CLI::App app("Calls with decision tokens at a steady rate until standard input closes");
  app.add_option("--attributes", flags.attributes, "processes of user-attributes")->required();
  app.add_option("--mhv", flags.mhv, "of mhv-account")->required();
  app.add_option("--proofing", flags.proofing, "of inherited-proofing")->required();
  app.add_option("--ca", flags.tls.ca_file, "roots to trust")->required();
  app.add_option("--cert", flags.tls.certificate_file, "who calls")->required();
  app.add_option("--key", flags.tls.private_key_file, "its key")->required();
  app.add_option("--account", flags.account_id, "of the session")->required();
  app.add_option("--verification", flags.verification_id, "of the session")->required();
  app.add_option("--flow", flags.flow_id, "of the session")->required();
  app.add_option("--icn", flags.icn, "of the person")->required();
  app.add_option("--policy-version", flags.policy_version, "of the policy in force")->required();
  app.add_option("--rate", flags.rate, "tokens a second")->check(CLI::Range(0.1, 1000.0));
  app.add_option("--hold", flags.hold_seconds, "seconds a token waits at most");
  app.add_option("--threads", flags.threads, "tokens under way at most")->check(CLI::Range(1, 512));
  CLI11_PARSE(app, argc, argv);
  return va::operations::Run(std::move(flags));
} catch (const std::exception& fault) {
  std::cerr << "decision-load: " << fault.what() << "\n";
  return 2;
}
