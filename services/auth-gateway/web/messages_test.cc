#include "services/auth-gateway/web/messages.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/auth-gateway/web/embedded.h"
#include "services/auth-gateway/web/template.h"

namespace va::gateway {

TEST_CASE("EnglishMessages: ids are unique, texts are there and plain", "[web][messages]") {
  std::set<std::string> ids;
  for (const Message& message : EnglishMessages()) {
    INFO(message.id);
    CHECK(ids.insert(std::string(message.id)).second);
    CHECK_FALSE(message.text.empty());
    CHECK(message.text.find_first_of("<>&") == absl::string_view::npos);
    CHECK(std::count(message.text.begin(), message.text.end(), '{') ==
          std::count(message.text.begin(), message.text.end(), '}'));
  }
  CHECK(Text("no.such.id").empty());
}

TEST_CASE("AssembleTemplate: every page finds its messages, none is left over", "[web][messages]") {
  for (const EmbeddedFile& file : EmbeddedTemplates()) {
    const absl::string_view page = file.name.substr(0, file.name.find('.'));
    if (page == "layout") continue;
    INFO(page);
    const std::string text = AssembleTemplate(page);
    CHECK(absl::StrContains(text, "</html>"));
    CHECK_FALSE(absl::StrContains(text, "[["));
    // Three braces would be mustache without escaping.
    CHECK_FALSE(absl::StrContains(text, "{{{"));
    CHECK_FALSE(absl::StrContains(text, "{{&"));
  }
}

}  // namespace va::gateway
