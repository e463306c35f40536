// An answer of MPI on file, read with the adapter's own parser, and what it says as JSON and to the
// rules of user-attributes.
#pragma once

#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
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

// An answer to a find, or one to an add or an update.
using AnyMpiAnswer = std::variant<mpi::Answer, mpi::ChangeAnswer>;

// Reads whichever it is; `message_id` as above. Without `needs_icn` a person may be one whom no
// permanent ICN names.
AnyMpiAnswer ReadAnyMpiAnswer(absl::string_view xml, const std::string& message_id,
                              bool needs_icn = true);

// {"outcome","reason","ack",...,"profile","ids"}; `profile` is null unless the outcome is OK. Which
// relations are in force depends on `today`.
Json ToJson(const mpi::Answer& answer, identity::Disclosure how, absl::CivilDay today);
// The same members where a change has them: `profile` is null, `ids` what MPI handed back, with any
// outcome but OK what it refused.
Json ToJson(const mpi::ChangeAnswer& answer, identity::Disclosure how);

// As user-attributes receives it over the wire.
attributes::MpiAnswer ForRules(const mpi::Answer& answer);

}  // namespace va::signinctl
