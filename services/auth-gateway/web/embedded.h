// The files of templates/ and assets/ as the build compiled them in. Owned by the program's text:
// views stay valid for its whole life.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"

namespace va::gateway {

struct EmbeddedFile {
  absl::string_view name;  // without its folder
  absl::string_view content;
};

const std::vector<EmbeddedFile>& EmbeddedTemplates();
const std::vector<EmbeddedFile>& EmbeddedAssets();

}  // namespace va::gateway
