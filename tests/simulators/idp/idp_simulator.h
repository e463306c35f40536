// The stand-in for the SSOe broker: takes signed requests by POST, lets somebody choose who to be,
// and answers with signed responses. Also plays the landing pages of the applications, so that a
// whole sign-in needs no other server. State lives in memory and is bounded.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/base/url.h"
#include "lib/http/message.h"
#include "lib/http/router.h"
#include "lib/testing/persona.h"
#include "tests/simulators/idp/authn_request_check.h"
#include "tests/simulators/idp/partner_metadata.h"
#include "tests/simulators/idp/response_maker.h"

namespace va::simulators {

struct IdpDeps {
  std::vector<testing::Persona> personas;
  Registration registration;
  Issuer issuer;
  SignWhat sign = SignWhat::kAssertion;
  const base::Clock& clock;
  base::IdGenerator& ids;
  // Told what was refused and why; never anything about a person.
  std::function<void(const std::vector<std::string>& problems)> on_refused;
  // The service provider as its metadata tells of it at the moment: its keys count in place of the
  // registration's, and assertions are encrypted to those it names for that, to each in its turn.
  // Empty: it was registered by hand, and gets assertions in the clear.
  std::function<absl::StatusOr<PartnerKeys>()> partner{};
};

class IdpSimulator {
 public:
  explicit IdpSimulator(IdpDeps deps);

  // Thread-safe.
  http::Response Handle(http::Request& request);

 private:
  // What was agreed, with the keys of the moment.
  Registration Registered() const;
  std::optional<crypto::PublicKey> Recipient();

  struct Pending {
    AuthnRequest request;
    std::string relay_state;
  };

  http::Response Login(const http::Request& request);
  http::Response Choose(const http::Request& request);
  http::Response Logout(const http::Request& request);
  http::Response AnswerLogout(const std::string& message, const std::string& relay_state);
  http::Response EndLogout(const std::string& message, const std::string& relay_state);
  http::Response LogOutPersona(const http::Request& request);
  http::Response Problems(const std::vector<std::string>& problems);
  http::Response Post(const Pending& pending, const absl::StatusOr<std::string>& xml) const;
  std::optional<std::string> RememberId(const std::string& id);
  std::string Keep(Pending pending);
  void BeginSession(const std::string& index, const std::string& name_id);
  bool EndSession(const std::string& index, const std::string& name_id);
  std::optional<Pending> Find(const std::string& handle);
  const testing::Persona* FindPersona(absl::string_view id) const;

  IdpDeps deps_;
  http::Router router_;
  std::mutex mutex_;
  std::map<std::string, Pending> pending_;
  std::deque<std::string> pending_order_;
  std::set<std::string> seen_ids_;
  std::deque<std::string> seen_order_;
  std::map<std::string, std::string> sessions_;  // SessionIndex -> NameID
  std::deque<std::string> session_order_;
  std::set<std::string> asked_;  // ids of our LogoutRequests
  std::atomic<size_t> encrypted_{0};
};

}  // namespace va::simulators
