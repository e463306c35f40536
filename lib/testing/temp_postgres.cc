#include "lib/testing/temp_postgres.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"

namespace va::testing {
namespace {

// Tests do not wait for the disk; benchmarks of what people wait for do.
bool Durable() { return std::getenv("VA_TEST_PG_DURABLE") != nullptr; }

constexpr char kBin[] = "/usr/lib/postgresql/15/bin/";

absl::Status PgError(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInternal, "TEMP_POSTGRES", message);
}

// Who the server runs as: PostgreSQL refuses root.
struct Account {
  uid_t uid;
  gid_t gid;
};

absl::StatusOr<Account> ServerAccount() {
  if (geteuid() != 0) return Account{geteuid(), getegid()};
  const passwd* entry = getpwnam("postgres");
  if (entry == nullptr) return PgError("running as root, and there is no user `postgres`");
  return Account{entry->pw_uid, entry->pw_gid};
}

// Starts a program. The child dies with this process, so that no server outlives a crashed test.
pid_t Spawn(const std::vector<std::string>& command, const Account* account, int out, int err) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  // Only async-signal-safe calls from here: other threads' locks are frozen.
  if (account != nullptr && geteuid() == 0 &&
      (setgid(account->gid) != 0 || setuid(account->uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (chdir("/") != 0) _exit(126);
  execv(argv[0], argv.data());
  _exit(127);
}

std::string Drain(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

int Await(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// Runs a program to its end; its output, both streams.
absl::StatusOr<std::string> Run(const std::vector<std::string>& command, const Account* account) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return PgError("no pipe");
  const pid_t child = Spawn(command, account, ends[1], ends[1]);
  close(ends[1]);
  const std::string output = Drain(ends[0]);
  close(ends[0]);
  if (child > 0 && Await(child) == 0) return output;
  return PgError(absl::StrCat(command[0], " failed: ", output));
}

absl::StatusOr<std::string> RunPsql(const std::string& host, const std::string& database,
                                    const std::string& sql) {
  absl::StatusOr<std::string> output =
      Run({absl::StrCat(kBin, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", host,
           "-p", "5432", "-U", "postgres", "-d", database, "-c", sql},
          nullptr);
  if (output.ok()) absl::StripTrailingAsciiWhitespace(&*output);
  return output;
}

// The private cluster of this process.
class Cluster {
 public:
  static absl::StatusOr<std::string> Host() {
    static std::mutex mutex;
    static Cluster cluster;
    const std::lock_guard<std::mutex> lock(mutex);
    if (cluster.server_ > 0) return cluster.folder_;
    absl::Status started = cluster.Start();
    if (!started.ok()) return started;
    return cluster.folder_;
  }

  ~Cluster() {
    // Immediate: nothing in it is worth a checkpoint.
    if (server_ > 0) {
      kill(server_, SIGQUIT);
      Await(server_);
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

 private:
  absl::Status Start() {
    const absl::StatusOr<Account> account = ServerAccount();
    if (!account.ok()) return account.status();
    folder_ = "/tmp/va-pg-XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr ||
        chown(folder_.c_str(), account->uid, account->gid) != 0 ||
        chmod(folder_.c_str(), 0755) != 0) {
      return PgError("cannot make a folder for the cluster");
    }
    const std::string data = folder_ + "/data";
    const absl::StatusOr<std::string> made =
        Run({absl::StrCat(kBin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E",
             "UTF8", "--locale=C", "--no-sync", "--no-instructions"},
            &*account);
    if (!made.ok()) return made.status();
    const int log = open((folder_ + "/log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    server_ = Spawn({absl::StrCat(kBin, "postgres"),
                     "-D",
                     data,
                     "-k",
                     folder_,
                     "-p",
                     "5432",
                     "-c",
                     "listen_addresses=",
                     "-c",
                     Durable() ? "fsync=on" : "fsync=off",
                     "-c",
                     Durable() ? "synchronous_commit=on" : "synchronous_commit=off",
                     "-c",
                     Durable() ? "full_page_writes=on" : "full_page_writes=off",
                     "-c",
                     "shared_buffers=32MB",
                     "-c",
                     "max_connections=200",
                     "-c",
                     "autovacuum=off"},
                    &*account, log, log);
    close(log);
    return AwaitReady();
  }

  absl::Status AwaitReady() const {
    for (int attempt = 0; attempt < 1500; ++attempt) {
      const bool ready =
          Run({absl::StrCat(kBin, "pg_isready"), "-q", "-h", folder_, "-p", "5432"}, nullptr).ok();
      if (ready) return absl::OkStatus();
      if (waitpid(server_, nullptr, WNOHANG) != 0) break;
      const timespec pause = {.tv_sec = 0, .tv_nsec = 20'000'000};
      nanosleep(&pause, nullptr);
    }
    return PgError("the private cluster did not start");
  }

  std::string folder_;
  pid_t server_ = 0;
};

absl::StatusOr<std::string> ClusterHost() {
  const char* given = std::getenv("VA_TEST_PG_HOST");
  if (given != nullptr && *given != '\0') return std::string(given);
  return Cluster::Host();
}

// Roles belong to the cluster: another test may have made them, perhaps just now.
std::string MakeRole(const std::string& role) {
  return absl::StrCat("DO $$ BEGIN CREATE ROLE \"", role,
                      "\" LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; "
                      "END $$;");
}

absl::Status Arrange(const std::string& host, const std::string& name, const std::string& schema) {
  const std::string owner = schema + "_owner";
  const std::string app = schema + "_app";
  absl::Status status = RunPsql(host, "postgres", MakeRole(owner) + MakeRole(app)).status();
  if (!status.ok()) return status;
  status =
      RunPsql(host, "postgres", absl::StrCat("CREATE DATABASE \"", name, "\" TEMPLATE template0"))
          .status();
  if (!status.ok()) return status;
  return RunPsql(host, name,
                 absl::StrCat("REVOKE ALL ON DATABASE \"", name, "\" FROM PUBLIC; ",
                              "GRANT CONNECT ON DATABASE \"", name, "\" TO \"", owner, "\", \"",
                              app, "\"; REVOKE ALL ON SCHEMA public FROM PUBLIC; ",
                              "CREATE SCHEMA \"", schema, "\" AUTHORIZATION \"", owner, "\""))
      .status();
}

}  // namespace

TempDatabase::TempDatabase(std::string host, std::string name, std::string schema)
    : host_(std::move(host)), name_(std::move(name)), schema_(std::move(schema)) {}

absl::StatusOr<std::unique_ptr<TempDatabase>> TempDatabase::Create(absl::string_view schema) {
  absl::StatusOr<std::string> host = ClusterHost();
  if (!host.ok()) return host.status();
  crypto::SystemIdGenerator ids;
  const std::string name = absl::StrCat("test_", schema, "_", base::HexEncode(ids.RandomBytes(6)));
  const absl::Status arranged = Arrange(*host, name, std::string(schema));
  if (!arranged.ok()) return arranged;
  return std::unique_ptr<TempDatabase>(
      new TempDatabase(*std::move(host), name, std::string(schema)));
}

TempDatabase::~TempDatabase() {
  RunPsql(host_, "postgres", absl::StrCat("DROP DATABASE IF EXISTS \"", name_, "\" WITH (FORCE)"))
      .status()
      .IgnoreError();
}

store::PoolOptions TempDatabase::Options(std::string user, int size) const {
  store::PoolOptions options;
  options.host = host_;
  options.name = name_;
  options.user = std::move(user);
  options.schema = schema_;
  options.size = size;
  return options;
}

store::PoolOptions TempDatabase::App(int pool_size) const {
  return Options(schema_ + "_app", pool_size);
}

store::PoolOptions TempDatabase::Owner() const { return Options(schema_ + "_owner", 1); }

store::PoolOptions TempDatabase::Superuser() const { return Options("postgres", 1); }

absl::StatusOr<std::string> TempDatabase::Psql(const std::string& sql) const {
  return RunPsql(host_, name_, absl::StrCat("SET search_path = \"", schema_, "\"; ", sql));
}

absl::Status TempDatabase::TerminateApp() const {
  return Psql(absl::StrCat("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                           "WHERE datname = '",
                           name_, "' AND usename = '", schema_, "_app'"))
      .status();
}

}  // namespace va::testing
