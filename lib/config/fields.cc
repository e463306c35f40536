#include "lib/config/fields.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <set>

#include <yaml-cpp/yaml.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "lib/base/url.h"
#include "lib/config/edit_distance.h"

namespace va::config {

// One value as it was written: a node of the file, or the text of an environment variable.
struct Field::Source {
  std::optional<YAML::Node> node;
  std::string text;

  // The text of a scalar; nothing for a list or a section.
  std::optional<std::string> Scalar() const {
    if (!node.has_value()) return text;
    if (node->IsScalar()) return node->Scalar();
    return std::nullopt;
  }
};

namespace {

constexpr char kNotScalar[] = "must be a single value";

// Quotes where YAML would read something else than the text.
std::string YamlText(const std::string& text) {
  YAML::Emitter out;
  out.SetStringFormat(YAML::Auto);
  const YAML::Node back = [&text] {
    try {
      return YAML::Load(text);
    } catch (const YAML::Exception&) {
      return YAML::Node();
    }
  }();
  if (!text.empty() && back.IsScalar() && back.Scalar() == text) return text;
  out << YAML::DoubleQuoted << text;
  return out.c_str();
}

std::string YamlList(const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  quoted.reserve(values.size());
  for (const std::string& value : values) quoted.push_back(YamlText(value));
  return absl::StrCat("[", absl::StrJoin(quoted, ", "), "]");
}

std::string YamlListMap(const std::map<std::string, std::vector<std::string>>& values) {
  std::vector<std::string> rows;
  rows.reserve(values.size());
  for (const auto& [name, list] : values) {
    rows.push_back(absl::StrCat(YamlText(name), ": ", YamlList(list)));
  }
  return absl::StrCat("{", absl::StrJoin(rows, ", "), "}");
}

// The items of a list node; what is wrong otherwise.
std::string ReadList(const YAML::Node& node, std::vector<std::string>& out) {
  if (!node.IsSequence()) return "must be a list";
  for (const YAML::Node& item : node) {
    if (!item.IsScalar() || item.Scalar().empty()) return "must be a list of texts";
    out.push_back(item.Scalar());
  }
  return "";
}

std::vector<std::string> SplitCommas(absl::string_view text) {
  std::vector<std::string> out;
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    out.emplace_back(absl::StripAsciiWhitespace(part));
  }
  return out;
}

class StringListField final : public Field {
 public:
  StringListField(FieldInfo info, std::vector<std::string>* value)
      : Field(std::move(info)), value_(value) {}

 private:
  std::string Read(const Source& source) override {
    if (!source.node.has_value()) {
      *value_ = SplitCommas(source.text);
      return "";
    }
    value_->clear();
    return ReadList(*source.node, *value_);
  }

  bool Empty() const override { return value_->empty(); }

  std::vector<std::string>* value_;
};

class StringListMapField final : public Field {
 public:
  StringListMapField(FieldInfo info, std::map<std::string, std::vector<std::string>>* value)
      : Field(std::move(info)), value_(value) {}

 private:
  std::string Read(const Source& source) override {
    value_->clear();
    return source.node.has_value() ? FromNode(*source.node) : FromText(source.text);
  }

  bool Empty() const override { return value_->empty(); }

  std::string FromNode(const YAML::Node& node) {
    if (!node.IsMap()) return "must be a section of lists";
    for (const auto& entry : node) {
      std::vector<std::string> list;
      if (const std::string wrong = ReadList(entry.second, list); !wrong.empty()) {
        return absl::StrCat("'", entry.first.Scalar(), "' ", wrong);
      }
      if (!value_->emplace(entry.first.Scalar(), std::move(list)).second) {
        return absl::StrCat("'", entry.first.Scalar(), "' stands there twice");
      }
    }
    return "";
  }

  std::string FromText(absl::string_view text) {
    for (const absl::string_view row : absl::StrSplit(text, ';', absl::SkipWhitespace())) {
      const std::pair<absl::string_view, absl::string_view> parts =
          absl::StrSplit(row, absl::MaxSplits('=', 1));
      const absl::string_view name = absl::StripAsciiWhitespace(parts.first);
      if (name.empty() || !absl::StrContains(row, '=')) return "must be name=value,value;name2=...";
      if (!value_->emplace(std::string(name), SplitCommas(parts.second)).second) {
        return absl::StrCat("'", name, "' stands there twice");
      }
    }
    return "";
  }

