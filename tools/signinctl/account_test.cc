// The verbs about accounts and merges against a server of lib/rpc: what they send, show and say.
#include <mutex>

#include <catch2/catch.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/account_call.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

namespace v1 = attributes::v1;
using testing::PemFiles;
using testing::TestPki;

constexpr char kAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020100";
constexpr char kVerification[] = "1f1e1d1c-1b1a-4918-9716-151413121110";
constexpr char kMerge[] = "2f2e2d2c-2b2a-4928-a726-252423222120";
constexpr char kIcn[] = "1000000001V100001";
constexpr char kOtherIcn[] = "2000000002V200002";
constexpr char kEmail[] = "ida.fernbrook@example.org";
const std::vector<std::string> kActor = {"--operator", "e1001", "--reason", "ticket 7"};

using Words = std::vector<std::string>;

// AccountsService, as far as the wire goes: answers what a test says and keeps what it was asked.
class House {
 public:
  House() : pool_(2, 16) {
    rpc::ServerBuilder builder;
    Add<v1::GetAccountRequest, v1::GetAccountResponse>(builder, "GetAccount");
    Add<v1::ListAccountsRequest, v1::ListAccountsResponse>(builder, "ListAccounts");
    Add<v1::LockRequest, v1::LockResponse>(builder, "Lock");
    Add<v1::UnlockRequest, v1::UnlockResponse>(builder, "Unlock");
    Add<v1::ListMergesRequest, v1::ListMergesResponse>(builder, "ListMerges");
    Add<v1::GetMergeRequest, v1::GetMergeResponse>(builder, "GetMerge");
    Add<v1::DecideMergeRequest, v1::DecideMergeResponse>(builder, "DecideMerge");
    Add<v1::RevertMergeRequest, v1::RevertMergeResponse>(builder, "RevertMerge");
    Add<v1::ForgetAccountRequest, v1::ForgetAccountResponse>(builder, "ForgetAccount");
    builder.Allow("operator.va.internal", builder.Methods());
    rpc::ServerOptions options;
    const PemFiles files = pki_.IssueService("user-attributes");
    options.tls = {files.certificate_file, files.private_key_file, pki_.ca_file()};
    auto server = builder.Start(options, pool_, clock_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }

  // What the next calls answer.
  template <typename Response>
  void Answer(const Response& response) {
    answer_ = response.SerializeAsString();
  }
  void Fail(absl::StatusCode code, const std::string& reason) {
    failure_ = base::MakeError(code, reason, "the service's own words");
  }

  Ran Call(Words arguments, const Words& more = {}, const std::string& client = "operator") {
    arguments.insert(arguments.end(), more.begin(), more.end());
    const PemFiles files = pki_.IssueService(client);
    return RunWith(arguments, "",
                   {{"VA_CA", pki_.ca_file()},
                    {"VA_OPERATOR_CERT", files.certificate_file},
                    {"VA_OPERATOR_KEY", files.private_key_file},
                    {"VA_USER_ATTRIBUTES_GRPC", target()}},
                   &clock_);
  }
  std::string target() const { return "127.0.0.1:" + std::to_string(server_->port()); }

  // The methods that were called, and the last request.
  Words called;
  template <typename Request>
  Request Last() const {
    Request request;
    REQUIRE(request.ParseFromString(last_));
    return request;
  }

 private:
  template <typename Request, typename Response>
  void Add(rpc::ServerBuilder& builder, const std::string& method) {
    builder.Unary<Request, Response>(
        absl::StrCat(kAccounts, method),
        [this, method](const rpc::CallContext& /*context*/,
                       const Request& request) -> absl::StatusOr<Response> {
          const std::lock_guard<std::mutex> lock(mutex_);
          called.push_back(method);
          last_ = request.SerializeAsString();
          if (!failure_.ok()) return failure_;
          Response response;
          response.ParseFromString(answer_);
          return response;
        });
  }

  TestPki pki_;
  base::SystemClock clock_;
  std::mutex mutex_;
  std::string answer_;
  std::string last_;
  absl::Status failure_;
  base::WorkerPool pool_;
  std::unique_ptr<rpc::Server> server_;
};

v1::Account Ida(bool open) {
  v1::Account account;
  account.set_account_id(kAccount);
  account.set_verified(true);
  account.mutable_created_at()->set_seconds(1700000000);
  account.set_merges_pending(1);
  v1::Verification& idme = *account.add_verifications();
  idme.set_verification_id(kVerification);
  idme.set_type(common::v1::CSP_IDME);
  idme.set_locked(true);
  idme.mutable_last_used_at()->set_seconds(1700000060);
  if (open) {
    account.set_icn(kIcn);
    idme.set_identifier("11d0e4a1");
    idme.set_email(kEmail);
  }
  return account;
}

v1::Merge Waiting(v1::MergeState state) {
  v1::Merge merge;
  merge.set_merge_id(kMerge);
  merge.set_state(state);
  merge.set_account_id(kAccount);
  merge.set_verification_id(kVerification);
  merge.set_last_request_id("flow-9");
  merge.set_times_seen(4);
  v1::MergeStep& step = *merge.add_steps();
  step.set_state(v1::MERGE_STATE_PROPOSED);
  step.mutable_actor()->set_operator_("e1002");
  step.mutable_actor()->set_reason("ticket 6");
  step.mutable_at()->set_seconds(1700000000);
  return merge;
}

}  // namespace

