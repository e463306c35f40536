// What GET /v0/user tells of a signed-in person beyond their session (user_endpoint.md 1): what MPI
// and VA Profile know, each asked at that moment and each allowed to fail by itself. Who is asked
// about whom, and what of an answer is shown, are pure rules; asking is a matter of ports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/identity/gc_ids.h"
#include "lib/identity/pii.h"
#include "services/auth-gateway/domain/ports.h"
#include "services/auth-gateway/domain/provisioning.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// A person as MPI knows them, as far as it is shown.
struct PersonRecord {
  struct Name {
    std::vector<identity::PersonText> given;
    identity::PersonText family;
    std::string use;  // HL7: L legal, P preferred
  };
  std::vector<Name> names;
  identity::PersonText gender;
  identity::BirthDate birth_date;
  identity::PersonText postal_code;  // of the first address
  bool id_theft = false;
  identity::GcIds ids;
};

// MPI, asked by the ICN of a verified person.
class PersonRecords {
 public:
  virtual ~PersonRecords() = default;
  // Anything but exactly one person is a Status: NOT_FOUND (MPI_NO_MATCH), UNAVAILABLE,
  // DEADLINE_EXCEEDED, FAILED_PRECONDITION or INTERNAL, with MPI_ and the outcome as its reason.
  virtual absl::StatusOr<PersonRecord> FindByIcn(const identity::Icn& icn,
                                                 const CallScope& scope) = 0;
};

// One element of contact information: the names of user_endpoint.md 2 with what stands there. A
// name without a value is a fact too: nothing is known.
using ContactValue =
    std::variant<std::monostate, identity::PersonText, std::int64_t, bool, absl::Time>;
using ContactElement = std::vector<std::pair<std::string, ContactValue>>;

// What VA Profile knows.
struct ContactInformation {
  identity::CspId vet360_id;
  // email, residential_address, … in order; nothing where none is in force.
  std::vector<std::pair<std::string, std::optional<ContactElement>>> elements;
  bool email_verified = false;
};

// VA Profile, by way of user-attributes.
class ContactDirectory {
 public:
  virtual ~ContactDirectory() = default;
  // Nothing: VA Profile does not know that id.
  virtual absl::StatusOr<std::optional<ContactInformation>> Find(const AdmittedPerson& person,
                                                                 const identity::CspId& vet360_id,
                                                                 const CallScope& scope) = 0;
  // Drops what is kept of the account.
  virtual absl::Status Drop(absl::string_view account_id, const CallScope& scope) = 0;
};

// A source that could not be asked, or gave no answer: one object of meta.errors. Nothing in it is
// about the person, beside that nobody knows them there.
struct SourceFailure {
  std::string external_service;
  absl::Time start_time;
  std::string description;
  int status = 0;

  bool operator==(const SourceFailure&) const = default;
};

inline constexpr absl::string_view kMpiSource = "MVI";  // the reference's name for MPI
inline constexpr absl::string_view kVaProfileSource = "VAProfile";

SourceFailure FailureOf(absl::string_view source, const absl::Status& status,
                        absl::Time start_time);

// MPI is asked about people at LOA3 whose ICN the session shows, and about nobody else: an ICN in
// conflict (a waived 103) is not asked by (decision R3).
bool AsksMpi(const SessionRecord& session);

// By which id VA Profile is asked; nothing: it is not.
std::optional<identity::CspId> Vet360IdOf(const SessionRecord& session, const PersonRecord& record);

struct Facility {
  std::string id;
  bool is_cerner = false;

  bool operator==(const Facility&) const = default;
};

// The part `va_profile`, and what MPI adds to `profile`.
struct MpiPart {
  identity::PersonText family_name;
  std::vector<identity::PersonText> given_names;
  identity::PersonText gender;
  identity::BirthDate birth_date;
  std::optional<identity::CspId> cerner_id;
  std::vector<std::string> cerner_facility_ids;
  std::vector<Facility> facilities;
  bool va_patient = false;
  std::string mhv_account_state;  // OK, NONE, DEACTIVATED, MULTIPLE
  // Absent while they are in conflict and that was waived (decision R3).
  std::optional<std::vector<identity::CspId>> active_mhv_ids;
  identity::PersonText preferred_name;
  identity::PersonText zip;
  std::optional<identity::CspId> birls_id;
  bool id_theft = false;
};

MpiPart MpiPartOf(const SessionRecord& session, const PersonRecord& record);

// Which kind of My HealtheVet account the person has, and who says so: asserted before inferred
// (decision M6). Nothing for whom no one says.
struct MhvTier {
  std::string tier;   // Basic, Advanced, Premium
  std::string basis;  // credential: asserted; absent_from_mpi: inferred

  bool operator==(const MhvTier&) const = default;
};
std::optional<MhvTier> MhvTierOf(const SessionRecord& session, const PersonRecord* record);

}  // namespace va::gateway
