#include "services/mpi-adapter/adapters/break_glass.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace va::mpi {
namespace {

// What one line of the log holds of a text, with room for what has to be escaped.
constexpr size_t kPart = 1000;
// The largest answer MPI gives is a fraction of it; the rest of an endless one helps nobody.
constexpr size_t kMostParts = 256;
constexpr size_t kLongestReason = 200;
// Tickets have numbers, people have longer ones.
constexpr int kMostDigits = 6;

std::string CheckReason(absl::string_view reason) {
  if (reason.empty()) return "needs mpi.break_glass.reason";
  if (reason.size() > kLongestReason) return "the reason is longer than 200 characters";
  int digits = 0;
  for (const char c : reason) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) return "the reason must be plain text";
    if (c == '-') continue;
    digits = absl::ascii_isdigit(static_cast<unsigned char>(c)) ? digits + 1 : 0;
    if (digits > kMostDigits) return "the reason must hold no number of a person";
  }
  return "";
}

absl::Time UntilOf(const BreakGlassSettings& settings) {
  absl::Time until;
  if (settings.until.empty() ||
      !absl::ParseTime(absl::RFC3339_full, settings.until, &until, nullptr)) {
    return absl::InfinitePast();
  }
  return until;
}

// How much of `text` makes one part: never half a character.
size_t PartLength(absl::string_view text) {
  if (text.size() <= kPart) return text.size();
  size_t length = kPart;
  while (length > kPart - 4 && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80) --length;
  return length;
}

}  // namespace

std::string CheckBreakGlass(const BreakGlassSettings& settings, absl::Time now) {
  if (settings.until.empty()) return "";
  absl::Time until;
  if (!absl::ParseTime(absl::RFC3339_full, settings.until, &until, nullptr)) {
    return "must be a time such as 2026-01-31T16:00:00Z";
  }
  if (until > now + kLongestBreakGlass) return "must not be more than 24 hours ahead";
  return CheckReason(settings.reason);
}

BreakGlass::BreakGlass(Deps deps) : deps_(deps) {
  deps_.metrics.AddReading("va_mpi_break_glass",
                           "1 while bodies of messages to and from MPI are logged.", {},
                           [this] { return IsOn() ? 1.0 : 0.0; });
}

BreakGlass::~BreakGlass() {
  if (begun_) End();
}

void BreakGlass::Set(const BreakGlassSettings& settings) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (begun_) {
    if (settings.until == settings_.until && settings.reason == settings_.reason) return;
    End();
  }
  settings_ = settings;
  // Whoever forgot to check them gets nothing.
  if (!CheckBreakGlass(settings, deps_.clock.Now()).empty()) return;
  const absl::Time until = UntilOf(settings);
  if (until > deps_.clock.Now()) Begin(until, settings.reason);
}

void BreakGlass::Begin(absl::Time until, const std::string& reason) {
  telemetry::AuditFacts facts;
  facts.outcome = "begun";
  facts.reason = reason;
  const absl::Status written = deps_.audit.Write(telemetry::AuditEvent::kMpiBreakGlass, facts);
  if (!written.ok()) {
    deps_.log.Error("mpi.break_glass.refused", {{"reason", "AUDIT_WRITE"}});
    return;
  }
  begun_ = true;
  until_ = until;
  deps_.log.Warn("mpi.break_glass.begun",
                 {{"until", absl::FormatTime(absl::RFC3339_sec, until, absl::UTCTimeZone())},
                  {"reason", reason}});
}

void BreakGlass::End() {
  begun_ = false;
  until_ = absl::InfinitePast();
  telemetry::AuditFacts facts;
  facts.outcome = "ended";
  facts.reason = settings_.reason;
  const absl::Status written = deps_.audit.Write(telemetry::AuditEvent::kMpiBreakGlass, facts);
  deps_.log.Warn("mpi.break_glass.ended", {{"audited", written.ok()}});
}

bool BreakGlass::IsOn() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return begun_ && deps_.clock.Now() < until_;
}

bool BreakGlass::Open() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!begun_) return false;
  if (deps_.clock.Now() < until_) return true;
  End();
  return false;
}

void BreakGlass::Sent(absl::string_view message_id, absl::string_view interaction,
                      absl::string_view body) {
  if (Open()) WriteParts("mpi.break_glass.sent", message_id, interaction, body);
}

void BreakGlass::Received(absl::string_view message_id, int status, absl::string_view body) {
  if (Open()) WriteParts("mpi.break_glass.received", message_id, absl::StrCat(status), body);
}

void BreakGlass::WriteParts(absl::string_view event, absl::string_view message_id,
                            absl::string_view what, absl::string_view body) const {
  size_t part = 0;
  do {
    const size_t length = PartLength(body);
    const bool last = length == body.size() || part + 1 == kMostParts;
    deps_.log.Warn(event, {{"message_id", message_id},
                           {"what", what},
                           {"part", ++part},
                           {"last", last},
                           {"left_out", last ? body.size() - length : 0},
                           {"body", body.substr(0, length)}});
    if (last) return;
    body.remove_prefix(length);
  } while (true);
}

}  // namespace va::mpi
