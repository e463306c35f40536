#include "tools/signinctl/cli.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/completion.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

// The words of a line, with the quotes of a shell gone.
std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  words.erase(words.begin());  // the program
  return words;
}

std::string Shell(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) out += buffer;
  CHECK(::pclose(pipe) == 0);
  return out;
}

// What a shell offers for the last of `words`.
std::string Offers(const std::string& words, int at) {
  const testing::TempDir dir;
  const std::string script = dir.Write("completion", CompletionScript("bash", Verbs()));
  return Shell("bash -c 'source " + script + "; COMP_WORDS=(" + words +
               "); COMP_CWORD=" + std::to_string(at) + "; _signinctl; echo \"${COMPREPLY[*]}\"'");
}

}  // namespace

TEST_CASE("signinctl: help lists every verb, and every verb has help with its example",
          "[signinctl]") {
  const Ran overview = RunWith({"--help"});
  CHECK(overview.exit == 0);
  for (const Verb& verb : Verbs()) {
    CAPTURE(verb.name);
    CHECK(absl::StrContains(overview.out, verb.name));
    std::vector<std::string> words = absl::StrSplit(verb.name, ' ');
    words.emplace_back("--help");
    const Ran help = RunWith(words);
    CHECK(help.exit == 0);
    CHECK(help.err.empty());
    CHECK(absl::StrContains(help.out, verb.example));
    for (const Flag& flag : verb.flags) CHECK(absl::StrContains(help.out, flag.name));
  }
}

TEST_CASE("signinctl: the examples of the verdict commands run and accept", "[signinctl]") {
  int ran_here = 0;
  for (const Verb& verb : Verbs()) {
    // The others write a file or need a running stack.
    if (verb.name == "completion" || verb.name == "rpc" || verb.name == "explain") continue;
    if (absl::StartsWith(verb.name, "migrate ")) continue;
    if (absl::StartsWith(verb.name, "keys ")) continue;
    if (absl::StartsWith(verb.name, "account ")) continue;
    if (absl::StartsWith(verb.name, "merge ")) continue;
    if (verb.name == "mpi build" || verb.name == "mpi find") continue;  // XML; the stack's settings
    CAPTURE(verb.example);
    const Ran ran = RunWith(Words(verb.example));
    CHECK(ran.exit == 0);
    CHECK(ran.json.is_object());
    CHECK_FALSE(ran.err.empty());
    ++ran_here;
  }
  CHECK(ran_here == 11);
}

TEST_CASE("signinctl: with --json stdout is one line and stderr is silent", "[signinctl]") {
  const Ran accepted =
      RunWith({"mpi", "parse", "--json", std::string(kExamples) + "mpi_match.xml"});
  CHECK(accepted.exit == 0);
  CHECK(accepted.out.find('\n') == accepted.out.size() - 1);
  CHECK(accepted.err.empty());
  const Ran rejected = RunWith({"mpi", "parse", "-", "--json"});
  CHECK(rejected.exit == 1);
  CHECK(rejected.json.is_object());
  CHECK(rejected.err.empty());
}

TEST_CASE("signinctl: an unknown verb is misuse and tells the nearest one", "[signinctl]") {
  const Ran ran = RunWith({"atributes", "explain", "x"});
  CHECK(ran.exit == 2);
  CHECK(ran.out.empty());
  CHECK(absl::StrContains(ran.err, "did you mean 'attributes explain'?"));
  CHECK(absl::StrContains(RunWith({"rcp", "--list"}).err, "did you mean 'rpc'?"));
  CHECK(absl::StrContains(RunWith({"saml"}).err, "saml verify"));
  CHECK(RunWith({"saml"}).exit == 2);
  CHECK(RunWith({"quite", "different"}).exit == 2);
  CHECK_FALSE(absl::StrContains(RunWith({"quite", "different"}).err, "did you mean"));
  CHECK(RunWith({}).exit == 2);
  CHECK(RunWith({""}).exit == 2);
}

