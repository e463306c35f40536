#include "tests/bench/jose_signatures.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/jose/ecdsa_format.h"
#include "lib/jose/jws.h"
#include "lib/jose/jwt.h"
#include "tests/bench/rounds.h"

namespace va::bench {
namespace {

constexpr double kSignRatioLimit = 1.1;
constexpr double kVerifyLimitUs = 25;
constexpr size_t kClaimsBytes = 400;
constexpr size_t kMostSignatureBytes = 512;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

struct Row {
  jose::Algorithm algorithm;
  crypto::NewKey key;
  const EVP_MD* (*digest)();
  size_t ecdsa_width;
  int seldom;       // by how much fewer operations make a round, because they are slow
  int more_rounds;  // by how many more, because a few µs are looked for in half a millisecond
};

constexpr Row kRows[] = {
    {jose::Algorithm::kEs256, crypto::NewKey::kEcP256, EVP_sha256, 32, 1, 1},
    {jose::Algorithm::kEdDsa, crypto::NewKey::kEd25519, nullptr, 0, 1, 1},
    {jose::Algorithm::kRs256, crypto::NewKey::kRsa2048, EVP_sha256, 0, 5, 1},
    {jose::Algorithm::kPs256, crypto::NewKey::kRsa2048, EVP_sha256, 0, 5, 1},
    {jose::Algorithm::kRs512, crypto::NewKey::kRsa2048, EVP_sha512, 0, 5, 1},
    {jose::Algorithm::kEs384, crypto::NewKey::kEcP384, EVP_sha384, 48, 10, 3},
};

const unsigned char* Octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

absl::Status NoOperation() { return absl::InternalError("OpenSSL does not do the bare operation"); }

// What a careful program does with OpenSSL alone: key, digest and padding are chosen once, every
// operation has a copy of that choice to itself, because contexts must not be shared by threads.
// Choosing anew each time would cost up to a third more.
class Bare {
 public:
  static absl::StatusOr<Bare> Create(const crypto::PrivateKey& key, const Row& row) {
    Bare bare;
    EVP_PKEY_CTX* sign = nullptr;
    EVP_PKEY_CTX* verify = nullptr;
    const EVP_MD* digest = row.digest == nullptr ? nullptr : row.digest();
    if (EVP_DigestSignInit(bare.sign_.get(), &sign, digest, nullptr, key.native()) != 1 ||
        EVP_DigestVerifyInit(bare.verify_.get(), &verify, digest, nullptr, key.native()) != 1) {
      return NoOperation();
    }
    if (row.algorithm != jose::Algorithm::kPs256) return bare;
    for (EVP_PKEY_CTX* choices : {sign, verify}) {
      if (EVP_PKEY_CTX_set_rsa_padding(choices, RSA_PKCS1_PSS_PADDING) != 1 ||
          EVP_PKEY_CTX_set_rsa_pss_saltlen(choices, RSA_PSS_SALTLEN_DIGEST) != 1) {
        return NoOperation();
      }
    }
    return bare;
  }

  // Into `signature`, whose first bytes it fills; the number of them, 0 for a failure.
  size_t Sign(const std::string& message, unsigned char* signature) const {
    const Context context = OneUse(sign_);
    size_t size = kMostSignatureBytes;
    return EVP_DigestSign(context.get(), signature, &size, Octets(message), message.size()) == 1
               ? size
               : 0;
  }

  bool Verify(const std::string& message, const std::string& signature) const {
    const Context context = OneUse(verify_);
    return EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message),
                            message.size()) == 1;
  }

 private:
  Bare() : sign_(EVP_MD_CTX_new()), verify_(EVP_MD_CTX_new()) {}

  static Context OneUse(const Context& prepared) {
    Context context(EVP_MD_CTX_new());
    EVP_MD_CTX_copy_ex(context.get(), prepared.get());
    EVP_MD_CTX_set_flags(context.get(), EVP_MD_CTX_FLAG_FINALISE);
    return context;
  }

  Context sign_;
  Context verify_;
};

// Claims of the size of a decision token's.
std::string Claims() {
  std::string claims =
      R"({"iss":"user-attributes","aud":["mhv-account"],"iat":1768478400,"exp":1768478700,"x":")";
  claims.append(kClaimsBytes - claims.size() - 2, 'x');
  return claims + "\"}";
}

// One algorithm and everything that its operations need.
struct Subject {
  Bare bare;
  std::unique_ptr<jose::SigningKey> signing;  // null for an algorithm to verify only
  std::vector<jose::VerifyingKey> verifying;
  jose::HeaderFields fields;
  std::string claims;
  std::string token;
  std::string message;    // the bytes of the token that are signed
  std::string signature;  // as OpenSSL writes it
};

