#include "tools/signinctl/cli.h"

#include <algorithm>
#include <exception>
#include <list>
#include <optional>

#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/config/edit_distance.h"

namespace va::signinctl {
namespace {

constexpr char kJson[] = "--json";

std::string Overview(const std::vector<Verb>& verbs) {
  size_t widest = 0;
  for (const Verb& verb : verbs) widest = std::max(widest, verb.name.size());
  std::string text = "signinctl: the operator's tool of the sign-in suite\n\nVerbs:\n";
  for (const Verb& verb : verbs) {
    absl::StrAppend(&text, "  ", verb.name, std::string(widest + 2 - verb.name.size(), ' '),
                    verb.summary, "\n");
  }
  absl::StrAppend(&text,
                  "\n`signinctl VERB --help` tells its flags and shows an example.\n"
                  "JSON goes to stdout, words to stderr; --json keeps both short.\n"
                  "Exit codes: 0 accept, 1 reject, 2 an unknown flag or an unreadable file.\n");
  return text;
}

int Code(Exit exit) { return static_cast<int>(exit); }

// The verb that the first words name, and how many words that took; the longest name wins.
const Verb* Find(const std::vector<std::string>& words, const std::vector<Verb>& verbs,
                 size_t& taken) {
  for (size_t count = std::min<size_t>(words.size(), 2); count > 0; --count) {
    const std::string name =
        absl::StrJoin(words.begin(), words.begin() + static_cast<long>(count), " ");
    for (const Verb& verb : verbs) {
      if (verb.name != name) continue;
      taken = count;
      return &verb;
    }
  }
  return nullptr;
}

int UnknownVerb(const std::vector<std::string>& words, const std::vector<Verb>& verbs,
                std::ostream& err) {
  std::vector<std::string> names;
  std::vector<std::string> in_group;
  for (const Verb& verb : verbs) {
    names.push_back(verb.name);
    if (absl::StartsWith(verb.name, words[0] + " ")) in_group.push_back(verb.name);
  }
  const bool flag_follows = words.size() < 2 || absl::StartsWith(words[1], "-");
  const std::string given = flag_follows ? words[0] : words[0] + " " + words[1];
  if (flag_follows && !in_group.empty()) {
    err << "signinctl: " << words[0] << " needs a verb: " << absl::StrJoin(in_group, ", ") << "\n";
    return Code(Exit::kMisuse);
  }
  std::string nearest = config::Nearest(given, names);
  if (nearest.empty()) nearest = config::Nearest(words[0], names);
  err << "signinctl: there is no verb '" << given << "'";
  if (!nearest.empty()) err << "; did you mean '" << nearest << "'?";
  err << "\nAll verbs: signinctl --help\n";
  return Code(Exit::kMisuse);
}

// Where the flag library puts what it read, until it is known to be whole.
struct Slots {
  std::list<std::pair<std::string, std::vector<std::string>>> values;
  std::list<std::pair<std::string, bool>> switches;
  bool json = false;
};

// What help shows behind a flag's name.
std::string OptionText(const Flag& flag) {
  return absl::StrCat(flag.value, flag.repeated ? " ..." : "", flag.required ? " REQUIRED" : "");
}

// With these verbs --json names the file that they read.
bool TakesJson(const Verb& verb) {
  return std::any_of(verb.flags.begin(), verb.flags.end(),
                     [](const Flag& flag) { return flag.name == kJson; });
}

// Of one list of files on the command line.
constexpr int kMostFiles = 10'000;

void Declare(const Verb& verb, CLI::App& app, Slots& slots) {
  for (const Flag& flag : verb.flags) {
    if (flag.value.empty()) {
      slots.switches.emplace_back(flag.name, false);
      app.add_flag(flag.name, slots.switches.back().second, flag.help);
      continue;
    }
    slots.values.emplace_back(flag.name, std::vector<std::string>());
    app.add_option(flag.name, slots.values.back().second, flag.help)
        ->option_text(OptionText(flag))
        ->required(flag.required && !verb.verdict)
        ->allow_extra_args(false);
  }
  for (const Positional& positional : verb.positionals) {
    slots.values.emplace_back(positional.name, std::vector<std::string>());
    app.add_option(positional.name, slots.values.back().second, positional.help)
        ->type_name("")
        ->required(positional.required && !verb.verdict)
        ->expected(1, positional.repeated ? kMostFiles : 1)
        ->allow_extra_args(positional.repeated);
  }
  app.allow_extras(verb.verdict);  // Unplaced() tells what they are
  if (!TakesJson(verb)) app.add_flag(kJson, slots.json, "one line of JSON and no words");
  app.footer(absl::StrCat(verb.details, verb.details.empty() ? "" : "\n", "Example:\n  ",
                          verb.example, "\n"));
}

// Flags that may stand once and stand twice: which of them counts would be a guess.
std::string GivenTwice(const Verb& verb, const Slots& slots) {
  for (const auto& [name, values] : slots.values) {
    const auto flag = std::find_if(verb.flags.begin(), verb.flags.end(),
                                   [&name = name](const Flag& one) { return one.name == name; });
    const bool list = std::any_of(
        verb.positionals.begin(), verb.positionals.end(),
        [&name = name](const Positional& one) { return one.name == name && one.repeated; });
    const bool repeated = list || (flag != verb.flags.end() && flag->repeated);
    if (values.size() > 1 && !repeated) return name;
  }
  return "";
}

// The answer to words that no flag and no positional took: exit 2 for an unknown flag alone.
std::optional<Result> Unplaced(const std::vector<std::string>& words, const Verb& verb) {
  std::string extra;
  for (const std::string& word : words) {
    if (word == "--") continue;  // ends the flags, and is none
    if (word.size() < 2 || word.front() != '-') {
      extra = word;
      continue;
    }
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> known = {kJson};
    for (const Flag& flag : verb.flags) known.push_back(flag.name);
    const std::string nearest = config::Nearest(name, known);
    return Misuse(absl::StrCat("there is no flag ", name,
                               nearest.empty() ? "" : "; did you mean " + nearest + "?"));
  }
  if (extra.empty()) return std::nullopt;
  return Reject("ARGUMENT_INVALID", absl::StrCat("one argument too many: ", extra));
}

// What is wrong with the command line itself, once every word has its place.
std::optional<Result> Unfit(const std::vector<std::string>& unplaced, const Verb& verb,
                            const Slots& slots) {
  if (std::optional<Result> no = Unplaced(unplaced, verb)) return no;
  const std::string name = GivenTwice(verb, slots);
  if (name.empty()) return std::nullopt;
  const std::string words = absl::StrCat(name, " is given twice");
  return verb.verdict ? Reject("ARGUMENT_INVALID", words) : Misuse(words);
}

Arguments ToArguments(const Slots& slots) {
  Arguments arguments;
  for (const auto& [name, values] : slots.values) {
    for (const std::string& value : values) arguments.Add(name, value);
  }
  for (const auto& [name, given] : slots.switches) {
    if (given) arguments.Add(name, "");
  }
  return arguments;
}

// Bytes that are no UTF-8 never reach stdout: whoever reads the JSON must be able to.
std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

int Print(Result result, bool brief, const Verb& verb, std::ostream& out, std::ostream& err) {
  if (verb.one_line && result.exit == Exit::kReject) result.json.erase("detail");
  if (!result.text.empty()) {
    out << result.text;
  } else if (!result.json.is_null()) {
    out << Dump(result.json, brief || verb.one_line ? -1 : 2) << "\n";
  }
  out.flush();
  const bool speak = !brief || result.exit == Exit::kMisuse;
  if (speak && !result.words.empty()) {
    err << "signinctl " << verb.name << ": " << result.words << "\n";
  }
  return Code(result.exit);
}

// A fault of ours is no verdict of the message's, but who asked gets JSON and no accept all the
// same. The exception's words may quote what was read, so they are not repeated.
Result Guarded(const Verb& verb, const Arguments& arguments, const World& world) {
  try {
    return verb.run(arguments, world);
  } catch (const std::exception&) {
    return Reject("FAULT", "the tool itself failed on this input");
  }
}

int RunVerb(const Verb& verb, std::vector<std::string> rest, const World& world, std::ostream& out,
            std::ostream& err) {
  CLI::App app(verb.summary, absl::StrCat("signinctl ", verb.name));
  Slots slots;
  Declare(verb, app, slots);
  try {
    std::reverse(rest.begin(), rest.end());  // as the library wants it
    app.parse(std::move(rest));
  } catch (const CLI::ParseError& error) {
    // Only a flag without its value can be wrong here with a verb that gives a verdict.
    if (verb.verdict && error.get_exit_code() != 0) {
      return Print(Reject("ARGUMENT_INVALID", error.what()), slots.json, verb, out, err);
    }
    return app.exit(error, out, err) == 0 ? 0 : Code(Exit::kMisuse);
  }
  if (const std::optional<Result> no = Unfit(app.remaining(), verb, slots)) {
    return Print(*no, slots.json, verb, out, err);
  }
  World told = world;
  if (!slots.json) {
    told.progress = [&err, &verb](const std::string& line) {
      err << "signinctl " << verb.name << ": " << line << std::endl;
    };
  }
  return Print(Guarded(verb, ToArguments(slots), told), slots.json, verb, out, err);
}

int Dispatch(const std::vector<std::string>& arguments, const std::vector<Verb>& verbs,
             const World& world, std::ostream& out, std::ostream& err) {
  if (arguments.empty()) {
    err << Overview(verbs);
    return Code(Exit::kMisuse);
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    out << Overview(verbs);
    return 0;
  }
  if (arguments[0] == "--version") {
    out << "signinctl " << VA_VERSION << "\n";
    return 0;
  }
  size_t taken = 0;
  const Verb* verb = Find(arguments, verbs, taken);
  if (verb == nullptr) return UnknownVerb(arguments, verbs, err);
  return RunVerb(*verb, {arguments.begin() + static_cast<long>(taken), arguments.end()}, world, out,
                 err);
}

}  // namespace

int Run(const std::vector<std::string>& arguments, const std::vector<Verb>& verbs,
        const World& world, std::ostream& out, std::ostream& err) {
  const int code = Dispatch(arguments, verbs, world, out, err);
  out.flush();
  if (out) return code;
  // A verdict that nobody can read is none: a full disk must not look like an accept.
  err << "signinctl: standard output cannot be written\n";
  return Code(Exit::kReject);
}

}  // namespace va::signinctl
