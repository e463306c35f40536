// keys: what stands in key rings, and the four verbs that change one (lib/crypto/rotation.h says
// what may be done when). Nothing is changed without --yes.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/crypto/ring_file.h"
#include "lib/crypto/rotation.h"
#include "lib/jose/thumbprint.h"
#include "tools/signinctl/keys_kept.h"
#include "tools/signinctl/ring_change.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using crypto::Haste;
using crypto::KeyState;
using crypto::RingPurpose;
using crypto::RotationAct;
using crypto::RotationStep;

constexpr int kMostDays = 3650;

std::string Text(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

Result Failed(const absl::Status& status) {
  return Reject(base::ReasonOf(status), std::string(status.message()));
}

bool IsSymmetric(RingPurpose purpose) { return !crypto::HoldsPrivateKeys(purpose); }

// --- What a ring is ---

// What a step does, for a person.
std::string WordsOf(const RotationStep& step) {
  switch (step.act) {
    case RotationAct::kAdd:
      return "make a next key and publish it";
    case RotationAct::kRestart:
      return absl::StrCat("publish the next key ", step.id, "; its time begins then");
    case RotationAct::kPromote:
      return absl::StrCat("make ", step.id, " the current key and retire the one before");
    case RotationAct::kWithdraw:
      return absl::StrCat("retire ", step.id, ", which never worked");
    case RotationAct::kDate:
      return absl::StrCat("write down that ", step.id, " is retired; its overlap begins then");
    case RotationAct::kDrop:
      return absl::StrCat("drop ", step.id);
  }
  return "";
}

std::string VerbOf(const RotationStep& step) {
  const bool retire = step.act == RotationAct::kDrop || step.act == RotationAct::kDate ||
                      step.act == RotationAct::kWithdraw;
  return retire ? "retire" : "rotate";
}

Json ToJson(const RotationStep& step, absl::Time now) {
  Json json{{"verb", VerbOf(step)}, {"does", ToString(step.act)}};
  if (!step.id.empty()) json["key"] = step.id;
  const bool any_time = step.from == absl::InfinitePast();
  json["from"] = any_time ? Json(nullptr) : Json(Text(step.from));
  json["due"] = now >= step.from;
  return json;
}

Json KeysOf(const RingOnDisk& disk, absl::Time now) {
  std::optional<crypto::PrivateKeyRing> whole;
  if (!IsSymmetric(disk.ring.policy().purpose)) {
    auto read = crypto::PrivateKeyRing::FromFile(disk.path);
    if (read.ok()) whole = *std::move(read);
  }
  Json keys = Json::array();
  for (const crypto::RingKey& key : disk.ring.keys()) {
    Json one{{"id", key.id}, {"state", ToString(key.state)}};
    if (key.since) {
      one["since"] = Text(*key.since);
      one["age_seconds"] = std::max<int64_t>(0, absl::ToInt64Seconds(now - *key.since));
    }
    if (whole) {
      for (const crypto::PrivateKeyRing::Key& real : whole->keys()) {
        if (real.id != key.id) continue;
        const auto kid = jose::Thumbprint(real.key.Public());
        if (kid.ok()) one["kid"] = *kid;
        if (real.certificate) {
          one["certificate"] = {{"sha256", real.certificate->Fingerprint()},
                                {"not_after", Text(real.certificate->not_after())}};
        }
      }
      one["file"] = key.material;
    }
    keys.push_back(std::move(one));
  }
  return keys;
}

// The ring with its keys and what is ahead of it; never with a key itself.
Json ToJson(const RingOnDisk& disk, absl::Time now) {
  const crypto::RingPolicy& policy = disk.ring.policy();
  Json json{{"ring", disk.path},
            {"purpose", ToString(policy.purpose)},
            {"algorithm", ToString(policy.algorithm)},
            {"publish", absl::FormatDuration(policy.publish)},
            {"overlap", absl::FormatDuration(policy.overlap)}};
  if (policy.kept_by) json["kept_by"] = *policy.kept_by;
  if (policy.purpose == RingPurpose::kSigning) json["published"] = disk.published;
  json["keys"] = KeysOf(disk, now);
  Json steps = Json::array();
  for (const RotationStep& step : StepsAhead(disk.ring, disk.published)) {
    steps.push_back(ToJson(step, now));
  }
  json["next_steps"] = std::move(steps);
  return json;
}

std::string NextStep(const RingOnDisk& disk, absl::Time now) {
  const std::vector<RotationStep> steps = StepsAhead(disk.ring, disk.published);
  if (steps.empty()) return "nothing";
  const RotationStep& step = steps.front();
  const std::string command =
      absl::StrCat("keys ", VerbOf(step), " ", disk.path,
                   VerbOf(step) == "retire" ? absl::StrCat(" ", step.id) : "");
  const std::string when = now >= step.from ? "now" : absl::StrCat("from ", Text(step.from));
  return absl::StrCat(when, ": ", command, " (", WordsOf(step), ")");
}

// --- list ---

std::string AgeText(const crypto::RingKey& key, absl::Time now) {
  if (!key.since) return "not on record";
  const absl::Duration age = std::max(absl::ZeroDuration(), now - *key.since);
  if (age >= absl::Hours(48)) return absl::StrCat(age / absl::Hours(24), " days");
  return absl::FormatDuration(absl::Trunc(age, absl::Minutes(1)));
}

std::string Padded(const std::string& text, size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 1, ' ');
}

