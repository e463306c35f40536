// account show, account list: what stands on record about accounts.
#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/signinctl/account_call.h"
#include "tools/signinctl/account_json.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

namespace v1 = attributes::v1;

std::string Count(int count, absl::string_view one) {
  return absl::StrCat(count, " ", one, count == 1 ? "" : "s");
}

std::string WordsFor(const v1::Account& account) {
  const auto locked = std::count_if(account.verifications().begin(), account.verifications().end(),
                                    [](const v1::Verification& one) { return one.locked(); });
  std::string words = absl::StrCat(account.verified() ? "verified" : "not verified", ", ",
                                   Count(account.verifications_size(), "credential"));
  if (account.locked()) absl::StrAppend(&words, ", locked as a whole");
  if (locked > 0) absl::StrAppend(&words, ", ", locked, " locked");
  if (account.merges_pending() > 0) {
    absl::StrAppend(&words, ", ", Count(account.merges_pending(), "merge"), " to decide");
  }
  return words;
}

Result RunShow(const Arguments& arguments, const World& world) {
  v1::GetAccountRequest request;
  request.set_request_id(NewRequestId());
  request.set_account_id(arguments.Text("ACCOUNT"));
  request.set_reveal(arguments.Has("--reveal"));
  if (auto no = CheckId(request.account_id(), "ACCOUNT")) return *no;
  if (request.reveal()) {
    if (auto no = ReadActor(arguments, world, *request.mutable_actor())) return *no;
  }
  v1::GetAccountResponse response;
  if (auto no = CallAccounts(arguments, world, "GetAccount", request, response)) return *no;
  Result result;
  result.json = ToJson(response.account());
  result.words = WordsFor(response.account());
  return result;
}

Result RunList(const Arguments& arguments, const World& world) {
  v1::ListAccountsRequest request;
  int size = 0;
  if (!absl::SimpleAtoi(arguments.Text("--size", "100"), &size) || size < 1 || size > 500) {
    return Misuse("--size is a number from 1 to 500");
  }
  request.set_page_size(size);
  request.set_page_token(arguments.Text("--after"));
  request.set_locked_only(arguments.Has("--locked"));
  v1::ListAccountsResponse response;
  if (auto no = CallAccounts(arguments, world, "ListAccounts", request, response)) return *no;
  Result result;
  result.json = Json{{"accounts", Json::array()}, {"next", nullptr}};
  for (const v1::Account& account : response.accounts()) {
    result.json["accounts"].push_back(ToJson(account));
  }
  result.words = Count(response.accounts_size(), "account");
  if (!response.next_page_token().empty()) {
    result.json["next"] = response.next_page_token();
    absl::StrAppend(&result.words, "; more with --after ", response.next_page_token());
  }
  return result;
}

}  // namespace

Verb AccountShow() {
  Verb verb;
  verb.name = "account show";
  verb.summary = "one account with its credentials; personal data only with --reveal";
  verb.example =
      "signinctl account show 0f0e0d0c-0b0a-4908-8706-050403020100 --reveal --operator e1001 "
      "--reason 'ticket INC0042'";
  verb.flags = RevealFlags();
  verb.positionals = {{"ACCOUNT", "its id"}};
  verb.run = RunShow;
  return verb;
}

Verb AccountList() {
  Verb verb;
  verb.name = "account list";
  verb.summary = "accounts in the order of their ids, without personal data";
  verb.example = "signinctl account list --locked";
  verb.flags = {
      {"--locked", "", "only those that are locked, or have a locked credential"},
      {"--size", "N", "how many, 1 to 500 (default 100)"},
      {"--after", "NEXT", "`next` of the answer before"},
  };
  for (Flag& flag : CallFlags()) verb.flags.push_back(std::move(flag));
  verb.run = RunList;
  return verb;
}

}  // namespace va::signinctl
