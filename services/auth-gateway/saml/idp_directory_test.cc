#include "services/auth-gateway/saml/idp_directory.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/auth-gateway/saml/metadata_for_test.h"
#include "services/auth-gateway/saml/response_for_test.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of this folder's tests

IdpRow SourceRow() {
  IdpRow row;
  row.name = "ssoe";
  row.entity_id = kMetadataIdp;
  row.source = MetadataSource{};
  row.source->url = "https://idp.example/metadata";
  row.source->trust = SignerTrust();
  return row;
}

IdpRow PinnedRow(std::vector<crypto::Certificate> certificates, bool check_dates) {
  IdpRow row;
  row.name = "pinned";
  row.entity_id = "https://pinned.example";
  row.sso.url = "https://pinned.example/sso";
  row.certificates = std::move(certificates);
  row.check_certificate_dates = check_dates;
  return row;
}

SamlIdp OnlyIdp(const IdpDirectory& directory, absl::Time now) {
  const auto idps = directory.At(now);
  REQUIRE(idps.size() == 1);
  return idps[0];
}

std::string Published(const std::string& keys) {
  MetadataParts parts;
  parts.keys = keys;
  return SignedMetadata(parts.Entity());
}

bool Trusts(const SamlIdp& idp, const TestPair& pair) {
  for (const crypto::PublicKey& key : idp.keys) {
    if (key.Der() == pair.certificate.public_key().Der()) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("IdpDirectory: a source that was never read leaves its provider switched off",
          "[gateway][saml][metadata]") {
  const IdpDirectory directory({SourceRow()});
  const SamlIdp idp = OnlyIdp(directory, MetadataNow());
  CHECK_FALSE(idp.IsOpen());
  CHECK(idp.switched_off == kMetadataMissing);
  CHECK(idp.keys.empty());
}

TEST_CASE("IdpDirectory: metadata that is good opens it, with its keys and addresses",
          "[gateway][saml][metadata]") {
  IdpDirectory directory({SourceRow()});
  REQUIRE(
      directory.Accept("ssoe", Published(KeyDescriptor(IdpPair())), MetadataNow(), MetadataNow())
          .ok());
  const SamlIdp idp = OnlyIdp(directory, MetadataNow());
  CHECK(idp.IsOpen());
  CHECK(Trusts(idp, IdpPair()));
  CHECK(idp.sso.url == "https://idp.example/sso");
  CHECK(idp.slo_response_url == "https://idp.example/slo-answer");
}

TEST_CASE("IdpDirectory S144: a bad update changes nothing; the last good one goes on",
          "[gateway][saml][metadata][security]") {
  IdpDirectory directory({SourceRow()});
  const absl::Time now = MetadataNow();
  REQUIRE(directory.Accept("ssoe", Published(KeyDescriptor(IdpPair())), now, now).ok());
  MetadataParts unsigned_one;
  unsigned_one.keys = KeyDescriptor(NextPair());
  const absl::Status refused =
      directory.Accept("ssoe", unsigned_one.Entity(), now + absl::Hours(1), now + absl::Hours(1));
  CHECK(MetadataRejectOf(refused) == MetadataReject::kUnsigned);
  const SamlIdp idp = OnlyIdp(directory, now + absl::Hours(1));
  CHECK(idp.IsOpen());
  CHECK(Trusts(idp, IdpPair()));
  CHECK_FALSE(Trusts(idp, NextPair()));
  CHECK(directory.Find("ssoe")->read_at == now);
}

TEST_CASE("IdpDirectory S55: while a roll-over lists old and new key, both are believed",
          "[gateway][saml][metadata][security]") {
  IdpDirectory directory({SourceRow()});
  const absl::Time now = MetadataNow();
  const auto publish = [&](const std::string& keys) {
    REQUIRE(directory.Accept("ssoe", Published(keys), now, now).ok());
    return OnlyIdp(directory, now);
  };
  const SamlIdp before = publish(KeyDescriptor(IdpPair()));
  CHECK(Trusts(before, IdpPair()));
  CHECK_FALSE(Trusts(before, NextPair()));
  const SamlIdp overlap = publish(KeyDescriptor(IdpPair()) + KeyDescriptor(NextPair()));
  CHECK(Trusts(overlap, IdpPair()));
  CHECK(Trusts(overlap, NextPair()));
  const SamlIdp after = publish(KeyDescriptor(NextPair()));
  CHECK_FALSE(Trusts(after, IdpPair()));
  CHECK(Trusts(after, NextPair()));
  CHECK_FALSE(SameIdps({before}, {overlap}));
  CHECK_FALSE(SameIdps({overlap}, {after}));
  CHECK(SameIdps({after}, {after}));
}

TEST_CASE("IdpDirectory: when validUntil passes while it serves, its provider is switched off",
          "[gateway][saml][metadata]") {
  IdpDirectory directory({SourceRow()});
  const absl::Time now = MetadataNow();
  REQUIRE(directory.Accept("ssoe", Published(KeyDescriptor(IdpPair())), now, now).ok());
  const absl::Time end = *directory.Find("ssoe")->metadata.valid_until;
  CHECK(OnlyIdp(directory, end - absl::Seconds(1)).IsOpen());
  const SamlIdp closed = OnlyIdp(directory, end);
  CHECK(closed.switched_off == kMetadataExpired);
  CHECK(closed.keys.empty());
}

TEST_CASE("IdpDirectory: metadata that cannot be had again serves for max_age and no longer",
          "[gateway][saml][metadata]") {
  IdpRow row = SourceRow();
  row.source->max_age = absl::Hours(48);
  IdpDirectory directory({row});
  const absl::Time now = MetadataNow();
  REQUIRE(directory.Accept("ssoe", Published(KeyDescriptor(IdpPair())), now, now).ok());
  CHECK(OnlyIdp(directory, now + absl::Hours(47)).IsOpen());
  CHECK(OnlyIdp(directory, now + absl::Hours(48)).switched_off == kMetadataTooOld);
}

TEST_CASE("IdpDirectory S54: dates of certificates count when the row says so, and else do not",
          "[gateway][saml][metadata][security]") {
  const absl::Time now = MetadataNow();
  const TestPair expired = NewPair(now - absl::Hours(48), now - absl::Hours(24));
  const TestPair future = NewPair(now + absl::Hours(24), now + absl::Hours(48));
  const SamlIdp lenient =
      OnlyIdp(IdpDirectory({PinnedRow({expired.certificate, future.certificate}, false)}), now);
  CHECK(Trusts(lenient, expired));
  CHECK(Trusts(lenient, future));
  const IdpDirectory strict(
      {PinnedRow({expired.certificate, IdpPair().certificate, future.certificate}, true)});
  CHECK_FALSE(Trusts(OnlyIdp(strict, now), expired));
  CHECK(Trusts(OnlyIdp(strict, now), IdpPair()));
  CHECK_FALSE(Trusts(OnlyIdp(strict, now), future));
  CHECK(Trusts(OnlyIdp(strict, now + absl::Hours(36)), future));
  const SamlIdp none = OnlyIdp(IdpDirectory({PinnedRow({expired.certificate}, true)}), now);
  CHECK(none.switched_off == kCertificatesOutOfDate);
  CHECK_FALSE(none.IsOpen());
}

TEST_CASE("IdpDirectory: rows read anew keep what they still believe",
          "[gateway][saml][metadata]") {
  const absl::Time now = MetadataNow();
  IdpDirectory old({SourceRow()});
  REQUIRE(old.Accept("ssoe", Published(KeyDescriptor(IdpPair())), now, now).ok());
  IdpDirectory same({SourceRow()});
  same.Inherit(old, now);
  CHECK(OnlyIdp(same, now).IsOpen());
  IdpRow other_pin = SourceRow();
  other_pin.source->trust.signers = {NextPair().certificate.public_key()};
  IdpDirectory stricter({other_pin});
  stricter.Inherit(old, now);
  CHECK(OnlyIdp(stricter, now).switched_off == kMetadataMissing);
}

TEST_CASE("IdpDirectory: what the new rows were read with counts before what was known",
          "[gateway][saml][metadata]") {
  const absl::Time now = MetadataNow();
  IdpDirectory old({SourceRow()});
  REQUIRE(old.Accept("ssoe", Published(KeyDescriptor(IdpPair())), now, now).ok());
  IdpDirectory next({SourceRow()});
  const absl::Time later = now + absl::Minutes(1);
  REQUIRE(next.Accept("ssoe", Published(KeyDescriptor(NextPair())), later, later).ok());
  next.Inherit(old, later);
  CHECK(Trusts(OnlyIdp(next, later), NextPair()));
  CHECK_FALSE(Trusts(OnlyIdp(next, later), IdpPair()));
}

TEST_CASE("IdpDirectory S144: an older document, signed as well as ever, is not played back",
          "[gateway][saml][metadata][security]") {
  const absl::Time now = MetadataNow();
  const auto made = [](const std::string& when, const TestPair& pair) {
    MetadataParts parts;
    parts.keys = KeyDescriptor(pair);
    if (!when.empty()) parts.extensions = PublicationInfo(when);
    return SignedMetadata(parts.Entity());
  };
  IdpDirectory directory({SourceRow()});
  REQUIRE(directory.Accept("ssoe", made("2026-03-02T00:00:00Z", NextPair()), now, now).ok());
  const absl::Status older =
      directory.Accept("ssoe", made("2026-03-01T23:59:59Z", IdpPair()), now, now);
  CHECK(MetadataRejectOf(older) == MetadataReject::kOlder);
  CHECK(Trusts(OnlyIdp(directory, now), NextPair()));
  CHECK_FALSE(Trusts(OnlyIdp(directory, now), IdpPair()));
  CHECK(directory.Accept("ssoe", made("2026-03-02T00:00:00Z", NextPair()), now, now).ok());
  CHECK(directory.Accept("ssoe", made("2026-03-03T00:00:00Z", IdpPair()), now, now).ok());
  // Who does not say when it was made cannot be compared.
  CHECK(directory.Accept("ssoe", made("", IdpPair()), now, now).ok());
}

TEST_CASE("IdpDirectory: a time of reading that is yet to come makes nothing serve for longer",
          "[gateway][saml][metadata]") {
  const absl::Time now = MetadataNow();
  IdpRow row = SourceRow();
  row.source->max_age = absl::Hours(48);
  IdpDirectory directory({row});
  const absl::Time ahead = now + absl::Hours(24 * 7);
  REQUIRE(directory.Accept("ssoe", Published(KeyDescriptor(IdpPair())), ahead, now).ok());
  CHECK(OnlyIdp(directory, now + absl::Hours(48)).switched_off == kMetadataTooOld);
}

TEST_CASE("IdpDirectory: a source is read again in its time, sooner when cacheDuration says so",
          "[gateway][saml][metadata]") {
  IdpRow row = SourceRow();
  row.source->refresh = absl::Hours(2);
  IdpDirectory directory({row});
  CHECK(directory.RefreshOf(row) == absl::Hours(2));
  const absl::Time now = MetadataNow();
  MetadataParts parts;
  parts.role_attributes += " cacheDuration=\"PT30M\"";
  REQUIRE(directory.Accept("ssoe", SignedMetadata(parts.Entity()), now, now).ok());
  CHECK(directory.RefreshOf(row) == absl::Minutes(30));
  parts.role_attributes = MetadataParts().role_attributes + " cacheDuration=\"PT1S\"";
  REQUIRE(directory.Accept("ssoe", SignedMetadata(parts.Entity()), now, now).ok());
  CHECK(directory.RefreshOf(row) == absl::Minutes(1));
}

TEST_CASE(
    "IdpDirectory S107: of several providers each has its own keys; one's response in the "
    "other's attempt is refused",
    "[gateway][saml][security]") {
  IdpRow a = PinnedRow({IdpPair().certificate}, false);
  a.name = "a";
  a.entity_id = kIdp;
  IdpRow b = PinnedRow({NextPair().certificate}, false);
  b.name = "b";
  b.entity_id = "https://b.example/entity";
  const auto idps = IdpDirectory({a, b}).At(Now());
  REQUIRE(idps.size() == 2);
  const auto outcome = [&](const SamlIdp& idp, const ResponseParts& parts) {
    ExpectedResponse expected = Expected();
    expected.idp_entity_id = idp.entity_id;
    expected.keys = idp.keys;
    return Outcome(parts, expected);
  };
  // A genuine message of A, in an attempt that went to A and in one that went to B.
  ResponseParts of_a;
  of_a.assertion_key = &IdpPair().key;
  CHECK(outcome(idps[0], of_a) == "ACCEPTED");
  CHECK(outcome(idps[1], of_a) == "ISSUER_MISMATCH");
  // A speaks in B's name: the issuer fits, the key does not.
  ResponseParts forged = of_a;
  forged.issuer = "<saml:Issuer>https://b.example/entity</saml:Issuer>";
  forged.response_issuer = forged.issuer;
  CHECK(outcome(idps[1], forged) == "SIGNATURE_INVALID");
  forged.assertion_key = &NextPair().key;
  CHECK(outcome(idps[1], forged) == "ACCEPTED");
  // B speaks in A's name in B's attempt: the key fits, the issuer does not.
  ResponseParts of_b;
  of_b.assertion_key = &NextPair().key;
  CHECK(outcome(idps[1], of_b) == "ISSUER_MISMATCH");
}

}  // namespace va::gateway
