#include "lib/jose/thumbprint.h"

#include <catch2/catch.hpp>

#include "lib/jose/jwk.h"
#include "lib/jose/keys_testing.h"

namespace va::jose {
namespace {

TEST_CASE("Thumbprint: the example of RFC 7638 section 3.1", "[jose][rule]") {
  CHECK(Thumbprint(testing::Rfc7638Key()).value() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST_CASE("Thumbprint: the P-256 example of RFC 9449 section 6.1", "[jose][rule]") {
  CHECK(Thumbprint(testing::EcPublicKey("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
                                        "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"))
            .value() == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

TEST_CASE("Thumbprint: the Ed25519 example of RFC 8037 appendix A.3", "[jose][rule]") {
  const auto key = ParseJwk(
      R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  REQUIRE(key.ok());
  CHECK(Thumbprint(key->key).value() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST_CASE("Thumbprint: the same for a key and its copy, another for every other key", "[jose]") {
  const auto one = Thumbprint(testing::EcKey().Public()).value();
  CHECK(one == Thumbprint(*crypto::PublicKey::FromPem(testing::EcKey().Public().Pem())).value());
  CHECK(one != Thumbprint(testing::OtherEcKey().Public()).value());
  CHECK(Thumbprint(testing::Ec384Key().Public()).value().size() == 43);
}

}  // namespace
}  // namespace va::jose
