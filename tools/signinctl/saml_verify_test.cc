#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/testing/test_pki.h"
#include "lib/xml/test_encrypter.h"
#include "services/auth-gateway/saml/response_for_test.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

using gateway::testing::kAcs;
using gateway::testing::kIdp;
using gateway::testing::kRequest;
using gateway::testing::kSp;
using gateway::testing::Render;
using gateway::testing::ResponseParts;
using va::testing::PemFiles;
using va::testing::TestPki;

// Self-signed, RSA-1024.
constexpr char kRsa1024Certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIB/DCCAWWgAwIBAgIUGtYp3Ra4f8jDlohzvC8xolnKLl4wDQYJKoZIhvcNAQEL\n"
    "BQAwDzENMAsGA1UEAwwEd2VhazAgFw0yNjExMjExNDE2NTNaGA8yMTI2MTAyODE0\n"
    "MTY1M1owDzENMAsGA1UEAwwEd2VhazCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkC\n"
    "gYEAy4w1pc+RHONJ5dNDRfjJ8AxorUsk9Hh6reoKArIS635sJ3OXNs244T7Y91ir\n"
    "T3ht5MMJk2G5pxhxTUayOYAfhbdr56HmLzazLI9RR0TfIcd7z/W5p4khz8TsR2Yv\n"
    "0V3WzAsbPNzHxjkggW6nwX6F3k/THnBlbN6mBiYpp4RFvj0CAwEAAaNTMFEwHQYD\n"
    "VR0OBBYEFJIoOWQDXstd4q+fKXUUrPqdtMj2MB8GA1UdIwQYMBaAFJIoOWQDXstd\n"
    "4q+fKXUUrPqdtMj2MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEA\n"
    "flFvxQiNBbYrCySHEr+hx0uB7yZCWMqrUr9pTKvYlO9iIew3H53nmDJS+b2Bu/n8\n"
    "72lPu6hhVhbH4Ff3tQaIw9Izh87PRFMQlE70mCfJi5pQ+Vkh9nbMHIiJQYpq87rG\n"
    "opc1h+BpNzmu1JvlLwf7sDbie6nsmq4/R/t0cjTHAgI=\n"
    "-----END CERTIFICATE-----\n";

// An identity provider with a certificate, and a command line that fits it; rows change one thing.
class Provider {
 public:
  Provider() : files_(pki_.SelfSignedRsa("idp")) {
    auto key = crypto::PrivateKey::FromPemFile(files_.private_key_file);
    REQUIRE(key.ok());
    key_ = std::make_unique<crypto::PrivateKey>(*std::move(key));
  }

  ResponseParts Parts() const {
    ResponseParts parts;
    parts.assertion_key = key_.get();
    parts.response_key = key_.get();
    return parts;
  }
  // `changes`: flag and value; an empty value leaves the flag out.
  Ran Verify(const std::string& message, const std::map<std::string, std::string>& changes = {},
             const std::string& file = "-") const {
    std::map<std::string, std::string> flags = {
        {"--idp-entity-id", kIdp},      {"--idp-cert", files_.certificate_file},
        {"--sp-entity-id", kSp},        {"--acs", kAcs},
        {"--in-response-to", kRequest}, {"--now", "2026-03-04T12:00:00Z"}};
    for (const auto& [name, value] : changes) flags[name] = value;
    std::vector<std::string> arguments = {"saml", "verify"};
    for (const auto& [name, value] : flags) {
      if (value.empty()) continue;
      arguments.push_back(name);
      arguments.push_back(value);
    }
    arguments.push_back(file);
    return RunWith(arguments, message);
  }
  const std::string& certificate_file() const { return files_.certificate_file; }
  TestPki& pki() { return pki_; }

 private:
  TestPki pki_;
  PemFiles files_;
  std::unique_ptr<crypto::PrivateKey> key_;
};

}  // namespace

