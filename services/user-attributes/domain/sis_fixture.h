// For tests of the Sign-in Service's rules: answers of OpenID Connect providers that can be altered
// one claim at a time. Not part of the product. The people are invented.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {

// An answer under construction.
class OidcAnswer {
 public:
  OidcAnswer(identity::Csp issuer, identity::Csp service) : issuer_(issuer), service_(service) {}

  OidcAnswer& With(const std::string& name, const std::string& value) {
    return WithValues(name, {value});
  }
  OidcAnswer& WithValues(const std::string& name, std::vector<std::string> values) {
    values_[name] = std::move(values);
    return *this;
  }
  OidcAnswer& Without(const std::string& name) {
    values_.erase(name);
    return *this;
  }
  OidcAnswer& Requested(std::string acr) {
    requested_acr_ = std::move(acr);
    return *this;
  }
  OidcAnswer& Acr(std::string acr) {
    acr_ = std::move(acr);
    return *this;
  }
  OidcAnswer& From(identity::Csp issuer) {
    issuer_ = issuer;
    return *this;
  }
  identity::Csp service() const { return service_; }

  // Views into this object.
  OidcAssertion Build() const {
    OidcAssertion out;
    out.issuer = issuer_;
    out.service = service_;
    out.requested_acr = requested_acr_;
    out.acr = acr_;
    out.auth_time = absl::FromUnixSeconds(1700000000);
    for (const auto& [name, values] : values_) {
      Attribute& attribute = out.claims.emplace_back();
      attribute.name = name;
      for (const std::string& value : values) attribute.values.push_back(value);
    }
    return out;
  }

 private:
  identity::Csp issuer_;
  identity::Csp service_;
  std::string requested_acr_ = "min";
  std::string acr_;
  std::map<std::string, std::vector<std::string>> values_;
};

// sign_in_service.md 7.1.
inline OidcAnswer OidcIdme() {
  return OidcAnswer(identity::Csp::kIdme, identity::Csp::kIdme)
      .With("sub", "11d0e4a1f0b24c55a1de6f1b6c2f7a01")
      .With("email", "ida.fernbrook@example.com")
      .WithValues("emails_confirmed", {"ida.fernbrook@example.com", "ida@example.org"})
      .With("multifactor", "true")
      .With("level_of_assurance", "3")
      .With("credential_ial", "classic_loa3")
      .With("fname", "Ida")
      .With("lname", "Fernbrook")
      .With("social", "666-01-0001")
      .With("birth_date", "1971-03-02")
      .With("street", "1 Mill Lane")
      .With("zip", "12345")
      .With("state", "NY")
      .With("city", "Fernbrook");
}

inline OidcAnswer OidcIdmeLoa1() {
  return OidcAnswer(identity::Csp::kIdme, identity::Csp::kIdme)
      .With("sub", "11d0e4a1f0b24c55a1de6f1b6c2f7a01")
      .With("email", "ida.fernbrook@example.com")
      .With("multifactor", "true")
      .With("level_of_assurance", "1")
      .With("credential_ial", "1");
}

inline OidcAnswer OidcMhv() {
  return OidcAnswer(identity::Csp::kIdme, identity::Csp::kMhv)
      .With("sub", "11d0e4a1f0b24c55a1de6f1b6c2f7a01")
      .With("email", "ida.fernbrook@example.com")
      .With("multifactor", "true")
      .With("mhv_uuid", "30001")
      .With("mhv_icn", "1000000001V100001")
      .With("mhv_assurance", "Premium");
}

inline OidcAnswer OidcDslogon() {
  return OidcAnswer(identity::Csp::kIdme, identity::Csp::kDslogon)
      .With("sub", "11d0e4a1f0b24c55a1de6f1b6c2f7a01")
      .With("email", "ida.fernbrook@example.com")
      .With("multifactor", "true")
      .With("dslogon_uuid", "2000000001")
      .With("dslogon_assurance", "2")
      .With("dslogon_fname", "Ida")
      .With("dslogon_mname", "Rose")
      .With("dslogon_lname", "Fernbrook")
      .With("dslogon_idvalue", "666010001")
      .With("dslogon_birth_date", "1971-03-02");
}

// sign_in_service.md 7.2.
inline OidcAnswer OidcLogingov() {
  return OidcAnswer(identity::Csp::kLogingov, identity::Csp::kLogingov)
      .Acr("http://idmanagement.gov/ns/assurance/ial/2")
      .With("sub", "aa11bb22-cc33-4d44-8e55-ff6600770088")
      .With("email", "ida.fernbrook@example.com")
      .WithValues("all_emails", {"ida.fernbrook@example.com"})
      .With("given_name", "Ida")
      .With("family_name", "Fernbrook")
      .With("birthdate", "1971-03-02")
      .With("social_security_number", "666-01-0001")
      .With("verified_at", "1600000000")
      .With("address.street_address", "1 Mill Lane\nApt 3")
      .With("address.postal_code", "12345")
      .With("address.region", "NY")
      .With("address.locality", "Fernbrook");
}

// What MPI holds about the same person, with both uuids.
inline MpiProfile SamePersonByUuid() {
  MpiProfile profile = SamePerson();
  profile.ids = identity::ParseGcIds(
      "1000000001V100001^NI^200M^USVHA^P|1000000001^PN^200PROV^USDVA^A|20001^PI^516^USVHA^A|"
      "30001^PI^200MHS^USVHA^A|2000000001^NI^200DOD^USDOD^A|"
      "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A|"
      "aa11bb22-cc33-4d44-8e55-ff6600770088^PN^200VLGN^USDVA^A");
  return profile;
}

}  // namespace va::attributes