TEST_CASE("account show: what stands on record, masked until it is opened", "[signinctl]") {
  House house;
  v1::GetAccountResponse response;
  *response.mutable_account() = Ida(false);
  house.Answer(response);
  const Ran ran = house.Call({"account", "show", kAccount});
  CHECK(ran.exit == 0);
  CHECK(ran.json["account_id"] == kAccount);
  CHECK(ran.json["icn"] == "***");
  CHECK(ran.json["created_at"] == "2023-11-14T22:13:20Z");
  CHECK(ran.json["acceptable_verified_credential_at"].is_null());
  CHECK(ran.json["verifications"][0]["type"] == "idme");
  CHECK(ran.json["verifications"][0]["identifier"] == "***");
  CHECK(ran.json["verifications"][0]["last_used_at"] == "2023-11-14T22:14:20Z");
  CHECK_FALSE(ran.json["verifications"][0].contains("email"));
  CHECK(absl::StrContains(ran.err, "verified, 1 credential, 1 locked, 1 merge to decide"));
  CHECK_FALSE(house.Last<v1::GetAccountRequest>().reveal());

  *response.mutable_account() = Ida(true);
  house.Answer(response);
  Words reveal = kActor;
  reveal.emplace_back("--reveal");
  const Ran open = house.Call({"account", "show", kAccount}, reveal);
  CHECK(open.json["icn"] == kIcn);
  CHECK(open.json["verifications"][0]["identifier"] == "11d0e4a1");
  CHECK(open.json["verifications"][0]["email"] == kEmail);
  const auto asked = house.Last<v1::GetAccountRequest>();
  CHECK(asked.reveal());
  CHECK(asked.actor().operator_() == "e1001");
  CHECK(asked.actor().reason() == "ticket 7");
  CHECK(asked.request_id().size() == 36);
}

TEST_CASE("account show: who opens something says who and why, before anything is sent",
          "[signinctl]") {
  House house;
  const Ran nobody = house.Call({"account", "show", kAccount, "--reveal"});
  CHECK(nobody.exit == 2);
  CHECK(absl::StrContains(nobody.err, "--operator"));
  const Ran why = house.Call({"merge", "show", kMerge, "--reveal", "--operator", "e1001"});
  CHECK(why.exit == 2);
  CHECK(absl::StrContains(why.err, "--reason"));
  CHECK(house.called.empty());
}

