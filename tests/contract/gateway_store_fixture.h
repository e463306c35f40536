// A migrated gateway database with its stores, and records to put into it. Shared by the contract
// tests of the gateway's stores.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_box.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/temp_postgres.h"
#include "services/auth-gateway/domain/session_policy.h"
#include "services/auth-gateway/migrations.h"
#include "services/auth-gateway/store/pg_flow_store.h"
#include "services/auth-gateway/store/pg_session_store.h"

namespace va::gateway {

// One gateway process: a pool and stores of its own.
struct GatewayProcess {
  GatewayProcess(const testing::TempDatabase& database, int pool_size)
      : box(crypto::SealedBox::FromRing(*crypto::KeyRing::FromText("k1:" + std::string(64, 'a')))),
        pool(*store::Pool::Create(database.App(pool_size))),
        flows(*pool, box, ids),
        sessions(*pool, box) {}

  crypto::SystemIdGenerator ids;
  crypto::SealedBox box;
  std::unique_ptr<store::Pool> pool;
  PgFlowStore flows;
  PgSessionStore sessions;
};

class GatewayStoreFixture {
 public:
  explicit GatewayStoreFixture(int pool_size = 4)
      : database_(testing::TempDatabase::CreateMigrated("gateway", Migrations()).value()) {
    process_ = NewProcess(pool_size);
  }

  std::unique_ptr<GatewayProcess> NewProcess(int pool_size = 4) const {
    return std::make_unique<GatewayProcess>(*database_, pool_size);
  }
  FlowStore& flows() { return process_->flows; }
  SessionStore& sessions() { return process_->sessions; }
  store::Pool& pool() { return *process_->pool; }
  testing::TempDatabase& database() { return *database_; }
  testing::FakeClock& clock() { return clock_; }
  absl::Time now() const { return clock_.Now(); }

  // Real time: how long a test may wait for the database.
  static absl::Time Soon() { return base::SystemClock().Now() + absl::Seconds(20); }

  FlowRecord NewFlow(const std::string& browser = "browser") {
    FlowRecord flow;
    flow.id = process_->ids.Uuid();
    flow.handle_hash = crypto::Sha256(process_->ids.RandomBytes(16));
    flow.browser_hash = crypto::Sha256(browser);
    flow.authn_request_id = process_->ids.XmlId();
    flow.idp = "https://idp.example/metadata";
    flow.plan.type = "idme";
    flow.plan.application = "vagov";
    flow.plan.csp = identity::Csp::kIdme;
    flow.plan.contexts = {"http://idmanagement.gov/ns/assurance/loa/1/vets", "with,comma \"q\" \\"};
    flow.plan.comparison = "exact";
    flow.plan.force_authn = true;
    flow.plan.target = "https://www.example/my?x='1'";
    flow.plan.restart = "/v1/sessions/idme/new?to=%2Fmy";
    flow.plan.policy_version = "2026-01";
    flow.plan.on_refusal = identity::OnRefusal::kRedirect;
    flow.plan.operation = "verify_cta_authenticated";
    flow.had_session = true;
    flow.session_hash = crypto::Sha256("the older session of " + flow.id);
    flow.session_account = "2f1c5b0e-8f0a-4f43-9d7e-0f6f3f0a5a22";
    flow.session_signed_in = now() - absl::Hours(2);
    flow.lap = 1;
    flow.lap_for = "step_up_highest";
    flow.plan.stay_at_level = true;
    flow.parent = process_->ids.Uuid();
    flow.created_at = now();
    flow.expires_at = now() + absl::Minutes(15);
    return flow;
  }

  FlowRecord StartedFlow(const std::string& browser = "browser") {
    FlowRecord flow = NewFlow(browser);
    REQUIRE(flows().Start(flow, Soon()).ok());
    return flow;
  }

  absl::StatusOr<Claim> ClaimFlow(const FlowRecord& flow, const std::string& assertion_id) {
    return flows().ClaimOnce(flow, flow.idp, assertion_id, now() + absl::Minutes(6), now(), Soon());
  }

  SessionRecord NewSession(const FlowRecord& flow, const std::string& token) {
    SessionRecord session;
    session.token_hash = crypto::Sha256(token);
    session.flow_id = flow.id;
    session.account_id = "2f1c5b0e-8f0a-4f43-9d7e-0f6f3f0a5a11";
    session.verification_id = "7";
    session.person.first_name = identity::PersonText::FromWire("Testa");
    session.person.last_name = identity::PersonText::FromWire("O'Inventée");
    session.person.ssn = identity::Ssn::FromWire("796-00-0001");
    session.person.icn = identity::Icn::FromWire("1000000001V000001");
    session.person.birth_date = identity::BirthDate::FromWire("19500101");
    session.person.vha_facility_ids = {"358", "983"};
    session.idp = flow.idp;
    session.name_id = identity::PersonText::FromWire("name-id-of-testa");
    session.name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    session.name_qualifier = flow.idp;
    session.sp_name_qualifier = "https://sp.example";
    session.session_index = "idx-1";
    session.transaction_id = "tx-1";
    session.authn_context = "http://idmanagement.gov/ns/assurance/loa/3";
    session.service_name = "idme";
    session.account_type = "N/A";
    session.multifactor = true;
    session.assurance.ial = 2;
    session.assurance.aal = 2;
    session.assurance.auth_time = now() - absl::Seconds(5);
    session.assurance.csp = identity::Csp::kIdme;
    session.assurance.pathway = "ssoe";
    session.assurance.loa_current = 3;
    session.assurance.loa_highest = 3;
    session.application = "vagov";
    session.waived_findings = {"101", "103"};
    session.policy_version = "2026-01";
    BeginSession(session, now());
    return session;
  }

  // A flow that was started, claimed and ended in a session with this token.
  SessionRecord BegunSession(const std::string& token) {
    const FlowRecord flow = StartedFlow("browser of " + token);
    REQUIRE(*ClaimFlow(flow, "_assertion-of-" + token) == Claim::kWon);
    const SessionRecord session = NewSession(flow, token);
    REQUIRE(flows().Finish(flow.id, SessionOutcome(), &session, {}, Soon()).ok());
    return session;
  }

  static Outcome SessionOutcome() {
    Outcome outcome;
    outcome.kind = OutcomeKind::kSession;
    outcome.loa = 3;
    outcome.findings = {"101"};
    outcome.waived = {"101"};
    outcome.stations = {{"derive", 1.25}, {"admit", 0.5}};
    return outcome;
  }

  std::string Query(const std::string& sql) { return *database_->Psql(sql); }

 private:
  testing::FakeClock clock_;
  std::unique_ptr<testing::TempDatabase> database_;
  std::unique_ptr<GatewayProcess> process_;
};

}  // namespace va::gateway
