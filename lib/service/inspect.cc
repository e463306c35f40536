#include "lib/service/inspect.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/config/reference.h"
#include "lib/service/common_config.h"

namespace va::service {
namespace {

constexpr int kOk = 0;
constexpr int kMisuse = 2;

int AnswerExplain(const std::string& asked, absl::string_view service_name,
                  const std::vector<config::FieldInfo>& fields, std::ostream& out,
                  std::ostream& err) {
  if (asked.empty()) {
    out << config::KeyOverview(fields) << "\n"
        << service_name << " --explain KEY tells all about one key or section.\n";
    return kOk;
  }
  if (const auto text = config::Explain(fields, asked); text.has_value()) {
    out << *text;
    return kOk;
  }
  const std::string nearest = config::NearestKey(fields, asked);
  err << service_name << ": there is no setting " << asked
      << (nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?")) << "\n"
      << "All of them: " << service_name << " --explain\n";
  return kMisuse;
}

}  // namespace

std::string CommonReference() {
  CommonConfig common;
  config::Table table("VA_SERVICE__");
  BindCommon(table, common, "schema", {"va.package.v1.Service/Method"});
  return config::ReferenceMarkdown(table.Describe());
}

std::string OwnReference(const config::Table& table, size_t common_rows) {
  std::vector<config::FieldInfo> fields = table.Describe();
  fields.erase(fields.begin(), fields.begin() + static_cast<long>(common_rows));
  return config::ReferenceMarkdown(fields);
}

std::optional<int> Inspect(const Flags& flags, absl::string_view service_name,
                           const config::Table& table, size_t common_rows, std::ostream& out,
                           std::ostream& err) {
  if (flags.print_example_config) {
    out << table.ExampleYaml();
    return kOk;
  }
  if (flags.explain.has_value()) {
    return AnswerExplain(*flags.explain, service_name, table.Describe(), out, err);
  }
  if (!flags.config_reference.has_value()) return std::nullopt;
  if (*flags.config_reference == "common") {
    out << CommonReference();
  } else if (*flags.config_reference == "own") {
    out << OwnReference(table, common_rows);
  } else {
    err << service_name << ": --print-config-reference takes common or own\n";
    return kMisuse;
  }
  return kOk;
}

}  // namespace va::service
