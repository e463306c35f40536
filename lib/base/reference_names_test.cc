#include "lib/base/reference_names.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>

#include "lib/base/signin_code.h"

namespace va::base {
namespace {

TEST_CASE("ReferenceNames: a reason has one name in its area", "[base][rule]") {
  std::set<std::pair<std::string, std::string>> seen;
  for (const ReferenceName& name : ReferenceNames()) {
    CAPTURE(name.area, name.reason);
    CHECK(seen.emplace(name.area, name.reason).second);
    CHECK_FALSE(name.reason.empty());
    CHECK((!name.class_name.empty() || !name.message.empty() || !name.tag.empty()));
  }
}

TEST_CASE("ReferenceNames: the same acknowledgement is nobody for a find and a fault for an add",
          "[base][rule]") {
  CHECK(FindReferenceName(kMpiFindReasons, "INVALID_REQUEST")->class_name == "RecordNotFound");
  CHECK(FindReferenceName(kMpiFindReasons, "INVALID_REQUEST")->status == "not_found");
  CHECK(FindReferenceName(kMpiAddReasons, "INVALID_REQUEST")->class_name == "InvalidRequestError");
  CHECK(FindReferenceName(kMpiAddReasons, "INVALID_REQUEST")->status == "server_error");
}

TEST_CASE("ReferenceNames: the codes that come from attributes have the reference's words",
          "[base][rule]") {
  for (const SignInCode id :
       {SignInCode::kMultipleMhvIds, SignInCode::kMultipleEdipis, SignInCode::kMhvIcnMismatch,
        SignInCode::kUuidMissing, SignInCode::kMultipleCorpIds, SignInCode::kMhvUnverified}) {
    const ReferenceName* name = FindReferenceName(kSsoeReasons, Describe(id).tag);
    CAPTURE(Describe(id).tag);
    REQUIRE(name != nullptr);
    CHECK_FALSE(name->message.empty());
  }
}

TEST_CASE("ReferenceNames: a text about an attribute names it", "[base][rule]") {
  const auto text = [](absl::string_view reason, absl::string_view attribute) {
    return ReferenceMessage(*FindReferenceName(kSisReasons, reason), attribute);
  };
  CHECK(text("missing_attribute", "email") == "Missing attribute in credential: email");
  CHECK(text("ssn_mismatch", "ssn") ==
        "Attribute mismatch, ssn in credential does not match MPI attribute");
  CHECK(text("theft_flag", "anything") == "Theft Flag Detected");
}

TEST_CASE("ReferenceNames: what is ours alone has no name there", "[base][rule]") {
  CHECK(FindReferenceName(kSsoeReasons, "ambiguous_attribute") == nullptr);
  CHECK(FindReferenceName(kMpiFindReasons, "NO_PERMANENT_ICN") == nullptr);
  CHECK(FindReferenceName("", "REJECTED") == nullptr);
}

}  // namespace
}  // namespace va::base
