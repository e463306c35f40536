// The service without a wire: messages in, messages out, with a store and a policy that tests move.
#include "services/user-attributes/api/grpc/attributes_service.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "services/user-attributes/api/grpc/api_fixture.h"
#include "services/user-attributes/domain/rule_fixture.h"
#include "services/user-attributes/domain/sis_fixture.h"

namespace va::attributes {
namespace {

constexpr char kAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020100";
constexpr char kVerification[] = "1f1e1d1c-1b1a-4918-9716-151413121110";

class FakePolicy final : public PolicySource {
 public:
  std::shared_ptr<const identity::Policy> Current() const override { return current; }
  absl::Status Reload(absl::Time /*now*/) override {
    ++reloads;
    if (on_disk) current = on_disk;
    return absl::OkStatus();
  }

  std::shared_ptr<const identity::Policy> current =
      std::make_shared<const identity::Policy>(ShippedPolicy());
  std::shared_ptr<const identity::Policy> on_disk;
  int reloads = 0;
};

class FakeAccounts final : public AccountStore {
 public:
  absl::StatusOr<LinkedAccount> Link(const Credential& credential, const LinkCall& call,
                                     absl::Time /*now*/, absl::Time /*deadline*/) override {
    linked.push_back(credential);
    last_request_id = std::string(call.request_id);
    if (!failure.ok()) return failure;
    return answer;
  }
  absl::StatusOr<std::optional<Standing>> FindStanding(absl::string_view account_id,
                                                       absl::string_view verification_id,
                                                       absl::Time /*deadline*/) override {
    ++standings_read;
    if (!failure.ok()) return failure;
    const bool ours = account_id == kAccount && verification_id == kVerification;
    return ours ? standing : std::nullopt;
  }

  absl::StatusOr<Known> FindKnown(const std::optional<CredentialKey>& credential,
                                  const std::optional<identity::Icn>& icn,
                                  absl::Time /*deadline*/) override {
    known_asked.emplace_back(credential, icn);
    if (!failure.ok()) return failure;
    return known;
  }

  std::vector<std::pair<std::optional<CredentialKey>, std::optional<identity::Icn>>> known_asked;
  Known known;
  int standings_read = 0;
  std::optional<Standing> standing =
      Standing{false, true, false, identity::Icn::FromWire("1000000001V100001")};
  std::vector<Credential> linked;
  std::string last_request_id;
  absl::Status failure;
  LinkedAccount answer{kAccount, kVerification, false, false, false};
};

struct Harness {
  FakePolicy policy;
  FakeAccounts accounts;
  testing::FakeClock clock{TestNow()};
  LogLines lines;
  telemetry::Log log{"user-attributes", telemetry::Severity::kDebug, clock, lines};
  FakeAudit audit;
  testing::FixedIds ids;
  TestDecisions decisions;
  crypto::LookupHasher ring = crypto::LookupHasher::FromRing(
      crypto::KeyRing::FromText("lookup-1:" + std::string(64, '5')).value());
  CredentialDigester digests{ring};
  AttributesServiceImpl service{
      {policy, accounts, decisions.signer(), clock, ids, log, audit, digests}};

