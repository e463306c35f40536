#include "services/auth-gateway/web/answer_id.h"

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/uuid.h"
#include "lib/crypto/hash.h"

namespace va::gateway {
namespace {

constexpr size_t kUuidLength = 36;

}  // namespace

std::string SealAnswerId(absl::string_view uuid, const AnswerButton& button,
                         absl::string_view session_token) {
  // The first line keeps this use of the token apart from any other; no part holds a line break.
  const std::string proof = crypto::HmacSha256(
      session_token, absl::StrCat("answer\n", button.path, "\n", button.decision, "\n", uuid));
  return absl::StrCat(uuid, ".", base::Base64UrlEncode(proof));
}

std::optional<std::string> OpenAnswerId(absl::string_view sealed, const AnswerButton& button,
                                        absl::string_view session_token) {
  const absl::string_view uuid = sealed.substr(0, kUuidLength);
  if (!base::IsUuid(uuid) || session_token.empty()) return std::nullopt;
  if (!crypto::ConstantTimeEqual(sealed, SealAnswerId(uuid, button, session_token))) {
    return std::nullopt;
  }
  return std::string(uuid);
}

}  // namespace va::gateway
