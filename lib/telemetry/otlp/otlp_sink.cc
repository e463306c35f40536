// The exporter module: OpenTelemetry's batch processor and its OTLP/HTTP exporter behind SpanSink.
// The only file that includes their headers.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <opentelemetry/exporters/otlp/otlp_http_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_options.h>
#include <opentelemetry/sdk/common/global_log_handler.h>
#include <opentelemetry/sdk/instrumentationscope/instrumentation_scope.h>
#include <opentelemetry/sdk/resource/resource.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/exporter.h>
#include <opentelemetry/sdk/trace/processor.h>
#include <opentelemetry/sdk/trace/recordable.h>
#include <opentelemetry/trace/span_context.h>

#include "absl/time/time.h"
#include "lib/telemetry/otlp/module.h"

namespace va::telemetry {
namespace {

namespace otel_trace = opentelemetry::trace;
namespace sdk = opentelemetry::sdk;
namespace otlp = opentelemetry::exporter::otlp;
using opentelemetry::nostd::string_view;

constexpr size_t kBatch = 256;

struct Counts {
  std::atomic<int64_t> recorded{0};
  std::atomic<int64_t> dropped{0};
  std::atomic<int64_t> exported{0};
  std::atomic<int64_t> waiting{0};  // handed to the batch processor, not exported yet
  std::atomic<bool> stopping{false};
  std::atomic<int64_t> stop_by_ns{0};
};

// How often the library complained. A request without an answer is a success to its exporter, so
// its complaints are what tells; their texts may quote a collector and are written nowhere.
std::atomic<int64_t> complaints{0};

class Complaints final : public sdk::common::internal_log::LogHandler {
 public:
  void Handle(sdk::common::internal_log::LogLevel level, const char* /*file*/, int /*line*/,
              const char* /*text*/, const sdk::common::AttributeMap& /*more*/) noexcept override {
    if (level == sdk::common::internal_log::LogLevel::Error) ++complaints;
  }
};

// Counts what the collector took. Once the time of a stop is over nothing is sent any more.
class CountingExporter final : public sdk::trace::SpanExporter {
 public:
  CountingExporter(std::unique_ptr<sdk::trace::SpanExporter> exporter, absl::Duration timeout,
                   std::shared_ptr<Counts> counts)
      : exporter_(std::move(exporter)),
        timeout_ns_(absl::ToInt64Nanoseconds(timeout)),
        counts_(std::move(counts)) {}

  std::unique_ptr<sdk::trace::Recordable> MakeRecordable() noexcept override {
    return exporter_->MakeRecordable();
  }

  sdk::common::ExportResult Export(
      const opentelemetry::nostd::span<std::unique_ptr<sdk::trace::Recordable>>& spans) noexcept
      override {
    const auto count = static_cast<int64_t>(spans.size());
    const bool late = counts_->stopping && Steady() >= counts_->stop_by_ns;
    const int64_t began = Steady();
    const int64_t complained = complaints;
    const auto result = late ? sdk::common::ExportResult::kFailure : exporter_->Export(spans);
    const bool taken = result == sdk::common::ExportResult::kSuccess && complaints == complained &&
                       Steady() - began < timeout_ns_;
    (taken ? counts_->exported : counts_->dropped) += count;
    counts_->waiting -= count;
    return result;
  }

  bool ForceFlush(std::chrono::microseconds timeout) noexcept override {
    return exporter_->ForceFlush(timeout);
  }
  bool Shutdown(std::chrono::microseconds timeout) noexcept override {
    return exporter_->Shutdown(timeout);
  }

  static int64_t Steady() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }

