// The pages of the stand-in broker and of the applications behind it: plain, accessible HTML that
// works without script. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/testing/persona.h"

namespace va::simulators {

// A list of people to be, those who fit the request first, the others behind a disclosure.
struct ChoicePage {
  std::string handle;  // stands for the request
  std::string service_provider;
  std::vector<const testing::Persona*> suitable;
  std::vector<const testing::Persona*> others;
};
std::string RenderChoice(const ChoicePage& page);

// The form that carries the answer back; submits itself where script runs.
struct AnswerPage {
  std::string acs_url;
  std::string saml_response;  // base64
  std::string relay_state;
};
std::string RenderAnswer(const AnswerPage& page);

// The form that carries a message of single logout; submits itself where script runs.
struct LogoutPage {
  std::string url;
  std::string field;    // SAMLRequest or SAMLResponse
  std::string message;  // base64
  std::string relay_state;
};
std::string RenderLogout(const LogoutPage& page);

// How a logout that began here ended.
std::string RenderLogoutEnd(bool success);

// What is wrong with a request.
std::string RenderProblems(const std::vector<std::string>& problems);

// Addresses under which the applications are played, e.g. /portal/eauth.va.gov/...
inline constexpr absl::string_view kApplicationPrefix = "/portal/";

// The application a session lands on.
std::string RenderApplication(absl::string_view path, absl::string_view query);

// What this server is.
std::string RenderIndex(const std::vector<testing::Persona>& personas);

// The script of RenderAnswer, served as a file so that the policy needs no inline script.
inline constexpr absl::string_view kAutosubmitPath = "/autosubmit.js";
inline constexpr absl::string_view kAutosubmitScript =
    "document.getElementById('answer').submit();\n";

}  // namespace va::simulators
