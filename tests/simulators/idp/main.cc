// The program idp-simulator.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulators/idp/idp_simulator.h"
#include "tests/simulators/idp/saml_words.h"
#include "tests/simulators/program.h"

namespace va::simulators {
namespace {

struct Flags {
  std::string url;  // how browsers reach us
  std::vector<std::string> sp_certs;
  std::string sp_metadata;
  std::string sp_entity_id;
  std::string acs;
  std::string slo;
  std::string idp_key;
  std::string idp_cert;
  std::string entity_id;
  std::string sign = "assertion";
};

void AddFlags(CLI::App& app, Flags* flags) {
  app.add_option("--url", flags->url, "how browsers reach us; default https://LISTEN");
  app.add_option("--sp-cert", flags->sp_certs, "certificate that signs requests; repeatable");
  app.add_option("--sp-metadata", flags->sp_metadata,
                 "in place of --sp-cert: a file with the metadata of the service provider, read "
                 "anew for each request; assertions are encrypted to the keys it names for that");
  app.add_option("--sp-entity-id", flags->sp_entity_id, "who may ask")->required();
  app.add_option("--acs", flags->acs, "where answers go")->required();
  app.add_option("--slo", flags->slo,
                 "where messages of single logout go; default saml_logout beside --acs");
  app.add_option("--idp-key", flags->idp_key, "PEM, signs answers")->required();
  app.add_option("--idp-cert", flags->idp_cert, "PEM of its certificate")->required();
  app.add_option("--entity-id", flags->entity_id, "our name")->required();
  app.add_option("--sign", flags->sign, "what is signed unless a script says otherwise")
      ->check(CLI::IsMember({"assertion", "response", "both", "nothing"}));
}

absl::StatusOr<Registration> ReadRegistration(const Flags& flags, const std::string& listen) {
  Registration registration;
  registration.sp_entity_id = flags.sp_entity_id;
  registration.acs_url = flags.acs;
  const std::string url = flags.url.empty() ? absl::StrCat("https://", listen) : flags.url;
  registration.sso_url = absl::StrCat(url, kLoginPath);
  registration.slo_url = absl::StrCat(url, kLogoutPath);
  registration.sp_slo_url =
      flags.slo.empty() ? absl::StrCat(flags.acs.substr(0, flags.acs.rfind('/')), "/saml_logout")
                        : flags.slo;
  for (const std::string& file : flags.sp_certs) {
    auto sp = crypto::Certificate::FromPemFile(file);
    if (!sp.ok()) return sp.status();
    registration.sp_keys.push_back(sp->public_key());
  }
  if (flags.sp_certs.empty() == flags.sp_metadata.empty()) {
    return absl::InvalidArgumentError("give one of --sp-cert and --sp-metadata");
  }
  return registration;
}

absl::StatusOr<PartnerKeys> ReadPartner(const std::string& path) {
  const auto metadata = crypto::ReadPublicFile(path);
  if (!metadata.ok()) return metadata.status();
  return ReadPartnerMetadata(*metadata);
}

absl::StatusOr<Issuer> ReadIssuer(const Flags& flags) {
  auto key = crypto::PrivateKey::FromPemFile(flags.idp_key);
  if (!key.ok()) return key.status();
  auto certificate = crypto::Certificate::FromPemFile(flags.idp_cert);
  if (!certificate.ok()) return certificate.status();
  return Issuer{flags.entity_id, *std::move(key), *std::move(certificate)};
}

int RunProgram(int argc, char** argv) {
  Program program({.name = "idp-simulator",
                   .description = "Stand-in for the SSOe identity provider",
                   .listen = "127.0.0.1:8461",
                   .queue = 256});
  Flags flags;
  AddFlags(program.app(), &flags);
  std::optional<IdpSimulator> simulator;
  return program.Run(
      argc, argv, [&](std::vector<testing::Persona> personas) -> absl::StatusOr<http::Handler> {
        auto registration = ReadRegistration(flags, program.listen());
        if (!registration.ok()) return registration.status();
        auto issuer = ReadIssuer(flags);
        if (!issuer.ok()) return issuer.status();
        const auto sign = SignWhatFromString(flags.sign);
        IdpDeps deps{std::move(personas), *std::move(registration),
                     *std::move(issuer),  sign.value_or(SignWhat::kAssertion),
                     program.clock(),     program.ids(),
                     ReportRefusal};
        if (!flags.sp_metadata.empty()) {
          deps.partner = [path = flags.sp_metadata] { return ReadPartner(path); };
        }
        simulator.emplace(std::move(deps));
        return [&simulator](http::Request& request) { return simulator->Handle(request); };
      });
}

}  // namespace
}  // namespace va::simulators

int main(int argc, char** argv) {
  return va::simulators::Guarded(argc, argv, va::simulators::RunProgram);
}
