#include "services/user-attributes/domain/rule_catalogue.h"

#include "absl/container/flat_hash_map.h"

namespace va::attributes {
namespace {

using C = base::SignInCode;

constexpr std::optional<C> kNever = std::nullopt;

// In the order in which an attempt meets them.
constexpr RuleRow kRows[] = {
    // The statement.
    {"sign_in_service", kNever,
     "The returned context names the service; behind the inbound context the broker's csid does.",
     "ssoe_saml.md 1.4"},
    {"unknown_context", C::kUnknown, "The returned context is in no table of ours.",
     "ssoe_saml.md 1.4"},
    {"profile", kNever,
     "The profile of the provider's row of the policy decides which generation of the rules runs.",
     "R1"},
    {"unknown_profile", C::kUnknown, "The profile that was asked for is not in the policy.", "R1"},
    {"no_profile_for_csp", C::kUnknown,
     "The policy has no row, or no profile, for the provider of this kind of statement.", "R1"},
    {"profile_not_for_credential", C::kUnknown,
     "The profile reads another kind of statement than the one that came.", "R1"},
    {"ambiguous_attribute", C::kUnknown,
     "An attribute that is defined with one value has several, or stands there twice.", "R11"},
    {"malformed_attribute", C::kUnknown,
     "A value holds control characters, is not UTF-8, or is longer than any real one.",
     "ssoe_saml.md 25.7, 25.8"},
    {"legacy_kind", kNever,
     "The ids in the statement tell whose credential it is: DS Logon, My HealtheVet, else ID.me.",
     "ssoe_saml.md 19"},
    {"malformed_mhv_profile", kNever,
     "The document of the My HealtheVet account cannot be read with certainty; it proves nothing.",
     "ssoe_saml.md 19"},
    {"credential_kind_differs", kNever,
     "The ids in the statement are of another credential than its context names.",
     "ssoe_saml.md 19"},
    {"person_attributes", kNever,
     "Which attributes name the person: DS Logon's own from level 2 on, else what ID.me proofed.",
     "seed 004"},
    {"multifactor", kNever,
     "Login.gov says it by aal 2, every other credential by the attribute multifactor.",
     "ssoe_saml.md 4"},
    {"loa_current", kNever,
     "Above 1 is LOA3, everything else LOA1; the context plays no part on the SSOe path.",
     "ssoe_saml.md 4, R14"},
    {"loa_unreadable", kNever, "The level is no number; it counts as 1.", "ssoe_saml.md 4"},
    {"loa_highest", kNever,
     "MHV Premium, DS Logon 2 or 3, or what ID.me reports make LOA3 reachable.", "ssoe_saml.md 4"},
    {"aal", kNever, "The broker's aal counts; multifactor decides only where it is silent.", "R18"},
    {"mhv_id", kNever, "The id that the credential states comes before one of the person index.",
     "ssoe_saml.md 2"},
    {"uuid", kNever,
     "The provider that was used states its uuid itself; any other uuid comes from gcIds.",
     "ssoe_saml.md 2"},
    {"uuid_from_account", kNever,
     "No uuid was asserted, and the account that holds the asserted ICN lends its own.",
     "ssoe_saml.md 13.2"},
    {"assurance_not_met", C::kUnknown,
     "What came back is not what was asked for: a silent downgrade.", "R14"},
    // Identifiers.
    {"mhv_icn_mismatch", C::kMhvIcnMismatch,
     "The ICN of the My HealtheVet credential is not the asserted ICN.",
     "ssoe_saml.md 5, seed 001"},
    {"multiple_corp_ids", C::kMultipleCorpIds, "More than one distinct active corp id.",
     "ssoe_saml.md 5, seed 001"},
    {"multiple_edipis", C::kMultipleEdipis,
     "More than one distinct active EDIPI; nobody waives this.", "ssoe_saml.md 5, R2"},
    {"multiple_mhv_ids", C::kMultipleMhvIds,
     "More than one distinct active IEN, the credential's own among them.",
     "ssoe_saml.md 5, seed 001"},
    {"multiple_sec_ids", kNever, "More than one sec_id; recorded only.", "ssoe_saml.md 5"},
    {"uuid_missing", C::kUuidMissing, "Neither an ID.me nor a Login.gov uuid; nobody waives this.",
     "ssoe_saml.md 5, R2"},
    {"multiple_birls_ids", kNever, "More than one BIRLS number; recorded only.", "ssoe_saml.md 5"},
    {"multiple_icns", C::kValidationsFailed, "More than one distinct permanent ICN.", "R10"},
    {"icn_disagreement", C::kValidationsFailed,
     "The ICN of gcIds is not the asserted ICN, nor that of My HealtheVet where only that came.",
     "R10"},
    {"malformed_gcids", C::kValidationsFailed, "A token of gcIds is no identifier.",
     "ssoe_saml.md 25.8"},
    {"mhv_unverified_blocked", C::kMhvUnverified,
     "A verified My HealtheVet account was asked for, and the person is below LOA3.",
     "R15, ssoe_saml.md 12"},
    {"malformed_icn", C::kValidationsFailed, "An ICN has not the form of one.", "mpi_mhv.md 1.10"},
    // The question.
    {"mpi_question_icn", kNever, "MPI is asked by the ICN that the credential states.", "R17"},
    {"mpi_question_traits", kNever,
     "Without an ICN, MPI is searched by name, birth date, SSN and gender.", "R17, seed 004"},
    {"mpi_question_none", kNever,
     "MPI is not asked: below LOA3, after a refusal, or without anything to ask with.", "R6"},
    // The decision.
    {"assertion_findings", kNever, "A finding about the statement ends the attempt.", "R20"},
    {"step_up_type_verified", kNever,
     "The kind of sign-in asks for a verified person, and this one is not verified yet.", "R9"},
    {"step_up_application_ial", kNever, "The application asks for a verified person.", "R18"},
    {"step_up_application_aal", kNever, "The application asks for a second factor.", "R18"},
    {"step_up_application_max_age", kNever,
     "The application asks for a more recent authentication.", "R18"},
    {"step_up_highest", kNever, "The person has proved more before, and is taken up to it, once.",
     "R9, seed 004"},
    {"below_highest", kNever, "The person stays below what they have proved before.", "R9"},
    {"below_loa3_email_only", kNever,
     "Below LOA3 MPI is not asked, and the person is known by e-mail only.", "R6, seed 004"},
    {"identity_invalid", kNever, "What is said about the person cannot be asked with.", "R4"},
    {"malformed_ssn", C::kValidationsFailed, "The SSN of a verified person has not nine digits.",
     "ssoe_saml.md 14.3"},
    {"insufficient_traits", C::kValidationsFailed,
     "There is neither an ICN nor all the traits that a search needs.", "R17"},
    {"mpi_no_match", C::kValidationsFailed, "MPI knows nobody by this.", "R4, seed 004"},
    {"mpi_add_refused", C::kValidationsFailed,
     "MPI knew nobody, and did not take the person when they were to be added.", "R4"},
    {"mpi_multiple_matches", C::kValidationsFailed, "MPI knows several people by this.",
     "R4, seed 004"},
    {"mpi_unavailable", C::kUnknown, "MPI could not be asked; nothing is decided about the person.",
     "R5"},
    {"mpi_profile_findings", kNever, "A finding about what MPI holds ends the attempt.", "R4"},
    {"death_flag", C::kAccountLocked, "MPI, or the credential, carries a date of death.", "R7"},
    {"theft_flag", C::kAccountLocked, "MPI carries a flag of identity theft.", "R7"},
    {"mpi_ssn_missing", C::kValidationsFailed,
     "MPI holds no SSN to compare; recorded only where an ICN that is proof was asked by.", "R4"},
    {"ssn_not_asserted", C::kValidationsFailed,
     "The credential states no SSN to compare; recorded only where an ICN is proof enough.",
     "R4, R8, seed 004"},
    {"ssn_mismatch", C::kSsnMismatch, "The SSN of the credential is not the one MPI holds.",
     "R4, R8, seed 004"},
    {"account_fallback_refused", C::kUuidMissing,
     "An account lent its uuid, and MPI does not mean the same person by ICN and sec_id.",
     "ssoe_saml.md 13.2, 25.22"},
    {"icn_differs_from_mpi", kNever, "MPI answered with another ICN than the asserted one.",
     "ssoe_saml.md 16"},
    {"edipi_differs_from_mpi", kNever, "MPI holds another EDIPI.", "ssoe_saml.md 16"},
    {"mhv_id_differs_from_mpi", kNever, "MPI holds another My HealtheVet id.", "ssoe_saml.md 16"},
    {"mhv_premium_mpi_is_canonical", kNever,
     "Of an MHV Premium account MPI's attributes are the person's.", "R8, seed 004"},
    {"credential_is_canonical", kNever,
     "The credential's attributes are the person's; MPI fills what it leaves empty.",
     "R8, seed 004"},
    {"credential_unknown_to_mpi", kNever,
     "MPI's identifiers do not hold the uuid of the credential; it is told afterwards.",
     "ssoe_saml.md 4, 13.2"},
    {"admitted", kNever, "Nothing stands in the way: a session may begin.", "R20"},
    // The account.
    {"credential_locked", C::kAccountLocked, "The credential or its account is locked.",
     "ssoe_saml.md 15.1"},
    {"pending_merge", kNever,
     "The credential brought another ICN than its account has; operators decide, the session goes "
     "on with the account.",
     "R12"},
    // Renewal of a live session.
    {"application_gone", C::kInvalidRequest,
     "The session's application is no longer in the policy.", "E6"},
    {"unknown_application", C::kInvalidRequest, "No such application is in the policy.", "E6"},
    {"csp_not_offered", C::kInvalidRequest,
     "The application no longer offers the provider, or the provider is closed.", "E6"},
    {"session_stands", kNever, "Locks and policy allow the session to go on.", "E6"},
};

using Index = absl::flat_hash_map<absl::string_view, const RuleRow*>;

}  // namespace

const std::vector<RuleRow>& RuleCatalogue() {
  static const auto& rows = *[] {
    auto* all = new std::vector<RuleRow>(std::begin(kRows), std::end(kRows));
    all->insert(all->end(), SisRules().begin(), SisRules().end());
    return all;
  }();
  return rows;
}

const RuleRow* FindRule(absl::string_view name) {
  static const auto& index = *[] {
    auto* map = new Index();
    for (const RuleRow& row : RuleCatalogue()) map->emplace(row.name, &row);
    return map;
  }();
  const auto it = index.find(name);
  return it == index.end() ? nullptr : it->second;
}

}  // namespace va::attributes
