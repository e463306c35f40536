#include "services/auth-gateway/api/http/user_view.h"

#include <nlohmann/json.hpp>
#include <variant>

namespace va::gateway {
namespace {

using nlohmann::json;

json TextOrNull(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

template <typename Guarded>
json RevealOrNull(const Guarded& value) {
  return TextOrNull(value.Reveal());
}

template <typename Guarded>
json RevealOrNull(const std::optional<Guarded>& value) {
  return value.has_value() ? RevealOrNull(*value) : json(nullptr);
}

template <typename Guarded>
json ListOf(const std::vector<Guarded>& values) {
  json list = json::array();
  for (const Guarded& value : values) list.push_back(value.Reveal());
  return list;
}

std::string Iso8601(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// Null while nobody knows: an outage must not read as "not eligible" (decision M8).
json InheritedProofingOf(const Provisioning& provisioning) {
  const auto& state = provisioning.proofing;
  if (state != ProofingState::kInvited && state != ProofingState::kNotEligible) return nullptr;
  return {{"eligible", state == ProofingState::kInvited},
          {"complete", false},
          {"dismissed_until", nullptr}};
}

// The names under which front ends look for what `inherited_proofing` says (decision M7).
void AddCompatibleNames(const Provisioning& provisioning, json& profile) {
  const json own = InheritedProofingOf(provisioning);
  profile["mhvTransitionEligible"] = own.is_null() ? json(nullptr) : own["eligible"];
  profile["mhvTransitionComplete"] = own.is_null() ? json(nullptr) : own["complete"];
  profile["inherited_proof_verified"] = own.is_null() ? json(nullptr) : own["complete"];
}

json ProfileOf(const SessionRecord& session, const std::optional<MpiPart>& mpi,
               const Provisioning& provisioning) {
  const PersonAttributes& person = session.person;
  json profile = {
      {"email", RevealOrNull(person.email)},
      {"first_name", RevealOrNull(person.first_name)},
      {"middle_name", RevealOrNull(person.middle_name)},
      {"last_name", RevealOrNull(person.last_name)},
      {"preferred_name", mpi ? RevealOrNull(mpi->preferred_name) : json(nullptr)},
      {"birth_date", RevealOrNull(person.birth_date)},
      {"gender", RevealOrNull(person.gender)},
      {"zip", mpi ? RevealOrNull(mpi->zip) : json(nullptr)},
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
      // Which of the reference's other services a person may use: none of them is here.
      {"claims", nullptr},
      {"icn", RevealOrNull(person.icn)},
      // Its pattern among MPI's identifiers is not published.
      {"npi_id", nullptr},
      {"birls_id", mpi ? RevealOrNull(mpi->birls_id) : json(nullptr)},
      {"edipi", RevealOrNull(person.edipi)},
      {"sec_id", RevealOrNull(person.sec_id)},
      {"logingov_uuid", RevealOrNull(person.logingov_uuid)},
      {"idme_uuid", RevealOrNull(person.idme_uuid)},
      {"id_theft_flag", mpi ? json(mpi->id_theft) : json(nullptr)},
      {"initial_sign_in", nullptr},
  };
  AddCompatibleNames(provisioning, profile);
  return profile;
}

json FacilitiesOf(const std::vector<Facility>& facilities) {
  json list = json::array();
  for (const Facility& facility : facilities) {
    list.push_back({{"facility_id", facility.id}, {"is_cerner", facility.is_cerner}});
  }
  return list;
}

// Whoever is not asked about gets the status alone.
json VaProfileOf(const SessionRecord& session, const std::optional<MpiPart>& mpi) {
  if (!AsksMpi(session)) return {{"status", "OK"}};
  if (!mpi.has_value()) return nullptr;
  return {{"status", "OK"},
          {"birth_date", RevealOrNull(mpi->birth_date)},
          {"family_name", RevealOrNull(mpi->family_name)},
          {"gender", RevealOrNull(mpi->gender)},
          {"given_names", ListOf(mpi->given_names)},
          {"is_cerner_patient", mpi->cerner_id.has_value()},
          {"cerner_id", RevealOrNull(mpi->cerner_id)},
          {"cerner_facility_ids", mpi->cerner_facility_ids},
          {"facilities", FacilitiesOf(mpi->facilities)},
          {"va_patient", mpi->va_patient},
          {"mhv_account_state", mpi->mhv_account_state},
          {"active_mhv_ids",
           mpi->active_mhv_ids.has_value() ? ListOf(*mpi->active_mhv_ids) : json(nullptr)}};
}

json ValueOf(const ContactValue& value) {
  struct Visitor {
    json operator()(std::monostate) const { return nullptr; }
    json operator()(const identity::PersonText& text) const { return text.Reveal(); }
    json operator()(std::int64_t number) const { return number; }
    json operator()(bool flag) const { return flag; }
    json operator()(absl::Time time) const { return Iso8601(time); }
  };
  return std::visit(Visitor(), value);
}

json ElementOf(const std::optional<ContactElement>& element) {
  if (!element.has_value()) return nullptr;
  json out = json::object();
  for (const auto& [name, value] : *element) out[name] = ValueOf(value);
  return out;
}

// Null: nobody knows. Empty: VA Profile knows nothing.
json ContactOf(const UserSources& sources) {
  if (!sources.contact_known) return nullptr;
  json out = json::object();
  if (!sources.contact.has_value()) return out;
  const ContactInformation& contact = *sources.contact;
  out["vet360_id"] = contact.vet360_id.Reveal();
  out["va_profile_id"] = contact.vet360_id.Reveal();
  for (const auto& [name, element] : contact.elements) out[name] = ElementOf(element);
  out["contact_email_verified"] = contact.email_verified;
  return out;
}

// Null: the question does not arise, or could not be looked up.
json MhvAccountOf(const SessionRecord& session, const UserSources& sources) {
  const auto& state = sources.provisioning.mhv_account;
  if (!state.has_value()) return nullptr;
  // MPI may not have heard of an account that was just ensured: its silence tells nothing then.
  const bool telling = sources.record.has_value() && *state != MhvAccountState::kEnsured;
  const auto tier = MhvTierOf(session, telling ? &*sources.record : nullptr);
  return {{"state", std::string(ToString(*state))},
          {"tier", tier ? json(tier->tier) : json(nullptr)},
          {"basis", tier ? json(tier->basis) : json(nullptr)}};
}

json ErrorsOf(const std::vector<SourceFailure>& failures) {
  if (failures.empty()) return nullptr;
  json errors = json::array();
  for (const SourceFailure& failure : failures) {
    errors.push_back({{"external_service", failure.external_service},
                      {"start_time", Iso8601(failure.start_time)},
                      {"description", failure.description},
                      {"status", failure.status}});
  }
  return errors;
}

}  // namespace

std::string UserJson(const SessionRecord& session, const UserSources& sources) {
  std::optional<MpiPart> mpi;
  if (sources.record.has_value()) mpi = MpiPartOf(session, *sources.record);
  const json user = {{"data",
                      {{"id", ""},
                       {"type", "user"},
                       {"attributes",
                        {{"account", {{"id", session.account_id}}},
                         {"user_account", {{"id", session.account_id}}},
                         {"profile", ProfileOf(session, mpi, sources.provisioning)},
                         {"va_profile", VaProfileOf(session, mpi)},
                         {"vet360_contact_information", ContactOf(sources)},
                         {"session",
                          {{"auth_broker", "iam"},
                           {"ssoe", !session.transaction_id.empty()},
                           {"transactionid", TextOrNull(session.transaction_id)},
                           {"expires_at", Iso8601(session.expires_at)}}},
                         {"waived_findings", session.waived_findings},
                         {"mhv_account", MhvAccountOf(session, sources)},
                         {"inherited_proofing", InheritedProofingOf(sources.provisioning)},
                         {"request_id", session.flow_id}}}}},
                     {"meta", {{"errors", ErrorsOf(sources.failures)}}}};
  // Names are the bytes of others: what is not UTF-8 is replaced and never ends the request.
  return user.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace va::gateway
