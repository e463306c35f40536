#include "services/mpi-adapter/hl7/acknowledgement.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
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

void AddText(const Element& element, Acknowledgement& out) {
  PersonText text = PersonText::FromWire(TextOf(element));
  if (std::find(out.texts.begin(), out.texts.end(), text) == out.texts.end()) {
    out.texts.push_back(std::move(text));
  }
}

void AddCode(const Element& element, Acknowledgement& out) {
  const std::string value = Attr(element, "code");
  const std::string name = Attr(element, "displayName");
  if (Attr(element, "codeSystemName") == "MVI" && name == "IMT") {
    out.identity_match_threshold = NumberOf(value);
  } else if (Attr(element, "codeSystemName") == "MVI" && name == "PDT") {
    out.potential_duplicate_threshold = NumberOf(value);
  } else if (!value.empty()) {
    out.codes.push_back(value);
  }
}

}  // namespace

bool IsUtf8(absl::string_view content_type) {
  for (const absl::string_view part : absl::StrSplit(content_type, ';')) {
    const std::pair<absl::string_view, absl::string_view> parameter =
        absl::StrSplit(absl::StripAsciiWhitespace(part), absl::MaxSplits('=', 1));
    if (!absl::EqualsIgnoreCase(parameter.first, "charset")) continue;
    absl::string_view charset = parameter.second;
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
      charset = charset.substr(1, charset.size() - 2);
    }
    return absl::EqualsIgnoreCase(charset, "utf-8") || absl::EqualsIgnoreCase(charset, "us-ascii");
  }
  return true;
}

absl::StatusOr<xml::Document> ParseAnswerBody(absl::string_view body) {
  std::string respelt;
  return xml::Document::Parse(WithAsciiNamespaces(body, respelt), Limits());
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
    for (const Element& text : All(detail, "text")) AddText(text, out);
    for (const Element& code : All(detail, "code")) AddCode(code, out);
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