std::string TableOf(const RingOnDisk& disk, absl::Time now) {
  const crypto::RingPolicy& policy = disk.ring.policy();
  std::string text =
      absl::StrCat(disk.path, "  ", ToString(policy.purpose), "  ", ToString(policy.algorithm),
                   "  publish ", absl::FormatDuration(policy.publish), "  overlap ",
                   absl::FormatDuration(policy.overlap), "\n");
  for (const crypto::RingKey& key : disk.ring.keys()) {
    absl::StrAppend(&text, "  ", Padded(key.id, 18), Padded(std::string(ToString(key.state)), 10),
                    Padded(key.since ? Text(*key.since) : "-", 22), AgeText(key, now), "\n");
  }
  absl::StrAppend(&text, "  next step ", NextStep(disk, now), "\n");
  return text;
}

Result RunList(const Arguments& arguments, const World& world) {
  const absl::Time now = world.clock.Now();
  Result result;
  Json rings = Json::array();
  std::string table;
  int broken = 0;
  for (const std::string& path : arguments.All("RING")) {
    const absl::StatusOr<RingOnDisk> disk = ReadRing(path);
    if (disk.ok()) {
      rings.push_back(ToJson(*disk, now));
      absl::StrAppend(&table, TableOf(*disk, now));
      continue;
    }
    ++broken;
    rings.push_back({{"ring", path},
                     {"reason", base::ReasonOf(disk.status())},
                     {"detail", disk.status().message()}});
    absl::StrAppend(&table, path, "  ", base::ReasonOf(disk.status()), ": ",
                    disk.status().message(), "\n");
  }
  result.exit = broken == 0 ? Exit::kAccept : Exit::kReject;
  result.json = {{"verdict", broken == 0 ? "accept" : "reject"}, {"rings", std::move(rings)}};
  result.words = absl::StrCat(arguments.All("RING").size() - static_cast<size_t>(broken),
                              " rings read, ", broken, " not");
  if (arguments.Has("--human")) result.text = table;
  return result;
}

// --- The verbs that change a ring ---

// What a refusal of time says to a program as well.
Result Refused(const absl::Status& status, const std::optional<RotationStep>& step) {
  Result result = Failed(status);
  if (base::ReasonOf(status) == "TOO_EARLY" && step) result.json["from"] = Text(step->from);
  return result;
}

std::optional<CertificateOptions> CertificateOf(const Arguments& arguments) {
  CertificateOptions options;
  options.common_name = arguments.Text("--common-name");
  int days = 0;
  if (!arguments.Has("--valid-days")) return options;
  const bool number = absl::SimpleAtoi(arguments.Text("--valid-days"), &days);
  if (!number || days < 1 || days > kMostDays) return std::nullopt;
  options.valid_for = absl::Hours(24) * days;
  return options;
}

Json Head(const std::string& verdict, const RotationStep& step, absl::Time now) {
  Json json{{"verdict", verdict}};
  json.update(ToJson(step, now));
  return json;
}

// The rest of rotate and retire, once it is known what they do and that they may.
Result Carry(const RingOnDisk& seen, const RotationStep& step, const PlanStep& plan,
             const ChangeOptions& options, bool yes, const World& world) {
  const absl::Time now = world.clock.Now();
  if (absl::Status due = CheckDue(step, now); !due.ok()) return Refused(due, step);
  Result result;
  if (!yes) {
    result.json = Head("dry_run", step, now);
    result.json["now"] = ToJson(seen, now);
    result.words =
        absl::StrCat(seen.path, ": would ", WordsOf(step), "; nothing was changed, --yes does it");
    return result;
  }
  const absl::StatusOr<RingOnDisk> after = ChangeRing(seen, plan, now, options);
  if (!after.ok()) return Refused(after.status(), step);
  result.json = Head("changed", step, now);
  result.json["now"] = ToJson(*after, now);
  result.words =
      absl::StrCat(seen.path, ": done: ", WordsOf(step), ". Next step ", NextStep(*after, now));
  return result;
}

