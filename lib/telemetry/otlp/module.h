// The seam between a service and the exporter module beside its program: built by one compiler at
// one time, so plain C++ crosses it.
#pragma once

#include "lib/telemetry/trace.h"

namespace va::telemetry {

// In the folder of the programs.
inline constexpr char kOtlpModule[] = "libva_otlp.so";
inline constexpr char kMakeOtlpSink[] = "va_make_otlp_sink";

using MakeOtlpSink = SpanSink*(const TraceOptions& options);

}  // namespace va::telemetry
