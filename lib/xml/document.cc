#include "lib/xml/document.h"

#include <libxml/SAX2.h>
#include <libxml/dict.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlsave.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/strings.h>
#include <xmlsec/xmlsec.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "lib/base/status.h"

namespace va::xml {
namespace {

constexpr absl::string_view kXmlNs = "http://www.w3.org/XML/1998/namespace";
constexpr absl::string_view kUtf8Bom = "\xef\xbb\xbf";

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::string_view View(const xmlChar* text) {
  return text == nullptr ? absl::string_view() : reinterpret_cast<const char*>(text);
}

// ---- Process-wide settings ----------------------------------------------------------------------

// Nothing outside the message is ever loaded, whatever a future option or a bug asks for.
xmlParserInputPtr LoadNothing(const char* /*url*/, const char* /*id*/,
                              xmlParserCtxtPtr /*context*/) {
  return nullptr;
}

// The libraries' messages quote the document, which is personal data; our statuses do not.
void IgnoreXmlError(void* /*data*/, xmlErrorPtr /*error*/) {}
void IgnoreXmlMessage(void* /*data*/, const char* /*format*/, ...) {}
void IgnoreSecError(const char* /*file*/, int /*line*/, const char* /*function*/,
                    const char* /*object*/, const char* /*subject*/, int /*reason*/,
                    const char* /*message*/) {}

void InitOnce() {
  xmlInitParser();
  xmlSetExternalEntityLoader(LoadNothing);
  xmlThrDefSetGenericErrorFunc(nullptr, IgnoreXmlMessage);
  xmlThrDefSetStructuredErrorFunc(nullptr, IgnoreXmlError);
  xmlSetGenericErrorFunc(nullptr, IgnoreXmlMessage);
  xmlSetStructuredErrorFunc(nullptr, IgnoreXmlError);
  // A process without working XML security must not run at all.
  if (xmlSecInit() < 0 || xmlSecCryptoInit() < 0) std::abort();
  xmlSecErrorsSetCallback(IgnoreSecError);
  // xmlsec1 fetches http and file references through these unless they are gone (attack S53).
  xmlSecIOCleanupCallbacks();
}

// ---- The gate in front of the parser ------------------------------------------------------------

// The value of encoding="..." in an XML declaration must be UTF-8 and the version 1.0.
bool DeclarationIsAcceptable(absl::string_view declaration) {
  const auto value_of = [&](absl::string_view name) -> absl::string_view {
    size_t at = declaration.find(name);
    if (at == absl::string_view::npos) return "";
    at = declaration.find_first_of("\"'", at);
    if (at == absl::string_view::npos) return "?";
    const size_t end = declaration.find(declaration[at], at + 1);
    return end == absl::string_view::npos ? "?" : declaration.substr(at + 1, end - at - 1);
  };
  const absl::string_view encoding = value_of("encoding");
  return value_of("version") == "1.0" &&
         (encoding.empty() || absl::EqualsIgnoreCase(encoding, "utf-8"));
}

// Length of the tag at the front, quotes respected; npos when it does not end. Counts attributes by
// their quotes.
size_t TagLength(absl::string_view text, int& attributes) {
  size_t at = 1;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '>') return at + 1;
    if (c == '"' || c == '\'') {
      ++attributes;
      at = text.find(c, at + 1);
      if (at == absl::string_view::npos) return at;
    }
    ++at;
  }
  return absl::string_view::npos;
}

// Looks at markup alone, before libxml2 sees a byte: a document type is refused before any entity
// could be declared (attacks S60-S65, S74), and an element with thousands of attributes before the
// parser compares each with each (attack S71). What does not end is left for the parser to refuse.
absl::Status CheckMarkup(absl::string_view text, const ParseLimits& limits) {
  while (true) {
    const size_t open = text.find('<');
    if (open == absl::string_view::npos) return absl::OkStatus();
    text.remove_prefix(open);
    size_t length = absl::string_view::npos;
    if (absl::StartsWith(text, "<!--")) {
      length = text.find("-->", 4);
    } else if (absl::StartsWith(text, "<![CDATA[")) {
      length = text.find("]]>");
    } else if (absl::StartsWith(text, "<!")) {
      return Refuse("XML_DOCTYPE", "document types are not accepted");
    } else if (absl::StartsWith(text, "<?")) {
      length = text.find("?>");
    } else {
      int attributes = 0;
      length = TagLength(text, attributes);
      if (attributes > limits.max_attributes_per_element) {
        return Refuse("XML_TOO_MANY_NODES", "an element has too many attributes");
      }
    }
    if (length == absl::string_view::npos) return absl::OkStatus();
    text.remove_prefix(length);
  }
}

