// Whether a ring would be rotated no faster than those who read it can follow. `signinctl keys`
// goes by what the ring says; a service that knows what its keys are for does not serve with less.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/ring_file.h"
#include "lib/service/file_loader.h"

namespace va::service {

// Until every process has read a file that was changed for all: a kubelet brings a Secret within
// two minutes, the files are looked at every few seconds, and a clock may be half a minute off.
inline constexpr absl::Duration kFilesReach = absl::Minutes(3);

struct RingDurations {
  absl::Duration publish;  // at least
  absl::Duration overlap;  // at least
  absl::string_view why;
};

// Of keys whose tokens live that long. What a key signed is believed for its life, and a process
// that has not read the ring yet goes on signing with it.
RingDurations ForTokens(absl::Duration life, absl::string_view why);

// A shorter duration is reported under the setting.
void CheckRingDurations(const FileSetting& setting, const crypto::RingPolicy& policy,
                        const RingDurations& least, FileLoader& files);

}  // namespace va::service
