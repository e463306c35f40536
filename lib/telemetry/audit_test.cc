#include "lib/telemetry/audit.h"

#include <sys/stat.h>

#include <fstream>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/test_pki.h"

namespace va::telemetry {

TEST_CASE("FileAudit: a record is one line of the closed facts", "[audit]") {
  const testing::TempDir dir;
  const testing::FakeClock clock;
  const std::string path = dir.path() + "/audit.jsonl";
  for (int run = 0; run < 2; ++run) {
    auto audit = FileAudit::Open(path, "auth-gateway", clock);
    REQUIRE(audit.ok());
    REQUIRE((*audit)
                ->Write(AuditEvent::kDecisionMade, {.request_id = "r-1",
                                                    .csp = "mhv",
                                                    .application = "mhv",
                                                    .outcome = "deny",
                                                    .code = "101",
                                                    .tag = "multiple_mhv_ids",
                                                    .policy_version = "2024-06-1"})
                .ok());
  }
  std::ifstream file(path);
  std::string line;
  int lines = 0;
  while (std::getline(file, line)) {
    ++lines;
    CHECK(nlohmann::json::parse(line) == nlohmann::json{{"ts", "2026-01-15T12:00:00.000000Z"},
                                                        {"svc", "auth-gateway"},
                                                        {"ev", "decision.made"},
                                                        {"req", "r-1"},
                                                        {"csp", "mhv"},
                                                        {"app", "mhv"},
                                                        {"outcome", "deny"},
                                                        {"code", "101"},
                                                        {"tag", "multiple_mhv_ids"},
                                                        {"policy", "2024-06-1"}});
  }
  // The second run appended.
  CHECK(lines == 2);
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0007) == 0);
}

TEST_CASE("FileAudit: what is not known is left out", "[audit]") {
  const testing::TempDir dir;
  const testing::FakeClock clock;
  auto audit = FileAudit::Open(dir.path() + "/audit.jsonl", "auth-gateway", clock);
  REQUIRE(audit.ok());
  REQUIRE((*audit)->Write(AuditEvent::kSignInStarted, {.request_id = "r-2"}).ok());
  std::ifstream file(dir.path() + "/audit.jsonl");
  std::string line;
  std::getline(file, line);
  CHECK(nlohmann::json::parse(line).size() == 4);
}

TEST_CASE("FileAudit L3: a record that cannot be written is a failure", "[audit][L3]") {
  const testing::FakeClock clock;
  auto audit = FileAudit::Open("/dev/full", "auth-gateway", clock);
  REQUIRE(audit.ok());
  const absl::Status status = (*audit)->Write(AuditEvent::kSessionIssued, {});
  CHECK(base::ReasonOf(status) == "AUDIT_WRITE");
  CHECK(base::ReasonOf(FileAudit::Open("/nonexistent/audit", "x", clock).status()) == "AUDIT_FILE");
}

TEST_CASE("AuditEvent: every event has a name of its own", "[audit]") {
  std::set<std::string> names;
  const int last = static_cast<int>(AuditEvent::kConfigReloaded);
  for (int i = 0; i <= last; ++i) {
    names.insert(std::string(ToString(static_cast<AuditEvent>(i))));
  }
  CHECK(names.size() == static_cast<size_t>(last) + 1);
  CHECK(names.count("") == 0);
}

}  // namespace va::telemetry
