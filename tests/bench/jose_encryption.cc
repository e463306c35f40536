#include "tests/bench/jose_encryption.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/random.h"
#include "lib/jose/jwe.h"
#include "tests/bench/asked_program.h"
#include "tests/bench/rounds.h"

namespace va::bench {
namespace {

using jose::ContentEncryption;
using jose::KeyManagement;

constexpr double kRatioLimit = 1.1;
constexpr double kNpmTimes = 4;
constexpr double kFailureLimit = 1.1;
constexpr size_t kPayloadBytes = 2048;
constexpr int kDecryptionsSeldom = 4;  // they cost more than an encryption
constexpr ContentEncryption kContent = ContentEncryption::kA256Gcm;

struct Free {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* Octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// What a careful program does with OpenSSL alone: everything that can be chosen once is, a fresh
// content key and vector come from its generator, nothing is encoded, and the room is there before.
class Bare {
 public:
  Bare(EVP_PKEY* key, std::string payload, std::string header)
      : key_(key),
        payload_(std::move(payload)),
        header_(std::move(header)),
        sealed_(payload_.size() + 16, '\0'),
        cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)) {}

  bool UseOaep(const EVP_MD* digest) {
    oaep_.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key_, nullptr));
    wrapped_.assign(static_cast<size_t>(EVP_PKEY_get_size(key_)), '\0');
    return EVP_PKEY_encrypt_init(oaep_.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(oaep_.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(oaep_.get(), digest) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(oaep_.get(), digest) == 1;
  }

  bool Wrap() {
    const std::string random = crypto::SystemIdGenerator().RandomBytes(44);
    // A copy for every operation, because contexts must not be shared by threads.
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_dup(oaep_.get()));
    size_t size = wrapped_.size();
    return EVP_PKEY_encrypt(context.get(), reinterpret_cast<unsigned char*>(wrapped_.data()), &size,
                            Octets(random), 32) == 1 &&
           Seal(Octets(random), Octets(random) + 32);
  }

  bool Agree() {
    const std::string iv = crypto::SystemIdGenerator().RandomBytes(12);
    const Owned<EVP_PKEY_CTX> making(EVP_PKEY_CTX_new_from_pkey(nullptr, key_, nullptr));
    EVP_PKEY* made = nullptr;
    if (EVP_PKEY_keygen_init(making.get()) != 1 || EVP_PKEY_generate(making.get(), &made) != 1) {
      return false;
    }
    const Owned<EVP_PKEY> pair(made);
    unsigned char* point = nullptr;
    if (EVP_PKEY_get1_encoded_public_key(made, &point) == 0) return false;
    OPENSSL_free(point);
    const Owned<EVP_PKEY_CTX> agreeing(EVP_PKEY_CTX_new_from_pkey(nullptr, made, nullptr));
    std::array<unsigned char, 96> secret{};  // and as much as the derivation adds
    size_t size = 32;
    std::array<unsigned char, 32> content_key{};
    if (EVP_PKEY_derive_init(agreeing.get()) != 1 ||
        EVP_PKEY_derive_set_peer_ex(agreeing.get(), key_, 0) != 1 ||
        EVP_PKEY_derive(agreeing.get(), secret.data(), &size) != 1) {
      return false;
    }
    SHA256(secret.data(), 64, content_key.data());
    return Seal(content_key.data(), Octets(iv));
  }

 private:
  bool Seal(const unsigned char* content_key, const unsigned char* iv) {
    const Owned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    auto* const out = reinterpret_cast<unsigned char*>(sealed_.data());
    int size = 0;
    return EVP_EncryptInit_ex2(context.get(), cipher_.get(), content_key, iv, nullptr) == 1 &&
           EVP_EncryptUpdate(context.get(), nullptr, &size, Octets(header_),
                             static_cast<int>(header_.size())) == 1 &&
           EVP_EncryptUpdate(context.get(), out, &size, Octets(payload_),
                             static_cast<int>(payload_.size())) == 1 &&
           EVP_EncryptFinal_ex(context.get(), out + size, &size) == 1 &&
           EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, out + payload_.size()) ==
               1;
  }

  EVP_PKEY* key_;
  std::string payload_;
  std::string header_;
  std::string wrapped_;
  std::string sealed_;
  Owned<EVP_CIPHER> cipher_;
  Owned<EVP_PKEY_CTX> oaep_;
};

