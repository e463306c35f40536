// For tests of the gRPC face: an audit trail and a log that keep what was written, and decision
// tokens with keys made on the spot. Not part of the product.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/crypto/certificate_issuer.h"
#include "lib/jose/decision_token.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"

namespace va::attributes {

// "decision.made deny 113 ssn_mismatch idme vaweb".
class FakeAudit final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    lines.push_back(std::string(telemetry::ToString(event)) + " " + std::string(facts.outcome) +
                    " " + std::string(facts.code) + " " + std::string(facts.tag) + " " +
                    std::string(facts.csp) + " " + std::string(facts.application));
    request_ids.emplace_back(facts.request_id);
    policy_versions.emplace_back(facts.policy_version);
    accounts.emplace_back(facts.account_id);
    credentials.emplace_back(facts.credential_id);
    return failure;
  }

  std::vector<std::string> lines;
  std::vector<std::string> request_ids;
  std::vector<std::string> policy_versions;
  // The trail writes keyed pseudonyms of these two.
  std::vector<std::string> accounts;
  std::vector<std::string> credentials;
  absl::Status failure;

  // All that reaches the trail as it is, and all of whom it is about.
  std::string All() const {
    std::string all;
    for (const auto* part : {&lines, &request_ids, &policy_versions, &accounts, &credentials}) {
      for (const std::string& text : *part) all += text + "\n";
    }
    return all;
  }
};

class LogLines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text += std::string(line);
    return true;
  }
  std::string text;
};

// A signer and, per audience, whoever checks its tokens.
class TestDecisions {
 public:
  TestDecisions()
      : TestDecisions(
            crypto::PrivateKey::FromPem(crypto::GenerateKeyPem(crypto::NewKey::kEcP256).value())
                .value()) {}

  const jose::DecisionSigner& signer() const { return signer_; }
  jose::DecisionVerifier VerifierOf(absl::string_view audience) const {
    return jose::DecisionVerifier::Create({public_key_}, Hasher(), audience).value();
  }

 private:
  explicit TestDecisions(crypto::PrivateKey key)
      : public_key_(key.Public()),
        signer_(jose::DecisionSigner::Create(std::move(key), Hasher()).value()) {}

  static crypto::LookupHasher Hasher() {
    return crypto::LookupHasher::FromRing(
        crypto::KeyRing::FromText("icn-1:" + std::string(64, '7')).value());
  }

  crypto::PublicKey public_key_;
  jose::DecisionSigner signer_;
};

}  // namespace va::attributes
