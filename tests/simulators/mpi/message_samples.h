// Messages to MPI, written by hand from mpi_mhv.md for the tests of the simulator: no production
// code has a part in them (decision E2). About people who do not exist.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "lib/http/message.h"
#include "lib/testing/persona.h"

namespace va::simulators {

inline constexpr char kSampleMessageId[] = "200VGOV-5f0c8a52-0f0e-4a9e-9d3b-6b1f2d1c7e01";
inline constexpr char kSampleIcn[] = "1019900417V557122";
inline constexpr char kSampleSsn[] = "987001234";
inline constexpr char kSampleCredential[] = "bb22^PN^200VIDM^USDVA^A";

// Known to MPI under kSampleIcn, as Zebulon Testwell, with an EDIPI and the ID.me uuid aa11.
testing::Persona SamplePersona(testing::MpiOutcome outcome);

// Ids of their own for each message of one test: 1, 2 ...
std::string MessageIdNo(int number);

std::string FindMessage(absl::string_view data_enterer, absl::string_view parameters);
std::string FindById(absl::string_view extension,
                     absl::string_view root = "2.16.840.1.113883.4.349");
std::string FindByEdipi();
std::string FindByTraits(absl::string_view ssn = kSampleSsn);
// With representedOrganization.
std::string OrchestratedSearch();

struct SampleAdd {
  std::string given = "Zebulon";
  std::string family = "Testwell";
  std::string ssn = kSampleSsn;
  std::string credential = kSampleCredential;
  std::string message_id = kSampleMessageId;
};
std::string AddMessage(const SampleAdd& add = {});
std::string ProxyMessage(absl::string_view token, absl::string_view icn = kSampleIcn);
std::string UpdateMessage(absl::string_view credential = kSampleCredential,
                          absl::string_view icn = kSampleIcn);

// Another message and query id in the same message.
std::string WithIds(std::string message, int number);

// As it comes over HTTP, with the soapaction of what it is.
http::Request SampleRequest(std::string body);

}  // namespace va::simulators
