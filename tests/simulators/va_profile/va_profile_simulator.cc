#include "tests/simulators/va_profile/va_profile_simulator.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace va::simulators::va_profile {
namespace {

using nlohmann::json;

// A header that must come once, with this value.
void Expect(const http::Request& request, const char* name, absl::string_view value,
            std::vector<std::string>* problems) {
  if (request.headers.Count(name) != 1 || *request.headers.Get(name) != value) {
    problems->push_back(absl::StrCat("header ", name));
  }
}

std::vector<std::string> ProblemsOf(const http::Request& request) {
  std::vector<std::string> problems;
  Expect(request, "Accept", "application/json", &problems);
  Expect(request, "Content-Type", "application/json", &problems);
  Expect(request, "cufSystemName", "VETSGOV", &problems);
  const std::string& id = request.Param("id");
  if (id.empty() || !std::all_of(id.begin(), id.end(), absl::ascii_isdigit)) {
    problems.emplace_back("the id is no number");
  }
  if (!request.query.empty()) problems.emplace_back("a query");
  if (!request.body.empty()) problems.emplace_back("a body");
  return problems;
}

http::Response Rejected(int status, const char* code, const char* text) {
  return http::Json(
      status,
      json({{"messages",
             {{{"code", code}, {"key", "_CUF_REJECTED"}, {"severity", "ERROR"}, {"text", text}}}},
            {"status", "REJECTED"}})
          .dump());
}

}  // namespace

VaProfileSimulator::VaProfileSimulator(std::vector<testing::Persona> personas,
                                       base::IdGenerator& ids, OnRefused on_refused)
    : personas_(std::move(personas)),
      ids_(ids),
      on_refused_(std::move(on_refused)),
      router_([](const http::Request&, int status) {
        return http::Text(status, "there is nothing at this address\n");
      }) {
  router_.Add("GET", absl::StrCat(kContactPath, "/{id}"), [this](http::Request& request) {
    ++calls_;
    return faults_.Answer([&] { return Contact(request); });
  });
  router_.Add("POST", "/_sim/faults", [this](http::Request& request) { return SetFault(request); });
  router_.AddSafe("/_sim/calls", [this](http::Request&) { return Calls(); });
  router_.AddSafe("/livez", [](http::Request&) { return http::Json(200, "{\"status\":\"ok\"}"); });
}

http::Response VaProfileSimulator::Handle(http::Request& request) { return router_.Route(request); }

http::Response VaProfileSimulator::Contact(const http::Request& request) {
  const std::vector<std::string> problems = ProblemsOf(request);
  if (!problems.empty()) {
    if (on_refused_) on_refused_(problems);
    return Rejected(400, "CUF101", "The request is not acceptable");
  }
  const std::string& id = request.Param("id");
  const auto persona =
      std::find_if(personas_.begin(), personas_.end(), [&id](const testing::Persona& candidate) {
        return candidate.va_profile && candidate.va_profile->id == id;
      });
  if (persona == personas_.end() || persona->va_profile->bio.empty()) {
    return Rejected(404, "CORE103", "The vet360Id does not exist");
  }
  json bio = json::parse(persona->va_profile->bio, nullptr, false);
  std::int64_t number = 0;
  if (!bio.is_object() || !absl::SimpleAtoi(id, &number)) {
    return Rejected(500, "CORE100", "The persona's bio is no JSON object");
  }
  // What VA Profile says of itself; whoever reads us has to pass over it.
  bio["vet360Id"] = number;
  bio["createDate"] = "2018-04-21T18:56:09Z";
  bio["sourceSystem"] = "VBACORP";
  const std::string audit_id = ids_.Uuid();
  http::Response response = http::Json(
      200, json({{"txAuditId", audit_id}, {"status", "COMPLETED_SUCCESS"}, {"bio", bio}}).dump());
  response.headers.Set("vaprofiletxauditid", audit_id);
  return response;
}

http::Response VaProfileSimulator::SetFault(const http::Request& request) {
  const auto fault = ParseFault(request.body);
  if (!fault.ok()) {
    return http::Text(400, absl::StrCat(std::string(fault.status().message()), "\n"));
  }
  faults_.Set(*fault);
  return http::Json(200, "{}");
}

http::Response VaProfileSimulator::Calls() const {
  return http::Json(200, json({{kContactPath, calls_.load()}}).dump());
}

}  // namespace va::simulators::va_profile
