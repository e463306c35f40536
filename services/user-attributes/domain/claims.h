// What an assertion says about a person, normalised. Claims come from the credential alone; after
// Admit the same shape carries the final attributes (decision R8).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"

namespace va::attributes {

enum class Gender { kMale, kFemale };

struct Claims {
  std::optional<identity::PersonText> first_name;
  std::optional<identity::PersonText> middle_name;
  std::optional<identity::PersonText> last_name;
  std::optional<identity::PersonText> email;
  std::optional<Gender> gender;
  std::optional<identity::BirthDate> birth_date;  // YYYY-MM-DD
  std::optional<identity::Ssn> ssn;               // without hyphens
  std::optional<identity::Icn> icn;               // MPI's when it was asked, else of gcIds
  std::optional<identity::Icn> mhv_icn;           // va_eauth_icn
  std::optional<identity::CspId> mhv_id;          // the credential's, else the active IEN
  std::optional<identity::CspId> edipi;
  std::optional<identity::CspId> idme_uuid;
  std::optional<identity::CspId> logingov_uuid;
  std::optional<identity::CspId> uuid;  // ID.me's, else Login.gov's
  std::optional<identity::CspId> sec_id;
  std::optional<identity::PersonText> verified_at;
  std::optional<std::string> mhv_account_type;   // Basic, Advanced, Premium
  std::optional<std::string> dslogon_assurance;  // 1, 2, 3
  std::optional<identity::Csp> service;          // who the person signed in with
  bool multifactor = false;
  bool changing_multifactor = false;
  // ID.me's uuid is the one asserted, and MPI's identifiers do not know it yet.
  bool needs_csp_id_update = false;
  std::optional<std::string> transaction_id;
  std::vector<std::string> vha_facility_ids;

  // The tier of the credential: MHV account type, else DS Logon assurance, else N/A.
  absl::string_view account_type() const {
    if (mhv_account_type) return *mhv_account_type;
    if (dslogon_assurance) return *dslogon_assurance;
    return "N/A";
  }

  bool operator==(const Claims&) const = default;
};

// A question to MPI by traits.
struct Traits {
  identity::PersonText first_name;
  identity::PersonText middle_name;
  identity::PersonText last_name;
  identity::BirthDate birth_date;
  identity::Ssn ssn;
  std::optional<Gender> gender;

  bool operator==(const Traits&) const = default;
};

// A question by the uuid of a credential (Sign-in Service).
struct ByIdmeUuid {
  identity::CspId uuid;

  bool operator==(const ByIdmeUuid&) const = default;
};
struct ByLogingovUuid {
  identity::CspId uuid;

  bool operator==(const ByLogingovUuid&) const = default;
};

// The question to put to MPI (decision R17).
using MpiQuestion = std::variant<identity::Icn, Traits, ByIdmeUuid, ByLogingovUuid>;

// A postal address as a credential gives it.
struct PostalAddress {
  std::vector<identity::PersonText> street;  // lines in order
  identity::PersonText city;
  identity::PersonText state;
  identity::PersonText postal_code;
  identity::PersonText country;

  bool operator==(const PostalAddress&) const = default;
};

// A person to be added to MPI, with the one uuid that MPI is to know them by.
struct MpiAddition {
  Traits traits;
  std::optional<identity::CspId> idme_uuid;
  std::optional<identity::CspId> logingov_uuid;
  std::optional<identity::PersonText> email;
  std::optional<PostalAddress> address;

  bool operator==(const MpiAddition&) const = default;
};

// Why MPI should be told something after a sign-in.
enum class MpiUpdateReason {
  kCredentialUnknown,  // its identifiers do not hold the uuid of the credential
  kCredentialChanged,  // the credential says something else than the last time
};

struct MpiUpdate {
  MpiUpdateReason reason = MpiUpdateReason::kCredentialUnknown;
  MpiAddition person;

  bool operator==(const MpiUpdate&) const = default;
};

}  // namespace va::attributes
