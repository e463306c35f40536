#include "lib/crypto/ec_point.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::crypto {
namespace {

struct Free {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;

absl::Status PointError() {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_POINT",
                         "not a point of the curve");
}

absl::StatusOr<std::string> Coordinate(const PublicKey& key, const char* name, size_t width) {
  BIGNUM* read = nullptr;
  if (width == 0 || EVP_PKEY_get_bn_param(key.native(), name, &read) != 1) return PointError();
  const Number number(read);
  std::string bytes(width, '\0');
  if (BN_bn2binpad(read, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(width)) <
      0) {
    return PointError();
  }
  return bytes;
}

}  // namespace

size_t CoordinateBytes(KeyType curve) {
  switch (curve) {
    case KeyType::kEcP256:
      return 32;
    case KeyType::kEcP384:
      return 48;
    case KeyType::kRsa:
    case KeyType::kEd25519:
      return 0;
  }
  return 0;
}

absl::StatusOr<EcPoint> EcPointOf(const PublicKey& key) {
  const size_t width = CoordinateBytes(key.type());
  absl::StatusOr<std::string> x = Coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, width);
  if (!x.ok()) return x.status();
  absl::StatusOr<std::string> y = Coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, width);
  if (!y.ok()) return y.status();
  return EcPoint{*std::move(x), *std::move(y)};
}

absl::StatusOr<PublicKey> EcKeyFromPoint(KeyType curve, absl::string_view x, absl::string_view y) {
  const size_t width = CoordinateBytes(curve);
  if (width == 0 || x.size() != width || y.size() != width) return PointError();
  // The uncompressed form (SEC 1 section 2.3.4). OpenSSL's reader of it refuses a coordinate that
  // is no number of the field, and whatever is not on the curve.
  std::string point = absl::StrCat("\x04", x, y);
  std::array<char, 6> group = {"P-256"};
  if (curve == KeyType::kEcP384) group = {"P-384"};
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                        const_cast<OSSL_PARAM*>(params)) != 1) {
    EVP_PKEY_free(key);
    return PointError();
  }
  return PublicKey::Adopt(key);
}

}  // namespace va::crypto
