#include "services/user-attributes/api/grpc/unpack.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/rpc/wire.h"
#include "services/user-attributes/domain/derive.h"

namespace va::attributes {
namespace {

using identity::BirthDate;
using identity::CorrelatedId;
using identity::CspId;
using identity::Icn;
using identity::PersonText;
using identity::Ssn;

// Above anything a broker sends, far below what would hurt.
constexpr int kMostAttributes = 512;
constexpr int kMostContexts = 16;

absl::string_view View(const std::string& text) { return {text.data(), text.size()}; }

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

std::optional<MpiOutcome> UnpackOutcome(common::v1::MpiOutcome outcome) {
  switch (outcome) {
    case common::v1::MPI_OUTCOME_UNSPECIFIED:
      return MpiOutcome::kNotAsked;
    case common::v1::MPI_OUTCOME_OK:
      return MpiOutcome::kOk;
    case common::v1::MPI_OUTCOME_NO_MATCH:
      return MpiOutcome::kNoMatch;
    case common::v1::MPI_OUTCOME_MULTIPLE_MATCHES:
      return MpiOutcome::kMultipleMatches;
    case common::v1::MPI_OUTCOME_INVALID_REQUEST:
      return MpiOutcome::kInvalidRequest;
    case common::v1::MPI_OUTCOME_SENDER_REJECTED:
      return MpiOutcome::kSenderRejected;
    case common::v1::MPI_OUTCOME_DUPLICATE_KEY:
      return MpiOutcome::kDuplicateKey;
    case common::v1::MPI_OUTCOME_MPI_FAILED:
      return MpiOutcome::kMpiFailed;
    case common::v1::MPI_OUTCOME_TRANSPORT:
      return MpiOutcome::kTransport;
    case common::v1::MPI_OUTCOME_TIMEOUT:
      return MpiOutcome::kTimeout;
    case common::v1::MPI_OUTCOME_BREAKER_OPEN:
      return MpiOutcome::kBreakerOpen;
    case common::v1::MPI_OUTCOME_UNPARSEABLE:
      return MpiOutcome::kUnparseable;
    case common::v1::MPI_OUTCOME_BLOCKED:
      return MpiOutcome::kBlocked;
    default:
      return std::nullopt;
  }
}

bool IsLevel(int level) { return level == 1 || level == 2; }

template <typename T>
std::optional<T> NonEmpty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return T::FromWire(text);
}

// The legal name is the first with use L; without one the profile has no name.
const common::v1::PersonName* LegalName(const common::v1::Profile& profile) {
  for (const common::v1::PersonName& name : profile.names()) {
    if (name.use() == "L") return &name;
  }
  return nullptr;
}

void UnpackName(const common::v1::Profile& message, MpiProfile& out) {
  const common::v1::PersonName* name = LegalName(message);
  if (name == nullptr) return;
  out.last_name = NonEmpty<PersonText>(name->family());
  if (name->given_size() > 0) out.first_name = NonEmpty<PersonText>(name->given(0));
  if (name->given_size() > 1) {
    out.middle_name =
        NonEmpty<PersonText>(absl::StrJoin(name->given().begin() + 1, name->given().end(), " "));
  }
}

std::optional<Gender> UnpackGender(const std::string& code) {
  if (code == "M") return Gender::kMale;
  if (code == "F") return Gender::kFemale;
  return std::nullopt;
}

CorrelatedId UnpackId(const common::v1::CorrelatedId& row) {
  return {CspId::FromWire(row.id()), row.id_type(), row.facility(),
          row.authority(),           row.status(),  row.root()};
}

MpiProfile UnpackProfile(const common::v1::Profile& message) {
  MpiProfile out;
  out.icn = Icn::FromWire(message.icn());
  UnpackName(message, out);
  out.gender = UnpackGender(message.gender());
  out.birth_date = BirthDate::FromWire(message.birth_date()).Dashed();
  const std::optional<Ssn> ssn = NonEmpty<Ssn>(message.ssn());
  if (ssn) out.ssn = ssn->WithoutHyphens();
  // Any date of death counts, a partial or unreadable one too (decision R7).
  out.deceased = !message.deceased_date().empty();
  out.id_theft = message.id_theft();
  std::vector<CorrelatedId> rows;
  rows.reserve(static_cast<std::size_t>(message.ids_size()));
  for (const common::v1::CorrelatedId& row : message.ids()) rows.push_back(UnpackId(row));
  out.ids = identity::GcIds(rows);
  return out;
}

// What statements of both kinds have: names with values, and when the person was asked.
template <typename Message>
absl::Status UnpackStatement(const Message& message,
                             const google::protobuf::RepeatedPtrField<v1::Attribute>& attributes,
                             std::vector<Attribute>& out, absl::Time& auth_time) {
  if (attributes.size() > kMostAttributes) {
    return Invalid("TOO_MANY_ATTRIBUTES", "more attributes than any assertion has");
  }
  if (message.has_auth_time()) {
    if (!rpc::IsTime(message.auth_time())) return Invalid("BAD_TIME", "auth_time is not a time");
    auth_time = rpc::UnpackTime(message.auth_time());
  }
  out.reserve(static_cast<std::size_t>(attributes.size()));
  for (const v1::Attribute& attribute : attributes) {
    Attribute& added = out.emplace_back();
    added.name = View(attribute.name());
    for (const std::string& value : attribute.values()) added.values.push_back(View(value));
  }
  return absl::OkStatus();
}

// The row that is meant when a caller names none.
const std::string& ApplicationOr(const std::string& named, const identity::Policy& policy) {
  return named.empty() ? policy.default_application : named;
}

}  // namespace

