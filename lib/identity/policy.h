// The sign-in policy as plain values (decision E5): which applications exist and what each waives,
// where it may be returned to, which CSPs are open, and which rule profile runs for whom. Loading
// and validating the file is lib/config/policy_file; evaluating waivers is user-attributes alone.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "lib/identity/assurance.h"

namespace va::identity {

// What becomes of `to=` on the way back to an application.
enum class TargetStyle {
  kNone,               // ignored: always the return base
  kDeepLink,           // ?deeplinking=<to>; nothing appended without `to`
  kPath,               // appended as a path
  kPathAuthenticated,  // decoded, query cut off, appended as a path, ?authenticated=true added
  kCopyQuery,          // the whole query string is copied on
};

// Where a refusal lands (decision R19).
enum class OnRefusal { kPage, kRedirect };

// One row of the application table.
struct Application {
  std::string name;         // as in ?application=
  std::string title;        // as shown to a person
  std::string return_base;  // absolute URL prefix
  TargetStyle target_style = TargetStyle::kNone;
  std::string to_pattern;  // regular expression the whole of `to` must match; empty: no `to`
  std::string default_to;  // used when no `to` was given
  std::vector<std::string> return_hosts;  // where a session of this row may be sent (R3, P14)
  std::vector<Csp> allowed_csps;          // in the order shown
  int min_ial = 1;
  int min_aal = 1;
  std::optional<absl::Duration> max_age;  // how old an authentication may be
  std::vector<std::string> waives;        // codes that this row waives (R2)
  std::string waives_source;              // where the waiver comes from, for the audit trail
  OnRefusal on_refusal = OnRefusal::kPage;
  // A person whom MPI knows and who has not accepted the terms of use is sent there first
  // (ssoe_saml.md 10.3).
  bool terms_first = false;

  bool Waives(absl::string_view code) const;
  bool Allows(Csp csp) const;
};

// What a profile does when a check finds something.
enum class CheckEffect { kIgnore, kNote, kBlock };

// Every check whose effect a profile decides. Flags, SSN mismatch and MPI outcomes are not among
// them: no profile can turn those off (decision R2).
enum class Check {
  kMhvIcnMismatch,   // 103
  kMultipleCorpIds,  // 106
  kMultipleEdipis,   // 102
  kMultipleMhvIds,   // 101
  kUuidMissing,      // 104
  kMultipleSecIds,
  kMultipleBirlsIds,
  kMultipleIcns,     // R10: two permanent ICNs
  kIcnDisagreement,  // R10: gcIds ICN differs from va_eauth_icn
  kMalformedGcIds,
};
inline constexpr std::size_t kCheckCount = 10;
absl::string_view ToString(Check check);  // the tag, e.g. "multiple_mhv_ids"
std::optional<Check> CheckFromString(absl::string_view tag);

// How a profile reads the statement of a credential: which attributes exist and what they mean.
enum class Reading {
  kSsoe,       // SSOe since 2022: identifiers from gcIds
  kSsoeLists,  // SSOe of 2021: EDIPIs and IENs as comma lists, another order of the checks
  kLegacy,     // ID.me federating MHV and DS Logon in 2018 (seed 004)
  kSis,        // Sign-in Service: claims of an OpenID Connect provider (sign_in_service.md 8, 9)
  kSis2021,    // the same as mpi_mhv.md 1.18.1 has it (decision R16)
};

// A generation of the rules as data (decision R1).
struct RuleProfile {
  std::string name;  // e.g. ssoe-2022
  Reading reading = Reading::kSsoe;
  std::array<CheckEffect, kCheckCount> effects{};
  // An empty `va_eauth_mhvicn` counts as a second value (103), as the reference's code has it.
  // Everywhere else blank is absent (ssoe_saml.md 25.7).
  bool blank_mhv_icn_conflicts = true;
  // Generations before the application table: the value of the request parameter skip_dupe that
  // waives `skip_dupe_waives` (R2). Under such a profile the table waives nothing; every other
  // profile has none, and there the parameter grants nothing.
  std::string skip_dupe;
  std::vector<std::string> skip_dupe_waives;
  // Who comes back below the level they have reached before is taken up to it (decision R9).
  bool uplevel = false;
  // A verified person whom MPI does not know is added, and asked for again (decision R4).
  bool add_on_no_match = false;
  // An assertion without a CSP uuid may stand on the account that holds its ICN
  // (ssoe_saml.md 13.2).
  bool account_fallback = false;

  bool WaivesBySkipDupe(absl::string_view asked, absl::string_view code) const;

  CheckEffect EffectOf(Check check) const { return effects[static_cast<std::size_t>(check)]; }
};

// One row per CSP: what it is called, which rules run for it, and when it is open.
struct CspRow {
  Csp csp = Csp::kIdme;
  std::string id;                       // idme, logingov, mhv, dslogon
  std::string name;                     // as shown, e.g. "My HealtheVet"
  std::string profile;                  // name of a RuleProfile, for assertions of the broker
  std::string oidc_profile;             // the same for answers of its OpenID Connect provider
  std::string idp;                      // name of the IdpRow that speaks for it
  std::optional<absl::CivilDay> start;  // first open day
  std::optional<absl::CivilDay> end;    // last open day
  bool enabled = true;

  // Open on the day of `now` (UTC).
  bool IsOpen(absl::Time now) const;
};

// What an IdP has agreed to sign (decision P5). kEncrypted: the assertion arrives encrypted, and it
// or the Response around it is signed.
enum class SignatureWanted { kResponse, kAssertion, kBoth, kEncrypted };

// One row per SAML identity provider. Keys and addresses are configuration; this is what is
// demanded.
struct IdpRow {
  std::string name;                // e.g. ssoe
  bool allow_unsolicited = false;  // decision P1
  SignatureWanted want = SignatureWanted::kAssertion;
};

struct Policy {
  std::string version;
  std::string default_application;  // the row used without ?application=
  // This is the policy of a place where people are real: nothing that serves comparison or
  // development may stand in it (decision R2).
  bool production = false;
  // A verified account takes the new ICN that MPI brings, as the reference does (decision R12,
  // off).
  bool overwrite_icn = false;
  std::vector<Application> applications;
  std::vector<CspRow> csps;
  std::vector<RuleProfile> profiles;
  std::vector<IdpRow> idps;

  // All lookups: nullptr when there is no such row.
  const Application* FindApplication(absl::string_view name) const;
  const CspRow* FindCsp(Csp csp) const;
  const RuleProfile* FindProfile(absl::string_view name) const;
  const IdpRow* FindIdp(absl::string_view name) const;
  // The identity provider that speaks for a CSP.
  const IdpRow* FindIdpOf(Csp csp) const;
};

}  // namespace va::identity
