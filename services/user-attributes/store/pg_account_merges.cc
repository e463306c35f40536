#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "lib/base/uuid.h"
#include "services/user-attributes/domain/merging.h"
#include "services/user-attributes/store/account_rows.h"
#include "services/user-attributes/store/pg_account_directory.h"

namespace va::attributes {
namespace {

using store::Bytes;
using store::Connection;
using store::Param;
using store::Statement;

#define VA_MERGE_COLUMNS                                                                \
  "m.id, m.state, m.user_account_id, m.user_verification_id, m.icn_account_id, "        \
  "m.first_request_id, m.last_request_id, m.times_seen, m.created_at, m.last_seen_at, " \
  "m.proposed_by, m.icn_sealed, m.former_icn_hash, m.former_icn_sealed, "               \
  "m.former_since, a.icn_sealed FROM pending_merges m JOIN user_accounts a ON a.id = "  \
  "m.user_account_id "

constexpr Statement kMerge = {"merge", "SELECT " VA_MERGE_COLUMNS "WHERE m.id = $1::uuid"};
constexpr Statement kHoldMerge = {
    "hold_merge", "SELECT " VA_MERGE_COLUMNS "WHERE m.id = $1::uuid FOR UPDATE OF m"};
// Locks in the order that sign-ins take them: the credential, accounts by their ids, the merge.
constexpr Statement kHoldMergedCredential = {
    "hold_merged_credential",
    "SELECT v.id FROM user_verifications v WHERE v.id = "
    "(SELECT user_verification_id FROM pending_merges WHERE id = $1::uuid) FOR UPDATE"};
constexpr Statement kHoldMergedAccounts = {
    "hold_merged_accounts",
    "SELECT a.id FROM user_accounts a WHERE a.id IN "
    "(SELECT user_account_id FROM pending_merges WHERE id = $1::uuid UNION "
    "SELECT icn_account_id FROM pending_merges WHERE id = $1::uuid) ORDER BY a.id FOR UPDATE"};
constexpr Statement kWaitingMerges = {"waiting_merges",
                                      "SELECT " VA_MERGE_COLUMNS
                                      "WHERE m.state IN ('pending', 'proposed', 'revert_proposed') "
                                      "AND (m.created_at, m.id) > ($1::timestamptz, $2::uuid) "
                                      "ORDER BY m.created_at, m.id LIMIT $3"};
constexpr Statement kMergesIn = {"merges_in", "SELECT " VA_MERGE_COLUMNS
                                              "WHERE m.state = $4 AND "
                                              "(m.created_at, m.id) > ($1::timestamptz, $2::uuid) "
                                              "ORDER BY m.created_at, m.id LIMIT $3"};

#undef VA_MERGE_COLUMNS

constexpr Statement kCountWaiting = {"count_waiting_merges",
                                     "SELECT count(*), min(created_at) FROM pending_merges "
                                     "WHERE state IN ('pending', 'proposed', 'revert_proposed')"};

constexpr Statement kMergeSteps = {
    "merge_steps",
    "SELECT merge_id, state, caller, operator_id, reason, happened_at FROM merge_steps "
    "WHERE merge_id = ANY($1::uuid[]) ORDER BY id"};

constexpr Statement kAddStep = {
    "add_merge_step",
    "INSERT INTO merge_steps (merge_id, state, caller, operator_id, reason, happened_at) "
    "VALUES ($1::uuid, $2, $3, $4, $5, $6)"};

constexpr Statement kSetMerge = {
    "set_merge",
    "UPDATE pending_merges SET state = $2, proposed_by = $3, former_icn_hash = $4, "
    "former_icn_sealed = $5::bytea, former_since = $6 WHERE id = $1::uuid"};

// Where the credential is, and who holds the ICN that came in. $2: the ICN's candidates.
constexpr Statement kMergeNow = {"merge_now",
                                 "SELECT v.user_account_id, (SELECT i.id FROM user_accounts i "
                                 "WHERE i.icn_hash = ANY($2::text[]) "
                                 "LIMIT 1) FROM user_verifications v WHERE v.id = $1::uuid"};

// Whoever is locked out must not come back by way of a merge, nor of taking one back: an account of
// it is locked, or a credential of the same kind on the account where this one is not.
constexpr Statement kMergeLocked = {
    "merge_locked",
    "SELECT EXISTS (SELECT 1 FROM user_accounts a WHERE a.locked AND "
    "a.id IN (m.user_account_id, m.icn_account_id)) OR EXISTS (SELECT 1 FROM user_verifications o "
    "WHERE o.locked AND o.user_account_id IN (m.user_account_id, m.icn_account_id) AND "
    "o.user_account_id <> v.user_account_id AND "
    "(o.idme_uuid_hash IS NULL) = (v.idme_uuid_hash IS NULL) AND "
    "(o.logingov_uuid_hash IS NULL) = (v.logingov_uuid_hash IS NULL) AND "
    "(o.mhv_uuid_hash IS NULL) = (v.mhv_uuid_hash IS NULL)) "
    "FROM pending_merges m JOIN user_verifications v ON v.id = m.user_verification_id "
    "WHERE m.id = $1::uuid"};

// What the account got by the credential that leaves it again ($2: since when it was there).
constexpr Statement kDropDates = {
    "drop_dates",
    "WITH k AS (SELECT bool_or(logingov_uuid_hash IS NOT NULL) AS logingov, "
    "bool_or(idme_uuid_hash IS NOT NULL) AS idme FROM user_verifications "
    "WHERE user_account_id = $1::uuid) "
    "UPDATE user_accounts a SET "
    "acceptable_verified_credential_at = CASE WHEN COALESCE(k.logingov, false) OR "
    "a.acceptable_verified_credential_at <= $2 THEN a.acceptable_verified_credential_at END, "
    "idme_verified_credential_at = CASE WHEN COALESCE(k.idme, false) OR "
    "a.idme_verified_credential_at <= $2 THEN a.idme_verified_credential_at END "
    "FROM k WHERE a.id = $1::uuid"};

constexpr Statement kMoveTo = {"move_to",
                               "UPDATE user_verifications SET user_account_id = $2::uuid, "
                               "updated_at = $3 WHERE id = $1::uuid"};
constexpr Statement kForgetFormer = {
    "forget_former",
    "DELETE FROM deprecated_user_accounts WHERE user_verification_id = $1::uuid AND "
    "user_account_id = $2::uuid RETURNING deprecated_at"};
constexpr Statement kAddFormer = {
    "add_former",
    "INSERT INTO deprecated_user_accounts (user_verification_id, user_account_id, deprecated_at) "
    "VALUES ($1::uuid, $2::uuid, $3) ON CONFLICT DO NOTHING"};
constexpr Statement kSetIcn = {
    "set_icn",
    "UPDATE user_accounts SET icn_hash = $2, icn_sealed = $3::bytea WHERE id = $1::uuid"};

absl::Status MergeChanged() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "MERGE_CHANGED",
                         "what the merge is about changed meanwhile");
}

