#include "tests/simulators/mpi/world.h"

#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace va::simulators {
namespace {

using testing::MpiOutcome;
using testing::PersonaMpiRecord;

constexpr size_t kMostAdded = 20000;
constexpr size_t kMostTokens = 20000;
constexpr size_t kMostIds = 200;  // of one person

std::string IcnKey(absl::string_view icn) { return absl::StrCat("icn ", icn); }
std::string IdKey(absl::string_view id) { return absl::StrCat("id ", id); }
std::string TraitKey(absl::string_view ssn, absl::string_view birth_date) {
  return absl::StrCat("ssn ", ssn, " ", birth_date);
}

bool HasName(const PersonaMpiRecord& person, const MpiTraits& traits) {
  return std::any_of(
      person.names.begin(), person.names.end(), [&traits](const testing::PersonaName& name) {
        return absl::EqualsIgnoreCase(name.given.empty() ? "" : name.given.front(), traits.given) &&
               absl::EqualsIgnoreCase(name.family, traits.family);
      });
}

// Middle name and gender only sharpen the score of the real search; here they decide nothing.
bool Fits(const PersonaMpiRecord& person, const MpiTraits& traits) {
  return !traits.ssn.empty() && person.ssn == traits.ssn &&
         person.birth_date == traits.birth_date && HasName(person, traits);
}

std::string KeyOf(const MpiQuery& query) {
  if (query.traits) return TraitKey(query.traits->ssn, query.traits->birth_date);
  if (!query.icn.empty()) return IcnKey(query.icn);
  if (!query.edipi.empty()) return IdKey(absl::StrCat(query.edipi, "^NI^200DOD^USDOD^A"));
  return IdKey(query.correlated);
}

// `id^type^facility^authority` as the answers to adds have it, without a status.
std::string WithoutStatus(const std::string& id) { return id.substr(0, id.rfind('^')); }

std::string FirstActive(const PersonaMpiRecord& person, absl::string_view kind) {
  const auto found = std::find_if(person.ids.begin(), person.ids.end(), [&](const auto& id) {
    return absl::EndsWith(id, absl::StrCat("^", kind, "^A"));
  });
  return found == person.ids.end() ? "" : *found;
}

Changed Refused(Changed::How how) {
  Changed changed;
  changed.how = how;
  return changed;
}

Changed Done(const std::string& icn, std::vector<std::pair<std::string, std::string>> codes) {
  return {Changed::How::kDone, icn, std::move(codes)};
}

}  // namespace

World::World(const std::vector<testing::Persona>& personas, base::IdGenerator& ids)
    : personas_(personas), ids_(ids) {
  for (const testing::Persona& persona : personas_) IndexPersona(persona);
  Reset();
}

void World::Reset() {
  index_.clear();
  records_.clear();
  tokens_.clear();
  token_order_.clear();
  for (const testing::Persona& persona : personas_) {
    if (persona.mpi.person) Insert({*persona.mpi.person, persona.mpi.outcome});
  }
  persona_records_ = records_.size();
}

World::Record& World::Insert(Known known) {
  records_.push_back(std::make_unique<Record>());
  Record& record = *records_.back();
  record.truth = std::move(known);
  record.shown = record.truth;
  IndexAll(record);
  return record;
}

void World::Index(Record& record, const std::string& key) {
  if (std::find(record.keys.begin(), record.keys.end(), key) != record.keys.end()) return;
  record.keys.push_back(key);
  index_.emplace(key, &record);
}

void World::IndexAll(Record& record) {
  const PersonaMpiRecord& person = record.truth.person;
  if (!person.icn.empty()) Index(record, IcnKey(person.icn));
  for (const std::string& icn : person.icns) Index(record, IcnKey(icn));
  for (const std::string& id : person.ids) Index(record, IdKey(id));
  Index(record, TraitKey(person.ssn, person.birth_date));
}

void World::EvictOldest() {
  const auto oldest = records_.begin() + static_cast<std::ptrdiff_t>(persona_records_);
  for (const std::string& key : (*oldest)->keys) {
    const auto [begin, end] = index_.equal_range(key);
    const auto entry = std::find_if(
        begin, end, [&oldest](const auto& item) { return item.second == oldest->get(); });
    if (entry != end) index_.erase(entry);
  }
  records_.erase(oldest);
}

