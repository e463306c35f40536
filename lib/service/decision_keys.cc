#include "lib/service/decision_keys.h"

#include <utility>

#include "lib/crypto/keys.h"
#include "lib/crypto/sealed_box.h"
#include "lib/jose/jwks.h"

namespace va::service {
namespace {

constexpr char kJwks[] = "decision.jwks_file";
constexpr char kIcnKeys[] = "decision.icn_keys_file";

absl::StatusOr<jose::Jwks> ReadJwks(const std::string& path) {
  const absl::StatusOr<std::string> text = crypto::ReadPublicFile(path);
  return text.ok() ? jose::Jwks::Parse(*text) : text.status();
}

}  // namespace

void BindDecisionKeys(config::Table& table, DecisionKeyFiles& files) {
  table
      .FilePath(kJwks, &files.jwks,
                "JWK Set of the keys (ES256) that decision tokens of user-attributes verify with, "
                "as `signinctl keys publish` writes it: next, current and retired ones.")
      .Required()
      .Example("/etc/va/keys/decision.jwks")
      .Live();
  table
      .SecretFile(kIcnKeys, &files.icn_keys,
                  "Key ring of the ICN's keyed hash in decision tokens, shared with "
                  "user-attributes for this purpose alone.")
      .Required()
      .Example("/etc/va/keys/decision-icn.keys")
      .Live();
}

std::optional<jose::DecisionVerifier> ReadDecisionVerifier(const DecisionKeyFiles& files,
                                                           absl::string_view audience,
                                                           FileLoader& loader) {
  const auto keys = loader.Take(kJwks, ReadJwks(files.jwks));
  auto hasher = loader.Take(kIcnKeys, crypto::LookupHasher::FromKeyFile(files.icn_keys));
  if (!keys || !hasher) return std::nullopt;
  return loader.Take(kJwks, jose::DecisionVerifier::FromJwks(*keys, *std::move(hasher), audience));
}

ReloadUnit DecisionKeysUnit(const DecisionKeyFiles& files, std::string audience,
                            jose::DecisionVerifier& verifier) {
  ReloadUnit unit;
  unit.name = "decision_keys";
  unit.files = {{kJwks, files.jwks}, {kIcnKeys, files.icn_keys}};
  unit.reload = [files, audience = std::move(audience), &verifier](FileLoader& loader) {
    const auto next = ReadDecisionVerifier(files, audience, loader);
    if (next && loader.problems().empty()) verifier.Exchange(*next);
  };
  unit.event = telemetry::AuditEvent::kKeyRotated;
  return unit;
}

}  // namespace va::service
