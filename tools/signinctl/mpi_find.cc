// mpi find: asks MPI itself, past every service, with the adapter's own settings.
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/mpi_answer.h"
#include "tools/signinctl/mpi_connection.h"
#include "tools/signinctl/mpi_message.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

Result Refused(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  const std::string words(status.message());
  const bool misuse = reason == "OPERATION_UNKNOWN" || reason == "CONFIGURATION";
  return misuse ? Misuse(words) : Reject(reason, words);
}

// What would be sent, with nothing in it about a person.
Result DryRun(const MpiMessage& message, const std::string& operation, const MpiSettings& settings,
              const World& world) {
  crypto::SystemIdGenerator ids;
  auto built = BuildMpiMessage(message, operation, NewStamp(settings, ids, world.clock.Now()),
                               settings.message);
  if (built.ok()) built = MaskedMpiMessage(*built, settings.message);
  if (!built.ok()) return Refused(built.status());
  Result result;
  result.text = absl::StrCat(built->SerializeWithDeclaration(), "\n");
  result.words = absl::StrCat("would be sent to ", settings.url, "; nothing was sent");
  return result;
}

Result Run(const Arguments& arguments, const World& world) {
  const std::string operation = arguments.Text("OPERATION");
  const auto json = ReadInput(arguments.Text("--json"), world);
  if (!json.ok()) return CannotRead(json.status());
  const MpiSettings settings = ReadMpiSettings(arguments.Text("--config"), world);
  if (!settings.problem.empty()) return Misuse(settings.problem);
  const auto message = ReadMpiMessage(operation, *json, /*questions_only=*/true);
  if (!message.ok()) return Refused(message.status());
  if (arguments.Has("--dry-run")) return DryRun(*message, operation, settings, world);

  // Built here too, so that a refusal names the key that was given.
  const auto fits = BuildMpiMessage(*message, operation, {}, settings.message);
  if (!fits.ok()) return Refused(fits.status());
  const auto answer = AskMpi(std::get<mpi::Question>(*message), arguments.Text("--config"), world);
  if (!answer.ok()) return Refused(answer.status());
  const auto how =
      arguments.Has("--reveal") ? identity::Disclosure::kRevealed : identity::Disclosure::kMasked;
  Result result;
  result.exit = answer->outcome == mpi::Outcome::kOk ? Exit::kAccept : Exit::kReject;
  result.json = ToJson(*answer, how, absl::ToCivilDay(world.clock.Now(), absl::UTCTimeZone()));
  result.words = absl::StrCat(mpi::OutcomeName(answer->outcome), ", ", answer->reason);
  return result;
}

}  // namespace

Verb MpiFind() {
  Verb verb;
  verb.name = "mpi find";
  verb.summary = "ask the Master Person Index as mpi-adapter would, past its cache";
  verb.example =
      "signinctl mpi find find-by-icn --json tools/signinctl/examples/mpi_icn.json "
      "--config .dev/config/mpi-adapter.yaml --dry-run";
  verb.details = MpiOperationsHelp(/*questions_only=*/true);
  verb.flags = {
      {"--json", "FILE", "the question; - for standard input", true},
      {"--config", "FILE", "the adapter's own settings: where MPI is, and as whom to ask", true},
      {"--dry-run", "", "print the request with *** for personal data; nothing is sent"},
      {"--reveal", "", "show personal data of the answer instead of ***"},
  };
  verb.positionals = {{"OPERATION", "by what, see below"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
