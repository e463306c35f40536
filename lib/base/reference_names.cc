#include "lib/base/reference_names.h"

#include <algorithm>
#include <array>

namespace va::base {
namespace {

constexpr absl::string_view kNotFound = "not_found";
constexpr absl::string_view kServerError = "server_error";

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

    // mpi_mhv.md 1.13: the reference folds every application error into "not found".
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

absl::Span<const ReferenceName> ReferenceNames() { return kNames; }

}  // namespace va::base
