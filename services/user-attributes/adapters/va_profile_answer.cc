#include "services/user-attributes/adapters/va_profile_answer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "lib/base/status.h"

namespace va::attributes {
namespace {

using identity::PersonText;
using nlohmann::json;

constexpr int kMaxDepth = 8;  // an answer has five levels
constexpr std::size_t kMaxElements = 200;
constexpr std::size_t kMaxText = 1024;
constexpr absl::string_view kCompleted = "COMPLETED_SUCCESS";

// One object of the answer. The first field that is not what it should be is remembered; what is
// read after it does not matter any more.
class Fields {
 public:
  Fields(const json& object, std::string* wrong) : object_(object), wrong_(*wrong) {}

  std::string Text(const char* name) {
    const json* const value = Find(name);
    if (value == nullptr) return "";
    if (!value->is_string() || value->get_ref<const std::string&>().size() > kMaxText) {
      return Refuse<std::string>(name);
    }
    return value->get<std::string>();
  }
  PersonText Person(const char* name) { return PersonText::FromWire(Text(name)); }
  // Words of theirs come in any case.
  std::string Word(const char* name) { return absl::AsciiStrToUpper(Text(name)); }

  // Texts that some of their sources send as a number or a boolean.
  std::string Scalar(const char* name) {
    const json* const value = Find(name);
    if (value == nullptr) return "";
    if (value->is_boolean() || value->is_number_integer()) return value->dump();
    return Text(name);
  }

  std::int64_t Id(const char* name) {
    const json* const value = Find(name);
    if (value == nullptr || !value->is_number_integer() ||
        (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX)) {
      return Refuse<std::int64_t>(name);
    }
    return value->get<std::int64_t>();
  }

  std::optional<bool> Flag(const char* name) {
    const json* const value = Find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) return Refuse<std::optional<bool>>(name);
    return value->get<bool>();
  }

  std::optional<absl::Time> Time(const char* name) {
    const std::string text = Text(name);
    if (text.empty()) return std::nullopt;
    absl::Time time;
    // ParseTime also takes "infinite-future".
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text.front())) ||
        !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr) ||
        time >= absl::FromCivil(absl::CivilYear(10000), absl::UTCTimeZone())) {
      return Refuse<std::optional<absl::Time>>(name);
    }
    return time;
  }

  InForce Effective() { return {Time("effectiveStartDate"), Time("effectiveEndDate")}; }

  // An object inside; nothing when it is absent.
  std::optional<Fields> Inner(const char* name) {
    const json* const value = Find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) return Refuse<std::optional<Fields>>(name);
    return Fields(*value, &wrong_);
  }

  // Each object of a list.
  template <typename Element>
  std::vector<Element> List(const char* name, Element (*read)(Fields&)) {
    std::vector<Element> elements;
    const json* const value = Find(name);
    if (value == nullptr) return elements;
    if (!value->is_array() || value->size() > kMaxElements) {
      return Refuse<std::vector<Element>>(name);
    }
    for (const json& item : *value) {
      if (!item.is_object()) return Refuse<std::vector<Element>>(name);
      Fields fields(item, &wrong_);
      elements.push_back(read(fields));
    }
    return elements;
  }

 private:
  // Null is their other way to say that there is nothing.
  const json* Find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  template <typename T>
  T Refuse(const char* name) {
    if (wrong_.empty()) wrong_ = name;
    return T();
  }

  const json& object_;
  std::string& wrong_;
};

ContactAddress ReadAddress(Fields& in) {
  ContactAddress out;
  out.id = in.Id("addressId");
  out.pou = in.Word("addressPOU");
  out.type = in.Word("addressType");
  out.line1 = in.Person("addressLine1");
  out.line2 = in.Person("addressLine2");
  out.line3 = in.Person("addressLine3");
  out.city = in.Person("cityName");
  out.state_code = in.Person("stateCode");
  out.province = in.Person("provinceName");
  out.zip_code = in.Person("zipCode5");
  out.zip_code_suffix = in.Person("zipCode4");
  out.international_postal_code = in.Person("intPostalCode");
  out.country_name = in.Person("countryName");
  out.country_code_iso2 = in.Person("countryCodeISO2");
  out.country_code_iso3 = in.Person("countryCodeISO3");
  if (std::optional<Fields> county = in.Inner("county")) {
    out.county_name = county->Person("countyName");
    out.county_code = county->Person("countyCode");
  }
  out.confidence_score = in.Scalar("confidenceScore");
  out.effective = in.Effective();
  return out;
}

ContactTelephone ReadTelephone(Fields& in) {
  ContactTelephone out;
  out.id = in.Id("telephoneId");
  out.type = in.Word("phoneType");
  out.is_international = in.Flag("internationalIndicator").value_or(false);
  out.country_code = in.Person("countryCode");
  out.area_code = in.Person("areaCode");
  out.number = in.Person("phoneNumber");
  out.extension = in.Person("phoneNumberExt");
  out.is_text_permitted = in.Flag("textMessagePermInd");
  out.effective = in.Effective();
  return out;
}

ContactEmail ReadEmail(Fields& in) {
  ContactEmail out;
  out.id = in.Id("emailId");
  out.address = in.Person("emailAddressText");
  out.confirmed_at = in.Time("confirmationDate");
  out.effective = in.Effective();
  return out;
}

ContactPermission ReadPermission(Fields& in) {
  return {in.Text("permissionType"), in.Scalar("permissionValue")};
}

absl::Status Wrong(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInternal, "VA_PROFILE_ANSWER",
                         absl::StrCat("VA Profile's answer: ", what));
}

// The parsed body; discarded when it is no JSON or nested deeper than any true answer.
json Parse(absl::string_view body) {
  bool too_deep = false;
  json parsed = json::parse(
      body.begin(), body.end(),
      [&too_deep](int depth, json::parse_event_t, const json&) {
        too_deep = too_deep || depth > kMaxDepth;
        return !too_deep;
      },
      /*allow_exceptions=*/false);
  return too_deep ? json(json::value_t::discarded) : parsed;
}

}  // namespace

absl::StatusOr<ContactHistory> ReadVaProfileAnswer(absl::string_view body,
                                                   const identity::CspId& asked) {
  if (body.size() > kMaxVaProfileAnswer) return Wrong("too large");
  const json parsed = Parse(body);
  if (!parsed.is_object()) return Wrong("no JSON object");
  std::string wrong;
  Fields answer(parsed, &wrong);
  ContactHistory history;
  history.audit_id = answer.Text("txAuditId");
  const std::string status = answer.Text("status");
  std::optional<Fields> bio = answer.Inner("bio");
  if (!wrong.empty()) return Wrong(wrong);
  if (status != kCompleted) return Wrong("status");
  if (!bio.has_value()) return Wrong("bio");

  // An answer about somebody else must not be shown to this person.
  history.vet360_id = identity::CspId::FromWire(std::to_string(bio->Id("vet360Id")));
  if (!(history.vet360_id == asked)) return Wrong("vet360Id");
  history.addresses = bio->List<ContactAddress>("addresses", ReadAddress);
  history.telephones = bio->List<ContactTelephone>("telephones", ReadTelephone);
  history.emails = bio->List<ContactEmail>("emails", ReadEmail);
  history.permissions = bio->List<ContactPermission>("permissions", ReadPermission);
  if (!wrong.empty()) return Wrong(wrong);
  return history;
}

}  // namespace va::attributes
