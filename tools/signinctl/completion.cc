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

// What a case of the script sets once the verb is whole: its flags, the flags a value follows, and
// words other than files that may stand by themselves.
std::string Settings(const Verb& verb) {
  std::string flags = "--help --json";
  std::string valued;
  for (const Flag& flag : verb.flags) {
    absl::StrAppend(&flags, " ", flag.name);
    if (!flag.value.empty()) absl::StrAppend(&valued, " ", flag.name);
  }
  return absl::StrCat("flags='", flags, "' valued='", valued, " ' words='",
                      verb.name == "completion" ? "bash zsh" : "", "' ;;\n");
}

std::string Cases(const std::vector<Verb>& verbs) {
  std::string out;
  std::set<std::string> groups;
  for (const Verb& verb : verbs) {
    const std::vector<std::string> parts = absl::StrSplit(verb.name, ' ');
    if (parts.size() == 1) {
      absl::StrAppend(&out, "    ", verb.name, "\\ *) ", Settings(verb));
      continue;
    }
    absl::StrAppend(&out, "    ", parts[0], "\\ ", parts[1], "\\ *) ", Settings(verb));
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
      "_signinctl() {\n  local cur=\"${COMP_WORDS[COMP_CWORD]}\" "
      "prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  local flags= valued= words= before= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do before=\"$before${COMP_WORDS[i]} \"; done\n"
      "  case $before in\n    '') words='",
      NextWords(verbs, ""), "' flags='--help --version' ;;\n", Cases(verbs),
      "  esac\n  COMPREPLY=()\n"
      "  if [[ $valued == *\" $prev \"* ]]; then return; fi\n"
      "  if [[ $cur == -* ]]; then words=$flags; fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
      "complete -o default -F _signinctl signinctl\n");
  // Where no word fits the shell itself offers files, which knows about spaces in names.
  // zsh runs the same function with its own emulation.
  if (shell == "zsh") {
    return absl::StrCat("#compdef signinctl\nautoload -U +X bashcompinit && bashcompinit\n", body);
  }
  return body;
}

}  // namespace va::signinctl
