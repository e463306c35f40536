// How a person can be reached, as VA Profile (formerly Vet360) holds it, and which of its elements
// are in force (user_endpoint.md 2). VA Profile keeps a history: of every kind there may be several
// elements, also such as have ended. Picking those in force is a pure rule; asking and keeping are
// ports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/identity/pii.h"

namespace va::attributes {

// From when and until when an element counts. Absent: no limit is known.
struct InForce {
  std::optional<absl::Time> from;
  std::optional<absl::Time> until;

  bool operator==(const InForce&) const = default;
};

struct ContactAddress {
  std::int64_t id = 0;
  std::string pou;   // purpose of use, upper case
  std::string type;  // upper case
  identity::PersonText line1;
  identity::PersonText line2;
  identity::PersonText line3;
  identity::PersonText city;
  identity::PersonText state_code;
  identity::PersonText province;
  identity::PersonText zip_code;
  identity::PersonText zip_code_suffix;
  identity::PersonText international_postal_code;
  identity::PersonText country_name;
  identity::PersonText country_code_iso2;
  identity::PersonText country_code_iso3;
  identity::PersonText county_name;
  identity::PersonText county_code;
  std::string confidence_score;
  InForce effective;
};

struct ContactTelephone {
  std::int64_t id = 0;
  std::string type;  // upper case
  bool is_international = false;
  identity::PersonText country_code;
  identity::PersonText area_code;
  identity::PersonText number;
  identity::PersonText extension;
  std::optional<bool> is_text_permitted;
  InForce effective;
};

struct ContactEmail {
  std::int64_t id = 0;
  identity::PersonText address;
  std::optional<absl::Time> confirmed_at;
  InForce effective;
};

// Carried, not interpreted.
struct ContactPermission {
  std::string type;
  std::string value;
};

// An answer of VA Profile about one person: all it holds, the past included.
struct ContactHistory {
  identity::CspId vet360_id;
  std::string audit_id;
  std::vector<ContactAddress> addresses;
  std::vector<ContactTelephone> telephones;
  std::vector<ContactEmail> emails;
  std::vector<ContactPermission> permissions;
};

// What is in force.
struct ContactInformation {
  identity::CspId vet360_id;
  std::string audit_id;
  std::optional<ContactEmail> email;
  bool email_verified = false;
  std::optional<ContactAddress> residential_address;
  std::optional<ContactAddress> mailing_address;
  std::optional<ContactTelephone> mobile_phone;
  std::optional<ContactTelephone> home_phone;
  std::optional<ContactTelephone> work_phone;
  std::optional<ContactTelephone> temporary_phone;
  std::optional<ContactTelephone> fax_number;
  std::vector<ContactPermission> permissions;
};

// Of every kind the newest element that is in force at `now`.
ContactInformation PickInForce(const ContactHistory& history, absl::Time now);

// Ids of VA Profile are numbers; they become a part of an address that is asked for, so nothing
// else may stand in them.
bool IsVet360Id(absl::string_view text);

// VA Profile itself. UNAVAILABLE (VA_PROFILE_UNAVAILABLE), DEADLINE_EXCEEDED (VA_PROFILE_TIMEOUT),
// INTERNAL (VA_PROFILE_ANSWER); the status carries the fact `status` when there was an HTTP answer.
class VaProfile {
 public:
  virtual ~VaProfile() = default;

  // Nothing: VA Profile does not know that id.
  virtual absl::StatusOr<std::optional<ContactHistory>> Fetch(const identity::CspId& vet360_id,
                                                              absl::string_view request_id,
                                                              absl::Time deadline) = 0;
};

// Keeps answers for some minutes, sealed: one for each account, in the words of its caller.
// Thread-safe, and safe among processes on one database.
class ContactCache {
 public:
  virtual ~ContactCache() = default;

  // What is kept of the account and has not expired at `now`.
  virtual absl::StatusOr<std::optional<identity::Secret>> Find(absl::string_view account_id,
                                                               absl::Time now,
                                                               absl::Time deadline) = 0;
  // Keeps the answer to a question put at `asked_at`, unless somebody asked or dropped later.
  virtual absl::Status Keep(absl::string_view account_id, const identity::Secret& answer,
                            absl::Time asked_at, absl::Time expires_at, absl::Time deadline) = 0;
  // Forgets what is kept, and what questions put before `now` will bring.
  virtual absl::Status Drop(absl::string_view account_id, absl::Time now, absl::Time deadline) = 0;
};

}  // namespace va::attributes
