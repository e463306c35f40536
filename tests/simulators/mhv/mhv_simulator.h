// The stand-in for My HealtheVet: VA's token service for it, the account API behind that, and the
// two questions of inherited proofing. It knows the people by ICN and MHV id, checks every request
// as strictly as the real parties would, and fails in whatever way a test asks for. State (accounts
// created, assertions seen, counts) lives in memory and is bounded.
#pragma once

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
#include "lib/crypto/keys.h"
#include "lib/http/message.h"
#include "lib/http/router.h"
#include "lib/testing/persona.h"
#include "tests/simulators/mhv/assertion_check.h"
#include "tests/simulators/mhv/faults.h"

namespace va::simulators {

inline constexpr char kStsPath[] = "/v0/sign_in/token";
inline constexpr char kAccountPath[] = "/v1/usermgmt/account-service/account";
inline constexpr char kValidMhvIdPath[] = "/inherited-proofing/validmhvid";
inline constexpr char kAccountInfoPath[] = "/inherited-proofing/mhvacctinfo";

struct MhvDeps {
  std::vector<testing::Persona> personas;
  std::string url;        // how callers reach us; the audience and the scope are made of it
  std::string api_key;    // of the account API
  std::string app_token;  // of the proofing API
  StsClient client;
  crypto::PrivateKey token_key;  // RSA; signs our access tokens
  const base::Clock& clock;
  base::IdGenerator& ids;
  // Told what was refused and why; never anything about a person.
  std::function<void(const std::vector<std::string>& problems)> on_refused;
};

class MhvSimulator {
 public:
  explicit MhvSimulator(MhvDeps deps);

  // Thread-safe.
  http::Response Handle(http::Request& request);

 private:
  using Answer = http::Response (MhvSimulator::*)(const http::Request&);

  // Counts a call and gives its answer to the fault in force.
  http::Response Count(const char* path, Answer answer, const http::Request& request);
  http::Response Token(const http::Request& request);
  http::Response Account(const http::Request& request);
  http::Response ValidMhvId(const http::Request& request);
  http::Response AccountInfo(const http::Request& request);
  http::Response SetFault(const http::Request& request);
  http::Response Calls();
  http::Response Assertions();

  std::optional<http::Response> RefuseProofingCaller(const http::Request& request);
  void Report(const std::vector<std::string>& problems) const;
  void CountAssertion(const std::string& key_id);
  bool IsUsedOtherwise(const CheckedAssertion& checked);
  // Whether the account was not there before.
  bool Create(const testing::PersonaMhv& mhv);
  bool Exists(const testing::PersonaMhv& mhv);
  const testing::Persona* FindByIcn(const std::string& icn) const;
  const testing::Persona* FindByMhvId(const std::string& mhv_id) const;

  MhvDeps deps_;
  const std::string scope_;
  http::Router router_;
  Faults faults_;
  std::mutex mutex_;
  std::map<std::string, int64_t> calls_;
  std::map<std::string, int64_t> assertions_;  // good ones, by the key that signed them
  std::set<std::string> created_;              // MHV ids
  std::map<std::string, std::size_t> seen_;    // jti to the hash of its assertion
  std::deque<std::string> seen_order_;
};

}  // namespace va::simulators
