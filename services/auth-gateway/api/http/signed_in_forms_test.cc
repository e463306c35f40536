// The pages that put a question to somebody who is signed in: terms of use, and the consent to hand
// a proofing on.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/match.h"
#include "services/auth-gateway/api/http/gateway_testing.h"
#include "services/auth-gateway/web/answer_id.h"
#include "services/auth-gateway/web/consent_text.h"

namespace va::gateway::testing {
namespace {

using telemetry::AuditEvent;

constexpr char kTerms[] = "/terms-of-use/";
constexpr char kConsent[] = "/inherited_proofing/consent";
constexpr char kId[] = "8d0c6f4e-0000-4000-8000-000000000001";

std::string Header(const http::Response& response, absl::string_view name) {
  return std::string(response.headers.Get(name).value_or(""));
}

// The id of an answer as a form carries it that was shown to the session of `cookie`.
std::string IdFor(const std::string& cookie, const char* path, const std::string& decision,
                  const std::string& id = kId) {
  return SealAnswerId(id, {path, decision}, cookie.substr(cookie.find('=') + 1));
}

std::string TermsForm(const std::string& cookie, const std::string& decision,
                      const std::string& revision = "3") {
  return base::BuildQuery({{"revision", revision},
                           {"answer", IdFor(cookie, kTerms, decision)},
                           {"decision", decision}});
}

std::string ConsentForm(const std::string& cookie, const std::string& decision,
                        const std::string& version = CurrentConsentText().version) {
  return base::BuildQuery({{"text_version", version},
                           {"answer", IdFor(cookie, kConsent, decision)},
                           {"decision", decision}});
}

// Somebody of My HealtheVet is signed in, and the questions have been answered.
struct SignedIn {
  TestGateway gateway;
  std::string cookie;

  SignedIn() {
    gateway.AdmitMhvPerson();
    gateway.accounts.answer = MhvAccountState::kNeedsTerms;
    cookie = gateway.SignedIn();
    gateway.RunTasks();
  }