std::string Payload() {
  std::string payload = R"({"iss":"inherited-proofing","aud":"https://login.gov","exp":1768478700)";
  payload += R"(,"x":")";
  payload.append(kPayloadBytes - payload.size() - 2, 'x');
  return payload + "\"}";
}

std::string WordOf(KeyManagement management) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(jose::ToString(management), {{"-", "_"}}));
}

// A change of the last letter of one of the five parts that leaves it well-formed.
std::string ChangedIn(const std::string& token, size_t part) {
  std::string changed = token;
  size_t at = 0;
  for (size_t i = 0; i < part; ++i) at = changed.find('.', at) + 1;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  return changed;
}

// What npm's jose has to do, and the first token of it.
struct Npm {
  std::unique_ptr<AskedProgram> program;
  std::string token;
};

absl::StatusOr<Npm> StartNpm(const crypto::PublicKey& key, KeyManagement management,
                             const std::string& payload) {
  auto program = AskedProgram::Start({"node", "tests/bench/npm_jose_encrypt.mjs"});
  if (!program.ok()) return program.status();
  const nlohmann::json work = {{"pem", key.Pem()},
                               {"alg", std::string(jose::ToString(management))},
                               {"enc", std::string(jose::ToString(kContent))},
                               {"payload", payload}};
  absl::StatusOr<std::string> token = (*program)->Ask(work.dump());
  if (!token.ok()) {
    return absl::FailedPreconditionError(
        "npm's jose does not answer: is it there? ./dev setup interop");
  }
  // Its compiler works while it runs: warm before it is measured.
  if (const auto warm = (*program)->Ask("2000"); !warm.ok()) return warm.status();
  return Npm{*std::move(program), *std::move(token)};
}

absl::StatusOr<absl::Duration> CostOfNpm(AskedProgram& npm, int times) {
  const absl::StatusOr<std::string> said = npm.Ask(absl::StrCat(times));
  if (!said.ok()) return said.status();
  double micros = 0;
  if (!absl::SimpleAtod(*said, &micros) || micros <= 0) {
    return absl::InternalError("npm's jose said no time");
  }
  return absl::Microseconds(micros);
}

absl::StatusOr<crypto::PrivateKey> KeyFor(KeyManagement management) {
  const auto pem = crypto::GenerateKeyPem(
      management == KeyManagement::kEcdhEs ? crypto::NewKey::kEcP256 : crypto::NewKey::kRsa2048);
  if (!pem.ok()) return pem.status();
  return crypto::PrivateKey::FromPem(*pem);
}

