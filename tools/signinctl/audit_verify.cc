// audit verify: whether audit files say what was written, all of it and in its order. The files
// prove themselves against change, loss and insertion; with a service's database settings they are
// also held against the heads anchored there, which nobody who can write files can rewrite.
#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/service/audit_heads.h"
#include "lib/service/common_config.h"
#include "lib/service/example_config.h"
#include "lib/telemetry/audit_verifier.h"
#include "tools/signinctl/service_home.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

// No record of ours comes near; what is longer is none, and is read in pieces.
constexpr size_t kLongestLine = 64 * 1024;
// Shown one by one; the rest is counted.
constexpr size_t kMostShown = 1000;
constexpr int64_t kTellEvery = 1'000'000;
constexpr absl::Duration kPatience = absl::Seconds(10);
// Heads of the records at either end may have been anchored a little later.
constexpr absl::Duration kAnchorLag = absl::Minutes(2);

// Lines of any length in bounded memory.
class LineReader {
 public:
  explicit LineReader(std::istream& in) : in_(in) {}

  // False at the end. A line beyond the bound reads as an endless one of no meaning.
  bool Next(std::string& line) {
    line.clear();
    std::streambuf& bytes = *in_.rdbuf();
    bool any = false;
    for (int c = bytes.sbumpc(); c != std::char_traits<char>::eof(); c = bytes.sbumpc()) {
      any = true;
      if (c == '\n') return true;
      if (line.size() <= kLongestLine) line.push_back(static_cast<char>(c));
    }
    return any;
  }

 private:
  std::istream& in_;
};

struct File {
  std::string name;
  absl::Time begins = absl::InfiniteFuture();
};

// When the first record of the file was written, and by whom.
std::optional<telemetry::ChainedRecord> FirstRecord(std::istream& in) {
  LineReader reader(in);
  for (std::string line; reader.Next(line);) {
    if (auto record = telemetry::ReadChainedRecord(line)) {
      record->body = {};
      return record;
    }
  }
  return std::nullopt;
}

// One verification: the files in the order of their records, the database if there is one.
class Verification {
 public:
  Verification(const Arguments& arguments, const World& world)
      : arguments_(arguments), world_(world), partial_(arguments.Has("--partial")) {}

  Result Run();

 private:
  std::optional<Result> OrderFiles();
  std::optional<Result> OpenDatabase();
  absl::Status ReadFile(const File& file, telemetry::AuditVerifier& verifier);
  absl::Status ReadStream(const std::string& name, std::istream& in,
                          telemetry::AuditVerifier& verifier);
  absl::Status Finish(telemetry::AuditVerifier& verifier);
  void Show(const telemetry::AuditFinding& finding);
  Result Told(const telemetry::AuditSummary& summary) const;

  const Arguments& arguments_;
  const World& world_;
  const bool partial_;
  std::vector<File> files_;
  std::string service_;
  std::unique_ptr<store::Pool> database_;
  Json faults_ = Json::array();
  Json notes_ = Json::array();
};

std::optional<Result> Verification::OrderFiles() {
  for (const std::string& name : arguments_.All("FILE")) {
    File file{name};
    if (name != "-") {
      std::ifstream in(name, std::ios::binary);
      if (!in || in.peek() == std::ifstream::traits_type::eof()) {
        // Nothing in it is a file like any other; only what cannot be opened is not.
        if (!std::ifstream(name)) return Misuse(absl::StrCat("cannot read ", name));
      } else if (const auto first = FirstRecord(in)) {
        file.begins = first->at;
        if (service_.empty()) service_ = first->service;
      }
    }
    files_.push_back(std::move(file));
  }
  std::stable_sort(files_.begin(), files_.end(),
                   [](const File& a, const File& b) { return a.begins < b.begins; });
  return std::nullopt;
}

std::optional<Result> Verification::OpenDatabase() {
  if (!arguments_.Has("--config")) return std::nullopt;
  if (service_.empty()) return Misuse("the files hold no record that says whose they are");
  const ServiceHome home = ReadServiceHome(service_, arguments_.Text("--config"), world_);
  if (!home.problem.empty()) return Misuse(home.problem);
  auto pool = store::Pool::Create(service::AppPool(home.common, home.schema, "signinctl"));
  if (!pool.ok()) return Misuse(std::string(pool.status().message()));
  database_ = *std::move(pool);
  return std::nullopt;
}

absl::Status Verification::ReadStream(const std::string& name, std::istream& in,
                                      telemetry::AuditVerifier& verifier) {
  LineReader reader(in);
  int64_t number = 0;
  for (std::string line; reader.Next(line);) {
    if (absl::Status read = verifier.Line(name, ++number, line); !read.ok()) return read;
    if (world_.progress && number % kTellEvery == 0) {
      world_.progress(absl::StrCat(name, ": ", number, " lines"));
    }
  }
  return absl::OkStatus();
}

