#include "services/auth-gateway/domain/signin_plan.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "lib/identity/authn_context.h"
#include "services/auth-gateway/domain/return_target.h"

namespace va::gateway {
namespace {

using identity::Csp;

constexpr absl::string_view kSelectIdme = "https://eauth.va.gov/csp/IDME";
constexpr absl::string_view kSelectLogingov = "https://eauth.va.gov/csp/LOGINGOV";
constexpr absl::string_view kSelectMhv = "https://eauth.va.gov/csp/IDME_MHV";
constexpr absl::string_view kSelectDslogon = "https://eauth.va.gov/csp/IDME_DSL";

constexpr std::array<absl::string_view, 2> kMhv = {"myhealthevet", kSelectMhv};
constexpr std::array<absl::string_view, 2> kDslogon = {"dslogon", kSelectDslogon};
constexpr std::array<absl::string_view, 2> kIdme = {identity::kLoa1Vets, kSelectIdme};
constexpr std::array<absl::string_view, 2> kIdmeVerified = {identity::kLoa3, kSelectIdme};
constexpr std::array<absl::string_view, 3> kLogingov = {identity::kIal1, identity::kAal2,
                                                        kSelectLogingov};
constexpr std::array<absl::string_view, 3> kLogingovVerified = {identity::kIal2, identity::kAal2,
                                                                kSelectLogingov};

// mhv_verified asks the same as mhv; the level is enforced on return (code 108, decision R15).
const std::array<SignInType, 8> kTypes = {{
    {"mhv", Csp::kMhv, kMhv, "exact", "mhv", false},
    {"mhv_verified", Csp::kMhv, kMhv, "exact", "mhv_verified", true},
    {"dslogon", Csp::kDslogon, kDslogon, "exact", "dslogon", false},
    {"dslogon_verified", Csp::kDslogon, kDslogon, "exact", "dslogon", true},
    {"idme", Csp::kIdme, kIdme, "minimum", "idme", false},
    {"idme_verified", Csp::kIdme, kIdmeVerified, "minimum", "idme", true},
    {"logingov", Csp::kLogingov, kLogingov, "minimum", "logingov", false},
    {"logingov_verified", Csp::kLogingov, kLogingovVerified, "exact", "logingov", true},
}};

PlanRefusal BadRequest(absl::string_view tag) {
  return {PlanRefusal::Kind::kBadRequest, {base::SignInCode::kInvalidRequest, std::string(tag)}};
}

// The parameters that a start request may carry; anything else is ignored, as in the reference.
struct Parameters {
  std::string application;
  std::string to;
  std::string redirect;
  std::string skip_dupe;
};

absl::StatusOr<Parameters> ReadParameters(const base::FormPairs& query) {
  Parameters out;
  for (const auto& [name, value] :
       {std::pair{"application", &out.application}, std::pair{"to", &out.to},
        std::pair{"redirect", &out.redirect}, std::pair{"skip_dupe", &out.skip_dupe}}) {
    auto only = base::OnlyValue(query, name);
    if (!only.ok()) return only.status();
    *value = *std::move(only);
  }
  return out;
}

// The path that starts the same attempt again; an error page offers it, so the target survives.
std::string RestartPath(const SignInType& type, const Parameters& parameters) {
  base::FormPairs query;
  if (!parameters.application.empty()) query.emplace_back("application", parameters.application);
  if (!parameters.to.empty()) query.emplace_back("to", parameters.to);
  if (!parameters.redirect.empty()) query.emplace_back("redirect", parameters.redirect);
  const std::string path = absl::StrCat("/v1/sessions/", type.name, "/new");
  return query.empty() ? path : absl::StrCat(path, "?", base::BuildQuery(query));
}

}  // namespace

const SignInType* FindSignInType(absl::string_view name) {
  const auto* const found = std::find_if(kTypes.begin(), kTypes.end(),
                                         [&](const SignInType& type) { return type.name == name; });
  return found == kTypes.end() ? nullptr : found;
}

absl::Span<const SignInType> SignInTypes() { return kTypes; }

std::variant<SignInPlan, PlanRefusal> PlanSignIn(const identity::Policy& policy,
                                                 const StartRequest& request, absl::Time now) {
  const SignInType* const type = FindSignInType(request.type);
  if (type == nullptr) {
    return PlanRefusal{PlanRefusal::Kind::kNotFound,
                       {base::SignInCode::kInvalidRequest, "unknown_type"}};
  }
  auto parameters = ReadParameters(request.query);
  if (!parameters.ok()) return BadRequest("parameter_twice");

  const identity::Application* const application = policy.FindApplication(
      parameters->application.empty() ? policy.default_application : parameters->application);
  if (application == nullptr) return BadRequest("unknown_application");

  const identity::CspRow* const csp = policy.FindCsp(type->csp);
  if (csp == nullptr || !csp->IsOpen(now) || !application->Allows(type->csp)) {
    return PlanRefusal{PlanRefusal::Kind::kCspClosed,
                       {base::SignInCode::kInvalidRequest, "csp_not_offered"}};
  }

  auto target = BuildReturnTarget(
      *application, {parameters->to, parameters->redirect, std::string(type->relay_type)});
  if (!target.ok()) return BadRequest("target_not_allowed");

  SignInPlan plan;
  plan.type = std::string(type->name);
  plan.application = application->name;
  plan.csp = type->csp;
  for (const absl::string_view context : type->contexts) plan.contexts.emplace_back(context);
  plan.comparison = std::string(type->comparison);
  plan.skip_dupe = parameters->skip_dupe == "true";
  plan.target = *std::move(target);
  plan.restart = RestartPath(*type, *parameters);
  plan.policy_version = policy.version;
  plan.on_refusal = application->on_refusal;
  return plan;
}

}  // namespace va::gateway