absl::Status CredentialMissing() { return Invalid("CREDENTIAL_MISSING", "no credential to read"); }

absl::Status CheckRequestId(const std::string& id, absl::string_view reason) {
  constexpr std::size_t kLongest = 128;
  if (!id.empty() && id.size() <= kLongest) return absl::OkStatus();
  return Invalid(reason, "an id of 1 to 128 bytes is needed");
}

absl::Status CheckRowId(const std::string& id, absl::string_view reason) {
  constexpr absl::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  bool fits = id.size() == kForm.size();
  for (std::size_t i = 0; fits && i < kForm.size(); ++i) {
    const bool hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
    fits = kForm[i] == 'x' ? hex : id[i] == '-';
  }
  return fits ? absl::OkStatus() : Invalid(reason, "a uuid in lower case is needed");
}

absl::StatusOr<Attempt> UnpackAttempt(const v1::SignInContext& context,
                                      const identity::Policy& policy) {
  if (!IsSignInType(context.type())) {
    return Invalid("UNKNOWN_TYPE", "no such sign-in type");
  }
  const std::string& application = ApplicationOr(context.application(), policy);
  if (policy.FindApplication(application) == nullptr) {
    return Invalid("UNKNOWN_APPLICATION", "no such application in the policy");
  }
  if (!context.comparison().empty() && context.comparison() != "exact" &&
      context.comparison() != "minimum") {
    return Invalid("UNKNOWN_COMPARISON", "comparison is exact or minimum");
  }
  if (context.requested_contexts_size() > kMostContexts) {
    return Invalid("TOO_MANY_CONTEXTS", "more requested contexts than any sign-in type has");
  }
  Attempt out;
  out.type = View(context.type());
  out.application = View(application);
  out.requested_contexts.assign(context.requested_contexts().begin(),
                                context.requested_contexts().end());
  out.comparison = View(context.comparison());
  out.skip_dupe = View(context.skip_dupe());
  out.stay_at_level = context.stay_at_level();
  return out;
}

