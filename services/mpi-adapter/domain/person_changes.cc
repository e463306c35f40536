#include "services/mpi-adapter/domain/person_changes.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/status.h"
#include "lib/identity/as_id.h"
#include "services/mpi-adapter/domain/cache_key.h"

namespace va::mpi {
namespace {

// How often, and with which pause between, somebody else's claim is asked for again.
constexpr int kClaimTries = 20;
constexpr absl::Duration kClaimPause = absl::Milliseconds(100);
// Less than this is too little for an add and the search after it.
constexpr absl::Duration kLeastForAdd = absl::Milliseconds(300);
// A claim outlives its holder's call by this: clocks of replicas differ a little.
constexpr absl::Duration kClaimMargin = absl::Seconds(2);
// MPI may know a person a moment later than it says so.
constexpr int kSearchesAfterAdd = 4;
constexpr absl::Duration kSearchPause = absl::Milliseconds(150);
// Of what is left of a call, for giving back and forgetting: the database is near.
constexpr absl::Duration kTidyTime = absl::Milliseconds(500);

ChangeAnswer Ended(Outcome outcome, std::string reason) {
  ChangeAnswer answer;
  answer.outcome = outcome;
  answer.reason = std::move(reason);
  return answer;
}

// A search's answer as that of the change it ended.
ChangeAnswer EndedBy(const Answer& answer) {
  ChangeAnswer out = Ended(answer.outcome, answer.reason);
  out.transaction_id = answer.transaction_id;
  out.message_id = answer.message_id;
  out.ack_code = answer.ack_code;
  out.detail_code = answer.detail_code;
  return out;
}

// ID.me wins when both are given, as in the message itself.
Question AskCredential(const AddPerson& person) {
  if (person.idme_uuid.empty()) {
    return ByIdentifier{IdentifierType::kLogingov, person.logingov_uuid};
  }
  return ByIdentifier{IdentifierType::kIdme, person.idme_uuid};
}

// The answer was lost: nobody knows whether the change happened (attack H11).
bool IsLost(Outcome outcome) {
  return outcome == Outcome::kTimeout || outcome == Outcome::kTransport ||
         outcome == Outcome::kUnparseable;
}

// A failure of MPI's own may have come after the deed.
bool MayHaveHappened(Outcome outcome) {
  return outcome == Outcome::kOk || outcome == Outcome::kMpiFailed || IsLost(outcome);
}

// The breaker keeps a message back, and so does a deadline that has passed.
bool WasSent(const ChangeAnswer& answer) {
  return answer.outcome != Outcome::kBreakerOpen && answer.reason != "DEADLINE_PASSED";
}

// How many searches after an add may tell more than its own answer did. With a duplicate key there
// is somebody to be found as well.
int SearchesAfter(Outcome added) {
  if (added == Outcome::kOk || added == Outcome::kDuplicateKey) return kSearchesAfterAdd;
  return IsLost(added) ? 1 : 0;
}

// A question that our own data cannot be put into is an answer here: the caller did not name them.
absl::StatusOr<Answer> AsAnswer(absl::StatusOr<Answer> answer) {
  if (answer.ok() || !absl::IsInvalidArgument(answer.status())) return answer;
  Answer out;
  out.outcome = Outcome::kInvalidRequest;
  out.reason = base::ReasonOf(answer.status());
  return out;
}

// What the orchestrated search needs of the person found; the reason when something lacks.
std::string LackingForSearch(const Profile& profile) {
  const Name* name = LegalName(profile);
  if (!profile.ids.edipi()) return "EDIPI_MISSING";
  if (name == nullptr || name->given.empty() || name->family.empty()) return "NAME_MISSING";
  if (profile.birth_date.empty()) return "BIRTH_DATE_MISSING";
  if (!profile.ssn || profile.ssn->empty()) return "SSN_MISSING";
  return "";
}

std::string LackingForAdd(const Profile& profile, const Profile& asked_about) {
  if (std::string lacking = LackingForSearch(profile); !lacking.empty()) return lacking;
  if (profile.search_token.empty()) return "SEARCH_TOKEN_MISSING";
  // A search by traits may answer with somebody else: nothing is ever added to them.
  return profile.ids.icn() == asked_about.ids.icn() ? "" : "OTHER_PERSON";
}

// The first given name alone, and neither middle name nor gender (1.17).
ByTraits OrchestratedSearch(const Profile& profile) {
  const Name& name = *LegalName(profile);
  ByTraits traits;
  traits.first_name = name.given.front();
  traits.last_name = name.family;
  traits.birth_date = profile.birth_date;
  traits.ssn = *profile.ssn;
  traits.edipi = *profile.ids.edipi();
  return traits;
}

AddByProxy ProxyAddOf(const Profile& profile) {
  const Name& name = *LegalName(profile);
  return {name.given.front(), name.family,          profile.birth_date,  *profile.ssn,
          *profile.ids.icn(), *profile.ids.edipi(), profile.search_token};
}

// Whether an add that was accepted names somebody else than the search that followed it.
bool NamesAnother(const ChangeCodes& codes, const Profile& found) {
  if (!codes.icn || !codes.icn->IsWellFormed()) return false;
  std::vector<identity::Icn> carried = found.ids.historical_icns();
  carried.insert(carried.end(), found.historical_icns.begin(), found.historical_icns.end());
  return std::find(carried.begin(), carried.end(), *codes.icn) == carried.end();
}

// Added, but nobody can say who it is: whoever asks again will be told. Where the search has no
// ids, the add's stay.
void EndWithoutPerson(const absl::StatusOr<Answer>& after, ChangeAnswer& out) {
  ChangeAnswer end = after.ok() ? EndedBy(*after) : Ended(Outcome::kTimeout, "NOT_FOUND_YET");
  if (end.message_id.empty()) {
    end.transaction_id = std::move(out.transaction_id);
    end.message_id = std::move(out.message_id);
    end.ack_code = std::move(out.ack_code);
    end.detail_code = std::move(out.detail_code);
  }
  end.codes = std::move(out.codes);
  out = std::move(end);
}

// What MPI holds after an add counts, not what the add's answer said.
void Settle(const absl::StatusOr<Answer>& after, ImplicitAdd& out) {
  if (!after.ok() || after->outcome != Outcome::kOk || !after->profile) {
    if (out.accepted) EndWithoutPerson(after, out.change);
    return;
  }
  if (out.accepted && NamesAnother(out.change.codes, *after->profile)) {
    out.change.outcome = Outcome::kUnparseable;
    out.change.reason = "OTHER_PERSON";
    return;
  }
  out.profile = after->profile;
  if (!out.accepted) {
    out.change.outcome = Outcome::kOk;
    out.change.reason = "FOUND_AFTER_ADD";
  }
}

void DropBlank(std::optional<identity::CspId>& id) {
  if (id && id->empty()) id.reset();
}

void DropBlank(ChangeCodes& codes) {
  DropBlank(codes.birls_id);
  DropBlank(codes.participant_id);
  DropBlank(codes.idme_uuid);
  DropBlank(codes.logingov_uuid);
  DropBlank(codes.edipi);
  if (codes.icn && codes.icn->empty()) codes.icn.reset();
}

}  // namespace

PersonChanges::PersonChanges(Deps deps) : deps_(std::move(deps)) {}

// False when nothing could be done after the pause.
bool PersonChanges::Pause(absl::Duration pause, absl::Time deadline) const {
  if (deps_.clock.Now() + pause >= deadline) return false;
  deps_.pause(pause);
  return TimeLeft(deadline);
}

// Whatever the change makes untrue, and what is kept of `person`. False: the store failed.
bool PersonChanges::Forget(const Change& change, const std::optional<CacheKey>& person,
                           absl::Time deadline) const {
  std::vector<CacheKey> keys = KeysOf(change);
  if (person) keys.push_back(*person);
  bool good = true;
  for (const CacheKey& key : keys) {
    const absl::Time now = deps_.clock.Now();
    good = deps_.cache.Forget(key, now, std::max(deadline, now + kTidyTime)).ok() && good;
  }
  return good;
}

// ---- implicit add ----

// Half of the time may go by with waiting: the rest is for asking MPI.
absl::StatusOr<bool> PersonChanges::TakeClaim(const CacheKey& credential, const std::string& owner,
                                              absl::Time deadline) const {
  const absl::Time now = deps_.clock.Now();
  const absl::Time patience = now + (deadline - now) / 2;
  for (int tried = 1;; ++tried) {
    const absl::StatusOr<bool> taken =
        deps_.claims.Take(credential, owner, deps_.clock.Now(), deadline + kClaimMargin, deadline);
    if (!taken.ok()) {
      return base::MakeError(absl::StatusCode::kUnavailable, "CLAIM_STORE",
                             "whether another adds the same person cannot be told now", true);
    }
    if (*taken) return true;
    if (tried == kClaimTries || !Pause(kClaimPause, patience)) return false;
  }
}

absl::StatusOr<ImplicitAdd> PersonChanges::FindWhatAnotherAdds(const Question& credential,
                                                               absl::Time deadline) const {
  ImplicitAdd out;
  out.change = Ended(Outcome::kTimeout, "ADDED_BY_ANOTHER");
  if (!TimeLeft(deadline)) return out;
  absl::StatusOr<Answer> answer = deps_.mpi.Find(credential, deadline);
  if (!answer.ok()) return answer.status();
  // Still nobody: the other one is not done.
  if (answer->outcome == Outcome::kNoMatch) return out;
  out.change = EndedBy(*answer);
  if (answer->outcome == Outcome::kOk) out.profile = std::move(answer->profile);
  return out;
}

absl::StatusOr<Answer> PersonChanges::SearchAfterAdd(const Question& credential, int searches,
                                                     absl::Time deadline) const {
  Answer late;
  late.outcome = Outcome::kTimeout;
  late.reason = "NOT_FOUND_YET";
  for (int done = 1; TimeLeft(deadline); ++done) {
    absl::StatusOr<Answer> answer = deps_.mpi.Find(credential, deadline);
    if (!answer.ok() || answer->outcome != Outcome::kNoMatch) return answer;
    if (done == searches || !Pause(kSearchPause * done, deadline)) break;
  }
  return late;
}

absl::StatusOr<ImplicitAdd> PersonChanges::AddAlone(const AddPerson& person,
                                                    const Question& credential,
                                                    absl::Time deadline) const {
  ImplicitAdd out;
  absl::StatusOr<Answer> known = deps_.mpi.Find(credential, deadline);
  if (!known.ok()) return known.status();
  if (known->outcome != Outcome::kNoMatch) {
    out.change = EndedBy(*known);
    if (known->outcome == Outcome::kOk) out.profile = std::move(known->profile);
    return out;
  }
  const absl::Duration left = deadline - deps_.clock.Now();
  if (left < kLeastForAdd) {
    out.change = Ended(Outcome::kTimeout, "DEADLINE_PASSED");
    return out;
  }
  // A third is kept back for finding out what became of it.
  absl::StatusOr<ChangeAnswer> added = deps_.changes.Send(person, deadline - left / 3);
  if (!added.ok()) return added.status();
  DropBlank(added->codes);
  out.change = *std::move(added);
  out.sent = WasSent(out.change);
  out.accepted = out.change.outcome == Outcome::kOk;
  if (const int searches = SearchesAfter(out.change.outcome); searches > 0) {
    Settle(SearchAfterAdd(credential, searches, deadline), out);
  }
  return out;
}

// Last of all, when MPI knows the person: an answer to a question that was asked before must not be
// kept after it. False when something could not be forgotten.
bool PersonChanges::ForgetAdded(const AddPerson& person, const ImplicitAdd& added,
                                absl::Time deadline) const {
  if (!added.sent && added.change.outcome != Outcome::kOk) return true;
  std::optional<CacheKey> known;
  if (added.profile) {
    known = PersonOf(*added.profile);
  } else if (added.change.codes.icn) {
    known = CacheKey{KeyKind::kIcn, identity::AsId(*added.change.codes.icn)};
  }
  return Forget(person, known, deadline);
}

absl::StatusOr<ImplicitAdd> PersonChanges::AddImplicit(const AddPerson& person,
                                                       absl::Time deadline) const {
  const Question credential = AskCredential(person);
  const std::optional<CacheKey> key = KeyOf(credential);
  if (!key) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "FIELD_MISSING",
                           "idme_uuid or logingov_uuid is required");
  }
  const std::string owner = deps_.ids.Uuid();
  const absl::StatusOr<bool> claimed = TakeClaim(*key, owner, deadline);
  if (!claimed.ok()) return claimed.status();
  absl::StatusOr<ImplicitAdd> out =
      *claimed ? AddAlone(person, credential, deadline) : FindWhatAnotherAdds(credential, deadline);
  if (out.ok()) out->cache_failed = !ForgetAdded(person, *out, deadline);
  // While an add may still be under way at MPI, nobody begins another: this claim ends by itself,
  // as does one that cannot be given back.
  const bool under_way = out.ok() && out->sent && IsLost(out->change.outcome);
  if (*claimed && !under_way) {
    deps_.claims.Release(*key, owner, std::max(deadline, deps_.clock.Now() + kTidyTime))
        .IgnoreError();
  }
  return out;
}