TEST_CASE("account list: a page, and where the next one begins", "[signinctl]") {
  House house;
  v1::ListAccountsResponse response;
  *response.add_accounts() = Ida(false);
  response.set_next_page_token(kAccount);
  house.Answer(response);
  const Ran ran =
      house.Call({"account", "list", "--locked", "--size", "7", "--after", kVerification});
  CHECK(ran.exit == 0);
  CHECK(ran.json["accounts"].size() == 1);
  CHECK(ran.json["next"] == kAccount);
  CHECK(absl::StrContains(ran.err, absl::StrCat("1 account; more with --after ", kAccount)));
  const auto asked = house.Last<v1::ListAccountsRequest>();
  CHECK(asked.locked_only());
  CHECK(asked.page_size() == 7);
  CHECK(asked.page_token() == kVerification);
  for (const char* size : {"0", "501", "many", "-1", ""}) {
    CAPTURE(size);
    CHECK(house.Call({"account", "list", "--size", size}).exit == 2);
  }
}

TEST_CASE("account lock: the account, or one credential of it", "[signinctl]") {
  House house;
  v1::LockResponse response;
  response.set_sequence(12);
  house.Answer(response);
  const Ran ran = house.Call({"account", "lock", kAccount}, kActor);
  CHECK(ran.exit == 0);
  CHECK(ran.json["verdict"] == "locked");
  CHECK(ran.json["unchanged"] == false);
  CHECK(ran.json["sequence"] == 12);
  const auto asked = house.Last<v1::LockRequest>();
  CHECK(asked.request_id() == ran.json["request_id"]);
  CHECK(asked.target().account_id() == kAccount);
  CHECK(asked.target().verification_id().empty());
  CHECK(asked.actor().operator_() == "e1001");

  house.Call({"account", "lock", kAccount, "--verification", kVerification}, kActor);
  CHECK(house.Last<v1::LockRequest>().target().verification_id() == kVerification);
  response.set_was_locked(true);
  house.Answer(response);
  const Ran again = house.Call({"account", "lock", kAccount}, kActor);
  CHECK(again.json["unchanged"] == true);
  CHECK(absl::StrContains(again.err, "it was locked before"));
}

TEST_CASE("account unlock: says what stays as it is", "[signinctl]") {
  House house;
  house.Answer(v1::UnlockResponse());
  const Ran ran = house.Call({"account", "unlock", kAccount}, kActor);
  CHECK(ran.exit == 0);
  CHECK(ran.json["verdict"] == "unlocked");
  CHECK(absl::StrContains(ran.err, "credentials that were locked by themselves stay locked"));
  CHECK(house.called == Words{"Unlock"});
}

TEST_CASE("account forget: without --yes it is only told what would go", "[signinctl]") {
  House house;
  v1::GetAccountResponse shown;
  *shown.mutable_account() = Ida(false);
  house.Answer(shown);
  const Ran dry = house.Call({"account", "forget", kAccount}, kActor);
  CHECK(dry.exit == 0);
  CHECK(dry.json["verdict"] == "dry_run");
  CHECK(dry.json["would_delete"]["credentials"] == 1);
  CHECK(absl::StrContains(dry.err, "nothing was changed, --yes asks"));
  CHECK(house.called == Words{"GetAccount"});
}

TEST_CASE("account forget: the first operator asks, the second one carries it out", "[signinctl]") {
  House house;
  Words yes = kActor;
  yes.emplace_back("--yes");
  house.Answer(v1::ForgetAccountResponse());
  const Ran first = house.Call({"account", "forget", kAccount}, yes);
  CHECK(first.exit == 0);
  CHECK(first.json["verdict"] == "proposed");
  CHECK(absl::StrContains(first.err, "another operator asks for it, too"));
  v1::ForgetAccountResponse gone;
  gone.set_forgotten(true);
  house.Answer(gone);
  const Ran second = house.Call({"account", "forget", kAccount}, yes);
  CHECK(second.json["verdict"] == "forgotten");
  CHECK(house.called == Words{"ForgetAccount", "ForgetAccount"});
}

