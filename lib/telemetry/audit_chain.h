// The form of the audit trail on disk, for whoever writes it and whoever verifies it: one JSON
// object a line, and a hash over the line and the one before it, so that nothing can be changed,
// taken out, put in or moved without a trace. A chain belongs to one process and one day in UTC;
// its first record names the chain and the head of the same process's day before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::telemetry {

// The last record of a chain at some moment. Anchored elsewhere, it commits to everything before.
struct ChainHead {
  std::string chain;  // "2026-01-15.<process identity>"
  int64_t seq = 0;    // from 1
  std::string hash;   // 32 raw bytes

  bool operator==(const ChainHead&) const = default;
};

// What a chain's first record is hashed with.
std::string ChainSeed();

// 32 raw bytes: SHA-256 over the hash before and the exact bytes of a record before its own hash.
std::string ChainHash(absl::string_view previous, absl::string_view body);

// `body` is the record up to its hash, `{"ts":...,"seq":7`; the answer is the whole line.
std::string SealedLine(absl::string_view body, absl::string_view hash);

// A line taken apart, as far as the chain needs. Refers to the line where it can.
struct ChainedRecord {
  absl::string_view body;  // what the hash covers, besides the hash before
  std::string hash;        // as the line claims it
  std::string chain;
  int64_t seq = 0;
  std::string event;
  std::string service;
  absl::Time at;
  std::optional<ChainHead> link;  // of a first record: the head of the day before
  int64_t lost = 0;               // of audit.lost: records that could not be written
};

// nullopt: no whole record of ours. `line` comes without its line end.
std::optional<ChainedRecord> ReadChainedRecord(absl::string_view line);

}  // namespace va::telemetry
