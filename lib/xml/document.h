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

struct _xmlDict;
struct _xmlDoc;

namespace va::xml {

// What a document of outside bytes may cost us (attacks S62, S71).
struct ParseLimits {
  size_t max_bytes = 256 * 1024;
  int max_depth = 64;
  // An empty element of four bytes costs a hundred times as much as a byte of text.
  int max_elements = 5000;              // comments and processing instructions included
  int max_attributes = 5000;            // namespace declarations included
  int max_attributes_per_element = 64;  // namespace declarations included
  // Parser and canonicalization look through all of them for every name.
  int max_namespaces_in_scope = 64;
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
  // For lib/xml only: the same, with the names kept where those of `other` are, so that an element
  // of one document can move into the other.
  static absl::StatusOr<Document> ParseBeside(Document& other, absl::string_view bytes);
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
  static absl::StatusOr<Document> Parse(absl::string_view bytes, const ParseLimits& limits,
                                        _xmlDict* names);
  std::unique_ptr<_xmlDoc, Free> doc_;
};

// Refuses two attributes named ID, Id, id or xml:id with one value anywhere in the document, and a
// value that is not an NCName (attacks S21, S22): INVALID_ARGUMENT, reason XML_DUPLICATE_ID or
// XML_BAD_ID. Two ds:Signature elements may have the same Id: nothing refers to them by it.
absl::Status CheckIds(const Document& document);

}  // namespace va::xml
