#include "services/auth-gateway/idp_refresher.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "lib/testing/test_pki.h"
#include "services/auth-gateway/adapters/metadata_files.h"
#include "services/auth-gateway/saml/metadata_for_test.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of the metadata tests

struct Recorded {
  telemetry::AuditEvent event;
  std::string outcome;
  std::string code;
  std::string tag;
};

class MemoryAudit final : public telemetry::Audit {
 public:
  std::vector<Recorded> records;
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    records.push_back(
        {event, std::string(facts.outcome), std::string(facts.code), std::string(facts.tag)});
    return absl::OkStatus();
  }
};

class NoSink final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    absl::StrAppend(&text, line);
    return true;
  }
  std::string text;
};

IdpRow SourceRow() {
  IdpRow row;
  row.name = "ssoe";
  row.entity_id = kMetadataIdp;
  row.source = MetadataSource{};
  row.source->url = "https://idp.example/metadata";
  row.source->trust = SignerTrust();
  return row;
}

std::string Published(const std::string& keys, const std::string& until = "2026-03-14T12:00:00Z") {
  MetadataParts parts;
  parts.keys = keys;
  parts.root_attributes = absl::StrCat(" ID=\"_metadata\" validUntil=\"", until, "\"");
  return SignedMetadata(parts.Entity());
}

absl::Status Down() {
  return base::MakeError(absl::StatusCode::kUnavailable, "CONNECT", "nobody answers");
}

// A refresher whose source says what the test puts there.
struct Scene {
  explicit Scene(std::vector<IdpRow> rows = {SourceRow()})
      : refresher({.clock = clock,
                   .ids = ids,
                   .log = log,
                   .audit = audit,
                   .metrics = IdpMetrics(metrics),
                   .fetch =
                       [this](const MetadataSource&) {
                         ++asked;
                         if (while_asked) while_asked();
                         return source;
                       },
                   .folder = dir.path(),
                   .after_round = [this] { ++rounds; }},
                  IdpDirectory(std::move(rows))) {}

  SamlIdp Idp() const { return refresher.Idps().at(0); }
  bool Trusts(const TestPair& pair) const {
    for (const crypto::PublicKey& key : Idp().keys) {
      if (key.Der() == pair.certificate.public_key().Der()) return true;
    }
    return false;
  }
  // Time passes until the source is asked again, at most `most`.
  absl::Duration UntilAsked(absl::Duration most) {
    const int before = asked;
    absl::Duration waited;
    for (; asked == before && waited < most; waited += absl::Seconds(1)) {
      clock.Advance(absl::Seconds(1));
      refresher.Round();
    }
    return waited;
  }

  va::testing::FakeClock clock{MetadataNow()};
  va::testing::FixedIds ids;
  NoSink sink;
  telemetry::Log log{"test", telemetry::Severity::kInfo, clock, sink};
  MemoryAudit audit;
  telemetry::Metrics metrics;
  va::testing::TempDir dir;
  absl::StatusOr<std::string> source = Down();
  std::function<void()> while_asked;
  int asked = 0;
  int rounds = 0;
  IdpRefresher refresher;
};

}  // namespace

TEST_CASE(
    "IdpRefresher: what cannot be fetched and has no copy starts switched off, and comes back "
    "by itself",
    "[gateway][metadata]") {
  Scene scene;
  scene.refresher.Round();
  CHECK(scene.Idp().switched_off == kMetadataMissing);
  CHECK(base::ReasonOf(scene.refresher.Check()) == kMetadataMissing);
  CHECK(absl::StrContains(scene.metrics.Text(), "va_saml_idp_open{idp=\"ssoe\"} 0"));

  scene.source = Published(KeyDescriptor(IdpPair()));
  CHECK(scene.UntilAsked(absl::Minutes(1)) <= absl::Seconds(10));
  CHECK(scene.Idp().IsOpen());
  CHECK(scene.refresher.Check().ok());
  CHECK(absl::StrContains(scene.metrics.Text(), "va_saml_idp_open{idp=\"ssoe\"} 1"));
  REQUIRE(scene.audit.records.size() == 1);
  CHECK(scene.audit.records[0].event == telemetry::AuditEvent::kMetadataChanged);
  CHECK(scene.audit.records[0].outcome == "opened");
  CHECK(scene.audit.records[0].tag == "ssoe");
}

