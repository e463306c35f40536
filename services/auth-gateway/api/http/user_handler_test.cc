// GET /v0/user: what it says of whom, what it asks whom, and what becomes of it when they fail.
#include "services/auth-gateway/api/http/user_handler.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway {
namespace {

using nlohmann::json;
using testing::TestGateway;

PersonRecord Record(const std::vector<std::string>& ids) {
  PersonRecord record;
  record.names = {
      {{identity::PersonText::FromWire("Ada")}, identity::PersonText::FromWire("Lovelace"), "L"}};
  record.birth_date = identity::BirthDate::FromWire("19610214");
  record.postal_code = identity::PersonText::FromWire("05099");
  std::vector<identity::CorrelatedId> rows;
  for (const std::string& id : ids) {
    rows.push_back(*identity::ParseCorrelatedId({id.data(), id.size()}, identity::kVaRoot));
  }
  record.ids = identity::FromCorrelatedIds(rows);
  return record;
}

ContactInformation Contact() {
  ContactInformation contact;
  contact.vet360_id = identity::CspId::FromWire("77");
  contact.email_verified = true;
  contact.elements = {
      {"email",
       ContactElement{{"id", std::int64_t{7}},
                      {"email_address", identity::PersonText::FromWire("ada@example.test")},
                      {"confirmation_date", absl::FromUnixSeconds(1'700'000'000)}}},
      {"mobile_phone", ContactElement{{"is_international", false}, {"extension", ContactValue()}}},
      {"fax_number", std::nullopt}};
  return contact;
}

// A verified person whom MPI and VA Profile know, with a session.
struct SignedIn {
  explicit SignedIn() {
    gateway.AdmitMhvPerson();
    gateway.rules.decision.session.person.mhv_id = {};
    gateway.records.answer =
        Record({"77^PI^200VETS^USDVA^A", "516001^PI^516^USVHA^A", "1^PI^200MH^USVHA^A"});
    gateway.contacts.answer = std::optional<ContactInformation>(Contact());
    gateway.rules.decision.session.account_type = "Premium";
  }
  http::Response Get() {
    if (cookie.empty()) cookie = gateway.SignedIn();
    return gateway.Get("/v0/user", cookie);
  }
  json Attributes() {
    const http::Response response = Get();
    body = json::parse(response.body);
    status = response.status;
    return body["data"]["attributes"];
  }

  TestGateway gateway;
  std::string cookie;
  json body;
  int status = 0;
};

absl::Status Fault(absl::StatusCode code, absl::string_view reason) {
  return base::MakeError(code, reason, "words that name ada@example.test");
}

}  // namespace

TEST_CASE("HandleUser: 401 without a session, and nobody is asked", "[gateway][user][rule]") {
  TestGateway gateway;
  for (const char* const cookie : {"", "__Host-va_session=nobody"}) {
    const http::Response response = gateway.Get("/v0/user", cookie);
    CHECK(response.status == 401);
    CHECK(json::parse(response.body)["errors"][0]["status"] == "401");
  }
  CHECK(gateway.records.asked.empty());
  CHECK(gateway.contacts.asked.empty());
}

TEST_CASE(
    "HandleUser: Seed 004: what VA Profile says is serialised under vet360_contact_information, "
    "every part under its documented name",
    "[gateway][user][rule]") {
  SignedIn person;
  const json user = person.Attributes();
  CHECK(person.status == 200);
  CHECK(person.body["data"]["id"].get<std::string>().empty());
  CHECK(person.body["data"]["type"] == "user");
  CHECK(person.body["meta"]["errors"].is_null());
  const std::vector<std::pair<const char*, std::vector<const char*>>> parts = {
      {"account", {"id"}},
      {"user_account", {"id"}},
      {"profile",
       {"email",
        "first_name",
        "middle_name",
        "last_name",
        "preferred_name",
        "birth_date",
        "gender",
        "zip",
        "last_signed_in",
        "loa",
        "multifactor",
        "verified",
        "sign_in",
        "authn_context",
        "claims",
        "icn",
        "npi_id",
        "birls_id",
        "edipi",
        "sec_id",
        "logingov_uuid",
        "idme_uuid",
        "id_theft_flag",
        "initial_sign_in",
        "mhvTransitionEligible",
        "mhvTransitionComplete",
        "inherited_proof_verified"}},
      {"va_profile",
       {"status", "birth_date", "family_name", "gender", "given_names", "is_cerner_patient",
        "cerner_id", "cerner_facility_ids", "facilities", "va_patient", "mhv_account_state",
        "active_mhv_ids"}},
      {"vet360_contact_information",
       {"vet360_id", "va_profile_id", "email", "mobile_phone", "fax_number",
        "contact_email_verified"}},
      {"session", {"auth_broker", "ssoe", "transactionid", "expires_at"}},
      {"mhv_account", {"state", "tier", "basis"}}};
  for (const auto& [part, names] : parts) {
    CAPTURE(part);
    REQUIRE(user.contains(part));
    for (const char* const name : names) {
      CAPTURE(name);
      CHECK(user[part].contains(name));
    }
    CHECK(user[part].size() == names.size());
  }
  for (const char* const name : {"waived_findings", "inherited_proofing", "request_id"}) {
    CHECK(user.contains(name));
  }
  CHECK(user["va_profile"]["status"] == "OK");
  CHECK(user["va_profile"]["birth_date"] == "1961-02-14");
  CHECK(user["va_profile"]["given_names"] == json::array({"Ada"}));
  CHECK(user["va_profile"]["facilities"] ==
        json::array({{{"facility_id", "516"}, {"is_cerner", false}}}));
  CHECK(user["va_profile"]["va_patient"] == true);
  CHECK(user["va_profile"]["active_mhv_ids"] == json::array({"1"}));
  CHECK(user["profile"]["zip"] == "05099");
  const json& contact = user["vet360_contact_information"];
  CHECK(contact["vet360_id"] == "77");
  CHECK(contact["va_profile_id"] == "77");
  CHECK(contact["email"]["id"] == 7);
  CHECK(contact["email"]["email_address"] == "ada@example.test");
  CHECK(contact["email"]["confirmation_date"] == "2023-11-14T22:13:20Z");
  CHECK(contact["mobile_phone"]["is_international"] == false);
  CHECK(contact["mobile_phone"]["extension"].is_null());
  CHECK(contact["fax_number"].is_null());
  CHECK(contact["contact_email_verified"] == true);
  CHECK(user["mhv_account"]["tier"] == "Premium");
  CHECK(user["mhv_account"]["basis"] == "credential");
}

TEST_CASE("HandleUser M7: the compatible names say what inherited_proofing says",
          "[gateway][user][M7]") {
  SignedIn person;
  const json before = person.Attributes();
  CHECK(before["profile"]["mhvTransitionEligible"].is_null());  // nobody knows yet
  person.gateway.RunTasks();
  const json after = person.Attributes();
  CHECK(after["inherited_proofing"]["eligible"] == true);
  CHECK(after["profile"]["mhvTransitionEligible"] == true);
  CHECK(after["profile"]["mhvTransitionComplete"] == false);
  CHECK(after["profile"]["inherited_proof_verified"] == false);
}

TEST_CASE(
    "HandleUser E6: Seed 004: with a vet360 id of MPI, contact information comes from VA Profile",
    "[gateway][user][E6]") {
  SignedIn person;
  REQUIRE(person.Get().status == 200);
  REQUIRE(person.gateway.contacts.asked.size() == 1);
  const AdmittedPerson& asked = person.gateway.contacts.asked[0];
  CHECK(asked.decision_token.Reveal() == "token-renewed");
  CHECK(asked.account_id == "account-1");
  CHECK(asked.flow_id == person.gateway.rules.renewed_flow);
  CHECK(person.gateway.contacts.ids == std::vector<std::string>{"77"});
  REQUIRE(person.gateway.records.asked.size() == 1);
  CHECK(person.gateway.records.asked[0].Reveal() == "1000000001V000001");
}

TEST_CASE("HandleUser R6: below LOA3 va_profile is the status alone and nobody is asked",
          "[gateway][user][R6]") {
  SignedIn person;
  person.gateway.rules.decision.session.assurance.loa_current = 1;
  const json user = person.Attributes();
  CHECK(person.status == 200);
  CHECK(user["va_profile"] == json({{"status", "OK"}}));
  CHECK(user["vet360_contact_information"] == json::object());
  CHECK(user["profile"]["verified"] == false);
  CHECK(person.gateway.records.asked.empty());
  CHECK(person.gateway.contacts.asked.empty());
}

TEST_CASE("HandleUser R3: a session with a waived 103 asks nobody by an ICN in conflict",
          "[gateway][user][R3]") {
  SignedIn person;
  person.gateway.rules.decision.session.person.icn = {};
  person.gateway.rules.decision.session.waived_findings = {"103"};
  const json user = person.Attributes();
  CHECK(person.status == 200);
  CHECK(user["va_profile"] == json({{"status", "OK"}}));
  CHECK(person.gateway.records.asked.empty());
}

TEST_CASE("HandleUser R3: MHV ids in conflict stay hidden", "[gateway][user][R3][security]") {
  SignedIn person;
  person.gateway.rules.decision.waived = {"101"};
  person.gateway.records.answer = Record({"111111^PI^200MH^USVHA^A", "222222^PI^200MH^USVHA^A"});
  const http::Response response = person.Get();
  const json user = json::parse(response.body)["data"]["attributes"];
  REQUIRE(user["waived_findings"] == json::array({"101"}));
  CHECK(user["va_profile"]["active_mhv_ids"].is_null());
  CHECK_FALSE(absl::StrContains(response.body, "111111"));
  CHECK_FALSE(absl::StrContains(response.body, "222222"));
}

TEST_CASE("HandleUser: contact information is {} for whom VA Profile knows nothing of",
          "[gateway][user][rule]") {
  SignedIn person;
  SECTION("MPI names no active 200VETS id: VA Profile is not asked") {
    person.gateway.records.answer = Record({"77^PI^200VETS^USDVA^H"});
    CHECK(person.Attributes()["vet360_contact_information"] == json::object());
    CHECK(person.gateway.contacts.asked.empty());
  }
  SECTION("VA Profile does not know the id") {
    person.gateway.contacts.answer = std::optional<ContactInformation>();
    CHECK(person.Attributes()["vet360_contact_information"] == json::object());
  }
  CHECK(person.status == 200);
  CHECK(person.body["meta"]["errors"].is_null());
}

TEST_CASE("HandleUser: VA Profile failed: 296, its part null, one object of four members",
          "[gateway][user][rule]") {
  SignedIn person;
  person.gateway.contacts.answer = base::WithFact(
      Fault(absl::StatusCode::kUnavailable, "VA_PROFILE_UNAVAILABLE"), "status", "500");
  const json user = person.Attributes();
  CHECK(person.status == 296);
  CHECK(user["vet360_contact_information"].is_null());
  CHECK(user["va_profile"]["status"] == "OK");
  const json& errors = person.body["meta"]["errors"];
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].size() == 4);
  CHECK(errors[0]["external_service"] == "VAProfile");
  CHECK(errors[0]["status"] == 500);
  CHECK(errors[0]["start_time"] == "2026-01-15T12:00:00Z");
  CHECK(absl::StrContains(errors[0]["description"].get<std::string>(), "VA_PROFILE_UNAVAILABLE"));
}

TEST_CASE("HandleUser: MPI failed: 296, va_profile null, and the session's word stands",
          "[gateway][user][rule]") {
  SignedIn person;
  person.gateway.records.answer = Fault(absl::StatusCode::kDeadlineExceeded, "MPI_TIMEOUT");
  const json user = person.Attributes();
  CHECK(person.status == 296);
  CHECK(user["va_profile"].is_null());
  // By which id VA Profile would be asked, nobody knows.
  CHECK(user["vet360_contact_information"].is_null());
  CHECK(user["profile"]["first_name"] == "Ada");
  CHECK(user["profile"]["zip"].is_null());
  CHECK(user["mhv_account"]["state"] == "pending");
  REQUIRE(person.body["meta"]["errors"].size() == 1);
  CHECK(person.body["meta"]["errors"][0]["external_service"] == "MVI");
  CHECK(person.body["meta"]["errors"][0]["status"] == 504);
}

TEST_CASE("HandleUser: no token to be had costs the contact information alone",
          "[gateway][user][rule]") {
  SignedIn person;
  person.cookie = person.gateway.SignedIn();
  person.gateway.rules.down = true;
  const json user = person.Attributes();
  CHECK(person.status == 296);
  CHECK(user["vet360_contact_information"].is_null());
  CHECK(user["va_profile"]["status"] == "OK");
  CHECK(person.body["meta"]["errors"][0]["external_service"] == "VAProfile");
  CHECK(person.gateway.contacts.asked.empty());
}

TEST_CASE("HandleUser E6: whom the rules admit no longer is told nothing: 401, on record",
          "[gateway][user][E6][security]") {
  SignedIn person;
  person.cookie = person.gateway.SignedIn();
  person.gateway.rules.renewed = {};
  person.gateway.rules.renewed.code = "107";
  person.gateway.rules.renewed.tag = "locked";
  const http::Response response = person.Get();
  CHECK(response.status == 401);
  CHECK_FALSE(absl::StrContains(response.body, "Ada"));
  CHECK(person.gateway.contacts.asked.empty());
  CHECK(person.gateway.audit.events.back() == telemetry::AuditEvent::kRequestRefused);
  CHECK(person.gateway.audit.tags.back() == "locked");
  CHECK(person.gateway.audit.accounts.back() == "account-1");
}

TEST_CASE("HandleUser: whose account is forgotten, or credential moved, is told nothing: 401",
          "[gateway][user][security]") {
  SignedIn person;
  person.cookie = person.gateway.SignedIn();
  person.gateway.rules.renewing = Fault(absl::StatusCode::kNotFound, "ACCOUNT_UNKNOWN");
  const http::Response response = person.Get();
  CHECK(response.status == 401);
  CHECK_FALSE(absl::StrContains(response.body, "Ada"));
  CHECK(person.gateway.contacts.asked.empty());
  CHECK(person.gateway.audit.tags.back() == "account_unknown");
}

TEST_CASE("HandleUser: MPI is asked while the token is fetched, by another thread",
          "[gateway][user][rule]") {
  SignedIn person;
  person.cookie = person.gateway.SignedIn();
  // Until MPI was asked, nobody joins; until somebody else was asked, MPI does not answer.
  std::vector<std::thread> threads;
  std::thread::id asked_by;
  person.gateway.records.on_ask = [&asked_by] { asked_by = std::this_thread::get_id(); };
  std::mutex mutex;
  std::condition_variable taken;
  bool begun = false;
  person.gateway.aside = [&](std::function<void()> task) {
    threads.emplace_back([&, task = std::move(task)] {
      task();
      const std::lock_guard<std::mutex> lock(mutex);
      begun = true;
      taken.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex);
    taken.wait(lock, [&begun] { return begun; });
    return true;
  };
  CHECK(person.Get().status == 200);
  for (std::thread& thread : threads) thread.join();
  REQUIRE(threads.size() == 1);
  CHECK(asked_by != std::this_thread::get_id());
  CHECK(person.gateway.records.asked.size() == 1);
}

TEST_CASE("HandleUser: one deadline for all sources, nearer than the request's",
          "[gateway][user][rule]") {
  SignedIn person;
  REQUIRE(person.Get().status == 200);
  CHECK(person.gateway.records.scopes.at(0).deadline ==
        person.gateway.clock.Now() + absl::Seconds(5));
}

TEST_CASE("HandleUser L1: nothing personal in the log or in an error",
          "[gateway][user][security]") {
  SignedIn person;
  person.cookie = person.gateway.SignedIn();
  person.gateway.ForgetLog();
  const bool mpi = GENERATE(true, false);
  if (mpi) person.gateway.records.answer = Fault(absl::StatusCode::kInternal, "MPI_UNPARSEABLE");
  person.gateway.contacts.answer = Fault(absl::StatusCode::kInternal, "VA_PROFILE_ANSWER");
  REQUIRE(person.Get().status == 296);
  CHECK(absl::StrContains(person.gateway.logged(), "user.source_failed"));
  person.Attributes();
  for (const char* const value :
       {"ada@example.test", "1000000001V000001", "Ada", "Lovelace", "19610214", "account-1"}) {
    CHECK_FALSE(absl::StrContains(person.gateway.logged(), value));
    CHECK_FALSE(absl::StrContains(person.body["meta"].dump(), value));
  }
}

TEST_CASE("HandleUser: the times of the session stand in the header too", "[gateway][user]") {
  SignedIn person;
  CHECK(person.Get().headers.Has("X-Session-Expiration"));
}

TEST_CASE("HandleUser: bytes that are no UTF-8 end no request", "[gateway][user]") {
  SignedIn person;
  PersonRecord record = Record({"77^PI^200VETS^USDVA^A"});
  record.names[0].family = identity::PersonText::FromWire("\xff\xfe");
  person.gateway.records.answer = record;
  CHECK(person.Get().status == 200);
}

TEST_CASE("SignOut: contact information is dropped after the answer, by another thread",
          "[gateway][user][rule]") {
  SignedIn person;
  REQUIRE(person.Get().status == 200);
  person.gateway.RunTasks();
  const http::Response out = person.gateway.Post("/v0/logout", person.cookie, "");
  CHECK(out.status < 400);
  CHECK(person.gateway.contacts.dropped.empty());
  person.gateway.RunTasks();
  CHECK(person.gateway.contacts.dropped == std::vector<std::string>{"account-1"});
}

TEST_CASE("SignOut: that contact information could not be dropped keeps nobody signed in",
          "[gateway][user][rule]") {
  SignedIn person;
  REQUIRE(person.Get().status == 200);
  person.gateway.RunTasks();
  SECTION("user-attributes is down") {
    person.gateway.contacts.dropping = Fault(absl::StatusCode::kUnavailable, "RPC_UNAVAILABLE");
  }
  SECTION("no thread has room") { person.gateway.room = 0; }
  CHECK(person.gateway.Post("/v0/logout", person.cookie, "").status < 400);
  person.gateway.RunTasks();
  CHECK(absl::StrContains(person.gateway.logged(), "contact.drop_failed"));
  CHECK(person.gateway.Get("/v0/user", person.cookie).status == 401);
}

}  // namespace va::gateway
