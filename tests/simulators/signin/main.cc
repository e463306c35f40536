// The program behind `./dev signin`: signs one persona in on a running stack, headless, prints one
// JSON object on stdout and words on stderr, and says by its exit code how it ended.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/base/url.h"
#include "lib/http/client.h"
#include "tests/simulators/signin/result.h"
#include "tests/simulators/signin/walk.h"

namespace va::simulators {
namespace {

struct Flags {
  std::string persona;
  std::string application;
  std::string to;
  std::string flow = "saml";
  std::string then;
  std::string type;
  std::vector<std::string> answers;
  std::string personas = "tests/personas";
  bool flip = false;
};

int Finish(Exit exit) { return static_cast<int>(exit); }

int Fault(const absl::Status& status) {
  std::cerr << "signin: " << status.message() << "\n";
  return Finish(Exit::kFault);
}

int Usage(const std::string& words) {
  std::cerr << "signin: " << words << "\n";
  return Finish(Exit::kUsage);
}

std::string Env(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A sentence for the person at the keyboard.
std::string Words(const SignInResult& result, const std::string& persona) {
  const auto& json = result.json;
  const auto text = [&](const char* key) {
    return json[key].is_string() ? json[key].get<std::string>() : std::string("none");
  };
  if (result.exit == Exit::kSession) {
    return absl::StrCat(persona, " is signed in, LOA", json["loa"].dump(), ", MHV account ",
                        text("mhv_account"), ", proofing ", text("proofing"), ", request id ",
                        text("request_id"));
  }
  return absl::StrCat(persona, " ended in ", text("outcome"), ": code ", text("code"), ", tag ",
                      text("tag"), ", request id ", text("request_id"));
}

absl::StatusOr<SignInResult> SignIn(testing::UserAgent& agent, const testing::Page& started,
                                    const testing::Persona& persona, const Flags& flags,
                                    const std::string& gateway_url, const std::string& ops_url,
                                    http::Client& ops_client) {
  const auto choice = GoToProvider(agent, started);
  if (!choice.ok()) return choice.status();
  base::FormPairs overrides = flags.flip ? FlipOverrides(persona.flip) : base::FormPairs();
  for (const std::string& said : flags.answers)
    overrides.push_back(absl::StrSplit(said, absl::MaxSplits('=', 1)));
  const auto answer = ChoosePersona(agent, *choice, persona.id, overrides);
  if (!answer.ok()) return answer.status();
  const auto returned = Return(agent, *answer);
  if (!returned.ok()) return returned.status();
  const auto end = GoOn(agent, *returned, persona.id);
  if (!end.ok()) return end.status();
  return ReadResultOf(persona, agent, *end, gateway_url, ops_url, ops_client);
}

// Signs out and adds `signed_out` to the result: "everywhere" when the provider has confirmed it,
// else "here". A session that lives on is a fault.
absl::Status EndByLogout(testing::UserAgent& agent, const std::string& gateway_url,
                         SignInResult* result) {
  const auto end = SignOut(agent, gateway_url);
  if (!end.ok()) return end.status();
  const auto user = agent.Request("GET", absl::StrCat(gateway_url, "/v0/user"));
  if (!user.ok()) return user.status();
  if (user->status() != 401) return absl::FailedPreconditionError("the session lives on");
  const auto url = base::ParseUrl(end->url());
  const bool confirmed = end->status() == 200 && url.ok() && url->path == "/logout/";
  result->json["signed_out"] = confirmed ? "everywhere" : "here";
  if (!confirmed) {
    std::cerr << "signin: the provider did not confirm: status " << end->status() << " from "
              << (url.ok() ? url->Origin() : "?") << ", " << end->content.text << "\n";
  }
  return absl::OkStatus();
}

int Run(const Flags& flags) {
  const std::string gateway_url = Env("VA_URL");
  const std::string ops_url = Env("VA_OPS_URL");
  const std::string ca = Env("VA_CA");
  if (gateway_url.empty() || ops_url.empty() || ca.empty()) {
    std::cerr << "signin: VA_URL, VA_OPS_URL and VA_CA are not set; is a stack up? (./dev up)\n";
    return Finish(Exit::kFault);
  }
  if (flags.flow != "saml") return Usage(absl::StrCat("there is no flow '", flags.flow, "' yet"));
  if (flags.then == "transfer") return Usage("there is no step 'transfer' yet");
  const auto personas = testing::LoadPersonas(flags.personas);
  if (!personas.ok()) return Fault(personas.status());
  const testing::Persona* persona = nullptr;
  std::string known;
  for (const testing::Persona& one : *personas) {
    if (one.id == flags.persona) persona = &one;
    absl::StrAppend(&known, " ", one.id);
  }
  if (persona == nullptr) {
    return Usage(absl::StrCat("there is no persona '", flags.persona, "'. There are:", known));
  }

  http::TlsClientOptions tls;
  tls.ca_file = ca;
  auto client = http::CurlClient::Create(tls);
  if (!client.ok()) return Fault(client.status());
  tls.allow_plain_http = true;  // the ops port, on this machine
  auto ops_client = http::CurlClient::Create(tls);
  if (!ops_client.ok()) return Fault(ops_client.status());
  const base::SystemClock clock;
  testing::UserAgent agent(**client, clock);
  const std::string type = flags.type.empty() ? persona->type : flags.type;
  const auto started = OpenStart(agent, {gateway_url, type, flags.application, flags.to});
  if (!started.ok()) return Fault(started.status());
  auto result = IsRefusedStart(*started)
                    ? ReadRefusedStart(*started)
                    : SignIn(agent, *started, *persona, flags, gateway_url, ops_url, **ops_client);
  if (!result.ok()) return Fault(result.status());
  if (flags.then == "logout" && result->exit == Exit::kSession) {
    const absl::Status ended = EndByLogout(agent, gateway_url, &*result);
    if (!ended.ok()) return Fault(ended);
  }
  std::cout << result->json.dump(2) << "\n";
  std::cerr << Words(*result, persona->id) << "\n";
  return Finish(result->exit);
}

}  // namespace
}  // namespace va::simulators

int main(int argc, char** argv) try {
  va::simulators::Flags flags;
  CLI::App app("Signs a persona in on a running stack");
  app.add_option("persona", flags.persona, "file name in tests/personas, without .yaml")
      ->required();
  app.add_option("--application", flags.application, "on the way to which application");
  app.add_option("--to", flags.to, "place inside the application");
  app.add_option("--type", flags.type, "sign-in type, else the persona's own");
  app.add_option("--answer", flags.answers,
                 "NAME=VALUE the provider says otherwise in the first leg: authn_context, "
                 "attribute.NAME, without.NAME");
  app.add_option("--flow", flags.flow, "saml or oidc")->check(CLI::IsMember({"saml", "oidc"}));
  app.add_option("--then", flags.then, "what to do with the session: logout or transfer")
      ->check(CLI::IsMember({"logout", "transfer"}));
  app.add_option("--personas", flags.personas, "folder of persona files");
  app.add_flag("--flip", flags.flip, "alter one attribute in flight, as the persona's file says");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, std::cerr, std::cerr);
    return code == 0 ? 0 : 2;
  }
  return va::simulators::Run(flags);
} catch (const std::exception& error) {
  std::fprintf(stderr, "signin: %s\n", error.what());
  return 1;
}