absl::Status CheckBytes(absl::string_view bytes, const ParseLimits& limits) {
  if (bytes.empty()) return Refuse("XML_EMPTY", "there is no document");
  if (bytes.size() > limits.max_bytes) return Refuse("XML_TOO_LARGE", "the document is too large");
  if (!IsUtf8WithoutNul(bytes)) return Refuse("XML_NOT_UTF8", "the document is not UTF-8");
  absl::string_view text = bytes;
  if (absl::StartsWith(text, kUtf8Bom)) text.remove_prefix(kUtf8Bom.size());
  if (absl::StartsWith(text, "<?xml") && text.size() > 5 &&
      absl::ascii_isspace(static_cast<unsigned char>(text[5]))) {
    if (!DeclarationIsAcceptable(text.substr(0, text.find("?>")))) {
      return Refuse("XML_DECLARATION", "only XML 1.0 in UTF-8 is accepted");
    }
  }
  return CheckMarkup(text, limits);
}

// ---- Limits inside the parser -------------------------------------------------------------------

// What the parser's callbacks count and why they stopped it.
struct Guard {
  const ParseLimits& limits;
  int elements = 0;
  int attributes = 0;
  const char* reason = nullptr;
};

Guard& GuardOf(void* context) {
  return *static_cast<Guard*>(static_cast<xmlParserCtxt*>(context)->_private);
}

void Stop(void* context, const char* reason) {
  Guard& guard = GuardOf(context);
  if (guard.reason == nullptr) guard.reason = reason;
  xmlStopParser(static_cast<xmlParserCtxt*>(context));
}

// Canonicalization fails on relative namespace names, which some signers read as "sign nothing"
// (attacks S26, S66): a namespace name must be absolute.
bool IsAbsoluteUri(absl::string_view uri) {
  const size_t colon = uri.find(':');
  if (colon == absl::string_view::npos || colon == 0) return false;
  const absl::string_view scheme = uri.substr(0, colon);
  return absl::ascii_isalpha(static_cast<unsigned char>(scheme[0])) &&
         std::all_of(scheme.begin(), scheme.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' ||
                  c == '.';
         });
}

void OnStartElement(void* context, const xmlChar* name, const xmlChar* prefix, const xmlChar* uri,
                    int namespace_count, const xmlChar** namespaces, int attribute_count,
                    int defaulted_count, const xmlChar** attributes) {
  Guard& guard = GuardOf(context);
  const auto* const parser = static_cast<xmlParserCtxt*>(context);
  const int own = namespace_count + attribute_count;
  if (parser->nameNr >= guard.limits.max_depth) return Stop(context, "XML_TOO_DEEP");
  // The parser keeps a prefix and a name for each namespace.
  if (++guard.elements > guard.limits.max_elements ||
      (guard.attributes += own) > guard.limits.max_attributes ||
      own > guard.limits.max_attributes_per_element ||
      parser->nsNr / 2 > guard.limits.max_namespaces_in_scope) {
    return Stop(context, "XML_TOO_MANY_NODES");
  }
  for (int i = 0; i < namespace_count; ++i) {
    const absl::string_view ns = View(namespaces[2 * i + 1]);
    if (!ns.empty() && !IsAbsoluteUri(ns)) return Stop(context, "XML_NAMESPACE");
  }
  xmlSAX2StartElementNs(context, name, prefix, uri, namespace_count, namespaces, attribute_count,
                        defaulted_count, attributes);
}

// A comment or an instruction is a node like an element, and cheaper to write.
bool CountNode(void* context) {
  Guard& guard = GuardOf(context);
  if (++guard.elements <= guard.limits.max_elements) return true;
  Stop(context, "XML_TOO_MANY_NODES");
  return false;
}

void OnComment(void* context, const xmlChar* text) {
  if (CountNode(context)) xmlSAX2Comment(context, text);
}

void OnInstruction(void* context, const xmlChar* target, const xmlChar* data) {
  if (CountNode(context)) xmlSAX2ProcessingInstruction(context, target, data);
}

// The gate refuses document types already; this holds should the two ever read markup differently.
void OnDoctype(void* context, const xmlChar* /*name*/, const xmlChar* /*external_id*/,
               const xmlChar* /*system_id*/) {
  Stop(context, "XML_DOCTYPE");
}

struct FreeContext {
  void operator()(xmlParserCtxt* context) const { xmlFreeParserCtxt(context); }
};

}  // namespace

void InitXml() {
  static std::once_flag once;
  std::call_once(once, InitOnce);
}

void Document::Free::operator()(_xmlDoc* doc) const { xmlFreeDoc(doc); }

absl::StatusOr<Document> Document::Parse(absl::string_view bytes, const ParseLimits& limits) {
  return Parse(bytes, limits, nullptr);
}

absl::StatusOr<Document> Document::ParseBeside(Document& other, absl::string_view bytes) {
  xmlDoc* doc = other.native();
  if (doc->dict == nullptr) doc->dict = xmlDictCreate();
  return Parse(bytes, ParseLimits(), doc->dict);
}

