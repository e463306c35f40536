#include "services/mpi-adapter/domain/cache_key.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

#include "lib/identity/as_id.h"
#include "lib/identity/gc_ids.h"
#include "lib/identity/pieces.h"
#include "lib/identity/text.h"

namespace va::mpi {
namespace {

using identity::AsId;
using identity::CspId;
using identity::GcIdKind;
using identity::Pieces;

// As MPI stores them: of the other kinds every spelling is another identifier.
CspId Spelt(KeyKind kind, const CspId& value) {
  switch (kind) {
    case KeyKind::kIdme:
      return identity::IdmeSpelling(value);
    case KeyKind::kLogingov:
      return identity::LogingovSpelling(value);
    case KeyKind::kIcn:
    case KeyKind::kMhv:
    case KeyKind::kEdipi:
    case KeyKind::kFacility:
    case KeyKind::kTraits:
    case KeyKind::kNameAndBirth:
      break;
  }
  return value;
}

CacheKey Key(KeyKind kind, const CspId& value) { return {kind, Spelt(kind, value)}; }

KeyKind KindOf(IdentifierType type) {
  switch (type) {
    case IdentifierType::kIcn:
      return KeyKind::kIcn;
    case IdentifierType::kIdme:
      return KeyKind::kIdme;
    case IdentifierType::kLogingov:
      return KeyKind::kLogingov;
    case IdentifierType::kMhv:
      return KeyKind::kMhv;
    case IdentifierType::kEdipi:
      break;
  }
  return KeyKind::kEdipi;
}

CspId AtFacility(absl::string_view facility, const CspId& id) {
  return Pieces().AddText(facility).Add(id).Joined();
}

identity::BirthDate OneForm(const identity::BirthDate& date) {
  return date.Compact().value_or(date);
}

CacheKey NameAndBirth(const identity::PersonText& last_name, const identity::BirthDate& birth) {
  return {KeyKind::kNameAndBirth, Pieces().AddFolded(last_name).Add(OneForm(birth)).Joined()};
}

std::optional<CacheKey> KeyOfAsked(const ByIdentifier& by) {
  if (by.value.empty()) return std::nullopt;
  return Key(KindOf(by.type), by.value);
}

std::optional<CacheKey> KeyOfAsked(const ByFacility& by) {
  if (by.facility.empty() || by.vista_id.empty()) return std::nullopt;
  return CacheKey{KeyKind::kFacility, AtFacility(by.facility, by.vista_id)};
}

// Name and birth stand in front, by themselves: SubjectsOf needs them, and has no question.
std::optional<CacheKey> KeyOfAsked(const ByTraits& by) {
  if (!by.edipi.empty() || by.last_name.empty() || by.birth_date.empty()) return std::nullopt;
  CacheKey key{KeyKind::kTraits, Pieces()
                                     .Add(by.first_name)
                                     .Add(by.middle_name)
                                     .Add(by.last_name)
                                     .Add(OneForm(by.birth_date))
                                     .Add(by.ssn.WithoutHyphens())
                                     .Add(by.gender)
                                     .Joined()};
  key.name_and_birth = NameAndBirth(by.last_name, by.birth_date).value;
  return key;
}

// Deprecated as a duplicate, or by a merge. One that was unlinked or was a mismatch is of somebody
// else (mpi_mhv.md 1.10).
bool IsReplacedIcn(const identity::CorrelatedId& row) {
  const bool icn = (identity::KindsOf(row) & static_cast<std::uint32_t>(GcIdKind::kAnyIcn)) != 0;
  return icn && (row.status == "D" || row.status == "H");
}

class Subjects {
 public:
  void Add(const CacheKey& key) {
    if (key.value.empty()) return;
    const bool known = std::any_of(all_.begin(), all_.end(), [&key](const CacheKey& one) {
      return one.kind == key.kind && one.value == key.value;
    });
    if (!known) all_.push_back(key);
  }
  void Add(KeyKind kind, const std::optional<CspId>& id) {
    if (id) Add(Key(kind, *id));
  }
  void AddAll(KeyKind kind, const std::vector<CspId>& ids) {
    for (const CspId& id : ids) Add(Key(kind, id));
  }
  std::vector<CacheKey> Take() { return std::move(all_); }

