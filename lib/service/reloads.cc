#include "lib/service/reloads.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/config/fields.h"
#include "lib/crypto/hash.h"

namespace va::service {
namespace {

// No file of ours comes near; beyond it a change would go unseen, never a byte unbounded.
constexpr size_t kMostBytes = 4 << 20;
// A policy can have hundreds of lines and every one may be wrong.
constexpr size_t kMostProblems = 20;
constexpr absl::Duration kShortestRefresh = absl::Seconds(1);

// What is at the path now: permissions and contents, or why it cannot be read. Never blocks on
// something that is no file.
std::string FingerprintOf(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return absl::StrCat("errno ", errno);
  struct stat info {};
  std::string content;
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    std::array<char, 16 * 1024> part{};
    for (ssize_t got = 1; got > 0 && content.size() < kMostBytes;) {
      got = ::read(fd, part.data(), part.size());
      if (got > 0) content.append(part.data(), static_cast<size_t>(got));
    }
  }
  ::close(fd);
  std::string print = absl::StrCat(info.st_mode, " ", info.st_uid, " ", crypto::Sha256(content));
  crypto::Cleanse(content);
  return print;
}

std::string FingerprintOf(const std::vector<FileSetting>& files) {
  std::string all;
  for (const FileSetting& file : files) absl::StrAppend(&all, FingerprintOf(file.path), "\n");
  return crypto::Sha256(all);
}

}  // namespace

std::vector<std::string> UnitNames() {
  return {"config",
          "policy",
          "saml",
          "sealed_box",
          "lookup",
          "decision_keys",
          "grpc_tls",
          "public_tls",
          "http_tls",
          "sts_key",
          "mhv_api_key",
          "mhv_token",
          "database_password",
          "audit_keys"};
}

struct Reloads::Unit {
  explicit Unit(ReloadUnit unit) : spec(std::move(unit)) {}

  std::vector<FileSetting> AllFiles() const {
    std::vector<FileSetting> files = spec.files;
    if (!spec.also) return files;
    const std::vector<FileSetting> named = spec.also();
    files.insert(files.end(), named.begin(), named.end());
    return files;
  }

  const ReloadUnit spec;
  std::atomic<bool> failed{false};
  std::mutex mutex;  // held while the unit is read
  std::string fingerprint;
  std::string told;  // the problems last written to the log
  absl::Time refreshed = absl::InfinitePast();
};

Reloads::Reloads(const base::Clock& clock, const telemetry::Log& log, telemetry::Audit& audit,
                 telemetry::Metrics& metrics)
    : clock_(clock),
      log_(log),
      audit_(audit),
      reloads_(metrics.AddCounter("va_reload_total",
                                  "Files read anew while serving, by unit and outcome.",
                                  {{"unit", UnitNames()}, {"outcome", {"ok", "failed"}}})),
      failed_(metrics.AddGauge("va_reload_failed",
                               "1 while files on disk cannot be used and the old value serves.",
                               {{"unit", UnitNames()}})),
      not_after_(metrics.AddGauge("va_certificate_not_after_seconds",
                                  "When the first certificate of the unit expires, Unix time.",
                                  {{"unit", UnitNames()}})) {}

Reloads::~Reloads() { Stop(); }

void Reloads::Add(ReloadUnit unit) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const FileSetting& file : unit.files) settings_.insert(file.key);
  const bool has_files = !unit.files.empty();
  const auto unset = [](const FileSetting& file) { return file.path.empty(); };
  unit.files.erase(std::remove_if(unit.files.begin(), unit.files.end(), unset), unit.files.end());
  if (has_files && unit.files.empty()) return;
  failed_.Set({unit.name}, 0);
  units_.push_back(std::make_unique<Unit>(std::move(unit)));
}

void Reloads::Start(const ReloadOptions& options) {
  if (!watch_.Follow(Files())) log_.Warn("reload.no_watch", {{"poll", "contents only"}});
  CheckAll(/*all=*/false);
  thread_ = std::thread([this, options] { Loop(options); });
}

void Reloads::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(stop_mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  watch_.Wake();
  thread_.join();
}

void Reloads::Request() {
  asked_ = true;
  watch_.Wake();
}

void Reloads::Loop(const ReloadOptions& options) {
  while (!stopping_) {
    const bool event = watch_.Wait(options.poll);
    const base::Stopwatch waited;
    // Whoever writes has not finished while events come.
    for (bool more = event; more && !stopping_ && waited.Elapsed() < options.longest_wait;) {
      watch_.Clear();
      more = !asked_ && watch_.Wait(options.quiet);
    }
    if (stopping_) return;
    // Links are followed before contents are read: what changes from here on is an event.
    watch_.Follow(Files());
    const bool asked = asked_.exchange(false);
    CheckAll(asked);
    if (asked) Rest(options.rest);
  }
}

