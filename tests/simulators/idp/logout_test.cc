// The broker's side of single logout: what it takes, what it refuses, and what it sends.
#include "tests/simulators/idp/logout.h"

#include <catch2/catch.hpp>

#include <functional>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "tests/simulators/idp/saml_words.h"
#include "tests/simulators/idp/test_keys.h"

namespace va::simulators {
namespace {

constexpr char kSp[] = "https://sp.test/entity";
constexpr char kSlo[] = "https://idp.test/slo";
constexpr char kSpSlo[] = "https://sp.test/v1/sessions/saml_logout";

Registration Agreed() {
  Registration registration;
  registration.sp_entity_id = kSp;
  registration.slo_url = kSlo;
  registration.sp_slo_url = kSpSlo;
  registration.sp_keys.push_back(Sp().certificate.public_key());
  return registration;
}
Issuer Us() { return {"https://idp.test/entity", Idp().Private(), Idp().certificate}; }
absl::Time Now() { return testing::FakeClock().Now(); }

// Signed by the service provider, unless another key is given; as a form carries it.
std::string Posted(const std::string& xml, const Keys& signer = Sp()) {
  auto document = xml::Document::Parse(xml).value();
  REQUIRE(xml::SignEnveloped(document, document.root(), "ID", signer.Private()).ok());
  return base::Base64Encode(document.Serialize());
}

// The messages as they should be, typed from the standard; a row changes one part.
struct Text {
  std::string id = "_0123456789abcdef0123456789abcdef";
  std::string version = "2.0";
  std::string instant = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", Now(), absl::UTCTimeZone());
  std::string destination = kSlo;
  std::string issuer = kSp;
  std::string end =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", Now() + absl::Minutes(5), absl::UTCTimeZone());
  std::string name = absl::StrCat("<saml:NameID Format=\"", kPersistent, "\">alice</saml:NameID>");
  std::string index = "<samlp:SessionIndex>_s1</samlp:SessionIndex>";
  std::string status =
      absl::StrCat("<samlp:Status><samlp:StatusCode Value=\"", kSuccess, "\"/></samlp:Status>");