absl::StatusOr<SsoeAssertion> UnpackAssertion(const v1::SsoeAssertion& message) {
  SsoeAssertion out;
  out.authn_context = View(message.authn_context());
  const absl::Status status =
      UnpackStatement(message, message.attributes(), out.attributes, out.auth_time);
  if (!status.ok()) return status;
  return out;
}

absl::StatusOr<OidcAssertion> UnpackAssertion(const v1::OidcCredential& message) {
  const std::optional<identity::Csp> issuer = rpc::UnpackCsp(message.issuer());
  const std::optional<identity::Csp> service = rpc::UnpackCsp(message.service());
  if (!issuer || !service) return Invalid("CSP_UNKNOWN", "no such credential service provider");
  if (*issuer != identity::Csp::kIdme && *issuer != identity::Csp::kLogingov) {
    return Invalid("CSP_UNKNOWN", "only ID.me and Login.gov have an OpenID Connect provider");
  }
  OidcAssertion out;
  out.issuer = *issuer;
  out.service = *service;
  out.requested_acr = View(message.requested_acr());
  out.acr = View(message.acr());
  const absl::Status status = UnpackStatement(message, message.claims(), out.claims, out.auth_time);
  if (!status.ok()) return status;
  return out;
}

absl::StatusOr<MpiAnswer> UnpackMpiAnswer(common::v1::MpiOutcome outcome,
                                          const common::v1::Profile* profile,
                                          common::v1::MpiOutcome added) {
  const std::optional<MpiOutcome> known = UnpackOutcome(outcome);
  const std::optional<MpiOutcome> known_added = UnpackOutcome(added);
  if (!known || !known_added) return Invalid("UNKNOWN_MPI_OUTCOME", "no such MPI outcome");
  MpiAnswer out;
  out.outcome = *known;
  out.add_outcome = *known_added;
  if ((out.outcome == MpiOutcome::kOk) != (profile != nullptr)) {
    return Invalid("MPI_PROFILE", "a profile comes with the outcome OK and with no other");
  }
  if (profile != nullptr) out.profile = UnpackProfile(*profile);
  return out;
}

absl::StatusOr<MpiAnswer> UnpackMpiAnswer(const v1::AdmitRequest& request) {
  return UnpackMpiAnswer(request.mpi_outcome(),
                         request.has_mpi_profile() ? &request.mpi_profile() : nullptr,
                         request.mpi_add_outcome());
}

absl::StatusOr<LiveSession> UnpackSession(const v1::RenewDecisionRequest& request,
                                          const identity::Policy& policy) {
  const common::v1::Assurance& held = request.assurance();
  if (!IsLevel(held.ial()) || !IsLevel(held.aal())) {
    return Invalid("ASSURANCE", "ial and aal are 1 or 2");
  }
  LiveSession out;
  out.assurance.ial = held.ial();
  out.assurance.aal = held.aal();
  out.assurance.csp = rpc::UnpackCsp(held.csp());
  if (!out.assurance.csp) return Invalid("ASSURANCE", "no such credential service provider");
  if (held.has_auth_time()) {
    if (!rpc::IsTime(held.auth_time())) return Invalid("BAD_TIME", "auth_time is not a time");
    out.assurance.auth_time = rpc::UnpackTime(held.auth_time());
  }
  out.application = View(ApplicationOr(request.application(), policy));
  const absl::string_view dispute = base::Describe(base::SignInCode::kMhvIcnMismatch).code;
  out.icn_in_dispute =
      std::any_of(request.waived_findings().begin(), request.waived_findings().end(),
                  [&](const std::string& code) { return View(code) == dispute; });
  return out;
}

absl::StatusOr<TermsDecision> UnpackTermsDecision(v1::TermsDecision decision) {
  switch (decision) {
    case v1::TERMS_DECISION_ACCEPTED:
      return TermsDecision::kAccepted;
    case v1::TERMS_DECISION_DECLINED:
      return TermsDecision::kDeclined;
    default:
      return Invalid("TERMS_DECISION", "terms are accepted or declined");
  }
}

}  // namespace va::attributes