void Reloads::Rest(absl::Duration rest) {
  std::unique_lock<std::mutex> lock(stop_mutex_);
  stop_.wait_for(lock, absl::ToChronoMilliseconds(rest), [this] { return stopping_.load(); });
}

void Reloads::CheckAll(bool all) {
  if (all) log_.Info("reload.asked");
  for (Unit* const unit : Units()) {
    if (stopping_) return;
    Look(*unit, all);
  }
}

bool Reloads::Refresh(absl::string_view name) {
  Unit* const unit = Find(name);
  if (unit == nullptr) return false;
  {
    const std::unique_lock<std::mutex> lock(unit->mutex, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    const absl::Time now = clock_.Now();
    // A clock that was set back must not stop refreshes.
    if (now >= unit->refreshed && now - unit->refreshed < kShortestRefresh) return false;
    unit->refreshed = now;
  }
  return Look(*unit, /*always=*/false);
}

bool Reloads::Look(Unit& unit, bool always) {
  const std::lock_guard<std::mutex> lock(unit.mutex);
  // Taken before the files are read: what is written meanwhile is seen the next time.
  std::string fingerprint = FingerprintOf(unit.AllFiles());
  const bool first = unit.fingerprint.empty();
  const bool changed = fingerprint != unit.fingerprint;
  // What failed is tried again without a change: the reason may lie beside the files.
  if (!always && !changed && !unit.failed) return false;
  unit.fingerprint = std::move(fingerprint);
  FileLoader files(clock_.Now());
  unit.spec.reload(files);
  return Settle(unit, files, first, changed || always);
}

bool Reloads::Settle(Unit& unit, const FileLoader& files, bool first, bool counts) {
  const bool good = files.problems().empty();
  const bool was_failed = unit.failed.exchange(!good);
  failed_.Set({unit.spec.name}, good ? 0 : 1);
  // The first look finds what the service has just been started with.
  if (good && first) {
    ShowCertificates(unit, files);
    return false;
  }
  if (counts || good) reloads_.Add({unit.spec.name, good ? "ok" : "failed"});
  if (!good) {
    TellProblems(unit, files);
    return false;
  }
  ShowCertificates(unit, files);
  unit.told.clear();
  log_.Info("reload.done", {{"unit", unit.spec.name}, {"recovered", was_failed}});
  const absl::Status recorded =
      audit_.Write(unit.spec.event, {.outcome = "reloaded", .tag = unit.spec.name});
  if (!recorded.ok()) log_.Error("audit.failed", {{"reason", base::ReasonOf(recorded)}});
  return true;
}

void Reloads::TellProblems(Unit& unit, const FileLoader& files) {
  std::string text;
  for (const config::Problem& problem : files.problems()) {
    absl::StrAppend(&text, config::ToString(problem), "\n");
  }
  if (text == unit.told) return;
  unit.told = std::move(text);
  const size_t count = std::min(files.problems().size(), kMostProblems);
  for (size_t i = 0; i < count; ++i) {
    const config::Problem& problem = files.problems()[i];
    log_.Error("reload.failed", {{"unit", unit.spec.name},
                                 {"setting", problem.key},
                                 {"error", problem.text},
                                 {"problems", files.problems().size()}});
  }
}

void Reloads::ShowCertificates(const Unit& unit, const FileLoader& files) {
  absl::Time first = absl::InfiniteFuture();
  for (const OwnCertificate& certificate : files.certificates()) {
    first = std::min(first, certificate.not_after);
  }
  if (first == absl::InfiniteFuture()) return;
  not_after_.Set({unit.spec.name}, static_cast<double>(absl::ToUnixSeconds(first)));
}

absl::Status Reloads::Check(absl::string_view name) const {
  const Unit* const unit = Find(name);
  if (unit == nullptr || !unit->failed) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "RELOAD_FAILED",
                         "the files on disk cannot be used");
}

std::vector<std::string> Reloads::units() const {
  std::vector<std::string> names;
  for (const Unit* const unit : Units()) names.push_back(unit->spec.name);
  return names;
}

std::set<std::string> Reloads::settings() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return settings_;
}

// Units never go, so they can be worked with outside of the lock.
std::vector<Reloads::Unit*> Reloads::Units() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Unit*> units;
  units.reserve(units_.size());
  for (const auto& unit : units_) units.push_back(unit.get());
  return units;
}

Reloads::Unit* Reloads::Find(absl::string_view name) const {
  const std::vector<Unit*> units = Units();
  const auto found = std::find_if(units.begin(), units.end(),
                                  [name](const Unit* unit) { return unit->spec.name == name; });
  return found == units.end() ? nullptr : *found;
}

std::vector<std::string> Reloads::Files() const {
  std::vector<std::string> files;
  for (const Unit* const unit : Units()) {
    for (const FileSetting& file : unit->AllFiles()) files.push_back(file.path);
  }
  return files;
}

}  // namespace va::service
