#include "services/mpi-adapter/hl7/compatible.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "lib/base/reference_names.h"

namespace va::mpi::hl7 {
namespace {

using identity::BirthDate;
using identity::PersonText;

// A record without a person: to the reference one who has nothing (mpi_mhv.md 1.13).
constexpr absl::string_view kNoPatient = "NO_PATIENT";

// Our reasons HTTP_404, HTTP_500 ... share one name.
absl::string_view KeyOf(absl::string_view reason) {
  return absl::StartsWith(reason, "HTTP_") ? "HTTP_STATUS" : reason;
}

std::optional<int> HttpStatusOf(absl::string_view reason) {
  if (reason == "SOAP_FAULT") return 500;  // whatever HTTP itself said
  int status = 0;
  if (!absl::ConsumePrefix(&reason, "HTTP_") || !absl::SimpleAtoi(reason, &status)) {
    return std::nullopt;
  }
  return status;
}

CompatibleOutcome Named(absl::string_view area, absl::string_view reason) {
  CompatibleOutcome out;
  out.status = "server_error";  // for what is ours alone: never "not found"
  const base::ReferenceName* name = base::FindReferenceName(area, KeyOf(reason));
  if (name == nullptr) return out;
  out.status = std::string(name->status);
  out.error = std::string(name->class_name);
  out.message = std::string(name->message);
  out.http_status = HttpStatusOf(reason);
  return out;
}

bool IsUpper(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); }
bool IsLower(char c) { return absl::ascii_islower(static_cast<unsigned char>(c)); }
char ToUpper(char c) { return absl::ascii_toupper(static_cast<unsigned char>(c)); }
char ToLower(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

// The accented capitals of Latin-1 are the bytes C3 80 to C3 9E, without the multiplication sign;
// their small letters lie 20 above.
bool IsAccentedUpper(char lead, char c) {
  const auto byte = static_cast<unsigned char>(c);
  return static_cast<unsigned char>(lead) == 0xC3 && byte >= 0x80 && byte <= 0x9E && byte != 0x97;
}

bool IsMixedCase(absl::string_view name) {
  return std::any_of(name.begin(), name.end(), IsLower) &&
         std::any_of(name.begin(), name.end(), IsUpper);
}

std::string AllLower(absl::string_view name) {
  std::string out(name);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i > 0 && IsAccentedUpper(out[i - 1], out[i])) {
      out[i] = static_cast<char>(static_cast<unsigned char>(out[i]) + 0x20);
    } else {
      out[i] = ToLower(out[i]);
    }
  }
  return out;
}

// Raises the letter at `at` of a text that came from `original`.
void Raise(absl::string_view original, std::size_t at, std::string& out) {
  if (at >= out.size()) return;
  if (at + 1 < out.size() && static_cast<unsigned char>(out[at]) == 0xC3) {
    out[at + 1] = original[at + 1];  // an accented first letter stays as it came
    return;
  }
  out[at] = ToUpper(out[at]);
}

std::string ProperName(absl::string_view name) {
  std::string out = AllLower(name);
  bool starts = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (starts) {
      Raise(name, i, out);
      const absl::string_view rest = absl::string_view(out).substr(i);
      if (rest.size() > 4 && absl::StartsWith(rest, "Mc")) out[i + 2] = ToUpper(out[i + 2]);
    }
    starts = out[i] == ' ' || out[i] == '-' || out[i] == '\'';
  }
  return out;
}

PersonText Shown(const PersonText& raw, bool mpi_compat) {
  return PersonText::FromWire(DisplayName(raw.Reveal(), mpi_compat));
}

template <typename T>
std::optional<T> NonEmpty(const T& value) {
  if (value.empty()) return std::nullopt;
  return value;
}

// Kept as it came when it is a day, with or without a time behind it.
std::optional<BirthDate> DateOrNothing(const BirthDate& raw) {
  if (raw.IsWellFormed()) return raw;
  const std::string& text = raw.Reveal();
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '+' || c == '-';
  });
  const bool has_day = text.size() >= 12 && BirthDate::FromWire(text.substr(0, 8)).IsWellFormed();
  return digits && has_day ? std::make_optional(raw) : std::nullopt;
}

// The reference takes the first telecom for a telephone, an e-mail address included.
std::optional<PersonText> HomePhone(const Profile& profile, bool mpi_compat) {
  for (const Telecom& telecom : profile.telecoms) {
    const bool calls = telecom.scheme == "tel" ||
                       (telecom.scheme.empty() && !absl::StrContains(telecom.value.Reveal(), "@"));
    if (mpi_compat || calls) return telecom.value;
  }
  return std::nullopt;
}

