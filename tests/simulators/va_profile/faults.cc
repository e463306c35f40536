#include "tests/simulators/va_profile/faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::simulators::va_profile {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<absl::string_view, FaultMode>, 11> kModes = {
    {{"none", FaultMode::kNone},
     {"down", FaultMode::kDown},
     {"hang", FaultMode::kHang},
     {"slow", FaultMode::kSlow},
     {"error", FaultMode::kError},
     {"malformed", FaultMode::kMalformed},
     {"deep", FaultMode::kDeep},
     {"huge", FaultMode::kHuge},
     {"wrong_type", FaultMode::kWrongType},
     {"wrong_shape", FaultMode::kWrongShape},
     {"other_person", FaultMode::kOtherPerson}}};

// A stop must not have to wait much longer than this.
constexpr int kLongestWaitMs = 10000;
constexpr size_t kHugeBody = size_t{4} << 20;
constexpr size_t kDeepBody = 50000;

absl::Status Wrong(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "FAULT", message);
}

// A whole number between the two, or `absent`.
absl::StatusOr<int> Number(const json& object, const char* name, int least, int most, int absent) {
  const auto found = object.find(name);
  if (found == object.end()) return absent;
  if (!found->is_number_integer() || *found < least || *found > most) {
    return Wrong(absl::StrCat(name, " must be a number from ", least, " to ", most));
  }
  return found->get<int>();
}

http::Response WithBody(http::Response response, std::string body) {
  response.body = std::move(body);
  return response;
}

// Their word for a text of the answer becomes a number.
http::Response OtherShape(http::Response response) {
  json answer = json::parse(response.body, nullptr, false);
  if (answer.is_object() && answer.contains("bio")) {
    answer["bio"]["emails"] = json::array({{{"emailId", 1}, {"emailAddressText", 7}}});
  }
  return WithBody(std::move(response), answer.dump());
}

http::Response OtherPerson(http::Response response) {
  json answer = json::parse(response.body, nullptr, false);
  if (answer.is_object() && answer.contains("bio")) answer["bio"]["vet360Id"] = 1;
  return WithBody(std::move(response), answer.dump());
}

http::Response ErrorAnswer(int status) {
  return http::Json(status, json({{"messages",
                                   {{{"code", "CORE100"},
                                     {"key", "_CUF_UNEXPECTED_ERROR"},
                                     {"severity", "ERROR"},
                                     {"text", "Fault on request"}}}},
                                  {"status", "REJECTED"}})
                                .dump());
}

}  // namespace

absl::StatusOr<Fault> ParseFault(absl::string_view text) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  if (!object.is_object()) return Wrong("the body is no JSON object");
  for (const auto& [name, value] : object.items()) {
    if (name != "mode" && name != "ms" && name != "status" && name != "times") {
      return Wrong(absl::StrCat(name, ": unknown name"));
    }
  }
  const std::string mode = object.value("mode", json()).is_string() ? object["mode"] : json("");
  const auto row = std::find_if(kModes.begin(), kModes.end(),
                                [&](const auto& entry) { return entry.first == mode; });
  if (row == kModes.end()) return Wrong("mode: unknown word");
  const auto ms = Number(object, "ms", 0, kLongestWaitMs, kLongestWaitMs);
  const auto status = Number(object, "status", 200, 599, 500);
  const auto times = Number(object, "times", 0, 1000000, 0);
  for (const auto* number : {&ms, &status, &times}) {
    if (!number->ok()) return number->status();
  }
  return Fault{row->second, absl::Milliseconds(*ms), *status, *times};
}

void Faults::Set(Fault fault) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_ = fault;
    ++generation_;
  }
  changed_.notify_all();
}

Fault Faults::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Fault fault = fault_;
  if (fault_.times > 0 && --fault_.times == 0) fault_ = Fault();
  return fault;
}

void Faults::Wait(absl::Duration duration) {
  std::unique_lock<std::mutex> lock(mutex_);
  const int generation = generation_;
  changed_.wait_for(lock, absl::ToChronoMilliseconds(duration),
                    [&] { return generation_ != generation; });
}

http::Response Faults::Answer(const std::function<http::Response()>& right) {
  const Fault fault = Take();
  http::Response response;
  switch (fault.mode) {
    case FaultMode::kNone:
      return right();
    case FaultMode::kHang:
      Wait(fault.wait);
      [[fallthrough]];
    case FaultMode::kDown:
      response.status = http::kNoAnswer;
      return response;
    case FaultMode::kSlow:
      Wait(fault.wait);
      return right();
    case FaultMode::kError:
      return ErrorAnswer(fault.status);
    case FaultMode::kMalformed:
      response = right();
      response.body.resize(response.body.size() / 2);
      return response;
    case FaultMode::kDeep:
      return WithBody(right(), std::string(kDeepBody, '['));
    case FaultMode::kHuge:
      return WithBody(right(), "\"" + std::string(kHugeBody, 'a') + "\"");
    case FaultMode::kWrongType:
      response = right();
      response.headers.Set("Content-Type", "text/plain; charset=utf-8");
      return response;
    case FaultMode::kWrongShape:
      return OtherShape(right());
    case FaultMode::kOtherPerson:
      return OtherPerson(right());
  }
  return response;
}

}  // namespace va::simulators::va_profile
