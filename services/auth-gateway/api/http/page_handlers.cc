#include "services/auth-gateway/api/http/page_handlers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/url.h"
#include "lib/base/uuid.h"
#include "lib/http/form.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/consent_handlers.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/api/http/provisioning_view.h"
#include "services/auth-gateway/api/http/session_handlers.h"
#include "services/auth-gateway/api/http/terms_handlers.h"
#include "services/auth-gateway/domain/return_target.h"
#include "services/auth-gateway/domain/signin_plan.h"
#include "services/auth-gateway/web/answer_id.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kSignInPath = "/sign-in/";

// The way in through one CSP, by the plain type or by the one that makes an account there, with
// whatever the page was asked for. Empty when there is no such type.
std::string StartPath(const std::string& base_type, const identity::Application& application,
                      const http::FormMap& query) {
  const std::string type = absl::StrCat(base_type, application.min_ial >= 2 ? "_verified" : "");
  if (FindSignInType(type) == nullptr) return "";
  base::FormPairs pairs;
  for (const char* const name : {"application", "to", "redirect", "postLogin", "operation"}) {
    const auto found = query.find(name);
    if (found != query.end() && !found->second.empty()) pairs.emplace_back(name, found->second);
  }
  const std::string path = absl::StrCat("/v1/sessions/", type, "/new");
  return pairs.empty() ? path : absl::StrCat(path, "?", base::BuildQuery(pairs));
}

std::string ValueOf(const http::FormMap& query, absl::string_view name) {
  const auto found = query.find(std::string(name));
  return found == query.end() ? std::string() : found->second;
}

http::Response RefusePage(const GatewayDeps& deps, const http::Request& request,
                          absl::string_view tag) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id, .code = "400", .tag = tag});
  return RefusalPage(400, {base::SignInCode::kInvalidRequest, std::string(tag)}, request.request_id,
                     kSignInPath);
}

std::string DisplayName(const SessionRecord& session) {
  const PersonAttributes& person = session.person;
  return absl::StrCat(person.first_name.Reveal(),
                      person.first_name.empty() || person.last_name.empty() ? "" : " ",
                      person.last_name.Reveal());
}

}  // namespace

http::Response HandleSignInPage(const GatewayDeps& deps, http::Request& request) {
  auto query = http::ReadQuery(request);
  if (!query.ok()) return RefusePage(deps, request, "query_malformed");
  const std::string name = ValueOf(*query, "application");
  const identity::Application* const application =
      deps.policy.FindApplication(name.empty() ? deps.policy.default_application : name);
  if (application == nullptr) return RefusePage(deps, request, "unknown_application");
  if (!BuildReturnTarget(*application, {ValueOf(*query, "to"), ValueOf(*query, "redirect"), ""})
           .ok()) {
    return RefusePage(deps, request, "target_not_allowed");
  }

  SignInPage page;
  if (!name.empty()) page.application_name = application->title;
  const absl::Time now = deps.clock.Now();
  for (const identity::Csp csp : application->allowed_csps) {
    const identity::CspRow* const row = deps.policy.FindCsp(csp);
    if (row == nullptr) continue;
    SignInOption option;
    option.name = row->name;
    option.href = StartPath(row->id, *application, *query);
    option.create_href = StartPath(absl::StrCat(row->id, "_signup"), *application, *query);
    // A provider whose keys are not known for certain now is shown, and says that it is away.
    const SamlIdp* const idp = deps.saml.FindByName(row->idp);
    option.available = row->IsOpen(now) && idp != nullptr && idp->IsOpen();
    if (!option.available) option.create_href.clear();
    page.options.push_back(std::move(option));
  }
  return http::Html(200, RenderSignInPage(page));
}

http::Response HandleResultPage(const GatewayDeps& deps, http::Request& request) {
  auto query = http::ReadQuery(request);
  if (!query.ok()) return RefusePage(deps, request, "query_malformed");
  ResultPage page;
  page.retry_url = std::string(kSignInPath);
  if (!ValueOf(*query, "auth").empty()) {
    page.code = base::CodeFromString(ValueOf(*query, "code")).has_value()
                    ? ValueOf(*query, "code")
                    : std::string(base::Describe(base::SignInCode::kUnknown).code);
    // Only what could be one of ours: free text on our page would speak in our name.
    if (base::IsUuid(ValueOf(*query, "request_id")))
      page.request_id = ValueOf(*query, "request_id");
    return http::Html(403, RenderResultPage(page));
  }
  const auto session = SessionOf(deps, request);
  if (!session.ok()) {
    Outcome outcome;
    outcome.kind = OutcomeKind::kTryLater;
    outcome.code = "007";
    return OutcomeResponse(deps, outcome, nullptr, request.request_id);
  }
  if (!session->has_value()) {
    return http::Html(401, RenderErrorPage(NotSignedInPage()));
  }
  const SessionRecord& record = **session;
  page.signed_in = true;
  page.sign_out_url = "/v0/logout";
  page.person_name = DisplayName(record);
  page.verified = record.assurance.loa_current == 3;
  page.provisioning = AwaitProvisioning(deps, record);
  page.terms_url = kTermsPath;
  page.consent_url = kConsentPath;
  page.reload_url = kResultPath;
  page.request_id = record.flow_id;
  if (record.assurance.csp.has_value()) {
    const identity::CspRow* const row = deps.policy.FindCsp(*record.assurance.csp);
    if (row != nullptr) page.csp_name = row->name;
  }
  return http::Html(200, RenderResultPage(page));
}

http::Response HandleSignedOutPage(const GatewayDeps& /*deps*/, http::Request& /*request*/) {
  return http::Html(200, RenderSignedOutPage({}));
}

http::Response HandleMetadata(const GatewayDeps& deps, http::Request& /*request*/) {
  http::Response response;
  response.headers.Set("Content-Type", "application/xml; charset=utf-8");
  response.body = deps.saml.metadata;
  return response;
}

http::Response HandleAsset(const Asset& asset, const http::Request& request) {
  http::Response response;
  response.headers.Set("Cache-Control", kAssetCacheControl);
  response.headers.Set("ETag", asset.etag);
  response.headers.Set("Vary", "Accept-Encoding");  // the same bytes for everybody
  if (request.headers.Get("If-None-Match").value_or("") == asset.etag) {
    response.status = 304;
    return response;
  }
  response.headers.Set("Content-Type", asset.content_type);
  response.body = std::string(asset.bytes);
  return response;
}

}  // namespace va::gateway
