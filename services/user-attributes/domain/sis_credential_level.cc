#include "services/user-attributes/domain/sis_credential_level.h"

#include <algorithm>
#include <iterator>

#include "lib/identity/acr.h"
#include "lib/identity/authn_context.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::Csp;

constexpr absl::string_view kFacialRequired = "urn:acr.va.gov:verified-facial-match-required";
constexpr absl::string_view kFacialPreferred = "urn:acr.va.gov:verified-facial-match-preferred";
constexpr absl::string_view kAskable[] = {"loa1", "loa3",          "ial1",          "ial2",
                                          "min",  kFacialRequired, kFacialPreferred};

// How Login.gov says that it has verified a person. The reference knows the first alone.
constexpr absl::string_view kLogingovFacialRequired =
    "urn:acr.login.gov:verified-facial-match-required";
constexpr absl::string_view kLogingovVerified[] = {
    identity::kIal2, "urn:acr.login.gov:verified", kLogingovFacialRequired,
    "urn:acr.login.gov:verified-facial-match-preferred"};

// A marker of ID.me for people it proofed before there was IAL2.
constexpr absl::string_view kClassicLoa3 = "classic_loa3";

template <typename Range>
bool Holds(const Range& range, absl::string_view word) {
  return std::find(std::begin(range), std::end(range), word) != std::end(range);
}

bool WantsFacialMatch(absl::string_view acr) {
  return acr == kFacialRequired || acr == kFacialPreferred;
}

bool WantsVerified(absl::string_view acr) {
  return acr == "loa3" || acr == "ial2" || WantsFacialMatch(acr);
}

bool IsPremium(const CredentialFacts& facts) { return facts.mhv_assurance == "Premium"; }

bool IsProofedByIdme(const CredentialFacts& facts) {
  return facts.credential_ial == kClassicLoa3 || facts.credential_ial == "2";
}

// DS Logon says so itself; where it says nothing, ID.me's word for the same person counts.
bool IsVerifiedDslogon(const CredentialFacts& facts) {
  if (facts.dslogon_assurance.empty()) return IsProofedByIdme(facts);
  return facts.dslogon_assurance == "2" || facts.dslogon_assurance == "3";
}

// A person who asked for less than a verified account gives us less.
bool AsksAboveTheLowest(absl::string_view acr) {
  return acr == "ial2" || acr == "loa3" || acr == "min";
}

bool IsVerifiedNow(const CredentialFacts& facts) {
  switch (*facts.type) {
    case Csp::kLogingov:
      return Holds(kLogingovVerified, facts.acr);
    case Csp::kMhv:
      return AsksAboveTheLowest(facts.requested_acr) && IsPremium(facts);
    case Csp::kDslogon:
      return AsksAboveTheLowest(facts.requested_acr) && IsVerifiedDslogon(facts);
    case Csp::kIdme:
      return IsProofedByIdme(facts);
  }
  return false;
}

bool CouldBeVerified(const CredentialFacts& facts) {
  switch (*facts.type) {
    case Csp::kLogingov:
      return facts.verified_at || facts.previously_verified;
    case Csp::kMhv:
      return IsPremium(facts);
    case Csp::kDslogon:
      return IsVerifiedDslogon(facts);
    case Csp::kIdme:
      return facts.level_of_assurance == "3" || facts.previously_verified;
  }
  return false;
}

// Login.gov lets nobody in without a second factor (7.2).
int AalOf(const CredentialFacts& facts) {
  const bool second_factor =
      facts.type == Csp::kLogingov || facts.multifactor || facts.acr == identity::kIdmeIal2;
  return second_factor ? 2 : 1;
}

// The provider says that a face was compared; a proofing of another kind says nothing about it.
bool FaceWasCompared(const CredentialFacts& facts) {
  if (facts.type == Csp::kLogingov) return facts.acr == kLogingovFacialRequired;
  if (facts.type != Csp::kIdme) return false;
  return facts.acr == identity::kIdmeIal2 ||
         (facts.credential_ial_stated && facts.credential_ial == "2");
}

bool MeetsRequest(const CredentialFacts& facts, const CredentialLevel& level) {
  if (facts.requested_acr == kFacialRequired && !FaceWasCompared(facts)) return false;
  const auto asked = identity::LevelOfAcr(facts.requested_acr);
  return asked && identity::Satisfies({level.current_ial, level.aal}, *asked);
}

constexpr LevelRefusal kUnsupported{SignInCode::kInvalidRequest, "unsupported_credential_level"};
constexpr LevelRefusal kNotMet{SignInCode::kUnknown, "assurance_not_met"};

// A verified person was asked for, and this one is not.
LevelRefusal Unverified(Csp type) {
  if (type == Csp::kMhv) return {SignInCode::kMhvUnverified, "mhv_unverified_blocked"};
  return {SignInCode::kUnknown, "unverified_credential_blocked"};
}

std::optional<LevelRefusal> RefusalOf(const CredentialFacts& facts, const CredentialLevel& level) {
  if (WantsVerified(facts.requested_acr) && level.current_ial < 2) return Unverified(*facts.type);
  if (level.max_ial < level.current_ial) return kUnsupported;
  if (!MeetsRequest(facts, level)) return kNotMet;
  return std::nullopt;
}

}  // namespace

CredentialLevel LevelOf(const CredentialFacts& facts) {
  CredentialLevel level;
  if (!facts.type || !Holds(kAskable, facts.requested_acr)) {
    level.refusal = kUnsupported;
    return level;
  }
  level.current_ial = IsVerifiedNow(facts) ? 2 : 1;
  level.max_ial = CouldBeVerified(facts) ? 2 : 1;
  level.aal = AalOf(facts);
  level.refusal = RefusalOf(facts, level);
  level.can_uplevel =
      !level.refusal && facts.requested_acr == "min" && level.current_ial < level.max_ial;
  return level;
}

absl::string_view AuthnContextOf(Csp type, int current_ial) {
  const bool verified = current_ial == 2;
  switch (type) {
    case Csp::kIdme:
      return verified ? identity::kLoa3 : identity::kLoa1Vets;
    case Csp::kLogingov:
      return verified ? identity::kIal2 : identity::kIal1;
    case Csp::kMhv:
      return verified ? "myhealthevet_loa3" : "myhealthevet";
    case Csp::kDslogon:
      return verified ? "dslogon_loa3" : "dslogon";
  }
  return {};
}

}  // namespace va::attributes
