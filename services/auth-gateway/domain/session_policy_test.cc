#include "services/auth-gateway/domain/session_policy.h"

#include <catch2/catch.hpp>

namespace va::gateway {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

SessionRecord Fresh() {
  SessionRecord session;
  BeginSession(session, kStart);
  return session;
}

TEST_CASE("Session: 30 minutes without activity end it", "[session]") {
  CHECK(Fresh().expires_at == kStart + absl::Minutes(30));
}

TEST_CASE("Session: activity moves the window and is written at most once a minute", "[session]") {
  SessionRecord session = Fresh();
  CHECK_FALSE(NeedsSlide(session, kStart + absl::Seconds(59)));
  CHECK(NeedsSlide(session, kStart + absl::Seconds(60)));
  Slide(session, kStart + absl::Minutes(20));
  CHECK(session.expires_at == kStart + absl::Minutes(50));
}

TEST_CASE("Session: nothing moves the absolute end of 12 hours", "[session]") {
  SessionRecord session = Fresh();
  Slide(session, kStart + absl::Hours(11) + absl::Minutes(50));
  CHECK(session.expires_at == kStart + absl::Hours(12));
  CHECK(session.absolute_expires_at == kStart + absl::Hours(12));
}

}  // namespace
}  // namespace va::gateway
