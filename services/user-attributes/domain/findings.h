// What the rules notice about identifiers, and what it does to an attempt. All findings are
// reported, not only the first; a waiver changes the effect of a finding and never removes it from
// the record. Only the application's policy row waives (decision R2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/base/signin_code.h"
#include "lib/identity/gc_ids.h"
#include "lib/identity/pii.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/attribute_reading.h"

namespace va::attributes {

enum class Effect { kBlocks, kWaived, kNoted };

struct Finding {
  std::optional<base::SignInCode> code;  // none: never ends an attempt
  std::string tag;
  Effect effect = Effect::kNoted;
  std::string waived_by;  // e.g. "application mhv"
  std::string subject;    // name of the attribute concerned, when it is one
  // The distinct values in conflict, in order. Never leaves this process (decision R3).
  std::vector<identity::CspId> conflicting;

  bool operator==(const Finding&) const = default;
};

// The rules that hold for one attempt. Both rows belong to the policy, the text to the attempt.
struct RuleSet {
  const identity::RuleProfile* profile = nullptr;
  const identity::Application* application = nullptr;  // nullptr: nothing is waived
  absl::string_view skip_dupe = {};                    // as asked; most profiles do not look
};

// A check found something: judged by the profile, then by the application's waivers. Adds nothing
// when the profile ignores the check, or when the same finding stands there already.
void AddFinding(const RuleSet& rules, identity::Check check,
                std::vector<identity::CspId> conflicting, std::vector<Finding>& out);

// A finding that no profile and no application can change.
void AddBlocking(base::SignInCode code, absl::string_view tag, std::vector<Finding>& out,
                 absl::string_view subject = {});

// A finding that is recorded only.
void AddNote(absl::string_view tag, std::vector<Finding>& out, absl::string_view subject = {});

// The identifier rules about an assertion, in the order of ssoe_saml.md 5: 103, 106, 102, 101,
// sec_id, 104, then R10. `uuid_known` says whether an ID.me or Login.gov uuid was found.
void CheckIdentifiers(const AttributeReading& reading, const identity::GcIds& ids, bool uuid_known,
                      const RuleSet& rules, std::vector<Finding>& out);

// The same identifier rules about the rows MPI holds: 106, 102, 101, sec_id, two permanent ICNs.
void CheckMpiIdentifiers(const identity::GcIds& ids, const RuleSet& rules,
                         std::vector<Finding>& out);

// The first blocking finding, which gives the refusal its code; nullptr when nothing blocks.
const Finding* FirstBlocking(const std::vector<Finding>& findings);

// Whether a check found something, whatever came of it.
bool WasFound(const std::vector<Finding>& findings, identity::Check check);

// Whether a finding of this tag was waived.
bool WasWaived(const std::vector<Finding>& findings, identity::Check check);

}  // namespace va::attributes
