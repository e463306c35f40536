// Strict reading of a YAML file that is data of ours: every mapping knows its keys, every problem
// has its line, and all problems are told at once. For files beside the table of settings: the
// policy, the identity providers. Only lib/config and the readers of such files include it.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "lib/config/edit_distance.h"

namespace va::config {

// Collects problems with the line they stand on.
class Problems {
 public:
  explicit Problems(absl::string_view source) : source_(source) {}

  void Add(const YAML::Node& at, absl::string_view what) {
    const int line = at.Mark().line;
    lines_.push_back(absl::StrCat(source_, ":", line < 0 ? 1 : line + 1, ": ", what));
  }

  bool empty() const { return lines_.empty(); }
  std::string Joined() const { return absl::StrJoin(lines_, "\n"); }

 private:
  std::string source_;
  std::vector<std::string> lines_;
};

// One mapping of the file: typed access to its keys; what was never asked for is an unknown key.
class Section {
 public:
  Section(const YAML::Node& node, std::string name, Problems& problems)
      : node_(node), name_(std::move(name)), problems_(problems) {
    if (!node_.IsMap()) {
      problems_.Add(node_, absl::StrCat(name_, " must be a mapping"));
      return;
    }
    std::set<std::string> seen;
    for (const auto& entry : node_) {
      const std::string key = entry.first.Scalar();
      if (!seen.insert(key).second) {
        problems_.Add(entry.first, absl::StrCat(name_, " has the key '", key, "' twice"));
      }
    }
  }

  // Calls `f(key, value)` for every entry, for mappings whose keys are names.
  void ForEach(const std::function<void(const std::string&, const YAML::Node&)>& f) const {
    if (!node_.IsMap()) return;
    for (const auto& entry : node_) f(entry.first.Scalar(), entry.second);
  }

  // The node of a key; a null node when it is absent.
  YAML::Node Get(const std::string& key) {
    asked_.insert(key);
    return node_.IsMap() ? static_cast<const YAML::Node&>(node_)[key]
                         : YAML::Node(YAML::NodeType::Undefined);
  }

  std::string String(const std::string& key, bool required) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) {
      if (required) Problem(absl::StrCat("needs the key '", key, "'"));
      return "";
    }
    if (!value.IsScalar()) {
      problems_.Add(value, absl::StrCat(name_, ".", key, " must be text"));
      return "";
    }
    if (required && value.Scalar().empty()) {
      problems_.Add(value, absl::StrCat(name_, ".", key, " must not be empty"));
    }
    return value.Scalar();
  }

  int OneOrTwo(const std::string& key) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) return 1;
    if (value.IsScalar() && value.Scalar() == "1") return 1;
    if (value.IsScalar() && value.Scalar() == "2") return 2;
    problems_.Add(value, absl::StrCat(name_, ".", key, " must be 1 or 2"));
    return 2;
  }

  bool Bool(const std::string& key, bool fallback) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) return fallback;
    if (value.IsScalar() && value.Scalar() == "true") return true;
    if (value.IsScalar() && value.Scalar() == "false") return false;
    problems_.Add(value, absl::StrCat(name_, ".", key, " must be true or false"));
    return fallback;
  }

  std::vector<std::string> Strings(const std::string& key) {
    const YAML::Node value = Get(key);
    std::vector<std::string> out;
    if (!value.IsDefined()) return out;
    if (!value.IsSequence()) {
      problems_.Add(value, absl::StrCat(name_, ".", key, " must be a list"));
      return out;
    }
    for (const auto& item : value) {
      if (item.IsScalar() && !item.Scalar().empty()) {
        out.push_back(item.Scalar());
      } else {
        problems_.Add(item, absl::StrCat(name_, ".", key, " must hold text only"));
      }
    }
    return out;
  }

  // One of several words; a wrong or missing one is a problem and yields the first.
  template <typename T>
  T Word(const std::string& key, std::initializer_list<std::pair<absl::string_view, T>> words,
         std::optional<T> fallback = std::nullopt) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined() && fallback) return *fallback;
    std::vector<absl::string_view> names;
    for (const auto& [word, meaning] : words) {
      if (value.IsDefined() && value.IsScalar() && value.Scalar() == word) return meaning;
      names.push_back(word);
    }
    problems_.Add(value.IsDefined() ? value : node_,
                  absl::StrCat(name_, ".", key, " must be one of: ", absl::StrJoin(names, ", ")));
    return words.begin()->second;
  }

  std::optional<absl::CivilDay> Day(const std::string& key) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) return std::nullopt;
    absl::CivilDay day;
    if (value.IsScalar() && value.Scalar().size() == 10 &&
        absl::ParseCivilTime(value.Scalar(), &day)) {
      return day;
    }
    problems_.Add(value, absl::StrCat(name_, ".", key, " must be a day, YYYY-MM-DD"));
    return std::nullopt;
  }

  std::optional<absl::Duration> Age(const std::string& key) {
    const YAML::Node value = Get(key);
    if (!value.IsDefined()) return std::nullopt;
    absl::Duration age;
    if (value.IsScalar() && absl::ParseDuration(value.Scalar(), &age) &&
        age > absl::ZeroDuration()) {
      return age;
    }
    problems_.Add(value, absl::StrCat(name_, ".", key, " must be a duration such as 12h"));
    return std::nullopt;
  }

  void Problem(absl::string_view what) { problems_.Add(node_, absl::StrCat(name_, " ", what)); }
  void ProblemAt(const std::string& key, absl::string_view what) {
    const YAML::Node value = Get(key);
    problems_.Add(value.IsDefined() ? value : node_, absl::StrCat(name_, ".", key, " ", what));
  }

  void RefuseUnknownKeys() {
    if (!node_.IsMap()) return;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    for (const auto& entry : node_) {
      const std::string key = entry.first.Scalar();
      if (asked_.count(key) == 0) {
        const std::string meant = Nearest(key, known);
        const std::string hint = meant.empty() ? "" : absl::StrCat("; did you mean '", meant, "'?");
        problems_.Add(entry.first, absl::StrCat(name_, " does not know the key '", key, "'", hint));
      }
    }
  }

  const std::string& name() const { return name_; }
  Problems& problems() { return problems_; }

 private:
  YAML::Node node_;
  std::string name_;
  Problems& problems_;
  std::set<std::string> asked_;
};

}  // namespace va::config
