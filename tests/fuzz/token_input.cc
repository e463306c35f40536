#include "tests/fuzz/token_input.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace va::fuzz {
namespace {

constexpr size_t kMostEdits = 16;

struct Edit {
  unsigned char what;
  size_t place;
  char byte;
};

std::string EditBytes(std::string token, const Edit& edit) {
  const size_t at = token.empty() ? 0 : edit.place % token.size();
  switch (edit.what % 4) {
    case 0:
      if (!token.empty()) token[at] = edit.byte;
      break;
    case 1:
      if (!token.empty()) token.erase(at, 1);
      break;
    case 2:
      token.insert(at, 1, edit.byte);
      break;
    default:
      token.append(token.substr(0, at));
  }
  return token;
}

std::string EditParts(const std::string& token, const Edit& edit) {
  std::vector<std::string> parts = absl::StrSplit(token, '.');
  const size_t at = edit.place % parts.size();
  const auto place = parts.begin() + static_cast<std::ptrdiff_t>(at);
  switch (edit.what % 4) {
    case 0:
      parts.erase(place);
      break;
    case 1:
      parts.insert(place, *place);
      break;
    case 2:
      std::swap(parts[at], parts[static_cast<unsigned char>(edit.byte) % parts.size()]);
      break;
    default:
      parts[at].clear();
  }
  return absl::StrJoin(parts, ".");
}

std::string Line(absl::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

}  // namespace

TokenInput TokenInputOf(absl::string_view input, size_t letters) {
  TokenInput out;
  out.letters = Line(input);
  if (out.letters.size() > letters) {
    out.edits = out.letters.substr(letters);
  }
  out.letters.resize(letters, '0');
  out.header = Line(input);
  out.content = std::string(input);
  return out;
}

std::string Edited(std::string token, absl::string_view edits) {
  for (size_t count = 0; edits.size() >= 4 && count < kMostEdits; ++count) {
    const auto what = static_cast<unsigned char>(edits[0]);
    const size_t place =
        size_t{static_cast<unsigned char>(edits[1])} << 8 | static_cast<unsigned char>(edits[2]);
    const Edit edit{what, place, edits[3]};
    token = what % 8 < 4 ? EditBytes(std::move(token), edit) : EditParts(token, edit);
    edits.remove_prefix(4);
  }
  return token;
}

size_t Choice(char letter, size_t choices) { return static_cast<unsigned char>(letter) % choices; }

}  // namespace va::fuzz
