// The stylesheet and the one script, compiled in. Found by their path under /assets/; there is no
// file system behind it and so nothing to traverse.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::gateway {

struct Asset {
  absl::string_view path;  // "/assets/site.css"
  absl::string_view content_type;
  absl::string_view bytes;
  std::string etag;  // quoted, of the content
};

// All assets; lives as long as the process.
const std::vector<Asset>& Assets();

// Null when there is none of that path.
const Asset* FindAsset(absl::string_view path);

// Assets are the only answers that may be cached: for a short time, then revalidated by ETag.
inline constexpr absl::string_view kAssetCacheControl = "public, max-age=300, must-revalidate";

}  // namespace va::gateway
