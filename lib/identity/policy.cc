#include "lib/identity/policy.h"

#include <algorithm>

namespace va::identity {
namespace {

constexpr std::array<Check, kCheckCount> kChecks = {
    Check::kMhvIcnMismatch,   Check::kMultipleCorpIds, Check::kMultipleEdipis,
    Check::kMultipleMhvIds,   Check::kUuidMissing,     Check::kMultipleSecIds,
    Check::kMultipleBirlsIds, Check::kMultipleIcns,    Check::kIcnDisagreement,
    Check::kMalformedGcIds};

}  // namespace

bool Application::Waives(absl::string_view code) const {
  return std::any_of(waives.begin(), waives.end(), [&](const std::string& w) { return w == code; });
}

bool Application::Allows(Csp csp) const {
  return std::find(allowed_csps.begin(), allowed_csps.end(), csp) != allowed_csps.end();
}

bool RuleProfile::WaivesBySkipDupe(absl::string_view asked, absl::string_view code) const {
  return !skip_dupe.empty() && asked == skip_dupe &&
         std::find(skip_dupe_waives.begin(), skip_dupe_waives.end(), code) !=
             skip_dupe_waives.end();
}

absl::string_view ToString(Check check) {
  switch (check) {
    case Check::kMhvIcnMismatch:
      return "mhv_icn_mismatch";
    case Check::kMultipleCorpIds:
      return "multiple_corp_ids";
    case Check::kMultipleEdipis:
      return "multiple_edipis";
    case Check::kMultipleMhvIds:
      return "multiple_mhv_ids";
    case Check::kUuidMissing:
      return "uuid_missing";
    case Check::kMultipleSecIds:
      return "multiple_sec_ids";
    case Check::kMultipleBirlsIds:
      return "multiple_birls_ids";
    case Check::kMultipleIcns:
      return "multiple_icns";
    case Check::kIcnDisagreement:
      return "icn_disagreement";
    case Check::kMalformedGcIds:
      return "malformed_gcids";
  }
  return "";
}

std::optional<Check> CheckFromString(absl::string_view tag) {
  for (const Check check : kChecks) {
    if (tag == ToString(check)) return check;
  }
  return std::nullopt;
}

bool CspRow::IsOpen(absl::Time now) const {
  if (!enabled) return false;
  const absl::CivilDay today = absl::ToCivilDay(now, absl::UTCTimeZone());
  if (start && today < *start) return false;
  return !end || today <= *end;
}

const Application* Policy::FindApplication(absl::string_view name) const {
  for (const Application& row : applications) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const CspRow* Policy::FindCsp(Csp csp) const {
  for (const CspRow& row : csps) {
    if (row.csp == csp) return &row;
  }
  return nullptr;
}

const RuleProfile* Policy::FindProfile(absl::string_view name) const {
  for (const RuleProfile& row : profiles) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const IdpRow* Policy::FindIdp(absl::string_view name) const {
  for (const IdpRow& row : idps) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const IdpRow* Policy::FindIdpOf(Csp csp) const {
  const CspRow* const row = FindCsp(csp);
  return row == nullptr ? nullptr : FindIdp(row->idp);
}

}  // namespace va::identity
