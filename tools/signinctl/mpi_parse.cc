// mpi parse: what the adapter would make of an answer of MPI.
#include "absl/strings/str_cat.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/mpi_answer.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

Result Run(const Arguments& arguments, const World& world) {
  const auto bytes = ReadInput(arguments.Text("FILE"), world);
  if (!bytes.ok()) return CannotRead(bytes.status());
  const mpi::Answer answer = ReadMpiAnswer(*bytes, arguments.Text("--message-id"));
  Result result;
  result.exit = answer.outcome == mpi::Outcome::kOk ? Exit::kAccept : Exit::kReject;
  result.json = ToJson(answer, arguments.Has("--mask") ? identity::Disclosure::kMasked
                                                       : identity::Disclosure::kRevealed);
  result.words = absl::StrCat(mpi::OutcomeName(answer.outcome), ", ", answer.reason);
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
      {"--mask", "", "show *** for personal data"},
  };
  verb.positionals = {{"FILE", "the SOAP envelope; - for standard input"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