  http::Response PostTerms(const std::string& decision, const http::Headers& more = {}) {
    return gateway.Post(kTerms, cookie, TermsForm(cookie, decision), more);
  }
  http::Response PostConsent(const std::string& decision, const http::Headers& more = {}) {
    return gateway.Post(kConsent, cookie, ConsentForm(cookie, decision), more);
  }
  size_t Refusals() const {
    return static_cast<size_t>(std::count(gateway.audit.events.begin(), gateway.audit.events.end(),
                                          AuditEvent::kRequestRefused));
  }
};

TEST_CASE("Forms: without a session every page is 401 and nothing is recorded", "[forms]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  for (const std::string& cookie : {std::string(), std::string("__Host-va_session=guess")}) {
    CHECK(gateway.Get(kTerms, cookie).status == 401);
    CHECK(gateway.Get(kConsent, cookie).status == 401);
    CHECK(gateway.Post(kTerms, cookie, TermsForm(cookie, "accepted")).status == 401);
    CHECK(gateway.Post(kConsent, cookie, ConsentForm(cookie, "given")).status == 401);
  }
  CHECK(gateway.terms.answers.empty());
  CHECK(gateway.proofing.consents.empty());
}

TEST_CASE("Forms: A11 what another page posts is refused and recorded, whichever way it shows",
          "[forms][attack]") {
  const http::Headers elsewhere[] = {
      {{"Sec-Fetch-Site", "cross-site"}},   {{"Sec-Fetch-Site", "same-site"}},
      {{"Origin", "https://evil.example"}}, {{"Origin", "https://sp.test.evil.example"}},
      {{"Origin", "http://sp.test"}},       {{"Origin", "null"}},
  };
  for (const http::Headers& headers : elsewhere) {
    SignedIn in;
    CHECK(in.PostTerms("accepted", headers).status == 403);
    CHECK(in.gateway.audit.tags.back() == "cross_site");
    CHECK(in.PostConsent("given", headers).status == 403);
    CHECK(in.gateway.terms.answers.empty());
    CHECK(in.gateway.proofing.consents.empty());
  }
}

TEST_CASE("Forms: our own page may post, and says so in both headers", "[forms]") {
  SignedIn in;
  const http::Headers own = {{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://sp.test"}};
  CHECK(in.PostTerms("accepted", own).status == 303);
  CHECK(in.gateway.terms.answers.size() == 1);
}

TEST_CASE("Forms: what is not our form is 400 and records nothing", "[forms]") {
  SignedIn in;
  size_t refusals = 0;
  for (const std::string& body :
       {std::string(), std::string("decision=perhaps&revision=3"), std::string("revision=3"),
        std::string("decision=accepted"), std::string("decision=accepted&decision=declined"),
        TermsForm(in.cookie, "accepted", ""), TermsForm(in.cookie, "accepted", "3\xff"),
        TermsForm(in.cookie, "accepted", "3\r\nx"),
        TermsForm(in.cookie, "accepted", std::string(65, '3'))}) {
    INFO(body);
    CHECK(in.gateway.Post(kTerms, in.cookie, body).status == 400);
    CHECK(in.Refusals() == ++refusals);
  }
  CHECK(in.gateway.Post(kConsent, in.cookie, "decision=accepted&text_version=2026-11").status ==
        400);
  CHECK(in.gateway.terms.answers.empty());
  CHECK(in.gateway.proofing.consents.empty());
}

TEST_CASE("Forms: A11 a form that was shown to another session answers for nobody",
          "[forms][attack]") {
  SignedIn in;
  const std::string first = in.cookie;
  const std::string second = in.gateway.SignedIn("_a2");
  in.gateway.RunTasks();
  const std::pair<const char*, std::string> posts[] = {
      {kTerms, TermsForm(first, "accepted")},
      {kConsent, ConsentForm(first, "given")},
      // Made up by somebody who knows no session: headers that could tell are absent.
      {kTerms, base::BuildQuery({{"revision", "3"}, {"answer", kId}, {"decision", "accepted"}})},
      {kTerms, "revision=3&decision=accepted"},
      // Of the other button, and of the other question.
      {kTerms, base::BuildQuery({{"revision", "3"},
                                 {"answer", IdFor(second, kTerms, "declined")},
                                 {"decision", "accepted"}})},
      {kTerms, base::BuildQuery({{"revision", "3"},
                                 {"answer", IdFor(second, kConsent, "accepted")},
                                 {"decision", "accepted"}})},
  };
  size_t refusals = 0;
  for (const auto& [path, body] : posts) {
    INFO(body);
    const http::Response response = in.gateway.Post(path, second, body);
    CHECK(response.status == 403);
    CHECK(absl::StrContains(response.body, "This page is out of date"));
    CHECK(absl::StrContains(response.body, absl::StrCat("href=\"", path, "\"")));
    CHECK(in.gateway.audit.tags.back() == "form_of_another_session");
    CHECK(in.Refusals() == ++refusals);
  }
  CHECK(in.gateway.terms.answers.empty());
  CHECK(in.gateway.proofing.consents.empty());
  CHECK(in.gateway.tasks.empty());
  CHECK(in.gateway.Post(kTerms, second, TermsForm(second, "accepted")).status == 303);
}

TEST_CASE("Forms: two session cookies are nobody's answer, recorded once", "[forms][attack]") {
  SignedIn in;
  const std::string both = in.cookie + "; __Host-va_session=planted";
  CHECK(in.gateway.Post(kTerms, both, TermsForm(in.cookie, "accepted")).status == 400);
  CHECK(in.gateway.audit.tags.back() == "cookie_refused");
  CHECK(in.Refusals() == 1);
  CHECK(in.gateway.terms.answers.empty());
}

TEST_CASE("Forms: looking at a page changes nothing", "[forms]") {
  SignedIn in;
  const Provisioning before = in.gateway.Kept();
  const size_t audited = in.gateway.audit.events.size();
  const size_t asked = in.gateway.proofing.asked.size();
  for (const char* path : {kTerms, kConsent, "/auth/login/callback", "/v0/user"}) {
    CHECK(in.gateway.Get(path, in.cookie).status == 200);
  }
  CHECK(in.gateway.Kept() == before);
  CHECK(in.gateway.audit.events.size() == audited);
  CHECK(in.gateway.proofing.asked.size() == asked);
  CHECK(in.gateway.tasks.empty());
  CHECK(in.gateway.terms.answers.empty());
}

TEST_CASE("Forms: E6 somebody the rules admit no more is shown why, and nothing is recorded",
          "[forms][E6]") {
  SignedIn in;
  in.gateway.rules.renewed = {
      .admitted = false, .code = "107", .tag = "id_theft", .decision_token = {}};
  for (const auto& [path, body] : {std::pair{kTerms, TermsForm(in.cookie, "accepted")},
                                   std::pair{kConsent, ConsentForm(in.cookie, "given")}}) {
    const http::Response response = in.gateway.Post(path, in.cookie, body);
    CHECK(response.status == 403);
    CHECK(absl::StrContains(response.body, "Error code 107"));
    CHECK(in.gateway.audit.tags.back() == "id_theft");
  }
  CHECK(in.gateway.terms.answers.empty());
  CHECK(in.gateway.proofing.consents.empty());
}

TEST_CASE("Forms: rules that cannot be asked are try later, with the way back to the question",
          "[forms]") {
  SignedIn in;
  in.gateway.rules.down = true;
  for (const auto& [path, body] : {std::pair{kTerms, TermsForm(in.cookie, "accepted")},
                                   std::pair{kConsent, ConsentForm(in.cookie, "given")}}) {
    const http::Response response = in.gateway.Post(path, in.cookie, body);
    CHECK(response.status == 503);
    CHECK(Header(response, "Retry-After") == "5");
    CHECK(absl::StrContains(response.body, "You stay signed in"));
    CHECK(absl::StrContains(response.body, absl::StrCat("href=\"", path, "\"")));
  }
  CHECK(in.gateway.terms.answers.empty());
}

TEST_CASE("Terms: the page shows the document as user-attributes holds it", "[forms][terms]") {
  SignedIn in;
  const http::Response page = in.gateway.Get(kTerms, in.cookie);
  CHECK(page.status == 200);
  CHECK(absl::StrContains(page.body, "<h1 tabindex=\"-1\" autofocus>Terms of Use</h1>"));
  CHECK(absl::StrContains(page.body, "Revision 3, legal version 1.0."));
  CHECK(absl::StrContains(page.body, "name=\"revision\" value=\"3\""));
  CHECK(in.gateway.Get("/terms-of-use", in.cookie).status == 200);
  in.gateway.terms.down = true;
  CHECK(in.gateway.Get(kTerms, in.cookie).status == 503);
}

TEST_CASE("Terms: a yes is recorded with a renewed token, and the account is asked for again",
          "[forms][terms][E6]") {
  SignedIn in;
  REQUIRE(in.gateway.Kept().mhv_account == MhvAccountState::kNeedsTerms);
  in.gateway.accounts.answer = MhvAccountState::kEnsured;
  const http::Response response = in.PostTerms("accepted");
  CHECK(response.status == 303);
  CHECK(Header(response, "Location") == "/auth/login/callback");
  REQUIRE(in.gateway.terms.answers.size() == 1);
  CHECK(in.gateway.terms.answers[kId].accepted);
  CHECK(in.gateway.terms.answers[kId].document == "va_terms_of_use");
  CHECK(in.gateway.terms.answers[kId].revision == "3");
  CHECK(in.gateway.terms.tokens == std::vector<std::string>{"token-renewed"});
  CHECK(in.gateway.rules.policy_version == "test-1");
  CHECK(in.gateway.rules.renewed_flow == in.gateway.flows.sessions[0].flow_id);
  CHECK(in.gateway.Kept().mhv_account == MhvAccountState::kPending);
  in.gateway.RunTasks();
  CHECK(in.gateway.Kept() == Provisioning{MhvAccountState::kEnsured, ProofingState::kInvited});
  CHECK(in.gateway.accounts.asked.back().decision_token.Reveal() == "token-renewed");
  // Terms do not bear on the proofing: it was asked about once, after the sign-in.
  CHECK(in.gateway.proofing.asked.size() == 1);
}

TEST_CASE("Terms: with no room to ask again the account is unavailable, not forever pending",
          "[forms][terms]") {
  SignedIn in;
  in.gateway.room = 0;
  CHECK(in.PostTerms("accepted").status == 303);
  CHECK(in.gateway.terms.answers.size() == 1);
  CHECK(in.gateway.Kept().mhv_account == MhvAccountState::kUnavailable);
}

TEST_CASE("Terms: a no is recorded, asks for no account, and the page says it in plain words",
          "[forms][terms]") {
  SignedIn in;
  const http::Response response = in.PostTerms("declined");
  CHECK(response.status == 303);
  CHECK(Header(response, "Location") == kTerms);
  CHECK_FALSE(in.gateway.terms.answers[kId].accepted);
  CHECK(in.gateway.tasks.empty());
  CHECK(in.gateway.Kept().mhv_account == MhvAccountState::kNeedsTerms);
  in.gateway.terms.status.declined = true;
  in.gateway.terms.status.decided_at = in.gateway.clock.Now();
  CHECK(absl::StrContains(in.gateway.Get(kTerms, in.cookie).body,
                          "You declined these terms on January 15, 2026."));
}

TEST_CASE("Terms: an answer to another revision is not recorded, the current one is shown",
          "[forms][terms]") {
  SignedIn in;
  const http::Response response =
      in.gateway.Post(kTerms, in.cookie, TermsForm(in.cookie, "accepted", "2"));
  CHECK(response.status == 409);
  CHECK(absl::StrContains(response.body, "The terms have changed"));
  CHECK(absl::StrContains(response.body, "name=\"revision\" value=\"3\""));
  CHECK(in.gateway.terms.answers.empty());
  CHECK(in.gateway.tasks.empty());
}

TEST_CASE("Forms: a button pressed twice is one answer; each form is an answer of its own",
          "[forms]") {
  SignedIn in;
  CHECK(in.PostTerms("accepted").status == 303);
  CHECK(in.PostTerms("accepted").status == 303);
  CHECK(in.gateway.terms.answers.size() == 1);
  CHECK(in.PostConsent("given").status == 200);
  CHECK(in.PostConsent("given").status == 200);
  CHECK(in.gateway.proofing.consents.size() == 1);
  // The two forms of a page, and a page loaded again, carry different ids.
  std::set<std::string> ids;
  for (int i = 0; i < 2; ++i) {
    const std::string body = in.gateway.Get(kTerms, in.cookie).body;
    const std::string mark = "name=\"answer\" value=\"";
    for (size_t at = body.find(mark); at != std::string::npos; at = body.find(mark, at + 1)) {
      const std::string sealed =
          body.substr(at + mark.size(), body.find('"', at + mark.size()) - at - mark.size());
      const std::string decision = ids.size() % 2 == 0 ? "accepted" : "declined";
      const auto id =
          OpenAnswerId(sealed, {kTerms, decision}, in.cookie.substr(in.cookie.find('=') + 1));
      REQUIRE(id.has_value());
      ids.insert(*id);
    }
  }
  CHECK(ids.size() == 4);
}

TEST_CASE("Terms: a service that is down records nothing and changes nothing", "[forms][terms]") {
  SignedIn in;
  in.gateway.terms.down = true;
  CHECK(in.PostTerms("accepted").status == 503);
  CHECK(in.gateway.tasks.empty());
  CHECK(in.gateway.Kept().mhv_account == MhvAccountState::kNeedsTerms);
}

TEST_CASE("Consent: the page shows the text, and the answer names its version and hash (P-7)",
          "[forms][consent]") {
  SignedIn in;
  const http::Response page = in.gateway.Get(kConsent, in.cookie);
  CHECK(page.status == 200);
  CHECK(absl::StrContains(page.body, "This is voluntary"));
  const http::Response answered = in.PostConsent("given");
  CHECK(answered.status == 200);
  CHECK(absl::StrContains(answered.body, "Your consent is on record"));
  CHECK(absl::StrContains(answered.body, "nothing was sent"));
  REQUIRE(in.gateway.proofing.consents.size() == 1);
  const ConsentAnswer& consent = in.gateway.proofing.consents[kId];
  CHECK(consent.given);
  CHECK(consent.text_version == CurrentConsentText().version);
  CHECK(consent.text_sha256 == Sha256OfText(CurrentConsentText()));
  CHECK(consent.locale == "en");
  CHECK(in.gateway.proofing.asked.back().decision_token.Reveal() == "token-renewed");
  CHECK(in.gateway.proofing.asked.back().mhv_id.Reveal() == "12345");
}

TEST_CASE("Consent: a no is recorded and leaves everything as it is", "[forms][consent]") {
  SignedIn in;
  const http::Response answered = in.PostConsent("declined");
  CHECK(answered.status == 200);
  CHECK(absl::StrContains(answered.body, "Nothing will be shared"));
  CHECK_FALSE(in.gateway.proofing.consents[kId].given);
  CHECK(in.gateway.Get("/v0/user", in.cookie).status == 200);
}

TEST_CASE("Consent: nobody agrees to other words than they saw", "[forms][consent]") {
  SignedIn in;
  const http::Response response =
      in.gateway.Post(kConsent, in.cookie, ConsentForm(in.cookie, "given", "2025-01"));
  CHECK(response.status == 409);
  CHECK(absl::StrContains(response.body, "This text has changed"));
  CHECK(in.gateway.proofing.consents.empty());
}

TEST_CASE("Consent: only who was invited is asked; what is not known yet is try later",
          "[forms][consent]") {
  const std::pair<std::optional<ProofingState>, int> rows[] = {
      {ProofingState::kInvited, 200},
      {ProofingState::kNotEligible, 403},
      {ProofingState::kPending, 503},
      {ProofingState::kUnavailable, 503},
      {std::nullopt, 403},
  };
  for (const auto& [state, status] : rows) {
    SignedIn in;
    in.gateway.flows.flows[in.gateway.flows.sessions[0].flow_id].provisioning.proofing = state;
    CHECK(in.gateway.Get(kConsent, in.cookie).status == status);
    CHECK(in.PostConsent("given").status == status);
    CHECK(in.gateway.proofing.consents.size() == (status == 200 ? 1 : 0));
  }
}

TEST_CASE("Consent: an answer of somebody who is not invited is recorded as refused, once",
          "[forms][consent]") {
  SignedIn in;
  in.gateway.flows.flows[in.gateway.flows.sessions[0].flow_id].provisioning.proofing =
      ProofingState::kNotEligible;
  CHECK(in.gateway.Get(kConsent, in.cookie).status == 403);
  CHECK(in.Refusals() == 0);
  CHECK(in.PostConsent("given").status == 403);
  CHECK(in.Refusals() == 1);
  CHECK(in.gateway.audit.tags.back() == "not_invited");
}

TEST_CASE("Consent: a form whose answer is over leads to a new one", "[forms][consent]") {
  SignedIn in;
  in.gateway.proofing.recording =
      base::MakeError(absl::StatusCode::kFailedPrecondition, "CONSENT_OVER", "over");
  const http::Response response = in.PostConsent("given");
  CHECK(response.status == 409);
  CHECK(absl::StrContains(response.body, "This page is out of date"));
}

TEST_CASE("Consent: a service that cannot record the answer is try later", "[forms][consent]") {
  SignedIn in;
  in.gateway.proofing.recording = Down();
  const http::Response response = in.PostConsent("given");
  CHECK(response.status == 503);
  CHECK_FALSE(absl::StrContains(response.body, "on record"));
}

TEST_CASE("Forms: nothing personal and no token reaches the log", "[forms]") {
  SignedIn in;
  in.gateway.proofing.recording = Down();
  in.PostConsent("given");
  in.gateway.accounts.answer = Down();
  in.PostTerms("accepted");
  in.gateway.RunTasks();
  CHECK_FALSE(in.gateway.logged().empty());
  for (const char* personal : {"token-", "1000000001V000001", "ada@", "12345", "Ada"}) {
    INFO(personal);
    CHECK_FALSE(absl::StrContains(in.gateway.logged(), personal));
  }
}

}  // namespace
}  // namespace va::gateway::testing
