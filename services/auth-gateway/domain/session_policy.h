// How long a session lives: a sliding window that activity moves, under an absolute end that
// nothing moves (ssoe_saml.md 14.1, 14.2). The window is written at most once a minute.
#pragma once

#include "absl/time/time.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

inline constexpr absl::Duration kSessionWindow = absl::Minutes(30);
inline constexpr absl::Duration kSessionMaximum = absl::Hours(12);
inline constexpr absl::Duration kSessionWriteInterval = absl::Minutes(1);

// Sets the four times of a session that begins at `now`.
void BeginSession(SessionRecord& session, absl::Time now);

// Whether enough time has passed since the last write to move the window again.
bool NeedsSlide(const SessionRecord& session, absl::Time now);

// Moves the window to start at `now`, never past the absolute end.
void Slide(SessionRecord& session, absl::Time now);

}  // namespace va::gateway
