// What an answer of MPI says, as JSON.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/mpi-adapter/hl7/compatible.h"
#include "tools/signinctl/mpi_answer.h"

namespace va::signinctl {
namespace {

using identity::Disclose;
using identity::Disclosure;

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

template <typename T>
Json List(const std::vector<T>& values, Disclosure how) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(Disclose(value, how));
  return list;
}

template <typename T>
Json Maybe(const std::optional<T>& value, Disclosure how) {
  return value ? Json(Disclose(*value, how)) : Json();
}

Json Number(const std::optional<int>& number) { return number ? Json(*number) : Json(); }

Json NamesOf(const mpi::Profile& profile, Disclosure how) {
  Json list = Json::array();
  for (const mpi::Name& name : profile.names) {
    list.push_back({{"use", name.use},
                    {"given", List(name.given, how)},
                    {"family", Disclose(name.family, how)},
                    {"prefix", Disclose(name.prefix, how)},
                    {"suffix", Disclose(name.suffix, how)},
                    {"displayed", Disclose(mpi::hl7::DisplayedName(name), how)}});
  }
  return list;
}

Json AddressesOf(const mpi::Profile& profile, Disclosure how) {
  Json list = Json::array();
  for (const mpi::Address& address : profile.addresses) {
    list.push_back({{"use", address.use},
                    {"street", List(address.street, how)},
                    {"city", Disclose(address.city, how)},
                    {"state", Disclose(address.state, how)},
                    {"postal_code", Disclose(address.postal_code, how)},
                    {"country", Disclose(address.country, how)}});
  }
  return list;
}

Json TelecomsOf(const mpi::Profile& profile, Disclosure how) {
  Json list = Json::array();
  for (const mpi::Telecom& telecom : profile.telecoms) {
    // A scheme can be anything up to a colon: shown where the value is.
    const bool shown = how == Disclosure::kRevealed;
    list.push_back({{"use", telecom.use},
                    {"scheme", shown ? Json(telecom.scheme) : Json()},
                    {"value", Disclose(telecom.value, how)}});
  }
  return list;
}

// Which registries hold the person is a fact about them as well, but one that support cannot work
// without: only the ids themselves are masked.
Json IdsOf(const mpi::Profile& profile, Disclosure how) {
  Json list = Json::array();
  for (const identity::CorrelatedId& row : profile.ids.rows()) {
    list.push_back({{"id", Disclose(row.id, how)},
                    {"type", row.id_type},
                    {"facility", row.facility},
                    {"authority", row.authority},
                    {"status", row.status},
                    {"root", row.root}});
  }
  return list;
}

Json RelationshipsOf(const mpi::Profile& profile, Disclosure how, absl::CivilDay today) {
  Json list = Json::array();
  for (const mpi::Relationship& one : profile.relationships) {
    list.push_back({{"role", one.role},
                    {"role_name", one.role_name},
                    {"translation", one.translation},
                    {"status", one.status},
                    {"effective", one.effective},
                    {"expires", one.expires},
                    {"preference", one.preference},
                    {"in_force", mpi::IsInForce(one, today)},
                    {"icn", Maybe(one.person.ids.icn(), how)},
                    {"names", NamesOf(one.person, how)},
                    {"gender", Disclose(one.person.gender, how)},
                    {"birth_date", Disclose(one.person.birth_date, how)},
                    {"ssn", Maybe(one.person.ssn, how)},
                    {"telecoms", TelecomsOf(one.person, how)},
                    {"ids", IdsOf(one.person, how)}});
  }
  return list;
}

// The identifiers by the names that others know them under (mpi_mhv.md 1.10): what the adapter
// takes the rows of `ids` for.
Json KnownIds(const identity::GcIds& ids, Disclosure how) {
  return {{"icn_with_aaid", Maybe(ids.icn_with_aaid(), how)},
          {"edipi", Maybe(ids.edipi(), how)},
          {"edipis", List(ids.edipis(), how)},
          {"participant_id", Maybe(ids.participant_id(), how)},
          {"participant_ids", List(ids.corp_ids(), how)},
          {"birls_id", Maybe(ids.birls_id(), how)},
          {"birls_ids", List(ids.birls_ids(), how)},
          {"sec_id", Maybe(ids.sec_id(), how)},
          {"mhv_ids", List(ids.mhv_ids(), how)},
          {"active_mhv_ids", List(ids.active_mhv_ids(), how)},
          {"mhv_ien", Maybe(ids.mhv_ien(), how)},
          {"mhv_iens", List(ids.mhv_iens(), how)},
          {"vet360_id", Maybe(ids.vet360_id(), how)},
          {"idme_id", Maybe(ids.idme_id(), how)},
          {"logingov_id", Maybe(ids.logingov_id(), how)},
          {"cerner_id", Maybe(ids.cerner_id(), how)},
          {"vha_facility_ids", ids.vha_facility_ids()}};
}

// The legal name, as people write it.
Json LegalNameOf(const mpi::Profile& profile, Disclosure how) {
  const mpi::hl7::CompatiblePerson person = mpi::hl7::CompatiblePersonOf(profile, false);
  return {{"given_names", person.given_names ? List(*person.given_names, how) : Json()},
          {"family_name", Maybe(person.family_name, how)},
          {"suffix", Maybe(person.suffix, how)},
          {"home_phone", Maybe(person.home_phone, how)}};
}

Json ProfileJson(const mpi::Profile& profile, Disclosure how, absl::CivilDay today) {
  const std::vector<identity::Icn> icns = profile.ids.permanent_icns();
  Json json = {{"icn", icns.empty() ? Json() : Json(Disclose(icns.front(), how))},
               {"icns", List(icns, how)},
               {"historical_icns", List(profile.historical_icns, how)},
               {"names", NamesOf(profile, how)},
               {"gender", Disclose(profile.gender, how)},
               {"birth_date", Disclose(profile.birth_date, how)},
               {"deceased_date", Maybe(profile.deceased_date, how)},
               {"ssn", Maybe(profile.ssn, how)},
               {"id_theft", profile.id_theft},
               {"potential_catastrophic_edit", profile.ids.HasStatus("PCE")},
               {"active_facilities", profile.ids.active_facility_ids()},
               {"cerner_facilities", profile.ids.cerner_facility_ids()},
               {"addresses", AddressesOf(profile, how)},
               {"telecoms", TelecomsOf(profile, how)},
               {"person_types", profile.person_types},
               {"relationships", RelationshipsOf(profile, how, today)},
               {"search_token", profile.search_token},
               {"malformed_ids", profile.ids.malformed()}};
  json.update(KnownIds(profile.ids, how));
  json.update(LegalNameOf(profile, how));
  return json;
}

// Code and text may repeat what was sent about a person.
Json DetailsOf(const std::vector<mpi::AckDetail>& details, Disclosure how) {
  Json list = Json::array();
  for (const mpi::AckDetail& detail : details) {
    list.push_back({{"code", Disclose(detail.code, how)},
                    {"code_system", detail.code_system},
                    {"name", Disclose(detail.name, how)},
                    {"text", Disclose(detail.text, how)}});
  }
  return list;
}

// What both kinds of answer say.
template <typename SomeAnswer>
Json Common(const char* interaction, const SomeAnswer& answer, Disclosure how) {
  return {{"interaction", interaction},
          {"outcome", Str(mpi::OutcomeName(answer.outcome))},
          {"reason", answer.reason},
          {"retryable", mpi::IsRetryable(answer.outcome)},
          {"ack", answer.ack_code},
          {"detail_code", answer.detail_code},
          {"details", DetailsOf(answer.details, how)},
          {"message_id", answer.message_id},
          {"target_message", answer.target_message},
          {"profile", Json()},
          {"ids", Json::array()}};
}

}  // namespace

