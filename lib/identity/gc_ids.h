// The one reader of correlated identifiers (decision M3), in both their forms: the pipe-joined
// `va_eauth_gcIds` of SSOe and the rows of an MPI answer. Every pattern of the specification is
// matched against a whole token, so that a newline cannot smuggle an identifier in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/identity/pii.h"

namespace va::identity {

// Root OIDs that decide who issued an identifier.
inline constexpr absl::string_view kVaRoot = "2.16.840.1.113883.4.349";
inline constexpr absl::string_view kDodRoot = "2.16.840.1.113883.3.42.10001.100001.12";

// One identifier: `id^id_type^facility^authority^status` under a root OID. The root is empty in the
// pipe form, where each pattern is tried under its own root.
struct CorrelatedId {
  CspId id;
  std::string id_type;
  std::string facility;
  std::string authority;
  std::string status;
  std::string root;

  bool operator==(const CorrelatedId&) const = default;
};

// Splits one `id^type^facility^authority^status`. Nothing when there are not exactly five fields,
// when one of the first four is empty, or when a field holds anything but word characters (an id
// may hold hyphens).
std::optional<CorrelatedId> ParseCorrelatedId(absl::string_view token, absl::string_view root = {});

// What a row can stand for. One row can be several: an active 200MHS id is an IEN, an MHV id, an
// active MHV id and a VHA facility at once.
enum class GcIdKind : std::uint32_t {
  kIcn = 1U << 0,              // NI^200M^USVHA^P
  kAnyIcn = 1U << 1,           // NI^200M^USVHA^(any status)
  kEdipi = 1U << 2,            // NI^200DOD^USDOD^A under the DoD root
  kCorpId = 1U << 3,           // PI^200CORP^USVBA^A, the participant id
  kBirlsId = 1U << 4,          // PI^200BRLS^USVBA^A
  kSecId = 1U << 5,            // PN^200PROV^USDVA^A
  kIdme = 1U << 6,             // PN^200VIDM^USDVA^A
  kLogingov = 1U << 7,         // PN^200VLGN^USDVA^A
  kMhvIen = 1U << 8,           // PI^200MHS^USVHA^A
  kMhvId = 1U << 9,            // PI^200MH + at most one character^(any)^(any)
  kActiveMhvId = 1U << 10,     // the same, status A
  kVet360Id = 1U << 11,        // PI^200VETS^USDVA^A
  kCernerId = 1U << 12,        // PI^200CRNR^US...^A
  kCernerFacility = 1U << 13,  // PI^(any)^USVHA^C
  kVhaFacility = 1U << 14,     // PI^(any)^USVHA^(any)
  kActiveFacility = 1U << 15,  // PI^(any)^USVHA^A
  // PI^(any)^USVHA^(anything but A and C): merged, unlinked, a mismatch, perhaps two people (PCE).
  kDeprecatedFacility = 1U << 16,
};

// All kinds of a row, as a bit set of GcIdKind.
std::uint32_t KindsOf(const CorrelatedId& row);

// The identifiers of one person, in the order received. One text and a table of where the fields
// stand in it: a person has a dozen rows, and every sign-in reads them.
class GcIds {
 public:
  GcIds() = default;
  explicit GcIds(absl::Span<const CorrelatedId> rows, std::size_t malformed = 0);

  // Copies of all rows.
  std::vector<CorrelatedId> rows() const;
  std::size_t size() const { return rows_.size(); }
  // Tokens that are not identifiers at all; counted, because the reference drops them silently.
  std::size_t malformed() const { return malformed_; }

  // Whether some row has this status whatever it stands for, e.g. PCE: two people may be mixed in
  // such an id.
  bool HasStatus(absl::string_view status) const;
  bool Has(GcIdKind kind) const { return (all_kinds_ & static_cast<std::uint32_t>(kind)) != 0; }
  // How many rows are of this kind.
  std::size_t Count(GcIdKind kind) const;
  // The id of the first row of this kind, unsanitised.
  std::optional<CspId> First(GcIdKind kind) const;
  // Whether the first row of this kind has exactly this id; no when there is none.
  bool FirstIs(GcIdKind kind, absl::string_view id) const;
  // Whether some row of this kind has exactly this id.
  bool Holds(GcIdKind kind, const CspId& id) const;
  // The same of any id of a comma list, as the broker writes sec_ids.
  bool HoldsAnyOf(GcIdKind kind, const CspId& list) const;
  // The ids of all rows of this kind, duplicates kept, unsanitised.
  std::vector<CspId> All(GcIdKind kind) const;

