#include "services/auth-gateway/domain/signin_plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/identity/acr.h"
#include "lib/identity/authn_context.h"
#include "services/auth-gateway/domain/csp_selectors.h"
#include "services/auth-gateway/domain/return_target.h"

namespace va::gateway {
namespace {

using identity::Csp;

constexpr std::array<absl::string_view, 2> kMhv = {"myhealthevet", kSelectMhv};
constexpr std::array<absl::string_view, 2> kDslogon = {"dslogon", kSelectDslogon};
constexpr std::array<absl::string_view, 2> kIdme = {identity::kLoa1Vets, kSelectIdme};
constexpr std::array<absl::string_view, 2> kIdmeVerified = {identity::kLoa3, kSelectIdme};
constexpr std::array<absl::string_view, 3> kLogingov = {identity::kIal1, identity::kAal2,
                                                        kSelectLogingov};
constexpr std::array<absl::string_view, 3> kLogingovVerified = {identity::kIal2, identity::kAal2,
                                                                kSelectLogingov};
constexpr absl::string_view kSignup = "signup";
constexpr absl::string_view kUplevel = "uplevel";
constexpr absl::string_view kNot = "false";

// mhv_verified asks the same as mhv; the level is enforced on return (code 108, decision R15). The
// CSP of a row that asks by session or parameter comes from there.
const std::array<SignInType, 16> kTypes = {{
    {"mhv", Csp::kMhv, kMhv, "exact", "mhv", false},
    {"mhv_verified", Csp::kMhv, kMhv, "exact", "mhv_verified", true},
    {"dslogon", Csp::kDslogon, kDslogon, "exact", "dslogon", false},
    {"dslogon_verified", Csp::kDslogon, kDslogon, "exact", "dslogon", true},
    {"idme", Csp::kIdme, kIdme, "minimum", "idme", false},
    {"idme_verified", Csp::kIdme, kIdmeVerified, "minimum", "idme", true},
    {"logingov", Csp::kLogingov, kLogingov, "minimum", "logingov", false},
    {"logingov_verified", Csp::kLogingov, kLogingovVerified, "exact", "logingov", true},
    {"signup", Csp::kIdme, kIdme, "exact", kSignup, false, Asks::kTable, kSignup},
    {"idme_signup", Csp::kIdme, kIdme, "exact", kSignup, false, Asks::kTable, kSignup},
    {"idme_signup_verified", Csp::kIdme, kIdmeVerified, "exact", kSignup, true, Asks::kTable,
     kSignup},
    {"logingov_signup", Csp::kLogingov, kLogingov, "exact", kSignup, false},
    {"logingov_signup_verified", Csp::kLogingov, kLogingovVerified, "exact", kSignup, true},
    {"mfa", Csp::kIdme, {}, "exact", "mfa", false, Asks::kMfa},
    {"verify", Csp::kIdme, {}, "exact", "verify", true, Asks::kVerify},
    {"custom", Csp::kIdme, {}, "exact", "custom", false, Asks::kInbound},
}};

constexpr std::array<absl::string_view, 8> kOperations = {
    "authorize",
    "interstitial_verify",
    "interstitial_signup",
    "mhv_exception",
    "myhealthevet_test_account",
    "verify_cta_authenticated",
    "verify_page_authenticated",
    "verify_page_unauthenticated",
};

PlanRefusal BadRequest(absl::string_view tag) {
  return {PlanRefusal::Kind::kBadRequest, {base::SignInCode::kInvalidRequest, std::string(tag)}};
}

PlanRefusal NotAuthorized() {
  return {PlanRefusal::Kind::kNotAuthorized,
          {base::SignInCode::kInvalidRequest, "session_required"},
          ApiError{"401", "Not authorized", "Not authorized"}};
}

PlanRefusal Missing(absl::string_view parameter) {
  PlanRefusal refusal = BadRequest("parameter_missing");
  refusal.error = ApiError{"108", "Missing parameter",
                           absl::StrCat("The required parameter \"", parameter, "\", is missing")};
  return refusal;
}

PlanRefusal Invalid(absl::string_view parameter, absl::string_view value) {
  PlanRefusal refusal = BadRequest("parameter_invalid");
  refusal.error =
      ApiError{"103", "Invalid field value",
               absl::StrCat("\"", value, "\" is not a valid value for \"", parameter, "\"")};
  return refusal;
}

// What a start request may carry; anything else is ignored, as in the reference. A parameter that
// is not there differs from an empty one.
struct Parameters {
  std::optional<std::string> application;
  std::optional<std::string> to;
  std::optional<std::string> redirect;
  std::optional<std::string> post_login;
  std::optional<std::string> operation;
  std::optional<std::string> skip_dupe;
  std::optional<std::string> uplevel;
  std::optional<std::string> csp_type;
  std::optional<std::string> authn;
  std::optional<std::string> ial;
};

struct Parameter {
  absl::string_view name;
  std::optional<std::string> Parameters::*value;
  bool restarts;  // belongs to the way back to the same attempt
};
constexpr std::array<Parameter, 10> kParameters = {{
    {"application", &Parameters::application, true},
    {"to", &Parameters::to, true},
    {"redirect", &Parameters::redirect, true},
    {"postLogin", &Parameters::post_login, true},
    {"operation", &Parameters::operation, true},
    {"skip_dupe", &Parameters::skip_dupe, false},
    {kUplevel, &Parameters::uplevel, true},
    {"csp_type", &Parameters::csp_type, true},
    {"authn", &Parameters::authn, true},
    {"ial", &Parameters::ial, true},
}};

absl::StatusOr<Parameters> ReadParameters(const base::FormPairs& query) {
  Parameters out;
  for (const Parameter& parameter : kParameters) {
    auto only = base::OnlyValue(query, parameter.name);
    if (!only.ok()) return only.status();
    const bool there = std::any_of(query.begin(), query.end(),
                                   [&](const auto& pair) { return pair.first == parameter.name; });
    if (there) out.*parameter.value = *std::move(only);
  }
  // Said in one way, or not at all: what is restarted may be told to stay without saying it twice.
  if (out.uplevel != kNot) out.uplevel.reset();
  return out;
}

std::string TextOf(const std::optional<std::string>& value) { return value.value_or(""); }

// The path that starts the same attempt again; an error page offers it, so the target survives.
std::string RestartPath(const SignInType& type, const Parameters& parameters) {
  base::FormPairs query;
  for (const Parameter& parameter : kParameters) {
    const std::optional<std::string>& value = parameters.*parameter.value;
    if (!parameter.restarts || TextOf(value).empty()) continue;
    query.emplace_back(parameter.name, *value);
  }
  const std::string path = absl::StrCat("/v1/sessions/", type.name, "/new");
  return query.empty() ? path : absl::StrCat(path, "?", base::BuildQuery(query));
}

// Whom to ask for what.
struct Question {
  Csp csp = Csp::kIdme;
  std::vector<std::string> contexts;
};
using OrRefusal = std::variant<Question, PlanRefusal>;

Question AsListed(const SignInType& type) {
  return {type.csp, {type.contexts.begin(), type.contexts.end()}};
}

OrRefusal AskFromSession(Leg leg, const CurrentContext& session) {
  std::optional<NextContext> next = NextContextOf(leg, session);
  if (!next) return BadRequest("context_not_listed");
  return Question{next->csp, std::move(next->contexts)};
}

bool IsBlank(const std::optional<std::string>& value) {
  return absl::StripAsciiWhitespace(TextOf(value)).empty();
}

OrRefusal AskLogingovInbound(const Parameters& parameters) {
  if (IsBlank(parameters.ial)) return Missing("ial");
  if (*parameters.ial == "1") return Question{Csp::kLogingov, {std::string(identity::kIal1)}};
  if (*parameters.ial == "2") return Question{Csp::kLogingov, {std::string(identity::kIal2)}};
  return Invalid("ial", *parameters.ial);
}

// The provider of an inbound context that names none is the one the caller says it is.
std::optional<Csp> CspOf(const identity::AuthnContext& context, absl::string_view csp_type) {
  if (!context.inbound) return context.csp;
  return csp_type == "myhealthevet" ? Csp::kMhv : identity::CspFromString(csp_type);
}

OrRefusal AskInbound(const Parameters& parameters) {
  const std::string csp_type = TextOf(parameters.csp_type);
  if (csp_type == "logingov") return AskLogingovInbound(parameters);
  if (IsBlank(parameters.authn)) return Missing("authn");
  const auto context = identity::FindAuthnContext(*parameters.authn);
  const std::optional<Csp> csp = context ? CspOf(*context, csp_type) : std::nullopt;
  if (!csp) return Invalid("authn", *parameters.authn);
  return Question{*csp, {*parameters.authn}};
}

OrRefusal AskFor(const SignInType& type, const StartRequest& request,
                 const Parameters& parameters) {
  switch (type.asks) {
    case Asks::kTable:
      return AsListed(type);
    case Asks::kVerify:
      return AskFromSession(Leg::kVerify, *request.session);
    case Asks::kMfa:
      return AskFromSession(Leg::kMfa, *request.session);
    case Asks::kInbound:
      return AskInbound(parameters);
  }
  return BadRequest("unknown_type");
}

// What the application needs is asked for at once and not only missed afterwards (decision R18),
// where the provider has a context for it. My HealtheVet and DS Logon have none for a first leg: a
// person of theirs goes on with a second one. The same holds for a factor alone.
const SignInType& TypeForLevel(const SignInType& type, const identity::Application& application) {
  const std::vector<std::string> asked(type.contexts.begin(), type.contexts.end());
  const bool enough = identity::LevelOfAcrs(asked).ial >= application.min_ial;
  if (type.asks != Asks::kTable || enough) return type;
  const SignInType* const verified = FindSignInType(absl::StrCat(type.name, "_verified"));
  return verified == nullptr ? type : *verified;
}

bool NeedsSession(const SignInType& type) {
  return type.asks == Asks::kVerify || type.asks == Asks::kMfa;
}

}  // namespace

const SignInType* FindSignInType(absl::string_view name) {
  const auto* const found = std::find_if(kTypes.begin(), kTypes.end(),
                                         [&](const SignInType& type) { return type.name == name; });
  return found == kTypes.end() ? nullptr : found;
}

absl::Span<const SignInType> SignInTypes() { return kTypes; }

bool IsOperation(absl::string_view operation) {
  return std::find(kOperations.begin(), kOperations.end(), operation) != kOperations.end();
}

std::string RestartAtLevel(absl::string_view restart) {
  const absl::string_view mark = absl::StrContains(restart, '?') ? "&" : "?";
  return absl::StrCat(restart, mark, kUplevel, "=", kNot);
}

int StatusFor(PlanRefusal::Kind kind) {
  switch (kind) {
    case PlanRefusal::Kind::kNotFound:
      return 404;
    case PlanRefusal::Kind::kBadRequest:
      return 400;
    case PlanRefusal::Kind::kNotAuthorized:
      return 401;
    case PlanRefusal::Kind::kCspClosed:
      return 403;
  }
  return 400;
}

std::variant<SignInPlan, PlanRefusal> PlanSignIn(const identity::Policy& policy,
                                                 const StartRequest& request, absl::Time now) {
  const SignInType* const type = FindSignInType(request.type);
  if (type == nullptr) {
    return PlanRefusal{PlanRefusal::Kind::kNotFound,
                       {base::SignInCode::kInvalidRequest, "unknown_type"}};
  }
  if (NeedsSession(*type) && !request.session) return NotAuthorized();
  auto parameters = ReadParameters(request.query);
  if (!parameters.ok()) return BadRequest("parameter_twice");
  const std::string operation = parameters->operation.value_or("authorize");
  if (!IsOperation(operation)) return Invalid("operation", operation);

  OrRefusal asked = AskFor(*type, request, *parameters);
  if (auto* refusal = std::get_if<PlanRefusal>(&asked)) return std::move(*refusal);
  auto& question = std::get<Question>(asked);

  const std::string name = TextOf(parameters->application);
  const identity::Application* const application =
      policy.FindApplication(name.empty() ? policy.default_application : name);
  if (application == nullptr) return BadRequest("unknown_application");

  const identity::CspRow* const csp = policy.FindCsp(question.csp);
  if (csp == nullptr || !csp->IsOpen(now) || !application->Allows(question.csp)) {
    return PlanRefusal{PlanRefusal::Kind::kCspClosed,
                       {base::SignInCode::kInvalidRequest, "csp_not_offered"}};
  }

  auto target = BuildReturnTarget(
      *application, {TextOf(parameters->to), TextOf(parameters->redirect),
                     std::string(type->relay_type), TextOf(parameters->post_login) == "true"});
  if (!target.ok()) return BadRequest("target_not_allowed");

  const SignInType& asked_for = TypeForLevel(*type, *application);
  if (&asked_for != type) question.contexts = AsListed(asked_for).contexts;

  SignInPlan plan;
  plan.type = std::string(type->name);
  plan.application = application->name;
  plan.csp = question.csp;
  plan.contexts = std::move(question.contexts);
  plan.comparison = std::string(asked_for.comparison);
  // Somebody who is signed in elsewhere is to notice nothing.
  plan.force_authn = type->asks != Asks::kInbound;
  plan.skip_dupe = TextOf(parameters->skip_dupe) == "true";
  plan.operation = operation;
  plan.stay_at_level = parameters->uplevel.has_value();
  plan.target = *std::move(target);
  plan.restart = RestartPath(*type, *parameters);
  plan.policy_version = policy.version;
  plan.on_refusal = application->on_refusal;
  return plan;
}

}  // namespace va::gateway
