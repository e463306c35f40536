// The rules that were reached, in order, for whoever asks why (`Explain`). A decision that nobody
// asks about pays one comparison with a null pointer for each rule: no text is made and nothing is
// allocated without a trace. What a rule does and where it comes from stands in the one catalogue
// (rule_catalogue.h); a step holds no value of a person.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::attributes {

enum class StepOutcome { kPassed, kNoted, kWaived, kBlocked, kChose };

struct RuleStep {
  absl::string_view rule;  // name in the catalogue
  StepOutcome outcome = StepOutcome::kPassed;
  std::string subject;  // attribute or policy row; never a value of a person

  bool operator==(const RuleStep&) const = default;
};

using Trace = std::vector<RuleStep>;

// Adds a step when somebody is listening.
inline void Record(Trace* trace, absl::string_view rule, StepOutcome outcome,
                   absl::string_view subject = {}) {
  if (trace == nullptr) return;
  trace->push_back({rule, outcome, std::string(subject.data(), subject.size())});
}

}  // namespace va::attributes
