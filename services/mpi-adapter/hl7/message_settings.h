// What every message to MPI carries beside its question or change.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace va::mpi::hl7 {

// What distinguishes this message from every other one.
struct MessageStamp {
  std::string message_id;  // extension; MPI echoes it in targetMessage
  std::string query_id;    // extension; MPI echoes it in queryAck
  absl::Time created;
};

// What this installation says about itself. The defaults are what the reference client has sent for
// years and MPI accepts.
struct MessageSettings {
  std::string processing_code = "T";  // T outside production, P in it
  std::string sender = "200VGOV";
  bool u2010_namespaces = false;  // write the reference's spelling (decision M2)

  // The organization that adds a person and keeps the record.
  std::string clinic_root = "2.16.840.1.113883.3.933";
  std::string clinic_name = "Good Health Clinic";
  std::string clinic_telephone = "3425558394";

  // The organization that asks on a person's behalf, in orchestrated searches and proxy adds.
  std::string organization_prefix = "dslogon.";  // before the EDIPI
  std::string organization_description = "vagov";
  // The reference tells MPI the address of its own host here. Empty: not sent (mpi_mhv.md 3.1.16).
  std::string organization_telecom;
};

}  // namespace va::mpi::hl7