  absl::StatusOr<v1::DeriveResponse> Derive(const v1::DeriveRequest& request) {
    return service.Derive({"auth-gateway.va.internal", "r1", "", absl::InfiniteFuture(), nullptr},
                          request);
  }
  // As on the thread that receives calls.
  absl::StatusOr<v1::DeriveResponse> DeriveInline(const v1::DeriveRequest& request) {
    rpc::CallContext context;
    context.deadline = absl::InfiniteFuture();
    context.may_block = false;
    return service.Derive(context, request);
  }
  absl::StatusOr<v1::AdmitResponse> Admit(const v1::AdmitRequest& request) {
    return service.Admit({"auth-gateway.va.internal", "r1", "", absl::InfiniteFuture(), nullptr},
                         request);
  }
  absl::StatusOr<v1::RenewDecisionResponse> Renew(const v1::RenewDecisionRequest& request) {
    return service.RenewDecision(
        {"auth-gateway.va.internal", "r2", "", absl::InfiniteFuture(), nullptr}, request);
  }
  // What a token says to mhv-account about `flow_id`, e.g. "ial 2 aal 2 icn"; or why it does not
  // hold. Empty `icn`: about a person without one.
  std::string TokenSays(const std::string& token, const std::string& flow_id,
                        const std::string& icn = "1000000001V100001") {
    const jose::DecisionVerifier verifier = decisions.VerifierOf(jose::kMhvAccountAudience);
    std::string why;
    const auto verified = verifier.Verify(token, {kAccount, identity::Icn::FromWire(icn), flow_id},
                                          clock.Now(), &why);
    if (!verified.ok()) return why;
    return "ial " + std::to_string(verified->ial) + " aal " + std::to_string(verified->aal) +
           (verified->icn_matches ? " icn" : "");
  }
};

template <typename Request>
Request Ask(const Statement& statement, const std::string& application = "vaweb",
            const std::string& type = "idme") {
  Request request;
  request.mutable_context()->set_type(type);
  request.mutable_context()->set_application(application);
  request.mutable_context()->set_request_id("r1");
  request.mutable_context()->set_policy_version(ShippedPolicy().version);
  const SsoeAssertion assertion = statement.Build();
  request.mutable_ssoe()->set_authn_context(std::string(assertion.authn_context));
  request.mutable_ssoe()->mutable_auth_time()->set_seconds(1700000000);
  for (const Attribute& attribute : assertion.attributes) {
    v1::Attribute& added = *request.mutable_ssoe()->add_attributes();
    added.set_name(std::string(attribute.name));
    for (const absl::string_view value : attribute.values) added.add_values(std::string(value));
  }
  return request;
}

common::v1::Profile SamePersonOnTheWire() {
  common::v1::Profile profile;
  profile.set_icn("1000000001V100001");
  profile.add_icns("1000000001V100001");
  common::v1::PersonName& alias = *profile.add_names();
  alias.set_use("C");
  alias.add_given("Ida");
  alias.set_family("Maidenwood");
  common::v1::PersonName& legal = *profile.add_names();
  legal.set_use("L");
  legal.add_given("Ida");
  legal.add_given("Rose");
  legal.add_given("May");
  legal.set_family("Fernbrook");
  profile.set_gender("F");
  profile.set_birth_date("19710302");
  profile.set_ssn("666-01-0001");
  common::v1::CorrelatedId& row = *profile.add_ids();
  row.set_id("2222222222");
  row.set_id_type("NI");
  row.set_facility("200DOD");
  row.set_authority("USDOD");
  row.set_status("A");
  row.set_root(std::string(identity::kDodRoot));
  return profile;
}

v1::AdmitRequest Matched(const Statement& statement, const std::string& application = "vaweb") {
  auto request = Ask<v1::AdmitRequest>(statement, application);
  request.set_mpi_outcome(common::v1::MPI_OUTCOME_OK);
  *request.mutable_mpi_profile() = SamePersonOnTheWire();
  return request;
}

TEST_CASE("Derive: packs claims, assurance and the question", "[attributes][api]") {
  Harness harness;
  const auto response = harness.Derive(Ask<v1::DeriveRequest>(IdmeLoa3()));
  REQUIRE(response.ok());
  CHECK(response->claims().first_name() == "IDA");
  CHECK(response->claims().birth_date() == "1971-03-02");
  CHECK(response->claims().ssn() == "666010001");
  CHECK(response->claims().gender() == "F");
  CHECK_FALSE(response->claims().has_middle_name());
  CHECK(response->claims().service_name() == "idme");
  CHECK(response->assurance().loa_current() == 3);
  CHECK(response->assurance().auth_time().seconds() == 1700000000);
  CHECK(response->mpi_question().icn() == "1000000001V100001");
  CHECK(response->policy_version() == ShippedPolicy().version);
  CHECK(harness.accounts.linked.empty());
}

TEST_CASE("Derive: below LOA3 the question is absent on the wire (R6)", "[attributes][api]") {
  Harness harness;
  const auto response = harness.Derive(Ask<v1::DeriveRequest>(IdmeLoa1()));
  REQUIRE(response.ok());
  CHECK_FALSE(response->has_mpi_question());
}

TEST_CASE("Derive: the traits question travels whole (R17)", "[attributes][api]") {
  Harness harness;
  const auto response =
      harness.Derive(Ask<v1::DeriveRequest>(IdmeLoa3().Without("icn").Without("gcIds")));
  REQUIRE(response.ok());
  CHECK(response->mpi_question().traits().last_name() == "FERNBROOK");
  CHECK(response->mpi_question().traits().ssn() == "666010001");
  CHECK(response->mpi_question().traits().gender() == "F");
}

TEST_CASE("Derive: values in conflict never leave, codes and tags do (R3)", "[attributes][api]") {
  Harness harness;
  const auto response =
      harness.Derive(Ask<v1::DeriveRequest>(IdmeLoa3().With("mhvicn", "2000000002V200002"), "mhv"));
  REQUIRE(response.ok());
  REQUIRE(response->findings_size() == 1);
  CHECK(response->findings(0).code() == "103");
  CHECK(response->findings(0).tag() == "mhv_icn_mismatch");
  CHECK(response->findings(0).effect() == v1::Finding::EFFECT_WAIVED);
  CHECK(response->findings(0).waived_by() == "application mhv");
  CHECK(response->DebugString().find("2000000002V200002") == std::string::npos);
}

TEST_CASE("Derive: R2 skip_dupe as asked reaches the profiles that read it", "[attributes][api]") {
  Harness harness;
  identity::Policy older = ShippedPolicy();
  for (identity::CspRow& row : older.csps) row.profile = "ssoe-2022-03";
  harness.policy.current = std::make_shared<const identity::Policy>(older);
  auto request = Ask<v1::DeriveRequest>(IdmeLoa3().With("mhvicn", "2000000002V200002"));
  CHECK(harness.Derive(request)->findings(0).effect() == v1::Finding::EFFECT_BLOCKS);
  request.mutable_context()->set_skip_dupe("true");
  const auto waived = harness.Derive(request);
  REQUIRE(waived.ok());
  CHECK(waived->findings(0).effect() == v1::Finding::EFFECT_WAIVED);
  CHECK(waived->findings(0).waived_by() == "skip_dupe");
}

// Every message type that a message of this type can hold, itself included.
void CollectTypes(const google::protobuf::Descriptor& type, std::set<std::string>& seen) {
  if (!seen.insert(type.full_name()).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    if (const auto* held = type.field(i)->message_type()) CollectTypes(*held, seen);
  }
}

TEST_CASE("Admit: a request has no field for claims, only for what they are derived from",
          "[attributes][api]") {
  const google::protobuf::Descriptor& request = *v1::AdmitRequest::descriptor();
  std::set<std::string> fields;
  for (int i = 0; i < request.field_count(); ++i) fields.insert(request.field(i)->name());
  CHECK(fields == std::set<std::string>{"context", "ssoe", "oidc", "mpi_outcome", "mpi_profile",
                                        "mpi_add_outcome"});
  std::set<std::string> types;
  CollectTypes(request, types);
  CHECK(types.count("va.attributes.v1.SsoeAssertion") == 1);
  for (const char* const derived : {"Claims", "Finding", "MpiQuestion", "DeriveResponse"}) {
    CAPTURE(derived);
    CHECK(types.count("va.attributes.v1." + std::string(derived)) == 0);
  }
}

TEST_CASE("Admit: links the account of an admitted person and of nobody else",
          "[attributes][api]") {
  Harness harness;
  const auto admitted = harness.Admit(Matched(IdmeLoa3()));
  REQUIRE(admitted.ok());
  CHECK(admitted->verdict() == v1::VERDICT_ADMIT);
  CHECK(admitted->account_id() == kAccount);
  CHECK(admitted->verification_id() == kVerification);
  CHECK(admitted->attributes().icn() == "1000000001V100001");
  CHECK(admitted->attributes().edipi() == "2222222222");
  REQUIRE(harness.accounts.linked.size() == 1);
  CHECK(harness.accounts.linked[0].icn == identity::Icn::FromWire("1000000001V100001"));
  CHECK(harness.accounts.last_request_id == "r1");

  auto refused = Matched(IdmeLoa3());
  refused.mutable_mpi_profile()->set_deceased_date("20200131");
  CHECK(harness.Admit(refused)->verdict() == v1::VERDICT_DENY);
  auto later = Ask<v1::AdmitRequest>(IdmeLoa3());
  later.set_mpi_outcome(common::v1::MPI_OUTCOME_TIMEOUT);
  CHECK(harness.Admit(later)->verdict() == v1::VERDICT_TRY_LATER);
  CHECK(harness.accounts.linked.size() == 1);
}

TEST_CASE("Admit: a refusal is an answer with code and tag, and names nobody",
          "[attributes][api]") {
  Harness harness;
  auto request = Matched(IdmeLoa3());
  request.mutable_mpi_profile()->set_ssn("666010002");
  const auto response = harness.Admit(request);
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_DENY);
  CHECK(response->code() == "113");
  CHECK(response->tag() == "ssn_mismatch");
  CHECK_FALSE(response->has_attributes());
  CHECK(response->account_id().empty());
  CHECK(harness.audit.lines ==
        std::vector<std::string>{"decision.made deny 113 ssn_mismatch idme vaweb"});
}

TEST_CASE("Admit: MHV Premium shows the legal name of MPI, all given names kept (R8)",
          "[attributes][api]") {
  Harness harness;
  const auto response = harness.Admit(Matched(MhvPremium().Without("gcIds")));
  REQUIRE(response.ok());
  CHECK(response->attributes().first_name() == "Ida");
  CHECK(response->attributes().middle_name() == "Rose May");
  CHECK(response->attributes().last_name() == "Fernbrook");
}

TEST_CASE("Admit: a LOA1 sign-in links without an ICN", "[attributes][api]") {
  Harness harness;
  const auto response = harness.Admit(Ask<v1::AdmitRequest>(MhvBasic(), "vaweb", "mhv"));
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_ADMIT);
  REQUIRE(harness.accounts.linked.size() == 1);
  CHECK_FALSE(harness.accounts.linked[0].icn.has_value());
}

