// Spans of a sign-in, sent to a collector by OTLP over HTTP. Off unless an endpoint is configured:
// then nothing of the exporter is even loaded, and what stands in the code costs one comparison.
// A span is recorded when its work is over, from a closed set of names and values; none carries
// what a person or a browser sent (attack L1). Recording never waits: what the queue has no room
// for is dropped and counted, and a stop waits for the collector no longer than it is told to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/trace_context.h"

namespace va::telemetry {

struct TraceOptions {
  std::string endpoint;                     // "https://collector:4318/v1/traces"; empty: off
  std::string ca_file;                      // the roots its certificate must chain to; with https
  double sample_ratio = 1.0;                // of sign-ins, 0 to 1; the id of the attempt decides
  std::string service;                      // service.name
  size_t queue = 2048;                      // spans that wait for the next batch
  absl::Duration pause = absl::Seconds(2);  // between batches
  absl::Duration export_timeout = absl::Seconds(2);  // of one batch
};

enum class SpanKind { kInternal, kServer, kClient };

// One finished piece of work. Refers to the caller's texts, which live until the call returns.
struct SpanRecord {
  absl::string_view name;  // of a closed set: a method of ours, a route, a station
  SpanKind kind = SpanKind::kInternal;
  base::TraceContext self;
  uint64_t parent_span = 0;  // 0: a root
  absl::Time start;
  absl::Duration took;
  bool failed = false;
  std::vector<std::pair<absl::string_view, absl::string_view>> attributes;  // closed sets only
};

struct TraceStats {
  int64_t recorded = 0;  // spans handed over
  int64_t dropped = 0;   // of those: had no room, or the collector did not take them
  int64_t exported = 0;  // of those: the collector took them
};

// What takes spans out of the process. The one real form is the loaded module.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void Record(const SpanRecord& span) = 0;  // never waits
  virtual TraceStats stats() const = 0;
  // Sends what is left for at most `bound`; what is left then is dropped.
  virtual void Stop(absl::Duration bound) = 0;
};

class Tracer {
 public:
  Tracer() = default;  // off
  explicit Tracer(double sample_ratio, std::unique_ptr<SpanSink> sink)
      : sample_ratio_(sample_ratio), sink_(std::move(sink)) {}

  // Loads the exporter when an endpoint is set. FAILED_PRECONDITION (TRACE_EXPORTER) when that
  // cannot be done: who asks for traces is not left without them silently.
  static absl::StatusOr<Tracer> Create(const TraceOptions& options);

  // One that is off, for whoever is given none.
  static const Tracer& Off();

  bool on() const { return sink_ != nullptr; }

  // The root of an attempt's trace by the attempt's id; nothing valid when traces are off, when the
  // sample leaves this one out, and for what is no id.
  base::TraceContext Root(absl::string_view uuid) const;

  // Does nothing for a context that is not valid or not sampled.
  void Record(const SpanRecord& span) const;

  TraceStats stats() const;
  void Stop(absl::Duration bound) const;

 private:
  double sample_ratio_ = 0;
  std::unique_ptr<SpanSink> sink_;
};

// A piece of work of this thread: current from Join() to its end, and recorded then. Without a
// Join(), or when traces are off, it is nothing. Spans of a thread end in the reverse order of
// their joining.
class Span {
 public:
  Span(const Tracer& tracer, const base::Clock& clock, absl::string_view name);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  // The work belongs to the attempt `uuid`: as its root, or below it. A second call does nothing.
  void JoinAsRoot(absl::string_view uuid) { Join(uuid, true); }
  void Join(absl::string_view uuid) { Join(uuid, false); }

  // `name` and `value` are of closed sets and live as long as the program.
  void Set(absl::string_view name, absl::string_view value);
  void Fail() { failed_ = true; }

 private:
  void Join(absl::string_view uuid, bool root);

  const Tracer& tracer_;
  const base::Clock& clock_;
  const absl::string_view name_;
  absl::Time start_;
  base::Stopwatch watch_;
  uint64_t parent_ = 0;
  base::TraceContext self_;
  std::optional<base::TraceScope> scope_;
  bool failed_ = false;
  std::vector<std::pair<absl::string_view, absl::string_view>> attributes_;
};

}  // namespace va::telemetry