absl::Status MergeDecided() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "MERGE_DECIDED",
                         "there is nothing to decide about this merge");
}

absl::Status MergeLocked() {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "MERGE_LOCKED",
                         "an account of the merge, or this kind of credential there, is locked");
}

// A page of merges begins behind this one.
struct MergeToken {
  absl::Time created_at = absl::InfinitePast();
  std::string id = "00000000-0000-0000-0000-000000000000";
};

std::string TokenOf(const MergeRecord& merge) {
  return absl::StrCat(absl::ToUnixMicros(merge.created_at), ".", merge.id);
}

absl::StatusOr<MergeToken> ReadToken(absl::string_view text) {
  MergeToken out;
  if (text.empty()) return out;
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('.', 1));
  std::int64_t micros = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &micros) || !base::IsUuid(parts[1])) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN", "no page begins here");
  }
  out.created_at = absl::FromUnixMicros(micros);
  out.id = parts[1];
  return out;
}

absl::Status AddSteps(Connection& db, std::vector<MergeRecord>& merges) {
  std::vector<std::string> ids;
  absl::flat_hash_map<std::string, MergeRecord*> by_id;
  for (MergeRecord& merge : merges) {
    ids.push_back(merge.id);
    by_id[merge.id] = &merge;
  }
  const absl::StatusOr<store::Rows> rows = db.Exec(kMergeSteps, {ids});
  if (!rows.ok()) return rows.status();
  for (const store::Row row : *rows) {
    const absl::StatusOr<MergeState> state = MergeStateFromString(row.Text(1));
    if (!state.ok()) return state.status();
    by_id[row.Text(0)]->steps.push_back(
        {*state, {row.Text(2), row.Text(3), row.Text(4)}, row.Time(5)});
  }
  return absl::OkStatus();
}

