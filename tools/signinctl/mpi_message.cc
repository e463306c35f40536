#include "tools/signinctl/mpi_message.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "lib/base/status.h"
#include "lib/config/edit_distance.h"
#include "lib/identity/disclosure.h"
#include "services/mpi-adapter/hl7/change_request.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/find_request.h"
#include "services/mpi-adapter/hl7/message_writer.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {
namespace {

using identity::CspId;
using identity::PersonText;
using mpi::IdentifierType;

absl::Status Refuse(absl::string_view reason, const std::string& words) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, words);
}

// What was written, by key; the address apart.
struct Given {
  std::map<std::string, std::string> texts;
  std::optional<mpi::PostalAddress> address;

  std::string At(const std::string& key) const {
    const auto found = texts.find(key);
    return found == texts.end() ? "" : found->second;
  }
  PersonText Text(const std::string& key) const { return PersonText::FromWire(At(key)); }
  CspId Id(const std::string& key) const { return CspId::FromWire(At(key)); }
};

struct Operation {
  std::string name;
  std::vector<std::string> required;
  std::vector<std::string> optional;
  std::function<MpiMessage(const Given&)> make;
  bool question = true;
  std::string identifier = {};  // the key that the adapter calls `identifier`
  bool needs_all = false;       // to the adapter it would be another question without one of them

  std::vector<std::string> Keys() const {
    std::vector<std::string> keys = required;
    keys.insert(keys.end(), optional.begin(), optional.end());
    return keys;
  }
};

mpi::Question WithOptions(mpi::Question question, const Given& given) {
  const auto says = [&given](const char* key, const char* word) {
    return absl::EqualsIgnoreCase(given.At(key), word);
  };
  if (says("search_type", "MVI.COMP1")) question.search = mpi::SearchType::kCorrelations;
  if (says("search_type", "MVI.COMP2")) question.search = mpi::SearchType::kIcnHistory;
  if (says("view", "COR")) question.view = mpi::View::kCorrelation;
  return question;
}

Operation ById(const std::string& name, const std::string& key, IdentifierType type) {
  return {name,
          {key},
          {"search_type", "view"},
          [key, type](const Given& given) -> MpiMessage {
            return WithOptions(mpi::ByIdentifier{type, given.Id(key)}, given);
          },
          true,
          key};
}

// By the words of the reference and of our own contract.
const std::vector<std::pair<std::string, IdentifierType>>& IdentifierTypes() {
  static const auto& types = *new std::vector<std::pair<std::string, IdentifierType>>{
      {"ICN", IdentifierType::kIcn},
      {"idme", IdentifierType::kIdme},
      {"logingov", IdentifierType::kLogingov},
      {"mhv", IdentifierType::kMhv},
      {"EDIPI", IdentifierType::kEdipi}};
  return types;
}

MpiMessage IdentifierQuestion(const Given& given) {
  mpi::ByIdentifier by{IdentifierType::kIcn, given.Id("identifier")};
  for (const auto& [word, type] : IdentifierTypes()) {
    if (absl::EqualsIgnoreCase(given.At("identifier_type"), word)) by.type = type;
  }
  return WithOptions(std::move(by), given);
}

MpiMessage FacilityQuestion(const Given& given) {
  return WithOptions(mpi::ByFacility{given.At("facility"), given.Id("vista_id")}, given);
}

MpiMessage TraitsQuestion(const Given& given) {
  mpi::ByTraits traits;
  traits.first_name = given.Text("first_name");
  traits.middle_name = given.Text("middle_name");
  traits.last_name = given.Text("last_name");
  traits.birth_date = identity::BirthDate::FromWire(given.At("birth_date"));
  traits.ssn = identity::Ssn::FromWire(given.At("ssn"));
  traits.gender = given.Text("gender");
  traits.edipi = given.Id("edipi");
  return WithOptions(std::move(traits), given);
}

// What the three changes have in common.
template <typename SomeChange>
SomeChange ChangeOf(const Given& given) {
  SomeChange change;
  change.first_name = given.Text("first_name");
  change.last_name = given.Text("last_name");
  change.birth_date = identity::BirthDate::FromWire(given.At("birth_date"));
  change.ssn = identity::Ssn::FromWire(given.At("ssn"));
  return change;
}

