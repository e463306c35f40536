#include "services/auth-gateway/web/answer_id.h"

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/hash.h"

namespace va::gateway {
namespace {

constexpr size_t kUuidLength = 36;

}  // namespace

bool IsUuid(absl::string_view text) {
  if (text.size() != kUuidLength) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

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
  if (!IsUuid(uuid) || session_token.empty()) return std::nullopt;
  if (!crypto::ConstantTimeEqual(sealed, SealAnswerId(uuid, button, session_token))) {
    return std::nullopt;
  }
  return std::string(uuid);
}

}  // namespace va::gateway
