#include "lib/service/example_config.h"

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace va::service {

std::string EnvPrefix(absl::string_view service_name) {
  return absl::StrCat("VA_", absl::AsciiStrToUpper(absl::StrReplaceAll(service_name, {{"-", "_"}})),
                      "__");
}

namespace {

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string StoredExample(absl::string_view service_name) {
  return ReadWhole(absl::StrCat("services/", service_name, "/config.example.yaml"));
}

std::string StoredReference(absl::string_view name) {
  const std::string page = ReadWhole("docs/configuration.md");
  const std::string begin = absl::StrCat("<!-- begin ", name, " -->\n");
  const size_t from = page.find(begin);
  if (from == std::string::npos) return "";
  const size_t to = page.find(absl::StrCat("<!-- end ", name, " -->"), from);
  if (to == std::string::npos) return "";
  return page.substr(from + begin.size(), to - from - begin.size());
}

}  // namespace va::service
