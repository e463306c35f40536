// The gateway's own settings, beside those every service has.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/config/fields.h"
#include "lib/service/common_config.h"
#include "services/auth-gateway/domain/global_logout.h"

namespace va::gateway {

struct Config {
  // public.*: the edge that browsers meet.
  std::string public_listen = "0.0.0.0:8443";
  std::string public_certificate_file;
  std::string public_private_key_file;
  std::string base_url;
  std::vector<std::string> public_hosts;  // beside base_url's own
  std::string front_end_url;              // empty: base_url, the gateway's own result page
  int public_io_threads = 1;
  int public_max_connections = 4096;
  bool hsts = true;
  std::vector<std::string> trusted_proxies;  // nobody's word about the client is believed
  std::vector<std::string> cors_origins;     // no other origin reads our JSON

  // limits.*: how often one client may ask; a rate of 0 is no limit.
  int limit_address_rate = 300;  // requests a second
  int limit_address_burst = 3000;
  int limit_flow_rate = 60;  // posts a minute
  int limit_flow_burst = 20;
  int limit_keys = 65536;
  int limit_connections_per_address = 1024;

  std::string policy_file;  // policy.file

  // saml.*
  std::string sp_entity_id;
  std::string acs_url;  // empty: base_url + /v1/sessions/callback
  std::string signing_ring_file;
  std::string decryption_ring_file;  // empty: the signing ring
  std::string idps_file;
  std::string metadata_folder;                              // where good metadata is kept
  absl::Duration metadata_validity = absl::Hours(24 * 30);  // of ours
  absl::Duration clock_skew = absl::Seconds(60);

  std::string saml_cookie_environment;  // saml.request_cookie_environment
  GlobalLogout global_logout;           // global_logout.*

  std::string sealed_box_file;  // keys.sealed_box_file

  std::string terms_document = "va_terms_of_use";  // terms.document

  // provisioning.*: what is asked once a person has been answered.
  int provisioning_threads = 8;
  int provisioning_queue = 512;
  absl::Duration provisioning_deadline = absl::Seconds(10);

  service::PeerConfig user_attributes;
  service::PeerConfig mpi_adapter;
  service::PeerConfig mhv_account;
  service::PeerConfig inherited_proofing;
};

void Bind(config::Table& table, Config& config);
// Of these the rows about whose word is believed and how often one may ask.
void BindEdge(config::Table& table, Config& config);
// Of these the rows that keep the reference's surface.
void BindReference(config::Table& table, Config& config);
// What must hold between these settings and the common ones.
void BindRules(config::Table& table, const Config& config, const service::CommonConfig& common);

}  // namespace va::gateway