  std::map<std::string, std::vector<std::string>>* value_;
};

// A secret's file must not be open to everybody, or the secret is none.
std::string CheckFile(const std::string& path, bool secret) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return absl::StrCat("cannot be used: ", path, ": ", std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return absl::StrCat("must name a file: ", path);
  if (::access(path.c_str(), R_OK) != 0) return absl::StrCat("cannot be read: ", path);
  if (secret && (info.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
    return absl::StrCat("must not be open to others (chmod 0600): ", path);
  }
  return "";
}

class FileField final : public Field {
 public:
  FileField(FieldInfo info, std::string* value, bool secret)
      : Field(std::move(info)), value_(value), secret_(secret) {}

 private:
  std::string Read(const Source& source) override {
    const std::optional<std::string> text = source.Scalar();
    if (!text.has_value()) return kNotScalar;
    *value_ = *text;
    return "";
  }

  std::string Validate() const override {
    return value_->empty() ? "" : CheckFile(*value_, secret_);
  }

  bool Empty() const override { return value_->empty(); }

  std::string* value_;
  const bool secret_;
};

bool IsHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = -1;
  return colon != absl::string_view::npos && colon != 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 0 && port <= 65535;
}

std::string EnvName(absl::string_view prefix, absl::string_view key) {
  return absl::StrCat(prefix, absl::AsciiStrToUpper(absl::StrReplaceAll(key, {{".", "__"}})));
}

}  // namespace

Environment ProcessEnvironment() {
  Environment out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(absl::string_view(*entry), absl::MaxSplits('=', 1));
    out.insert(parts);
  }
  return out;
}

std::string ToString(const Problem& problem) {
  if (problem.key.empty()) return problem.text;
  if (problem.line == 0) return absl::StrCat(problem.key, ": ", problem.text);
  return absl::StrCat(problem.key, " (line ", problem.line, "): ", problem.text);
}

bool ParseDurationText(absl::string_view text, absl::Duration* out) {
  // Abseil also takes "inf" and a bare zero; a setting is a number with a unit.
  if (text.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(text.back()))) return false;
  absl::Duration parsed;
  if (!absl::ParseDuration(std::string(text), &parsed)) return false;
  if (parsed == absl::InfiniteDuration() || parsed == -absl::InfiniteDuration()) return false;
  *out = parsed;
  return true;
}

// ---- fields

Field& Field::Required() {
  info_.required = true;
  return *this;
}

Field& Field::Example(std::string yaml) {
  info_.example = std::move(yaml);
  return *this;
}

void Field::SetDefaultText(std::string yaml) { info_.default_text = std::move(yaml); }

StringField::StringField(FieldInfo info, std::string* value)
    : Field(std::move(info)), value_(value) {}

StringField& StringField::Required() {
  Field::Required();
  return *this;
}
StringField& StringField::Example(std::string yaml) {
  Field::Example(std::move(yaml));
  return *this;
}
StringField& StringField::Default(std::string value) {
  *value_ = std::move(value);
  SetDefaultText(YamlText(*value_));
  return *this;
}
StringField& StringField::OneOf(std::vector<std::string> words) {
  words_ = std::move(words);
  return *this;
}
StringField& StringField::HostPort() {
  host_port_ = true;
  return *this;
}
StringField& StringField::HttpUrl() {
  http_url_ = true;
  return *this;
}

std::string StringField::Read(const Source& source) {
  const std::optional<std::string> text = source.Scalar();
  if (!text.has_value()) return kNotScalar;
  *value_ = *text;
  return "";
}

std::string StringField::Validate() const {
  if (value_->empty()) return "";
  if (!words_.empty() && std::find(words_.begin(), words_.end(), *value_) == words_.end()) {
    return absl::StrCat("must be one of ", absl::StrJoin(words_, ", "));
  }
  if (host_port_ && !IsHostPort(*value_)) return "must be host:port";
  if (http_url_ && !base::ParseUrl(*value_).ok()) return "must be an absolute http(s) URL";
  return "";
}

