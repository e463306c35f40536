#include "services/user-attributes/domain/mhv_profile.h"

#include <cstddef>

#include "absl/strings/ascii.h"

namespace va::attributes {
namespace {

constexpr int kDeepest = 8;
constexpr std::size_t kLongestWord = 32;

// Walks one JSON text from left to right. Everything it does not expect ends the walk.
class Walk {
 public:
  explicit Walk(absl::string_view text) : text_(text) {}

  std::optional<absl::string_view> AccountType() {
    std::optional<absl::string_view> found;
    int times = 0;
    const bool whole = Members([&](absl::string_view name) {
      // A name behind an escape could be any name.
      if (name.find('\\') != absl::string_view::npos) return false;
      if (name != "accountType") return Value(1);
      ++times;
      return String(found);
    });
    Space();
    if (!whole || at_ != text_.size() || times != 1 || !found || !IsWord(*found)) {
      return std::nullopt;
    }
    return found;
  }

 private:
  static bool IsWord(absl::string_view text) {
    if (text.empty() || text.size() > kLongestWord) return false;
    for (const char c : text) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) return false;
    }
    return true;
  }

  void Space() {
    while (at_ < text_.size() &&
           absl::string_view(" \t\r\n").find(text_[at_]) != absl::string_view::npos) {
      ++at_;
    }
  }

  bool Take(char c) {
    Space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // The raw text between the quotes.
  bool String(std::optional<absl::string_view>& out) {
    if (!Take('"')) return false;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20) return false;
      if (c == '\\') {
        ++at_;
      } else if (c == '"') {
        out = text_.substr(begin, at_++ - begin);
        return true;
      }
    }
    return false;
  }

  template <typename Member>
  bool Members(Member&& member) {
    if (!Take('{')) return false;
    if (Take('}')) return true;
    do {
      std::optional<absl::string_view> name;
      if (!String(name) || !Take(':') || !member(*name)) return false;
    } while (Take(','));
    return Take('}');
  }

  bool Elements(int depth) {
    if (!Take('[')) return false;
    if (Take(']')) return true;
    do {
      if (!Value(depth)) return false;
    } while (Take(','));
    return Take(']');
  }

  // Numbers, true, false, null: their letters, whatever they spell.
  bool Literal() {
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (!absl::ascii_isalnum(c) && c != '-' && c != '+' && c != '.') break;
      ++at_;
    }
    return at_ > begin;
  }

  bool Value(int depth) {  // NOLINT(misc-no-recursion): kDeepest bounds it
    if (depth > kDeepest) return false;
    Space();
    if (at_ == text_.size()) return false;
    std::optional<absl::string_view> ignored;
    switch (text_[at_]) {
      case '{':
        return Members([&](absl::string_view /*name*/) { return Value(depth + 1); });
      case '[':
        return Elements(depth + 1);
      case '"':
        return String(ignored);
      default:
        return Literal();
    }
  }

  absl::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<absl::string_view> MhvAccountType(absl::string_view json) {
  return Walk(json).AccountType();
}

}  // namespace va::attributes
