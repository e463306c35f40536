// merge accept, merge reject, merge revert: an operator's word on a merge (decision R12).
#include "absl/strings/str_cat.h"
#include "tools/signinctl/account_call.h"
#include "tools/signinctl/account_json.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

namespace v1 = attributes::v1;

// What the word came to, and who is next.
std::string WordsFor(v1::MergeState state, const std::string& word) {
  switch (state) {
    case v1::MERGE_STATE_PROPOSED:
      return "proposed; nothing moves before another operator accepts it, too";
    case v1::MERGE_STATE_ACCEPTED:
      return word == "reject" ? "it stays carried out; nobody undoes it"
                              : "carried out; sessions of the credential end in seconds";
    case v1::MERGE_STATE_REJECTED:
      return "ended; nothing moved";
    case v1::MERGE_STATE_REVERT_PROPOSED:
      return "proposed to be undone; nothing moves before another operator reverts it, too";
    case v1::MERGE_STATE_REVERTED:
      return "undone; sessions of the credential end in seconds";
    default:
      return "in a state that this program does not know: `signinctl merge show` tells more";
  }
}

template <typename Request>
std::optional<Result> Fill(const Arguments& arguments, const World& world, Request& request) {
  request.set_request_id(NewRequestId());
  request.set_merge_id(arguments.Text("MERGE"));
  if (auto no = CheckId(request.merge_id(), "MERGE")) return no;
  return ReadActor(arguments, world, *request.mutable_actor());
}

Result Done(const v1::Merge& merge, const std::string& word, const std::string& request_id) {
  Result result;
  result.json = ToJson(merge);
  result.json["request_id"] = request_id;
  result.words = WordsFor(merge.state(), word);
  return result;
}

Result RunDecide(const Arguments& arguments, const World& world, const std::string& word) {
  v1::DecideMergeRequest request;
  if (auto no = Fill(arguments, world, request)) return *no;
  request.set_accept(word == "accept");
  v1::DecideMergeResponse response;
  if (auto no = CallAccounts(arguments, world, "DecideMerge", request, response)) return *no;
  return Done(response.merge(), word, request.request_id());
}

Result RunRevert(const Arguments& arguments, const World& world) {
  v1::RevertMergeRequest request;
  if (auto no = Fill(arguments, world, request)) return *no;
  v1::RevertMergeResponse response;
  if (auto no = CallAccounts(arguments, world, "RevertMerge", request, response)) return *no;
  return Done(response.merge(), "revert", request.request_id());
}

Verb Base(const std::string& word, const std::string& summary) {
  Verb verb;
  verb.name = absl::StrCat("merge ", word);
  verb.summary = summary;
  verb.example = absl::StrCat("signinctl merge ", word,
                              " 2f2e2d2c-2b2a-4928-a726-252423222120 --operator e1001 "
                              "--reason 'ticket INC0042'");
  verb.flags = ActorFlags();
  verb.positionals = {{"MERGE", "its id"}};
  verb.run = [word](const Arguments& arguments, const World& world) {
    return word == "revert" ? RunRevert(arguments, world) : RunDecide(arguments, world, word);
  };
  return verb;
}

}  // namespace

Verb MergeAccept() {
  return Base("accept", "the new ICN is the person's: move the credential; two operators");
}
Verb MergeReject() { return Base("reject", "end a merge, or a revert that waits; one operator"); }
Verb MergeRevert() { return Base("revert", "undo a merge that was carried out; two operators"); }

}  // namespace va::signinctl
