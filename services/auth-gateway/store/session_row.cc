#include "services/auth-gateway/store/session_row.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/field_pack.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kFacility = "vha_facility_id";
constexpr absl::string_view kNameIdPurpose = "gateway.sessions.name_id";

// The length goes in too: an IdP's id and a name run together mean one pair only.
std::string NameAtIdp(absl::string_view idp, const identity::PersonText& name_id) {
  return absl::StrCat(idp.size(), ":", idp, name_id.Reveal());
}

// Table, column and row: a value copied to another place does not open there.
std::string Place(absl::string_view column, absl::string_view token_hash) {
  return absl::StrCat("gateway.sessions.", column, ":", base::HexEncode(token_hash));
}

// Visits every single-valued attribute with its name in the packed form.
template <typename Person, typename Visit>
void ForEachAttribute(Person& person, Visit visit) {
  visit("first_name", person.first_name);
  visit("middle_name", person.middle_name);
  visit("last_name", person.last_name);
  visit("email", person.email);
  visit("gender", person.gender);
  visit("birth_date", person.birth_date);
  visit("ssn", person.ssn);
  visit("icn", person.icn);
  visit("mhv_icn", person.mhv_icn);
  visit("mhv_id", person.mhv_id);
  visit("edipi", person.edipi);
  visit("idme_uuid", person.idme_uuid);
  visit("logingov_uuid", person.logingov_uuid);
  visit("sec_id", person.sec_id);
}

std::string PackPerson(const PersonAttributes& person) {
  base::Fields fields;
  ForEachAttribute(person, [&fields](const char* name, const auto& value) {
    if (!value.empty()) fields.emplace_back(name, value.Reveal());
  });
  for (const std::string& id : person.vha_facility_ids) fields.emplace_back(kFacility, id);
  return base::PackFields(fields);
}

absl::StatusOr<PersonAttributes> UnpackPerson(absl::string_view packed) {
  absl::StatusOr<base::Fields> fields = base::UnpackFields(packed);
  if (!fields.ok()) return fields.status();
  std::map<std::string, std::string> by_name;
  PersonAttributes person;
  for (auto& [name, value] : *fields) {
    if (name == kFacility) {
      person.vha_facility_ids.push_back(std::move(value));
    } else {
      by_name[name] = std::move(value);
    }
  }
  ForEachAttribute(person, [&by_name](const char* name, auto& value) {
    using Type = std::decay_t<decltype(value)>;
    const auto found = by_name.find(name);
    if (found != by_name.end()) value = Type::FromWire(std::move(found->second));
  });
  return person;
}

}  // namespace

SealedSession Seal(const SessionRecord& session, const crypto::SealedBox& box,
                   base::IdGenerator& ids) {
  std::string packed = PackPerson(session.person);
  SealedSession sealed{
      .person = box.Seal(packed, Place("person", session.token_hash), ids),
      .name_id = box.Seal(session.name_id.Reveal(), Place("name_id", session.token_hash), ids),
      .name_id_hash = NameIdHash(session.idp, session.name_id, box)};
  crypto::Cleanse(packed);
  return sealed;
}

absl::StatusOr<identity::PersonText> OpenNameId(absl::string_view sealed,
                                                absl::string_view token_hash,
                                                const crypto::SealedBox& box) {
  absl::StatusOr<std::string> name_id = box.Open(sealed, Place("name_id", token_hash));
  if (!name_id.ok()) return name_id.status();
  return identity::PersonText::FromWire(*std::move(name_id));
}

std::string NameIdHash(absl::string_view idp, const identity::PersonText& name_id,
                       const crypto::SealedBox& box) {
  return box.LookupHash(kNameIdPurpose, NameAtIdp(idp, name_id));
}

std::vector<std::string> NameIdCandidates(absl::string_view idp,
                                          const identity::PersonText& name_id,
                                          const crypto::SealedBox& box) {
  return box.LookupCandidates(kNameIdPurpose, NameAtIdp(idp, name_id));
}

absl::Status Unseal(const SealedSession& sealed, const crypto::SealedBox& box,
                    SessionRecord& session) {
  absl::StatusOr<std::string> packed = box.Open(sealed.person, Place("person", session.token_hash));
  if (!packed.ok()) return packed.status();
  absl::StatusOr<PersonAttributes> person = UnpackPerson(*packed);
  crypto::Cleanse(*packed);
  if (!person.ok()) {
    return base::MakeError(absl::StatusCode::kDataLoss, "SESSION_UNREADABLE",
                           "a session's attributes do not unpack");
  }
  absl::StatusOr<identity::PersonText> name_id =
      OpenNameId(sealed.name_id, session.token_hash, box);
  if (!name_id.ok()) return name_id.status();
  session.person = *std::move(person);
  session.name_id = *std::move(name_id);
  return absl::OkStatus();
}

}  // namespace va::gateway
