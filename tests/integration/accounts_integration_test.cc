// Accounts as operators handle them, on the user-attributes program as it is shipped, over mutual
// TLS and on a real PostgreSQL: locks, merges by two operators, accounts that are forgotten, and
// who may do none of it.
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/rpc/channel.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "services/user-attributes/domain/rule_fixture.h"
#include "tests/integration/child_process.h"
#include "va/attributes/v1/accounts.pb.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::integration {
namespace {

namespace v1 = attributes::v1;

constexpr char kDecisions[] = "va.attributes.v1.AttributesService/";
constexpr char kAccounts[] = "va.attributes.v1.AccountsService/";
constexpr char kIcn[] = "1000000001V100001";
constexpr char kOtherIcn[] = "2000000002V200002";

const std::vector<std::string>& OperatorMethods() {
  static const auto* const methods = new std::vector<std::string>{
      "GetAccount", "ListAccounts", "Lock",        "Unlock",       "ListMerges",
      "GetMerge",   "DecideMerge",  "RevertMerge", "ForgetAccount"};
  return *methods;
}

// The program with a database, an authority and keys of its own.
class Site {
 public:
  Site() : database_(testing::TempDatabase::Create("attributes").value()) {
    config_file_ = pki_.dir().Write("config.yaml", Yaml());
    REQUIRE(Run({"--migrate"})->Wait() == 0);
    program_ = Run({});
    const auto ready = program_->AwaitEvent("service.ready");
    INFO(program_->out());
    REQUIRE(ready.has_value());
    port_ = ready->at("grpc_port");
  }

  // Calls `method`, "va.attributes.v1.AccountsService/Lock", with the certificate of `caller`.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& caller, const std::string& method,
                                const Request& request) {
    const testing::PemFiles files = pki_.IssueService(caller);
    const auto channel =
        rpc::Connect(target(), {files.certificate_file, files.private_key_file, pki_.ca_file()},
                     "user-attributes.va.internal");
    REQUIRE(channel.ok());
    return rpc::Call<Response>(*channel, method, request,
                               {clock_.Now() + absl::Seconds(10), "req-1"});
  }
  template <typename Response, typename Request>
  absl::StatusOr<Response> AsOperator(const std::string& method, const Request& request) {
    return Call<Response>("operator", kAccounts + method, request);
  }

  // signinctl with the operator's certificate: exit code and what it printed.
  std::pair<int, nlohmann::json> Signinctl(const std::vector<std::string>& arguments) {
    const testing::PemFiles files = pki_.IssueService("operator");
    ChildProcess child(absl::StrCat(VA_BIN_DIR, "/signinctl"), arguments,
                       {absl::StrCat("VA_CA=", pki_.ca_file()),
                        absl::StrCat("VA_OPERATOR_CERT=", files.certificate_file),
                        absl::StrCat("VA_OPERATOR_KEY=", files.private_key_file),
                        absl::StrCat("VA_USER_ATTRIBUTES_GRPC=", target())});
    const int exit = child.Wait();
    INFO(child.err());
    return {exit, nlohmann::json::parse(child.out(), nullptr, false)};
  }

  void TakeDatabaseAway() {
    database_
        ->Psql(absl::StrCat("REVOKE CONNECT ON DATABASE \"", database_->name(), "\" FROM PUBLIC, ",
                            database_->App().user))
        .value();
    REQUIRE(database_->TerminateApp().ok());
  }
  void GiveDatabaseBack() {
    database_
        ->Psql(absl::StrCat("GRANT CONNECT ON DATABASE \"", database_->name(), "\" TO PUBLIC, ",
                            database_->App().user))
        .value();
  }

