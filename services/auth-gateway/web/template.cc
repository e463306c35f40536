#include "services/auth-gateway/web/template.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/auth-gateway/web/embedded.h"
#include "services/auth-gateway/web/messages.h"

namespace va::gateway {
namespace {

[[noreturn]] void Missing(absl::string_view what, absl::string_view name) {
  std::fprintf(stderr, "pages: no %.*s \"%.*s\"\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(name.size()), name.data());
  std::abort();
}

absl::string_view FindTemplate(absl::string_view page) {
  const std::string name = absl::StrCat(page, ".mustache");
  for (const EmbeddedFile& file : EmbeddedTemplates()) {
    if (file.name == name) return file.content;
  }
  Missing("template", page);
}

// Plain text to a piece of template: escaped, and {name} to {{name}}.
std::string ToTemplate(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"},
                                    {"<", "&lt;"},
                                    {">", "&gt;"},
                                    {"\"", "&quot;"},
                                    {"'", "&#39;"},
                                    {"{", "{{"},
                                    {"}", "}}"}});
}

}  // namespace

std::string AssembleTemplate(absl::string_view page) {
  const std::string whole =
      absl::StrReplaceAll(FindTemplate("layout"), {{"[[content]]\n", FindTemplate(page)}});
  std::string out;
  absl::string_view rest = whole;
  for (;;) {
    const size_t open = rest.find("[[");
    absl::StrAppend(&out, rest.substr(0, open));
    if (open == absl::string_view::npos) return out;
    const size_t close = rest.find("]]", open);
    if (close == absl::string_view::npos) Missing("end of a message reference in", page);
    const absl::string_view id = rest.substr(open + 2, close - open - 2);
    const absl::string_view text = Text(id);
    if (text.empty()) Missing("message", id);
    absl::StrAppend(&out, ToTemplate(text));
    rest = rest.substr(close + 2);
  }
}

PageTemplate::PageTemplate(absl::string_view page) : template_(AssembleTemplate(page)) {
  if (!template_.is_valid()) Missing("valid template", page);
}

std::string PageTemplate::Render(const kainjow::mustache::data& data) const {
  return template_.render(data);
}

std::string FillMessage(absl::string_view id, absl::string_view placeholder,
                        absl::string_view value) {
  return absl::StrReplaceAll(Text(id), {{absl::StrCat("{", placeholder, "}"), value}});
}

}  // namespace va::gateway