// Where the credential is now, and who holds one of these ICNs.
struct MergeNow {
  std::string account_id;
  std::string holder;  // empty: nobody
};

absl::StatusOr<MergeNow> LookAt(Connection& db, const MergeRecord& merge,
                                const std::vector<std::string>& icn_hashes) {
  const absl::StatusOr<store::Rows> rows = db.Exec(kMergeNow, {merge.verification_id, icn_hashes});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return MergeChanged();
  return MergeNow{(*rows)[0].Text(0), (*rows)[0].Text(1)};
}

}  // namespace

// A merge as it stands, with what only the store needs of it.
struct PgAccountDirectory::HeldMerge {
  MergeRecord record;
  std::string proposed_by;
  std::string icn_sealed;
  std::optional<std::string> account_icn_sealed;
  // The ICN of the account when the first operator spoke, and what else is kept for the day the
  // merge is taken back.
  std::optional<std::string> former_icn_hash;
  std::optional<std::string> former_icn_sealed;
  std::optional<absl::Time> former_since;
};

absl::StatusOr<PgAccountDirectory::HeldMerge> PgAccountDirectory::ReadMerge(const store::Row& row) {
  const absl::StatusOr<MergeState> state = MergeStateFromString(row.Text(1));
  if (!state.ok()) return state.status();
  HeldMerge out;
  out.record.id = row.Text(0);
  out.record.state = *state;
  out.record.account_id = row.Text(2);
  out.record.verification_id = row.Text(3);
  out.record.other_account_id = row.Text(4);
  out.record.first_request_id = row.Text(5);
  out.record.last_request_id = row.Text(6);
  out.record.times_seen = static_cast<int>(row.Int(7));
  out.record.created_at = row.Time(8);
  out.record.last_seen_at = row.Time(9);
  out.proposed_by = row.Text(10);
  out.icn_sealed = row.Bytes(11);
  out.former_icn_hash = row.OptText(12);
  out.former_icn_sealed = OptBytes(row, 13);
  out.former_since = row.OptTime(14);
  out.account_icn_sealed = OptBytes(row, 15);
  return out;
}

absl::StatusOr<Page<MergeRecord>> PgAccountDirectory::ListMerges(std::optional<MergeState> state,
                                                                 absl::string_view after, int size,
                                                                 absl::Time deadline) {
  const absl::StatusOr<MergeToken> from = ReadToken(after);
  if (!from.ok()) return from.status();
  return pool_.Run(deadline, [&](Connection& db) -> absl::StatusOr<Page<MergeRecord>> {
    // One more than the page tells whether there is another one.
    const absl::StatusOr<store::Rows> rows =
        state ? db.Exec(kMergesIn, {from->created_at, from->id, size + 1, ToString(*state)})
              : db.Exec(kWaitingMerges, {from->created_at, from->id, size + 1});
    if (!rows.ok()) return rows.status();
    Page<MergeRecord> page;
    for (const store::Row row : *rows) {
      absl::StatusOr<HeldMerge> merge = ReadMerge(row);
      if (!merge.ok()) return merge.status();
      page.items.push_back(std::move(merge->record));
    }
    if (page.items.size() > static_cast<std::size_t>(size)) {
      page.items.resize(static_cast<std::size_t>(size));
      page.next = TokenOf(page.items.back());
    }
    if (absl::Status added = AddSteps(db, page.items); !added.ok()) return added;
    return page;
  });
}

