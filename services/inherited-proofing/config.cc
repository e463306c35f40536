#include "services/inherited-proofing/config.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace va::proofing {
namespace {

constexpr char kBlock[] = "block";
constexpr char kNote[] = "note";
constexpr char kIgnore[] = "ignore";

const char* WordOf(Effect effect) {
  switch (effect) {
    case Effect::kBlock:
      return kBlock;
    case Effect::kNote:
      return kNote;
    case Effect::kIgnore:
      return kIgnore;
  }
  return kBlock;
}

// What the rule looks for, as the example file says it.
absl::string_view FindingOf(Rule rule) {
  switch (rule) {
    case Rule::kWrongCsp:
      return "The session's provider is not MHV";
    case Rule::kAlreadyVerified:
      return "The account completed a handoff before";
    case Rule::kDeceased:
      return "MPI holds a date of death";
    case Rule::kIdTheft:
      return "MPI holds an identity-theft flag";
    case Rule::kNotPremium:
      return "MHV says that the account is not Premium";
    case Rule::kNoIdentityDocument:
      return "MHV does not say that an identity document exists";
    case Rule::kNotInPersonProofed:
      return "The proofing method is not one of rules.in_person_methods";
    case Rule::kBadProofingDate:
      return "The proofing date is no date or in the future";
    case Rule::kMhvIdMismatch:
      return "MHV answers with another id than it was asked for";
    case Rule::kDocumentExpired:
      return "The identity document has expired since";
  }
  return "";
}

void BindMhv(config::Table& table, Config& config) {
  table.String("mhv.http.url", &config.mhv_url, "Base of MHV's inherited-proofing API.")
      .HttpUrl()
      .Required()
      .Example("https://mhv.example.test/inherited-proofing");
  table
      .Duration("mhv.http.timeout", &config.mhv_timeout,
                "For one question, connecting included; a caller's deadline may be nearer.")
      .Range(absl::Milliseconds(100), absl::Seconds(60));
  table
      .FilePath("mhv.http.tls.ca_file", &config.mhv_ca_file,
                "The only roots MHV may chain to (PEM).")
      .Required()
      .Example("/etc/va/mhv-ca.crt")
      .Live();
  table
      .FilePath("mhv.http.tls.certificate_file", &config.mhv_certificate_file,
                "Our client certificate (PEM), if MHV asks for one.")
      .Live();
  table
      .SecretFile("mhv.http.tls.private_key_file", &config.mhv_private_key_file,
                  "Its private key (PEM).")
      .Live();
  table
      .SecretFile("mhv.app_token_file", &config.mhv_app_token_file,
                  "The token we are registered with at MHV (header appToken).")
      .Required()
      .Example("/etc/va/secrets/mhv-app.token")
      .Live();
  table.Rule("mhv.http.url", [&config]() -> std::string {
    return absl::StartsWith(config.mhv_url, "https://") ? "" : "must be an https URL";
  });
  table.Rule("mhv.http.tls.certificate_file", [&config]() -> std::string {
    return config.mhv_certificate_file.empty() == config.mhv_private_key_file.empty()
               ? ""
               : "a certificate and its private key come together";
  });
}

void BindRules(config::Table& table, Config& config) {
  for (const Rule rule : kAllRules) {
    table
        .String(absl::StrCat("rules.", NameOf(rule)), &config.rules[static_cast<size_t>(rule)],
                absl::StrCat(FindingOf(rule), ": block, note or ignore."))
        .OneOf({kBlock, kNote, kIgnore});
  }
  table.StringList("rules.in_person_methods", &config.in_person_methods,
                   "Proofing methods, as MHV writes them, that took place in person.");
  table.Rule("rules.in_person_methods", [&config]() -> std::string {
    return config.in_person_methods.empty() ? "must name a method at least" : "";
  });
}

void BindHandoff(config::Table& table, Config& config) {
  table
      .String("consent.text_version", &config.consent_text_version,
              "Version of the consent text the gateway shows; answers to another are refused.")
      .Required()
      .Example("\"2026-11\"");
  table
      .Duration("consent.lifetime", &config.consent_lifetime,
                "How long a given consent starts a handoff.")
      .Range(absl::Minutes(1), absl::Minutes(30));
  table
      .Duration("code.lifetime", &config.code_lifetime,
                "How long Login.gov may redeem a code; 90 minutes is what it was built for.")
      .Range(absl::Minutes(10), kMaxCodeLifetime);
  table
      .Duration("janitor.pause", &config.sweep_pause,
                "How often codes that ended a day ago are forgotten.")
      .Range(absl::Milliseconds(10), absl::Hours(1));
}

}  // namespace

Config::Config() {
  const Rules defaults;
  for (const Rule rule : kAllRules) {
    rules[static_cast<size_t>(rule)] = WordOf(defaults.of(rule));
  }
  in_person_methods = defaults.in_person_methods;
}

void Bind(config::Table& table, Config& config) {
  service::BindPeer(table, "peers.mpi_adapter", config.mpi_adapter, "mpi-adapter");
  service::BindDecisionKeys(table, config.decision);
  BindMhv(table, config);
  BindRules(table, config);
  BindHandoff(table, config);
}

Rules RulesOf(const Config& config) {
  Rules rules;
  for (const Rule rule : kAllRules) {
    const std::string& word = config.rules[static_cast<size_t>(rule)];
    rules.Set(rule, word == kNote     ? Effect::kNote
                    : word == kIgnore ? Effect::kIgnore
                                      : Effect::kBlock);
  }
  rules.in_person_methods = config.in_person_methods;
  return rules;
}

}  // namespace va::proofing
