// policy check: whether a service would take this policy file, and every problem with its line.
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status.h"
#include "lib/config/policy_file.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

// "FILE:LINE: problem" of each line; without a line where the file has none to name.
Json ProblemsJson(absl::string_view message, const std::string& file) {
  Json list = Json::array();
  for (absl::string_view line : absl::StrSplit(message, '\n', absl::SkipWhitespace())) {
    const std::string text(line.data(), line.size());
    absl::ConsumePrefix(&line, absl::StrCat(file, ":"));
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    int number = 0;
    const bool numbered = parts.size() == 2 && absl::SimpleAtoi(parts[0], &number);
    list.push_back({{"line", numbered ? Json(number) : Json()},
                    {"problem", numbered ? std::string(parts[1].data(), parts[1].size()) : text}});
  }
  return list;
}

Result Run(const Arguments& arguments, const World& world) {
  const std::string file = arguments.Text("FILE");
  const auto text = ReadInput(file, world);
  if (!text.ok()) return CannotRead(text.status());
  const auto policy = config::ParsePolicy(*text, file);
  Result result;
  if (!policy.ok()) {
    const Json problems = ProblemsJson(policy.status().message(), file);
    result.exit = Exit::kReject;
    result.json = {
        {"verdict", "reject"}, {"reason", base::ReasonOf(policy.status())}, {"problems", problems}};
    result.words = std::string(policy.status().message());
    return result;
  }
  result.json = {{"verdict", "accept"},
                 {"version", policy->version},
                 {"production", policy->production},
                 {"applications", policy->applications.size()},
                 {"profiles", policy->profiles.size()},
                 {"csps", policy->csps.size()}};
  result.words = absl::StrCat("version ", policy->version, " can come into force");
  return result;
}

}  // namespace

Verb PolicyCheck() {
  Verb verb;
  verb.name = "policy check";
  verb.summary = "would a service take this policy file? every problem with its line";
  verb.example = "signinctl policy check deploy/policy/policy.yaml";
  verb.positionals = {{"FILE", "the policy file; - for standard input"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
