#include "services/user-attributes/domain/contact.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

namespace va::attributes {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);
constexpr absl::Duration kDay = absl::Hours(24);

ContactAddress Address(std::int64_t id, std::string pou, InForce effective = {}) {
  ContactAddress address;
  address.id = id;
  address.pou = std::move(pou);
  address.effective = effective;
  return address;
}

ContactTelephone Telephone(std::int64_t id, std::string type, InForce effective = {}) {
  ContactTelephone telephone;
  telephone.id = id;
  telephone.type = std::move(type);
  telephone.effective = effective;
  return telephone;
}

ContactHistory Emails(std::vector<ContactEmail> emails) {
  ContactHistory history;
  history.emails = std::move(emails);
  return history;
}

ContactEmail Confirmed(std::optional<absl::Time> at) {
  ContactEmail email;
  email.id = 1;
  email.confirmed_at = at;
  return email;
}

std::int64_t IdOf(const std::optional<ContactAddress>& address) {
  return address ? address->id : 0;
}

}  // namespace

TEST_CASE("PickInForce: CORRESPONDENCE is where mail goes, RESIDENCE/CHOICE where the person lives",
          "[attributes][contact][rule]") {
  ContactHistory history;
  history.addresses = {Address(1, "CORRESPONDENCE"), Address(2, "RESIDENCE/CHOICE")};
  const ContactInformation information = PickInForce(history, kNow);
  CHECK(IdOf(information.mailing_address) == 1);
  CHECK(IdOf(information.residential_address) == 2);
}

TEST_CASE("PickInForce: an address for another purpose is neither", "[attributes][contact][rule]") {
  ContactHistory history;
  history.addresses = {Address(1, "RESIDENCE"), Address(2, ""), Address(3, "RESIDENCE/CHOICE ")};
  const ContactInformation information = PickInForce(history, kNow);
  CHECK_FALSE(information.mailing_address.has_value());
  CHECK_FALSE(information.residential_address.has_value());
}

TEST_CASE("PickInForce: the five kinds of telephone each have their place",
          "[attributes][contact][rule]") {
  ContactHistory history;
  history.telephones = {Telephone(1, "MOBILE"),    Telephone(2, "HOME"), Telephone(3, "WORK"),
                        Telephone(4, "TEMPORARY"), Telephone(5, "FAX"),  Telephone(6, "PAGER")};
  const ContactInformation information = PickInForce(history, kNow);
  CHECK(information.mobile_phone->id == 1);
  CHECK(information.home_phone->id == 2);
  CHECK(information.work_phone->id == 3);
  CHECK(information.temporary_phone->id == 4);
  CHECK(information.fax_number->id == 5);
}

TEST_CASE("PickInForce: an end date in the past means gone", "[attributes][contact][rule]") {
  const auto [until, there] = GENERATE(table<std::optional<absl::Time>, bool>({
      {std::nullopt, true},
      {kNow + absl::Seconds(1), true},
      {kNow, false},
      {kNow - absl::Seconds(1), false},
  }));
  ContactHistory history;
  const InForce effective{kNow - kDay, until};
  history.addresses = {Address(1, "CORRESPONDENCE", effective)};
  history.telephones = {Telephone(2, "HOME", effective)};
  ContactEmail email;
  email.effective = effective;
  history.emails = {email};
  const ContactInformation information = PickInForce(history, kNow);
  CHECK(information.mailing_address.has_value() == there);
  CHECK(information.home_phone.has_value() == there);
  CHECK(information.email.has_value() == there);
}

TEST_CASE("PickInForce: of several of one kind the newest effective wins, in any order",
          "[attributes][contact][rule]") {
  ContactHistory history;
  history.addresses = {
      Address(9, "CORRESPONDENCE"),  // nobody knows since when
      Address(1, "CORRESPONDENCE", {kNow - 30 * kDay, std::nullopt}),
      Address(2, "CORRESPONDENCE", {kNow - 10 * kDay, std::nullopt}),
      Address(3, "CORRESPONDENCE", {kNow - 1 * kDay, kNow - absl::Seconds(1)}),  // gone
      Address(4, "CORRESPONDENCE", {kNow + 1 * kDay, std::nullopt}),             // not yet
  };
  std::sort(history.addresses.begin(), history.addresses.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  do {
    CHECK(IdOf(PickInForce(history, kNow).mailing_address) == 2);
  } while (std::next_permutation(history.addresses.begin(), history.addresses.end(),
                                 [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST_CASE("PickInForce: two that began together are told apart by their row, in any order",
          "[attributes][contact][rule]") {
  ContactHistory history;
  history.telephones = {Telephone(7, "MOBILE", {kNow - kDay, std::nullopt}),
                        Telephone(8, "MOBILE", {kNow - kDay, std::nullopt})};
  if (GENERATE(false, true)) std::reverse(history.telephones.begin(), history.telephones.end());
  CHECK(PickInForce(history, kNow).mobile_phone->id == 8);
}

TEST_CASE("PickInForce: an e-mail is verified when it was confirmed within the last year",
          "[attributes][contact][rule]") {
  const auto [at, verified] = GENERATE(table<std::optional<absl::Time>, bool>({
      {std::nullopt, false},
      {kNow, true},
      {kNow - 364 * kDay, true},
      {kNow - 365 * kDay, false},
      {kNow - 4000 * kDay, false},
      {kNow + absl::Seconds(1), false},  // a promise is no confirmation
  }));
  const ContactInformation information = PickInForce(Emails({Confirmed(at)}), kNow);
  REQUIRE(information.email.has_value());
  CHECK(information.email_verified == verified);
}

TEST_CASE("PickInForce: the confirmation that counts is that of the e-mail in force",
          "[attributes][contact][rule]") {
  ContactEmail former = Confirmed(kNow - kDay);
  former.effective = {kNow - 9 * kDay, std::nullopt};
  ContactEmail present = Confirmed(std::nullopt);
  present.id = 2;
  present.effective = {kNow - 2 * kDay, std::nullopt};
  const ContactInformation information = PickInForce(Emails({former, present}), kNow);
  CHECK(information.email->id == 2);
  CHECK_FALSE(information.email_verified);
}

TEST_CASE("PickInForce: permissions are carried, not interpreted", "[attributes][contact][rule]") {
  ContactHistory history;
  history.permissions = {{"TextPermission", "true"}, {"Unheard-of", "maybe"}};
  const ContactInformation information = PickInForce(history, kNow);
  REQUIRE(information.permissions.size() == 2);
  CHECK(information.permissions[1].type == "Unheard-of");
  CHECK(information.permissions[1].value == "maybe");
}

TEST_CASE("PickInForce: of nothing nothing is in force", "[attributes][contact][rule]") {
  const ContactInformation information = PickInForce({}, kNow);
  CHECK_FALSE(information.email.has_value());
  CHECK_FALSE(information.email_verified);
  CHECK_FALSE(information.mailing_address.has_value());
  CHECK_FALSE(information.mobile_phone.has_value());
}

TEST_CASE("IsVet360Id: nothing but digits becomes a part of an address", "[attributes][contact]") {
  CHECK(IsVet360Id("1"));
  CHECK(IsVet360Id("1234567890123456789"));
  for (const char* const wrong : {"", " 1", "1 ", "-1", "1/2", "..", "1%2f", "1?a=b", "1#", "1\n",
                                  "UNK", "12345678901234567890"}) {
    CAPTURE(wrong);
    CHECK_FALSE(IsVet360Id(wrong));
  }
}

}  // namespace va::attributes
