// XML documents under hard limits: one parser for SAML and HL7. The parser takes well-formed UTF-8
// only, no document type of any kind, fetches nothing, and stops at size, depth and count limits.
// A Document owns its tree; elements are handles into it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/xml/characters.h"
#include "lib/xml/element.h"

struct _xmlDoc;

namespace va::xml {

// What a document of outside bytes may cost us (attacks S62, S71).
struct ParseLimits {
  size_t max_bytes = 256 * 1024;
  int max_depth = 64;
  int max_elements = 20000;
  int max_attributes = 20000;           // namespace declarations included
  int max_attributes_per_element = 64;  // namespace declarations included
};

// Starts libxml2 and xmlsec1 once for the process: no network, no external entities, no messages on
// stderr. Thread-safe; every entry of this library calls it.
void InitXml();

// An XML tree. Movable, not copyable.
class Document {
 public:
  // INVALID_ARGUMENT with one of the reasons XML_EMPTY, XML_TOO_LARGE, XML_NOT_UTF8,
  // XML_DECLARATION, XML_DOCTYPE, XML_TOO_DEEP, XML_TOO_MANY_NODES, XML_NAMESPACE,
  // XML_NOT_WELL_FORMED.
  static absl::StatusOr<Document> Parse(absl::string_view bytes,
                                        const ParseLimits& limits = ParseLimits());
  // A new document with an empty root; `prefix` may be "".
  static Document New(absl::string_view ns, absl::string_view prefix, absl::string_view root_name);

  Element root() const;
  MutableElement mutable_root();

  // UTF-8 without white space added, without XML declaration.
  std::string Serialize() const;
  // The same behind an XML declaration.
  std::string SerializeWithDeclaration() const;

  // For lib/xml only.
  _xmlDoc* native() const { return doc_.get(); }

 private:
  struct Free {
    void operator()(_xmlDoc* doc) const;
  };
  explicit Document(_xmlDoc* doc) : doc_(doc) {}
  std::unique_ptr<_xmlDoc, Free> doc_;
};

// Refuses two attributes named ID, Id, id or xml:id with one value anywhere in the document, and a
// value that is not an NCName (attacks S21, S22): INVALID_ARGUMENT, reason XML_DUPLICATE_ID or
// XML_BAD_ID.
absl::Status CheckIds(const Document& document);

}  // namespace va::xml