TEST_CASE("Admit: R9 who stays at their level is admitted there, and it is noted",
          "[attributes][api][R9]") {
  Harness harness;
  auto request = Ask<v1::AdmitRequest>(IdmeLoa1(), "vaweb", "idme");
  const auto asked = harness.Admit(request);
  REQUIRE(asked.ok());
  CHECK(asked->verdict() == v1::VERDICT_STEP_UP);
  CHECK(asked->tag() == "step_up_highest");
  CHECK(harness.accounts.linked.empty());

  request.mutable_context()->set_stay_at_level(true);
  const auto stayed = harness.Admit(request);
  REQUIRE(stayed.ok());
  CHECK(stayed->verdict() == v1::VERDICT_ADMIT);
  CHECK(stayed->assurance().ial() == 1);
  REQUIRE(stayed->findings_size() == 1);
  CHECK(stayed->findings(0).tag() == "below_highest");
  CHECK(harness.accounts.linked.size() == 1);
}

TEST_CASE("Admit: a locked credential is 107, and no account leaves", "[attributes][api]") {
  Harness harness;
  harness.accounts.answer.locked = true;
  const auto response = harness.Admit(Matched(IdmeLoa3()));
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_DENY);
  CHECK(response->code() == "107");
  CHECK(response->tag() == "account_locked");
  CHECK(response->account_id().empty());
}

TEST_CASE("Admit: R12 a pending merge is told to operators and the person comes in",
          "[attributes][api]") {
  Harness harness;
  harness.accounts.answer.merge_pending = true;
  const auto response = harness.Admit(Matched(IdmeLoa3()));
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_ADMIT);
  CHECK(response->findings(response->findings_size() - 1).tag() == "pending_merge");
  CHECK(harness.lines.text.find("account.merge_pending") != std::string::npos);
}

TEST_CASE("Admit: R12 the old account never travels with the identifiers of the new ICN",
          "[attributes][api]") {
  Harness harness;
  harness.accounts.answer.merge_pending = true;
  const auto response = harness.Admit(Matched(MhvPremium().With("secid", "1000000001")));
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_ADMIT);
  CHECK(response->account_id() == kAccount);
  const v1::Claims& shown = response->attributes();
  CHECK_FALSE(shown.has_icn());
  CHECK_FALSE(shown.has_mhv_icn());
  CHECK_FALSE(shown.has_mhv_id());
  CHECK_FALSE(shown.has_edipi());
  CHECK_FALSE(shown.has_sec_id());
  CHECK(shown.vha_facility_ids_size() == 0);
  // What MPI says of the other identity goes too; the credential's own words stay.
  CHECK(shown.last_name() == "FERNBROOK");
  CHECK(shown.uuid() == "11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  // The evidence still names the ICN that came in.
  CHECK(harness.accounts.linked.at(0).icn == identity::Icn::FromWire("1000000001V100001"));
}