TEST_CASE("saml verify: a good response is accepted with what the gateway reads", "[signinctl]") {
  const Provider idp;
  const Ran ran = idp.Verify(Render(idp.Parts()));
  CHECK(ran.exit == 0);
  CHECK(ran.json ==
        Json{{"verdict", "accept"},
             {"issuer", kIdp},
             {"name_id", "alice"},
             {"name_id_format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"},
             {"session_index", "session-1"},
             {"authn_context", gateway::testing::kLoa3Context},
             {"attributes", {{"va_eauth_csid", {"idme"}}, {"va_eauth_firstname", {"ALICE"}}}}});
}

TEST_CASE("saml verify: XML and the base64 of the form field are the same message", "[signinctl]") {
  const Provider idp;
  const std::string xml = Render(idp.Parts());
  const Ran plain = idp.Verify(xml);
  REQUIRE(plain.exit == 0);
  CHECK(idp.Verify(base::Base64Encode(xml)).json == plain.json);
  CHECK(idp.Verify(base::Base64Encode(xml) + "\n").json == plain.json);
  CHECK(idp.Verify("\n  " + xml).exit == 0);
  CHECK(idp.Verify("\xEF\xBB\xBF" + xml).exit == 0);
  CHECK(idp.Verify("\xEF\xBB\xBF" + base::Base64Encode(xml)).exit == 0);
  CHECK(idp.Verify("%" + base::Base64Encode(xml)).json["reason"] == "BAD_BASE64");
  CHECK(idp.Verify("x" + xml).json["reason"] == "XML_NOT_WELL_FORMED");
  CHECK(idp.Verify("").json["reason"] == "BLANK_RESPONSE");
}

TEST_CASE("saml verify: a reject has the gateway's reason and exit 1", "[signinctl]") {
  const Provider idp;
  const std::string xml = Render(idp.Parts());
  const auto reason = [&](const std::map<std::string, std::string>& changes) {
    const Ran ran = idp.Verify(xml, changes);
    CHECK(ran.exit == 1);
    CHECK(ran.json["verdict"] == "reject");
    CHECK(ran.json["detail"].is_string());
    return ran.json["reason"].get<std::string>();
  };
  CHECK(reason({{"--idp-entity-id", "https://elsewhere.example"}}) == "ISSUER_MISMATCH");
  CHECK(reason({{"--sp-entity-id", "https://sp.example/entity/"}}) == "AUDIENCE_MISMATCH");
  CHECK(reason({{"--acs", "https://sp.example/v1/sessions/Callback"}}) == "DESTINATION_MISMATCH");
  CHECK(reason({{"--in-response-to", "_request-2"}}) == "IN_RESPONSE_TO_MISMATCH");
  CHECK(reason({{"--in-response-to", ""}}) == "IN_RESPONSE_TO_MISMATCH");
  CHECK(reason({{"--now", "2026-03-04T13:00:00Z"}}) == "EXPIRED");
  CHECK(reason({{"--now", "2026-03-04T11:00:00Z"}}) == "ISSUED_IN_FUTURE");
  CHECK(reason({{"--want", "response"}}) == "RESPONSE_NOT_SIGNED");
  CHECK(reason({{"--want", "both"}}) == "RESPONSE_NOT_SIGNED");
  const Ran altered = idp.Verify(absl::StrReplaceAll(xml, {{"ALICE", "MALICE"}}));
  CHECK(altered.exit == 1);
  CHECK(altered.json["reason"] == "SIGNATURE_DIGEST");
}

TEST_CASE("saml verify: the skew moves both ends", "[signinctl]") {
  const Provider idp;
  const std::string xml = Render(idp.Parts());
  const std::map<std::string, std::string> late = {{"--now", "2026-03-04T12:05:30Z"}};
  CHECK(idp.Verify(xml, late).exit == 0);
  std::map<std::string, std::string> strict = late;
  strict["--skew"] = "0";
  CHECK(idp.Verify(xml, strict).json["reason"] == "EXPIRED");
  strict["--skew"] = "30";  // NotOnOrAfter is exclusive
  CHECK(idp.Verify(xml, strict).json["reason"] == "EXPIRED");
  strict["--skew"] = "31";
  CHECK(idp.Verify(xml, strict).exit == 0);
}

