#include "services/mpi-adapter/hl7/reader.h"

#include "absl/strings/ascii.h"
#include "services/mpi-adapter/hl7/constants.h"

namespace va::mpi::hl7 {

bool Is(const xml::Element& element, absl::string_view name) { return element.Is(kHl7Ns, name); }

std::optional<xml::Element> First(const xml::Element& parent, absl::string_view name) {
  for (const xml::Element child : parent.Children()) {
    if (Is(child, name)) return child;
  }
  return std::nullopt;
}

std::optional<xml::Element> Only(const xml::Element& parent, absl::string_view name) {
  std::optional<xml::Element> found;
  for (const xml::Element child : parent.Children()) {
    if (!Is(child, name)) continue;
    if (found) return std::nullopt;
    found = child;
  }
  return found;
}

std::vector<xml::Element> All(const xml::Element& parent, absl::string_view name) {
  std::vector<xml::Element> found;
  for (const xml::Element child : parent.Children()) {
    if (Is(child, name)) found.push_back(child);
  }
  return found;
}

std::optional<xml::Element> Walk(const xml::Element& from,
                                 std::initializer_list<absl::string_view> path) {
  std::optional<xml::Element> here = from;
  for (const absl::string_view step : path) {
    here = Only(*here, step);
    if (!here) return std::nullopt;
  }
  return here;
}

std::string Attr(const xml::Element& element, absl::string_view name) {
  const std::optional<std::string> value = element.Attr(name);
  return value ? std::string(absl::StripAsciiWhitespace(*value)) : std::string();
}

std::string AttrAt(const xml::Element& from, std::initializer_list<absl::string_view> path,
                   absl::string_view name) {
  const std::optional<xml::Element> element = Walk(from, path);
  return element ? Attr(*element, name) : std::string();
}

std::string TextOf(const xml::Element& element) {
  return std::string(absl::StripAsciiWhitespace(element.Text()));
}

}  // namespace va::mpi::hl7
