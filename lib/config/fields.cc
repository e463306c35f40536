#include "lib/config/fields.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
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

constexpr char kNotScalar[] = "must be a single value, not a list or a section";

// What a file of settings may hold at the most; every example is far below.
constexpr size_t kLongestFile = size_t{1} << 20;

// More would bury the first, which is most likely the cause.
constexpr size_t kMostProblems = 100;

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
  std::string ValueText() const override { return YamlList(*value_); }

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
  std::string ValueText() const override { return YamlListMap(*value_); }

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
  // Somebody pasted the secret where its file belongs (K1): the message must not carry it on.
  constexpr size_t kLongestPath = 4096;
  if (path.size() > kLongestPath || path.find('\n') != std::string::npos) {
    return "must be the name of a file, not its content";
  }
  // Nor what looks like no path: it may be the secret, without a line end.
  const bool show = !secret || absl::StartsWith(path, "/") || absl::StartsWith(path, ".");
  const std::string name = show ? path : "(not shown: write a path that begins with / or .)";
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return absl::StrCat("cannot be used: ", name, ": ", std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return absl::StrCat("must name a file: ", name);
  if (::access(path.c_str(), R_OK) != 0) return absl::StrCat("cannot be read: ", name);
  if (secret && info.st_size == 0) return absl::StrCat("is empty: ", name);
  if (secret && (info.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
    return absl::StrCat("must not be open to others (chmod 0600): ", name);
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
  std::string ValueText() const override { return YamlText(*value_); }

  std::string* value_;
  const bool secret_;
};

bool IsHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = -1;
  return colon != absl::string_view::npos && colon != 0 &&
         absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 0 && port <= 65535;
}

// A zero needs its unit too, or it could not be read back.
std::string DurationText(absl::Duration value) {
  return value == absl::ZeroDuration() ? "0s" : absl::FormatDuration(value);
}

// yaml-cpp's words where they do not tell what to do.
std::string YamlComplaint(const std::string& said) {
  if (said == "bad file") return "nested too deeply, or not YAML";
  if (said != "illegal map value") return said;
  return "illegal map value (YAML indents with spaces, never tabs, and quotes what holds ': ')";
}

// Reads the file, a pipe too; what is wrong otherwise.
std::string ReadSettings(const std::string& path, std::string& out) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return absl::StrCat("cannot read ", path, ": ", std::strerror(errno));
  }
  if (S_ISDIR(info.st_mode)) return absl::StrCat(path, " is a folder: name the file in it");
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::StrCat("cannot read ", path, ": ", std::strerror(errno));
  out.resize(kLongestFile + 1);
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (file.bad()) return absl::StrCat("cannot read ", path);
  out.resize(static_cast<size_t>(file.gcount()));
  if (out.size() > kLongestFile) {
    return absl::StrCat(path, " is longer than 1 MiB: that is no file of settings");
  }
  return "";
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