  std::string Message(const std::string& name_of, const std::string& more,
                      const std::string& content) const {
    return absl::StrCat("<samlp:", name_of,
                        " xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\""
                        " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"",
                        id, "\" Version=\"", version, "\" IssueInstant=\"", instant,
                        "\" Destination=\"", destination, "\" ", more, "><saml:Issuer>", issuer,
                        "</saml:Issuer>", content, "</samlp:", name_of, ">");
  }
  std::string Request() const {
    return Message("LogoutRequest", absl::StrCat("NotOnOrAfter=\"", end, "\""),
                   absl::StrCat(name, index));
  }
  std::string Response() const {
    return Message("LogoutResponse", "InResponseTo=\"_asked\"", status);
  }
};

using Problems = std::vector<std::string>;
using Change = std::function<void(Text&)>;

Problems RequestProblems(const Change& change) {
  Text text;
  change(text);
  return CheckLogoutRequest(Posted(text.Request()), Agreed(), Now()).problems;
}
Problems ResponseProblems(const Change& change) {
  Text text;
  change(text);
  return CheckLogoutResponse(Posted(text.Response()), Agreed(), Now()).problems;
}

TEST_CASE("CheckLogoutRequest: says whom the service provider means", "[simulator][logout]") {
  const auto checked = CheckLogoutRequest(Posted(Text().Request()), Agreed(), Now());
  CHECK(checked.problems == Problems{});
  CHECK(checked.id == "_0123456789abcdef0123456789abcdef");
  CHECK(checked.name_id == "alice");
  CHECK(checked.session_index == "_s1");
}

TEST_CASE("CheckLogoutRequest: every departure is refused and named", "[simulator][logout]") {
  struct Row {
    Change change;
    const char* problem;
  };
  const Row rows[] = {
      {[](Text& text) { text.id = "_short"; }, "ID is not an unguessable NCName"},
      {[](Text& text) { text.version = "1.1"; }, "Version is not 2.0"},
      {[](Text& text) { text.instant = "2020-01-01T00:00:00Z"; }, "IssueInstant is not now"},
      {[](Text& text) { text.destination = kSpSlo; }, "Destination is not us"},
      {[](Text& text) { text.issuer = "https://evil.test"; },
       "Issuer is not a registered service provider"},
      {[](Text& text) { text.end = "2020-01-01T00:00:00Z"; }, "NotOnOrAfter is past"},
      {[](Text& text) { text.index = ""; }, "there is not one SessionIndex"},
      {[](Text& text) { text.name = "<saml:NameID>alice</saml:NameID>"; },
       "NameID has not the Format it was asserted with"},
      {[](Text& text) { text.name += text.name; }, "there is not one NameID"},
  };
  for (const Row& row : rows) CHECK(RequestProblems(row.change) == Problems{row.problem});
}

TEST_CASE("CheckLogoutRequest: unsigned, foreign, altered and garbled messages are refused",
          "[simulator][logout]") {
  const auto problems = [](const std::string& form_value) {
    return CheckLogoutRequest(form_value, Agreed(), Now()).problems.size();
  };
  CHECK(problems(base::Base64Encode(Text().Request())) == 1);
  CHECK(problems(Posted(Text().Request(), Idp())) == 1);
  std::string altered = *base::Base64DecodeStrict(Posted(Text().Request()));
  altered.replace(altered.find("alice"), 5, "mally");
  CHECK(problems(base::Base64Encode(altered)) == 1);
  CHECK(problems("%%%") == 1);
  CHECK(problems(base::Base64Encode("<a>")) == 1);
  CHECK(problems(Posted(Text().Response())) == 1);
}

TEST_CASE("CheckLogoutResponse: tells success from failure", "[simulator][logout]") {
  const auto done = CheckLogoutResponse(Posted(Text().Response()), Agreed(), Now());
  CHECK(done.problems == Problems{});
  CHECK(done.in_response_to == "_asked");
  CHECK(done.success);
  Text failed;
  failed.status =
      "<samlp:Status><samlp:StatusCode "
      "Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"/></samlp:Status>";
  CHECK_FALSE(CheckLogoutResponse(Posted(failed.Response()), Agreed(), Now()).success);
  CHECK(ResponseProblems([](Text& text) { text.status = ""; }) ==
        Problems{"there is no StatusCode"});
  CHECK(ResponseProblems([](Text& text) { text.destination = "https://other.test"; }) ==
        Problems{"Destination is not us"});
  CHECK(CheckLogoutResponse(Posted(Text().Response(), Idp()), Agreed(), Now()).problems.size() ==
        1);
}

TEST_CASE("MakeLogoutRequest: signed by us, addressed to the service provider",
          "[simulator][logout]") {
  const auto xml = MakeLogoutRequest(Us(), Agreed(), {"_ask", "alice & bob", "_s1"}, Now()).value();
  const auto document = xml::Document::Parse(xml).value();
  const xml::Element root = document.root();
  CHECK(root.Is(kSamlp, "LogoutRequest"));
  const std::vector<crypto::PublicKey> keys = {Idp().certificate.public_key()};
  CHECK(xml::VerifyEnveloped(document, root, keys).ok());
  CHECK(root.Attr("ID") == std::string("_ask"));
  CHECK(root.Attr("Destination") == std::string(kSpSlo));
  CHECK(root.OnlyChild(kSaml, "NameID")->Text() == "alice & bob");
  CHECK(root.OnlyChild(kSamlp, "SessionIndex")->Text() == "_s1");
  // Without an index: every session of the name.
  const auto all = MakeLogoutRequest(Us(), Agreed(), {"_ask", "alice", ""}, Now()).value();
  CHECK_FALSE(xml::Document::Parse(all).value().root().Child(kSamlp, "SessionIndex").has_value());
}

TEST_CASE("MakeLogoutResponse: signed by us, and says what it answers", "[simulator][logout]") {
  testing::FixedIds ids;
  const auto xml = MakeLogoutResponse(Us(), Agreed(), "_asked", Now(), ids).value();
  const auto document = xml::Document::Parse(xml).value();
  const std::vector<crypto::PublicKey> keys = {Idp().certificate.public_key()};
  CHECK(xml::VerifyEnveloped(document, document.root(), keys).ok());
  CHECK(document.root().Attr("InResponseTo") == std::string("_asked"));
  CHECK(document.root().Attr("Destination") == std::string(kSpSlo));
}

}  // namespace
}  // namespace va::simulators
