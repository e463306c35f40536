// How a tool of an operator shows personal data: as it is, when the operator gave it to the tool,
// and else masked, unless the operator asked for it in so many words. The one way for code outside
// of the codecs to put such a value on a screen; services have no use for it.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/identity/pii.h"

namespace va::identity {

enum class Disclosure { kMasked, kRevealed };

// What stands in the place of a value that is not shown. It says that there is one, and not even
// how long it is.
inline constexpr char kMask[] = "***";

// The value or the mask; an empty value is empty either way.
template <typename T>
std::string Disclose(const Guarded<T>& value, Disclosure how) {
  if (value.empty()) return "";
  return how == Disclosure::kRevealed ? value.Reveal() : kMask;
}

// Several names as one, with single spaces between them; empty ones leave no gap.
PersonText JoinNames(absl::Span<const PersonText> names);

}  // namespace va::identity