// What `plan` finds, by a clock that can be believed; an emergency asks no clock.
PlanStep ByTheClock(Haste haste, absl::Time now, PlanStep plan) {
  return
      [haste, now, plan = std::move(plan)](const RingOnDisk& disk) -> absl::StatusOr<RotationStep> {
        const absl::Status clock =
            haste == Haste::kForced ? absl::OkStatus() : CheckClock(disk.ring, now);
        if (!clock.ok()) return clock;
        return plan(disk);
      };
}

Result RunRotate(const Arguments& arguments, const World& world) {
  const std::optional<CertificateOptions> certificate = CertificateOf(arguments);
  if (!certificate) return Misuse(absl::StrCat("--valid-days is a number, 1 to ", kMostDays));
  const absl::StatusOr<RingOnDisk> seen = ReadRing(arguments.Text("RING"));
  if (!seen.ok()) return Failed(seen.status());
  const Haste haste = arguments.Has("--force") ? Haste::kForced : Haste::kNone;
  const PlanStep plan = ByTheClock(haste, world.clock.Now(), [haste](const RingOnDisk& disk) {
    return PlanRotate(disk.ring, disk.published, haste);
  });
  const absl::StatusOr<RotationStep> step = plan(*seen);
  if (!step.ok()) return Failed(step.status());
  return Carry(*seen, *step, plan, {.certificate = *certificate}, arguments.Has("--yes"), world);
}

// --- retire: the proof that nothing is lost ---

// What the services said about a key.
struct Proof {
  std::optional<Result> refusal;
  Json services = Json::array();
};

std::vector<std::string> MissingServices(const std::vector<std::string>& kept_by,
                                         const std::vector<std::string>& asked) {
  std::vector<std::string> missing;
  for (const std::string& service : kept_by) {
    if (std::find(asked.begin(), asked.end(), service) == asked.end()) missing.push_back(service);
  }
  return missing;
}

// Which of `--unused-in` have to be given; empty: enough is.
std::string ProofMissing(const crypto::RingPolicy& policy, const std::vector<std::string>& asked,
                         bool nothing_kept) {
  if (policy.kept_by) {
    const std::vector<std::string> missing = MissingServices(*policy.kept_by, asked);
    if (missing.empty()) return "";
    return absl::StrCat("the ring is kept by ", absl::StrJoin(*policy.kept_by, ", "),
                        ": say --unused-in SERVICE=CONFIG for ", absl::StrJoin(missing, ", "));
  }
  if (!asked.empty() || nothing_kept) return "";
  return "say --unused-in SERVICE=CONFIG for every service that keeps values under this ring, or "
         "--nothing-kept when none does";
}

Proof ProveUnused(const RingOnDisk& disk, const std::string& id, const Arguments& arguments,
                  const World& world) {
  Proof proof;
  std::vector<std::string> asked;
  for (const std::string& pair : arguments.All("--unused-in")) {
    const std::vector<std::string> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (parts.size() != 2) {
      proof.refusal = Misuse("--unused-in is SERVICE=CONFIG");
      return proof;
    }
    const KeptUnder kept = CountKept(parts[0], parts[1], disk.ring, id, world);
    if (kept.refusal) {
      proof.refusal = kept.refusal;
      return proof;
    }
    asked.push_back(parts[0]);
    proof.services.push_back(
        {{"service", parts[0]}, {"values", kept.values}, {"lapsing", kept.lapsing}});
    if (kept.values != 0 && !proof.refusal) {
      proof.refusal =
          Reject("KEY_IN_USE", absl::StrCat(parts[0], " keeps ", kept.values, " values under ", id,
                                            ": keys rewrap ", parts[0], " first"));
    }
  }
  if (proof.refusal) {
    proof.refusal->json["services"] = proof.services;
    return proof;
  }
  const std::string missing =
      ProofMissing(disk.ring.policy(), asked, arguments.Has("--nothing-kept"));
  if (!missing.empty()) proof.refusal = Reject("PROOF_MISSING", missing);
  return proof;
}