TEST_CASE("saml verify P5: either signature will do, none will not", "[signinctl][P5]") {
  const Provider idp;
  ResponseParts parts = idp.Parts();
  parts.sign_assertion = false;
  CHECK(idp.Verify(Render(parts)).json["reason"] == "UNSIGNED");
  parts.sign_response = true;
  CHECK(idp.Verify(Render(parts)).exit == 0);
  CHECK(idp.Verify(Render(parts), {{"--want", "assertion"}}).json["reason"] ==
        "ASSERTION_NOT_SIGNED");
}

TEST_CASE("saml verify S97: what nobody asked for passes only when allowed, and only then",
          "[signinctl][S97]") {
  const Provider idp;
  ResponseParts parts = idp.Parts();
  const std::string answers = absl::StrCat(" InResponseTo=\"", kRequest, "\"");
  const auto without = [&answers](const std::string& text) {
    return gateway::testing::Replaced(text, answers, "");
  };
  parts.response_attributes = without(parts.response_attributes);
  ResponseParts half = parts;  // the confirmation still answers
  parts.confirmation = without(parts.confirmation);
  const auto verify = [](const Provider& provider, const std::string& xml,
                         std::vector<std::string> more) {
    std::vector<std::string> all = {"saml",
                                    "verify",
                                    "--idp-entity-id",
                                    kIdp,
                                    "--idp-cert",
                                    provider.certificate_file(),
                                    "--sp-entity-id",
                                    kSp,
                                    "--acs",
                                    kAcs,
                                    "-"};
    all.insert(all.end(), more.begin(), more.end());
    return RunWith(all, xml);
  };
  CHECK(verify(idp, Render(parts), {"--allow-unsolicited"}).exit == 0);
  const Ran refused = verify(idp, Render(parts), {});
  CHECK(refused.json["reason"] == "IN_RESPONSE_TO_MISSING");
  CHECK(absl::StrContains(refused.err, "--allow-unsolicited"));
  CHECK(verify(idp, Render(parts), {"--in-response-to", kRequest}).json["reason"] ==
        "IN_RESPONSE_TO_MISSING");
  CHECK(verify(idp, Render(half), {"--allow-unsolicited"}).json["reason"] ==
        "IN_RESPONSE_TO_MISMATCH");
  CHECK(verify(idp, Render(idp.Parts()), {"--allow-unsolicited"}).json["reason"] ==
        "IN_RESPONSE_TO_MISMATCH");
  const Ran both =
      verify(idp, Render(parts), {"--allow-unsolicited", "--in-response-to", kRequest});
  CHECK(both.exit == 1);
  CHECK(both.json["reason"] == "ARGUMENT_INVALID");
}

TEST_CASE("saml verify P4 S45: SHA-1 is read only when asked for", "[signinctl][P4][S45]") {
  const Provider idp;
  ResponseParts parts = idp.Parts();
  xml::Document document =
      xml::testing::OrDie(xml::Document::Parse(parts.Unsigned(parts.Assertion())));
  xml::testing::Recipe sha1;
  sha1.method = xmlSecTransformRsaSha1Id;
  sha1.digest = xmlSecTransformSha1Id;
  xml::testing::SignAs(document, xml::testing::ById(document.root(), "_assertion"),
                       *parts.assertion_key, sha1);
  const std::string file = [&] {
    static const va::testing::TempDir dir;
    return dir.Write("sha1.xml", document.Serialize());
  }();
  const std::vector<std::string> line = {"saml",
                                         "verify",
                                         "--idp-entity-id",
                                         kIdp,
                                         "--idp-cert",
                                         idp.certificate_file(),
                                         "--sp-entity-id",
                                         kSp,
                                         "--acs",
                                         kAcs,
                                         "--in-response-to",
                                         kRequest,
                                         file};
  CHECK(RunWith(line).json["reason"] == "SIGNATURE_ALGORITHM");
  std::vector<std::string> legacy = line;
  legacy.emplace_back("--legacy-algorithms");
  CHECK(RunWith(legacy).exit == 0);
}

