// For tests of the messages to MPI: golden files, trees compared without regard to layout, and the
// texts that must not change a message.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/message_settings.h"
#include "services/mpi-adapter/hl7/namespaces.h"
#include "services/mpi-adapter/hl7/reader.h"

namespace va::mpi::hl7 {

inline MessageStamp SampleStamp() {
  return {kSampleMessageId, kSampleQueryId, absl::FromUnixSeconds(1768478400)};
}

// Typed by hand from the specification; never written by a program of this repository.
inline std::string Golden(const std::string& name) {
  std::ifstream file("services/mpi-adapter/hl7/golden/" + name);
  REQUIRE(file.is_open());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline xml::Document Parsed(const std::string& bytes) {
  std::string storage;
  absl::StatusOr<xml::Document> document =
      xml::Document::Parse(WithAsciiNamespaces(bytes, storage));
  REQUIRE(document.ok());
  return *std::move(document);
}

// A tree as lines: expanded names, attributes in one order, text without layout.
inline void Flatten(const xml::Element& element, int depth, std::ostringstream& out,
                    int& attributes) {
  // Every attribute name MPI's messages know. The count beside it proves that none was left out.
  static constexpr const char* kAttributes[] = {
      "root",      "extension", "code",     "codeSystem", "value",          "use",
      "typeCode",  "classCode", "moodCode", "ITSVersion", "determinerCode", "contextControlCode",
      "nullFlavor"};
  static constexpr const char* kXsiAttributes[] = {"schemaLocation", "type"};
  out << std::string(static_cast<size_t>(depth), ' ') << "{" << element.ns() << "}"
      << element.local_name();
  const auto show = [&](const char* name, const std::optional<std::string>& value) {
    if (!value) return;
    out << " " << name << "=" << *value;
    ++attributes;
  };
  for (const char* name : kAttributes) show(name, element.Attr(name));
  for (const char* name : kXsiAttributes) show(name, element.AttrNs(kXsiNs, name));
  const std::string text = TextOf(element);
  if (!text.empty()) out << " '" << text << "'";
  out << "\n";
  for (const xml::Element child : element.Children()) Flatten(child, depth + 1, out, attributes);
}

// Attributes of the serialized form, namespace declarations and the XML declaration apart.
inline int CountAttributes(const xml::Document& document) {
  const std::string text = document.Serialize();
  int count = 0;
  for (size_t at = text.find("=\""); at != std::string::npos; at = text.find("=\"", at + 1)) {
    const size_t name = text.find_last_of(' ', at) + 1;
    if (!absl::StartsWith(absl::string_view(text).substr(name), "xmlns")) ++count;
  }
  return count;
}

inline std::string Canonical(const std::string& bytes) {
  const xml::Document document = Parsed(bytes);
  std::ostringstream out;
  int attributes = 0;
  Flatten(document.root(), 0, out, attributes);
  CHECK(attributes == CountAttributes(document));
  return out.str();
}

// The interaction's own element.
inline xml::Element Interaction(const xml::Document& document) {
  for (const xml::Element child : document.root().Children()) {
    if (child.local_name() == "Body") return *child.Children().begin();
  }
  FAIL("no Body");
  return document.root();
}

// Names are the person's: nothing in them is markup, an entity, a template or a comment (attack
// H1).
inline std::vector<std::string> HostileTexts() {
  return {"<script>",
          "A & B",
          "x]]>y",
          "\"quo'ted\"",
          "--> <!-- <given>",
          "&lt;&#0;&amp;",
          "\xF0\x9F\x8E\x96 Star",
          "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
          "e\xCC\x81ncombining",
          "\u202Edesrever",
          "${jndi:x}",
          "{{mustache}}",
          "//*[1=1]",
          "<?xml version='1.0'?>",
          "<![CDATA[x",
          "9223372036854775808"};
}

// Texts that no message may carry, and why (attack H1).
struct RefusedText {
  std::string value;
  const char* reason;
};
inline std::vector<RefusedText> RefusedTexts() {
  return {
      {std::string("a\0b", 3), "FIELD_CONTROL_CHARACTER"},
      {"a\x01"
       "b",
       "FIELD_CONTROL_CHARACTER"},
      {"a\nb", "FIELD_CONTROL_CHARACTER"},
      {"a\tb", "FIELD_CONTROL_CHARACTER"},
      {"a\x7F", "FIELD_CONTROL_CHARACTER"},
      {"a\xC2\x85", "FIELD_CONTROL_CHARACTER"},
      {"a\xEF\xBF\xBE", "FIELD_CONTROL_CHARACTER"},
      {"a\xC0\x80", "FIELD_ENCODING"},
      {"a\xED\xA0\x80", "FIELD_ENCODING"},
      {"a\xF5\x80\x80\x80", "FIELD_ENCODING"},
      {"a\xE2\x82", "FIELD_ENCODING"},
      {"a\xFF", "FIELD_ENCODING"},
      {std::string(513, 'a'), "FIELD_TOO_LONG"},
  };
}

// Identifiers that would be another identifier, another element or another query (attack H2).
inline std::vector<std::string> HostileIdentifiers() {
  return {"1^NI^200M^USVHA^P", "a|b",     "a\"/><id extension=\"b", "a b", "a\nb", "${a}",
          "a'or'1'='1",        "//*[1=1]"};
}

}  // namespace va::mpi::hl7
