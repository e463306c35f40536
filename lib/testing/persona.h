// People who do not exist, one YAML file each (tests/personas): what their credential provider
// asserts, what MPI and My HealtheVet hold about them and how their sign-in must end. Simulators,
// rule tests and end-to-end tests read the same file, so a new rule is one line in one place. Plain
// strings throughout: nothing here belongs to a person, and tests must be able to print it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace va::testing {

// An attribute name with its values, in the order of the file.
using PersonaAttribute = std::pair<std::string, std::vector<std::string>>;
using PersonaAttributes = std::vector<PersonaAttribute>;

// How `signin` must end for a persona under `./dev signin`: exit 0 session, 3 refusal, 4 try_later,
// 5 step_up.
struct PersonaExpectation {
  int exit = 0;
  std::string outcome;  // session | refusal | try_later | step_up
  int loa = 0;          // 0: not said
  std::string code;     // empty: none
  std::string tag;      // empty: not said
  // With a session, after provisioning; empty: null is expected, nobody was to be asked.
  std::string mhv_account;  // ensured | needs_terms | ineligible | unavailable
  std::string proofing;     // invited | not_eligible | unavailable
};

// One <name> of an MPI record.
struct PersonaName {
  std::string use;  // "L" legal, "C" maiden, "P" ...
  std::string prefix;
  std::vector<std::string> given;
  std::string family;
  std::string suffix;
};

struct PersonaAddress {
  std::string street;
  std::string city;
  std::string state;
  std::string postal_code;
  std::string country;
};

struct PersonaRelationship;

// What MPI holds. `icn` comes out as `<icn>^NI^200M^USVHA^P`, before `ids`.
struct PersonaMpiRecord {
  std::string icn;
  std::vector<std::string> icns;  // further ICNs that lead to the same person
  std::vector<PersonaName> names;
  std::string gender;      // M | F, empty: unknown
  std::string birth_date;  // YYYYMMDD
  std::string ssn;         // nine digits
  std::string deceased_date;
  std::string phone;
  std::optional<PersonaAddress> address;
  bool id_theft = false;
  std::vector<std::string> ids;  // "id^type^facility^authority^status"
  std::vector<PersonaRelationship> relationships;
};

// Who may act for somebody, as MPI's `personalRelationship` says it.
struct PersonaRelationship {
  std::string role;       // code of the role, e.g. DEL
  std::string role_name;  // e.g. "VA Healthcare Proxy"
  std::string status;     // ACTIVE
  std::string effective;  // YYYYMMDD
  std::string expires;    // YYYYMMDD
  std::string scope;      // e.g. FULL
  std::string email;
  PersonaMpiRecord holder;  // without relationships of its own
};

// How MPI answers questions about this person.
enum class MpiOutcome {
  kMatch,     // one record, by identifier and by traits
  kMultiple,  // traits fit several people; an ICN of the record still finds it
  kNoMatch,   // traits fit nobody; an ICN of the record, if there is one, still finds it
  kDown,      // MPI cannot be reached for this person, however asked
  kNotAsked,  // a question about this person is a failure of the asker
};

struct PersonaMpi {
  MpiOutcome outcome = MpiOutcome::kNotAsked;
  std::optional<PersonaMpiRecord> person;
};

// How MHV proofed somebody. The texts come out as they stand in the file, so that a persona can
// hold what no form would have accepted.
struct PersonaProofing {
  std::string method;    // "IPA": in person
  std::string date;      // YYYY-MM-DD
  std::string document;  // number of the identity document; empty: MHV holds none
  std::string document_type;
  std::string document_country;
  std::string document_expires;  // YYYY-MM-DD
};

// What stands at MHV under a person's ICN before anybody asks for an account.
enum class MhvAccount { kExisting, kNone, kDeactivated };

struct PersonaMhv {
  MhvAccount account = MhvAccount::kNone;
  std::string user_profile_id;  // digits; with kNone the id that a new account gets
  bool premium = false;
  bool champ_va = false;
  bool patient = false;
  bool sm_account_created = false;
  std::optional<PersonaProofing> proofing;
};

// What VA Profile holds under the id that MPI names for the person.
struct PersonaVaProfile {
  std::string id;   // digits
  std::string bio;  // JSON object with addresses, telephones, emails, permissions; empty: unknown
};

// One attribute altered in flight, and what must happen then. A value replaces the attribute, no
// value removes it.
struct PersonaFlip {
  std::string application;  // empty: none asked for
  std::vector<std::pair<std::string, std::optional<std::vector<std::string>>>> attributes;
  PersonaExpectation expect;
};

struct Persona {
  std::string id;
  std::string title;
  std::string type;           // path segment of the start: mhv, dslogon, idme, idme_verified, ...
  std::string authn_context;  // what the IdP returns
  std::string name_id;
  PersonaAttributes attributes;
  PersonaMpi mpi;
  std::optional<PersonaMhv> mhv;               // absent: MHV must not be asked about this person
  std::optional<PersonaVaProfile> va_profile;  // absent: VA Profile must not be asked
  bool terms_accepted = false;  // presses Accept when asked; else leaves the terms unanswered
  PersonaExpectation expect;    // without an application
  std::map<std::string, PersonaExpectation> expect_by_application;
  PersonaFlip flip;

  // The values of one attribute; empty when absent.
  std::vector<std::string> Values(absl::string_view name) const;

  // The first value of one attribute; empty when absent.
  std::string Value(absl::string_view name) const;

  // The expectation under `application`, else the general one.
  const PersonaExpectation& ExpectationFor(absl::string_view application) const;

  // The attributes with the flip applied.
  PersonaAttributes FlippedAttributes() const;

  // Every value that names, numbers or contacts this person and must never stand in a log.
  std::vector<std::string> PersonalValues() const;
};

// Reads one persona. Unknown keys, unknown words and missing parts are INVALID_ARGUMENT naming the
// file and the line.
absl::StatusOr<Persona> LoadPersona(const std::string& path);

// As LoadPersona, from YAML text; `origin` stands in messages.
absl::StatusOr<Persona> ParsePersona(absl::string_view yaml, absl::string_view origin);

// All *.yaml of a folder, sorted by id. Ids, ICNs, NameIDs and MHV ids must be distinct.
absl::StatusOr<std::vector<Persona>> LoadPersonas(const std::string& directory);

}  // namespace va::testing
