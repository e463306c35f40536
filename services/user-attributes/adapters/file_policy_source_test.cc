#include "services/user-attributes/adapters/file_policy_source.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_replace.h"
#include "lib/testing/test_pki.h"

namespace va::attributes {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

std::string Shipped() {
  std::ifstream file("deploy/policy/policy.yaml");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST_CASE("FilePolicySource: a reload brings the new file into force, whole",
          "[attributes][policy]") {
  const testing::TempDir dir;
  const std::string path = dir.Write("policy.yaml", Shipped());
  const auto source = FilePolicySource::Open(path).value();
  const auto before = source->Current();
  dir.Write("policy.yaml", absl::StrReplaceAll(Shipped(), {{before->version, "next"}}));
  CHECK(source->Current()->version == before->version);
  REQUIRE(source->Reload(kNow).ok());
  CHECK(source->Current()->version == "next");
  // Whoever decides under the old one finishes under the old one.
  CHECK(before->version != "next");
}

TEST_CASE("FilePolicySource: a broken file changes nothing", "[attributes][policy]") {
  const testing::TempDir dir;
  const std::string path = dir.Write("policy.yaml", Shipped());
  const auto source = FilePolicySource::Open(path).value();
  const std::string version = source->Current()->version;
  dir.Write("policy.yaml", "version: broken\n");
  CHECK_FALSE(source->Reload(kNow).ok());
  CHECK(source->Current()->version == version);
}

TEST_CASE("FilePolicySource: however many ask, the file is read at most once a second",
          "[attributes][policy]") {
  const testing::TempDir dir;
  const std::string path = dir.Write("policy.yaml", Shipped());
  const auto source = FilePolicySource::Open(path).value();
  const std::string version = source->Current()->version;
  const auto write = [&](const std::string& next) {
    dir.Write("policy.yaml", absl::StrReplaceAll(Shipped(), {{version, next}}));
  };
  write("next");
  REQUIRE(source->Reload(kNow).ok());
  CHECK(source->Current()->version == "next");

  write("later");
  const auto held = source->Current();
  for (int i = 0; i < 1000; ++i) REQUIRE(source->Reload(kNow + absl::Milliseconds(i)).ok());
  CHECK(source->Current() == held);
  REQUIRE(source->Reload(kNow + absl::Seconds(1)).ok());
  CHECK(source->Current()->version == "later");

  // A broken file is not read again and again either.
  dir.Write("policy.yaml", "version: broken\n");
  CHECK_FALSE(source->Reload(kNow + absl::Seconds(2)).ok());
  CHECK(source->Reload(kNow + absl::Seconds(2)).ok());
  CHECK(source->Current()->version == "later");

  // A clock that was set back does not stop reloads.
  write("after");
  REQUIRE(source->Reload(kNow - absl::Hours(1)).ok());
  CHECK(source->Current()->version == "after");
}

TEST_CASE("FilePolicySource: without a usable policy nothing starts", "[attributes][policy]") {
  const testing::TempDir dir;
  CHECK_FALSE(FilePolicySource::Open(dir.path() + "/none.yaml").ok());
  CHECK_FALSE(FilePolicySource::Open(dir.Write("p.yaml", "")).ok());
}

}  // namespace
}  // namespace va::attributes