TEST_CASE("Admit: R3 a waived session is linked by what no other identifier contradicts",
          "[attributes][api]") {
  Harness harness;
  const Statement two_ids =
      MhvPremium().Without("mhvuuid").With("gcIds",
                                           "30001^PI^200MHS^USVHA^A|30002^PI^200MHS^USVHA^A|"
                                           "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A");
  REQUIRE(harness.Admit(Matched(two_ids, "mhv")).ok());
  REQUIRE(harness.Admit(Matched(MhvPremium().With("mhvicn", "2000000002V200002"), "mhv")).ok());
  REQUIRE(harness.accounts.linked.size() == 2);
  CHECK(harness.accounts.linked[0].type == identity::Csp::kIdme);
  CHECK(harness.accounts.linked[0].id ==
        identity::CspId::FromWire("11d0e4a1f0b24c55a1de6f1b6c2f7a01"));
  CHECK(harness.accounts.linked[1].type == identity::Csp::kMhv);
  CHECK_FALSE(harness.accounts.linked[1].icn.has_value());
}

TEST_CASE("Admit: another policy version is FAILED_PRECONDITION after one reload (E5)",
          "[attributes][api]") {
  Harness harness;
  auto request = Matched(IdmeLoa3());
  request.mutable_context()->set_policy_version("tomorrow");
  const auto refused = harness.Admit(request);
  CHECK(refused.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(refused.status()) == "POLICY_VERSION");
  CHECK(harness.policy.reloads == 1);
  CHECK(harness.accounts.linked.empty());

  identity::Policy tomorrow = ShippedPolicy();
  tomorrow.version = "tomorrow";
  harness.policy.on_disk = std::make_shared<const identity::Policy>(tomorrow);
  CHECK(harness.Admit(request).ok());
}

TEST_CASE("Admit: a database that is down fails the call and decides nothing",
          "[attributes][api]") {
  Harness harness;
  harness.accounts.failure = absl::UnavailableError("down");
  CHECK(harness.Admit(Matched(IdmeLoa3())).status().code() == absl::StatusCode::kUnavailable);
  CHECK(harness.audit.lines.empty());
}

TEST_CASE("Admit: a decision that cannot be audited is not given", "[attributes][api]") {
  Harness harness;
  harness.audit.failure = absl::UnavailableError("disk full");
  CHECK_FALSE(harness.Admit(Matched(IdmeLoa3())).ok());
}

struct MistakeRow {
  const char* rule;
  void (*spoil)(v1::AdmitRequest&);
  const char* reason;
};

TEST_CASE("Admit: a caller's mistake is INVALID_ARGUMENT with a reason", "[attributes][api]") {
  const auto row = GENERATE(values<MistakeRow>({
      {"no credential", [](v1::AdmitRequest& r) { r.clear_credential(); }, "CREDENTIAL_MISSING"},
      {"no request id", [](v1::AdmitRequest& r) { r.mutable_context()->clear_request_id(); },
       "REQUEST_ID"},
      {"unknown type", [](v1::AdmitRequest& r) { r.mutable_context()->set_type("google"); },
       "UNKNOWN_TYPE"},
      {"unknown application",
       [](v1::AdmitRequest& r) { r.mutable_context()->set_application("nowhere"); },
       "UNKNOWN_APPLICATION"},
      {"unknown comparison",
       [](v1::AdmitRequest& r) { r.mutable_context()->set_comparison("better"); },
       "UNKNOWN_COMPARISON"},
      {"a profile without the outcome OK",
       [](v1::AdmitRequest& r) { r.set_mpi_outcome(common::v1::MPI_OUTCOME_NO_MATCH); },
       "MPI_PROFILE"},
      {"the outcome OK without a profile", [](v1::AdmitRequest& r) { r.clear_mpi_profile(); },
       "MPI_PROFILE"},
      {"an impossible time",
       [](v1::AdmitRequest& r) { r.mutable_ssoe()->mutable_auth_time()->set_nanos(-1); },
       "BAD_TIME"},
      {"more attributes than any assertion has",
       [](v1::AdmitRequest& r) {
         for (int i = 0; i < 600; ++i) r.mutable_ssoe()->add_attributes()->set_name("x");
       },
       "TOO_MANY_ATTRIBUTES"},
  }));
  INFO(row.rule);
  Harness harness;
  auto request = Matched(IdmeLoa3());
  row.spoil(request);
  const auto response = harness.Admit(request);
  CHECK(response.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(response.status()) == row.reason);
  CHECK(harness.accounts.linked.empty());
}

TEST_CASE("Admit: E6 whoever is admitted gets a decision token, nobody else does",
          "[attributes][api]") {
  Harness harness;
  const auto admitted = harness.Admit(Matched(IdmeLoa3()));
  REQUIRE(admitted.ok());
  CHECK(harness.TokenSays(admitted->decision_token(), "r1") == "ial 2 aal 2 icn");
  CHECK(harness.TokenSays(admitted->decision_token(), "r9") == "flow");
  CHECK(harness.TokenSays(admitted->decision_token(), "r1", "2000000002V200002") == "icn");

  auto refused = Matched(IdmeLoa3());
  refused.mutable_mpi_profile()->set_id_theft(true);
  CHECK(harness.Admit(refused)->decision_token().empty());
  auto later = Ask<v1::AdmitRequest>(IdmeLoa3());
  later.set_mpi_outcome(common::v1::MPI_OUTCOME_TIMEOUT);
  CHECK(harness.Admit(later)->decision_token().empty());
  harness.accounts.answer.locked = true;
  CHECK(harness.Admit(Matched(IdmeLoa3()))->decision_token().empty());
}

