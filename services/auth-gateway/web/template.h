// Page templates, put together once: layout, page and messages become one mustache template, so
// that a request only fills in what its model holds. Internal to the pages.
#pragma once

#include <string>

#include <kainjow/mustache.hpp>

#include "absl/strings/string_view.h"

namespace va::gateway {

// The text of a page's template ("sign_in") inside the layout, with messages filled in and escaped;
// what a message calls {name} has become a mustache variable. Ends the program when a template or a
// message is missing, which every page's test would notice.
std::string AssembleTemplate(absl::string_view page);

// A page's template, ready to render by several threads at once.
class PageTemplate {
 public:
  explicit PageTemplate(absl::string_view page);
  std::string Render(const kainjow::mustache::data& data) const;

 private:
  // Rendering does not change the template, but the library does not say so.
  mutable kainjow::mustache::mustache template_;
};

// A message with its {placeholders} replaced, as plain text.
std::string FillMessage(absl::string_view id, absl::string_view placeholder,
                        absl::string_view value);

}  // namespace va::gateway
