#include "services/user-attributes/api/grpc/contact_service_pack.h"

#include "lib/rpc/wire.h"

namespace va::attributes {
namespace {

template <typename Message>
void PackEffective(const InForce& effective, Message& out) {
  if (effective.from) rpc::PackTime(*effective.from, *out.mutable_effective_start_date());
  if (effective.until) rpc::PackTime(*effective.until, *out.mutable_effective_end_date());
}

void PackEmail(const ContactEmail& email, v1::ContactEmail& out) {
  out.set_id(email.id);
  out.set_email_address(email.address.Reveal());
  if (email.confirmed_at) rpc::PackTime(*email.confirmed_at, *out.mutable_confirmation_date());
  PackEffective(email.effective, out);
}

void PackAddress(const ContactAddress& address, v1::ContactAddress& out) {
  out.set_id(address.id);
  out.set_address_pou(address.pou);
  out.set_address_type(address.type);
  out.set_address_line1(address.line1.Reveal());
  out.set_address_line2(address.line2.Reveal());
  out.set_address_line3(address.line3.Reveal());
  out.set_city(address.city.Reveal());
  out.set_state_code(address.state_code.Reveal());
  out.set_province(address.province.Reveal());
  out.set_zip_code(address.zip_code.Reveal());
  out.set_zip_code_suffix(address.zip_code_suffix.Reveal());
  out.set_international_postal_code(address.international_postal_code.Reveal());
  out.set_country_name(address.country_name.Reveal());
  out.set_country_code_iso2(address.country_code_iso2.Reveal());
  out.set_country_code_iso3(address.country_code_iso3.Reveal());
  out.set_county_name(address.county_name.Reveal());
  out.set_county_code(address.county_code.Reveal());
  out.set_confidence_score(address.confidence_score);
  PackEffective(address.effective, out);
}

void PackTelephone(const ContactTelephone& telephone, v1::ContactTelephone& out) {
  out.set_id(telephone.id);
  out.set_phone_type(telephone.type);
  out.set_is_international(telephone.is_international);
  out.set_country_code(telephone.country_code.Reveal());
  out.set_area_code(telephone.area_code.Reveal());
  out.set_phone_number(telephone.number.Reveal());
  out.set_extension(telephone.extension.Reveal());
  if (telephone.is_text_permitted) out.set_is_text_permitted(*telephone.is_text_permitted);
  PackEffective(telephone.effective, out);
}

}  // namespace

void PackContactInformation(const ContactInformation& in, v1::GetContactInformationResponse& out) {
  out.set_known(true);
  out.set_vet360_id(in.vet360_id.Reveal());
  out.set_audit_id(in.audit_id);
  out.set_contact_email_verified(in.email_verified);
  if (in.email) PackEmail(*in.email, *out.mutable_email());
  if (in.residential_address) {
    PackAddress(*in.residential_address, *out.mutable_residential_address());
  }
  if (in.mailing_address) PackAddress(*in.mailing_address, *out.mutable_mailing_address());
  if (in.mobile_phone) PackTelephone(*in.mobile_phone, *out.mutable_mobile_phone());
  if (in.home_phone) PackTelephone(*in.home_phone, *out.mutable_home_phone());
  if (in.work_phone) PackTelephone(*in.work_phone, *out.mutable_work_phone());
  if (in.temporary_phone) PackTelephone(*in.temporary_phone, *out.mutable_temporary_phone());
  if (in.fax_number) PackTelephone(*in.fax_number, *out.mutable_fax_number());
  for (const ContactPermission& permission : in.permissions) {
    v1::ContactPermission& packed = *out.add_permissions();
    packed.set_permission_type(permission.type);
    packed.set_permission_value(permission.value);
  }
}

}  // namespace va::attributes
