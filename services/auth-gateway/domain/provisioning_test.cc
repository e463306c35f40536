#include "services/auth-gateway/domain/provisioning.h"

#include <catch2/catch.hpp>

#include "services/auth-gateway/domain/records.h"

namespace va::gateway {
namespace {

using identity::Csp;

SessionRecord Session(int loa, const std::string& icn, std::optional<Csp> csp) {
  SessionRecord session;
  session.flow_id = "flow-1";
  session.account_id = "account-1";
  session.assurance.loa_current = loa;
  session.assurance.csp = csp;
  session.person.icn = identity::Icn::FromWire(icn);
  session.person.mhv_id = identity::CspId::FromWire("12345");
  session.person.email = identity::PersonText::FromWire("a@example.test");
  return session;
}

constexpr char kIcn[] = "1000000001V000001";

TEST_CASE("PlanProvisioning: who is asked about what", "[provisioning]") {
  struct Case {
    const char* rule;
    int loa;
    const char* icn;
    std::optional<Csp> csp;
    ProvisioningPlan plan;
  };
  const Case cases[] = {
      {"a verified person of My HealtheVet: both questions", 3, kIcn, Csp::kMhv, {true, true}},
      {"a verified person of ID.me: the account alone", 3, kIcn, Csp::kIdme, {true, false}},
      {"a verified person of Login.gov: the account alone", 3, kIcn, Csp::kLogingov, {true, false}},
      {"a verified person of DS Logon: the account alone", 3, kIcn, Csp::kDslogon, {true, false}},
      {"a verified person of an unknown provider: the account alone",
       3,
       kIcn,
       std::nullopt,
       {true, false}},
      {"nobody below LOA3, whoever vouches", 1, kIcn, Csp::kMhv, {false, false}},
      {"nobody without an ICN", 3, "", Csp::kMhv, {false, false}},
  };
  for (const Case& row : cases) {
    INFO(row.rule);
    CHECK(PlanProvisioning(Session(row.loa, row.icn, row.csp)) == row.plan);
  }
}

TEST_CASE("PendingOf: pending for what is asked, nothing for what is not", "[provisioning]") {
  CHECK(PendingOf({true, true}) ==
        Provisioning{MhvAccountState::kPending, ProofingState::kPending});
  CHECK(PendingOf({true, false}) == Provisioning{MhvAccountState::kPending, std::nullopt});
  CHECK(PendingOf({}) == Provisioning{});
}

TEST_CASE("IsPending: one open question is enough, an answer or no question is none",
          "[provisioning]") {
  CHECK(IsPending({MhvAccountState::kPending, std::nullopt}));
  CHECK(IsPending({MhvAccountState::kEnsured, ProofingState::kPending}));
  CHECK_FALSE(IsPending({MhvAccountState::kUnavailable, ProofingState::kUnavailable}));
  CHECK_FALSE(IsPending({}));
}

TEST_CASE("Provisioning states: every name reads back, any other is no state", "[provisioning]") {
  for (const MhvAccountState state :
       {MhvAccountState::kPending, MhvAccountState::kEnsured, MhvAccountState::kNeedsTerms,
        MhvAccountState::kIneligible, MhvAccountState::kUnavailable}) {
    CHECK(MhvAccountStateFromString(ToString(state)) == state);
  }
  for (const ProofingState state : {ProofingState::kPending, ProofingState::kInvited,
                                    ProofingState::kNotEligible, ProofingState::kUnavailable}) {
    CHECK(ProofingStateFromString(ToString(state)) == state);
  }
  CHECK_FALSE(MhvAccountStateFromString("invited").has_value());
  CHECK_FALSE(MhvAccountStateFromString("").has_value());
  CHECK_FALSE(ProofingStateFromString("ensured").has_value());
}

TEST_CASE("AdmittedPersonOf: E6 the session's own facts and the token handed on",
          "[provisioning][E6]") {
  const AdmittedPerson person =
      AdmittedPersonOf(Session(3, kIcn, Csp::kMhv), identity::Secret::FromWire("token"));
  CHECK(person.flow_id == "flow-1");
  CHECK(person.account_id == "account-1");
  CHECK(person.icn.Reveal() == kIcn);
  CHECK(person.mhv_id.Reveal() == "12345");
  CHECK(person.csp == Csp::kMhv);
  CHECK(person.email.Reveal() == "a@example.test");
  CHECK(person.decision_token.Reveal() == "token");
}

}  // namespace
}  // namespace va::gateway
