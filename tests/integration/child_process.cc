#include "tests/integration/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace va::integration {
namespace {

// Appends what is there; false at the end.
bool ReadSome(int fd, std::string& out) {
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  do {
    count = ::read(fd, buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  out.append(buffer.data(), static_cast<size_t>(count));
  return true;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment) {
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);

  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr,
                                   Pointers(words).data(), Pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  ::close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
  if (failed != 0) pid_ = -1;
}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  Wait();
  ::close(out_fd_);
  ::close(err_fd_);
}

bool ChildProcess::ReadLine(std::string& line) {
  while (true) {
    const size_t end = out_.find('\n', consumed_);
    if (end != std::string::npos) {
      line = out_.substr(consumed_, end - consumed_);
      consumed_ = end + 1;
      return true;
    }
    if (!ReadSome(out_fd_, out_)) return false;
  }
}

std::optional<nlohmann::json> ChildProcess::AwaitEvent(absl::string_view event) {
  std::string line;
  while (ReadLine(line)) {
    nlohmann::json parsed = nlohmann::json::parse(line, nullptr, false);
    if (parsed.is_object() && parsed.value("ev", "") == std::string(event)) return parsed;
  }
  return std::nullopt;
}

void ChildProcess::Signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

int ChildProcess::Wait() {
  if (pid_ <= 0) return -1;
  while (ReadSome(out_fd_, out_)) {
  }
  while (ReadSome(err_fd_, err_)) {
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace va::integration