IntField::IntField(FieldInfo info, int* value)
    : Field(std::move(info)),
      value_(value),
      lowest_(std::numeric_limits<int>::min()),
      highest_(std::numeric_limits<int>::max()) {}

IntField& IntField::Required() {
  Field::Required();
  return *this;
}
IntField& IntField::Default(int value) {
  *value_ = value;
  SetDefaultText(absl::StrCat(value));
  return *this;
}
IntField& IntField::Range(int lowest, int highest) {
  lowest_ = lowest;
  highest_ = highest;
  return *this;
}

std::string IntField::Read(const Source& source) {
  const std::optional<std::string> text = source.Scalar();
  int parsed = 0;
  if (!text.has_value() || !absl::SimpleAtoi(*text, &parsed)) return "must be a whole number";
  *value_ = parsed;
  return "";
}

std::string IntField::Validate() const {
  if (*value_ >= lowest_ && *value_ <= highest_) return "";
  return absl::StrCat("must be from ", lowest_, " to ", highest_);
}

BoolField::BoolField(FieldInfo info, bool* value) : Field(std::move(info)), value_(value) {}

BoolField& BoolField::Default(bool value) {
  *value_ = value;
  SetDefaultText(value ? "true" : "false");
  return *this;
}

std::string BoolField::Read(const Source& source) {
  // YAML's many other words for yes have surprised enough people.
  const std::optional<std::string> text = source.Scalar();
  if (text == "true" || text == "false") {
    *value_ = *text == "true";
    return "";
  }
  return "must be true or false";
}

DurationField::DurationField(FieldInfo info, absl::Duration* value)
    : Field(std::move(info)), value_(value) {}

DurationField& DurationField::Required() {
  Field::Required();
  return *this;
}
DurationField& DurationField::Default(absl::Duration value) {
  *value_ = value;
  // A zero needs its unit too, or the example could not be read back.
  SetDefaultText(value == absl::ZeroDuration() ? "0s" : absl::FormatDuration(value));
  return *this;
}
DurationField& DurationField::Range(absl::Duration lowest, absl::Duration highest) {
  lowest_ = lowest;
  highest_ = highest;
  return *this;
}

std::string DurationField::Read(const Source& source) {
  const std::optional<std::string> text = source.Scalar();
  if (text.has_value() && ParseDurationText(*text, value_)) return "";
  return "must be a duration with its unit, such as 5s, 30m or 250ms";
}

std::string DurationField::Validate() const {
  if (*value_ >= lowest_ && *value_ <= highest_) return "";
  return absl::StrCat("must be from ", absl::FormatDuration(lowest_), " to ",
                      absl::FormatDuration(highest_));
}

// ---- loading

// One run over file and environment.
struct Table::Loader {
  Table& table;
  const Environment& environment;
  std::vector<Problem> problems;
  std::map<std::string, int> lines;  // of keys found in the file
  std::set<std::string> set;         // keys that got a value from anywhere

