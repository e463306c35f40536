#include "lib/service/ring_durations.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace va::service {

RingDurations ForTokens(absl::Duration life, absl::string_view why) {
  return {.publish = kFilesReach, .overlap = life + kFilesReach, .why = why};
}

void CheckRingDurations(const FileSetting& setting, const crypto::RingPolicy& policy,
                        const RingDurations& least, FileLoader& files) {
  const auto check = [&](absl::string_view name, absl::Duration stated, absl::Duration needed) {
    if (stated >= needed) return;
    files.Report(setting.key, absl::StrCat(setting.path, ": ", name, " must be ",
                                           absl::FormatDuration(needed), " or more: ", least.why));
  };
  check("publish", policy.publish, least.publish);
  check("overlap", policy.overlap, least.overlap);
}

}  // namespace va::service
