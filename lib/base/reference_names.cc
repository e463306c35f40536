#include "lib/base/reference_names.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_replace.h"

namespace va::base {
namespace {

constexpr absl::string_view kNotFound = "not_found";
constexpr absl::string_view kServerError = "server_error";
constexpr absl::string_view kUnverified =
    "Unverified credential for authorization requiring verified credential";
constexpr absl::string_view kMismatch =
    "Attribute mismatch, <name> in credential does not match MPI attribute";

constexpr std::array kNames = {
    // ssoe_saml.md 5 and 6.1. The reference logs the first five in front of which stands its
    // prefix.
    ReferenceName{kSsoeReasons, "mhv_icn_mismatch", "", "", "",
                  "MHV credential ICN does not match MPI record"},
    ReferenceName{kSsoeReasons, "multiple_corp_ids", "", "", "",
                  "User attributes contain multiple distinct CORP ID values"},
    ReferenceName{kSsoeReasons, "multiple_edipis", "", "", "",
                  "User attributes contain multiple distinct EDIPI values"},
    ReferenceName{kSsoeReasons, "multiple_mhv_ids", "", "", "",
                  "User attributes contain multiple distinct MHV ID values"},
    ReferenceName{kSsoeReasons, "uuid_missing", "", "", "",
                  "User attributes is missing an ID.me and Login.gov UUID"},
    ReferenceName{kSsoeReasons, "multiple_sec_ids", "", "", "",
                  "User attributes contains multiple sec_id values"},
    ReferenceName{kSsoeReasons, "multiple_birls_ids", "", "", "",
                  "User attributes contain multiple distinct BIRLS ID values."},
    ReferenceName{kSsoeReasons, "mhv_unverified_blocked", "", "", "",
                  "MHV account is unverified for context requiring verified account"},
    ReferenceName{kSsoeReasons, "ssn_mismatch", "", "", "",
                  "Attribute mismatch: ssn in primary view doesn't match correlation record"},
    ReferenceName{kSsoeReasons, "unknown_context", "unknown", "", "",
                  "Other SAML Response Error(s)"},

    // ssoe_saml.md 1.3.
    ReferenceName{kBrokerReasons, "ssoe", "iam", "", "", ""},
    ReferenceName{kBrokerReasons, "oidc", "sis", "", "", ""},

    // ssoe_saml.md 1.4.
    ReferenceName{kFormerServices, "mhv", "myhealthevet", "", "", ""},

    // sign_in_service.md 8.
    ReferenceName{kAccountReasons, "NO_CREDENTIAL_ID", "",
                  "Login::Errors::UserVerificationNotCreatedError", "", ""},
    ReferenceName{kAccountReasons, "VERIFICATION_IDENTIFIER", "", "ValidationError", "",
                  "Must specify one, and only one, credential identifier"},
    ReferenceName{kAccountReasons, "VERIFICATION_BACKING", "", "ValidationError", "",
                  "Must define either an idme_uuid, logingov_uuid, clear_uuid, entra_uuid, or "
                  "backing_idme_uuid"},
    ReferenceName{kAccountReasons, "account_overwritten", "", "", "", "User Account Mismatch"},
    ReferenceName{kSisReasons, "unverified_credential_blocked", "",
                  "UnverifiedCredentialBlockedError", "", kUnverified},
    ReferenceName{kSisReasons, "mhv_unverified_blocked", "", "UnverifiedCredentialBlockedError", "",
                  kUnverified},
    ReferenceName{kSisReasons, "unsupported_credential_level", "", "InvalidCredentialLevelError",
                  "", "Unsupported credential authorization levels"},
    // sign_in_service.md 9.
    ReferenceName{kSisReasons, "missing_attribute", "", "CredentialMissingAttributeError", "",
                  "Missing attribute in credential: <name>"},
    ReferenceName{kSisReasons, "theft_flag", "", "MPILockedAccountError", "",
                  "Theft Flag Detected"},
    ReferenceName{kSisReasons, "death_flag", "", "MPILockedAccountError", "",
                  "Death Flag Detected"},
    ReferenceName{kSisReasons, "multiple_edipis", "", "MPIMalformedAccountError", "",
                  "User attributes contain multiple distinct EDIPI values"},
    ReferenceName{kSisReasons, "multiple_corp_ids", "", "MPIMalformedAccountError", "",
                  "User attributes contain multiple distinct CORP_ID values"},
    ReferenceName{kSisReasons, "multiple_mhv_ids", "", "MPIMalformedAccountError", "",
                  "User attributes contain multiple distinct MHV_ID values"},
    ReferenceName{kSisReasons, "first_name_differs_from_mpi", "", "AttributeMismatchError", "",
                  kMismatch},
    ReferenceName{kSisReasons, "last_name_differs_from_mpi", "", "AttributeMismatchError", "",
                  kMismatch},
    ReferenceName{kSisReasons, "birth_date_differs_from_mpi", "", "AttributeMismatchError", "",
                  kMismatch},
    ReferenceName{kSisReasons, "icn_differs_from_mpi", "", "AttributeMismatchError", "", kMismatch},
    ReferenceName{kSisReasons, "ssn_mismatch", "", "AttributeMismatchError", "", kMismatch},
    ReferenceName{kSisReasons, "mpi_sec_id_missing", "", "", "", "mpi record missing sec_id"},
    ReferenceName{kSisReasons, "mpi_no_mhv_record", "", "MHVMissingMPIRecordError", "",
                  "No MPI Record for MHV Account"},
    ReferenceName{kSisReasons, "mpi_add_failed", "", "MPIUserCreationFailedError", "",
                  "User MPI record cannot be created"},
    // mpi_mhv.md 1.18.1, step D.
    ReferenceName{kSisFormerCodes, "ssn_mismatch", "007", "", "", ""},

    // mpi_mhv.md 1.13: the reference folds every application error into "not found".
    ReferenceName{kMpiFindReasons, "LOA_TOO_LOW", "", "Unauthorized", "not_authorized", ""},
    ReferenceName{kMpiFindReasons, "NO_RESULT", "", "RecordNotFound", kNotFound, ""},
    ReferenceName{kMpiFindReasons, "MULTIPLE_MATCHES", "", "DuplicateRecords", kNotFound, ""},
    ReferenceName{kMpiFindReasons, "SEVERAL_RESULTS", "", "DuplicateRecords", kNotFound, ""},
    ReferenceName{kMpiFindReasons, "INVALID_REQUEST", "", "RecordNotFound", kNotFound, ""},
    ReferenceName{kMpiFindReasons, "UNKNOWN_SENDER", "", "RecordNotFound", kNotFound, ""},
    ReferenceName{kMpiFindReasons, "DUPLICATE_KEY", "", "RecordNotFound", kNotFound, ""},
    ReferenceName{kMpiFindReasons, "APPLICATION_ERROR", "", "RecordNotFound", kNotFound, ""},
    ReferenceName{kMpiFindReasons, "QUERY_ERROR", "", "RecordNotFound", kNotFound, ""},
    ReferenceName{kMpiFindReasons, "REJECTED", "", "FailedRequestError", kServerError, ""},
    ReferenceName{kMpiFindReasons, "REJECTED_MULTIPLE_MATCHES", "", "DuplicateRecords",
                  kServerError, ""},
    ReferenceName{kMpiFindReasons, "SOAP_FAULT", "", "HTTPError", kServerError,
                  "MVI internal server error"},
    ReferenceName{kMpiFindReasons, "HTTP_STATUS", "", "HTTPError", kServerError,
                  "MVI HTTP call failed"},
    // 1.13 row 6: whatever has no acknowledgement is nobody. Only where mpi_compat asks for it.
    ReferenceName{kMpiParserReasons, "NO_ACKNOWLEDGEMENT", "", "RecordNotFound", kNotFound, ""},

    // mpi_mhv.md 1.14.
    ReferenceName{kMpiAddReasons, "INVALID_REQUEST", "", "InvalidRequestError", kServerError, ""},
    ReferenceName{kMpiAddReasons, "UNKNOWN_SENDER", "", "InvalidRequestError", kServerError, ""},
    ReferenceName{kMpiAddReasons, "DUPLICATE_KEY", "", "InvalidRequestError", kServerError, ""},
    ReferenceName{kMpiAddReasons, "APPLICATION_ERROR", "", "InvalidRequestError", kServerError, ""},
    ReferenceName{kMpiAddReasons, "REJECTED", "", "FailedRequestError", kServerError, ""},
    ReferenceName{kMpiAddReasons, "SOAP_FAULT", "", "HTTPError", kServerError,
                  "MVI internal server error"},
    ReferenceName{kMpiAddReasons, "HTTP_STATUS", "", "HTTPError", kServerError,
                  "MVI HTTP call failed"},
};

}  // namespace

const ReferenceName* FindReferenceName(absl::string_view area, absl::string_view reason) {
  const auto* it = std::find_if(kNames.begin(), kNames.end(), [&](const ReferenceName& name) {
    return name.area == area && name.reason == reason;
  });
  return it == kNames.end() ? nullptr : it;
}

std::string ReferenceMessage(const ReferenceName& name, absl::string_view attribute) {
  return absl::StrReplaceAll(name.message, {{"<name>", attribute}});
}

absl::Span<const ReferenceName> ReferenceNames() { return kNames; }

}  // namespace va::base
