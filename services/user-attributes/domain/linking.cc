#include "services/user-attributes/domain/linking.h"

namespace va::attributes {
namespace {

std::optional<identity::CspId> IdOfType(const Claims& claims, identity::Csp type) {
  switch (type) {
    case identity::Csp::kIdme:
      return claims.idme_uuid;
    case identity::Csp::kLogingov:
      return claims.logingov_uuid;
    case identity::Csp::kMhv:
      return claims.mhv_id;
    case identity::Csp::kDslogon:
      return claims.edipi;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Credential> CredentialOf(const Claims& claims,
                                       const std::optional<identity::Icn>& icn, int loa_current) {
  if (!claims.service) return std::nullopt;
  Credential out;
  out.type = *claims.service;
  std::optional<identity::CspId> id = IdOfType(claims, out.type);
  // An MHV or DS Logon id stands only beside the ID.me uuid that carried it.
  const bool backed = out.type == identity::Csp::kMhv || out.type == identity::Csp::kDslogon;
  if (id && backed) out.backing_idme = claims.idme_uuid;
  if (!id || (backed && !claims.idme_uuid)) {
    out.type = claims.idme_uuid ? identity::Csp::kIdme : identity::Csp::kLogingov;
    id = claims.uuid;
    out.backing_idme.reset();
  }
  if (!id) return std::nullopt;
  out.id = *id;
  if (loa_current >= 3) out.icn = icn;
  if (claims.email && !claims.email->empty()) out.email = claims.email;
  return out;
}

LinkAction PlanLink(const StoredLink& stored, bool icn_came_in, bool overwrite_icn) {
  if (!stored.exists) return LinkAction::kCreate;
  if (stored.locked) return LinkAction::kLocked;
  if (!icn_came_in) return LinkAction::kKeep;
  if (stored.account_icn_is_this) {
    return stored.verified ? LinkAction::kKeep : LinkAction::kMarkVerified;
  }
  // An ICN is never overwritten, and a verified credential never moves by itself, unless the policy
  // wants what the reference does.
  if (stored.account_has_icn) {
    if (!overwrite_icn) return LinkAction::kPendingMerge;
    return stored.icn_account_id ? LinkAction::kMoveVerified : LinkAction::kOverwriteIcn;
  }
  return stored.icn_account_id ? LinkAction::kRepoint : LinkAction::kWriteIcn;
}

}  // namespace va::attributes
