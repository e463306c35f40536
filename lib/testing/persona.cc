#include "lib/testing/persona.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "yaml-cpp/yaml.h"

namespace va::testing {
namespace {

// A fault in a persona file. Thrown only inside this file: yaml-cpp throws too, and both end in the
// Status of ParsePersona.
struct PersonaFault {
  int line;
  std::string message;
};

[[noreturn]] void Fail(const YAML::Node& node, const std::string& message) {
  throw PersonaFault{node.Mark().line + 1, message};
}

void OnlyKeys(const YAML::Node& map, std::initializer_list<absl::string_view> known) {
  if (!map.IsMap()) Fail(map, "a map is expected here");
  for (const auto& entry : map) {
    const auto key = entry.first.as<std::string>();
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      Fail(entry.first, absl::StrCat("unknown key '", key, "'"));
    }
  }
}

std::string Text(const YAML::Node& map, const char* key, bool required = true) {
  const YAML::Node node = map[key];
  if (node && node.IsScalar() && (!required || !node.Scalar().empty())) return node.Scalar();
  if (node || required) Fail(map, absl::StrCat("'", key, "' must be a text"));
  return "";
}

std::vector<std::string> Texts(const YAML::Node& node) {
  if (node.IsScalar()) return {node.Scalar()};
  if (!node.IsSequence()) Fail(node, "a text or a list of texts is expected here");
  std::vector<std::string> values;
  for (const auto& item : node) {
    if (!item.IsScalar()) Fail(item, "a text is expected here");
    values.push_back(item.Scalar());
  }
  return values;
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// The word under `key`, which must be one of these; empty when the key is absent.
std::string OneOf(const YAML::Node& map, const char* key,
                  std::initializer_list<absl::string_view> words) {
  std::string word = Text(map, key, false);
  if (map[key] && std::find(words.begin(), words.end(), word) == words.end()) {
    Fail(map[key], absl::StrCat("unknown ", key, " '", word, "'"));
  }
  return word;
}

void CheckProvisioning(const YAML::Node& node, const PersonaExpectation& expect) {
  const bool session = expect.outcome == "session";
  if (!session && !(expect.mhv_account + expect.proofing).empty()) {
    Fail(node, "'mhv_account' and 'proofing' need a session");
  }
  // Everybody at LOA3 is asked about at MHV, and nobody below.
  if (session && expect.loa == 3 && expect.mhv_account.empty()) {
    Fail(node, "a session at LOA3 needs 'mhv_account'");
  }
  if (session && expect.loa == 1 && !(expect.mhv_account + expect.proofing).empty()) {
    Fail(node, "a session at LOA1 has neither 'mhv_account' nor 'proofing'");
  }
}

PersonaExpectation ReadExpectation(const YAML::Node& node) {
  OnlyKeys(node, {"exit", "outcome", "loa", "code", "tag", "mhv_account", "proofing"});
  static constexpr std::array<std::pair<absl::string_view, int>, 4> kExits = {
      {{"session", 0}, {"refusal", 3}, {"try_later", 4}, {"step_up", 5}}};
  PersonaExpectation expect;
  expect.outcome = Text(node, "outcome");
  expect.exit = node["exit"].as<int>(-1);
  expect.loa = node["loa"].as<int>(0);
  expect.code = Text(node, "code", false);
  expect.tag = Text(node, "tag", false);
  const auto row = std::find_if(kExits.begin(), kExits.end(),
                                [&](const auto& exit) { return exit.first == expect.outcome; });
  if (row == kExits.end()) Fail(node, absl::StrCat("unknown outcome '", expect.outcome, "'"));
  if (row->second != expect.exit) Fail(node, absl::StrCat("exit must be ", row->second));
  if ((expect.outcome == "refusal" || expect.outcome == "try_later") && expect.code.empty()) {
    Fail(node, "'code' is missing");
  }
  expect.mhv_account =
      OneOf(node, "mhv_account", {"ensured", "needs_terms", "ineligible", "unavailable"});
  expect.proofing = OneOf(node, "proofing", {"invited", "not_eligible", "unavailable"});
  CheckProvisioning(node, expect);
  return expect;
}

PersonaName ReadName(const YAML::Node& node) {
  OnlyKeys(node, {"use", "prefix", "given", "family", "suffix"});
  PersonaName name;
  name.use = Text(node, "use");
  name.prefix = Text(node, "prefix", false);
  if (node["given"]) name.given = Texts(node["given"]);
  name.family = Text(node, "family");
  name.suffix = Text(node, "suffix", false);
  return name;
}

PersonaAddress ReadAddress(const YAML::Node& node) {
  OnlyKeys(node, {"street", "city", "state", "postal_code", "country"});
  return {Text(node, "street", false), Text(node, "city", false), Text(node, "state", false),
          Text(node, "postal_code", false), Text(node, "country", false)};
}

PersonaRelationship ReadRelationship(const YAML::Node& node);

PersonaMpiRecord ReadRecord(const YAML::Node& node) {
  OnlyKeys(node, {"icn", "icns", "names", "gender", "birth_date", "ssn", "deceased_date", "phone",
                  "address", "id_theft", "ids", "relationships"});
  PersonaMpiRecord record;
  record.icn = Text(node, "icn", false);
  if (node["icns"]) record.icns = Texts(node["icns"]);
  for (const auto& name : node["names"]) record.names.push_back(ReadName(name));
  record.gender = Text(node, "gender", false);
  record.birth_date = Text(node, "birth_date", false);
  record.ssn = Text(node, "ssn", false);
  record.deceased_date = Text(node, "deceased_date", false);
  record.phone = Text(node, "phone", false);
  if (node["address"]) record.address = ReadAddress(node["address"]);
  record.id_theft = node["id_theft"].as<bool>(false);
  if (node["ids"]) record.ids = Texts(node["ids"]);
  for (const auto& relationship : node["relationships"]) {
    record.relationships.push_back(ReadRelationship(relationship));
  }
  return record;
}

PersonaRelationship ReadRelationship(const YAML::Node& node) {
  OnlyKeys(node,
           {"role", "role_name", "status", "effective", "expires", "scope", "email", "holder"});
  PersonaRelationship relationship;
  relationship.role = Text(node, "role");
  relationship.role_name = Text(node, "role_name", false);
  relationship.status = Text(node, "status");
  relationship.effective = Text(node, "effective", false);
  relationship.expires = Text(node, "expires", false);
  relationship.scope = Text(node, "scope", false);
  relationship.email = Text(node, "email", false);
  if (!node["holder"]) Fail(node, "'holder' is missing");
  relationship.holder = ReadRecord(node["holder"]);
  if (!relationship.holder.relationships.empty()) {
    Fail(node["holder"], "a holder has no relationships of their own");
  }
  return relationship;
}

PersonaMpi ReadMpi(const YAML::Node& node) {
  OnlyKeys(node, {"outcome", "person"});
  static constexpr std::array<std::pair<absl::string_view, MpiOutcome>, 5> kOutcomes = {
      {{"match", MpiOutcome::kMatch},
       {"multiple", MpiOutcome::kMultiple},
       {"no_match", MpiOutcome::kNoMatch},
       {"down", MpiOutcome::kDown},
       {"not_asked", MpiOutcome::kNotAsked}}};
  const std::string word = Text(node, "outcome");
  const auto row = std::find_if(kOutcomes.begin(), kOutcomes.end(),
                                [&](const auto& outcome) { return outcome.first == word; });
  if (row == kOutcomes.end()) Fail(node, absl::StrCat("unknown outcome '", word, "'"));
  PersonaMpi mpi;
  mpi.outcome = row->second;
  if (node["person"]) mpi.person = ReadRecord(node["person"]);
  if (mpi.outcome == MpiOutcome::kMatch && !mpi.person) Fail(node, "'person' is missing");
  return mpi;
}

PersonaProofing ReadProofing(const YAML::Node& node) {
  OnlyKeys(node,
           {"method", "date", "document", "document_type", "document_country", "document_expires"});
  return {Text(node, "method"),
          Text(node, "date"),
          Text(node, "document", false),
          Text(node, "document_type", false),
          Text(node, "document_country", false),
          Text(node, "document_expires", false)};
}

PersonaMhv ReadMhv(const YAML::Node& node) {
  OnlyKeys(node, {"account", "user_profile_id", "premium", "champ_va", "patient",
                  "sm_account_created", "proofing"});
  PersonaMhv mhv;
  Text(node, "account");
  const std::string account = OneOf(node, "account", {"existing", "none", "deactivated"});
  if (account == "existing") mhv.account = MhvAccount::kExisting;
  if (account == "deactivated") mhv.account = MhvAccount::kDeactivated;
  mhv.user_profile_id = Text(node, "user_profile_id");
  if (!IsDigits(mhv.user_profile_id)) {
    Fail(node["user_profile_id"], "'user_profile_id' must be digits");
  }
  mhv.premium = node["premium"].as<bool>(false);
  mhv.champ_va = node["champ_va"].as<bool>(false);
  mhv.patient = node["patient"].as<bool>(false);
  mhv.sm_account_created = node["sm_account_created"].as<bool>(false);
  if (node["proofing"]) mhv.proofing = ReadProofing(node["proofing"]);
  if (mhv.proofing && mhv.account != MhvAccount::kExisting) {
    Fail(node["proofing"], "'proofing' needs an existing account");
  }
  return mhv;
}

PersonaVaProfile ReadVaProfile(const YAML::Node& node, const PersonaMpi& mpi) {
  OnlyKeys(node, {"id", "bio"});
  PersonaVaProfile va_profile{Text(node, "id"), Text(node, "bio", false)};
  const std::string row = absl::StrCat(va_profile.id, "^PI^200VETS^USDVA^A");
  if (!mpi.person ||
      std::find(mpi.person->ids.begin(), mpi.person->ids.end(), row) == mpi.person->ids.end()) {
    Fail(node, absl::StrCat("VA Profile knows people by an id of MPI: '", row, "' is missing"));
  }
  return va_profile;
}

PersonaFlip ReadFlip(const YAML::Node& node) {
  OnlyKeys(node, {"application", "attributes", "expect"});
  PersonaFlip flip;
  flip.application = Text(node, "application", false);
  for (const auto& entry : node["attributes"]) {
    auto name = entry.first.as<std::string>();
    if (entry.second.IsNull()) {
      flip.attributes.emplace_back(std::move(name), std::nullopt);
    } else {
      flip.attributes.emplace_back(std::move(name), Texts(entry.second));
    }
  }
  if (flip.attributes.size() != 1) Fail(node, "a flip alters exactly one attribute");
  flip.expect = ReadExpectation(node["expect"]);
  return flip;
}

Persona ReadPersona(const YAML::Node& root) {
  OnlyKeys(root, {"id", "title", "type", "authn_context", "name_id", "attributes", "mpi", "mhv",
                  "va_profile", "terms", "expect", "expect_by_application", "flip"});
  for (const char* part : {"attributes", "mpi", "expect", "flip"}) {
    if (!root[part]) Fail(root, absl::StrCat("'", part, "' is missing"));
  }
  Persona persona;
  persona.id = Text(root, "id");
  persona.title = Text(root, "title");
  persona.type = Text(root, "type");
  persona.authn_context = Text(root, "authn_context");
  persona.name_id = Text(root, "name_id");
  for (const auto& entry : root["attributes"]) {
    persona.attributes.emplace_back(entry.first.as<std::string>(), Texts(entry.second));
  }
  persona.mpi = ReadMpi(root["mpi"]);
  if (root["mhv"]) persona.mhv = ReadMhv(root["mhv"]);
  if (persona.mhv && (!persona.mpi.person || persona.mpi.person->icn.empty())) {
    Fail(root["mhv"], "MHV knows people by the ICN of 'mpi.person', which is missing");
  }
  if (root["va_profile"]) persona.va_profile = ReadVaProfile(root["va_profile"], persona.mpi);
  persona.terms_accepted = OneOf(root, "terms", {"accepted"}) == "accepted";
  persona.expect = ReadExpectation(root["expect"]);
  for (const auto& entry : root["expect_by_application"]) {
    persona.expect_by_application[entry.first.as<std::string>()] = ReadExpectation(entry.second);
  }
  persona.flip = ReadFlip(root["flip"]);
  return persona;
}

// What identifies a person among the attributes; everything else may well stand in a log.
constexpr std::array<absl::string_view, 16> kPersonalAttributes = {
    "va_eauth_firstname",    "va_eauth_middlename", "va_eauth_lastname", "va_eauth_emailaddress",
    "va_eauth_birthDate_v1", "va_eauth_pnid",       "va_eauth_icn",      "va_eauth_mhvicn",
    "va_eauth_uid",          "va_eauth_mhvuuid",    "va_eauth_secid",    "va_eauth_dodedipnid",
    "va_eauth_street",       "va_eauth_phone",      "va_eauth_city",     "va_eauth_dslogonuuid"};

// Shorter values ("Lee", "516") turn up in any log by chance.
constexpr size_t kTellingLength = 6;

void AddTelling(const std::string& value, std::set<std::string>* values) {
  if (value.size() >= kTellingLength && value != "NOT_FOUND") values->insert(value);
}

// What contacts the person, in the words of VA Profile: `"addressLine1": "12 Inkwell Row"`.
void AddTellingContact(absl::string_view bio, std::set<std::string>* values) {
  for (const absl::string_view name : {"addressLine1", "emailAddressText", "phoneNumber"}) {
    absl::string_view rest = bio;
    const std::string key = absl::StrCat("\"", name, "\"");
    for (size_t at = rest.find(key); at != absl::string_view::npos; at = rest.find(key)) {
      rest.remove_prefix(at + key.size());
      const std::vector<absl::string_view> quoted =
          absl::StrSplit(rest, absl::MaxSplits('"', 2));  // `: `, the value, the rest
      if (quoted.size() == 3) AddTelling(std::string(quoted[1]), values);
    }
  }
}

// What no two personas may share.
std::vector<std::string> KeysOf(const Persona& persona) {
  std::vector<std::string> keys = {"id " + persona.id, "name_id " + persona.name_id};
  if (persona.mpi.person && !persona.mpi.person->icn.empty()) {
    keys.push_back("icn " + persona.mpi.person->icn);
  }
  if (persona.mhv) keys.push_back("user_profile_id " + persona.mhv->user_profile_id);
  return keys;
}

void AddTellingId(absl::string_view token, std::set<std::string>* values) {
  AddTelling(std::string(token.substr(0, token.find('^'))), values);
}

void AddTellingRecord(const PersonaMpiRecord& record, std::set<std::string>* values) {
  AddTelling(record.icn, values);
  AddTelling(record.ssn, values);
  AddTelling(record.birth_date, values);
  for (const PersonaName& name : record.names) {
    AddTelling(name.family, values);
    for (const std::string& given : name.given) AddTelling(given, values);
  }
  for (const std::string& token : record.ids) AddTellingId(token, values);
}

}  // namespace

std::vector<std::string> Persona::Values(absl::string_view name) const {
  for (const auto& [key, values] : attributes) {
    if (key == name) return values;
  }
  return {};
}

std::string Persona::Value(absl::string_view name) const {
  const auto values = Values(name);
  return values.empty() ? "" : values.front();
}

const PersonaExpectation& Persona::ExpectationFor(absl::string_view application) const {
  const auto found = expect_by_application.find(std::string(application));
  return found == expect_by_application.end() ? expect : found->second;
}

PersonaAttributes Persona::FlippedAttributes() const {
  PersonaAttributes flipped = attributes;
  for (const auto& alteration : flip.attributes) {
    const auto& name = alteration.first;
    const auto& values = alteration.second;
    const auto found = std::find_if(flipped.begin(), flipped.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    if (!values) {
      if (found != flipped.end()) flipped.erase(found);
    } else if (found != flipped.end()) {
      found->second = *values;
    } else {
      flipped.emplace_back(name, *values);
    }
  }
  return flipped;
}

std::vector<std::string> Persona::PersonalValues() const {
  std::set<std::string> values;
  for (const absl::string_view name : kPersonalAttributes) {
    for (const std::string& value : Values(name)) AddTelling(value, &values);
  }
  for (const absl::string_view token : absl::StrSplit(Value("va_eauth_gcIds"), '|')) {
    AddTellingId(token, &values);
  }
  if (mpi.person) {
    AddTellingRecord(*mpi.person, &values);
    for (const PersonaRelationship& relationship : mpi.person->relationships) {
      AddTellingRecord(relationship.holder, &values);
      AddTelling(relationship.email, &values);
    }
  }
  if (mhv) AddTelling(mhv->user_profile_id, &values);
  if (va_profile) AddTellingContact(va_profile->bio, &values);
  if (mhv && mhv->proofing) AddTelling(mhv->proofing->document, &values);
  return {values.begin(), values.end()};
}

absl::StatusOr<Persona> ParsePersona(absl::string_view yaml, absl::string_view origin) {
  const auto refuse = [&](int line, absl::string_view message) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "PERSONA",
                           absl::StrCat(origin, ":", line, ": ", message));
  };
  try {
    return ReadPersona(YAML::Load(std::string(yaml)));
  } catch (const PersonaFault& fault) {
    return refuse(fault.line, fault.message);
  } catch (const YAML::Exception& error) {
    return refuse(error.mark.line + 1, error.msg);
  }
}

absl::StatusOr<Persona> LoadPersona(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !file.is_open()) {
    return base::MakeError(absl::StatusCode::kNotFound, "PERSONA",
                           absl::StrCat("cannot read ", path));
  }
  return ParsePersona(text.str(), path);
}

absl::StatusOr<std::vector<Persona>> LoadPersonas(const std::string& directory) {
  std::error_code error;
  std::vector<Persona> personas;
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() != ".yaml") continue;
    auto persona = LoadPersona(entry.path().string());
    if (!persona.ok()) return persona.status();
    for (const std::string& key : KeysOf(*persona)) {
      if (!seen.insert(key).second) {
        return base::MakeError(absl::StatusCode::kInvalidArgument, "PERSONA",
                               absl::StrCat(directory, ": two personas share ", key));
      }
    }
    personas.push_back(*std::move(persona));
  }
  if (error || personas.empty()) {
    return base::MakeError(absl::StatusCode::kNotFound, "PERSONA",
                           absl::StrCat("no personas in ", directory));
  }
  std::sort(personas.begin(), personas.end(),
            [](const Persona& a, const Persona& b) { return a.id < b.id; });
  return personas;
}

}  // namespace va::testing
