#include "lib/crypto/key_transport.h"

#include <catch2/catch.hpp>
#include <string>

#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"

namespace va::crypto {
namespace {

constexpr OaepParameters kSha1 = {OaepHash::kSha1, OaepHash::kSha1};
constexpr OaepParameters kSha256 = {OaepHash::kSha256, OaepHash::kSha256};

PrivateKey Fresh(NewKey kind) { return PrivateKey::FromPem(GenerateKeyPem(kind).value()).value(); }

std::string Wrapped(const PrivateKey& key, const OaepParameters& parameters,
                    const std::string& secret) {
  const OaepWrapper wrapper = OaepWrapper::Create(key.Public(), parameters).value();
  std::string out(wrapper.bytes(), '\0');
  REQUIRE(wrapper.Wrap(secret, out.data()));
  return out;
}

TEST_CASE("OaepWrapper: what was wrapped is unwrapped by the key and its parameters alone",
          "[crypto]") {
  const PrivateKey key = Fresh(NewKey::kRsa2048);
  const PrivateKey stranger = Fresh(NewKey::kRsa2048);
  const std::string secret(32, 's');
  for (const OaepParameters& parameters : {kSha1, kSha256}) {
    const std::string wrapped = Wrapped(key, parameters, secret);
    CHECK(FitsKey(key, wrapped));
    CHECK(UnwrapOaep(key, parameters, wrapped, secret.size()) == secret);
    CHECK(UnwrapOaep(stranger, parameters, wrapped, secret.size()) != secret);
  }
  CHECK(UnwrapOaep(key, kSha1, Wrapped(key, kSha256, secret), secret.size()) != secret);
  CHECK(UnwrapOaep(key, kSha256, Wrapped(key, kSha1, secret), secret.size()) != secret);
}

TEST_CASE("OaepWrapper: one key wrapped twice is two texts", "[crypto]") {
  const PrivateKey key = Fresh(NewKey::kRsa2048);
  CHECK(Wrapped(key, kSha1, "secret") != Wrapped(key, kSha1, "secret"));
}

TEST_CASE("OaepWrapper: refuses another kind of key and too long a secret", "[crypto]") {
  CHECK(base::ReasonOf(OaepWrapper::Create(Fresh(NewKey::kEcP256).Public(), kSha1).status()) ==
        "KEY_ALGORITHM");
  const OaepWrapper wrapper =
      OaepWrapper::Create(Fresh(NewKey::kRsa2048).Public(), kSha256).value();
  std::string out(wrapper.bytes(), '\0');
  CHECK_FALSE(wrapper.Wrap(std::string(191, 's'), out.data()));
  CHECK(wrapper.Wrap(std::string(190, 's'), out.data()));
}

TEST_CASE("UnwrapOaep: J3 J15 what cannot be unwrapped is a random key of the right length",
          "[crypto][security]") {
  const PrivateKey key = Fresh(NewKey::kRsa2048);
  const std::string wrapped = Wrapped(key, kSha1, std::string(16, 's'));
  std::string broken = wrapped;
  broken.back() = static_cast<char>(broken.back() ^ 1);
  const std::string one = UnwrapOaep(key, kSha1, broken, 16);
  CHECK(one.size() == 16);
  CHECK(one != UnwrapOaep(key, kSha1, broken, 16));
  // A good block around a key of another length is no better.
  CHECK(UnwrapOaep(key, kSha1, wrapped, 32).size() == 32);
  CHECK(UnwrapOaep(key, kSha1, wrapped, 32).substr(0, 16) != std::string(16, 's'));
}

}  // namespace
}  // namespace va::crypto
