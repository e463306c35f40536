// Loads and validates saml.idps_file: who the identity providers are, each pinned by hand or by a
// source of metadata. As strict as the policy: every problem with its line, and a file with any
// problem yields nothing. A provider nobody pinned anything for is a problem: verification is never
// skipped for want of a key (attack S57).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/identity/policy.h"
#include "services/auth-gateway/saml/idp_directory.h"

namespace va::gateway {

// Reads the file and the certificates it names. NOT_FOUND (IDPS_FILE) or INVALID_ARGUMENT
// (IDPS_INVALID), with one line `path:line: problem` per problem.
absl::StatusOr<std::vector<IdpRow>> LoadIdpsFile(const std::string& path);

// The same from text; `source` stands in the messages instead of a path.
absl::StatusOr<std::vector<IdpRow>> ParseIdps(const std::string& text, absl::string_view source);

// The files that the rows name, good or not, for whoever watches them; none when the file is no
// YAML.
std::vector<std::string> FilesNamedIn(const std::string& path);

// Which of the policy's CSPs lead to an identity provider that is no row: one line each, or empty.
std::string MissingIdps(const identity::Policy& policy, const std::vector<IdpRow>& rows);

// The rows that no CSP of the policy leads to: of no use, and of no harm.
std::vector<std::string> UnusedIdps(const identity::Policy& policy,
                                    const std::vector<IdpRow>& rows);

}  // namespace va::gateway
