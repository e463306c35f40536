#include "lib/resilience/keyed_buckets.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "lib/crypto/hash.h"

namespace va::resilience {
namespace {

// Half of a SHA-256 MAC: keys that meet in it are as likely as a guess of the secret.
struct Digest {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const Digest& other) const { return high == other.high && low == other.low; }
};

struct DigestHash {
  size_t operator()(const Digest& digest) const { return digest.low; }
};

// A ring of links; an empty list is linked with itself.
struct Link {
  Link() : previous(this), next(this) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool alone() const { return next == this; }
  void Unlink() {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }
  // To the end of `list`.
  void Append(Link& list) {
    Unlink();
    previous = list.previous;
    next = &list;
    previous->next = this;
    list.previous = this;
  }

  Link* previous;
  Link* next;
};

// The whole of `from` behind `to`.
void Splice(Link& from, Link& to) {
  if (from.alone()) return;
  from.next->previous = to.previous;
  to.previous->next = from.next;
  from.previous->next = &to;
  to.previous = from.previous;
  from.previous = from.next = &from;
}

struct Entry : Link {
  Entry(const Digest& d, const Rate& rate, absl::Time now) : digest(d), level(rate, now) {}

  const Digest digest;
  BucketLevel level;
};

constexpr int64_t kSlots = 64;

}  // namespace

// Entries lie in slots by the time at which they are full again. Each one's missing tokens come
// back at the same pace, so their order changes only when one is used, and time alone moves whole
// slots over to `full_`.
struct KeyedBuckets::Shard {
  Shard(const Rate& r, size_t most)
      : rate(r), max_entries(most), slot_ns(std::max<int64_t>(1, FillNanos(r) / (kSlots - 2) + 1)) {
    entries.reserve(std::min<size_t>(most, 1024));
  }

  static int64_t FillNanos(const Rate& r) {
    BucketLevel level(r, absl::UnixEpoch());
    level.Take(r, absl::UnixEpoch(), r.burst);
    return absl::ToInt64Nanoseconds(level.FullAt(r) - absl::UnixEpoch());
  }

  Admission Take(const Digest& digest, absl::Time wall_now, int64_t cost) {
    const absl::Time now = timeline.At(wall_now);
    MoveOn(now);
    auto found = entries.find(digest);
    if (found == entries.end()) {
      if (entries.size() >= max_entries) Forget();
      found = entries.try_emplace(digest, digest, rate, now).first;
    }
    Entry& entry = found->second;
    const Admission admission = entry.level.Take(rate, now, cost);
    if (!admission.allowed) ++refused;
    Place(entry, now);
    return admission;
  }

  int64_t SlotOf(absl::Time time) const { return absl::ToUnixNanos(time) / slot_ns; }

  // What has refilled since is not worth remembering.
  void MoveOn(absl::Time now) {
    const int64_t slot = SlotOf(now);
    const int64_t first = std::max(current, slot - kSlots);
    for (int64_t passed = first; passed < slot; ++passed) Splice(At(passed), full);
    current = slot;
  }

  void Place(Entry& entry, absl::Time now) {
    const absl::Time full_at = entry.level.FullAt(rate);
    entry.Append(full_at <= now ? full : At(std::max(current, SlotOf(full_at))));
  }

  // Room for one more: the key that misses least, to within a 60th of the time to refill.
  void Forget() {
    Link* from = &full;
    for (int64_t slot = current; from->alone() && slot < current + kSlots; ++slot) from = &At(slot);
    if (from->alone()) return;
    if (from != &full) ++forgotten_early;
    auto* oldest = static_cast<Entry*>(from->next);
    oldest->Unlink();
    entries.erase(Digest(oldest->digest));
  }

  Link& At(int64_t slot) { return slots[static_cast<size_t>((slot % kSlots + kSlots) % kSlots)]; }

  const Rate rate;
  const size_t max_entries;
  const int64_t slot_ns;
  mutable std::mutex mutex;
  Timeline timeline;
  std::unordered_map<Digest, Entry, DigestHash> entries;
  Link full;
  std::array<Link, kSlots> slots;
  int64_t current = 0;
  int64_t refused = 0;
  int64_t forgotten_early = 0;
};

KeyedBuckets::KeyedBuckets(const KeyedBucketsOptions& options, std::string secret)
    : secret_(std::move(secret)) {
  const size_t shards =
      std::clamp<size_t>(options.shards, 1, std::max<size_t>(1, options.max_keys));
  for (size_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(options.rate, options.max_keys / shards));
  }
}

KeyedBuckets::~KeyedBuckets() = default;

Admission KeyedBuckets::Take(absl::string_view key, absl::Time now, int64_t cost) {
  const std::string mac = crypto::HmacSha256(secret_, key);
  Digest digest;
  std::memcpy(&digest.high, mac.data(), sizeof digest.high);
  std::memcpy(&digest.low, mac.data() + sizeof digest.high, sizeof digest.low);
  Shard& shard = *shards_[digest.high % shards_.size()];
  const std::lock_guard<std::mutex> lock(shard.mutex);
  return shard.Take(digest, now, cost);
}

KeyedBucketsStats KeyedBuckets::stats() const {
  KeyedBucketsStats stats;
  for (const auto& shard : shards_) {
    const std::lock_guard<std::mutex> lock(shard->mutex);
    stats.keys += shard->entries.size();
    stats.refused += shard->refused;
    stats.forgotten_early += shard->forgotten_early;
  }
  return stats;
}

}  // namespace va::resilience
