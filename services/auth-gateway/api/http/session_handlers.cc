#include "services/auth-gateway/api/http/session_handlers.h"

#include <nlohmann/json.hpp>

#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/provisioning_view.h"
#include "services/auth-gateway/web/session_token.h"

namespace va::gateway {
namespace {

using nlohmann::json;

json TextOrNull(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

template <typename Guarded>
json RevealOrNull(const Guarded& value) {
  return TextOrNull(value.Reveal());
}

std::string Iso8601(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// Field names of user_endpoint.md section 1.
json ProfileOf(const SessionRecord& session) {
  const PersonAttributes& person = session.person;
  return {
      {"email", RevealOrNull(person.email)},
      {"first_name", RevealOrNull(person.first_name)},
      {"middle_name", RevealOrNull(person.middle_name)},
      {"last_name", RevealOrNull(person.last_name)},
      {"birth_date", RevealOrNull(person.birth_date)},
      {"gender", RevealOrNull(person.gender)},
      {"last_signed_in", Iso8601(session.last_signed_in)},
      {"loa",
       {{"current", session.assurance.loa_current}, {"highest", session.assurance.loa_highest}}},
      {"multifactor", session.multifactor},
      {"verified", session.assurance.loa_current == 3},
      {"sign_in",
       {{"service_name", session.service_name},
        {"auth_broker", "iam"},
        {"client_id", session.application},
        {"account_type", session.account_type}}},
      {"authn_context", session.authn_context},
      {"icn", RevealOrNull(person.icn)},
      {"edipi", RevealOrNull(person.edipi)},
      {"sec_id", RevealOrNull(person.sec_id)},
      {"logingov_uuid", RevealOrNull(person.logingov_uuid)},
      {"idme_uuid", RevealOrNull(person.idme_uuid)},
  };
}

// Null: the question does not arise, or could not be looked up.
json MhvAccountOf(const Provisioning& provisioning) {
  if (!provisioning.mhv_account.has_value()) return nullptr;
  return {{"state", std::string(ToString(*provisioning.mhv_account))}};
}

// Null while nobody knows: an outage must not read as "not eligible" (decision M8).
json InheritedProofingOf(const Provisioning& provisioning) {
  const auto& state = provisioning.proofing;
  if (state != ProofingState::kInvited && state != ProofingState::kNotEligible) return nullptr;
  return {{"eligible", state == ProofingState::kInvited},
          {"complete", false},
          {"dismissed_until", nullptr}};
}

json UserOf(const SessionRecord& session, const Provisioning& provisioning) {
  return {{"data",
           {{"id", ""},
            {"type", "user"},
            {"attributes",
             {{"account", {{"id", session.account_id}}},
              {"user_account", {{"id", session.account_id}}},
              {"profile", ProfileOf(session)},
              {"session",
               {{"auth_broker", "iam"},
                {"ssoe", !session.transaction_id.empty()},
                {"transactionid", TextOrNull(session.transaction_id)},
                {"expires_at", Iso8601(session.expires_at)}}},
              {"waived_findings", session.waived_findings},
              {"mhv_account", MhvAccountOf(provisioning)},
              {"inherited_proofing", InheritedProofingOf(provisioning)},
              {"request_id", session.flow_id}}}}},
          {"meta", {{"errors", nullptr}}}};
}

http::Response ErrorJson(int status, absl::string_view code, absl::string_view title) {
  const json body = {{"errors",
                      {{{"title", std::string(title)},
                        {"detail", std::string(title)},
                        {"code", std::string(code)},
                        {"status", std::to_string(status)}}}}};
  return http::Json(status, body.dump());
}

}  // namespace

http::Response UnavailableJson() {
  http::Response response = ErrorJson(503, "503", "Service unavailable");
  response.headers.Set("Retry-After", "5");
  return response;
}

absl::StatusOr<std::optional<SessionRecord>> SessionOf(const GatewayDeps& deps,
                                                       const http::Request& request) {
  const std::string token = CookieValue(request, kSessionCookie).value_or("");
  if (token.empty()) return std::optional<SessionRecord>();
  return deps.sessions.Use(HashToken(token), deps.lifetimes.Now(),
                           deps.clock.Now() + deps.limits.request_deadline);
}

http::Response HandleUser(const GatewayDeps& deps, http::Request& request) {
  const auto session = SessionOf(deps, request);
  if (!session.ok()) return UnavailableJson();
  if (!session->has_value()) return ErrorJson(401, "401", "Not authorized");
  // What follows a session says nothing about the session: a part that cannot be read is left open.
  const Provisioning provisioning = ProvisioningOf(deps, **session).value_or(Provisioning{});
  // Names are the CSP's bytes: what is not UTF-8 is replaced and never ends the request.
  http::Response response = http::Json(
      200, UserOf(**session, provisioning).dump(-1, ' ', false, json::error_handler_t::replace));
  response.headers.Set(
      "X-Session-Expiration",
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", (*session)->expires_at, absl::UTCTimeZone()));
  return response;
}

}  // namespace va::gateway
