// The one catalogue of the rules that decide about sign-ins: what each does, in plain words, and
// where it comes from. Every tag of a finding, every rule of a decision and every step of a trace
// stands in it; `Explain`, the tools and the documentation read it.
#pragma once

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/signin_code.h"

namespace va::attributes {

struct RuleRow {
  absl::string_view name;                // stable: the tag, or the name of the rule
  std::optional<base::SignInCode> code;  // with which it ends an attempt, if it can
  absl::string_view words;               // one sentence
  absl::string_view source;              // page and section, or the decision
};

// Rows of the answers of OpenID Connect providers alone: sis_rule_catalogue.cc.
absl::Span<const RuleRow> SisRules();

// All rows, those of SSOe and those that both share first.
const std::vector<RuleRow>& RuleCatalogue();

// nullptr when there is no such rule.
const RuleRow* FindRule(absl::string_view name);

}  // namespace va::attributes
