// Contact information without a wire: messages in, messages out, real decision tokens.
#include "services/user-attributes/api/grpc/contact_service.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "services/user-attributes/api/grpc/api_fixture.h"

namespace va::attributes {
namespace {

constexpr char kAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020100";
constexpr char kOtherAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020101";
constexpr char kId[] = "7701";

class FakeVaProfile final : public VaProfile {
 public:
  absl::StatusOr<std::optional<ContactHistory>> Fetch(const identity::CspId& vet360_id,
                                                      absl::string_view /*request_id*/,
                                                      absl::Time deadline) override {
    asked.push_back(vet360_id.Reveal());
    deadlines.push_back(deadline);
    if (answer.ok() && answer->has_value()) (*answer)->vet360_id = vet360_id;
    return answer;
  }
  absl::StatusOr<std::optional<ContactHistory>> answer = std::optional<ContactHistory>();
  std::vector<std::string> asked;
  std::vector<absl::Time> deadlines;
};

// As the real one keeps them.
class FakeCache final : public ContactCache {
 public:
  struct Row {
    std::optional<identity::Secret> answer;
    absl::Time asked_at;
    absl::Time expires_at;
  };
  absl::StatusOr<std::optional<identity::Secret>> Find(absl::string_view account_id, absl::Time now,
                                                       absl::Time /*deadline*/) override {
    if (!failure.ok()) return failure;
    const auto row = rows.find(std::string(account_id));
    if (row == rows.end() || row->second.expires_at <= now)
      return std::optional<identity::Secret>();
    return row->second.answer;
  }
  absl::Status Keep(absl::string_view account_id, const identity::Secret& answer,
                    absl::Time asked_at, absl::Time expires_at, absl::Time /*deadline*/) override {
    if (!failure.ok()) return failure;
    rows[std::string(account_id)] = {answer, asked_at, expires_at};
    return absl::OkStatus();
  }
  absl::Status Drop(absl::string_view account_id, absl::Time now,
                    absl::Time /*deadline*/) override {
    if (!failure.ok()) return failure;
    rows[std::string(account_id)] = {std::nullopt, now, now};
    return absl::OkStatus();
  }

