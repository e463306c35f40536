// fuzz: a document of outside bytes: parsed, written and parsed again, its IDs checked
// parser: lib/xml/document.cc
// parser: lib/xml/element.cc
// parser: lib/xml/characters.cc
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/status.h"
#include "lib/xml/characters.h"
#include "lib/xml/document.h"
#include "tests/fuzz/harness.h"

namespace va::fuzz {

const char kMustReach[] = "ACCEPTED";

namespace {

// What reads as text only holds what Text reads, and nothing hides inside.
void CheckText(const xml::Element& at, int depth) {
  Require(depth <= xml::ParseLimits().max_depth, "deeper than the limit");
  const absl::StatusOr<std::string> only = at.TextOnly();
  Require(!only.ok() || *only == at.Text(), "two readings of one text");
  Require(!only.ok() || at.Children().empty(), "text only, with elements inside");
  Require(xml::IsXmlText(at.Text()), "text that XML cannot carry");
  const absl::string_view name = at.local_name();
  if (const auto parent = at.Parent(); parent.has_value()) {
    const auto named = parent->ChildrenNamed(at.ns(), name);
    Require(!named.empty() && parent->Child(at.ns(), name) == named.front(), "a child not found");
    Require(parent->OnlyChild(at.ns(), name).has_value() == (named.size() == 1), "not only");
  }
  for (const absl::string_view attribute : {"ID", "lang", "Id"}) {
    Require(xml::IsXmlText(at.Attr(attribute).value_or("")), "a value that XML cannot carry");
    at.AttrNs("http://www.w3.org/XML/1998/namespace", attribute);
  }
  for (const xml::Element child : at.Children()) CheckText(child, depth + 1);
}

void RequireSame(const xml::Element& one, const xml::Element& other) {
  Require(one.ns() == other.ns() && one.local_name() == other.local_name(), "another name");
  Require(one.Text() == other.Text(), "another text");
  Require(one.TextOnly().ok() == other.TextOnly().ok(), "text only, and not");
  Require(one.Attr("ID") == other.Attr("ID"), "another ID");
  Require(one.Children().size() == other.Children().size(), "other children");
  auto at = other.Children().begin();
  for (const xml::Element child : one.Children()) {
    RequireSame(child, *at);
    ++at;
  }
}

// Twice what may be read fits.
xml::Document ReadAgain(const std::string& written) {
  auto again = xml::Document::Parse(
      written, xml::ParseLimits{.max_bytes = size_t{16} * 1024 * 1024,
                                .max_depth = 2 * xml::ParseLimits().max_depth,
                                .max_elements = 4 * xml::ParseLimits().max_elements,
                                .max_attributes = 4 * xml::ParseLimits().max_attributes,
                                .max_attributes_per_element = 256,
                                .max_namespaces_in_scope = 256});
  Require(again.ok(), "what was written cannot be read");
  return *std::move(again);
}

// What we read is what others read of what we write.
void CheckRoundTrip(const xml::Document& document) {
  const std::string written = document.Serialize();
  const xml::Document again = ReadAgain(written);
  RequireSame(document.root(), again.root());
  RequireSame(document.root(), ReadAgain(document.SerializeWithDeclaration()).root());
  Require(xml::CheckIds(again).ok() == xml::CheckIds(document).ok(),
          "read again, it has other ids");
  Require(ReadAgain(again.Serialize()).Serialize() == again.Serialize(), "it changes every time");
}

// Written anew, element by element; what has children keeps no text of its own.
void WriteAnew(const xml::Element& from, xml::MutableElement to) {
  for (const absl::string_view name : {"ID", "Id"}) {
    const auto value = from.Attr(name);
    Require(!value.has_value() || to.SetAttr(name, *value).ok(), "a value that cannot be written");
  }
  if (from.Children().empty()) Require(to.SetText(from.Text()).ok(), "text that cannot be written");
  for (const xml::Element child : from.Children()) {
    WriteAnew(child, to.Add(child.ns(), child.local_name()));
  }
}

// Elements without a namespace, and those of XML itself, are nothing that we write.
bool IsWritable(const xml::Element& at) {
  if (at.ns().empty() || at.ns() == "http://www.w3.org/XML/1998/namespace") return false;
  const xml::ElementRange children = at.Children();
  return std::all_of(children.begin(), children.end(), IsWritable);
}

bool IsSameWritten(const xml::Element& one, const xml::Element& other) {
  if (!one.Is(other.ns(), other.local_name()) || one.Attr("ID") != other.Attr("ID")) return false;
  if (one.Children().empty()) return other.Children().empty() && one.Text() == other.Text();
  if (one.Children().size() != other.Children().size()) return false;
  auto at = other.Children().begin();
  for (const xml::Element child : one.Children()) {
    if (!IsSameWritten(child, *at)) return false;
    ++at;
  }
  return true;
}

// A copy in another document, and the same made by hand, are what was read; nothing that XML cannot
// carry gets in.
void CheckWritten(const xml::Document& document, absl::string_view bytes) {
  constexpr char kNs[] = "urn:fuzz";
  xml::Document made = xml::Document::New(kNs, "f", "made");
  xml::MutableElement root = made.mutable_root();
  RequireSame(document.root(), root.AddCopy(document.root()));
  const xml::Element source = document.root();
  if (!IsWritable(source)) return;
  xml::MutableElement by_hand = root.Add(source.ns(), source.local_name());
  WriteAnew(source, by_hand);
  const bool fits = xml::IsXmlText(bytes);
  Require(root.SetAttr("any", bytes).ok() == fits, "an attribute of any octets");
  Require(root.AddText(kNs, "any", bytes).ok() == fits, "text of any octets");
  const xml::Document again = ReadAgain(made.Serialize());
  const std::vector<xml::Element> read(again.root().Children().begin(),
                                       again.root().Children().end());
  Require(read.size() >= 2 && IsSameWritten(read[0], source) && IsSameWritten(read[1], source),
          "another tree than was written");
  Require(!fits || again.root().Attr("any") == std::optional<std::string>(bytes),
          "another value than was written");
  by_hand.Remove();
  Require(made.root().Children().size() + 1 == read.size(), "not removed");
}

std::string Reason(const absl::Status& status) {
  std::string reason = base::ReasonOf(status);
  Require(!reason.empty(), "a refusal without reason");
  return reason;
}

std::string Verdict(absl::string_view bytes) {
  const absl::StatusOr<xml::Document> document = xml::Document::Parse(bytes);
  if (!document.ok()) return Reason(document.status());
  const absl::Status ids = xml::CheckIds(*document);
  return ids.ok() ? "ACCEPTED" : Reason(ids);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes = TextOf(data, size);
  Judge(size, [&] { return Verdict(bytes); });
  const auto document = xml::Document::Parse(bytes);
  if (!document.ok()) return 0;
  CheckText(document->root(), 1);
  CheckRoundTrip(*document);
  CheckWritten(*document, bytes);
  return 0;
}

}  // namespace va::fuzz
