// The service's log: one JSON object per line, an event name and typed fields, never a sentence
// with data glued in. Values can only be text, numbers and booleans, so the guarded types of
// lib/identity do not compile here; control characters are encoded and lengths are bounded (attack
// L2).
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "lib/base/clock.h"

namespace va::telemetry {

enum class Severity { kDebug, kInfo, kWarn, kError };

std::optional<Severity> SeverityFromString(absl::string_view word);

// One value of a field. Refers to the caller's text, which lives until the call returns.
class Value {
 public:
  // NOLINTBEGIN(google-explicit-constructor): values stand in a field list as they are.
  Value(absl::string_view text) : kind_(Kind::kText), text_(text) {}
  Value(const std::string& text) : kind_(Kind::kText), text_(text) {}
  Value(const char* text) : kind_(Kind::kText), text_(text) {}
  Value(bool value) : kind_(Kind::kBool), integer_(value ? 1 : 0) {}
  Value(double value) : kind_(Kind::kDouble), real_(value) {}
  template <typename T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool> &&
                                             !std::is_same_v<T, char>,
                                         int> = 0>
  Value(T value) : kind_(Kind::kInteger), integer_(static_cast<int64_t>(value)) {}
  // NOLINTEND(google-explicit-constructor)
  // A pointer would otherwise become a boolean.
  template <typename T, std::enable_if_t<!std::is_same_v<std::remove_cv_t<T>, char>, int> = 0>
  Value(T*) = delete;

  // Appends the JSON form; texts beyond `max_text` bytes are cut and say so.
  void AppendTo(std::string& out, size_t max_text) const;

 private:
  enum class Kind { kText, kInteger, kDouble, kBool };

  Kind kind_;
  absl::string_view text_;
  int64_t integer_ = 0;
  double real_ = 0;
};

struct Field {
  absl::string_view name;
  Value value;
};

using Fields = std::initializer_list<Field>;

// Appends `text` as a JSON string: quotes, control characters, DEL, C1 controls, line separators
// and bytes that are no UTF-8 are encoded. Cut at `max_bytes`.
void AppendJsonString(std::string& out, absl::string_view text, size_t max_bytes);

// Where finished lines go. Write() takes a whole line with its newline.
class Sink {
 public:
  virtual ~Sink() = default;
  // False when the line was not written completely.
  virtual bool Write(absl::string_view line) = 0;
};

// Writes to a file descriptor it does not own, one write per line. Thread-safe.
class FdSink final : public Sink {
 public:
  explicit FdSink(int fd) : fd_(fd) {}
  bool Write(absl::string_view line) override;

 private:
  std::mutex mutex_;
  const int fd_;
};

// One whole line with its line end.
std::string FormatLine(absl::Time now, absl::string_view service, Severity severity,
                       absl::string_view event, Fields fields);

class Log {
 public:
  Log(std::string service, Severity level, const base::Clock& clock, Sink& sink);

  void Debug(absl::string_view event, Fields fields = {}) const;
  void Info(absl::string_view event, Fields fields = {}) const;
  void Warn(absl::string_view event, Fields fields = {}) const;
  void Error(absl::string_view event, Fields fields = {}) const;

  bool Enabled(Severity severity) const {
    return severity >= level_.load(std::memory_order_relaxed);
  }
  // While serving; lines already begun keep the level they began under.
  void SetLevel(Severity level) { level_.store(level, std::memory_order_relaxed); }
  const std::string& service() const { return service_; }

 private:
  void Write(Severity severity, absl::string_view event, Fields fields) const;

  const std::string service_;
  std::atomic<Severity> level_;
  const base::Clock& clock_;
  Sink& sink_;
};

}  // namespace va::telemetry