TEST_CASE("IdpRefresher: a new key is seen in its time, without a restart, and is on record",
          "[gateway][metadata]") {
  Scene scene;
  scene.source = Published(KeyDescriptor(IdpPair()));
  scene.refresher.Round();
  REQUIRE(scene.Trusts(IdpPair()));
  scene.source = Published(KeyDescriptor(IdpPair()) + KeyDescriptor(NextPair()));
  const absl::Duration waited = scene.UntilAsked(absl::Hours(2));
  CHECK(waited <= absl::Hours(1));
  CHECK(waited >= absl::Minutes(50));
  CHECK(scene.Trusts(IdpPair()));
  CHECK(scene.Trusts(NextPair()));
  CHECK(scene.audit.records.back().outcome == "changed");
  // The same again is no change.
  const size_t records = scene.audit.records.size();
  scene.UntilAsked(absl::Hours(2));
  CHECK(scene.audit.records.size() == records);
}

TEST_CASE("IdpRefresher S144: a bad update keeps the last good one, in memory and on disk",
          "[gateway][metadata][security]") {
  Scene scene;
  const std::string good = Published(KeyDescriptor(IdpPair()));
  scene.source = good;
  scene.refresher.Round();
  MetadataParts parts;
  parts.keys = KeyDescriptor(NextPair());
  for (const absl::StatusOr<std::string>& bad : std::vector<absl::StatusOr<std::string>>{
           parts.Entity(),                              // unsigned
           SignedMetadata(parts.Entity(), NextPair()),  // by nobody we pinned
           Published(KeyDescriptor(NextPair()), "2026-03-01T00:00:00Z"), std::string("junk"),
           Down()}) {
    scene.source = bad;
    scene.UntilAsked(absl::Hours(2));
    CHECK(scene.Trusts(IdpPair()));
    CHECK_FALSE(scene.Trusts(NextPair()));
    CHECK(ReadMetadataCopy(scene.dir.path(), "ssoe")->bytes == good);
  }
  CHECK(absl::StrContains(scene.metrics.Text(),
                          "va_saml_metadata_fetch_total{idp=\"ssoe\",outcome=\"refused\"} 4"));
  CHECK(absl::StrContains(scene.metrics.Text(),
                          "va_saml_metadata_fetch_total{idp=\"ssoe\",outcome=\"unreachable\"} 1"));
  CHECK(absl::StrContains(scene.sink.text, "METADATA_UNSIGNED"));
}

TEST_CASE("IdpRefresher: what fails is asked again soon, then more and more rarely",
          "[gateway][metadata]") {
  Scene scene;
  scene.refresher.Round();
  absl::Duration last;
  for (int i = 0; i < 6; ++i) {
    const absl::Duration waited = scene.UntilAsked(absl::Hours(1));
    CHECK(waited > last);
    last = waited;
  }
  for (int i = 0; i < 8; ++i) CHECK(scene.UntilAsked(absl::Hours(2)) <= absl::Hours(1));
}

TEST_CASE("IdpRefresher: validUntil that passes switches off, with a record, and new metadata on",
          "[gateway][metadata]") {
  Scene scene;
  scene.source = Published(KeyDescriptor(IdpPair()), "2026-03-04T12:30:00Z");
  scene.refresher.Round();
  CHECK(scene.Idp().IsOpen());
  scene.source = Down();
  scene.clock.Advance(absl::Minutes(31));
  scene.refresher.Round();
  CHECK(scene.Idp().switched_off == kMetadataExpired);
  CHECK(scene.audit.records.back().outcome == "switched_off");
  CHECK(scene.audit.records.back().code == kMetadataExpired);
  CHECK(absl::StrContains(scene.metrics.Text(), "va_saml_idp_open{idp=\"ssoe\"} 0"));
  scene.source = Published(KeyDescriptor(IdpPair()));
  scene.UntilAsked(absl::Hours(2));
  CHECK(scene.Idp().IsOpen());
}

