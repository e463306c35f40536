#include "services/mpi-adapter/store/pg_answer_cache.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "services/mpi-adapter/domain/cache_key.h"
#include "services/mpi-adapter/store/kept_answer_form.h"
#include "services/mpi-adapter/store/subject_hashes.h"

namespace va::mpi {
namespace {

using store::Bytes;
using store::Statement;

// A mark counts for a day, as long as any answer from before it can live; one that lies further
// ahead was made by a clock that has been set back since. OFFSET 0 and LIMIT 1 keep the planner,
// who does not know how few rows a key has, from reading all that are not over yet beside them.
constexpr Statement kFind = {
    "find_kept_answer",
    "SELECT k.id, k.answer_sealed, 0 AS depth FROM (SELECT a.id, a.answer_sealed, "
    "a.subject_hashes, a.asked_at, a.expires_at FROM kept_answers a "
    "WHERE a.key_hash = ANY($1::text[]) AND a.search = $2 OFFSET 0) k "
    "WHERE k.asked_at <= $3::timestamptz AND k.expires_at > $3::timestamptz "
    "AND NOT EXISTS (SELECT 1 FROM (SELECT m.invalidated_at FROM invalidations m "
    "WHERE m.subject_hash = ANY(k.subject_hashes) OFFSET 0) i "
    "WHERE i.invalidated_at BETWEEN k.asked_at AND k.asked_at + interval '24 hours') "
    "ORDER BY k.asked_at DESC LIMIT 1"};

// The same under an ICN, or under the one at the end of a trail of retired ones; then the links of
// the trail, which have to be opened too. A mark on either end of a link ends it: who replaced whom
// may be what has changed.
constexpr Statement kFindByIcn = {
    "find_kept_answer_by_icn",
    "WITH RECURSIVE trail(hash, depth, id, link) AS ("
    "SELECT given.hash, 0, NULL::uuid, NULL::bytea FROM unnest($1::text[]) AS given(hash) "
    "UNION ALL SELECT r.successor_hash, t.depth + 1, r.id, r.link_sealed FROM trail t "
    "CROSS JOIN LATERAL (SELECT n.id, n.successor_hash, n.link_sealed FROM "
    "(SELECT l.id, l.successor_hash, l.link_sealed, l.learned_at FROM retired_icns l "
    "WHERE l.icn_hash = t.hash OFFSET 0) n WHERE n.learned_at <= $3::timestamptz "
    "AND NOT EXISTS (SELECT 1 FROM (SELECT m.invalidated_at FROM invalidations m "
    "WHERE m.subject_hash = ANY(ARRAY[t.hash, n.successor_hash]) OFFSET 0) i "
    "WHERE i.invalidated_at BETWEEN n.learned_at AND n.learned_at + interval '24 hours') "
    "LIMIT 1) r WHERE t.depth < 8), "
    "found AS (SELECT k.id, k.answer_sealed, t.depth FROM trail t "
    "CROSS JOIN LATERAL (SELECT a.id, a.answer_sealed, a.subject_hashes, a.asked_at, a.expires_at "
    "FROM kept_answers a WHERE a.key_hash = t.hash AND a.search = $2 LIMIT 1) k "
    "WHERE k.asked_at <= $3::timestamptz AND k.expires_at > $3::timestamptz "
    "AND NOT EXISTS (SELECT 1 FROM (SELECT m.invalidated_at FROM invalidations m "
    "WHERE m.subject_hash = ANY(k.subject_hashes) OFFSET 0) i "
    "WHERE i.invalidated_at BETWEEN k.asked_at AND k.asked_at + interval '24 hours') "
    "ORDER BY k.asked_at DESC LIMIT 1) "
    "SELECT found.id, found.answer_sealed, found.depth, 0 AS step FROM found "
    "UNION ALL SELECT t.id, t.link, t.depth, t.depth FROM trail t JOIN found "
    "ON t.depth BETWEEN 1 AND found.depth ORDER BY 4"};

// One statement: nothing when something the answer is about was invalidated after the question;
// else the links of retired ICNs, without those of an ICN that lives and those that the person's
// whole history does not know, and the answer itself, in place of what was kept about the people it
// replaces and of "nobody" under what it names. Of two answers the one to the later question stays,
// unless a clock that has been set back since wrote it.
constexpr Statement kKeep = {
    "keep_answer",
    "WITH given AS (SELECT 1 AS one WHERE NOT EXISTS (SELECT 1 FROM (SELECT "
    "m.invalidated_at FROM invalidations m WHERE m.subject_hash = ANY($10::text[]) OFFSET 0) i "
    "WHERE i.invalidated_at BETWEEN $8::timestamptz AND $8::timestamptz + interval '24 hours')), "
    "untrue AS (DELETE FROM retired_icns r USING given WHERE (r.icn_hash = ANY($11::text[]) "
    "OR (r.successor_hash = ANY($16::text[]) AND r.icn_hash <> ALL($15::text[]))) "
    "AND (r.learned_at <= $8::timestamptz "
    "OR r.learned_at > $8::timestamptz + interval '2 minutes')), "
    "learned AS (INSERT INTO retired_icns (id, icn_hash, successor_hash, link_sealed, learned_at) "
    "SELECT link.id::uuid, link.hash, $5, link.sealed::bytea, $8::timestamptz "
    "FROM unnest($12::text[], $13::text[], $14::text[]) AS link(id, hash, sealed), given "
    "ORDER BY link.hash ON CONFLICT (icn_hash) DO UPDATE SET id = excluded.id, "
    "successor_hash = excluded.successor_hash, link_sealed = excluded.link_sealed, "
    "learned_at = excluded.learned_at WHERE retired_icns.learned_at <= excluded.learned_at "
    "OR retired_icns.learned_at > excluded.learned_at + interval '2 minutes'), "
    "replaced AS (DELETE FROM kept_answers k USING given WHERE (k.person_hash = ANY($15::text[]) "
    "OR (k.key_hash = ANY($17::text[]) AND k.outcome = 'NO_MATCH')) "
    "AND k.asked_at <= $8::timestamptz AND (k.key_hash <> $2 OR k.search <> $3)) "
    "INSERT INTO kept_answers (id, key_hash, search, outcome, person_hash, subject_hashes, "
    "answer_sealed, asked_at, expires_at) "
    "SELECT $1::uuid, $2, $3, $4, $5, $6::text[], $7::bytea, $8::timestamptz, $9::timestamptz "
    "FROM given ON CONFLICT (key_hash, search) DO UPDATE SET id = excluded.id, "
    "outcome = excluded.outcome, person_hash = excluded.person_hash, "
    "subject_hashes = excluded.subject_hashes, answer_sealed = excluded.answer_sealed, "
    "asked_at = excluded.asked_at, expires_at = excluded.expires_at "
    "WHERE kept_answers.asked_at <= excluded.asked_at "
    "OR kept_answers.asked_at > excluded.asked_at + interval '2 minutes'"};

// Whoever is behind the key, by whatever else they are kept, and whoever an ICN leads to. The marks
// stand under every key of the ring: an answer on its way may be hashed under any of them. A mark
// is no older than what it removes, for the clock of whoever kept that may be ahead of ours.
constexpr Statement kForget = {
    "forget_answers",
    "WITH RECURSIVE trail(hash, depth) AS ("
    "SELECT given.hash, 0 FROM unnest($1::text[]) AS given(hash) "
    "UNION SELECT r.successor_hash, t.depth + 1 FROM trail t "
    "CROSS JOIN LATERAL (SELECT n.successor_hash FROM retired_icns n "
    "WHERE n.icn_hash = t.hash LIMIT 1) r WHERE t.depth < 8), "
    "people AS (SELECT DISTINCT k.person_hash AS hash FROM kept_answers k "
    "WHERE k.subject_hashes && (SELECT array_agg(hash) FROM trail) "
    "AND k.person_hash IS NOT NULL), "
    "named AS (SELECT hash FROM trail UNION SELECT hash FROM people), "
    "over AS (SELECT k.id FROM kept_answers k "
    "WHERE k.subject_hashes && (SELECT array_agg(hash) FROM named) ORDER BY k.id "
    "FOR UPDATE SKIP LOCKED), "
    "about AS (SELECT max(k.asked_at) AS latest FROM kept_answers k "
    "WHERE k.subject_hashes && (SELECT array_agg(hash) FROM named)), "
    "gone AS (DELETE FROM kept_answers k WHERE k.id = ANY(ARRAY(SELECT id FROM over)) "
    "RETURNING k.id), "
    "marked AS (INSERT INTO invalidations (subject_hash, invalidated_at) "
    "SELECT hash, greatest($2::timestamptz, least("
    "(SELECT coalesce(latest, $2::timestamptz) FROM about), "
    "$2::timestamptz + interval '2 minutes')) FROM named ORDER BY hash "
    "ON CONFLICT (subject_hash) DO UPDATE SET invalidated_at = "
    "CASE WHEN invalidations.invalidated_at > excluded.invalidated_at + interval '2 minutes' "
    "THEN excluded.invalidated_at "
    "ELSE greatest(invalidations.invalidated_at, excluded.invalidated_at) END) "
    "SELECT count(*) FROM gone"};

constexpr Statement kDropRow = {"drop_kept_answer", "DELETE FROM kept_answers WHERE id = $1::uuid"};

absl::string_view WordOf(SearchType search) {
  switch (search) {
    case SearchType::kCorrelations:
      return "correlations";
    case SearchType::kIcnHistory:
      return "icn_history";
    case SearchType::kRelationships:
      break;
  }
  return "relationships";
}

std::string AnswerPlace(absl::string_view id) {
  return absl::StrCat("kept_answers/", id, "/answer");
}

std::string LinkPlace(absl::string_view id) { return absl::StrCat("retired_icns/", id, "/link"); }

// A text that is forgotten when it goes.
class Plain {
 public:
  explicit Plain(std::string text) : text_(std::move(text)) {}
  ~Plain() { crypto::Cleanse(text_); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

bool IsIcn(const CacheKey& key) { return key.kind == KeyKind::kIcn; }

// What Keep writes about retired ICNs, column by column.
struct Links {
  std::vector<std::string> ids;
  std::vector<std::string> hashes;
  std::vector<std::string> sealed;  // as texts that PostgreSQL reads as bytea
};

}  // namespace

// What an answer's row is bound to while its trail is walked: the ICN that was asked for, and after
// each link the one that replaced it.
class PgAnswerCache::Trail {
 public:
  explicit Trail(const CacheKey& key) : at_(key.value) {}

