#include "services/mpi-adapter/hl7/acknowledgement.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/namespaces.h"
#include "services/mpi-adapter/hl7/reader.h"

namespace va::mpi::hl7 {
namespace {

using identity::PersonText;
using xml::Element;

xml::ParseLimits Limits() {
  xml::ParseLimits limits;
  limits.max_bytes = kMaxAnswerBytes;
  limits.max_depth = 64;
  limits.max_elements = 20000;
  limits.max_attributes = 20000;
  return limits;
}

bool IsSoap(const Element& element, absl::string_view name) {
  return element.Is(kSoapNs, name) || element.Is(kSoap12Ns, name);
}

// text/xml, application/xml, application/soap+xml; the type of an MTOM package ends like one of
// them and is none.
bool IsXmlType(absl::string_view type) {
  if (type.empty()) return true;
  return (absl::EndsWithIgnoreCase(type, "/xml") || absl::EndsWithIgnoreCase(type, "+xml")) &&
         !absl::EqualsIgnoreCase(type, "application/xop+xml") &&
         !absl::EqualsIgnoreCase(type, "application/xhtml+xml");
}

// Not deeper than the parser let it be.
bool HoldsInclude(const Element& element) {  // NOLINT(misc-no-recursion)
  if (element.ns() == kXopNs) return true;
  for (const Element child : element.Children()) {
    if (HoldsInclude(child)) return true;
  }
  return false;
}

bool IsAddressing(const Element& element) {
  return element.ns() == kAddressingNs || element.ns() == kAddressing2004Ns;
}

bool MustBeUnderstood(const Element& header, absl::string_view soap) {
  const std::optional<std::string> value = header.AttrNs(soap, "mustUnderstand");
  return value && *value != "0" && *value != "false";
}

bool IsPlain(absl::string_view value, std::size_t longest, absl::string_view marks) {
  return value.size() <= longest && std::all_of(value.begin(), value.end(), [marks](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  marks.find(c) != absl::string_view::npos;
         });
}

std::optional<int> NumberOf(const std::string& text) {
  int number = 0;
  if (!absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

void AddText(const PersonText& text, Acknowledgement& out) {
  if (std::find(out.texts.begin(), out.texts.end(), text) == out.texts.end()) {
    out.texts.push_back(text);
  }
}

// An add answers with the identifiers of a person in the same place where errors stand. Error codes
// go to logs; these must not.
bool NamesPerson(const AckDetail& detail) {
  const std::string& value = detail.code.Reveal();
  const bool number = value.size() >= 9 && std::all_of(value.begin(), value.end(), [](char c) {
                        return absl::ascii_isdigit(static_cast<unsigned char>(c));
                      });
  return detail.name.Reveal() == "ICN" || absl::StrContains(value, '^') || number ||
         identity::Icn::FromWire(value).IsWellFormed();
}

void AddCode(const AckDetail& detail, Acknowledgement& out) {
  const std::string& value = detail.code.Reveal();
  const std::string& name = detail.name.Reveal();
  if (detail.code_system == "MVI" && name == "IMT") {
    out.identity_match_threshold = NumberOf(value);
  } else if (detail.code_system == "MVI" && name == "PDT") {
    out.potential_duplicate_threshold = NumberOf(value);
  } else if (!value.empty() && !NamesPerson(detail)) {
    out.codes.push_back(value);
  }
}

// One code and one text as a rule; where there are more, each pair that can be made is one detail.
void AddDetail(const Element& element, Acknowledgement& out) {
  const std::vector<Element> codes = All(element, "code");
  const std::vector<Element> texts = All(element, "text");
  for (std::size_t i = 0; i < std::max(codes.size(), texts.size()); ++i) {
    AckDetail detail;
    if (i < texts.size()) {
      detail.text = PersonText::FromWire(TextOf(texts[i]));
      AddText(detail.text, out);
    }
    if (i < codes.size()) {
      detail.code = PersonText::FromWire(Attr(codes[i], "code"));
      detail.name = PersonText::FromWire(Attr(codes[i], "displayName"));
      detail.code_system = PlainCode(Attr(codes[i], "codeSystemName"));
      if (detail.code_system.empty()) detail.code_system = PlainCode(Attr(codes[i], "codeSystem"));
      AddCode(detail, out);
    }
    out.details.push_back(std::move(detail));
  }
}

}  // namespace

absl::string_view WhyUnread(absl::string_view content_type) {
  const std::vector<absl::string_view> parts = absl::StrSplit(content_type, ';');
  if (!IsXmlType(absl::StripAsciiWhitespace(parts.front()))) return "CONTENT_TYPE";
  for (const absl::string_view part : parts) {
    const std::pair<absl::string_view, absl::string_view> parameter =
        absl::StrSplit(absl::StripAsciiWhitespace(part), absl::MaxSplits('=', 1));
    if (!absl::EqualsIgnoreCase(parameter.first, "charset")) continue;
    absl::string_view charset = parameter.second;
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
      charset = charset.substr(1, charset.size() - 2);
    }
    const bool utf8 =
        absl::EqualsIgnoreCase(charset, "utf-8") || absl::EqualsIgnoreCase(charset, "us-ascii");
    return utf8 ? "" : "CHARSET";
  }
  return "";
}

absl::StatusOr<xml::Document> ParseAnswerBody(absl::string_view body) {
  std::string respelt;
  absl::StatusOr<xml::Document> document =
      xml::Document::Parse(WithAsciiNamespaces(body, respelt), Limits());
  if (document.ok() && HoldsInclude(document->root())) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "XOP_INCLUDE",
                           "a part of the answer is somewhere else");
  }
  return document;
}

