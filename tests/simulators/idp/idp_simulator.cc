#include "tests/simulators/idp/idp_simulator.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/encoding.h"
#include "tests/simulators/idp/logout.h"
#include "tests/simulators/idp/pages.h"
#include "tests/simulators/idp/saml_words.h"

namespace va::simulators {
namespace {

// A person may open many tabs, a benchmark many flows; the oldest go first.
constexpr size_t kMostPending = 20000;
constexpr size_t kMostSeenIds = 200000;

constexpr size_t kMostFields = 256;

// No form-action: the answer goes to the service provider, which redirects where it likes.
constexpr absl::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'";

http::Response Page(int status, std::string html) {
  http::Response response = http::Html(status, std::move(html));
  response.headers.Set("Content-Security-Policy", kPolicy);
  response.headers.Set("Cache-Control", "no-store");
  return response;
}

// What a script may alter about an answer, one attribute at a time:
//   attribute.NAME=value   replaces NAME; given several times, NAME gets several values
//   without.NAME=1         leaves NAME out
//   authn_context=...      another context than the persona's
//   sign=assertion|response|both|nothing
//   clock_offset_s=N       the broker's clock is N seconds ahead
absl::Status ApplyOverrides(const base::FormPairs& form, Answer* answer) {
  std::set<std::string> replaced;
  for (const auto& [name, value] : form) {
    absl::string_view attribute = name;
    if (absl::ConsumePrefix(&attribute, "without.") ||
        (absl::ConsumePrefix(&attribute, "attribute.") &&
         replaced.insert(std::string(attribute)).second)) {
      std::erase_if(answer->attributes,
                    [&](const auto& entry) { return entry.first == attribute; });
    }
    if (absl::StartsWith(name, "attribute.")) {
      if (answer->attributes.empty() || answer->attributes.back().first != attribute) {
        answer->attributes.push_back({std::string(attribute), {}});
      }
      answer->attributes.back().second.push_back(value);
    }
    if (name == "authn_context") answer->authn_context = value;
    if (name == "sign") {
      const auto sign = SignWhatFromString(value);
      if (!sign) return absl::InvalidArgumentError("sign: unknown word");
      answer->sign = *sign;
    }
    int seconds = 0;
    if (name == "clock_offset_s") {
      if (!absl::SimpleAtoi(value, &seconds)) {
        return absl::InvalidArgumentError("clock_offset_s: not a number");
      }
      answer->clock_offset = absl::Seconds(seconds);
    }
  }
  return absl::OkStatus();
}

}  // namespace

IdpSimulator::IdpSimulator(IdpDeps deps)
    : deps_(std::move(deps)), router_([](const http::Request&, int status) {
        return Page(status, RenderProblems({"there is nothing at this address"}));
      }) {
  router_.Add("POST", kLoginPath, [this](http::Request& request) { return Login(request); });
  router_.Add("POST", "/choose", [this](http::Request& request) { return Choose(request); });
  router_.Add("POST", kLogoutPath, [this](http::Request& request) { return Logout(request); });
  router_.Add("GET", "/logout/{persona}",
              [this](http::Request& request) { return LogOutPersona(request); });
  router_.AddSafe("/", [this](http::Request&) { return Page(200, RenderIndex(deps_.personas)); });
  router_.AddSafe("/livez", [](http::Request&) { return http::Json(200, "{\"status\":\"ok\"}"); });
  router_.AddSafe(kAutosubmitPath, [](http::Request&) {
    http::Response response;
    response.headers.Set("Content-Type", "text/javascript; charset=utf-8");
    response.body = std::string(kAutosubmitScript);
    return response;
  });
  router_.AddSafe("/metadata", [this](http::Request&) {
    const auto xml =
        MakeMetadata(deps_.issuer, deps_.registration.sso_url, deps_.registration.slo_url);
    if (!xml.ok()) return Page(500, RenderProblems({"metadata could not be made"}));
    http::Response response;
    response.headers.Set("Content-Type", "application/samlmetadata+xml");
    response.body = *xml;
    return response;
  });
}

http::Response IdpSimulator::Handle(http::Request& request) {
  if (request.method == "GET" && absl::StartsWith(request.path, kApplicationPrefix)) {
    return Page(200, RenderApplication(request.path, request.query));
  }
  return router_.Route(request);
}

http::Response IdpSimulator::Problems(const std::vector<std::string>& problems) {
  if (deps_.on_refused) deps_.on_refused(problems);
  return Page(400, RenderProblems(problems));
}

// Who cannot be read is trusted with nothing.
Registration IdpSimulator::Registered() const {
  Registration registration = deps_.registration;
  if (!deps_.partner) return registration;
  auto partner = deps_.partner();
  registration.sp_keys =
      partner.ok() ? std::move(partner->signing) : std::vector<crypto::PublicKey>();
  return registration;
}

// Which of several keys a partner takes is up to the partner: so it must not matter.
std::optional<crypto::PublicKey> IdpSimulator::Recipient() {
  if (!deps_.partner) return std::nullopt;
  const auto partner = deps_.partner();
  if (!partner.ok() || partner->encryption.empty()) return std::nullopt;
  return partner->encryption[encrypted_++ % partner->encryption.size()];
}

http::Response IdpSimulator::Login(const http::Request& request) {
  const auto form = base::ParseForm(request.body);
  if (!form.ok()) return Problems({"the body is not a form"});
  const auto saml_request = base::OnlyValue(*form, "SAMLRequest");
  const auto relay_state = base::OnlyValue(*form, "RelayState");
  if (!saml_request.ok() || !relay_state.ok()) return Problems({"a field was sent twice"});

  auto checked = CheckAuthnRequest(*saml_request, Registered(), deps_.clock.Now());
  std::vector<std::string>& problems = checked.problems;
  if (auto problem = RelayStateProblem(*relay_state); !problem.empty()) {
    problems.push_back(std::move(problem));
  }
  // Only a request that is otherwise right uses up its id.
  if (problems.empty()) {
    if (auto problem = RememberId(checked.request.id)) problems.push_back(*std::move(problem));
  }
  if (!problems.empty()) return Problems(problems);

  ChoicePage page;
  page.service_provider = checked.request.issuer;
  for (const testing::Persona& persona : deps_.personas) {
    (IsSuitable(persona, checked.request) ? page.suitable : page.others).push_back(&persona);
  }
  page.handle = Keep({std::move(checked.request), *relay_state});
  return Page(200, RenderChoice(page));
}

http::Response IdpSimulator::Choose(const http::Request& request) {
  const auto form = base::ParseForm(request.body, kMostFields);
  if (!form.ok()) return Problems({"the body is not a form"});
  const auto pending = Find(base::OnlyValue(*form, "request").value_or(""));
  if (!pending) return Problems({"no request is waiting for this choice"});
  const absl::Time now = deps_.clock.Now();
  if (!base::OnlyValue(*form, "decline").value_or("1").empty()) {
    return Post(*pending, MakeRefusal(deps_.issuer, pending->request, now, deps_.ids));
  }
  const testing::Persona* const persona =
      FindPersona(base::OnlyValue(*form, "persona").value_or(""));
  if (persona == nullptr) return Problems({"there is no such person"});
  Answer answer = AnswerFor(*persona);
  answer.sign = deps_.sign;
  answer.session_index = NewSessionIndex(deps_.ids);
  answer.encrypt_to = Recipient();
  BeginSession(answer.session_index, answer.name_id);
  const auto applied = ApplyOverrides(*form, &answer);
  if (!applied.ok()) return Problems({std::string(applied.message())});
  return Post(*pending, MakeResponse(deps_.issuer, pending->request, answer, now, deps_.ids));
}

http::Response IdpSimulator::Post(const Pending& pending,
                                  const absl::StatusOr<std::string>& xml) const {
  if (!xml.ok()) return Page(500, RenderProblems({"the answer could not be made"}));
  return Page(
      200, RenderAnswer({pending.request.acs_url, base::Base64Encode(*xml), pending.relay_state}));
}

http::Response IdpSimulator::Logout(const http::Request& request) {
  const auto form = base::ParseForm(request.body);
  if (!form.ok()) return Problems({"the body is not a form"});
  const auto asked = base::OnlyValue(*form, "SAMLRequest");
  const auto answered = base::OnlyValue(*form, "SAMLResponse");
  const auto relay_state = base::OnlyValue(*form, "RelayState");
  if (!asked.ok() || !answered.ok() || !relay_state.ok()) {
    return Problems({"a field was sent twice"});
  }
  if (asked->empty() == answered->empty()) {
    return Problems({"neither or both of SAMLRequest and SAMLResponse"});
  }
  return asked->empty() ? EndLogout(*answered, *relay_state) : AnswerLogout(*asked, *relay_state);
}

// The service provider asks: its session is over, and ours of that name and index follows.
http::Response IdpSimulator::AnswerLogout(const std::string& message,
                                          const std::string& relay_state) {
  auto checked = CheckLogoutRequest(message, Registered(), deps_.clock.Now());
  std::vector<std::string>& problems = checked.problems;
  if (auto problem = RelayStateProblem(relay_state); !problem.empty()) {
    problems.push_back(std::move(problem));
  }
  if (problems.empty()) {
    if (auto problem = RememberId(checked.id)) problems.push_back(*std::move(problem));
  }
  if (problems.empty() && !EndSession(checked.session_index, checked.name_id)) {
    problems.emplace_back("there is no such session");
  }
  if (!problems.empty()) return Problems(problems);
  const auto xml = MakeLogoutResponse(deps_.issuer, deps_.registration, checked.id,
                                      deps_.clock.Now(), deps_.ids);
  if (!xml.ok()) return Page(500, RenderProblems({"the answer could not be made"}));
  return Page(200, RenderLogout({deps_.registration.sp_slo_url, "SAMLResponse",
                                 base::Base64Encode(*xml), relay_state}));
}

http::Response IdpSimulator::EndLogout(const std::string& message, const std::string& relay_state) {
  const CheckedLogoutResponse checked =
      CheckLogoutResponse(message, Registered(), deps_.clock.Now());
  std::vector<std::string> problems = checked.problems;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (asked_.erase(checked.in_response_to) == 0) {
    problems.emplace_back("InResponseTo is no LogoutRequest that waits for an answer");
  }
  if (relay_state != checked.in_response_to) problems.emplace_back("RelayState is not ours");
  if (!problems.empty()) return Problems(problems);
  return Page(200, RenderLogoutEnd(checked.success));
}

// Somebody signs out at the broker: every service provider hears of it, and there is one. The
// latest session of the persona's name is taken; `all=1` leaves the index out.
http::Response IdpSimulator::LogOutPersona(const http::Request& request) {
  const testing::Persona* const persona = FindPersona(request.Param("persona"));
  if (persona == nullptr) return Problems({"there is no such person"});
  const bool all = request.query == "all=1";
  LogoutAsk ask{deps_.ids.XmlId(), persona->name_id, ""};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const std::string& index : session_order_) {
      const auto found = sessions_.find(index);
      const bool theirs = found != sessions_.end() && found->second == persona->name_id;
      if (theirs && !all) ask.session_index = index;
    }
    asked_.insert(ask.id);
  }
  const auto xml = MakeLogoutRequest(deps_.issuer, deps_.registration, ask, deps_.clock.Now());
  if (!xml.ok()) return Page(500, RenderProblems({"the request could not be made"}));
  if (!ask.session_index.empty()) EndSession(ask.session_index, ask.name_id);
  return Page(200, RenderLogout({deps_.registration.sp_slo_url, "SAMLRequest",
                                 base::Base64Encode(*xml), ask.id}));
}

