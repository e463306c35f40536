#include "lib/telemetry/file_audit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/test_pki.h"

namespace va::telemetry {
namespace {

using nlohmann::json;

crypto::KeyRing Ring(const std::string& text = "k1:" + std::string(64, '1')) {
  auto ring = crypto::KeyRing::FromText(text);
  REQUIRE(ring.ok());
  return *std::move(ring);
}

std::vector<json> Records(const std::string& path) {
  std::ifstream file(path);
  std::vector<json> records;
  for (std::string line; std::getline(file, line);) records.push_back(json::parse(line));
  return records;
}

std::vector<std::string> Events(const std::string& path) {
  std::vector<std::string> events;
  for (const json& record : Records(path)) events.push_back(record.at("ev"));
  return events;
}

// Each record's hash as the rule says, computed without the code under test but for SHA-256.
void CheckHashes(const std::string& path, std::string previous) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(",\"hash\":\"");
    REQUIRE(at != std::string::npos);
    const std::string hash = crypto::Sha256(previous + line.substr(0, at));
    CHECK(json::parse(line).at("hash") == base::HexEncode(hash));
    previous = hash;
  }
}

struct Fixture {
  testing::TempDir dir;
  testing::FakeClock clock;
  std::string path = dir.path() + "/audit.jsonl";

  FileAuditOptions Options() const {
    FileAuditOptions options;
    options.path = path;
    options.service = "auth-gateway";
    options.process = "00112233aabbccdd";
    options.write_timeout = absl::Milliseconds(50);
    return options;
  }
  std::unique_ptr<FileAudit> Open(const FileAuditOptions& options) {
    auto audit = FileAudit::Open(options, Ring(), clock);
    REQUIRE(audit.ok());
    return *std::move(audit);
  }
  std::unique_ptr<FileAudit> Open() { return Open(Options()); }
};

const std::string kDay1 = "2026-01-15.00112233aabbccdd";
const std::string kDay2 = "2026-01-16.00112233aabbccdd";

}  // namespace

TEST_CASE("FileAudit: one record is one line of the facts given, in a file kept from others",
          "[audit]") {
  Fixture f;
  auto audit = f.Open();
  REQUIRE(audit
              ->Write(AuditEvent::kDecisionMade, {.request_id = "r-1",
                                                  .csp = "mhv",
                                                  .application = "mhv",
                                                  .outcome = "deny",
                                                  .code = "101",
                                                  .tag = "multiple_mhv_ids",
                                                  .policy_version = "2024-06-1"})
              .ok());
  REQUIRE(audit->Write(AuditEvent::kSignInStarted, {.request_id = "r-2"}).ok());
  auto records = Records(f.path);
  REQUIRE(records.size() == 3);
  records[1].erase("hash");
  CHECK(records[1] == json{{"ts", "2026-01-15T12:00:00.000000Z"},
                           {"svc", "auth-gateway"},
                           {"ev", "decision.made"},
                           {"req", "r-1"},
                           {"csp", "mhv"},
                           {"app", "mhv"},
                           {"outcome", "deny"},
                           {"code", "101"},
                           {"tag", "multiple_mhv_ids"},
                           {"policy", "2024-06-1"},
                           {"chain", kDay1},
                           {"seq", 2}});
  CHECK(records[2].size() == 7);  // what is not known is left out
  struct stat info {};
  REQUIRE(::stat(f.path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0007) == 0);
}

TEST_CASE(
    "FileAudit: the first record names the chain, the last one ends it, and each hash covers "
    "the one before and the exact bytes",
    "[audit]") {
  Fixture f;
  {
    auto audit = f.Open();
    REQUIRE(audit->Write(AuditEvent::kSignInStarted, {.request_id = "r \"1\"\n"}).ok());
    CHECK(audit->UnanchoredHeads().back().seq == 2);
  }
  CHECK(Events(f.path) ==
        std::vector<std::string>{"chain.started", "sign_in.started", "chain.ended"});
  const auto records = Records(f.path);
  CHECK(records[0].at("chain") == kDay1);
  CHECK(records[0].at("pid") == ::getpid());
  CHECK(records[2].at("seq") == 3);
  CheckHashes(f.path, std::string(32, '\0'));
}

TEST_CASE("FileAudit: a trail that nothing was written to stays empty", "[audit]") {
  Fixture f;
  f.Open();
  CHECK(Records(f.path).empty());
}