bool NamesFiles(const FieldInfo& field) {
  return absl::StartsWith(field.type, "file") || absl::StrContains(field.key, "_file");
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

Field& Field::Live() {
  info_.live = true;
  return *this;
}

void Field::SetDefaultText(std::string yaml) { info_.default_text = std::move(yaml); }
void Field::SetUnit(std::string unit) { info_.unit = std::move(unit); }
void Field::SetValues(std::string values) { info_.values = std::move(values); }

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
StringField& StringField::Live() {
  Field::Live();
  return *this;
}
StringField& StringField::Default(std::string value) {
  *value_ = std::move(value);
  SetDefaultText(YamlText(*value_));
  return *this;
}
StringField& StringField::OneOf(std::vector<std::string> words) {
  words_ = std::move(words);
  SetValues(absl::StrJoin(words_, ", "));
  return *this;
}
StringField& StringField::HostPort() {
  host_port_ = true;
  SetValues("host:port");
  return *this;
}
StringField& StringField::HttpUrl() {
  http_url_ = true;
  SetValues("an absolute http or https URL");
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
    const std::string nearest = Nearest(*value_, words_);
    return absl::StrCat("must be one of ", absl::StrJoin(words_, ", "),
                        nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"));
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
IntField& IntField::Live() {
  Field::Live();
  return *this;
}
IntField& IntField::Default(int value) {
  *value_ = value;
  SetDefaultText(absl::StrCat(value));
  return *this;
}
IntField& IntField::Unit(std::string unit) {
  SetUnit(std::move(unit));
  return *this;
}
IntField& IntField::Range(int lowest, int highest) {
  lowest_ = lowest;
  highest_ = highest;
  SetValues(absl::StrCat(lowest_, " to ", highest_));
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

BoolField& BoolField::Live() {
  Field::Live();
  return *this;
}
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
    : Field(std::move(info)), value_(value) {
  SetUnit("a number with its unit: ms, s, m, h");
}

DurationField& DurationField::Required() {
  Field::Required();
  return *this;
}
DurationField& DurationField::Live() {
  Field::Live();
  return *this;
}
DurationField& DurationField::Default(absl::Duration value) {
  *value_ = value;
  SetDefaultText(DurationText(value));
  return *this;
}
DurationField& DurationField::Range(absl::Duration lowest, absl::Duration highest) {
  lowest_ = lowest;
  highest_ = highest;
  SetValues(absl::StrCat(DurationText(lowest_), " to ", DurationText(highest_)));
  return *this;
}

std::string DurationField::Read(const Source& source) {
  const std::optional<std::string> text = source.Scalar();
  if (text.has_value() && ParseDurationText(*text, value_)) return "";
  return "must be a duration with its unit, such as 5s, 30m or 250ms";
}

std::string DurationField::Validate() const {
  if (*value_ >= lowest_ && *value_ <= highest_) return "";
  return absl::StrCat("must be from ", DurationText(lowest_), " to ", DurationText(highest_));
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

  // Whether the key belongs to somebody else, who judges it.
  bool IsForeign(const std::string& key) const {
    return table.only_own_sections_ && !IsSection(key.substr(0, key.find('.')));
  }

  // The key with that last word, for one in the wrong section; empty when several have it.
  std::string EndingAs(const std::string& word) {
    std::string found;
    for (const std::string& key : Keys()) {
      if (!absl::EndsWith(key, absl::StrCat(".", word))) continue;
      if (!found.empty()) return "";
      found = key;
    }
    return found;
  }

  void Unknown(const std::string& key, int line) {
    if (IsForeign(key) || problems.size() >= kMostProblems) return;
    std::vector<std::string> known = Keys();
    // A mistyped section is nearest to a section, not to one of its keys.
    for (const std::string& field_key : Keys()) {
      for (size_t dot = field_key.find('.'); dot != std::string::npos;
           dot = field_key.find('.', dot + 1)) {
        known.push_back(field_key.substr(0, dot));
      }
    }
    std::string nearest = Nearest(key, known);
    if (nearest.empty()) nearest = EndingAs(key.substr(key.rfind('.') + 1));
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
    if (yaml.find('\0') != std::string::npos) {
      problems.push_back({"", 0, "the file holds a NUL byte: it must be YAML in UTF-8"});
      return;
    }
    try {
      const std::vector<YAML::Node> documents = YAML::LoadAll(yaml);
      if (documents.empty()) return;
      // Only the first would count, and nobody would know.
      if (documents.size() > 1) {
        problems.push_back({"", 0, "the file holds several documents: take out the lines ---"});
        return;
      }
      const YAML::Node& root = documents.front();
      if (root.IsNull()) return;
      if (!root.IsMap()) {
        problems.push_back({"", 0, "the file must hold keys with values"});
        return;
      }
      Walk("", root);
    } catch (const YAML::Exception& e) {
      problems.push_back(
          {"", 0, absl::StrCat("line ", e.mark.line + 1, ": ", YamlComplaint(e.msg))});
    }
  }

  void ReadEnvironment() {
    std::map<std::string, Field*> by_name;
    std::vector<std::string> names;
    for (const auto& field : table.fields_) {
      by_name[field->info().env] = field.get();
      // Without the prefix, which all share: it would make any two look alike.
      names.push_back(field->info().env.substr(table.env_prefix_.size()));
    }
    for (const auto& [name, text] : environment) {
      if (!absl::StartsWith(name, table.env_prefix_)) continue;
      const auto found = by_name.find(name);
      if (found == by_name.end()) {
        const absl::string_view rest = absl::string_view(name).substr(table.env_prefix_.size());
        if (IsForeign(absl::AsciiStrToLower(absl::StrReplaceAll(rest, {{"__", "."}})))) continue;
        const std::string nearest = Nearest(rest, names);
        problems.push_back({name, 0,
                            nearest.empty() ? "unknown variable"
                                            : absl::StrCat("unknown variable; did you mean ",
                                                           table.env_prefix_, nearest, "?")});
        continue;
      }
      Field::Source source;
      source.text = text;
      lines.erase(found->second->key());
      Read(*found->second, source, {name, 0, ""});
    }
  }

  void Validate() {
    // What is missing comes last: what somebody wrote and got wrong must not drown in it.
    std::vector<Problem> missing;
    for (const auto& field : table.fields_) {
      if (failed.count(field->key()) != 0) continue;
      const auto line = lines.find(field->key());
      Problem problem{field->key(), line == lines.end() ? 0 : line->second, ""};
      if (field->info().required && set.count(field->key()) == 0) {
        problem.text = absl::StrCat("is required (or set ", field->info().env, ")");
        missing.push_back(std::move(problem));
        continue;
      }
      problem.text = field->Validate();
      if (!problem.text.empty()) problems.push_back(std::move(problem));
    }
    problems.insert(problems.end(), missing.begin(), missing.end());
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
  std::string yaml;
  if (std::string wrong = ReadSettings(yaml_path, yaml); !wrong.empty()) {
    return {{"", 0, std::move(wrong)}};
  }
  return LoadText(yaml, environment);
}

std::vector<Problem> Table::LoadText(const std::string& yaml, const Environment& environment) {
  Loader loader{*this, environment, {}, {}, {}, {}};
  loader.ReadFile(yaml);
  loader.ReadEnvironment();
  loader.Validate();
  return std::move(loader.problems);
}

std::string StringField::ValueText() const { return YamlText(*value_); }
std::string IntField::ValueText() const { return absl::StrCat(*value_); }
std::string BoolField::ValueText() const { return *value_ ? "true" : "false"; }
std::string DurationField::ValueText() const { return DurationText(*value_); }

std::vector<std::pair<std::string, std::string>> Table::Values() const {
  std::vector<std::pair<std::string, std::string>> values;
  values.reserve(fields_.size());
  for (const auto& field : fields_) values.emplace_back(field->key(), field->ValueText());
  return values;
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
