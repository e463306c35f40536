#include "lib/service/ring_gauges.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_box.h"
#include "lib/telemetry/metrics.h"
#include "lib/testing/fake_clock.h"

namespace va::service {
namespace {

crypto::SealedBox Box(const std::string& more) {
  return crypto::SealedBox::FromRing(*crypto::KeyRing::FromText(
      absl::StrCat("ring sealing AES-256-GCM\nk1:", std::string(64, 'a'), ":current", more)));
}

TEST_CASE("RingGauges: the age of a key grows by itself, and an exchanged ring shows at once",
          "[service][keys]") {
  telemetry::Metrics metrics;
  testing::FakeClock clock;  // 2026-01-15T12:00:00Z
  crypto::SealedBox box = Box(":2026-01-15T11:00:00Z\n");
  RingGauges(metrics, clock).Watch("keys.sealed_box_file", box);
  const std::string current = R"(va_key_age_seconds{ring="keys.sealed_box_file",state="current"} )";
  CHECK(absl::StrContains(metrics.Text(), absl::StrCat(current, "3600\n")));
  clock.Advance(absl::Minutes(1));
  CHECK(absl::StrContains(metrics.Text(), absl::StrCat(current, "3660\n")));
  CHECK(absl::StrContains(metrics.Text(),
                          R"(va_key_ring_keys{ring="keys.sealed_box_file",state="next"} 0)"));
  REQUIRE(box.Exchange(Box(absl::StrCat(":2026-01-15T11:00:00Z\nk2:", std::string(64, 'b'),
                                        ":next:2026-01-15T12:00:00Z\n")))
              .ok());
  CHECK(absl::StrContains(metrics.Text(),
                          R"(va_key_ring_keys{ring="keys.sealed_box_file",state="next"} 1)"));
  CHECK(absl::StrContains(metrics.Text(),
                          R"(va_key_age_seconds{ring="keys.sealed_box_file",state="next"} 60)"));
}

TEST_CASE("RingGauges: an age nobody wrote down is not shown, and never looks young",
          "[service][keys]") {
  telemetry::Metrics metrics;
  const testing::FakeClock clock;
  const crypto::SealedBox box = Box("\n");
  RingGauges(metrics, clock).Watch("r", box);
  CHECK_FALSE(absl::StrContains(metrics.Text(), R"(va_key_age_seconds{ring="r",state="current"})"));
  CHECK(absl::StrContains(metrics.Text(), R"(va_key_ring_keys{ring="r",state="current"} 1)"));
}

TEST_CASE("RingGauges: of several keys the oldest counts, and a clock behind makes none negative",
          "[service][keys]") {
  const absl::Time now = absl::FromUnixSeconds(1768478400);
  using crypto::KeyState;
  const std::vector<crypto::RingAge> ages = {{"a", KeyState::kRetired, now - absl::Hours(1)},
                                             {"b", KeyState::kRetired, now - absl::Hours(3)},
                                             {"c", KeyState::kCurrent, now + absl::Hours(1)}};
  CHECK(OldestSeconds(ages, KeyState::kRetired, now) == 3 * 3600);
  CHECK(OldestSeconds(ages, KeyState::kCurrent, now) == 0);
}

TEST_CASE("RingGauges: how many keys a set has shows that it followed its ring",
          "[service][keys]") {
  telemetry::Metrics metrics;
  const testing::FakeClock clock;
  size_t keys = 1;
  RingGauges(metrics, clock).WatchSet("decision.jwks_file", [&keys] { return keys; });
  CHECK(absl::StrContains(metrics.Text(), "va_key_set_keys{set=\"decision.jwks_file\"} 1"));
  keys = 2;
  CHECK(absl::StrContains(metrics.Text(), "va_key_set_keys{set=\"decision.jwks_file\"} 2"));
}

TEST_CASE("RingGauges: what a box seals is counted", "[service][keys]") {
  telemetry::Metrics metrics;
  const testing::FakeClock clock;
  crypto::SystemIdGenerator ids;
  const crypto::SealedBox box = Box("\n");
  RingGauges(metrics, clock).Watch("r", box);
  box.Seal("x", "y", ids);
  CHECK(absl::StrContains(metrics.Text(), R"(va_key_seals_total{ring="r"} 1)"));
}

}  // namespace
}  // namespace va::service
