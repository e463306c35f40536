// LogoutRequest and LogoutResponse (SAML core 3.7), made and validated, for both bindings of the
// front channel. A message counts only with a signature of the IdP that it must come from: of its
// root element by POST, of the query by Redirect. Pure: keys, expectations and time are arguments.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/crypto/keys.h"
#include "lib/xml/document.h"
#include "services/auth-gateway/saml/redirect_binding.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "services/auth-gateway/saml/saml_reject.h"
#include "services/auth-gateway/saml/saml_settings.h"

namespace va::gateway {

// ---- What arrives -------------------------------------------------------------------------------

// A message that was read and not believed yet. `document` is the one tree of it.
struct LogoutMessage {
  SamlMessageKind kind = SamlMessageKind::kRequest;
  SamlBinding binding = SamlBinding::kPost;
  xml::Document document;
  std::string relay_state;
  RedirectQuery query;  // with kRedirect
};

// From a raw query (Redirect), from the value of the form field (POST), from bare XML (as POST).
absl::StatusOr<LogoutMessage> ReadLogoutQuery(absl::string_view raw_query);
absl::StatusOr<LogoutMessage> ReadLogoutForm(SamlMessageKind kind, absl::string_view form_value,
                                             absl::string_view relay_state);
absl::StatusOr<LogoutMessage> ReadLogoutXml(SamlMessageKind kind, absl::string_view xml,
                                            absl::string_view relay_state);

// Whom the message says it is from: good for choosing whose keys it must verify with, and for
// nothing else.
absl::StatusOr<std::string> ClaimedIssuer(const LogoutMessage& message);

struct ExpectedLogout {
  std::string idp_entity_id;
  absl::Span<const crypto::PublicKey> keys;  // all keys listed for this IdP
  // Ours, for an EncryptedID; empty: one is refused.
  absl::Span<const crypto::PrivateKey> decryption_keys;
  std::string sp_entity_id;
  std::string slo_url;  // what Destination must say
  // A response only: the id of our LogoutRequest. With allow_unsolicited nobody asked; then the
  // response must not claim to answer anything, as with ExpectedResponse.
  std::string in_response_to;
  bool allow_unsolicited = false;
  absl::Time now;
  absl::Duration skew = absl::Seconds(60);  // decision P3
  // How old a message may be. A LogoutRequest without NotOnOrAfter would count for ever otherwise.
  absl::Duration max_age = absl::Minutes(15);
  Algorithms algorithms = Algorithms::kAllowed;
};

// A LogoutRequest that its IdP signed.
struct LogoutRequest {
  std::string id;
  std::string issuer;
  std::string name_id;
  std::string name_id_format;  // this and the next as stated
  std::string name_qualifier;
  absl::Time issued_at = absl::InfinitePast();  // by the IdP's clock
  std::vector<std::string> session_indexes;     // none: every session of that name
};

// A LogoutResponse that its IdP signed, of a logout that succeeded.
struct LogoutResponse {
  std::string id;
  std::string issuer;
  std::string in_response_to;
};

// Every refusal is a status for which RejectOf gives the reason.
absl::StatusOr<LogoutRequest> ValidateLogoutRequest(const LogoutMessage& message,
                                                    const ExpectedLogout& expected);
// A response to us that tells of a failure (STATUS_NOT_SUCCESS, STATUS_PARTIAL_LOGOUT) is refused
// last: everything else about it was right.
absl::StatusOr<LogoutResponse> ValidateLogoutResponse(const LogoutMessage& message,
                                                      const ExpectedLogout& expected);

// ---- What we send -------------------------------------------------------------------------------

struct LogoutRequestSpec {
  std::string id;  // NCName, remembered until the answer comes
  absl::Time issue_instant;
  absl::Time not_on_or_after;
  std::string destination;
  std::string issuer;  // our entity id
  std::string name_id;
  // As the name was asserted, or it is another name (SAML core 3.3.4); each may be empty.
  std::string name_id_format;
  std::string name_qualifier;
  std::string sp_name_qualifier;
  std::string session_index;  // may be empty
};

enum class LogoutStatus {
  kSuccess,
  kResponderFailed,  // we could not end what was asked for
};

struct LogoutResponseSpec {
  std::string id;
  absl::Time issue_instant;
  std::string destination;
  std::string issuer;
  std::string in_response_to;
  LogoutStatus status = LogoutStatus::kSuccess;
};

// What carries a message of ours through the browser.
struct OutgoingMessage {
  SamlBinding binding = SamlBinding::kPost;
  std::string url;         // Redirect: with the signed query
  std::string form_value;  // POST: of the field FieldName(kind)
};

// The signed message for the binding of the endpoint. `relay_state` stands in the URL with Redirect
// and is the caller's to post with POST.
absl::StatusOr<OutgoingMessage> BuildLogoutRequest(const LogoutRequestSpec& spec,
                                                   SamlBinding binding,
                                                   absl::string_view relay_state,
                                                   const crypto::PrivateKey& key,
                                                   const crypto::Certificate& certificate);
absl::StatusOr<OutgoingMessage> BuildLogoutResponse(const LogoutResponseSpec& spec,
                                                    SamlBinding binding,
                                                    absl::string_view relay_state,
                                                    const crypto::PrivateKey& key,
                                                    const crypto::Certificate& certificate);

}  // namespace va::gateway