TEST_CASE("merge list: those that wait, or those of a state", "[signinctl]") {
  House house;
  v1::ListMergesResponse response;
  *response.add_merges() = Waiting(v1::MERGE_STATE_REVERT_PROPOSED);
  response.set_next_page_token("17.next");
  house.Answer(response);
  const Ran ran = house.Call({"merge", "list"});
  CHECK(ran.exit == 0);
  CHECK(ran.json["merges"][0]["state"] == "revert_proposed");
  CHECK(ran.json["merges"][0]["account_icn"] == "***");
  CHECK(ran.json["merges"][0]["steps"][0] == Json{{"state", "proposed"},
                                                  {"operator", "e1002"},
                                                  {"reason", "ticket 6"},
                                                  {"at", "2023-11-14T22:13:20Z"}});
  CHECK(absl::StrContains(ran.err, "1 merge to decide; more with --after 17.next"));
  CHECK(house.Last<v1::ListMergesRequest>().state() == v1::MERGE_STATE_UNSPECIFIED);
  for (const char* state :
       {"pending", "proposed", "accepted", "rejected", "revert_proposed", "reverted"}) {
    CAPTURE(state);
    CHECK(house.Call({"merge", "list", "--state", state}).exit == 0);
    CHECK(v1::MergeState_Name(house.Last<v1::ListMergesRequest>().state()) ==
          "MERGE_STATE_" + absl::AsciiStrToUpper(state));
  }
  for (const char* state : {"unspecified", "waiting", ""}) {
    CAPTURE(state);
    CHECK(house.Call({"merge", "list", "--state", state}).exit == 2);
  }
}

TEST_CASE("merge show: both ICNs only with reveal", "[signinctl]") {
  House house;
  v1::GetMergeResponse response;
  *response.mutable_merge() = Waiting(v1::MERGE_STATE_PENDING);
  house.Answer(response);
  const Ran shut = house.Call({"merge", "show", kMerge});
  CHECK(shut.json["other_icn"] == "***");
  CHECK(shut.json["other_account_id"].is_null());
  CHECK(absl::StrContains(shut.err, "two operators accept it, or one rejects it"));
  response.mutable_merge()->set_account_icn(kIcn);
  response.mutable_merge()->set_other_icn(kOtherIcn);
  house.Answer(response);
  Words reveal = kActor;
  reveal.emplace_back("--reveal");
  const Ran open = house.Call({"merge", "show", kMerge}, reveal);
  CHECK(open.json["account_icn"] == kIcn);
  CHECK(open.json["other_icn"] == kOtherIcn);
  CHECK(house.Last<v1::GetMergeRequest>().actor().reason() == "ticket 7");
}

TEST_CASE("merge accept, reject, revert: what it came to, and who is next", "[signinctl]") {
  struct Row {
    const char* word;
    v1::MergeState became;
    const char* state;
    const char* said;
  };
  const std::vector<Row> rows = {
      {"accept", v1::MERGE_STATE_PROPOSED, "proposed", "another operator accepts it, too"},
      {"accept", v1::MERGE_STATE_ACCEPTED, "accepted", "carried out"},
      {"reject", v1::MERGE_STATE_REJECTED, "rejected", "nothing moved"},
      {"reject", v1::MERGE_STATE_ACCEPTED, "accepted", "it stays carried out"},
      {"revert", v1::MERGE_STATE_REVERT_PROPOSED, "revert_proposed",
       "another operator reverts it, too"},
      {"revert", v1::MERGE_STATE_REVERTED, "reverted", "undone"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.word, row.state);
    House house;
    v1::DecideMergeResponse response;  // the same fields as RevertMergeResponse
    *response.mutable_merge() = Waiting(row.became);
    house.Answer(response);
    const Ran ran = house.Call({"merge", row.word, kMerge}, kActor);
    CHECK(ran.exit == 0);
    CHECK(ran.json["state"] == row.state);
    CHECK(absl::StrContains(ran.err, row.said));
    if (std::string(row.word) == "revert") {
      CHECK(house.called == Words{"RevertMerge"});
    } else {
      CHECK(house.Last<v1::DecideMergeRequest>().accept() == (std::string(row.word) == "accept"));
      CHECK(house.Last<v1::DecideMergeRequest>().merge_id() == kMerge);
    }
  }
}

