#include <catch2/catch.hpp>

#include "lib/base/encoding.h"
#include "lib/testing/test_pki.h"
#include "services/auth-gateway/saml/logout_message.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

using va::testing::PemFiles;
using va::testing::TestPki;

constexpr char kIdp[] = "https://idp.example/entity";
constexpr char kSp[] = "https://sp.example/entity";
constexpr char kSlo[] = "https://sp.example/v1/sessions/saml_logout";

// 2026-03-04T12:00:00Z
absl::Time Now() { return absl::FromUnixSeconds(1772625600); }

// An identity provider that sends logout messages, and a command line that fits them.
class Provider {
 public:
  Provider() : files_(pki_.SelfSignedRsa("idp")) {
    key_ = std::make_unique<crypto::PrivateKey>(
        *crypto::PrivateKey::FromPemFile(files_.private_key_file));
    certificate_ = std::make_unique<crypto::Certificate>(
        *crypto::Certificate::FromPemFile(files_.certificate_file));
  }

  gateway::OutgoingMessage Request(gateway::SamlBinding binding) const {
    gateway::LogoutRequestSpec spec;
    spec.id = "_logout-1";
    spec.issue_instant = Now();
    spec.not_on_or_after = Now() + absl::Minutes(5);
    spec.destination = kSlo;
    spec.issuer = kIdp;
    spec.name_id = "alice";
    spec.session_index = "session-1";
    return *gateway::BuildLogoutRequest(spec, binding, "relay", *key_, *certificate_);
  }
  gateway::OutgoingMessage Response(gateway::LogoutStatus status) const {
    gateway::LogoutResponseSpec spec;
    spec.id = "_logout-2";
    spec.issue_instant = Now();
    spec.destination = kSlo;
    spec.issuer = kIdp;
    spec.in_response_to = "_request-1";
    spec.status = status;
    return *gateway::BuildLogoutResponse(spec, gateway::SamlBinding::kPost, "", *key_,
                                         *certificate_);
  }
  // `more`: further words of the command line, the file among them.
  Ran Verify(const std::string& expect, const std::vector<std::string>& more,
             const std::string& in = "") const {
    std::vector<std::string> line = {
        "saml",       "verify-logout",         "--expect",       expect, "--idp-entity-id", kIdp,
        "--idp-cert", files_.certificate_file, "--sp-entity-id", kSp,    "--acs",           kSlo};
    line.insert(line.end(), more.begin(), more.end());
    return RunWith(line, in);
  }

 private:
  TestPki pki_;
  PemFiles files_;
  std::unique_ptr<crypto::PrivateKey> key_;
  std::unique_ptr<crypto::Certificate> certificate_;
};

std::string QueryOf(const gateway::OutgoingMessage& message) {
  return message.url.substr(message.url.find('?') + 1);
}

}  // namespace

TEST_CASE("saml verify-logout: a request is accepted by POST and by Redirect, with what it ends",
          "[signinctl]") {
  const Provider idp;
  const Json expected = {{"verdict", "accept"},
                         {"issuer", kIdp},
                         {"name_id", "alice"},
                         {"session_index", "session-1"},
                         {"in_response_to", ""},
                         {"name_id_format", ""},
                         {"session_indexes", {"session-1"}}};
  const std::string form = idp.Request(gateway::SamlBinding::kPost).form_value;
  const std::string query = QueryOf(idp.Request(gateway::SamlBinding::kRedirect));
  CHECK(idp.Verify("request", {"-"}, form).json == expected);
  CHECK(idp.Verify("request", {"-"}, *base::Base64DecodeStrict(form)).json == expected);
  CHECK(idp.Verify("request", {"--query", query}).json == expected);
  CHECK(idp.Verify("request", {"--query", "?" + query}).json == expected);
}

