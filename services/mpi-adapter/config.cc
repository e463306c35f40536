#include "services/mpi-adapter/config.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "services/mpi-adapter/hl7/field_rules.h"

namespace va::mpi {
namespace {

void BindBreakGlass(config::Table& table, BreakGlassSettings& settings) {
  table
      .String("mpi.break_glass.until", &settings.until,
              "Until then the bodies of messages to and from MPI are logged, with all that is "
              "personal in them: a time at most 24 hours ahead. Empty: never.")
      .Live();
  table
      .String("mpi.break_glass.reason", &settings.reason,
              "Why, for the audit trail; a ticket, nobody's name or number.")
      .Live();
  table.Rule("mpi.break_glass.until",
             [&settings] { return CheckBreakGlass(settings, base::SystemClock().Now()); });
}

// Whatever may stand in a message and is not empty.
std::string TextFault(const std::string& text) {
  if (hl7::IsBlank(text)) return "must not be empty";
  return hl7::CheckText("text", text).ok() ? "" : "must be text without control characters";
}

std::string IdentifierFault(const std::string& text) {
  return hl7::CheckIdentifier("text", text).ok() ? ""
                                                 : "must be letters, digits, hyphen or underscore";
}

std::string OidFault(const std::string& text) {
  return !text.empty() && text.size() <= 128 &&
                 text.find_first_not_of("0123456789.") == std::string::npos &&
                 !absl::StrContains(text, "..") && text.front() != '.' && text.back() != '.'
             ? ""
             : "must be an OID: numbers with dots between them";
}

// What the reference client has as constants belongs to an installation (mpi_mhv.md 3.1.16).
void BindOrganizations(config::Table& table, hl7::MessageSettings& message) {
  table.String("mpi.message.clinic.root", &message.clinic_root,
               "OID of the organization that adds persons and keeps their records.");
  table.String("mpi.message.clinic.name", &message.clinic_name, "Its name.");
  table.String("mpi.message.clinic.telephone", &message.clinic_telephone, "Its telephone.");
  table.String("mpi.message.organization.prefix", &message.organization_prefix,
               "Stands before the EDIPI in the id of the organization that asks on a person's "
               "behalf (orchestrated searches, proxy adds).");
  table.String("mpi.message.organization.description", &message.organization_description,
               "What that organization calls itself.");
  table.String("mpi.message.organization.telecom", &message.organization_telecom,
               "Its address, as MPI may know it; empty: none is sent. The reference client sends "
               "the IP address of its own host.");
  table.Rule("mpi.message.clinic.root", [&message] { return OidFault(message.clinic_root); });
  table.Rule("mpi.message.clinic.name", [&message] { return TextFault(message.clinic_name); });
  table.Rule("mpi.message.clinic.telephone",
             [&message] { return TextFault(message.clinic_telephone); });
  table.Rule("mpi.message.organization.prefix", [&message]() -> std::string {
    const std::string& prefix = message.organization_prefix;
    const bool dot = !prefix.empty() && prefix.back() == '.';
    return IdentifierFault(dot ? prefix.substr(0, prefix.size() - 1) : prefix);
  });
  table.Rule("mpi.message.organization.description",
             [&message] { return TextFault(message.organization_description); });
  table.Rule("mpi.message.organization.telecom", [&message]() -> std::string {
    return message.organization_telecom.empty() ? "" : TextFault(message.organization_telecom);
  });
}

void BindMessage(config::Table& table, SoapSettings& soap) {
  table
      .String("mpi.message.processing_code", &soap.message.processing_code,
              "T outside production, P in it.")
      .OneOf({"T", "P"});
  table.String("mpi.message.sender", &soap.message.sender,
               "The station we are registered as; MPI answers NS260 to one it does not know.");
  table.String("mpi.message.id_prefix", &soap.message_id_prefix,
               "Stands before the UUID of each message id.");
  table.String("mpi.message.query_id", &soap.query_id,
               "A constant query id such as 18204; empty: a new one per message.");
  table.Bool("mpi.message.u2010_namespaces", &soap.message.u2010_namespaces,
             "Write U+2010 instead of the hyphen in namespace names, as the reference client does "
             "(decision M2). Both spellings are always read.");
  table.Rule("mpi.message.sender", [&soap] { return IdentifierFault(soap.message.sender); });
  table.Rule("mpi.message.id_prefix", [&soap]() -> std::string {
    return soap.message_id_prefix.empty() ? "" : IdentifierFault(soap.message_id_prefix);
  });
  table.Rule("mpi.message.query_id", [&soap]() -> std::string {
    return soap.query_id.empty() ? "" : IdentifierFault(soap.query_id);
  });
  BindOrganizations(table, soap.message);
}

void BindKeys(config::Table& table, Config& config) {
  table
      .SecretFile("keys.sealed_box_file", &config.sealed_box_file,
                  "Key ring that seals what is kept of MPI's answers")
      .Required()
      .Example("/etc/va/keys/sealed-box.keys")
      .Live();
  table
      .SecretFile("keys.lookup_file", &config.lookup_file,
                  "Key ring of the keyed hashes that kept answers are found by")
      .Required()
      .Example("/etc/va/keys/lookup.keys")
      .Live();
}

// The longest of each is what may be served at all (mpi_mhv.md 1.16, 3.1.11).
void BindCache(config::Table& table, CacheSettings& cache) {
  table.Bool("mpi.cache.enabled", &cache.enabled,
             "Keep MPI's answers in the database, sealed. Without it MPI is asked every time.");
  table
      .Duration("mpi.cache.profile_ttl", &cache.profile_ttl,
                "How long a profile is kept at most; each a little shorter, by up to a tenth.")
      .Range(absl::Minutes(1), absl::Hours(24));
  table
      .Duration("mpi.cache.no_match_ttl", &cache.no_match_ttl,
                "How long it is kept that MPI holds nobody, shortened likewise.")
      .Range(absl::Seconds(1), absl::Minutes(30));
  table
      .Duration("mpi.cache.flags_ttl", &cache.flags_ttl,
                "How old death and identity theft may be where somebody is let in; then MPI is "
                "asked again, and without an answer there is no profile.")
      .Range(absl::Seconds(1), absl::Minutes(15));
  table.Rule("mpi.cache.flags_ttl", [&cache]() -> std::string {
    return cache.flags_ttl <= cache.profile_ttl ? ""
                                                : "must not be longer than mpi.cache.profile_ttl";
  });
}

}  // namespace

void Bind(config::Table& table, Config& config) {
  BindMpi(table, config);
  BindKeys(table, config);
}

void BindRules(config::Table& table, const Config& config, const service::CommonConfig& common) {
  // Calls that wait for MPI would hold every thread, and what needs no MPI would wait with them.
  table.Rule("mpi.http.max_in_flight", [&config, &common] {
    return config.guards.max_in_flight < common.workers_threads
               ? ""
               : absl::StrCat("must be smaller than workers.threads, which is ",
                              common.workers_threads);
  });
}

void BindMpi(config::Table& table, Config& config) {
  SoapSettings& soap = config.soap;
  table.String("mpi.http.url", &soap.url, "Where MPI answers; one URL for every operation.")
      .HttpUrl()
      .Required()
      .Example("https://mpi.example.test/psim_webservice/IdMWebService");
  table
      .Duration("mpi.http.timeout", &soap.timeout,
                "For one question, connecting included; a caller's deadline may be nearer.")
      .Range(absl::Milliseconds(100), absl::Seconds(60));
  table
      .Duration("mpi.http.connect_timeout", &config.connect_timeout,
                "For reaching MPI and the TLS handshake.")
      .Range(absl::Milliseconds(100), absl::Seconds(30));
  table
      .Int("mpi.http.connections", &config.connections,
           "Idle connections kept for reuse, each for 20 seconds at most.")
      .Unit("connections")
      .Range(1, 1024);
  table
      .Int(
          "mpi.http.max_in_flight", &config.guards.max_in_flight,
          "Calls to MPI at the same moment; a caller beyond them waits half a second at most. Keep "
          "it below workers.threads, so that a slow MPI never takes every thread.")
      .Unit("calls")
      .Range(1, 1000);
  table.FilePath("mpi.http.tls.ca_file", &config.ca_file, "The only roots MPI may chain to (PEM).")
      .Required()
      .Example("/etc/va/mpi-ca.crt")
      .Live();
  table
      .FilePath("mpi.http.tls.certificate_file", &config.certificate_file,
                "Our client certificate, as registered with MPI (PEM).")
      .Required()
      .Example("/etc/va/mpi-client.crt")
      .Live();
  table
      .SecretFile("mpi.http.tls.private_key_file", &config.private_key_file,
                  "Its private key (PEM).")
      .Required()
      .Example("/etc/va/mpi-client.key")
      .Live();
  BindMessage(table, soap);
  BindBreakGlass(table, config.break_glass);
  BindCache(table, config.cache);
  table.Rule("mpi.http.url", [&soap]() -> std::string {
    return absl::StartsWith(soap.url, "https://") ? "" : "must be an https URL";
  });
  // The whole question includes its connection: a longer one would never run out.
  table.Rule("mpi.http.connect_timeout", [&config]() -> std::string {
    return config.connect_timeout <= config.soap.timeout
               ? ""
               : "must not be longer than mpi.http.timeout";
  });
}

}  // namespace va::mpi
