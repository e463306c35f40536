// For tests of changes: an MPI that answers what was laid out for it, a store of claims and a cache
// that remember what they were asked, and a clock that moves while somebody waits.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "services/mpi-adapter/domain/person_changes.h"

namespace va::mpi::testing {

class ScriptedMpi final : public MpiGateway, public MpiChanges {
 public:
  explicit ScriptedMpi(va::testing::FakeClock& clock) : clock_(clock) {}

  absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) override {
    asked.push_back(question);
    asked_until.push_back(deadline);
    clock_.Advance(find_takes);
    if (while_asked) while_asked();
    if (answers.empty()) return absl::InternalError("nobody expected this question");
    absl::StatusOr<Answer> answer = answers.front();
    // The last answer stands for all that follow.
    if (answers.size() > 1) answers.pop_front();
    return answer;
  }

  absl::StatusOr<ChangeAnswer> Send(const Change& change, absl::Time deadline) override {
    sent.push_back(change);
    sent_until.push_back(deadline);
    clock_.Advance(send_takes);
    return change_answer;
  }

  std::deque<absl::StatusOr<Answer>> answers;
  absl::StatusOr<ChangeAnswer> change_answer = ChangeAnswer();
  absl::Duration find_takes;
  absl::Duration send_takes;
  std::function<void()> while_asked;
  std::vector<Question> asked;
  std::vector<absl::Time> asked_until;
  std::vector<Change> sent;
  std::vector<absl::Time> sent_until;

 private:
  va::testing::FakeClock& clock_;
};

inline bool SamePlace(const CacheKey& a, const CacheKey& b) {
  return a.kind == b.kind && a.value == b.value;
}

class RecordingCache final : public AnswerCache {
 public:
  absl::StatusOr<std::optional<KeptAnswer>> Get(const CacheKey& key, absl::Time /*now*/,
                                                absl::Time /*deadline*/) override {
    if (!status.ok()) return status;
    for (const auto& [at, answer] : kept) {
      if (SamePlace(at, key)) return std::optional<KeptAnswer>(answer);
    }
    return std::optional<KeptAnswer>();
  }
  absl::Status Keep(const CacheKey& key, const KeptAnswer& answer,
                    absl::Time /*deadline*/) override {
    if (!status.ok()) return status;
    kept.emplace_back(key, answer);
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Forget(const CacheKey& key, absl::Time now,
                                 absl::Time deadline) override {
    forgotten_until = deadline;
    if (!status.ok()) return status;
    forgotten.emplace_back(key, now);
    const std::size_t before = kept.size();
    std::erase_if(kept, [&key](const auto& one) { return SamePlace(one.first, key); });
    return static_cast<int64_t>(before - kept.size());
  }

  absl::Status status;
  std::vector<std::pair<CacheKey, KeptAnswer>> kept;
  std::vector<std::pair<CacheKey, absl::Time>> forgotten;
  absl::Time forgotten_until;
};

class RecordingClaims final : public AddClaims {
 public:
  struct Claim {
    CacheKey credential;
    std::string owner;
    absl::Time until;
  };

  absl::StatusOr<bool> Take(const CacheKey& credential, const std::string& owner, absl::Time now,
                            absl::Time until, absl::Time /*deadline*/) override {
    ++tries;
    if (!status.ok()) return status;
    std::erase_if(held, [now](const Claim& claim) { return claim.until <= now; });
    for (const Claim& claim : held) {
      if (SamePlace(claim.credential, credential)) return false;
    }
    held.push_back({credential, owner, until});
    return true;
  }
  absl::Status Release(const CacheKey& credential, const std::string& owner,
                       absl::Time deadline) override {
    ++releases;
    released_until = deadline;
    std::erase_if(held, [&](const Claim& claim) {
      return claim.owner == owner && SamePlace(claim.credential, credential);
    });
    return absl::OkStatus();
  }

  absl::Status status;
  std::vector<Claim> held;
  int tries = 0;
  int releases = 0;
  absl::Time released_until;
};

// Everything PersonChanges needs, of this file.
struct ChangeBench {
  absl::Time Deadline() const { return clock.Now() + absl::Seconds(6); }

  va::testing::FakeClock clock;
  va::testing::FixedIds ids;
  ScriptedMpi mpi{clock};
  RecordingCache cache;
  RecordingClaims claims;
  std::vector<absl::Duration> pauses;
  std::function<void()> while_paused;
  PersonChanges changes{{mpi, mpi, cache, claims, clock, ids, [this](absl::Duration pause) {
                           pauses.push_back(pause);
                           clock.Advance(pause);
                           if (while_paused) while_paused();
                         }}};
};

inline Answer SearchAnswer(Outcome outcome, const char* reason = "REASON") {
  Answer answer;
  answer.outcome = outcome;
  answer.reason = reason;
  answer.transaction_id = "txn-find";
  answer.message_id = "msg-find";
  return answer;
}

inline ChangeAnswer AddAnswer(Outcome outcome, const char* reason = "REASON") {
  ChangeAnswer answer;
  answer.outcome = outcome;
  answer.reason = reason;
  answer.transaction_id = "txn-add";
  answer.message_id = "msg-add";
  return answer;
}

}  // namespace va::mpi::testing
