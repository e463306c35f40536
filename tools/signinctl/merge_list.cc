// merge list, merge show: verified credentials that MPI answered with another ICN (decision R12).
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/signinctl/account_call.h"
#include "tools/signinctl/account_json.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

namespace v1 = attributes::v1;

// What the state asks of somebody.
std::string WordsFor(v1::MergeState state) {
  switch (state) {
    case v1::MERGE_STATE_PENDING:
      return "pending: two operators accept it, or one rejects it";
    case v1::MERGE_STATE_PROPOSED:
      return "proposed: one more operator accepts it, or one rejects it";
    case v1::MERGE_STATE_ACCEPTED:
      return "carried out; `signinctl merge revert` undoes it, with two operators";
    case v1::MERGE_STATE_REJECTED:
      return "ended; nothing moved";
    case v1::MERGE_STATE_REVERT_PROPOSED:
      return "carried out, and to be undone: one more operator reverts it, or one rejects that";
    case v1::MERGE_STATE_REVERTED:
      return "carried out, and undone";
    default:
      return "in a state that this program does not know";
  }
}

Result RunList(const Arguments& arguments, const World& world) {
  v1::ListMergesRequest request;
  int size = 0;
  if (!absl::SimpleAtoi(arguments.Text("--size", "100"), &size) || size < 1 || size > 500) {
    return Misuse("--size is a number from 1 to 500");
  }
  request.set_page_size(size);
  request.set_page_token(arguments.Text("--after"));
  if (arguments.Has("--state")) {
    request.set_state(StateByName(arguments.Text("--state")));
    if (request.state() == v1::MERGE_STATE_UNSPECIFIED) {
      return Misuse(
          "--state is pending, proposed, accepted, rejected, revert_proposed or reverted");
    }
  }
  v1::ListMergesResponse response;
  if (auto no = CallAccounts(arguments, world, "ListMerges", request, response)) return *no;
  Result result;
  result.json = Json{{"merges", Json::array()}, {"next", nullptr}};
  for (const v1::Merge& merge : response.merges()) result.json["merges"].push_back(ToJson(merge));
  result.words =
      absl::StrCat(response.merges_size(), response.merges_size() == 1 ? " merge " : " merges ",
                   arguments.Has("--state") ? arguments.Text("--state") : "to decide");
  if (!response.next_page_token().empty()) {
    result.json["next"] = response.next_page_token();
    absl::StrAppend(&result.words, "; more with --after ", response.next_page_token());
  }
  return result;
}

Result RunShow(const Arguments& arguments, const World& world) {
  v1::GetMergeRequest request;
  request.set_request_id(NewRequestId());
  request.set_merge_id(arguments.Text("MERGE"));
  request.set_reveal(arguments.Has("--reveal"));
  if (auto no = CheckId(request.merge_id(), "MERGE")) return *no;
  if (request.reveal()) {
    if (auto no = ReadActor(arguments, world, *request.mutable_actor())) return *no;
  }
  v1::GetMergeResponse response;
  if (auto no = CallAccounts(arguments, world, "GetMerge", request, response)) return *no;
  Result result;
  result.json = ToJson(response.merge());
  result.words = WordsFor(response.merge().state());
  return result;
}

}  // namespace

Verb MergeList() {
  Verb verb;
  verb.name = "merge list";
  verb.summary = "merges that wait for operators, oldest first, without personal data";
  verb.example = "signinctl merge list";
  verb.flags = {
      {"--state", "STATE",
       "instead: pending, proposed, accepted, rejected, revert_proposed or reverted"},
      {"--size", "N", "how many, 1 to 500 (default 100)"},
      {"--after", "NEXT", "`next` of the answer before"},
  };
  for (Flag& flag : CallFlags()) verb.flags.push_back(std::move(flag));
  verb.run = RunList;
  return verb;
}

Verb MergeShow() {
  Verb verb;
  verb.name = "merge show";
  verb.summary = "one merge with its evidence; both ICNs only with --reveal";
  verb.example =
      "signinctl merge show 2f2e2d2c-2b2a-4928-a726-252423222120 --reveal --operator e1001 "
      "--reason 'ticket INC0042'";
  verb.flags = RevealFlags();
  verb.positionals = {{"MERGE", "its id"}};
  verb.run = RunShow;
  return verb;
}

}  // namespace va::signinctl
