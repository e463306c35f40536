#include "lib/jose/jose_reject.h"

#include <catch2/catch.hpp>
#include <set>

#include "lib/base/status.h"

namespace va::jose {
namespace {

TEST_CASE("JoseReject: every reject has a name of its own and comes back from its status",
          "[jose]") {
  std::set<absl::string_view> names;
  for (const JoseReject reject : AllJoseRejects()) {
    CHECK(names.insert(ToString(reject)).second);
    CHECK(RejectOf(RejectStatus(reject)) == reject);
  }
  CHECK(names.size() == static_cast<size_t>(JoseReject::kDecryptionFailed) + 1);
  CHECK_FALSE(RejectOf(absl::OkStatus()).has_value());
  CHECK_FALSE(RejectOf(absl::InternalError("OpenSSL failed")).has_value());
  // A failure that happens to bear such a word is not a refused token.
  CHECK_FALSE(
      RejectOf(base::MakeError(absl::StatusCode::kUnavailable, "EXPIRED", "down")).has_value());
}

TEST_CASE("JoseReject: J15 one message and one code for whatever is wrong", "[jose][security]") {
  std::set<std::string> texts;
  for (const JoseReject reject : AllJoseRejects()) {
    const absl::Status status = RejectStatus(reject);
    CHECK(status.code() == absl::StatusCode::kPermissionDenied);
    texts.insert(std::string(status.message()));
  }
  CHECK(texts.size() == 1);
}

}  // namespace
}  // namespace va::jose