 private:
  std::vector<CacheKey> all_;
};

void AddIdentifiers(const Profile& profile, Subjects& subjects) {
  const identity::GcIds& ids = profile.ids;
  for (const identity::Icn& icn : ids.permanent_icns()) subjects.Add(KeyKind::kIcn, AsId(icn));
  for (const CacheKey& retired : RetiredIcns(profile)) subjects.Add(retired);
  subjects.AddAll(KeyKind::kIdme, ids.All(GcIdKind::kIdme));
  subjects.AddAll(KeyKind::kLogingov, ids.All(GcIdKind::kLogingov));
  subjects.AddAll(KeyKind::kMhv, ids.mhv_ids());
  subjects.AddAll(KeyKind::kEdipi, ids.edipis());
  for (const auto& [facility, at] : ids.vha_facility_hash()) {
    for (const CspId& id : at) subjects.Add(KeyKind::kFacility, AtFacility(facility, id));
  }
}

template <typename T>
void AddCredentials(const T& change, Subjects& subjects) {
  subjects.Add(Key(KeyKind::kIdme, change.idme_uuid));
  subjects.Add(Key(KeyKind::kLogingov, change.logingov_uuid));
}

template <typename T>
void AddTraits(const T& change, Subjects& subjects) {
  subjects.Add(NameAndBirth(change.last_name, change.birth_date));
}

void AddChange(const AddPerson& change, Subjects& subjects) {
  AddCredentials(change, subjects);
  AddTraits(change, subjects);
}

void AddChange(const AddByProxy& change, Subjects& subjects) {
  subjects.Add(KeyKind::kIcn, AsId(change.icn));
  subjects.Add(Key(KeyKind::kEdipi, change.edipi));
  AddTraits(change, subjects);
}

void AddChange(const UpdatePerson& change, Subjects& subjects) {
  subjects.Add(KeyKind::kIcn, AsId(change.icn));
  subjects.Add(Key(KeyKind::kEdipi, change.edipi));
  AddCredentials(change, subjects);
  AddTraits(change, subjects);
}

}  // namespace

std::optional<CacheKey> KeyOf(const Question& question) {
  if (question.view != View::kPrimary) return std::nullopt;
  std::optional<CacheKey> key =
      std::visit([](const auto& by) { return KeyOfAsked(by); }, question.by);
  if (key) key->search = question.search;
  return key;
}

std::vector<CacheKey> SubjectsOf(const CacheKey& key, const Profile* profile) {
  Subjects subjects;
  subjects.Add(key);
  subjects.Add({KeyKind::kNameAndBirth, key.name_and_birth});
  if (profile != nullptr) AddIdentifiers(*profile, subjects);
  return subjects.Take();
}

std::vector<CacheKey> KeysOf(const Change& change) {
  Subjects subjects;
  std::visit([&subjects](const auto& one) { AddChange(one, subjects); }, change);
  return subjects.Take();
}

std::optional<CacheKey> PersonOf(const Profile& profile) {
  const std::optional<identity::Icn> icn = profile.ids.icn();
  if (!icn || icn->empty()) return std::nullopt;
  return CacheKey{KeyKind::kIcn, AsId(*icn)};
}

std::vector<CacheKey> RetiredIcns(const Profile& profile) {
  const std::vector<identity::Icn> permanent = profile.ids.permanent_icns();
  Subjects retired;
  const auto add = [&](const CspId& icn) {
    const bool alive = std::any_of(permanent.begin(), permanent.end(),
                                   [&icn](const auto& one) { return AsId(one) == icn; });
    if (!alive) retired.Add(Key(KeyKind::kIcn, icn));
  };
  for (const identity::Icn& icn : profile.historical_icns) add(AsId(icn));
  for (const identity::CorrelatedId& row : profile.ids.rows()) {
    if (IsReplacedIcn(row)) add(row.id);
  }
  return retired.Take();
}

bool HasAnotherCredential(const Profile& profile, const ByIdentifier& asked) {
  const bool idme = asked.type == IdentifierType::kIdme;
  if (!idme && asked.type != IdentifierType::kLogingov) return false;
  const KeyKind kind = idme ? KeyKind::kIdme : KeyKind::kLogingov;
  const CspId wanted = Spelt(kind, asked.value);
  const std::vector<CspId> shown = profile.ids.All(idme ? GcIdKind::kIdme : GcIdKind::kLogingov);
  return !shown.empty() && std::none_of(shown.begin(), shown.end(),
                                        [&](const CspId& id) { return Spelt(kind, id) == wanted; });
}

}  // namespace va::mpi
