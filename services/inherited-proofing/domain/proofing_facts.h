// What eligibility is judged from: facts as MHV, MPI, the session and our own record state them.
// Plain values without a judgement. Only what the rules need is here: no document number, no name
// (inherited_proofing.md P-8).
#pragma once

#include <optional>
#include <string>

#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"

namespace va::proofing {

// What MHV says when it is asked for the account of an ICN.
struct MhvAccount {
  identity::CspId mhv_id;
  std::string status;  // "Premium", "Advanced", "Basic"; empty when MHV does not say
};

// What MHV says about the proofing behind an account.
struct ProofingRecord {
  identity::CspId mhv_id;  // of the answer; empty when MHV does not say
  bool identity_document_exists = false;
  std::string method;            // "IPA": proofed in person
  std::string proofed_on;        // as received, YYYY-MM-DD when it is a date
  std::string document_type;     // "StateIssuedId"
  std::string document_country;  // "United States"
  std::string document_expires;  // as received
};

// What MPI says against anybody acting as this person.
struct PersonFlags {
  bool deceased = false;
  bool id_theft = false;
};

struct ProofingFacts {
  std::optional<identity::Csp> csp;  // of the session
  bool already_verified = false;     // this account completed a handoff before
  PersonFlags flags;
  identity::CspId mhv_id;                // correlation id that was asked for; empty: MHV knows none
  std::optional<std::string> status;     // of the account; nothing when MHV was not asked for it
  std::optional<ProofingRecord> record;  // nothing without a correlation id
};

}  // namespace va::proofing