  Field* Find(const std::string& key) {
    for (const auto& field : table.fields_) {
      if (field->key() == key) return field.get();
    }
    return nullptr;
  }

  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const auto& field : table.fields_) keys.push_back(field->key());
    return keys;
  }

  bool IsSection(const std::string& key) const {
    return std::any_of(table.fields_.begin(), table.fields_.end(), [&key](const auto& field) {
      return absl::StartsWith(field->key(), absl::StrCat(key, "."));
    });
  }

  void Unknown(const std::string& key, int line) {
    std::vector<std::string> known = Keys();
    // A mistyped section is nearest to a section, not to one of its keys.
    for (const std::string& field_key : Keys()) {
      for (size_t dot = field_key.find('.'); dot != std::string::npos;
           dot = field_key.find('.', dot + 1)) {
        known.push_back(field_key.substr(0, dot));
      }
    }
    const std::string nearest = Nearest(key, known);
    problems.push_back({key, line,
                        nearest.empty()
                            ? "unknown key"
                            : absl::StrCat("unknown key; did you mean ", nearest, "?")});
  }

  // Walks the nesting of the file down to the keys of the table.
  void Walk(const std::string& path, const YAML::Node& node) {  // NOLINT(misc-no-recursion)
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      const std::string key = path.empty() ? name : absl::StrCat(path, ".", name);
      const int line = entry.first.Mark().line + 1;
      // yaml-cpp keeps both entries and answers with the first: one of them would be ignored.
      if (!seen.insert(name).second) {
        problems.push_back({key, line, "stands there twice"});
        continue;
      }
      if (Field* field = Find(key); field != nullptr) {
        lines[key] = line;
        if (entry.second.IsNull()) continue;
        Field::Source source;
        source.node = entry.second;
        Read(*field, source, {key, line, ""});
      } else if (!IsSection(key)) {
        Unknown(key, line);
      } else if (entry.second.IsMap()) {
        Walk(key, entry.second);
      } else if (!entry.second.IsNull()) {
        problems.push_back({key, line, "must be a section with keys of its own"});
      }
    }
  }

  void Read(Field& field, const Field::Source& source, Problem where) {
    where.text = field.Read(source);
    if (!where.text.empty()) {
      problems.push_back(std::move(where));
      failed.insert(field.key());
      return;
    }
    if (field.Empty()) {
      set.erase(field.key());
    } else {
      set.insert(field.key());
    }
  }

  void ReadFile(const std::string& yaml) {
    try {
      const YAML::Node root = YAML::Load(yaml);
      if (root.IsNull()) return;
      if (!root.IsMap()) {
        problems.push_back({"", 0, "the file must hold keys with values"});
        return;
      }
      Walk("", root);
    } catch (const YAML::Exception& e) {
      problems.push_back({"", 0, absl::StrCat("line ", e.mark.line + 1, ": ", e.msg)});
    }
  }

  void ReadEnvironment() {
    std::map<std::string, Field*> by_name;
    std::vector<std::string> names;
    for (const auto& field : table.fields_) {
      by_name[field->info().env] = field.get();
      names.push_back(field->info().env);
    }
    for (const auto& [name, text] : environment) {
      if (!absl::StartsWith(name, table.env_prefix_)) continue;
      const auto found = by_name.find(name);
      if (found == by_name.end()) {
        const std::string nearest = Nearest(name, names);
        problems.push_back({name, 0,
                            nearest.empty()
                                ? "unknown variable"
                                : absl::StrCat("unknown variable; did you mean ", nearest, "?")});
        continue;
      }
      Field::Source source;
      source.text = text;
      lines.erase(found->second->key());
      Read(*found->second, source, {name, 0, ""});
    }
  }

  void Validate() {
    for (const auto& field : table.fields_) {
      if (failed.count(field->key()) != 0) continue;
      const auto line = lines.find(field->key());
      Problem problem{field->key(), line == lines.end() ? 0 : line->second, ""};
      if (field->info().required && set.count(field->key()) == 0) {
        problem.text = absl::StrCat("is required (or set ", field->info().env, ")");
      } else {
        problem.text = field->Validate();
      }
      if (!problem.text.empty()) problems.push_back(std::move(problem));
    }
    if (!problems.empty()) return;
    for (const auto& [key, wrong] : table.rules_) {
      const auto line = lines.find(key);
      if (std::string text = wrong(); !text.empty()) {
        problems.push_back({key, line == lines.end() ? 0 : line->second, std::move(text)});
      }
    }
  }

  std::set<std::string> failed;  // keys whose value could not be read
};

// ---- the table

Table::Table(std::string env_prefix) : env_prefix_(std::move(env_prefix)) {}
Table::~Table() = default;

FieldInfo Table::Info(absl::string_view key, absl::string_view type, absl::string_view doc) const {
  FieldInfo info;
  info.key = std::string(key);
  info.env = EnvName(env_prefix_, key);
  info.type = std::string(type);
  info.doc = std::string(doc);
  return info;
}

template <typename T>
T& Table::Add(std::unique_ptr<T> field) {
  T& reference = *field;
  fields_.push_back(std::move(field));
  return reference;
}