absl::StatusOr<std::optional<MergeRecord>> PgAccountDirectory::ShowMerge(Connection& db,
                                                                         absl::string_view merge_id,
                                                                         bool open) const {
  using Answer = std::optional<MergeRecord>;
  const absl::StatusOr<store::Rows> rows = db.Exec(kMerge, {merge_id});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return Answer();
  const absl::StatusOr<HeldMerge> merge = ReadMerge((*rows)[0]);
  if (!merge.ok()) return merge.status();
  std::vector<MergeRecord> shown = {merge->record};
  if (absl::Status added = AddSteps(db, shown); !added.ok()) return added;
  MergeRecord& record = shown.front();
  if (open) {
    absl::Status opened = OpenInto(
        merge->icn_sealed, "pending_merges", record.id, "icn",
        [&](std::string text) { record.other_icn = identity::Icn::FromWire(std::move(text)); });
    // The ICN that the account has, or had before the merge.
    const bool replaced =
        merge->former_icn_sealed.has_value() &&
        (record.state == MergeState::kAccepted || record.state == MergeState::kRevertProposed);
    opened.Update(OpenInto(
        replaced ? merge->former_icn_sealed : merge->account_icn_sealed,
        replaced ? "pending_merges" : "user_accounts", replaced ? record.id : record.account_id,
        replaced ? "former_icn" : "icn",
        [&](std::string text) { record.account_icn = identity::Icn::FromWire(std::move(text)); }));
    if (!opened.ok()) return opened;
  }
  return Answer(std::move(record));
}

absl::StatusOr<std::optional<MergeRecord>> PgAccountDirectory::FindMerge(absl::string_view merge_id,
                                                                         bool open,
                                                                         absl::Time deadline) {
  return pool_.Run(deadline, [&](Connection& db) { return ShowMerge(db, merge_id, open); });
}

absl::StatusOr<WaitingMerges> PgAccountDirectory::CountWaitingMerges(absl::Time deadline) {
  const absl::StatusOr<store::Rows> rows = pool_.Exec(deadline, kCountWaiting);
  if (!rows.ok()) return rows.status();
  WaitingMerges out;
  out.count = (*rows)[0].Int(0);
  out.oldest = (*rows)[0].OptTime(1);
  return out;
}

absl::StatusOr<std::optional<MergeRecord>> PgAccountDirectory::DecideMerge(
    absl::string_view merge_id, bool accept, const Actor& actor, absl::Time now,
    absl::Time deadline) {
  return Say(merge_id, accept ? Word::kAccept : Word::kReject, actor, now, deadline);
}

absl::StatusOr<std::optional<MergeRecord>> PgAccountDirectory::RevertMerge(
    absl::string_view merge_id, const Actor& actor, absl::Time now, absl::Time deadline) {
  return Say(merge_id, Word::kRevert, actor, now, deadline);
}

absl::StatusOr<std::optional<MergeRecord>> PgAccountDirectory::Say(absl::string_view merge_id,
                                                                   Word word, const Actor& actor,
                                                                   absl::Time now,
                                                                   absl::Time deadline) const {
  using Answer = std::optional<MergeRecord>;
  return InRetriedTransaction<Answer>(
      pool_, deadline, [&](Connection& db) -> absl::StatusOr<Answer> {
        if (word != Word::kReject) {
          if (absl::Status held = HoldHashes(db, merge_id); !held.ok()) return held;
        }
        for (const Statement* hold : {&kHoldMergedCredential, &kHoldMergedAccounts}) {
          if (auto held = db.Exec(*hold, {merge_id}); !held.ok()) return held.status();
        }
        const absl::StatusOr<store::Rows> rows = db.Exec(kHoldMerge, {merge_id});
        if (!rows.ok()) return rows.status();
        if (rows->empty()) return Answer();
        absl::StatusOr<HeldMerge> merge = ReadMerge((*rows)[0]);
        if (!merge.ok()) return merge.status();
        const MergeState state = merge->record.state;
        const MergePlan plan =
            word == Word::kRevert
                ? PlanRevert(state, merge->proposed_by, actor.operator_id)
                : PlanDecision(state, merge->proposed_by, actor.operator_id, word == Word::kAccept);
        absl::Status done;
        switch (plan.verdict) {
          case MergeVerdict::kSecondOperator:
            return SecondOperator();
          case MergeVerdict::kDecided:
            return MergeDecided();
          case MergeVerdict::kStep:
            if (plan.next == MergeState::kProposed) done = Remember(*merge);
            if (plan.next == MergeState::kRejected) Drop(*merge);
            break;
          case MergeVerdict::kCarryOut:
            done = CarryOut(db, *merge, actor, now);
            break;
          case MergeVerdict::kTakeBack:
            done = TakeBack(db, *merge, actor, now);
            break;
        }
        if (!done.ok()) return done;
        const bool proposes =
            plan.next == MergeState::kProposed || plan.next == MergeState::kRevertProposed;
        const Param proposer = proposes ? Param(actor.operator_id) : Param(nullptr);
        const Param former =
            merge->former_icn_sealed ? Param(Bytes{*merge->former_icn_sealed}) : Param(nullptr);
        if (auto set = db.Exec(kSetMerge, {merge_id, ToString(plan.next), proposer,
                                           merge->former_icn_hash, former, merge->former_since});
            !set.ok()) {
          return set.status();
        }
        if (auto step = db.Exec(kAddStep, {merge_id, ToString(plan.next), actor.caller,
                                           actor.operator_id, actor.reason, now});
            !step.ok()) {
          return step.status();
        }
        return ShowMerge(db, merge_id, false);
      });
}

