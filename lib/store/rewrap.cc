#include "lib/store/rewrap.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"

namespace va::store {
namespace {

// Rows whose keys are looked at with one statement.
constexpr int kPage = 2000;
// One statement, the wait for a connection included.
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr size_t kMostNamed = 1000;

constexpr Statement kLockTimeout{"rewrap_lock_timeout",
                                 "SELECT set_config('lock_timeout', $1, true)"};

absl::Time Soon() { return base::SystemClock().Now() + kPatience; }

// A value as a text that PostgreSQL casts to bytea; "" stands for NULL.
std::string HexText(absl::string_view bytes) {
  return bytes.empty() ? "" : absl::StrCat("\\x", base::HexEncode(bytes));
}

// What stands under no key reads as "".
std::string SealedKeySql(absl::string_view column) {
  return absl::StrCat("CASE WHEN ", column, " IS NULL THEN NULL WHEN octet_length(", column,
                      ") < 3 OR get_byte(", column, ", 0) <> 1 THEN '' ELSE encode(substr(", column,
                      ", 3, get_byte(", column, ", 1)), 'escape') END");
}

std::string LookupKeySql(absl::string_view column) {
  return absl::StrCat("CASE WHEN strpos(", column, ", ':') > 0 THEN split_part(", column,
                      ", ':', 1) WHEN ", column, " IS NOT NULL THEN '' END");
}

// A value that is still under another key, or none.
struct Cell {
  std::string old_value;  // "" stands for NULL
  std::string new_value;
};

// One row with the new form of what was stale in it.
struct NewRow {
  std::string id;           // as text
  std::vector<Cell> cells;  // in the order of the table's columns
};

// The statements of one table, made of nothing but what its service declared when it was compiled.
// Columns stand in one order throughout: the sealed ones, then the hashes that can be written
// again.
class TablePlan {
 public:
  explicit TablePlan(const SealedTable& table) : table_(table) {
    for (const LookupColumn& lookup : table.lookups) {
      if (lookup.from != nullptr) rewritable_.push_back(&lookup);
    }
    type_ = table.key_type == RowKeyType::kUuid ? "uuid" : "bytea";
    MakeScan();
    MakeLoad();
    MakeWrite();
    size_t number = 0;
    for (std::string& name : names_) name = absl::StrCat("rewrap_", table.table, "_", ++number);
  }
  TablePlan(const TablePlan&) = delete;
  TablePlan& operator=(const TablePlan&) = delete;

  const SealedTable& table() const { return table_; }
  const std::vector<const LookupColumn*>& rewritable() const { return rewritable_; }
  // The key id of every sealed column, then of every lookup column.
  Statement first_page() const { return {names_[0].c_str(), first_page_.c_str()}; }
  Statement next_page() const { return {names_[1].c_str(), next_page_.c_str()}; }
  Statement load() const { return {names_[2].c_str(), load_.c_str()}; }
  Statement write() const { return {names_[3].c_str(), write_.c_str()}; }

 private:
  void MakeScan() {
    std::string select = absl::StrCat("SELECT ", table_.key, "::text");
    for (const SealedColumn& one : table_.sealed) {
      absl::StrAppend(&select, ", ", SealedKeySql(one.column));
    }
    for (const LookupColumn& one : table_.lookups) {
      absl::StrAppend(&select, ", ", LookupKeySql(one.column));
    }
    absl::StrAppend(&select, " FROM ", table_.table);
    const std::string order = absl::StrCat(" ORDER BY ", table_.key, " LIMIT ", kPage);
    first_page_ = absl::StrCat(select, order);
    next_page_ = absl::StrCat(select, " WHERE ", table_.key, " > $1::text::", type_, order);
  }

  // Sealed values, hashes, and what is hashed along.
  void MakeLoad() {
    load_ = absl::StrCat("SELECT ", table_.key, "::text");
    for (const SealedColumn& one : table_.sealed) absl::StrAppend(&load_, ", ", one.column);
    for (const LookupColumn* one : rewritable_) absl::StrAppend(&load_, ", ", one->column);
    for (const LookupColumn* one : rewritable_) {
      absl::StrAppend(&load_, ", ", one->beside == nullptr ? "NULL::text" : one->beside);
    }
    absl::StrAppend(&load_, " FROM ", table_.table, " WHERE ", table_.key,
                    " = ANY($1::text[]::", type_, "[])");
  }

