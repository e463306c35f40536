#include "tests/conformance/json.h"

#include <fstream>
#include <stdexcept>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace va::conformance {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kLongestShown = 240;

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  const auto bounded = [](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepest) throw std::length_error("nested too deep");
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), bounded);
  } catch (const std::exception& problem) {
    return absl::InvalidArgumentError(OneLine(problem.what()));
  }
}

absl::StatusOr<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t most) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return absl::NotFoundError("there is no such file");
  }
  if (status.type() == std::filesystem::file_type::directory) {
    return absl::FailedPreconditionError("is a folder");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::FailedPreconditionError("cannot be read");
  std::string out;
  char buffer[1 << 16];
  while (in.read(buffer, sizeof(buffer)) || in.gcount() > 0) {
    out.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (out.size() > most) {
      return absl::ResourceExhaustedError(absl::StrCat("has more than ", most, " bytes"));
    }
  }
  return out;
}

const Json& Member(const Json& object, const std::string& name) {
  static const Json& none = *new Json();
  if (!object.is_object()) return none;
  const auto it = object.find(name);
  return it == object.end() ? none : *it;
}

std::string TextMember(const Json& object, const std::string& name) {
  const Json& member = Member(object, name);
  return member.is_string() ? member.get<std::string>() : std::string();
}

std::string Shown(const Json& value) {
  // Malformed UTF-8 cannot come from a parsed file, but it can come out of an answer under test.
  return OneLine(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string OneLine(absl::string_view text) {
  std::string out(text.substr(0, kLongestShown));
  for (char& c : out) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = '?';
  }
  if (text.size() > kLongestShown) absl::StrAppend(&out, "...");
  return out;
}

}  // namespace va::conformance
