// The fixed words of HL7 v3 as MPI speaks it: OIDs, interaction ids, namespaces. Read by the two
// codecs of this folder; nothing here is configuration.
#pragma once

#include "absl/strings/string_view.h"

namespace va::mpi::hl7 {

// Namespaces. The reference writes U+2010 instead of the ASCII hyphen in two of them; we
// write ASCII, or that when told to, and read both (decision M2).
inline constexpr absl::string_view kSoapNs = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr absl::string_view kSoap12Ns = "http://www.w3.org/2003/05/soap-envelope";
inline constexpr absl::string_view kAddressingNs = "http://www.w3.org/2005/08/addressing";
inline constexpr absl::string_view kAddressing2004Ns =
    "http://schemas.xmlsoap.org/ws/2004/08/addressing";
inline constexpr absl::string_view kXopNs = "http://www.w3.org/2004/08/xop/include";
inline constexpr absl::string_view kIdmNs = "http://vaww.oed.oit.va.gov";
inline constexpr absl::string_view kHl7Ns = "urn:hl7-org:v3";
inline constexpr absl::string_view kXsiNs = "http://www.w3.org/2001/XMLSchema-instance";
inline constexpr absl::string_view kHl7NsU2010 = "urn:hl7\xE2\x80\x90org:v3";
inline constexpr absl::string_view kXsiNsU2010 =
    "http://www.w3.org/2001/XMLSchema\xE2\x80\x90instance";
inline constexpr absl::string_view kSchemaFolder = "../../schema/HL7V3/NE2008/multicacheschemas/";

// Interactions.
inline constexpr absl::string_view kFindRequest = "PRPA_IN201305UV02";
inline constexpr absl::string_view kFindTrigger = "PRPA_TE201305UV02";
inline constexpr absl::string_view kFindAnswer = "PRPA_IN201306UV02";
inline constexpr absl::string_view kAddRequest = "PRPA_IN201301UV02";
inline constexpr absl::string_view kUpdateRequest = "PRPA_IN201302UV02";
inline constexpr absl::string_view kAddAnswer = "MCCI_IN000002UV01";

// Roots.
inline constexpr absl::string_view kInteractionRoot = "2.16.840.1.113883.1.6";
inline constexpr absl::string_view kMessageRoot = "1.2.840.114350.1.13.0.1.7.1.1";
inline constexpr absl::string_view kReceiverRoot = "1.2.840.114350.1.13.999.234";
inline constexpr absl::string_view kReceiver = "200M";
inline constexpr absl::string_view kQueryRoot = "1.2.840.114350.1.13.28.1.18.5.999";
inline constexpr absl::string_view kSsnRoot = "2.16.840.1.113883.4.1";
inline constexpr absl::string_view kDataEntererSsnRoot = "2.16.840.1.113883.777.999";

inline constexpr absl::string_view kOrchestration = "MVI.ORCHESTRATION";

}  // namespace va::mpi::hl7