std::vector<World::Record*> World::Lookup(const std::string& key) const {
  std::vector<Record*> found;
  const auto [begin, end] = index_.equal_range(key);
  for (auto entry = begin; entry != end; ++entry) found.push_back(entry->second);
  return found;
}

World::Record* World::Owner(const std::string& key) const {
  const auto entry = index_.find(key);
  return entry == index_.end() ? nullptr : entry->second;
}

void World::Show(Record& record, absl::Time now) const {
  if (now < record.shown_from) return;
  record.shown = record.truth;
  record.is_shown = true;
  record.shown_from = absl::InfiniteFuture();
}

// To be called after `truth` has changed.
void World::Alter(Record& record, absl::Time now, absl::Time visible) {
  record.is_altered = true;
  record.shown_from = visible;
  IndexAll(record);
  Show(record, now);
}

std::vector<Known> World::Find(const MpiQuery& query, absl::Time now) {
  std::vector<Known> found;
  for (Record* const record : Lookup(KeyOf(query))) {
    Show(*record, now);
    if (!record->is_shown) continue;
    const PersonaMpiRecord& person = record->shown.person;
    // An identifier that was linked a moment ago is not there yet.
    const bool hidden =
        !query.correlated.empty() &&
        std::find(person.ids.begin(), person.ids.end(), query.correlated) == person.ids.end();
    const bool fits = !query.traits || (Fits(person, *query.traits) &&
                                        record->shown.outcome != MpiOutcome::kNoMatch);
    if (fits && !hidden) found.push_back(record->shown);
  }
  return found;
}

std::vector<World::Record*> World::Fitting(const MpiTraits& who) const {
  std::vector<Record*> fitting;
  for (Record* const record : Lookup(TraitKey(who.ssn, who.birth_date))) {
    if (Fits(record->truth.person, who) && record->truth.outcome != MpiOutcome::kNoMatch) {
      fitting.push_back(record);
    }
  }
  return fitting;
}

void World::GiveToken(const std::string& token, const std::string& icn) {
  if (!tokens_.emplace(token, icn).second) return;
  token_order_.push_back(token);
  if (token_order_.size() <= kMostTokens) return;
  tokens_.erase(token_order_.front());
  token_order_.pop_front();
}

std::string World::Digits(size_t count) {
  std::string digits;
  while (digits.size() < count) {
    absl::StrAppend(&digits,
                    absl::StrFormat("%06d", std::hash<std::string>()(ids_.Uuid()) % 1000000));
  }
  return digits.substr(0, count);
}

Known World::NewPerson(const MpiChange& change) {
  Known known;
  PersonaMpiRecord& person = known.person;
  do {
    person.icn = absl::StrCat("1099", Digits(6), "V", Digits(6));
  } while (Owner(IcnKey(person.icn)) != nullptr);
  std::vector<std::string> given;
  if (!change.who.given.empty()) given.push_back(change.who.given);
  if (!change.who.middle.empty()) given.push_back(change.who.middle);
  person.names = {{"L", "", given, change.who.family, ""}};
  person.birth_date = change.who.birth_date;
  person.ssn = change.who.ssn;
  person.address = change.address;
  person.ids = {change.credential};
  return known;
}

bool World::Link(Record& record, const std::string& id) {
  std::vector<std::string>& ids = record.truth.person.ids;
  if (std::find(ids.begin(), ids.end(), id) != ids.end()) return true;
  if (ids.size() >= kMostIds) return false;
  ids.push_back(id);
  return true;
}

Changed World::Add(const MpiChange& change, absl::Time now, absl::Time visible) {
  if (Owner(IdKey(change.credential)) != nullptr) return Refused(Changed::How::kDuplicate);
  const std::vector<Record*> fitting = Fitting(change.who);
  if (fitting.size() > 1 ||
      (fitting.size() == 1 && fitting[0]->truth.outcome == MpiOutcome::kMultiple)) {
    return Refused(Changed::How::kSeveral);
  }
  Record* record = fitting.empty() ? nullptr : fitting[0];
  if (record == nullptr) {
    record = &Insert(NewPerson(change));
    record->is_added = true;
    record->is_shown = false;
    if (records_.size() - persona_records_ > kMostAdded) EvictOldest();
  } else if (!Link(*record, change.credential)) {
    return Refused(Changed::How::kRefused);
  }
  Alter(*record, now, visible);
  const std::string& icn = record->truth.person.icn;
  return Done(icn, {{icn, "ICN"}, {change.credential, "IEN"}});
}

