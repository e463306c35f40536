#include "tests/conformance/ssoe_attributes_driver.h"

#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/reference_names.h"
#include "lib/base/signin_code.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/derive.h"
#include "services/user-attributes/saml/compatible.h"
#include "tests/conformance/ids_json.h"

namespace va::conformance {
namespace {

using attributes::CompatiblePerson;
using attributes::Derivation;
using attributes::Effect;
using attributes::Finding;

// What a row says, in the product's terms. Owns the text that the assertion's views point into.
struct Call {
  std::deque<std::string> text;
  attributes::SsoeAssertion assertion;
  attributes::Attempt attempt;

  absl::string_view Keep(std::string value) {
    text.push_back(std::move(value));
    return text.back();
  }
};

// A value as a broker sends it: everything is text on the wire.
absl::StatusOr<std::string> WireText(const std::string& name, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number_integer()) return value.dump();
  return absl::InvalidArgumentError(
      absl::StrCat("attribute ", OneLine(name), " has the value ", Shown(value)));
}

absl::Status DecodeAttribute(const std::string& name, const Json& values, Call& call) {
  if (values.is_null()) return absl::OkStatus();  // absent
  attributes::Attribute attribute;
  attribute.name = call.Keep(name);
  for (const Json& value : values.is_array() ? values : Json::array({values})) {
    if (value.is_null()) continue;
    absl::StatusOr<std::string> text = WireText(name, value);
    if (!text.ok()) return text.status();
    attribute.values.push_back(call.Keep(*std::move(text)));
  }
  call.assertion.attributes.push_back(std::move(attribute));
  return absl::OkStatus();
}

absl::Status DecodeOptions(const Json& options, Call& call) {
  for (const auto& [name, value] : options.items()) {
    if (name == "requested_contexts" && value.is_array()) continue;
    // What is stored beside the statement: an earlier one, which the later one repeats (seed 004),
    // and the account that holds its ICN.
    if (name == "existing_attributes" && value.is_object()) continue;
    if (name == "account_for_icn" && (value.is_object() || value.is_null())) continue;
    if (value.is_null() || value.is_string() || value.is_boolean()) continue;
    return absl::InvalidArgumentError(absl::StrCat("options.", OneLine(name), " is no text"));
  }
  call.assertion.authn_context = call.Keep(TextMember(options, "authn_context"));
  call.attempt.application = call.Keep(TextMember(options, "application"));
  call.attempt.type = call.Keep(TextMember(options, "type"));
  call.attempt.comparison = call.Keep(TextMember(options, "comparison"));
  const Json& requested = Member(options, "requested_contexts");
  for (const Json& one : requested) {
    if (!one.is_string()) return absl::InvalidArgumentError("options.requested_contexts");
    call.attempt.requested_contexts.push_back(one.get<std::string>());
  }
  // The tracker's name for it, else the request's.
  for (const char* name : {"skip_dupe", "skip_dupe_id_validation"}) {
    const Json& skip = Member(options, name);
    if (skip.is_boolean()) call.attempt.skip_dupe = skip.get<bool>() ? "true" : "false";
    if (skip.is_string()) call.attempt.skip_dupe = call.Keep(skip.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status Decode(const Row& row, Call& call) {
  const Json& attributes = Member(row.body, "saml_attributes");
  if (!attributes.is_object()) return absl::InvalidArgumentError("saml_attributes is no object");
  for (const auto& [name, values] : attributes.items()) {
    const absl::Status status = DecodeAttribute(name, values, call);
    if (!status.ok()) return status;
  }
  return DecodeOptions(Member(row.body, "options"), call);
}

Json GenderJson(const std::optional<attributes::Gender>& gender) {
  if (!gender) return Json();
  return *gender == attributes::Gender::kMale ? "M" : "F";
}

Json Text(const std::optional<std::string>& value) { return value ? Json(*value) : Json(); }

const base::ReferenceName* NameOf(const Finding& finding) {
  return base::FindReferenceName(base::kSsoeReasons, finding.tag);
}

Json FindingJson(const Finding& finding, const Derivation& derived) {
  const base::ReferenceName* name = NameOf(finding);
  const bool renamed = name != nullptr && !name->tag.empty();
  Json out;
  out["code"] = finding.code ? Json(std::string(base::Describe(*finding.code).code)) : Json();
  out["tag"] = renamed ? std::string(name->tag) : std::string(finding.tag);
  out["message"] = name != nullptr ? std::string(name->message) : std::string();
  out["mismatched_ids"] = ListOf(finding.conflicting);
  out["icn"] = out["identifier"] = OrNull(derived.claims.mhv_icn);
  out["subject"] = std::string(finding.subject);
  out["waived_by"] = finding.waived_by;
  return out;
}

Json WarningsJson(const Derivation& derived) {
  Json out = Json::array();
  for (const Finding& finding : derived.findings) {
    if (finding.effect != Effect::kBlocks) out.push_back(FindingJson(finding, derived));
  }
  return out;
}

Json SignInJson(const Derivation& derived, const CompatiblePerson& person, const Call& call) {
  const base::ReferenceName* broker =
      base::FindReferenceName(base::kBrokerReasons, derived.assurance.pathway);
  Json out;
  out["service_name"] = person.service_name.empty() ? Json() : Json(person.service_name);
  out["account_type"] = std::string(derived.claims.account_type());
  out["auth_broker"] = broker != nullptr ? Json(std::string(broker->tag)) : Json();
  out["client_id"] =
      call.attempt.application.empty() ? Json() : Json(std::string(call.attempt.application));
  return out;
}

Json QuestionJson(const Derivation& derived) {
  if (!derived.question) return Json();
  return std::holds_alternative<attributes::Traits>(*derived.question) ? "traits" : "icn";
}

void AddClaims(const attributes::Claims& claims, Json& out) {
  out["first_name"] = OrNull(claims.first_name);
  out["middle_name"] = OrNull(claims.middle_name);
  out["last_name"] = OrNull(claims.last_name);
  out["email"] = OrNull(claims.email);
  out["gender"] = GenderJson(claims.gender);
  out["birth_date"] = OrNull(claims.birth_date);
  out["ssn"] = OrNull(claims.ssn);
  out["idme_uuid"] = OrNull(claims.idme_uuid);
  out["logingov_uuid"] = OrNull(claims.logingov_uuid);
  out["verified_at"] = OrNull(claims.verified_at);
  out["sec_id"] = OrNull(claims.sec_id);
  out["mhv_icn"] = OrNull(claims.mhv_icn);
  out["icn"] = OrNull(claims.icn);
  out["edipi"] = OrNull(claims.edipi);
  out["mhv_credential_uuid"] = out["mhv_correlation_id"] = OrNull(claims.mhv_id);
  out["mhv_account_type"] = Text(claims.mhv_account_type);
  out["dslogon_account_type"] = Text(claims.dslogon_assurance);
  out["account_type"] = std::string(claims.account_type());
  out["multifactor"] = claims.multifactor;
  out["changing_multifactor"] = claims.changing_multifactor;
  out["needs_csp_id_mpi_update"] = claims.needs_csp_id_update;
  out["transactionid"] = Text(claims.transaction_id);
  out["vha_facility_ids"] = claims.vha_facility_ids;
}

void AddPerson(const CompatiblePerson& person, Json& out) {
  out["uuid"] = OrNull(person.uuid);
  out["common_name"] = OrNull(person.common_name);
  out["suffix"] = OrNull(person.suffix);
  out["phone"] = OrNull(person.phone);
  out["person_types"] = person.person_types;
  out["address"] = {{"street", OrNull(person.address.street)},
                    {"street2", OrNull(person.address.street2)},
                    {"city", OrNull(person.address.city)},
                    {"state", OrNull(person.address.state)},
                    {"postal_code", OrNull(person.address.postal_code)},
                    {"country", OrNull(person.address.country)}};
  out["zip"] = OrNull(person.address.postal_code);
  out["middle_name"] = OrNull(person.middle_name);
  out["mhv_icn"] = OrNull(person.mhv_icn);
}

Facts Encode(const Derivation& derived, const CompatiblePerson& person, const Call& call) {
  const Finding* blocking = attributes::FirstBlocking(derived.findings);
  Facts facts;
  Json& out = facts.result;
  AddIds(derived.ids, out);
  AddClaims(derived.claims, out);
  AddPerson(person, out);
  out["authn_context"] = std::string(call.assertion.authn_context);
  out["loa"] = {{"current", derived.assurance.loa_current},
                {"highest", derived.assurance.loa_highest}};
  out["ial"] = derived.assurance.ial;
  out["aal"] = derived.assurance.aal;
  out["sign_in"] = SignInJson(derived, person, call);
  out["mpi_question"] = QuestionJson(derived);
  out["warnings"] = WarningsJson(derived);
  out["validation"] = blocking == nullptr ? Json("ok") : FindingJson(*blocking, derived)["code"];
  if (blocking != nullptr) facts.error = FindingJson(*blocking, derived);
  return facts;
}

absl::Status Prepare(const Row& row, const Mode& mode, const Environment& environment, Call& call) {
  const absl::Status decoded = Decode(row, call);
  if (!decoded.ok()) return decoded;
  if (!mode.profile.empty() && environment.policy.FindProfile(mode.profile) == nullptr) {
    return absl::NotFoundError(absl::StrCat("the policy has no profile ", OneLine(mode.profile)));
  }
  call.attempt.profile = mode.profile;
  return absl::OkStatus();
}

// The rows say nothing of MPI: it holds what the statement says, and knows the ids of gcIds.
attributes::MpiAnswer AgreeingAnswer(const Derivation& derived) {
  attributes::MpiAnswer answer;
  if (!derived.question) return answer;
  attributes::MpiProfile profile;
  const auto* icn = std::get_if<identity::Icn>(&*derived.question);
  profile.icn = icn != nullptr ? *icn : identity::Icn::FromWire("1000000001V100001");
  profile.ssn = derived.claims.ssn;
  profile.ids = derived.ids;
  answer.outcome = attributes::MpiOutcome::kOk;
  answer.profile = std::move(profile);
  return answer;
}

// What MPI is told of a person, by the reference's names of the arguments.
Json ToldJson(const attributes::MpiAddition& person) {
  Json out = Json::array();
  const auto add = [&out](const char* name, bool told) {
    if (told) out.push_back(name);
  };
  add("first_name", !person.traits.first_name.empty());
  add("middle_name", !person.traits.middle_name.empty());
  add("last_name", !person.traits.last_name.empty());
  add("gender", person.traits.gender.has_value());
  add("ssn", !person.traits.ssn.empty());
  add("birth_date", !person.traits.birth_date.empty());
  add("idme_uuid", person.idme_uuid.has_value());
  add("logingov_uuid", person.logingov_uuid.has_value());
  add("email", person.email.has_value());
  return out;
}

// The account that holds the asserted ICN, as the store would find it.
attributes::Known KnownOf(const Json& account, const Derivation& derived) {
  attributes::Known known;
  if (!account.is_object() || !derived.claims.mhv_icn ||
      TextMember(account, "icn") != derived.claims.mhv_icn->Reveal()) {
    return known;
  }
  const std::string idme = TextMember(account, "idme_uuid");
  const std::string logingov = TextMember(account, "logingov_uuid");
  if (!idme.empty()) known.idme_uuid = identity::CspId::FromWire(idme);
  if (!logingov.empty()) known.logingov_uuid = identity::CspId::FromWire(logingov);
  return known;
}

}  // namespace

absl::StatusOr<Facts> RunSsoeAttributes(const Row& row, const Mode& mode,
                                        const Environment& environment) {
  Call call;
  const absl::Status prepared = Prepare(row, mode, environment, call);
  if (!prepared.ok()) return prepared;
  const Derivation derived = attributes::Derive(call.assertion, call.attempt, environment.policy);
  return Encode(derived, attributes::CompatiblePersonOf(call.assertion, derived), call);
}

absl::StatusOr<Facts> RunSessionForm(const Row& row, const Mode& mode,
                                     const Environment& environment) {
  Call call;
  const absl::Status prepared = Prepare(row, mode, environment, call);
  if (!prepared.ok()) return prepared;
  const Derivation first = attributes::Derive(call.assertion, call.attempt, environment.policy);
  call.attempt.known = KnownOf(Member(Member(row.body, "options"), "account_for_icn"), first);
  const attributes::Decision decision = attributes::Admit(
      call.assertion, call.attempt, AgreeingAnswer(first), environment.policy, absl::UnixEpoch());
  Facts facts;
  const bool admitted = decision.verdict == attributes::Verdict::kAdmit;
  if (const Finding* blocking = attributes::FirstBlocking(decision.findings); blocking != nullptr) {
    facts.error = FindingJson(*blocking, first);
  } else if (decision.refusal) {
    facts.error["code"] = std::string(base::Describe(decision.refusal->code).code);
    facts.error["tag"] = decision.refusal->tag;
  }
  AddClaims(decision.claims, facts.result);
  facts.result["uuid"] = OrNull(decision.claims.uuid);
  facts.result["session.ssoe_transactionid"] = Text(decision.claims.transaction_id);
  facts.result["login"] = admitted ? "continues" : "ends";
  facts.result["mpi_add_person_called"] = decision.mpi_update.has_value();
  if (decision.mpi_update) {
    facts.result["mpi_add_person_args"] = ToldJson(decision.mpi_update->person);
  }
  return facts;
}

}  // namespace va::conformance
