#include "tests/conformance/mpi_driver.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/identity/gc_ids.h"
#include "services/mpi-adapter/domain/outcome.h"
#include "services/mpi-adapter/hl7/add_answer.h"
#include "services/mpi-adapter/hl7/compatible.h"
#include "services/mpi-adapter/hl7/find_answer.h"
#include "tests/conformance/ids_json.h"

namespace va::conformance {
namespace {

using mpi::hl7::CompatibleOutcome;

absl::Status Odd(const std::string& what) { return absl::InvalidArgumentError(what); }

// ---- the row ----

struct Call {
  std::string interaction;         // find, add_or_update; empty: a find seen from the transport
  std::optional<int> http_status;  // none: the parser by itself
  std::string body;
  std::string content_type;
  std::string transaction_id;
  std::string message_id;  // of the message it must answer; empty: a sample answers none of ours
  bool mpi_compat = false;

  mpi::hl7::HttpAnswer Http() const {
    return {http_status.value_or(200), content_type, transaction_id, body};
  }
};

absl::Status DecodeHeaders(const Json& headers, Call& call) {
  if (headers.is_null()) return absl::OkStatus();
  if (!headers.is_object()) return Odd("input.headers is no object");
  for (const auto& [name, value] : headers.items()) {
    if (!value.is_string()) return Odd("a header is no text");
    const std::string lower = absl::AsciiStrToLower(name);
    if (lower == "content-type") call.content_type = value.get<std::string>();
    if (lower == "x-global-transaction-id") call.transaction_id = value.get<std::string>();
  }
  return absl::OkStatus();
}

absl::Status DecodeStatus(const Json& status, Call& call) {
  if (status == "bypassed") return absl::OkStatus();
  call.http_status = 200;
  if (status.is_null()) return absl::OkStatus();
  if (!status.is_number_integer() || status < 100 || status > 999) {
    return Odd(absl::StrCat("input.http_status is ", Shown(status)));
  }
  call.http_status = status.get<int>();
  return absl::OkStatus();
}

absl::Status DecodeBody(const Row& row, const Environment& environment, Call& call) {
  const Json& input = Member(row.body, "input");
  if (!input.contains("fixture")) {
    if (!Member(input, "body").is_string()) return Odd("input has neither fixture nor body");
    call.body = TextMember(input, "body");
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> bytes = environment.fixtures.Read(row, TextMember(input, "fixture"));
  if (!bytes.ok()) return bytes.status();
  call.body = *std::move(bytes);
  return absl::OkStatus();
}

absl::StatusOr<Call> Decode(const Row& row, const Mode& mode, const Environment& environment) {
  const Json& input = Member(row.body, "input");
  for (const auto& [name, value] : input.items()) {
    if (name != "fixture" && name != "body" && name != "interaction" && name != "http_status" &&
        name != "headers" && name != "message_id") {
      return Odd(absl::StrCat("input.", OneLine(name), " is not understood"));
    }
  }
  Call call;
  call.mpi_compat = mode.compatible || mode.switches.count("mpi_compat") > 0;
  call.interaction = TextMember(input, "interaction");
  call.message_id = TextMember(input, "message_id");
  if (call.interaction != "find" && call.interaction != "add_or_update" &&
      !Member(input, "interaction").is_null()) {
    return Odd(absl::StrCat("input.interaction is ", Shown(input["interaction"])));
  }
  for (absl::Status status :
       {DecodeHeaders(Member(input, "headers"), call),
        DecodeStatus(Member(input, "http_status"), call), DecodeBody(row, environment, call)}) {
    if (!status.ok()) return status;
  }
  return call;
}

// ---- the words of the vectors ----

Json WordOrNull(const std::string& word) { return word.empty() ? Json() : Json(word); }

template <typename T>
Json NumberOrNull(const std::optional<T>& number) {
  return number ? Json(*number) : Json();
}

Json AddressJson(const std::optional<mpi::hl7::CompatibleAddress>& address) {
  if (!address) return Json();
  return {{"street", OrNull(address->street)},
          {"street2", OrNull(address->street2)},
          {"city", OrNull(address->city)},
          {"state", OrNull(address->state)},
          {"postal_code", OrNull(address->postal_code)},
          {"country", OrNull(address->country)}};
}

Json NamesJson(const mpi::Profile& profile) {
  Json out = Json::array();
  for (const mpi::Name& name : profile.names) {
    out.push_back({{"use", name.use},
                   {"prefix", name.prefix.Reveal()},
                   {"given", ListOf(name.given)},
                   {"family", name.family.Reveal()},
                   {"suffix", name.suffix.Reveal()}});
  }
  return out;
}

Json AddressesJson(const mpi::Profile& profile) {
  Json out = Json::array();
  for (const mpi::Address& address : profile.addresses) {
    out.push_back({{"use", address.use},
                   {"street", ListOf(address.street)},
                   {"city", address.city.Reveal()},
                   {"state", address.state.Reveal()},
                   {"postal_code", address.postal_code.Reveal()},
                   {"country", address.country.Reveal()}});
  }
  return out;
}

Json TelecomsJson(const mpi::Profile& profile) {
  Json out = Json::array();
  for (const mpi::Telecom& telecom : profile.telecoms) {
    out.push_back(
        {{"use", telecom.use}, {"scheme", telecom.scheme}, {"value", telecom.value.Reveal()}});
  }
  return out;
}

Json PersonJson(const mpi::Profile& profile, bool mpi_compat) {
  const mpi::hl7::CompatiblePerson person = mpi::hl7::CompatiblePersonOf(profile, mpi_compat);
  Json out;
  AddIds(profile.ids, out);
  out["full_mvi_ids"] = ListOf(profile.id_extensions);
  out["given_names"] = person.given_names ? ListOf(*person.given_names) : Json();
  out["family_name"] = OrNull(person.family_name);
  out["suffix"] = OrNull(person.suffix);
  out["gender"] = OrNull(person.gender);
  out["birth_date"] = OrNull(person.birth_date);
  out["deceased_date"] = OrNull(person.deceased_date);
  out["ssn"] = OrNull(person.ssn);
  out["address"] = AddressJson(person.address);
  out["home_phone"] = OrNull(person.home_phone);
  out["person_types"] = profile.person_types;
  out["names"] = NamesJson(profile);
  out["addresses"] = AddressesJson(profile);
  out["telecoms"] = TelecomsJson(profile);
  return out;
}

Json RelationshipJson(const mpi::Relationship& relationship, bool mpi_compat) {
  Json out = PersonJson(relationship.person, mpi_compat);
  out["role"] = WordOrNull(relationship.role);
  out["role_name"] = WordOrNull(relationship.role_name);
  out["translation"] = WordOrNull(relationship.translation);
  out["status"] = WordOrNull(relationship.status);
  out["effective"] = WordOrNull(relationship.effective);
  out["expires"] = WordOrNull(relationship.expires);
  out["preference"] = WordOrNull(relationship.preference);
  return out;
}

Json ProfileJson(const std::optional<mpi::Profile>& profile, bool mpi_compat,
                 const std::string& transaction_id) {
  if (!profile) return Json();
  Json out = PersonJson(*profile, mpi_compat);
  out["search_token"] = WordOrNull(profile->search_token);
  out["id_theft_flag"] = profile->id_theft;
  out["historical_icns"] = ListOf(profile->historical_icns);
  out["transaction_id"] = WordOrNull(transaction_id);
  out["relationships"] = Json::array();
  for (const mpi::Relationship& one : profile->relationships) {
    out["relationships"].push_back(RelationshipJson(one, mpi_compat));
  }
  return out;
}

// What both kinds of answer say. `outcome` is the product's own word for it.
template <typename SomeAnswer>
Json AnswerJson(const SomeAnswer& answer, const CompatibleOutcome& outcome) {
  return {{"status", outcome.status},
          {"error", WordOrNull(outcome.error)},
          {"message", WordOrNull(outcome.message)},
          {"ack", WordOrNull(answer.ack_code)},
          {"target_message", WordOrNull(answer.target_message)},
          {"error_texts", ListOf(answer.error_texts)},
          {"detail_code", WordOrNull(answer.detail_code)},
          {"transaction_id", WordOrNull(answer.transaction_id)},
          {"outcome", std::string(mpi::OutcomeName(answer.outcome))},
          {"reason", answer.reason}};
}

Facts FactsOf(Json result, bool ok) {
  Facts facts;
  if (!ok) facts.error = result;
  facts.result = std::move(result);
  return facts;
}

// ---- the calls ----

mpi::Answer CallFind(const Call& call) {
  mpi::hl7::Expected expected;
  // A sample answers nothing that was asked here, and identifies nobody in particular.
  expected.message_id = call.message_id;
  expected.require_echo = !call.message_id.empty();
  expected.question = mpi::ByTraits{};
  expected.require_permanent_icn = !call.mpi_compat;
  return call.http_status ? mpi::hl7::ReadFindAnswer(call.Http(), expected)
                          : mpi::hl7::ParseFindAnswer(call.body, expected);
}

Facts RunFind(const Call& call) {
  const mpi::Answer answer = CallFind(call);
  const CompatibleOutcome outcome = mpi::hl7::CompatibleOutcomeOf(
      answer, call.http_status ? mpi::hl7::ReadBy::kClient : mpi::hl7::ReadBy::kParserAlone,
      call.mpi_compat);
  Json out = AnswerJson(answer, outcome);
  out["query_response"] = WordOrNull(answer.query_response);
  out["match_score"] = NumberOrNull(answer.match_score);
  out["below_threshold"] = answer.below_threshold;
  out["result_count"] = NumberOrNull(answer.result_count);
  out["identity_match_threshold"] = NumberOrNull(answer.identity_match_threshold);
  out["potential_duplicate_threshold"] = NumberOrNull(answer.potential_duplicate_threshold);
  out["profile"] = ProfileJson(mpi::hl7::CompatibleProfileOf(answer, call.mpi_compat),
                               call.mpi_compat, answer.transaction_id);
  // Seen from the transport, `status` is the error's number and `outcome` the reference's word.
  if (call.interaction.empty()) {
    out["outcome"] = outcome.status;
    out["status"] = NumberOrNull(outcome.http_status);
  }
  return FactsOf(std::move(out), outcome.status == "ok");
}

Facts RunAdd(const Call& call) {
  const mpi::hl7::ExpectedEcho expected{call.message_id, !call.message_id.empty()};
  const mpi::ChangeAnswer answer = call.http_status ? mpi::hl7::ReadAddAnswer(call.Http(), expected)
                                                    : mpi::hl7::ParseAddAnswer(call.body, expected);
  const CompatibleOutcome outcome = mpi::hl7::CompatibleOutcomeOf(answer, call.mpi_compat);
  Json out = AnswerJson(answer, outcome);
  out["codes"] = CodesJson(answer.codes);
  return FactsOf(std::move(out), outcome.status == "ok");
}

// One of `ids`: text under VA's root, or {extension, root}.
absl::StatusOr<identity::CorrelatedId> DecodeId(const Json& id) {
  const bool bare = id.is_string();
  if (!bare && !Member(id, "extension").is_string()) {
    return Odd(absl::StrCat("an id is ", Shown(id)));
  }
  const std::string extension = bare ? id.get<std::string>() : TextMember(id, "extension");
  const std::string root = bare ? std::string(identity::kVaRoot) : TextMember(id, "root");
  std::optional<identity::CorrelatedId> parsed = identity::ParseCorrelatedId(extension, root);
  if (!parsed) return absl::NotFoundError("no identifier");
  return *std::move(parsed);
}

absl::StatusOr<identity::GcIds> DecodeIds(const Json& ids) {
  if (!ids.is_array()) return Odd("input.ids is no list");
  std::vector<identity::CorrelatedId> rows;
  std::size_t malformed = 0;
  for (const Json& id : ids) {
    if (id.is_object() && id.contains("extension") && id["extension"].is_null())
      continue;  // as with nullFlavor
    absl::StatusOr<identity::CorrelatedId> row = DecodeId(id);
    if (row.ok()) {
      rows.push_back(*std::move(row));
    } else if (absl::IsNotFound(row.status())) {
      ++malformed;
    } else {
      return row.status();
    }
  }
  return identity::GcIds(std::move(rows), malformed);
}

}  // namespace

Json CodesJson(const mpi::ChangeCodes& codes) {
  Json out = Json::object();
  const auto add = [&out](const char* name, const auto& value) {
    if (value) out[name] = value->Reveal();
  };
  add("birls_id", codes.birls_id);
  add("participant_id", codes.participant_id);
  add("idme_uuid", codes.idme_uuid);
  add("logingov_uuid", codes.logingov_uuid);
  add("edipi", codes.edipi);
  add("icn", codes.icn);
  for (const mpi::OtherCode& other : codes.other) {
    Json one = Json::object();
    for (const auto& [name, value] : other) one[name] = value.Reveal();
    out["other"].push_back(std::move(one));
  }
  return out;
}

absl::StatusOr<Facts> RunMpiParse(const Row& row, const Mode& mode,
                                  const Environment& environment) {
  const absl::StatusOr<Call> call = Decode(row, mode, environment);
  if (!call.ok()) return call.status();
  return call->interaction == "add_or_update" ? RunAdd(*call) : RunFind(*call);
}

absl::StatusOr<Facts> RunMpiIds(const Row& row, const Mode&, const Environment&) {
  const Json& input = Member(row.body, "input");
  const Json& joined = Member(input, "gcids");
  if (!joined.is_null() && !joined.is_string()) return Odd("input.gcids is no text");
  // Null is an attribute that is not there.
  const bool pipes = joined.is_string() || !input.contains("ids");
  absl::StatusOr<identity::GcIds> ids =
      pipes ? identity::ParseGcIds(TextMember(input, "gcids")) : DecodeIds(Member(input, "ids"));
  if (!ids.ok()) return ids.status();
  Facts facts;
  AddIds(*ids, facts.result);
  facts.result["historical_icns"] = ListOf(ids->historical_icns());
  return facts;
}

}  // namespace va::conformance
