// account lock, account unlock: whether an account, or one of its credentials, may be signed in
// with.
#include "absl/strings/str_cat.h"
#include "tools/signinctl/account_call.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

namespace v1 = attributes::v1;

// Everything of a LockRequest or UnlockRequest; nothing when it is whole.
template <typename Request>
std::optional<Result> Fill(const Arguments& arguments, const World& world, Request& request) {
  request.set_request_id(NewRequestId());
  request.mutable_target()->set_account_id(arguments.Text("ACCOUNT"));
  request.mutable_target()->set_verification_id(arguments.Text("--verification"));
  if (auto no = CheckId(request.target().account_id(), "ACCOUNT")) return no;
  if (arguments.Has("--verification")) {
    if (auto no = CheckId(request.target().verification_id(), "--verification")) return no;
  }
  return ReadActor(arguments, world, *request.mutable_actor());
}

template <typename Request>
Json Answer(const std::string& verdict, bool unchanged, const Request& request, int64_t sequence) {
  Json json{{"verdict", verdict}, {"unchanged", unchanged}};
  json["account_id"] = request.target().account_id();
  if (!request.target().verification_id().empty()) {
    json["verification_id"] = request.target().verification_id();
  }
  json["sequence"] = sequence;
  json["request_id"] = request.request_id();
  return json;
}

Result RunLock(const Arguments& arguments, const World& world) {
  v1::LockRequest request;
  if (auto no = Fill(arguments, world, request)) return *no;
  v1::LockResponse response;
  if (auto no = CallAccounts(arguments, world, "Lock", request, response)) return *no;
  Result result;
  result.json = Answer("locked", response.was_locked(), request, response.sequence());
  result.words = response.was_locked()
                     ? "it was locked before and stays so; nothing changed"
                     : "locked: no sign-in, no renewed decision, and live sessions end in seconds";
  return result;
}

Result RunUnlock(const Arguments& arguments, const World& world) {
  v1::UnlockRequest request;
  if (auto no = Fill(arguments, world, request)) return *no;
  v1::UnlockResponse response;
  if (auto no = CallAccounts(arguments, world, "Unlock", request, response)) return *no;
  Result result;
  result.json = Answer("unlocked", response.was_unlocked(), request, response.sequence());
  const bool whole = request.target().verification_id().empty();
  result.words =
      response.was_unlocked()
          ? "it was not locked; nothing changed"
          : absl::StrCat("unlocked; sessions that ended stay ended",
                         whole ? "; credentials that were locked by themselves stay locked" : "");
  return result;
}

Verb Base(const std::string& word, const std::string& summary) {
  Verb verb;
  verb.name = absl::StrCat("account ", word);
  verb.summary = summary;
  verb.example = absl::StrCat("signinctl account ", word,
                              " 0f0e0d0c-0b0a-4908-8706-050403020100 --operator e1001 "
                              "--reason 'ticket INC0042'");
  verb.flags = ActorFlags();
  verb.flags.insert(verb.flags.begin(), {"--verification", "ID", "this credential of it alone"});
  verb.positionals = {{"ACCOUNT", "its id"}};
  return verb;
}

}  // namespace

Verb AccountLock() {
  Verb verb = Base("lock", "lock an account or one credential: no sign-in, its sessions end");
  verb.run = RunLock;
  return verb;
}

Verb AccountUnlock() {
  Verb verb = Base("unlock", "take the lock of an account or of one credential away");
  verb.run = RunUnlock;
  return verb;
}

}  // namespace va::signinctl