  std::map<std::string, Row> rows;
  absl::Status failure;
};

ContactHistory History() {
  ContactHistory history;
  history.audit_id = "audit-1";
  ContactEmail email;
  email.id = 7;
  email.address = identity::PersonText::FromWire("ada@example.test");
  email.confirmed_at = absl::FromUnixSeconds(1'699'999'000);
  history.emails = {email};
  ContactAddress address;
  address.id = 5;
  address.pou = "CORRESPONDENCE";
  address.line1 = identity::PersonText::FromWire("1 Long Road");
  address.effective.from = absl::FromUnixSeconds(1'600'000'000);
  history.addresses = {address};
  ContactTelephone telephone;
  telephone.id = 6;
  telephone.type = "HOME";
  telephone.is_text_permitted = false;
  history.telephones = {telephone};
  history.permissions = {{"TextPermission", "true"}};
  return history;
}

struct Harness {
  FakeVaProfile va_profile;
  FakeCache cache;
  testing::FakeClock clock{absl::FromUnixSeconds(1700000000)};
  LogLines lines;
  telemetry::Log log{"user-attributes", telemetry::Severity::kDebug, clock, lines};
  testing::FixedIds ids;
  TestDecisions decisions;
  jose::DecisionVerifier verifier = decisions.VerifierOf(jose::kAttributesAudience);
  ContactServiceImpl service{{va_profile, cache, verifier, clock, log, absl::Minutes(10)}};

  Harness() { va_profile.answer = std::optional<ContactHistory>(History()); }

  std::string Token(const std::string& account = kAccount, const std::string& flow = "flow-1",
                    int ial = 2) {
    jose::DecisionFacts facts;
    facts.account_id = account;
    facts.flow_id = flow;
    facts.ial = ial;
    return decisions.signer().Sign(facts, clock.Now(), ids).value();
  }
  v1::GetContactInformationRequest Request() {
    v1::GetContactInformationRequest request;
    request.set_request_id("r1");
    request.set_flow_id("flow-1");
    request.set_account_id(kAccount);
    request.set_vet360_id(kId);
    request.set_decision_token(Token());
    return request;
  }
  rpc::CallContext Context() {
    rpc::CallContext context;
    context.deadline = clock.Now() + absl::Seconds(10);
    return context;
  }
  absl::StatusOr<v1::GetContactInformationResponse> Get(
      const v1::GetContactInformationRequest& request) {
    return service.GetContactInformation(Context(), request);
  }
  absl::StatusOr<v1::GetContactInformationResponse> Get() { return Get(Request()); }
  absl::Status Drop(const char* account = kAccount) {
    v1::DropContactInformationRequest request;
    request.set_request_id("r2");
    request.set_account_id(account);
    return service.DropContactInformation(Context(), request).status();
  }
};

TEST_CASE("GetContactInformation: what is in force goes out, under its names",
          "[attributes][contact]") {
  Harness harness;
  const auto response = harness.Get();
  INFO(response.status());
  REQUIRE(response.ok());
  CHECK(response->known());
  CHECK(response->vet360_id() == kId);
  CHECK(response->audit_id() == "audit-1");
  CHECK(response->email().id() == 7);
  CHECK(response->email().email_address() == "ada@example.test");
  CHECK(response->contact_email_verified());
  CHECK(response->mailing_address().address_line1() == "1 Long Road");
  CHECK(response->mailing_address().effective_start_date().seconds() == 1'600'000'000);
  CHECK_FALSE(response->mailing_address().has_effective_end_date());
  CHECK_FALSE(response->has_residential_address());
  CHECK(response->home_phone().has_is_text_permitted());
  CHECK_FALSE(response->home_phone().is_text_permitted());
  CHECK_FALSE(response->has_mobile_phone());
  REQUIRE(response->permissions_size() == 1);
  CHECK(response->permissions(0).permission_value() == "true");
  CHECK_FALSE(response->from_cache());
  CHECK(harness.va_profile.asked == std::vector<std::string>{kId});
  // VA Profile must have answered a little before our caller gives up.
  CHECK(harness.va_profile.deadlines[0] < harness.Context().deadline);
}

TEST_CASE("GetContactInformation: a person VA Profile does not know is an answer, and is not kept",
          "[attributes][contact][rule]") {
  Harness harness;
  harness.va_profile.answer = std::optional<ContactHistory>();
  for (int i = 0; i < 2; ++i) {
    const auto response = harness.Get();
    REQUIRE(response.ok());
    CHECK_FALSE(response->known());
    CHECK(response->ByteSizeLong() == 0);
  }
  CHECK(harness.va_profile.asked.size() == 2);
}

TEST_CASE("GetContactInformation E6: only with a token of this account and attempt, at ial 2",
          "[attributes][contact][E6][security]") {
  Harness harness;
  v1::GetContactInformationRequest request = harness.Request();
  SECTION("none") { request.clear_decision_token(); }
  SECTION("another account's") { request.set_decision_token(harness.Token(kOtherAccount)); }
  SECTION("another attempt's") { request.set_decision_token(harness.Token(kAccount, "flow-2")); }
  SECTION("known by e-mail only") {
    request.set_decision_token(harness.Token(kAccount, "flow-1", 1));
  }
  SECTION("an old one") { harness.clock.Advance(absl::Minutes(6)); }
  SECTION("of another signer") { request.set_decision_token(Harness().Token()); }
  const absl::Status status = harness.Get(request).status();
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  CHECK(base::ReasonOf(status) == "DECISION_TOKEN");
  CHECK(harness.va_profile.asked.empty());
}

TEST_CASE("GetContactInformation E6: what is kept is told to nobody without a token",
          "[attributes][contact][E6][security]") {
  Harness harness;
  REQUIRE(harness.Get().ok());
  v1::GetContactInformationRequest request = harness.Request();
  request.set_decision_token(harness.Token(kOtherAccount));
  CHECK(base::ReasonOf(harness.Get(request).status()) == "DECISION_TOKEN");
}

TEST_CASE("GetContactInformation: malformed questions are the caller's mistake",
          "[attributes][contact]") {
  Harness harness;
  v1::GetContactInformationRequest request = harness.Request();
  std::string reason;
  SECTION("request id") {
    request.clear_request_id();
    reason = "REQUEST_ID";
  }
  SECTION("flow id") {
    request.clear_flow_id();
    reason = "FLOW_ID";
  }
  SECTION("account id") {
    request.set_account_id("me");
    reason = "ACCOUNT_ID";
  }
  SECTION("no id of VA Profile") {
    request.clear_vet360_id();
    reason = "VET360_ID";
  }
  SECTION("a path for an id") {
    request.set_vet360_id("1/../2");
    reason = "VET360_ID";
  }
  const absl::Status status = harness.Get(request).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(status) == reason);
  CHECK(harness.va_profile.asked.empty());
}

TEST_CASE("GetContactInformation: an answer is kept for its time and told again",
          "[attributes][contact][rule]") {
  Harness harness;
  REQUIRE(harness.Get().ok());
  harness.clock.Advance(absl::Minutes(10) - absl::Seconds(1));
  const auto kept = harness.Get();
  REQUIRE(kept.ok());
  CHECK(kept->from_cache());
  CHECK(kept->email().email_address() == "ada@example.test");
  CHECK(harness.va_profile.asked.size() == 1);
  harness.clock.Advance(absl::Seconds(1));
  CHECK_FALSE(harness.Get()->from_cache());
  CHECK(harness.va_profile.asked.size() == 2);
}

TEST_CASE("GetContactInformation: the answer about a former id of the account is not told",
          "[attributes][contact][security]") {
  Harness harness;
  REQUIRE(harness.Get().ok());
  v1::GetContactInformationRequest request = harness.Request();
  request.set_vet360_id("7702");
  CHECK(harness.Get(request)->vet360_id() == "7702");
  CHECK(harness.va_profile.asked.size() == 2);
}

TEST_CASE("GetContactInformation: a failure is told as it is and never kept",
          "[attributes][contact][rule]") {
  Harness harness;
  const std::optional<ContactHistory> good = *harness.va_profile.answer;
  harness.va_profile.answer =
      base::WithFact(base::MakeError(absl::StatusCode::kUnavailable, "VA_PROFILE_UNAVAILABLE", "x"),
                     "status", "503");
  const absl::Status status = harness.Get().status();
  CHECK(base::ReasonOf(status) == "VA_PROFILE_UNAVAILABLE");
  CHECK(base::FactOf(status, "status") == "503");
  CHECK(harness.cache.rows.empty());
  harness.va_profile.answer = good;
  CHECK(harness.Get().ok());
}

TEST_CASE("GetContactInformation: a cache that is down or spoilt costs a question, not the answer",
          "[attributes][contact][rule]") {
  Harness harness;
  SECTION("down") {
    harness.cache.failure = base::MakeError(absl::StatusCode::kUnavailable, "DATABASE", "down");
    CHECK(harness.Get().ok());
    CHECK(absl::StrContains(harness.lines.text, "contact.cache_failed"));
  }
  SECTION("spoilt") {
    harness.cache.rows[kAccount] = {identity::Secret::FromWire("\xff\xff"), harness.clock.Now(),
                                    absl::InfiniteFuture()};
    CHECK(harness.Get().ok());
  }
  CHECK(harness.va_profile.asked.size() == 1);
}

TEST_CASE("GetContactInformation: with cache_for 0 nothing is kept", "[attributes][contact]") {
  Harness harness;
  const ContactServiceImpl service({harness.va_profile, harness.cache, harness.verifier,
                                    harness.clock, harness.log, absl::ZeroDuration()});
  REQUIRE(service.GetContactInformation(harness.Context(), harness.Request()).ok());
  CHECK(harness.cache.rows.empty());
}

TEST_CASE("DropContactInformation: what was kept is gone; without a row it is gone too",
          "[attributes][contact][rule]") {
  Harness harness;
  CHECK(harness.Drop() == absl::OkStatus());
  REQUIRE(harness.Get().ok());
  CHECK(harness.Drop() == absl::OkStatus());
  CHECK_FALSE(harness.Get()->from_cache());
}

TEST_CASE("DropContactInformation: that it could not be dropped is said", "[attributes][contact]") {
  Harness harness;
  CHECK(base::ReasonOf(harness.Drop("me")) == "ACCOUNT_ID");
  harness.cache.failure = base::MakeError(absl::StatusCode::kUnavailable, "DATABASE", "down");
  CHECK(base::ReasonOf(harness.Drop()) == "DATABASE");
}

TEST_CASE("ContactService L1: nothing personal is logged", "[attributes][contact][security]") {
  Harness harness;
  REQUIRE(harness.Get().ok());
  v1::GetContactInformationRequest request = harness.Request();
  request.set_decision_token("not.a.token");
  harness.Get(request).status().IgnoreError();
  harness.va_profile.answer =
      base::MakeError(absl::StatusCode::kInternal, "VA_PROFILE_ANSWER", "emails");
  harness.clock.Advance(absl::Hours(1));
  harness.Get().status().IgnoreError();
  for (const char* const value : {"ada@example.test", "1 Long Road", "7701", kAccount}) {
    CHECK_FALSE(absl::StrContains(harness.lines.text, value));
  }
}

}  // namespace
}  // namespace va::attributes
