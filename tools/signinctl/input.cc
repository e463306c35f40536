#include "tools/signinctl/input.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::signinctl {
namespace {

absl::StatusOr<std::string> ReadStream(std::istream& in, const std::string& name) {
  std::string bytes;
  char buffer[65536];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    bytes.append(buffer, static_cast<size_t>(in.gcount()));
    if (bytes.size() > kMostInput) {
      return base::MakeError(absl::StatusCode::kOutOfRange, "INPUT_TOO_LARGE",
                             absl::StrCat(name, ": larger than any message"));
    }
  }
  if (!in.bad()) return bytes;
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                         absl::StrCat(name, ": cannot be read"));
}

// The library reads more than the standard has: single digits, white space around, far years,
// "infinite-future".
bool HasShapeOfRfc3339(absl::string_view text) {
  constexpr absl::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size() ||
      absl::ascii_isspace(static_cast<unsigned char>(text.back()))) {
    return false;
  }
  for (size_t i = 0; i < kShape.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (kShape[i] == 'd' ? !absl::ascii_isdigit(c) : absl::ascii_toupper(c) != kShape[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> ReadInput(const std::string& path, const World& world) {
  if (path == "-") return ReadStream(world.in, "standard input");
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                           absl::StrCat(path, ": ", std::strerror(errno)));
  }
  return ReadStream(file, path);
}

Result CannotRead(const absl::Status& status) {
  const std::string words(status.message());
  const std::string reason = base::ReasonOf(status);
  return reason == "INPUT_TOO_LARGE" ? Reject(reason, words) : Misuse(words);
}

Result MissingFile() { return Reject("ARGUMENT_MISSING", "FILE is needed; - for standard input"); }

std::optional<absl::Time> ReadTime(const Arguments& arguments, const std::string& flag,
                                   absl::Time otherwise) {
  if (!arguments.Has(flag)) return otherwise;
  const std::string text = arguments.Text(flag);
  absl::Time time;
  std::string error;
  if (!HasShapeOfRfc3339(text) || !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return std::nullopt;
  }
  return time;
}

}  // namespace va::signinctl
