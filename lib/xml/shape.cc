#include "lib/xml/shape.h"

#include <libxml/tree.h>

#include "absl/status/statusor.h"
#include "lib/base/encoding.h"

namespace va::xml {

bool HoldsOnlyElements(const Element& element) {
  for (const xmlNode* child = element.native()->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) continue;
    if (child->type != XML_TEXT_NODE || xmlIsBlankNode(child) == 0) return false;
  }
  return true;
}

bool HasOnlyAttributes(const Element& element, std::initializer_list<absl::string_view> names) {
  for (const xmlAttr* attr = element.native()->properties; attr != nullptr; attr = attr->next) {
    const absl::string_view own = reinterpret_cast<const char*>(attr->name);
    bool known = false;
    for (const absl::string_view name : names) known = known || own == name;
    if (attr->ns != nullptr || !known) return false;
  }
  return true;
}

std::string Base64Content(const Element& element) {
  const absl::StatusOr<std::string> text = element.TextOnly();
  if (!text.ok()) return "";
  return base::Base64DecodeLenientWhitespace(*text).value_or("");
}

std::optional<Element> Sequence::Take(absl::string_view ns, absl::string_view name) {
  if (Done() || !(*at_).Is(ns, name)) return std::nullopt;
  const Element taken = *at_;
  ++at_;
  return taken;
}

}  // namespace va::xml
