#include "services/user-attributes/domain/rule_catalogue.h"

namespace va::attributes {
namespace {

using base::SignInCode;

constexpr RuleRow kRows[] = {
    {"foreign_issuer", SignInCode::kUnknown,
     "The provider that answered does not speak for the service the person signed in with.",
     "sign_in_service.md 7"},
    {"credential_level", std::nullopt,
     "The level of the credential is at least what the client asked for.",
     "sign_in_service.md 8, 28.1 #19"},
    {"unverified_credential_blocked", SignInCode::kUnknown,
     "A verified person was asked for, and the credential is not verified.",
     "sign_in_service.md 8"},
    {"unsupported_credential_level", SignInCode::kInvalidRequest,
     "The level asked for is unknown, or the credential states more than it can reach.",
     "sign_in_service.md 8"},
    {"missing_attribute", SignInCode::kUnknown,
     "A verified credential lacks something without which MPI is not asked.",
     "sign_in_service.md 9.2"},
    {"malformed_birth_date", SignInCode::kValidationsFailed,
     "The birth date of the credential is a day that never was.", "sign_in_service.md 9.3"},
    {"mpi_question_by_credential", std::nullopt,
     "MPI is asked by the uuid of ID.me, else of Login.gov, else by the ICN of MHV.", "R17"},
    {"mpi_no_mhv_record", SignInCode::kUnknown,
     "MPI knows nobody by an MHV credential that is verified.", "R4, sign_in_service.md 9.1"},
    {"mpi_add_failed", SignInCode::kUnknown,
     "MPI knew nobody, and the person could not be added to it.", "R4, sign_in_service.md 9.1"},
    {"mpi_sec_id_missing", std::nullopt,
     "The person has no SEC id in MPI; the subject tells whether one was begun.",
     "sign_in_service.md 9.1"},
    {"first_name_differs_from_mpi", SignInCode::kUnknown,
     "The first name of the credential is not the one MPI holds; recorded only.",
     "sign_in_service.md 9.3"},
    {"last_name_differs_from_mpi", SignInCode::kUnknown,
     "The last name of the credential is not the one MPI holds; recorded only.",
     "sign_in_service.md 9.3"},
    {"birth_date_differs_from_mpi", SignInCode::kUnknown,
     "The birth date of the credential is not the one MPI holds; recorded only.",
     "sign_in_service.md 9.3"},
    {"mpi_is_told", std::nullopt,
     "MPI is told what the credential says, because it does not know it yet.",
     "sign_in_service.md 9.1, mpi_mhv.md 1.18.1"},
};

}  // namespace

absl::Span<const RuleRow> SisRules() { return kRows; }

}  // namespace va::attributes
