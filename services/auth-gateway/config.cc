#include "services/auth-gateway/config.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/url.h"
#include "lib/http/ip_address.h"

namespace va::gateway {
namespace {

// Empty, or which of the ranges cannot be read.
std::string WrongProxies(const std::vector<std::string>& ranges) {
  for (const std::string& range : ranges) {
    if (!http::IpRange::Parse(range).ok()) {
      return absl::StrCat("'", range, "' is neither an address nor a range such as 10.0.0.0/8");
    }
  }
  return "";
}

// Empty, or why `url` is not the address of a host alone.
std::string WrongOrigin(const std::string& url) {
  if (url.empty()) return "";
  const auto parsed = base::ParseUrl(url);
  if (parsed.ok() && parsed->scheme == "https" && parsed->Origin() == url) return "";
  return "must be https://host or https://host:port, in lower case, with nothing behind it";
}

// Who may call the JSON endpoints is compared byte for byte: what no browser sends would never
// match, and "null" or a pattern is nobody's name.
std::string WrongCorsOrigins(const std::vector<std::string>& origins) {
  for (const std::string& origin : origins) {
    const std::string wrong = origin.empty() ? "must not be empty" : WrongOrigin(origin);
    if (!wrong.empty()) return absl::StrCat("'", origin, "' ", wrong);
  }
  return "";
}

void BindLimits(config::Table& table, Config& config) {
  table
      .Int("limits.per_address.rate", &config.limit_address_rate,
           "Requests a second of one client address (IPv6: one /64), assets and metadata not "
           "counted; 0 for no limit. Behind a proxy set public.trusted_proxies, or everybody "
           "shares the proxy's address")
      .Unit("requests a second")
      .Range(0, 1'000'000);
  table
      .Int("limits.per_address.burst", &config.limit_address_burst,
           "How many of them may come at once")
      .Unit("requests")
      .Range(1, 1'000'000);
  table
      .Int("limits.per_flow.rate", &config.limit_flow_rate,
           "Posts a minute of one sign-in attempt, or of one session's forms; 0 for no limit")
      .Unit("requests a minute")
      .Range(0, 1'000'000);
  table.Int("limits.per_flow.burst", &config.limit_flow_burst, "How many of them may come at once")
      .Unit("requests")
      .Range(1, 100'000);
  table
      .Int("limits.keys", &config.limit_keys,
           "Addresses, and attempts, that are remembered at most, about 150 bytes each; beyond it "
           "those go that have used least")
      .Unit("keys")
      .Range(1024, 10'000'000);
  table
      .Int("limits.connections_per_address", &config.limit_connections_per_address,
           "Connections open at once of one TCP peer (IPv6: one /64), so that no single address "
           "holds them all; more are closed at once. public.trusted_proxies are not counted; 0 for "
           "no limit")
      .Unit("connections")
      .Range(0, 100'000);
}

// It becomes part of a cookie's name.
std::string WrongEnvironment(const std::string& environment) {
  const bool word = std::all_of(environment.begin(), environment.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  return word ? "" : "may have letters, digits, - and _ only";
}

}  // namespace

void BindReference(config::Table& table, Config& config) {
  table.String("saml.request_cookie_environment", &config.saml_cookie_environment,
               "Sets the cookie vagov_saml_request_<this> beside each SAML request: time and ids, "
               "nothing else; empty: no such cookie");
  table.Rule("saml.request_cookie_environment",
             [&config] { return WrongEnvironment(config.saml_cookie_environment); });
  table
      .String("global_logout.url", &config.global_logout.url,
              "Where /v1/sessions/slo/new sends a browser once our session has ended: the broker's "
              "logout; empty: our own")
      .HttpUrl();
  table.String("global_logout.app_key", &config.global_logout.app_key,
               "What the broker knows us by there");
  table.String("global_logout.declined_app_key", &config.global_logout.declined_app_key,
               "The same for somebody who declined the terms of use; empty: app_key");
  table.Rule("global_logout.app_key", [&config] {
    return !config.global_logout.url.empty() && config.global_logout.app_key.empty()
               ? "is needed with global_logout.url"
               : "";
  });
}

void BindEdge(config::Table& table, Config& config) {
  table.StringList("public.trusted_proxies", &config.trusted_proxies,
                   "Addresses or ranges of proxies whose X-Forwarded-For says who the client is; "
                   "empty: the TCP peer is the client");
  table.Rule("public.trusted_proxies", [&config] { return WrongProxies(config.trusted_proxies); });
  table.StringList("public.cors_origins", &config.cors_origins,
                   "Origins, https://host[:port], whose pages may call the JSON endpoints with the "
                   "person's cookies; empty: none but our own");
  table.Rule("public.cors_origins", [&config] { return WrongCorsOrigins(config.cors_origins); });
  BindLimits(table, config);
}

void Bind(config::Table& table, Config& config) {
  table.String("public.listen", &config.public_listen, "Where browsers connect, host:port")
      .HostPort();
  table
      .FilePath("public.tls.certificate_file", &config.public_certificate_file,
                "Certificate chain of the public host, PEM, leaf first")
      .Required()
      .Example("/etc/va/tls/public.crt")
      .Live();
  table
      .SecretFile("public.tls.private_key_file", &config.public_private_key_file,
                  "Private key of the public host, PEM")
      .Required()
      .Example("/etc/va/tls/public.key")
      .Live();
  table
      .String("public.base_url", &config.base_url,
              "Address of this gateway as browsers see it, without a slash at the end")
      .HttpUrl()
      .Required()
      .Example("https://signin.example.gov");
  table.StringList("public.hosts", &config.public_hosts,
                   "Further Host values that are ours, host or host:port");
  table
      .String("public.front_end_url", &config.front_end_url,
              "Base of the front end that owns /auth/login/callback; empty for our own page")
      .HttpUrl();
  table.Int("public.io_threads", &config.public_io_threads, "Threads of the event loop")
      .Unit("threads")
      .Range(1, 16);
  table
      .Int("public.max_connections", &config.public_max_connections,
           "Connections kept open at most")
      .Unit("connections")
      .Range(16, 100000);

  table.Bool("public.hsts", &config.hsts,
             "Tell browsers to use https for this host from now on; off where it is localhost");
  BindEdge(table, config);
  // What is built from these is compared by others byte for byte.
  table.Rule("public.base_url", [&config] { return WrongOrigin(config.base_url); });
  table.Rule("public.front_end_url", [&config] { return WrongOrigin(config.front_end_url); });

  table.FilePath("policy.file", &config.policy_file, "The sign-in policy (decision E5)")
      .Required()
      .Example("/etc/va/policy/policy.yaml")
      .Live();

  table.String("saml.sp_entity_id", &config.sp_entity_id, "Our SAML entity id")
      .Required()
      .Example("https://signin.example.gov/saml");
  table
      .String("saml.acs_url", &config.acs_url,
              "Where responses are posted to; empty for <base_url>/v1/sessions/callback")
      .HttpUrl();
  table
      .SecretFile("saml.signing_ring_file", &config.signing_ring_file,
                  "Ring of the keys that sign our requests and our metadata, RSA or EC, each with "
                  "its certificate beside it (`signinctl keys`). Our metadata lists the current "
                  "certificate and the next one; both durations of the ring are a day at least, "
                  "for partners keep our metadata that long")
      .Required()
      .Example("/etc/va/saml/sp.ring")
      .Live();
  table
      .SecretFile("saml.decryption_ring_file", &config.decryption_ring_file,
                  "Ring of the keys that open what is encrypted to us, RSA, each with its "
                  "certificate: every key in it opens, the current and the next one are published. "
                  "Empty: the signing ring, when it is of RSA keys; else nobody can encrypt to us")
      .Live();
  table
      .FilePath("saml.idps_file", &config.idps_file,
                "Who the identity providers are: pinned by hand, or by a source of metadata; one "
                "row for each idp of the policy that a csp leads to")
      .Required()
      .Example("/etc/va/saml/idps.yaml")
      .Live();
  table.String(
      "saml.metadata_folder", &config.metadata_folder,
      "Folder where the last good metadata of each identity provider is kept, ours alone to "
      "write; needed when a row has a metadata source");
  table
      .Duration(
          "saml.metadata_validity", &config.metadata_validity,
          "How long our own metadata stays valid from the day it is asked for; a partner that "
          "keeps a copy by hand has to ask again before that")
      .Range(absl::Hours(48), absl::Hours(24 * 3650));
  table.Duration("saml.clock_skew", &config.clock_skew, "How far clocks may disagree (decision P3)")
      .Range(absl::ZeroDuration(), absl::Seconds(180));

  BindReference(table, config);

  table
      .SecretFile("keys.sealed_box_file", &config.sealed_box_file,
                  "Key ring that seals personal columns")
      .Required()
      .Example("/etc/va/keys/sealed-box.keys")
      .Live();

  table.String("terms.document", &config.terms_document,
               "Name of the terms of use that people are asked to accept, as user-attributes and "
               "mhv-account know it");

  table
      .Int("provisioning.threads", &config.provisioning_threads,
           "Threads that ask for My HealtheVet accounts and invitations after a sign-in")
      .Unit("threads")
      .Range(1, 64);
  table
      .Int(
          "provisioning.queue", &config.provisioning_queue,
          "People who wait for these threads at most; for others it stays pending until their next "
          "sign-in")
      .Unit("people")
      .Range(0, 100000);
  table
      .Duration(
          "provisioning.deadline", &config.provisioning_deadline,
          "How long each of these questions may take; not longer than drain.timeout, or a stop "
          "waits for it")
      .Range(absl::Milliseconds(100), absl::Seconds(60));

  service::BindPeer(table, "peers.user_attributes", config.user_attributes, "user-attributes");
  service::BindPeer(table, "peers.mpi_adapter", config.mpi_adapter, "mpi-adapter");
  service::BindPeer(table, "peers.mhv_account", config.mhv_account, "mhv-account");
  service::BindPeer(table, "peers.inherited_proofing", config.inherited_proofing,
                    "inherited-proofing");
}

void BindRules(config::Table& table, const Config& config, const service::CommonConfig& common) {
  // A stop would cut these questions off, or wait for them beyond its deadline.
  table.Rule("provisioning.deadline", [&config, &common] {
    return config.provisioning_deadline <= common.drain_timeout
               ? ""
               : absl::StrCat("must not be longer than drain.timeout, which is ",
                              absl::FormatDuration(common.drain_timeout));
  });
}

}  // namespace va::gateway
