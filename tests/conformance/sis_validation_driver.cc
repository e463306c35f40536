#include "tests/conformance/sis_validation_driver.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/reference_names.h"
#include "lib/base/signin_code.h"
#include "services/user-attributes/domain/sis_validation.h"

namespace va::conformance {
namespace {

using attributes::Claims;
using attributes::Effect;
using attributes::Finding;
using attributes::MpiAnswer;
using attributes::MpiOutcome;
using attributes::MpiProfile;
using identity::Csp;

// One row in the product's terms.
struct Case {
  Claims claims;
  bool verified = true;
  bool changed = true;
  bool auto_uplevel = false;
  MpiAnswer mpi;
};

template <typename T>
std::optional<T> Typed(const Json& object, const std::string& name) {
  const Json& value = Member(object, name);
  if (!value.is_string()) return std::nullopt;
  return T::FromWire(value.get<std::string>());
}

// As a credential's reader hands it on: a day in one form, a number without hyphens.
void AddPerson(const Json& user, Claims& claims) {
  claims.first_name = Typed<identity::PersonText>(user, "first_name");
  claims.middle_name = Typed<identity::PersonText>(user, "middle_name");
  claims.last_name = Typed<identity::PersonText>(user, "last_name");
  claims.email = Typed<identity::PersonText>(user, "csp_email");
  const auto birth_date = Typed<identity::BirthDate>(user, "birth_date");
  if (birth_date) claims.birth_date = birth_date->Dashed();
  const auto ssn = Typed<identity::Ssn>(user, "ssn");
  if (ssn) claims.ssn = ssn->WithoutHyphens();
}

absl::StatusOr<Claims> DecodeUser(const Json& user) {
  Claims claims;
  const std::string service = TextMember(user, "service_name");
  claims.service = service.empty() ? Csp::kIdme : identity::CspFromString(service);
  if (!claims.service) return absl::InvalidArgumentError("service_name " + OneLine(service));
  AddPerson(user, claims);
  claims.idme_uuid = Typed<identity::CspId>(user, "idme_uuid");
  claims.logingov_uuid = Typed<identity::CspId>(user, "logingov_uuid");
  claims.uuid = claims.logingov_uuid ? claims.logingov_uuid : claims.idme_uuid;
  claims.mhv_id = Typed<identity::CspId>(user, "mhv_credential_uuid");
  claims.mhv_icn = Typed<identity::Icn>(user, "mhv_icn");
  claims.edipi = Typed<identity::CspId>(user, "edipi");
  return claims;
}

// Rows have placeholders for numbers, and MPI's grammar knows no hyphen in them.
identity::CspId Number(const std::string& placeholder) {
  return identity::CspId::FromWire(absl::StrReplaceAll(placeholder, {{"-", "_"}}));
}

void AddRows(const Json& values, const char* form, absl::string_view root,
             std::vector<identity::CorrelatedId>& rows) {
  const std::optional<identity::CorrelatedId> shape =
      identity::ParseCorrelatedId(absl::StrCat("0^", form), root);
  for (const Json& value : values.is_array() ? values : Json::array({values})) {
    if (!value.is_string() || !shape) continue;
    identity::CorrelatedId row = *shape;
    row.id = Number(value.get<std::string>());
    rows.push_back(std::move(row));
  }
}

identity::GcIds DecodeIds(const Json& profile) {
  std::vector<identity::CorrelatedId> rows;
  AddRows(Member(profile, "edipis"), "NI^200DOD^USDOD^A", identity::kDodRoot, rows);
  AddRows(Member(profile, "participant_ids"), "PI^200CORP^USVBA^A", identity::kVaRoot, rows);
  AddRows(Member(profile, "mhv_iens"), "PI^200MHS^USVHA^A", identity::kVaRoot, rows);
  AddRows(Member(profile, "sec_id"), "PN^200PROV^USDVA^A", identity::kVaRoot, rows);
  AddRows(Member(profile, "sec_ids"), "PN^200PROV^USDVA^A", identity::kVaRoot, rows);
  for (const Json& full : Member(profile, "full_mvi_ids")) {
    if (!full.is_string()) continue;
    auto row = identity::ParseCorrelatedId(full.get<std::string>(), identity::kVaRoot);
    if (row) rows.push_back(*std::move(row));
  }
  return identity::FromCorrelatedIds(rows);
}

bool IsTrue(const Json& value) { return value.is_boolean() && value.get<bool>(); }

MpiProfile DecodeProfile(const Json& profile) {
  MpiProfile out;
  out.icn = Typed<identity::Icn>(profile, "icn").value_or(identity::Icn());
  const Json& given = Member(profile, "given_names");
  if (given.is_array() && !given.empty() && given.front().is_string()) {
    out.first_name = identity::PersonText::FromWire(given.front().get<std::string>());
  }
  out.last_name = Typed<identity::PersonText>(profile, "family_name");
  out.birth_date = Typed<identity::BirthDate>(profile, "birth_date");
  out.ssn = Typed<identity::Ssn>(profile, "ssn");
  out.deceased = !Member(profile, "deceased_date").is_null();
  out.id_theft = IsTrue(Member(profile, "id_theft_flag"));
  out.ids = DecodeIds(profile);
  return out;
}

// How a row says that the person was added: the status of that answer, or nothing.
MpiOutcome Added(const Json& input) {
  const std::string status = TextMember(input, "add_person_status");
  if (status.empty()) return MpiOutcome::kNotAsked;
  return status == "ok" ? MpiOutcome::kOk : MpiOutcome::kMpiFailed;
}

MpiAnswer DecodeAnswer(const Json& input, const Json& profile) {
  MpiAnswer out;
  out.add_outcome = Added(input);
  out.outcome = profile.is_object() ? MpiOutcome::kOk : MpiOutcome::kNoMatch;
  if (profile.is_object()) out.profile = DecodeProfile(profile);
  return out;
}

absl::StatusOr<Case> DecodeValidator(const Json& input) {
  const Json& user = Member(input, "user_attributes");
  absl::StatusOr<Claims> claims = DecodeUser(user);
  if (!claims.ok()) return claims.status();
  Case out;
  out.claims = *std::move(claims);
  out.verified = Member(user, "current_ial") == 2;
  out.auto_uplevel = IsTrue(Member(user, "auto_uplevel"));
  out.changed = Member(user, "digest") != Member(input, "stored_digest");
  out.mpi = DecodeAnswer(input, Member(input, "mpi_profile"));
  return out;
}

// Rows of mpi_mhv.md name only what they are about; everything else is in order.
Json Complete(const char* credential_service) {
  return {{"service_name", credential_service},
          {"idme_uuid", "some-idme-uuid"},
          {"first_name", "some-first-name"},
          {"last_name", "some-last-name"},
          {"birth_date", "1932-02-05"},
          {"ssn", "796126859"},
          {"csp_email", "some-email"},
          {"mhv_credential_uuid", "some-mhv-correlation-id"},
          {"mhv_icn", "some-icn"}};
}

Json CompleteRecord() {
  return {{"icn", "some-icn"},
          {"given_names", {"some-first-name"}},
          {"family_name", "some-last-name"},
          {"birth_date", "19320205"},
          {"ssn", "796126859"},
          {"sec_id", "some-sec-id"}};
}

// Lays what the row says over it; null says that it is missing.
void Overlay(const Json& input, const char* theirs, const char* ours, Json& out) {
  if (input.contains(theirs)) out[ours] = input.at(theirs);
}

void OverlayCredential(const Json& input, Json& user) {
  for (const char* name : {"first_name", "last_name", "birth_date", "ssn"}) {
    Overlay(input, absl::StrCat("credential_", name).c_str(), name, user);
    Overlay(input, name, name, user);
  }
  // A row about one attribute compares it under no name but its own sides'.
  Overlay(input, "credential", "birth_date", user);
  Overlay(input, "email", "csp_email", user);
  Overlay(input, "idme_uuid", "idme_uuid", user);
  Overlay(input, "mhv_icn", "mhv_icn", user);
  Overlay(input, "mhv_uuid", "mhv_credential_uuid", user);
  Overlay(input, "dslogon_uuid", "edipi", user);
}

void OverlayRecord(const Json& input, Json& record) {
  Overlay(input, "mpi_ssn", "ssn", record);
  Overlay(input, "mpi_birth_date", "birth_date", record);
  Overlay(input, "mpi_last_name", "family_name", record);
  if (input.contains("mpi_first_name")) {
    record["given_names"] = Json::array({input.at("mpi_first_name")});
  }
  Overlay(input, "mpi", "birth_date", record);
  for (const char* name :
       {"deceased_date", "id_theft_flag", "edipis", "mhv_iens", "participant_ids", "sec_ids"}) {
    Overlay(input, name, name, record);
  }
}

absl::StatusOr<Case> DecodeSignIn(const Json& input) {
  if (!input.is_object()) return absl::InvalidArgumentError("input is no object");
  const std::string service = TextMember(input, "service");
  Json user = Complete(service.empty() ? "idme" : service.c_str());
  OverlayCredential(input, user);
  absl::StatusOr<Claims> claims = DecodeUser(user);
  if (!claims.ok()) return claims.status();
  Json record = CompleteRecord();
  OverlayRecord(input, record);
  if (TextMember(input, "mpi") == "not_found") record = Json();
  Case out;
  out.claims = *std::move(claims);
  out.mpi = DecodeAnswer(input, record);
  return out;
}

Json ErrorJson(base::SignInCode code, absl::string_view tag, absl::string_view subject) {
  const base::ReferenceName* name = base::FindReferenceName(base::kSisReasons, tag);
  const base::ReferenceName* former = base::FindReferenceName(base::kSisFormerCodes, tag);
  const std::string text(base::Describe(code).code);
  Json out;
  out["code"] = text;
  out["code_in_read_version"] = former != nullptr ? std::string(former->tag) : text;
  out["dedicated_code_defined_later"] = text;
  out["tag"] = std::string(tag);
  out["class"] = out["error"] = name != nullptr ? std::string(name->class_name) : std::string();
  out["message"] = name != nullptr ? base::ReferenceMessage(*name, subject) : std::string();
  return out;
}

// The first thing that was only written down, where the reference writes it down, too.
Json LogJson(const std::vector<Finding>& findings, const attributes::SisOutcome& outcome,
             const MpiAnswer& mpi) {
  for (const Finding& finding : findings) {
    const base::ReferenceName* name = base::FindReferenceName(base::kSisReasons, finding.tag);
    if (finding.effect == Effect::kBlocks || name == nullptr) continue;
    Json out;
    out["errors"] = out["message"] = base::ReferenceMessage(*name, finding.subject);
    out["code"] = finding.code ? Json(std::string(base::Describe(*finding.code).code)) : Json();
    out["tag"] = std::string(finding.tag);
    out["new_record"] = outcome.new_record;
    out["pce_status"] = finding.subject == "pce_status";
    out["icn"] = mpi.profile ? Json(mpi.profile->icn.Reveal()) : Json();
    return out;
  }
  return Json();
}

// The profile that the row names, else the one of the credential's provider.
absl::StatusOr<attributes::RuleSet> RulesOf(const Case& one, const Mode& mode,
                                            const identity::Policy& policy) {
  const identity::CspRow* csp = policy.FindCsp(*one.claims.service);
  const std::string& name =
      mode.profile.empty() && csp != nullptr ? csp->oidc_profile : mode.profile;
  attributes::RuleSet rules;
  rules.profile = policy.FindProfile(name);
  if (rules.profile != nullptr) return rules;
  return absl::NotFoundError(absl::StrCat("the policy has no profile ", OneLine(name)));
}

absl::StatusOr<Facts> Judge(const Case& one, const Mode& mode, const Environment& environment) {
  const auto rules = RulesOf(one, mode, environment.policy);
  if (!rules.ok()) return rules.status();
  attributes::SisCredential credential{one.claims, one.verified, one.changed, one.auto_uplevel};
  std::vector<Finding> findings;
  const attributes::SisOutcome outcome =
      attributes::Validate(credential, one.mpi, *rules, findings, nullptr);
  Facts facts;
  facts.result["verified_icn"] =
      outcome.verified_icn ? Json(outcome.verified_icn->Reveal()) : Json();
  facts.result["mpi_calls"] = outcome.asked_mpi ? Json::array({"find_profile"}) : Json::array();
  facts.result["update_profile_called"] = outcome.update_mpi;
  facts.result["log"] = LogJson(findings, outcome, one.mpi);
  if (outcome.code) {
    facts.error = ErrorJson(*outcome.code, outcome.tag, {});
  } else if (const Finding* blocking = attributes::FirstBlocking(findings); blocking != nullptr) {
    facts.error = ErrorJson(*blocking->code, blocking->tag, blocking->subject);
  }
  return facts;
}

}  // namespace

absl::StatusOr<Facts> RunAttributeValidator(const Row& row, const Mode& mode,
                                            const Environment& environment) {
  const absl::StatusOr<Case> one = DecodeValidator(Member(row.body, "input"));
  if (!one.ok()) return one.status();
  return Judge(*one, mode, environment);
}

absl::StatusOr<Facts> RunMpiSignIn(const Row& row, const Mode& mode,
                                   const Environment& environment) {
  const absl::StatusOr<Case> one = DecodeSignIn(Member(row.body, "input"));
  if (!one.ok()) return one.status();
  absl::StatusOr<Facts> facts = Judge(*one, mode, environment);
  // These rows say what becomes of the person, in one word.
  if (facts.ok()) facts->result = facts->error.is_null() ? "allow" : "deny";
  return facts;
}

}  // namespace va::conformance
