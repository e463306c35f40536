// mpi build: the message that the adapter would send; nothing is sent.
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/mpi_connection.h"
#include "tools/signinctl/mpi_message.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

Result Refused(const absl::Status& status) {
  if (base::ReasonOf(status) == "OPERATION_UNKNOWN") return Misuse(std::string(status.message()));
  return Reject(base::ReasonOf(status), std::string(status.message()));
}

Result Run(const Arguments& arguments, const World& world) {
  const std::string operation = arguments.Text("OPERATION");
  const auto json = ReadInput(arguments.Text("--json"), world);
  if (!json.ok()) return CannotRead(json.status());
  const MpiSettings settings = ReadMpiSettings(arguments.Text("--config"), world);
  if (!settings.problem.empty()) return Misuse(settings.problem);
  const auto now = ReadTime(arguments, "--now", world.clock.Now());
  if (!now) return Misuse("--now is no RFC 3339 time");
  const auto message = ReadMpiMessage(operation, *json, /*questions_only=*/false);
  if (!message.ok()) return Refused(message.status());

  crypto::SystemIdGenerator ids;
  mpi::hl7::MessageStamp stamp = NewStamp(settings, ids, *now);
  stamp.message_id = arguments.Text("--message-id", stamp.message_id);
  stamp.query_id = arguments.Text("--query-id", stamp.query_id);
  auto built = BuildMpiMessage(*message, operation, stamp, settings.message);
  if (built.ok() && arguments.Has("--mask")) built = MaskedMpiMessage(*built, settings.message);
  if (!built.ok()) return Refused(built.status());
  Result result;
  result.text = absl::StrCat(built->SerializeWithDeclaration(), "\n");
  result.words = absl::StrCat("message ", stamp.message_id, "; nothing was sent");
  return result;
}

}  // namespace

Verb MpiBuild() {
  Verb verb;
  verb.name = "mpi build";
  verb.summary = "print the message to the Master Person Index that mpi-adapter would send";
  verb.example = "signinctl mpi build find-by-icn --json tools/signinctl/examples/mpi_icn.json";
  verb.details = MpiOperationsHelp(/*questions_only=*/false);
  verb.flags = {
      {"--json", "FILE", "what the message says; - for standard input", true},
      {"--config", "FILE", "the adapter's own settings (default: as shipped)"},
      {"--message-id", "ID", "instead of a new one"},
      {"--query-id", "ID", "instead of a new one"},
      {"--now", "TIME", "when the message is written, RFC 3339"},
      {"--mask", "", "show *** for personal data"},
  };
  verb.positionals = {{"OPERATION", "which message, see below"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
