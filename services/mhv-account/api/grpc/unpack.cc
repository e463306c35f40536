#include "services/mhv-account/api/grpc/unpack.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "lib/base/status.h"
#include "lib/base/uuid.h"
#include "lib/identity/pii.h"

namespace va::mhv {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxEmail = 320;  // RFC 3696, with its erratum's 254 and room for what came before

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

bool IsRequestId(const std::string& id) {
  return !id.empty() && id.size() <= kMaxRequestId && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
}

bool IsEmail(const std::string& text) {
  return text.size() <= kMaxEmail && std::none_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_iscntrl(static_cast<unsigned char>(c));
         });
}

}  // namespace

absl::Status CheckRequest(const v1::EnsureAccountRequest& request) {
  if (!IsRequestId(request.request_id())) {
    return Invalid("REQUEST_ID", "needs the id of the attempt");
  }
  if (!base::IsUuid(request.account_id()))
    return Invalid("ACCOUNT_ID", "needs the id of an account");
  const auto icn = identity::Icn::FromWire(request.icn());
  if (!icn.empty() && !icn.IsWellFormed()) return Invalid("ICN", "that is no ICN");
  if (!IsEmail(request.email())) return Invalid("EMAIL", "that is no e-mail address");
  return absl::OkStatus();
}

}  // namespace va::mhv
