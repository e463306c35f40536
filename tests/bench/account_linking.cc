#include "tests/bench/account_linking.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/clock.h"
#include "lib/crypto/random.h"
#include "lib/store/migrator.h"
#include "lib/testing/temp_postgres.h"
#include "services/user-attributes/migrations.h"
#include "services/user-attributes/store/pg_account_store.h"
#include "tests/bench/load.h"

namespace va::bench {
namespace {

using attributes::Credential;

constexpr double kLinksPerSecond = 1500;
constexpr double kMillionRatio = 1.2;

// The reference: what the database takes for one small row a transaction.
constexpr store::Statement kBareInsert{"bare_insert",
                                       "INSERT INTO bench_rows (id, text) VALUES ($1, $2)"};

// A database of its own, the store of one process on it.
class Place {
 public:
  static absl::StatusOr<std::unique_ptr<Place>> Create(int connections) {
    auto database = testing::TempDatabase::Create("attributes");
    if (!database.ok()) return database.status();
    // A cluster made for tests does not wait for its disk; a person's account must.
    const auto fsync = (*database)->Psql("SHOW fsync");
    if (!fsync.ok()) return fsync.status();
    if (!absl::StartsWith(*fsync, "on")) {
      return absl::FailedPreconditionError("the cluster runs without fsync: VA_TEST_PG_DURABLE");
    }
    if (absl::Status migrated = store::Migrate((*database)->Owner(), attributes::Migrations());
        !migrated.ok()) {
      return migrated;
    }
    const auto extra = (*database)->Psql(
        "CREATE TABLE attributes.bench_rows (id uuid PRIMARY KEY, text text NOT NULL);"
        "GRANT INSERT ON attributes.bench_rows TO attributes_app");
    if (!extra.ok()) return extra.status();
    auto pool = store::Pool::Create((*database)->App(connections));
    if (!pool.ok()) return pool.status();
    return std::unique_ptr<Place>(new Place(*std::move(database), *std::move(pool)));
  }

  // Accounts and verifications of other people.
  absl::Status Fill(int rows) {
    const auto filled = database_->Psql(absl::StrFormat(
        "SET search_path = attributes;"
        "INSERT INTO user_accounts (id, icn_hash, icn_sealed, created_at) SELECT "
        "gen_random_uuid(), 'bench:' || encode(sha256(('icn' || n)::bytea), 'hex'), "
        "decode(repeat('ab', 60), 'hex'), now() FROM generate_series(1, %d) n;"
        "INSERT INTO user_verifications (id, user_account_id, idme_uuid_hash, credential_sealed, "
        "verified_at, created_at, updated_at) SELECT gen_random_uuid(), id, 'bench:' || "
        "encode(sha256(('uid' || icn_hash)::bytea), 'hex'), decode(repeat('cd', 80), 'hex'), now(),"
        " now(), now() FROM user_accounts;"
        "ANALYZE",
        rows));
    return filled.ok() ? absl::OkStatus() : filled.status();
  }

  store::Pool& pool() { return *pool_; }
  attributes::PgAccountStore& store() { return store_; }
  // The write-ahead log and what stands in memory are out of the way of the next round.
  absl::Status Settle() {
    const auto done = database_->Psql("CHECKPOINT");
    return done.ok() ? absl::OkStatus() : done.status();
  }

 private:
  Place(std::unique_ptr<testing::TempDatabase> database, std::unique_ptr<store::Pool> pool)
      : database_(std::move(database)),
        pool_(std::move(pool)),
        box_(crypto::SealedBox::FromRing(Ring())),
        hasher_(crypto::LookupHasher::FromRing(Ring())),
        store_(*pool_, box_, hasher_, ids_) {}

  static crypto::KeyRing Ring() {
    return crypto::KeyRing::FromText("bench:" + std::string(64, '1')).value();
  }

