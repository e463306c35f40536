// lib/store's pool and connections against a real PostgreSQL.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/store/pool.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "tests/contract/hostile_strings.h"

namespace va::store {
namespace {

using testing::TempDatabase;

constexpr Statement kEcho{"t_echo", "SELECT $1::text, $2::bytea, $3::text[]"};
constexpr Statement kInsert{"t_insert", "INSERT INTO items (id, note) VALUES ($1, $2)"};
constexpr Statement kCount{"t_count", "SELECT count(*) FROM items"};
constexpr Statement kPid{"t_pid", "SELECT pg_backend_pid()"};
constexpr Statement kSerializable{"t_serializable", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"};
constexpr Statement kSleep{"t_sleep", "SELECT pg_sleep($1)"};

absl::Time Soon() { return base::SystemClock().Now() + absl::Seconds(20); }

// A database with one table `items`.
class Fixture {
 public:
  Fixture() : database_(*TempDatabase::Create("contract")) {
    const auto made = database_->Psql(
        "CREATE TABLE items (id int PRIMARY KEY, note text NOT NULL CHECK (note <> 'bad'));"
        "GRANT USAGE ON SCHEMA contract TO contract_app;"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON items TO contract_app");
    REQUIRE(made.ok());
  }

  std::unique_ptr<Pool> NewPool(int size = 2) { return *Pool::Create(database_->App(size)); }
  TempDatabase& database() { return *database_; }

 private:
  std::unique_ptr<TempDatabase> database_;
};

int64_t CountItems(Pool& pool) { return (*pool.Exec(Soon(), kCount))[0].Int(0); }

TEST_CASE("Pool: B1 hostile texts come back as the data they are", "[contract][security]") {
  Fixture fixture;
  const auto pool = fixture.NewPool();
  int id = 0;
  for (const std::string& text : testing::HostileStrings()) {
    INFO(text);
    const auto rows =
        pool->Exec(Soon(), kEcho, {text, Bytes{text}, std::vector<std::string>{text, "x"}});
    REQUIRE(rows.ok());
    CHECK((*rows)[0].Text(0) == text);
    CHECK((*rows)[0].Bytes(1) == text);
    CHECK((*rows)[0].Texts(2) == std::vector<std::string>{text, "x"});
    CHECK(pool->Exec(Soon(), kInsert, {++id, text}).ok());
  }
  CHECK(CountItems(*pool) == id);
}

TEST_CASE("Pool: every type of value comes back as it went", "[contract]") {
  constexpr Statement kTypes{"t_types",
                             "SELECT $1::bigint, $2::boolean, $3::timestamptz, $4::timestamptz,"
                             " $5::text, $6::double precision, $7::bytea, $8::timestamptz"};
  Fixture fixture;
  const auto pool = fixture.NewPool();
  const absl::Time micros = absl::FromUnixMicros(1768478400123456);
  const absl::Time before_epoch = absl::FromUnixMicros(-1500000);
  const std::string bytes("\0\xff'\\", 4);
  const auto rows = pool->Exec(Soon(), kTypes,
                               {int64_t{-9000000000}, true, micros, absl::InfiniteFuture(), nullptr,
                                0.1, Bytes{bytes}, before_epoch});
  REQUIRE(rows.ok());
  const Row row = (*rows)[0];
  CHECK(row.Int(0) == -9000000000);
  CHECK(row.Bool(1));
  CHECK(row.Time(2) == micros);
  CHECK(row.Time(3) == absl::InfiniteFuture());
  CHECK(row.IsNull(4));
  CHECK(row.OptText(4) == std::nullopt);
  CHECK(row.Time(4) == absl::InfinitePast());
  CHECK(row.Double(5) == 0.1);
  CHECK(row.Bytes(6) == bytes);
  CHECK(row.Time(7) == before_epoch);
  CHECK(row.IsNull(99));
}

TEST_CASE("Pool: B2 NUL, broken UTF-8, overflow and huge values are typed errors",
          "[contract][security]") {
  constexpr Statement kNumber{"t_number", "SELECT $1::int"};
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const auto reason = [&](const Statement& statement, const Param& param) {
    const auto rows = statement.name == kEcho.name
                          ? pool->Exec(Soon(), statement, {param, nullptr, nullptr})
                          : pool->Exec(Soon(), statement, {param});
    CHECK(rows.status().code() == absl::StatusCode::kInvalidArgument);
    return base::ReasonOf(rows.status());
  };
  CHECK(reason(kEcho, std::string("a\0b", 3)) == "BAD_VALUE");
  CHECK(reason(kEcho, "\xc3\x28") == "BAD_VALUE");
  CHECK(reason(kEcho, "\xed\xa0\x80") == "BAD_VALUE");
  CHECK(reason(kNumber, int64_t{1} << 40) == "BAD_VALUE");
  CHECK(reason(kNumber, "seven") == "BAD_VALUE");
  const std::string huge(2 << 20, 'x');
  CHECK(reason(kEcho, huge) == "BAD_VALUE");
  // A NUL is an ordinary byte of bytea.
  CHECK(pool->Exec(Soon(), kEcho, {"", Bytes{std::string("a\0b", 3)}, nullptr}).ok());
  // The connection survived all of it.
  CHECK(pool->stats().replaced == 0);
}

TEST_CASE("Pool: what the database refuses comes back with its reason and without its data",
          "[contract]") {
  constexpr Statement kMissing{"t_missing", "SELECT * FROM nowhere"};
  constexpr Statement kCreate{"t_create", "CREATE TABLE more (id int)"};
  Fixture fixture;
  const auto pool = fixture.NewPool();
  REQUIRE(pool->Exec(Soon(), kInsert, {1, "secret-note"}).ok());
  const auto check = [&](const absl::Status& status, absl::StatusCode code,
                         absl::string_view reason) {
    CHECK(status.code() == code);
    CHECK(base::ReasonOf(status) == reason);
    CHECK_FALSE(absl::StrContains(status.message(), "secret-note"));
  };
  check(pool->Exec(Soon(), kInsert, {1, "secret-note"}).status(), absl::StatusCode::kAlreadyExists,
        "UNIQUE_VIOLATION");
  check(pool->Exec(Soon(), kInsert, {2, "bad"}).status(), absl::StatusCode::kFailedPrecondition,
        "CONSTRAINT_VIOLATION");
  check(pool->Exec(Soon(), kInsert, {2, nullptr}).status(), absl::StatusCode::kFailedPrecondition,
        "CONSTRAINT_VIOLATION");
  check(pool->Exec(Soon(), kMissing).status(), absl::StatusCode::kInternal, "STATEMENT_FAILED");
  check(pool->Exec(Soon(), kCreate).status(), absl::StatusCode::kPermissionDenied, "NOT_PERMITTED");
}

TEST_CASE("Pool: a statement that takes too long is DEADLINE_EXCEEDED", "[contract]") {
  Fixture fixture;
  PoolOptions options = fixture.database().App(1);
  options.statement_timeout = absl::Milliseconds(50);
  const auto pool = *Pool::Create(options);
  const absl::Status status = pool->Exec(Soon(), kSleep, {10}).status();
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(base::ReasonOf(status) == "STATEMENT_TIMEOUT");
  CHECK(base::IsRetryable(status));
  CHECK(pool->Ping(Soon()).ok());
}

// A call that had a second, enough for a busy machine to begin, and ran into its end; what it asked
// for would have gone on for thirty.
void CheckCutOff(const absl::Status& status, absl::Duration took) {
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(base::ReasonOf(status) == "STATEMENT_DEADLINE");
  CHECK(base::IsRetryable(status));
  CHECK(took < absl::Seconds(10));
}

absl::Time InASecond() { return base::SystemClock().Now() + absl::Seconds(1); }

TEST_CASE("Pool: B5 a statement that outlasts its caller's deadline is cut off there",
          "[contract][security]") {
  Fixture fixture;
  PoolOptions options = fixture.database().App(1);
  options.statement_timeout = absl::Seconds(30);
  const auto pool = *Pool::Create(options);
  REQUIRE(pool->Ping(Soon()).ok());
  const base::Stopwatch watch;
  const absl::Status status = pool->Exec(InASecond(), kSleep, {30}).status();
  CheckCutOff(status, watch.Elapsed());
  CHECK(pool->stats().replaced == 1);
  CHECK(pool->stats().open == 0);
  CHECK(pool->Ping(Soon()).ok());
  CHECK(pool->stats().open == 1);
}

TEST_CASE("Pool: B5 a transaction that outlasts its caller's deadline leaves nothing behind",
          "[contract][security]") {
  Fixture fixture;
  PoolOptions options = fixture.database().App(1);
  options.statement_timeout = absl::Seconds(30);
  const auto pool = *Pool::Create(options);
  REQUIRE(pool->Ping(Soon()).ok());
  const base::Stopwatch watch;
  const absl::Status status = pool->Run(InASecond(), [](Connection& connection) {
    return connection.InTransaction([](Connection& inside) {
      REQUIRE(inside.Exec(kInsert, {1, "a"}).ok());
      return inside.Exec(kSleep, {30}).status();
    });
  });
  CheckCutOff(status, watch.Elapsed());
  CHECK(CountItems(*pool) == 0);
}

TEST_CASE("Pool: nothing is sent once the deadline has passed", "[contract]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const absl::Status never = pool->Exec(base::SystemClock().Now(), kInsert, {1, "a"}).status();
  CHECK(never.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(base::ReasonOf(never) == "STATEMENT_DEADLINE");
  CHECK(pool->stats().open == 0);
  REQUIRE(pool->Ping(Soon()).ok());
  // Statements go on until the deadline of the whole call, and the commit comes too late.
  const base::Stopwatch watch;
  const absl::Status status = pool->Run(InASecond(), [](Connection& connection) {
    return connection.InTransaction([](Connection& inside) {
      REQUIRE(inside.Exec(kInsert, {1, "a"}).ok());
      while (inside.Exec(kPid).ok()) {
      }
      return absl::OkStatus();
    });
  });
  CheckCutOff(status, watch.Elapsed());
  CHECK(CountItems(*pool) == 0);
}

TEST_CASE("Pool: a server that accepts and says nothing is given up by the caller's deadline",
          "[contract]") {
  const testing::TempDir dir;
  const std::string path = dir.path() + "/.s.PGSQL.5432";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener, 1) == 0);
  PoolOptions options;
  options.host = dir.path();
  options.name = "none";
  options.user = "nobody";
  options.schema = "contract";
  options.connect_timeout = absl::Seconds(30);
  const auto pool = *Pool::Create(options);
  const base::Stopwatch watch;
  const absl::Status status = pool->Ping(InASecond());
  CHECK(base::ReasonOf(status) == "CONNECTION_FAILED");
  // libpq waits two seconds at least; the connection may take thirty.
  CHECK(watch.Elapsed() < absl::Seconds(10));
  CHECK(pool->stats().open == 0);
  close(listener);
}

TEST_CASE("Pool: B5 without a free connection the caller is told so before its deadline",
          "[contract][security]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const absl::Status outer = pool->Run(Soon(), [&](Connection& held) {
    REQUIRE(held.Exec(kPid).ok());
    const base::Stopwatch watch;
    const absl::Status inner =
        pool->Exec(base::SystemClock().Now() + absl::Milliseconds(30), kPid).status();
    CHECK(inner.code() == absl::StatusCode::kUnavailable);
    CHECK(base::ReasonOf(inner) == "POOL_EXHAUSTED");
    CHECK(base::IsRetryable(inner));
    CHECK(watch.Elapsed() < absl::Seconds(1));
    return absl::OkStatus();
  });
  CHECK(outer.ok());
  CHECK(pool->stats().exhausted == 1);
  CHECK(pool->Ping(Soon()).ok());
  CHECK(pool->stats().open == 1);
}

TEST_CASE("Pool: callers wait their turn and never more than `size` connections exist",
          "[contract]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(3);
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&pool, &failures, t] {
      for (int i = 0; i < 20; ++i) {
        if (!pool->Exec(Soon(), kInsert, {t * 100 + i, "n"}).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(CountItems(*pool) == 320);
  CHECK(pool->stats().open <= 3);
  CHECK(pool->stats().idle == pool->stats().open);
}

TEST_CASE("Pool: B4 a connection that died while idle is replaced before anything is sent",
          "[contract][security]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  REQUIRE(pool->Exec(Soon(), kInsert, {1, "a"}).ok());
  REQUIRE(fixture.database().TerminateApp().ok());
  CHECK(pool->Exec(Soon(), kInsert, {2, "b"}).ok());
  CHECK(CountItems(*pool) == 2);
  CHECK(pool->stats().replaced == 1);
  CHECK(pool->stats().open == 1);
}

TEST_CASE("Pool: B4 a connection lost between statements is an error, never a silent repeat",
          "[contract][security]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const absl::Status status = pool->Run(Soon(), [&](Connection& connection) {
    REQUIRE(connection.Exec(kInsert, {1, "a"}).ok());
    REQUIRE(fixture.database().TerminateApp().ok());
    return connection.Exec(kInsert, {2, "b"}).status();
  });
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(status) == "CONNECTION_LOST");
  CHECK(CountItems(*pool) == 1);
}

