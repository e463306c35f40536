#include "tests/fuzz/json_look.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace va::fuzz {
namespace {

constexpr int kSureDepth = 10;
constexpr int kMostDepth = 200;
constexpr size_t kSureNumber = 12;

class Reader {
 public:
  Reader(absl::string_view text, JsonLook& look) : rest_(text), look_(look) {}

  bool Whole() {
    Blanks();
    look_.object = !rest_.empty() && rest_.front() == '{';
    if (!Value(1)) return false;
    Blanks();
    return rest_.empty();
  }

 private:
  void Blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                              rest_.front() == '\r' || rest_.front() == '\n')) {
      rest_.remove_prefix(1);
    }
  }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool String(std::string& out) {
    if (!Take('"')) return false;
    const size_t end = rest_.find('"');
    if (end == absl::string_view::npos) return false;
    out = std::string(rest_.substr(0, end));
    for (const char c : out) {
      // An escape may hide the end of the string: nothing behind it is judged.
      if (c == '\\' || static_cast<unsigned char>(c) >= 0x7f) look_.unsure = true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
    }
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool Number() {
    size_t size = 0;
    while (size < rest_.size() && (absl::ascii_isdigit(static_cast<unsigned char>(rest_[size])) ||
                                   absl::StrContains("+-.eE", rest_[size]))) {
      ++size;
    }
    const absl::string_view number = rest_.substr(0, size);
    rest_.remove_prefix(size);
    absl::string_view digits = absl::StripPrefix(number, "-");
    // Anything but a plain whole number is left to the reader.
    for (const char c : digits) {
      if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) look_.unsure = true;
    }
    if (digits.size() > kSureNumber) look_.unsure = true;
    if (digits.empty()) return false;
    return look_.unsure || digits == "0" || digits.front() != '0';
  }

  bool Word() {
    for (const absl::string_view word : {"true", "false", "null"}) {
      if (absl::ConsumePrefix(&rest_, word)) return true;
    }
    return false;
  }

  bool Value(int depth) {
    if (depth > kSureDepth) look_.unsure = true;
    if (depth > kMostDepth || rest_.empty()) return false;
    std::string text;
    switch (rest_.front()) {
      case '{':
        return Object(depth);
      case '[':
        return List(depth);
      case '"':
        return String(text);
      default:
        return absl::ascii_isalpha(static_cast<unsigned char>(rest_.front())) ? Word() : Number();
    }
  }

  bool Object(int depth) {
    Take('{');
    Blanks();
    if (Take('}')) return true;
    std::set<std::string> names;
    do {
      Blanks();
      std::string name;
      if (!String(name)) return false;
      if (!names.insert(name).second) look_.duplicate = true;
      Blanks();
      if (!Take(':')) return false;
      Blanks();
      const absl::string_view from = rest_;
      if (!Value(depth + 1)) return false;
      if (depth == 1) {
        look_.members.emplace(name, std::string(from.substr(0, from.size() - rest_.size())));
      }
      Blanks();
    } while (Take(','));
    return Take('}');
  }

  bool List(int depth) {
    Take('[');
    Blanks();
    if (Take(']')) return true;
    do {
      Blanks();
      if (!Value(depth + 1)) return false;
      Blanks();
    } while (Take(','));
    return Take(']');
  }

  absl::string_view rest_;
  JsonLook& look_;
};

}  // namespace

std::string JsonLook::Text(absl::string_view name) const {
  const auto found = members.find(name);
  if (found == members.end() || found->second.empty() || found->second.front() != '"') return "";
  return found->second.substr(1, found->second.size() - 2);
}

bool JsonLook::TextOrAbsent(absl::string_view name) const {
  const auto found = members.find(name);
  return found == members.end() || found->second.front() == '"';
}

JsonLook LookAt(absl::string_view text) {
  JsonLook look;
  if (!Reader(text, look).Whole()) look.object = false;
  return look;
}

}  // namespace va::fuzz
