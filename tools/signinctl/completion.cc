#include "tools/signinctl/completion.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace va::signinctl {
namespace {

// The words that may follow `prefix` ("" or "attributes") as part of a verb's name.
std::string NextWords(const std::vector<Verb>& verbs, const std::string& prefix) {
  std::set<std::string> words;
  for (const Verb& verb : verbs) {
    const std::vector<std::string> parts = absl::StrSplit(verb.name, ' ');
    if (prefix.empty()) words.insert(parts[0]);
    if (parts.size() > 1 && parts[0] == prefix) words.insert(parts[1]);
  }
  return absl::StrJoin(words, " ");
}

std::string Flags(const Verb& verb) {
  std::string words = "--help --json";
  for (const Flag& flag : verb.flags) absl::StrAppend(&words, " ", flag.name);
  if (verb.name == "completion") absl::StrAppend(&words, " bash zsh");
  return words;
}

std::string Cases(const std::vector<Verb>& verbs) {
  std::string out;
  std::set<std::string> groups;
  for (const Verb& verb : verbs) {
    const std::vector<std::string> parts = absl::StrSplit(verb.name, ' ');
    if (parts.size() == 1) {
      absl::StrAppend(&out, "    ", verb.name, "\\ *) words='", Flags(verb), "' ;;\n");
      continue;
    }
    absl::StrAppend(&out, "    ", parts[0], "\\ ", parts[1], "\\ *) words='", Flags(verb),
                    "' ;;\n");
    groups.insert(parts[0]);
  }
  // Behind the whole verbs: the first case that fits is taken.
  for (const std::string& group : groups) {
    absl::StrAppend(&out, "    ", group, "\\ *) words='", NextWords(verbs, group), "' ;;\n");
  }
  return out;
}

}  // namespace

std::string CompletionScript(const std::string& shell, const std::vector<Verb>& verbs) {
  if (shell != "bash" && shell != "zsh") return "";
  const std::string body = absl::StrCat(
      "_signinctl() {\n  local cur=\"${COMP_WORDS[COMP_CWORD]}\" words before i\n  before=\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do before=\"$before${COMP_WORDS[i]} \"; done\n"
      "  case $before in\n    '') words='--help --version ",
      NextWords(verbs, ""), "' ;;\n", Cases(verbs),
      "    *) words= ;;\n  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
      "  if ((${#COMPREPLY[@]} == 0)); then COMPREPLY=($(compgen -f -- \"$cur\")); fi\n}\n"
      "complete -o filenames -F _signinctl signinctl\n");
  // zsh runs the same function with its own emulation.
  if (shell == "zsh") {
    return absl::StrCat("#compdef signinctl\nautoload -U +X bashcompinit && bashcompinit\n", body);
  }
  return body;
}

}  // namespace va::signinctl
