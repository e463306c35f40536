#include "tests/conformance/sis_driver.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/reference_names.h"
#include "lib/base/signin_code.h"
#include "lib/identity/user_info_ids.h"
#include "services/auth-gateway/oidc/logingov_scope.h"
#include "services/user-attributes/domain/sis_claims.h"
#include "services/user-attributes/domain/sis_credential_level.h"
#include "services/user-attributes/oidc/credential_digest.h"
#include "tests/conformance/ids_json.h"

namespace va::conformance {
namespace {

using attributes::CredentialLevel;
using attributes::Normalised;
using identity::Csp;

// What providers and clients say by default where a row leaves it open.
constexpr char kAnyLevel[] = "min";

// Text of a member that is a string, a number or a boolean; empty when it is absent or null.
std::string WireText(const Json& input, const std::string& name) {
  const Json& value = Member(input, name);
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

std::string WireTextOr(const Json& input, const std::string& name, const std::string& other) {
  const std::string text = WireText(input, name);
  return text.empty() ? other : text;
}

Json ErrorJson(base::SignInCode code, absl::string_view tag) {
  const base::ReferenceName* name = base::FindReferenceName(base::kSisReasons, tag);
  Json out;
  out["code"] = std::string(base::Describe(code).code);
  out["tag"] = std::string(tag);
  out["class"] = name != nullptr ? std::string(name->class_name) : std::string();
  out["message"] = name != nullptr ? std::string(name->message) : std::string();
  return out;
}

Facts LevelFacts(const CredentialLevel& level) {
  Facts facts;
  facts.result["current_ial"] = level.current_ial;
  facts.result["max_ial"] = level.max_ial;
  facts.result["aal"] = level.aal;
  facts.result["can_uplevel"] = level.can_uplevel;
  facts.result["auto_uplevel"] = false;  // not built (decision P9)
  if (level.refusal) facts.error = ErrorJson(level.refusal->code, level.refusal->tag);
  return facts;
}

// An answer of a provider with the text that its views point into.
struct Answer {
  std::deque<std::string> text;
  attributes::OidcAssertion assertion;

  absl::string_view Keep(std::string value) {
    text.push_back(std::move(value));
    return text.back();
  }
};

// Members of an object get dotted names, items of a list are values, null is absent.
void AddClaim(const std::string& name, const Json& value, Answer& answer) {
  if (value.is_null()) return;
  if (value.is_object()) {
    for (const auto& [member, inner] : value.items()) {
      AddClaim(absl::StrCat(name, ".", member), inner, answer);
    }
    return;
  }
  attributes::Attribute claim;
  claim.name = answer.Keep(name);
  for (const Json& one : value.is_array() ? value : Json::array({value})) {
    claim.values.push_back(answer.Keep(one.is_string() ? one.get<std::string>() : one.dump()));
  }
  answer.assertion.claims.push_back(std::move(claim));
}

absl::Status Decode(const Json& input, Csp other, Answer& answer) {
  if (!input.is_object()) return absl::InvalidArgumentError("input is no object");
  const std::string type = WireText(input, "type");
  const std::optional<Csp> service = type.empty() ? other : identity::CspFromString(type);
  if (!service) return absl::InvalidArgumentError(absl::StrCat("input.type ", OneLine(type)));
  answer.assertion.service = *service;
  answer.assertion.issuer = service == Csp::kLogingov ? Csp::kLogingov : Csp::kIdme;
  answer.assertion.requested_acr = answer.Keep(WireTextOr(input, "requested_acr", kAnyLevel));
  answer.assertion.acr = answer.Keep(WireText(input, "logingov_acr"));
  for (const auto& [name, value] : input.items()) AddClaim(name, value, answer);
  return absl::OkStatus();
}

// A number where the text is one: the reference has both.
Json NumberOrText(const std::string& text) {
  int number = 0;
  return absl::SimpleAtoi(text, &number) ? Json(number) : Json(text);
}

void AddAddress(const Normalised& normalised, Json& out) {
  Json address;
  for (const char* name : {"street", "street2", "postal_code", "state", "city", "country"}) {
    address[name] = nullptr;
  }
  if (normalised.address) {
    const attributes::PostalAddress& from = *normalised.address;
    if (!from.street.empty()) address["street"] = from.street.front().Reveal();
    if (from.street.size() > 1) address["street2"] = from.street[1].Reveal();
    address["postal_code"] = from.postal_code.Reveal();
    address["state"] = from.state.Reveal();
    address["city"] = from.city.Reveal();
    address["country"] = from.country.Reveal();
  }
  out.update(address);
  out["address"] = normalised.address ? address : Json();
}

Facts Encode(const Normalised& normalised, Csp service) {
  const attributes::Claims& claims = normalised.claims;
  Facts facts = LevelFacts(normalised.level);
  facts.error = Json();
  Json& out = facts.result;
  out["idme_uuid"] = OrNull(claims.idme_uuid);
  out["logingov_uuid"] = OrNull(claims.logingov_uuid);
  out["service_name"] = std::string(identity::ToString(service));
  out["first_name"] = OrNull(claims.first_name);
  out["middle_name"] = OrNull(claims.middle_name);
  out["last_name"] = OrNull(claims.last_name);
  out["ssn"] = OrNull(claims.ssn);
  out["birth_date"] = OrNull(claims.birth_date);
  out["csp_email"] = OrNull(claims.email);
  out["all_csp_emails"] = ListOf(normalised.all_emails);
  out["multifactor"] = claims.multifactor;
  out["authn_context"] = std::string(normalised.authn_context);
  out["mhv_credential_uuid"] = OrNull(claims.mhv_id);
  out["mhv_icn"] = OrNull(claims.mhv_icn);
  out["mhv_assurance"] = claims.mhv_account_type ? Json(*claims.mhv_account_type) : Json();
  out["edipi"] = OrNull(claims.edipi);
  out["level_of_assurance"] = NumberOrText(normalised.level_of_assurance);
  out["credential_ial"] = NumberOrText(normalised.credential_ial);
  AddAddress(normalised, out);
  return facts;
}

absl::StatusOr<Facts> Normalise(const Row& row, Csp other) {
  Answer answer;
  const absl::Status decoded = Decode(Member(row.body, "input"), other, answer);
  if (!decoded.ok()) return decoded;
  attributes::Known known;
  known.previously_verified = WireText(Member(row.body, "input"), "previously_verified") == "true";
  std::vector<attributes::Finding> findings;
  Facts facts =
      Encode(attributes::Normalise(answer.assertion, known, findings), answer.assertion.service);
  const attributes::Finding* blocking = attributes::FirstBlocking(findings);
  if (blocking != nullptr) facts.error = ErrorJson(*blocking->code, blocking->tag);
  return facts;
}

template <typename T>
std::optional<T> Typed(const Json& object, const std::string& name) {
  const Json& value = Member(object, name);
  if (!value.is_string()) return std::nullopt;
  return T::FromWire(value.get<std::string>());
}

}  // namespace

absl::StatusOr<Facts> RunCredentialLevel(const Row& row, const Mode& /*mode*/,
                                         const Environment& /*environment*/) {
  const Json& input = Member(row.body, "input");
  const std::string requested = WireText(input, "requested_acr");
  const std::string acr = WireText(input, "logingov_acr");
  const std::string loa = WireText(input, "level_of_assurance");
  const std::string ial = WireText(input, "credential_ial");
  const std::string mhv = WireText(input, "mhv_assurance");
  const std::string dslogon = WireText(input, "dslogon_assurance");
  attributes::CredentialFacts facts;
  facts.type = identity::CspFromString(WireText(input, "type"));
  facts.requested_acr = requested;
  facts.acr = acr;
  const std::string verified_at = WireText(input, "verified_at");
  facts.verified_at = !verified_at.empty() && verified_at != "false";
  facts.level_of_assurance = loa;
  facts.credential_ial = ial;
  facts.mhv_assurance = mhv;
  facts.dslogon_assurance = dslogon;
  facts.multifactor = WireText(input, "multifactor") != "false";
  facts.previously_verified = WireText(input, "previously_verified") == "true";
  return LevelFacts(attributes::LevelOf(facts));
}

absl::StatusOr<Facts> RunIdmeNormalise(const Row& row, const Mode& /*mode*/,
                                       const Environment& /*environment*/) {
  return Normalise(row, Csp::kIdme);
}

absl::StatusOr<Facts> RunLogingovNormalise(const Row& row, const Mode& /*mode*/,
                                           const Environment& /*environment*/) {
  // A row without an answer is about what Login.gov is asked for.
  const Json& input = Member(row.body, "input");
  if (!input.empty() && !input.contains("optional_scopes")) return Normalise(row, Csp::kLogingov);
  std::vector<std::string> text;
  for (const Json& one : Member(input, "optional_scopes")) {
    if (!one.is_string()) return absl::InvalidArgumentError("input.optional_scopes");
    text.push_back(one.get<std::string>());
  }
  const std::vector<absl::string_view> scopes(text.begin(), text.end());
  Facts facts;
  facts.result["scope"] = gateway::LogingovScope(scopes);
  return facts;
}

absl::StatusOr<Facts> RunCredentialDigest(const Row& row, const Mode& /*mode*/,
                                          const Environment& /*environment*/) {
  const Json& input = Member(row.body, "input");
  Json said = input;
  const std::string text = TextMember(input, "json");
  if (!text.empty()) {
    absl::StatusOr<Json> parsed = ParseJson(text);
    if (!parsed.ok()) return parsed.status();
    said = *std::move(parsed);
  }
  attributes::DigestedAttributes digested;
  digested.credential_uuid = Typed<identity::CspId>(said, "credential_uuid");
  digested.first_name = Typed<identity::PersonText>(said, "first_name");
  digested.last_name = Typed<identity::PersonText>(said, "last_name");
  digested.ssn = Typed<identity::Ssn>(said, "ssn");
  digested.birth_date = Typed<identity::BirthDate>(said, "birth_date");
  digested.email = Typed<identity::PersonText>(said, "email");
  const std::optional<std::string> digest =
      attributes::CredentialAttributesDigest(TextMember(input, "pepper"), digested);
  Facts facts;
  facts.result["digest"] = digest ? Json(*digest) : Json();
  return facts;
}

absl::StatusOr<Facts> RunUserInfoGcIds(const Row& row, const Mode& /*mode*/,
                                       const Environment& /*environment*/) {
  const Json& ids = Member(Member(row.body, "input"), "gcids");
  if (!ids.is_string()) return absl::InvalidArgumentError("input.gcids is no text");
  Facts facts;
  facts.result["valid"] = identity::AreApprovedForUserInfo(ids.get<std::string>());
  return facts;
}

}  // namespace va::conformance
