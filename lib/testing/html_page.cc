#include "lib/testing/html_page.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace va::testing {
namespace {

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsAlpha(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

struct Tag {
  std::string name;  // lower case
  bool closing = false;
  std::map<std::string, std::string> attributes;

  bool Has(const std::string& key) const { return attributes.contains(key); }
  std::string Get(const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "" : found->second;
  }
};

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xc0 | (code >> 6)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | (code >> 12)));
    out->push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out->push_back(static_cast<char>(0xf0 | (code >> 18)));
    out->push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3f)));
    out->push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

// The character of a reference without "&" and ";"; false when it is not one.
bool AppendReference(absl::string_view reference, std::string* out) {
  static constexpr std::array<std::pair<absl::string_view, absl::string_view>, 6> kNamed = {
      {{"amp", "&"},
       {"lt", "<"},
       {"gt", ">"},
       {"quot", "\""},
       {"apos", "'"},
       {"nbsp", "\xc2\xa0"}}};
  for (const auto& [name, text] : kNamed) {
    if (reference == name) {
      out->append(text.data(), text.size());
      return true;
    }
  }
  if (!absl::StartsWith(reference, "#") || reference.size() < 2) return false;
  uint32_t code = 0;
  const bool hex = reference[1] == 'x' || reference[1] == 'X';
  const bool number = hex ? absl::SimpleHexAtoi(reference.substr(2), &code)
                          : absl::SimpleAtoi(reference.substr(1), &code);
  if (!number || code == 0 || code > 0x10ffff) return false;
  AppendUtf8(code, out);
  return true;
}

std::string FoldSpace(absl::string_view text) {
  std::string folded(text);
  absl::RemoveExtraAsciiWhitespace(&folded);
  return folded;
}

// Walks over the page, tag by tag and text by text.
class Reader {
 public:
  explicit Reader(absl::string_view html) : html_(html) {}

  HtmlContent Read() {
    while (at_ < html_.size()) Next();
    content_.text = FoldSpace(content_.text);
    return std::move(content_);
  }

 private:
  void Next() {
    if (html_[at_] != '<') return Text(ReadUntil('<'));
    if (absl::StartsWith(html_.substr(at_), "<!--")) {
      const size_t end = html_.find("-->", at_ + 4);
      at_ = end == absl::string_view::npos ? html_.size() : end + 3;
      return;
    }
    const char next = at_ + 1 < html_.size() ? html_[at_ + 1] : ' ';
    if (next == '!' || next == '?') {
      ReadUntil('>');
      ++at_;
      return;
    }
    if (next != '/' && !IsAlpha(next)) {
      ++at_;
      return Text("<");
    }
    Handle(ReadTag());
  }

  absl::string_view ReadUntil(char stop) {
    const size_t end = std::min(html_.find(stop, at_), html_.size());
    const absl::string_view text = html_.substr(at_, end - at_);
    at_ = end;
    return text;
  }

  absl::string_view ReadName() {
    const size_t start = at_;
    while (at_ < html_.size() && !IsSpace(html_[at_]) && html_[at_] != '=' && html_[at_] != '>' &&
           html_[at_] != '/') {
      ++at_;
    }
    return html_.substr(start, at_ - start);
  }

  void SkipSpace() {
    while (at_ < html_.size() && (IsSpace(html_[at_]) || html_[at_] == '/')) ++at_;
  }

  std::string ReadValue() {
    while (at_ < html_.size() && IsSpace(html_[at_])) ++at_;
    if (at_ >= html_.size()) return "";
    const char quote = html_[at_];
    if (quote == '"' || quote == '\'') {
      ++at_;
      const absl::string_view raw = ReadUntil(quote);
      at_ = std::min(at_ + 1, html_.size());
      return DecodeHtml(raw);
    }
    const size_t start = at_;
    while (at_ < html_.size() && !IsSpace(html_[at_]) && html_[at_] != '>') ++at_;
    return DecodeHtml(html_.substr(start, at_ - start));
  }

  Tag ReadTag() {
    Tag tag;
    ++at_;
    if (at_ < html_.size() && html_[at_] == '/') {
      tag.closing = true;
      ++at_;
    }
    tag.name = absl::AsciiStrToLower(ReadName());
    for (SkipSpace(); at_ < html_.size() && html_[at_] != '>'; SkipSpace()) {
      const size_t before = at_;
      const std::string name = absl::AsciiStrToLower(ReadName());
      while (at_ < html_.size() && IsSpace(html_[at_])) ++at_;
      std::string value;
      if (at_ < html_.size() && html_[at_] == '=') {
        ++at_;
        value = ReadValue();
      }
      if (!name.empty()) tag.attributes.emplace(name, value);
      if (at_ == before) ++at_;
    }
    at_ = std::min(at_ + 1, html_.size());
    return tag;
  }

  // The raw content of script, style, title and textarea up to the closing tag.
  absl::string_view ReadRaw(const std::string& name) {
    const std::string close = absl::StrCat("</", name);
    size_t end = at_;
    while (end < html_.size() && !absl::EqualsIgnoreCase(html_.substr(end, close.size()), close)) {
      ++end;
    }
    const absl::string_view raw = html_.substr(at_, end - at_);
    at_ = end;
    return raw;
  }

