#include "lib/telemetry/file_audit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/telemetry/log.h"

namespace va::telemetry {
namespace {

// Every fact is a token of ours, a request id or a pseudonym; more than this is not one.
constexpr size_t kMaxFact = 128;
// But for an operator's reason, which is a sentence.
constexpr size_t kMaxReason = 200;
// One chain ends a day, so more than these wait only when the database was gone for weeks.
constexpr size_t kMaxFinishedHeads = 32;
// A record that failed is tried again by the next one, at once and not after a second each: a
// thousand sign-ins against a full disk are a thousand quick refusals.
constexpr absl::Duration kNoWait = absl::ZeroDuration();

void AppendFact(std::string& line, absl::string_view name, absl::string_view value,
                size_t most = kMaxFact) {
  if (value.empty()) return;
  absl::StrAppend(&line, ",\"", name, "\":");
  AppendJsonString(line, value, most);
}

std::string DayOf(absl::Time now) { return absl::FormatTime("%Y-%m-%d", now, absl::UTCTimeZone()); }

absl::Status NotWritten() {
  return base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_WRITE",
                         "the audit record could not be written", true);
}

// Two processes in one file would each write on where the other's record was cut off, and make a
// record that got out look like one that was tampered with. The lock ends with its process, however
// that ends; a pipe takes each record whole and belongs to its reader.
bool TakeAlone(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return false;
  return !S_ISREG(info.st_mode) || ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

// Whether somebody's write was cut off here (kill -9, full disk): the next record begins a line.
bool EndsWithinLine(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  struct stat info {};
  char last = '\n';
  const bool read = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
                    ::pread(fd, &last, 1, info.st_size - 1) == 1;
  ::close(fd);
  return read && last != '\n';
}

// False: not writable within `limit`.
bool AwaitRoom(int fd, absl::Duration limit) {
  pollfd waited{fd, POLLOUT, 0};
  return ::poll(&waited, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) == 1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileAudit>> FileAudit::Open(FileAuditOptions options,
                                                           crypto::KeyRing pseudonym_keys,
                                                           const base::Clock& clock) {
  std::unique_ptr<FileAudit> audit(
      new FileAudit(std::move(options), std::move(pseudonym_keys), clock));
  const std::lock_guard<std::timed_mutex> lock(audit->mutex_);
  if (absl::Status opened = audit->Reopen(); !opened.ok()) return opened;
  return audit;
}

FileAudit::FileAudit(FileAuditOptions options, crypto::KeyRing pseudonym_keys,
                     const base::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      pseudonyms_(crypto::LookupHasher::FromRing(std::move(pseudonym_keys))) {}

FileAudit::~FileAudit() {
  End();
  if (fd_ >= 0) ::close(fd_);
}

absl::Status FileAudit::Write(AuditEvent event, const AuditFacts& facts) {
  std::string text;
  text.reserve(256);
  AppendFact(text, "req", facts.request_id);
  AppendFact(text, "csp", facts.csp);
  AppendFact(text, "app", facts.application);
  AppendFact(text, "outcome", facts.outcome);
  AppendFact(text, "code", facts.code);
  AppendFact(text, "tag", facts.tag);
  AppendFact(text, "policy", facts.policy_version);
  if (!facts.account_id.empty()) {
    AppendFact(text, "who", Pseudonym("audit.account", facts.account_id));
  }
  if (!facts.credential_id.empty()) {
    AppendFact(text, "credential",
               Pseudonym("audit.credential", absl::StrCat(facts.csp, ":", facts.credential_id)));
  }
  if (!facts.icn.empty()) AppendFact(text, "icn", Pseudonym("audit.icn", facts.icn));
  if (!facts.verification_id.empty()) {
    AppendFact(text, "verification", Pseudonym("audit.verification", facts.verification_id));
  }
  AppendFact(text, "merge", facts.merge_id);
  AppendFact(text, "caller", facts.caller);
  AppendFact(text, "operator", facts.operator_id);
  AppendFact(text, "reason", facts.reason, kMaxReason);
  const std::unique_lock<std::timed_mutex> lock(mutex_,
                                                absl::ToChronoNanoseconds(options_.write_timeout));
  const absl::Status written =
      !lock.owns_lock() || ended_ ? Failed() : WriteChained(clock_.Now(), event, text);
  return options_.on_failure == AuditFailure::kContinue ? absl::OkStatus() : written;
}

std::string FileAudit::Pseudonym(absl::string_view purpose, absl::string_view value) const {
  return pseudonyms_.Get()->Hash(purpose, value);
}

void FileAudit::SetPseudonymKeys(crypto::KeyRing keys) {
  pseudonyms_.Swap(crypto::LookupHasher::FromRing(std::move(keys)));
}

absl::Status FileAudit::WriteChained(absl::Time now, AuditEvent event, absl::string_view facts) {
  return CatchUp(now) && Append(now, event, facts) ? absl::OkStatus() : Failed();
}

// Brings the trail to where the next record belongs: into today's chain, behind the word about what
// was lost. A clock that steps back over midnight stays in the chain it is in.
bool FileAudit::CatchUp(absl::Time now) {
  if (const std::string today = DayOf(now); today > day_ && !StartChain(now, today)) return false;
  const int64_t lost = Lost();
  if (lost == 0) return true;
  if (!Append(now, AuditEvent::kRecordsLost, absl::StrCat(",\"lost\":", lost))) return false;
  const std::lock_guard<std::mutex> lock(state_mutex_);
  lost_ -= lost;
  return true;
}

bool FileAudit::StartChain(absl::Time now, const std::string& day) {
  std::string facts = absl::StrCat(",\"pid\":", ::getpid());
  if (head_.seq > 0) {
    if (!EndChain(now)) return false;
    absl::StrAppend(&facts, ",\"link\":{\"chain\":\"", head_.chain, "\",\"seq\":", head_.seq,
                    ",\"hash\":\"", base::HexEncode(head_.hash), "\"}");
  }
  ChainHead fresh{absl::StrCat(day, ".", options_.process), 0, ChainSeed()};
  if (!WriteRecord(now, AuditEvent::kChainStarted, facts, fresh)) return false;
  const std::lock_guard<std::mutex> lock(state_mutex_);
  if (head_.seq > anchored_seq_ && finished_.size() < kMaxFinishedHeads) {
    finished_.push_back(std::move(head_));
  }
  head_ = std::move(fresh);
  anchored_seq_ = 0;
  day_ = day;
  chain_ended_ = false;
  return true;
}

bool FileAudit::EndChain(absl::Time now) {
  chain_ended_ = chain_ended_ || Append(now, AuditEvent::kChainEnded, "");
  return chain_ended_;
}

bool FileAudit::Append(absl::Time now, AuditEvent event, absl::string_view facts) {
  ChainHead next = head_;
  if (!WriteRecord(now, event, facts, next)) return false;
  const std::lock_guard<std::mutex> lock(state_mutex_);
  head_ = std::move(next);
  return true;
}

bool FileAudit::WriteRecord(absl::Time now, AuditEvent event, absl::string_view facts,
                            ChainHead& head) {
  std::string body =
      absl::StrCat("{\"ts\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", now, absl::UTCTimeZone()),
                   "\",\"svc\":");
  AppendJsonString(body, options_.service, kMaxFact);
  absl::StrAppend(&body, ",\"ev\":\"", ToString(event), "\"", facts, ",\"chain\":\"", head.chain,
                  "\",\"seq\":", head.seq + 1);
  std::string hash = ChainHash(head.hash, body);
  if (!WriteOut(SealedLine(body, hash))) return false;
  ++head.seq;
  head.hash = std::move(hash);
  const std::lock_guard<std::mutex> lock(state_mutex_);
  ++stats_.written;
  stats_.failing = false;
  return true;
}

// What remains of a record that was cut off stays where it is, ended by a line end: it is no
// record.
bool FileAudit::WriteOut(const std::string& line) {
  const std::string whole = torn_ ? absl::StrCat("\n", line) : line;
  absl::string_view rest = whole;
  const base::Stopwatch watch;
  const absl::Duration limit = stats().failing ? kNoWait : options_.write_timeout;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written > 0) {
      rest.remove_prefix(static_cast<size_t>(written));
      // A line end alone leaves the file whole.
      torn_ = rest.size() < line.size();
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    const bool full = written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    const absl::Duration left = limit - watch.Elapsed();
    if (!full || left <= absl::ZeroDuration() || !AwaitRoom(fd_, left)) return false;
  }
  torn_ = false;
  return true;
}

absl::Status FileAudit::Failed() {
  const std::lock_guard<std::mutex> lock(state_mutex_);
  ++lost_;
  ++stats_.failed;
  stats_.failing = true;
  return NotWritten();
}

int64_t FileAudit::Lost() const {
  const std::lock_guard<std::mutex> lock(state_mutex_);
  return lost_;
}

void FileAudit::End() {
  const std::unique_lock<std::timed_mutex> lock(mutex_,
                                                absl::ToChronoNanoseconds(options_.write_timeout));
  if (!lock.owns_lock() || ended_) return;
  ended_ = true;
  const absl::Time now = clock_.Now();
  // A trail that nothing was written to needs no end.
  if (head_.seq == 0 && Lost() == 0) return;
  if (CatchUp(now)) static_cast<void>(EndChain(now));
}

absl::Status FileAudit::Tend() {
  const std::unique_lock<std::timed_mutex> lock(mutex_,
                                                absl::ToChronoNanoseconds(options_.write_timeout));
  if (!lock.owns_lock()) return NotWritten();
  if (ended_) return absl::OkStatus();
  absl::Status reopened = FileMoved() ? Reopen() : absl::OkStatus();
  if (!stats().failing) return reopened;
  return CatchUp(clock_.Now()) ? absl::OkStatus() : NotWritten();
}

bool FileAudit::FileMoved() const {
  struct stat open_file {};
  struct stat named {};
  if (::fstat(fd_, &open_file) != 0 || ::stat(options_.path.c_str(), &named) != 0) return true;
  return open_file.st_dev != named.st_dev || open_file.st_ino != named.st_ino;
}

// The chain goes on over files. Without a new file the old one, wherever it is now, is kept.
absl::Status FileAudit::Reopen() {
  const int fd = ::open(options_.path.c_str(),
                        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
  if (fd < 0) {
    return base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_FILE",
                           absl::StrCat("cannot open ", options_.path, ": ", std::strerror(errno)));
  }
  if (!TakeAlone(fd)) {
    ::close(fd);
    return base::MakeError(
        absl::StatusCode::kUnavailable, "AUDIT_FILE_SHARED",
        absl::StrCat(options_.path,
                     " is written by another process: every replica needs an audit.file of its "
                     "own"));
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  torn_ = EndsWithinLine(options_.path);
  return absl::OkStatus();
}

std::vector<ChainHead> FileAudit::UnanchoredHeads() const {
  const std::lock_guard<std::mutex> lock(state_mutex_);
  std::vector<ChainHead> heads = finished_;
  if (head_.seq > anchored_seq_) heads.push_back(head_);
  return heads;
}

void FileAudit::MarkAnchored(const ChainHead& head) {
  const std::lock_guard<std::mutex> lock(state_mutex_);
  if (head.chain == head_.chain) anchored_seq_ = std::max(anchored_seq_, head.seq);
  finished_.erase(std::remove(finished_.begin(), finished_.end(), head), finished_.end());
}

AuditStats FileAudit::stats() const {
  const std::lock_guard<std::mutex> lock(state_mutex_);
  return stats_;
}

absl::Status FileAudit::Refusing() const {
  const bool refusing = options_.on_failure == AuditFailure::kRefuse && stats().failing;
  return refusing ? NotWritten() : absl::OkStatus();
}

}  // namespace va::telemetry
