#include "lib/crypto/ring_file.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/keys.h"

namespace va::crypto {
namespace {

constexpr size_t kMaxName = 32;
constexpr size_t kMaxFileName = 128;
constexpr size_t kHexDigits = 64;
constexpr absl::Duration kLongest = absl::Hours(24 * 1000);
constexpr char kTimeFormat[] = "%Y-%m-%dT%H:%M:%SZ";

template <typename Enum>
struct Named {
  Enum value;
  absl::string_view name;
};

constexpr std::array<Named<KeyState>, 3> kStates = {{
    {KeyState::kNext, "next"},
    {KeyState::kCurrent, "current"},
    {KeyState::kRetired, "retired"},
}};

constexpr std::array<Named<RingPurpose>, 5> kPurposes = {{
    {RingPurpose::kSigning, "signing"},
    {RingPurpose::kSamlSigning, "saml-signing"},
    {RingPurpose::kSamlDecryption, "saml-decryption"},
    {RingPurpose::kSealing, "sealing"},
    {RingPurpose::kLookup, "lookup"},
}};

constexpr std::array<Named<RingAlgorithm>, 9> kAlgorithms = {{
    {RingAlgorithm::kEs256, "ES256"},
    {RingAlgorithm::kRs256, "RS256"},
    {RingAlgorithm::kPs256, "PS256"},
    {RingAlgorithm::kEdDsa, "EdDSA"},
    {RingAlgorithm::kRsa2048, "RSA-2048"},
    {RingAlgorithm::kRsa3072, "RSA-3072"},
    {RingAlgorithm::kRsa4096, "RSA-4096"},
    {RingAlgorithm::kAes256Gcm, "AES-256-GCM"},
    {RingAlgorithm::kHmacSha256, "HMAC-SHA256"},
}};

template <typename Enum, size_t kCount>
absl::string_view NameOf(const std::array<Named<Enum>, kCount>& names, Enum value) {
  for (const Named<Enum>& one : names) {
    if (one.value == value) return one.name;
  }
  return "unstated";
}

template <typename Enum, size_t kCount>
std::optional<Enum> FromName(const std::array<Named<Enum>, kCount>& names, absl::string_view name) {
  for (const Named<Enum>& one : names) {
    if (one.name == name) return one.value;
  }
  return std::nullopt;
}

bool OnlyNameCharacters(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
}

bool IsHexKey(absl::string_view text) {
  return text.size() == kHexDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

absl::Status RingError(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_RING",
                         absl::StrCat("key ring", message));
}

absl::Status LineError(int line, absl::string_view message) {
  return RingError(absl::StrCat(" line ", line, ": ", message));
}

std::string Text(absl::Time time) {
  return absl::FormatTime(kTimeFormat, time, absl::UTCTimeZone());
}

// One spelling alone, so that what is printed is what was read.
std::optional<absl::Time> TimeOf(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(kTimeFormat, text, &time, &error) || Text(time) != text) return std::nullopt;
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return std::nullopt;
  return time;
}

std::optional<absl::Duration> DurationOf(absl::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) return std::nullopt;
  if (duration < absl::ZeroDuration() || duration > kLongest) return std::nullopt;
  if (duration != absl::Trunc(duration, absl::Seconds(1))) return std::nullopt;
  return duration;
}

// `ring <purpose> <algorithm> name=value ...`; empty: it was read.
std::string ReadWord(absl::string_view word, RingPolicy& policy) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(word, absl::MaxSplits('=', 1));
  if (parts.first == "kept-by") {
    policy.kept_by.emplace();
    if (parts.second == "none") return "";
    *policy.kept_by = absl::StrSplit(parts.second, ',');
    const bool names =
        std::all_of(policy.kept_by->begin(), policy.kept_by->end(),
                    [](const std::string& name) { return IsRingKeyId(name) && name != "none"; });
    return names ? "" : "kept-by is a list of services, or none";
  }
  if (parts.first != "publish" && parts.first != "overlap") return "a word it does not know";
  const std::optional<absl::Duration> duration = DurationOf(parts.second);
  if (!duration) return absl::StrCat(parts.first, " is a duration of whole seconds, as 1h30m");
  (parts.first == "publish" ? policy.publish : policy.overlap) = *duration;
  return "";
}

absl::StatusOr<RingPolicy> ReadPolicy(absl::string_view line, int number) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  RingPolicy policy;
  const auto purpose = words.size() < 3 ? std::nullopt : RingPurposeFromName(words[1]);
  const auto algorithm = words.size() < 3 ? std::nullopt : RingAlgorithmFromName(words[2]);
  if (!purpose || !algorithm) {
    return LineError(number, "expected: ring PURPOSE ALGORITHM publish=DURATION overlap=DURATION");
  }
  policy.purpose = *purpose;
  policy.algorithm = *algorithm;
  policy.publish = DefaultTime(*purpose);
  if (HoldsPrivateKeys(*purpose)) policy.overlap = DefaultTime(*purpose);
  std::set<absl::string_view> seen;
  for (size_t i = 3; i < words.size(); ++i) {
    const absl::string_view name = words[i].substr(0, words[i].find('='));
    const std::string wrong =
        seen.insert(name).second ? ReadWord(words[i], policy) : "stands twice";
    if (!wrong.empty()) return LineError(number, absl::StrCat(name, ": ", wrong));
  }
  return policy;
}

