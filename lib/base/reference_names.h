// How the reference system calls what we call by our own reasons: error classes, tags, and the
// texts that its front ends and log readers know. The one table of the product for it; the
// compatible surfaces speak through it, and so do the conformance drivers. It decides nothing.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace va::base {

// Where a reason comes from: the same word may mean another thing elsewhere.
inline constexpr absl::string_view kSsoeReasons = "ssoe";
// Not a reason but the pathway of a session: which broker the reference takes it for.
inline constexpr absl::string_view kBrokerReasons = "broker";
// Not a reason but a service a person signs in with, by its name in the generations up to 2022-03.
inline constexpr absl::string_view kFormerServices = "service.former";
inline constexpr absl::string_view kMpiFindReasons = "mpi.find";
inline constexpr absl::string_view kMpiAddReasons = "mpi.add";
// What the reference's answer parser makes of a find when nothing looked at the transport before
// it.
inline constexpr absl::string_view kMpiParserReasons = "mpi.parser";

// Sign-in Service (sign_in_service.md 8, 9, 22).
inline constexpr absl::string_view kSisReasons = "sign_in";
// Not a reason but the code under which the reference had it in the generation of
// mpi_mhv.md 1.18.1.
inline constexpr absl::string_view kSisFormerCodes = "sign_in.former";
// Accounts and credential verifications (ssoe_saml.md 15, sign_in_service.md 10).
inline constexpr absl::string_view kAccountReasons = "account";

// One row. What the reference does not have is empty.
struct ReferenceName {
  absl::string_view area;
  absl::string_view reason;      // ours: the tag of a finding or the reason of an answer
  absl::string_view tag;         // theirs, where it is another one
  absl::string_view class_name;  // of the error
  absl::string_view status;      // of the answer: not_found, server_error
  absl::string_view message;     // exact text; `<name>` stands for the attribute concerned
};

// nullptr when the reference has no name for it: then it is ours alone.
const ReferenceName* FindReferenceName(absl::string_view area, absl::string_view reason);

// The text of a row about an attribute, e.g. "Missing attribute in credential: email".
std::string ReferenceMessage(const ReferenceName& name, absl::string_view attribute);

absl::Span<const ReferenceName> ReferenceNames();

}  // namespace va::base
