#include "lib/identity/gc_ids.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

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

// One identifier as views.
struct View {
  absl::string_view id;
  absl::string_view id_type;
  absl::string_view facility;
  absl::string_view authority;
  absl::string_view status;
  absl::string_view root;
};

bool Is(const View& row, absl::string_view type, absl::string_view facility,
        absl::string_view authority) {
  return row.id_type == type && row.facility == facility && row.authority == authority;
}

// 200MH, 200MHV and 200MHS are three live spellings of My HealtheVet.
bool IsMhvFacility(absl::string_view facility) {
  return absl::StartsWith(facility, "200MH") && facility.size() <= 6;
}

std::uint32_t PatientKinds(const View& row) {
  const bool active = row.status == "A";
  std::uint32_t kinds = 0;
  if (IsMhvFacility(row.facility) && !row.status.empty()) {
    kinds |= Bit(GcIdKind::kMhvId);
    if (active) kinds |= Bit(GcIdKind::kActiveMhvId);
  }
  if (row.authority == "USVHA" && !row.status.empty()) {
    kinds |= Bit(GcIdKind::kVhaFacility);
    kinds |= Bit(active              ? GcIdKind::kActiveFacility
                 : row.status == "C" ? GcIdKind::kCernerFacility
                                     : GcIdKind::kDeprecatedFacility);
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

std::uint32_t VaKinds(const View& row) {
  // Only Login.gov ids may hold a hyphen.
  const bool word = IsWord(row.id);
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

std::uint32_t DodKinds(const View& row) {
  const bool edipi = Is(row, "NI", "200DOD", "USDOD") && row.status == "A";
  return edipi && IsWord(row.id) ? Bit(GcIdKind::kEdipi) : 0;
}

std::uint32_t KindsOfView(const View& row) {
  // A pattern counts only under its own root; the pipe form has none and is read under both.
  std::uint32_t kinds = 0;
  if (row.root.empty() || row.root == kVaRoot) kinds |= VaKinds(row);
  if (row.root.empty() || row.root == kDodRoot) kinds |= DodKinds(row);
  return kinds;
}

std::optional<View> SplitToken(absl::string_view token) {
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
  return View{fields[0], fields[1], fields[2], fields[3], fields[4], {}};
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

std::size_t DigitRunLength(absl::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  return n;
}

}  // namespace

std::optional<CorrelatedId> ParseCorrelatedId(absl::string_view token, absl::string_view root) {
  const std::optional<View> view = SplitToken(token);
  if (!view) return std::nullopt;
  return CorrelatedId{CspId::FromWire(Str(view->id)), Str(view->id_type), Str(view->facility),
                      Str(view->authority),           Str(view->status),  Str(root)};
}

std::uint32_t KindsOf(const CorrelatedId& row) {
  return KindsOfView(
      {row.id.Reveal(), row.id_type, row.facility, row.authority, row.status, row.root});
}

GcIds::GcIds(absl::Span<const CorrelatedId> rows, std::size_t malformed) : malformed_(malformed) {
  std::size_t size = 0;
  for (const CorrelatedId& row : rows) {
    size += row.id.Reveal().size() + row.id_type.size() + row.facility.size() +
            row.authority.size() + row.status.size() + row.root.size() + kFieldCount;
  }
  text_.reserve(size);
  rows_.reserve(rows.size());
  for (const CorrelatedId& row : rows) {
    const std::array<absl::string_view, kFieldCount> fields = {
        row.id.Reveal(), row.id_type, row.facility, row.authority, row.status, row.root};
    const std::size_t at = text_.size();
    for (const absl::string_view field : fields) {
      text_.append(field.data(), field.size());
      text_ += '^';
    }
    Add(at, fields);
  }
}

void GcIds::Add(std::size_t at, const std::array<absl::string_view, kFieldCount>& fields) {
  Row row;
  row.at = static_cast<std::uint32_t>(at);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    row.sizes[i] = static_cast<std::uint32_t>(fields[i].size());
  }
  row.kinds = KindsOfView({fields[kId], fields[kIdType], fields[kFacility], fields[kAuthority],
                           fields[kStatus], fields[kRoot]});
  all_kinds_ |= row.kinds;
  rows_.push_back(row);
}

absl::string_view GcIds::At(const Row& row, Field field) const {
  if (row.sizes[field] == 0) return {};
  std::size_t at = row.at;
  for (std::size_t i = 0; i < field; ++i) at += row.sizes[i] + 1;
  return absl::string_view(text_).substr(at, row.sizes[field]);
}

std::vector<CorrelatedId> GcIds::rows() const {
  std::vector<CorrelatedId> out;
  out.reserve(rows_.size());
  for (const Row& row : rows_) {
    out.push_back({CspId::FromWire(Str(At(row, kId))), Str(At(row, kIdType)),
                   Str(At(row, kFacility)), Str(At(row, kAuthority)), Str(At(row, kStatus)),
                   Str(At(row, kRoot))});
  }
  return out;
}

std::size_t GcIds::Count(GcIdKind kind) const {
  if (!Has(kind)) return 0;
  std::size_t n = 0;
  for (const Row& row : rows_) n += (row.kinds & Bit(kind)) != 0 ? 1 : 0;
  return n;
}

const GcIds::Row* GcIds::FirstRow(GcIdKind kind) const {
  if (!Has(kind)) return nullptr;
  for (const Row& row : rows_) {
    if ((row.kinds & Bit(kind)) != 0) return &row;
  }
  return nullptr;
}

bool GcIds::HasStatus(absl::string_view status) const {
  for (const Row& row : rows_) {
    if (At(row, kStatus) == status) return true;
  }
  return false;
}

std::optional<CspId> GcIds::First(GcIdKind kind) const {
  const Row* row = FirstRow(kind);
  if (row == nullptr) return std::nullopt;
  return CspId::FromWire(Str(At(*row, kId)));
}

bool GcIds::FirstIs(GcIdKind kind, absl::string_view id) const {
  const Row* row = FirstRow(kind);
  return row != nullptr && At(*row, kId) == id;
}

bool GcIds::Holds(GcIdKind kind, const CspId& id) const { return HoldsText(kind, id.Reveal()); }

bool GcIds::HoldsAnyOf(GcIdKind kind, const CspId& list) const {
  for (absl::string_view item : absl::StrSplit(list.Reveal(), ',')) {
    item = absl::StripAsciiWhitespace(item);
    if (!item.empty() && HoldsText(kind, item)) return true;
  }
  return false;
}

bool GcIds::HoldsText(GcIdKind kind, absl::string_view id) const {
  for (const Row& row : rows_) {
    if ((row.kinds & Bit(kind)) != 0 && At(row, kId) == id) return true;
  }
  return false;
}

std::vector<CspId> GcIds::All(GcIdKind kind) const {
  std::vector<CspId> out;
  out.reserve(Count(kind));
  for (const Row& row : rows_) {
    if ((row.kinds & Bit(kind)) != 0) out.push_back(CspId::FromWire(Str(At(row, kId))));
  }
  return out;
}

std::optional<Icn> GcIds::icn() const {
  const Row* row = FirstRow(GcIdKind::kIcn);
  if (row == nullptr) return std::nullopt;
  return Icn::FromWire(Str(At(*row, kId)));
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

std::vector<CspId> GcIds::valid_edipis() const {
  std::vector<CspId> out;
  for (const CspId& id : All(GcIdKind::kEdipi)) {
    std::optional<std::string> digits = FirstTenDigitRun(id.Reveal());
    if (digits) out.push_back(CspId::FromWire(*std::move(digits)));
  }
  return out;
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
  for (const Row& row : rows_) {
    if ((row.kinds & Bit(kind)) != 0) out.push_back(Str(At(row, kFacility)));
  }
  return out;
}

std::map<std::string, std::vector<CspId>> GcIds::vha_facility_hash() const {
  std::map<std::string, std::vector<CspId>> out;
  for (const Row& row : rows_) {
    if ((row.kinds & Bit(GcIdKind::kVhaFacility)) != 0) {
      out[Str(At(row, kFacility))].push_back(CspId::FromWire(Str(At(row, kId))));
    }
  }
  return out;
}

GcIds ParseGcIds(absl::string_view joined) {
  GcIds out;
  out.text_.assign(joined.data(), joined.size());
  std::size_t at = 0;
  while (at < joined.size()) {
    const std::size_t begin = at;
    const std::size_t bar = joined.find('|', begin);
    const std::size_t end = bar == absl::string_view::npos ? joined.size() : bar;
    at = end + 1;
    if (end == begin) continue;
    const std::optional<View> row = SplitToken(joined.substr(begin, end - begin));
    if (row) {
      out.Add(begin,
              {row->id, row->id_type, row->facility, row->authority, row->status, row->root});
    } else {
      ++out.malformed_;
    }
  }
  return out;
}

GcIds FromCorrelatedIds(absl::Span<const CorrelatedId> rows) { return GcIds(rows); }

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