 private:
  const std::unique_ptr<sdk::trace::SpanExporter> exporter_;
  const int64_t timeout_ns_;
  const std::shared_ptr<Counts> counts_;
};

otlp::OtlpHttpExporterOptions ExporterOptions(const TraceOptions& options) {
  // Every field that the environment could have set is set here.
  otlp::OtlpHttpExporterOptions http;
  http.url = options.endpoint;
  http.content_type = otlp::HttpRequestContentType::kBinary;
  http.console_debug = false;
  http.timeout = absl::ToChronoMicroseconds(options.export_timeout);
  http.http_headers.clear();
  http.ssl_insecure_skip_verify = false;
  http.ssl_ca_cert_path = options.ca_file;
  http.ssl_ca_cert_string.clear();
  http.ssl_client_key_path.clear();
  http.ssl_client_key_string.clear();
  http.ssl_client_cert_path.clear();
  http.ssl_client_cert_string.clear();
  http.ssl_min_tls = "1.2";
  http.compression = "none";
  return http;
}

otel_trace::TraceId OtelTrace(const base::TraceContext& context) {
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<uint8_t>(context.trace_high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<uint8_t>(context.trace_low >> (56 - 8 * i));
  }
  return otel_trace::TraceId(opentelemetry::nostd::span<const uint8_t, 16>(bytes.data(), 16));
}

otel_trace::SpanId OtelSpan(uint64_t span) {
  std::array<uint8_t, 8> bytes{};
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(span >> (56 - 8 * i));
  return otel_trace::SpanId(opentelemetry::nostd::span<const uint8_t, 8>(bytes.data(), 8));
}

otel_trace::SpanKind KindOf(SpanKind kind) {
  switch (kind) {
    case SpanKind::kInternal:
      return otel_trace::SpanKind::kInternal;
    case SpanKind::kServer:
      return otel_trace::SpanKind::kServer;
    case SpanKind::kClient:
      return otel_trace::SpanKind::kClient;
  }
  return otel_trace::SpanKind::kInternal;
}

string_view View(absl::string_view text) { return {text.data(), text.size()}; }

class OtlpSink final : public SpanSink {
 public:
  explicit OtlpSink(const TraceOptions& options)
      : queue_(static_cast<int64_t>(options.queue)),
        counts_(std::make_shared<Counts>()),
        resource_(sdk::resource::Resource::Create({{"service.name", options.service}})),
        scope_(sdk::instrumentationscope::InstrumentationScope::Create("va")) {
    sdk::common::internal_log::GlobalLogHandler::SetLogHandler(
        opentelemetry::nostd::shared_ptr<sdk::common::internal_log::LogHandler>(new Complaints));
    sdk::trace::BatchSpanProcessorOptions batch;
    // The bound is kept here, where what is over it is counted; the library's own lies above it.
    batch.max_queue_size = options.queue + kBatch;
    batch.max_export_batch_size = std::min(kBatch, options.queue);
    batch.schedule_delay_millis = absl::ToChronoMilliseconds(options.pause);
    processor_ = sdk::trace::BatchSpanProcessorFactory::Create(
        std::make_unique<CountingExporter>(
            otlp::OtlpHttpExporterFactory::Create(ExporterOptions(options)),
            options.export_timeout * 0.9, counts_),
        batch);
  }

  ~OtlpSink() override { Stop(absl::ZeroDuration()); }

  void Record(const SpanRecord& span) override {
    ++counts_->recorded;
    if (counts_->stopping || !TakePlace()) {
      ++counts_->dropped;
      return;
    }
    std::unique_ptr<sdk::trace::Recordable> out = processor_->MakeRecordable();
    out->SetIdentity(otel_trace::SpanContext(OtelTrace(span.self), OtelSpan(span.self.span),
                                             otel_trace::TraceFlags(1), false),
                     OtelSpan(span.parent_span));
    out->SetResource(resource_);
    out->SetInstrumentationScope(*scope_);
    out->SetName(View(span.name));
    out->SetSpanKind(KindOf(span.kind));
    out->SetStartTime(std::chrono::system_clock::time_point(
        absl::ToChronoNanoseconds(span.start - absl::UnixEpoch())));
    out->SetDuration(absl::ToChronoNanoseconds(span.took));
    if (span.failed) out->SetStatus(otel_trace::StatusCode::kError, "");
    for (const auto& [name, value] : span.attributes) out->SetAttribute(View(name), View(value));
    processor_->OnEnd(std::move(out));
  }

  TraceStats stats() const override {
    return {counts_->recorded, counts_->dropped, counts_->exported};
  }

  void Stop(absl::Duration bound) override {
    if (counts_->stopping.exchange(true)) return;
    counts_->stop_by_ns = CountingExporter::Steady() +
                          absl::ToInt64Nanoseconds(std::max(bound, absl::ZeroDuration()));
    processor_->Shutdown(absl::ToChronoMicroseconds(bound));
  }

 private:
  bool TakePlace() {
    if (counts_->waiting.fetch_add(1) < queue_) return true;
    --counts_->waiting;
    return false;
  }

  const int64_t queue_;
  const std::shared_ptr<Counts> counts_;
  const sdk::resource::Resource resource_;
  const std::unique_ptr<sdk::instrumentationscope::InstrumentationScope> scope_;
  std::unique_ptr<sdk::trace::SpanProcessor> processor_;
};

}  // namespace
}  // namespace va::telemetry

extern "C" __attribute__((visibility("default"))) va::telemetry::SpanSink* va_make_otlp_sink(
    const va::telemetry::TraceOptions& options) {
  return new va::telemetry::OtlpSink(options);
}