MpiMessage AddPerson(const Given& given) {
  auto add = ChangeOf<mpi::AddPerson>(given);
  add.idme_uuid = given.Id("idme_uuid");
  add.logingov_uuid = given.Id("logingov_uuid");
  add.email = given.Text("email");
  add.address = given.address;
  return mpi::Change(std::move(add));
}

MpiMessage AddProxy(const Given& given) {
  auto add = ChangeOf<mpi::AddByProxy>(given);
  add.icn = identity::Icn::FromWire(given.At("icn"));
  add.edipi = given.Id("edipi");
  add.search_token = given.At("search_token");
  return mpi::Change(std::move(add));
}

MpiMessage UpdateProfile(const Given& given) {
  auto update = ChangeOf<mpi::UpdatePerson>(given);
  update.icn = identity::Icn::FromWire(given.At("icn"));
  update.edipi = given.Id("edipi");
  update.logingov_uuid = given.Id("logingov_uuid");
  update.idme_uuid = given.Id("idme_uuid");
  update.email = given.Text("email");
  update.address = given.address;
  return mpi::Change(std::move(update));
}

const std::vector<Operation>& Operations() {
  static const auto& operations = *new std::vector<Operation>{
      ById("find-by-icn", "icn", IdentifierType::kIcn),
      ById("find-by-idme", "idme_uuid", IdentifierType::kIdme),
      ById("find-by-logingov", "logingov_uuid", IdentifierType::kLogingov),
      ById("find-by-mhv", "mhv_id", IdentifierType::kMhv),
      ById("find-by-edipi", "edipi", IdentifierType::kEdipi),
      {"find-by-facility",
       {"facility", "vista_id"},
       {"search_type", "view"},
       FacilityQuestion,
       true,
       "vista_id"},
      {"find-by-identifier",
       {"identifier", "identifier_type"},
       {"search_type", "view"},
       IdentifierQuestion,
       true,
       "identifier",
       true},
      {"find-by-attributes",
       {"first_name", "last_name", "birth_date", "ssn"},
       {"middle_name", "gender", "edipi", "search_type", "view"},
       TraitsQuestion},
      {"find-orchestrated",
       {"first_name", "last_name", "birth_date", "ssn", "edipi"},
       {"middle_name", "gender", "search_type", "view"},
       TraitsQuestion,
       true,
       "",
       true},
      {"add-person",
       {"last_name", "birth_date"},
       {"idme_uuid", "logingov_uuid", "first_name", "ssn", "email", "address"},
       AddPerson,
       false},
      {"add-proxy",
       {"first_name", "last_name", "ssn", "birth_date", "icn", "edipi", "search_token"},
       {},
       AddProxy,
       false},
      {"update-profile",
       {"last_name", "email", "birth_date", "icn"},
       {"edipi", "logingov_uuid", "idme_uuid", "first_name", "ssn", "address"},
       UpdateProfile,
       false},
  };
  return operations;
}

// FindByIdentifier and find_by_identifier are find-by-identifier.
std::string WithHyphens(absl::string_view name) {
  std::string out;
  bool after_lower = false;
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    if (absl::ascii_isupper(letter) && after_lower) out += '-';
    out += c == '_' ? '-' : absl::ascii_tolower(letter);
    after_lower = absl::ascii_islower(letter);
  }
  return out;
}

// Whoever comes from the adapter's contract or from the specification has other names for the same:
// both are taken.
std::string OwnNameOf(absl::string_view operation) {
  static const auto& others = *new std::map<std::string, std::string>{
      {"find-by-traits", "find-by-attributes"},
      {"find-by-attributes-orchestrated", "find-orchestrated"},
      {"find-by-attributes-orch-search", "find-orchestrated"},
      {"find-by-attributes-with-orch-search", "find-orchestrated"},
      {"add-person-implicit", "add-person"},
      {"add-person-implicit-search", "add-person"},
      {"add-person-proxy", "add-proxy"},
      {"add-person-proxy-add", "add-proxy"}};
  std::string name = absl::StrReplaceAll(WithHyphens(operation), {{"find-profile-by", "find-by"}});
  absl::string_view bare = name;
  if (absl::StartsWith(name, "find-by-") &&
      (absl::ConsumeSuffix(&bare, "-uuid") || absl::ConsumeSuffix(&bare, "-id"))) {
    name = std::string(bare);
  }
  const auto found = others.find(name);
  return found == others.end() ? name : found->second;
}

