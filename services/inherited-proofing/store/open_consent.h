// The one condition under which a consent starts a handoff, shared by the statement that looks and
// the one that spends. $1 token hash, $2 account, $3 flow, $4 now; the consent is `c`. An answer
// that declines takes back what the same account gave before it.
#pragma once

#define VA_OPEN_CONSENT                                                                    \
  "c.token_hash = $1 AND c.account_id = $2 AND c.flow_id = $3 AND c.decision = 'given' "   \
  "AND c.spent_at IS NULL AND c.expires_at > $4 AND NOT EXISTS (SELECT 1 FROM consents d " \
  "WHERE d.account_id = c.account_id AND d.decision = 'declined' AND d.decided_at >= "     \
  "c.decided_at)"
