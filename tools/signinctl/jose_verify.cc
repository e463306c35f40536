// jose verify: whether a signature holds under these keys and algorithms, and, when one of them is
// asked for, whether the claims do; judged by lib/jose, as every service does.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/crypto/hash.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/jwks.h"
#include "lib/jose/jws.h"
#include "lib/jose/jwt.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/jose_input.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using jose::Algorithm;
using jose::VerifyingKey;

// Between the clocks, as everywhere (decision P3).
constexpr absl::Duration kSkew = absl::Seconds(60);
constexpr int64_t kMostSeconds = 253402300799;  // the end of the year 9999

struct Files {
  std::string keys;
  std::string token;
};

// The keys, and why others of the file are not among them.
struct Keys {
  std::vector<VerifyingKey> usable;
  std::string left_out;
};

std::optional<Result> ReadFiles(const Arguments& arguments, const World& world, Files& out) {
  for (const char* flag : {"--jwks", "--key"}) {
    if (std::optional<Result> no = ReadJoseFile(arguments, world, flag, out.keys)) return no;
  }
  return ReadJoseFile(arguments, world, "FILE", out.token);
}

std::optional<Result> Incomplete(const Arguments& arguments) {
  if (arguments.Has("--jwks") && arguments.Has("--key")) {
    return JoseArgument("--jwks and --key exclude each other");
  }
  if (!arguments.Has("--jwks") && !arguments.Has("--key")) {
    return JoseReject("ARGUMENT_MISSING", "--jwks or --key is needed");
  }
  if (!arguments.Has("--alg")) return JoseReject("ARGUMENT_MISSING", "--alg is needed");
  if (!arguments.Has("FILE")) {
    return JoseReject("ARGUMENT_MISSING", "FILE is needed; - for standard input");
  }
  return std::nullopt;
}

absl::StatusOr<Keys> KeysOfSet(const std::string& bytes, const std::vector<Algorithm>& allowed) {
  const absl::StatusOr<jose::Jwks> set = jose::Jwks::Parse(bytes);
  if (!set.ok()) return set.status();
  absl::StatusOr<std::vector<VerifyingKey>> usable = set->Verifying(allowed);
  if (!usable.ok()) return usable.status();
  Keys keys{*std::move(usable), ""};
  for (const jose::Jwks::Skipped& one : set->skipped()) {
    absl::StrAppend(&keys.left_out, keys.left_out.empty() ? "left out of the set: " : ", ", "key ",
                    one.index, " ", ToString(one.reason));
  }
  return keys;
}

absl::StatusOr<Keys> OneKey(const std::string& bytes, const std::vector<Algorithm>& allowed) {
  const absl::StatusOr<jose::Jwk> jwk = ReadJoseKey(bytes);
  if (!jwk.ok()) return jwk.status();
  Keys keys;
  for (const Algorithm algorithm : allowed) {
    if (!Fits(jwk->key.type(), algorithm) ||
        !jwk->Permits(jose::KeyUse::kSignature, "verify", ToString(algorithm))) {
      continue;
    }
    absl::StatusOr<VerifyingKey> key = VerifyingKey::Create(jwk->key, algorithm, jwk->id);
    if (!key.ok()) return key.status();
    keys.usable.push_back(*std::move(key));
  }
  if (keys.usable.empty()) keys.left_out = "the key is for none of these algorithms";
  return keys;
}

// A moment as people write it: RFC 3339, or the seconds since 1970 that tokens have.
std::optional<absl::Time> Moment(const Arguments& arguments, const World& world) {
  const std::string text = arguments.Text("--now");
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits) return ReadTime(arguments, "--now", world.clock.Now());
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(text, &seconds) || seconds > kMostSeconds) return std::nullopt;
  return absl::FromUnixSeconds(seconds);
}

