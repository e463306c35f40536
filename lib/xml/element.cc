#include "lib/xml/element.h"

#include <libxml/tree.h>
#include <libxml/xmlmemory.h>

#include <algorithm>

#include "lib/base/status.h"
#include "lib/xml/characters.h"

namespace va::xml {
namespace {

const xmlChar* Chars(const std::string& text) {
  return reinterpret_cast<const xmlChar*>(text.c_str());
}

absl::string_view View(const xmlChar* text) {
  return text == nullptr ? absl::string_view() : reinterpret_cast<const char*>(text);
}

xmlNode* NextElement(xmlNode* node) {
  while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
  return node;
}

bool IsTextNode(const xmlNode* node) {
  return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

std::string AttrValue(const xmlAttr* attr) {
  const xmlNode* value = attr->children;
  if (value == nullptr) return "";
  if (value->next == nullptr && IsTextNode(value)) return std::string(View(value->content));
  xmlChar* joined = xmlNodeListGetString(attr->doc, attr->children, 1);
  std::string out(View(joined));
  xmlFree(joined);
  return out;
}

std::optional<std::string> FindAttr(const xmlNode* node, absl::string_view ns,
                                    absl::string_view name) {
  for (const xmlAttr* attr = node->properties; attr != nullptr; attr = attr->next) {
    const absl::string_view attr_ns =
        attr->ns == nullptr ? absl::string_view() : View(attr->ns->href);
    if (attr_ns == ns && View(attr->name) == name) return AttrValue(attr);
  }
  return std::nullopt;
}

absl::Status CheckText(absl::string_view value) {
  if (IsXmlText(value)) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "ILLEGAL_CHARACTER",
                         "a value holds a character that XML cannot carry");
}

// The declaration of `ns` that is in scope at `node`; with a prefix when attributes need one.
xmlNs* FindNs(xmlNode* node, absl::string_view ns, bool with_prefix) {
  for (const xmlNode* scope = node; scope != nullptr && scope->type == XML_ELEMENT_NODE;
       scope = scope->parent) {
    for (xmlNs* found = scope->nsDef; found != nullptr; found = found->next) {
      if (View(found->href) != ns || (with_prefix && found->prefix == nullptr)) continue;
      // A nearer declaration of the same prefix would hide this one.
      if (xmlSearchNs(node->doc, node, found->prefix) == found) return found;
    }
  }
  return nullptr;
}

}  // namespace

ElementRange::Iterator& ElementRange::Iterator::operator++() {
  node_ = NextElement(node_->next);
  return *this;
}

size_t ElementRange::size() const { return static_cast<size_t>(std::distance(begin(), end())); }

absl::string_view Element::local_name() const { return View(node_->name); }

absl::string_view Element::ns() const {
  return node_->ns == nullptr ? absl::string_view() : View(node_->ns->href);
}

bool Element::Is(absl::string_view ns_uri, absl::string_view name) const {
  return local_name() == name && ns() == ns_uri;
}

std::optional<std::string> Element::Attr(absl::string_view name) const {
  return FindAttr(node_, "", name);
}

std::optional<std::string> Element::AttrNs(absl::string_view ns_uri, absl::string_view name) const {
  return FindAttr(node_, ns_uri, name);
}

std::string Element::Text() const {
  std::string out;
  for (const xmlNode* child = node_->children; child != nullptr; child = child->next) {
    if (IsTextNode(child)) out.append(View(child->content).data(), View(child->content).size());
  }
  return out;
}

absl::StatusOr<std::string> Element::TextOnly() const {
  for (const xmlNode* child = node_->children; child != nullptr; child = child->next) {
    if (!IsTextNode(child)) {
      return base::MakeError(absl::StatusCode::kFailedPrecondition, "NOT_TEXT_ONLY",
                             "an element that must hold text holds something else");
    }
  }
  return Text();
}

ElementRange Element::Children() const { return ElementRange(NextElement(node_->children)); }

std::optional<Element> Element::Child(absl::string_view ns_uri, absl::string_view name) const {
  for (const Element child : Children()) {
    if (child.Is(ns_uri, name)) return child;
  }
  return std::nullopt;
}

std::vector<Element> Element::ChildrenNamed(absl::string_view ns_uri,
                                            absl::string_view name) const {
  std::vector<Element> out;
  for (const Element child : Children()) {
    if (child.Is(ns_uri, name)) out.push_back(child);
  }
  return out;
}

std::optional<Element> Element::OnlyChild(absl::string_view ns_uri, absl::string_view name) const {
  std::optional<Element> only;
  for (const Element child : Children()) {
    if (!child.Is(ns_uri, name)) continue;
    if (only.has_value()) return std::nullopt;
    only = child;
  }
  return only;
}

std::optional<Element> Element::Parent() const {
  xmlNode* parent = node_->parent;
  if (parent == nullptr || parent->type != XML_ELEMENT_NODE) return std::nullopt;
  return Element(parent);
}

void MutableElement::DeclareNs(absl::string_view prefix, absl::string_view ns_uri) {
  const std::string prefix_text(prefix);
  xmlNewNs(node_, Chars(std::string(ns_uri)), prefix.empty() ? nullptr : Chars(prefix_text));
}

absl::Status MutableElement::SetAttr(absl::string_view name, absl::string_view value) {
  if (const absl::Status fits = CheckText(value); !fits.ok()) return fits;
  xmlSetNsProp(node_, nullptr, Chars(std::string(name)), Chars(std::string(value)));
  return absl::OkStatus();
}

absl::Status MutableElement::SetAttrNs(absl::string_view ns_uri, absl::string_view name,
                                       absl::string_view value) {
  if (const absl::Status fits = CheckText(value); !fits.ok()) return fits;
  xmlNs* declared = FindNs(node_, ns_uri, true);
  if (declared == nullptr) {
    return base::MakeError(absl::StatusCode::kInternal, "UNDECLARED_NAMESPACE",
                           "an attribute's namespace was not declared with a prefix");
  }
  xmlSetNsProp(node_, declared, Chars(std::string(name)), Chars(std::string(value)));
  return absl::OkStatus();
}

absl::Status MutableElement::SetText(absl::string_view value) {
  if (const absl::Status fits = CheckText(value); !fits.ok()) return fits;
  xmlNodeSetContent(node_, nullptr);
  // A text node takes the value as it is; xmlNodeSetContent would read '&' as an entity.
  xmlAddChild(node_, xmlNewDocTextLen(node_->doc, Chars(std::string(value)),
                                      static_cast<int>(value.size())));
  return absl::OkStatus();
}

MutableElement MutableElement::Add(absl::string_view ns_uri, absl::string_view name) {
  xmlNode* child = xmlNewDocNode(node_->doc, nullptr, Chars(std::string(name)), nullptr);
  xmlAddChild(node_, child);
  if (ns_uri.empty()) return MutableElement(child);
  xmlNs* declared = FindNs(child, ns_uri, false);
  if (declared == nullptr) declared = xmlNewNs(child, Chars(std::string(ns_uri)), nullptr);
  xmlSetNs(child, declared);
  return MutableElement(child);
}

absl::Status MutableElement::AddText(absl::string_view ns_uri, absl::string_view name,
                                     absl::string_view value) {
  if (const absl::Status fits = CheckText(value); !fits.ok()) return fits;
  return Add(ns_uri, name).SetText(value);
}

MutableElement MutableElement::AddCopy(const Element& other) {
  // The copy declares by itself what it uses. Not to be reconciled afterwards: libxml2 2.9 would
  // then bind names to a declaration at its top that a nearer one hides.
  xmlNode* copy = xmlDocCopyNode(other.native(), node_->doc, 1);
  xmlAddChild(node_, copy);
  return MutableElement(copy);
}

void MutableElement::Remove() {
  xmlUnlinkNode(node_);
  xmlFreeNode(node_);
  node_ = nullptr;
}

std::optional<MutableElement> MutableElement::MutableChild(absl::string_view ns_uri,
                                                           absl::string_view name) const {
  const std::optional<Element> found = Child(ns_uri, name);
  if (!found.has_value()) return std::nullopt;
  return MutableElement(found->native());
}

}  // namespace va::xml
