// Where in a trace a piece of work stands (W3C Trace Context, level 1): what travels between
// services as `traceparent`, and what the thread at hand works for. The id of an attempt to sign in
// is its trace id, so the two halves of a browser's redirect join without anything being stored.
// Small values; nothing is recorded here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace va::base {

struct TraceContext {
  uint64_t trace_high = 0;
  uint64_t trace_low = 0;
  uint64_t span = 0;
  bool sampled = false;  // spans of this trace are recorded

  // Work outside of any trace has none.
  bool valid() const { return (trace_high | trace_low) != 0 && span != 0; }
  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// "00-<32 hex>-<16 hex>-<2 hex>", lower case. Nothing for whatever else: other versions too, whose
// form nobody here knows.
std::optional<TraceContext> ParseTraceparent(absl::string_view text);

// Empty for what is not valid.
std::string ToTraceparent(const TraceContext& context);

// 32 and 16 lower-case hex digits.
std::string TraceIdOf(const TraceContext& context);
std::string SpanIdOf(const TraceContext& context);

// The root of the trace of an id of ours, the same one for whoever asks: every part of an attempt
// hangs below it. Nothing valid unless `uuid` is one.
TraceContext RootOf(absl::string_view uuid, bool sampled);

// The next piece of work inside `parent`: same trace, a new span. Nothing valid inside of nothing.
TraceContext ChildOf(const TraceContext& parent);

// A number in [0, 1) that the trace id alone decides: a sample by it takes whole attempts.
double SampleOf(const TraceContext& context);

// What this thread works for; nothing valid outside of every TraceScope.
const TraceContext& CurrentTrace();

// Makes `context` the current one of this thread until its end.
class TraceScope {
 public:
  explicit TraceScope(const TraceContext& context);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  const TraceContext before_;
};

}  // namespace va::base