  // Only rows that nobody holds, and only those that still read as they were read.
  void MakeWrite() {
    std::string arrays = "$1::text[]";
    std::string names = "id";
    std::string set;
    std::string unchanged;
    int parameter = 1;
    const auto add = [&](absl::string_view column, absl::string_view cast) {
      const std::string before = absl::StrCat("o", parameter);
      const std::string after = absl::StrCat("n", parameter);
      absl::StrAppend(&arrays, ", $", parameter + 1, "::text[], $", parameter + 2, "::text[]");
      absl::StrAppend(&names, ", ", before, ", ", after);
      absl::StrAppend(&set, set.empty() ? "" : ", ", column, " = NULLIF(r.", after, ", '')", cast);
      absl::StrAppend(&unchanged, " AND t.", column, " IS NOT DISTINCT FROM NULLIF(r.", before,
                      ", '')", cast);
      parameter += 2;
    };
    for (const SealedColumn& one : table_.sealed) add(one.column, "::bytea");
    for (const LookupColumn* one : rewritable_) add(one->column, "");
    write_ = absl::StrCat("WITH r AS (SELECT ", names, " FROM unnest(", arrays, ") AS given(",
                          names, ")), ", "free AS (SELECT f.", table_.key, " AS id FROM ",
                          table_.table, " f WHERE f.", table_.key, " = ANY($1::text[]::", type_,
                          "[]) FOR UPDATE SKIP LOCKED) ", "UPDATE ", table_.table, " t SET ", set,
                          " FROM r JOIN free ON free.id = r.id::", type_, " WHERE t.", table_.key,
                          " = free.id", unchanged);
  }

  const SealedTable& table_;
  std::vector<const LookupColumn*> rewritable_;
  const char* type_ = "";
  // Connections know a prepared statement by the address of its name.
  std::string names_[4];
  std::string first_page_;
  std::string next_page_;
  std::string load_;
  std::string write_;
};

// Reads a table's rows in pages; `see` gets each page.
absl::Status ForEachPage(Pool& pool, const TablePlan& plan,
                         absl::FunctionRef<absl::Status(const Rows&)> see) {
  std::string after;
  for (bool first = true;; first = false) {
    const absl::StatusOr<Rows> rows =
        first ? pool.Exec(Soon(), plan.first_page()) : pool.Exec(Soon(), plan.next_page(), {after});
    if (!rows.ok()) return rows.status();
    if (rows->empty()) return absl::OkStatus();
    if (absl::Status seen = see(*rows); !seen.ok()) return seen;
    if (rows->size() < kPage) return absl::OkStatus();
    after = (*rows)[rows->size() - 1].Text(0);
  }
}

void Tell(const TellRewrap& tell, const RewrapProgress& progress) {
  if (tell) tell(progress);
}

// What a sealed value is bound to in this row.
std::string PlaceOf(const SealedColumn& column, const SealedTable& table, absl::string_view id) {
  if (table.key_type == RowKeyType::kBytes) id.remove_prefix(2);  // "\x"
  return absl::StrReplaceAll(column.place, {{"{}", id}});
}

// A value that was opened, and is forgotten when it goes.
class Plain {
 public:
  Plain() = default;
  ~Plain() {
    if (text_) crypto::Cleanse(*text_);
  }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  void Hold(std::string text) { text_ = std::move(text); }
  const std::optional<std::string>& text() const { return text_; }

 private:
  std::optional<std::string> text_;
};

class Rewrapper {
 public:
  Rewrapper(Pool& pool, const Rings& rings, base::IdGenerator& ids, const RewrapOptions& options)
      : pool_(pool), rings_(rings), ids_(ids), options_(options) {}

  // One walk through all tables. Troubles and busy rows are those of the last one.
  absl::Status Lap(const std::vector<std::unique_ptr<TablePlan>>& plans) {
    report_.busy = 0;
    report_.troubled = 0;
    report_.troubles.clear();
    for (const auto& plan : plans) {
      RewrapProgress progress{plan->table().table, 0, 0};
      const absl::Status walked =
          ForEachPage(pool_, *plan, [&](const Rows& page) { return Page(*plan, page, progress); });
      if (!walked.ok()) return walked;
    }
    return absl::OkStatus();
  }