TEST_CASE("FileAudit: every day in UTC has its chain, which names the head of the day before",
          "[audit]") {
  Fixture f;
  auto audit = f.Open();
  REQUIRE(audit->Write(AuditEvent::kSignInStarted, {}).ok());
  f.clock.Advance(absl::Hours(12));
  REQUIRE(audit->Write(AuditEvent::kSignInStarted, {}).ok());
  const auto records = Records(f.path);
  REQUIRE(records.size() == 5);
  CHECK(records[2].at("ev") == "chain.ended");
  CHECK(records[3].at("ev") == "chain.started");
  CHECK(records[3].at("chain") == kDay2);
  CHECK(records[3].at("seq") == 1);
  CHECK(records[3].at("link") ==
        json{{"chain", kDay1}, {"seq", 3}, {"hash", records[2].at("hash")}});
  CHECK(records[4].at("seq") == 2);

  // Both days wait for their anchor; each is anchored for itself.
  auto heads = audit->UnanchoredHeads();
  REQUIRE(heads.size() == 2);
  CHECK(heads[0].chain == kDay1);
  CHECK(base::HexEncode(heads[0].hash) == records[2].at("hash"));
  audit->MarkAnchored(heads[0]);
  CHECK(audit->UnanchoredHeads() == std::vector<ChainHead>{heads[1]});
  audit->MarkAnchored(heads[1]);
  CHECK(audit->UnanchoredHeads().empty());
}

TEST_CASE("FileAudit C1: a clock that steps back over midnight goes on in the chain it is in",
          "[audit][C1]") {
  Fixture f;
  auto audit = f.Open();
  f.clock.Advance(absl::Hours(12));
  REQUIRE(audit->Write(AuditEvent::kSignInStarted, {}).ok());
  f.clock.Advance(-absl::Hours(1));
  REQUIRE(audit->Write(AuditEvent::kSignInStarted, {}).ok());
  CHECK(Records(f.path).back().at("chain") == kDay2);
  CHECK(Records(f.path).back().at("ts") == "2026-01-15T23:00:00.000000Z");
}

TEST_CASE(
    "FileAudit L1: a person stands in the trail as a keyed pseudonym: the same everywhere, "
    "another under another key, never the id",
    "[audit][L1]") {
  const std::string account = "6f0b8a52-8f0e-4d5c-9d4c-0c3a5be8a001";
  Fixture gateway;
  Fixture rules;
  auto first = gateway.Open();
  auto second = rules.Open();
  const AuditFacts facts{.csp = "idme",
                         .account_id = account,
                         .credential_id = "c4b2aa11aa0e4f1d9d01",
                         .icn = "1019900417V557122"};
  REQUIRE(first->Write(AuditEvent::kSessionIssued, facts).ok());
  REQUIRE(second->Write(AuditEvent::kDecisionMade, facts).ok());
  const json here = Records(gateway.path).back();
  const json there = Records(rules.path).back();
  const std::string who = here.at("who");
  CHECK(who == there.at("who"));
  CHECK(here.at("credential") == there.at("credential"));
  CHECK(who != here.at("credential"));
  CHECK(who ==
        "k1:" + base::HexEncode(crypto::HmacSha256(base::HexDecode(std::string(64, '1')).value(),
                                                   "13:audit.account:" + account)));
  // Of another purpose than an account's, so that equal ids of the two never look alike.
  CHECK(here.at("credential") == "k1:" + base::HexEncode(crypto::HmacSha256(
                                             base::HexDecode(std::string(64, '1')).value(),
                                             "16:audit.credential:idme:c4b2aa11aa0e4f1d9d01")));
  CHECK(here.at("icn") ==
        "k1:" + base::HexEncode(crypto::HmacSha256(base::HexDecode(std::string(64, '1')).value(),
                                                   "9:audit.icn:1019900417V557122")));
  for (const json& record : {here, there}) {
    CHECK_FALSE(absl::StrContains(record.dump(), account));
    CHECK_FALSE(absl::StrContains(record.dump(), "c4b2aa11aa0e4f1d9d01"));
    CHECK_FALSE(absl::StrContains(record.dump(), "1019900417V557122"));
  }

  // A new key beside the old one: records that follow say so.
  first->SetPseudonymKeys(
      Ring("k2:" + std::string(64, '2') + ":current\nk1:" + std::string(64, '1')));
  REQUIRE(first->Write(AuditEvent::kSessionEnded, facts).ok());
  CHECK(absl::StartsWith(Records(gateway.path).back().at("who").get<std::string>(), "k2:"));

  // The same id at another provider is another credential.
  REQUIRE(second
              ->Write(AuditEvent::kDecisionMade,
                      {.csp = "logingov", .credential_id = facts.credential_id})
              .ok());
  CHECK(Records(rules.path).back().at("credential") != there.at("credential"));
}