TEST_CASE("Pool: a transaction commits as a whole", "[contract]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const absl::Status status = pool->Run(Soon(), [](Connection& connection) {
    return connection.InTransaction([](Connection& inside) {
      absl::Status first = inside.Exec(kInsert, {1, "a"}).status();
      return first.ok() ? inside.Exec(kInsert, {2, "b"}).status() : first;
    });
  });
  CHECK(status.ok());
  CHECK(CountItems(*pool) == 2);
}

TEST_CASE("Pool: an error from the body rolls the transaction back", "[contract]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const absl::Status status = pool->Run(Soon(), [](Connection& connection) {
    return connection.InTransaction([](Connection& inside) {
      inside.Exec(kInsert, {1, "a"}).status().IgnoreError();
      return absl::CancelledError("changed my mind");
    });
  });
  CHECK(status.code() == absl::StatusCode::kCancelled);
  CHECK(CountItems(*pool) == 0);
}

TEST_CASE("Pool: a body that overlooks a failed statement does not commit", "[contract]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const absl::Status status = pool->Run(Soon(), [](Connection& connection) {
    return connection.InTransaction([](Connection& inside) {
      inside.Exec(kInsert, {1, "a"}).status().IgnoreError();
      inside.Exec(kInsert, {1, "again"}).status().IgnoreError();
      return absl::OkStatus();
    });
  });
  CHECK(base::ReasonOf(status) == "UNIQUE_VIOLATION");
  CHECK(CountItems(*pool) == 0);
}