  std::string target() const { return absl::StrCat("127.0.0.1:", port_); }
  std::string Psql(const std::string& sql) {
    return database_->Psql("SET search_path = attributes; " + sql).value();
  }
  // The events of the trail that are about accounts, "account.locked locked".
  std::vector<std::string> Trail() const {
    std::vector<std::string> events;
    std::ifstream file(absl::StrCat(pki_.dir().path(), "/audit.jsonl"));
    for (std::string line; std::getline(file, line);) {
      const auto record = nlohmann::json::parse(line);
      if (!record.contains("operator")) continue;
      events.push_back(absl::StrCat(record.at("ev").get<std::string>(), " ",
                                    record.at("outcome").get<std::string>(), " ",
                                    record.at("operator").get<std::string>()));
    }
    return events;
  }
  std::string RawTrail() const {
    std::ifstream file(absl::StrCat(pki_.dir().path(), "/audit.jsonl"));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

 private:
  std::string Yaml() {
    const testing::PemFiles mine = pki_.IssueService("user-attributes");
    const store::PoolOptions app = database_->App();
    const std::string ring =
        pki_.dir().Write("data.keys", absl::StrCat("k1:", std::string(64, 'a'), "\n"));
    pki_.dir().Write("decision.key", crypto::GenerateKeyPem(crypto::NewKey::kEcP256).value());
    return absl::StrCat(
        "ops: {listen: '127.0.0.1:0'}\n", "grpc:\n  listen: '127.0.0.1:0'\n",
        "  tls: {certificate_file: ", mine.certificate_file,
        ", private_key_file: ", mine.private_key_file, ", ca_file: ", pki_.ca_file(), "}\n",
        "  callers: {auth-gateway.va.internal: [", kDecisions, "Admit, ", kDecisions,
        "RenewDecision], mhv-account.va.internal: [", kDecisions,
        "GetTermsAcceptance], operator.va.internal: [", kAccounts,
        absl::StrJoin(OperatorMethods(), absl::StrCat(", ", kAccounts)), "]}\n",
        "database: {host: ", app.host, ", port: ", app.port, ", name: ", app.name,
        ", user: ", app.user, ", owner_user: ", database_->Owner().user, "}\n",
        "audit: {file: ", pki_.dir().path(), "/audit.jsonl, pseudonym_keys_file: ",
        pki_.dir().Write("audit.keys", absl::StrCat("p1:", std::string(64, 'b'), "\n")), "}\n",
        "policy: {file: deploy/policy/policy.yaml}\n", "keys: {sealed_box_file: ", ring,
        ", lookup_file: ", ring, "}\n", "decision: {signing_ring_file: ",
        pki_.dir().Write("decision.ring", "ring signing ES256\nk1:decision.key:current\n"),
        ", icn_keys_file: ",
        pki_.dir().Write("icn.keys", absl::StrCat("i1:", std::string(64, 'c'), "\n")), "}\n");
  }
  std::unique_ptr<ChildProcess> Run(std::vector<std::string> more) {
    more.insert(more.begin(), {"--config", config_file_});
    return std::make_unique<ChildProcess>(absl::StrCat(VA_BIN_DIR, "/user-attributes"), more);
  }

  base::SystemClock clock_;
  testing::TestPki pki_;
  std::unique_ptr<testing::TempDatabase> database_;
  std::string config_file_;
  std::unique_ptr<ChildProcess> program_;
  int port_ = 0;
};

// Ida signs in with ID.me at LOA3; MPI answers with this ICN.
v1::AdmitRequest SignIn(const std::string& icn = kIcn) {
  v1::AdmitRequest request;
  request.mutable_context()->set_type("idme");
  request.mutable_context()->set_application("vaweb");
  request.mutable_context()->set_request_id("flow-1");
  request.mutable_context()->set_policy_version(attributes::ShippedPolicy().version);
  const attributes::Statement statement = attributes::IdmeLoa3().With("icn", icn).Without("gcIds");
  const attributes::SsoeAssertion assertion = statement.Build();
  request.mutable_ssoe()->set_authn_context(std::string(assertion.authn_context));
  request.mutable_ssoe()->mutable_auth_time()->set_seconds(1700000000);
  for (const attributes::Attribute& attribute : assertion.attributes) {
    v1::Attribute& added = *request.mutable_ssoe()->add_attributes();
    added.set_name(std::string(attribute.name));
    for (const absl::string_view value : attribute.values) added.add_values(std::string(value));
  }
  request.set_mpi_outcome(common::v1::MPI_OUTCOME_OK);
  request.mutable_mpi_profile()->set_icn(icn);
  request.mutable_mpi_profile()->set_ssn("666010001");
  return request;
}

v1::AdmitResponse Admitted(Site& site, const std::string& icn = kIcn) {
  const auto admitted =
      site.Call<v1::AdmitResponse>("auth-gateway", absl::StrCat(kDecisions, "Admit"), SignIn(icn));
  INFO(admitted.status());
  REQUIRE(admitted.ok());
  return *admitted;
}

absl::StatusOr<v1::RenewDecisionResponse> Renew(Site& site, const v1::AdmitResponse& admitted) {
  v1::RenewDecisionRequest request;
  request.set_request_id("renewal-1");
  request.set_flow_id("flow-1");
  request.set_account_id(admitted.account_id());
  request.set_verification_id(admitted.verification_id());
  *request.mutable_assurance() = admitted.assurance();
  request.set_application("vaweb");
  request.set_policy_version(admitted.policy_version());
  return site.Call<v1::RenewDecisionResponse>("auth-gateway",
                                              absl::StrCat(kDecisions, "RenewDecision"), request);
}

template <typename Request>
Request By(const std::string& who) {
  Request request;
  request.set_request_id("op-1");
  request.mutable_actor()->set_operator_(who);
  request.mutable_actor()->set_reason("ticket INC0042");
  return request;
}

// What the person meets: "admit", or code and tag of the refusal.
std::string Met(const v1::AdmitResponse& response) {
  return response.verdict() == v1::VERDICT_ADMIT
             ? "admit"
             : absl::StrCat(response.code(), " ", response.tag());
}
std::string Met(const absl::StatusOr<v1::RenewDecisionResponse>& response) {
  REQUIRE(response.ok());
  return response->verdict() == v1::VERDICT_ADMIT
             ? "admit"
             : absl::StrCat(response->code(), " ", response->tag());
}

v1::Merge PendingMerge(Site& site) {
  const auto merges =
      site.AsOperator<v1::ListMergesResponse>("ListMerges", v1::ListMergesRequest());
  INFO(merges.status());
  REQUIRE(merges.ok());
  REQUIRE(merges->merges_size() == 1);
  return merges->merges(0);
}

absl::StatusOr<v1::DecideMergeResponse> Accept(Site& site, const v1::Merge& merge,
                                               const std::string& who) {
  auto accept = By<v1::DecideMergeRequest>(who);
  accept.set_merge_id(merge.merge_id());
  accept.set_accept(true);
  return site.AsOperator<v1::DecideMergeResponse>("DecideMerge", accept);
}

}  // namespace

