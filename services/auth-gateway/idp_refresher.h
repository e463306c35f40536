// Keeps what we know of identity providers fresh while the gateway serves: reads each source of
// metadata again in its time, keeps a copy of what was good, and tells when a provider's keys,
// addresses or state have changed. A source that fails is asked again sooner, with a growing pause;
// meanwhile the last good metadata serves as long as it may. Owns the directory and the schedule.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/base/periodic.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"
#include "services/auth-gateway/saml/idp_directory.h"

namespace va::gateway {

// What operators see of the providers, by the names of the rows that serve: one that is added is
// shown under its name, one that is gone leaves no value behind, and what a provider does not have
// (metadata, an end of it) is no value either, because an alert would take 0 for one.
class IdpMetrics {
 public:
  struct Values {
    bool open = false;
    std::optional<double> age;
    std::optional<double> valid_until;
    std::optional<double> certificate_not_after;
    bool has_source = false;
  };

  IdpMetrics() = default;  // measures nothing
  explicit IdpMetrics(telemetry::Metrics& metrics);

  // All there are.
  void Show(std::map<std::string, Values> idps) const;
  void CountFetch(const std::string& name, absl::string_view outcome) const;

 private:
  struct State;
  void AddReadings(const std::string& name) const;

  telemetry::Metrics* metrics_ = nullptr;  // must outlive the object
  std::shared_ptr<State> state_;
};

class IdpRefresher {
 public:
  // The references outlive the object.
  struct Deps {
    const base::Clock& clock;
    base::IdGenerator& ids;
    const telemetry::Log& log;
    telemetry::Audit& audit;
    IdpMetrics metrics;
    std::function<absl::StatusOr<std::string>(const MetadataSource&)> fetch;
    std::string folder;  // of the copies; empty: none are kept
    // After every round, outside of all locks: Idps() may have changed.
    std::function<void()> after_round;
  };

  IdpRefresher(Deps deps, IdpDirectory directory);

  // Rounds in the background from now on; destruction waits for one that runs.
  void Start();
  // No source is asked any more; does not wait for one that is being asked.
  void NoMoreRounds() { stopping_ = true; }
  // And none is being asked any more.
  void Stop();

  // Rows that were read anew. Whatever is known and still believed is kept.
  void Use(IdpDirectory next);

  // One round: what the background does.
  void Round();

  // As they stand now.
  std::vector<SamlIdp> Idps() const;

  std::vector<IdpRow> Rows() const;

  // OK, or why one of them is switched off: METADATA_MISSING ...
  absl::Status Check() const;

 private:
  struct Turn {
    absl::Time at = absl::InfinitePast();
    int failures = 0;
  };

  std::vector<IdpRow> Due() const;
  void Refresh(const IdpRow& row);
  absl::Status Take(const IdpRow& row, absl::StatusOr<std::string> fetched, absl::Time now);
  bool IsServing(const IdpRow& row) const;
  void PlanNext(const IdpRow& row, bool good, absl::Time now);
  void Report(const IdpRow& row, const absl::Status& status);
  void TellStates(absl::Time now);
  void TellDates(absl::Time now);
  void ForgetRowsThatWent();
  void ShowMetrics(absl::Time now) const;
  void Record(const std::string& name, absl::string_view outcome, absl::string_view code) const;

  const Deps deps_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  // what follows; never held while a source is read
  IdpDirectory directory_;
  std::map<std::string, Turn> turns_;
  std::map<std::string, SamlIdp> told_;  // as last told to the trail
  std::set<std::string> told_dates_;     // those with a certificate out of date
  std::map<std::string, std::string> told_failures_;
  std::unique_ptr<base::Periodic> rounds_;
};

}  // namespace va::gateway
