// A gateway for handler tests: real handlers, real signatures and real pages over stores and
// services that answer from memory and fail when told to.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/steady_wall_clock.h"
#include "lib/base/url.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/identity/authn_context.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "lib/xml/builder.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/mpi_teller.h"
#include "services/auth-gateway/api/http/provisioner.h"
#include "services/auth-gateway/api/http/routes.h"
#include "services/auth-gateway/saml/saml_names.h"

namespace va::gateway::testing {

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (!value.ok()) std::abort();
  return *std::move(value);
}

inline absl::Status Down() { return absl::UnavailableError("down"); }

class MemoryFlows final : public FlowStore {
 public:
  bool down = false;
  int looked_up = 0;  // by id
  std::map<std::string, FlowRecord> flows;
  std::map<std::string, std::string> assertions;  // id -> flow
  std::vector<SessionRecord> sessions;

  absl::Status Start(const FlowRecord& flow, absl::Time /*deadline*/) override {
    if (down) return Down();
    DropOldest(flow.browser_hash);
    flows[flow.id] = flow;
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<FlowRecord>> FindByHandle(absl::string_view handle_hash,
                                                         absl::Time /*deadline*/) override {
    if (down) return Down();
    for (const auto& [id, flow] : flows) {
      if (flow.handle_hash == handle_hash) return std::optional<FlowRecord>(flow);
    }
    return std::optional<FlowRecord>();
  }
  absl::StatusOr<Claim> ClaimOnce(const FlowRecord& flow, absl::string_view issuer,
                                  absl::string_view assertion_id, absl::Time /*usable_until*/,
                                  absl::Time /*now*/, absl::Time /*deadline*/) override {
    if (down) return Down();
    const std::string key = absl::StrCat(issuer, " ", assertion_id);
    const auto [found, fresh] = assertions.emplace(key, flow.id);
    if (fresh && flows[flow.id].stage == FlowStage::kStarted) {
      flows[flow.id].stage = FlowStage::kClaimed;
      return Claim::kWon;
    }
    return found->second == flow.id && !fresh ? Claim::kRepeat : Claim::kReplay;
  }
  absl::Status Finish(absl::string_view flow_id, const Outcome& outcome,
                      const SessionRecord* session, const Provisioning& provisioning,
                      absl::Time /*deadline*/) override {
    if (down) return Down();
    FlowRecord& flow = flows[std::string(flow_id)];
    flow.stage = FlowStage::kDone;
    flow.outcome = outcome;
    flow.provisioning = provisioning;
    if (session != nullptr) {
      std::erase_if(sessions, [&](const SessionRecord& older) {
        return older.token_hash == flow.session_hash;
      });
      sessions.push_back(*session);
    }
    return absl::OkStatus();
  }
  absl::Status RecordProvisioning(absl::string_view flow_id, const Provisioning& provisioning,
                                  absl::Time /*deadline*/) override {
    if (down) return Down();
    Provisioning& kept = flows[std::string(flow_id)].provisioning;
    if (provisioning.mhv_account.has_value() && kept.mhv_account != MhvAccountState::kEnsured) {
      kept.mhv_account = provisioning.mhv_account;
    }
    if (provisioning.proofing.has_value()) kept.proofing = provisioning.proofing;
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<FlowRecord>> FindById(absl::string_view request_id,
                                                     absl::Time /*deadline*/) override {
    ++looked_up;
    if (down) return Down();
    const auto found = flows.find(std::string(request_id));
    if (found == flows.end()) return std::optional<FlowRecord>();
    return std::optional<FlowRecord>(found->second);
  }

 private:
  // Keeps four open attempts of the browser beside the new one, as the store does.
  void DropOldest(const std::string& browser_hash) {
    std::vector<const FlowRecord*> open;
    for (const auto& [id, flow] : flows) {
      if (flow.browser_hash == browser_hash && flow.stage == FlowStage::kStarted) {
        open.push_back(&flow);
      }
    }
    std::sort(open.begin(), open.end(), [](const FlowRecord* a, const FlowRecord* b) {
      return a->created_at < b->created_at;
    });
    for (size_t i = 0; i + 4 < open.size(); ++i) flows.erase(std::string(open[i]->id));
  }
};

class MemorySessions final : public SessionStore {
 public:
  explicit MemorySessions(MemoryFlows& flows) : flows_(flows) {}

  absl::StatusOr<std::optional<SessionRecord>> Use(absl::string_view token_hash, absl::Time now,
                                                   absl::Time /*deadline*/) override {
    if (flows_.down) return Down();
    for (const SessionRecord& session : flows_.sessions) {
      if (session.expires_at <= now) continue;
      if (session.token_hash == token_hash) return std::optional<SessionRecord>(session);
    }
    return std::optional<SessionRecord>();
  }
  absl::StatusOr<std::optional<EndedSession>> End(absl::string_view token_hash,
                                                  absl::Time /*deadline*/) override {
    if (flows_.down) return Down();
    auto ended =
        EndIf([&](const SessionRecord& session) { return session.token_hash == token_hash; });
    if (ended.empty()) return std::optional<EndedSession>();
    return std::optional<EndedSession>(ended.front());
  }
  absl::StatusOr<std::vector<EndedSession>> EndByIdp(const IdpSessions& which,
                                                     absl::Time /*deadline*/) override {
    if (flows_.down) return Down();
    const std::vector<std::string>& indexes = which.session_indexes;
    return EndIf([&](const SessionRecord& session) {
      const bool listed =
          std::find(indexes.begin(), indexes.end(), session.session_index) != indexes.end();
      const bool open_format =
          which.name_id_format.empty() || session.name_id_format.empty() ||
          session.name_id_format == "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
      const std::string qualifier =
          session.name_qualifier == session.idp ? "" : session.name_qualifier;
      return session.idp == which.idp && session.name_id == which.name_id &&
             (open_format || session.name_id_format == which.name_id_format) &&
             qualifier == which.name_qualifier &&
             (listed || (indexes.empty() && session.assurance.auth_time <= which.authenticated_by));
    });
  }
  absl::StatusOr<std::vector<EndedSession>> EndByAccount(const AccountSessions& which,
                                                         absl::Time /*deadline*/) override {
    if (flows_.down) return Down();
    return EndIf([&](const SessionRecord& session) {
      return session.account_id == which.account_id && session.created_at <= which.begun_by &&
             (which.verification_id.empty() || session.verification_id == which.verification_id);
    });
  }
  absl::Status KeepLogout(const PendingLogout& logout, absl::Time /*deadline*/) override {
    if (flows_.down || no_logouts) return Down();
    logouts[logout.handle_hash] = logout;
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<PendingLogout>> FindLogout(absl::string_view handle_hash,
                                                          absl::string_view browser_hash,
                                                          absl::Time now,
                                                          absl::Time /*deadline*/) override {
    if (flows_.down) return Down();
    const auto found = logouts.find(std::string(handle_hash));
    if (found == logouts.end() || found->second.browser_hash != browser_hash ||
        found->second.expires_at <= now) {
      return std::optional<PendingLogout>();
    }
    return std::optional<PendingLogout>(found->second);
  }
  absl::StatusOr<bool> TakeLogout(absl::string_view handle_hash, absl::Time /*deadline*/) override {
    if (flows_.down) return Down();
    return logouts.erase(std::string(handle_hash)) == 1;
  }

  std::map<std::string, PendingLogout> logouts;  // by handle hash
  bool no_logouts = false;                       // sessions end, and nothing else is kept

 private:
  template <typename Matches>
  std::vector<EndedSession> EndIf(Matches matches) {
    std::vector<EndedSession> ended;
    std::erase_if(flows_.sessions, [&](const SessionRecord& session) {
      if (!matches(session)) return false;
      ended.push_back({session.token_hash, session.flow_id, session.account_id, session.application,
                       session.assurance.csp, session.idp, session.name_id, session.name_id_format,
                       session.name_qualifier, session.sp_name_qualifier, session.session_index});
      return true;
    });
    return ended;
  }

  MemoryFlows& flows_;
};

class ScriptedRules final : public AttributeRules {
 public:
  bool down = false;
  Derived derived;
  Decision decision;
  int admits = 0;
  std::optional<MpiAnswer> mpi;  // what it was last told that MPI answered
  RenewedDecision renewed;
  absl::Status renewing;          // in place of it, when it is none
  std::string renewed_flow;       // of the session it was last asked about
  std::string policy_version;     // the one it was last asked under
  SignInPlan plan;                // the one it was last asked about
  bool admits_who_stays = false;  // whatever `decision` says of everybody else
  std::vector<CallScope> scopes;

  absl::StatusOr<Derived> Derive(const SignInPlan&, const VerifiedAssertion&,
                                 const CallScope& scope) override {
    scopes.push_back(scope);
    if (down) return Down();
    return derived;
  }
  absl::StatusOr<Decision> Admit(const SignInPlan& asked, const VerifiedAssertion&,
                                 const std::optional<MpiAnswer>& answered,
                                 const CallScope& scope) override {
    scopes.push_back(scope);
    ++admits;
    mpi = answered;
    policy_version = asked.policy_version;
    plan = asked;
    if (down) return Down();
    Decision made = decision;
    if (admits_who_stays && asked.stay_at_level) made.verdict = Decision::Verdict::kAdmit;
    return made;
  }
  absl::StatusOr<RenewedDecision> RenewDecision(const SessionRecord& session,
                                                absl::string_view version,
                                                const CallScope&) override {
    policy_version = std::string(version);
    renewed_flow = session.flow_id;
    if (down) return Down();
    if (!renewing.ok()) return renewing;
    return renewed;
  }
};

// MPI's answers, as its adapter hands them on.
inline MpiAnswer Matched() {
  MpiAnswer answer;
  answer.outcome = 1;
  answer.matched = true;
  return answer;
}
inline MpiAnswer NoMatch() {
  MpiAnswer answer;
  answer.outcome = 2;
  answer.no_match = true;
  return answer;
}

class ScriptedIndex final : public PersonIndex {
 public:
  bool down = false;
  int asked = 0;
  std::vector<CallScope> scopes;
  MpiAnswer answer = Matched();
  std::function<void()> on_ask;
  // Of those who are to be added.
  absl::StatusOr<MpiAnswer> addition = MpiAnswer{};
  std::vector<CallScope> additions;
  std::vector<std::string> added;  // in wire form
  // Of what it is told.
  absl::StatusOr<MpiTold> telling = MpiTold::kDone;
  std::vector<MpiNews> news;
  std::vector<CallScope> tellings;

  absl::StatusOr<MpiAnswer> GetProfile(const Derived&, const CallScope& scope) override {
    scopes.push_back(scope);
    ++asked;
    if (on_ask) on_ask();
    if (down) return Down();
    return answer;
  }
  absl::StatusOr<MpiAnswer> AddPerson(const Derived& derived, const CallScope& scope) override {
    additions.push_back(scope);
    added.push_back(derived.mpi_addition);
    return addition;
  }
  absl::StatusOr<MpiTold> Tell(const MpiNews& told, const CallScope& scope) override {
    tellings.push_back(scope);
    news.push_back(told);
    return telling;
  }
};

class MemoryTerms final : public Terms {
 public:
  bool down = false;
  TermsStatus status{.title = "Terms of Use",
                     .revision = "3",
                     .legal_version = "1.0",
                     .accepted = false,
                     .declined = false,
                     .decided_at = absl::InfinitePast()};
  std::map<std::string, TermsAnswer> answers;  // by id, the first of each
  std::vector<std::string> tokens;

  absl::StatusOr<TermsStatus> GetTermsAcceptance(absl::string_view, absl::string_view,
                                                 const CallScope&) override {
    if (down) return Down();
    return status;
  }
  absl::Status RecordTerms(const AdmittedPerson& person, const TermsAnswer& answer,
                           const CallScope&) override {
    if (down) return Down();
    tokens.push_back(person.decision_token.Reveal());
    if (answer.revision != status.revision) {
      return base::MakeError(absl::StatusCode::kFailedPrecondition, "TERMS_REVISION", "older");
    }
    answers.emplace(answer.id, answer);
    return absl::OkStatus();
  }
};

// Answers what it is told, and remembers whom it was asked about.
class ScriptedAccounts final : public MhvAccounts {
 public:
  absl::StatusOr<MhvAccountState> answer = MhvAccountState::kEnsured;
  std::vector<AdmittedPerson> asked;
  std::vector<absl::Time> deadlines;
  std::vector<CallScope> scopes;

  absl::StatusOr<MhvAccountState> EnsureAccount(const AdmittedPerson& person,
                                                const CallScope& scope) override {
    asked.push_back(person);
    deadlines.push_back(scope.deadline);
    scopes.push_back(scope);
    return answer;
  }
};

class ScriptedProofing final : public ProofingHandoff {
 public:
  absl::StatusOr<ProofingState> answer = ProofingState::kInvited;
  absl::Status recording;
  std::vector<AdmittedPerson> asked;
  std::map<std::string, ConsentAnswer> consents;  // by id, the first of each

  absl::StatusOr<ProofingState> CheckEligibility(const AdmittedPerson& person,
                                                 const CallScope&) override {
    asked.push_back(person);
    return answer;
  }
  absl::Status RecordConsent(const AdmittedPerson& person, const ConsentAnswer& consent,
                             const CallScope&) override {
    if (!recording.ok()) return recording;
    asked.push_back(person);
    consents.emplace(consent.id, consent);
    return absl::OkStatus();
  }
};

// MPI and VA Profile, as GET /v0/user asks them.
class ScriptedRecords final : public PersonRecords {
 public:
  absl::StatusOr<PersonRecord> answer{absl::in_place};
  std::function<void()> on_ask;
  std::vector<identity::Icn> asked;
  std::vector<CallScope> scopes;

  absl::StatusOr<PersonRecord> FindByIcn(const identity::Icn& icn,
                                         const CallScope& scope) override {
    asked.push_back(icn);
    scopes.push_back(scope);
    if (on_ask) on_ask();
    return answer;
  }
};

class ScriptedContacts final : public ContactDirectory {
 public:
  absl::StatusOr<std::optional<ContactInformation>> answer = std::optional<ContactInformation>();
  absl::Status dropping;
  std::vector<AdmittedPerson> asked;
  std::vector<std::string> ids;      // of VA Profile, as asked
  std::vector<std::string> dropped;  // accounts

  absl::StatusOr<std::optional<ContactInformation>> Find(const AdmittedPerson& person,
                                                         const identity::CspId& vet360_id,
                                                         const CallScope& /*scope*/) override {
    asked.push_back(person);
    ids.push_back(vet360_id.Reveal());
    return answer;
  }
  absl::Status Drop(absl::string_view account_id, const CallScope& /*scope*/) override {
    dropped.emplace_back(account_id);
    return dropping;
  }
};

class MemoryAudit final : public telemetry::Audit {
 public:
  std::vector<telemetry::AuditEvent> events;
  std::vector<std::string> tags;
  std::vector<std::string> accounts;
  std::set<telemetry::AuditEvent> failing;  // these cannot be written

  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    if (failing.contains(event)) {
      return base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_WRITE", "no record");
    }
    events.push_back(event);
    tags.emplace_back(facts.tag);
    accounts.emplace_back(facts.account_id);
    return absl::OkStatus();
  }
};

class MemorySink final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    absl::StrAppend(&text, line);
    return true;
  }
  std::string text;
};

