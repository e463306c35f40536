// fuzz: the whole callback: a posted form in, a decision and at most one session out
// parser: services/auth-gateway/api/http/callback_handler.cc
// parser: services/auth-gateway/domain/signin_flow.cc
// parser: lib/http/form.cc
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/url.h"
#include "lib/http/form.h"
#include "lib/xml/test_encrypter.h"
#include "services/auth-gateway/api/http/gateway_testing.h"
#include "services/auth-gateway/saml/saml_reject.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/saml_input.h"

namespace va::fuzz {

const char kMustReach[] = "SESSION";

namespace {

using gateway::Decision;
using gateway::testing::TestGateway;

// An input is as saml_input.h says; mode p: what follows is the body itself. More options:
//   5: bit 0 no flow cookie, 1 another one, 2 no RelayState, 3 another one, 4 the attempt is over,
//      5 its time is over, 6 the store is down, 7 an application that is answered by redirect
//   6: bits 0-1 the decision, 2 the rules are down, 3 the index is down, 4 the index is asked,
//      5 no audit record can be written
//   6 further: bit 6 the attempt was begun for the person of a session, 7 who is the one that comes
//   4: bit 7 the media type names its charset
//   7: bit 0 a field twice, 1 a foreign field, 2 another media type, 3-4 what a step-up asks for,
//      5 the attempt is the second leg already, 6 the provider is asked by redirect, 7 an older
//      session of the browser is alive
Decision::Verdict VerdictOf(const SamlInput& input) {
  constexpr Decision::Verdict kVerdicts[] = {Decision::Verdict::kAdmit, Decision::Verdict::kStepUp,
                                             Decision::Verdict::kDeny,
                                             Decision::Verdict::kTryLater};
  return kVerdicts[input.Option(6) % 4];
}

constexpr const char* kStepUps[] = {"step_up", "step_up_application_aal",
                                    "step_up_application_max_age", "step_up_highest"};
constexpr char kOlder[] = "hash-of-the-older-token";
constexpr char kAdmitted[] = "account-1";  // whom the rules of TestGateway admit

// Another owner of the same key.
crypto::PrivateKey DecryptionKey() {
  EVP_PKEY_up_ref(OurDecryptionKey().native());
  return gateway::testing::OrDie(crypto::PrivateKey::Adopt(OurDecryptionKey().native()));
}

// A gateway at which somebody has begun to sign in: made once, for it costs more than all of an
// input, and set back to its beginning for every input.
struct Stage {
  explicit Stage(gateway::SignatureWanted want) : gateway(PolicyFor(want)) {
    gateway.clock.Set(Now());
    gateway.saml().idps.front().keys = {EcKey().Public(), RsaKey().Public()};
    gateway.saml().decryption_keys.push_back(DecryptionKey());
    decision = gateway.rules.decision;
    page = gateway.Start();
    redirect = gateway.Start("?application=compatible");
    flows = gateway.flows.flows;
  }

  static identity::Policy PolicyFor(gateway::SignatureWanted want) {
    identity::Policy policy = gateway::testing::TestPolicy();
    policy.idps.front().want = want;
    return policy;
  }

  void SetBack() {
    gateway.flows.down = false;
    gateway.flows.flows = flows;
    gateway.flows.assertions.clear();
    gateway.flows.sessions.clear();
    gateway.rules.scopes.clear();
    gateway.rules.decision = decision;
    gateway.index.scopes.clear();
    gateway.audit.events.clear();
    gateway.audit.tags.clear();
    gateway.audit.accounts.clear();
    gateway.audit.failing.clear();
    gateway.tasks.clear();
    gateway.ForgetLog();
  }

