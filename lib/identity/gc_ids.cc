#include "lib/identity/gc_ids.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace va::identity {
namespace {

constexpr std::uint32_t Bit(GcIdKind kind) { return static_cast<std::uint32_t>(kind); }

bool IsWordChar(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool IsWord(absl::string_view text) {
  for (const char c : text) {
    if (!IsWordChar(c)) return false;
  }
  return true;
}

// An id may also hold hyphens: Login.gov's are UUIDs.
bool IsIdText(absl::string_view text) {
  for (const char c : text) {
    if (!IsWordChar(c) && c != '-') return false;
  }
  return true;
}

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

bool Is(const CorrelatedId& row, absl::string_view type, absl::string_view facility,
        absl::string_view authority) {
  return row.id_type == type && row.facility == facility && row.authority == authority;
}

// 200MH, 200MHV and 200MHS are three live spellings of My HealtheVet.
bool IsMhvFacility(absl::string_view facility) {
  return absl::StartsWith(facility, "200MH") && facility.size() <= 6;
}

std::uint32_t PatientKinds(const CorrelatedId& row) {
  const bool active = row.status == "A";
  std::uint32_t kinds = 0;
  if (IsMhvFacility(row.facility) && !row.status.empty()) {
    kinds |= Bit(GcIdKind::kMhvId);
    if (active) kinds |= Bit(GcIdKind::kActiveMhvId);
  }
  if (row.authority == "USVHA" && !row.status.empty()) {
    kinds |= Bit(GcIdKind::kVhaFacility);
    if (row.status == "C") kinds |= Bit(GcIdKind::kCernerFacility);
    if (active && row.facility == "200MHS") kinds |= Bit(GcIdKind::kMhvIen);
  }
  if (!active) return kinds;
  if (Is(row, "PI", "200CORP", "USVBA")) kinds |= Bit(GcIdKind::kCorpId);
  if (Is(row, "PI", "200BRLS", "USVBA")) kinds |= Bit(GcIdKind::kBirlsId);
  if (Is(row, "PI", "200VETS", "USDVA")) kinds |= Bit(GcIdKind::kVet360Id);
  if (row.facility == "200CRNR" && absl::StartsWith(row.authority, "US") &&
      row.authority.size() > 2) {
    kinds |= Bit(GcIdKind::kCernerId);
  }
  return kinds;
}

std::uint32_t VaKinds(const CorrelatedId& row) {
  // Only Login.gov ids may hold a hyphen.
  const bool word = IsWord(row.id.Reveal());
  if (!word) {
    const bool logingov = Is(row, "PN", "200VLGN", "USDVA") && row.status == "A";
    return logingov ? Bit(GcIdKind::kLogingov) : 0;
  }
  if (row.id_type == "PI") return PatientKinds(row);
  if (Is(row, "NI", "200M", "USVHA") && !row.status.empty()) {
    return row.status == "P" ? Bit(GcIdKind::kIcn) | Bit(GcIdKind::kAnyIcn)
                             : Bit(GcIdKind::kAnyIcn);
  }
  if (row.status != "A" || row.id_type != "PN" || row.authority != "USDVA") return 0;
  if (row.facility == "200PROV") return Bit(GcIdKind::kSecId);
  if (row.facility == "200VIDM") return Bit(GcIdKind::kIdme);
  if (row.facility == "200VLGN") return Bit(GcIdKind::kLogingov);
  return 0;
}

std::uint32_t DodKinds(const CorrelatedId& row) {
  const bool edipi = Is(row, "NI", "200DOD", "USDOD") && row.status == "A";
  return edipi && IsWord(row.id.Reveal()) ? Bit(GcIdKind::kEdipi) : 0;
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

std::size_t DigitRunLength(absl::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  return n;
}

}  // namespace

std::optional<CorrelatedId> ParseCorrelatedId(absl::string_view token, absl::string_view root) {
  std::array<absl::string_view, 5> fields;
  std::size_t count = 0;
  for (absl::string_view rest = token;;) {
    const std::size_t caret = rest.find('^');
    if (count == fields.size()) return std::nullopt;
    fields[count++] = rest.substr(0, caret);
    if (caret == absl::string_view::npos) break;
    rest.remove_prefix(caret + 1);
  }
  if (count != fields.size()) return std::nullopt;
  for (std::size_t i = 0; i < 4; ++i) {
    if (fields[i].empty()) return std::nullopt;
  }
  if (!IsIdText(fields[0])) return std::nullopt;
  for (std::size_t i = 1; i < fields.size(); ++i) {
    if (!IsWord(fields[i])) return std::nullopt;
  }
  return CorrelatedId{CspId::FromWire(Str(fields[0])),
                      Str(fields[1]),
                      Str(fields[2]),
                      Str(fields[3]),
                      Str(fields[4]),
                      Str(root)};
}

std::uint32_t KindsOf(const CorrelatedId& row) {
  // A pattern counts only under its own root; the pipe form has none and is read under both.
  std::uint32_t kinds = 0;
  if (row.root.empty() || row.root == kVaRoot) kinds |= VaKinds(row);
  if (row.root.empty() || row.root == kDodRoot) kinds |= DodKinds(row);
  return kinds;
}

GcIds::GcIds(std::vector<CorrelatedId> rows, std::size_t malformed)
    : rows_(std::move(rows)), malformed_(malformed) {
  kinds_.reserve(rows_.size());
  for (const CorrelatedId& row : rows_) {
    kinds_.push_back(KindsOf(row));
    all_kinds_ |= kinds_.back();
  }
}

std::size_t GcIds::Count(GcIdKind kind) const {
  if (!Has(kind)) return 0;
  std::size_t count = 0;
  for (const std::uint32_t kinds : kinds_) count += (kinds & Bit(kind)) != 0 ? 1 : 0;
  return count;
}

std::optional<CspId> GcIds::First(GcIdKind kind) const {
  if (!Has(kind)) return std::nullopt;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if ((kinds_[i] & Bit(kind)) != 0) return rows_[i].id;
  }
  return std::nullopt;
}

std::vector<CspId> GcIds::All(GcIdKind kind) const {
  std::vector<CspId> out;
  out.reserve(Count(kind));
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if ((kinds_[i] & Bit(kind)) != 0) out.push_back(rows_[i].id);
  }
  return out;
}