TEST_CASE("signinctl: exit 2 for an unknown flag, a missing argument, an unreadable file",
          "[signinctl]") {
  const std::string good = std::string(kExamples) + "mpi_match.xml";
  const std::vector<std::vector<std::string>> rows = {
      {"mpi", "parse", "--nonsense", good},
      {"mpi", "parse"},
      {"mpi", "parse", good, good},
      {"mpi", "parse", "/nonexistent"},
      {"mpi", "parse", "tools/signinctl"},
      {"mpi", "parse", "--message-id", "a", "--message-id", "b", good},
      {"mpi", "parse", good, "--message-id"},
      {"completion"},
      {"completion", "fish"},
  };
  for (const auto& row : rows) {
    CAPTURE(row);
    const Ran ran = RunWith(row);
    CHECK(ran.exit == 2);
    CHECK(ran.out.empty());
    CHECK_FALSE(ran.err.empty());
  }
}

TEST_CASE("signinctl: a verb that throws is a reject in JSON, never an accept", "[signinctl]") {
  Verb verb;
  verb.name = "throw";
  verb.run = [](const Arguments&, const World&) -> Result {
    throw std::runtime_error("what was read");
  };
  const testing::FakeClock clock(absl::UnixEpoch());
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  const World world{in, clock, [](const std::string&) { return std::string(); }};
  CHECK(Run({"throw"}, {verb}, world, out, err) == 1);
  CHECK(Json::parse(out.str())["reason"] == "FAULT");
  CHECK_FALSE(absl::StrContains(out.str() + err.str(), "what was read"));
}

TEST_CASE("signinctl: an answer that cannot be written is no accept", "[signinctl]") {
  const testing::FakeClock clock(absl::UnixEpoch());
  std::istringstream in;
  std::ofstream full("/dev/full");
  REQUIRE(full);
  std::ostringstream err;
  const World world{in, clock, [](const std::string&) { return std::string(); }};
  const std::string good = std::string(kExamples) + "mpi_match.xml";
  CHECK(Run({"mpi", "parse", good}, Verbs(), world, full, err) == 1);
  CHECK(absl::StrContains(err.str(), "standard output"));
  std::ofstream full_too("/dev/full");
  CHECK(Run({"--help"}, Verbs(), world, full_too, err) == 1);
}

TEST_CASE("signinctl: --version", "[signinctl]") {
  CHECK(absl::StartsWith(RunWith({"--version"}).out, "signinctl 0."));
}

TEST_CASE("signinctl: completion offers verbs, then the verb's flags", "[signinctl]") {
  CHECK(Offers("signinctl \"\"", 1) ==
        "account attributes audit codes completion explain jose keys merge metadata "
        "migrate mpi policy rpc saml\n");
  CHECK(Offers("signinctl --v", 1) == "--version\n");
  CHECK(Offers("signinctl at", 1) == "attributes\n");
  CHECK(Offers("signinctl attributes \"\"", 2) == "explain\n");
  CHECK(Offers("signinctl attributes explain --ap", 3) == "--application\n");
  CHECK(Offers("signinctl rpc --serv", 2) == "--server-name\n");
  CHECK(Offers("signinctl completion z", 2) == "zsh\n");
  // Where a file or a value stands nothing is offered, so that the shell offers files itself.
  CHECK(Offers("signinctl mpi parse \"\"", 3) == "\n");
  CHECK(Offers("signinctl mpi parse tools/sign", 3) == "\n");
  CHECK(Offers("signinctl saml verify --idp-cert \"\"", 4) == "\n");
  CHECK(Offers("signinctl saml verify --idp-cert --", 4) == "\n");
  CHECK(Offers("signinctl saml verify --allow-unsolicited --w", 4) == "--want\n");
  CHECK(absl::StrContains(CompletionScript("bash", Verbs()), "complete -o default "));
}

TEST_CASE("signinctl: both scripts are printed by the verb", "[signinctl]") {
  const Ran bash = RunWith({"completion", "bash"});
  CHECK(bash.exit == 0);
  CHECK(bash.out == CompletionScript("bash", Verbs()));
  CHECK(absl::StartsWith(RunWith({"completion", "zsh"}).out, "#compdef signinctl\n"));
}

}  // namespace va::signinctl
