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
#include "services/user-attributes/domain/trace.h"

namespace va::attributes {

enum class Effect { kBlocks, kWaived, kNoted };

struct Finding {
  std::optional<base::SignInCode> code;  // none: never ends an attempt
  absl::string_view tag;                 // name in the catalogue; lives for ever
  Effect effect = Effect::kNoted;
  std::string waived_by;      // e.g. "application mhv"
  absl::string_view subject;  // name of the attribute concerned, when it is one; lives for ever
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
                std::vector<identity::CspId> conflicting, std::vector<Finding>& out,
                Trace* trace = nullptr);

// A finding that no profile and no application can change. `tag` and `subject` live for ever.
void AddBlocking(base::SignInCode code, absl::string_view tag, std::vector<Finding>& out,
                 absl::string_view subject = {}, Trace* trace = nullptr);

// A finding that is recorded only.
void AddNote(absl::string_view tag, std::vector<Finding>& out, absl::string_view subject = {},
             Trace* trace = nullptr);

// The identifier rules about an assertion, in the order of ssoe_saml.md 5: 103, 106, 102, 101,
// sec_id, 104, then R10. `uuid_known` says whether an ID.me or Login.gov uuid was found.
void CheckIdentifiers(const AttributeReading& reading, const identity::GcIds& ids, bool uuid_known,
                      const RuleSet& rules, std::vector<Finding>& out, Trace* trace = nullptr);

// The same as the generation of 2021 had them, with comma lists: 104, 102, 103, then 101.
void CheckIdentifiersOf2021(const AttributeReading& reading, const identity::GcIds& ids,
                            bool uuid_known, const RuleSet& rules, std::vector<Finding>& out,
                            Trace* trace = nullptr);

// The same identifier rules about the rows MPI holds: 106, 102, 101, sec_id, two permanent ICNs.
void CheckMpiIdentifiers(const identity::GcIds& ids, const RuleSet& rules,
                         std::vector<Finding>& out, Trace* trace = nullptr);

// The items of a comma list as the broker writes it; blank items are none.
std::vector<identity::CspId> CommaList(std::optional<absl::string_view> list);

// The first blocking finding, which gives the refusal its code; nullptr when nothing blocks.
const Finding* FirstBlocking(const std::vector<Finding>& findings);

// Whether a check found something, whatever came of it.
bool WasFound(const std::vector<Finding>& findings, identity::Check check);

// Whether a finding of this tag was waived.
bool WasWaived(const std::vector<Finding>& findings, identity::Check check);

}  // namespace va::attributes
