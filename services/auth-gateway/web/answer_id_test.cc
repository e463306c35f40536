#include "services/auth-gateway/web/answer_id.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace va::gateway {
namespace {

constexpr char kId[] = "8d0c6f4e-0000-4000-8000-000000000001";
constexpr char kToken[] = "token-of-a-session";
constexpr AnswerButton kAccept{"/terms-of-use/", "accepted"};

TEST_CASE("AnswerId: what was sealed for a button and a session opens for them",
          "[web][answer_id]") {
  const std::string sealed = SealAnswerId(kId, kAccept, kToken);
  CHECK(OpenAnswerId(sealed, kAccept, kToken) == kId);
  CHECK_FALSE(absl::StrContains(sealed, kToken));
}

TEST_CASE("AnswerId: A11 another session, question, button or id does not open it",
          "[web][answer_id][attack]") {
  const std::string sealed = SealAnswerId(kId, kAccept, kToken);
  CHECK_FALSE(OpenAnswerId(sealed, kAccept, "token-of-another"));
  CHECK_FALSE(OpenAnswerId(sealed, {kAccept.path, "declined"}, kToken));
  CHECK_FALSE(OpenAnswerId(sealed, {"/inherited_proofing/consent", kAccept.decision}, kToken));
  std::string other = sealed;
  other[35] = '2';
  CHECK_FALSE(OpenAnswerId(other, kAccept, kToken));
}

TEST_CASE("AnswerId: what is not one of ours does not open", "[web][answer_id][attack]") {
  const std::string sealed = SealAnswerId(kId, kAccept, kToken);
  for (const std::string& text :
       {std::string(), std::string(kId), absl::StrCat(kId, "."), sealed + "A", sealed + "\n",
        sealed.substr(0, sealed.size() - 1), std::string(200, 'a'), std::string(36, '-')}) {
    INFO(text);
    CHECK_FALSE(OpenAnswerId(text, kAccept, kToken));
  }
  // Without a session there is nothing that could prove anything.
  CHECK_FALSE(OpenAnswerId(SealAnswerId(kId, kAccept, ""), kAccept, ""));
}

}  // namespace
}  // namespace va::gateway
