#include "tests/conformance/signin_legs_driver.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/auth-gateway/domain/global_logout.h"
#include "services/auth-gateway/domain/login_redirect.h"
#include "services/auth-gateway/domain/next_context.h"
#include "services/auth-gateway/domain/signin_plan.h"

namespace va::conformance {
namespace {

// What the rows take for configured: the reference's settings of development.
constexpr char kBase[] = "http://127.0.0.1:3001";
const gateway::GlobalLogout& ReferenceLogout() {
  static const gateway::GlobalLogout& settings =
      *new gateway::GlobalLogout{.url = "https://int.eauth.va.gov/slo/globallogout",
                                 .app_key = "https://ssoe-sp-dev.va.gov",
                                 .declined_app_key = "https://dev-api.va.gov/agreements_declined"};
  return settings;
}

// A day on which every provider of the development policy is open.
const absl::Time kDay = absl::FromCivil(absl::CivilDay(2025, 6, 2), absl::UTCTimeZone());

// "<rid>" stands for any id: it is put through as one that needs no encoding.
constexpr char kSomeId[] = "7d0c8a52-6f0e-4a53-9a44-0f4a5d9a1c11";
bool IsPlaceholder(const std::string& text) {
  return absl::StartsWith(text, "<") && absl::EndsWith(text, ">");
}

// A value as a query carries it.
std::string QueryText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

base::FormPairs QueryOf(const Json& params) {
  base::FormPairs out;
  if (!params.is_object()) return out;
  for (const auto& [name, value] : params.items()) {
    for (const Json& one : value.is_array() ? value : Json::array({value})) {
      if (!one.is_null()) out.emplace_back(name, QueryText(one));
    }
  }
  return out;
}

bool IsTrue(const Json& params, const std::string& name) {
  const Json& value = Member(params, name);
  return !value.is_null() && QueryText(value) == "true";
}

// ".../{type}/new"; empty when the path is another one.
std::string TypeOf(const std::string& path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  if (parts.size() < 3 || parts.back() != "new") return {};
  return parts[parts.size() - 2];
}

std::optional<gateway::CurrentContext> SessionOf(const Json& session) {
  if (!session.is_object()) return std::nullopt;
  std::string service = TextMember(session, "sign_in_service");
  if (service.empty()) service = TextMember(session, "service_name");
  if (service.empty()) service = TextMember(Member(session, "sign_in"), "service_name");
  return gateway::CurrentContext{TextMember(session, "authn_context"), std::move(service)};
}

// The reference gives one context by itself, and several as a list.
Json ContextsJson(const std::vector<std::string>& contexts) {
  return contexts.size() == 1 ? Json(contexts[0]) : Json(contexts);
}

Json ErrorJson(const gateway::PlanRefusal& refusal) {
  Json out = {{"tag", refusal.refusal.tag}, {"http_status", gateway::StatusFor(refusal.kind)}};
  if (refusal.error) {
    out["code"] = refusal.error->code;
    out["title"] = refusal.error->title;
    out["message"] = out["detail"] = refusal.error->detail;
  }
  return out;
}

Json PlanJson(const gateway::SignInPlan& plan) {
  const gateway::SignInType* const type = gateway::FindSignInType(plan.type);
  return {{"authn_context", ContextsJson(plan.contexts)},
          {"comparison", plan.comparison},
          {"relay_state_type", type == nullptr ? Json() : Json(std::string(type->relay_type))},
          {"tracker_type", plan.type},
          {"force_authn", plan.force_authn},
          {"application", plan.application},
          {"operation", plan.operation},
          {"tracker_redirect", plan.target},
          {"http_status", 200}};
}

Facts GlobalLogoutFacts(const Json& params) {
  const Json& client = Member(params, "client_id");
  const gateway::GlobalLogoutRequest request{
      .client_id = client.is_null() ? "" : QueryText(client),
      .agreements_declined = IsTrue(params, "agreements_declined")};
  Facts facts;
  facts.result = {{"redirect", gateway::GlobalLogoutRedirect(ReferenceLogout(), request, kBase)},
                  {"http_status", 302}};
  return facts;
}

}  // namespace

absl::StatusOr<Facts> RunNew(const Row& row, const Mode& /*mode*/, const Environment& environment) {
  const Json& options = Member(row.body, "options");
  const Json& params = Member(options, "params");
  const std::string type = TypeOf(TextMember(options, "path"));
  if (type.empty()) return absl::InvalidArgumentError("options.path is no path of a start");
  if (type == "slo") return GlobalLogoutFacts(params);
  const auto planned = gateway::PlanSignIn(
      environment.policy, {type, QueryOf(params), SessionOf(Member(options, "session"))}, kDay);
  Facts facts;
  if (const auto* refusal = std::get_if<gateway::PlanRefusal>(&planned)) {
    facts.error = ErrorJson(*refusal);
  } else {
    facts.result = PlanJson(std::get<gateway::SignInPlan>(planned));
  }
  return facts;
}

absl::StatusOr<Facts> RunUrl(const Row& row, const Mode& /*mode*/,
                             const Environment& /*environment*/) {
  const Json& options = Member(row.body, "options");
  const std::string fn = TextMember(options, "fn");
  if (fn != "verify_url" && fn != "mfa_url") {
    return absl::InvalidArgumentError("options.fn is none of verify_url, mfa_url");
  }
  const gateway::CurrentContext current{TextMember(options, "user_authn_context"),
                                        TextMember(options, "sign_in_service")};
  const std::string loa3 = TextMember(options, "loa3_context");
  const auto next =
      gateway::NextContextOf(fn == "mfa_url" ? gateway::Leg::kMfa : gateway::Leg::kVerify, current,
                             loa3.empty() ? identity::kLoa3 : absl::string_view(loa3));
  Facts facts;
  if (!next) {
    facts.error = {{"tag", "context_not_listed"}};
    return facts;
  }
  facts.result = {{"authn_context", ContextsJson(next->contexts)},
                  {"relay_state_type", std::string(next->relay_type)}};
  return facts;
}

absl::StatusOr<Facts> RunRedirect(const Row& row, const Mode& /*mode*/,
                                  const Environment& /*environment*/) {
  const Json& options = Member(row.body, "options");
  const Json& tracker = Member(options, "tracker");
  std::string base = TextMember(options, "base");
  if (base.empty()) base = kBase;
  Facts facts;
  if (TextMember(options, "action") == "saml_logout_callback") {
    facts.result["redirect"] =
        gateway::LogoutRedirect(base, IsTrue(options, "agreements_declined"));
    return facts;
  }
  const std::string auth = TextMember(options, "auth");
  const std::string relay_url = TextMember(options, "relay_url");
  std::string id = TextMember(options, "request_id");
  const std::string placeholder = IsPlaceholder(id) ? std::exchange(id, kSomeId) : "";
  const gateway::LoginReturn where{
      .landing = relay_url.empty() ? absl::StrCat(base, gateway::kLandingPath) : relay_url,
      .type = TextMember(Member(options, "relay_state"), "type"),
      .inbound = TextMember(tracker, "type") == "custom",
      .redirect = TextMember(tracker, "redirect"),
      .post_login = IsTrue(tracker, "post_login")};
  const gateway::LoginEnd end{.success = auth.empty() || auth == "success",
                              .code = TextMember(options, "code"),
                              .request_id = id};
  std::string redirect = gateway::LoginRedirect(where, end);
  if (!placeholder.empty()) absl::StrReplaceAll({{kSomeId, placeholder}}, &redirect);
  facts.result["redirect"] = redirect;
  return facts;
}

absl::StatusOr<Facts> RunLogout(const Row& row, const Mode& /*mode*/,
                                const Environment& /*environment*/) {
  const Json& options = Member(row.body, "options");
  if (!absl::EndsWith(TextMember(options, "path"), "/ssoe_logout")) {
    return absl::InvalidArgumentError("options.path is no path of a logout");
  }
  std::string base = TextMember(options, "base");
  if (base.empty()) base = kBase;
  Facts facts;
  facts.result = {{"redirect", gateway::LogoutRedirect(
                                   base, IsTrue(Member(options, "params"), "agreements_declined"))},
                  {"http_status", 302}};
  return facts;
}

}  // namespace va::conformance
