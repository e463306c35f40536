#include "services/inherited-proofing/domain/consent.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace va::proofing {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxLocale = 35;  // RFC 5646 4.4.1: what fits every tag in use

bool IsSha256Hex(absl::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool IsLanguageTag(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxLocale &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
         });
}

}  // namespace

absl::string_view ToString(ConsentDecision decision) {
  switch (decision) {
    case ConsentDecision::kGiven:
      return "given";
    case ConsentDecision::kDeclined:
      return "declined";
  }
  return "";
}

std::optional<absl::string_view> ProblemOf(const ConsentAnswer& answer) {
  if (answer.request_id.empty() || answer.request_id.size() > kMaxRequestId) return "REQUEST_ID";
  if (!IsSha256Hex(answer.text_sha256)) return "TEXT_SHA256";
  if (!IsLanguageTag(answer.locale)) return "LOCALE";
  return std::nullopt;
}

}  // namespace va::proofing