TEST_CASE("saml verify: any of several certificates may fit, PEM or DER", "[signinctl]") {
  Provider idp;
  const std::string xml = Render(idp.Parts());
  const std::string other = idp.pki().SelfSignedRsa("other").certificate_file;
  CHECK(idp.Verify(xml, {{"--idp-cert", other}}).json["reason"] == "SIGNATURE_INVALID");
  const auto certificate = crypto::Certificate::FromPemFile(idp.certificate_file());
  REQUIRE(certificate.ok());
  const std::string der = idp.pki().dir().Write("idp.der", certificate->der(), 0644);
  CHECK(idp.Verify(xml, {{"--idp-cert", der}}).exit == 0);
  const Ran both = RunWith({"saml", "verify", "--idp-entity-id", kIdp, "--idp-cert", other,
                            "--idp-cert", idp.certificate_file(), "--sp-entity-id", kSp, "--acs",
                            kAcs, "--in-response-to", kRequest, "-"},
                           xml);
  CHECK(both.exit == 0);
}

TEST_CASE("saml verify: exit 2 only for an unknown flag or an unreadable file", "[signinctl]") {
  Provider idp;
  const std::string xml = Render(idp.Parts());
  const std::string noise = idp.pki().dir().Write("noise", "not a certificate");
  const std::string empty = idp.pki().dir().Write("empty", "");
  const std::vector<std::pair<std::string, std::string>> misuse = {
      {"--idp-cert", noise},     {"--idp-cert", empty}, {"--idp-cert", "/nonexistent"},
      {"--idp-cert", "/"},       {"--sp-key", noise},   {"--sp-key", "/nonexistent"},
      {"--no-such-flag", "what"}};
  for (const auto& [flag, value] : misuse) {
    CAPTURE(flag, value);
    const Ran ran = idp.Verify(xml, {{flag, value}});
    CHECK(ran.exit == 2);
    CHECK(ran.out.empty());
  }
  CHECK(idp.Verify("", {}, "/nonexistent").exit == 2);
  // An unreadable file is misuse whatever else is wrong.
  const std::string weak = idp.pki().dir().Write("weak.crt", kRsa1024Certificate, 0644);
  CHECK(idp.Verify("", {{"--idp-cert", weak}}, "/nonexistent").exit == 2);
  CHECK(idp.Verify("", {{"--now", "yesterday"}, {"--acs", ""}}, "/nonexistent").exit == 2);
}

TEST_CASE("saml verify: a value that does not fit its flag, or a missing flag, is a reject",
          "[signinctl]") {
  const Provider idp;
  const std::string xml = Render(idp.Parts());
  const std::vector<std::tuple<std::string, std::string, std::string>> rows = {
      {"--now", "yesterday", "ARGUMENT_INVALID"}, {"--now", "infinite-future", "ARGUMENT_INVALID"},
      {"--skew", "a minute", "ARGUMENT_INVALID"}, {"--skew", "-1", "ARGUMENT_INVALID"},
      {"--skew", "86401", "ARGUMENT_INVALID"},    {"--want", "nothing", "ARGUMENT_INVALID"},
      {"--acs", "", "ARGUMENT_MISSING"},          {"--idp-entity-id", "", "ARGUMENT_MISSING"},
      {"--sp-entity-id", "", "ARGUMENT_MISSING"}, {"--idp-cert", "", "ARGUMENT_MISSING"},
  };
  for (const auto& [flag, value, reason] : rows) {
    CAPTURE(flag, value);
    const Ran ran = idp.Verify(xml, {{flag, value}});
    CHECK(ran.exit == 1);
    CHECK(ran.json["verdict"] == "reject");
    CHECK(ran.json["reason"] == reason);
    CHECK(absl::StrContains(ran.json["detail"].get<std::string>(), flag));
  }
  CHECK(RunWith({"saml", "verify", "--skew", "1", "--skew", "2", "-"}, xml).json["reason"] ==
        "ARGUMENT_INVALID");
  for (const char* now : {" 2026-03-04T12:00:00Z", "2026-03-04T12:00:00Z ", "2026-3-4T12:00:00Z",
                          "2026-03-04 12:00:00Z", "2026-03-04T12:00:00", "99999-01-01T00:00:00Z"}) {
    CAPTURE(now);
    CHECK(idp.Verify(xml, {{"--now", now}}).json["reason"] == "ARGUMENT_INVALID");
  }
  CHECK(idp.Verify(xml, {{"--now", "2026-03-04t14:00:00.25+02:00"}}).exit == 0);
}

