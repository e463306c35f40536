#include "services/user-attributes/oidc/credential_digest.h"

#include <catch2/catch.hpp>
#include <string>

#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

using identity::BirthDate;
using identity::CspId;
using identity::PersonText;
using identity::Ssn;

DigestedAttributes Complete() {
  DigestedAttributes out;
  out.credential_uuid = CspId::FromWire("u");
  out.first_name = PersonText::FromWire("A");
  out.last_name = PersonText::FromWire("B");
  out.ssn = Ssn::FromWire("123456789");
  out.birth_date = BirthDate::FromWire("1990-01-01");
  out.email = PersonText::FromWire("a@example.com");
  return out;
}

crypto::LookupHasher Ring(const std::string& text) {
  return crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(text).value());
}

Claims Idme() {
  Claims out;
  out.service = identity::Csp::kIdme;
  out.idme_uuid = out.uuid = CspId::FromWire("11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  out.first_name = PersonText::FromWire("Ida");
  out.last_name = PersonText::FromWire("Fernbrook");
  out.birth_date = BirthDate::FromWire("1971-03-02");
  out.ssn = Ssn::FromWire("666010001");
  out.email = PersonText::FromWire("ida.fernbrook@example.com");
  return out;
}

TEST_CASE("CredentialAttributesDigest: HMAC-SHA256 over compact JSON in the declared order",
          "[attributes][oidc]") {
  CHECK(CredentialAttributesDigest("some-pepper", Complete()) ==
        "e98edf5ca5e32ccac4d194894ffb0478cb331b30fe4fe89891f70279a4c33740");
}

TEST_CASE("CredentialAttributesDigest: what is required and missing leaves no digest",
          "[attributes][oidc]") {
  CHECK_FALSE(CredentialAttributesDigest("", Complete()));
  DigestedAttributes some = Complete();
  some.credential_uuid.reset();
  CHECK_FALSE(CredentialAttributesDigest("p", some));
  some = Complete();
  some.last_name = PersonText::FromWire(" ");
  CHECK_FALSE(CredentialAttributesDigest("p", some));
  some = Complete();
  some.birth_date.reset();
  CHECK_FALSE(CredentialAttributesDigest("p", some));
  some = Complete();
  some.email.reset();
  CHECK_FALSE(CredentialAttributesDigest("p", some));
}

TEST_CASE(
    "CredentialAttributesDigest: a first name or an SSN that is missing is part of what is "
    "said",
    "[attributes][oidc]") {
  DigestedAttributes some = Complete();
  some.ssn.reset();
  const auto without_ssn = CredentialAttributesDigest("p", some);
  REQUIRE(without_ssn);
  CHECK(without_ssn != CredentialAttributesDigest("p", Complete()));
  some.first_name.reset();
  CHECK(CredentialAttributesDigest("p", some) != without_ssn);
}

TEST_CASE("CredentialDigester: the digest follows every attribute and nothing else",
          "[attributes][oidc]") {
  const crypto::LookupHasher ring = Ring("k1:" + std::string(64, '1'));
  const CredentialDigester digester(ring);
  const std::string first = digester.Digest(Idme());
  CHECK(first.size() == 64);
  Claims claims = Idme();
  claims.multifactor = true;
  claims.icn = identity::Icn::FromWire("1000000001V100001");
  CHECK(digester.Digest(claims) == first);
  claims.last_name = PersonText::FromWire("Fernbrook-Hall");
  CHECK(digester.Digest(claims) != first);
}

TEST_CASE(
    "CredentialDigester: another ring gives another digest, so that nobody compares people "
    "across houses",
    "[attributes][oidc]") {
  const crypto::LookupHasher one = Ring("k1:" + std::string(64, '1'));
  const crypto::LookupHasher other = Ring("k1:" + std::string(64, '2'));
  CHECK(CredentialDigester(one).Digest(Idme()) != CredentialDigester(other).Digest(Idme()));
}

TEST_CASE("CredentialDigester: an MHV credential says too little for a digest",
          "[attributes][oidc]") {
  const crypto::LookupHasher ring = Ring("k1:" + std::string(64, '1'));
  Claims claims;
  claims.service = identity::Csp::kMhv;
  claims.idme_uuid = claims.uuid = CspId::FromWire("11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  claims.mhv_id = CspId::FromWire("30001");
  claims.email = PersonText::FromWire("ida.fernbrook@example.com");
  CHECK(CredentialDigester(ring).Digest(claims).empty());
}

}  // namespace
}  // namespace va::attributes
