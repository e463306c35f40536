#include "lib/config/reference.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/config/edit_distance.h"

namespace va::config {
namespace {

constexpr size_t kWidth = 100;

bool IsBelow(absl::string_view key, absl::string_view section) {
  return absl::StartsWith(key, absl::StrCat(section, "."));
}

absl::string_view TopSection(absl::string_view key) { return key.substr(0, key.find('.')); }

std::string TypeText(const FieldInfo& field) {
  return absl::StrCat(field.type, field.unit.empty() ? "" : absl::StrCat(", ", field.unit),
                      field.required ? "; required" : "");
}

std::string DefaultText(const FieldInfo& field) {
  if (field.required) return "none: it must be set";
  return field.default_text == "\"\"" ? "empty" : field.default_text;
}

std::string ReloadText(const FieldInfo& field) {
  if (!field.live) return "needs a restart";
  return NamesFiles(field) ? "what the file holds takes effect; another path needs a restart"
                           : "takes effect";
}

void AppendLine(std::string& out, absl::string_view name, absl::string_view text) {
  if (text.empty()) return;
  absl::StrAppend(&out, "  ", name, std::string(13 - name.size(), ' '), text, "\n");
}

std::string ExplainOne(const FieldInfo& field) {
  std::string out = absl::StrCat(field.key, "\n  ", field.doc, "\n");
  AppendLine(out, "type", TypeText(field));
  AppendLine(out, "may be", field.values);
  AppendLine(out, "default", DefaultText(field));
  AppendLine(out, "example", field.example);
  AppendLine(out, "environment", field.env);
  AppendLine(out, "on reload", ReloadText(field));
  return out;
}

// What may stand between the bars of a Markdown table.
std::string Cell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"<", "&lt;"}, {"\n", " "}});
}

std::string Code(absl::string_view text) {
  return text.empty() ? "" : absl::StrCat("`", absl::StrReplaceAll(text, {{"|", "\\|"}}), "`");
}

std::string MarkdownRow(const FieldInfo& field) {
  const std::string otherwise = field.required                 ? "**required**"
                                : field.default_text == "\"\"" ? "empty"
                                                               : Code(field.default_text);
  const std::string may_be =
      absl::StrCat(Cell(field.type == "number" && !field.unit.empty() ? field.unit : field.type),
                   field.values.empty() ? "" : absl::StrCat(": ", Cell(field.values)));
  const std::string example =
      field.example.empty() ? "" : absl::StrCat(" Example: ", Code(field.example));
  return absl::StrCat("| ", Code(field.key), " | ", Cell(field.doc), example, " | ", may_be, " | ",
                      otherwise, " | ",
                      !field.live         ? "no"
                      : NamesFiles(field) ? "content"
                                          : "yes",
                      " |\n");
}

}  // namespace

std::optional<std::string> Explain(const std::vector<FieldInfo>& fields, absl::string_view asked) {
  std::string out;
  for (const FieldInfo& field : fields) {
    if (field.key != asked && field.env != asked && !IsBelow(field.key, asked)) continue;
    absl::StrAppend(&out, out.empty() ? "" : "\n", ExplainOne(field));
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::string NearestKey(const std::vector<FieldInfo>& fields, absl::string_view asked) {
  std::vector<std::string> known;
  for (const FieldInfo& field : fields) {
    known.push_back(field.key);
    known.push_back(field.env);
    for (size_t dot = field.key.find('.'); dot != std::string::npos;
         dot = field.key.find('.', dot + 1)) {
      known.push_back(field.key.substr(0, dot));
    }
  }
  std::string nearest = Nearest(asked, known);
  if (!nearest.empty()) return nearest;
  // Somebody who remembers the last word of a key only: `pool_size`.
  for (const FieldInfo& field : fields) {
    if (absl::EndsWith(field.key, absl::StrCat(".", asked))) return field.key;
  }
  return "";
}

std::string KeyOverview(const std::vector<FieldInfo>& fields) {
  size_t widest = 0;
  for (const FieldInfo& field : fields) widest = std::max(widest, field.key.size());
  std::string out;
  for (const FieldInfo& field : fields) {
    std::string line =
        absl::StrCat(field.key, std::string(widest + 2 - field.key.size(), ' '), field.doc);
    if (line.size() > kWidth) line = absl::StrCat(line.substr(0, kWidth - 3), "...");
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

std::string ReferenceMarkdown(const std::vector<FieldInfo>& fields) {
  std::vector<std::pair<std::string, std::string>> sections;  // in the order of their first key
  for (const FieldInfo& field : fields) {
    const std::string name(TopSection(field.key));
    auto found = std::find_if(sections.begin(), sections.end(),
                              [&name](const auto& section) { return section.first == name; });
    if (found == sections.end()) {
      sections.emplace_back(name,
                            "| Key | What it is | May be | Default | On reload |\n"
                            "|---|---|---|---|---|\n");
      found = std::prev(sections.end());
    }
    absl::StrAppend(&found->second, MarkdownRow(field));
  }
  std::string out;
  for (const auto& [name, table] : sections) {
    absl::StrAppend(&out, "### ", name, "\n\n", table, "\n");
  }
  return out;
}

}  // namespace va::config
