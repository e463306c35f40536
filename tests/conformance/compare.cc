#include "tests/conformance/compare.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/reference_names.h"

namespace va::conformance {
namespace {

// The reference's log prefix of these findings.
constexpr absl::string_view kLogPrefix = "[SAML::UserAttributes::SSOe] ";

using Difference = std::optional<std::string>;

std::string At(const std::string& path, const std::string& key) {
  return path.empty() ? key : absl::StrCat(path, ".", key);
}

// Values whose keys are data: there, one key too many is a difference, too.
bool IsMap(const std::string& key) { return key == "vha_facility_hash" || key == "codes"; }

bool IsEvent(const std::string& key) { return absl::StartsWith(key, "log_"); }
bool OnlyTheFactCounts(const std::string& key) {
  return key == "level" || key == "warnings" || IsEvent(key);
}

bool Says(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  if (value.is_array() || value.is_object()) return !value.empty();
  return true;
}

std::string Difference2(const std::string& path, const Json& expected, const Json& actual) {
  return absl::StrCat(path.empty() ? "the result" : path, ": expected ", Shown(expected), ", got ",
                      Shown(actual));
}

// "none in reference (...); build RecordNotFound in ours" names our class behind a remark.
Json ClassExpected(const Json& expected) {
  if (!expected.is_string()) return expected;
  const std::string& text = expected.get_ref<const std::string&>();
  const std::size_t build = text.find("; build ");
  if (!absl::StartsWith(text, "none in reference") || build == std::string::npos) return expected;
  absl::string_view name = absl::string_view(text).substr(build + 8);
  return absl::ConsumeSuffix(&name, " in ours") ? Json(std::string(name)) : expected;
}

// "a0b4... (MD5 of ...)": no uuid holds a space, so a remark begins there.
Json UuidExpected(const Json& expected) {
  if (!expected.is_string()) return expected;
  const std::string& text = expected.get_ref<const std::string&>();
  const std::size_t remark = text.find(" (");
  return remark == 0 || !absl::EndsWith(text, ")") ? expected : Json(text.substr(0, remark));
}

// Whether an event that was produced is the one expected: by tag, else by code, else by its words.
bool SameMeaning(const Json& expected, const Json& event) {
  const std::string tag = TextMember(expected, "tag");
  if (!tag.empty()) return TextMember(event, "tag") == tag;
  const std::string code = TextMember(expected, "code");
  if (!code.empty()) return TextMember(event, "code") == code;
  const auto words = [](const std::string& text) {
    absl::string_view out = text;
    absl::ConsumePrefix(&out, kLogPrefix);
    absl::ConsumeSuffix(&out, ".");
    return std::string(out);
  };
  const std::string message =
      words(expected.is_string() ? expected.get<std::string>() : TextMember(expected, "message"));
  return !message.empty() && words(TextMember(event, "message")) == message;
}

Difference CompareWarnings(const std::string& path, const Json& expected, const Json& actual) {
  if (!expected.is_array()) return absl::StrCat(path, ": is no list: ", Shown(expected));
  if (!actual.is_array()) return absl::StrCat(path, ": is not produced for this kind");
  for (const Json& one : expected) {
    const bool produced = std::any_of(actual.begin(), actual.end(),
                                      [&](const Json& event) { return SameMeaning(one, event); });
    if (!produced) return Difference2(path, one, actual);
  }
  if (!expected.empty()) return std::nullopt;
  // None expected: none that the reference would have written. Ours alone are none of its business.
  for (const Json& event : actual) {
    if (!TextMember(event, "message").empty()) return Difference2(path, expected, event);
  }
  return std::nullopt;
}

Difference Compare(const std::string& path, const std::string& key, const Json& expected,
                   const Json& actual);

// "redirect_contains" and "redirect_starts_with" say part of "redirect"; empty for any other key.
std::string WholeKey(const std::string& key) {
  absl::string_view whole = key;
  const bool part =
      absl::ConsumeSuffix(&whole, "_contains") || absl::ConsumeSuffix(&whole, "_starts_with");
  return part ? std::string(whole) : std::string();
}

Difference ComparePart(const std::string& path, const std::string& key, const Json& expected,
                       const Json& actual) {
  if (expected.is_string() && actual.is_string()) {
    const auto& part = expected.get_ref<const std::string&>();
    const auto& whole = actual.get_ref<const std::string&>();
    if (absl::EndsWith(key, "_starts_with") ? absl::StartsWith(whole, part)
                                            : absl::StrContains(whole, part)) {
      return std::nullopt;
    }
  }
  return Difference2(path, expected, actual);
}

Difference CompareMember(const std::string& path, const std::string& key, const Json& expected,
                         const Json& actual) {
  const std::string here = At(path, key);
  // That there is an error at all has been seen by then.
  if (key == "level") return std::nullopt;
  if (const std::string whole = WholeKey(key); !whole.empty() && actual.contains(whole)) {
    return ComparePart(here, key, expected, actual.at(whole));
  }
  if (!actual.contains(key)) return absl::StrCat(here, ": is not produced for this kind");
  const Json& value = actual.at(key);
  if (key == "warnings") return CompareWarnings(here, expected, value);
  if (IsEvent(key)) {
    if (Says(expected) == Says(value)) return std::nullopt;
    return Difference2(here, expected, value);
  }
  return Compare(here, key, expected, value);
}

Difference CompareObject(const std::string& path, const std::string& key, const Json& expected,
                         const Json& actual) {
  if (!actual.is_object()) return Difference2(path, expected, actual);
  for (const auto& [name, value] : expected.items()) {
    Difference difference = CompareMember(path, name, value, actual);
    if (difference) return difference;
  }
  if (!IsMap(key) && !(expected.empty() && !key.empty())) return std::nullopt;
  for (const auto& [name, value] : actual.items()) {
    if (!expected.contains(name)) return Difference2(At(path, name), "nothing", value);
  }
  return std::nullopt;
}

Difference CompareArray(const std::string& path, const Json& expected, const Json& actual) {
  if (!actual.is_array() || actual.size() != expected.size()) {
    return Difference2(path, expected, actual);
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    Difference difference = Compare(absl::StrCat(path, "[", i, "]"), "", expected[i], actual[i]);
    if (difference) return difference;
  }
  return std::nullopt;
}

Difference Compare(const std::string& path, const std::string& key, const Json& expected,
                   const Json& actual) {
  if (expected.is_object()) return CompareObject(path, key, expected, actual);
  if (expected.is_array()) return CompareArray(path, expected, actual);
  const Json wanted = key == "error" || key == "class" ? ClassExpected(expected)
                      : key == "uuid"                  ? UuidExpected(expected)
                                                       : expected;
  if (wanted == actual) return std::nullopt;
  return Difference2(path, wanted, actual);
}

// Another value of the same type.
Json Changed(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string:
      return absl::StrCat("not ", value.get_ref<const std::string&>());
    case Json::value_t::boolean:
      return !value.get<bool>();
    case Json::value_t::number_integer:
      return value.get<std::int64_t>() == 0 ? 1 : 0;
    case Json::value_t::number_unsigned:
      return value.get<std::uint64_t>() == 0 ? 1 : 0;
    case Json::value_t::number_float:
      return value.get<double>() == 0 ? 1.5 : 0.0;
    case Json::value_t::array:
    case Json::value_t::null:
      return Json::array({"self-test"});
    case Json::value_t::object:
      return Json::object({{"self-test", true}});
    case Json::value_t::binary:
    case Json::value_t::discarded:
      return "self-test";
  }
  return "self-test";
}

// Of a fact of which only the presence counts: the opposite claim, or one more that is absent.
// Nothing for `level`, which claims no more than the error beside it does.
std::optional<Json> Contradicted(const std::string& key, const Json& value) {
  if (key == "warnings") {
    Json more = value.is_array() ? value : Json::array();
    more.push_back({{"tag", "self_test_absent"}});
    return more;
  }
  if (IsEvent(key)) return Json(!Says(value));
  return std::nullopt;
}

class Mutator {
 public:
  explicit Mutator(Json expectation) : whole_(std::move(expectation)) {}

