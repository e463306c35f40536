#include "lib/service/decision_keys.h"

#include <utility>

#include "lib/crypto/keys.h"
#include "lib/crypto/sealed_box.h"

namespace va::service {
namespace {

constexpr char kPublicKeys[] = "decision.public_key_files";
constexpr char kIcnKeys[] = "decision.icn_keys_file";

std::vector<crypto::PublicKey> ReadKeys(const std::vector<std::string>& paths, FileLoader& loader) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : paths) {
    const auto pem = loader.Take(kPublicKeys, crypto::ReadPublicFile(path));
    if (!pem) continue;
    auto key = loader.Take(kPublicKeys, crypto::PublicKey::FromPem(*pem));
    if (key) keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace

void BindDecisionKeys(config::Table& table, DecisionKeyFiles& files) {
  table
      .StringList(kPublicKeys, &files.public_keys,
                  "Public keys (PEM, EC P-256) that decision tokens of user-attributes verify "
                  "with; more than one while keys are exchanged.")
      .Required()
      .Example("[/etc/va/keys/decision.pub]")
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
  std::vector<crypto::PublicKey> keys = ReadKeys(files.public_keys, loader);
  auto hasher = loader.Take(kIcnKeys, crypto::LookupHasher::FromKeyFile(files.icn_keys));
  if (!hasher || keys.size() != files.public_keys.size()) return std::nullopt;
  return loader.Take(kPublicKeys,
                     jose::DecisionVerifier::Create(std::move(keys), *std::move(hasher), audience));
}

ReloadUnit DecisionKeysUnit(const DecisionKeyFiles& files, std::string audience,
                            jose::DecisionVerifier& verifier) {
  ReloadUnit unit;
  unit.name = "decision_keys";
  for (const std::string& path : files.public_keys) unit.files.push_back({kPublicKeys, path});
  unit.files.push_back({kIcnKeys, files.icn_keys});
  unit.reload = [files, audience = std::move(audience), &verifier](FileLoader& loader) {
    const auto next = ReadDecisionVerifier(files, audience, loader);
    if (next && loader.problems().empty()) verifier.Exchange(*next);
  };
  unit.event = telemetry::AuditEvent::kKeyRotated;
  return unit;
}

}  // namespace va::service
