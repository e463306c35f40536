#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/signin_code.h"
#include "services/auth-gateway/domain/tag_catalogue.h"
#include "services/auth-gateway/saml/saml_reject.h"
#include "services/user-attributes/domain/rule_catalogue.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

// What stands between the marks of a part that ./dev docs writes.
std::string Generated(const std::string& file, const std::string& part) {
  std::ifstream in(file);
  const std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::string begin = absl::StrCat("<!-- begin ", part, " -->\n");
  const size_t from = page.find(begin);
  const size_t to = page.find(absl::StrCat("<!-- end ", part, " -->"));
  if (from == std::string::npos || to == std::string::npos) return "no marks";
  return page.substr(from + begin.size(), to - from - begin.size());
}

}  // namespace

TEST_CASE("codes: docs/errors.md says of each code and tag what the program says (./dev docs)",
          "[signinctl]") {
  CHECK(Generated("docs/errors.md", "codes") == RunWith({"codes", "--page"}).out);
}

TEST_CASE("codes: the page has a row for every code with cause, words for both, and retry advice",
          "[signinctl]") {
  const std::string page = RunWith({"codes", "--page"}).out;
  for (const base::CodeEntry& entry : base::SignInCatalogue()) {
    CAPTURE(Str(entry.code));
    CHECK(absl::StrContains(
        page, absl::StrCat("| ", entry.code, " | `", entry.tag, "` | ", entry.cause, " | ",
                           entry.headline, " | ", entry.what_happened, " | ") +
                  absl::StrCat(entry.what_to_do, " | ", entry.support_text, " | ")));
  }
}

TEST_CASE("codes: every tag of the gateway and of the rules stands under its code", "[signinctl]") {
  const std::string page = RunWith({"codes", "--page"}).out;
  for (const gateway::TagRow& row : gateway::TagCatalogue()) {
    CAPTURE(Str(row.tag));
    CHECK(absl::StrContains(page, absl::StrCat("| `", row.tag, "` | ", row.cause, " |")));
  }
  for (const attributes::RuleRow& row : attributes::RuleCatalogue()) {
    CAPTURE(Str(row.name));
    CHECK(absl::StrContains(page, absl::StrCat("| `", row.name, "` | ")));
  }
  // Whatever can be wrong with a SAML message has its row, under the code that the person is shown.
  for (const gateway::SamlReject reject : gateway::AllSamlRejects()) {
    const base::Refusal refusal = gateway::RefusalFor(reject);
    const bool there = std::any_of(gateway::TagCatalogue().begin(), gateway::TagCatalogue().end(),
                                   [&](const gateway::TagRow& row) {
                                     return row.tag == refusal.tag && row.code == refusal.code;
                                   });
    CAPTURE(Str(gateway::ToString(reject)));
    CHECK(there);
  }
}

TEST_CASE("codes: one code, one tag, all of them", "[signinctl]") {
  const Ran code = RunWith({"codes", "101"});
  CHECK(code.exit == 0);
  CHECK(code.json["own_tag"] == "multiple_mhv_ids");
  CHECK(code.json["trying_again"] == "does not help");
  CHECK_FALSE(code.json["support"].get<std::string>().empty());
  const Ran tag = RunWith({"codes", "FLOW_EXPIRED"});
  CHECK(tag.exit == 0);
  REQUIRE(tag.json["codes"].size() == 2);
  CHECK(tag.json["codes"][0]["code"] == "002");
  CHECK(tag.json["codes"][1]["code"] == "005");
  CHECK(tag.json["codes"][1]["tags"].size() == 1);
  CHECK(RunWith({"codes"}).json.size() == base::SignInCatalogue().size());
  const Ran unknown = RunWith({"codes", "nothing_of_that_name"});
  CHECK(unknown.exit == 1);
  CHECK(unknown.json["reason"] == "UNKNOWN_CODE");
}

}  // namespace va::signinctl
