#include "tests/fuzz/markup.h"

#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace va::fuzz {
namespace {

constexpr size_t kMaxElements = 256;
constexpr size_t kNone = absl::string_view::npos;
// Edits that copy must not let a text grow without end.
constexpr size_t kMaxText = 128 * 1024;

constexpr absl::string_view kWords[] = {
    "",
    "mallory",
    "alice",
    "ali<!---->ce",
    "ali<![CDATA[c]]>e",
    "_assertion",
    "_response",
    "#_assertion",
    "#_response",
    "#xpointer(id('_assertion'))",
    "_other",
    "0",
    "2.0",
    "1.1",
    "true",
    "https://idp.test/saml",
    "https://other.test/saml",
    "https://sp.test/saml",
    "https://sp.test/v1/sessions/callback",
    "https://sp.test/v1/sessions/saml_logout",
    "_request-1",
    "_request-2",
    "2026-03-04T12:00:00Z",
    "2026-03-04T12:05:00Z",
    "2026-03-04T11:00:00Z",
    "2026-03-04T13:00:00.123456+01:00",
    "2036-03-04T12:00:00Z",
    "24:00:00",
    "idme",
    "http://idmanagement.gov/ns/assurance/loa/3",
    "http://idmanagement.gov/ns/assurance/loa/1",
    "urn:oasis:names:tc:SAML:2.0:assertion",
    "urn:oasis:names:tc:SAML:2.0:protocol",
    "urn:oasis:names:tc:SAML:2.0:cm:bearer",
    "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
    "urn:oasis:names:tc:SAML:2.0:status:Success",
    "urn:oasis:names:tc:SAML:2.0:status:Responder",
    "urn:oasis:names:tc:SAML:2.0:status:RequestDenied",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:entity",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2001/04/xmlenc#Element",
    "http://www.w3.org/2001/04/xmlenc#Content",
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
    "signing",
    "encryption",
    "P1D",
    "AAAA",
    "&amp;&lt;&#x41;",
    "<?p i?>",
    "\xc3\xa4",
    "<saml:Advice/>",
    "<saml:Assertion ID=\"_x\" Version=\"2.0\"/>",
    "<saml:Audience>https://sp.test/saml</saml:Audience>",
    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
};

// Length of the markup that begins at the front of `text`, which is no tag; 0 for a tag.
size_t SkipOther(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> kinds[] = {
      {"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"<!", ">"}};
  for (const auto& [open, close] : kinds) {
    if (!absl::StartsWith(text, open)) continue;
    const size_t end = text.find(close, open.size());
    return end == kNone ? text.size() : end + close.size();
  }
  return 0;
}

// The end of the tag that begins at `at`, quotes respected; npos when it does not end.
size_t EndOfTag(absl::string_view text, size_t at) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return kNone;
}

struct ValueSpan {
  size_t name = 0;  // of the attribute
  size_t begin = 0;
  size_t end = 0;
};

std::vector<ValueSpan> AttributesOf(absl::string_view text, const ElementSpan& element) {
  std::vector<ValueSpan> out;
  size_t at = element.begin;
  while (true) {
    const size_t open = text.find_first_of("\"'", at);
    if (open == kNone || open >= element.content) return out;
    const size_t close = text.find(text[open], open + 1);
    if (close == kNone || close >= element.content) return out;
    const size_t space = text.find_last_of(" \t\r\n", open);
    if (space != kNone && space > element.begin) out.push_back({space, open + 1, close});
    at = close + 1;
  }
}

std::string With(absl::string_view text, size_t begin, size_t end, absl::string_view in_place) {
  return absl::StrCat(text.substr(0, begin), in_place, text.substr(end));
}

std::string Insert(absl::string_view text, size_t at, absl::string_view more) {
  return With(text, at, at, more);
}

// Takes `from` out and puts it at `at`, which lies outside of it.
std::string Move(absl::string_view text, const ElementSpan& from, size_t at) {
  const std::string moved(text.substr(from.begin, from.end - from.begin));
  if (at <= from.begin) return Insert(With(text, from.begin, from.end, ""), at, moved);
  if (at < from.end) return std::string(text);
  return With(Insert(text, at, moved), from.begin, from.end, "");
}

std::string EditAttribute(const Edit& edit, const std::string& text, const ElementSpan& element) {
  const std::vector<ValueSpan> values = AttributesOf(text, element);
  if (values.empty()) return text;
  const ValueSpan& value = values[edit.to % values.size()];
  if (edit.word == 0xff) return With(text, value.name, value.end + 1, "");
  return With(text, value.begin, value.end, Word(edit.word));
}

}  // namespace

std::vector<ElementSpan> ElementsOf(absl::string_view text) {
  std::vector<ElementSpan> out;
  std::vector<size_t> open;  // indexes into out
  size_t at = 0;
  while ((at = text.find('<', at)) != kNone) {
    if (const size_t skipped = SkipOther(text.substr(at)); skipped != 0) {
      at += skipped;
      continue;
    }
    const size_t end = EndOfTag(text, at);
    if (end == kNone) break;
    if (text[at + 1] == '/') {
      if (!open.empty()) {
        out[open.back()].content_end = at;
        out[open.back()].end = end;
        open.pop_back();
      }
    } else if (out.size() < kMaxElements) {
      out.push_back({at, end, end, end});
      if (text[end - 2] != '/') open.push_back(out.size() - 1);
    }
    at = end;
  }
  return out;
}

std::optional<ElementSpan> FirstNamed(absl::string_view text, absl::string_view local_name) {
  for (const ElementSpan& element : ElementsOf(text)) {
    absl::string_view name = text.substr(element.begin + 1);
    name = name.substr(0, name.find_first_of(" \t\r\n/>"));
    const size_t colon = name.find(':');
    if (colon != kNone) name.remove_prefix(colon + 1);
    if (name == local_name) return element;
  }
  return std::nullopt;
}

absl::string_view Word(uint8_t index) { return kWords[index % std::size(kWords)]; }

std::string Apply(const Edit& edit, const std::string& text) {
  const std::vector<ElementSpan> elements = ElementsOf(text);
  if (elements.empty() || text.size() > kMaxText) return text;
  const ElementSpan& from = elements[edit.from % elements.size()];
  const ElementSpan& to = elements[edit.to % elements.size()];
  const absl::string_view whole = absl::string_view(text).substr(from.begin, from.end - from.begin);
  switch (edit.kind % 12) {
    case 0:
      return With(text, from.begin, from.end, "");
    case 1:
      return Insert(text, to.begin, whole);
    case 2:
      return Insert(text, to.content, whole);
    case 3:
      return Insert(text, to.content_end, whole);
    case 4:
      return Insert(text, to.end, whole);
    case 5:
      return Move(text, from, to.begin);
    case 6:
      return Move(text, from, to.content);
    case 7:
      return Move(text, from, to.end);
    case 8:
      return With(text, from.content, from.content_end, Word(edit.word));
    case 9:
      return EditAttribute(edit, text, from);
    case 10:
      return Insert(text, from.content, Word(edit.word));
    default:
      // Around: the element becomes a child of a copy of another's start tag.
      return absl::StrCat(text.substr(0, from.begin), text.substr(to.begin, to.content - to.begin),
                          whole, text.substr(to.content_end, to.end - to.content_end),
                          text.substr(from.end));
  }
}

}  // namespace va::fuzz
