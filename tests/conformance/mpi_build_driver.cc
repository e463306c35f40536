#include "tests/conformance/mpi_build_driver.h"

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/hl7/change_request.h"
#include "services/mpi-adapter/hl7/find_request.h"
#include "services/mpi-adapter/hl7/namespaces.h"
#include "services/mpi-adapter/hl7/reader.h"

namespace va::conformance {
namespace {

using identity::CspId;
using identity::PersonText;
using mpi::hl7::Attr;
using mpi::hl7::AttrAt;
using mpi::hl7::First;
using mpi::hl7::Walk;

absl::Status Odd(const std::string& what) { return absl::InvalidArgumentError(what); }

// ---- the row ----

// Everything a row may name, with the person of rows that do not.
std::map<std::string, std::string> Sample() {
  return {{"first_name", "Zebulon"},
          {"last_name", "Testwell"},
          {"birth_date", "1951-04-09"},
          {"ssn", "987001234"},
          {"icn", "1019900417V557122"},
          {"email", "zebulon@example.test"},
          {"search_token", "WSDOC1"},
          {"middle_name", ""},
          {"gender", ""},
          {"edipi", ""},
          {"idme_uuid", ""},
          {"logingov_uuid", ""},
          {"identifier", ""},
          {"identifier_type", ""},
          {"facility_id", ""},
          {"vista_id", ""},
          {"search_type", "MVI.COMP1.RMS"},
          {"view_type", "PV"},
          {"message", ""}};
}

struct Parts {
  std::map<std::string, std::string> values = Sample();
  std::set<std::string> named;