Changed World::Proxy(const MpiChange& change, absl::Time now, absl::Time visible) {
  const auto token = tokens_.find(change.token);
  Record* const record = Owner(IcnKey(change.icn));
  if (token == tokens_.end() || token->second != change.icn || record == nullptr) {
    return Refused(Changed::How::kRefused);
  }
  std::vector<std::pair<std::string, std::string>> codes;
  const std::pair<const char*, size_t> wanted[] = {{"PI^200BRLS^USVBA", 9},
                                                   {"PI^200CORP^USVBA", 10}};
  for (const auto& [kind, length] : wanted) {
    std::string id = FirstActive(record->truth.person, kind);
    if (id.empty()) {
      id = absl::StrCat("9", Digits(length - 1), "^", kind, "^A");
      if (!Link(*record, id)) return Refused(Changed::How::kRefused);
    }
    codes.emplace_back(WithoutStatus(id), "IEN");
  }
  Alter(*record, now, visible);
  return Done(change.icn, std::move(codes));
}

Changed World::Update(const MpiChange& change, absl::Time now, absl::Time visible) {
  Record* const record = Owner(IcnKey(change.icn));
  if (record == nullptr || record->truth.person.icn != change.icn) {
    return Refused(Changed::How::kRefused);
  }
  const Record* const owner = Owner(IdKey(change.credential));
  if (owner != nullptr && owner != record) return Refused(Changed::How::kDuplicate);
  if (!Link(*record, change.credential)) return Refused(Changed::How::kRefused);
  if (change.address) record->truth.person.address = change.address;
  Alter(*record, now, visible);
  return Done(change.icn, {{change.icn, "ICN"}, {change.credential, "IEN"}});
}

Changed World::Apply(Interaction interaction, const MpiChange& change, absl::Time now,
                     absl::Time visible) {
  switch (interaction) {
    case Interaction::kAdd:
      return Add(change, now, visible);
    case Interaction::kProxy:
      return Proxy(change, now, visible);
    case Interaction::kUpdate:
      return Update(change, now, visible);
    case Interaction::kFind:
    case Interaction::kNone:
      break;
  }
  return Refused(Changed::How::kRefused);
}

void World::IndexPersona(const testing::Persona& persona) {
  std::set<std::string> keys = {persona.name_id};
  for (const char* attribute : {"va_eauth_uid", "va_eauth_icn", "va_eauth_pnid"}) {
    for (const std::string& value : persona.Values(attribute)) keys.insert(value);
  }
  if (persona.mpi.person) {
    const PersonaMpiRecord& person = *persona.mpi.person;
    keys.insert({person.icn, person.ssn});
    keys.insert(person.icns.begin(), person.icns.end());
    keys.insert(person.ids.begin(), person.ids.end());
  }
  for (const char* nobody : {"", "NOT_FOUND"}) keys.erase(nobody);
  for (const std::string& key : keys) about_.emplace(key, &persona);
}

std::set<const testing::Persona*> World::PersonasOf(const CheckedRequest& request) const {
  std::set<const testing::Persona*> found;
  const MpiQuery& query = request.query;
  const MpiChange& change = request.change;
  const auto add = [&](const std::string& key) {
    const auto [begin, end] = about_.equal_range(key);
    for (auto entry = begin; entry != end; ++entry) found.insert(entry->second);
  };
  for (const std::string* id : {&query.icn, &query.correlated, &change.icn, &change.credential}) {
    add(*id);
    add(id->substr(0, id->find('^')));
  }
  add(absl::StrCat(query.edipi, "^NI^200DOD^USDOD^A"));
  add(query.traits ? query.traits->ssn : change.who.ssn);
  return found;
}

std::vector<std::pair<std::string, std::vector<std::string>>> World::Altered() const {
  std::vector<std::pair<std::string, std::vector<std::string>>> altered;
  for (const auto& record : records_) {
    if (record->is_altered)
      altered.emplace_back(record->truth.person.icn, record->truth.person.ids);
  }
  return altered;
}

}  // namespace va::simulators
