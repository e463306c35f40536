// The audit trail: a stream of its own with a closed list of events and a closed set of facts, none
// of which says who a person is. A record that cannot be written is a failure the caller sees: the
// rules refuse to decide without one, the edge goes on and says so in its log.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/clock.h"

namespace va::telemetry {

// The closed list. Adding one is a decision, not a detail.
enum class AuditEvent {
  kSignInStarted,
  kRequestRefused,
  kAssertionAccepted,
  kAssertionRefused,
  kMpiMatched,
  kMpiNotMatched,
  kDecisionMade,
  kSessionIssued,
  kSessionEnded,
  kTermsAnswered,
  kMhvAccountCreated,
  kMhvAccountEnsured,  // asked for, and not created: `outcome` says how it ended
  kConsentGiven,
  kProofingCodeIssued,
  kProofingAttributesReleased,
  kAdminChanged,
  kKeyRotated,
  kMetadataChanged,
  kConfigReloaded,
};

// "sign_in.started" and so on.
absl::string_view ToString(AuditEvent event);

// All a record may say; empty texts are left out.
struct AuditFacts {
  absl::string_view request_id = {};
  absl::string_view csp = {};
  absl::string_view application = {};
  absl::string_view outcome = {};  // admit, step_up, deny, try_later ...
  absl::string_view code = {};
  absl::string_view tag = {};
  absl::string_view policy_version = {};
};

class Audit {
 public:
  virtual ~Audit() = default;
  // UNAVAILABLE (AUDIT_WRITE) if the record did not get out whole. Thread-safe.
  virtual absl::Status Write(AuditEvent event, const AuditFacts& facts) = 0;
};

// JSON lines appended to a file, which is created with mode 0640.
class FileAudit final : public Audit {
 public:
  static absl::StatusOr<std::unique_ptr<FileAudit>> Open(const std::string& path,
                                                         std::string service,
                                                         const base::Clock& clock);
  ~FileAudit() override;
  FileAudit(const FileAudit&) = delete;
  FileAudit& operator=(const FileAudit&) = delete;

  absl::Status Write(AuditEvent event, const AuditFacts& facts) override;

 private:
  FileAudit(int fd, std::string service, const base::Clock& clock);

  std::mutex mutex_;
  const int fd_;
  const std::string service_;
  const base::Clock& clock_;
};

}  // namespace va::telemetry
