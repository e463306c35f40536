// The assertions that the rules are measured with: samples of the vectors, as the rules take them
// and as they travel, with the answer of MPI that fits each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/assertion.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::bench {

// One assertion and what its views point into.
struct RuleSample {
  std::string name;
  std::string authn_context;
  std::vector<std::pair<std::string, std::vector<std::string>>> attributes;

  // Names and values together.
  std::size_t Bytes() const;
  // The value of an attribute; empty when there is none.
  std::string Value(const std::string& attribute) const;
  // The map that the rules read; refers to this sample.
  attributes::SsoeAssertion View(absl::Time auth_time) const;
  // The person whom MPI answers with: the same identifiers, names, birth date and SSN.
  attributes::MpiAnswer MatchingAnswer() const;
  // The same for another person: the n-th digits in place of ICN, uid and MHV id, everywhere.
  RuleSample ForPerson(int n) const;
  // As the gateway asks, under `policy_version`.
  attributes::v1::DeriveRequest ToDerive(const std::string& policy_version) const;
  attributes::v1::AdmitRequest ToAdmit(const std::string& policy_version,
                                       const std::string& request_id) const;
};

// The sample sets of a vector file: rows of kind ssoe_attributes that end in an admission at LOA3
// under the default profile, each set of attributes once, largest first.
absl::StatusOr<std::vector<RuleSample>> LoadRuleSamples(const std::string& vector_file);

}  // namespace va::bench