// A key that sealed data once is kept with the backups, or destroyed on purpose.
std::optional<Result> EndOfSymmetric(const Arguments& arguments) {
  const bool archive = arguments.Has("--archive");
  if (archive != arguments.Has("--destroy")) return std::nullopt;
  return Reject("ARCHIVE_OR_DESTROY",
                "a backup from before the rewrap can be read with this key only: say --archive "
                "FILE, or --destroy when no such backup is left");
}

Result RunRetire(const Arguments& arguments, const World& world) {
  const absl::StatusOr<RingOnDisk> seen = ReadRing(arguments.Text("RING"));
  if (!seen.ok()) return Failed(seen.status());
  const std::string id = arguments.Text("ID");
  const Haste haste = arguments.Has("--force") ? Haste::kForced : Haste::kNone;
  const PlanStep plan = ByTheClock(haste, world.clock.Now(), [id, haste](const RingOnDisk& disk) {
    return PlanRetire(disk.ring, id, haste);
  });
  const absl::StatusOr<RotationStep> step = plan(*seen);
  if (!step.ok()) return Failed(step.status());
  if (absl::Status due = CheckDue(*step, world.clock.Now()); !due.ok()) return Refused(due, *step);
  Proof proof;
  if (step->act == RotationAct::kDrop && IsSymmetric(seen->ring.policy().purpose)) {
    // Never waived by --force: what was sealed under the key would be gone.
    proof = ProveUnused(*seen, id, arguments, world);
    if (proof.refusal) return *proof.refusal;
    if (const auto refusal = EndOfSymmetric(arguments)) return *refusal;
  }
  Result result = Carry(*seen, *step, plan, {.archive = arguments.Text("--archive")},
                        arguments.Has("--yes"), world);
  if (!proof.services.empty()) result.json["services"] = proof.services;
  return result;
}

// --- create, publish ---

// The policy that the flags say, or why not.
absl::StatusOr<crypto::RingPolicy> PolicyOf(const Arguments& arguments) {
  // The text form is the judge, so that what create takes is what a ring may say.
  const std::string purpose = arguments.Text("--purpose");
  const auto named = crypto::RingPurposeFromName(purpose);
  const bool files = named && crypto::HoldsPrivateKeys(*named);
  std::string line = absl::StrCat("ring ", purpose, " ", arguments.Text("--algorithm"));
  for (const char* word : {"publish", "overlap", "kept-by"}) {
    const std::string flag = absl::StrCat("--", word);
    if (arguments.Has(flag)) absl::StrAppend(&line, " ", word, "=", arguments.Text(flag));
  }
  const std::string key =
      files ? "k:k.pem:current" : absl::StrCat("k:", std::string(64, '0'), ":current");
  const auto ring = crypto::RingFile::Parse(absl::StrCat(line, "\n", key));
  if (!ring.ok()) return ring.status();
  crypto::RingPolicy policy = ring->policy();
  if (!arguments.Has("--overlap")) policy.overlap = crypto::DefaultTime(policy.purpose);
  return policy;
}

Result RunCreate(const Arguments& arguments, const World& world) {
  const std::string path = arguments.Text("RING");
  const absl::Time now = world.clock.Now();
  const std::optional<CertificateOptions> certificate = CertificateOf(arguments);
  if (!certificate) return Misuse(absl::StrCat("--valid-days is a number, 1 to ", kMostDays));
  const absl::StatusOr<crypto::RingPolicy> policy = PolicyOf(arguments);
  if (!policy.ok()) return Misuse(std::string(policy.status().message()));
  Result result;
  if (!arguments.Has("--yes")) {
    result.json = {{"verdict", "dry_run"},
                   {"ring", path},
                   {"purpose", ToString(policy->purpose)},
                   {"algorithm", ToString(policy->algorithm)},
                   {"publish", absl::FormatDuration(policy->publish)},
                   {"overlap", absl::FormatDuration(policy->overlap)}};
    result.words = absl::StrCat(path,
                                ": would be made with one key; nothing was changed, --yes "
                                "does it");
    return result;
  }
  const absl::StatusOr<RingOnDisk> made =
      CreateRing(path, *policy, now, {.certificate = *certificate});
  if (!made.ok()) return Failed(made.status());
  result.json = {{"verdict", "changed"}, {"now", ToJson(*made, now)}};
  result.words = absl::StrCat(path, ": made. Next step ", NextStep(*made, now));
  return result;
}