Json ToJson(const mpi::Answer& answer, Disclosure how, absl::CivilDay today) {
  Json json = Common("find", answer, how);
  json["query_response"] = answer.query_response;
  json["result_count"] = Number(answer.result_count);
  json["match_score"] = Number(answer.match_score);
  json["identity_match_threshold"] = Number(answer.identity_match_threshold);
  json["potential_duplicate_threshold"] = Number(answer.potential_duplicate_threshold);
  json["below_threshold"] = answer.below_threshold;
  if (answer.profile) {
    json["profile"] = ProfileJson(*answer.profile, how, today);
    json["ids"] = IdsOf(*answer.profile, how);
  }
  return json;
}

Json ToJson(const mpi::ChangeAnswer& answer, Disclosure how) {
  Json json = Common("add_or_update", answer, how);
  const auto add = [&json, how](const char* kind, const auto& id) {
    if (id) json["ids"].push_back({{"kind", kind}, {"id", Disclose(*id, how)}});
  };
  add("icn", answer.codes.icn);
  add("edipi", answer.codes.edipi);
  add("birls_id", answer.codes.birls_id);
  add("participant_id", answer.codes.participant_id);
  add("idme_uuid", answer.codes.idme_uuid);
  add("logingov_uuid", answer.codes.logingov_uuid);
  return json;
}

}  // namespace va::signinctl
