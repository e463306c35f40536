#include "tests/conformance/callback_driver.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "lib/base/reference_names.h"
#include "lib/base/signin_code.h"
#include "lib/identity/authn_context.h"
#include "services/auth-gateway/domain/login_redirect.h"
#include "services/auth-gateway/domain/terms_redirect.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/linking.h"

namespace va::conformance {
namespace {

using attributes::Decision;

// What the rows take for configured: the reference's settings of development.
constexpr char kBase[] = "http://127.0.0.1:3001";
// "<request_id>" stands for any id: it is put through as one that needs no encoding.
constexpr char kPlaceholder[] = "<request_id>";
constexpr char kSomeId[] = "7d0c8a52-6f0e-4a53-9a44-0f4a5d9a1c11";
constexpr char kIcn[] = "1008830476V316605";
// What stands for a value that a row only names.
constexpr char kSomeSsn[] = "666271152";

// A level of the row; nothing unless it is a number.
std::optional<int> Level(const Json& user, const char* name) {
  const Json& level = Member(Member(user, "loa"), name);
  if (!level.is_number_integer()) return std::nullopt;
  return level.get<int>();
}

// The statement of the person a row describes. Owns what the assertion's views point into.
struct Said {
  std::string context;
  std::string level;
  std::string highest;
  std::string ssn = kSomeSsn;

  attributes::SsoeAssertion Assertion() const {
    attributes::SsoeAssertion out;
    out.authn_context = context;
    const auto add = [&out](absl::string_view name, absl::string_view value) {
      attributes::Attribute& attribute = out.attributes.emplace_back();
      attribute.name = name;
      attribute.values.push_back(value);
    };
    add("va_eauth_csid", "idme");
    add("va_eauth_uid", "54e78de6140d473f87960f211be49c08");
    add("va_eauth_credentialassurancelevel", level);
    add("va_eauth_ial_idme_highest", highest);
    add("va_eauth_icn", kIcn);
    add("va_eauth_pnidtype", "SSN");
    add("va_eauth_pnid", ssn);
    return out;
  }
};

absl::StatusOr<Said> SaidBy(const Json& options) {
  const Json& user = Member(options, "user");
  const std::optional<int> current = Level(user, "current");
  if (!current) return absl::InvalidArgumentError("options.user.loa.current is no level");
  Said out;
  out.context = std::string(*current == 3 ? identity::kLoa3 : identity::kLoa1Vets);
  out.level = std::to_string(*current);
  out.highest = Level(user, "highest").value_or(*current) == 3 ? "classic_loa3" : "1";
  const std::string ssn = TextMember(user, "ssn");
  if (!ssn.empty() && !absl::StartsWith(ssn, "<")) out.ssn = ssn;
  return out;
}

// What MPI holds: the same, but for what the row says of its correlation record.
attributes::MpiAnswer AnswerOf(const Json& options, const Said& said) {
  attributes::MpiProfile profile;
  profile.icn = identity::Icn::FromWire(kIcn);
  const std::string ssn = TextMember(Member(options, "mpi_correlation"), "ssn");
  profile.ssn = identity::Ssn::FromWire(ssn.empty() ? said.ssn : ssn);
  attributes::MpiAnswer answer;
  answer.outcome = attributes::MpiOutcome::kOk;
  answer.profile = std::move(profile);
  return answer;
}

std::string TypeOf(const Json& options) {
  const std::string relay = TextMember(Member(options, "relay_state"), "type");
  return relay.empty() ? TextMember(Member(options, "tracker"), "type") : relay;
}

bool TermsNeeded(const Json& options, const std::string& application) {
  const Json& accepted = Member(options, "terms_accepted");
  if (!accepted.is_boolean() || accepted.get<bool>()) return false;
  for (const absl::string_view one :
       absl::StrSplit(TextMember(options, "terms_enabled_clients"), ',', absl::SkipEmpty())) {
    if (one == application) return true;
  }
  return false;
}

// What stands on record of a refusal, for whoever looks into it.
Json ContextOf(const Decision& decision) {
  Json out = Json::array();
  if (attributes::AskedIcn(decision.claims)) out.push_back("icn");
  if (attributes::CredentialOf(decision.claims, std::nullopt, 1)) out.push_back("credential_uuid");
  if (decision.claims.service) out.push_back("type");
  return out;
}

Json RefusalJson(const Decision& decision, const gateway::LoginReturn& where) {
  const std::string code(base::Describe(decision.refusal->code).code);
  const base::ReferenceName* name =
      base::FindReferenceName(base::kSsoeReasons, decision.refusal->tag);
  Json out;
  out["code"] = code;
  out["tag"] = decision.refusal->tag;
  out["message"] = name == nullptr ? std::string() : std::string(name->message);
  out["context"] = ContextOf(decision);
  const std::string redirect =
      gateway::LoginRedirect(where, {.success = false, .code = code, .request_id = kSomeId});
  out["redirect"] = absl::StrReplaceAll(redirect, {{kSomeId, kPlaceholder}});
  out["http_status"] = 302;
  return out;
}

Json SuccessJson(const Decision& decision, const Json& options, const std::string& application,
                 const gateway::LoginReturn& where) {
  gateway::SignInPlan plan;
  plan.type = TypeOf(options);
  plan.application = application;
  plan.target = gateway::LoginRedirect(where, {.success = true, .code = "", .request_id = ""});
  Json out;
  out["after_login_actions"] = decision.verdict == attributes::Verdict::kAdmit;
  out["redirect"] =
      TermsNeeded(options, application) ? gateway::TermsRedirect(kBase, plan) : plan.target;
  out["loa"] = {{"current", decision.assurance.loa_current},
                {"highest", decision.assurance.loa_highest}};
  out["http_status"] = 302;
  return out;
}

}  // namespace

absl::StatusOr<Facts> RunCallback(const Row& row, const Mode& mode,
                                  const Environment& environment) {
  const Json& options = Member(row.body, "options");
  const absl::StatusOr<Said> said = SaidBy(options);
  if (!said.ok()) return said.status();
  const std::string type = TypeOf(options);
  std::string application = TextMember(Member(options, "tracker"), "application");
  if (application.empty()) application = environment.policy.default_application;
  attributes::Attempt attempt;
  attempt.type = type;
  attempt.application = application;
  attempt.profile = mode.profile;
  const Decision decision = attributes::Admit(said->Assertion(), attempt, AnswerOf(options, *said),
                                              environment.policy, absl::UnixEpoch());
  const gateway::LoginReturn where{.landing = absl::StrCat(kBase, gateway::kLandingPath),
                                   .type = TextMember(Member(options, "relay_state"), "type"),
                                   .inbound = type == "custom",
                                   .redirect = "",
                                   .post_login = false};
  Facts facts;
  if (decision.refusal) {
    facts.error = RefusalJson(decision, where);
  } else {
    facts.result = SuccessJson(decision, options, application, where);
  }
  return facts;
}

}  // namespace va::conformance
