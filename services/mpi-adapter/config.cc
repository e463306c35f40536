#include "services/mpi-adapter/config.h"

#include "absl/strings/match.h"
#include "services/mpi-adapter/hl7/field_rules.h"

namespace va::mpi {

void Bind(config::Table& table, Config& config) {
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
  table.Int("mpi.http.connections", &config.connections, "Idle connections kept for reuse.")
      .Unit("connections")
      .Range(1, 1024);
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
  table.Rule("mpi.http.url", [&soap]() -> std::string {
    return absl::StartsWith(soap.url, "https://") ? "" : "must be an https URL";
  });
  // The whole question includes its connection: a longer one would never run out.
  table.Rule("mpi.http.connect_timeout", [&config]() -> std::string {
    return config.connect_timeout <= config.soap.timeout
               ? ""
               : "must not be longer than mpi.http.timeout";
  });
  table.Rule("mpi.message.sender", [&soap]() -> std::string {
    return hl7::CheckIdentifier("sender", soap.message.sender).ok()
               ? ""
               : "must be letters, digits, hyphen or underscore";
  });
  table.Rule("mpi.message.id_prefix", [&soap]() -> std::string {
    return soap.message_id_prefix.empty() ||
                   hl7::CheckIdentifier("id_prefix", soap.message_id_prefix).ok()
               ? ""
               : "must be letters, digits, hyphen or underscore";
  });
  table.Rule("mpi.message.query_id", [&soap]() -> std::string {
    return soap.query_id.empty() || hl7::CheckIdentifier("query_id", soap.query_id).ok()
               ? ""
               : "must be letters, digits, hyphen or underscore";
  });
}

}  // namespace va::mpi
