#include "services/user-attributes/domain/contact.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace va::attributes {
namespace {

constexpr absl::string_view kMailing = "CORRESPONDENCE";
constexpr absl::string_view kResidential = "RESIDENCE/CHOICE";
// Our reading of "confirmed within the last year": VA Profile names no period.
constexpr absl::Duration kConfirmationCounts = absl::Hours(24 * 365);
// A number of nineteen digits and less fits what VA Profile counts by.
constexpr std::size_t kLongestId = 19;

// Ended: the end lies in the past. Not begun: neither counts yet nor outshines what does.
bool Counts(const InForce& effective, absl::Time now) {
  if (effective.until.has_value() && *effective.until <= now) return false;
  return !effective.from.has_value() || *effective.from <= now;
}

// Of two in force the one that took effect later; without a beginning before all others; the
// higher row id where even that is equal, so that an answer reads the same in any order.
template <typename Element>
bool IsNewer(const Element& a, const Element& b) {
  if (a.effective.from != b.effective.from) {
    return a.effective.from.value_or(absl::InfinitePast()) >
           b.effective.from.value_or(absl::InfinitePast());
  }
  return a.id > b.id;
}

template <typename Element, typename Predicate>
std::optional<Element> Newest(const std::vector<Element>& elements, absl::Time now,
                              Predicate is_of_kind) {
  const Element* newest = nullptr;
  for (const Element& element : elements) {
    if (!is_of_kind(element) || !Counts(element.effective, now)) continue;
    if (newest == nullptr || IsNewer(element, *newest)) newest = &element;
  }
  if (newest == nullptr) return std::nullopt;
  return *newest;
}

std::optional<ContactAddress> AddressOf(const ContactHistory& history, absl::string_view pou,
                                        absl::Time now) {
  return Newest(history.addresses, now,
                [pou](const ContactAddress& address) { return address.pou == pou; });
}

std::optional<ContactTelephone> TelephoneOf(const ContactHistory& history, absl::string_view type,
                                            absl::Time now) {
  return Newest(history.telephones, now,
                [type](const ContactTelephone& telephone) { return telephone.type == type; });
}

bool IsVerified(const std::optional<ContactEmail>& email, absl::Time now) {
  if (!email.has_value() || !email->confirmed_at.has_value()) return false;
  return *email->confirmed_at <= now && *email->confirmed_at > now - kConfirmationCounts;
}

}  // namespace

ContactInformation PickInForce(const ContactHistory& history, absl::Time now) {
  ContactInformation information;
  information.vet360_id = history.vet360_id;
  information.audit_id = history.audit_id;
  information.residential_address = AddressOf(history, kResidential, now);
  information.mailing_address = AddressOf(history, kMailing, now);
  information.mobile_phone = TelephoneOf(history, "MOBILE", now);
  information.home_phone = TelephoneOf(history, "HOME", now);
  information.work_phone = TelephoneOf(history, "WORK", now);
  information.temporary_phone = TelephoneOf(history, "TEMPORARY", now);
  information.fax_number = TelephoneOf(history, "FAX", now);
  information.email = Newest(history.emails, now, [](const ContactEmail&) { return true; });
  information.email_verified = IsVerified(information.email, now);
  information.permissions = history.permissions;
  return information;
}

bool IsVet360Id(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestId &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

}  // namespace va::attributes
