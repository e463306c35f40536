// For tests of the rules: assertions that can be altered one attribute at a time, and the policy as
// it ships. Not part of the product. The people are invented.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/config/policy_file.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/assertion.h"

namespace va::attributes {

inline const identity::Policy& ShippedPolicy() {
  static const identity::Policy policy =
      config::LoadPolicyFile("deploy/policy/policy.yaml").value();
  return policy;
}

// An assertion under construction. Names are written without the prefix va_eauth_.
class Statement {
 public:
  explicit Statement(std::string context) : context_(std::move(context)) {}

  Statement& With(const std::string& name, const std::string& value) {
    return WithValues(name, {value});
  }
  Statement& WithValues(const std::string& name, std::vector<std::string> values) {
    values_["va_eauth_" + name] = std::move(values);
    return *this;
  }
  Statement& Without(const std::string& name) {
    values_.erase("va_eauth_" + name);
    return *this;
  }
  Statement& WithForeign(const std::string& name, std::vector<std::string> values) {
    values_[name] = std::move(values);
    return *this;
  }
  Statement& Context(std::string context) {
    context_ = std::move(context);
    return *this;
  }

  // Views into this object.
  SsoeAssertion Build() const {
    SsoeAssertion out;
    out.authn_context = context_;
    out.auth_time = absl::FromUnixSeconds(1700000000);
    for (const auto& [name, values] : values_) {
      Attribute& attribute = out.attributes.emplace_back();
      attribute.name = name;
      for (const std::string& value : values) attribute.values.push_back(value);
    }
    return out;
  }

 private:
  std::string context_;
  std::map<std::string, std::vector<std::string>> values_;
};

// Shapes of ssoe_saml.md 21.
inline Statement IdmeLoa1() {
  return Statement("http://idmanagement.gov/ns/assurance/loa/1/vets")
      .With("csid", "idme")
      .With("credentialassurancelevel", "1")
      .With("ial", "1")
      .With("aal", "2")
      .With("ial_idme_highest", "classic_loa3")
      .With("multifactor", "true")
      .With("uid", "11d0e4a1f0b24c55a1de6f1b6c2f7a01")
      .With("emailaddress", "ida.fernbrook@example.com")
      .With("firstname", "IDA")
      .With("lastname", "FERNBROOK");
}

inline Statement IdmeLoa3() {
  return IdmeLoa1()
      .Context("http://idmanagement.gov/ns/assurance/loa/3")
      .With("credentialassurancelevel", "3")
      .With("ial", "3")
      .With("firstname", "IDA")
      .With("middlename", "NOT_FOUND")
      .With("gender", "female")
      .With("birthDate_v1", "19710302")
      .With("pnidtype", "SSN")
      .With("pnid", "666-01-0001")
      .With("icn", "1000000001V100001")
      .With("secid", "1000000001")
      .With("gcIds",
            "1000000001V100001^NI^200M^USVHA^P|"
            "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A|"
            "1000000001^PN^200PROV^USDVA^A|20001^PI^516^USVHA^A|");
}

inline Statement MhvPremium() {
  return IdmeLoa3()
      .Context("myhealthevet")
      .With("mhvassurance", "Premium")
      .With("mhvuuid", "30001")
      .With("gcIds",
            "1000000001V100001^NI^200M^USVHA^P|30001^PI^200MHS^USVHA^A|"
            "2000000001^NI^200DOD^USDOD^A|"
            "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A");
}

inline Statement MhvBasic() {
  return IdmeLoa1()
      .Context("myhealthevet")
      .With("mhvassurance", "Basic")
      .With("ial_idme_highest", "1");
}

inline Statement DslogonLevel2() {
  return IdmeLoa3()
      .Context("dslogon")
      .With("credentialassurancelevel", "2")
      .With("dslogonassurance", "2")
      .With("gcIds",
            "1000000001V100001^NI^200M^USVHA^P|2000000001^NI^200DOD^USDOD^A|"
            "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A");
}

inline Statement LogingovIal2() {
  return IdmeLoa3()
      .Context("http://idmanagement.gov/ns/assurance/ial/2")
      .With("csid", "LOGINGOV")
      .Without("credentialassurancelevel")
      .Without("ial_idme_highest")
      .With("ial", "2")
      .With("aal", "2")
      .With("uid", "aa11bb22-cc33-4d44-8e55-ff6600770088")
      .With("gcIds",
            "1000000001V100001^NI^200M^USVHA^P|"
            "aa11bb22-cc33-4d44-8e55-ff6600770088^PN^200VLGN^USDVA^A");
}

// What MPI holds about the same person.
inline MpiProfile SamePerson() {
  MpiProfile profile;
  profile.icn = identity::Icn::FromWire("1000000001V100001");
  profile.first_name = identity::PersonText::FromWire("Ida");
  profile.middle_name = identity::PersonText::FromWire("Rose");
  profile.last_name = identity::PersonText::FromWire("Fernbrook");
  profile.gender = Gender::kFemale;
  profile.birth_date = identity::BirthDate::FromWire("1971-03-02");
  profile.ssn = identity::Ssn::FromWire("666010001");
  profile.ids = identity::ParseGcIds(
      "1000000001V100001^NI^200M^USVHA^P|1000000001^PN^200PROV^USDVA^A|20001^PI^516^USVHA^A");
  return profile;
}

inline MpiAnswer Found(MpiProfile profile = SamePerson()) {
  return {MpiOutcome::kOk, std::move(profile)};
}

inline Attempt AttemptAt(absl::string_view application, absl::string_view type = "idme") {
  Attempt attempt;
  attempt.type = type;
  attempt.application = application;
  return attempt;
}

inline absl::Time TestNow() { return absl::FromUnixSeconds(1700000100); }

// "101 multiple_mhv_ids blocks", one line per finding: what tests compare.
inline std::vector<std::string> Lines(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& f : findings) {
    const std::string code = f.code ? std::string(base::Describe(*f.code).code) + " " : "";
    const std::string effect = f.effect == Effect::kBlocks   ? "blocks"
                               : f.effect == Effect::kWaived ? "waived"
                                                             : "noted";
    out.push_back(code + std::string(f.tag.data(), f.tag.size()) + " " + effect);
  }
  return out;
}

}  // namespace va::attributes
