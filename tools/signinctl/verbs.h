// The table of verbs. A new verb is a file with its function below and a row in verbs.cc; help,
// parsing and completion follow from the row.
#pragma once

#include <vector>

#include "tools/signinctl/verb.h"

namespace va::signinctl {

Verb AccountForget();
Verb AccountList();
Verb AccountLock();
Verb AccountShow();
Verb AccountUnlock();
Verb AttributesExplain();
Verb AuditVerify();
Verb Codes();
Verb ExplainAttempt();
Verb JoseDecrypt();
Verb JoseVerify();
Verb KeysCreate();
Verb KeysList();
Verb KeysPublish();
Verb KeysRetire();
Verb KeysRewrap();
Verb KeysRotate();
Verb KeysStatus();
Verb MergeAccept();
Verb MergeList();
Verb MergeReject();
Verb MergeRevert();
Verb MergeShow();
Verb MetadataShow();
Verb MigrateStatus();
Verb MigrateUp();
Verb MpiBuild();
Verb MpiFind();
Verb MpiParse();
Verb PolicyCheck();
Verb PolicyDiff();
Verb Rpc();
Verb SamlVerify();
Verb SamlVerifyLogout();

// All of them, by name.
const std::vector<Verb>& Verbs();

}  // namespace va::signinctl