TEST_CASE("saml verify-logout S138: a response must succeed and answer the request named",
          "[signinctl][S138]") {
  const Provider idp;
  const std::string form = idp.Response(gateway::LogoutStatus::kSuccess).form_value;
  const Ran ran = idp.Verify("response", {"--in-response-to", "_request-1", "-"}, form);
  CHECK(ran.exit == 0);
  CHECK(ran.json == Json{{"verdict", "accept"},
                         {"issuer", kIdp},
                         {"name_id", ""},
                         {"session_index", ""},
                         {"in_response_to", "_request-1"}});
  const auto reason = [&](const std::vector<std::string>& more, const std::string& in) {
    const Ran refused = idp.Verify("response", more, in);
    CHECK(refused.exit == 1);
    return refused.json["reason"].get<std::string>();
  };
  CHECK(reason({"--in-response-to", "_other", "-"}, form) == "IN_RESPONSE_TO_MISMATCH");
  CHECK(reason({"-"}, form) == "IN_RESPONSE_TO_MISMATCH");
  CHECK(reason({"--in-response-to", "_request-1", "-"},
               idp.Response(gateway::LogoutStatus::kResponderFailed).form_value) ==
        "STATUS_NOT_SUCCESS");
}

TEST_CASE("saml verify-logout: the other kind of message is refused", "[signinctl]") {
  const Provider idp;
  const std::string form = idp.Request(gateway::SamlBinding::kPost).form_value;
  const std::string query = QueryOf(idp.Request(gateway::SamlBinding::kRedirect));
  CHECK(idp.Verify("response", {"-"}, form).json["reason"] == "NOT_A_LOGOUT_MESSAGE");
  CHECK(idp.Verify("response", {"--query", query}).json["reason"] == "NOT_A_LOGOUT_MESSAGE");
}

TEST_CASE("saml verify-logout: exit 2 only for an unknown flag or an unreadable file",
          "[signinctl]") {
  const Provider idp;
  const std::string query = QueryOf(idp.Request(gateway::SamlBinding::kRedirect));
  CHECK(idp.Verify("request", {"/nonexistent"}).exit == 2);
  CHECK(idp.Verify("request", {"--query", query, "--no-such-flag"}).exit == 2);
  CHECK(idp.Verify("request", {"--query", query, "/nonexistent"}).exit == 2);
  const std::vector<std::vector<std::string>> rejects = {
      {}, {"-", "--query", query}, {"-", "--now", "noon"}, {"-", "--skew", "x"}};
  for (const auto& more : rejects) {
    CAPTURE(more);
    const Ran ran = idp.Verify("request", more);
    CHECK(ran.exit == 1);
    CHECK(ran.json["reason"] == "ARGUMENT_INVALID");
  }
  CHECK(idp.Verify("both", {"-"}).json["reason"] == "ARGUMENT_INVALID");
  CHECK(RunWith({"saml", "verify-logout", "-"}).json["reason"] == "ARGUMENT_MISSING");
}

TEST_CASE("saml verify-logout: hostile input is a reject, never a crash and never accepted",
          "[signinctl]") {
  const Provider idp;
  const std::string form = idp.Request(gateway::SamlBinding::kPost).form_value;
  const std::string query = QueryOf(idp.Request(gateway::SamlBinding::kRedirect));
  REQUIRE(idp.Verify("request", {"-"}, form).exit == 0);
  // KeyInfo is outside of what is signed: without it every byte counts.
  std::string xml = *base::Base64DecodeStrict(form);
  const size_t begin = xml.find("<ds:KeyInfo>");
  const size_t end = xml.find("</ds:KeyInfo>");
  REQUIRE(end != std::string::npos);
  xml.erase(begin, end + std::string("</ds:KeyInfo>").size() - begin);
  REQUIRE(idp.Verify("request", {"-"}, xml).exit == 0);
  for (const std::string& input : HostileInputs(xml)) {
    CAPTURE(input.substr(0, 80));
    const Ran posted = idp.Verify("request", {"-"}, input);
    CHECK(posted.exit == 1);
    CHECK_FALSE(posted.json["reason"].get<std::string>().empty());
  }
  for (const std::string& input : HostileInputs(query)) {
    if (input.empty() || input.front() == '-') continue;  // the flag library's own to judge
    CAPTURE(input.substr(0, 80));
    CHECK(idp.Verify("request", {"--query", input}).exit == 1);
  }
}

}  // namespace va::signinctl