TEST_CASE("Admit: E6 the token carries the ICN of the session's attributes and no other",
          "[attributes][api]") {
  struct Row {
    const char* rule;
    v1::AdmitRequest request;
    bool merge_pending;
    const char* expected;  // of a caller that names the ICN
    const char* without;   // of a caller that names none
  };
  const auto row = GENERATE(values<Row>({
      {"verified", Matched(IdmeLoa3()), false, "ial 2 aal 2 icn", "ial 2 aal 2"},
      {"below LOA3 nobody is asked for (R6)",
       Ask<v1::AdmitRequest>(MhvBasic().With("icn", "1000000001V100001"), "vaweb", "mhv"), false,
       "icn", "ial 1 aal 2"},
      {"a merge is pending (R12)", Matched(IdmeLoa3()), true, "icn", "ial 2 aal 2"},
      {"its ICN is in conflict, waived (R3)",
       Matched(MhvPremium().With("mhvicn", "2000000002V200002"), "mhv"), false, "icn",
       "ial 2 aal 2"},
  }));
  INFO(row.rule);
  Harness harness;
  harness.accounts.answer.merge_pending = row.merge_pending;
  const auto response = harness.Admit(row.request);
  REQUIRE(response.ok());
  REQUIRE(response->verdict() == v1::VERDICT_ADMIT);
  CHECK(harness.TokenSays(response->decision_token(), "r1") == row.expected);
  CHECK(harness.TokenSays(response->decision_token(), "r1", "") == row.without);
}

v1::RenewDecisionRequest Live() {
  v1::RenewDecisionRequest request;
  request.set_request_id("r2");
  request.set_flow_id("r1");
  request.set_account_id(kAccount);
  request.set_verification_id(kVerification);
  request.mutable_assurance()->set_ial(2);
  request.mutable_assurance()->set_aal(2);
  request.mutable_assurance()->set_csp(common::v1::CSP_IDME);
  request.mutable_assurance()->mutable_auth_time()->set_seconds(1700000000);
  request.set_application("vaweb");
  request.set_policy_version(ShippedPolicy().version);
  return request;
}

TEST_CASE("RenewDecision: E6 a live session gets a fresh token for its own attempt",
          "[attributes][api]") {
  Harness harness;
  const auto response = harness.Renew(Live());
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_ADMIT);
  CHECK(response->code().empty());
  CHECK(harness.TokenSays(response->decision_token(), "r1") == "ial 2 aal 2 icn");
  CHECK(harness.TokenSays(response->decision_token(), "r2") == "flow");
  CHECK(harness.accounts.linked.empty());
  CHECK(harness.audit.lines == std::vector<std::string>{"decision.made admit  renewal idme vaweb"});
  CHECK(harness.audit.request_ids == std::vector<std::string>{"r2"});
  CHECK(harness.audit.policy_versions == std::vector<std::string>{ShippedPolicy().version});

  auto below = Live();
  below.mutable_assurance()->set_ial(1);
  const auto email_only = harness.Renew(below);
  REQUIRE(email_only.ok());
  CHECK(harness.TokenSays(email_only->decision_token(), "r1") == "icn");
  CHECK(harness.TokenSays(email_only->decision_token(), "r1", "") == "ial 1 aal 2");
}

TEST_CASE("RenewDecision: R3 under a waived 103 no token says an ICN", "[attributes][api]") {
  Harness harness;
  auto disputed = Live();
  disputed.add_waived_findings("103");
  const auto response = harness.Renew(disputed);
  REQUIRE(response.ok());
  CHECK(harness.TokenSays(response->decision_token(), "r1") == "icn");
  CHECK(harness.TokenSays(response->decision_token(), "r1", "") == "ial 2 aal 2");
  auto other = Live();
  other.add_waived_findings("101");
  const auto kept = harness.Renew(other);
  REQUIRE(kept.ok());
  CHECK(harness.TokenSays(kept->decision_token(), "r1") == "ial 2 aal 2 icn");
}

TEST_CASE("RenewDecision: E6 a lock set since is 107, without a token", "[attributes][api]") {
  Harness harness;
  harness.accounts.standing->locked = true;
  const auto response = harness.Renew(Live());
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_DENY);
  CHECK(response->code() == "107");
  CHECK(response->tag() == "account_locked");
  CHECK(response->decision_token().empty());
  CHECK(harness.audit.lines ==
        std::vector<std::string>{"decision.made deny 107 account_locked idme vaweb"});
}

TEST_CASE("RenewDecision: a session without an application is one of the default row",
          "[attributes][api]") {
  Harness harness;
  auto request = Live();
  request.clear_application();
  CHECK(harness.Renew(request)->verdict() == v1::VERDICT_ADMIT);
  request.set_application("nowhere");
  CHECK(harness.Renew(request)->tag() == "unknown_application");
}

TEST_CASE("RenewDecision: the age of the authentication counts, and one without a time is too old",
          "[attributes][api]") {
  Harness harness;
  identity::Policy strict = ShippedPolicy();
  for (identity::Application& row : strict.applications) row.max_age = absl::Minutes(10);
  harness.policy.current = std::make_shared<const identity::Policy>(strict);
  const auto told = [&harness](absl::Duration age) {
    auto request = Live();
    request.mutable_assurance()->mutable_auth_time()->set_seconds(
        absl::ToUnixSeconds(harness.clock.Now() - age));
    return harness.Renew(request)->tag();
  };
  CHECK(told(absl::Minutes(10)).empty());
  CHECK(told(absl::Minutes(10) + absl::Seconds(1)) == "assurance_not_met");
  auto timeless = Live();
  timeless.mutable_assurance()->clear_auth_time();
  CHECK(harness.Renew(timeless)->tag() == "assurance_not_met");
}

