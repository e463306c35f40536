// The running stack that the end-to-end tests talk to: its addresses, its database and its audit
// trail, found through the environment that ./dev writes. Tests look at the database only to see
// what was kept, and write to it only to let time pass.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/string_view.h"
#include "lib/base/clock.h"
#include "lib/http/client.h"
#include "lib/store/pool.h"
#include "lib/testing/persona.h"
#include "lib/testing/user_agent.h"
#include "tests/simulators/signin/walk.h"

namespace va::e2e {

// Positions in the audit files; events after it happened after it.
using AuditMark = std::map<std::string, size_t>;

class Stack {
 public:
  // The stack of this run; ends the test with a message when there is none.
  static Stack& Get();

  const std::string& url() const { return url_; }
  // A second gateway process on the same database.
  const std::string& url_b() const { return url_b_; }
  const std::string& ops_url() const { return ops_url_; }
  const std::string& ops_url_b() const { return ops_url_b_; }
  const std::string& idp_url() const { return idp_url_; }
  const std::string& mhv_url() const { return mhv_url_; }
  const std::string& dev_dir() const { return dev_dir_; }
  http::Client& client() { return *client_; }
  http::Client& ops_client() { return *ops_client_; }
  const base::Clock& clock() const { return clock_; }
  const std::vector<testing::Persona>& personas() const { return personas_; }
  const testing::Persona& persona(absl::string_view id) const;

  // A browser that nobody has used. `follow` false: stops at the first redirect.
  testing::UserAgent NewBrowser(bool follow = true);

  // Rows kept by the gateway.
  int64_t Sessions();
  int64_t UsedAssertions();
  // Whom the session behind a cookie is of, and the attempt that began it.
  struct Signed {
    std::string account_id;
    std::string verification_id;
    std::string flow_id;
  };
  Signed SessionOf(const std::string& token);
  // Lets the time of the attempt behind a RelayState run out.
  void ExpireFlow(const std::string& relay_state);
  // Lets the time run out for which what MHV said of accounts is believed.
  void ExpireMhvAccounts();

  // How many events of `kind` that an account wrote the gateways have applied: the first, the
  // second.
  std::array<int64_t, 2> LockEvents(absl::string_view kind);

  AuditMark MarkAudit() const;
  std::vector<nlohmann::json> AuditSince(const AuditMark& mark) const;

 private:
  Stack();
  int64_t Count(const store::Statement& statement);
  std::unique_ptr<store::Pool> Connect(const std::string& schema) const;

  base::SystemClock clock_;
  std::string url_;
  std::string url_b_;
  std::string ops_url_;
  std::string ops_url_b_;
  std::string idp_url_;
  std::string mhv_url_;
  std::string dev_dir_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<http::Client> ops_client_;
  std::unique_ptr<store::Pool> database_;
  std::unique_ptr<store::Pool> mhv_database_;
  std::vector<testing::Persona> personas_;
};

// A start of `type` at the first gateway.
simulators::StartAt At(const std::string& type, const std::string& application = "",
                       const std::string& to = "");

// Whether this browser holds a session at the gateway.
bool HoldsSession(testing::UserAgent& agent);

// The body of GET /v0/user; null when it is neither 200 nor 296.
nlohmann::json User(testing::UserAgent& agent);

// Something wrong at MHV while this lives: a fault as its stand-in takes it, for example
// {"mode": "slow", "ms": 5000}.
class MhvFault {
 public:
  explicit MhvFault(const nlohmann::json& fault);
  ~MhvFault();
  MhvFault(const MhvFault&) = delete;
  MhvFault& operator=(const MhvFault&) = delete;
};

// How often MHV was called so far, by path.
nlohmann::json MhvCalls();

// Every refusal of bad input looks like this: an honest status, a page a person understands with a
// code and a request id, one audit event, no session and no session cookie.
class RefusalCheck {
 public:
  // Before the bad request is sent.
  RefusalCheck();
  // After it.
  void Expect(const testing::Page& page, int status, absl::string_view code) const;

 private:
  AuditMark mark_;
  int64_t sessions_;
};

}  // namespace va::e2e
