// account forget: takes an account and its personal data away, once two operators asked for it.
#include "absl/strings/str_cat.h"
#include "tools/signinctl/account_call.h"
#include "tools/signinctl/account_json.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

namespace v1 = attributes::v1;

// Without --yes: what it is about; nothing is asked of the service but to show it.
Result DryRun(const Arguments& arguments, const World& world, const std::string& account_id) {
  v1::GetAccountRequest request;
  request.set_request_id(NewRequestId());
  request.set_account_id(account_id);
  v1::GetAccountResponse response;
  if (auto no = CallAccounts(arguments, world, "GetAccount", request, response)) return *no;
  Result result;
  result.json = Json{{"verdict", "dry_run"},
                     {"account_id", account_id},
                     {"would_delete",
                      {{"credentials", response.account().verifications_size()},
                       {"icn", response.account().verified()}}}};
  result.words = absl::StrCat(
      "would ask to delete the account's ", response.account().verifications_size(),
      " credential(s), their e-mails and its ICN for good; nothing was changed, --yes asks. "
      "A second operator has to ask, too");
  return result;
}

Result Run(const Arguments& arguments, const World& world) {
  v1::ForgetAccountRequest request;
  request.set_request_id(NewRequestId());
  request.set_account_id(arguments.Text("ACCOUNT"));
  if (auto no = CheckId(request.account_id(), "ACCOUNT")) return *no;
  if (auto no = ReadActor(arguments, world, *request.mutable_actor())) return *no;
  if (!arguments.Has("--yes")) return DryRun(arguments, world, request.account_id());
  v1::ForgetAccountResponse response;
  if (auto no = CallAccounts(arguments, world, "ForgetAccount", request, response)) return *no;
  Result result;
  result.json = Json{{"verdict", response.forgotten() ? "forgotten" : "proposed"},
                     {"account_id", request.account_id()},
                     {"request_id", request.request_id()}};
  result.words = response.forgotten()
                     ? "gone: credentials, e-mails and sealed values are deleted, sessions end; a "
                       "later sign-in begins a new account"
                     : "asked for; nothing is deleted before another operator asks for it, too";
  return result;
}

}  // namespace

Verb AccountForget() {
  Verb verb;
  verb.name = "account forget";
  verb.summary = "delete an account and its personal data; two operators; says what it would do";
  verb.example =
      "signinctl account forget 0f0e0d0c-0b0a-4908-8706-050403020100 --operator e1001 "
      "--reason 'ticket INC0042' --yes";
  verb.flags = ActorFlags();
  verb.flags.insert(verb.flags.begin(), {"--yes", "", "ask for it; without, nothing is changed"});
  verb.positionals = {{"ACCOUNT", "its id"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