CompatibleAddress AddressOf(const Address& address, bool mpi_compat) {
  CompatibleAddress out;
  if (!address.street.empty()) out.street = address.street.front();
  if (!mpi_compat && address.street.size() > 1) out.street2 = address.street[1];
  out.city = NonEmpty(address.city);
  out.state = NonEmpty(address.state);
  out.postal_code = NonEmpty(address.postal_code);
  out.country = NonEmpty(address.country);
  return out;
}

void ReadName(const Name& name, bool mpi_compat, CompatiblePerson& out) {
  if (mpi_compat && name.empty_given) return;
  out.given_names.emplace();
  for (const PersonText& given : name.given) out.given_names->push_back(Shown(given, mpi_compat));
  if (!name.family.empty()) out.family_name = Shown(name.family, mpi_compat);
  // As the reference writes it on either setting: JR is Jr, III is Iii.
  if (!name.suffix.empty()) out.suffix = Shown(name.suffix, true);
}

}  // namespace

CompatibleOutcome CompatibleOutcomeOf(const Answer& answer, ReadBy read_by, bool mpi_compat) {
  if (answer.outcome == Outcome::kOk) return {"ok", "", "", std::nullopt};
  const bool no_acknowledgement =
      answer.ack_code.empty() &&
      (answer.outcome == Outcome::kUnparseable || read_by == ReadBy::kParserAlone);
  if (mpi_compat && no_acknowledgement) {
    return Named(base::kMpiParserReasons, "NO_ACKNOWLEDGEMENT");
  }
  if (mpi_compat && answer.reason == kNoPatient) return {"ok", "", "", std::nullopt};
  CompatibleOutcome out = Named(base::kMpiFindReasons, answer.reason);
  // Nobody, but no error either (mpi_mhv.md 1.13, row 7).
  if (mpi_compat && answer.outcome == Outcome::kNoMatch) out.error.clear();
  return out;
}

std::optional<Profile> CompatibleProfileOf(const Answer& answer, bool mpi_compat) {
  if (mpi_compat && !answer.profile && answer.reason == kNoPatient) return Profile();
  return answer.profile;
}

CompatibleOutcome CompatibleOutcomeOf(const ChangeAnswer& answer, bool mpi_compat) {
  const bool taken_for_success =
      mpi_compat && answer.outcome == Outcome::kUnparseable && answer.ack_code.empty();
  if (answer.outcome == Outcome::kOk || taken_for_success) return {"ok", "", "", std::nullopt};
  return Named(base::kMpiAddReasons, answer.reason);
}

CompatiblePerson CompatiblePersonOf(const Profile& profile, bool mpi_compat) {
  CompatiblePerson out;
  if (const Name* name = LegalName(profile); name != nullptr) ReadName(*name, mpi_compat, out);
  out.gender = NonEmpty(profile.gender);
  out.birth_date = DateOrNothing(profile.birth_date);
  if (profile.deceased_date) out.deceased_date = DateOrNothing(*profile.deceased_date);
  if (!mpi_compat || profile.ssn_in_first_other_id) out.ssn = profile.ssn;
  if (!profile.addresses.empty()) out.address = AddressOf(profile.addresses.front(), mpi_compat);
  out.home_phone = HomePhone(profile, mpi_compat);
  return out;
}

std::string DisplayName(absl::string_view name, bool mpi_compat) {
  if (mpi_compat) {
    std::string out = AllLower(name);
    Raise(name, 0, out);
    return out;
  }
  return IsMixedCase(name) ? std::string(name) : ProperName(name);
}

std::optional<std::string> NormalizedSuffix(absl::string_view suffix) {
  // A III holds a II: the longer one first.
  constexpr std::pair<absl::string_view, absl::string_view> kSuffixes[] = {
      {"jr", "Jr."}, {"sr", "Sr."}, {"iii", "III"}, {"ii", "II"}, {"iv", "IV"}};
  const std::string lower = absl::AsciiStrToLower(suffix);
  for (const auto& [part, normalized] : kSuffixes) {
    if (absl::StrContains(lower, part)) return std::string(normalized);
  }
  return std::nullopt;
}

identity::PersonText DisplayedName(const Name& name) {
  std::vector<std::string> parts;
  const auto add = [&parts](const PersonText& part) {
    if (!part.empty()) parts.push_back(DisplayName(part.Reveal(), false));
  };
  for (const PersonText& given : name.given) add(given);
  add(name.family);
  if (!name.suffix.empty()) {
    const std::string& suffix = name.suffix.Reveal();
    parts.push_back(NormalizedSuffix(suffix).value_or(suffix));
  }
  return PersonText::FromWire(absl::StrJoin(parts, " "));
}

}  // namespace va::mpi::hl7
