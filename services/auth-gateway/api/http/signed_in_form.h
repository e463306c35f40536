// What the pages have in common that put a yes-or-no question to somebody who is signed in: whose
// session it is, whether the answer was posted from our own page, and the fresh proof that goes on
// with it. Each step ends in a value or in the page that says why not.
#pragma once

#include <string>
#include <variant>

#include "absl/status/status.h"
#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/domain/provisioning.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

template <typename T>
using OrPage = std::variant<T, http::Response>;

// The live session; the page of 401 without one, of 503 when that cannot be told.
OrPage<SessionRecord> RequireSession(const GatewayDeps& deps, const http::Request& request);

// The names a form uses.
struct AnswerForm {
  absl::string_view path;  // where it lies, for the way back
  absl::string_view yes;   // values of `decision`
  absl::string_view no;
  absl::string_view shown;  // the field that says which text was shown
};

// The ids of a form that is about to be shown to the session of `request`, one for each button.
struct AnswerIds {
  std::string yes;
  std::string no;
};
AnswerIds NewAnswerIds(const GatewayDeps& deps, const http::Request& request,
                       const AnswerForm& form);

struct PostedAnswer {
  SessionRecord session;
  bool yes = false;
  std::string shown;
  // Of the form that was posted: pressed twice, it is one answer.
  std::string id;
};

// The answer of a posted form. 403 when another origin posted it, or when the form was not shown to
// the session that posts it; 400 when it is not our form.
OrPage<PostedAnswer> ReadAnswer(const GatewayDeps& deps, const http::Request& request,
                                const AnswerForm& form);

// The person of a session with a fresh decision token (decision E6); the page of a refusal when the
// rules admit them no more, of 503 when nobody could be asked.
OrPage<AdmittedPerson> RenewAdmission(const GatewayDeps& deps, const http::Request& request,
                                      const SessionRecord& session, absl::string_view retry_path);

// 503 with the way back to the same page; the failure goes to the log.
http::Response AnswerLater(const GatewayDeps& deps, const http::Request& request,
                           absl::string_view station, const absl::Status& status,
                           absl::string_view retry_path);

// What a call for this request may take.
CallScope ScopeOf(const GatewayDeps& deps, const http::Request& request);

}  // namespace va::gateway
