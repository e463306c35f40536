// Takes personal data out of a message of any type by the marks of its contract (`pii`): what is
// not marked PII_NONE is masked, and a text without any mark is treated as the worst.
#pragma once

#include "google/protobuf/message.h"

namespace va::signinctl {

// Texts become the mask, other marked values are cleared.
void MaskPersonalData(google::protobuf::Message& message);

}  // namespace va::signinctl