TEST_CASE("saml verify: no FILE, a second one or a flag without its value is a reject, too",
          "[signinctl]") {
  const Provider idp;
  const auto run = [&](const std::vector<std::string>& behind) {
    std::vector<std::string> all = {"saml",
                                    "verify",
                                    "--idp-entity-id",
                                    kIdp,
                                    "--idp-cert",
                                    idp.certificate_file(),
                                    "--sp-entity-id",
                                    kSp,
                                    "--acs",
                                    kAcs,
                                    "--in-response-to",
                                    kRequest};
    all.insert(all.end(), behind.begin(), behind.end());
    return RunWith(all, Render(idp.Parts()));
  };
  CHECK(run({"-"}).exit == 0);
  CHECK(run({"--", "-"}).exit == 0);
  CHECK(run({}).json["reason"] == "ARGUMENT_MISSING");
  for (const std::vector<std::string>& behind :
       {std::vector<std::string>{"-", "-"}, {"-", "--skew"}, {"-", "--allow-unsolicited", "x"}}) {
    CAPTURE(behind);
    const Ran ran = run(behind);
    CHECK(ran.exit == 1);
    CHECK(ran.json["reason"] == "ARGUMENT_INVALID");
  }
  // An unknown flag is told before what else is wrong.
  for (const std::vector<std::string>& behind : {std::vector<std::string>{"--bogus"},
                                                 {"--bogus", "-", "-"},
                                                 {"--bogus=1", "-"},
                                                 {"-x", "-"},
                                                 {"--ski", "1"}}) {
    CAPTURE(behind);
    const Ran ran = run(behind);
    CHECK(ran.exit == 2);
    CHECK(ran.out.empty());
    CHECK(absl::StrContains(ran.err, "there is no flag -"));
  }
  CHECK(absl::StrContains(run({"--skwe", "1", "-"}).err, "did you mean --skew?"));
}

std::string EdwardsCertificate() {
  crypto::CertificateRequest request;
  request.common_name = "idp";
  request.not_before = absl::FromUnixSeconds(1700000000);
  request.not_after = absl::FromUnixSeconds(1800000000);
  return crypto::IssueSelfSigned(request, crypto::NewKey::kEd25519)->certificate_pem;
}

TEST_CASE("saml verify P4 S45: a short key is read, and counts with --legacy-algorithms alone",
          "[signinctl][P4][S45]") {
  Provider idp;
  const std::string xml = Render(idp.Parts());
  const std::string weak = idp.pki().dir().Write("weak.crt", kRsa1024Certificate, 0644);
  const Ran refused = idp.Verify(xml, {{"--idp-cert", weak}});
  CHECK(refused.exit == 1);
  CHECK(refused.json["reason"] == "SIGNATURE_KEY");
  CHECK(absl::StrContains(refused.json["detail"].get<std::string>(), "2048"));
  // P4: a certificate with an Ed25519 key is none of the suite's, whatever the flags.
  const std::string edwards = idp.pki().dir().Write("ed.crt", EdwardsCertificate(), 0644);
  const Ran other_kind = idp.Verify(xml, {{"--idp-cert", edwards}});
  CHECK(other_kind.exit == 1);
  CHECK(other_kind.json["reason"] == "SIGNATURE_KEY");
  // Beside a good one it does no harm.
  const std::vector<std::string> line = {"saml",
                                         "verify",
                                         "--idp-entity-id",
                                         kIdp,
                                         "--idp-cert",
                                         weak,
                                         "--idp-cert",
                                         idp.certificate_file(),
                                         "--sp-entity-id",
                                         kSp,
                                         "--acs",
                                         kAcs,
                                         "--in-response-to",
                                         kRequest,
                                         "-"};
  CHECK(RunWith(line, xml).exit == 0);
  // With the flag it is one of the keys: the signature is longer than one of it.
  std::vector<std::string> legacy = {"saml",
                                     "verify",
                                     "--idp-entity-id",
                                     kIdp,
                                     "--idp-cert",
                                     weak,
                                     "--sp-entity-id",
                                     kSp,
                                     "--acs",
                                     kAcs,
                                     "--in-response-to",
                                     kRequest,
                                     "--legacy-algorithms",
                                     "-"};
  CHECK(RunWith(legacy, xml).json["reason"] == "SIGNATURE_INVALID");
}

