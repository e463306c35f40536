// The heads of audit chains in PostgreSQL, as the role that serves people: added to, never taken
// from.
#include "lib/service/audit_heads.h"

#include <catch2/catch.hpp>

#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/testing/temp_postgres.h"
#include "services/mpi-adapter/migrations.h"

namespace va::service {
namespace {

using store::Statement;

constexpr Statement kUpdate{"t_update", "UPDATE audit_heads SET hash = $1"};
constexpr Statement kDelete{"t_delete", "DELETE FROM audit_heads"};
constexpr Statement kTruncate{"t_truncate", "TRUNCATE audit_heads"};
constexpr Statement kDrop{"t_drop", "DROP TRIGGER audit_heads_append_only ON audit_heads"};
constexpr Statement kBackdate{
    "t_backdate",
    "INSERT INTO audit_heads (chain, seq, hash, anchored_at) VALUES ('old', 1, $1, '2020-01-01')"};
constexpr Statement kCount{"t_count", "SELECT count(*) FROM audit_heads"};
constexpr Statement kOld{
    "t_old", "SELECT count(*) FROM audit_heads WHERE anchored_at < now() - interval '1 day'"};
// As the owner, who alone could: a row as it will look in some years.
constexpr Statement kDisable{"t_disable", "ALTER TABLE audit_heads DISABLE TRIGGER USER"};
constexpr Statement kEnable{"t_enable", "ALTER TABLE audit_heads ENABLE TRIGGER USER"};

struct Fixture {
  std::unique_ptr<testing::TempDatabase> database;
  base::SystemClock clock;
  std::unique_ptr<store::Pool> app;
  std::unique_ptr<store::Pool> owner;

  Fixture() {
    database = testing::TempDatabase::CreateMigrated("mpi", mpi::Migrations()).value();
    app = store::Pool::Create(database->App()).value();
    owner = store::Pool::Create(database->Owner()).value();
  }
  absl::Time Soon() const { return clock.Now() + absl::Seconds(10); }
  int64_t Count(const Statement& statement) { return (*app->Exec(Soon(), statement))[0].Int(0); }
};

telemetry::ChainHead Head(int64_t seq, char byte = 'h') {
  return {"2026-01-15.00aa", seq, std::string(32, byte)};
}

}  // namespace

TEST_CASE("AuditHeads: what was anchored is read back in its order, by chain", "[contract]") {
  Fixture f;
  REQUIRE(AnchorHead(*f.app, Head(9), f.Soon()).ok());
  REQUIRE(AnchorHead(*f.app, Head(2), f.Soon()).ok());
  REQUIRE(AnchorHead(*f.app, {"2026-01-15.00bb", 5, std::string(32, 'b')}, f.Soon()).ok());
  const auto heads = HeadsOf(*f.app, "2026-01-15.00aa", f.Soon());
  REQUIRE(heads.ok());
  CHECK(*heads == std::vector<telemetry::ChainHead>{Head(2), Head(9)});
  const absl::Time now = f.clock.Now();
  CHECK(*ChainsBetween(*f.app, now - absl::Minutes(5), now + absl::Minutes(5), f.Soon()) ==
        std::vector<std::string>{"2026-01-15.00aa", "2026-01-15.00bb"});
  CHECK(ChainsBetween(*f.app, now - absl::Hours(2), now - absl::Hours(1), f.Soon())->empty());
}

TEST_CASE("AuditHeads: the same head twice is one, another one at its place is an alarm",
          "[contract]") {
  Fixture f;
  REQUIRE(AnchorHead(*f.app, Head(2), f.Soon()).ok());
  CHECK(AnchorHead(*f.app, Head(2), f.Soon()).ok());
  CHECK(base::ReasonOf(AnchorHead(*f.app, Head(2, 'x'), f.Soon())) == "AUDIT_HEAD_DIFFERS");
  CHECK(f.Count(kCount) == 1);
}

TEST_CASE("AuditHeads B8: the serving role can neither change, delete, empty, back-date nor unlock",
          "[contract][B8]") {
  Fixture f;
  const std::string other(32, 'x');
  REQUIRE(AnchorHead(*f.app, Head(2), f.Soon()).ok());
  CHECK(base::ReasonOf(f.app->Exec(f.Soon(), kUpdate, {store::Bytes{other}}).status()) ==
        "NOT_PERMITTED");
  CHECK(base::ReasonOf(f.app->Exec(f.Soon(), kDelete).status()) == "NOT_PERMITTED");
  CHECK(base::ReasonOf(f.app->Exec(f.Soon(), kTruncate).status()) == "NOT_PERMITTED");
  CHECK(base::ReasonOf(f.app->Exec(f.Soon(), kDrop).status()) == "NOT_PERMITTED");
  // Not even the owner by mistake.
  CHECK(base::ReasonOf(f.owner->Exec(f.Soon(), kDelete).status()) == "NOT_PERMITTED");
  CHECK(base::ReasonOf(f.owner->Exec(f.Soon(), kTruncate).status()) == "NOT_PERMITTED");
  // An old time is not taken from whoever writes: it would make the row one to be forgotten.
  REQUIRE(f.app->Exec(f.Soon(), kBackdate, {store::Bytes{other}}).ok());
  CHECK(f.Count(kOld) == 0);
  CHECK(*HeadsOf(*f.app, "2026-01-15.00aa", f.Soon()) ==
        std::vector<telemetry::ChainHead>{Head(2)});
}

TEST_CASE("AuditHeads: what is older than 400 days is forgotten, and nothing else", "[contract]") {
  Fixture f;
  const std::string hash(32, 'o');
  REQUIRE(AnchorHead(*f.app, Head(2), f.Soon()).ok());
  REQUIRE(f.owner->Exec(f.Soon(), kDisable).ok());
  REQUIRE(f.owner->Exec(f.Soon(), kBackdate, {store::Bytes{hash}}).ok());
  REQUIRE(f.owner->Exec(f.Soon(), kEnable).ok());
  CHECK(f.Count(kOld) == 1);
  CHECK(*ForgetOldHeads(*f.app, f.Soon()) == 1);
  CHECK(*ForgetOldHeads(*f.app, f.Soon()) == 0);
  CHECK(f.Count(kCount) == 1);
}

}  // namespace va::service
