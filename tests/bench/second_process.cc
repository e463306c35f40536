#include "tests/bench/second_process.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/clock.h"

namespace va::bench {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kLookEvery = absl::Milliseconds(2);

}  // namespace

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

std::string ProgramBeside(const std::string& name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

SecondProcess::SecondProcess(const std::string& program, const std::string& config,
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

SecondProcess::~SecondProcess() {
  if (pid_ <= 0 || ended_) return;
  ::kill(pid_, SIGTERM);
  for (int i = 0; i < 200 && !Ended(); ++i) absl::SleepFor(absl::Milliseconds(50));
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

absl::Status SecondProcess::AwaitReady(int ops_port, http::Client& client) {
  http::ClientRequest ready;
  ready.url = absl::StrCat("http://127.0.0.1:", ops_port, "/readyz");
  ready.timeout = absl::Seconds(1);
  const base::Stopwatch watch;
  while (watch.Elapsed() < kPatience && !Ended()) {
    const auto answer = client.Send(ready);
    if (answer.ok() && answer->status == 200) return absl::OkStatus();
    absl::SleepFor(kLookEvery);
  }
  return absl::UnavailableError("a process that was started does not become ready");
}

bool SecondProcess::Ended() {
  if (!ended_) ended_ = pid_ <= 0 || ::waitpid(pid_, nullptr, WNOHANG) == pid_;
  return ended_;
}

}  // namespace va::bench