  TestGateway gateway;
  Decision decision;
  TestGateway::Attempt page;
  TestGateway::Attempt redirect;
  std::map<std::string, gateway::FlowRecord> flows;
};

Stage& StageFor(gateway::SignatureWanted want, int turn) {
  static auto* const stages =
      new std::map<std::pair<gateway::SignatureWanted, int>, std::unique_ptr<Stage>>();
  auto& stage = (*stages)[{want, turn}];
  if (stage == nullptr) stage = std::make_unique<Stage>(want);
  return *stage;
}

// One input's conversation on a stage of its own.
class Conversation {
 public:
  Conversation(const SamlInput& input, const Posted& posted, int turn)
      : input_(input),
        posted_(posted),
        stage_(StageFor(Expectation(input).expected.want, turn)),
        gateway_(stage_.gateway),
        attempt_(input.Bit(5, 7) ? stage_.redirect : stage_.page) {
    stage_.SetBack();
    Shape(gateway_.flows.flows[attempt_.id]);
    Script();
  }

  // The status of the answer, SESSION, or LAP when the browser is sent on to a second leg.
  std::string Post();
  void Check();

 private:
  void Shape(gateway::FlowRecord& flow) const;
  void Script();
  std::string Cookie() const;
  std::string Body() const;
  std::vector<const gateway::SessionRecord*> NewSessions() const;
  std::vector<const gateway::FlowRecord*> NextLegs() const;
  gateway::VerifiedAssertion CheckAnswer() const;
  void CheckSession(const gateway::SessionRecord& session) const;
  void CheckLeg(const gateway::FlowRecord& leg) const;
  void CheckOlder() const;
  bool Recorded(telemetry::AuditEvent event) const;

