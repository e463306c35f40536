// Why the server answers itself: the closed list, for whoever refuses and whoever counts refusals.
// A token that is not in the list does not compile, so no refusal is ever counted as "other".
#pragma once

#include <array>

#include "absl/strings/string_view.h"

namespace va::http {

inline constexpr std::array kRefusalReasons = {
    "BARE_CR",
    "BARE_LF",
    "BODY_MEMORY",
    "BODY_TIMEOUT",
    "BODY_TOO_LARGE",
    "CHUNKED_IN_HTTP_1_0",
    "EXPECT",
    "FIELD_NAME",
    "FIELD_VALUE",
    "FIELD_WITHOUT_COLON",
    "FOREIGN_HOST",
    "HANDLER_THREW",
    "HEADER_INJECTION",
    "HEADER_TIMEOUT",
    "HEADER_TOO_LARGE",
    "HOST_DUPLICATE",
    "HOST_MALFORMED",
    "HOST_MISSING",
    "LENGTH_AND_CHUNKED",
    "LENGTH_DUPLICATE",
    "LENGTH_MALFORMED",
    "MALFORMED",
    "METHOD",
    "METHOD_REFUSED",
    "OBS_FOLD",
    "OVERLOADED",
    "SNI_MISMATCH",
    "START_LINE",
    "TARGET",
    "TARGET_TOO_LONG",
    "TOO_MANY_HEADERS",
    "TRANSFER_ENCODING",
    "UPGRADE",
    "VERSION",
};

// One of them.
class RefusalReason {
 public:
  constexpr RefusalReason() = default;  // none
  // NOLINTNEXTLINE(google-explicit-constructor): written as the bare token where it is refused
  consteval RefusalReason(const char* token) : token_(token) {
    for (const char* const known : kRefusalReasons) {
      if (Same(known, token)) return;
    }
    throw "not in kRefusalReasons";  // which no constant expression survives
  }

  constexpr absl::string_view token() const { return token_; }
  friend bool operator==(RefusalReason reason, absl::string_view token) {
    return reason.token_ == token;
  }

 private:
  static constexpr bool Same(const char* a, const char* b) {
    while (*a != '\0' && *a == *b) {
      ++a;
      ++b;
    }
    return *a == *b;
  }

  absl::string_view token_;
};

}  // namespace va::http
