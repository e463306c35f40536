// Reads a message as the Master Person Index would, and more strictly: every element in its place,
// every OID and fixed code as documented, nothing missing and nothing beside it. Knows the messages
// from their specification alone (decision E2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/http/message.h"
#include "lib/testing/persona.h"
#include "lib/xml/document.h"
#include "tests/simulators/mpi/sequence.h"

namespace va::simulators {

enum class Interaction { kNone, kFind, kAdd, kProxy, kUpdate };

// find, add, proxy, update; "" for none.
absl::string_view WordOf(Interaction interaction);

// Who somebody is said to be.
struct MpiTraits {
  std::string given;
  std::string middle;
  std::string family;
  std::string birth_date;  // YYYYMMDD
  std::string ssn;
  std::string gender;  // empty: not asked by
  std::string edipi;   // of an orchestrated search
};

struct MpiQuery {
  std::string icn;         // one of these
  std::string edipi;       //
  std::string correlated;  // "id^type^facility^authority^status"
  std::optional<MpiTraits> traits;
  std::string search;  // MVI.COMP1 and so on
};

// What an add or an update asks for.
struct MpiChange {
  MpiTraits who;
  std::string icn;         // proxy add, update
  std::string credential;  // "id^type^facility^authority^status"; add, update
  std::string token;       // proxy add
  std::optional<testing::PersonaAddress> address;
};

// What could be read, and what is wrong. Problems name elements and headers, never what they hold.
struct CheckedRequest {
  std::optional<xml::Document> document;  // absent: no XML at all
  Interaction interaction = Interaction::kNone;
  std::optional<xml::Element> query_by_parameter;
  std::string message_id;
  std::string query_id;
  MpiQuery query;
  MpiChange change;
  bool unknown_sender = false;
  Problems problems;
};

CheckedRequest CheckRequest(const http::Request& request);

}  // namespace va::simulators
