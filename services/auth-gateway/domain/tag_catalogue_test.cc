#include "services/auth-gateway/domain/tag_catalogue.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace va::gateway {
namespace {

std::string Str(absl::string_view text) { return {text.data(), text.size()}; }

// The gateway's own sources of one folder, tests apart.
std::string SourcesOf(const std::string& folder) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool test = name.ends_with("_test.cc") || name.ends_with("_testing.cc");
    if (!name.ends_with(".cc") || test || name == "tag_catalogue.cc") continue;
    std::ifstream file(entry.path());
    all.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return all;
}

// What a pattern's one group matches in a text.
std::set<std::string> Matches(const std::string& text, const std::string& pattern) {
  const std::regex form(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), form), end; at != end; ++at) {
    found.insert((*at)[1].str());
  }
  return found;
}

TEST_CASE("TagCatalogue: every tag is there once under a code, with its cause", "[gateway]") {
  std::set<std::pair<std::string, base::SignInCode>> seen;
  for (const TagRow& row : TagCatalogue()) {
    CAPTURE(Str(row.tag));
    CHECK(seen.insert({Str(row.tag), row.code}).second);
    CHECK(Str(row.cause).ends_with("."));
    CHECK(FindTag(row.tag)->tag == row.tag);
  }
  CHECK(FindTag("nothing") == nullptr);
}

TEST_CASE("TagCatalogue: a refusal that the sources make has its row", "[gateway]") {
  const std::string sources =
      SourcesOf("services/auth-gateway/domain") + SourcesOf("services/auth-gateway/api/http");
  std::set<std::string> tags;
  for (const char* const pattern :
       {R"re(SignInCode::k\w+,\s*"([a-z0-9_]+)")re", R"re(BadRequest\("([a-z0-9_]+)"\))re",
        R"re(RefuseTooLate\(std::move\(state_\), "([a-z0-9_]+)"\))re",
        R"re(TryLaterOutcome\("([a-z0-9_]+)"\))re", R"re(\.tag = "([a-z0-9_]+)";)re",
        R"re(Refuse\(deps, request, \d+, "([a-z0-9_]+)"\))re"}) {
    const std::set<std::string> found = Matches(sources, pattern);
    CAPTURE(pattern);
    CHECK_FALSE(found.empty());
    tags.insert(found.begin(), found.end());
  }
  for (const char* const pattern :
       {R"re(StationFailed\{"([a-z]+)")re", R"re([^\w]Failed\("([a-z]+)")re"}) {
    const std::set<std::string> found = Matches(sources, pattern);
    CAPTURE(pattern);
    CHECK_FALSE(found.empty());
    for (const std::string& station : found) tags.insert(station + "_unavailable");
  }
  for (const std::string& tag : tags) {
    CAPTURE(tag);
    CHECK(FindTag(tag) != nullptr);
  }
}

}  // namespace
}  // namespace va::gateway