Result RunPublish(const Arguments& arguments, const World& /*world*/) {
  const std::string path = arguments.Text("RING");
  const absl::StatusOr<std::string> set = PublicSet(path);
  if (!set.ok()) return Failed(set.status());
  Result result;
  if (!arguments.Has("--out")) {
    result.text = absl::StrCat(*set, "\n");
    return result;
  }
  const std::string out = arguments.Text("--out");
  if (const absl::Status written = WritePublicSet(path, out); !written.ok()) return Failed(written);
  result.json = {{"verdict", "accept"}, {"ring", path}, {"file", out}};
  result.words = absl::StrCat("the public keys of ", path, " stand in ", out);
  return result;
}

Verb Base(const std::string& name, const std::string& summary) {
  Verb verb;
  verb.name = absl::StrCat("keys ", name);
  verb.summary = summary;
  verb.positionals = {{"RING", "the ring file, where it is made"}};
  return verb;
}

void AddCertificateFlags(Verb& verb) {
  verb.flags.push_back({"--common-name", "NAME", "of a SAML key's certificate (the ring's name)"});
  verb.flags.push_back({"--valid-days", "N", "of a SAML key's certificate (825)"});
}

}  // namespace

Verb KeysList() {
  Verb verb = Base("list", "the keys of rings, how old they are, and the next step of each");
  verb.positionals = {{"RING", "ring files", true, true}};
  verb.example = "signinctl keys list --human .dev/pki/sealed-box.keys .dev/pki/lookup.keys";
  verb.flags = {{"--human", "", "a table to read"}};
  verb.run = RunList;
  return verb;
}

Verb KeysCreate() {
  Verb verb = Base("create", "a new ring with one key; says what it would do");
  verb.example =
      "signinctl keys create decision.ring --purpose signing --algorithm ES256 --overlap 15m --yes";
  verb.flags = {
      {"--purpose", "P", "signing, saml-signing, saml-decryption, sealing or lookup", true},
      {"--algorithm", "A",
       "ES256, RS256, PS256, EdDSA, RSA-2048, RSA-3072, RSA-4096, AES-256-GCM or HMAC-SHA256",
       true},
      {"--publish", "D", "how long a new key is published before it works (1h; saml-*: 24h)"},
      {"--overlap", "D", "how long a retired key stays (1h; saml-*: 24h)"},
      {"--kept-by", "LIST", "services whose tables keep values under the ring, or none"},
      {"--yes", "", "do it; without, nothing is changed"}};
  AddCertificateFlags(verb);
  verb.run = RunCreate;
  return verb;
}

Verb KeysRotate() {
  Verb verb = Base("rotate", "the next step towards a new key; says what it would do");
  verb.details =
      "First a next key is made and published; when every cache has it, the same command makes it\n"
      "the current one. TOO_EARLY, with the time, until then.\n";
  verb.example = "signinctl keys rotate .dev/pki/sealed-box.keys";
  verb.flags = {{"--yes", "", "do it; without, nothing is changed"},
                {"--force", "", "wait for nothing: what the next key makes may be refused"}};
  AddCertificateFlags(verb);
  verb.run = RunRotate;
  return verb;
}

Verb KeysRetire() {
  Verb verb = Base("retire", "the next step towards an end of a key; says what it would do");
  verb.details =
      "A retired key is dropped once its overlap is over. A key of sealed columns or look-up "
      "hashes\n"
      "is dropped only when the services that keep values under it are asked and have none left.\n";
  verb.example =
      "signinctl keys retire lookup.keys 20261122-0a1b2c --unused-in "
      "user-attributes=.dev/config/user-attributes.yaml --archive old.keys --yes";
  verb.positionals.push_back({"ID", "the key"});
  verb.flags = {{"--yes", "", "do it; without, nothing is changed"},
                {"--force", "", "wait for no overlap: what the key made is refused at once"},
                {"--unused-in", "SERVICE=CONFIG",
                 "ask that service's database whether values stand under the key", false, true},
                {"--nothing-kept", "", "no service keeps values under this ring"},
                {"--archive", "FILE", "append the key to this file, for old backups"},
                {"--destroy", "", "keep the key nowhere"}};
  verb.run = RunRetire;
  return verb;
}

Verb KeysPublish() {
  Verb verb = Base("publish", "the public JWK Set of a ring for signing");
  verb.example = "signinctl keys publish .dev/pki/decision.ring";
  verb.flags = {{"--out", "FILE", "write it there, whole or not at all; without, print it"}};
  verb.run = RunPublish;
  return verb;
}

}  // namespace va::signinctl
