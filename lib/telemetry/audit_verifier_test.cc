#include "lib/telemetry/audit_verifier.h"

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/telemetry/file_audit.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/test_pki.h"

namespace va::telemetry {
namespace {

using Heads = std::map<std::string, std::vector<ChainHead>>;

// What a process leaves behind: its lines, and the heads that were anchored meanwhile.
struct Trail {
  std::vector<std::string> lines;
  Heads heads;

  std::string chain(size_t day = 0) const { return std::next(heads.begin(), day)->first; }
};

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// `days` days with `each` sign-ins ten seconds apart, the last head anchored each minute.
Trail Written(int each, int days = 1, bool ends = true, const std::string& process = "00aa") {
  const testing::TempDir dir;
  testing::FakeClock clock;
  auto keys = crypto::KeyRing::FromText("k1:" + std::string(64, '1'));
  REQUIRE(keys.ok());
  FileAuditOptions options;
  options.path = dir.path() + "/audit.jsonl";
  options.service = "auth-gateway";
  options.process = process;
  auto audit = FileAudit::Open(options, *std::move(keys), clock);
  REQUIRE(audit.ok());
  Trail trail;
  const auto anchor = [&] {
    for (const ChainHead& head : (*audit)->UnanchoredHeads()) {
      trail.heads[head.chain].push_back(head);
      (*audit)->MarkAnchored(head);
    }
  };
  for (int day = 0; day < days; ++day) {
    for (int i = 0; i < each; ++i) {
      const std::string request = absl::StrCat("r-", i);
      REQUIRE((*audit)->Write(AuditEvent::kSignInStarted, {.request_id = request}).ok());
      clock.Advance(absl::Seconds(10));
      if (i % 6 == 5) anchor();
    }
    if (day + 1 < days) clock.Advance(absl::Hours(24) - absl::Seconds(10) * each);
  }
  if (ends) (*audit)->End();
  anchor();
  trail.lines = LinesOf(options.path);
  return trail;
}

// Computes every hash from `from` on anew, as somebody would who covers up a change.
void Rehash(std::vector<std::string>& lines, size_t from) {
  std::string previous = from == 0 ? ChainSeed() : ReadChainedRecord(lines[from - 1]).value().hash;
  for (size_t i = from; i < lines.size(); ++i) {
    const std::string body(lines[i].substr(0, lines[i].find(",\"hash\":\"")));
    previous = ChainHash(previous, body);
    lines[i] = SealedLine(body, previous);
    lines[i].pop_back();
  }
}

struct Verdict {
  std::vector<std::string> faults;  // "REASON line"
  std::vector<std::string> notes;
  AuditSummary summary;
};

struct How {
  const Heads* heads = nullptr;
  bool partial = false;
  std::vector<std::string> known = {};
};

Verdict Verify(const std::vector<std::string>& lines, const How& how = {}) {
  Verdict verdict;
  AuditVerifier::Options options;
  options.partial = how.partial;
  options.report = [&](const AuditFinding& finding) {
    (finding.fault ? verdict.faults : verdict.notes)
        .push_back(absl::StrCat(finding.reason, " ", finding.line));
    CHECK_FALSE(finding.detail.empty());
  };
  if (how.heads != nullptr) {
    options.heads = [&](const std::string& service, const std::string& chain) {
      CHECK(service == "auth-gateway");
      const auto found = how.heads->find(chain);
      return absl::StatusOr<std::vector<ChainHead>>(
          found == how.heads->end() ? std::vector<ChainHead>() : found->second);
    };
  }
  AuditVerifier verifier(std::move(options));
  int64_t number = 0;
  for (const std::string& line : lines) REQUIRE(verifier.Line("f", ++number, line).ok());
  verifier.Finish(how.known);
  verdict.summary = verifier.summary();
  return verdict;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("AuditVerifier: what was written is intact, alone and against its heads", "[audit]") {
  const Trail trail = Written(20, 3);
  const Verdict alone = Verify(trail.lines);
  CHECK(alone.faults.empty());
  CHECK(alone.notes.empty());
  CHECK(alone.summary.records == 66);
  CHECK(alone.summary.chains == 3);
  const Verdict anchored = Verify(trail.lines, {&trail.heads});
  CHECK(anchored.faults.empty());
  CHECK(anchored.notes.empty());
}

TEST_CASE("AuditVerifier: chains of several processes may mix in one file", "[audit]") {
  const Trail one = Written(20, 1, true, "00aa");
  const Trail other = Written(20, 1, true, "00bb");
  std::vector<std::string> mixed;
  for (size_t i = 0; i < one.lines.size(); ++i) {
    mixed.push_back(one.lines[i]);
    mixed.push_back(other.lines[i]);
  }
  CHECK(Verify(mixed).faults.empty());
  CHECK(Verify(mixed).summary.chains == 2);
}

TEST_CASE("AuditVerifier: a changed record is found, whichever byte it is", "[audit]") {
  const Trail trail = Written(6);
  const size_t at = 3;
  int missed = 0;
  for (size_t byte = 0; byte < trail.lines[at].size(); ++byte) {
    std::vector<std::string> lines = trail.lines;
    lines[at][byte] = static_cast<char>(lines[at][byte] ^ 1);
    const Verdict verdict = Verify(lines);
    if (verdict.faults.empty()) ++missed;
  }
  CHECK(missed == 0);

  std::vector<std::string> lines = trail.lines;
  lines[at] = absl::StrReplaceAll(lines[at], {{"\"r-2\"", "\"r-9\""}});
  REQUIRE(lines[at] != trail.lines[at]);
  CHECK(Verify(lines).faults == Words{"CHANGED 4"});
  // With its own hash made to fit, the next record does not follow any more.
  const std::string previous = ReadChainedRecord(lines[at - 1]).value().hash;
  const std::string body = lines[at].substr(0, lines[at].find(",\"hash\":\""));
  lines[at] = SealedLine(body, ChainHash(previous, body));
  lines[at].pop_back();
  CHECK(Verify(lines).faults == Words{"CHANGED 5"});
}

TEST_CASE("AuditVerifier: a change in the first and in the last record is found", "[audit]") {
  const Trail trail = Written(6);
  std::vector<std::string> first = trail.lines;
  first[0] = absl::StrReplaceAll(first[0], {{"\"pid\":", "\"pid\":9"}});
  CHECK(Verify(first).faults == Words{"CHANGED 1"});
  std::vector<std::string> last = trail.lines;
  last.back() = absl::StrReplaceAll(last.back(), {{"chain.ended", "chain.Ended"}});
  CHECK(Verify(last).faults == Words{absl::StrCat("CHANGED ", last.size())});
}

TEST_CASE("AuditVerifier: taken out, put in, moved, written twice", "[audit]") {
  const Trail trail = Written(6);
  std::vector<std::string> lines = trail.lines;
  lines.erase(lines.begin() + 3);
  CHECK(Verify(lines).faults == Words{"MISSING 4"});

  lines = trail.lines;
  std::swap(lines[2], lines[3]);
  CHECK(Verify(lines).faults == Words{"MISSING 3", "OUT_OF_ORDER 4"});

  lines = trail.lines;
  lines.insert(lines.begin() + 3, lines[2]);
  CHECK(Verify(lines).faults == Words{"OUT_OF_ORDER 4"});

  // Made to fit at its place: then the true one of that number stands behind it.
  lines = trail.lines;
  std::string body = lines[3].substr(0, lines[3].find(",\"hash\":\""));
  body = absl::StrReplaceAll(body, {{"\"r-2\"", "\"r-7\""}});
  lines.insert(lines.begin() + 3,
               SealedLine(body, ChainHash(ReadChainedRecord(lines[2]).value().hash, body)));
  lines[3].pop_back();
  CHECK(Verify(lines).faults == Words{"OUT_OF_ORDER 5", "CHANGED 6"});

  lines = trail.lines;
  const ChainedRecord end = ReadChainedRecord(lines.back()).value();
  std::string more = absl::StrReplaceAll(
      std::string(end.body), {{"chain.ended", "session.issued"}, {"\"seq\":8", "\"seq\":9"}});
  lines.push_back(SealedLine(more, ChainHash(end.hash, more)));
  lines.back().pop_back();
  CHECK(Verify(lines).faults == Words{"INSERTED 9"});
}

TEST_CASE(
    "AuditVerifier: a chain computed anew after a change is consistent, and only the heads "
    "give it away",
    "[audit]") {
  const Trail trail = Written(20);
  std::vector<std::string> lines = trail.lines;
  lines[9] = absl::StrReplaceAll(lines[9], {{"\"r-8\"", "\"r-0\""}});
  REQUIRE(lines[9] != trail.lines[9]);
  Rehash(lines, 9);
  CHECK(Verify(lines).faults.empty());
  // Heads stand at 7, 13, 19 and at the end, 22.
  CHECK(Verify(lines, {&trail.heads}).faults ==
        Words{"HEAD_DIFFERS 13", "HEAD_DIFFERS 19", "HEAD_DIFFERS 22", "NOT_ANCHORED 22"});

  // Records taken out, and every number behind them moved up.
  lines = trail.lines;
  lines.erase(lines.begin() + 9);
  for (size_t i = 9; i < lines.size(); ++i) {
    lines[i] = absl::StrReplaceAll(
        lines[i], {{absl::StrCat("\"seq\":", i + 2), absl::StrCat("\"seq\":", i + 1)}});
  }
  Rehash(lines, 9);
  CHECK(Verify(lines).faults.empty());
  const Verdict verdict = Verify(lines, {&trail.heads});
  REQUIRE(verdict.faults.size() == 3);
  CHECK(verdict.faults[0] == "HEAD_DIFFERS 13");
  CHECK(verdict.faults[2] == "TRUNCATED 21");
}

TEST_CASE("AuditVerifier: an end that was cut off", "[audit]") {
  const Trail trail = Written(20);
  std::vector<std::string> lines(trail.lines.begin(), trail.lines.end() - 4);
  // The files alone cannot tell it from a process that was killed, and say so.
  CHECK(Verify(lines).faults.empty());
  CHECK(Verify(lines).notes == Words{"OPEN_END 18"});
  CHECK(Verify(lines, {&trail.heads}).faults == Words{"TRUNCATED 18"});

  // The last line alone, in the middle.
  lines = trail.lines;
  lines.back().resize(40);
  CHECK(Verify(lines, {&trail.heads}).faults == Words{"TRUNCATED 21"});
  CHECK(Verify(lines).notes == Words{"NO_RECORD 22", "OPEN_END 21"});

  // Of a day that is over, the next day tells.
  const Trail two = Written(6, 2);
  lines = two.lines;
  lines.erase(lines.begin() + 6, lines.begin() + 8);
  CHECK(Verify(lines).faults == Words{"TRUNCATED 6"});
}

TEST_CASE("AuditVerifier: a file that is missing", "[audit]") {
  const Trail trail = Written(6, 3);
  REQUIRE(trail.lines.size() == 24);
  const auto without = [&](size_t from, size_t to) {
    std::vector<std::string> lines = trail.lines;
    lines.erase(lines.begin() + static_cast<long>(from), lines.begin() + static_cast<long>(to));
    return lines;
  };
  CHECK(Verify(without(8, 16)).faults == Words{"MISSING 9"});  // a whole day between two
  CHECK(Verify(without(8, 16), {nullptr, true}).faults == Words{"MISSING 9"});
  CHECK(Verify(without(0, 4)).faults == Words{"MISSING 1"});
  CHECK(Verify(without(0, 8)).faults == Words{"MISSING 1"});
  // Some files of many, and known to be that.
  CHECK(Verify(without(0, 4), {nullptr, true}).faults.empty());
  CHECK(Verify(without(0, 4), {nullptr, true}).notes == Words{"BEGINS_EARLIER 1"});
  CHECK(Verify(without(0, 8), {nullptr, true}).faults.empty());
  // Everything a process wrote: only the database knows that there was one.
  const Words both = {trail.chain(), "2026-01-15.gone"};
  CHECK(Verify(trail.lines, {&trail.heads, false, both}).faults == Words{"MISSING 0"});
  CHECK(Verify(trail.lines, {&trail.heads, true, both}).notes == Words{"CHAIN_NOT_GIVEN 0"});
}

TEST_CASE("AuditVerifier: a chain that the database does not know was never ours", "[audit]") {
  const Trail trail = Written(20);
  const Heads nothing;
  CHECK(Verify(trail.lines, {&nothing}).faults == Words{"NOT_ANCHORED 22"});
  // A process that was killed a moment after the last minute has passed.
  const Trail killed = Written(8, 1, false);
  Heads heads = killed.heads;
  heads.begin()->second.pop_back();
  CHECK(Verify(killed.lines, {&heads}).faults.empty());
  CHECK(Verify(killed.lines, {&heads}).notes == Words{"NOT_ANCHORED_YET 9"});
}

TEST_CASE("AuditVerifier: noise is noted, never trusted, and never ends it", "[audit]") {
  const Trail trail = Written(6);
  for (const std::string& noise :
       {std::string("{\"ts\":\"2026-01-15T11:59"), std::string("null"), std::string("[]"),
        std::string(100'000, '['), std::string("\0\xff\xfe", 3), trail.lines[2].substr(1),
        absl::StrReplaceAll(trail.lines[2], {{"\"seq\":3", "\"seq\":-3"}}),
        absl::StrReplaceAll(trail.lines[2], {{"\"seq\":3", "\"seq\":\"3\""}})}) {
    std::vector<std::string> lines = trail.lines;
    lines.insert(lines.begin() + 2, noise);
    const Verdict verdict = Verify(lines);
    CHECK(verdict.faults.empty());
    CHECK(verdict.notes == Words{"NO_RECORD 3"});
  }
}

TEST_CASE("AuditVerifier: chains without end are refused, not kept", "[audit]") {
  AuditVerifier verifier({});
  absl::Status status;
  size_t taken = 0;
  for (; status.ok(); ++taken) {
    const std::string body = absl::StrCat(
        "{\"ts\":\"2026-01-15T12:00:00Z\",\"svc\":\"s\",\"ev\":\"chain.started\",\"chain\":\"c",
        taken, "\",\"seq\":1");
    const std::string line = SealedLine(body, ChainHash(ChainSeed(), body));
    status = verifier.Line("f", 1, absl::string_view(line).substr(0, line.size() - 1));
  }
  CHECK(base::ReasonOf(status) == "TOO_MANY_CHAINS");
  CHECK(taken == AuditVerifier::kMostChains + 1);
}

}  // namespace va::telemetry
