#include "tools/signinctl/input.h"

#include <cerrno>
#include <cstring>
#include <fstream>

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

std::optional<absl::Time> ReadTime(const Arguments& arguments, const std::string& flag,
                                   absl::Time otherwise) {
  if (!arguments.Has(flag)) return otherwise;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, arguments.Text(flag), &time, &error))
    return std::nullopt;
  // The library also reads "infinite-future", which no clock ever shows.
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return std::nullopt;
  return time;
}

}  // namespace va::signinctl