  std::unique_ptr<testing::TempDatabase> database_;
  crypto::SystemIdGenerator ids_;
  std::unique_ptr<store::Pool> pool_;
  crypto::SealedBox box_;
  crypto::LookupHasher hasher_;
  attributes::PgAccountStore store_;
};

Credential Person(int n) {
  Credential out;
  out.type = identity::Csp::kIdme;
  out.id = identity::CspId::FromWire(absl::StrFormat("%032x", n));
  out.icn = identity::Icn::FromWire(absl::StrFormat("%010dV%06d", 1000000000 + n, n % 1000000));
  out.email = identity::PersonText::FromWire(absl::StrCat("person", n, "@example.org"));
  out.attributes_digest = absl::StrFormat("%064x", n);
  return out;
}

struct Run {
  absl::Duration wall;
  std::vector<absl::Duration> each;
};

// `count` calls from several threads, as fast as they go.
absl::StatusOr<Run> InParallel(int count, int threads,
                               const std::function<absl::Status(int)>& call) {
  std::atomic<int> next{0};
  std::mutex mutex;
  Run run;
  absl::Status fault;
  const base::Stopwatch watch;
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      std::vector<absl::Duration> own;
      absl::Status status;
      for (int i = next++; i < count && status.ok(); i = next++) {
        const base::Stopwatch one;
        status = call(i);
        own.push_back(one.Elapsed());
      }
      const std::lock_guard<std::mutex> lock(mutex);
      fault.Update(status);
      run.each.insert(run.each.end(), own.begin(), own.end());
    });
  }
  for (std::thread& worker : workers) worker.join();
  run.wall = watch.Elapsed();
  if (!fault.ok()) return fault;
  return run;
}

// One round of new people, numbered from `first` on.
absl::StatusOr<Run> LinkNew(Place& place, int first, const LinkingRounds& how) {
  static const base::SystemClock clock;
  return InParallel(how.links, how.threads, [&](int i) -> absl::Status {
    const auto linked = place.store().Link(Person(first + i), {.request_id = "bench"}, clock.Now(),
                                           absl::InfiniteFuture());
    if (!linked.ok()) return linked.status();
    return linked->created ? absl::OkStatus() : absl::InternalError("a new person was known");
  });
}

absl::StatusOr<Run> InsertBare(Place& place, const LinkingRounds& how) {
  static crypto::SystemIdGenerator ids;
  return InParallel(how.links, how.threads, [&](int) -> absl::Status {
    return place.pool()
        .Exec(absl::InfiniteFuture(), kBareInsert, {ids.Uuid(), std::string(200, 'x')})
        .status();
  });
}

}  // namespace

absl::Status MeasureLinking(const LinkingRounds& how, Report& report) {
  auto empty = Place::Create(how.threads);
  if (!empty.ok()) return empty.status();
  auto full = Place::Create(how.threads);
  if (!full.ok()) return full.status();
  if (absl::Status filled = (*full)->Fill(how.rows); !filled.ok()) return filled;
  int people = 0;
  // What a first sign-in takes, half of them before it; the rate counts over the same rounds.
  std::vector<double> rates;
  std::vector<double> bare_rates;
  const auto link = [&](Place& place, bool counts) -> absl::StatusOr<absl::Duration> {
    if (absl::Status settled = place.Settle(); !settled.ok()) return settled;
    const auto run = LinkNew(place, people, how);
    people += how.links;
    if (!run.ok()) return run.status();
    if (counts) rates.push_back(how.links / absl::ToDoubleSeconds(run->wall));
    return Percentile(run->each, 0.5);
  };
  const auto measured =
      RunRounds({{"empty", [&] { return link(**empty, true); }},
                 {"million", [&] { return link(**full, false); }},
                 {"bare",
                  [&]() -> absl::StatusOr<absl::Duration> {
                    const auto run = InsertBare(**empty, how);
                    if (!run.ok()) return run.status();
                    bare_rates.push_back(how.links / absl::ToDoubleSeconds(run->wall));
                    return Percentile(run->each, 0.5);
                  }}},
                how.rounds);
  if (!measured.ok()) return measured.status();
  report.Cost(*measured, "empty", "p50 of linking a new person, fsync on");
  report.Cost(*measured, "million", absl::StrCat("the same beside ", how.rows, " verifications"));
  report.Cost(*measured, "bare", "p50 of one bare insert");
  report.Say(absl::StrFormat("bare inserts a second: %.0f", Median(bare_rates)));
  report.AtLeast("links_per_second", Median(rates), kLinksPerSecond);
  report.AtMost("million_rows_p50", measured->RatioOf("million", "empty"), kMillionRatio);
  return absl::OkStatus();
}

}  // namespace va::bench
