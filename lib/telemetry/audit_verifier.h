// Reads an audit trail line by line and finds what was changed, taken out, put in, moved or cut off
// since it was written (audit_chain.h). What a file alone cannot show, a trail that was computed
// anew or lost its end, shows against heads that were anchored elsewhere. Memory grows with the
// number of chains, never with the number of records.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/telemetry/audit_chain.h"

namespace va::telemetry {

struct AuditFinding {
  bool fault = false;  // otherwise worth knowing, and no sign of tampering
  std::string reason;  // UPPER_SNAKE
  std::string file;
  int64_t line = 0;  // 0: about the whole chain
  std::string chain;
  std::string detail;
};

struct AuditSummary {
  int64_t lines = 0;
  int64_t records = 0;
  int64_t faults = 0;
  int64_t notes = 0;
  absl::Time first = absl::InfiniteFuture();
  absl::Time last = absl::InfinitePast();
  size_t chains = 0;
};

class AuditVerifier {
 public:
  struct Options {
    // The anchored heads of a chain, in order; empty: what the files say alone.
    std::function<absl::StatusOr<std::vector<ChainHead>>(const std::string& service,
                                                         const std::string& chain)>
        heads;
    // The files are some of many: a chain that begins before them is no fault.
    bool partial = false;
    std::function<void(const AuditFinding&)> report;
  };

  // A file with more is no trail of ours.
  static constexpr size_t kMostChains = 100'000;

  explicit AuditVerifier(Options options) : options_(std::move(options)) {}

  // One line without its end; lines come in the order of the files. A failure is one of reading the
  // heads, or RESOURCE_EXHAUSTED (TOO_MANY_CHAINS).
  absl::Status Line(const std::string& file, int64_t number, absl::string_view text);
  // After the last line. `known` are all chains anchored in the time of the files.
  void Finish(const std::vector<std::string>& known = {});

  const AuditSummary& summary() const { return summary_; }

 private:
  struct Chain {
    int64_t seq = 0;
    std::string hash;
    bool ended = false;
    absl::Time begun;
    absl::Time at;  // of the last record
    std::string file;
    int64_t line = 0;
    std::vector<ChainHead> heads;
    size_t next_head = 0;
    int64_t anchored_seq = 0;
    absl::Time anchored_at;  // when the record of the last matching head was written
  };
  struct Place {
    const std::string& file;
    int64_t line;
    const std::string& chain;
  };

  absl::Status Begin(const ChainedRecord& record, const Place& place);
  void CheckLink(const ChainHead& link, const Place& place);
  bool KnowsEarlier(const std::string& chain) const;
  void Follow(Chain& chain, const ChainedRecord& record, const Place& place);
  void Take(Chain& chain, const ChainedRecord& record, const Place& place);
  void CheckHead(Chain& chain, const ChainedRecord& record, const Place& place);
  void Close(const std::string& name, const Chain& chain);
  void CloseAnchored(const Chain& chain, const Place& place);
  void Fault(const std::string& reason, const Place& place, const std::string& detail);
  void Note(const std::string& reason, const Place& place, const std::string& detail);

  const Options options_;
  AuditSummary summary_;
  std::map<std::string, Chain> chains_;
};

}  // namespace va::telemetry
