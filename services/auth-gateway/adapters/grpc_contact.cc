#include "services/auth-gateway/adapters/grpc_contact.h"

#include <string>
#include <utility>

#include "google/protobuf/timestamp.pb.h"
#include "va/attributes/v1/contact.pb.h"

namespace va::gateway {
namespace {

namespace attributes = ::va::attributes::v1;

constexpr char kGetContactInformation[] = "va.attributes.v1.ContactService/GetContactInformation";
constexpr char kDropContactInformation[] = "va.attributes.v1.ContactService/DropContactInformation";

ContactValue Text(const std::string& text) {
  if (text.empty()) return std::monostate();
  return identity::PersonText::FromWire(text);
}

template <typename Message>
void AddEffective(const Message& message, ContactElement& out) {
  const auto add = [&out](const char* name, bool known, const google::protobuf::Timestamp& time) {
    out.emplace_back(name, known ? ContactValue(absl::FromUnixSeconds(time.seconds()) +
                                                absl::Nanoseconds(time.nanos()))
                                 : ContactValue());
  };
  add("effective_start_date", message.has_effective_start_date(), message.effective_start_date());
  add("effective_end_date", message.has_effective_end_date(), message.effective_end_date());
}

ContactElement Unpack(const attributes::ContactEmail& in) {
  ContactElement out = {{"id", std::int64_t{in.id()}}, {"email_address", Text(in.email_address())}};
  out.emplace_back("confirmation_date",
                   in.has_confirmation_date()
                       ? ContactValue(absl::FromUnixSeconds(in.confirmation_date().seconds()))
                       : ContactValue());
  AddEffective(in, out);
  return out;
}

ContactElement Unpack(const attributes::ContactAddress& in) {
  ContactElement out = {{"id", std::int64_t{in.id()}},
                        {"address_pou", Text(in.address_pou())},
                        {"address_type", Text(in.address_type())},
                        {"address_line1", Text(in.address_line1())},
                        {"address_line2", Text(in.address_line2())},
                        {"address_line3", Text(in.address_line3())},
                        {"city", Text(in.city())},
                        {"state_code", Text(in.state_code())},
                        {"province", Text(in.province())},
                        {"zip_code", Text(in.zip_code())},
                        {"zip_code_suffix", Text(in.zip_code_suffix())},
                        {"international_postal_code", Text(in.international_postal_code())},
                        {"country_name", Text(in.country_name())},
                        {"country_code_iso2", Text(in.country_code_iso2())},
                        {"country_code_iso3", Text(in.country_code_iso3())},
                        {"county_name", Text(in.county_name())},
                        {"county_code", Text(in.county_code())},
                        {"confidence_score", Text(in.confidence_score())}};
  AddEffective(in, out);
  return out;
}

ContactElement Unpack(const attributes::ContactTelephone& in) {
  ContactElement out = {{"id", std::int64_t{in.id()}},
                        {"phone_type", Text(in.phone_type())},
                        {"is_international", in.is_international()},
                        {"country_code", Text(in.country_code())},
                        {"area_code", Text(in.area_code())},
                        {"phone_number", Text(in.phone_number())},
                        {"extension", Text(in.extension())}};
  out.emplace_back("is_text_permitted", in.has_is_text_permitted()
                                            ? ContactValue(in.is_text_permitted())
                                            : ContactValue());
  AddEffective(in, out);
  return out;
}

template <typename Message>
void Add(const char* name, bool known, const Message& message, ContactInformation& out) {
  out.elements.emplace_back(name, known ? std::optional<ContactElement>(Unpack(message))
                                        : std::optional<ContactElement>());
}

ContactInformation UnpackInformation(const attributes::GetContactInformationResponse& in) {
  ContactInformation out;
  out.vet360_id = identity::CspId::FromWire(in.vet360_id());
  out.email_verified = in.contact_email_verified();
  Add("email", in.has_email(), in.email(), out);
  Add("residential_address", in.has_residential_address(), in.residential_address(), out);
  Add("mailing_address", in.has_mailing_address(), in.mailing_address(), out);
  Add("mobile_phone", in.has_mobile_phone(), in.mobile_phone(), out);
  Add("home_phone", in.has_home_phone(), in.home_phone(), out);
  Add("work_phone", in.has_work_phone(), in.work_phone(), out);
  Add("temporary_phone", in.has_temporary_phone(), in.temporary_phone(), out);
  Add("fax_number", in.has_fax_number(), in.fax_number(), out);
  return out;
}

}  // namespace

GrpcContact::GrpcContact(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<std::optional<ContactInformation>> GrpcContact::Find(
    const AdmittedPerson& person, const identity::CspId& vet360_id, const CallScope& scope) {
  attributes::GetContactInformationRequest request;
  request.set_request_id(scope.request_id);
  request.set_flow_id(person.flow_id);
  request.set_account_id(person.account_id);
  request.set_vet360_id(vet360_id.Reveal());
  request.set_decision_token(person.decision_token.Reveal());
  // Not repeatable: user-attributes asks VA Profile again by itself, and once is enough.
  const auto response = rpc::Call<attributes::GetContactInformationResponse>(
      channel_, kGetContactInformation, request, {scope.deadline, scope.request_id});
  if (!response.ok()) return response.status();
  if (!response->known()) return std::optional<ContactInformation>();
  return std::optional<ContactInformation>(UnpackInformation(*response));
}

absl::Status GrpcContact::Drop(absl::string_view account_id, const CallScope& scope) {
  attributes::DropContactInformationRequest request;
  request.set_request_id(scope.request_id);
  request.set_account_id(std::string(account_id));
  return rpc::Call<attributes::DropContactInformationResponse>(
             channel_, kDropContactInformation, request,
             {.deadline = scope.deadline, .request_id = scope.request_id, .repeatable = true})
      .status();
}

}  // namespace va::gateway
