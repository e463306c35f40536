// What a verb of signinctl is: a row of the table with its flags, an example that runs, and a
// function from arguments to a result. A verb prints nothing itself, so that every verb keeps the
// same contract: JSON on stdout, words on stderr, exit 0 accept, 1 reject, 2 misuse.
#pragma once

#include <functional>
#include <istream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "lib/base/clock.h"

namespace va::signinctl {

// Keeps the order in which a verb adds keys: what matters most comes first.
using Json = nlohmann::ordered_json;

struct Flag {
  std::string name;   // "--mpi"
  std::string value;  // what stands behind it, e.g. FILE; empty: a switch
  std::string help;
  bool required = false;
  bool repeated = false;
};

struct Positional {
  std::string name;  // e.g. FILE
  std::string help;
  bool required = true;
  bool repeated = false;  // takes all that stand behind it
};

// What was given on the command line, by the name of the flag or positional.
class Arguments {
 public:
  void Add(const std::string& name, std::string value) {
    values_[name].push_back(std::move(value));
  }

  bool Has(const std::string& name) const { return values_.count(name) != 0; }
  // The first value; `otherwise` when there is none.
  std::string Text(const std::string& name, const std::string& otherwise = "") const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second.front();
  }
  std::vector<std::string> All(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>() : found->second;
  }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

// The world as a verb sees it.
struct World {
  std::istream& in;
  const base::Clock& clock;
  std::function<std::string(const std::string&)> env;  // empty when a variable is not set
  // Says how far something slow is; empty with --json.
  std::function<void(const std::string&)> progress = {};
};

enum class Exit {
  kAccept = 0,
  kReject = 1,  // whatever is wrong with the message, or does not fit the key
  kMisuse = 2,  // an unknown flag or an unreadable file
};

// NOLINTNEXTLINE(bugprone-exception-escape): the asserts inside the JSON library's move
struct Result {
  Exit exit = Exit::kAccept;
  Json json;          // null: none
  std::string words;  // one sentence for the person at the keyboard
  std::string text;   // instead of JSON, where text is what was asked for
};

struct Verb {
  std::string name;     // "attributes explain"
  std::string summary;  // one line
  std::string example;  // runs in the root of a checkout
  std::string details;  // what else --help says, before the example; whole lines
  std::vector<Flag> flags;
  std::vector<Positional> positionals;
  // Whatever is missing, given twice or too much is told as a reject: then exit 2 says one of two
  // things only (an unknown flag, an unreadable file). What is missing the verb itself must tell.
  bool verdict = false;
  // The JSON is one line even without --json, and a reject has its reason alone: what more there is
  // to say goes to stderr.
  bool one_line = false;
  std::function<Result(const Arguments&, const World&)> run;
};

// {"verdict":"reject","reason","detail"}.
Result Reject(const std::string& reason, const std::string& detail);
Result Misuse(std::string words);

}  // namespace va::signinctl
