#include "tests/bench/asked_program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

extern char** environ;

namespace va::bench {

absl::StatusOr<std::unique_ptr<AskedProgram>> AskedProgram::Start(
    const std::vector<std::string>& arguments) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) {
    return absl::InternalError("no pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.data()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  std::FILE* const to = ::fdopen(in[1], "w");
  std::FILE* const from = ::fdopen(out[0], "r");
  // Whoever writes to a program that is gone gets an error and no signal.
  ::signal(SIGPIPE, SIG_IGN);
  if (failed != 0) {
    std::fclose(to);
    std::fclose(from);
    return absl::UnavailableError(absl::StrCat("cannot start ", arguments[0]));
  }
  return std::unique_ptr<AskedProgram>(new AskedProgram(pid, to, from));
}

AskedProgram::~AskedProgram() {
  // The end of its input tells it to end.
  std::fclose(in_);
  std::fclose(out_);
  ::waitpid(pid_, nullptr, 0);
}

absl::StatusOr<std::string> AskedProgram::Ask(absl::string_view line) {
  std::fwrite(line.data(), 1, line.size(), in_);
  std::fputc('\n', in_);
  if (std::fflush(in_) != 0) return absl::UnavailableError("the program does not listen");
  std::string answer;
  for (int c = std::fgetc(out_); c != '\n'; c = std::fgetc(out_)) {
    if (c == EOF) return absl::UnavailableError("the program said nothing more");
    answer.push_back(static_cast<char>(c));
  }
  return answer;
}

}  // namespace va::bench