TEST_CASE(
    "IdpRefresher S54: a certificate out of date is on record once, kept or left out as the "
    "row says",
    "[gateway][metadata][security]") {
  const TestPair expired =
      NewPair(MetadataNow() - absl::Hours(48), MetadataNow() - absl::Hours(24));
  for (const bool checked : {false, true}) {
    CAPTURE(checked);
    IdpRow row = SourceRow();
    row.check_certificate_dates = checked;
    Scene scene({row});
    scene.source = Published(KeyDescriptor(expired) + KeyDescriptor(IdpPair()));
    scene.refresher.Round();
    scene.clock.Advance(absl::Seconds(1));
    scene.refresher.Round();
    CHECK(scene.Trusts(expired) == !checked);
    CHECK(scene.Trusts(IdpPair()));
    int told = 0;
    for (const Recorded& record : scene.audit.records) {
      if (record.code != kCertificatesOutOfDate) continue;
      ++told;
      CHECK(record.outcome == (checked ? "certificate_left_out" : "certificate_kept"));
    }
    CHECK(told == 1);
  }
}

TEST_CASE("IdpRefresher: rows read anew are asked at once and keep what they believe",
          "[gateway][metadata]") {
  Scene scene;
  scene.source = Published(KeyDescriptor(IdpPair()));
  scene.refresher.Round();
  scene.source = Down();
  scene.refresher.Use(IdpDirectory({SourceRow()}));
  CHECK(scene.Idp().IsOpen());
  scene.refresher.Round();
  CHECK(scene.asked == 2);
  CHECK(scene.Idp().IsOpen());
  CHECK(scene.rounds == 2);
}

TEST_CASE("IdpRefresher: a row that becomes another while its source is asked is asked next",
          "[gateway][metadata]") {
  Scene scene;
  IdpRow moved = SourceRow();
  moved.source->url = "https://idp.example/elsewhere";
  scene.source = Published(KeyDescriptor(IdpPair()));
  scene.while_asked = [&] {
    scene.while_asked = nullptr;
    scene.refresher.Use(IdpDirectory({moved}));
  };
  scene.refresher.Round();
  CHECK_FALSE(scene.Idp().IsOpen());  // what the old address said is of no interest any more
  scene.refresher.Round();
  CHECK(scene.asked == 2);
  CHECK(scene.Idp().IsOpen());
}

TEST_CASE("IdpRefresher: metrics show the rows that serve under their names, and nothing else",
          "[gateway][metadata][metrics]") {
  IdpRow by_hand;
  by_hand.name = "by_hand";
  by_hand.entity_id = "https://by-hand.example";
  by_hand.certificates = {IdpPair().certificate};
  Scene scene({SourceRow(), by_hand});
  scene.refresher.Round();
  // A provider without metadata has no end of it: 0 would be an alarm.
  const auto shown = [&](const std::string& what) {
    return absl::StrContains(scene.metrics.Text(), what);
  };
  CHECK(shown("va_saml_idp_open{idp=\"ssoe\"} 0"));
  CHECK(shown("va_saml_idp_open{idp=\"by_hand\"} 1"));
  CHECK(shown("va_saml_idp_certificate_not_after_seconds{idp=\"by_hand\"} "));
  CHECK_FALSE(shown("other"));
  CHECK_FALSE(shown("va_saml_metadata_valid_until_seconds{"));
  CHECK_FALSE(shown("va_saml_metadata_age_seconds{"));
  CHECK_FALSE(shown("va_saml_idp_certificate_not_after_seconds{idp=\"ssoe\"}"));
  CHECK(shown("va_saml_metadata_fetch_total{idp=\"ssoe\",outcome=\"unreachable\"} 1"));
  CHECK(shown("va_saml_metadata_fetch_total{idp=\"ssoe\",outcome=\"ok\"} 0"));

  IdpRow added = SourceRow();
  added.name = "added";
  scene.source = Published(KeyDescriptor(IdpPair()));
  scene.refresher.Use(IdpDirectory({added}));
  CHECK(shown("va_saml_idp_open{idp=\"added\"} 0"));
  CHECK_FALSE(shown("ssoe"));
  CHECK_FALSE(shown("by_hand"));
  scene.refresher.Round();
  CHECK(shown("va_saml_idp_open{idp=\"added\"} 1"));
  CHECK(shown("va_saml_metadata_age_seconds{idp=\"added\"} 0"));
  CHECK(shown("va_saml_metadata_valid_until_seconds{idp=\"added\"} "));
}

TEST_CASE("IdpRefresher: who is told to stop asks nobody else", "[gateway][metadata]") {
  IdpRow second = SourceRow();
  second.name = "second";
  Scene scene({SourceRow(), second});
  scene.while_asked = [&] { scene.refresher.NoMoreRounds(); };
  scene.refresher.Round();
  CHECK(scene.asked == 1);
}

}  // namespace va::gateway
