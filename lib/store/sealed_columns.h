// What a service declares about the columns of its schema that hang on a key (decision E7): which
// are sealed and to what place, and which are keyed hashes of a value that stands sealed beside
// them. `signinctl keys` works from it, and a test compares it with the schema, so that no column
// is forgotten.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace va::store {

enum class RingName { kSealedBox, kLookup };  // keys.sealed_box_file, keys.lookup_file

enum class RowKeyType { kUuid, kBytes };

// A bytea that crypto::SealedBox sealed.
struct SealedColumn {
  const char* column;
  // What the value is bound to; {} stands for the key of its row, bytes as hex digits.
  const char* place;
};

// A text "key_id:hash" of crypto::LookupHasher, or of SealedBox::LookupHash under kSealedBox.
struct LookupColumn {
  const char* column;
  RingName ring;
  const char* purpose;
  // The sealed column of the same row whose value it hashes. Null: the value is not kept; then
  // `lapses` says what becomes of such a hash when its key is taken out of the ring.
  const char* from;
  const char* lapses = nullptr;
  // A text column that is hashed along, NULL as "", and how.
  const char* beside = nullptr;
  std::string (*join)(absl::string_view beside, absl::string_view value) = nullptr;
};

struct SealedTable {
  const char* table;
  const char* key;  // the primary key, one column
  RowKeyType key_type;
  absl::Span<const SealedColumn> sealed;
  absl::Span<const LookupColumn> lookups;
};

// A column that looks as if it hung on a key, and why that does not matter.
struct KeylessColumn {
  const char* table;
  const char* column;
  const char* why;
};

struct SealedSchema {
  absl::Span<const SealedTable> tables;
  absl::Span<const KeylessColumn> keyless;
};

}  // namespace va::store