  const std::string& At(const std::string& name) const { return values.at(name); }
  PersonText Text(const std::string& name) const { return PersonText::FromWire(At(name)); }
  CspId Id(const std::string& name) const { return CspId::FromWire(At(name)); }
  bool Names(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      if (named.count(name) > 0) return true;
    }
    return false;
  }
};

absl::StatusOr<Parts> Decode(const Json& input) {
  Parts parts;
  if (!input.is_object()) return Odd("input is no object");
  for (const auto& [name, value] : input.items()) {
    const auto known = parts.values.find(name);
    if (known == parts.values.end()) {
      return Odd(absl::StrCat("input.", OneLine(name), " is not understood"));
    }
    if (!value.is_string() && !value.is_null()) {
      return Odd(absl::StrCat("input.", name, " is ", Shown(value)));
    }
    known->second = value.is_null() ? "" : value.get<std::string>();
    parts.named.insert(name);
  }
  return parts;
}

// Which messages a row is about.
std::vector<std::string> MessagesOf(const Parts& parts) {
  if (!parts.At("message").empty()) return {parts.At("message")};
  if (parts.Names({"facility_id"})) return {"facility"};
  if (parts.Names({"identifier_type"})) return {"identifier"};
  if (parts.Names({"search_token"})) return {"proxy"};
  const bool credential = parts.Names({"idme_uuid", "logingov_uuid"});
  if (credential) return {parts.Names({"edipi", "icn", "email"}) ? "update" : "add"};
  if (parts.named == std::set<std::string>{"edipi"}) return {"edipi", "traits"};
  return {"traits"};
}

// ---- the messages ----

absl::StatusOr<mpi::IdentifierType> TypeOf(const std::string& word) {
  static const std::map<std::string, mpi::IdentifierType>& types =
      *new std::map<std::string, mpi::IdentifierType>{
          {"ICN", mpi::IdentifierType::kIcn},
          {"idme", mpi::IdentifierType::kIdme},
          {"logingov", mpi::IdentifierType::kLogingov},
          {"mhv", mpi::IdentifierType::kMhv},
      };
  const auto found = types.find(word);
  if (found == types.end()) return Odd(absl::StrCat("identifier_type is ", OneLine(word)));
  return found->second;
}

mpi::ByTraits TraitsOf(const Parts& parts) {
  mpi::ByTraits traits;
  traits.first_name = parts.Text("first_name");
  traits.middle_name = parts.Text("middle_name");
  traits.last_name = parts.Text("last_name");
  traits.birth_date = identity::BirthDate::FromWire(parts.At("birth_date"));
  traits.ssn = identity::Ssn::FromWire(parts.At("ssn"));
  traits.gender = parts.Text("gender");
  traits.edipi = parts.Id("edipi");
  return traits;
}

// What the three changes have in common.
template <typename SomeChange>
SomeChange ChangeOf(const Parts& parts) {
  SomeChange change;
  change.first_name = parts.Text("first_name");
  change.last_name = parts.Text("last_name");
  change.birth_date = identity::BirthDate::FromWire(parts.At("birth_date"));
  change.ssn = identity::Ssn::FromWire(parts.At("ssn"));
  return change;
}

mpi::AddPerson AddOf(const Parts& parts) {
  mpi::AddPerson add = ChangeOf<mpi::AddPerson>(parts);
  add.idme_uuid = parts.Id("idme_uuid");
  add.logingov_uuid = parts.Id("logingov_uuid");
  add.email = parts.Text("email");
  return add;
}

mpi::AddByProxy ProxyOf(const Parts& parts) {
  mpi::AddByProxy add = ChangeOf<mpi::AddByProxy>(parts);
  add.icn = identity::Icn::FromWire(parts.At("icn"));
  add.edipi = parts.Id("edipi");
  add.search_token = parts.At("search_token");
  return add;
}

mpi::UpdatePerson UpdateOf(const Parts& parts) {
  mpi::UpdatePerson update = ChangeOf<mpi::UpdatePerson>(parts);
  update.icn = identity::Icn::FromWire(parts.At("icn"));
  update.edipi = parts.Id("edipi");
  update.logingov_uuid = parts.Id("logingov_uuid");
  update.idme_uuid = parts.Id("idme_uuid");
  update.email = parts.Text("email");
  return update;
}

absl::StatusOr<mpi::Question> QuestionOf(const std::string& message, const Parts& parts) {
  mpi::Question question;
  if (message == "traits") question.by = TraitsOf(parts);
  if (message == "facility")
    question.by = mpi::ByFacility{parts.At("facility_id"), parts.Id("vista_id")};
  if (message == "edipi") {
    question.by = mpi::ByIdentifier{mpi::IdentifierType::kEdipi, parts.Id("edipi")};
  }
  if (message == "identifier") {
    const absl::StatusOr<mpi::IdentifierType> type = TypeOf(parts.At("identifier_type"));
    if (!type.ok()) return type.status();
    question.by = mpi::ByIdentifier{*type, parts.Id("identifier")};
  }
  if (parts.At("search_type") == "MVI.COMP1") question.search = mpi::SearchType::kCorrelations;
  if (parts.At("search_type") == "MVI.COMP2") question.search = mpi::SearchType::kIcnHistory;
  if (parts.At("view_type") == "COR") question.view = mpi::View::kCorrelation;
  return question;
}

mpi::hl7::MessageStamp Stamp() {
  return {"200VGOV-5f0c8a52-0f0e-4a9e-9d3b-6b1f2d1c7e01", "9a7d1c44-6a55-4f0e-8a0b-33b8c7f3a902",
          absl::FromUnixSeconds(1768478400)};
}

struct Built {
  std::string soapaction;
  absl::StatusOr<xml::Document> document;
};

absl::StatusOr<Built> Build(const std::string& message, const Parts& parts) {
  const auto change = [](const mpi::Change& some) {
    return Built{std::string(mpi::hl7::InteractionOf(some)),
                 mpi::hl7::BuildChangeRequest(some, Stamp(), {})};
  };
  if (message == "add") return change(AddOf(parts));
  if (message == "proxy") return change(ProxyOf(parts));
  if (message == "update") return change(UpdateOf(parts));
  if (message != "traits" && message != "facility" && message != "edipi" &&
      message != "identifier") {
    return Odd(absl::StrCat("message is ", OneLine(message)));
  }
  const absl::StatusOr<mpi::Question> question = QuestionOf(message, parts);
  if (!question.ok()) return question.status();
  return Built{"PRPA_IN201305UV02", mpi::hl7::BuildFindRequest(*question, Stamp(), {})};
}

// ---- what the bytes say ----

std::string TextAt(const xml::Element& from, std::initializer_list<absl::string_view> path) {
  const std::optional<xml::Element> found = Walk(from, path);
  return found ? mpi::hl7::TextOf(*found) : "";
}

Json IdJson(const xml::Element& id) {
  return {{"root", Attr(id, "root")}, {"extension", Attr(id, "extension")}};
}

Json NamesOf(const xml::Element& parent) {
  Json names = Json::array();
  for (const xml::Element child : parent.Children()) {
    names.push_back(std::string(child.local_name()));
  }
  return names;
}

void ReadQuestion(const xml::Element& act, Json& out) {
  const auto query = First(act, "queryByParameter");
  if (!query) return;
  out["modifyCode"] = AttrAt(*query, {"modifyCode"}, "code");
  out["responseElementGroupId"] = AttrAt(*query, {"responseElementGroupId"}, "extension");
  const auto list = First(*query, "parameterList");
  if (!list) return;
  out["parameters"] = NamesOf(*list);
  if (const auto id = First(*list, "id")) out["parameter_id"] = IdJson(*id);
  if (const auto scope = First(*list, "otherIDsScopingOrganization")) {
    out["otherIDsScopingOrganization"] = {{"extension", AttrAt(*scope, {"value"}, "extension")},
                                          {"semanticsText", TextAt(*scope, {"semanticsText"})}};
  }
  const std::string birth = AttrAt(*list, {"livingSubjectBirthTime", "value"}, "value");
  if (!birth.empty()) out["wire"] = birth;
}

void ReadAsker(const xml::Element& act, Json& out) {
  const auto person = Walk(act, {"dataEnterer", "assignedPerson"});
  if (!person) return;
  out["data_enterer"] = AttrAt(*person, {"id"}, "extension");
  const auto organization = First(*person, "representedOrganization");
  if (!organization) return;
  out["representedOrganization_id"] = AttrAt(*organization, {"id"}, "extension");
  out["desc"] = TextAt(*organization, {"desc"});
  out["telecom"] = First(*organization, "telecom").has_value();
  const std::string code = AttrAt(*organization, {"code"}, "code");
  const bool utc =
      code == absl::FormatTime("%Y-%m-%d %H:%M:%S", Stamp().created, absl::UTCTimeZone());
  out["code_format"] = utc ? "YYYY-MM-DD HH:MM:SS UTC" : code;
}

void ReadPerson(const xml::Element& act, Json& out) {
  const auto patient = Walk(act, {"subject", "registrationEvent", "subject1", "patient"});
  if (!patient) return;
  out["patient_id"] = AttrAt(*patient, {"id"}, "extension");
  const auto person = First(*patient, "patientPerson");
  if (!person) return;
  out["person"] = NamesOf(*person);
  out["wire"] = AttrAt(*person, {"birthTime"}, "value");
  if (const auto id = First(*person, "id")) {
    out["credential"] = Attr(*id, "extension");
    out["root"] = Attr(*id, "root");
  }
}

absl::Status Read(const std::string& bytes, bool asker_alone, Json& out) {
  std::string storage;
  const auto document = xml::Document::Parse(mpi::hl7::WithAsciiNamespaces(bytes, storage));
  if (!document.ok()) return document.status();
  for (const xml::Element part : document->root().Children()) {
    if (part.local_name() != "Body") continue;
    for (const xml::Element payload : part.Children()) {
      out["interaction"] = std::string(payload.local_name());
      out["search_token"] = TextAt(payload, {"attentionLine", "value"});
      const auto act = First(payload, "controlActProcess");
      if (!act) continue;
      ReadAsker(*act, out);
      if (asker_alone) continue;
      ReadQuestion(*act, out);
      ReadPerson(*act, out);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Facts> RunMpiBuild(const Row& row, const Mode& /*mode*/,
                                  const Environment& /*environment*/) {
  const absl::StatusOr<Parts> parts = Decode(Member(row.body, "input"));
  if (!parts.ok()) return parts.status();
  Facts facts;
  facts.result = Json::object();
  for (const std::string& message : MessagesOf(*parts)) {
    const absl::StatusOr<Built> built = Build(message, *parts);
    if (!built.ok()) return built.status();
    if (!built->document.ok()) {
      const absl::Status& why = built->document.status();
      facts.error = {{"reason", base::ReasonOf(why)}, {"message", std::string(why.message())}};
      facts.result = facts.error;
      return facts;
    }
    facts.result["soapaction"] = built->soapaction;
    // Of the second message about an EDIPI only what the first does not have: who asks.
    const bool second = facts.result.contains("interaction");
    const absl::Status read =
        Read(built->document->SerializeWithDeclaration(), second, facts.result);
    if (!read.ok()) return read;
  }
  return facts;
}

}  // namespace va::conformance
