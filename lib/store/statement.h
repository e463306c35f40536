// SQL as constants and values beside it. A statement's text is fixed when the program is compiled,
// so no input can become SQL (attack B1); values travel as parameters only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::store {

// Declare as `constexpr Statement kFindFlow{"find_flow", "SELECT ..."};`. Names are unique within
// one service: they name the prepared statement of a connection and stand in errors.
struct Statement {
  const char* name;
  const char* sql;
};

// Marks a value as bytea; refers to the caller's bytes.
struct Bytes {
  absl::string_view value;
};

// One parameter. Text and bytes refer to the caller's memory, which must live until Exec returned.
class Param {
 public:
  // NOLINTBEGIN(google-explicit-constructor): values stand in a parameter list as they are.
  Param(std::nullptr_t) : kind_(Kind::kNull) {}
  Param(std::nullopt_t) : kind_(Kind::kNull) {}
  Param(absl::string_view text) : kind_(Kind::kText), view_(text) {}
  Param(const std::string& text) : kind_(Kind::kText), view_(text) {}
  Param(const char* text) : kind_(Kind::kText), view_(text) {}
  Param(int value) : Param(static_cast<int64_t>(value)) {}
  Param(int64_t value);
  Param(double value);
  Param(bool value) : kind_(Kind::kOwned), owned_(value ? "t" : "f") {}
  Param(absl::Time time);
  Param(Bytes bytes) : kind_(Kind::kBytes), view_(bytes.value) {}
  // A text[] for `= ANY($1)`.
  Param(const std::vector<std::string>& texts);
  template <typename T>
  Param(const std::optional<T>& value)
      : Param(value.has_value() ? Param(*value) : Param(nullptr)) {}
  // NOLINTEND(google-explicit-constructor)

  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_bytes() const { return kind_ == Kind::kBytes; }
  absl::string_view value() const { return kind_ == Kind::kOwned ? owned_ : view_; }

 private:
  enum class Kind { kNull, kText, kOwned, kBytes };

  Kind kind_;
  absl::string_view view_;
  std::string owned_;
};

}  // namespace va::store
