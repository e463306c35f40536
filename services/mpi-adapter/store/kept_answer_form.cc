#include "services/mpi-adapter/store/kept_answer_form.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace va::mpi {
namespace {

constexpr char kVersion = 1;
// Of people in relation to people in relation to ...: MPI sends one level.
constexpr int kDeepest = 3;

// Writer and Reader are handed to the same walk over the fields, so that what is written in one
// order is read in that order. The walks name every member of a struct: a new one does not compile
// until somebody has said whether it is kept.

class Writer {
 public:
  static constexpr bool kReads = false;

  void Number(const uint64_t& number) {
    uint64_t rest = number;
    while (rest >= 0x80) {
      out_.push_back(static_cast<char>((rest & 0x7F) | 0x80));
      rest >>= 7;
    }
    out_.push_back(static_cast<char>(rest));
  }
  void Flag(const bool& flag) { Number(flag ? 1 : 0); }
  void Text(const std::string& text) {
    Number(text.size());
    out_.append(text);
  }
  template <typename T>
  void Text(const identity::Guarded<T>& text) {
    Text(text.Reveal());
  }
  // Written as if from zero upwards, whatever its sign.
  void Signed(const int64_t& number) {
    const auto bits = static_cast<uint64_t>(number);
    Number((bits << 1) ^ (number < 0 ? ~uint64_t{0} : 0));
  }
  bool Deeper() { return true; }
  void Shallower() {}
  bool good() const { return true; }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  static constexpr bool kReads = true;

  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  void Number(uint64_t& number) {
    number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return Fail();
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return;
    }
    Fail();
  }
  void Flag(bool& flag) {
    uint64_t number = 0;
    Number(number);
    if (number > 1) Fail();
    flag = number == 1;
  }
  void Text(std::string& text) {
    uint64_t size = 0;
    Number(size);
    if (size > rest_.size()) return Fail();
    text.assign(rest_.data(), static_cast<size_t>(size));
    rest_.remove_prefix(static_cast<size_t>(size));
  }
  template <typename T>
  void Text(identity::Guarded<T>& text) {
    std::string plain;
    Text(plain);
    static_cast<T&>(text) = T::FromWire(std::move(plain));
  }
  void Signed(int64_t& number) {
    uint64_t bits = 0;
    Number(bits);
    number = static_cast<int64_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~uint64_t{0} : 0));
  }
  bool Deeper() {
    if (++depth_ > kDeepest) Fail();
    return good_;
  }
  void Shallower() { --depth_; }
  bool good() const { return good_; }
  bool AllRead() const { return good_ && rest_.empty(); }
  // No list is longer than the bytes that are left for it.
  size_t most() const { return rest_.size(); }

  void Fail() {
    good_ = false;
    rest_ = {};
  }

 private:
  absl::string_view rest_;
  bool good_ = true;
  int depth_ = 0;
};

template <typename A, typename List, typename WalkOne>
void WalkList(A& a, List& list, const WalkOne& walk) {
  uint64_t size = list.size();
  a.Number(size);
  if constexpr (A::kReads) {
    if (size > a.most()) return a.Fail();
    list.clear();
    for (uint64_t i = 0; i < size && a.good(); ++i) walk(a, list.emplace_back());
  } else {
    for (const auto& one : list) walk(a, one);
  }
}

template <typename A, typename Texts>
void WalkTexts(A& a, Texts& texts) {
  WalkList(a, texts, [](A& in, auto& one) { in.Text(one); });
}

template <typename A, typename Optional, typename WalkOne>
void WalkOptional(A& a, Optional& value, const WalkOne& walk) {
  bool there = value.has_value();
  a.Flag(there);
  if constexpr (A::kReads) {
    if (there && a.good()) walk(a, value.emplace());
  } else {
    if (there) walk(a, *value);
  }
}

template <typename A, typename Optional>
void WalkOptionalText(A& a, Optional& value) {
  WalkOptional(a, value, [](A& in, auto& one) { in.Text(one); });
}

template <typename A, typename Optional>
void WalkOptionalInt(A& a, Optional& value) {
  WalkOptional(a, value, [](A& in, auto& one) {
    int64_t number = one;
    in.Signed(number);
    if constexpr (A::kReads) one = static_cast<int>(number);
  });
}

template <typename A, typename T>
void WalkName(A& a, T& name) {
  auto& [given, family, prefix, suffix, use, empty_given] = name;
  WalkTexts(a, given);
  a.Text(family);
  a.Text(prefix);
  a.Text(suffix);
  a.Text(use);
  a.Flag(empty_given);
}

template <typename A, typename T>
void WalkAddress(A& a, T& address) {
  auto& [street, city, state, postal_code, country, use] = address;
  WalkTexts(a, street);
  a.Text(city);
  a.Text(state);
  a.Text(postal_code);
  a.Text(country);
  a.Text(use);
}

template <typename A, typename T>
void WalkTelecom(A& a, T& telecom) {
  auto& [value, use, scheme] = telecom;
  a.Text(value);
  a.Text(use);
  a.Text(scheme);
}

template <typename A, typename T>
void WalkId(A& a, T& id) {
  auto& [value, id_type, facility, authority, status, root] = id;
  a.Text(value);
  a.Text(id_type);
  a.Text(facility);
  a.Text(authority);
  a.Text(status);
  a.Text(root);
}

template <typename A, typename T>
void WalkIds(A& a, T& ids) {
  std::vector<identity::CorrelatedId> rows;
  uint64_t malformed = 0;
  if constexpr (!A::kReads) {
    rows = ids.rows();
    malformed = ids.malformed();
  }
  WalkList(a, rows, [](A& in, auto& row) { WalkId(in, row); });
  a.Number(malformed);
  if constexpr (A::kReads) ids = identity::GcIds(rows, static_cast<size_t>(malformed));
}