// What two programs may write under two keys at once is locked before anything else.
absl::Status PgAccountDirectory::HoldHashes(Connection& db, absl::string_view merge_id) const {
  if (hasher_.key_ids().size() < 2) return absl::OkStatus();
  const absl::StatusOr<store::Rows> rows = db.Exec(kMerge, {merge_id});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return absl::OkStatus();
  const absl::StatusOr<HeldMerge> merge = ReadMerge((*rows)[0]);
  if (!merge.ok()) return merge.status();
  std::vector<std::string> hashes;
  const auto take = [&](const std::string& icn) {
    const std::vector<std::string> more = hasher_.Candidates("icn", icn);
    hashes.insert(hashes.end(), more.begin(), more.end());
  };
  absl::Status opened =
      OpenInto(merge->icn_sealed, "pending_merges", merge->record.id, "icn", take);
  opened.Update(
      OpenInto(merge->former_icn_sealed, "pending_merges", merge->record.id, "former_icn", take));
  return opened.ok() ? LockHashes(db, hashes) : opened;
}

// The ICN of the account that the first operator speaks about: the second one speaks about it, too.
absl::Status PgAccountDirectory::Remember(HeldMerge& merge) const {
  if (!merge.account_icn_sealed) return MergeChanged();
  const absl::StatusOr<std::string> icn = box_.Open(
      *merge.account_icn_sealed, SealedPlace("user_accounts", merge.record.account_id, "icn"));
  if (!icn.ok()) return icn.status();
  merge.former_icn_hash = hasher_.Hash("icn", *icn);
  merge.former_icn_sealed =
      box_.Seal(*icn, SealedPlace("pending_merges", merge.record.id, "former_icn"), ids_);
  return absl::OkStatus();
}

void PgAccountDirectory::Drop(HeldMerge& merge) {
  merge.former_icn_hash.reset();
  merge.former_icn_sealed.reset();
  merge.former_since.reset();
}

absl::Status PgAccountDirectory::RefuseLocked(Connection& db, const HeldMerge& merge) {
  const absl::StatusOr<store::Rows> locked = db.Exec(kMergeLocked, {merge.record.id});
  if (!locked.ok()) return locked.status();
  return locked->empty() || (*locked)[0].Bool(0) ? MergeLocked() : absl::OkStatus();
}

// The credential moves to the account that holds the ICN; or its account takes the ICN, when nobody
// holds it.
absl::Status PgAccountDirectory::CarryOut(Connection& db, HeldMerge& merge, const Actor& actor,
                                          absl::Time now) const {
  const MergeRecord& record = merge.record;
  const absl::StatusOr<std::string> icn =
      box_.Open(merge.icn_sealed, SealedPlace("pending_merges", record.id, "icn"));
  if (!icn.ok()) return icn.status();
  const absl::StatusOr<MergeNow> found = LookAt(db, record, hasher_.Candidates("icn", *icn));
  if (!found.ok()) return found.status();
  if (found->account_id != record.account_id || found->holder != record.other_account_id ||
      !merge.account_icn_sealed || !merge.former_icn_sealed) {
    return MergeChanged();
  }
  const absl::StatusOr<std::string> spoken_of =
      box_.Open(*merge.former_icn_sealed, SealedPlace("pending_merges", record.id, "former_icn"));
  const absl::StatusOr<std::string> present =
      box_.Open(*merge.account_icn_sealed, SealedPlace("user_accounts", record.account_id, "icn"));
  if (!spoken_of.ok()) return spoken_of.status();
  if (!present.ok()) return present.status();
  // Another merge may have given the account another ICN since the first operator looked.
  if (*spoken_of != *present) return MergeChanged();
  if (absl::Status free = RefuseLocked(db, merge); !free.ok()) return free;
  const std::string& credential = record.verification_id;
  if (record.other_account_id.empty()) {
    if (absl::Status written = WriteIcn(db, record.account_id, *icn); !written.ok()) return written;
    // Whoever is signed in to the account holds the old ICN, with whatever credential.
    return AddEvent(db, AccountEventKind::kMoved, record.account_id, "", actor, now).status();
  }
  const absl::StatusOr<store::Rows> been =
      db.Exec(kForgetFormer, {credential, record.other_account_id});
  if (!been.ok()) return been.status();
  merge.former_since = been->empty() ? std::nullopt : (*been)[0].OptTime(0);
  if (auto kept = db.Exec(kAddFormer, {credential, record.account_id, now}); !kept.ok()) {
    return kept.status();
  }
  if (auto moved = db.Exec(kMoveTo, {credential, record.other_account_id, now}); !moved.ok()) {
    return moved.status();
  }
  return AddEvent(db, AccountEventKind::kMoved, record.account_id, credential, actor, now).status();
}