TEST_CASE("saml verify P15: an encrypted assertion opens with --sp-key, open to all or not",
          "[signinctl][P15]") {
  Provider idp;
  ResponseParts parts = idp.Parts();
  const std::string pem = *crypto::GenerateKeyPem(crypto::NewKey::kRsa2048);
  const crypto::PrivateKey recipient = *crypto::PrivateKey::FromPem(pem);
  xml::testing::Encrypter encrypter;
  encrypter.recipient = &recipient;
  const std::string signed_xml = Render(parts);
  const std::string assertion =
      gateway::testing::Span(signed_xml, "<saml:Assertion ", "</saml:Assertion>");
  const std::string xml = gateway::testing::Replaced(
      signed_xml, assertion,
      absl::StrCat("<saml:EncryptedAssertion>", xml::testing::Encrypted(assertion, encrypter),
                   "</saml:EncryptedAssertion>"));
  CHECK(idp.Verify(xml).json["reason"] == "ENCRYPTED_ASSERTION");
  const std::string key = idp.pki().dir().Write("sp.key", pem, 0644);  // open to all
  const Ran accepted = idp.Verify(xml, {{"--sp-key", key}});
  CHECK(accepted.exit == 0);
  CHECK(accepted.json["name_id"] == "alice");
  const std::string other =
      idp.pki().dir().Write("other.key", *crypto::GenerateKeyPem(crypto::NewKey::kRsa2048), 0644);
  CHECK(idp.Verify(xml, {{"--sp-key", other}}).json["reason"] == "DECRYPTION_FAILED");
  const std::string elliptic =
      idp.pki().dir().Write("ec.key", *crypto::GenerateKeyPem(crypto::NewKey::kEcP256), 0644);
  CHECK(idp.Verify(xml, {{"--sp-key", elliptic}}).exit == 1);
  CHECK(idp.Verify(signed_xml, {{"--sp-key", elliptic}}).exit == 0);
  // P4: Ed25519 is for tokens alone.
  const std::string edwards =
      idp.pki().dir().Write("ed.key", *crypto::GenerateKeyPem(crypto::NewKey::kEd25519), 0644);
  CHECK(idp.Verify(xml, {{"--sp-key", edwards}}).exit == 1);
  CHECK(idp.Verify(signed_xml, {{"--sp-key", edwards}}).exit == 0);
}

TEST_CASE("saml verify: which context was asked for is not judged", "[signinctl]") {
  const Provider idp;
  constexpr char kPassword[] = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
  ResponseParts parts = idp.Parts();
  parts.authn_statement =
      gateway::testing::Replaced(parts.authn_statement, gateway::testing::kLoa3Context, kPassword);
  const Ran ran = idp.Verify(Render(parts));
  CHECK(ran.exit == 0);
  CHECK(ran.json["authn_context"] == kPassword);
}

TEST_CASE("saml verify: hostile input is a reject, never a crash and never accepted",
          "[signinctl]") {
  const Provider idp;
  ResponseParts parts = idp.Parts();
  parts.sign_response = true;  // so that every byte counts
  const std::string xml = Render(parts);
  REQUIRE(idp.Verify(xml).exit == 0);
  for (const std::string& good : {xml, base::Base64Encode(xml)}) {
    for (const std::string& input : HostileInputs(good)) {
      const Ran ran = idp.Verify(input);
      CAPTURE(input.substr(0, 80), ran.err);
      CHECK(ran.exit == 1);
      CHECK(ran.json["verdict"] == "reject");
      CHECK_FALSE(ran.json["reason"].get<std::string>().empty());
    }
  }
}

}  // namespace va::signinctl
