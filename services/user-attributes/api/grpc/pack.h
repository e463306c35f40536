// From the rules' values onto the wire. Conflicting identifiers of a finding stay here: only codes,
// tags and effects leave (decision R3).
#pragma once

#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/claims.h"
#include "services/user-attributes/domain/derive.h"
#include "services/user-attributes/domain/terms.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/common/v1/person.pb.h"

namespace va::attributes {

void PackClaims(const Claims& claims, v1::Claims& out);
void PackQuestion(const MpiQuestion& question, v1::MpiQuestion& out);
void PackAddition(const MpiAddition& addition, v1::MpiAddition& out);
void PackUpdate(const MpiUpdate& update, v1::MpiUpdate& out);
void PackFindings(const std::vector<Finding>& findings,
                  google::protobuf::RepeatedPtrField<v1::Finding>& out);
v1::Verdict PackVerdict(Verdict verdict);
// All of a decision but what was linked and signed.
void PackDecision(const Decision& decision, v1::AdmitResponse& out);
// The document alone leaves decision and time empty.
void PackDocument(const TermsDocument& document, v1::TermsRecord& out);
void PackAnswer(const TermsAnswer& answer, v1::TermsRecord& out);

}  // namespace va::attributes
