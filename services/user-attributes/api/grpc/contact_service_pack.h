// Contact information onto the wire.
#pragma once

#include "services/user-attributes/domain/contact.h"
#include "va/attributes/v1/contact.pb.h"

namespace va::attributes {

// Of somebody VA Profile knows. What is absent stays absent.
void PackContactInformation(const ContactInformation& information,
                            v1::GetContactInformationResponse& out);

}  // namespace va::attributes
