#include "lib/identity/disclosure.h"

namespace va::identity {

PersonText JoinNames(absl::Span<const PersonText> names) {
  std::string joined;
  for (const PersonText& name : names) {
    if (!joined.empty() && !name.empty()) joined += ' ';
    joined += name.Reveal();
  }
  return PersonText::FromWire(std::move(joined));
}

}  // namespace va::identity
