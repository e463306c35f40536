// Elements of a parsed or built document. An Element is a cheap handle that reads; a MutableElement
// also writes and exists only for documents we make. Handles are valid while their Document lives.
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct _xmlNode;

namespace va::xml {

class ElementRange;

// A handle to one element, for reading. Names are compared as (namespace, local name), never by
// prefix.
class Element {
 public:
  absl::string_view local_name() const;
  // The namespace URI; empty when the element has none.
  absl::string_view ns() const;
  bool Is(absl::string_view ns, absl::string_view name) const;

  // An attribute in no namespace; nullopt when absent, "" when present and empty.
  std::optional<std::string> Attr(absl::string_view name) const;
  std::optional<std::string> AttrNs(absl::string_view ns, absl::string_view name) const;

  // Direct text and CDATA children put together; comments leave no trace and cut nothing off.
  std::string Text() const;
  // As Text, but FAILED_PRECONDITION (reason NOT_TEXT_ONLY) when anything but text and CDATA is
  // inside: what decides about a person must not depend on how comments are skipped (attack S69).
  absl::StatusOr<std::string> TextOnly() const;

  // Child elements in document order.
  ElementRange Children() const;
  // The first child of that name.
  std::optional<Element> Child(absl::string_view ns, absl::string_view name) const;
  std::vector<Element> ChildrenNamed(absl::string_view ns, absl::string_view name) const;
  // The child of that name when there is exactly one.
  std::optional<Element> OnlyChild(absl::string_view ns, absl::string_view name) const;
  std::optional<Element> Parent() const;

  // Same node of the same document.
  friend bool operator==(const Element& a, const Element& b) { return a.node_ == b.node_; }

  // For lib/xml only.
  explicit Element(_xmlNode* node) : node_(node) {}
  _xmlNode* native() const { return node_; }

 protected:
  _xmlNode* node_;
};

// The child elements of one element, for range-for.
class ElementRange {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using pointer = const Element*;
    using reference = Element;

    explicit Iterator(_xmlNode* node) : node_(node) {}
    Element operator*() const { return Element(node_); }
    Iterator& operator++();
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.node_ == b.node_; }

   private:
    _xmlNode* node_;
  };

  explicit ElementRange(_xmlNode* first) : first_(first) {}
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(nullptr); }
  bool empty() const { return first_ == nullptr; }
  size_t size() const;

 private:
  _xmlNode* first_;
};

// A handle that may change its document. Values are escaped by the serializer; what XML cannot
// carry (control characters, malformed UTF-8) is INVALID_ARGUMENT with reason ILLEGAL_CHARACTER.
// lib/xml/builder.h is the comfortable way to write a whole document.
class MutableElement : public Element {
 public:
  // Binds `prefix` (may be "" for the default namespace) to `ns` on this element.
  void DeclareNs(absl::string_view prefix, absl::string_view ns);
  absl::Status SetAttr(absl::string_view name, absl::string_view value);
  // `ns` must be declared with a prefix on this element or above.
  absl::Status SetAttrNs(absl::string_view ns, absl::string_view name, absl::string_view value);
  // Replaces the content by text.
  absl::Status SetText(absl::string_view value);
  // Appends an empty child. An undeclared `ns` is declared as default namespace on the child.
  MutableElement Add(absl::string_view ns, absl::string_view name);
  // Appends a child with text.
  absl::Status AddText(absl::string_view ns, absl::string_view name, absl::string_view value);
  // Appends a deep copy of an element of another document.
  MutableElement AddCopy(const Element& other);
  // Takes this element out of its document and destroys it; no handle to it may be used again.
  void Remove();

  std::optional<MutableElement> MutableChild(absl::string_view ns, absl::string_view name) const;

  // For lib/xml only.
  explicit MutableElement(_xmlNode* node) : Element(node) {}
};

}  // namespace va::xml
