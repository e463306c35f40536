#include "services/auth-gateway/domain/user_profile.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::gateway {
namespace {

using identity::CspId;
using identity::GcIdKind;

constexpr char kSeveralMhvIds[] = "101";

// The source's own HTTP status where that says what is wrong, else the nearest in meaning.
int HttpStatusOf(const absl::Status& status) {
  int told = 0;
  if (absl::SimpleAtoi(base::FactOf(status, "status"), &told) && told >= 400 && told <= 599) {
    return told;
  }
  if (absl::IsDeadlineExceeded(status)) return 504;
  if (absl::IsNotFound(status)) return 404;
  return absl::IsUnavailable(status) ? 503 : 502;
}

// In words of ours: what a library or the other side says may quote the person.
absl::string_view WordsOf(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return "did not answer in time";
  if (absl::IsNotFound(status)) return "does not know this person";
  if (absl::IsUnavailable(status)) return "could not be asked";
  return "gave no usable answer";
}

const PersonRecord::Name* FindName(const PersonRecord& record, absl::string_view use) {
  for (const PersonRecord::Name& name : record.names) {
    if (name.use == use) return &name;
  }
  return nullptr;
}

bool Waived(const SessionRecord& session, absl::string_view code) {
  const auto& waived = session.waived_findings;
  return std::find(waived.begin(), waived.end(), code) != waived.end();
}

// A station has a number of three digits, and perhaps letters. Codes from 200 on with letters are
// systems, not places (200MHV, 200CORP), and so is what has no number.
bool IsStation(absl::string_view facility) {
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  return facility.size() >= 3 && std::all_of(facility.begin(), facility.begin() + 3, is_digit) &&
         !absl::StartsWith(facility, "200");
}

// Facilities where the person is known today, each once. MPI keeps deprecated ones in the same
// list (mpi_mhv.md 3.1, 4).
std::vector<Facility> FacilitiesOf(const identity::GcIds& ids) {
  std::vector<Facility> facilities;
  for (const identity::CorrelatedId& row : ids.rows()) {
    const std::uint32_t kinds = identity::KindsOf(row);
    const bool is_cerner = (kinds & static_cast<std::uint32_t>(GcIdKind::kCernerFacility)) != 0;
    const bool is_vha = (kinds & static_cast<std::uint32_t>(GcIdKind::kVhaFacility)) != 0;
    if (!is_vha || !IsStation(row.facility) || (row.status != "A" && !is_cerner)) continue;
    const auto known =
        std::find_if(facilities.begin(), facilities.end(),
                     [&row](const Facility& facility) { return facility.id == row.facility; });
    if (known == facilities.end()) {
      facilities.push_back({row.facility, is_cerner});
    } else {
      known->is_cerner = known->is_cerner || is_cerner;
    }
  }
  return facilities;
}

// An MHV id often stands in two rows, as MHV id and as IEN.
std::vector<CspId> Distinct(const std::vector<CspId>& ids) {
  std::vector<CspId> distinct;
  for (const CspId& id : ids) {
    if (std::find(distinct.begin(), distinct.end(), id) == distinct.end()) distinct.push_back(id);
  }
  return distinct;
}

std::string MhvAccountStateOf(const std::vector<CspId>& all, const std::vector<CspId>& active) {
  const bool deactivated = std::any_of(all.begin(), all.end(), [&active](const CspId& id) {
    return std::find(active.begin(), active.end(), id) == active.end();
  });
  if (deactivated) return "DEACTIVATED";
  if (active.size() > 1) return "MULTIPLE";
  return active.empty() ? "NONE" : "OK";
}

}  // namespace

SourceFailure FailureOf(absl::string_view source, const absl::Status& status,
                        absl::Time start_time) {
  const int http_status = HttpStatusOf(status);
  std::string reason = base::ReasonOf(status);
  if (reason.empty()) reason = "UNKNOWN";
  return {std::string(source), start_time,
          absl::StrCat(reason, ", ", http_status, ", ", WordsOf(status)), http_status};
}

bool AsksMpi(const SessionRecord& session) {
  return session.assurance.loa_current == 3 && !session.person.icn.empty();
}

std::optional<CspId> Vet360IdOf(const SessionRecord& session, const PersonRecord& record) {
  if (!AsksMpi(session)) return std::nullopt;
  return record.ids.vet360_id();
}

MpiPart MpiPartOf(const SessionRecord& session, const PersonRecord& record) {
  MpiPart part;
  if (const PersonRecord::Name* const legal = FindName(record, "L")) {
    part.family_name = legal->family;
    part.given_names = legal->given;
  }
  const PersonRecord::Name* const preferred = FindName(record, "P");
  if (preferred != nullptr && !preferred->given.empty()) {
    part.preferred_name = preferred->given.front();
  }
  part.gender = record.gender;
  part.birth_date = record.birth_date.Dashed().value_or(record.birth_date);
  part.zip = record.postal_code;
  part.id_theft = record.id_theft;
  part.birls_id = record.ids.birls_id();

  part.cerner_id = record.ids.cerner_id();
  part.facilities = FacilitiesOf(record.ids);
  part.va_patient = !part.facilities.empty();
  for (const Facility& facility : part.facilities) {
    if (facility.is_cerner) part.cerner_facility_ids.push_back(facility.id);
  }
  std::vector<CspId> active = Distinct(record.ids.active_mhv_ids());
  part.mhv_account_state = MhvAccountStateOf(Distinct(record.ids.mhv_ids()), active);
  if (!Waived(session, kSeveralMhvIds)) part.active_mhv_ids = std::move(active);
  return part;
}

std::optional<MhvTier> MhvTierOf(const SessionRecord& session, const PersonRecord* record) {
  if (session.assurance.csp != identity::Csp::kMhv) return std::nullopt;
  for (const absl::string_view tier : {"Basic", "Advanced", "Premium"}) {
    if (session.account_type == tier) return MhvTier{std::string(tier), "credential"};
  }
  if (record != nullptr && !record->ids.Has(GcIdKind::kActiveMhvId)) {
    return MhvTier{"Basic", "absent_from_mpi"};
  }
  return std::nullopt;
}

}  // namespace va::gateway