// ---- proxy add ----

absl::StatusOr<ProxyAdd> PersonChanges::AddProxy(const identity::CspId& icn,
                                                 absl::Time deadline) const {
  ProxyAdd out;
  const absl::StatusOr<Answer> found =
      deps_.mpi.Find(ByIdentifier{IdentifierType::kIcn, icn}, deadline);
  if (!found.ok()) return found.status();
  out.change = EndedBy(*found);
  if (found->outcome != Outcome::kOk || !found->profile) return out;

  out.step = ProxyStep::kSearch;
  if (std::string lacking = LackingForSearch(*found->profile); !lacking.empty()) {
    out.change = Ended(Outcome::kInvalidRequest, std::move(lacking));
    return out;
  }
  const absl::StatusOr<Answer> searched =
      AsAnswer(deps_.mpi.Find(OrchestratedSearch(*found->profile), deadline));
  if (!searched.ok()) return searched.status();
  out.change = EndedBy(*searched);
  if (searched->outcome != Outcome::kOk || !searched->profile) return out;
  if (std::string lacking = LackingForAdd(*searched->profile, *found->profile); !lacking.empty()) {
    out.change.outcome =
        lacking == "OTHER_PERSON" ? Outcome::kUnparseable : Outcome::kInvalidRequest;
    out.change.reason = std::move(lacking);
    return out;
  }
  out.profile = searched->profile;
  if (!TimeLeft(deadline)) {
    out.change = Ended(Outcome::kTimeout, "DEADLINE_PASSED");
    return out;
  }
  const AddByProxy add = ProxyAddOf(*out.profile);
  absl::StatusOr<ChangeAnswer> added = deps_.changes.Send(add, deadline);
  if (!added.ok() && !absl::IsInvalidArgument(added.status())) return added.status();
  out.step = ProxyStep::kAdd;
  out.sent = added.ok() && WasSent(*added);
  out.change = added.ok() ? *std::move(added)
                          : Ended(Outcome::kInvalidRequest, base::ReasonOf(added.status()));
  DropBlank(out.change.codes);
  if (out.change.outcome == Outcome::kOk) out.cache_failed = !Forget(add, std::nullopt, deadline);
  return out;
}

// ---- update ----

absl::StatusOr<Update> PersonChanges::UpdateProfile(const UpdatePerson& person,
                                                    absl::Time deadline) const {
  absl::StatusOr<ChangeAnswer> answer = deps_.changes.Send(person, deadline);
  if (!answer.ok()) return answer.status();
  Update out;
  out.change = *std::move(answer);
  out.sent = WasSent(out.change);
  DropBlank(out.change.codes);
  if (MayHaveHappened(out.change.outcome)) {
    out.cache_failed = !Forget(person, std::nullopt, deadline);
  }
  return out;
}

}  // namespace va::mpi