template <typename A, typename T>
void WalkRelationship(A& a, T& relationship);

template <typename A, typename T>
void WalkProfile(A& a, T& profile) {
  if (!a.Deeper()) return;
  auto& [names, gender, birth_date, deceased_date, ssn, ssn_in_first_other_id, id_theft, ids,
         id_extensions, historical_icns, addresses, telecoms, person_types, search_token,
         relationships] = profile;
  WalkList(a, names, [](A& in, auto& one) { WalkName(in, one); });
  a.Text(gender);
  a.Text(birth_date);
  WalkOptionalText(a, deceased_date);
  WalkOptionalText(a, ssn);
  a.Flag(ssn_in_first_other_id);
  a.Flag(id_theft);
  WalkIds(a, ids);
  WalkTexts(a, id_extensions);
  WalkTexts(a, historical_icns);
  WalkList(a, addresses, [](A& in, auto& one) { WalkAddress(in, one); });
  WalkList(a, telecoms, [](A& in, auto& one) { WalkTelecom(in, one); });
  WalkTexts(a, person_types);
  a.Text(search_token);
  WalkList(a, relationships, [](A& in, auto& one) { WalkRelationship(in, one); });
  a.Shallower();
}

template <typename A, typename T>
void WalkRelationship(A& a, T& relationship) {
  auto& [person, role, role_name, translation, status, effective, expires, preference] =
      relationship;
  WalkProfile(a, person);
  a.Text(role);
  a.Text(role_name);
  a.Text(translation);
  a.Text(status);
  a.Text(effective);
  a.Text(expires);
  a.Text(preference);
}

template <typename A, typename T>
void WalkOutcome(A& a, T& outcome) {
  bool ok = outcome == Outcome::kOk;
  a.Flag(ok);
  if constexpr (A::kReads) outcome = ok ? Outcome::kOk : Outcome::kNoMatch;
}

template <typename A, typename T>
void WalkAnswer(A& a, T& answer) {
  auto& [outcome, profile, reason, transaction_id, message_id, ack_code, query_response,
         detail_code, target_message, error_texts, details, result_count, match_score,
         identity_match_threshold, potential_duplicate_threshold, below_threshold, shared] = answer;
  static_cast<void>(error_texts);
  static_cast<void>(details);
  static_cast<void>(shared);
  WalkOutcome(a, outcome);
  WalkOptional(a, profile, [](A& in, auto& one) { WalkProfile(in, one); });
  a.Text(reason);
  a.Text(transaction_id);
  a.Text(message_id);
  a.Text(ack_code);
  a.Text(query_response);
  a.Text(detail_code);
  a.Text(target_message);
  WalkOptionalInt(a, result_count);
  WalkOptionalInt(a, match_score);
  WalkOptionalInt(a, identity_match_threshold);
  WalkOptionalInt(a, potential_duplicate_threshold);
  a.Flag(below_threshold);
}

template <typename A, typename T>
void WalkTime(A& a, T& time) {
  int64_t micros = 0;
  if constexpr (!A::kReads) micros = absl::ToUnixMicros(time);
  a.Signed(micros);
  if constexpr (A::kReads) time = absl::FromUnixMicros(micros);
}

template <typename A, typename T>
void WalkEnum(A& a, T& value, uint64_t last) {
  auto number = static_cast<uint64_t>(value);
  a.Number(number);
  if constexpr (A::kReads) {
    if (number > last) return a.Fail();
    value = static_cast<T>(number);
  }
}

template <typename A, typename K, typename T>
void WalkKept(A& a, K& key, T& kept) {
  WalkEnum(a, key.kind, static_cast<uint64_t>(KeyKind::kNameAndBirth));
  WalkEnum(a, key.search, static_cast<uint64_t>(SearchType::kRelationships));
  a.Text(key.value);
  auto& [answer, asked_at, expires_at, by_retired_icn] = kept;
  static_cast<void>(by_retired_icn);  // of whoever asks, not of what is kept
  WalkTime(a, asked_at);
  WalkTime(a, expires_at);
  WalkAnswer(a, answer);
}

// What stands behind the version byte; nothing for another version.
std::optional<Reader> BehindVersion(absl::string_view bytes) {
  if (bytes.empty() || bytes.front() != kVersion) return std::nullopt;
  bytes.remove_prefix(1);
  return Reader(bytes);
}

}  // namespace

std::string WriteKept(const CacheKey& key, const KeptAnswer& kept) {
  Writer out;
  out.Number(kVersion);
  WalkKept(out, key, kept);
  return out.Take();
}

std::optional<KeptForm> ReadKept(absl::string_view bytes) {
  std::optional<Reader> in = BehindVersion(bytes);
  if (!in) return std::nullopt;
  KeptForm form;
  WalkKept(*in, form.key, form.kept);
  if (!in->AllRead()) return std::nullopt;
  return form;
}

std::string WriteLink(const IcnLink& link) {
  Writer out;
  out.Number(kVersion);
  out.Text(link.icn);
  out.Text(link.successor);
  WalkTime(out, link.learned_at);
  return out.Take();
}

std::optional<IcnLink> ReadLink(absl::string_view bytes) {
  std::optional<Reader> in = BehindVersion(bytes);
  if (!in) return std::nullopt;
  IcnLink link;
  in->Text(link.icn);
  in->Text(link.successor);
  WalkTime(*in, link.learned_at);
  if (!in->AllRead()) return std::nullopt;
  return link;
}

}  // namespace va::mpi
