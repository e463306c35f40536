// Takes a schema from one key to the next while it serves (decision E7): tells under which key each
// value stands, and writes what stands under another than the current one again. What is done is
// known from the key ids themselves, so whoever was killed in the middle is simply started again.
//
// A batch is one statement under a short lock timeout. It passes over rows that somebody else holds
// and takes nothing that changed since it was read; both are met again on the next lap.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/id_generator.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "lib/store/sealed_columns.h"

namespace va::store {

// How many values of a column stand under which key; "" counts those that name none.
struct ColumnKeys {
  std::string table;
  std::string column;
  RingName ring = RingName::kSealedBox;
  std::string lapses;  // not empty: cannot be written again, and what that means
  std::map<std::string, int64_t> values;
  std::map<std::string, std::string> first_row;  // under that key, as text
};

// After each page of rows, so that nobody sits before a silent terminal.
struct RewrapProgress {
  std::string table;
  int64_t rows_seen = 0;
  int64_t rows_rewritten = 0;
};
using TellRewrap = std::function<void(const RewrapProgress&)>;

// Reads keys only, opens nothing. In pages: no statement is long, whatever the table.
absl::StatusOr<std::vector<ColumnKeys>> CountKeys(Pool& pool, const SealedSchema& schema,
                                                  const TellRewrap& tell);

// What the values are opened, sealed and hashed with. `lookup` may be null where no column needs
// it.
struct Rings {
  const crypto::SealedBox* sealed_box;
  const crypto::LookupHasher* lookup;
};

struct RewrapOptions {
  int batch = 200;
  TellRewrap tell = {};
  // Laps without any row written before rows that stay locked are left alone.
  int idle_laps = 20;
  absl::Duration pause = absl::Milliseconds(250);
  absl::Duration lock_timeout = absl::Milliseconds(500);
};

// A value that stays as it is, and why: SEAL_MALFORMED, SEAL_UNKNOWN_KEY, SEAL_BROKEN, HASH_DIFFERS
// (its hash is not that of the sealed value), HASH_TAKEN (another row holds the new hash).
struct RewrapTrouble {
  std::string table;
  std::string row;
  std::string column;
  std::string reason;
};

struct RewrapReport {
  int64_t rewritten = 0;                // rows
  int64_t busy = 0;                     // rows that stayed locked or kept changing
  int64_t troubled = 0;                 // values
  std::vector<RewrapTrouble> troubles;  // the first thousand
};

// Opens the first value of each column under each key that the rings have, and makes its hash anew:
// whether the keys are what their ids say. A ring of another place may bear the same ids.
absl::StatusOr<RewrapReport> TryKeys(Pool& pool, const SealedSchema& schema, const Rings& rings,
                                     base::IdGenerator& ids,
                                     const std::vector<ColumnKeys>& columns);

absl::StatusOr<RewrapReport> Rewrap(Pool& pool, const SealedSchema& schema, const Rings& rings,
                                    base::IdGenerator& ids, const RewrapOptions& options);

}  // namespace va::store