std::optional<Icn> GcIds::icn() const {
  const std::optional<CspId> id = First(GcIdKind::kIcn);
  if (!id) return std::nullopt;
  return Icn::FromWire(id->Reveal());
}

std::optional<PersonText> GcIds::icn_with_aaid() const {
  const std::optional<CspId> id = First(GcIdKind::kIcn);
  if (!id) return std::nullopt;
  return PersonText::FromWire(id->Reveal() + "^NI^200M^USVHA");
}

std::vector<Icn> GcIds::permanent_icns() const {
  std::vector<Icn> out;
  for (const CspId& id : All(GcIdKind::kIcn)) out.push_back(Icn::FromWire(id.Reveal()));
  return out;
}

std::vector<Icn> GcIds::historical_icns() const {
  std::vector<Icn> out;
  for (const CspId& id : All(GcIdKind::kAnyIcn)) out.push_back(Icn::FromWire(id.Reveal()));
  return out;
}

std::optional<CspId> GcIds::edipi() const {
  const std::optional<CspId> id = First(GcIdKind::kEdipi);
  if (!id) return std::nullopt;
  std::optional<std::string> digits = FirstTenDigitRun(id->Reveal());
  if (!digits) return std::nullopt;
  return CspId::FromWire(*std::move(digits));
}

std::vector<CspId> GcIds::Digits(GcIdKind kind) const {
  std::vector<CspId> out;
  for (const CspId& id : All(kind)) {
    std::optional<std::string> digits = FirstDigitRun(id.Reveal());
    if (digits) out.push_back(CspId::FromWire(*std::move(digits)));
  }
  return out;
}

std::optional<CspId> GcIds::FirstDigits(GcIdKind kind) const {
  const std::optional<CspId> id = First(kind);
  if (!id) return std::nullopt;
  std::optional<std::string> digits = FirstDigitRun(id->Reveal());
  if (!digits) return std::nullopt;
  return CspId::FromWire(*std::move(digits));
}

std::vector<std::string> GcIds::Facilities(GcIdKind kind) const {
  std::vector<std::string> out;
  out.reserve(Count(kind));
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if ((kinds_[i] & Bit(kind)) != 0) out.push_back(rows_[i].facility);
  }
  return out;
}

std::map<std::string, std::vector<CspId>> GcIds::vha_facility_hash() const {
  std::map<std::string, std::vector<CspId>> out;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if ((kinds_[i] & Bit(GcIdKind::kVhaFacility)) != 0) {
      out[rows_[i].facility].push_back(rows_[i].id);
    }
  }
  return out;
}

GcIds ParseGcIds(absl::string_view joined) {
  std::vector<CorrelatedId> rows;
  std::size_t bars = 1;
  for (const char c : joined) bars += c == '|' ? 1 : 0;
  rows.reserve(bars);
  std::size_t malformed = 0;
  while (!joined.empty()) {
    const std::size_t bar = joined.find('|');
    const absl::string_view token = joined.substr(0, bar);
    joined.remove_prefix(bar == absl::string_view::npos ? joined.size() : bar + 1);
    if (token.empty()) continue;
    std::optional<CorrelatedId> row = ParseCorrelatedId(token);
    if (row) {
      rows.push_back(*std::move(row));
    } else {
      ++malformed;
    }
  }
  return GcIds(std::move(rows), malformed);
}

GcIds FromCorrelatedIds(absl::Span<const CorrelatedId> rows) {
  return GcIds(std::vector<CorrelatedId>(rows.begin(), rows.end()));
}

std::optional<std::string> FirstDigitRun(absl::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t length = DigitRunLength(text.substr(i));
    if (length > 0) return Str(text.substr(i, length));
  }
  return std::nullopt;
}

std::optional<std::string> FirstTenDigitRun(absl::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = DigitRunLength(text.substr(i));
    if (length == 10) return Str(text.substr(i, length));
    i += length + 1;
  }
  return std::nullopt;
}

}  // namespace va::identity
