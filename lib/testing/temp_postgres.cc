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
#include <map>
#include <mutex>
#include <system_error>
#include <tuple>
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

// Each of the words is a transaction of its own; all in one session.
absl::StatusOr<std::string> RunPsql(const std::string& host, const std::string& database,
                                    const std::vector<std::string>& words) {
  std::vector<std::string> command = {absl::StrCat(kBin, "psql"),
                                      "-X",
                                      "-q",
                                      "-A",
                                      "-t",
                                      "-v",
                                      "ON_ERROR_STOP=1",
                                      "-h",
                                      host,
                                      "-p",
                                      "5432",
                                      "-U",
                                      "postgres",
                                      "-d",
                                      database};
  for (const std::string& sql : words) {
    command.emplace_back("-c");
    command.push_back(sql);
  }
  absl::StatusOr<std::string> output = Run(command, nullptr);
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

std::string NewName(const std::string& schema) {
  crypto::SystemIdGenerator ids;
  return absl::StrCat("test_", schema, "_", base::HexEncode(ids.RandomBytes(6)));
}

// Copies files: the other way puts every page into the log and the cache, where dropping the
// database has to find it again, and both together take twice the processor time.
std::string MakeDatabase(const std::string& name, const std::string& source) {
  return absl::StrCat("CREATE DATABASE \"", name, "\" TEMPLATE \"", source,
                      "\" STRATEGY FILE_COPY");
}

// Who may connect is a property of the database, which a copy does not inherit.
std::string LetIn(const std::string& name, const std::string& schema) {
  return absl::StrCat("REVOKE ALL ON DATABASE \"", name,
                      "\" FROM PUBLIC; GRANT CONNECT ON DATABASE \"", name, "\" TO \"", schema,
                      "_owner\", \"", schema, "_app\"");
}

absl::Status Arrange(const std::string& host, const std::string& name, const std::string& schema) {
  const std::string owner = schema + "_owner";
  const absl::Status status = RunPsql(host, "postgres",
                                      {MakeRole(owner) + MakeRole(schema + "_app"),
                                       MakeDatabase(name, "template0"), LetIn(name, schema)})
                                  .status();
  if (!status.ok()) return status;
  return RunPsql(host, name,
                 {absl::StrCat("REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE SCHEMA \"", schema,
                               "\" AUTHORIZATION \"", owner, "\"")})
      .status();
}

// A database with anybody in it cannot be copied. A session whose client has left may take a moment
// to notice on a busy machine; and nobody comes in any more.
absl::Status Close(const std::string& host, const std::string& name) {
  return RunPsql(host, "postgres",
                 {absl::StrCat("ALTER DATABASE \"", name, "\" ALLOW_CONNECTIONS false"),
                  absl::StrCat("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity "
                               "WHERE datname = '",
                               name, "'")})
      .status();
}

}  // namespace

TempDatabase::TempDatabase(std::string host, std::string name, std::string schema)
    : host_(std::move(host)), name_(std::move(name)), schema_(std::move(schema)) {}

absl::StatusOr<std::unique_ptr<TempDatabase>> TempDatabase::Create(absl::string_view schema) {
  absl::StatusOr<std::string> host = ClusterHost();
  if (!host.ok()) return host.status();
  std::unique_ptr<TempDatabase> made(
      new TempDatabase(*std::move(host), NewName(std::string(schema)), std::string(schema)));
  const absl::Status arranged = Arrange(made->host_, made->name_, made->schema_);
  if (!arranged.ok()) return arranged;
  return made;
}

absl::StatusOr<std::unique_ptr<TempDatabase>> TempDatabase::CreateMigrated(
    absl::string_view schema, absl::Span<const store::Migration> migrations) {
  const absl::StatusOr<const TempDatabase*> source = Template(schema, migrations);
  if (!source.ok()) return source.status();
  std::unique_ptr<TempDatabase> made(
      new TempDatabase((*source)->host_, NewName((*source)->schema_), (*source)->schema_));
  const absl::Status copied =
      RunPsql(made->host_, "postgres",
              {MakeDatabase(made->name_, (*source)->name_), LetIn(made->name_, made->schema_)})
          .status();
  if (!copied.ok()) return copied;
  return made;
}

// One for each schema and table of migrations that this process asks for. Dropped at its end,
// before the private cluster, which has begun earlier.
absl::StatusOr<const TempDatabase*> TempDatabase::Template(
    absl::string_view schema, absl::Span<const store::Migration> migrations) {
  using Key = std::tuple<std::string, const store::Migration*, size_t>;
  const absl::StatusOr<std::string> host = ClusterHost();
  if (!host.ok()) return host.status();
  static std::mutex mutex;
  static std::map<Key, std::unique_ptr<TempDatabase>> templates;
  const std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<TempDatabase>& kept =
      templates[{std::string(schema), migrations.data(), migrations.size()}];
  if (kept != nullptr) return kept.get();
  absl::StatusOr<std::unique_ptr<TempDatabase>> made = Create(schema);
  if (!made.ok()) return made.status();
  absl::Status ready = store::Migrate((*made)->Owner(), migrations);
  if (ready.ok()) ready = Close((*made)->host_, (*made)->name_);
  if (!ready.ok()) return ready;
  kept = *std::move(made);
  return kept.get();
}

TempDatabase::~TempDatabase() {
  RunPsql(host_, "postgres", {absl::StrCat("DROP DATABASE IF EXISTS \"", name_, "\" WITH (FORCE)")})
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
  return RunPsql(host_, name_, {absl::StrCat("SET search_path = \"", schema_, "\"; ", sql)});
}

absl::Status TempDatabase::TerminateApp() const {
  return Psql(absl::StrCat("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                           "WHERE datname = '",
                           name_, "' AND usename = '", schema_, "_app'"))
      .status();
}

}  // namespace va::testing