  // One of the links of a step leads on; those of other rings do not open, or lead elsewhere.
  void Follow(const std::optional<IcnLink>& link) {
    if (!link || !(link->icn == at_)) return;
    next_ = link->successor;
    since_ = std::min(since_, link->learned_at);
  }
  void Step() {
    lost_ |= !next_.has_value();
    if (next_) at_ = *std::exchange(next_, std::nullopt);
  }
  bool lost() const { return lost_; }
  const identity::CspId& at() const { return at_; }
  // Since when its oldest link is known.
  absl::Time since() const { return since_; }

 private:
  identity::CspId at_;
  std::optional<identity::CspId> next_;
  absl::Time since_ = absl::InfiniteFuture();
  bool lost_ = false;
};

absl::StatusOr<std::optional<KeptAnswer>> PgAnswerCache::Get(const CacheKey& key, absl::Time now,
                                                             absl::Time deadline) {
  const std::vector<std::string> hashes = SubjectCandidates(hasher_, {key});
  absl::StatusOr<store::Rows> rows =
      pool_.Exec(deadline, IsIcn(key) ? kFindByIcn : kFind, {hashes, WordOf(key.search), now});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::optional<KeptAnswer>();
  const store::Row answer = (*rows)[0];
  Trail trail(key);
  const int64_t depth = answer.Int(2);
  int row = 1;
  for (int64_t step = 1; step <= depth; ++step) {
    for (; row < rows->size() && (*rows)[row].Int(2) == step; ++row) {
      trail.Follow(OpenLink((*rows)[row].Text(0), (*rows)[row].Bytes(1)));
    }
    trail.Step();
  }
  if (trail.lost()) {
    ++damaged_;
    return std::optional<KeptAnswer>();
  }
  CacheKey found_under = key;
  found_under.value = trail.at();
  std::optional<KeptAnswer> kept =
      OpenAnswer(answer.Text(0), answer.Bytes(1), found_under, now, deadline);
  if (!kept) return kept;
  kept->by_retired_icn = depth > 0;
  // That it is about whoever was asked for is known since then, and no better.
  kept->asked_at = std::min(kept->asked_at, trail.since());
  return kept;
}

std::optional<IcnLink> PgAnswerCache::OpenLink(const std::string& id, const std::string& sealed) {
  absl::StatusOr<std::string> opened = box_.Open(sealed, LinkPlace(id));
  if (!opened.ok()) return std::nullopt;
  const Plain plain(*std::move(opened));
  return ReadLink(plain.text());
}

std::optional<KeptAnswer> PgAnswerCache::OpenAnswer(const std::string& id,
                                                    const std::string& sealed, const CacheKey& key,
                                                    absl::Time now, absl::Time deadline) {
  absl::StatusOr<std::string> opened = box_.Open(sealed, AnswerPlace(id));
  // Another process may have a key that this one is about to be given.
  if (base::ReasonOf(opened.status()) == "SEAL_UNKNOWN_KEY") return std::nullopt;
  std::optional<KeptForm> form;
  if (opened.ok()) {
    const Plain plain(*std::move(opened));
    form = ReadKept(plain.text());
  }
  if (!form || form->key.kind != key.kind || form->key.search != key.search ||
      !(form->key.value == key.value)) {
    ++damaged_;
    pool_.Exec(deadline, kDropRow, {id}).status().IgnoreError();
    return std::nullopt;
  }
  // The times that count are those in the seal.
  if (form->kept.asked_at > now || form->kept.expires_at <= now) return std::nullopt;
  return std::move(form->kept);
}

absl::Status PgAnswerCache::Keep(const CacheKey& key, const KeptAnswer& kept, absl::Time deadline) {
  const Profile* const profile = kept.answer.profile ? &*kept.answer.profile : nullptr;
  const std::optional<CacheKey> person = profile ? PersonOf(*profile) : std::nullopt;
  std::vector<CacheKey> alive;
  std::vector<CacheKey> retired;
  Links links;
  if (person) {
    for (const identity::Icn& icn : profile->ids.permanent_icns()) {
      alive.push_back({KeyKind::kIcn, identity::CspId::FromWire(icn.Reveal())});
    }
    retired = RetiredIcns(*profile);
    for (const CacheKey& one : retired) {
      links.ids.push_back(ids_.Uuid());
      links.hashes.push_back(SubjectHash(hasher_, one));
      const Plain plain(WriteLink({one.value, person->value, kept.asked_at}));
      links.sealed.push_back(absl::StrCat(
          "\\x", base::HexEncode(box_.Seal(plain.text(), LinkPlace(links.ids.back()), ids_))));
    }
  }
  std::vector<std::string> untrue = SubjectCandidates(hasher_, alive);
  const std::vector<std::string> retired_hashes = SubjectCandidates(hasher_, retired);
  // What was learnt of them under another key of the ring.
  std::copy_if(retired_hashes.begin(), retired_hashes.end(), std::back_inserter(untrue),
               [&links](const std::string& hash) {
                 return std::find(links.hashes.begin(), links.hashes.end(), hash) ==
                        links.hashes.end();
               });
  const std::string id = ids_.Uuid();
  const Plain plain(WriteKept(key, kept));
  const std::string sealed = box_.Seal(plain.text(), AnswerPlace(id), ids_);
  const std::vector<CacheKey> subjects = SubjectsOf(key, profile);
  std::optional<std::string> person_hash;
  if (person) person_hash = SubjectHash(hasher_, *person);
  const std::vector<std::string> named = SubjectCandidates(hasher_, subjects);
  const bool whole_history = person && key.search == SearchType::kIcnHistory;
  const std::vector<std::string> none;
  return pool_
      .Exec(deadline, kKeep,
            {id, SubjectHash(hasher_, key), WordOf(key.search), OutcomeName(kept.answer.outcome),
             person_hash, SubjectHashes(hasher_, subjects), Bytes{sealed}, kept.asked_at,
             kept.expires_at, named, untrue, links.ids, links.hashes, links.sealed, retired_hashes,
             whole_history ? SubjectCandidates(hasher_, {*person}) : none, person ? named : none})
      .status();
}

absl::StatusOr<int64_t> PgAnswerCache::Forget(const CacheKey& key, absl::Time now,
                                              absl::Time deadline) {
  const std::vector<std::string> hashes = SubjectCandidates(hasher_, {key});
  const absl::StatusOr<store::Rows> rows = pool_.Exec(deadline, kForget, {hashes, now});
  if (!rows.ok()) return rows.status();
  return (*rows)[0].Int(0);
}

}  // namespace va::mpi
