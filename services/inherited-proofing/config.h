// Settings of inherited-proofing beside the common ones.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/config/fields.h"
#include "lib/service/common_config.h"
#include "lib/service/decision_keys.h"
#include "services/inherited-proofing/domain/eligibility.h"
#include "services/inherited-proofing/domain/handoff.h"

namespace va::proofing {

struct Config {
  Config();

  service::PeerConfig mpi_adapter;  // peers.mpi_adapter

  service::DecisionKeyFiles decision;  // decision.*

  std::string mhv_url;                            // mhv.http.url
  absl::Duration mhv_timeout = absl::Seconds(3);  // mhv.http.timeout
  std::string mhv_ca_file;                        // mhv.http.tls.ca_file
  std::string mhv_certificate_file;               // mhv.http.tls.certificate_file
  std::string mhv_private_key_file;               // mhv.http.tls.private_key_file
  std::string mhv_app_token_file;                 // mhv.app_token_file

  std::array<std::string, kAllRules.size()> rules;  // rules.<name of the rule>, by Rule
  std::vector<std::string> in_person_methods;       // rules.in_person_methods

  std::string consent_text_version;                     // consent.text_version
  absl::Duration consent_lifetime = absl::Minutes(10);  // consent.lifetime
  absl::Duration code_lifetime = kMaxCodeLifetime;      // code.lifetime
  absl::Duration sweep_pause = absl::Minutes(10);       // janitor.pause
};

void Bind(config::Table& table, Config& config);

// The rules of a configuration without problems.
Rules RulesOf(const Config& config);

}  // namespace va::proofing