  // First permanent ICN.
  std::optional<Icn> icn() const;
  // `{icn}^NI^200M^USVHA` of the first permanent ICN.
  std::optional<PersonText> icn_with_aaid() const;
  // All permanent ICNs, duplicates kept.
  std::vector<Icn> permanent_icns() const;
  // Every ICN whatever its status.
  std::vector<Icn> historical_icns() const;

  // First active EDIPI: its first run of exactly ten digits; nothing when there is none.
  std::optional<CspId> edipi() const;
  // First run of digits of every active row; rows without digits drop out.
  std::vector<CspId> edipis() const { return Digits(GcIdKind::kEdipi); }
  // The same, but only whole EDIPIs, ten digits as edipi() wants them (mpi_mhv.md 3.1.5): what is
  // shorter names nobody.
  std::vector<CspId> valid_edipis() const;
  std::vector<CspId> corp_ids() const { return Digits(GcIdKind::kCorpId); }
  std::vector<CspId> birls_ids() const { return Digits(GcIdKind::kBirlsId); }
  std::vector<CspId> mhv_iens() const { return Digits(GcIdKind::kMhvIen); }
  std::optional<CspId> participant_id() const { return FirstDigits(GcIdKind::kCorpId); }
  std::optional<CspId> birls_id() const { return FirstDigits(GcIdKind::kBirlsId); }
  std::optional<CspId> mhv_ien() const { return FirstDigits(GcIdKind::kMhvIen); }

  std::optional<CspId> sec_id() const { return First(GcIdKind::kSecId); }
  std::vector<CspId> sec_ids() const { return All(GcIdKind::kSecId); }
  std::optional<CspId> idme_id() const { return First(GcIdKind::kIdme); }
  std::optional<CspId> logingov_id() const { return First(GcIdKind::kLogingov); }
  std::vector<CspId> mhv_ids() const { return All(GcIdKind::kMhvId); }
  std::vector<CspId> active_mhv_ids() const { return All(GcIdKind::kActiveMhvId); }
  // The one MHV id by which others know the person: the first active one (mpi_mhv.md 1.10).
  std::optional<CspId> mhv_correlation_id() const { return First(GcIdKind::kActiveMhvId); }
  std::optional<CspId> vet360_id() const { return First(GcIdKind::kVet360Id); }
  std::optional<CspId> cerner_id() const { return First(GcIdKind::kCernerId); }

  // Facility codes in order, duplicates kept. The first list holds every status, as the reference
  // has it; whether somebody is a patient is a question to the active ones (mpi_mhv.md 3.1.4).
  std::vector<std::string> vha_facility_ids() const { return Facilities(GcIdKind::kVhaFacility); }
  std::vector<std::string> active_facility_ids() const {
    return Facilities(GcIdKind::kActiveFacility);
  }
  std::vector<std::string> deprecated_facility_ids() const {
    return Facilities(GcIdKind::kDeprecatedFacility);
  }
  std::vector<std::string> cerner_facility_ids() const {
    return Facilities(GcIdKind::kCernerFacility);
  }
  // Facility to its ids, in order.
  std::map<std::string, std::vector<CspId>> vha_facility_hash() const;

 private:
  friend GcIds ParseGcIds(absl::string_view joined);

  // The fields of a row follow each other in text_, one separator between them.
  enum Field { kId, kIdType, kFacility, kAuthority, kStatus, kRoot, kFieldCount };
  struct Row {
    std::uint32_t at = 0;
    std::uint32_t kinds = 0;
    std::array<std::uint32_t, kFieldCount> sizes{};
  };

  absl::string_view At(const Row& row, Field field) const;
  const Row* FirstRow(GcIdKind kind) const;
  bool HoldsText(GcIdKind kind, absl::string_view id) const;
  void Add(std::size_t at, const std::array<absl::string_view, kFieldCount>& fields);
  std::vector<CspId> Digits(GcIdKind kind) const;
  std::optional<CspId> FirstDigits(GcIdKind kind) const;
  std::vector<std::string> Facilities(GcIdKind kind) const;

  std::string text_;
  absl::InlinedVector<Row, 12> rows_;
  std::uint32_t all_kinds_ = 0;
  std::size_t malformed_ = 0;
};

// Reads the pipe-joined form, VA pass and DoD pass in one. A trailing `|` and empty tokens are
// allowed; anything else that is no identifier is counted as malformed.
GcIds ParseGcIds(absl::string_view joined);

// Reads the rows of an MPI answer, each under the root it came with.
GcIds FromCorrelatedIds(absl::Span<const CorrelatedId> rows);

// First run of digits; nothing when there is none.
std::optional<std::string> FirstDigitRun(absl::string_view text);
// First run of exactly ten digits.
std::optional<std::string> FirstTenDigitRun(absl::string_view text);

}  // namespace va::identity
