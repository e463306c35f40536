#include "lib/identity/pieces.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace va::identity {

Pieces& Pieces::AddText(absl::string_view piece) {
  absl::StrAppend(&text_, piece.size(), ":", piece);
  return *this;
}

std::string Pieces::Folded(absl::string_view text) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(text));
}

}  // namespace va::identity
