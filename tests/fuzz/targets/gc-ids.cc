// fuzz: the pipe-joined identifiers of a person
// parser: lib/identity/gc_ids.cc
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/identity/gc_ids.h"
#include "lib/identity/text.h"
#include "tests/fuzz/harness.h"

namespace va::fuzz {

const char kMustReach[] = "ICN";

namespace {

using identity::CspId;
using identity::GcIdKind;
using identity::GcIds;
using Strings = std::vector<std::string>;

// ---- the independent look: split, then each rule of the grammar as it is written down ----

using Fields = std::vector<std::string>;

bool IsWord(absl::string_view text, bool hyphens = false) {
  return std::all_of(text.begin(), text.end(), [hyphens](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || (hyphens && c == '-');
  });
}

bool IsIdentifier(const Fields& fields) {
  if (fields.size() != 5 || !IsWord(fields[0], true)) return false;
  for (size_t i = 0; i < 5; ++i) {
    if ((i < 4 && fields[i].empty()) || (i > 0 && !IsWord(fields[i]))) return false;
  }
  return true;
}

struct Split {
  std::vector<Fields> rows;
  size_t malformed = 0;
};

Split SplitAll(absl::string_view text) {
  Split out;
  for (const absl::string_view token : absl::StrSplit(text, '|', absl::SkipEmpty())) {
    Fields fields = absl::StrSplit(token, '^');
    if (IsIdentifier(fields)) {
      out.rows.push_back(std::move(fields));
    } else {
      ++out.malformed;
    }
  }
  return out;
}

// The ids of the rows `id^rest` for a rest of `type^facility^authority^status`, without hyphens
// unless they are allowed.
Strings IdsOf(const Split& split, absl::string_view rest, bool hyphens = false) {
  Strings out;
  for (const Fields& row : split.rows) {
    const bool right = absl::StrCat(row[1], "^", row[2], "^", row[3], "^", row[4]) == rest;
    if (right && IsWord(row[0], hyphens)) out.push_back(row[0]);
  }
  return out;
}

// Facilities of the patient ids at VHA with one of these statuses; any when there is none.
Strings FacilitiesOf(const Split& split, const Strings& statuses, const Strings& but) {
  Strings out;
  for (const Fields& row : split.rows) {
    if (row[1] != "PI" || row[3] != "USVHA" || row[4].empty() || !IsWord(row[0])) continue;
    const auto in = [&row](const Strings& list) {
      return std::find(list.begin(), list.end(), row[4]) != list.end();
    };
    if ((statuses.empty() || in(statuses)) && !in(but)) out.push_back(row[2]);
  }
  return out;
}

Strings DigitsOf(const Strings& ids) {
  Strings out;
  for (const std::string& id : ids) {
    const auto from =
        std::find_if(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto to = std::find_if(from, id.end(), [](char c) { return c < '0' || c > '9'; });
    if (from != to) out.emplace_back(from, to);
  }
  return out;
}

// ---- comparing ----

template <typename T>
Strings Plain(const std::vector<T>& values) {
  Strings out;
  for (const T& value : values) out.push_back(value.Reveal());
  return out;
}

template <typename T>
Strings Plain(const std::optional<T>& value) {
  return value ? Strings{value->Reveal()} : Strings{};
}

Strings FirstOf(const Strings& all) { return all.empty() ? all : Strings{all.front()}; }

// The first id counts, even when it holds no digits.
Strings DigitsOfFirst(const Strings& all) { return DigitsOf(FirstOf(all)); }

void RequireLists(const Split& split, const GcIds& ids) {
  const Strings icns = IdsOf(split, "NI^200M^USVHA^P");
  Require(Plain(ids.permanent_icns()) == icns && Plain(ids.icn()) == FirstOf(icns), "ICNs");
  Require(Plain(ids.icn_with_aaid()) ==
              (icns.empty() ? Strings{} : Strings{icns.front() + "^NI^200M^USVHA"}),
          "the ICN with its authority");
  const Strings edipis = IdsOf(split, "NI^200DOD^USDOD^A");
  Require(Plain(ids.edipis()) == DigitsOf(edipis), "EDIPIs");
  for (const CspId& edipi : ids.valid_edipis()) {
    Require(identity::IsEdipi(edipi.Reveal()), "a valid EDIPI that is none");
  }
  Require(!ids.edipi() || identity::IsEdipi(ids.edipi()->Reveal()), "an EDIPI that is none");
  const Strings corps = IdsOf(split, "PI^200CORP^USVBA^A");
  Require(Plain(ids.corp_ids()) == DigitsOf(corps), "corp ids");
  Require(Plain(ids.participant_id()) == DigitsOfFirst(corps), "the corp id");
  const Strings birls = IdsOf(split, "PI^200BRLS^USVBA^A");
  Require(Plain(ids.birls_ids()) == DigitsOf(birls), "BIRLS ids");
  Require(Plain(ids.birls_id()) == DigitsOfFirst(birls), "the BIRLS id");
  const Strings iens = IdsOf(split, "PI^200MHS^USVHA^A");
  Require(Plain(ids.mhv_iens()) == DigitsOf(iens), "IENs");
  Require(Plain(ids.mhv_ien()) == DigitsOfFirst(iens), "the IEN");
  const Strings secs = IdsOf(split, "PN^200PROV^USDVA^A");
  Require(Plain(ids.sec_ids()) == secs && Plain(ids.sec_id()) == FirstOf(secs), "sec ids");
  Require(Plain(ids.idme_id()) == FirstOf(IdsOf(split, "PN^200VIDM^USDVA^A")), "ID.me");
  Require(Plain(ids.logingov_id()) == FirstOf(IdsOf(split, "PN^200VLGN^USDVA^A", true)),
          "Login.gov");
  Require(Plain(ids.vet360_id()) == FirstOf(IdsOf(split, "PI^200VETS^USDVA^A")), "VA Profile");
}

void RequireFacilities(const Split& split, const GcIds& ids) {
  Require(ids.vha_facility_ids() == FacilitiesOf(split, {}, {}), "facilities");
  Require(ids.active_facility_ids() == FacilitiesOf(split, {"A"}, {}), "active facilities");
  Require(ids.cerner_facility_ids() == FacilitiesOf(split, {"C"}, {}), "Cerner facilities");
  Require(ids.deprecated_facility_ids() == FacilitiesOf(split, {}, {"A", "C"}),
          "deprecated facilities");
  size_t held = 0;
  for (const auto& [facility, some] : ids.vha_facility_hash()) held += some.size();
  Require(held == ids.vha_facility_ids().size(), "ids by facility");
  Require(ids.active_mhv_ids().size() <= ids.mhv_ids().size(), "more active MHV ids than MHV ids");
  Require(Plain(ids.mhv_correlation_id()) == FirstOf(Plain(ids.active_mhv_ids())),
          "the MHV id others know");
  for (const CspId& id : ids.mhv_ids()) {
    Require(ids.Holds(GcIdKind::kMhvId, id) && ids.HoldsAnyOf(GcIdKind::kMhvId, id), "an MHV id");
  }
  Require(ids.HasStatus("PCE") == std::any_of(split.rows.begin(), split.rows.end(),
                                              [](const Fields& row) { return row[4] == "PCE"; }),
          "a PCE status");
}

// Written and read again it is the same.
void RequireReturns(const GcIds& ids) {
  const std::vector<identity::CorrelatedId> rows = ids.rows();
  Strings tokens;
  for (const identity::CorrelatedId& row : rows) {
    tokens.push_back(absl::StrCat(row.id.Reveal(), "^", row.id_type, "^", row.facility, "^",
                                  row.authority, "^", row.status));
    const auto again = identity::ParseCorrelatedId(tokens.back());
    Require(again && *again == row, "a row that does not return");
  }
  Require(identity::ParseGcIds(absl::StrJoin(tokens, "|")).rows() == rows, "rows do not return");
  Require(identity::FromCorrelatedIds(rows).rows() == rows, "rows of an answer do not return");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text = TextOf(data, size);
  GcIds ids;
  Judge(size, [&] {
    ids = identity::ParseGcIds(text);
    return std::string(ids.icn() ? "ICN" : ids.size() > 0 ? "IDS" : "NONE");
  });
  const Split split = SplitAll(text);
  Require(ids.size() == split.rows.size(), "another number of rows");
  Require(ids.malformed() == split.malformed, "another number of tokens that are none");
  RequireLists(split, ids);
  RequireFacilities(split, ids);
  RequireReturns(ids);
  return 0;
}

}  // namespace va::fuzz
