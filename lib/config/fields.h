// The table of a service's settings: one row per key gives loading from YAML, override from the
// environment, validation, the example file and the reference text. The table writes into a struct
// the service owns and collects every problem, so an operator repairs a file in one go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::config {

using Environment = std::map<std::string, std::string>;

// The variables of this process.
Environment ProcessEnvironment();

// One thing that is wrong. `line` is 0 when the value did not come from the file.
struct Problem {
  std::string key;  // dotted path, or the name of the environment variable
  int line = 0;
  std::string text;
};

// "mpi.http.timeout (line 12): must be a duration such as 5s".
std::string ToString(const Problem& problem);

// "5s", "30m", "250ms", "1h30m"; a bare number has no unit and is refused.
bool ParseDurationText(absl::string_view text, absl::Duration* out);

// One row, for generated documentation.
struct FieldInfo {
  std::string key;
  std::string env;
  std::string type;
  std::string doc;
  std::string default_text;  // as YAML
  std::string example;       // as YAML
  std::string unit;          // of a number or a duration
  std::string values;        // what it may be: a range, words, a form
  bool required = false;
  bool live = false;  // takes effect on reload, without a restart
};

// Whether the value is the path of a file, or of several: on reload what they hold is read anew,
// another path is not.
bool NamesFiles(const FieldInfo& field);

// One key of the table. What the bound variable holds when the row is added is the default.
class Field {
 public:
  virtual ~Field() = default;

  // Must be set, in the file or in the environment, to something not empty.
  Field& Required();
  // What the example file shows instead of the default, as YAML.
  Field& Example(std::string yaml);
  // Takes effect on reload (SIGHUP, or the file named here changed), without a restart.
  Field& Live();

  const std::string& key() const { return info_.key; }
  const FieldInfo& info() const { return info_; }

 protected:
  struct Source;

  explicit Field(FieldInfo info) : info_(std::move(info)) {}
  void SetDefaultText(std::string yaml);
  void SetUnit(std::string unit);
  void SetValues(std::string values);

 private:
  friend class Table;
  // Reads the value; empty, or what is wrong with it.
  virtual std::string Read(const Source& source) = 0;
  // What is wrong with the value in place; run for defaults too.
  virtual std::string Validate() const { return ""; }
  // Whether the value in place says nothing; only texts, lists and files can.
  virtual bool Empty() const { return false; }
  // The value in place, as YAML.
  virtual std::string ValueText() const = 0;

  FieldInfo info_;
};

class StringField;
class IntField;
class BoolField;
class DurationField;

class Table {
 public:
  // `env_prefix` such as "VA_MPI_ADAPTER__": the only variables this service looks at.
  explicit Table(std::string env_prefix);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Keys are dotted paths and equal the nesting in YAML. The variable outlives the table.
  StringField& String(absl::string_view key, std::string* value, absl::string_view doc);
  IntField& Int(absl::string_view key, int* value, absl::string_view doc);
  BoolField& Bool(absl::string_view key, bool* value, absl::string_view doc);
  DurationField& Duration(absl::string_view key, absl::Duration* value, absl::string_view doc);
  // In the environment: values separated by commas.
  Field& StringList(absl::string_view key, std::vector<std::string>* value, absl::string_view doc);
  // In the environment: "name=value,value;name2=value".
  Field& StringListMap(absl::string_view key,
                       std::map<std::string, std::vector<std::string>>* value,
                       absl::string_view doc);
  // A file that must be readable at start, if set.
  Field& FilePath(absl::string_view key, std::string* value, absl::string_view doc);
  // As FilePath for a file that holds a secret: the key must end in "_file", and group or others
  // must not write it nor others read it. A secret itself is never a value.
  Field& SecretFile(absl::string_view key, std::string* value, absl::string_view doc);

  // Keys and variables of sections that this table has no row of belong to another program and are
  // not judged: for a tool that shares the file of a service.
  void IgnoreOtherSections() { only_own_sections_ = true; }

  // A condition over several fields, checked once all are read without a problem. Empty: fine.
  void Rule(absl::string_view key, std::function<std::string()> what_is_wrong);

  // Reads the file (none if the path is empty), then the environment, then validates. Every problem
  // is returned; with any, the bound variables must not be used.
  std::vector<Problem> Load(const std::string& yaml_path, const Environment& environment);
  // The same from text.
  std::vector<Problem> LoadText(const std::string& yaml, const Environment& environment);

  const std::string& env_prefix() const { return env_prefix_; }
  std::vector<FieldInfo> Describe() const;
  // Every key with the value in place, as YAML: two tables of the same rows tell what differs.
  std::vector<std::pair<std::string, std::string>> Values() const;

  // A commented YAML file with every key: required ones set to their example, the others to their
  // default. Loading it back gives no unknown key.
  std::string ExampleYaml() const;

 private:
  struct Loader;

  void AppendExample(std::string& out, const std::string& section) const;
  template <typename T>
  T& Add(std::unique_ptr<T> field);
  FieldInfo Info(absl::string_view key, absl::string_view type, absl::string_view doc) const;

  std::string env_prefix_;
  bool only_own_sections_ = false;
  std::vector<std::unique_ptr<Field>> fields_;
  std::vector<std::pair<std::string, std::function<std::string()>>> rules_;
};

class StringField final : public Field {
 public:
  StringField& Required();
  StringField& Example(std::string yaml);
  StringField& Live();
  StringField& Default(std::string value);
  StringField& OneOf(std::vector<std::string> words);
  // Must be host:port; port 0 means any free one.
  StringField& HostPort();
  // Must be an absolute http or https URL.
  StringField& HttpUrl();

 private:
  friend class Table;
  StringField(FieldInfo info, std::string* value);
  std::string Read(const Source& source) override;
  std::string Validate() const override;
  bool Empty() const override { return value_->empty(); }
  std::string ValueText() const override;

  std::string* value_;
  std::vector<std::string> words_;
  bool host_port_ = false;
  bool http_url_ = false;
};

class IntField final : public Field {
 public:
  IntField& Required();
  IntField& Live();
  IntField& Default(int value);
  // What is counted: "threads", "bytes".
  IntField& Unit(std::string unit);
  IntField& Range(int lowest, int highest);

 private:
  friend class Table;
  IntField(FieldInfo info, int* value);
  std::string Read(const Source& source) override;
  std::string ValueText() const override;
  std::string Validate() const override;

  int* value_;
  int lowest_;
  int highest_;
};

class BoolField final : public Field {
 public:
  BoolField& Live();
  BoolField& Default(bool value);

 private:
  friend class Table;
  BoolField(FieldInfo info, bool* value);
  std::string Read(const Source& source) override;
  std::string ValueText() const override;

  bool* value_;
};

class DurationField final : public Field {
 public:
  DurationField& Required();
  DurationField& Live();
  DurationField& Default(absl::Duration value);
  DurationField& Range(absl::Duration lowest, absl::Duration highest);

 private:
  friend class Table;
  DurationField(FieldInfo info, absl::Duration* value);
  std::string Read(const Source& source) override;
  std::string ValueText() const override;
  std::string Validate() const override;

  absl::Duration* value_;
  absl::Duration lowest_ = absl::ZeroDuration();
  absl::Duration highest_ = absl::Hours(24 * 366);
};

}  // namespace va::config
