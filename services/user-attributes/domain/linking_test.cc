#include "services/user-attributes/domain/linking.h"

#include <catch2/catch.hpp>
#include <string>

#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

using identity::Csp;
using identity::CspId;
using identity::Icn;

// One row per line of ssoe_saml.md 15.2 and decision R12.
TEST_CASE("PlanLink: which account a credential leads to (ssoe_saml 15.2)", "[attributes][rule]") {
  struct Row {
    const char* rule;
    StoredLink stored;
    bool icn_came_in;
    LinkAction action;
  };
  StoredLink unknown;
  StoredLink unverified;
  unverified.exists = true;
  unverified.account_id = "A";
  StoredLink unverified_other = unverified;
  unverified_other.icn_account_id = "B";
  StoredLink verified = unverified;
  verified.verified = verified.account_has_icn = verified.account_icn_is_this = true;
  verified.icn_account_id = "A";
  StoredLink not_yet = verified;
  not_yet.verified = false;
  StoredLink other_unknown = unverified;
  other_unknown.verified = other_unknown.account_has_icn = true;
  StoredLink other_known = other_unknown;
  other_known.icn_account_id = "B";
  StoredLink other_unverified = other_known;
  other_unverified.verified = false;
  const auto locked = [](StoredLink stored) {
    stored.locked = true;
    return stored;
  };
  const auto row = GENERATE_COPY(values<Row>({
      {"locked: its account gets no ICN", locked(unverified), true, LinkAction::kLocked},
      {"locked: it does not move", locked(unverified_other), true, LinkAction::kLocked},
      {"locked: it is not marked verified", locked(not_yet), true, LinkAction::kLocked},
      {"locked: no merge is recorded", locked(other_known), true, LinkAction::kLocked},
      {"locked: nothing new is locked as well", locked(verified), true, LinkAction::kLocked},
      {"locked: without an ICN as well", locked(unverified), false, LinkAction::kLocked},
      {"unknown credential with an ICN", unknown, true, LinkAction::kCreate},
      {"unknown credential without one", unknown, false, LinkAction::kCreate},
      {"no ICN on login changes nothing", unverified, false, LinkAction::kKeep},
      {"no ICN on login of a verified person changes nothing", verified, false, LinkAction::kKeep},
      {"first ICN, unknown here: the account gets it", unverified, true, LinkAction::kWriteIcn},
      {"first ICN, of another account: the credential moves, the old account is remembered",
       unverified_other, true, LinkAction::kRepoint},
      {"the same ICN again", verified, true, LinkAction::kKeep},
      {"the account has this ICN, the credential was not verified yet", not_yet, true,
       LinkAction::kMarkVerified},
      {"verified, new ICN unknown here: never overwritten (R12)", other_unknown, true,
       LinkAction::kPendingMerge},
      {"verified, ICN of another account: never re-pointed silently (R12)", other_known, true,
       LinkAction::kPendingMerge},
      {"an account with another ICN keeps it, whatever the credential was (R12)", other_unverified,
       true, LinkAction::kPendingMerge},
  }));
  INFO(row.rule);
  CHECK(PlanLink(row.stored, row.icn_came_in) == row.action);
}

TEST_CASE("PlanLink: R12 the reference's way, with the policy's switch on", "[attributes][rule]") {
  struct Row {
    const char* rule;
    bool locked;
    bool account_has_icn;
    bool account_icn_is_this;
    bool icn_known;
    LinkAction action;
  };
  const auto row = GENERATE(values<Row>({
      {"the ICN that nobody has is written over the old one", false, true, false, false,
       LinkAction::kOverwriteIcn},
      {"the credential moves to the account of the ICN", false, true, false, true,
       LinkAction::kMoveVerified},
      {"the same ICN changes nothing", false, true, true, true, LinkAction::kKeep},
      {"an account without an ICN is not overwritten but filled", false, false, false, false,
       LinkAction::kWriteIcn},
      {"an unverified credential moves as it always does", false, false, false, true,
       LinkAction::kRepoint},
      {"a locked one moves nothing, whatever the policy says", true, true, false, true,
       LinkAction::kLocked},
  }));
  INFO(row.rule);
  StoredLink stored;
  stored.exists = true;
  stored.account_id = "A";
  stored.locked = row.locked;
  stored.account_has_icn = stored.verified = row.account_has_icn;
  stored.account_icn_is_this = row.account_icn_is_this;
  if (row.icn_known) stored.icn_account_id = row.account_icn_is_this ? "A" : "B";
  CHECK(PlanLink(stored, true, true) == row.action);
  CHECK(PlanLink(stored, false, true) == (row.locked ? LinkAction::kLocked : LinkAction::kKeep));
}