const Operation* Find(const std::string& operation, bool questions_only) {
  const std::string name = OwnNameOf(operation);
  for (const Operation& one : Operations()) {
    if (one.name == name && (one.question || !questions_only)) return &one;
  }
  return nullptr;
}

// ---- JSON ----

absl::Status UnknownKey(const std::string& key, const std::vector<std::string>& known) {
  const std::string nearest = config::Nearest(key, known);
  return Refuse("UNKNOWN_KEY",
                absl::StrCat("there is no key ",
                             Json(key).dump(-1, ' ', true, Json::error_handler_t::replace),
                             nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"),
                             " Keys: ", absl::StrJoin(known, ", ")));
}

// Text; null is nothing.
absl::StatusOr<std::string> TextOf(const std::string& key, const Json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return Refuse("BAD_VALUE", absl::StrCat(key, ": must be a text"));
  return value.get<std::string>();
}

absl::StatusOr<std::vector<PersonText>> StreetOf(const Json& value) {
  std::vector<PersonText> lines;
  const Json list = value.is_array() ? value : Json::array({value});
  for (const Json& line : list) {
    absl::StatusOr<std::string> text = TextOf("address.street", line);
    if (!text.ok()) return text.status();
    lines.push_back(PersonText::FromWire(*std::move(text)));
  }
  return lines;
}

absl::StatusOr<mpi::PostalAddress> AddressOf(const Json& value) {
  if (!value.is_object()) return Refuse("BAD_VALUE", "address: must be an object");
  mpi::PostalAddress address;
  const std::map<std::string, PersonText*> parts = {{"city", &address.city},
                                                    {"state", &address.state},
                                                    {"postal_code", &address.postal_code},
                                                    {"country", &address.country}};
  std::vector<PersonText> second;
  for (const auto& [key, part] : value.items()) {
    if (key == "street" || key == "street2") {
      absl::StatusOr<std::vector<PersonText>> lines = StreetOf(part);
      if (!lines.ok()) return lines.status();
      (key == "street" ? address.street : second) = *std::move(lines);
      continue;
    }
    const auto known = parts.find(key);
    if (known == parts.end()) {
      return UnknownKey(key, {"street", "street2", "city", "state", "postal_code", "country"});
    }
    absl::StatusOr<std::string> text = TextOf(absl::StrCat("address.", key), part);
    if (!text.ok()) return text.status();
    *known->second = PersonText::FromWire(*std::move(text));
  }
  address.street.insert(address.street.end(), second.begin(), second.end());
  return address;
}

absl::Status CheckWord(const Given& given, const std::string& key,
                       const std::vector<std::string>& words) {
  const std::string word = given.At(key);
  const auto is = [&word](const std::string& one) { return absl::EqualsIgnoreCase(one, word); };
  if (word.empty() || std::any_of(words.begin(), words.end(), is)) return absl::OkStatus();
  return Refuse("BAD_VALUE", absl::StrCat(key, ": must be one of ", absl::StrJoin(words, ", ")));
}

