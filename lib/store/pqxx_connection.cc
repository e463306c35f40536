#include "lib/store/pqxx_connection.h"

#include <poll.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/keys.h"

namespace va::store {
namespace {

// How libpqxx sees one of our parameters.
struct WireParam {
  const Param* param;
};

}  // namespace
}  // namespace va::store

namespace pqxx {
template <>
struct string_traits<va::store::WireParam> {
  static constexpr const char* name() noexcept { return "va::store::Param"; }
  static constexpr bool has_null() noexcept { return true; }
  static bool is_null(const va::store::WireParam& value) { return value.param->is_null(); }
  static std::string to_string(const va::store::WireParam& value) {
    const absl::string_view bytes = value.param->value();
    if (value.param->is_bytes()) return absl::StrCat("\\x", va::base::HexEncode(bytes));
    return std::string(bytes);
  }
};
}  // namespace pqxx

namespace va::store {
namespace {

// A value of a connection string: quotes and backslashes escaped.
std::string Quoted(absl::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  quoted.push_back('\'');
  return quoted;
}

int64_t AtLeastOne(int64_t value) { return value < 1 ? 1 : value; }

// How long a statement may still answer when its deadline has passed: the server's own timeout, if
// it comes at the same moment, keeps the connection, and cutting it off does not.
constexpr std::chrono::milliseconds kGrace{50};

// connect_timeout holds for each host of the list.
int64_t ConnectSeconds(const PoolOptions& options, absl::Duration patience) {
  const auto hosts = 1 + std::count(options.host.begin(), options.host.end(), ',');
  return AtLeastOne(absl::ToInt64Seconds(
      absl::Ceil(std::min(options.connect_timeout, patience / hosts), absl::Seconds(1))));
}

// Session settings travel with the connection request, which saves a round trip of SET statements.
// Notices are off: they quote data. UTC and hex are what rows.cc reads.
std::string SessionOptions(const PoolOptions& options) {
  const int64_t timeout = absl::ToInt64Milliseconds(options.statement_timeout);
  // Every statement looks rows up by key, so one plan fits all values: planning again for each call
  // would cost more than the call. A plan made while a table was young must not be a scan of it: it
  // would be kept while the table grows, until somebody analyses that. Where there is no key to go
  // by, a table is scanned all the same, at a price (1e10) that would have the statement compiled
  // each time; of ours none is worth compiling.
  return absl::StrCat("-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off",
                      " -c search_path=", options.schema, ",pg_temp -c statement_timeout=", timeout,
                      " -c idle_in_transaction_session_timeout=", timeout == 0 ? 0 : 4 * timeout,
                      " -c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex"
                      " -c client_min_messages=error");
}

absl::StatusOr<std::string> ConnectionString(const PoolOptions& options, absl::Duration patience) {
  std::string text = absl::StrCat(
      "host=", Quoted(options.host), " port=", options.port, " dbname=", Quoted(options.name),
      " user=", Quoted(options.user), " application_name=", Quoted(options.application_name),
      " connect_timeout=", ConnectSeconds(options, patience),
      " client_encoding=UTF8 keepalives_idle=30 keepalives_interval=5 keepalives_count=3",
      " tcp_user_timeout=",
      AtLeastOne(absl::ToInt64Milliseconds(options.statement_timeout + absl::Seconds(5))),
      " options=", Quoted(SessionOptions(options)));
  // A standby answers too; after a failover only the new primary will do.
  if (absl::StrContains(options.host, ","))
    absl::StrAppend(&text, " target_session_attrs=read-write");
  if (options.password_file.empty()) return text;
  absl::StatusOr<std::string> password = crypto::ReadSecretFile(options.password_file);
  if (!password.ok()) return password.status();
  absl::StrAppend(&text, " password=", Quoted(absl::StripTrailingAsciiWhitespace(*password)));
  crypto::Cleanse(*password);
  return text;
}

absl::Status Unavailable(absl::string_view reason, absl::string_view subject) {
  return base::MakeError(absl::StatusCode::kUnavailable, reason,
                         absl::StrCat("database: ", subject), /*retryable=*/true);
}

absl::Status TooLate(absl::string_view subject) {
  return base::MakeError(absl::StatusCode::kDeadlineExceeded, "STATEMENT_DEADLINE",
                         absl::StrCat("database: ", subject, ": the caller's deadline passed"),
                         /*retryable=*/true);
}

// What a SQLSTATE means to a caller. Classes as in appendix A of the PostgreSQL manual.
absl::Status FromSqlState(absl::string_view state, absl::string_view subject, bool* broken) {
  using absl::StatusCode;
  const std::string text = absl::StrCat("database: ", subject, " (", state, ")");
  const absl::string_view cls = state.substr(0, 2);
  if (state == "23505")
    return base::MakeError(StatusCode::kAlreadyExists, "UNIQUE_VIOLATION", text);
  if (cls == "23") {
    return base::MakeError(StatusCode::kFailedPrecondition, "CONSTRAINT_VIOLATION", text);
  }
  if (cls == "22") return base::MakeError(StatusCode::kInvalidArgument, "BAD_VALUE", text);
  if (cls == "40") return base::MakeError(StatusCode::kAborted, "SERIALIZATION", text, true);
  if (state == "57014") {
    return base::MakeError(StatusCode::kDeadlineExceeded, "STATEMENT_TIMEOUT", text, true);
  }
  if (state == "55P03") {
    return base::MakeError(StatusCode::kDeadlineExceeded, "LOCK_TIMEOUT", text, true);
  }
  if (state == "42501")
    return base::MakeError(StatusCode::kPermissionDenied, "NOT_PERMITTED", text);
  if (state == "25006") {
    // A demoted primary stays read-only: connect again, perhaps elsewhere.
    *broken = true;
    return base::MakeError(StatusCode::kUnavailable, "DATABASE_READ_ONLY", text, true);
  }
  if (cls == "53") {
    return base::MakeError(StatusCode::kUnavailable, "DATABASE_OVERLOADED", text, true);
  }
  if (cls == "57" || cls == "08" || cls == "25") {
    *broken = true;
    return base::MakeError(StatusCode::kUnavailable, "CONNECTION_LOST", text, true);
  }
  return base::MakeError(StatusCode::kInternal, "STATEMENT_FAILED", text);
}

// What an operator should look at, by what libpq said; its own words stay here, because they may
// quote what it was given.
absl::string_view ConnectHint(absl::string_view said) {
  struct Row {
    absl::string_view part;
    absl::string_view hint;
  };
  static constexpr Row kRows[] = {
      {"authentication failed", ": user or password is refused (database.user, password_file)"},
      {"no password supplied", ": it wants a password (database.password_file)"},
      {"is not permitted to log in", ": the role may not log in (ALTER ROLE ... LOGIN)"},
      {"permission denied", ": the role may not use the database (GRANT CONNECT)"},
      {"pg_hba.conf", ": its pg_hba.conf does not let this user in from here"},
      {"certificate", ": its certificate is not accepted"},
      {"SSL", ": TLS does not come about"},
      {"too many", ": it has no connection left (max_connections)"},
      {"remaining connection slots", ": it has no connection left (max_connections)"},
      {"does not exist", ": the role or the database does not exist"},
      {"translate host name", ": the name of the host is not known (database.host)"},
      {"timeout expired", ": no answer in time"},
      {"refused", ": nobody listens there (database.host, database.port)"},
      {"No such file", ": nobody listens there (database.host, database.port)"},
  };
  for (const Row& row : kRows) {
    if (absl::StrContains(said, row.part)) return row.hint;
  }
  return "";
}

void StopReconnecting(pqxx::connection& link) {
  // libpqxx 6 reconnects behind one's back and would run the rest of a transaction on a fresh
  // connection. The call is deprecated because later versions never reconnect.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  link.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

}  // namespace

absl::Status Guard(absl::string_view subject, bool* broken, absl::FunctionRef<void()> body) {
  try {
    body();
    return absl::OkStatus();
  } catch (const pqxx::in_doubt_error&) {
    *broken = true;
    return Unavailable("COMMIT_IN_DOUBT", subject);
  } catch (const pqxx::broken_connection&) {
    *broken = true;
    return Unavailable("CONNECTION_LOST", subject);
  } catch (const pqxx::serialization_failure&) {
    return base::MakeError(absl::StatusCode::kAborted, "SERIALIZATION",
                           absl::StrCat("database: ", subject), true);
  } catch (const pqxx::deadlock_detected&) {
    return base::MakeError(absl::StatusCode::kAborted, "SERIALIZATION",
                           absl::StrCat("database: ", subject), true);
  } catch (const pqxx::insufficient_privilege&) {
    // libpqxx 6 leaves the SQLSTATE out of this one and of the next.
    return FromSqlState("42501", subject, broken);
  } catch (const pqxx::insufficient_resources&) {
    return FromSqlState("53000", subject, broken);
  } catch (const pqxx::sql_error& error) {
    return FromSqlState(error.sqlstate(), subject, broken);
  } catch (const std::bad_alloc&) {
    *broken = true;
    return Unavailable("DATABASE_OVERLOADED", subject);
  } catch (const std::exception&) {
    *broken = true;
    return base::MakeError(absl::StatusCode::kInternal, "STATEMENT_FAILED",
                           absl::StrCat("database: ", subject));
  }
}

absl::StatusOr<std::unique_ptr<pqxx::connection>> Connect(const PoolOptions& options,
                                                          absl::Duration patience) {
  absl::StatusOr<std::string> text = ConnectionString(options, patience);
  if (!text.ok()) return text.status();
  std::unique_ptr<pqxx::connection> link;
  bool broken = false;
  absl::string_view hint;
  const absl::Status connected = Guard("connect", &broken, [&] {
    try {
      link = std::make_unique<pqxx::connection>(*text);
    } catch (const pqxx::broken_connection& error) {
      hint = ConnectHint(error.what());
      throw;
    }
    StopReconnecting(*link);
  });
  crypto::Cleanse(*text);
  if (connected.ok()) return link;
  return Unavailable("CONNECTION_FAILED",
                     absl::StrCat("cannot connect to ", options.name, " at ", options.host, hint));
}

bool Connection::Impl::WentStale() const {
  pollfd socket = {.fd = link->sock(), .events = POLLIN, .revents = 0};
  return socket.fd < 0 || poll(&socket, 1, 0) != 0;
}

absl::Status Connection::Impl::Open() {
  broken = true;
  const absl::Duration patience = deadline == Watchdog::kNever
                                      ? absl::InfiniteDuration()
                                      : absl::FromChrono(deadline - Watchdog::Clock::now());
  if (patience <= absl::ZeroDuration()) return TooLate("connect");
  absl::StatusOr<std::unique_ptr<pqxx::connection>> fresh = Connect(options, patience);
  if (!fresh.ok()) return fresh.status();
  bool unwatched = false;
  const absl::Status watched = Guard("connect", &unwatched, [&] {
    watch.reset();
    watch = std::make_unique<Watch>(watchdog, (*fresh)->sock());
  });
  if (!watched.ok()) return Unavailable("CONNECTION_FAILED", "no resources to watch a connection");
  link = *std::move(fresh);
  prepared.clear();
  broken = false;
  return absl::OkStatus();
}

absl::Status Connection::Impl::Reconnect() {
  ++replaced;
  return Open();
}

absl::Status Connection::Impl::GuardInTime(absl::string_view subject,
                                           Watchdog::Clock::time_point deadline_at,
                                           absl::FunctionRef<void()> body) {
  watch->Arm(deadline_at == Watchdog::kNever ? Watchdog::kNever : deadline_at + kGrace);
  const absl::Status done = Guard(subject, &broken, body);
  if (!watch->Disarm()) return done;
  // What was answered before the cut is true all the same; the connection is lost either way.
  broken = true;
  if (done.ok() || base::ReasonOf(done) == "COMMIT_IN_DOUBT") return done;
  return TooLate(subject);
}

absl::Status Connection::Impl::Prepare(const Statement& statement) {
  if (prepared.contains(statement.name)) return absl::OkStatus();
  const absl::Status done = GuardInTime(statement.name, deadline, [&] {
    link->prepare(statement.name, statement.sql);
    link->prepare_now(statement.name);
  });
  if (done.ok()) prepared.insert(statement.name);
  return done;
}

absl::Status Connection::Impl::CheckParams(const Statement& statement,
                                           absl::Span<const Param> params) const {
  for (const Param& param : params) {
    const absl::string_view value = param.value();
    // libpq would end a text at its first NUL and store less than what was checked (attack B2).
    const bool cut = !param.is_bytes() && value.find('\0') != absl::string_view::npos;
    if (!cut && value.size() <= options.max_param_bytes) continue;
    return base::MakeError(absl::StatusCode::kInvalidArgument, "BAD_VALUE",
                           absl::StrCat("database: ", statement.name,
                                        cut ? ": a NUL in a text" : ": a value is too large"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Rows> Connection::Impl::ExecPrepared(const Statement& statement,
                                                    absl::Span<const Param> params) {
  std::vector<WireParam> wire;
  wire.reserve(params.size());
  for (const Param& param : params) wire.push_back({&param});
  const auto values = pqxx::prepare::make_dynamic_params(wire.begin(), wire.end());
  auto holder = std::make_unique<ResultHolder>();
  used = true;
  const absl::Status done = GuardInTime(statement.name, deadline, [&] {
    if (transaction != nullptr) {
      holder->result = transaction->exec_prepared(statement.name, values);
      return;
    }
    pqxx::nontransaction autocommit(*link);
    holder->result = autocommit.exec_prepared(statement.name, values);
  });
  if (!done.ok()) return done;
  return Rows(std::move(holder));
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

absl::StatusOr<Rows> Connection::Exec(const Statement& statement, absl::Span<const Param> params) {
  absl::Status ready = impl_->CheckParams(statement, params);
  if (!ready.ok()) return ready;
  if (impl_->broken) return Unavailable("CONNECTION_LOST", statement.name);
  ready = Watchdog::Clock::now() < impl_->deadline ? impl_->Prepare(statement)
                                                   : TooLate(statement.name);
  // Preparing executed nothing, so it can be done once more on a new connection.
  if (!ready.ok() && impl_->broken && !impl_->used && impl_->transaction == nullptr) {
    ready = impl_->Reconnect();
    if (ready.ok()) ready = impl_->Prepare(statement);
  }
  if (ready.ok()) {
    absl::StatusOr<Rows> rows = impl_->ExecPrepared(statement, params);
    if (rows.ok()) return rows;
    ready = rows.status();
  }
  if (impl_->transaction != nullptr) impl_->transaction_failure.Update(ready);
  return ready;
}

absl::Status Connection::InTransaction(absl::FunctionRef<absl::Status(Connection&)> body) {
  Impl& impl = *impl_;
  if (impl.transaction != nullptr) {
    return base::MakeError(absl::StatusCode::kInternal, "STATEMENT_FAILED",
                           "database: a transaction inside a transaction");
  }
  if (impl.broken) return Unavailable("CONNECTION_LOST", "begin");
  const absl::Status begun = impl.GuardInTime(
      "begin", impl.deadline, [&] { impl.transaction = std::make_unique<pqxx::work>(*impl.link); });
  if (!begun.ok()) return begun;
  impl.transaction_failure = absl::OkStatus();
  absl::Status outcome = body(*this);
  // After a failed statement the server only pretends to commit.
  outcome.Update(impl.transaction_failure);
  // Nobody waits for a result by now, and nothing is in doubt yet.
  if (outcome.ok() && Watchdog::Clock::now() >= impl.deadline) outcome = TooLate("commit");
  if (outcome.ok()) {
    outcome = impl.GuardInTime("commit", impl.deadline, [&] { impl.transaction->commit(); });
  }
  // The destructor rolls back what was not committed. A rollback after the deadline has the grace
  // to itself: it saves the connection.
  const absl::Status closed =
      impl.GuardInTime("rollback", std::max(impl.deadline, Watchdog::Clock::now()),
                       [&] { impl.transaction.reset(); });
  if (!closed.ok()) impl.broken = true;
  return outcome;
}

}  // namespace va::store