  std::vector<Mutation> Run() {
    Visit("", whole_);
    return std::move(out_);
  }

 private:
  void Visit(const std::string& path, Json& here) {
    if (here.is_object() && !here.empty()) {
      for (auto& [key, value] : here.items()) VisitMember(At(path, key), key, value);
    } else if (here.is_array() && !here.empty()) {
      for (std::size_t i = 0; i < here.size(); ++i) Visit(absl::StrCat(path, "[", i, "]"), here[i]);
    } else {
      Add(path, here, Changed(here));
    }
  }

  void VisitMember(const std::string& path, const std::string& key, Json& value) {
    if (!OnlyTheFactCounts(key)) return Visit(path, value);
    std::optional<Json> contradiction = Contradicted(key, value);
    if (contradiction) Add(path, value, *std::move(contradiction));
  }

  void Add(const std::string& path, Json& here, Json changed) {
    std::swap(here, changed);
    out_.push_back({absl::StrCat(path.empty() ? "the result" : path, " is ", Shown(here)), whole_});
    std::swap(here, changed);
  }

  Json whole_;
  std::vector<Mutation> out_;
};

}  // namespace

std::optional<std::string> FirstDifference(const Json& expected, const Json& actual) {
  return Compare("", "", expected, actual);
}

std::vector<Mutation> Mutations(const Json& expectation) {
  std::vector<Mutation> out = Mutator(expectation).Run();
  if (out.empty() && expectation.is_object()) {
    Json more = expectation;
    more["self_test_absent"] = true;
    out.push_back({"self_test_absent is demanded", std::move(more)});
  }
  return out;
}

}  // namespace va::conformance