std::optional<Result> ReadRules(const Arguments& arguments, const World& world,
                                jose::ClaimsRules& rules, absl::Time& now) {
  for (const char* flag : {"--iss", "--aud"}) {
    if (arguments.Has(flag) && arguments.Text(flag).empty()) {
      return JoseArgument(absl::StrCat(flag, " is empty"));
    }
  }
  const std::optional<absl::Time> moment = Moment(arguments, world);
  if (!moment.has_value()) {
    return JoseArgument("--now is a moment like 2026-03-04T12:00:00Z or 1772625600");
  }
  now = *moment;
  rules.issuer = arguments.Text("--iss");
  rules.audience = arguments.Text("--aud");
  rules.start_leeway = kSkew;
  rules.end_leeway = kSkew;
  return std::nullopt;
}

Result Judged(absl::string_view token, const Keys& keys) {
  const auto verified = jose::VerifyCompact(token, keys.usable);
  if (!verified.ok()) return JoseRefused(verified.status(), keys.left_out);
  return JoseAccepted(token, verified->payload,
                      absl::StrCat("accepted, signed with ", ToString(verified->header.algorithm)));
}

Result JudgedWithClaims(absl::string_view token, const Keys& keys, const jose::ClaimsRules& rules,
                        absl::Time now) {
  const auto verified = jose::VerifyJwt(token, keys.usable, rules, now);
  if (!verified.ok()) return JoseRefused(verified.status(), keys.left_out);
  return JoseAccepted(token, verified->payload,
                      absl::StrCat("accepted, signed with ", ToString(verified->header.algorithm),
                                   "; the claims hold"));
}

Result Run(const Arguments& arguments, const World& world) {
  Files files;
  if (std::optional<Result> no = ReadFiles(arguments, world, files)) return *std::move(no);
  if (std::optional<Result> no = Incomplete(arguments)) return *std::move(no);
  const bool claims = arguments.Has("--iss") || arguments.Has("--aud") || arguments.Has("--now");
  jose::ClaimsRules rules;
  absl::Time now;
  if (claims) {
    if (std::optional<Result> no = ReadRules(arguments, world, rules, now)) return *std::move(no);
  }
  const std::vector<Algorithm> allowed =
      Listed<Algorithm>(arguments.Text("--alg"), jose::AlgorithmFromName);
  if (allowed.empty()) {
    return JoseReject(ToString(jose::JoseReject::kAlgorithmUnknown), "--alg has none that we know");
  }
  const absl::StatusOr<Keys> keys =
      arguments.Has("--jwks") ? KeysOfSet(files.keys, allowed) : OneKey(files.keys, allowed);
  crypto::Cleanse(files.keys);
  if (!keys.ok()) return JoseRefused(keys.status(), std::string(keys.status().message()));
  const absl::string_view token = TokenOf(files.token);
  return claims ? JudgedWithClaims(token, *keys, rules, now) : Judged(token, *keys);
}

}  // namespace

Verb JoseVerify() {
  Verb verb;
  verb.name = "jose verify";
  verb.summary = "judge a signed token (JWS, JWT) as the services would";
  verb.example =
      "signinctl jose verify --jwks tools/signinctl/examples/jose_keys.json --alg ES256 "
      "--iss joe --now 2011-03-22T18:00:00Z tools/signinctl/examples/jose_signed.jwt";
  verb.details =
      "The signature is checked over any payload. Claims are judged only when --iss, --aud or "
      "--now\n"
      "is given: then the token needs an end (exp), with 60 s between the clocks.\n"
      "LIST: RS256, PS256, ES256, EdDSA, RS512, ES384, with commas between them.\n";
  verb.flags = {
      {"--jwks", "FILE", "the JWK Set that has the public key"},
      {"--key", "FILE",
       "or the key alone: a JWK or PEM, public or private, or a certificate in PEM"},
      {"--alg", "LIST", "the algorithms that count", true},
      {"--now", "TIME", "the moment to judge claims at: RFC 3339, or seconds since 1970"},
      {"--iss", "ISSUER", "who must have issued it"},
      {"--aud", "AUDIENCE", "whom it must be for"},
  };
  verb.positionals = {{"FILE", "the token in its compact form; - for standard input"}};
  verb.verdict = true;
  verb.one_line = true;
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