// The three costs of one way to bring the key.
absl::Status MeasureOne(KeyManagement management, const JoseFlags& flags, Report& report) {
  const auto key = KeyFor(management);
  if (!key.ok()) return key.status();
  const auto to = jose::EncryptionKey::Create(key->Public(), management, kContent, "k1");
  if (!to.ok()) return to.status();
  std::vector<jose::DecryptionKey> own;
  own.push_back(jose::DecryptionKey::Create(*key, management, {kContent}, "k1").value());
  const std::string payload = Payload();
  const jose::JweFields fields{"JWT", "", "", "", ""};
  const auto token = jose::EncryptCompact(*to, fields, payload);
  if (!token.ok()) return token.status();
  Bare bare(key->native(), payload, token->substr(0, token->find('.')));
  const bool agrees = management == KeyManagement::kEcdhEs;
  if (!agrees && !bare.UseOaep(management == KeyManagement::kRsaOaep ? EVP_sha1() : EVP_sha256())) {
    return absl::InternalError("OpenSSL does not do the bare operation");
  }
  const auto npm = StartNpm(key->Public(), management, payload);
  if (!npm.ok()) return npm.status();
  const auto theirs = jose::DecryptCompact(npm->token, own);
  if (!theirs.ok() || theirs->plaintext != payload) {
    return absl::InternalError("npm's jose made a token of something else");
  }

  const auto of = [&flags](const std::function<bool()>& operation) {
    return [&flags, operation] { return CpuOfOne(flags.times, operation); };
  };
  const std::string word = WordOf(management);
  const auto name = [&word](const char* what) { return absl::StrCat(word, " ", what); };
  const int npm_times = std::max(flags.times / 4, 1);
  const auto measured = RunRounds(
      {{name("bare"), of([&] { return agrees ? bare.Agree() : bare.Wrap(); })},
       {name("encrypt"), of([&] { return jose::EncryptCompact(*to, fields, payload).ok(); })},
       {name("npm"), [&] { return CostOfNpm(*npm->program, npm_times); }}},
      flags.rounds);
  if (!measured.ok()) return measured.status();
  report.Cost(*measured, name("bare"), "the bare OpenSSL operations, with a fresh content key");
  report.Cost(*measured, name("encrypt"), absl::StrCat("a token of ", payload.size(), " bytes"));
  report.Cost(*measured, name("npm"), "the same with npm's jose, all its threads");
  report.AtMost(absl::StrCat(word, "_encrypt_ratio"),
                measured->RatioOf(name("encrypt"), name("bare")), kRatioLimit);
  report.AtLeast(absl::StrCat(word, "_encrypt_npm_times"),
                 measured->RatioOf(name("npm"), name("encrypt")), kNpmTimes);
  return absl::OkStatus();
}

// Attack J15: a key that cannot be unwrapped costs what a tag that does not hold costs.
absl::Status MeasureFailures(const JoseFlags& flags, Report& report) {
  const auto key = KeyFor(KeyManagement::kRsaOaep256);
  if (!key.ok()) return key.status();
  const auto to = jose::EncryptionKey::Create(key->Public(), KeyManagement::kRsaOaep256, kContent);
  if (!to.ok()) return to.status();
  std::vector<jose::DecryptionKey> own;
  own.push_back(jose::DecryptionKey::Create(*key, KeyManagement::kRsaOaep256, {kContent}).value());
  const auto token = jose::EncryptCompact(*to, {}, Payload());
  if (!token.ok()) return token.status();
  const std::string bad_key = ChangedIn(*token, 1);
  const std::string bad_tag = ChangedIn(*token, 4);
  const int times = std::max(flags.times / kDecryptionsSeldom, 1);
  const auto of = [times](const std::function<bool()>& operation) {
    return [times, operation] { return CpuOfOne(times, operation); };
  };
  const auto measured =
      RunRounds({{"decrypt", of([&] { return jose::DecryptCompact(*token, own).ok(); })},
                 {"bad-key", of([&] { return !jose::DecryptCompact(bad_key, own).ok(); })},
                 {"bad-tag", of([&] { return !jose::DecryptCompact(bad_tag, own).ok(); })}},
                flags.rounds);
  if (!measured.ok()) return measured.status();
  report.Cost(*measured, "decrypt", "rsa-oaep-256, the private operation of RSA-2048 included");
  report.Cost(*measured, "bad-key", "the same with an encrypted key that cannot be unwrapped");
  report.Cost(*measured, "bad-tag", "the same with a tag that does not hold");
  const double ratio = measured->RatioOf("bad-key", "bad-tag");
  report.AtMost("jwe_failure_ratio", std::max(ratio, 1 / ratio), kFailureLimit);
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureEncryption(const JoseFlags& flags, Report& report) {
  for (const KeyManagement management : jose::AllKeyManagements()) {
    if (absl::Status measured = MeasureOne(management, flags, report); !measured.ok()) {
      return measured;
    }
  }
  return MeasureFailures(flags, report);
}

}  // namespace va::bench
