#include "tests/bench/frame_start.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/http/client.h"
#include "lib/testing/test_pki.h"
#include "tests/bench/rounds.h"
#include "tests/bench/stack.h"

namespace va::bench {
namespace {

constexpr double kReadySeconds = 2;
constexpr absl::Duration kPatience = absl::Seconds(30);

// A port that was free a moment ago.
absl::StatusOr<int> FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool found = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!found) return absl::InternalError("no free port");
  return ntohs(address.sin_port);
}

// A second process of a service; asked to end with the object, and waited for.
class SecondProcess {
 public:
  SecondProcess(const std::string& program, const std::string& config,
                const std::vector<std::string>& settings) {
    // Everything is made before the fork: afterwards only what is safe between fork and exec.
    std::vector<const char*> arguments = {program.c_str(), "--config", config.c_str(), nullptr};
    std::vector<const char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
    for (const std::string& setting : settings) environment.push_back(setting.c_str());
    environment.push_back(nullptr);
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_ = ::fork();
    if (pid_ == 0) {
      for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
      ::execve(program.c_str(), const_cast<char* const*>(arguments.data()),
               const_cast<char* const*>(environment.data()));
      ::_exit(127);
    }
    ::close(nowhere);
  }
  ~SecondProcess() {
    if (pid_ <= 0 || ended_) return;
    ::kill(pid_, SIGTERM);
    for (int i = 0; i < 200 && !Ended(); ++i) absl::SleepFor(absl::Milliseconds(50));
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  SecondProcess(const SecondProcess&) = delete;
  SecondProcess& operator=(const SecondProcess&) = delete;

  bool Ended() {
    if (!ended_) ended_ = pid_ <= 0 || ::waitpid(pid_, nullptr, WNOHANG) == pid_;
    return ended_;
  }

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
};

absl::StatusOr<absl::Duration> StartOnce(const std::string& service, const std::string& dev_dir,
                                         http::Client& client) {
  const testing::TempDir audit;
  const std::string prefix = absl::StrCat("VA_", absl::AsciiStrToUpper(Underscored(service)), "__");
  const auto ops = FreePort();
  const auto grpc = FreePort();
  const auto edge = FreePort();
  if (!ops.ok() || !grpc.ok() || !edge.ok()) return absl::InternalError("no free port");
  std::vector<std::string> settings = {
      absl::StrCat(prefix, "OPS__LISTEN=127.0.0.1:", *ops),
      absl::StrCat(prefix, "GRPC__LISTEN=127.0.0.1:", *grpc),
      absl::StrCat(prefix, "AUDIT__FILE=", audit.path(), "/audit.jsonl"),
  };
  if (service == "auth-gateway") {
    settings.push_back(absl::StrCat(prefix, "PUBLIC__LISTEN=127.0.0.1:", *edge));
  }
  // Programs stand beside this one.
  const std::string program =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / service).string();
  http::ClientRequest ready;
  ready.url = absl::StrCat("http://127.0.0.1:", *ops, "/readyz");
  ready.timeout = absl::Seconds(1);

  const base::SystemClock clock;
  const absl::Time begin = clock.Now();
  SecondProcess process(program, absl::StrCat(dev_dir, "/config/", service, ".yaml"), settings);
  while (clock.Now() - begin < kPatience) {
    const auto answer = client.Send(ready);
    if (answer.ok() && answer->status == 200) return clock.Now() - begin;
    if (process.Ended()) break;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return absl::InternalError(absl::StrCat(service, " does not become ready"));
}

}  // namespace

absl::Status MeasureStart(const StartRounds& how, Report& report) {
  const char* const dev_dir = std::getenv("VA_DEV_DIR");
  if (dev_dir == nullptr) return absl::FailedPreconditionError("VA_DEV_DIR is not set: no stack");
  const auto client = http::CurlClient::Create({.allow_plain_http = true});
  if (!client.ok()) return client.status();
  std::vector<Candidate> candidates;
  for (const std::string& service : ServiceNames()) {
    candidates.push_back(
        {service, [&service, dev_dir, &client] { return StartOnce(service, dev_dir, **client); }});
  }
  const auto measured = RunRounds(candidates, how.starts);
  if (!measured.ok()) return measured.status();
  for (const std::string& service : ServiceNames()) {
    report.Cost(*measured, service, "from its start to ready");
    report.AtMost(absl::StrCat("start_to_ready_s_", Underscored(service)),
                  absl::ToDoubleSeconds(measured->MedianOf(service)), kReadySeconds);
  }
  return absl::OkStatus();
}

}  // namespace va::bench