std::string Show(const std::optional<Credential>& credential) {
  if (!credential) return "(none)";
  std::string out =
      std::string(identity::ToString(credential->type)) + " " + credential->id.Reveal();
  if (credential->backing_idme) out += " backed by " + credential->backing_idme->Reveal();
  if (credential->icn) out += " icn " + credential->icn->Reveal();
  return out;
}

TEST_CASE("CredentialOf: Seed 002: there is one verification for each uuid of a provider",
          "[attributes][rule]") {
  struct Row {
    const char* rule;
    Csp service;
    const char* idme;
    const char* logingov;
    const char* mhv;
    const char* edipi;
    const char* expected;
  };
  const auto row = GENERATE(values<Row>({
      {"ID.me by its uuid", Csp::kIdme, "i", "", "m", "e", "idme i icn 1V1"},
      {"Login.gov by its uuid", Csp::kLogingov, "i", "l", "", "", "logingov l icn 1V1"},
      {"MHV by its id, backed by ID.me", Csp::kMhv, "i", "", "m", "", "mhv m backed by i icn 1V1"},
      {"DS Logon by the EDIPI, backed by ID.me", Csp::kDslogon, "i", "", "m", "e",
       "dslogon e backed by i icn 1V1"},
      {"MHV without an id falls back to ID.me", Csp::kMhv, "i", "", "", "", "idme i icn 1V1"},
      {"DS Logon without an EDIPI falls back to ID.me", Csp::kDslogon, "i", "", "m", "",
       "idme i icn 1V1"},
      {"an MHV id without the ID.me uuid behind it stands for nothing", Csp::kMhv, "", "l", "m", "",
       "logingov l icn 1V1"},
      {"nothing at all", Csp::kMhv, "", "", "m", "", "(none)"},
  }));
  INFO(row.rule);
  const auto id = [](const char* text) {
    return *text == '\0' ? std::nullopt : std::make_optional(CspId::FromWire(text));
  };
  Claims claims;
  claims.service = row.service;
  claims.idme_uuid = id(row.idme);
  claims.logingov_uuid = id(row.logingov);
  claims.uuid = claims.idme_uuid ? claims.idme_uuid : claims.logingov_uuid;
  claims.mhv_id = id(row.mhv);
  claims.edipi = id(row.edipi);
  CHECK(Show(CredentialOf(claims, Icn::FromWire("1V1"), 3)) == row.expected);
}

TEST_CASE("CredentialOf: the e-mail that came with the credential goes along",
          "[attributes][rule]") {
  Claims claims;
  claims.service = Csp::kIdme;
  claims.idme_uuid = claims.uuid = CspId::FromWire("i");
  CHECK_FALSE(CredentialOf(claims, std::nullopt, 1)->email.has_value());
  claims.email = identity::PersonText();
  CHECK_FALSE(CredentialOf(claims, std::nullopt, 1)->email.has_value());
  claims.email = identity::PersonText::FromWire("a@example.org");
  CHECK(CredentialOf(claims, std::nullopt, 1)->email == claims.email);
}

TEST_CASE("CredentialOf: a LOA1 login stores no ICN (issues 11119, 11318)", "[attributes][rule]") {
  Claims claims;
  claims.service = Csp::kIdme;
  claims.idme_uuid = claims.uuid = CspId::FromWire("i");
  CHECK(Show(CredentialOf(claims, Icn::FromWire("1V1"), 1)) == "idme i");
  CHECK(Show(CredentialOf(claims, std::nullopt, 3)) == "idme i");
}

}  // namespace
}  // namespace va::attributes