void IdpSimulator::BeginSession(const std::string& index, const std::string& name_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  sessions_.emplace(index, name_id);
  session_order_.push_back(index);
  if (session_order_.size() > kMostSeenIds) {
    sessions_.erase(session_order_.front());
    session_order_.pop_front();
  }
}

bool IdpSimulator::EndSession(const std::string& index, const std::string& name_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = sessions_.find(index);
  if (found == sessions_.end() || found->second != name_id) return false;
  sessions_.erase(found);
  return true;
}

std::optional<std::string> IdpSimulator::RememberId(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!seen_ids_.insert(id).second) return "ID was used before";
  seen_order_.push_back(id);
  if (seen_order_.size() > kMostSeenIds) {
    seen_ids_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return std::nullopt;
}

std::string IdpSimulator::Keep(Pending pending) {
  std::string handle = deps_.ids.Token(16);
  const std::lock_guard<std::mutex> lock(mutex_);
  pending_.emplace(handle, std::move(pending));
  pending_order_.push_back(handle);
  if (pending_order_.size() > kMostPending) {
    pending_.erase(pending_order_.front());
    pending_order_.pop_front();
  }
  return handle;
}

std::optional<IdpSimulator::Pending> IdpSimulator::Find(const std::string& handle) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = pending_.find(handle);
  if (found == pending_.end()) return std::nullopt;
  return found->second;
}

const testing::Persona* IdpSimulator::FindPersona(absl::string_view id) const {
  for (const testing::Persona& persona : deps_.personas) {
    if (persona.id == id) return &persona;
  }
  return nullptr;
}

}  // namespace va::simulators
