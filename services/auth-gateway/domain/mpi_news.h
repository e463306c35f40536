// What MPI is told of somebody who has just signed in (mpi_mhv.md 1.18): a credential that it does
// not hold yet, or one that says something else than the last time. Pure; telling is done
// elsewhere, once the person has been answered.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"

namespace va::gateway {

struct SessionRecord;

// Something MPI does not know yet, as the rules service says it.
struct MpiUpdate {
  enum class Reason {
    kCredentialUnknown,  // MPI's identifiers do not hold the credential's uuid
    kCredentialChanged   // the credential says something else than the last time
  };
  Reason reason = Reason::kCredentialUnknown;
  bool has_email = false;
  std::string person;  // in the wire form of the rules service; the gateway passes it on unread
};

absl::string_view ToString(MpiUpdate::Reason reason);

// The same with whom it is about.
struct MpiNews {
  std::string flow_id;
  int loa_current = 1;
  identity::Icn icn;
  MpiUpdate update;
};

MpiNews NewsOf(const SessionRecord& session, MpiUpdate update);

// Why MPI cannot be told at all: an update needs the person's ICN and an e-mail (mpi_mhv.md 1.8).
// Nothing: it can be. UPPER_SNAKE.
absl::string_view WhyUntellable(const MpiNews& news);

// What became of it.
enum class MpiTold {
  kDone,         // MPI took our message
  kKnown,        // it knew already: nothing was sent
  kOtherPerson,  // the credential is linked to another ICN than the one that signed in
  kRefused,      // it did not want it, and will not want it later either
  kUnavailable,  // nobody can say
};

absl::string_view ToString(MpiTold told);

}  // namespace va::gateway
