// People, questions and answers for tests of what is kept.
#pragma once

#include <string>
#include <vector>

#include "services/mpi-adapter/domain/cache_key.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"

namespace va::mpi::testing {

inline constexpr char kIcnA[] = "1000000001V100001";
inline constexpr char kIcnB[] = "1000000002V100002";
inline constexpr char kIcnC[] = "1000000003V100003";
inline constexpr char kEdipi[] = "2107307560";
inline constexpr char kVistaId[] = "70012345678";
inline constexpr char kIdme[] = "b2c4545d3a4a4a0eb3d7b1bd1a9f0c11";

inline identity::CspId Id(const std::string& id) { return identity::CspId::FromWire(id); }

inline Question By(IdentifierType type, const std::string& value) {
  return ByIdentifier{type, Id(value)};
}
inline Question ByIcn(const std::string& icn) { return By(IdentifierType::kIcn, icn); }

inline ByTraits PatExample() {
  ByTraits traits;
  traits.first_name = identity::PersonText::FromWire("Pat");
  traits.last_name = identity::PersonText::FromWire("Example");
  traits.birth_date = identity::BirthDate::FromWire("1980-03-02");
  traits.ssn = identity::Ssn::FromWire("796-11-1863");
  return traits;
}

inline CacheKey KeyFor(const Question& question) { return KeyOf(question).value(); }

inline identity::CorrelatedId Row(const std::string& id, const std::string& type,
                                  const std::string& facility, const std::string& authority,
                                  const std::string& status) {
  const bool dod = facility == "200DOD";
  return {Id(id),    type,   facility,
          authority, status, std::string(dod ? identity::kDodRoot : identity::kVaRoot)};
}

// Somebody with an ICN, an EDIPI, an ID.me uuid and an id at one facility.
inline Answer PersonWith(const std::string& icn, const std::vector<std::string>& former = {}) {
  Answer answer;
  answer.outcome = Outcome::kOk;
  answer.ack_code = "AA";
  answer.message_id = "200VGOV-1";
  Profile& profile = answer.profile.emplace();
  Name& name = profile.names.emplace_back();
  name.given = {identity::PersonText::FromWire("Canarygiven")};
  name.family = identity::PersonText::FromWire("Canaryfamily");
  name.use = "L";
  profile.birth_date = identity::BirthDate::FromWire("19800302");
  profile.ssn = identity::Ssn::FromWire("796111863");
  const std::vector<identity::CorrelatedId> rows = {
      Row(icn, "NI", "200M", "USVHA", "P"), Row(kEdipi, "NI", "200DOD", "USDOD", "A"),
      Row(kIdme, "PN", "200VIDM", "USDVA", "A"), Row(kVistaId, "PI", "516", "USVHA", "A")};
  profile.ids = identity::GcIds(rows);
  for (const std::string& one : former) {
    profile.historical_icns.push_back(identity::Icn::FromWire(one));
  }
  return answer;
}

inline Answer Nobody() {
  Answer answer;
  answer.outcome = Outcome::kNoMatch;
  answer.ack_code = "AA";
  answer.query_response = "NF";
  return answer;
}

}  // namespace va::mpi::testing