TEST_CASE("Pool: B4 losing the connection inside a transaction leaves nothing behind",
          "[contract][security]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const absl::Status status = pool->Run(Soon(), [&](Connection& connection) {
    return connection.InTransaction([&](Connection& inside) {
      REQUIRE(inside.Exec(kInsert, {1, "a"}).ok());
      REQUIRE(fixture.database().TerminateApp().ok());
      return inside.Exec(kInsert, {2, "b"}).status();
    });
  });
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(CountItems(*pool) == 0);
}

TEST_CASE("Pool: two transactions that cannot both be first are ABORTED, not wrong", "[contract]") {
  Fixture fixture;
  const auto pool = fixture.NewPool(2);
  absl::Status inner_status;
  const absl::Status outer_status = pool->Run(Soon(), [&](Connection& outer) {
    return outer.InTransaction([&](Connection& a) -> absl::Status {
      REQUIRE(a.Exec(kSerializable).ok());
      REQUIRE(a.Exec(kCount).ok());
      inner_status = pool->Run(Soon(), [](Connection& other) {
        return other.InTransaction([](Connection& b) {
          REQUIRE(b.Exec(kSerializable).ok());
          REQUIRE(b.Exec(kCount).ok());
          return b.Exec(kInsert, {2, "b"}).status();
        });
      });
      return a.Exec(kInsert, {1, "a"}).status();
    });
  });
  CHECK(inner_status.ok());
  CHECK(outer_status.code() == absl::StatusCode::kAborted);
  CHECK(base::ReasonOf(outer_status) == "SERIALIZATION");
  CHECK(base::IsRetryable(outer_status));
}

