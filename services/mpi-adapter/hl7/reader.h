// Walking an HL7 tree. Elements of another namespace are as good as absent. Handles are valid while
// the document lives.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/xml/element.h"

namespace va::mpi::hl7 {

// An HL7 element of that name.
bool Is(const xml::Element& element, absl::string_view name);

std::optional<xml::Element> First(const xml::Element& parent, absl::string_view name);
// The child of that name when there is exactly one: where two would contradict each other.
std::optional<xml::Element> Only(const xml::Element& parent, absl::string_view name);
std::vector<xml::Element> All(const xml::Element& parent, absl::string_view name);

// Only() along a path; nullopt as soon as a step is missing or ambiguous.
std::optional<xml::Element> Walk(const xml::Element& from,
                                 std::initializer_list<absl::string_view> path);

// An attribute, stripped; empty when absent.
std::string Attr(const xml::Element& element, absl::string_view name);
// An attribute of the element at the end of a path; empty when there is none.
std::string AttrAt(const xml::Element& from, std::initializer_list<absl::string_view> path,
                   absl::string_view name);
// Text and CDATA of an element, stripped of the layout around it.
std::string TextOf(const xml::Element& element);

}  // namespace va::mpi::hl7
