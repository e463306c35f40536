// The stand-in for VA Profile: contact information of the people of tests/personas by their id
// there. Checks every request as strictly as the real party would, and fails in whatever way a test
// asks for.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/id_generator.h"
#include "lib/http/message.h"
#include "lib/http/router.h"
#include "lib/testing/persona.h"
#include "tests/simulators/va_profile/faults.h"

namespace va::simulators::va_profile {

inline constexpr char kContactPath[] = "/contact-information-hub/cuf/contact-information/v1";

// Told what was refused and why; never anything about a person.
using OnRefused = std::function<void(const std::vector<std::string>& problems)>;

class VaProfileSimulator {
 public:
  VaProfileSimulator(std::vector<testing::Persona> personas, base::IdGenerator& ids,
                     OnRefused on_refused);

  // Thread-safe.
  http::Response Handle(http::Request& request);

 private:
  http::Response Contact(const http::Request& request);
  http::Response SetFault(const http::Request& request);
  http::Response Calls() const;

  const std::vector<testing::Persona> personas_;
  base::IdGenerator& ids_;
  const OnRefused on_refused_;
  http::Router router_;
  Faults faults_;
  std::atomic<std::int64_t> calls_{0};
};

}  // namespace va::simulators::va_profile