  // Opens and hashes what stands in these rows, and writes nothing.
  absl::Status Try(const TablePlan& plan, const std::vector<std::string>& rows_of) {
    verifying_ = true;
    const absl::StatusOr<Rows> rows = pool_.Exec(Soon(), plan.load(), {rows_of});
    if (!rows.ok()) return rows.status();
    for (const Row row : *rows) Renew(plan, row);
    return absl::OkStatus();
  }

  RewrapReport& report() { return report_; }

 private:
  absl::Status Page(const TablePlan& plan, const Rows& page, RewrapProgress& progress) {
    std::vector<std::string> stale;
    const auto work_off = [&]() -> absl::Status {
      if (stale.empty()) return absl::OkStatus();
      const absl::StatusOr<int64_t> written = Batch(plan, stale);
      stale.clear();
      if (!written.ok()) return written.status();
      report_.rewritten += *written;
      progress.rows_rewritten += *written;
      return absl::OkStatus();
    };
    for (const Row row : page) {
      ++progress.rows_seen;
      if (!IsStale(plan, row)) continue;
      stale.push_back(row.Text(0));
      if (stale.size() < static_cast<size_t>(options_.batch)) continue;
      if (absl::Status worked = work_off(); !worked.ok()) return worked;
    }
    absl::Status worked = work_off();
    Tell(options_.tell, progress);
    return worked;
  }

  std::string CurrentOf(RingName ring) const {
    return ring == RingName::kSealedBox ? rings_.sealed_box->current_key_id()
                                        : rings_.lookup->current_key_id();
  }

  bool IsStale(const TablePlan& plan, const Row& row) const {
    int at = 1;
    bool stale = false;
    for (size_t i = 0; i < plan.table().sealed.size(); ++i, ++at) {
      stale |= !row.IsNull(at) && row.Text(at) != CurrentOf(RingName::kSealedBox);
    }
    for (const LookupColumn& one : plan.table().lookups) {
      stale |= one.from != nullptr && !row.IsNull(at) && row.Text(at) != CurrentOf(one.ring);
      ++at;
    }
    return stale;
  }

  // Reads these rows, and writes what is stale in them; how many were written.
  absl::StatusOr<int64_t> Batch(const TablePlan& plan, const std::vector<std::string>& stale) {
    const absl::StatusOr<Rows> rows = pool_.Exec(Soon(), plan.load(), {stale});
    if (!rows.ok()) return rows.status();
    std::vector<NewRow> work;
    for (const Row row : *rows) {
      std::optional<NewRow> renewed = Renew(plan, row);
      if (renewed) work.push_back(*std::move(renewed));
    }
    if (work.empty()) return 0;
    absl::StatusOr<int64_t> written = Write(plan, work);
    if (absl::IsAlreadyExists(written.status())) written = WriteOneByOne(plan, work);
    if (absl::IsAborted(written.status()) || base::ReasonOf(written.status()) == "LOCK_TIMEOUT") {
      written = 0;
    }
    if (written.ok()) report_.busy += static_cast<int64_t>(work.size()) - *written - taken_;
    taken_ = 0;
    return written;
  }

  // The row with everything under the current keys; nothing when nothing of it can be helped.
  std::optional<NewRow> Renew(const TablePlan& plan, const Row& row) {
    const SealedTable& table = plan.table();
    NewRow renewed{row.Text(0), {}};
    std::vector<Plain> plains(table.sealed.size());
    bool changed = false;
    for (size_t i = 0; i < table.sealed.size(); ++i) {
      const std::string old = row.Bytes(static_cast<int>(i) + 1);
      Cell cell{old, old};
      changed |= RenewSealed(table, i, renewed.id, cell, plains[i]);
      renewed.cells.push_back({HexText(cell.old_value), HexText(cell.new_value)});
    }
    const int hashes_at = static_cast<int>(table.sealed.size()) + 1;
    const int count = static_cast<int>(plan.rewritable().size());
    for (int i = 0; i < count; ++i) {
      const std::string old = row.Text(hashes_at + i);
      Cell cell{old, old};
      changed |= RenewHash(table, *plan.rewritable()[static_cast<size_t>(i)], renewed.id,
                           row.Text(hashes_at + count + i), plains, cell);
      renewed.cells.push_back(std::move(cell));
    }
    if (!changed) return std::nullopt;
    return renewed;
  }