TEST_CASE("RenewDecision: E5 another policy version is FAILED_PRECONDITION after one reload",
          "[attributes][api]") {
  Harness harness;
  auto request = Live();
  request.set_policy_version("tomorrow");
  const auto refused = harness.Renew(request);
  CHECK(refused.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(refused.status()) == "POLICY_VERSION");
  CHECK(harness.policy.reloads == 1);
  CHECK(harness.accounts.standings_read == 0);
}

TEST_CASE("RenewDecision: an account without this verification is NOT_FOUND, never a denial",
          "[attributes][api]") {
  Harness harness;
  auto request = Live();
  const bool other_account = GENERATE(false, true);
  (other_account ? *request.mutable_account_id() : *request.mutable_verification_id())[0] = '9';
  const auto response = harness.Renew(request);
  CHECK(response.status().code() == absl::StatusCode::kNotFound);
  CHECK(base::ReasonOf(response.status()) == "ACCOUNT_UNKNOWN");
  CHECK(harness.audit.lines.empty());
}

TEST_CASE("RenewDecision: neither database nor audit may be missing", "[attributes][api]") {
  Harness harness;
  SECTION("database") { harness.accounts.failure = absl::UnavailableError("down"); }
  SECTION("audit") { harness.audit.failure = absl::UnavailableError("disk full"); }
  CHECK(harness.Renew(Live()).status().code() == absl::StatusCode::kUnavailable);
}

struct RenewMistake {
  const char* rule;
  void (*spoil)(v1::RenewDecisionRequest&);
  const char* reason;
};

TEST_CASE("RenewDecision: a caller's mistake is INVALID_ARGUMENT with a reason",
          "[attributes][api]") {
  const auto row = GENERATE(values<RenewMistake>({
      {"no request id", [](v1::RenewDecisionRequest& r) { r.clear_request_id(); }, "REQUEST_ID"},
      {"a request id that is none",
       [](v1::RenewDecisionRequest& r) { r.set_request_id(std::string(129, 'x')); }, "REQUEST_ID"},
      {"no flow id", [](v1::RenewDecisionRequest& r) { r.clear_flow_id(); }, "FLOW_ID"},
      {"no account", [](v1::RenewDecisionRequest& r) { r.clear_account_id(); }, "ACCOUNT_ID"},
      {"an account in capitals",
       [](v1::RenewDecisionRequest& r) {
         r.set_account_id("0F0E0D0C-0B0A-4908-8706-050403020100");
       },
       "ACCOUNT_ID"},
      {"a verification that is no uuid",
       [](v1::RenewDecisionRequest& r) { r.mutable_verification_id()->at(8) = '0'; },
       "VERIFICATION_ID"},
      {"no assurance", [](v1::RenewDecisionRequest& r) { r.clear_assurance(); }, "ASSURANCE"},
      {"an ial beyond the scale",
       [](v1::RenewDecisionRequest& r) { r.mutable_assurance()->set_ial(3); }, "ASSURANCE"},
      {"an aal of nothing", [](v1::RenewDecisionRequest& r) { r.mutable_assurance()->clear_aal(); },
       "ASSURANCE"},
      {"no provider", [](v1::RenewDecisionRequest& r) { r.mutable_assurance()->clear_csp(); },
       "ASSURANCE"},
      {"an impossible time",
       [](v1::RenewDecisionRequest& r) {
         r.mutable_assurance()->mutable_auth_time()->set_nanos(-1);
       },
       "BAD_TIME"},
  }));
  INFO(row.rule);
  Harness harness;
  auto request = Live();
  row.spoil(request);
  const auto response = harness.Renew(request);
  CHECK(response.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(response.status()) == row.reason);
  CHECK(harness.accounts.standings_read == 0);
}

TEST_CASE("RenewDecision: L1 logs hold neither the ICN nor the token", "[attributes][api]") {
  Harness harness;
  const auto response = harness.Renew(Live());
  REQUIRE(response.ok());
  CHECK(harness.lines.text.find("decision.renewed") != std::string::npos);
  CHECK(harness.lines.text.find("1000000001V100001") == std::string::npos);
  CHECK(harness.lines.text.find(response->decision_token()) == std::string::npos);
}

TEST_CASE("Admit: logs and audit hold nothing personal (L1)", "[attributes][api]") {
  Harness harness;
  harness.accounts.answer.merge_pending = true;
  REQUIRE(harness.Admit(Matched(MhvPremium().With("mhvuuid", "9"), "mhv")).ok());
  for (const char* const personal :
       {"FERNBROOK", "Fernbrook", "666010001", "1000000001V100001", "ida.fernbrook", "30001",
        "11d0e4a1f0b24c55a1de6f1b6c2f7a01", "1971"}) {
    CAPTURE(personal);
    CHECK(harness.lines.text.find(personal) == std::string::npos);
    CHECK(harness.audit.All().find(personal) == std::string::npos);
  }
  CHECK(harness.lines.text.find("\"waived\":\"101\"") != std::string::npos);
  // Whom it is about is two ids of their own, never an ICN, an EDIPI or an address.
  CHECK(harness.audit.accounts == std::vector<std::string>{kAccount});
  CHECK(harness.audit.credentials == std::vector<std::string>{"9"});
  CHECK(harness.audit.request_ids.size() == 1);
}

