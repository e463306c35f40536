// A second look at a JSON object, for judging what the strict reader of lib/jose accepted: written
// for this alone, by rules of its own, and honest about what it does not judge.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace va::fuzz {

struct JsonLook {
  bool object = false;     // well-formed as far as this look goes, and an object
  bool duplicate = false;  // some name twice in one object, at any level
  // Something that two honest readers may take differently: escapes, bytes beyond ASCII, numbers
  // that are long or have an exponent, depth. Only a typed outcome is demanded then.
  bool unsure = false;
  std::map<std::string, std::string, std::less<>>
      members;  // of the outermost object, as they stand

  // The text of a member that is a string; empty for everything else.
  std::string Text(absl::string_view name) const;
  // Absent, or a string.
  bool TextOrAbsent(absl::string_view name) const;
  bool Has(absl::string_view name) const { return members.find(name) != members.end(); }
};

JsonLook LookAt(absl::string_view text);

}  // namespace va::fuzz
