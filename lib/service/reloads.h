// Exchange of what files hold while the service runs: policies, keys, certificates. A thread of its
// own watches the folders of all files (inotify: a file written in place, replaced by rename, or a
// symbolic link turned over as Kubernetes does), waits until they are quiet, and lets each unit
// whose content changed read itself anew. What cannot be used changes nothing: the service goes on
// with what it has, the log says which setting and why, va_reload_failed{unit} is 1 and /readyz
// shows it, until the files are good again (attacks K2, K3).
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/service/file_loader.h"
#include "lib/service/folder_watch.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"

namespace va::service {

// What is read, judged and exchanged together.
struct ReloadUnit {
  std::string name;  // one of UnitNames()
  // The settings that name them, which are Live() in the table; an empty path is one that is not
  // set, and a unit whose paths are all empty is never read. None at all: read when asked, and
  // again until it is good.
  std::vector<FileSetting> files;
  // Reads every file anew, validates them WHOLE and exchanges the value in one step. A problem
  // reported to the loader means: nothing was exchanged. Never runs twice at the same time.
  std::function<void(FileLoader&)> reload;
  telemetry::AuditEvent event = telemetry::AuditEvent::kConfigReloaded;
  // Files that the files themselves name, as they stand now: watched with them. May be empty;
  // called by whoever looks at the unit.
  std::function<std::vector<FileSetting>()> also{};
};

// The closed set of units, for labels: "policy", "grpc_tls" ...
std::vector<std::string> UnitNames();

struct ReloadOptions {
  absl::Duration quiet = absl::Milliseconds(100);  // no event for this long: somebody has finished
  absl::Duration longest_wait = absl::Seconds(2);  // somebody who never finishes
  // Contents are compared this often even if nobody says that anything changed.
  absl::Duration poll = absl::Seconds(5);
  // Between two rounds that were asked for, so that a storm of signals is bounded work and bounded
  // log.
  absl::Duration rest = absl::Seconds(1);
};

class Reloads {
 public:
  // The references outlive the object.
  Reloads(const base::Clock& clock, const telemetry::Log& log, telemetry::Audit& audit,
          telemetry::Metrics& metrics);
  ~Reloads();
  Reloads(const Reloads&) = delete;
  Reloads& operator=(const Reloads&) = delete;

  // All of them before Start.
  void Add(ReloadUnit unit);

  // Runs every unit once, so that nothing is lost that changed since the files were read for the
  // start, and then watches until Stop. Stop waits for a reload that runs.
  void Start(const ReloadOptions& options = {});
  void Stop();

  // Asked by an operator (SIGHUP): every unit is read anew soon, changed or not. Never blocks.
  void Request();

  // Looks at one unit now, in this thread, for a caller that has reason to think its value is old.
  // True: it changed and the new value is in place. At most once a second, by one caller: all
  // others hear false at once.
  bool Refresh(absl::string_view unit);

  // Looks at every unit now: what the thread does. `all` reads unchanged ones too.
  void CheckAll(bool all);

  // OK, or RELOAD_FAILED while the unit's files cannot be used.
  absl::Status Check(absl::string_view unit) const;
  std::vector<std::string> units() const;
  // Keys of the settings whose files are read anew, of units that are never read too.
  std::set<std::string> settings() const;

 private:
  struct Unit;

  void Loop(const ReloadOptions& options);
  void Rest(absl::Duration rest);
  std::vector<Unit*> Units() const;
  Unit* Find(absl::string_view name) const;
  bool Look(Unit& unit, bool always);
  bool Settle(Unit& unit, const FileLoader& files, bool first, bool counts);
  void TellProblems(Unit& unit, const FileLoader& files);
  void ShowCertificates(const Unit& unit, const FileLoader& files);
  std::vector<std::string> Files() const;

  const base::Clock& clock_;
  const telemetry::Log& log_;
  telemetry::Audit& audit_;
  const telemetry::Counter reloads_;
  const telemetry::Gauge failed_;
  const telemetry::Gauge not_after_;
  mutable std::mutex mutex_;  // the list: requests may ask for a refresh while units are added
  std::vector<std::unique_ptr<Unit>> units_;
  std::set<std::string> settings_;
  FolderWatch watch_;
  std::atomic<bool> asked_{false};
  std::atomic<bool> stopping_{false};
  std::mutex stop_mutex_;
  std::condition_variable stop_;
  std::thread thread_;
};

}  // namespace va::service
