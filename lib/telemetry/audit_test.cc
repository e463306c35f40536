#include "lib/telemetry/audit.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

namespace va::telemetry {

TEST_CASE("AuditEvent: every event has a name of its own", "[audit]") {
  std::set<std::string> names;
  const int last = static_cast<int>(AuditEvent::kRecordsLost);
  for (int i = 0; i <= last; ++i) {
    names.insert(std::string(ToString(static_cast<AuditEvent>(i))));
  }
  CHECK(names.size() == static_cast<size_t>(last) + 1);
  CHECK(names.count("") == 0);
}

}  // namespace va::telemetry
