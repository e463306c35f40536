#include "tests/simulators/mhv/faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "tests/simulators/mhv/token.h"

namespace va::simulators {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<absl::string_view, FaultMode>, 8> kModes = {
    {{"none", FaultMode::kNone},
     {"down", FaultMode::kDown},
     {"slow", FaultMode::kSlow},
     {"html", FaultMode::kHtml},
     {"malformed", FaultMode::kMalformed},
     {"wrong_type", FaultMode::kWrongType},
     {"wrong_shape", FaultMode::kWrongShape},
     {"error", FaultMode::kError}}};

// A stop must not have to wait much longer than this.
constexpr absl::Duration kLongestWait = absl::Seconds(10);

absl::Status Wrong(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "FAULT", message);
}

// A whole number between the two, or `absent`.
absl::StatusOr<int> Number(const json& object, const char* name, int least, int most, int absent) {
  if (!object.contains(name)) return absent;
  const auto number = NumberOf(object, name);
  if (!number || *number < least || *number > most) {
    return Wrong(absl::StrCat(name, " must be a number from ", least, " to ", most));
  }
  return static_cast<int>(*number);
}

// A value of another type than this one.
json OtherType(const json& value) {
  if (value.is_boolean()) return "yes";
  if (value.is_number()) return json::array();
  if (value.is_object()) return "object";
  return 7;
}

std::string OtherShape(const std::string& body) {
  json answer = json::parse(body, nullptr, false);
  if (!answer.is_object()) return "[]";
  for (auto& entry : answer) entry = OtherType(entry);
  return answer.dump();
}

http::Response ErrorAnswer(const Fault& fault) {
  if (fault.code == 0) return http::Text(fault.status, "Internal Server Error\n");
  return http::Json(fault.status,
                    json({{"errorCode", fault.code}, {"message", "Fault on request"}}).dump());
}

}  // namespace

absl::StatusOr<Fault> ParseFault(absl::string_view text) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  if (!object.is_object()) return Wrong("the body is no JSON object");
  const auto unknown = UnknownNames(object, {"mode", "ms", "status", "code", "path"});
  if (!unknown.empty()) return Wrong(unknown.front());
  const std::string mode = TextOf(object, "mode");
  const auto row = std::find_if(kModes.begin(), kModes.end(),
                                [&](const auto& entry) { return entry.first == mode; });
  if (row == kModes.end()) return Wrong("mode: unknown word");
  const auto ms =
      Number(object, "ms", 0, static_cast<int>(kLongestWait / absl::Milliseconds(1)), 5000);
  const auto status =
      Number(object, "status", 200, 599, row->second == FaultMode::kHtml ? 200 : 503);
  const auto code = Number(object, "code", 1, 99999, 0);
  for (const auto* number : {&ms, &status, &code}) {
    if (!number->ok()) return number->status();
  }
  return Fault{row->second, absl::Milliseconds(*ms), *status, *code, TextOf(object, "path")};
}

void Faults::Set(Fault fault) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_ = std::move(fault);
    ++generation_;
  }
  changed_.notify_all();
}

Fault Faults::Current(absl::string_view path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return absl::StrContains(path, fault_.path) ? fault_ : Fault();
}

void Faults::Wait(absl::Duration duration) {
  std::unique_lock<std::mutex> lock(mutex_);
  const int generation = generation_;
  changed_.wait_for(lock, absl::ToChronoMilliseconds(duration),
                    [&] { return generation_ != generation; });
}

http::Response Faults::Answer(absl::string_view path,
                              const std::function<http::Response()>& right) {
  const Fault fault = Current(path);
  http::Response response;
  switch (fault.mode) {
    case FaultMode::kNone:
      return right();
    case FaultMode::kDown:
      response.status = http::kNoAnswer;
      return response;
    case FaultMode::kSlow:
      Wait(fault.wait);
      return right();
    case FaultMode::kHtml:
      return http::Html(fault.status,
                        "<!doctype html><title>Maintenance</title><h1>Back soon</h1>\n");
    case FaultMode::kMalformed:
      response = right();
      response.body.resize(response.body.size() / 2);
      return response;
    case FaultMode::kWrongType:
      response = right();
      response.headers.Set("Content-Type", "text/plain; charset=utf-8");
      return response;
    case FaultMode::kWrongShape:
      response = right();
      response.body = OtherShape(response.body);
      return response;
    case FaultMode::kError:
      return ErrorAnswer(fault);
  }
  return response;
}

}  // namespace va::simulators