inline constexpr char kIdp[] = "https://idp.test/saml";
inline constexpr char kSp[] = "https://sp.test/saml";
inline constexpr char kBase[] = "https://sp.test";
inline constexpr char kAcs[] = "https://sp.test/v1/sessions/callback";
inline constexpr char kSlo[] = "https://sp.test/v1/sessions/saml_logout";

inline SamlSettings TestSaml(const crypto::PrivateKey& idp_key) {
  const auto pair =
      OrDie(crypto::IssueSelfSigned({.common_name = "sp",
                                     .dns_names = {},
                                     .ip_addresses = {},
                                     .is_authority = false,
                                     .not_before = absl::FromUnixSeconds(1'700'000'000),
                                     .not_after = absl::FromUnixSeconds(2'000'000'000)},
                                    crypto::NewKey::kEcP256));
  SamlSettings settings{
      .sp_entity_id = kSp,
      .acs_url = kAcs,
      .slo_url = kSlo,
      .idps = {},
      .signing_key = OrDie(crypto::PrivateKey::FromPem(pair.private_key_pem)),
      .signing_certificate = OrDie(crypto::Certificate::FromPem(pair.certificate_pem)),
      .decryption_keys = {},
      .skew = absl::Seconds(60),
      .metadata = "<metadata/>"};
  SamlIdp idp;
  idp.name = "ssoe";
  idp.entity_id = kIdp;
  idp.sso.url = "https://idp.test/sso";
  idp.keys.push_back(idp_key.Public());
  settings.idps.push_back(std::move(idp));
  return settings;
}

inline identity::Policy TestPolicy() {
  identity::Policy policy;
  policy.version = "test-1";
  policy.default_application = "vaweb";
  identity::Application vaweb;
  vaweb.name = "vaweb";
  vaweb.title = "VA.gov";
  vaweb.return_base = "https://sp.test/auth/login/callback";
  vaweb.return_hosts = {"sp.test"};
  vaweb.allowed_csps = {identity::Csp::kIdme};
  identity::Application compatible = vaweb;
  compatible.name = "compatible";
  compatible.on_refusal = identity::OnRefusal::kRedirect;
  policy.applications = {vaweb, compatible};
  identity::CspRow idme;
  idme.csp = identity::Csp::kIdme;
  idme.id = "idme";
  idme.name = "ID.me";
  idme.idp = "ssoe";
  policy.csps = {idme};
  policy.idps = {{.name = "ssoe"}};
  return policy;
}

// One gateway with everything it needs, and a browser's side of the conversation.
class TestGateway {
 public:
  explicit TestGateway(identity::Policy policy = TestPolicy(),
                       std::vector<std::string> cors_origins = {})
      : idp_key_(OrDie(
            crypto::PrivateKey::FromPem(OrDie(crypto::GenerateKeyPem(crypto::NewKey::kEcP256))))),
        policy_(std::move(policy)),
        saml_(TestSaml(idp_key_)),
        sessions(flows),
        log_("auth-gateway", telemetry::Severity::kDebug, clock, sink_),
        provisioner_(
            [this](std::function<void()> task) {
              if (tasks.size() >= room) return false;
              tasks.push_back(std::move(task));
              return true;
            },
            {}, accounts, proofing, flows, clock, log_),
        teller_(
            [this](std::function<void()> task) {
              if (tasks.size() >= room) return false;
              tasks.push_back(std::move(task));
              return true;
            },
            {}, index, clock, log_),
        deps_{kBase,
              kBase,
              policy_,
              saml_,
              limits_,
              "va_terms_of_use",
              waiters_,
              page_waiters_,
              flows,
              sessions,
              rules,
              index,
              terms,
              proofing,
              records,
              contacts,
              aside,
              provisioner_,
              teller_,
              clock,
              lifetimes_,
              ids_,
              log_,
              audit,
              std::move(cors_origins),
              {},
              metrics.AddCounter("va_signin_outcomes_total", "Sign-ins decided.",
                                 {{"csp", {"idme"}},
                                  {"application", {"ssoe"}},
                                  {"outcome", {"session", "try_later"}},
                                  {"code", {"none"}}})},
        router_(PublicRoutes(deps_)) {
    rules.decision.verdict = Decision::Verdict::kAdmit;
    rules.decision.session.account_id = "account-1";
    rules.decision.session.person.first_name = identity::PersonText::FromWire("Ada");
    rules.decision.session.assurance.loa_current = 3;
  }

  http::Response Get(const std::string& target, const std::string& cookie = "",
                     const http::Headers& more = {}) {
    return Send("GET", target, cookie, "", more);
  }
  http::Response Post(const std::string& target, const std::string& cookie, const std::string& body,
                      const http::Headers& more = {}) {
    return Send("POST", target, cookie, body, more);
  }

  http::Response Ask(const std::string& method, const std::string& target,
                     const http::Headers& more = {}) {
    return Send(method, target, "", "", more);
  }
  // A post of another media type than a form's.
  http::Response PostAs(const std::string& target, const std::string& type,
                        const std::string& cookie, const std::string& body) {
    return Send("POST", target, cookie, body, {{"Content-Type", type}});
  }

  // As the server would.
  http::Response Route(http::Request& request) const { return router_.Route(request); }

  // The operator's view of an attempt.
  http::Response GetAttempt(const std::string& id) {
    http::Request request;
    request.path_params = {{"request_id", id}};
    return HandleAttempt(deps_, request);
  }

  // Starts an attempt; remembers its cookie, handle and request id.
  struct Attempt {
    std::string cookie;
    std::string handle;
    std::string id;
    std::string authn_request_id;
  };
  Attempt Start(const std::string& query = "", const std::string& cookie = "") {
    return AttemptOf(Get("/v1/sessions/idme/new" + query, cookie));
  }
  Attempt AttemptOf(const http::Response& response) {
    if (response.status != 200) std::abort();
    Attempt attempt;
    const std::string set(response.headers.Get("Set-Cookie").value_or(""));
    attempt.cookie = set.substr(0, set.find(';'));
    const std::string mark = "name=\"RelayState\" value=\"";
    const size_t at = response.body.find(mark) + mark.size();
    attempt.handle = response.body.substr(at, response.body.find('"', at) - at);
    for (const auto& [id, flow] : flows.flows) {
      if (flow.handle_hash == HashOf(attempt.handle)) {
        attempt.id = id;
        attempt.authn_request_id = flow.authn_request_id;
      }
    }
    return attempt;
  }

  // A genuine response to `attempt`, as base64; one without an id answers nothing; `authenticated`
  // ago by the provider's word.
  std::string ResponseTo(const Attempt& attempt, const std::string& assertion_id = "_a1",
                         absl::Duration authenticated = absl::ZeroDuration());

  // The form post of a response with its handle.
  http::Response PostResponse(const Attempt& attempt, const std::string& response) {
    return Post("/v1/sessions/callback", attempt.cookie,
                base::BuildQuery({{"SAMLResponse", response}, {"RelayState", attempt.handle}}));
  }

  // Signs somebody in; the session cookie, as a browser sends it.
  std::string SignedIn(const std::string& assertion_id = "_a1") {
    const Attempt attempt = Start();
    const http::Response landed = PostResponse(attempt, ResponseTo(attempt, assertion_id));
    if (landed.status != 303) std::abort();
    const std::string set(landed.headers.Get("Set-Cookie").value_or(""));
    return set.substr(0, set.find(';'));
  }

  // A verified person of My HealtheVet: both questions arise.
  void AdmitMhvPerson() {
    SessionRecord& session = rules.decision.session;
    session.assurance.csp = identity::Csp::kMhv;
    session.person.icn = identity::Icn::FromWire("1000000001V000001");
    session.person.mhv_id = identity::CspId::FromWire("12345");
    session.person.email = identity::PersonText::FromWire("ada@example.test");
    rules.decision.decision_token = identity::Secret::FromWire("token-of-admit");
    rules.renewed.admitted = true;
    rules.renewed.decision_token = identity::Secret::FromWire("token-renewed");
  }

  // Does what was left to do, as a thread of the pool would.
  void RunTasks() {
    std::vector<std::function<void()>> todo;
    todo.swap(tasks);
    for (const auto& task : todo) task();
  }

  Provisioning Kept() { return flows.flows[flows.sessions.back().flow_id].provisioning; }
  const std::string& logged() const { return sink_.text; }
  // Settings that most tests do without.
  const GatewayDeps& deps() const { return deps_; }
  void UseGlobalLogout(GlobalLogout settings) { deps_.global_logout = std::move(settings); }
  void UseSamlCookie(std::string environment) {
    deps_.saml_cookie_environment = std::move(environment);
  }
  // For a conversation with other keys or providers than the usual one.
  SamlSettings& saml() { return saml_; }
  void ForgetLog() { sink_.text.clear(); }

  // The provider, whose side a test may take.
  SamlIdp& idp() { return saml_.idps.front(); }
  const crypto::PrivateKey& idp_key() const { return idp_key_; }
  const SamlSettings& saml() const { return saml_; }

  // Leaves no permit for a double click to wait.
  void TakeAllWaiters() {
    for (int i = 0; i < 4; ++i) taken_.push_back(std::make_unique<base::Permits::Hold>(waiters_));
  }

  static std::string HashOf(const std::string& token);

 private:
  http::Response Send(const std::string& method, const std::string& target,
                      const std::string& cookie, const std::string& body,
                      const http::Headers& more) {
    http::Request request;
    request.headers = more;
    request.method = method;
    request.target = target;
    const size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.request_id = "request-id-of-the-server";
    if (!cookie.empty()) request.headers.Add("Cookie", cookie);
    if (method == "POST" && !request.headers.Has("Content-Type")) {
      request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
    }
    request.body = body;
    return router_.Route(request);
  }

  crypto::PrivateKey idp_key_;
  identity::Policy policy_;
  SamlSettings saml_;

 public:
  va::testing::FakeClock clock;
  absl::Duration ran;  // by the clock that nobody can set
  MemoryFlows flows;
  MemorySessions sessions;
  ScriptedRules rules;
  ScriptedIndex index;
  MemoryTerms terms;
  ScriptedAccounts accounts;
  ScriptedProofing proofing;
  ScriptedRecords records;
  ScriptedContacts contacts;
  // Threads beside the one that serves: none, unless a test has some.
  SubmitAside aside = [](const std::function<void()>&) { return false; };
  MemoryAudit audit;
  telemetry::Metrics metrics;
  std::string returned_context{identity::kLoa3};  // by the provider
  // What was left to do once the browser was answered, and how much of it there is room for.
  std::vector<std::function<void()>> tasks;
  size_t room = 10;

 private:
  AttemptLimits limits_{.provisioning_wait = absl::ZeroDuration(),
                        .decision_wait = absl::ZeroDuration()};
  base::Permits waiters_{4};
  base::Permits page_waiters_{4};
  std::vector<std::unique_ptr<base::Permits::Hold>> taken_;
  base::SteadyWallClock lifetimes_{clock, [this] { return ran; }};
  va::testing::FixedIds ids_;
  MemorySink sink_;
  telemetry::Log log_;
  Provisioner provisioner_;
  MpiTeller teller_;
  GatewayDeps deps_;
  http::Router router_;
};

}  // namespace va::gateway::testing