absl::Status CheckWords(const Given& given) {
  std::vector<std::string> types;
  for (const auto& [word, type] : IdentifierTypes()) types.push_back(word);
  for (absl::Status status :
       {CheckWord(given, "search_type", {"MVI.COMP1", "MVI.COMP2", "MVI.COMP1.RMS"}),
        CheckWord(given, "view", {"PV", "COR"}), CheckWord(given, "identifier_type", types)}) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckMissing(const Operation& operation, const Given& given) {
  std::vector<std::string> missing;
  for (const std::string& key : operation.required) {
    if (absl::StripAsciiWhitespace(given.At(key)).empty()) missing.push_back(key);
  }
  if (!operation.needs_all || missing.empty()) return absl::OkStatus();
  return Refuse("FIELD_MISSING",
                absl::StrCat("Required values missing: [", absl::StrJoin(missing, ", "), "]"));
}

std::string OwnKeyOf(const Operation& operation, const std::string& key) {
  if (key == "facility_id") return "facility";
  if (key == "view_type") return "view";
  return key == "identifier" && !operation.identifier.empty() ? operation.identifier : key;
}

absl::StatusOr<Given> ReadKeys(const Operation& operation, const Json& json) {
  const std::vector<std::string> known = operation.Keys();
  Given given;
  for (const auto& [word, value] : json.items()) {
    const std::string key = OwnKeyOf(operation, word);
    if (std::find(known.begin(), known.end(), key) == known.end()) return UnknownKey(word, known);
    if (given.texts.count(key) > 0) {
      return Refuse("BAD_JSON", absl::StrCat(key, " is given twice"));
    }
    if (key == "address") {
      if (value.is_null()) continue;
      absl::StatusOr<mpi::PostalAddress> address = AddressOf(value);
      if (!address.ok()) return address.status();
      given.address = *std::move(address);
      continue;
    }
    absl::StatusOr<std::string> text = TextOf(key, value);
    if (!text.ok()) return text.status();
    given.texts[key] = *std::move(text);
  }
  if (absl::Status no = CheckWords(given); !no.ok()) return no;
  if (absl::Status no = CheckMissing(operation, given); !no.ok()) return no;
  return given;
}

// Far deeper than any of these; the parser recurses.
constexpr int kDeepest = 8;

// An object, no key of it twice.
std::optional<Json> ParseObject(absl::string_view text, std::string& twice) {
  std::vector<std::vector<std::string>> open;
  bool deep = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kDeepest) deep = true;
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.empty()) {
      auto key = parsed.get<std::string>();
      std::vector<std::string>& seen = open.back();
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) twice = key;
      seen.push_back(std::move(key));
    }
    return !deep;
  };
  Json json = Json::parse(text.begin(), text.end(), watch, false);
  if (deep || json.is_discarded() || !json.is_object()) return std::nullopt;
  return json;
}

// ---- masking ----

using mpi::hl7::Writer;

bool OneOf(absl::string_view name, std::initializer_list<absl::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Where an element stands.
struct Place {
  absl::string_view parent;
  absl::string_view name;
  int depth;  // 0: a child of the interaction
};

// Ids of messages, queries, devices and of the scope: they name no person.
bool IsHarmlessId(const Place& place) {
  return place.depth == 0 || OneOf(place.name, {"queryId", "responseElementGroupId"}) ||
         OneOf(place.parent, {"device", "otherIDsScopingOrganization"});
}

std::string MaskedExtension(const std::string& extension) {
  const size_t grammar = extension.find('^');
  return absl::StrCat(identity::kMask,
                      grammar == std::string::npos ? "" : extension.substr(grammar));
}

std::string MaskedAttribute(const Place& place, absl::string_view name, const std::string& value) {
  if (name == "extension") return IsHarmlessId(place) ? value : MaskedExtension(value);
  if (name == "value") {
    return OneOf(place.name, {"creationTime", "initialQuantity"}) ? value : identity::kMask;
  }
  if (name == "code" && place.parent == "livingSubjectAdministrativeGender") return identity::kMask;
  return value;
}

std::string MaskedText(const Place& place, const std::string& text) {
  // A name of a person has parts; one that is text is an organization's.
  return OneOf(place.name, {"semanticsText", "keyWordText", "desc", "name"}) ? text
                                                                             : identity::kMask;
}

// The attributes of these messages that may be shown or masked; another one is left out.
constexpr absl::string_view kAttributes[] = {
    "typeCode",  "classCode", "moodCode",   "determinerCode", "contextControlCode", "use", "root",
    "extension", "code",      "codeSystem", "value",          "nullFlavor"};

void CopyMasked(const xml::Element& element, const Place& place, Writer& out) {
  const bool leaf = element.Children().empty();
  const std::string text = leaf ? element.Text() : "";
  if (element.AttrNs(mpi::hl7::kXsiNs, "type") || element.AttrNs(mpi::hl7::kXsiNsU2010, "type")) {
    out.TypedLeaf(place.name, MaskedText(place, text));
    return;
  }
  if (!text.empty()) {
    out.Leaf(place.name, MaskedText(place, text));
    return;
  }
  out.Open(place.name);
  for (const absl::string_view name : kAttributes) {
    const std::optional<std::string> value = element.Attr(name);
    if (value) out.Attr(name, MaskedAttribute(place, name, *value));
  }
  for (const xml::Element child : element.Children()) {
    CopyMasked(child, {place.name, child.local_name(), place.depth + 1}, out);
  }
  out.Close();
}

}  // namespace

std::vector<std::string> MpiOperations(bool questions_only) {
  std::vector<std::string> names;
  for (const Operation& one : Operations()) {
    if (one.question || !questions_only) names.push_back(one.name);
  }
  return names;
}