  const SamlInput& input_;
  const Posted& posted_;
  Stage& stage_;
  TestGateway& gateway_;
  const TestGateway::Attempt& attempt_;
};

void Conversation::Shape(gateway::FlowRecord& flow) const {
  flow.authn_request_id = kRequest;
  flow.plan.comparison = input_.Bit(3, 2) ? "exact" : "minimum";
  flow.plan.contexts = {"http://idmanagement.gov/ns/assurance/loa/3",
                        "https://eauth.va.gov/csp?Select=idme3"};
  flow.plan.force_authn = input_.Bit(3, 3);
  flow.created_at = Now() - absl::Minutes(5);
  flow.expires_at = flow.created_at + absl::Minutes(15);
  if (input_.Bit(5, 4)) {
    flow.stage = gateway::FlowStage::kDone;
    flow.outcome.emplace().code = "007";
  }
  if (input_.Bit(5, 5)) flow.expires_at = Now() - absl::Minutes(1);
  if (input_.Bit(6, 6)) {
    flow.plan.type = "verify";
    flow.session_account = input_.Bit(6, 7) ? kAdmitted : "account-2";
  }
  if (input_.Bit(7, 5)) {
    flow.lap = 1;
    flow.lap_for = kStepUps[(input_.Option(7) >> 3) % 4];
  }
  if (input_.Bit(7, 7)) {
    flow.had_session = true;
    flow.session_hash = kOlder;
  }
}

void Conversation::Script() {
  gateway_.rules.decision.verdict = VerdictOf(input_);
  if (VerdictOf(input_) != Decision::Verdict::kAdmit) gateway_.rules.decision.code = "007";
  if (VerdictOf(input_) == Decision::Verdict::kStepUp) {
    gateway_.rules.decision.tag = kStepUps[(input_.Option(7) >> 3) % 4];
  }
  gateway_.saml().idps.front().sso.binding =
      input_.Bit(7, 6) ? gateway::SamlBinding::kRedirect : gateway::SamlBinding::kPost;
  if (input_.Bit(7, 7)) {
    gateway::SessionRecord older;
    older.token_hash = kOlder;
    gateway_.flows.sessions.push_back(std::move(older));
  }
  gateway_.rules.down = input_.Bit(6, 2);
  gateway_.index.down = input_.Bit(6, 3);
  gateway_.rules.derived.asks_mpi = input_.Bit(6, 4);
  if (input_.Bit(6, 5)) gateway_.audit.failing = {telemetry::AuditEvent::kSessionIssued};
  gateway_.flows.down = input_.Bit(5, 6);
}

std::string Conversation::Cookie() const {
  if (input_.Bit(5, 0)) return "";
  return input_.Bit(5, 1) ? absl::StrCat(attempt_.cookie, "x") : attempt_.cookie;
}

std::string Conversation::Body() const {
  if (input_.Mode() == 'p') {
    return absl::StrCat(input_.options.substr(1), input_.xml);
  }
  std::vector<std::pair<std::string, std::string>> fields = {{"SAMLResponse", posted_.form_value}};
  if (!input_.Bit(5, 2)) {
    fields.emplace_back("RelayState",
                        input_.Bit(5, 3) ? absl::StrCat(attempt_.handle, "x") : attempt_.handle);
  }
  if (input_.Bit(7, 0)) fields.push_back(fields.back());
  if (input_.Bit(7, 1)) fields.emplace_back("foreign", "field");
  return base::BuildQuery(fields);
}

std::vector<const gateway::SessionRecord*> Conversation::NewSessions() const {
  std::vector<const gateway::SessionRecord*> out;
  for (const gateway::SessionRecord& session : gateway_.flows.sessions) {
    if (session.token_hash != kOlder) out.push_back(&session);
  }
  return out;
}

std::vector<const gateway::FlowRecord*> Conversation::NextLegs() const {
  std::vector<const gateway::FlowRecord*> out;
  for (const auto& [id, flow] : gateway_.flows.flows) {
    if (stage_.flows.count(id) == 0) out.push_back(&flow);
  }
  return out;
}

std::string Conversation::Post() {
  const size_t legs = NextLegs().size();
  std::string type = input_.Bit(7, 2) ? "text/plain" : "application/x-www-form-urlencoded";
  if (input_.Bit(4, 7)) type += "; charset=UTF-8";
  const http::Response response = gateway_.PostAs("/v1/sessions/callback", type, Cookie(), Body());
  bool handed = false;
  for (const absl::string_view cookie : response.headers.GetAll("Set-Cookie")) {
    handed = handed || (absl::StartsWith(cookie, absl::StrCat(gateway::kSessionCookie, "=")) &&
                        !absl::StrContains(cookie, "Max-Age=0"));
  }
  Require(handed <= !NewSessions().empty(), "a cookie without a session");
  Require(response.status != 500, "an answer of 500");
  const std::string location(response.headers.Get("Location").value_or(""));
  const bool left = NextLegs().size() > legs;
  Require(location.empty() || absl::StartsWith(location, "https://sp.test/") ||
              (absl::StartsWith(location, "/") && !absl::StartsWith(location, "//")) ||
              (left && absl::StartsWith(location, "https://idp.test/sso?")),
          "a redirect to somewhere else");
  Require(!handed || !left, "a session and a second leg");
  if (left) return "LAP";
  return handed ? "SESSION" : absl::StrCat(response.status);
}

bool Conversation::Recorded(telemetry::AuditEvent event) const {
  const auto& events = gateway_.audit.events;
  return std::find(events.begin(), events.end(), event) != events.end();
}

// What leads on is one person's answer, whom the provider vouched for, to this very attempt.
gateway::VerifiedAssertion Conversation::CheckAnswer() const {
  Require(posted_.vouched.has_value() && input_.Mode() != 'p', "an unsigned response leads on");
  Require(input_.Option(5) % 128 == 0, "another browser or attempt leads on");
  Require(!input_.Bit(6, 2), "it goes on where nobody decided");
  Require(!(input_.Bit(6, 3) && input_.Bit(6, 4)), "it goes on without the answer of the index");
  Require(!input_.Bit(7, 0) && !input_.Bit(7, 2), "a form that cannot be read leads on");
  Require(Recorded(telemetry::AuditEvent::kAssertionAccepted), "it goes on before its record");
  Expectation expectation(input_);
  expectation.expected.allow_unsolicited = false;
  expectation.expected.algorithms = gateway::Algorithms::kAllowed;
  const auto accepted = gateway::ValidateResponse(posted_.form_value, expectation.expected);
  Require(accepted.ok(), "a response that is refused leads on");
  RequireGenuine(*accepted, input_, posted_, expectation.expected);
  Require(accepted->name_id.size() < 16 || !absl::StrContains(gateway_.logged(), accepted->name_id),
          "a name in the log");
  return *accepted;
}

void Conversation::CheckSession(const gateway::SessionRecord& session) const {
  const gateway::VerifiedAssertion accepted = CheckAnswer();
  Require(VerdictOf(input_) == Decision::Verdict::kAdmit, "a session that nobody admitted");
  Require(!input_.Bit(6, 5) && Recorded(telemetry::AuditEvent::kSessionIssued),
          "a session that is not on record");
  Require(session.flow_id == attempt_.id, "a session of another attempt");
  Require(session.account_id == kAdmitted && session.idp == kIdp, "a session of another account");
  Require(!input_.Bit(6, 6) || input_.Bit(6, 7), "the session of one person becomes another's");
  Require(session.name_id.Reveal() == accepted.name_id &&
              session.name_id_format == accepted.name_id_format &&
              session.session_index == accepted.session_index &&
              session.authn_context == accepted.authn_context,
          "a session of somebody else");
}

// The second leg asks more of the same browser for the same end, and there is no third.
void Conversation::CheckLeg(const gateway::FlowRecord& leg) const {
  CheckAnswer();
  const gateway::FlowRecord& first = stage_.flows.at(attempt_.id);
  Require(VerdictOf(input_) == Decision::Verdict::kStepUp, "a second leg that nobody asked for");
  Require(!input_.Bit(7, 5), "a third leg");
  Require(leg.lap == 1 && leg.parent == attempt_.id, "a leg of no attempt");
  Require(leg.browser_hash == first.browser_hash, "a second leg of another browser");
  Require(leg.handle_hash != first.handle_hash && leg.authn_request_id != kRequest,
          "a second leg with the secrets of the first");
  Require(leg.plan.target == first.plan.target && leg.plan.application == first.plan.application,
          "a second leg to another end");
  Require(leg.idp == kIdp, "a second leg to another provider");
  const gateway::FlowRecord& asked = gateway_.flows.flows.at(attempt_.id);
  Require(leg.session_hash == asked.session_hash && leg.session_account == asked.session_account,
          "a second leg of another session");
}

// The older session ends when a new one takes its place, and not before.
void Conversation::CheckOlder() const {
  if (!input_.Bit(7, 7)) return;
  const bool lives = gateway_.flows.sessions.size() > NewSessions().size();
  Require(lives == NewSessions().empty(), "the older session, and a new one");
}

void Conversation::Check() {
  const size_t sessions = NewSessions().size();
  const size_t legs = NextLegs().size();
  Require(sessions + legs <= 1, "two ways on of one attempt");
  if (sessions != 0) CheckSession(*NewSessions().front());
  if (legs != 0) CheckLeg(*NextLegs().front());
  CheckOlder();
  // The same form once more gives nothing more.
  Post();
  Require(NewSessions().size() == sessions, "a session of a response that was used");
  Require(NextLegs().size() == legs, "a second leg of a response that was used");
}

// A form and a query with the same text say the same.
void CheckForm(absl::string_view text) {
  http::Request request;
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  request.body = std::string(text);
  request.query = std::string(text);
  const auto form = http::ReadForm(request);
  const auto query = http::ReadQuery(request);
  Require(form.ok() == query.ok() && (!form.ok() || *form == *query), "two readings of one form");
  if (!form.ok()) return;
  base::FormPairs pairs(form->begin(), form->end());
  request.body = base::BuildQuery(pairs);
  const auto again = http::ReadForm(request);
  Require(again.ok() && *again == *form, "a form that does not return");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const SamlInput input = SamlInput::Of(TextOf(data, size));
  const Posted posted = PostedOf(input);
  Conversation first(input, posted, 0);
  Conversation second(input, posted, 1);
  Conversation* const turns[] = {&first, &second};
  size_t turn = 0;
  Judge(std::max(size, posted.form_value.size()), [&] { return turns[turn++ % 2]->Post(); });
  first.Check();
  CheckForm(TextOf(data, size));
  return 0;
}

}  // namespace va::fuzz
