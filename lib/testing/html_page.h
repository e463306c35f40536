// Reads of an HTML page what a person without script can act on: title, headings, links and forms.
// A tolerant tokenizer, not a validator; pages are checked for accessibility elsewhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/base/url.h"

namespace va::testing {

// A button that submits; its name and value go along only when it is the one pressed.
struct HtmlButton {
  std::string name;
  std::string value;
  std::string text;
  std::string form_action;  // formaction, empty: the form's own
};

struct HtmlForm {
  std::string id;
  std::string method = "GET";
  std::string action;      // as written; empty: the page's own address
  base::FormPairs fields;  // what is submitted besides the button
  std::vector<HtmlButton> buttons;

  // The value of the first field of that name.
  std::optional<std::string> Field(absl::string_view name) const;
  // The button with that value, or else with that text.
  const HtmlButton* FindButton(absl::string_view value_or_text) const;
};

struct HtmlLink {
  std::string href;
  std::string text;
};

struct HtmlContent {
  std::string title;
  std::vector<std::string> headings;  // h1 .. h6 in order
  std::vector<HtmlLink> links;
  std::vector<HtmlForm> forms;
  std::string text;  // visible text, white space folded

  // The form that has a field of that name.
  const HtmlForm* FormWithField(absl::string_view name) const;
};

HtmlContent ParseHtml(absl::string_view html);

// Character references decoded; unknown ones stay as written.
std::string DecodeHtml(absl::string_view text);

// Text safe inside an element and inside a quoted attribute value.
std::string EscapeHtml(absl::string_view text);

}  // namespace va::testing