TEST_CASE("Pool: B3 while no new connection can be made those that are open serve", "[contract]") {
  Fixture fixture;
  const auto may_connect = [&fixture](const std::string& how) {
    REQUIRE(fixture.database()
                .Psql(absl::StrCat("DO $$ BEGIN EXECUTE format('", how,
                                   " contract_app', current_database()); END $$"))
                .ok());
  };
  const auto pool = fixture.NewPool(/*size=*/4);
  std::atomic<bool> held{false};
  std::atomic<bool> over{false};
  std::thread holder([&] {
    CHECK(pool->Run(Soon(),
                    [&](Connection& connection) {
                      held = true;
                      while (!over) std::this_thread::yield();
                      return connection.Exec(kPid).status();
                    })
              .ok());
  });
  while (!held) std::this_thread::yield();
  may_connect("REVOKE CONNECT ON DATABASE %I FROM");
  std::atomic<bool> served{false};
  std::thread another([&] { served = pool->Exec(Soon(), kPid).ok(); });
  // It waits for the connection that there is.
  while (pool->stats().waiting == 0) std::this_thread::yield();
  over = true;
  holder.join();
  another.join();
  CHECK(served);
  // Where none is left to wait for, it says so at once.
  REQUIRE(fixture.database().TerminateApp().ok());
  const absl::Status locked_out = pool->Exec(Soon(), kPid).status();
  CHECK(base::ReasonOf(locked_out) == "CONNECTION_FAILED");
  CHECK(absl::StrContains(locked_out.message(), "GRANT CONNECT"));
  CHECK(pool->stats().open == 0);
  may_connect("GRANT CONNECT ON DATABASE %I TO");
  CHECK(pool->Exec(Soon(), kPid).ok());
}

