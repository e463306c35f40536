// What the gateway keeps: one record per sign-in attempt (a flow) and one per session. Plain
// values; the store seals what is personal and hashes what grants access before anything is
// written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/base/signin_code.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"
#include "lib/identity/policy.h"
#include "services/auth-gateway/domain/provisioning.h"

namespace va::gateway {

// What an attempt set out to do, fixed at start. Nothing in it is personal.
struct SignInPlan {
  std::string type;         // path segment: mhv, idme_verified ...
  std::string application;  // policy row
  identity::Csp csp = identity::Csp::kIdme;
  std::vector<std::string> contexts;  // RequestedAuthnContext, in order
  std::string comparison;             // exact or minimum
  bool force_authn = true;
  bool skip_dupe = false;  // the request asked for it: recorded, grants nothing (decision R2)
  // Which page or campaign sent the person (ssoe_saml.md 1.3): recorded, decides nothing.
  std::string operation = "authorize";
  // The level that comes back is enough where the type and the application ask for no more: this is
  // a second lap, or the person asked for it (decision R9).
  bool stay_at_level = false;
  std::string target;          // absolute URL, checked against the allow-list
  std::string restart;         // path that starts the same attempt again, target included
  std::string policy_version;  // decision E5
  identity::OnRefusal on_refusal = identity::OnRefusal::kPage;

  bool operator==(const SignInPlan&) const = default;
};

// One stop of an attempt and how long it took.
struct Station {
  std::string name;  // closed set: return, derive, resolve, admit
  double milliseconds = 0;

  bool operator==(const Station&) const = default;
};

// The four ways an attempt can end (decision R20).
enum class OutcomeKind { kSession, kStepUp, kRefusal, kTryLater };

absl::string_view ToString(OutcomeKind kind);
std::optional<OutcomeKind> OutcomeKindFromString(absl::string_view text);

// What a finding of the rules did to an attempt; nothing in it is personal.
struct FindingEffect {
  std::string effect;     // blocks, waived or noted
  std::string code;       // empty: it never ends an attempt
  std::string waived_by;  // row of the policy
  std::string subject;    // name of the attribute concerned, never its value

  bool operator==(const FindingEffect&) const = default;
};

// How an attempt ended; nothing in it is personal.
struct Outcome {
  OutcomeKind kind = OutcomeKind::kRefusal;
  std::string code;  // empty for a session
  std::string tag;
  int loa = 0;                         // LOA of the session, else 0
  std::vector<std::string> findings;   // codes or tags of every finding, in order
  std::vector<std::string> waived;     // codes that policy waived
  std::vector<FindingEffect> effects;  // of each finding, in the same order
  std::vector<std::string> rules;      // rules that decided, in order, by name
  std::string decided_under;           // version of the policy of the decision (E5)
  std::vector<Station> stations;
  bool terms_first = false;  // a session that begins at the terms of use (ssoe_saml.md 10.3)

  bool operator==(const Outcome&) const = default;
};

enum class FlowStage {
  kStarted,  // the browser was sent to the CSP
  kClaimed,  // one response was accepted and is being decided
  kDone,     // `outcome` says how it ended
};

// One attempt. Its id is the request id that a person can read out.
struct FlowRecord {
  std::string id;                // UUID
  std::string handle_hash;       // SHA-256 of the RelayState handle
  std::string browser_hash;      // SHA-256 of the flow cookie
  std::string authn_request_id;  // what InResponseTo must say
  std::string idp;               // entity id the browser was sent to
  SignInPlan plan;
  bool had_session = false;  // a live session existed at start (codes 002, decision P7)
  // That session, whose cookie the callback never reads. It ends when the attempt ends in a new
  // one, and not before (rotation, ssoe_saml.md 25.35).
  std::string session_hash;  // of its token, raw bytes; empty: there was none
  std::string session_account;
  absl::Time session_signed_in = absl::InfinitePast();  // when that person last signed in
  int lap = 0;         // 1: the step-up that follows a first leg by itself (decision R9)
  std::string parent;  // of a second lap: id of the first leg
  // Of a second lap: what the first leg was short of, by the tag of its step-up.
  std::string lap_for;
  absl::Time created_at;
  absl::Time expires_at;
  FlowStage stage = FlowStage::kStarted;
  std::optional<Outcome> outcome;
  Provisioning provisioning;  // what follows the session, with an outcome of that kind
};

// What a session says about the person: canonical attributes (decision R8).
struct PersonAttributes {
  identity::PersonText first_name;
  identity::PersonText middle_name;
  identity::PersonText last_name;
  identity::PersonText email;
  identity::PersonText gender;
  identity::BirthDate birth_date;
  identity::Ssn ssn;
  identity::Icn icn;
  identity::Icn mhv_icn;
  identity::CspId mhv_id;
  identity::CspId edipi;
  identity::CspId idme_uuid;
  identity::CspId logingov_uuid;
  identity::CspId sec_id;
  std::vector<std::string> vha_facility_ids;
};

// One session. The token itself is never kept, only its hash.
struct SessionRecord {
  std::string token_hash;  // SHA-256, raw bytes
  std::string flow_id;     // attempt that issued it
  std::string account_id;
  std::string verification_id;
  PersonAttributes person;       // sealed at rest
  std::string idp;               // entity id
  identity::PersonText name_id;  // sealed at rest; the IdP's word for the person
  std::string name_id_format;
  std::string name_qualifier;     // NameQualifier of the name, as asserted
  std::string sp_name_qualifier;  // SPNameQualifier of the name, as asserted
  std::string session_index;      // the IdP's word for its own session
  std::string transaction_id;
  std::string authn_context;
  std::string service_name;
  std::string account_type;
  bool multifactor = false;
  identity::Assurance assurance;
  std::string application;
  std::vector<std::string> waived_findings;
  std::string policy_version;
  absl::Time last_signed_in = absl::InfinitePast();  // not moved by a factor that is set up later
  absl::Time created_at;
  absl::Time last_seen_at;
  absl::Time expires_at;           // sliding end
  absl::Time absolute_expires_at;  // end whatever happens
};

}  // namespace va::gateway
