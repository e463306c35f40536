#include "services/mpi-adapter/store/janitor.h"

namespace va::mpi {
namespace {

using store::Statement;

constexpr Statement kSweepAnswers{"sweep_kept_answers", R"sql(
DELETE FROM kept_answers WHERE id IN (
  SELECT id FROM kept_answers WHERE expires_at <= $1::timestamptz
  ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))sql"};

// Written by a clock that has been set back since: when its time comes it would count as new, with
// flags as old as the step was long (attack C1).
constexpr Statement kSweepAhead{"sweep_kept_answers_ahead", R"sql(
DELETE FROM kept_answers WHERE id IN (
  SELECT id FROM kept_answers WHERE asked_at > $1::timestamptz
  ORDER BY asked_at DESC LIMIT $2 FOR UPDATE SKIP LOCKED))sql"};

constexpr Statement kSweepLinksAhead{"sweep_retired_icns_ahead", R"sql(
DELETE FROM retired_icns WHERE id IN (
  SELECT id FROM retired_icns WHERE learned_at > $1::timestamptz
  ORDER BY learned_at DESC LIMIT $2 FOR UPDATE SKIP LOCKED))sql"};

constexpr Statement kSweepMarks{"sweep_invalidations", R"sql(
DELETE FROM invalidations WHERE subject_hash IN (
  SELECT subject_hash FROM invalidations WHERE invalidated_at <= $1::timestamptz
  ORDER BY invalidated_at LIMIT $2 FOR UPDATE SKIP LOCKED))sql"};

constexpr Statement kSweepLinks{"sweep_retired_icns", R"sql(
DELETE FROM retired_icns WHERE id IN (
  SELECT id FROM retired_icns WHERE learned_at <= $1::timestamptz
  ORDER BY learned_at LIMIT $2 FOR UPDATE SKIP LOCKED))sql"};

constexpr Statement kSweepClaims{"sweep_add_claims", R"sql(
DELETE FROM add_claims WHERE credential_hash IN (
  SELECT credential_hash FROM add_claims WHERE held_until <= $1::timestamptz
  ORDER BY held_until LIMIT $2 FOR UPDATE SKIP LOCKED))sql"};

}  // namespace

absl::StatusOr<int64_t> Sweep(store::Pool& pool, const JanitorOptions& options, absl::Time now,
                              absl::Time deadline) {
  int64_t deleted = 0;
  absl::Status failure;
  const auto sweep = [&](const Statement& statement, absl::Time over_by) {
    const auto swept = store::SweepRows(pool, statement, over_by, options.limits, deadline);
    failure.Update(swept.status());
    deleted += swept.value_or(0);
  };
  sweep(kSweepAnswers, now);
  sweep(kSweepAhead, now + options.clock_tolerance);
  sweep(kSweepLinksAhead, now + options.clock_tolerance);
  sweep(kSweepMarks, now - options.mark_retention);
  sweep(kSweepLinks, now - options.link_retention);
  sweep(kSweepClaims, now);
  if (!failure.ok()) return failure;
  return deleted;
}

}  // namespace va::mpi