TEST_CASE(
    "FileAudit L1: of what an operator does, who, why and which merge stand openly, whom it is "
    "about as pseudonyms",
    "[audit][L1]") {
  const std::string account = "6f0b8a52-8f0e-4d5c-9d4c-0c3a5be8a001";
  const std::string verification = "1f1e1d1c-1b1a-4918-9716-151413121110";
  Fixture f;
  auto audit = f.Open();
  const std::string reason(200, 'r');
  REQUIRE(
      audit
          ->Write(AuditEvent::kMergeDecided, {.outcome = "proposed",
                                              .account_id = account,
                                              .verification_id = verification,
                                              .merge_id = "2f2e2d2c-2b2a-4928-a726-252423222120",
                                              .caller = "operator.va.internal",
                                              .operator_id = "e1001",
                                              .reason = reason})
          .ok());
  const json record = Records(f.path).back();
  CHECK(record.at("ev") == "merge.decided");
  CHECK(record.at("caller") == "operator.va.internal");
  CHECK(record.at("operator") == "e1001");
  // The longest reason stands whole.
  CHECK(record.at("reason") == reason);
  CHECK(record.at("merge") == "2f2e2d2c-2b2a-4928-a726-252423222120");
  CHECK(record.at("verification") ==
        "k1:" + base::HexEncode(crypto::HmacSha256(base::HexDecode(std::string(64, '1')).value(),
                                                   "18:audit.verification:" + verification)));
  CHECK(record.at("verification") != record.at("who"));
  for (const std::string& id : {account, verification}) {
    CHECK_FALSE(absl::StrContains(record.dump(), id));
  }
}

TEST_CASE("FileAudit: the chain goes on over files when the file is moved away", "[audit]") {
  Fixture f;
  auto audit = f.Open();
  REQUIRE(audit->Write(AuditEvent::kSignInStarted, {.request_id = "r-1"}).ok());
  CHECK(audit->Tend().ok());
  CHECK(Records(f.path).size() == 2);
  std::filesystem::rename(f.path, f.path + ".1");
  REQUIRE(audit->Tend().ok());
  REQUIRE(audit->Write(AuditEvent::kSignInStarted, {.request_id = "r-2"}).ok());
  const auto before = Records(f.path + ".1");
  const auto after = Records(f.path);
  REQUIRE(after.size() == 1);
  CHECK(after[0].at("seq") == 3);
  CheckHashes(f.path, base::HexDecode(before.back().at("hash").get<std::string>()).value());

  // While no new file can be made, records go where they went.
  std::filesystem::rename(f.path, f.path + ".2");
  std::filesystem::create_directory(f.path);
  CHECK(base::ReasonOf(audit->Tend()) == "AUDIT_FILE");
  REQUIRE(audit->Write(AuditEvent::kSignInStarted, {.request_id = "r-3"}).ok());
  CHECK(Records(f.path + ".2").size() == 2);
}

TEST_CASE("FileAudit: a file belongs to one trail at a time, also after it was moved away",
          "[audit]") {
  Fixture f;
  auto first = f.Open();
  REQUIRE(first->Write(AuditEvent::kSignInStarted, {}).ok());
  CHECK(base::ReasonOf(FileAudit::Open(f.Options(), Ring(), f.clock).status()) ==
        "AUDIT_FILE_SHARED");
  // Whoever takes the name of a file that was moved away keeps the first out of it, and the first
  // stays where it is.
  std::filesystem::rename(f.path, f.path + ".1");
  auto second = f.Open();
  CHECK(base::ReasonOf(first->Tend()) == "AUDIT_FILE_SHARED");
  REQUIRE(first->Write(AuditEvent::kSignInStarted, {}).ok());
  CHECK(Records(f.path + ".1").size() == 3);
  // A process that is gone holds nothing.
  second.reset();
  CHECK(first->Tend().ok());
  REQUIRE(first->Write(AuditEvent::kSignInStarted, {}).ok());
  CHECK(Records(f.path).size() == 1);
}

TEST_CASE(
    "FileAudit L3: disk full: each record is refused, and the trail tells how many are "
    "missing as soon as there is room, without a restart",
    "[audit][L3]") {
  Fixture f;
  std::filesystem::create_symlink("/dev/full", f.path);
  auto audit = f.Open();
  CHECK(audit->Refusing().ok());
  for (int i = 0; i < 3; ++i) {
    CHECK(base::ReasonOf(audit->Write(AuditEvent::kSessionIssued, {})) == "AUDIT_WRITE");
  }
  CHECK(base::ReasonOf(audit->Refusing()) == "AUDIT_WRITE");
  CHECK(audit->stats().failed == 3);
  // Nobody asks a service that is not ready: it finds out by itself.
  CHECK(base::ReasonOf(audit->Tend()) == "AUDIT_WRITE");
  std::filesystem::remove(f.path);
  CHECK(audit->Tend().ok());
  CHECK(audit->Refusing().ok());
  REQUIRE(audit->Write(AuditEvent::kSessionIssued, {}).ok());
  CHECK(Events(f.path) ==
        std::vector<std::string>{"chain.started", "records.lost", "session.issued"});
  CHECK(Records(f.path)[1].at("lost") == 3);
  CheckHashes(f.path, std::string(32, '\0'));
}

