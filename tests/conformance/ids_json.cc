#include "tests/conformance/ids_json.h"

namespace va::conformance {

void AddIds(const identity::GcIds& ids, Json& out) {
  using identity::GcIdKind;
  out["icn"] = OrNull(ids.icn());
  out["icn_with_aaid"] = OrNull(ids.icn_with_aaid());
  out["permanent_icns"] = ListOf(ids.permanent_icns());
  out["edipi"] = OrNull(ids.edipi());
  out["edipis"] = ListOf(ids.edipis());
  out["valid_edipis"] = ListOf(ids.valid_edipis());
  out["participant_id"] = out["vba_corp_id"] = OrNull(ids.participant_id());
  out["participant_ids"] = out["vba_corp_ids"] = ListOf(ids.corp_ids());
  out["birls_id"] = OrNull(ids.birls_id());
  out["birls_ids"] = ListOf(ids.birls_ids());
  out["sec_id"] = OrNull(ids.sec_id());
  out["sec_ids"] = ListOf(ids.sec_ids());
  out["idme_id"] = OrNull(ids.idme_id());
  out["logingov_id"] = OrNull(ids.logingov_id());
  out["mhv_ien"] = OrNull(ids.mhv_ien());
  out["mhv_iens"] = ListOf(ids.mhv_iens());
  out["mhv_ids"] = ListOf(ids.mhv_ids());
  out["active_mhv_ids"] = ListOf(ids.active_mhv_ids());
  out["mhv_correlation_id"] = OrNull(ids.mhv_correlation_id());
  out["vet360_id"] = OrNull(ids.vet360_id());
  out["cerner_id"] = OrNull(ids.cerner_id());
  out["cerner_facility_ids"] = ids.cerner_facility_ids();
  out["active_facility_ids"] = ids.active_facility_ids();
  out["deprecated_facility_ids"] = ids.deprecated_facility_ids();
  out["vha_facility_ids"] = ids.vha_facility_ids();
  Json hash = Json::object();
  for (const auto& [facility, held] : ids.vha_facility_hash()) hash[facility] = ListOf(held);
  out["vha_facility_hash"] = std::move(hash);
  out["malformed"] = ids.malformed();
}

}  // namespace va::conformance