// An answer of an OpenID Connect provider as the gateway hands it over.
template <typename Request>
Request AskOidc(const OidcAnswer& answer) {
  Request request = Ask<Request>(IdmeLoa3());
  const OidcAssertion assertion = answer.Build();
  v1::OidcCredential& oidc = *request.mutable_oidc();
  const auto wire = [](identity::Csp csp) {
    return csp == identity::Csp::kLogingov ? common::v1::CSP_LOGINGOV : common::v1::CSP_IDME;
  };
  oidc.set_issuer(wire(assertion.issuer));
  oidc.set_service(wire(assertion.service));
  oidc.set_requested_acr(std::string(assertion.requested_acr));
  oidc.set_acr(std::string(assertion.acr));
  oidc.mutable_auth_time()->set_seconds(1700000000);
  for (const Attribute& claim : assertion.claims) {
    v1::Attribute& added = *oidc.add_claims();
    added.set_name(std::string(claim.name));
    for (const absl::string_view value : claim.values) added.add_values(std::string(value));
  }
  return request;
}

v1::AdmitRequest MatchedOidc(const OidcAnswer& answer) {
  auto request = AskOidc<v1::AdmitRequest>(answer);
  request.set_mpi_outcome(common::v1::MPI_OUTCOME_OK);
  *request.mutable_mpi_profile() = SamePersonOnTheWire();
  common::v1::CorrelatedId& uuid = *request.mutable_mpi_profile()->add_ids();
  uuid.set_id("11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  uuid.set_id_type("PN");
  uuid.set_facility("200VIDM");
  uuid.set_authority("USDVA");
  uuid.set_status("A");
  uuid.set_root(std::string(identity::kVaRoot));
  return request;
}

TEST_CASE("Derive: an answer of ID.me asks MPI by ID.me's uuid and names whom to add (R4, R17)",
          "[attributes][api][sis][R17]") {
  Harness harness;
  const auto response = harness.Derive(AskOidc<v1::DeriveRequest>(OidcIdme()));
  REQUIRE(response.ok());
  CHECK(response->mpi_question().idme_uuid() == "11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  CHECK(response->add_on_no_match().traits().last_name() == "Fernbrook");
  CHECK(response->add_on_no_match().address().city() == "Fernbrook");
  CHECK(response->assurance().ial() == 2);
  // What is stored is looked for by the credential itself.
  REQUIRE(harness.accounts.known_asked.size() == 1);
  CHECK(harness.accounts.known_asked.front().first->type == identity::Csp::kIdme);
}

TEST_CASE("Derive: what is answered from the request alone is answered without blocking",
          "[attributes][api]") {
  Harness harness;
  harness.accounts.failure = absl::UnavailableError("nobody may ask here");
  for (const Statement& statement : {IdmeLoa3(), IdmeLoa1(), MhvPremium()}) {
    const auto request = Ask<v1::DeriveRequest>(statement);
    const auto here = harness.DeriveInline(request);
    const auto there = harness.Derive(request);
    REQUIRE(here.ok());
    REQUIRE(there.ok());
    CHECK(here->SerializeAsString() == there->SerializeAsString());
  }
  CHECK(harness.accounts.known_asked.empty());
  CHECK(harness.policy.reloads == 0);
}

TEST_CASE("Derive: an answer of an OpenID Connect provider waits for a place to block, untouched",
          "[attributes][api][sis]") {
  Harness harness;
  const auto request = AskOidc<v1::DeriveRequest>(OidcIdme());
  CHECK(harness.DeriveInline(request).status() == rpc::NeedsPool());
  CHECK(harness.accounts.known_asked.empty());
  CHECK(harness.lines.text.empty());
  REQUIRE(harness.Derive(request).ok());
  CHECK(harness.accounts.known_asked.size() == 1);
}

TEST_CASE("Derive: E5 a policy we do not have is looked for on disk, so not without blocking",
          "[attributes][api]") {
  Harness harness;
  identity::Policy newer = ShippedPolicy();
  newer.version = "tomorrow";
  harness.policy.on_disk = std::make_shared<const identity::Policy>(newer);
  auto request = Ask<v1::DeriveRequest>(IdmeLoa3());
  request.mutable_context()->set_policy_version("tomorrow");
  CHECK(harness.DeriveInline(request).status() == rpc::NeedsPool());
  CHECK(harness.policy.reloads == 0);
  CHECK(harness.lines.text.empty());
  REQUIRE(harness.Derive(request).ok());
  CHECK(harness.policy.reloads == 1);
  CHECK(harness.DeriveInline(request).ok());
}

TEST_CASE("Derive: a caller's mistake is told without a worker", "[attributes][api]") {
  Harness harness;
  auto request = Ask<v1::DeriveRequest>(IdmeLoa3());
  request.mutable_context()->set_type("nonsense");
  CHECK(base::ReasonOf(harness.DeriveInline(request).status()) == "UNKNOWN_TYPE");
  CHECK(absl::IsInvalidArgument(harness.DeriveInline(v1::DeriveRequest()).status()));
}

TEST_CASE("Admit: an answer of ID.me is linked with its digest, and MPI is told only what is new",
          "[attributes][api][sis]") {
  Harness harness;
  harness.accounts.answer.digest_changed = true;
  const auto first = harness.Admit(MatchedOidc(OidcIdme()));
  REQUIRE(first.ok());
  CHECK(first->verdict() == v1::VERDICT_ADMIT);
  CHECK(first->mpi_update().reason() == v1::MpiUpdate::REASON_CREDENTIAL_CHANGED);
  REQUIRE(harness.accounts.linked.size() == 1);
  const std::string digest = harness.accounts.linked.front().attributes_digest;
  CHECK(digest.size() == 64);
  harness.accounts.answer.digest_changed = false;
  const auto second = harness.Admit(MatchedOidc(OidcIdme()));
  REQUIRE(second.ok());
  CHECK_FALSE(second->has_mpi_update());
  CHECK(harness.accounts.linked.back().attributes_digest == digest);
}

TEST_CASE("Admit: who was verified before and comes back unverified is taken up (R9)",
          "[attributes][api][sis][R9]") {
  Harness harness;
  CHECK(harness.Admit(AskOidc<v1::AdmitRequest>(OidcIdmeLoa1()))->verdict() == v1::VERDICT_ADMIT);
  harness.accounts.known.previously_verified = true;
  const auto response = harness.Admit(AskOidc<v1::AdmitRequest>(OidcIdmeLoa1()));
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_STEP_UP);
  CHECK(response->tag() == "step_up_highest");
}

TEST_CASE("Admit: a database that is down decides nothing about an answer of ID.me",
          "[attributes][api][sis]") {
  Harness harness;
  harness.accounts.failure = absl::UnavailableError("down");
  CHECK(absl::IsUnavailable(harness.Admit(MatchedOidc(OidcIdme())).status()));
  CHECK(harness.accounts.linked.empty());
}

// --- 104 and the account that holds the ICN (ssoe_saml.md 13.2) ---

Statement InboundWithoutUuid() {
  return IdmeLoa3()
      .Context("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
      .With("csid", "mhv")
      .With("uid", "15093546")
      .With("gcIds", "");
}

TEST_CASE("Admit: 104 the account that holds the asserted ICN lends its uuid, once MPI agrees",
          "[attributes][api][fallback]") {
  Harness harness;
  harness.accounts.known.idme_uuid = identity::CspId::FromWire("stored-uuid");
  const auto response = harness.Admit(Matched(InboundWithoutUuid()));
  REQUIRE(response.ok());
  REQUIRE(response->verdict() == v1::VERDICT_ADMIT);
  REQUIRE(harness.accounts.known_asked.size() == 1);
  CHECK_FALSE(harness.accounts.known_asked[0].first.has_value());
  CHECK(harness.accounts.known_asked[0].second == identity::Icn::FromWire("1000000001V100001"));
  CHECK(response->attributes().idme_uuid() == "stored-uuid");
  // And MPI is to be told of the uuid.
  REQUIRE(response->has_mpi_update());
  CHECK(response->mpi_update().reason() == v1::MpiUpdate::REASON_CREDENTIAL_UNKNOWN);
  CHECK(response->mpi_update().person().idme_uuid() == "stored-uuid");
  CHECK(response->mpi_update().person().traits().last_name() == "FERNBROOK");
}

TEST_CASE("Admit: 104 stands without such an account, and when MPI means somebody else",
          "[attributes][api][fallback]") {
  Harness harness;
  const auto nobody = harness.Admit(Matched(InboundWithoutUuid()));
  REQUIRE(nobody.ok());
  CHECK(nobody->code() == "104");
  CHECK(nobody->tag() == "uuid_missing");
  harness.accounts.known.idme_uuid = identity::CspId::FromWire("stored-uuid");
  auto request = Matched(InboundWithoutUuid());
  request.mutable_mpi_profile()->set_icn("1000000009V100009");
  const auto other = harness.Admit(request);
  REQUIRE(other.ok());
  CHECK(other->code() == "104");
  CHECK(other->tag() == "account_fallback_refused");
  CHECK(harness.accounts.linked.empty());
}

TEST_CASE(
    "Derive: 104 is open to the account, so the question is named and the database is not "
    "asked",
    "[attributes][api][fallback]") {
  Harness harness;
  const auto response = harness.Derive(Ask<v1::DeriveRequest>(InboundWithoutUuid()));
  REQUIRE(response.ok());
  CHECK(response->mpi_question().icn() == "1000000001V100001");
  CHECK(harness.accounts.known_asked.empty());
}

TEST_CASE("Admit: nobody with a uuid of their own costs a look-up", "[attributes][api][fallback]") {
  Harness harness;
  REQUIRE(harness.Admit(Matched(IdmeLoa3())).ok());
  CHECK(harness.accounts.known_asked.empty());
}

TEST_CASE("Admit: R12 somebody whose asserted ICN MPI has replaced is looked for by the new one",
          "[attributes][api]") {
  Harness harness;
  auto request = Matched(IdmeLoa3());
  request.mutable_mpi_profile()->set_icn("3000000003V300003");
  // The account knows the old ICN: it keeps it, waits for two operators, and shows no other.
  harness.accounts.answer.merge_pending = true;
  const auto response = harness.Admit(request);
  REQUIRE(response.ok());
  CHECK(response->verdict() == v1::VERDICT_ADMIT);
  CHECK(response->account_id() == kAccount);
  CHECK(harness.accounts.linked.at(0).icn == identity::Icn::FromWire("3000000003V300003"));
  CHECK_FALSE(response->attributes().has_icn());
  CHECK_FALSE(response->has_mpi_update());
}

TEST_CASE("Admit: R12 MPI is told nothing of an identity that is in doubt", "[attributes][api]") {
  Harness harness;
  const Statement said = IdmeLoa3().With("gcIds", "1000000001V100001^NI^200M^USVHA^P");
  const auto plain = harness.Admit(Matched(said));
  REQUIRE(plain.ok());
  CHECK(plain->has_mpi_update());
  harness.accounts.answer.merge_pending = true;
  const auto doubtful = harness.Admit(Matched(said));
  REQUIRE(doubtful.ok());
  CHECK(doubtful->verdict() == v1::VERDICT_ADMIT);
  CHECK_FALSE(doubtful->has_mpi_update());
}

TEST_CASE("Admit: R4 an outcome of the addition that nobody knows is INVALID_ARGUMENT",
          "[attributes][api]") {
  Harness harness;
  auto request = Matched(IdmeLoa3());
  request.set_mpi_add_outcome(static_cast<common::v1::MpiOutcome>(99));
  const absl::Status status = harness.Admit(request).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(base::ReasonOf(status) == "UNKNOWN_MPI_OUTCOME");
}

}  // namespace
}  // namespace va::attributes