  void Text(absl::string_view raw) {
    const std::string text = DecodeHtml(raw);
    absl::StrAppend(&content_.text, text);
    if (capture_ != Capture::kNothing) absl::StrAppend(&captured_, text);
  }

  void Handle(const Tag& tag) {
    if (tag.closing) return Close(tag.name);
    content_.text.push_back(' ');
    if (tag.name == "script" || tag.name == "style" || tag.name == "template") {
      ReadRaw(tag.name);
    } else if (tag.name == "title") {
      content_.title = FoldSpace(DecodeHtml(ReadRaw("title")));
    } else if (tag.name == "form") {
      OpenForm(tag);
    } else if (tag.name == "input") {
      Input(tag);
    } else if (tag.name == "textarea") {
      const std::string value = DecodeHtml(ReadRaw("textarea"));
      if (in_form_ && tag.Has("name")) Form().fields.emplace_back(tag.Get("name"), value);
    } else if (tag.name == "button") {
      Button(tag);
    } else if (tag.name == "a" && tag.Has("href")) {
      content_.links.push_back({tag.Get("href"), ""});
      StartCapture(Capture::kLink);
    } else if (IsHeading(tag.name)) {
      content_.headings.emplace_back();
      StartCapture(Capture::kHeading);
    }
  }

  static bool IsHeading(const std::string& name) {
    return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6';
  }

  void Close(const std::string& name) {
    content_.text.push_back(' ');
    if (name == "form") in_form_ = false;
    if (name == "a") EndCapture(Capture::kLink);
    if (name == "button") EndCapture(Capture::kButton);
    if (IsHeading(name)) EndCapture(Capture::kHeading);
  }

  // Whose text is being read besides content_.text.
  enum class Capture { kNothing, kLink, kHeading, kButton };

  void StartCapture(Capture what) {
    capture_ = what;
    captured_.clear();
  }

  void EndCapture(Capture what) {
    if (capture_ != what) return;
    if (what == Capture::kLink) content_.links.back().text = FoldSpace(captured_);
    if (what == Capture::kHeading) content_.headings.back() = FoldSpace(captured_);
    if (what == Capture::kButton) Form().buttons.back().text = FoldSpace(captured_);
    capture_ = Capture::kNothing;
  }

  HtmlForm& Form() { return content_.forms.back(); }

  void OpenForm(const Tag& tag) {
    HtmlForm form;
    form.id = tag.Get("id");
    form.action = tag.Get("action");
    form.method = absl::EqualsIgnoreCase(tag.Get("method"), "post") ? "POST" : "GET";
    content_.forms.push_back(std::move(form));
    in_form_ = true;
    capture_ = Capture::kNothing;
  }

  void Input(const Tag& tag) {
    if (!in_form_ || tag.Has("disabled")) return;
    const std::string type = absl::AsciiStrToLower(tag.Get("type"));
    if (type == "submit") {
      Form().buttons.push_back(
          {tag.Get("name"), tag.Get("value"), tag.Get("value"), tag.Get("formaction")});
      return;
    }
    if (type == "button" || type == "reset" || type == "image" || tag.Get("name").empty()) return;
    if ((type == "checkbox" || type == "radio") && !tag.Has("checked")) return;
    const bool box = type == "checkbox" || type == "radio";
    Form().fields.emplace_back(tag.Get("name"), box && !tag.Has("value") ? "on" : tag.Get("value"));
  }

  void Button(const Tag& tag) {
    const std::string type = absl::AsciiStrToLower(tag.Get("type"));
    if (!in_form_ || tag.Has("disabled") || (!type.empty() && type != "submit")) return;
    Form().buttons.push_back({tag.Get("name"), tag.Get("value"), "", tag.Get("formaction")});
    StartCapture(Capture::kButton);
  }

  absl::string_view html_;
  size_t at_ = 0;
  HtmlContent content_;
  bool in_form_ = false;
  Capture capture_ = Capture::kNothing;
  std::string captured_;
};

}  // namespace

std::optional<std::string> HtmlForm::Field(absl::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return std::nullopt;
}

const HtmlButton* HtmlForm::FindButton(absl::string_view value_or_text) const {
  for (const HtmlButton& button : buttons) {
    if (button.value == value_or_text) return &button;
  }
  for (const HtmlButton& button : buttons) {
    if (button.text == value_or_text) return &button;
  }
  return nullptr;
}

const HtmlForm* HtmlContent::FormWithField(absl::string_view name) const {
  for (const HtmlForm& form : forms) {
    if (form.Field(name)) return &form;
  }
  return nullptr;
}

HtmlContent ParseHtml(absl::string_view html) { return Reader(html).Read(); }

std::string DecodeHtml(absl::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '&') {
      const size_t end = text.find(';', at);
      if (end != absl::string_view::npos && end - at <= 10 &&
          AppendReference(text.substr(at + 1, end - at - 1), &decoded)) {
        at = end + 1;
        continue;
      }
    }
    decoded.push_back(text[at++]);
  }
  return decoded;
}

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped.push_back(c);
    }
  }
  return escaped;
}

}  // namespace va::testing
