#include "services/auth-gateway/domain/session_policy.h"

#include <algorithm>

namespace va::gateway {

void BeginSession(SessionRecord& session, absl::Time now) {
  session.created_at = now;
  if (session.last_signed_in == absl::InfinitePast()) session.last_signed_in = now;
  session.absolute_expires_at = now + kSessionMaximum;
  Slide(session, now);
}

bool NeedsSlide(const SessionRecord& session, absl::Time now) {
  return now >= session.last_seen_at + kSessionWriteInterval;
}

void Slide(SessionRecord& session, absl::Time now) {
  session.last_seen_at = now;
  session.expires_at = std::min(now + kSessionWindow, session.absolute_expires_at);
}

}  // namespace va::gateway