std::string MpiOperationsHelp(bool questions_only) {
  std::string text = "Operations, and the keys of their JSON (those in brackets may be missing):\n";
  for (const Operation& one : Operations()) {
    if (questions_only && !one.question) continue;
    absl::StrAppend(&text, "  ", one.name, std::string(20 - one.name.size(), ' '),
                    absl::StrJoin(one.required, " "));
    if (!one.optional.empty()) {
      absl::StrAppend(&text, one.required.empty() ? "" : " ", "[", absl::StrJoin(one.optional, " "),
                      "]");
    }
    absl::StrAppend(&text, "\n");
  }
  absl::StrAppend(
      &text,
      "Every value is a text; null counts as missing. birth_date: YYYY-MM-DD or YYYYMMDD. ssn: "
      "nine\n"
      "digits, hyphens or not. edipi: ten digits; with find-by-attributes it makes the search an\n"
      "orchestrated one. search_type: MVI.COMP1, MVI.COMP2 or MVI.COMP1.RMS, which is the "
      "default.\n"
      "view: PV, which is the default, or COR. identifier_type: ICN, idme, logingov, mhv, EDIPI.\n"
      "Names of the RPCs and of the specification do as well: FindByIdentifier, add_person_proxy,\n"
      "facility_id, view_type.\n");
  if (!questions_only) {
    absl::StrAppend(
        &text,
        "add-person needs idme_uuid or logingov_uuid, update-profile edipi, logingov_uuid or\n"
        "idme_uuid. address: {\"street\":[...],\"city\",\"state\",\"postal_code\",\"country\"}.\n");
  }
  return text;
}

absl::StatusOr<MpiMessage> ReadMpiMessage(const std::string& operation, absl::string_view json,
                                          bool questions_only) {
  const Operation* const found = Find(operation, questions_only);
  if (found == nullptr) {
    const std::vector<std::string> known = MpiOperations(questions_only);
    const std::string nearest = config::Nearest(operation, known);
    return Refuse("OPERATION_UNKNOWN",
                  absl::StrCat("there is no operation of that name",
                               nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"),
                               " Operations: ", absl::StrJoin(known, ", ")));
  }
  std::string twice;
  const std::optional<Json> object = ParseObject(json, twice);
  if (!object) return Refuse("BAD_JSON", "must be one JSON object");
  if (!twice.empty()) {
    const std::vector<std::string> known = found->Keys();
    const bool own = std::find(known.begin(), known.end(), twice) != known.end();
    return Refuse("BAD_JSON", absl::StrCat(own ? twice : "a key", " is given twice"));
  }
  const absl::StatusOr<Given> given = ReadKeys(*found, *object);
  if (!given.ok()) return given.status();
  return found->make(*given);
}

absl::StatusOr<xml::Document> BuildMpiMessage(const MpiMessage& message,
                                              const std::string& operation,
                                              const mpi::hl7::MessageStamp& stamp,
                                              const mpi::hl7::MessageSettings& settings) {
  const auto* const question = std::get_if<mpi::Question>(&message);
  absl::StatusOr<xml::Document> built =
      question != nullptr
          ? mpi::hl7::BuildFindRequest(*question, stamp, settings)
          : mpi::hl7::BuildChangeRequest(std::get<mpi::Change>(message), stamp, settings);
  if (built.ok()) return built;
  // Whoever wrote the file knows the key by its own name.
  const Operation* const found = Find(operation, false);
  std::string words(built.status().message());
  if (found != nullptr && !found->identifier.empty()) {
    words = absl::StrReplaceAll(words, {{"identifier", found->identifier}});
  }
  return base::MakeError(built.status().code(), base::ReasonOf(built.status()), words);
}

absl::StatusOr<xml::Document> MaskedMpiMessage(const xml::Document& message,
                                               const mpi::hl7::MessageSettings& settings) {
  Writer out(settings.u2010_namespaces);
  for (const xml::Element part : message.root().Children()) {
    for (const xml::Element payload : part.Children()) {
      out.OpenInteraction(payload.local_name());
      for (const xml::Element child : payload.Children()) {
        CopyMasked(child, {payload.local_name(), child.local_name(), 0}, out);
      }
    }
  }
  return out.Finish();
}

}  // namespace va::signinctl
