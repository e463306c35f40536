#include "lib/service/audit_keeper.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/test_pki.h"

namespace va::service {
namespace {

class Lines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text.append(line.data(), line.size());
    return true;
  }
  int Count(absl::string_view word) const {
    int count = 0;
    for (size_t at = 0; (at = text.find(std::string(word), at)) != std::string::npos; ++at) ++count;
    return count;
  }
  std::string text;
};

struct Fixture {
  testing::TempDir dir;
  testing::FakeClock clock;
  Lines lines;
  telemetry::Log log{"svc", telemetry::Severity::kInfo, clock, lines};
  telemetry::Metrics metrics;
  std::string path = dir.path() + "/audit.jsonl";
  std::unique_ptr<telemetry::FileAudit> audit;
  absl::Status database;
  std::vector<telemetry::ChainHead> anchored;
  int forgotten = 0;
  std::unique_ptr<AuditKeeper> keeper;

  Fixture() {
    telemetry::FileAuditOptions options;
    options.path = path;
    options.service = "svc";
    options.process = "00aa";
    auto keys = crypto::KeyRing::FromText("k1:" + std::string(64, '1'));
    REQUIRE(keys.ok());
    audit = telemetry::FileAudit::Open(options, *std::move(keys), clock).value();
    keeper = std::make_unique<AuditKeeper>(
        AuditKeeper::Deps{*audit,
                          [this](const telemetry::ChainHead& head, absl::Time) {
                            if (database.ok()) anchored.push_back(head);
                            return database;
                          },
                          [this](absl::Time) {
                            ++forgotten;
                            return absl::OkStatus();
                          },
                          clock, log, metrics});
  }
  void Turn(absl::Duration later = absl::Seconds(1)) {
    clock.Advance(later);
    keeper->Turn(clock.Now());
  }
  void Report() { REQUIRE(audit->Write(telemetry::AuditEvent::kSignInStarted, {}).ok()); }
  bool Shows(absl::string_view line) const { return absl::StrContains(metrics.Text(), line); }
};

}  // namespace

TEST_CASE("AuditKeeper: a head that moved is anchored each minute, and the last one at the end",
          "[audit]") {
  Fixture f;
  f.Report();
  f.Turn();
  CHECK(f.anchored.size() == 1);
  f.Report();
  f.Turn();
  CHECK(f.anchored.size() == 1);
  f.Turn(absl::Minutes(1));
  REQUIRE(f.anchored.size() == 2);
  CHECK(f.anchored.back().seq == 3);
  f.Turn(absl::Minutes(1));
  CHECK(f.anchored.size() == 2);  // it did not move
  f.keeper->Finish();
  REQUIRE(f.anchored.size() == 3);
  CHECK(f.anchored.back().seq == 4);  // the chain's end
}

TEST_CASE(
    "AuditKeeper: a database that is away is told once, its age shows, and all is made up for",
    "[audit]") {
  Fixture f;
  f.database = base::MakeError(absl::StatusCode::kUnavailable, "CONNECTION_FAILED", "gone");
  f.Report();
  for (int i = 0; i < 5; ++i) f.Turn(absl::Minutes(1));
  CHECK(f.lines.Count("audit.anchor_failed") == 1);
  CHECK(f.Shows("va_audit_anchor_age_seconds 240"));
  f.Report();  // nobody is refused for it
  f.database = absl::OkStatus();
  f.Turn(absl::Minutes(1));
  CHECK(f.lines.Count("audit.anchored") == 1);
  REQUIRE(f.anchored.size() == 1);
  CHECK(f.anchored.back().seq == 3);
  CHECK(f.Shows("va_audit_anchor_age_seconds 0"));
}

TEST_CASE("AuditKeeper C1: a clock set back does not put the next anchor off", "[audit][C1]") {
  Fixture f;
  f.Report();
  f.Turn();
  f.Report();
  f.Turn(-absl::Hours(3));
  f.Turn(absl::Minutes(1));
  CHECK(f.anchored.size() == 2);
}

TEST_CASE("AuditKeeper L3: a full disk is told, counted, and over by itself", "[audit][L3]") {
  Fixture f;
  std::filesystem::remove(f.path);
  std::filesystem::create_symlink("/dev/full", f.path);
  f.Turn();
  CHECK_FALSE(f.audit->Write(telemetry::AuditEvent::kSignInStarted, {}).ok());
  f.Turn();
  f.Turn();
  CHECK(f.lines.Count("\"ev\":\"audit.failing\"") == 1);
  CHECK(f.Shows("va_audit_failures_total 1"));
  CHECK(f.Shows("va_audit_failing 1"));
  std::filesystem::remove(f.path);
  f.Turn();
  CHECK(f.lines.Count("\"ev\":\"audit.recovered\"") == 1);
  CHECK(f.Shows("va_audit_failing 0"));
  CHECK(f.audit->Write(telemetry::AuditEvent::kSignInStarted, {}).ok());
}

}  // namespace va::service
