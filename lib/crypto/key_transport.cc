#include "lib/crypto/key_transport.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <utility>

#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/random.h"

namespace va::crypto {
namespace {

// Separator, block type and the least random padding (RFC 8017 7.2.1).
constexpr size_t kLeastPkcs1Padding = 11;

using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, KeyContextDeleter>;

const EVP_MD* MdOf(OaepHash hash) {
  switch (hash) {
    case OaepHash::kSha1:
      return EVP_sha1();
    case OaepHash::kSha256:
      return EVP_sha256();
    case OaepHash::kSha384:
      return EVP_sha384();
    case OaepHash::kSha512:
      return EVP_sha512();
  }
  return nullptr;
}

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool SetDigests(EVP_PKEY_CTX* context, const OaepParameters& parameters) {
  return EVP_PKEY_CTX_set_rsa_oaep_md(context, MdOf(parameters.digest)) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, MdOf(parameters.mgf)) == 1;
}

ContextPtr BeginDecrypt(const PrivateKey& key, int padding) {
  ContextPtr context(EVP_PKEY_CTX_new(key.native(), nullptr));
  if (context == nullptr || EVP_PKEY_decrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) != 1) {
    return nullptr;
  }
  return context;
}

// What the private key makes of `wrapped`; empty when it fails.
std::string Decrypt(EVP_PKEY_CTX* context, absl::string_view wrapped) {
  std::string out(wrapped.size(), '\0');
  size_t size = out.size();
  const bool done = EVP_PKEY_decrypt(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                                     Octets(wrapped), wrapped.size()) == 1;
  ERR_clear_error();
  out.resize(done ? size : 0);
  return out;
}

// 0xff when the byte is zero, else 0.
unsigned char IsZero(unsigned char byte) {
  return static_cast<unsigned char>((static_cast<unsigned>(byte) - 1U) >> 8U);
}

// 0xff when `block` is 00 02, non-zero bytes, 00 and a key of `key_bytes`; else 0. Looks at every
// byte, whatever it finds.
unsigned char IsPkcs1Block(absl::string_view block, size_t key_bytes) {
  const size_t separator = block.size() - key_bytes - 1;
  const unsigned char* at = Octets(block);
  unsigned char good = IsZero(at[0]) & IsZero(static_cast<unsigned char>(at[1] ^ 2U));
  for (size_t i = 2; i < separator; ++i) good &= static_cast<unsigned char>(~IsZero(at[i]));
  return good & IsZero(at[separator]);
}

}  // namespace

void KeyContextDeleter::operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }

absl::StatusOr<OaepWrapper> OaepWrapper::Create(const PublicKey& key,
                                                const OaepParameters& parameters) {
  ContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.native(), nullptr));
  if (key.type() != KeyType::kRsa || context == nullptr ||
      EVP_PKEY_encrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      !SetDigests(context.get(), parameters)) {
    ERR_clear_error();
    return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_ALGORITHM",
                           "a key that wraps no other key");
  }
  return OaepWrapper(std::move(context), (static_cast<size_t>(key.bits()) + 7) / 8);
}

bool OaepWrapper::Wrap(absl::string_view secret, char* out) const {
  const ContextPtr context(EVP_PKEY_CTX_dup(prepared_.get()));
  size_t size = bytes_;
  const bool wrapped = context != nullptr &&
                       EVP_PKEY_encrypt(context.get(), reinterpret_cast<unsigned char*>(out), &size,
                                        Octets(secret), secret.size()) == 1 &&
                       size == bytes_;
  if (!wrapped) ERR_clear_error();
  return wrapped;
}

bool FitsKey(const PrivateKey& key, absl::string_view wrapped) {
  return key.type() == KeyType::kRsa && wrapped.size() == (static_cast<size_t>(key.bits()) + 7) / 8;
}

std::string UnwrapOaep(const PrivateKey& key, const OaepParameters& parameters,
                       absl::string_view wrapped, size_t key_bytes) {
  std::string instead = SystemIdGenerator().RandomBytes(key_bytes);
  const ContextPtr context = BeginDecrypt(key, RSA_PKCS1_OAEP_PADDING);
  if (context == nullptr || !SetDigests(context.get(), parameters)) return instead;
  std::string unwrapped = Decrypt(context.get(), wrapped);
  // Whichever of the two is not given is overwritten.
  if (unwrapped.size() == key_bytes) std::swap(instead, unwrapped);
  Cleanse(unwrapped);
  return instead;
}

std::string UnwrapPkcs1(const PrivateKey& key, absl::string_view wrapped, size_t key_bytes) {
  std::string out = SystemIdGenerator().RandomBytes(key_bytes);
  // Without padding, because the library's own reading of it answers with an error.
  const ContextPtr context = BeginDecrypt(key, RSA_NO_PADDING);
  if (context == nullptr) return out;
  std::string block = Decrypt(context.get(), wrapped);
  if (block.size() != wrapped.size() || block.size() < key_bytes + kLeastPkcs1Padding) return out;
  const unsigned char good = IsPkcs1Block(block, key_bytes);
  const size_t start = block.size() - key_bytes;
  for (size_t i = 0; i < key_bytes; ++i) {
    const auto real = static_cast<unsigned char>(block[start + i]);
    const auto random = static_cast<unsigned char>(out[i]);
    out[i] = static_cast<char>((real & good) | (random & static_cast<unsigned char>(~good)));
  }
  Cleanse(block);
  return out;
}

}  // namespace va::crypto
