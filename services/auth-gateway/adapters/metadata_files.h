// Metadata of identity providers on disk: files an operator put there, and the copies we keep of
// what was good, so that a restart while a publisher is away costs nobody a sign-in. A copy is
// believed no more than the answer it was made of: whoever reads one verifies it again.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::gateway {

struct MetadataOnDisk {
  std::string bytes;
  absl::Time written_at;
};

// A file of an operator. NOT_FOUND, FAILED_PRECONDITION (FILE_UNREADABLE) for what is no plain
// file, RESOURCE_EXHAUSTED (FILE_TOO_LARGE) beyond kMaxMetadataBytes.
absl::StatusOr<MetadataOnDisk> ReadMetadataFile(const std::string& path);

// The copy of that provider; refuses one that others could have written.
absl::StatusOr<MetadataOnDisk> ReadMetadataCopy(const std::string& folder, absl::string_view name);

// Replaces it in one step: whoever reads sees the old one or the new one. The file's time is the
// time its source last said so.
absl::Status KeepMetadataCopy(const std::string& folder, absl::string_view name,
                              absl::string_view bytes);

}  // namespace va::gateway