// Put together by hand, because some algorithms are to verify only.
absl::Status AddToken(const Row& row, Subject& subject) {
  const std::string header =
      absl::StrCat(R"({"alg":")", jose::ToString(row.algorithm), R"(","kid":"k","typ":"JWT"})");
  subject.message =
      absl::StrCat(base::Base64UrlEncode(header), ".", base::Base64UrlEncode(subject.claims));
  unsigned char signature[kMostSignatureBytes];
  const size_t size = subject.bare.Sign(subject.message, signature);
  if (size == 0) return NoOperation();
  subject.signature.assign(reinterpret_cast<const char*>(signature), size);
  std::string in_token = subject.signature;
  if (row.ecdsa_width != 0) {
    in_token = jose::EcdsaDerToRaw(subject.signature, row.ecdsa_width).value_or("");
  }
  subject.token = absl::StrCat(subject.message, ".", base::Base64UrlEncode(in_token));
  return absl::OkStatus();
}

absl::StatusOr<Subject> Prepare(const Row& row) {
  const auto pem = crypto::GenerateKeyPem(row.key);
  if (!pem.ok()) return pem.status();
  const auto key = crypto::PrivateKey::FromPem(*pem);
  if (!key.ok()) return key.status();
  auto bare = Bare::Create(*key, row);
  if (!bare.ok()) return bare.status();
  auto verifying = jose::VerifyingKey::Create(key->Public(), row.algorithm);
  if (!verifying.ok()) return verifying.status();
  Subject subject{*std::move(bare), nullptr, {}, {"JWT", "k"}, Claims(), "", "", ""};
  subject.verifying.push_back(*std::move(verifying));
  if (jose::MaySign(row.algorithm)) {
    auto signing = jose::SigningKey::Create(*key, row.algorithm);
    if (!signing.ok()) return signing.status();
    subject.signing = std::make_unique<jose::SigningKey>(*std::move(signing));
  }
  if (const absl::Status added = AddToken(row, subject); !added.ok()) return added;
  return subject;
}

std::vector<Candidate> CandidatesFor(const std::string& name, int times, const Subject& subject) {
  const auto add = [times](std::vector<Candidate>& list, std::string candidate,
                           std::function<bool()> operation) {
    list.push_back({std::move(candidate), [times, operation = std::move(operation)] {
                      return CpuOfOne(times, operation);
                    }});
  };
  static const auto* const rules = new jose::ClaimsRules([] {
    jose::ClaimsRules made;
    made.type = "JWT";
    made.issuer = "user-attributes";
    made.audience = "mhv-account";
    return made;
  }());
  std::vector<Candidate> list;
  if (subject.signing != nullptr) {
    add(list, name + "-bare-sign", [&subject] {
      unsigned char signature[kMostSignatureBytes];
      return subject.bare.Sign(subject.message, signature) != 0;
    });
    add(list, name + "-sign", [&subject] {
      return jose::SignCompact(*subject.signing, subject.fields, subject.claims).ok();
    });
  }
  add(list, name + "-bare-verify",
      [&subject] { return subject.bare.Verify(subject.message, subject.signature); });
  add(list, name + "-verify", [&subject] {
    return jose::VerifyJwt(subject.token, subject.verifying, *rules,
                           absl::FromUnixSeconds(1768478400))
        .ok();
  });
  return list;
}

// The median of what `name` costs more than `reference` within a round.
double ExtraUs(const Measured& measured, const std::string& name, const std::string& reference) {
  const auto& costs = measured.CostsOf(name);
  const auto& references = measured.CostsOf(reference);
  std::vector<double> extra;
  for (size_t i = 0; i < std::min(costs.size(), references.size()); ++i) {
    extra.push_back(absl::ToDoubleMicroseconds(costs[i] - references[i]));
  }
  return Median(std::move(extra));
}

absl::Status MeasureOne(const JoseFlags& flags, const Row& row, Report& report) {
  const auto subject = Prepare(row);
  if (!subject.ok()) return subject.status();
  const std::string name = absl::AsciiStrToLower(jose::ToString(row.algorithm));
  const int times = std::max(1, flags.times / row.seldom);
  const auto measured =
      RunRounds(CandidatesFor(name, times, *subject), flags.rounds * row.more_rounds);
  if (!measured.ok()) return measured.status();
  report.Cost(*measured, name + "-bare-sign", "EVP_DigestSign over the bytes of the token");
  report.Cost(*measured, name + "-sign",
              absl::StrCat("a compact token of ", subject->claims.size(), " bytes of claims"));
  report.Cost(*measured, name + "-bare-verify", "EVP_DigestVerify");
  report.Cost(*measured, name + "-verify", "the token with its header, claims and rules");
  if (subject->signing != nullptr) {
    report.AtMost(name + "_sign_ratio", measured->RatioOf(name + "-sign", name + "-bare-sign"),
                  kSignRatioLimit);
  }
  report.AtMost(name + "_verify_extra_us",
                ExtraUs(*measured, name + "-verify", name + "-bare-verify"), kVerifyLimitUs);
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureSignatures(const JoseFlags& flags, Report& report) {
  for (const Row& row : kRows) {
    if (const absl::Status measured = MeasureOne(flags, row, report); !measured.ok()) {
      return measured;
    }
  }
  return absl::OkStatus();
}

}  // namespace va::bench
