// codes: what a sign-in code or a tag means, from the catalogues in code. docs/errors.md is its
// page.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/signin_code.h"
#include "services/auth-gateway/domain/tag_catalogue.h"
#include "services/user-attributes/domain/rule_catalogue.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using base::CodeEntry;
using base::RetryAdvice;

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

const char* RetryWords(RetryAdvice retry) {
  switch (retry) {
    case RetryAdvice::kNow:
      return "at once";
    case RetryAdvice::kLater:
      return "later";
    case RetryAdvice::kSupport:
      return "does not help";
  }
  return "";
}

struct Tag {
  std::string name;
  std::string cause;
  std::string source;
};

// Tags that come under a code: of the gateway, then of the rules.
std::vector<Tag> TagsOf(base::SignInCode code) {
  std::vector<Tag> tags;
  const auto add = [&](absl::string_view name, absl::string_view cause, absl::string_view source) {
    const bool there =
        std::any_of(tags.begin(), tags.end(), [&](const Tag& tag) { return tag.name == name; });
    if (!there) tags.push_back({Str(name), Str(cause), Str(source)});
  };
  for (const gateway::TagRow& row : gateway::TagCatalogue()) {
    if (row.code == code) add(row.tag, row.cause, "");
  }
  for (const attributes::RuleRow& row : attributes::RuleCatalogue()) {
    if (row.code == code) add(row.name, row.words, row.source);
  }
  return tags;
}

Json TagsJson(const std::vector<Tag>& tags) {
  Json list = Json::array();
  for (const Tag& tag : tags) {
    list.push_back({{"tag", tag.name},
                    {"cause", tag.cause},
                    {"source", tag.source.empty() ? Json() : Json(tag.source)}});
  }
  return list;
}

Json CodeJson(const CodeEntry& entry, const std::vector<Tag>& tags) {
  return {{"code", Str(entry.code)},
          {"own_tag", Str(entry.tag)},
          {"cause", Str(entry.cause)},
          {"person",
           {{"headline", Str(entry.headline)},
            {"what_happened", Str(entry.what_happened)},
            {"what_to_do", Str(entry.what_to_do)}}},
          {"support", Str(entry.support_text)},
          {"trying_again", RetryWords(entry.retry)},
          {"tags", TagsJson(tags)}};
}

// ---- The page -----------------------------------------------------------------------------------

std::string TableOfCodes() {
  std::string out =
      "| Code | Own tag | Cause | Headline | What happened | What to do | For support | Trying "
      "again "
      "|\n|---|---|---|---|---|---|---|---|\n";
  for (const CodeEntry& entry : base::SignInCatalogue()) {
    absl::StrAppend(&out, "| ", entry.code, " | `", entry.tag, "` | ", entry.cause, " | ",
                    entry.headline, " | ");
    absl::StrAppend(&out, entry.what_happened, " | ", entry.what_to_do, " | ", entry.support_text,
                    " | ", RetryWords(entry.retry), " |\n");
  }
  return out;
}

std::string TableOfTags(const CodeEntry& entry) {
  const std::vector<Tag> tags = TagsOf(entry.id);
  if (tags.empty()) return "";
  std::string out = absl::StrCat("\n### ", entry.code, ": ", entry.headline,
                                 "\n\n| Tag | Cause | From |\n|---|---|---|\n");
  for (const Tag& tag : tags) {
    absl::StrAppend(&out, "| `", tag.name, "` | ", tag.cause, " | ",
                    tag.source.empty() ? "gateway" : tag.source, " |\n");
  }
  return out;
}

// What ends no attempt, or decides without a code.
std::string TableOfOthers() {
  std::string out =
      "\n### Without a code\n\nFindings that only stand on record, and rules that choose.\n\n"
      "| Name | What it says | From |\n|---|---|---|\n";
  for (const attributes::RuleRow& row : attributes::RuleCatalogue()) {
    if (row.code) continue;
    absl::StrAppend(&out, "| `", row.name, "` | ", row.words, " | ", row.source, " |\n");
  }
  return out;
}

std::string Page() {
  std::string out = TableOfCodes();
  absl::StrAppend(&out, "\n## Tags\n");
  for (const CodeEntry& entry : base::SignInCatalogue()) absl::StrAppend(&out, TableOfTags(entry));
  return out + TableOfOthers();
}

// ---- The verb -----------------------------------------------------------------------------------

Result All() {
  Result result;
  result.json = Json::array();
  for (const CodeEntry& entry : base::SignInCatalogue()) {
    result.json.push_back(CodeJson(entry, TagsOf(entry.id)));
  }
  result.words = absl::StrCat(result.json.size(), " codes");
  return result;
}

Result OfCode(base::SignInCode id) {
  const CodeEntry& entry = base::Describe(id);
  Result result;
  result.json = CodeJson(entry, TagsOf(id));
  result.words = Str(entry.cause);
  return result;
}

// A tag may come under more than one code.
Result OfTag(const std::string& name) {
  Result result;
  Json codes = Json::array();
  for (const CodeEntry& entry : base::SignInCatalogue()) {
    for (Tag& tag : TagsOf(entry.id)) {
      if (tag.name != name) continue;
      codes.push_back(CodeJson(entry, {tag}));
      result.words = std::move(tag.cause);
    }
  }
  const attributes::RuleRow* const rule = attributes::FindRule(name);
  if (codes.empty() && rule == nullptr) {
    return Reject("UNKNOWN_CODE", "no code and no tag of that name; all of them: signinctl codes");
  }
  if (rule != nullptr && result.words.empty()) result.words = Str(rule->words);
  result.json = {{"tag", name},
                 {"cause", result.words},
                 {"source", rule == nullptr ? Json() : Json(Str(rule->source))},
                 {"codes", std::move(codes)}};
  return result;
}

Result Run(const Arguments& arguments, const World& /*world*/) {
  if (arguments.Has("--page")) {
    Result result;
    result.text = Page();
    return result;
  }
  const std::string asked = arguments.Text("CODE|TAG");
  if (asked.empty()) return All();
  if (const auto code = base::CodeFromString(asked)) return OfCode(*code);
  return OfTag(absl::AsciiStrToLower(asked));
}

}  // namespace

Verb Codes() {
  Verb verb;
  verb.name = "codes";
  verb.summary = "what a sign-in code or a tag means: cause, person, support, trying again";
  verb.example = "signinctl codes multiple_mhv_ids";
  verb.flags = {{"--page", "", "all of them as the tables of docs/errors.md"}};
  verb.positionals = {{"CODE|TAG", "e.g. 101 or mpi_no_match (default: all)", false}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
