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

std::string StoredExample(absl::string_view service_name) {
  std::ifstream file(absl::StrCat("services/", service_name, "/config.example.yaml"));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace va::service
