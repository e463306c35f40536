#include "lib/telemetry/trace.h"

#include <array>

#include <dlfcn.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/telemetry/otlp/module.h"

namespace va::telemetry {
namespace {

// Beside the program itself, by an absolute path: no search path of the environment has a say.
std::string ModulePath() {
  std::array<char, 4096> program{};
  const ssize_t length = readlink("/proc/self/exe", program.data(), program.size());
  const absl::string_view path(program.data(), length > 0 ? static_cast<size_t>(length) : 0);
  return absl::StrCat(path.substr(0, path.rfind('/') + 1), kOtlpModule);
}

absl::Status CannotLoad(absl::string_view what) {
  const char* const why = dlerror();
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition, "TRACE_EXPORTER",
      absl::StrCat("traces.endpoint is set, but ", what, ": ", why == nullptr ? "?" : why));
}

}  // namespace

absl::StatusOr<Tracer> Tracer::Create(const TraceOptions& options) {
  if (options.endpoint.empty()) return Tracer();
  // Stays loaded: what it left in other libraries would outlive it.
  void* const module = dlopen(ModulePath().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (module == nullptr) return CannotLoad("the exporter cannot be loaded");
  auto* const make = reinterpret_cast<MakeOtlpSink*>(dlsym(module, kMakeOtlpSink));
  if (make == nullptr) return CannotLoad("the exporter is another one");
  return Tracer(options.sample_ratio, std::unique_ptr<SpanSink>(make(options)));
}

const Tracer& Tracer::Off() {
  static const Tracer off;
  return off;
}

base::TraceContext Tracer::Root(absl::string_view uuid) const {
  if (!on()) return {};
  const base::TraceContext root = base::RootOf(uuid, true);
  if (!root.valid() || base::SampleOf(root) >= sample_ratio_) return {};
  return root;
}

void Tracer::Record(const SpanRecord& span) const {
  if (on() && span.self.valid() && span.self.sampled) sink_->Record(span);
}

TraceStats Tracer::stats() const { return on() ? sink_->stats() : TraceStats{}; }

void Tracer::Stop(absl::Duration bound) const {
  if (on()) sink_->Stop(bound);
}

Span::Span(const Tracer& tracer, const base::Clock& clock, absl::string_view name)
    : tracer_(tracer), clock_(clock), name_(name) {
  if (tracer_.on()) start_ = clock_.Now();
}

void Span::Join(absl::string_view uuid, bool root) {
  if (self_.valid()) return;
  const base::TraceContext top = tracer_.Root(uuid);
  if (!top.valid()) return;
  self_ = root ? top : base::ChildOf(top);
  parent_ = root ? 0 : top.span;
  scope_.emplace(self_);
}

void Span::Set(absl::string_view name, absl::string_view value) {
  if (tracer_.on()) attributes_.emplace_back(name, value);
}

Span::~Span() {
  scope_.reset();
  if (!self_.valid()) return;
  tracer_.Record({name_, SpanKind::kInternal, self_, parent_, start_, watch_.Elapsed(), failed_,
                  std::move(attributes_)});
}

}  // namespace va::telemetry
