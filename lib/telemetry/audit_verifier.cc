#include "lib/telemetry/audit_verifier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/telemetry/audit.h"

namespace va::telemetry {
namespace {

// Heads are anchored every minute; twice that, and somebody ought to know.
constexpr absl::Duration kAnchorLag = absl::Minutes(2);

std::string Range(int64_t first, int64_t last) {
  return first == last ? absl::StrCat("record ", first, " is")
                       : absl::StrCat("records ", first, " to ", last, " are");
}

// What follows the day in a chain's name.
absl::string_view ProcessOf(absl::string_view chain) {
  const size_t dot = chain.find('.');
  return dot == absl::string_view::npos ? chain : chain.substr(dot + 1);
}

}  // namespace

absl::Status AuditVerifier::Line(const std::string& file, int64_t number, absl::string_view text) {
  ++summary_.lines;
  const std::optional<ChainedRecord> record = ReadChainedRecord(text);
  if (!record) {
    // Left by a write that was cut off. A record that was made into this is missed by the next one.
    if (!text.empty()) Note("NO_RECORD", {file, number, ""}, "this line is no whole record");
    return absl::OkStatus();
  }
  ++summary_.records;
  summary_.first = std::min(summary_.first, record->at);
  summary_.last = std::max(summary_.last, record->at);
  const Place place{file, number, record->chain};
  const auto known = chains_.find(record->chain);
  if (known == chains_.end()) return Begin(*record, place);
  Follow(known->second, *record, place);
  return absl::OkStatus();
}

absl::Status AuditVerifier::Begin(const ChainedRecord& record, const Place& place) {
  if (chains_.size() >= kMostChains) {
    return base::MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_CHAINS",
                           "more chains than processes can have written");
  }
  Chain chain;
  if (options_.heads) {
    auto heads = options_.heads(record.service, record.chain);
    if (!heads.ok()) return heads.status();
    chain.heads = *std::move(heads);
  }
  chain.begun = record.at;
  chain.hash = ChainSeed();
  if (record.seq == 1) {
    if (record.hash != ChainHash(chain.hash, record.body) ||
        record.event != ToString(AuditEvent::kChainStarted)) {
      Fault("CHANGED", place, "the first record of the chain was changed");
    }
    if (record.link) CheckLink(*record.link, place);
  } else {
    const std::string detail =
        absl::StrCat(Range(1, record.seq - 1), " not in the files before this line");
    options_.partial ? Note("BEGINS_EARLIER", place, detail) : Fault("MISSING", place, detail);
  }
  Chain& kept = chains_.emplace(record.chain, std::move(chain)).first->second;
  ++summary_.chains;
  Take(kept, record, place);
  return absl::OkStatus();
}

void AuditVerifier::CheckLink(const ChainHead& link, const Place& place) {
  const auto before = chains_.find(link.chain);
  if (before == chains_.end()) {
    const std::string detail = absl::StrCat("the chain of the day before, ", link.chain,
                                            ", is not in the files before this line");
    // Part of the files or not: with an earlier day at hand, the day between is missing.
    const bool note = options_.partial && !KnowsEarlier(link.chain);
    note ? Note("BEGINS_EARLIER", place, detail) : Fault("MISSING", place, detail);
    return;
  }
  const Chain& chain = before->second;
  if (chain.seq < link.seq) {
    Fault("TRUNCATED", {chain.file, chain.line, link.chain},
          absl::StrCat(Range(chain.seq + 1, link.seq),
                       " missing at the end of the chain: the next day's names the last one"));
  } else if (chain.seq > link.seq) {
    Fault("INSERTED", {chain.file, chain.line, link.chain},
          absl::StrCat("the chain ended with record ", link.seq, ", says the next day's"));
  } else if (chain.hash != link.hash) {
    Fault("CHANGED", place, absl::StrCat("the head of ", link.chain, " is not the one named here"));
  }
}

bool AuditVerifier::KnowsEarlier(const std::string& chain) const {
  const absl::string_view process = ProcessOf(chain);
  return std::any_of(chains_.begin(), chains_.end(), [&](const auto& known) {
    return ProcessOf(known.first) == process && known.first < chain;
  });
}

