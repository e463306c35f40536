#include "tests/simulators/mpi/knobs.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::simulators {
namespace {

using nlohmann::json;

constexpr int kLongestMs = 600000;
constexpr size_t kMostFaults = 64;

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

absl::StatusOr<std::string> Word(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::string();
  if (!found->is_string()) return Wrong(absl::StrCat(name, " must be a text"));
  return found->get<std::string>();
}

int DefaultMs(Mode mode) {
  switch (mode) {
    case Mode::kSlow:
    case Mode::kEventual:
      return 1000;
    case Mode::kHang:
      return 60000;
    case Mode::kDrip:
      return 100;
    default:
      return 0;
  }
}

int DefaultStatus(Mode mode) {
  if (mode == Mode::kError) return 503;
  return mode == Mode::kFault ? 500 : 200;
}

absl::Status CheckNames(const json& object) {
  for (const auto& [name, value] : object.items()) {
    const char* const known[] = {"mode",    "ms",          "status", "times",
                                 "percent", "interaction", "persona"};
    if (std::find(std::begin(known), std::end(known), name) == std::end(known)) {
      return Wrong(absl::StrCat(name, ": unknown name"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Fault> ParseFault(const json& object) {
  if (!object.is_object()) return Wrong("a fault is a JSON object");
  if (absl::Status names = CheckNames(object); !names.ok()) return names;
  const auto mode = Word(object, "mode");
  if (!mode.ok()) return mode.status();
  const auto row = std::find_if(Modes().begin(), Modes().end(),
                                [&](const auto& entry) { return entry.first == *mode; });
  if (row == Modes().end()) return Wrong("mode: unknown word");
  const auto ms = Number(object, "ms", 0, kLongestMs, DefaultMs(row->second));
  const auto status = Number(object, "status", 200, 599, DefaultStatus(row->second));
  const auto times = Number(object, "times", 0, 1000000, 0);
  const auto percent = Number(object, "percent", 0, 100, 100);
  for (const auto* number : {&ms, &status, &times, &percent}) {
    if (!number->ok()) return number->status();
  }
  const auto interaction = Word(object, "interaction");
  if (!interaction.ok()) return interaction.status();
  const auto persona = Word(object, "persona");
  if (!persona.ok()) return persona.status();
  const char* const known[] = {"", "find", "add", "proxy", "update"};
  if (std::find(std::begin(known), std::end(known), *interaction) == std::end(known)) {
    return Wrong("interaction: unknown word");
  }
  return Fault{row->second, absl::Milliseconds(*ms), *status, *times, *percent, *interaction,
               *persona};
}

bool IsFor(const Fault& fault, Interaction interaction,
           const std::set<const testing::Persona*>& about) {
  if (!fault.interaction.empty() && fault.interaction != WordOf(interaction)) return false;
  return fault.persona.empty() ||
         std::any_of(about.begin(), about.end(), [&fault](const testing::Persona* persona) {
           return persona->id == fault.persona;
         });
}

// One in two, one in three and so on: evenly, and the same in every run.
bool IsDue(Fault& fault) {
  const int64_t before = fault.met * fault.percent / 100;
  ++fault.met;
  return fault.met * fault.percent / 100 > before;
}

}  // namespace

const std::vector<std::pair<absl::string_view, Mode>>& Modes() {
  static const auto* const modes =
      new std::vector<std::pair<absl::string_view, Mode>>{{"none", Mode::kNone},
                                                          {"slow", Mode::kSlow},
                                                          {"hang", Mode::kHang},
                                                          {"down", Mode::kDown},
                                                          {"reset", Mode::kReset},
                                                          {"cut", Mode::kCut},
                                                          {"lost", Mode::kLost},
                                                          {"ae", Mode::kAe},
                                                          {"ar", Mode::kAr},
                                                          {"nf", Mode::kNf},
                                                          {"qe", Mode::kQe},
                                                          {"unknown_sender", Mode::kUnknownSender},
                                                          {"multiple", Mode::kMultiple},
                                                          {"duplicate", Mode::kDuplicate},
                                                          {"fault", Mode::kFault},
                                                          {"error", Mode::kError},
                                                          {"html", Mode::kHtml},
                                                          {"malformed", Mode::kMalformed},
                                                          {"doctype", Mode::kDoctype},
                                                          {"laughs", Mode::kLaughs},
                                                          {"deep", Mode::kDeep},
                                                          {"charset", Mode::kCharset},
                                                          {"wrong_message", Mode::kWrongMessage},
                                                          {"wrong_query", Mode::kWrongQuery},
                                                          {"other_person", Mode::kOtherPerson},
                                                          {"low_score", Mode::kLowScore},
                                                          {"deceased", Mode::kDeceased},
                                                          {"theft", Mode::kTheft},
                                                          {"drip", Mode::kDrip},
                                                          {"giant", Mode::kGiant},
                                                          {"endless", Mode::kEndless},
                                                          {"eventual", Mode::kEventual}};
  return *modes;
}

absl::StatusOr<std::vector<Fault>> ParseFaults(absl::string_view text) {
  const json parsed = json::parse(text.begin(), text.end(), nullptr, false);
  const json list = parsed.is_array() ? parsed : json::array({parsed});
  if (list.size() > kMostFaults) return Wrong("too many faults");
  std::vector<Fault> faults;
  for (const json& object : list) {
    auto fault = ParseFault(object);
    if (!fault.ok()) return fault.status();
    faults.push_back(*std::move(fault));
  }
  return faults;
}

void Knobs::Set(std::vector<Fault> faults) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_ = std::move(faults);
}

Meant Knobs::Take(Interaction interaction, const std::set<const testing::Persona*>& about) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Meant meant;
  meant.status = 200;
  for (auto fault = faults_.begin(); fault != faults_.end();) {
    const bool spent = fault->times == 1;
    if (!IsFor(*fault, interaction, about) || !IsDue(*fault)) {
      ++fault;
      continue;
    }
    if (fault->mode == Mode::kEventual) {
      meant.visible_after += fault->wait;
    } else {
      const bool decides = meant.mode == Mode::kNone || meant.mode == Mode::kSlow;
      if (decides) meant.mode = fault->mode;
      if (decides) meant.status = fault->status;
      meant.wait += fault->wait;
    }
    if (fault->times > 0) --fault->times;
    fault = spent ? faults_.erase(fault) : fault + 1;
  }
  return meant;
}

}  // namespace va::simulators
