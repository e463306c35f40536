#include "lib/telemetry/audit.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/telemetry/log.h"

namespace va::telemetry {
namespace {

// Every fact is a token of ours or a request id; more than this is not one.
constexpr size_t kMaxFact = 128;

void AppendFact(std::string& line, absl::string_view name, absl::string_view value) {
  if (value.empty()) return;
  absl::StrAppend(&line, ",\"", name, "\":");
  AppendJsonString(line, value, kMaxFact);
}

}  // namespace

absl::string_view ToString(AuditEvent event) {
  switch (event) {
    case AuditEvent::kSignInStarted:
      return "sign_in.started";
    case AuditEvent::kAssertionAccepted:
      return "assertion.accepted";
    case AuditEvent::kAssertionRefused:
      return "assertion.refused";
    case AuditEvent::kRequestRefused:
      return "request.refused";
    case AuditEvent::kMpiMatched:
      return "mpi.matched";
    case AuditEvent::kMpiNotMatched:
      return "mpi.not_matched";
    case AuditEvent::kDecisionMade:
      return "decision.made";
    case AuditEvent::kSessionIssued:
      return "session.issued";
    case AuditEvent::kSessionEnded:
      return "session.ended";
    case AuditEvent::kTermsAnswered:
      return "terms.answered";
    case AuditEvent::kMhvAccountCreated:
      return "mhv_account.created";
    case AuditEvent::kMhvAccountEnsured:
      return "mhv_account.ensured";
    case AuditEvent::kConsentGiven:
      return "consent.given";
    case AuditEvent::kProofingCodeIssued:
      return "proofing.code_issued";
    case AuditEvent::kProofingAttributesReleased:
      return "proofing.attributes_released";
    case AuditEvent::kAdminChanged:
      return "admin.changed";
    case AuditEvent::kKeyRotated:
      return "key.rotated";
    case AuditEvent::kMetadataChanged:
      return "metadata.changed";
    case AuditEvent::kConfigReloaded:
      return "config.reloaded";
  }
  return "";
}

absl::StatusOr<std::unique_ptr<FileAudit>> FileAudit::Open(const std::string& path,
                                                           std::string service,
                                                           const base::Clock& clock) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) {
    return base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_FILE",
                           absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<FileAudit>(new FileAudit(fd, std::move(service), clock));
}

FileAudit::FileAudit(int fd, std::string service, const base::Clock& clock)
    : fd_(fd), service_(std::move(service)), clock_(clock) {}

FileAudit::~FileAudit() { ::close(fd_); }

absl::Status FileAudit::Write(AuditEvent event, const AuditFacts& facts) {
  std::string line = absl::StrCat(
      "{\"ts\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", clock_.Now(), absl::UTCTimeZone()),
      "\",\"svc\":");
  AppendJsonString(line, service_, kMaxFact);
  absl::StrAppend(&line, ",\"ev\":\"", ToString(event), "\"");
  AppendFact(line, "req", facts.request_id);
  AppendFact(line, "csp", facts.csp);
  AppendFact(line, "app", facts.application);
  AppendFact(line, "outcome", facts.outcome);
  AppendFact(line, "code", facts.code);
  AppendFact(line, "tag", facts.tag);
  AppendFact(line, "policy", facts.policy_version);
  line.append("}\n");

  const std::lock_guard<std::mutex> lock(mutex_);
  absl::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_WRITE",
                             "the audit record could not be written", true);
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace va::telemetry