  // Opens the value, for the hashes beside it too, and seals it anew when its key is not current.
  bool RenewSealed(const SealedTable& table, size_t number, const std::string& id, Cell& cell,
                   Plain& plain) {
    if (cell.old_value.empty()) return false;
    const SealedColumn& column = table.sealed[number];
    const std::string place = PlaceOf(column, table, id);
    absl::StatusOr<std::string> opened = rings_.sealed_box->Open(cell.old_value, place);
    if (!opened.ok()) {
      Trouble(table, id, column.column, std::string(base::ReasonOf(opened.status())));
      return false;
    }
    plain.Hold(*std::move(opened));
    const absl::StatusOr<std::string> key = crypto::SealedBox::KeyIdOf(cell.old_value);
    if (key.ok() && *key == rings_.sealed_box->current_key_id()) return false;
    cell.new_value = rings_.sealed_box->Seal(*plain.text(), place, ids_);
    return true;
  }

  bool RenewHash(const SealedTable& table, const LookupColumn& column, const std::string& id,
                 const std::string& beside, const std::vector<Plain>& plains, Cell& cell) {
    if (cell.old_value.empty()) return false;
    const bool current = crypto::LookupHasher::KeyIdOf(cell.old_value) == CurrentOf(column.ring);
    if (current && !verifying_) return false;
    const std::optional<std::string>* value = nullptr;
    for (size_t i = 0; i < plains.size(); ++i) {
      if (absl::string_view(table.sealed[i].column) == column.from) value = &plains[i].text();
    }
    // It could not be opened, which was told.
    if (value == nullptr || !value->has_value()) return false;
    std::string joined = column.join == nullptr ? **value : column.join(beside, **value);
    const std::vector<std::string> candidates =
        column.ring == RingName::kSealedBox
            ? rings_.sealed_box->LookupCandidates(column.purpose, joined)
            : rings_.lookup->Candidates(column.purpose, joined);
    crypto::Cleanse(joined);
    // A hash that says something else than the value beside it is not ours to decide about.
    if (std::find(candidates.begin(), candidates.end(), cell.old_value) == candidates.end()) {
      Trouble(table, id, column.column,
              UnknownKey(column.ring, cell.old_value) ? "SEAL_UNKNOWN_KEY" : "HASH_DIFFERS");
      return false;
    }
    cell.new_value = candidates.front();
    return true;
  }

  bool UnknownKey(RingName ring, absl::string_view hash) const {
    const std::vector<std::string> ids =
        ring == RingName::kSealedBox ? rings_.sealed_box->key_ids() : rings_.lookup->key_ids();
    return std::find(ids.begin(), ids.end(), crypto::LookupHasher::KeyIdOf(hash)) == ids.end();
  }

  void Trouble(const SealedTable& table, const std::string& id, const char* column,
               std::string reason) {
    ++report_.troubled;
    if (report_.troubles.size() >= kMostNamed) return;
    report_.troubles.push_back({table.table, id, column, std::move(reason)});
  }

  absl::StatusOr<int64_t> Write(const TablePlan& plan, absl::Span<const NewRow> work) {
    const size_t columns = work.front().cells.size();
    std::vector<std::vector<std::string>> arrays(1 + 2 * columns);
    for (const NewRow& row : work) {
      arrays[0].push_back(row.id);
      for (size_t i = 0; i < columns; ++i) {
        arrays[1 + 2 * i].push_back(row.cells[i].old_value);
        arrays[2 + 2 * i].push_back(row.cells[i].new_value);
      }
    }
    const std::vector<Param> params(arrays.begin(), arrays.end());
    int64_t written = 0;
    const absl::Status done = pool_.Run(Soon(), [&](Connection& db) {
      return db.InTransaction([&](Connection& inside) {
        const auto timed = inside.Exec(
            kLockTimeout, {absl::StrCat(absl::ToInt64Milliseconds(options_.lock_timeout), "ms")});
        if (!timed.ok()) return timed.status();
        const absl::StatusOr<Rows> rows = inside.Exec(plan.write(), params);
        if (rows.ok()) written = rows->affected();
        return rows.status();
      });
    });
    if (!done.ok()) return done;
    return written;
  }

