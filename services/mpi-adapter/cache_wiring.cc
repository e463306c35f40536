#include "services/mpi-adapter/cache_wiring.h"

#include <string>
#include <vector>

#include "lib/base/status.h"
#include "lib/service/reload_units.h"
#include "services/mpi-adapter/store/janitor.h"

namespace va::mpi {
namespace {

constexpr absl::Duration kSweepPause = absl::Minutes(1);
constexpr absl::Duration kSweepDeadline = absl::Minutes(1);

absl::string_view NameOf(CacheResult result) {
  switch (result) {
    case CacheResult::kHit:
      return "hit";
    case CacheResult::kHitNegative:
      return "hit_negative";
    case CacheResult::kStaleFlags:
      return "stale_flags";
    case CacheResult::kMiss:
      return "miss";
    case CacheResult::kError:
      break;
  }
  return "error";
}

std::vector<std::string> Results() {
  std::vector<std::string> names;
  for (const CacheResult result :
       {CacheResult::kHit, CacheResult::kHitNegative, CacheResult::kStaleFlags, CacheResult::kMiss,
        CacheResult::kError}) {
    names.emplace_back(NameOf(result));
  }
  return names;
}

// From what is as good as new to the longest that anything is kept.
std::vector<double> AgeBuckets() {
  std::vector<double> buckets;
  for (const absl::Duration age :
       {absl::Seconds(10), absl::Minutes(1), absl::Minutes(5), absl::Minutes(30), absl::Hours(1),
        absl::Hours(4), absl::Hours(12), absl::Hours(24)}) {
    buckets.push_back(absl::ToDoubleSeconds(age));
  }
  return buckets;
}

void SweepOnce(const service::Runtime& runtime, const telemetry::Counter& expired) {
  const absl::Time now = runtime.clock.Now();
  const auto swept = Sweep(runtime.database, {}, now, now + kSweepDeadline);
  if (!swept.ok()) {
    runtime.log.Warn("janitor.failed", {{"reason", base::ReasonOf(swept.status())}});
  } else if (*swept > 0) {
    expired.Add({}, static_cast<double>(*swept));
    runtime.log.Info("janitor.swept", {{"rows", *swept}});
  }
}

}  // namespace

CacheMetrics::CacheMetrics(telemetry::Metrics& metrics)
    : results_(metrics.AddCounter("va_mpi_cache_total",
                                  "Looks for a kept answer, by what became of them.",
                                  {{"result", Results()}})),
      errors_(metrics.AddCounter(
          "va_mpi_cache_errors_total",
          "What the store of kept answers could not do, or not in time; MPI was asked instead.")),
      ages_(metrics.AddHistogram("va_mpi_cache_age_seconds",
                                 "How old the answers were that were served.", {}, AgeBuckets())) {}

void CacheMetrics::Looked(CacheResult result) { results_.Add({NameOf(result)}); }

void CacheMetrics::ServedAt(absl::Duration age) { ages_.Observe({}, age); }

void CacheMetrics::StoreFailed() { errors_.Add(); }

absl::StatusOr<int64_t> PartingCache::Forget(const CacheKey& key, absl::Time now,
                                             absl::Time deadline) {
  absl::StatusOr<int64_t> forgotten = store_.Forget(key, now, deadline);
  questions_.Part();
  return forgotten;
}

Cache::Cache(const CacheSettings& settings, const Loaded& keys, SharedQuestions& shared,
             MpiGateway& mpi, service::Runtime& runtime)
    : store_(runtime.database, keys.sealed_box, keys.hasher, runtime.ids),
      parting_(store_, shared),
      claims_(runtime.database, keys.hasher),
      metrics_(runtime.metrics),
      cached_({parting_, shared, mpi, runtime.clock, runtime.ids, metrics_}, settings),
      janitor_(kSweepPause, [runtime, expired = runtime.metrics.AddCounter(
                                          "va_mpi_rows_expired_total",
                                          "Kept answers, marks and claims that were over.")] {
        SweepOnce(runtime, expired);
      }) {
  runtime.metrics.AddReading("va_mpi_cache_damaged_total",
                             "Kept answers that did not open, or stood where they do not belong.",
                             {}, [this] { return static_cast<double>(store_.damaged()); });
}

void AddKeyReloads(const Config& config, Loaded& loaded, service::Reloads& reloads) {
  reloads.Add(service::RingUnit("sealed_box", {"keys.sealed_box_file", config.sealed_box_file},
                                loaded.sealed_box));
  reloads.Add(service::RingUnit("lookup", {"keys.lookup_file", config.lookup_file}, loaded.hasher));
}

}  // namespace va::mpi
