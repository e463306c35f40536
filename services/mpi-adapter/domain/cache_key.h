// What kept answers are found and forgotten by. One spelling per identifier, so that two spellings
// of one uuid are one question; the kind stands beside it, so that no two kinds ever meet
// (mpi_mhv.md 3.1.11). Pure.
#pragma once

#include <optional>
#include <vector>

#include "lib/identity/pii.h"
#include "services/mpi-adapter/domain/answer_cache.h"
#include "services/mpi-adapter/domain/change.h"
#include "services/mpi-adapter/domain/profile.h"
#include "services/mpi-adapter/domain/question.h"

namespace va::mpi {

// The question as a key. Nothing for what is never kept: a question in the correlation view, the
// orchestrated search, whose token is for one add (mpi_mhv.md 1.5.5), and one that names nothing.
std::optional<CacheKey> KeyOf(const Question& question);

// Whatever forgets this answer: its own key and every identifier of the person in it, those it was
// known by before included. What questions by traits share is their last name and birth date.
std::vector<CacheKey> SubjectsOf(const CacheKey& key, const Profile* profile);

// What a change at MPI makes untrue: answers about every identifier it names, and "nobody" to
// questions by traits like its own.
std::vector<CacheKey> KeysOf(const Change& change);

// The permanent ICN that the person is known by; nothing when there is none.
std::optional<CacheKey> PersonOf(const Profile& profile);

// Whoever is found by a credential has it (attack H3). MPI may show none of its kind; if it shows
// others and not the one asked by, it speaks of somebody else.
bool HasAnotherCredential(const Profile& profile, const ByIdentifier& asked);

// ICNs that MPI has replaced by the person's permanent one: those of the history, and duplicates
// among the identifiers.
std::vector<CacheKey> RetiredIcns(const Profile& profile);

}  // namespace va::mpi
