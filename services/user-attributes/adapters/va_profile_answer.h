// Reads what VA Profile answers about a person (user_endpoint.md 2). Strict about what it reads and
// blind to the rest: a field of another type than ours makes the whole answer unreadable, because
// half an address is worse than none; fields nobody asked for are left out.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"
#include "services/user-attributes/domain/contact.h"

namespace va::attributes {

inline constexpr std::size_t kMaxVaProfileAnswer = std::size_t{256} << 10;

// The body of a 200. INTERNAL (VA_PROFILE_ANSWER) for anything but a complete answer about
// `asked`; the message names the field, never a value.
absl::StatusOr<ContactHistory> ReadVaProfileAnswer(absl::string_view body,
                                                   const identity::CspId& asked);

}  // namespace va::attributes
