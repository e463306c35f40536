// The audit trail in a file: chained JSON lines (audit_chain.h) in which people are keyed
// pseudonyms. Owns the file, which may be moved away and made anew while serving, and knows by
// itself whether records get out: what could not be written is counted, and the trail says so
// itself once it can be written again. Every call is bounded in time.
//
// Records are handed to the system, not forced onto the disk: they survive the end of the process
// at any moment, not that of the machine. What is missing then shows against the anchored heads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/reloadable.h"
#include "lib/crypto/sealed_box.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/audit_chain.h"

namespace va::telemetry {

// What a record that cannot be written means for what it reports.
enum class AuditFailure {
  kRefuse,    // Write() says so, and whoever asked must not go on
  kContinue,  // counted, and reported in the trail later; what it reports takes effect
};

struct FileAuditOptions {
  std::string path;  // created with mode 0640; a pipe needs a reader
  std::string service;
  std::string process;  // tells this run from every other; random
  AuditFailure on_failure = AuditFailure::kRefuse;
  // How long one record may take, waiting for other records included.
  absl::Duration write_timeout = absl::Seconds(1);
};

struct AuditStats {
  int64_t written = 0;
  int64_t failed = 0;    // records that did not get out, since the start
  bool failing = false;  // the last one did not, and none has since
};

class FileAudit final : public Audit {
 public:
  // UNAVAILABLE: the file cannot be opened (AUDIT_FILE), or another process writes it
  // (AUDIT_FILE_SHARED).
  static absl::StatusOr<std::unique_ptr<FileAudit>> Open(FileAuditOptions options,
                                                         crypto::KeyRing pseudonym_keys,
                                                         const base::Clock& clock);
  // Ends the trail.
  ~FileAudit() override;
  FileAudit(const FileAudit&) = delete;
  FileAudit& operator=(const FileAudit&) = delete;

  // With kContinue always OK.
  absl::Status Write(AuditEvent event, const AuditFacts& facts) override;

  // The last record of the process's last chain; nothing is written after it.
  void End();

  // To be called every second or so: follows a file that was moved away or removed, and while
  // records fail tries whether they still do, so that a service nobody asks any more recovers.
  absl::Status Tend();

  // New keys for the records that follow.
  void SetPseudonymKeys(crypto::KeyRing keys);
  std::vector<crypto::RingAge> PseudonymKeys() const { return pseudonyms_.Get()->Ages(); }

  // Heads that moved since they were last anchored, oldest chain first.
  std::vector<ChainHead> UnanchoredHeads() const;
  void MarkAnchored(const ChainHead& head);

  AuditStats stats() const;
  // With kRefuse, the failure that makes the trail refuse now; otherwise OK.
  absl::Status Refusing() const;

 private:
  FileAudit(FileAuditOptions options, crypto::KeyRing pseudonym_keys, const base::Clock& clock);

  std::string Pseudonym(absl::string_view purpose, absl::string_view value) const;
  absl::Status Failed();
  int64_t Lost() const;

  // These hold mutex_. False: it did not get out.
  absl::Status Reopen();
  bool FileMoved() const;
  absl::Status WriteChained(absl::Time now, AuditEvent event, absl::string_view facts);
  bool CatchUp(absl::Time now);
  bool StartChain(absl::Time now, const std::string& day);
  bool EndChain(absl::Time now);
  bool Append(absl::Time now, AuditEvent event, absl::string_view facts);
  bool WriteRecord(absl::Time now, AuditEvent event, absl::string_view facts, ChainHead& head);
  bool WriteOut(const std::string& line);

  const FileAuditOptions options_;
  const base::Clock& clock_;
  base::Reloadable<crypto::LookupHasher> pseudonyms_;

  std::timed_mutex mutex_;  // the file, and the order of its records
  int fd_ = -1;
  bool torn_ = false;  // the file ends in the middle of a line
  bool ended_ = false;
  bool chain_ended_ = false;
  std::string day_;

  // What others look at, held for moments only: who is stuck in the file keeps mutex_. Changed by
  // holders of both.
  mutable std::mutex state_mutex_;
  AuditStats stats_;
  int64_t lost_ = 0;                 // records that failed and that the trail does not tell of yet
  ChainHead head_;                   // of the chain that is written now; seq 0: none yet
  std::vector<ChainHead> finished_;  // of earlier days, not anchored yet
  int64_t anchored_seq_ = 0;
};

}  // namespace va::telemetry
