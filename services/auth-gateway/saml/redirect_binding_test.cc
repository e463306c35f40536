// The HTTP-Redirect binding: what was signed is what stood on the wire, and nothing else counts.
#include "services/auth-gateway/saml/redirect_binding.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "lib/base/deflate.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/crypto/detached_signature.h"
#include "services/auth-gateway/saml/response_for_test.h"

namespace va::gateway {
namespace {

using testing::EcP256Key;
using testing::IdpKey;
using xml::testing::EcP384Key;

constexpr char kXml[] = "<samlp:LogoutRequest ID=\"_1\"/>";
constexpr char kRsaSha256[] = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

std::vector<crypto::PublicKey> KeysOf(const crypto::PrivateKey& key) { return {key.Public()}; }

std::string QueryOf(const std::string& url) { return url.substr(url.find('?') + 1); }

std::string Signed(const crypto::PrivateKey& key = IdpKey(), absl::string_view relay = "handle") {
  return QueryOf(
      *BuildRedirectUrl("https://sp.example/slo", SamlMessageKind::kRequest, kXml, relay, key));
}

// Signs `octets` as they are and appends the signature.
std::string WithSignature(
    const std::string& octets, const crypto::PrivateKey& key = IdpKey(),
    crypto::DetachedAlgorithm algorithm = crypto::DetachedAlgorithm::kRsaSha256) {
  return absl::StrCat(
      octets, "&Signature=",
      base::PercentEncode(base::Base64Encode(*crypto::SignDetached(key, algorithm, octets))));
}

std::string MessageOf(absl::string_view xml = kXml) {
  return base::PercentEncode(base::Base64Encode(base::Deflate(xml)));
}

// The parameters of a query, in order, each "name=value".
std::vector<std::string> PartsOf(const std::string& query) { return absl::StrSplit(query, '&'); }
std::string Join(const std::vector<std::string>& parts) { return absl::StrJoin(parts, "&"); }

// What becomes of a query: "OK", or the reason of whichever step refuses it.
std::string Outcome(const std::string& query, const crypto::PrivateKey& key = IdpKey(),
                    Algorithms algorithms = Algorithms::kAllowed) {
  const auto read = ReadRedirectQuery(query);
  if (!read.ok()) return base::ReasonOf(read.status());
  const absl::Status verified = VerifyRedirectQuery(*read, KeysOf(key), algorithms);
  return verified.ok() ? "OK" : base::ReasonOf(verified);
}

TEST_CASE("BuildRedirectUrl: what it signs is read and verified, with every kind of key",
          "[saml][redirect]") {
  for (const crypto::PrivateKey* key : {&IdpKey(), &EcP256Key(), &EcP384Key()}) {
    const auto query = ReadRedirectQuery(Signed(*key, "a handle&=+%"));
    REQUIRE(query.ok());
    CHECK(query->kind == SamlMessageKind::kRequest);
    CHECK(query->xml == kXml);
    CHECK(query->relay_state == "a handle&=+%");
    CHECK(VerifyRedirectQuery(*query, KeysOf(*key)).ok());
    // Any of several keys will do: a roll-over has two.
    CHECK(VerifyRedirectQuery(*query, {{testing::AttackerKey().Public(), key->Public()}}).ok());
  }
}

TEST_CASE("BuildRedirectUrl: an address with a query of its own keeps it", "[saml][redirect]") {
  const std::string url = *BuildRedirectUrl("https://idp.example/slo?tenant=1",
                                            SamlMessageKind::kResponse, kXml, "", IdpKey());
  CHECK(absl::StartsWith(url, "https://idp.example/slo?tenant=1&SAMLResponse="));
  CHECK_FALSE(absl::StrContains(url, "RelayState"));
  CHECK(Outcome(QueryOf(url)) == "OK");
}

TEST_CASE("S130 ReadRedirectQuery: bombs, cut-off streams and trailing bytes are refused",
          "[saml][redirect][attack]") {
  const auto with = [](absl::string_view packed) {
    return WithSignature(
        absl::StrCat("SAMLRequest=", base::PercentEncode(base::Base64Encode(packed)),
                     "&SigAlg=", base::PercentEncode(kRsaSha256)));
  };
  CHECK(Outcome(with(base::Deflate(std::string(kMaxRedirectMessage, 'a')))) == "OK");
  CHECK(Outcome(with(base::Deflate(std::string(kMaxRedirectMessage + 1, 'a')))) == "XML_TOO_LARGE");
  CHECK(Outcome(with(base::Deflate(std::string(64 << 20, '\0')))) == "XML_TOO_LARGE");
  CHECK(Outcome(with(base::Deflate(kXml) + "x")) == "BAD_DEFLATE");
  CHECK(Outcome(with(base::Deflate(kXml) + base::Deflate(kXml))) == "BAD_DEFLATE");
  CHECK(Outcome(with(kXml)) == "BAD_DEFLATE");
}

TEST_CASE("S131 VerifyRedirectQuery: each part that is changed refuses the query",
          "[saml][redirect][attack]") {
  const std::vector<std::string> parts = PartsOf(Signed());
  REQUIRE(parts.size() == 4);
  CHECK(Outcome(Join(parts)) == "OK");
  std::vector<std::string> other = parts;
  other[0] = absl::StrCat("SAMLRequest=", MessageOf("<samlp:LogoutRequest ID=\"_2\"/>"));
  CHECK(Outcome(Join(other)) == "SIGNATURE_INVALID");
  other = parts;
  other[0] = absl::StrReplaceAll(parts[0], {{"SAMLRequest", "SAMLResponse"}});
  CHECK(Outcome(Join(other)) == "SIGNATURE_INVALID");
  other = parts;
  other[1] += "x";
  CHECK(Outcome(Join(other)) == "SIGNATURE_INVALID");
  other = parts;
  other[2] = absl::StrReplaceAll(parts[2], {{"sha256", "sha512"}});
  CHECK(Outcome(Join(other)) == "SIGNATURE_INVALID");
  other = parts;
  other[3] =
      absl::StrCat("Signature=", base::PercentEncode(base::Base64Encode(std::string(256, 'x'))));
  CHECK(Outcome(Join(other)) == "SIGNATURE_INVALID");
}

TEST_CASE("S131 ReadRedirectQuery: each part that is removed refuses the query",
          "[saml][redirect][attack]") {
  const std::vector<std::string> parts = PartsOf(Signed());
  const std::vector<std::string> outcomes = {"BLANK_RESPONSE", "SIGNATURE_INVALID",
                                             "QUERY_MALFORMED", "QUERY_MALFORMED"};
  for (size_t i = 0; i < parts.size(); ++i) {
    std::vector<std::string> fewer = parts;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(Outcome(Join(fewer)) == outcomes[i]);
  }
  CHECK(Outcome(Join({parts[0], parts[1]})) == "UNSIGNED");
}

TEST_CASE("S131 ReadRedirectQuery: each part that stands there twice refuses the query",
          "[saml][redirect][attack]") {
  const std::vector<std::string> parts = PartsOf(Signed());
  for (size_t i = 0; i < parts.size(); ++i) {
    std::vector<std::string> more = parts;
    more.insert(more.begin() + static_cast<std::ptrdiff_t>(i), parts[i]);
    CHECK(Outcome(Join(more)) == "QUERY_MALFORMED");
    more = parts;
    more.push_back(parts[i]);
    CHECK(Outcome(Join(more)) == "QUERY_MALFORMED");
  }
}

TEST_CASE("S131 ReadRedirectQuery: parts in another order refuse the query",
          "[saml][redirect][attack]") {
  std::vector<std::string> parts = PartsOf(Signed());
  std::sort(parts.begin(), parts.end());
  int accepted = 0;
  do {
    accepted += Outcome(Join(parts)) == "OK" ? 1 : 0;
  } while (std::next_permutation(parts.begin(), parts.end()));
  CHECK(accepted == 1);
}

TEST_CASE("S131 ReadRedirectQuery: a RelayState that is there and empty was signed as such",
          "[saml][redirect][attack]") {
  const std::string octets = absl::StrCat("SAMLRequest=", MessageOf(),
                                          "&RelayState=&SigAlg=", base::PercentEncode(kRsaSha256));
  CHECK(Outcome(WithSignature(octets)) == "OK");
  CHECK(Outcome(absl::StrReplaceAll(WithSignature(octets), {{"&RelayState=", ""}})) ==
        "SIGNATURE_INVALID");
}

TEST_CASE("S132 ReadRedirectQuery: a parameter whose name is escaped refuses the query",
          "[saml][redirect][attack]") {
  const std::string good = Signed();
  for (const char* extra : {"%53AMLResponse=abc", "SAML%52equest=abc", "Relay%53tate=x",
                            "Sig%41lg=x", "%53ignature=x", "SAMLRequest%00=x", "a+b=x", "x%79=1"}) {
    INFO(extra);
    CHECK(Outcome(absl::StrCat(extra, "&", good)) == "QUERY_MALFORMED");
    CHECK(Outcome(absl::StrCat(good, "&", extra)) == "QUERY_MALFORMED");
  }
  // In other letters it is somebody else's parameter to us and ours to a lenient reader.
  CHECK(Outcome(absl::StrCat(good, "&samlresponse=abc")) == "QUERY_MALFORMED");
  CHECK(Outcome(absl::StrCat(good, "&relaystate=abc")) == "QUERY_MALFORMED");
  CHECK(Outcome(absl::StrReplaceAll(good, {{"SAMLRequest=", "%53AMLRequest="}})) ==
        "QUERY_MALFORMED");
  // Names that mean nothing to anybody are not looked at.
  CHECK(Outcome(absl::StrCat("tenant=1&", good, "&utm_source=x")) == "OK");
}

TEST_CASE("S133 ReadRedirectQuery: a request and a response in one query refuse it",
          "[saml][redirect][attack]") {
  const std::string good = Signed();
  const std::string other = absl::StrCat("SAMLResponse=", MessageOf("<samlp:LogoutResponse/>"));
  CHECK(Outcome(absl::StrCat(good, "&", other)) == "QUERY_MALFORMED");
  CHECK(Outcome(absl::StrCat(other, "&", good)) == "QUERY_MALFORMED");
  CHECK(Outcome(absl::StrCat("SAMLResponse=&", good)) == "QUERY_MALFORMED");
}

TEST_CASE("S134 VerifyRedirectQuery: escapes in lower case verify over the octets as they came",
          "[saml][redirect][attack]") {
  const auto lower = [](std::string text) {
    for (size_t i = 0; i + 2 < text.size(); ++i) {
      if (text[i] != '%') continue;
      text[i + 1] = absl::ascii_tolower(static_cast<unsigned char>(text[i + 1]));
      text[i + 2] = absl::ascii_tolower(static_cast<unsigned char>(text[i + 2]));
    }
    return text;
  };
  const std::string octets =
      lower(absl::StrCat("SAMLRequest=", MessageOf(), "&RelayState=", base::PercentEncode("a/b+c="),
                         "&SigAlg=", base::PercentEncode(kRsaSha256)));
  REQUIRE(absl::StrContains(octets, "%2f"));
  const std::string query = WithSignature(octets);
  CHECK(Outcome(query) == "OK");
  CHECK(Outcome(lower(query)) == "OK");  // the signature itself is not signed
  CHECK(ReadRedirectQuery(query)->relay_state == "a/b+c=");
  // Written anew it is another text.
  CHECK(Outcome(absl::StrReplaceAll(query, {{"%2f", "%2F"}})) == "SIGNATURE_INVALID");
}

TEST_CASE("S135 VerifyRedirectQuery: an algorithm that is unknown, missing or another key's",
          "[saml][redirect][attack]") {
  const auto with = [](absl::string_view uri) {
    return WithSignature(
        absl::StrCat("SAMLRequest=", MessageOf(), "&SigAlg=", base::PercentEncode(uri)));
  };
  CHECK(Outcome(with(kRsaSha256)) == "OK");
  for (const char* uri : {"", "rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
                          "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
                          "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
                          "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
                          "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"}) {
    INFO(uri);
    CHECK(Outcome(with(uri)) == "SIGNATURE_ALGORITHM");
  }
  CHECK(Outcome(with(kRsaSha256), EcP256Key()) == "SIGNATURE_ALGORITHM");
  CHECK(Outcome(with(kRsaSha256), testing::AttackerKey()) == "SIGNATURE_INVALID");
}

TEST_CASE("P4 VerifyRedirectQuery: RSA-SHA1 counts for the operator's tool alone",
          "[saml][redirect][decision]") {
  const std::string query = WithSignature(
      absl::StrCat("SAMLRequest=", MessageOf(),
                   "&SigAlg=", base::PercentEncode("http://www.w3.org/2000/09/xmldsig#rsa-sha1")),
      IdpKey(), crypto::DetachedAlgorithm::kRsaSha1);
  CHECK(Outcome(query) == "SIGNATURE_ALGORITHM");
  CHECK(Outcome(query, IdpKey(), Algorithms::kLegacyToo) == "OK");
}

TEST_CASE("ReadRedirectQuery: what is no message is refused", "[saml][redirect]") {
  CHECK(Outcome("") == "BLANK_RESPONSE");
  CHECK(Outcome("RelayState=x") == "BLANK_RESPONSE");
  CHECK(Outcome("SAMLRequest=") == "BLANK_RESPONSE");
  CHECK(Outcome("SAMLRequest") == "QUERY_MALFORMED");
  CHECK(Outcome("SAMLRequest=%") == "QUERY_MALFORMED");
  CHECK(Outcome("SAMLRequest=a+b=") == "QUERY_MALFORMED");
  CHECK(Outcome("SAMLRequest=!!!!") == "BAD_BASE64");
  CHECK(Outcome(absl::StrCat("SAMLRequest=", MessageOf(), "&SAMLEncoding=gzip")) ==
        "QUERY_MALFORMED");
  CHECK(Outcome(absl::StrCat("SAMLRequest=", MessageOf(), "&RelayState=",
                             std::string(kMaxForeignRelayState + 1, 'x'))) == "QUERY_MALFORMED");
  CHECK(Outcome(absl::StrCat("SAMLRequest=", MessageOf())) == "UNSIGNED");
}

TEST_CASE("S142 ReadRedirectQuery: a RelayState with line breaks goes back escaped",
          "[saml][redirect][attack]") {
  const std::string url = *BuildRedirectUrl("https://idp.example/slo", SamlMessageKind::kResponse,
                                            kXml, "a\r\nSet-Cookie: x=1\"><script>", IdpKey());
  CHECK(url.find_first_of("\r\n\"<> ") == std::string::npos);
  CHECK(ReadRedirectQuery(QueryOf(url))->relay_state == "a\r\nSet-Cookie: x=1\"><script>");
}

}  // namespace
}  // namespace va::gateway