absl::StatusOr<Document> Document::Parse(absl::string_view bytes, const ParseLimits& limits,
                                         xmlDict* names) {
  InitXml();
  if (const absl::Status fits = CheckBytes(bytes, limits); !fits.ok()) return fits;
  const std::unique_ptr<xmlParserCtxt, FreeContext> context(xmlNewParserCtxt());
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for a parser");
  Guard guard{limits};
  context->_private = &guard;
  if (names != nullptr && xmlDictReference(names) == 0) {
    xmlDictFree(context->dict);
    context->dict = names;
  }
  context->sax->startElementNs = OnStartElement;
  context->sax->internalSubset = OnDoctype;
  context->sax->comment = OnComment;
  context->sax->processingInstruction = OnInstruction;
  constexpr int kOptions = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT |
                           XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
  Document document(xmlCtxtReadMemory(context.get(), bytes.data(), static_cast<int>(bytes.size()),
                                      nullptr, nullptr, kOptions));
  if (guard.reason != nullptr) return Refuse(guard.reason, "the parser was stopped");
  if (document.doc_ == nullptr || context->wellFormed != 1) {
    return Refuse("XML_NOT_WELL_FORMED", "the document is not well-formed");
  }
  if (context->nsWellFormed != 1) return Refuse("XML_NAMESPACE", "a namespace is wrong");
  return document;
}

Document Document::New(absl::string_view ns, absl::string_view prefix,
                       absl::string_view root_name) {
  InitXml();
  Document document(xmlNewDoc(reinterpret_cast<const xmlChar*>("1.0")));
  const std::string name(root_name);
  const std::string uri(ns);
  const std::string prefix_text(prefix);
  const auto chars = [](const std::string& text) {
    return reinterpret_cast<const xmlChar*>(text.c_str());
  };
  xmlNode* root = xmlNewDocNode(document.native(), nullptr, chars(name), nullptr);
  xmlDocSetRootElement(document.native(), root);
  if (!ns.empty()) {
    xmlSetNs(root, xmlNewNs(root, chars(uri), prefix.empty() ? nullptr : chars(prefix_text)));
  }
  return document;
}

Element Document::root() const { return Element(xmlDocGetRootElement(doc_.get())); }

MutableElement Document::mutable_root() { return MutableElement(xmlDocGetRootElement(doc_.get())); }

std::string Document::Serialize() const {
  xmlBuffer* buffer = xmlBufferCreate();
  xmlSaveCtxt* save = xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_AS_XML | XML_SAVE_NO_DECL);
  xmlSaveTree(save, xmlDocGetRootElement(doc_.get()));
  xmlSaveClose(save);
  std::string out(reinterpret_cast<const char*>(xmlBufferContent(buffer)),
                  static_cast<size_t>(xmlBufferLength(buffer)));
  xmlBufferFree(buffer);
  return out;
}

std::string Document::SerializeWithDeclaration() const {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + Serialize();
}

namespace {

bool IsIdAttribute(const xmlAttr* attr) {
  const absl::string_view name = View(attr->name);
  if (name.size() != 2 || (name[0] | 0x20) != 'i' || (name[1] | 0x20) != 'd') return false;
  if (attr->ns == nullptr) return name != "iD";
  return View(attr->ns->href) == kXmlNs;
}

// The next element in document order.
xmlNode* Following(xmlNode* node, const xmlNode* root) {
  xmlNode* next = xmlFirstElementChild(node);
  while (next == nullptr && node != root) {
    next = xmlNextElementSibling(node);
    node = node->parent;
  }
  return next;
}

// An ID, and whether it is the Id of a ds:Signature. Nothing can refer to a Signature: a Reference
// is believed only for the element that holds it, which is never a Signature itself. So two of them
// may share one, as those of pysaml2 do, around and inside an encrypted assertion; a Signature and
// anything else may not.
using IdOwner = std::pair<std::string, bool>;

bool IsIdOfSignature(const xmlNode* node, const xmlAttr* attr) {
  return View(attr->name) == "Id" && attr->ns == nullptr && View(node->name) == "Signature" &&
         node->ns != nullptr && View(node->ns->href) == View(xmlSecDSigNs);
}

bool Collide(const IdOwner& a, const IdOwner& b) {
  return a.first == b.first && !(a.second && b.second);
}

}  // namespace

absl::Status CheckIds(const Document& document) {
  std::vector<IdOwner> ids;
  xmlNode* root = xmlDocGetRootElement(document.native());
  for (xmlNode* node = root; node != nullptr; node = Following(node, root)) {
    for (const xmlAttr* attr = node->properties; attr != nullptr; attr = attr->next) {
      if (!IsIdAttribute(attr)) continue;
      const absl::string_view value =
          attr->children == nullptr ? "" : View(attr->children->content);
      // A value in several nodes would be an entity reference, which cannot be here.
      if (!IsNcName(value)) return Refuse("XML_BAD_ID", "an ID is not an NCName");
      ids.emplace_back(value, IsIdOfSignature(node, attr));
    }
  }
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end(), Collide) != ids.end()) {
    return Refuse("XML_DUPLICATE_ID", "two elements have the same ID");
  }
  return absl::OkStatus();
}

}  // namespace va::xml
