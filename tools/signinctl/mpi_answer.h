// An answer of MPI on file, read with the adapter's own parser, and what it says as JSON and to the
// rules of user-attributes.
#pragma once

#include "absl/strings/string_view.h"
#include "lib/identity/disclosure.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "services/user-attributes/domain/admit.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

// Reads a find answer to `question`. With an empty `message_id` the answer counts as one to the
// message it names itself: whoever looks at a file has no other message at hand.
mpi::Answer ReadMpiAnswer(absl::string_view xml, const std::string& message_id,
                          const mpi::Question& question = mpi::ByTraits{});

// The question that the rules would put, as the adapter gets it. Only an ICN can contradict an
// answer (attack H3), so traits stay what they are: any.
mpi::Question QuestionOf(const std::optional<attributes::MpiQuestion>& question);

// {"outcome","reason","ack",...,"profile","ids"}; `profile` is null unless the outcome is OK.
Json ToJson(const mpi::Answer& answer, identity::Disclosure how);

// As user-attributes receives it over the wire.
attributes::MpiAnswer ForRules(const mpi::Answer& answer);

}  // namespace va::signinctl