TEST_CASE("Pool: a database that is not there is UNAVAILABLE, and later found", "[contract]") {
  const testing::TempDir empty;
  PoolOptions options;
  options.host = empty.path();
  options.name = "none";
  options.user = "nobody";
  options.schema = "contract";
  const auto pool = *Pool::Create(options);
  for (int i = 0; i < 20; ++i) {
    const absl::Status status = pool->Ping(Soon());
    CHECK(status.code() == absl::StatusCode::kUnavailable);
    CHECK(base::ReasonOf(status) == "CONNECTION_FAILED");
    CHECK(absl::StrContains(status.message(), "nobody listens there"));
  }
  // Failed attempts use no place in the pool up.
  CHECK(pool->stats().open == 0);
}

TEST_CASE(
    "Pool: B3 the password file is read for each new connection, and must be closed to others",
    "[contract][security]") {
  Fixture fixture;
  const testing::TempDir dir;
  PoolOptions options = fixture.database().App(1);
  options.password_file = dir.path() + "/password";
  const auto pool = *Pool::Create(options);
  CHECK(base::ReasonOf(pool->Ping(Soon())) == "FILE_UNREADABLE");
  dir.Write("password", "it's \\ new\n", 0644);
  CHECK(base::ReasonOf(pool->Ping(Soon())) == "SECRET_FILE_OPEN");
  dir.Write("password", "it's \\ new\n", 0600);
  CHECK(pool->Ping(Soon()).ok());
}

// The lines of a plan.
std::string PlanBy(Pool& pool, const Statement& statement) {
  const auto rows = pool.Exec(Soon(), statement);
  REQUIRE(rows.ok());
  std::string plan;
  for (const Row row : *rows) absl::StrAppend(&plan, row.Text(0), "\n");
  return plan;
}

TEST_CASE("Pool: a statement planned while its table was small goes by the key when it is full",
          "[contract]") {
  constexpr Statement kFind{"t_find", "SELECT note FROM items WHERE note = ANY($1::text[])"};
  constexpr Statement kPlan{"t_plan", "EXPLAIN EXECUTE t_find('{note 7}')"};
  Fixture fixture;
  // One page, and the database knows it: reading that is cheaper than any index.
  REQUIRE(fixture.database()
              .Psql("CREATE UNIQUE INDEX items_note ON items (note);"
                    "INSERT INTO items VALUES (0, 'first'); ANALYZE items")
              .ok());
  const auto pool = fixture.NewPool(1);
  REQUIRE(pool->Exec(Soon(), kFind, {std::vector<std::string>{"note 7"}}).ok());
  REQUIRE(fixture.database()
              .Psql("INSERT INTO items SELECT n, 'note ' || n FROM generate_series(1, 20000) n")
              .ok());
  const auto found = pool->Exec(Soon(), kFind, {std::vector<std::string>{"note 7"}});
  REQUIRE(found.ok());
  CHECK(found->size() == 1);
  const std::string plan = PlanBy(*pool, kPlan);
  CAPTURE(plan);
  CHECK(absl::StrContains(plan, "items_note"));
  CHECK_FALSE(absl::StrContains(plan, "Seq Scan"));
}

TEST_CASE("Pool: what has no key to go by scans its table, and is not compiled for that",
          "[contract]") {
  constexpr Statement kPlan{"t_plan", "EXPLAIN ANALYZE SELECT sum(id) FROM items WHERE note > 'a'"};
  Fixture fixture;
  const auto pool = fixture.NewPool(1);
  const std::string plan = PlanBy(*pool, kPlan);
  CAPTURE(plan);
  CHECK(absl::StrContains(plan, "Seq Scan"));
  CHECK_FALSE(absl::StrContains(plan, "JIT"));
}

TEST_CASE("Pool: options that could become SQL, or make no sense, are refused", "[contract]") {
  PoolOptions good;
  good.host = "/tmp";
  good.name = "n";
  good.user = "u";
  good.schema = "s";
  CHECK(Pool::Create(good).ok());
  for (const char* schema : {"", "a b", "x; DROP", "A", "1a", "a-b", "a,b"}) {
    PoolOptions bad = good;
    bad.schema = schema;
    CHECK_FALSE(Pool::Create(bad).ok());
  }
  PoolOptions empty = good;
  empty.size = 0;
  CHECK_FALSE(Pool::Create(empty).ok());
}

}  // namespace
}  // namespace va::store