TEST_CASE("account, merge: a \"no\" says what to do about it", "[signinctl]") {
  using absl::StatusCode;
  struct Row {
    StatusCode code;
    const char* reason;
    const char* advice;
  };
  const std::vector<Row> rows = {
      {StatusCode::kFailedPrecondition, "SECOND_OPERATOR", "a colleague does the same"},
      {StatusCode::kFailedPrecondition, "MERGE_DECIDED", "signinctl merge show"},
      {StatusCode::kFailedPrecondition, "MERGE_CHANGED", "brought up to date"},
      {StatusCode::kFailedPrecondition, "MERGE_LOCKED", "account unlock"},
      {StatusCode::kNotFound, "MERGE_UNKNOWN", "signinctl merge list"},
      {StatusCode::kNotFound, "ACCOUNT_UNKNOWN", "signinctl account list"},
      {StatusCode::kUnavailable, "AUDIT_WRITE", "audit.md"},
      {StatusCode::kUnavailable, "DATABASE", "/readyz"},
      {StatusCode::kInvalidArgument, "REASON", "--reason"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    House house;
    house.Fail(row.code, row.reason);
    const Ran ran = house.Call({"merge", "accept", kMerge}, kActor);
    CHECK(ran.exit == 1);
    CHECK(ran.json["verdict"] == "reject");
    CHECK(ran.json["status"] == absl::StatusCodeToString(row.code));
    CHECK(ran.json["reason"] == row.reason);
    CHECK(ran.json["message"] == "the service's own words");
    CHECK(absl::StrContains(ran.json["advice"].get<std::string>(), row.advice));
    CHECK(absl::StrContains(ran.err, row.advice));
  }
}

TEST_CASE("account G2: a certificate that may not is told which one may", "[signinctl][G2]") {
  House house;
  const Ran ran = house.Call({"account", "list"}, {}, "stranger");
  CHECK(ran.exit == 1);
  CHECK(ran.json["status"] == "PERMISSION_DENIED");
  CHECK(absl::StrContains(ran.err, "VA_OPERATOR_CERT"));
  CHECK(house.called.empty());
}

TEST_CASE("account, merge: what is missing or none is misuse, and nothing is sent", "[signinctl]") {
  House house;
  Words bare = {"account", "lock", kAccount};
  bare.insert(bare.end(), kActor.begin(), kActor.end());
  CHECK(absl::StrContains(RunWith(bare).err, "--target"));
  CHECK(RunWith(bare).exit == 2);
  for (const Words& words : std::vector<Words>{
           {"account", "lock"},
           {"account", "lock", "somebody"},
           {"account", "lock", kAccount, "--verification", ""},
           {"account", "show", "0F0E0D0C-0B0A-4908-8706-050403020100"},
           {"account", "forget", "me", "--yes"},
           {"merge", "accept", "first"},
           {"merge", "show", "-"},
           {"account", "lock", kAccount, "--deadline", "never"},
           {"account", "lock", kAccount, "--cert", "/nonexistent"},
       }) {
    CAPTURE(words);
    CHECK(house.Call(words, kActor).exit == 2);
  }
  CHECK(house.Call({"account", "lock", kAccount}).exit == 2);
  CHECK(house.called.empty());
  const Ran down = house.Call({"account", "list", "--target", "127.0.0.1:1", "--deadline", "2s"});
  CHECK(down.exit == 1);
  CHECK(down.json["status"] == "UNAVAILABLE");
  CHECK(absl::StrContains(down.err, "127.0.0.1:1"));
}

}  // namespace va::signinctl
