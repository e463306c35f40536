// mpi parse: what the adapter would make of an answer of MPI.
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "lib/base/status.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/mpi_answer.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

// What was not even read to its end has the same outcome as what the adapter would not read.
AnyMpiAnswer TooLarge() {
  mpi::Answer answer;
  answer.outcome = mpi::Outcome::kUnparseable;
  answer.reason = "XML_TOO_LARGE";
  return answer;
}

Result Run(const Arguments& arguments, const World& world) {
  const auto bytes = ReadInput(arguments.Text("FILE"), world);
  const bool too_large = base::ReasonOf(bytes.status()) == "INPUT_TOO_LARGE";
  if (!bytes.ok() && !too_large) return CannotRead(bytes.status());
  const AnyMpiAnswer answer = too_large ? TooLarge()
                                        : ReadAnyMpiAnswer(*bytes, arguments.Text("--message-id"),
                                                           !arguments.Has("--allow-no-icn"));
  const auto how =
      arguments.Has("--mask") ? identity::Disclosure::kMasked : identity::Disclosure::kRevealed;
  Result result;
  if (const auto* found = std::get_if<mpi::Answer>(&answer)) {
    const absl::CivilDay today = absl::ToCivilDay(world.clock.Now(), absl::UTCTimeZone());
    result.json = ToJson(*found, how, today);
  } else {
    result.json = ToJson(std::get<mpi::ChangeAnswer>(answer), how);
  }
  const std::string outcome = result.json["outcome"].get<std::string>();
  result.exit = outcome == mpi::OutcomeName(mpi::Outcome::kOk) ? Exit::kAccept : Exit::kReject;
  result.words = absl::StrCat(outcome, ", ", result.json["reason"].get<std::string>());
  return result;
}

}  // namespace

Verb MpiParse() {
  Verb verb;
  verb.name = "mpi parse";
  verb.summary = "read an answer of the Master Person Index as mpi-adapter would";
  verb.example = "signinctl mpi parse tools/signinctl/examples/mpi_match.xml";
  verb.flags = {
      {"--message-id", "ID", "id of the message it must answer (default: the one it names)"},
      {"--allow-no-icn", "", "a person without a permanent ICN is OK too"},
      {"--mask", "", "show *** for personal data"},
  };
  verb.positionals = {{"FILE", "the SOAP envelope; - for standard input"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
