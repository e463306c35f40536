// Reads a find request as the Master Person Index would, and more strictly: every element in its
// place, every OID and fixed code as documented, nothing missing and nothing beside it. Knows the
// messages from their specification alone (decision E2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/http/message.h"
#include "lib/xml/document.h"

namespace va::simulators {

inline constexpr absl::string_view kV3 = "urn:hl7-org:v3";
inline constexpr absl::string_view kSoap = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr absl::string_view kIdm = "http://vaww.oed.oit.va.gov";
inline constexpr absl::string_view kSchemaInstance = "http://www.w3.org/2001/XMLSchema-instance";

// What somebody is looked for by.
struct MpiTraits {
  std::string given;
  std::string middle;
  std::string family;
  std::string birth_date;  // YYYYMMDD
  std::string ssn;
  std::string gender;  // empty: not asked by
};

struct MpiQuery {
  std::string icn;         // one of these
  std::string edipi;       //
  std::string correlated;  // "id^type^facility^authority^status"
  std::optional<MpiTraits> traits;
};

// What could be read, and what is wrong. Problems name elements and headers, never what they hold.
struct CheckedRequest {
  std::optional<xml::Document> document;  // absent: no XML at all
  std::optional<xml::Element> query_by_parameter;
  std::string message_id;
  std::string query_id;
  MpiQuery query;
  std::vector<std::string> problems;
};

CheckedRequest CheckFindRequest(const http::Request& request);

}  // namespace va::simulators
