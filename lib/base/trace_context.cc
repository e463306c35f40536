#include "lib/base/trace_context.h"

#include <random>

#include "lib/base/uuid.h"

namespace va::base {
namespace {

constexpr size_t kLength = 55;  // 2 + 32 + 16 + 2 digits and three hyphens

thread_local TraceContext current;

std::optional<uint64_t> ParseHex(absl::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    value = value << 4 | digit;
  }
  return value;
}

void AppendHex(std::string& out, uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[value >> shift & 0xf]);
}

// Span ids have to differ, not to be unguessable.
uint64_t NewSpan() {
  thread_local std::mt19937_64 numbers = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  uint64_t span = 0;
  while (span == 0) span = numbers();
  return span;
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(absl::string_view text) {
  if (text.size() != kLength || text.substr(0, 3) != "00-" || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const auto high = ParseHex(text.substr(3, 16));
  const auto low = ParseHex(text.substr(19, 16));
  const auto span = ParseHex(text.substr(36, 16));
  const auto flags = ParseHex(text.substr(53, 2));
  if (!high || !low || !span || !flags) return std::nullopt;
  const TraceContext context{*high, *low, *span, (*flags & 1) != 0};
  if (!context.valid()) return std::nullopt;
  return context;
}

std::string ToTraceparent(const TraceContext& context) {
  if (!context.valid()) return "";
  std::string out;
  out.reserve(kLength);
  out += "00-";
  AppendHex(out, context.trace_high);
  AppendHex(out, context.trace_low);
  out += '-';
  AppendHex(out, context.span);
  out += context.sampled ? "-01" : "-00";
  return out;
}

std::string TraceIdOf(const TraceContext& context) {
  std::string out;
  AppendHex(out, context.trace_high);
  AppendHex(out, context.trace_low);
  return out;
}

std::string SpanIdOf(const TraceContext& context) {
  std::string out;
  AppendHex(out, context.span);
  return out;
}

TraceContext RootOf(absl::string_view uuid, bool sampled) {
  if (!IsUuid(uuid)) return {};
  std::string digits;
  for (const char c : uuid) {
    if (c != '-') digits.push_back(c);
  }
  const absl::string_view view(digits);
  TraceContext root;
  root.trace_high = ParseHex(view.substr(0, 16)).value_or(0);
  root.trace_low = ParseHex(view.substr(16)).value_or(0);
  root.span = root.trace_low;
  root.sampled = sampled;
  return root;
}

TraceContext ChildOf(const TraceContext& parent) {
  if (!parent.valid()) return {};
  TraceContext child = parent;
  child.span = NewSpan();
  return child;
}

double SampleOf(const TraceContext& context) {
  // The last 52 bits of a random UUID are random, whatever its version says.
  constexpr uint64_t kMask = (uint64_t{1} << 52) - 1;
  return static_cast<double>(context.trace_low & kMask) / static_cast<double>(kMask + 1);
}

const TraceContext& CurrentTrace() { return current; }

TraceScope::TraceScope(const TraceContext& context) : before_(current) { current = context; }

TraceScope::~TraceScope() { current = before_; }

}  // namespace va::base