TEST_CASE(
    "Accounts: E6 a lock refuses the sign-in and the renewal with 107, an unlock lets both in",
    "[attributes][integration]") {
  Site site;
  const v1::AdmitResponse admitted = Admitted(site);
  REQUIRE(Met(admitted) == "admit");
  CHECK(Met(Renew(site, admitted)) == "admit");
  const bool whole = GENERATE(true, false);
  CAPTURE(whole);
  auto lock = By<v1::LockRequest>("e1001");
  lock.mutable_target()->set_account_id(admitted.account_id());
  if (!whole) lock.mutable_target()->set_verification_id(admitted.verification_id());
  const auto locked = site.AsOperator<v1::LockResponse>("Lock", lock);
  INFO(locked.status());
  REQUIRE(locked.ok());
  CHECK_FALSE(locked->was_locked());
  CHECK(locked->sequence() > 0);
  CHECK(Met(Renew(site, admitted)) == "107 account_locked");
  CHECK(Met(Admitted(site)) == "107 account_locked");
  const auto again = site.AsOperator<v1::LockResponse>("Lock", lock);
  REQUIRE(again.ok());
  CHECK(again->was_locked());
  CHECK(again->sequence() == 0);

  v1::ListAccountsRequest list;
  list.set_locked_only(true);
  CHECK(site.AsOperator<v1::ListAccountsResponse>("ListAccounts", list)->accounts_size() == 1);

  auto unlock = By<v1::UnlockRequest>("e1002");
  *unlock.mutable_target() = lock.target();
  const auto unlocked = site.AsOperator<v1::UnlockResponse>("Unlock", unlock);
  INFO(unlocked.status());
  REQUIRE(unlocked.ok());
  CHECK(unlocked->sequence() > locked->sequence());
  CHECK(Met(Renew(site, admitted)) == "admit");
  CHECK(Met(Admitted(site)) == "admit");
  CHECK(site.AsOperator<v1::ListAccountsResponse>("ListAccounts", list)->accounts_size() == 0);
  CHECK(site.Trail() == std::vector<std::string>{
                            "account.locked locked e1001", "account.locked unchanged e1001",
                            "account.unlocked requested e1002", "account.unlocked unlocked e1002"});
}

