#include "services/user-attributes/domain/rule_catalogue.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/findings.h"

namespace va::attributes {
namespace {

bool IsTest(const std::string& name) { return name.find("_test.") != std::string::npos; }

// All code that can name a rule: the rules themselves and the face of the service.
std::string Sources() {
  std::vector<std::filesystem::path> files = {
      "services/user-attributes/api/grpc/attributes_service.cc"};
  for (const auto& entry : std::filesystem::directory_iterator("services/user-attributes/domain")) {
    const std::string name = entry.path().filename().string();
    const bool rules = entry.path().extension() == ".cc" && !IsTest(name) &&
                       name.find("rule_catalogue") == std::string::npos &&
                       name.rfind("contact", 0) == std::string::npos;  // decides about nobody
    if (rules) files.push_back(entry.path());
  }
  std::string all;
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path);
    all.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return all;
}

// The names that stand in calls by which a rule is named, e.g. AddNote("pending_merge", ...).
std::set<std::string> NamedIn(const std::string& code) {
  static const std::regex call(R"((AddBlocking|AddNote|Refuse|DenyBy|Record|push_back|Deny)\()");
  static const std::regex name(R"rx("([a-z][a-z0-9_]+)")rx");
  // Attributes that a step is about, and words of other lists.
  static const std::set<std::string> subjects = {"authn_context", "pce_status"};
  std::set<std::string> out;
  for (auto it = std::sregex_iterator(code.begin(), code.end(), call); it != std::sregex_iterator();
       ++it) {
    std::size_t end = static_cast<std::size_t>(it->position() + it->length());
    for (int depth = 1; end < code.size() && depth > 0; ++end) {
      depth += code[end] == '(' ? 1 : code[end] == ')' ? -1 : 0;
    }
    const std::string arguments = code.substr(static_cast<std::size_t>(it->position()),
                                              end - static_cast<std::size_t>(it->position()));
    for (auto n = std::sregex_iterator(arguments.begin(), arguments.end(), name);
         n != std::sregex_iterator(); ++n) {
      const std::string word = (*n)[1];
      if (subjects.count(word) == 0 && word.find('_') != std::string::npos) out.insert(word);
    }
  }
  return out;
}

TEST_CASE("Catalogue: every name of a rule that the code writes down has its row",
          "[attributes][catalogue]") {
  const std::set<std::string> named = NamedIn(Sources());
  CHECK(named.size() > 30);
  for (const std::string& name : named) {
    CAPTURE(name);
    CHECK(FindRule(name) != nullptr);
  }
  for (std::size_t i = 0; i < identity::kCheckCount; ++i) {
    const std::string tag(identity::ToString(static_cast<identity::Check>(i)));
    CAPTURE(tag);
    CHECK(FindRule(tag) != nullptr);
  }
}

TEST_CASE("Catalogue: every row is of a rule that the code can come to",
          "[attributes][catalogue]") {
  const std::string code = Sources();
  for (const RuleRow& row : RuleCatalogue()) {
    CAPTURE(std::string(row.name));
    const bool check = identity::CheckFromString(row.name).has_value();
    CHECK((check || code.find(absl::StrCat("\"", row.name, "\"")) != std::string::npos));
  }
}

TEST_CASE("Catalogue: a row is one sentence with a source, and stands there once",
          "[attributes][catalogue]") {
  std::set<std::string> names;
  for (const RuleRow& row : RuleCatalogue()) {
    CAPTURE(std::string(row.name));
    CHECK(names.insert(std::string(row.name)).second);
    CHECK_FALSE(row.source.empty());
    REQUIRE_FALSE(row.words.empty());
    CHECK(row.words.back() == '.');
    CHECK(FindRule(row.name) != nullptr);
  }
  CHECK(FindRule("no_such_rule") == nullptr);
}

TEST_CASE("Catalogue: the code of a check's row is the one its finding ends with",
          "[attributes][catalogue]") {
  identity::RuleProfile profile;
  profile.effects.fill(identity::CheckEffect::kBlock);
  const RuleSet rules = {&profile, nullptr, {}};
  for (std::size_t i = 0; i < identity::kCheckCount; ++i) {
    const auto check = static_cast<identity::Check>(i);
    std::vector<Finding> findings;
    AddFinding(rules, check, {}, findings);
    const RuleRow* row = FindRule(identity::ToString(check));
    CAPTURE(std::string(identity::ToString(check)));
    REQUIRE(row != nullptr);
    REQUIRE(findings.size() == 1);
    // What no profile of ours blocks by has no code in the catalogue.
    if (row->code) CHECK(findings[0].code == row->code);
  }
}

}  // namespace
}  // namespace va::attributes
