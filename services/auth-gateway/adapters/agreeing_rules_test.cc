#include "services/auth-gateway/adapters/agreeing_rules.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/base/status.h"

namespace va::gateway {
namespace {

// Rules under one version of the policy.
class Rules final : public AttributeRules {
 public:
  absl::StatusOr<Derived> Derive(const SignInPlan& plan, const VerifiedAssertion&,
                                 const CallScope&) override {
    if (absl::Status agreed = Agree(plan.policy_version); !agreed.ok()) return agreed;
    return Derived{};
  }
  absl::StatusOr<Decision> Admit(const SignInPlan& plan, const VerifiedAssertion&,
                                 const std::optional<MpiAnswer>&, const CallScope&) override {
    if (absl::Status agreed = Agree(plan.policy_version); !agreed.ok()) return agreed;
    return Decision{};
  }
  absl::StatusOr<RenewedDecision> RenewDecision(const SessionRecord&, absl::string_view version,
                                                const CallScope&) override {
    if (absl::Status agreed = Agree(version); !agreed.ok()) return agreed;
    return RenewedDecision{};
  }

  std::string serving = "2";
  std::vector<std::string> asked;
  absl::Status failure;

 private:
  absl::Status Agree(absl::string_view theirs) {
    asked.emplace_back(theirs);
    if (!failure.ok()) return failure;
    if (theirs == serving) return absl::OkStatus();
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "POLICY_VERSION", "another");
  }
};

identity::Policy Version(const std::string& version) {
  identity::Policy policy;
  policy.version = version;
  return policy;
}

// A gateway under version 1; what a refresh finds on disk is set by the test.
struct Gateway {
  Rules rules;
  base::Reloadable<identity::Policy> policy{Version("1")};
  std::string on_disk = "2";
  int refreshed = 0;
  telemetry::Metrics metrics;
  AgreeingRules agreeing{
      rules, policy,
      [this] {
        ++refreshed;
        if (policy.Get()->version == on_disk) return false;
        policy.Swap(Version(on_disk));
        return true;
      },
      metrics.AddCounter("va_test_total", "", {{"outcome", {"retried", "same_policy"}}})};
  SignInPlan plan = [] {
    SignInPlan made;
    made.policy_version = "1";
    return made;
  }();
  VerifiedAssertion assertion{};
};

}  // namespace

TEST_CASE(
    "AgreeingRules E5: rules under another policy are asked once more, under the policy read "
    "anew",
    "[gateway][rule]") {
  Gateway gateway;
  SECTION("Derive") { CHECK(gateway.agreeing.Derive(gateway.plan, gateway.assertion, {}).ok()); }
  SECTION("Admit") {
    CHECK(gateway.agreeing.Admit(gateway.plan, gateway.assertion, std::nullopt, {}).ok());
  }
  SECTION("RenewDecision") { CHECK(gateway.agreeing.RenewDecision({}, "1", {}).ok()); }
  CHECK(gateway.rules.asked == std::vector<std::string>{"1", "2"});
  CHECK(gateway.refreshed == 1);
  CHECK(absl::StrContains(gateway.metrics.Text(), "va_test_total{outcome=\"retried\"} 1\n"));
}

TEST_CASE("AgreeingRules E5: a policy exchanged since the request began is not read again",
          "[gateway][rule]") {
  Gateway gateway;
  gateway.policy.Swap(Version("2"));
  CHECK(gateway.agreeing.Derive(gateway.plan, gateway.assertion, {}).ok());
  CHECK(gateway.refreshed == 0);
}

TEST_CASE("AgreeingRules E5: without another version nothing is asked twice", "[gateway][rule]") {
  Gateway gateway;
  SECTION("the disk holds the same") {
    gateway.on_disk = "1";
    const auto derived = gateway.agreeing.Derive(gateway.plan, gateway.assertion, {});
    CHECK(base::ReasonOf(derived.status()) == "POLICY_VERSION");
    CHECK(absl::StrContains(gateway.metrics.Text(), "va_test_total{outcome=\"same_policy\"} 1\n"));
  }
  SECTION("another failure") {
    gateway.rules.failure = base::MakeError(absl::StatusCode::kUnavailable, "DOWN", "");
    CHECK_FALSE(gateway.agreeing.Derive(gateway.plan, gateway.assertion, {}).ok());
    CHECK(gateway.refreshed == 0);
  }
  CHECK(gateway.rules.asked.size() == 1);
}

TEST_CASE("AgreeingRules E5: two sides that still differ are asked twice and no more",
          "[gateway][rule]") {
  Gateway gateway;
  gateway.on_disk = "3";
  CHECK_FALSE(gateway.agreeing.Derive(gateway.plan, gateway.assertion, {}).ok());
  CHECK(gateway.rules.asked == std::vector<std::string>{"1", "3"});
}

}  // namespace va::gateway
