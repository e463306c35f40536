// bench: what signing and verifying an ES256 token costs beside the bare OpenSSL operation
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/jose/jws.h"
#include "lib/jose/jwt.h"
#include "tests/bench/benchmark.h"

namespace va::bench {
namespace {

constexpr double kSignRatioLimit = 1.1;
constexpr double kVerifyLimitUs = 25;
constexpr size_t kClaimsBytes = 400;

struct Flags {
  int rounds = 21;
  int times = 500;
};

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const unsigned char* Octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The least that anybody must do: hash the bytes of the token and sign.
bool BareSign(EVP_PKEY* key, const std::string& message, std::string& signature) {
  const Context context(EVP_MD_CTX_new());
  signature.assign(128, '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Octets(message), message.size()) != 1) {
    return false;
  }
  signature.resize(size);
  return true;
}

bool BareVerify(EVP_PKEY* key, const std::string& message, const std::string& signature) {
  const Context context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message),
                          message.size()) == 1;
}

// Claims of the size of a decision token's.
std::string Claims() {
  std::string claims =
      R"({"iss":"user-attributes","aud":["mhv-account"],"iat":1768478400,"exp":1768478700,"x":")";
  claims.append(kClaimsBytes - claims.size() - 2, 'x');
  return claims + "\"}";
}

absl::Status Measure(const Flags& flags, Report& report) {
  const auto pem = crypto::GenerateKeyPem(crypto::NewKey::kEcP256);
  if (!pem.ok()) return pem.status();
  const auto key = crypto::PrivateKey::FromPem(*pem);
  if (!key.ok()) return key.status();
  const auto signing = jose::SigningKey::Create(*key, jose::Algorithm::kEs256);
  if (!signing.ok()) return signing.status();
  auto verifying = jose::VerifyingKey::Create(key->Public(), jose::Algorithm::kEs256);
  if (!verifying.ok()) return verifying.status();
  std::vector<jose::VerifyingKey> keys;
  keys.push_back(*std::move(verifying));

  const std::string claims = Claims();
  const jose::HeaderFields fields{"JWT", signing->id()};
  const auto token = jose::SignCompact(*signing, fields, claims);
  if (!token.ok()) return token.status();
  const std::string message = token->substr(0, token->rfind('.'));
  std::string signature;
  if (!BareSign(key->native(), message, signature)) return absl::InternalError("no signature");
  std::string scratch;
  const absl::Time now = absl::FromUnixSeconds(1768478400);
  jose::ClaimsRules rules;
  rules.type = "JWT";
  rules.audience = "mhv-account";

  const auto of = [&flags](const std::function<bool()>& operation) {
    return [&flags, operation] { return CpuOfOne(flags.times, operation); };
  };
  const auto measured =
      RunRounds({{"bare-sign", of([&] { return BareSign(key->native(), message, scratch); })},
                 {"sign", of([&] { return jose::SignCompact(*signing, fields, claims).ok(); })},
                 {"bare-verify", of([&] { return BareVerify(key->native(), message, signature); })},
                 {"verify", of([&] { return jose::VerifyJwt(*token, keys, rules, now).ok(); })}},
                flags.rounds);
  if (!measured.ok()) return measured.status();
  report.Cost(*measured, "bare-sign", "EVP_DigestSign over the bytes of the token");
  report.Cost(*measured, "sign", absl::StrCat("a compact ES256 token, ", claims.size(), " bytes"));
  report.Cost(*measured, "bare-verify", "EVP_DigestVerify");
  report.Cost(*measured, "verify", "the token with its header, claims and rules");
  report.AtMost("es256_sign_ratio", measured->RatioOf("sign", "bare-sign"), kSignRatioLimit);
  report.AtMost(
      "es256_verify_extra_us",
      absl::ToDoubleMicroseconds(measured->MedianOf("verify") - measured->MedianOf("bare-verify")),
      kVerifyLimitUs);
  return absl::OkStatus();
}

}  // namespace
}  // namespace va::bench

int main(int argc, char** argv) {
  va::bench::Flags flags;
  return va::bench::RunBenchmark(
      argc, argv, "Measures tokens beside the bare OpenSSL operation",
      [&flags](CLI::App& app) {
        app.add_option("--rounds", flags.rounds, "how many rounds")->check(CLI::Range(1, 1000));
        app.add_option("--times", flags.times, "operations in each round")
            ->check(CLI::Range(1, 100000));
      },
      [&flags](va::bench::Report& report) { return va::bench::Measure(flags, report); });
}