absl::Status Verification::ReadFile(const File& file, telemetry::AuditVerifier& verifier) {
  if (file.name == "-") return ReadStream(file.name, world_.in, verifier);
  std::ifstream in(file.name, std::ios::binary);
  return ReadStream(file.name, in, verifier);
}

absl::Status Verification::Finish(telemetry::AuditVerifier& verifier) {
  const telemetry::AuditSummary& seen = verifier.summary();
  std::vector<std::string> known;
  if (database_ != nullptr && seen.records > 0) {
    auto chains = service::ChainsBetween(*database_, seen.first, seen.last + kAnchorLag,
                                         world_.clock.Now() + kPatience);
    if (!chains.ok()) return chains.status();
    known = *std::move(chains);
  }
  verifier.Finish(known);
  return absl::OkStatus();
}

void Verification::Show(const telemetry::AuditFinding& finding) {
  Json& list = finding.fault ? faults_ : notes_;
  if (list.size() >= kMostShown) return;
  Json one{{"reason", finding.reason}};
  if (!finding.file.empty()) one["file"] = finding.file;
  if (finding.line > 0) one["line"] = finding.line;
  if (!finding.chain.empty()) one["chain"] = finding.chain;
  one["detail"] = finding.detail;
  list.push_back(std::move(one));
}

Result Verification::Told(const telemetry::AuditSummary& summary) const {
  Result result;
  const bool intact = summary.faults == 0;
  result.exit = intact ? Exit::kAccept : Exit::kReject;
  result.json = Json{{"verdict", intact ? "intact" : "broken"},
                     {"files", files_.size()},
                     {"records", summary.records},
                     {"chains", summary.chains},
                     {"compared_with_database", database_ != nullptr},
                     {"faults", summary.faults},
                     {"notes", summary.notes}};
  if (!intact) result.json["found"] = faults_;
  if (summary.notes > 0) result.json["noted"] = notes_;
  result.words = absl::StrCat(intact ? "intact" : "NOT intact", ": ", summary.records,
                              " records in ", summary.chains, " chains, ", summary.faults,
                              " faults, ", summary.notes, " notes");
  if (intact && database_ == nullptr) {
    absl::StrAppend(&result.words, "; not compared with the database (--config)");
  }
  return result;
}

Result Verification::Run() {
  if (auto misuse = OrderFiles()) return *std::move(misuse);
  if (auto misuse = OpenDatabase()) return *std::move(misuse);
  telemetry::AuditVerifier::Options options;
  options.partial = partial_;
  options.report = [this](const telemetry::AuditFinding& finding) { Show(finding); };
  if (database_ != nullptr) {
    options.heads =
        [this](const std::string& service,
               const std::string& chain) -> absl::StatusOr<std::vector<telemetry::ChainHead>> {
      if (service != service_) {
        return base::MakeError(
            absl::StatusCode::kInvalidArgument, "SEVERAL_SERVICES",
            absl::StrCat("with --config, files of ", service_, " alone; this is ", service, "'s"));
      }
      return service::HeadsOf(*database_, chain, world_.clock.Now() + kPatience);
    };
  }
  telemetry::AuditVerifier verifier(std::move(options));
  absl::Status status;
  for (const File& file : files_) {
    if (status.ok()) status = ReadFile(file, verifier);
  }
  if (status.ok()) status = Finish(verifier);
  if (!status.ok()) return Reject(base::ReasonOf(status), std::string(status.message()));
  // A file that was emptied must not pass for one without a fault.
  if (verifier.summary().records == 0) return Reject("NO_RECORDS", "the files hold no record");
  return Told(verifier.summary());
}

}  // namespace

Verb AuditVerify() {
  Verb verb;
  verb.name = "audit verify";
  verb.summary = "whether audit files are whole and unchanged; exit 1 when they are not";
  verb.example = "signinctl audit verify tools/signinctl/examples/audit.jsonl";
  verb.flags = {{"--config", "FILE",
                 "the service's own configuration: compare with the heads in its database as well"},
                {"--partial", "", "the files are some of many: earlier and other chains may lack"}};
  verb.positionals = {{"FILE", "audit files of one service, in any order; - for standard input",
                       /*required=*/true, /*repeated=*/true}};
  verb.run = [](const Arguments& arguments, const World& world) {
    return Verification(arguments, world).Run();
  };
  return verb;
}

}  // namespace va::signinctl