void AuditVerifier::Follow(Chain& chain, const ChainedRecord& record, const Place& place) {
  if (record.seq <= chain.seq) {
    Fault("OUT_OF_ORDER", place,
          absl::StrCat("record ", record.seq, " stands behind record ", chain.seq,
                       ": it was moved, put in or written twice"));
    return;
  }
  if (chain.ended) {
    Fault("INSERTED", place, absl::StrCat("record ", record.seq, " stands behind the chain's end"));
  }
  if (record.seq > chain.seq + 1) {
    Fault("MISSING", place,
          absl::StrCat(Range(chain.seq + 1, record.seq - 1), " missing before this line"));
  } else if (record.hash != ChainHash(chain.hash, record.body)) {
    Fault("CHANGED", place,
          absl::StrCat("record ", record.seq,
                       " does not follow from the one before it: one of the two was changed"));
  }
  Take(chain, record, place);
}

void AuditVerifier::Take(Chain& chain, const ChainedRecord& record, const Place& place) {
  chain.seq = record.seq;
  chain.hash = record.hash;
  chain.at = record.at;
  chain.file = place.file;
  chain.line = place.line;
  chain.ended = record.event == ToString(AuditEvent::kChainEnded);
  if (record.event == ToString(AuditEvent::kRecordsLost)) {
    Note("RECORDS_LOST", place,
         absl::StrCat(record.lost, " records could not be written before this one"));
  }
  CheckHead(chain, record, place);
}

void AuditVerifier::CheckHead(Chain& chain, const ChainedRecord& record, const Place& place) {
  while (chain.next_head < chain.heads.size() && chain.heads[chain.next_head].seq < record.seq) {
    ++chain.next_head;  // the gap was told
  }
  if (chain.next_head == chain.heads.size() || chain.heads[chain.next_head].seq != record.seq) {
    return;
  }
  if (chain.heads[chain.next_head++].hash != record.hash) {
    Fault("HEAD_DIFFERS", place,
          absl::StrCat("the database holds another head at record ", record.seq,
                       ": something up to here was changed and the chain computed anew"));
    return;
  }
  chain.anchored_seq = record.seq;
  chain.anchored_at = record.at;
}

void AuditVerifier::Finish(const std::vector<std::string>& known) {
  for (const auto& [name, chain] : chains_) Close(name, chain);
  for (const std::string& name : known) {
    if (chains_.contains(name)) continue;
    const std::string detail = "the database knows this chain, and no file given holds it";
    const std::string no_file;
    const Place place{no_file, 0, name};
    options_.partial ? Note("CHAIN_NOT_GIVEN", place, detail) : Fault("MISSING", place, detail);
  }
}

void AuditVerifier::Close(const std::string& name, const Chain& chain) {
  const Place place{chain.file, chain.line, name};
  if (options_.heads) {
    CloseAnchored(chain, place);
  } else if (!chain.ended) {
    Note("OPEN_END", place,
         "the chain has no end: its process runs, was killed, or the end was cut off; only the "
         "anchored heads can tell");
  }
}

void AuditVerifier::CloseAnchored(const Chain& chain, const Place& place) {
  if (chain.next_head < chain.heads.size()) {
    Fault("TRUNCATED", place,
          absl::StrCat("the database knows record ", chain.heads.back().seq,
                       " of this chain; the files end with record ", chain.seq));
    return;
  }
  if (chain.anchored_seq == chain.seq) return;
  const bool never = chain.anchored_seq == 0;
  const absl::Duration since = chain.at - (never ? chain.begun : chain.anchored_at);
  const std::string detail =
      absl::StrCat(Range(chain.anchored_seq + 1, chain.seq), " covered by no head in the database");
  since > kAnchorLag || chain.ended ? Fault("NOT_ANCHORED", place, detail)
                                    : Note("NOT_ANCHORED_YET", place, detail);
}

void AuditVerifier::Fault(const std::string& reason, const Place& place,
                          const std::string& detail) {
  ++summary_.faults;
  if (options_.report) {
    options_.report({true, reason, place.file, place.line, place.chain, detail});
  }
}

void AuditVerifier::Note(const std::string& reason, const Place& place, const std::string& detail) {
  ++summary_.notes;
  if (options_.report) {
    options_.report({false, reason, place.file, place.line, place.chain, detail});
  }
}

}  // namespace va::telemetry