// A line's key, and whether the line says its state.
struct Line {
  RingKey key;
  bool states = false;
};

std::string Expected(const RingPolicy& policy) {
  if (HoldsPrivateKeys(policy.purpose)) return "expected key_id:file.pem:state[:since]";
  return "expected key_id:hex[:state[:since]]";
}

absl::StatusOr<Line> ReadKey(absl::string_view text, const RingPolicy& policy, int number) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 3));
  const bool stated = policy.purpose != RingPurpose::kUnstated;
  if (parts.size() < (stated ? 3U : 2U)) return LineError(number, Expected(policy));
  Line line;
  line.key.id = std::string(parts[0]);
  line.key.material = std::string(parts[1]);
  line.states = parts.size() > 2;
  if (line.states) {
    const std::optional<KeyState> state = FromName(kStates, parts[2]);
    if (!state) return LineError(number, Expected(policy));
    line.key.state = *state;
  }
  if (parts.size() > 3) {
    line.key.since = TimeOf(parts[3]);
    if (!line.key.since) return LineError(number, "since is a time as 2026-11-22T08:00:00Z");
  }
  return line;
}

// What is wrong with a key of such a ring; empty: nothing.
std::string WrongKey(const RingKey& key, const RingPolicy& policy) {
  if (!IsRingKeyId(key.id)) return "a key id is 1-32 of a-z A-Z 0-9 . _ -";
  if (HoldsPrivateKeys(policy.purpose)) {
    return IsRingFileName(key.material) ? "" : "expected the name of a PEM file beside the ring";
  }
  return IsHexKey(key.material) ? "" : "expected 64 hex digits";
}

// Rules about lines together, with the number of the line that breaks one.
class Lines {
 public:
  std::string Add(const RingKey& key) {
    if (!ids_.insert(key.id).second) return "this key id stands twice";
    if (++count_ > kMostRingKeys) return absl::StrCat("more than ", kMostRingKeys, " keys");
    if (key.state == KeyState::kCurrent && currents_++ > 0) return "a second current key";
    if (key.state == KeyState::kNext && nexts_++ > 0) return "a second next key";
    return "";
  }
  bool has_current() const { return currents_ > 0; }

 private:
  std::set<std::string> ids_;
  size_t count_ = 0;
  int currents_ = 0;
  int nexts_ = 0;
};

}  // namespace

absl::string_view ToString(KeyState state) { return NameOf(kStates, state); }
absl::string_view ToString(RingPurpose purpose) { return NameOf(kPurposes, purpose); }
absl::string_view ToString(RingAlgorithm algorithm) { return NameOf(kAlgorithms, algorithm); }

std::optional<RingPurpose> RingPurposeFromName(absl::string_view name) {
  return FromName(kPurposes, name);
}

std::optional<RingAlgorithm> RingAlgorithmFromName(absl::string_view name) {
  return FromName(kAlgorithms, name);
}

bool HoldsPrivateKeys(RingPurpose purpose) {
  return purpose == RingPurpose::kSigning || purpose == RingPurpose::kSamlSigning ||
         purpose == RingPurpose::kSamlDecryption;
}

absl::Duration DefaultTime(RingPurpose purpose) {
  const bool saml = purpose == RingPurpose::kSamlSigning || purpose == RingPurpose::kSamlDecryption;
  return saml ? absl::Hours(24) : absl::Hours(1);
}

bool Fits(RingPurpose purpose, RingAlgorithm algorithm) {
  const bool rsa = algorithm == RingAlgorithm::kRsa2048 || algorithm == RingAlgorithm::kRsa3072 ||
                   algorithm == RingAlgorithm::kRsa4096;
  switch (purpose) {
    case RingPurpose::kUnstated:
      return algorithm == RingAlgorithm::kUnstated;
    case RingPurpose::kSigning:
      return algorithm == RingAlgorithm::kEs256 || algorithm == RingAlgorithm::kRs256 ||
             algorithm == RingAlgorithm::kPs256 || algorithm == RingAlgorithm::kEdDsa;
    case RingPurpose::kSamlSigning:
      // RSA and EC alone (decision P4); an RSA key may decrypt as well.
      return rsa || algorithm == RingAlgorithm::kRs256 || algorithm == RingAlgorithm::kEs256;
    case RingPurpose::kSamlDecryption:
      return rsa;
    case RingPurpose::kSealing:
      return algorithm == RingAlgorithm::kAes256Gcm;
    case RingPurpose::kLookup:
      return algorithm == RingAlgorithm::kHmacSha256;
  }
  return false;
}

bool IsRingKeyId(absl::string_view id) {
  return !id.empty() && id.size() <= kMaxName && OnlyNameCharacters(id);
}