// All as it was, provided that nobody has changed it since.
absl::Status PgAccountDirectory::TakeBack(Connection& db, HeldMerge& merge, const Actor& actor,
                                          absl::Time now) const {
  const MergeRecord& record = merge.record;
  const std::string& credential = record.verification_id;
  if (!merge.account_icn_sealed || !merge.former_icn_sealed) return MergeChanged();
  const absl::StatusOr<std::string> former =
      box_.Open(*merge.former_icn_sealed, SealedPlace("pending_merges", record.id, "former_icn"));
  const absl::StatusOr<std::string> taken =
      box_.Open(merge.icn_sealed, SealedPlace("pending_merges", record.id, "icn"));
  const absl::StatusOr<std::string> present =
      box_.Open(*merge.account_icn_sealed, SealedPlace("user_accounts", record.account_id, "icn"));
  for (const auto* opened : {&former, &taken, &present}) {
    if (!opened->ok()) return opened->status();
  }
  if (absl::Status free = RefuseLocked(db, merge); !free.ok()) return free;
  if (record.other_account_id.empty()) {
    const absl::StatusOr<MergeNow> found = LookAt(db, record, hasher_.Candidates("icn", *former));
    if (!found.ok()) return found.status();
    // Somebody else has begun an account with the ICN meanwhile, or this one has another again.
    if (found->account_id != record.account_id || !found->holder.empty() || *present != *taken) {
      return MergeChanged();
    }
    if (absl::Status written = WriteIcn(db, record.account_id, *former); !written.ok()) {
      return written;
    }
    Drop(merge);
    return AddEvent(db, AccountEventKind::kMoved, record.account_id, "", actor, now).status();
  }
  const absl::StatusOr<MergeNow> found = LookAt(db, record, {});
  if (!found.ok()) return found.status();
  // Back on an account that is somebody else's by now, the credential would act for them.
  if (found->account_id != record.other_account_id || *present != *former) return MergeChanged();
  const absl::StatusOr<store::Rows> gone = db.Exec(kForgetFormer, {credential, record.account_id});
  if (!gone.ok()) return gone.status();
  if (merge.former_since) {
    const auto again =
        db.Exec(kAddFormer, {credential, record.other_account_id, *merge.former_since});
    if (!again.ok()) return again.status();
  }
  if (auto moved = db.Exec(kMoveTo, {credential, record.account_id, now}); !moved.ok()) {
    return moved.status();
  }
  if (!gone->empty()) {
    const auto dropped = db.Exec(kDropDates, {record.other_account_id, (*gone)[0].OptTime(0)});
    if (!dropped.ok()) return dropped.status();
  }
  Drop(merge);
  return AddEvent(db, AccountEventKind::kMoved, record.other_account_id, credential, actor, now)
      .status();
}

absl::Status PgAccountDirectory::WriteIcn(Connection& db, const std::string& account_id,
                                          const std::string& icn) const {
  const std::string sealed = box_.Seal(icn, SealedPlace("user_accounts", account_id, "icn"), ids_);
  return db.Exec(kSetIcn, {account_id, hasher_.Hash("icn", icn), Bytes{sealed}}).status();
}

}  // namespace va::attributes
