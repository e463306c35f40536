#include "tests/simulators/mpi/sequence.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace va::simulators {

Sequence::Sequence(const xml::Element& parent, std::string path, Problems& problems)
    : path_(std::move(path)), problems_(problems) {
  for (const xml::Element child : parent.Children()) children_.push_back(child);
  if (!absl::StripAsciiWhitespace(parent.Text()).empty()) Note("text between elements");
}

std::optional<xml::Element> Sequence::Optional(absl::string_view name, absl::string_view ns) {
  if (at_ == children_.size() || !children_[at_].Is(ns, name)) return std::nullopt;
  return children_[at_++];
}

std::optional<xml::Element> Sequence::OptionalWith(absl::string_view name, Attributes attributes) {
  std::optional<xml::Element> child = Optional(name);
  if (child) Check(*child, attributes);
  return child;
}

std::optional<xml::Element> Sequence::Required(absl::string_view name, Attributes attributes,
                                               absl::string_view ns) {
  std::optional<xml::Element> child = Optional(name, ns);
  if (child) {
    Check(*child, attributes);
  } else {
    Note(absl::StrCat("no ", name, " where it belongs"));
  }
  return child;
}

std::string Sequence::Value(const std::optional<xml::Element>& child, absl::string_view attribute) {
  if (!child) return "";
  const std::string value = child->Attr(attribute).value_or("");
  if (value.empty()) Note(absl::StrCat(child->local_name(), "/@", attribute, " is missing"));
  return value;
}

std::string Sequence::Text(absl::string_view name) {
  const std::optional<xml::Element> child = Required(name);
  if (!child) return "";
  const absl::StatusOr<std::string> text = child->TextOnly();
  if (!text.ok() || absl::StripAsciiWhitespace(*text).empty()) {
    Note(absl::StrCat(name, " holds no text"));
    return "";
  }
  return *text;
}

void Sequence::End() {
  if (at_ < children_.size()) Note(absl::StrCat("unexpected ", children_[at_].local_name()));
}

void Sequence::Note(absl::string_view what) {
  problems_.push_back(absl::StrCat(path_, ": ", what));
}

void Sequence::Check(const xml::Element& child, Attributes attributes) {
  for (const auto& [attribute, value] : attributes) {
    if (child.Attr(attribute) != std::string(value)) {
      Note(absl::StrCat(child.local_name(), "/@", attribute, " is wrong"));
    }
  }
}

bool IsDigits(absl::string_view text, size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

bool IsUuid4(absl::string_view text) {
  const std::vector<absl::string_view> groups = absl::StrSplit(text, '-');
  const size_t sizes[] = {8, 4, 4, 4, 12};
  if (groups.size() != 5) return false;
  for (size_t i = 0; i < 5; ++i) {
    const bool hex = std::all_of(groups[i].begin(), groups[i].end(), [](char c) {
      return absl::ascii_isxdigit(static_cast<unsigned char>(c)) &&
             !absl::ascii_isupper(static_cast<unsigned char>(c));
    });
    if (groups[i].size() != sizes[i] || !hex) return false;
  }
  return groups[2][0] == '4';
}

bool IsWord(absl::string_view text, bool hyphens) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [hyphens](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || (hyphens && c == '-');
  });
}

}  // namespace va::simulators
