#include "services/auth-gateway/config.h"

#include "lib/base/url.h"

namespace va::gateway {
namespace {

// Empty, or why `url` is not the address of a host alone.
std::string WrongOrigin(const std::string& url) {
  if (url.empty()) return "";
  const auto parsed = base::ParseUrl(url);
  if (parsed.ok() && parsed->scheme == "https" && parsed->Origin() == url) return "";
  return "must be https://host or https://host:port, in lower case, with nothing behind it";
}

}  // namespace

void Bind(config::Table& table, Config& config) {
  table.String("public.listen", &config.public_listen, "Where browsers connect, host:port")
      .HostPort();
  table
      .FilePath("public.tls.certificate_file", &config.public_certificate_file,
                "Certificate chain of the public host, PEM, leaf first")
      .Required()
      .Example("/etc/va/tls/public.crt");
  table
      .SecretFile("public.tls.private_key_file", &config.public_private_key_file,
                  "Private key of the public host, PEM")
      .Required()
      .Example("/etc/va/tls/public.key");
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
      .Range(1, 16);
  table
      .Int("public.max_connections", &config.public_max_connections,
           "Connections kept open at most")
      .Range(16, 100000);

  table.Bool("public.hsts", &config.hsts,
             "Tell browsers to use https for this host from now on; off where it is localhost");
  // What is built from these is compared by others byte for byte.
  table.Rule("public.base_url", [&config] { return WrongOrigin(config.base_url); });
  table.Rule("public.front_end_url", [&config] { return WrongOrigin(config.front_end_url); });

  table.FilePath("policy.file", &config.policy_file, "The sign-in policy (decision E5)")
      .Required()
      .Example("/etc/va/policy/policy.yaml");

  table.String("saml.sp_entity_id", &config.sp_entity_id, "Our SAML entity id")
      .Required()
      .Example("https://signin.example.gov/saml");
  table
      .String("saml.acs_url", &config.acs_url,
              "Where responses are posted to; empty for <base_url>/v1/sessions/callback")
      .HttpUrl();
  table
      .SecretFile("saml.signing_key_file", &config.signing_key_file,
                  "Key that signs our requests, PEM, RSA from 2048 bits")
      .Required()
      .Example("/etc/va/saml/sp.key");
  table
      .FilePath("saml.signing_certificate_file", &config.signing_certificate_file,
                "Certificate of that key, as partners know it")
      .Required()
      .Example("/etc/va/saml/sp.crt");
  table.String("saml.idp.entity_id", &config.idp_entity_id, "Entity id of the identity provider")
      .Required()
      .Example("https://idp.example.gov/saml");
  table
      .String("saml.idp.sso_url", &config.idp_sso_url,
              "Where the browser posts our request, HTTP-POST binding")
      .HttpUrl()
      .Required()
      .Example("https://idp.example.gov/sso");
  table
      .StringList("saml.idp.certificate_files", &config.idp_certificate_files,
                  "Certificates whose keys may sign responses; all of them are trusted")
      .Required()
      .Example("[/etc/va/saml/idp.crt]");
  table.Duration("saml.clock_skew", &config.clock_skew, "How far clocks may disagree (decision P3)")
      .Range(absl::ZeroDuration(), absl::Seconds(180));

  table
      .SecretFile("keys.sealed_box_file", &config.sealed_box_file,
                  "Key ring that seals personal columns")
      .Required()
      .Example("/etc/va/keys/sealed-box.keys");

  table.String("terms.document", &config.terms_document,
               "Name of the terms of use that people are asked to accept, as user-attributes and "
               "mhv-account know it");

  table
      .Int("provisioning.threads", &config.provisioning_threads,
           "Threads that ask for My HealtheVet accounts and invitations after a sign-in")
      .Range(1, 64);
  table
      .Int(
          "provisioning.queue", &config.provisioning_queue,
          "People who wait for these threads at most; for others it stays pending until their next "
          "sign-in")
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

}  // namespace va::gateway
