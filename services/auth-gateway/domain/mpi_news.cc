#include "services/auth-gateway/domain/mpi_news.h"

#include <utility>

#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

absl::string_view ToString(MpiUpdate::Reason reason) {
  switch (reason) {
    case MpiUpdate::Reason::kCredentialUnknown:
      return "credential_unknown";
    case MpiUpdate::Reason::kCredentialChanged:
      return "credential_changed";
  }
  return "credential_unknown";
}

MpiNews NewsOf(const SessionRecord& session, MpiUpdate update) {
  return {session.flow_id, session.assurance.loa_current, session.person.icn, std::move(update)};
}

absl::string_view WhyUntellable(const MpiNews& news) {
  if (news.update.reason == MpiUpdate::Reason::kCredentialUnknown) return "";
  if (news.icn.empty()) return "NO_ICN";
  return news.update.has_email ? "" : "NO_EMAIL";
}

absl::string_view ToString(MpiTold told) {
  switch (told) {
    case MpiTold::kDone:
      return "done";
    case MpiTold::kKnown:
      return "known";
    case MpiTold::kOtherPerson:
      return "other_person";
    case MpiTold::kRefused:
      return "refused";
    case MpiTold::kUnavailable:
      return "unavailable";
  }
  return "unavailable";
}

}  // namespace va::gateway