TEST_CASE("FileAudit L3: with `continue` sign-ins go on and the trail still tells what is missing",
          "[audit][L3]") {
  Fixture f;
  std::filesystem::create_symlink("/dev/full", f.path);
  FileAuditOptions options = f.Options();
  options.on_failure = AuditFailure::kContinue;
  auto audit = f.Open(options);
  CHECK(audit->Write(AuditEvent::kSessionIssued, {}).ok());
  CHECK(audit->Refusing().ok());
  CHECK(audit->stats().failed == 1);
  CHECK(audit->stats().failing);
  std::filesystem::remove(f.path);
  CHECK(audit->Tend().ok());
  CHECK(Records(f.path).back().at("lost") == 1);
}

TEST_CASE(
    "FileAudit L3: a pipe nobody reads is a failure within the time limit, at once while it "
    "lasts, and over when somebody reads",
    "[audit][L3]") {
  ::signal(SIGPIPE, SIG_IGN);  // as in every service
  Fixture f;
  REQUIRE(::mkfifo(f.path.c_str(), 0600) == 0);
  CHECK(base::ReasonOf(FileAudit::Open(f.Options(), Ring(), f.clock).status()) == "AUDIT_FILE");
  const int reader = ::open(f.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  REQUIRE(::fcntl(reader, F_SETPIPE_SZ, 4096) >= 4096);
  auto audit = f.Open();
  int written = 0;
  const base::Stopwatch watch;
  while (audit->Write(AuditEvent::kSignInStarted, {}).ok()) ++written;
  CHECK(written > 5);
  CHECK(watch.Elapsed() < absl::Seconds(20));
  CHECK_FALSE(audit->Refusing().ok());
  const base::Stopwatch many;
  for (int i = 0; i < 1000; ++i) static_cast<void>(audit->Write(AuditEvent::kSignInStarted, {}));
  CHECK(many.Elapsed() < absl::Seconds(20));  // a thousand times the limit would be 50 s

  std::string text;
  std::string part(65536, '\0');
  const auto drain = [&] {
    for (ssize_t got = 0; (got = ::read(reader, part.data(), part.size())) > 0;) {
      text.append(part, 0, static_cast<size_t>(got));
    }
  };
  drain();
  REQUIRE(audit->Tend().ok());
  CHECK(audit->Refusing().ok());
  REQUIRE(audit->Write(AuditEvent::kSessionEnded, {}).ok());
  drain();
  ::close(reader);
  CHECK(absl::StrContains(text, absl::StrCat("\"lost\":", 1001)));
  CHECK(absl::StrContains(text, "session.ended"));
}

TEST_CASE("FileAudit L3: who waits for a stuck record is refused in time, and counted",
          "[audit][L3]") {
  ::signal(SIGPIPE, SIG_IGN);  // as in every service
  Fixture f;
  REQUIRE(::mkfifo(f.path.c_str(), 0600) == 0);
  const int reader = ::open(f.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  REQUIRE(::fcntl(reader, F_SETPIPE_SZ, 4096) >= 4096);
  auto audit = f.Open();
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([&] {
      for (int k = 0; k < 50; ++k) static_cast<void>(audit->Write(AuditEvent::kSignInStarted, {}));
    });
  }
  for (std::thread& asker : askers) asker.join();
  const AuditStats stats = audit->stats();
  CHECK(stats.failed > 0);
  // The chain's first record was written besides the 400.
  CHECK(stats.written - 1 + stats.failed == 400);
  ::close(reader);
}

TEST_CASE("FileAudit L3: a record cut off by the end of the disk or of the process is no record",
          "[audit][L3]") {
  Fixture f;
  std::ofstream(f.path) << "{\"ts\":\"2026-01-15T11:59";
  {
    auto audit = f.Open();
    REQUIRE(audit->Write(AuditEvent::kSignInStarted, {}).ok());
  }
  std::ifstream file(f.path);
  std::string line;
  std::getline(file, line);
  CHECK(line == "{\"ts\":\"2026-01-15T11:59");
  std::getline(file, line);
  CHECK(json::accept(line));
}

}  // namespace va::telemetry