TEST_CASE("Accounts: R12 two operators accept a merge, two take it back",
          "[attributes][integration]") {
  Site site;
  const v1::AdmitResponse first = Admitted(site);
  const v1::AdmitResponse second = Admitted(site, kOtherIcn);
  REQUIRE(Met(second) == "admit");
  CHECK(second.account_id() == first.account_id());
  CHECK_FALSE(second.attributes().has_icn());
  const v1::Merge merge = PendingMerge(site);
  CHECK(merge.state() == v1::MERGE_STATE_PENDING);
  CHECK(merge.account_icn().empty());

  CHECK(Accept(site, merge, "e1001")->merge().state() == v1::MERGE_STATE_PROPOSED);
  CHECK(base::ReasonOf(Accept(site, merge, "e1001").status()) == "SECOND_OPERATOR");
  CHECK(base::ReasonOf(Accept(site, merge, "E1001").status()) == "SECOND_OPERATOR");
  const auto accepted = Accept(site, merge, "e1002");
  INFO(accepted.status());
  REQUIRE(accepted.ok());
  CHECK(accepted->merge().state() == v1::MERGE_STATE_ACCEPTED);
  CHECK(base::ReasonOf(Accept(site, merge, "e1003").status()) == "MERGE_DECIDED");
  const auto reveal = [&] {
    auto request = By<v1::GetAccountRequest>("e1001");
    request.set_account_id(first.account_id());
    request.set_reveal(true);
    const auto shown = site.AsOperator<v1::GetAccountResponse>("GetAccount", request);
    INFO(shown.status());
    REQUIRE(shown.ok());
    return shown->account();
  };
  CHECK(reveal().icn() == kOtherIcn);
  CHECK(reveal().verifications(0).identifier() == "11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  // The person is who operators say: signed in anew, with the new ICN shown.
  CHECK(Admitted(site, kOtherIcn).attributes().icn() == kOtherIcn);

  auto revert = By<v1::RevertMergeRequest>("e1002");
  revert.set_merge_id(merge.merge_id());
  const auto proposed = site.AsOperator<v1::RevertMergeResponse>("RevertMerge", revert);
  INFO(proposed.status());
  REQUIRE(proposed.ok());
  CHECK(proposed->merge().state() == v1::MERGE_STATE_REVERT_PROPOSED);
  revert.mutable_actor()->set_operator_("e1001");
  const auto reverted = site.AsOperator<v1::RevertMergeResponse>("RevertMerge", revert);
  INFO(reverted.status());
  REQUIRE(reverted.ok());
  CHECK(reverted->merge().state() == v1::MERGE_STATE_REVERTED);
  CHECK(reverted->merge().steps_size() == 4);
  CHECK(reveal().icn() == kIcn);
  for (const char* const personal : {kIcn, kOtherIcn, "11d0e4a1f0b24c55a1de6f1b6c2f7a01"}) {
    CHECK_FALSE(absl::StrContains(site.RawTrail(), personal));
  }
  CHECK_FALSE(absl::StrContains(site.RawTrail(), first.account_id()));
}

TEST_CASE("Accounts: two operators forget an account, and a later sign-in begins a new one",
          "[attributes][integration]") {
  Site site;
  const v1::AdmitResponse admitted = Admitted(site);
  auto forget = By<v1::ForgetAccountRequest>("e1001");
  forget.set_account_id(admitted.account_id());
  const auto asked = site.AsOperator<v1::ForgetAccountResponse>("ForgetAccount", forget);
  INFO(asked.status());
  REQUIRE(asked.ok());
  CHECK_FALSE(asked->forgotten());
  CHECK(Met(Renew(site, admitted)) == "admit");
  const auto twice = site.AsOperator<v1::ForgetAccountResponse>("ForgetAccount", forget);
  CHECK(base::ReasonOf(twice.status()) == "SECOND_OPERATOR");
  forget.mutable_actor()->set_operator_("e1002");
  const auto gone = site.AsOperator<v1::ForgetAccountResponse>("ForgetAccount", forget);
  INFO(gone.status());
  REQUIRE(gone.ok());
  CHECK(gone->forgotten());

  auto get = By<v1::GetAccountRequest>("e1001");
  get.set_account_id(admitted.account_id());
  CHECK(base::ReasonOf(site.AsOperator<v1::GetAccountResponse>("GetAccount", get).status()) ==
        "ACCOUNT_UNKNOWN");
  CHECK(base::ReasonOf(Renew(site, admitted).status()) == "ACCOUNT_UNKNOWN");
  CHECK(site.Psql("SELECT count(*) FROM user_verifications") == "0");
  CHECK(site.Psql("SELECT count(*) FROM user_accounts WHERE icn_sealed IS NOT NULL") == "0");
  const v1::AdmitResponse anew = Admitted(site);
  CHECK(Met(anew) == "admit");
  CHECK(anew.account_id() != admitted.account_id());
  CHECK(site.Trail() == std::vector<std::string>{
                            "account.forgotten requested e1001", "account.forgotten proposed e1001",
                            "account.forgotten requested e1001", "account.forgotten refused e1001",
                            "account.forgotten requested e1002",
                            "account.forgotten forgotten e1002"});
}

TEST_CASE("Accounts: G1 G2 operators alone handle accounts, and nothing of a sign-in",
          "[attributes][integration][G1][G2]") {
  Site site;
  const v1::AdmitResponse admitted = Admitted(site);
  // An empty request is enough: who may not is refused before a byte of it is read.
  const auto denied = [&site](const std::string& caller, const std::string& method) {
    CAPTURE(caller, method);
    const absl::Status status =
        site.Call<v1::LockResponse>(caller, method, v1::LockRequest()).status();
    CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  };
  for (const std::string& method : OperatorMethods()) {
    for (const char* const caller : {"auth-gateway", "mhv-account", "dev-client", "operator-2"}) {
      denied(caller, kAccounts + method);
    }
    // Listed, and refused for what it says instead; a list needs to say nothing.
    const absl::Status mine =
        site.Call<v1::LockResponse>("operator", kAccounts + method, v1::LockRequest()).status();
    CAPTURE(method);
    CHECK(mine.code() == (absl::StartsWith(method, "List") ? absl::StatusCode::kOk
                                                           : absl::StatusCode::kInvalidArgument));
  }
  for (const char* const method : {"Derive", "Admit", "RenewDecision", "RecordTerms",
                                   "GetTermsAcceptance", "Explain", "GetContactInformation"}) {
    denied("operator", absl::StrCat(kDecisions, method));
  }
  // Nor whoever only looks like an operator in a path.
  denied("operator", absl::StrCat(kAccounts, "lock"));
  denied("operator", absl::StrCat(kAccounts, "Lock."));
  CHECK(Met(Renew(site, admitted)) == "admit");
  CHECK(site.Trail().empty());
}

TEST_CASE("Accounts: a database that is down is UNAVAILABLE, and nothing is half done",
          "[attributes][integration]") {
  Site site;
  const v1::AdmitResponse admitted = Admitted(site);
  Admitted(site, kOtherIcn);
  const v1::Merge merge = PendingMerge(site);
  site.TakeDatabaseAway();
  const auto down = [](const absl::Status& status) {
    CHECK(status.code() == absl::StatusCode::kUnavailable);
  };
  auto lock = By<v1::LockRequest>("e1001");
  lock.mutable_target()->set_account_id(admitted.account_id());
  down(site.AsOperator<v1::LockResponse>("Lock", lock).status());
  down(site.AsOperator<v1::ListAccountsResponse>("ListAccounts", v1::ListAccountsRequest())
           .status());
  down(Accept(site, merge, "e1001").status());
  auto forget = By<v1::ForgetAccountRequest>("e1001");
  forget.set_account_id(admitted.account_id());
  down(site.AsOperator<v1::ForgetAccountResponse>("ForgetAccount", forget).status());
  down(Renew(site, admitted).status());
  site.GiveDatabaseBack();

  CHECK(PendingMerge(site).state() == v1::MERGE_STATE_PENDING);
  CHECK(Met(Renew(site, admitted)) == "admit");
  CHECK_FALSE(site.AsOperator<v1::ForgetAccountResponse>("ForgetAccount", forget)->forgotten());
}

TEST_CASE("Accounts: an operator at the keyboard, from the merge to the lock",
          "[attributes][integration][signinctl]") {
  Site site;
  const v1::AdmitResponse admitted = Admitted(site);
  Admitted(site, kOtherIcn);
  const auto [listed, merges] = site.Signinctl({"merge", "list"});
  REQUIRE(listed == 0);
  const std::string id = merges["merges"][0]["merge_id"];
  CHECK(merges["merges"][0]["other_icn"] == "***");
  const std::vector<std::string> actor = {"--operator", "e1001", "--reason", "ticket INC0042"};
  const auto by = [&](std::vector<std::string> words) {
    words.insert(words.end(), actor.begin(), actor.end());
    return site.Signinctl(words);
  };
  CHECK(by({"merge", "show", id, "--reveal"}).second["other_icn"] == kOtherIcn);
  CHECK(by({"merge", "accept", id}).second["state"] == "proposed");
  const auto [exit, again] = by({"merge", "accept", id});
  CHECK(exit == 1);
  CHECK(again["reason"] == "SECOND_OPERATOR");
  CHECK(by({"merge", "reject", id}).second["state"] == "rejected");

  const std::string& account = admitted.account_id();
  CHECK(by({"account", "lock", account, "--verification", admitted.verification_id()})
            .second["unchanged"] == false);
  CHECK(site.Signinctl({"account", "list", "--locked"}).second["accounts"].size() == 1);
  CHECK(site.Signinctl({"account", "show", account}).second["verifications"][0]["locked"] == true);
  CHECK(Met(Renew(site, admitted)) == "107 account_locked");
  CHECK(by({"account", "unlock", account, "--verification", admitted.verification_id()}).first ==
        0);
  CHECK(by({"account", "forget", account}).second["verdict"] == "dry_run");
  CHECK(by({"account", "forget", account, "--yes"}).second["verdict"] == "proposed");
  CHECK(Met(Renew(site, admitted)) == "admit");
}

}  // namespace va::integration
