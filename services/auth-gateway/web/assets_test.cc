#include "services/auth-gateway/web/assets.h"

#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/match.h"

namespace va::gateway {

TEST_CASE("FindAsset: what the layout loads is there, with its type", "[web][assets]") {
  REQUIRE(FindAsset("/assets/site.css") != nullptr);
  CHECK(FindAsset("/assets/site.css")->content_type == "text/css; charset=utf-8");
  CHECK(absl::StrContains(FindAsset("/assets/site.css")->bytes, "min-height: 48px"));
  REQUIRE(FindAsset("/assets/autosubmit.js") != nullptr);
  CHECK(FindAsset("/assets/autosubmit.js")->content_type == "text/javascript; charset=utf-8");
  REQUIRE(FindAsset("/assets/icon.svg") != nullptr);
  CHECK(FindAsset("/assets/icon.svg")->content_type == "image/svg+xml");
}

TEST_CASE("W9 FindAsset: no other spelling finds anything", "[web][assets][attack]") {
  for (const char* path :
       {"", "/assets/", "/assets", "/assets/../site.css", "/assets//site.css", "/assets/SITE.css",
        "/assets/site.css/", "site.css", "/assets/%73ite.css", "/etc/passwd"}) {
    INFO(path);
    CHECK(FindAsset(path) == nullptr);
  }
}

TEST_CASE("Assets: each has an ETag of its own and loads nothing from elsewhere", "[web][assets]") {
  std::set<std::string> tags;
  for (const Asset& asset : Assets()) {
    INFO(asset.path);
    CHECK(tags.insert(asset.etag).second);
    CHECK(absl::StartsWith(asset.etag, "\""));
    CHECK_FALSE(absl::StrContains(asset.bytes, "url("));
    CHECK_FALSE(absl::StrContains(asset.bytes, "@import"));
    CHECK_FALSE(absl::StrContains(asset.bytes, "https:"));
  }
}

}  // namespace va::gateway
