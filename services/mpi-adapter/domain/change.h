// What can be changed at MPI, and what came of it. Plain values: the codec in hl7/ decides whether
// the parts of a change can be sent. No change is ever sent twice by itself: only a search can tell
// whether an answer that was lost stands for a change that happened (attack H11).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/identity/pii.h"
#include "services/mpi-adapter/domain/ack_detail.h"
#include "services/mpi-adapter/domain/outcome.h"

namespace va::mpi {

struct PostalAddress {
  std::vector<identity::PersonText> street;
  identity::PersonText city;
  identity::PersonText state;
  identity::PersonText postal_code;
  identity::PersonText country;
};

// Adds the person with an implicit search (mpi_mhv.md 1.6): MPI links the credential to somebody it
// knows, or makes a new person. One of the two uuids is required; ID.me wins.
struct AddPerson {
  identity::CspId idme_uuid;
  identity::CspId logingov_uuid;
  identity::PersonText first_name;  // may be empty
  identity::PersonText last_name;
  identity::BirthDate birth_date;
  identity::Ssn ssn;           // may be empty
  identity::PersonText email;  // may be empty
  std::optional<PostalAddress> address;
};

// Has MPI create the VBA correlations a person lacks (1.7). Everything is required.
struct AddByProxy {
  identity::PersonText first_name;
  identity::PersonText last_name;
  identity::BirthDate birth_date;
  identity::Ssn ssn;
  identity::Icn icn;
  identity::CspId edipi;
  std::string search_token;  // of the orchestrated search
};

// Links a credential to an ICN and refreshes address and e-mail (1.8). One of the three ids is
// required; EDIPI comes before Login.gov, Login.gov before ID.me.
struct UpdatePerson {
  identity::Icn icn;
  identity::CspId edipi;
  identity::CspId logingov_uuid;
  identity::CspId idme_uuid;
  identity::PersonText first_name;  // may be empty
  identity::PersonText last_name;
  identity::BirthDate birth_date;
  identity::Ssn ssn;  // may be empty
  identity::PersonText email;
  std::optional<PostalAddress> address;
};

using Change = std::variant<AddPerson, AddByProxy, UpdatePerson>;

// A code that is none of the known identifiers: its attributes as received, in the order of
// mpi_mhv.md 1.14.
using OtherCode = std::vector<std::pair<std::string, identity::PersonText>>;

// What the acknowledgement's details name. With any outcome but OK they say what was refused, never
// what a person has.
struct ChangeCodes {
  std::optional<identity::CspId> birls_id;
  std::optional<identity::CspId> participant_id;
  std::optional<identity::CspId> idme_uuid;
  std::optional<identity::CspId> logingov_uuid;
  std::optional<identity::CspId> edipi;
  std::optional<identity::Icn> icn;
  std::vector<OtherCode> other;
};

// What came of one change. OK means that MPI accepted *our* message.
struct ChangeAnswer {
  Outcome outcome = Outcome::kUnparseable;
  std::string reason;          // UPPER_SNAKE: which rule chose the outcome
  std::string transaction_id;  // MPI's, from the response header
  std::string message_id;      // ours
  std::string ack_code;        // AA, AE or AR as received
  std::string detail_code;     // first error code, e.g. INTERR, Key205
  std::string target_message;  // which message this says it answers
  std::vector<identity::PersonText> error_texts;
  std::vector<AckDetail> details;
  ChangeCodes codes;
};

}  // namespace va::mpi