StringField& Table::String(absl::string_view key, std::string* value, absl::string_view doc) {
  return Add(std::unique_ptr<StringField>(new StringField(Info(key, "text", doc), value)))
      .Default(*value);
}
IntField& Table::Int(absl::string_view key, int* value, absl::string_view doc) {
  return Add(std::unique_ptr<IntField>(new IntField(Info(key, "number", doc), value)))
      .Default(*value);
}
BoolField& Table::Bool(absl::string_view key, bool* value, absl::string_view doc) {
  return Add(std::unique_ptr<BoolField>(new BoolField(Info(key, "true or false", doc), value)))
      .Default(*value);
}
DurationField& Table::Duration(absl::string_view key, absl::Duration* value,
                               absl::string_view doc) {
  return Add(std::unique_ptr<DurationField>(new DurationField(Info(key, "duration", doc), value)))
      .Default(*value);
}
Field& Table::StringList(absl::string_view key, std::vector<std::string>* value,
                         absl::string_view doc) {
  FieldInfo info = Info(key, "list of texts", doc);
  info.default_text = YamlList(*value);
  return Add(std::make_unique<StringListField>(std::move(info), value));
}
Field& Table::StringListMap(absl::string_view key,
                            std::map<std::string, std::vector<std::string>>* value,
                            absl::string_view doc) {
  FieldInfo info = Info(key, "lists by name", doc);
  info.default_text = YamlListMap(*value);
  return Add(std::make_unique<StringListMapField>(std::move(info), value));
}
Field& Table::FilePath(absl::string_view key, std::string* value, absl::string_view doc) {
  FieldInfo info = Info(key, "file", doc);
  info.default_text = YamlText(*value);
  return Add(std::make_unique<FileField>(std::move(info), value, false));
}
Field& Table::SecretFile(absl::string_view key, std::string* value, absl::string_view doc) {
  FieldInfo info = Info(key, "file that holds a secret", doc);
  info.default_text = YamlText(*value);
  Field& field = Add(std::make_unique<FileField>(std::move(info), value, true));
  if (!absl::EndsWith(key, "_file")) {
    Rule(key, [] { return "a key that names a secret must end in _file"; });
  }
  return field;
}

void Table::Rule(absl::string_view key, std::function<std::string()> what_is_wrong) {
  rules_.emplace_back(std::string(key), std::move(what_is_wrong));
}

std::vector<Problem> Table::Load(const std::string& yaml_path, const Environment& environment) {
  if (yaml_path.empty()) return LoadText("", environment);
  std::ifstream file(yaml_path, std::ios::binary);
  if (!file) return {{"", 0, absl::StrCat("cannot read ", yaml_path)}};
  return LoadText(
      std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()),
      environment);
}

std::vector<Problem> Table::LoadText(const std::string& yaml, const Environment& environment) {
  Loader loader{*this, environment, {}, {}, {}, {}};
  loader.ReadFile(yaml);
  loader.ReadEnvironment();
  loader.Validate();
  return std::move(loader.problems);
}

std::vector<FieldInfo> Table::Describe() const {
  std::vector<FieldInfo> rows;
  rows.reserve(fields_.size());
  for (const auto& field : fields_) rows.push_back(field->info());
  return rows;
}

// Prints the keys below `section` in the order they were added, each sub-section once, where its
// first key stands.
void Table::AppendExample(std::string& out,
                          const std::string& section) const {  // NOLINT(misc-no-recursion)
  const std::string prefix = section.empty() ? "" : absl::StrCat(section, ".");
  const auto depth = static_cast<size_t>(std::count(prefix.begin(), prefix.end(), '.'));
  const std::string indent(2 * depth, ' ');
  std::set<std::string> done;
  for (const auto& field : fields_) {
    if (!absl::StartsWith(field->key(), prefix)) continue;
    const FieldInfo& info = field->info();
    const std::string rest = info.key.substr(prefix.size());
    const size_t dot = rest.find('.');
    if (dot == std::string::npos) {
      absl::StrAppend(&out, indent, "# ", info.doc, "\n", indent, "# ", info.type,
                      info.required ? ", required" : "", "; ", info.env, "\n", indent, rest, ": ",
                      info.example.empty() ? info.default_text : info.example, "\n");
      continue;
    }
    const std::string name = rest.substr(0, dot);
    if (!done.insert(name).second) continue;
    absl::StrAppend(&out, depth == 0 && !out.empty() ? "\n" : "", indent, name, ":\n");
    AppendExample(out, absl::StrCat(prefix, name));
  }
}

std::string Table::ExampleYaml() const {
  std::string out;
  AppendExample(out, "");
  return out;
}

}  // namespace va::config
