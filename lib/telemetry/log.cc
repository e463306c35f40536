#include "lib/telemetry/log.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace va::telemetry {
namespace {

// One value and one line never grow beyond this, whatever somebody sends (attack L2).
constexpr size_t kMaxText = 1024;
constexpr size_t kMaxLine = 16 * 1024;

absl::string_view Name(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "debug";
    case Severity::kInfo:
      return "info";
    case Severity::kWarn:
      return "warn";
    case Severity::kError:
      return "error";
  }
  return "error";
}

unsigned char Byte(absl::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

// The code point that starts at `at` and its length; length 0 if the bytes are no UTF-8 (RFC 3629:
// no overlong forms, no surrogates, nothing above U+10FFFF).
std::pair<uint32_t, size_t> DecodeUtf8(absl::string_view text, size_t at) {
  const unsigned char lead = Byte(text, at);
  size_t length = 0;
  uint32_t point = 0;
  uint32_t lowest = 0;
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2, point = lead & 0x1fU, lowest = 0x80;
  } else if ((lead & 0xf0U) == 0xe0) {
    length = 3, point = lead & 0x0fU, lowest = 0x800;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4, point = lead & 0x07U, lowest = 0x10000;
  }
  if (length == 0 || at + length > text.size()) return {0, 0};
  for (size_t i = 1; i < length; ++i) {
    const unsigned char next = Byte(text, at + i);
    if ((next & 0xc0U) != 0x80) return {0, 0};
    point = (point << 6) | (next & 0x3fU);
  }
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < lowest || point > 0x10ffff || surrogate) return {0, 0};
  return {point, length};
}

// Characters that a terminal or a line-based reader might act on.
bool MustEscape(uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 || point == 0x2029;
}

// Direction overrides make a line read differently from what it says.
bool IsDirectionControl(uint32_t point) {
  return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

}  // namespace

std::optional<Severity> SeverityFromString(absl::string_view word) {
  for (const Severity severity :
       {Severity::kDebug, Severity::kInfo, Severity::kWarn, Severity::kError}) {
    if (Name(severity) == word) return severity;
  }
  return std::nullopt;
}

void AppendJsonString(std::string& out, absl::string_view text, size_t max_bytes) {
  out.push_back('"');
  size_t i = 0;
  while (i < text.size()) {
    const auto [point, length] = DecodeUtf8(text, i);
    if (i + std::max<size_t>(length, 1) > max_bytes) break;
    if (length == 0) {
      out.append("\\ufffd");
    } else if (point == '"' || point == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(point));
    } else if (MustEscape(point) || IsDirectionControl(point)) {
      absl::StrAppendFormat(&out, "\\u%04x", point);
    } else {
      out.append(text.data() + i, length);
    }
    i += std::max<size_t>(length, 1);
  }
  if (i < text.size()) absl::StrAppend(&out, "...[", text.size() - i, " more]");
  out.push_back('"');
}

void Value::AppendTo(std::string& out, size_t max_text) const {
  switch (kind_) {
    case Kind::kText:
      AppendJsonString(out, text_, max_text);
      return;
    case Kind::kInteger:
      absl::StrAppend(&out, integer_);
      return;
    case Kind::kDouble:
      // JSON has no word for infinity or for what is no number.
      if (std::isfinite(real_)) {
        absl::StrAppend(&out, real_);
      } else {
        out.append("null");
      }
      return;
    case Kind::kBool:
      out.append(integer_ != 0 ? "true" : "false");
      return;
  }
}

bool FdSink::Write(absl::string_view line) {
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!line.empty()) {
    const ssize_t written = ::write(fd_, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    line.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Log::Log(std::string service, Severity level, const base::Clock& clock, Sink& sink)
    : service_(std::move(service)), level_(level), clock_(clock), sink_(sink) {}

void Log::Debug(absl::string_view event, Fields fields) const {
  Write(Severity::kDebug, event, fields);
}
void Log::Info(absl::string_view event, Fields fields) const {
  Write(Severity::kInfo, event, fields);
}
void Log::Warn(absl::string_view event, Fields fields) const {
  Write(Severity::kWarn, event, fields);
}
void Log::Error(absl::string_view event, Fields fields) const {
  Write(Severity::kError, event, fields);
}

std::string FormatLine(absl::Time now, absl::string_view service, Severity severity,
                       absl::string_view event, Fields fields) {
  std::string line;
  line.reserve(256);
  absl::StrAppend(&line, "{\"ts\":\"",
                  absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone()),
                  "\",\"sev\":\"", Name(severity), "\",\"svc\":");
  AppendJsonString(line, service, kMaxText);
  line.append(",\"ev\":");
  AppendJsonString(line, event, kMaxText);
  size_t dropped = 0;
  for (const Field& field : fields) {
    const size_t before = line.size();
    line.push_back(',');
    AppendJsonString(line, field.name, kMaxText);
    line.push_back(':');
    field.value.AppendTo(line, kMaxText);
    if (line.size() > kMaxLine) {
      line.resize(before);
      ++dropped;
    }
  }
  if (dropped != 0) absl::StrAppend(&line, ",\"dropped\":", dropped);
  line.append("}\n");
  return line;
}

void Log::Write(Severity severity, absl::string_view event, Fields fields) const {
  if (!Enabled(severity)) return;
  // A log that cannot be written must not stop a sign-in; the audit trail answers for itself.
  static_cast<void>(sink_.Write(FormatLine(clock_.Now(), service_, severity, event, fields)));
}

}  // namespace va::telemetry