  // Which of them it is whose hash somebody else holds.
  absl::StatusOr<int64_t> WriteOneByOne(const TablePlan& plan, absl::Span<const NewRow> work) {
    int64_t written = 0;
    for (const NewRow& row : work) {
      const absl::StatusOr<int64_t> one = Write(plan, absl::MakeConstSpan(&row, 1));
      if (absl::IsAlreadyExists(one.status())) {
        Trouble(plan.table(), row.id, "", "HASH_TAKEN");
        ++taken_;
      } else if (one.ok()) {
        written += *one;
      } else if (!absl::IsAborted(one.status()) && base::ReasonOf(one.status()) != "LOCK_TIMEOUT") {
        return one.status();
      }
    }
    return written;
  }

  Pool& pool_;
  const Rings& rings_;
  base::IdGenerator& ids_;
  const RewrapOptions& options_;
  RewrapReport report_;
  bool verifying_ = false;  // hashes under the current key, too
  int64_t taken_ = 0;       // of the batch under way: rows in trouble, and not busy
};

using Plans = std::vector<std::unique_ptr<TablePlan>>;

// Made once and kept: connections know a prepared statement by the address of its name, and an
// address that is freed may be another statement's the next time.
const Plans& PlansOf(const SealedSchema& schema) {
  static std::mutex mutex;
  static auto* const all = new std::map<const SealedTable*, Plans>;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto [found, added] = all->try_emplace(schema.tables.data());
  if (added) {
    for (const SealedTable& table : schema.tables) {
      found->second.push_back(std::make_unique<TablePlan>(table));
    }
  }
  return found->second;
}

}  // namespace

absl::StatusOr<std::vector<ColumnKeys>> CountKeys(Pool& pool, const SealedSchema& schema,
                                                  const TellRewrap& tell) {
  std::vector<ColumnKeys> all;
  for (const auto& plan : PlansOf(schema)) {
    const SealedTable& table = plan->table();
    std::vector<ColumnKeys> columns;
    for (const SealedColumn& one : table.sealed) {
      columns.push_back({table.table, one.column, RingName::kSealedBox, "", {}, {}});
    }
    for (const LookupColumn& one : table.lookups) {
      columns.push_back({table.table,
                         one.column,
                         one.ring,
                         one.from == nullptr && one.lapses != nullptr ? one.lapses : "",
                         {},
                         {}});
    }
    RewrapProgress progress{table.table, 0, 0};
    const absl::Status counted = ForEachPage(pool, *plan, [&](const Rows& page) {
      for (const Row row : page) {
        for (size_t i = 0; i < columns.size(); ++i) {
          const int at = static_cast<int>(i) + 1;
          if (row.IsNull(at)) continue;
          if (++columns[i].values[row.Text(at)] == 1) {
            columns[i].first_row[row.Text(at)] = row.Text(0);
          }
        }
      }
      progress.rows_seen += page.size();
      Tell(tell, progress);
      return absl::OkStatus();
    });
    if (!counted.ok()) return counted;
    all.insert(all.end(), columns.begin(), columns.end());
  }
  return all;
}

absl::StatusOr<RewrapReport> TryKeys(Pool& pool, const SealedSchema& schema, const Rings& rings,
                                     base::IdGenerator& ids,
                                     const std::vector<ColumnKeys>& columns) {
  const RewrapOptions options;
  Rewrapper rewrapper(pool, rings, ids, options);
  for (const auto& plan : PlansOf(schema)) {
    std::set<std::string> rows;
    for (const ColumnKeys& column : columns) {
      if (column.table != plan->table().table) continue;
      for (const auto& [key, row] : column.first_row) rows.insert(row);
    }
    if (rows.empty()) continue;
    const absl::Status tried = rewrapper.Try(*plan, {rows.begin(), rows.end()});
    if (!tried.ok()) return tried;
  }
  return rewrapper.report();
}

absl::StatusOr<RewrapReport> Rewrap(Pool& pool, const SealedSchema& schema, const Rings& rings,
                                    base::IdGenerator& ids, const RewrapOptions& options) {
  const Plans& plans = PlansOf(schema);
  Rewrapper rewrapper(pool, rings, ids, options);
  int idle = 0;
  while (true) {
    const int64_t before = rewrapper.report().rewritten;
    if (absl::Status lap = rewrapper.Lap(plans); !lap.ok()) return lap;
    const RewrapReport& report = rewrapper.report();
    idle = report.rewritten == before ? idle + 1 : 0;
    if (report.busy == 0 || idle > options.idle_laps) return report;
    absl::SleepFor(options.pause);
  }
}

}  // namespace va::store