std::optional<Element> PayloadOf(const Element& envelope) {
  if (!IsSoap(envelope, "Envelope")) return std::nullopt;
  std::optional<Element> body;
  for (const Element child : envelope.Children()) {
    if (!IsSoap(child, "Body")) continue;
    if (body) return std::nullopt;
    body = child;
  }
  if (!body || body->Children().size() != 1) return std::nullopt;
  return *body->Children().begin();
}

bool IsSoapFault(const Element& payload) { return IsSoap(payload, "Fault"); }

absl::string_view WhyRefusedByHeader(const Element& envelope, absl::string_view message_id) {
  for (const Element part : envelope.Children()) {
    if (!IsSoap(part, "Header")) continue;
    for (const Element header : part.Children()) {
      if (IsAddressing(header)) {
        const bool relates = header.local_name() == "RelatesTo";
        if (relates && !message_id.empty() && TextOf(header) != message_id) return "OTHER_MESSAGE";
      } else if (MustBeUnderstood(header, envelope.ns())) {
        return "HEADER_NOT_UNDERSTOOD";
      }
    }
  }
  return "";
}

bool Acknowledgement::HasCode(absl::string_view wanted) const {
  return std::find(codes.begin(), codes.end(), wanted) != codes.end();
}

bool Acknowledgement::HasText(absl::string_view wanted) const {
  return std::any_of(texts.begin(), texts.end(),
                     [wanted](const PersonText& text) { return text.Reveal() == wanted; });
}

bool Acknowledgement::Mentions(absl::string_view part) const {
  return std::any_of(texts.begin(), texts.end(), [part](const PersonText& text) {
    return absl::StrContains(text.Reveal(), part);
  });
}

std::string Acknowledgement::FirstCode() const {
  return codes.empty() ? std::string() : PlainCode(codes.front());
}

Acknowledgement ReadAcknowledgement(const Element& acknowledgement) {
  Acknowledgement out;
  out.code = PlainCode(AttrAt(acknowledgement, {"typeCode"}, "code"));
  out.target_message = AttrAt(acknowledgement, {"targetMessage", "id"}, "extension");
  for (const Element& detail : All(acknowledgement, "acknowledgementDetail")) {
    AddDetail(detail, out);
  }
  return out;
}

std::string PlainCode(std::string value) {
  return IsPlain(value, 32, "_-.") ? std::move(value) : std::string();
}

std::string PlainId(absl::string_view value) {
  return IsPlain(value, 128, "_-.:") ? std::string(value) : std::string();
}

}  // namespace va::mpi::hl7
