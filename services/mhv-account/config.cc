#include "services/mhv-account/config.h"

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "lib/base/url.h"

namespace va::mhv {
namespace {

// Paths are appended to it, and the token service compares the result byte for byte.
std::string WrongBase(const std::string& url) {
  const auto parsed = base::ParseUrl(url);
  const bool good = parsed.ok() && parsed->scheme == "https" && parsed->query.empty() &&
                    parsed->fragment.empty() && !absl::EndsWith(url, "/") &&
                    !absl::StrContains(url, "?") && !absl::StrContains(url, "#");
  return good ? "" : "must be an https URL without a slash, query or fragment at its end";
}

void BindKeys(config::Table& table, Config& config) {
  table
      .SecretFile("keys.sealed_box_file", &config.sealed_box_file,
                  "Key ring that seals personal columns")
      .Required()
      .Example("/etc/va/keys/sealed-box.keys")
      .Live();
  table
      .SecretFile("keys.lookup_file", &config.lookup_file,
                  "Key ring of the keyed hashes that ICNs and MHV ids are looked up by")
      .Required()
      .Example("/etc/va/keys/lookup.keys")
      .Live();
}

void BindConnection(config::Table& table, Config& config) {
  table
      .String("mhv.http.url", &config.http_url,
              "Base of MHV's account API; /v1/usermgmt/account-service/account is appended")
      .HttpUrl()
      .Required()
      .Example("https://mhv.example.test");
  table
      .Duration("mhv.http.timeout", &config.http_timeout,
                "For one call to MHV or to its token service, connecting included; a caller's "
                "deadline may be nearer")
      .Range(absl::Milliseconds(100), absl::Seconds(60));
  table
      .FilePath("mhv.http.tls.ca_file", &config.http_ca_file,
                "The only roots MHV and its token service may chain to (PEM)")
      .Required()
      .Example("/etc/va/mhv-ca.crt")
      .Live();
  table
      .FilePath("mhv.http.tls.certificate_file", &config.http_certificate_file,
                "Our client certificate (PEM), where MHV's gateway asks for one")
      .Live();
  table
      .SecretFile("mhv.http.tls.private_key_file", &config.http_private_key_file,
                  "Its private key (PEM)")
      .Live();
  table.SecretFile("mhv.api_key_file", &config.api_key_file, "The x-api-key MHV gave us, one line")
      .Required()
      .Example("/etc/va/secrets/mhv-api.key")
      .Live();
}

void BindTokens(config::Table& table, Config& config) {
  table
      .String("mhv.sts.url", &config.sts_url,
              "Base of the token service; /v0/sign_in/token is appended")
      .HttpUrl()
      .Required()
      .Example("https://sts.example.test");
  table
      .String("mhv.sts.client_id", &config.sts_client_id,
              "Who we are to the token service: iss of our assertions")
      .Required()
      .Example("va-signin-mhv-account");
  table
      .SecretFile(
          "mhv.sts.signing_ring_file", &config.sts_signing_ring_file,
          "Ring of the private keys, RSA from 2048 bits, of our assertions: the current one "
          "signs")
      .Required()
      .Example("/etc/va/keys/mhv-sts.ring")
      .Live();
  table
      .String("mhv.sts.service_account_id", &config.sts_service_account_id,
              "The service account registered for us there")
      .Required()
      .Example("00000000-0000-4000-8000-000000000000");
}

}  // namespace

void Bind(config::Table& table, Config& config) {
  service::BindDecisionKeys(table, config.decision);
  BindKeys(table, config);
  BindConnection(table, config);
  BindTokens(table, config);
  table.String("mhv.terms_document", &config.terms_document,
               "Terms of use a person must have accepted; revision, version and title come from "
               "the record at user-attributes");
  table
      .Duration("mhv.account_lifetime", &config.account_lifetime,
                "How long what MHV said of an account is good before it is asked again")
      .Range(absl::Seconds(1), absl::Hours(24 * 7));
  table.Rule("mhv.http.url", [&config] { return WrongBase(config.http_url); });
  table.Rule("mhv.terms_document", [&config] {
    return std::string(config.terms_document.empty() ? "must be named" : "");
  });
  table.Rule("mhv.sts.url", [&config] { return WrongBase(config.sts_url); });

  service::BindPeer(table, "peers.mpi_adapter", config.mpi_adapter, "mpi-adapter");
  service::BindPeer(table, "peers.user_attributes", config.user_attributes, "user-attributes");
}

}  // namespace va::mhv