bool IsRingFileName(absl::string_view name) {
  // With an ending, in whose place a certificate has `.crt`; so a key is no name, either.
  return !name.empty() && name.size() <= kMaxFileName && name.front() != '.' &&
         absl::StrContains(name, '.') && !absl::EndsWith(name, ".crt") && OnlyNameCharacters(name);
}

RingKey::~RingKey() { Cleanse(material); }

absl::StatusOr<RingFile> RingFile::Parse(absl::string_view text) {
  RingFile ring;
  Lines lines;
  bool begun = false;
  bool first_states = false;
  int number = 0;
  for (absl::string_view raw : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (!begun && !line.empty() && line[0] == '#') ring.comments_.emplace_back(line);
    if (line.empty() || line[0] == '#') continue;
    const bool first = !std::exchange(begun, true);
    if (first && absl::StartsWith(line, "ring ")) {
      absl::StatusOr<RingPolicy> policy = ReadPolicy(line, number);
      if (!policy.ok()) return policy.status();
      if (!Fits(policy->purpose, policy->algorithm)) {
        return LineError(number, absl::StrCat("no ring for ", ToString(policy->purpose), " is ",
                                              ToString(policy->algorithm)));
      }
      ring.policy_ = *std::move(policy);
      continue;
    }
    absl::StatusOr<Line> read = ReadKey(line, ring.policy_, number);
    if (!read.ok()) return read.status();
    std::string wrong = WrongKey(read->key, ring.policy_);
    if (wrong.empty()) wrong = lines.Add(read->key);
    if (!wrong.empty()) return LineError(number, wrong);
    if (ring.keys_.empty()) first_states = read->states;
    ring.keys_.push_back(std::move(read->key));
  }
  if (ring.keys_.empty()) return RingError(" without a key");
  // Of old: without that word the first line is current.
  if (!lines.has_current() && !first_states) ring.keys_.front().state = KeyState::kCurrent;
  if (!lines.has_current() && first_states) return RingError(" without a current key");
  return ring;
}

absl::StatusOr<RingFile> RingFile::Read(const std::string& path) {
  absl::StatusOr<std::string> text = ReadSecretFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<RingFile> ring = Parse(*text);
  Cleanse(*text);
  if (ring.ok()) return ring;
  return base::MakeError(ring.status().code(), base::ReasonOf(ring.status()),
                         absl::StrCat(path, ": ", ring.status().message()));
}

absl::StatusOr<RingFile> RingFile::Make(RingPolicy policy, std::vector<RingKey> keys,
                                        std::vector<std::string> comments) {
  if (!Fits(policy.purpose, policy.algorithm)) {
    return RingError(
        absl::StrCat(": none for ", ToString(policy.purpose), " is ", ToString(policy.algorithm)));
  }
  Lines lines;
  for (const RingKey& key : keys) {
    std::string wrong = WrongKey(key, policy);
    if (wrong.empty()) wrong = lines.Add(key);
    if (!wrong.empty()) return RingError(absl::StrCat(" key ", key.id, ": ", wrong));
  }
  if (!lines.has_current()) return RingError(" without a current key");
  RingFile ring;
  ring.policy_ = std::move(policy);
  ring.keys_ = std::move(keys);
  ring.comments_ = std::move(comments);
  return ring;
}

std::string RingFile::Print() const {
  std::string text;
  for (const std::string& comment : comments_) absl::StrAppend(&text, comment, "\n");
  if (policy_.purpose != RingPurpose::kUnstated) {
    absl::StrAppend(&text, "ring ", ToString(policy_.purpose), " ", ToString(policy_.algorithm),
                    " publish=", absl::FormatDuration(policy_.publish),
                    " overlap=", absl::FormatDuration(policy_.overlap));
    if (policy_.kept_by) {
      absl::StrAppend(&text, " kept-by=",
                      policy_.kept_by->empty() ? "none" : absl::StrJoin(*policy_.kept_by, ","));
    }
    absl::StrAppend(&text, "\n");
  }
  for (const RingKey& key : keys_) {
    absl::StrAppend(&text, key.id, ":", key.material, ":", ToString(key.state));
    if (key.since) absl::StrAppend(&text, ":", Text(*key.since));
    absl::StrAppend(&text, "\n");
  }
  return text;
}

const RingKey& RingFile::current() const {
  return *std::find_if(keys_.begin(), keys_.end(),
                       [](const RingKey& key) { return key.state == KeyState::kCurrent; });
}

const RingKey* RingFile::Find(absl::string_view id) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [id](const RingKey& key) { return key.id == id; });
  return found == keys_.end() ? nullptr : &*found;
}

const RingKey* RingFile::Next() const {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [](const RingKey& key) { return key.state == KeyState::kNext; });
  return found == keys_.end() ? nullptr : &*found;
}

std::vector<RingAge> RingFile::Ages() const {
  std::vector<RingAge> ages;
  ages.reserve(keys_.size());
  for (const RingKey& key : keys_) ages.push_back({key.id, key.state, key.since});
  return ages;
}

}  // namespace va::crypto
